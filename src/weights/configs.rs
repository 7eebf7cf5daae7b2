//! Configurations inferred from shapes. What shapes cannot show (heads, groups, the scale of the latents) is as published.

use super::TensorSource as _;
use crate::formats::{Dialect, FileKind, Part, Parts, TensorFile};
use crate::models::upscaler::{UpscalerArchitecture, UpscalerConfig};
use candle_core::{DType, Device};
use serde_json::{Value, json};

/// Groups of every normalisation.
const GROUPS: usize = 32;

/// Groups of the normalisations: as published, or where these do not divide the widths the largest power of two below
/// that does, which is what small models are made with.
fn groups(widths: &[usize]) -> usize {
    let divides = |groups: &usize| widths.iter().all(|width| width.is_multiple_of(*groups));
    std::iter::successors(Some(GROUPS), |groups| (*groups > 1).then_some(groups / 2))
        .find(divides)
        .unwrap_or(1)
}
/// Channels of an attention head: everywhere but in the U-Net of Stable Diffusion 1, which has eight heads of any size.
const HEAD_CHANNELS: usize = 64;
/// Numbers that give the sizes of a picture: original, crop, target; the refiner's: original, crop, score.
const BASE_SIZES: usize = 6;
/// See [`BASE_SIZES`].
const REFINER_SIZES: usize = 5;
/// Channels for each of them where the pooled text does not determine it.
const SIZE_CHANNELS: usize = 256;

/// The configuration of a diffusers folder that a file of this kind would have been saved from, by its path in that
/// folder; `None` if it has no such part.
pub(super) fn config(source: &dyn TensorFile, parts: &Parts, kind: FileKind, file: &str) -> Option<Value> {
    let part = |name| parts.get(name);
    match file {
        "model_index.json" => index(parts, kind),
        "scheduler/scheduler_config.json" => Some(scheduler(source, parts, kind)),
        "unet/config.json" => unet(source, part("unet")?, parts, kind),
        "controlnet/config.json" => unet(source, part("controlnet")?, parts, kind),
        "vae/config.json" => vae(source, part("vae")?, kind),
        "text_encoder/config.json" => text(source, part("text_encoder")?, kind, "text_encoder"),
        "text_encoder_2/config.json" => text(source, part("text_encoder_2")?, kind, "text_encoder_2"),
        "upscaler/config.json" => serde_json::to_value(upscaler(source, part("upscaler")?)?).ok(),
        _ => None,
    }
}

/// How a network that enlarges pictures is built; `None` if its shapes are of no kind that is known.
fn upscaler(source: &dyn TensorFile, part: &Part) -> Option<UpscalerConfig> {
    if part.has("conv_first.weight") {
        let doublings = part.count(|place| format!("conv_up{}.weight", place + 1));
        let unshuffle = match part.size(source, "conv_first.weight", 1)? {
            3 => 1,
            12 => 2,
            48 => 4,
            _ => return None,
        };
        return Some(UpscalerConfig {
            architecture: UpscalerArchitecture::Rrdb,
            width: part.size(source, "conv_first.weight", 0)?,
            growth: part.size(source, "body.0.rdb1.conv1.weight", 0)?,
            blocks: part.count(|block| format!("body.{block}.rdb1.conv1.weight")),
            doublings,
            unshuffle,
            scale: (1 << doublings.min(8)) / unshuffle,
        });
    }
    // A convolution at every even place, slopes between them.
    let last = part.count(|place| format!("body.{place}.weight")).checked_sub(1)?;
    let pixels = part.size(source, &format!("body.{last}.weight"), 0)? / 3;
    Some(UpscalerConfig {
        architecture: UpscalerArchitecture::Compact,
        width: part.size(source, "body.0.weight", 0)?,
        growth: 0,
        blocks: last.checked_sub(2)? / 2,
        doublings: 0,
        unshuffle: 1,
        scale: pixels.isqrt(),
    })
}

fn index(parts: &Parts, kind: FileKind) -> Option<Value> {
    let mut index = json!({
        "_class_name": kind.pipeline()?,
        "scheduler": ["diffusers", "EulerDiscreteScheduler"],
    });
    for (component, tokenizer, class) in [
        ("unet", None, ["diffusers", "UNet2DConditionModel"]),
        ("vae", None, ["diffusers", "AutoencoderKL"]),
        ("text_encoder", Some("tokenizer"), ["transformers", "CLIPTextModel"]),
        (
            "text_encoder_2",
            Some("tokenizer_2"),
            ["transformers", "CLIPTextModelWithProjection"],
        ),
    ] {
        if parts.contains_key(component) {
            index[component] = json!(class);
            if let Some(tokenizer) = tokenizer {
                index[tokenizer] = json!(["transformers", "CLIPTokenizer"]);
            }
        }
    }
    index["force_zeros_for_empty_prompt"] = json!(kind.is_xl() && kind != FileKind::SdxlRefiner);
    index["requires_aesthetics_score"] = json!(kind == FileKind::SdxlRefiner);
    Some(index)
}

fn scheduler(source: &dyn TensorFile, parts: &Parts, kind: FileKind) -> Value {
    let prediction = if predicts_velocity(source, parts, kind) {
        "v_prediction"
    } else {
        "epsilon"
    };
    let class = match kind {
        _ if kind.is_xl() => "EulerDiscreteScheduler",
        _ if kind.is_sd2() => "DDIMScheduler",
        _ => "PNDMScheduler",
    };
    json!({
        "_class_name": class,
        "num_train_timesteps": 1000,
        "beta_start": 0.00085,
        "beta_end": 0.012,
        "beta_schedule": "scaled_linear",
        "prediction_type": prediction,
        "timestep_spacing": "leading",
        "steps_offset": 1,
        "set_alpha_to_one": false,
        "clip_sample": false,
        "skip_prk_steps": true,
        "rescale_betas_zero_snr": source.contains("ztsnr"),
    })
}

/// Whether the U-Net was trained to predict v: marked by an empty tensor in newer files; Stable Diffusion 2.x is told
/// apart as `ComfyUI` does, by how far the biases of a late normalisation are spread.
///
/// Source: `supported_models.py` of <https://github.com/comfyanonymous/ComfyUI>
fn predicts_velocity(source: &dyn TensorFile, parts: &Parts, kind: FileKind) -> bool {
    const TELLING: &str = "up_blocks.3.attentions.2.transformer_blocks.0.norm1.bias";
    const SPREAD: f32 = 0.09;
    if source.contains("v_pred") || kind == FileKind::UpscalerX4 {
        return true;
    }
    let origin = parts.get("unet").and_then(|part| part.renaming.origin(TELLING));
    let (FileKind::Sd2, Some(origin)) = (kind, origin) else {
        return false;
    };
    let biases = source
        .tensor_as(&origin.source, DType::F32, &Device::Cpu)
        .ok()
        .flatten();
    let biases = biases.and_then(|biases| biases.flatten_all().ok()?.to_vec1::<f32>().ok());
    biases.is_some_and(|biases| {
        let mean = biases.iter().sum::<f32>() / biases.len() as f32;
        let squares: f32 = biases.iter().map(|bias| (bias - mean).powi(2)).sum();
        (squares / (biases.len() as f32 - 1.0)).sqrt() > SPREAD
    })
}

/// Also of a `ControlNet`, which is the half of one.
fn unet(source: &dyn TensorFile, part: &Part, parts: &Parts, kind: FileKind) -> Option<Value> {
    let levels = part.count(|level| format!("down_blocks.{level}.resnets.0.norm1.weight"));
    let layers = |level| part.count(|layer| format!("down_blocks.{level}.resnets.{layer}.norm1.weight"));
    let depth =
        |place: &str| part.count(|depth| format!("{place}.attentions.0.transformer_blocks.{depth}.attn2.to_k.weight"));
    let widths = (0..levels)
        .map(|level| {
            let name = format!("down_blocks.{level}.resnets.0.conv1.weight");
            part.size(source, &name, 0)
        })
        .collect::<Option<Vec<usize>>>()?;
    let depths: Vec<usize> = (0..levels)
        .map(|level| depth(&format!("down_blocks.{level}")))
        .collect();
    let mid_depth = depth("mid_block");
    // The middle is as deep as the last level is said to be, whether or not that attends.
    let said_depths: Vec<usize> = depths
        .iter()
        .enumerate()
        .map(|(level, depth)| {
            if level + 1 == levels {
                mid_depth
            } else {
                (*depth).max(1)
            }
        })
        .collect();
    let kinds = |depths: &mut dyn Iterator<Item = &usize>, plain: &str, crossed: &str| -> Vec<String> {
        depths
            .map(|depth| {
                if *depth == 0 {
                    plain.to_owned()
                } else {
                    crossed.to_owned()
                }
            })
            .collect()
    };
    let is_linear = part.shape(source, "mid_block.attentions.0.proj_in.weight")?.len() == 2;
    let context = "mid_block.attentions.0.transformer_blocks.0.attn2.to_k.weight";
    let is_upscaler = kind == FileKind::UpscalerX4;
    let heads = if is_linear && !is_upscaler {
        json!(
            widths
                .iter()
                .map(|width| (width / HEAD_CHANNELS).max(1))
                .collect::<Vec<_>>()
        )
    } else {
        json!(8)
    };
    let added = part.size(source, "add_embedding.linear_1.weight", 1);
    Some(json!({
        "_class_name": if parts.contains_key("controlnet") { "ControlNetModel" } else { "UNet2DConditionModel" },
        "in_channels": part.size(source, "conv_in.weight", 1)?,
        "out_channels": part.size(source, "conv_out.weight", 0).unwrap_or(4),
        "conditioning_channels": part.size(source, "controlnet_cond_embedding.conv_in.weight", 1),
        "conditioning_embedding_out_channels": hint_widths(source, part),
        "sample_size": sample_size(source, parts, kind),
        "down_block_types": kinds(&mut depths.iter(), "DownBlock2D", "CrossAttnDownBlock2D"),
        "mid_block_type": "UNetMidBlock2DCrossAttn",
        "up_block_types": kinds(&mut depths.iter().rev(), "UpBlock2D", "CrossAttnUpBlock2D"),
        "layers_per_block": (0..levels).map(layers).collect::<Vec<_>>(),
        "transformer_layers_per_block": said_depths,
        "attention_head_dim": heads,
        "cross_attention_dim": part.size(source, context, 1)?,
        "use_linear_projection": is_linear,
        "upcast_attention": kind == FileKind::Sd2,
        "norm_num_groups": groups(&widths),
        "time_cond_proj_dim": part.size(source, "time_embedding.cond_proj.weight", 1),
        "addition_embed_type": added.map(|_| "text_time"),
        "addition_time_embed_dim": added.map(|added| size_channels(source, parts, kind, added)),
        "projection_class_embeddings_input_dim": added,
        "num_class_embeds": part.size(source, "class_embedding.weight", 0),
        "only_cross_attention": if is_upscaler { json!([true, true, true, false]) } else { json!(false) },
        "block_out_channels": widths,
    }))
}

/// Widths of a `ControlNet`'s way in; `None` if it is none.
fn hint_widths(source: &dyn TensorFile, part: &Part) -> Option<Vec<usize>> {
    let first = part.size(source, "controlnet_cond_embedding.conv_in.weight", 0)?;
    let blocks = part.count(|block| format!("controlnet_cond_embedding.blocks.{block}.weight"));
    // Every second one is wider than the one before.
    let wider = (1..blocks).step_by(2).filter_map(|block| {
        let name = format!("controlnet_cond_embedding.blocks.{block}.weight");
        part.size(source, &name, 0)
    });
    Some([first].into_iter().chain(wider).collect())
}

/// Side of the latents that the model was trained on.
fn sample_size(source: &dyn TensorFile, parts: &Parts, kind: FileKind) -> usize {
    match kind {
        FileKind::UpscalerX4 => 128,
        _ if kind.is_xl() => 128,
        _ if predicts_velocity(source, parts, kind) => 96,
        _ => 64,
    }
}

/// Channels for each number of the sizes: what the pooled text leaves of the input.
fn size_channels(source: &dyn TensorFile, parts: &Parts, kind: FileKind, added: usize) -> usize {
    let pooled = parts
        .get("text_encoder_2")
        .and_then(|part| part.size(source, "text_projection.weight", 0));
    let sizes = if kind == FileKind::SdxlRefiner {
        REFINER_SIZES
    } else {
        BASE_SIZES
    };
    let left = pooled.and_then(|pooled| added.checked_sub(pooled));
    left.map_or(SIZE_CHANNELS, |left| left / sizes)
}

fn vae(source: &dyn TensorFile, part: &Part, kind: FileKind) -> Option<Value> {
    // Either half tells; files with the decoder alone exist.
    let (levels, place, is_reversed) = ["encoder.down_blocks", "decoder.up_blocks"]
        .iter()
        .zip([false, true])
        .map(|(place, is_reversed)| {
            let levels = part.count(|level| format!("{place}.{level}.resnets.0.norm1.weight"));
            (levels, *place, is_reversed)
        })
        .find(|(levels, ..)| *levels > 0)?;
    let mut widths = (0..levels)
        .map(|level| part.size(source, &format!("{place}.{level}.resnets.0.conv1.weight"), 0))
        .collect::<Option<Vec<usize>>>()?;
    let layers = part.count(|layer| format!("{place}.0.resnets.{layer}.norm1.weight"));
    if is_reversed {
        widths.reverse();
    }
    let latents = part
        .size(source, "decoder.conv_in.weight", 1)
        .or_else(|| Some(part.size(source, "encoder.conv_out.weight", 0)? / 2))?;
    let scaling_factor = match kind {
        FileKind::UpscalerX4 => 0.08333,
        _ if kind.is_xl() => 0.13025,
        _ => 0.18215,
    };
    Some(json!({
        "_class_name": "AutoencoderKL",
        "in_channels": part.size(source, "encoder.conv_in.weight", 1).unwrap_or(3),
        "out_channels": part.size(source, "decoder.conv_out.weight", 0).unwrap_or(3),
        "down_block_types": vec!["DownEncoderBlock2D"; levels],
        "up_block_types": vec!["UpDecoderBlock2D"; levels],
        "layers_per_block": if is_reversed { layers.saturating_sub(1) } else { layers },
        "latent_channels": latents,
        "norm_num_groups": groups(&widths),
        "scaling_factor": scaling_factor,
        "use_quant_conv": part.has("quant_conv.weight"),
        "use_post_quant_conv": part.has("post_quant_conv.weight"),
        "mid_block_add_attention": part.has(&format!("{}.mid_block.attentions.0.to_q.weight", place.split('.').next()?)),
        "force_upcast": kind.is_xl(),
        "block_out_channels": widths,
    }))
}

fn text(source: &dyn TensorFile, part: &Part, kind: FileKind, component: &str) -> Option<Value> {
    let is_second = component == "text_encoder_2";
    let name = |rest: &str| format!("text_model.{rest}");
    let size = |rest: &str, dimension| part.size(source, &name(rest), dimension);
    let hidden = size("embeddings.token_embedding.weight", 1)?;
    let layers = part.count(|layer| name(&format!("encoder.layers.{layer}.layer_norm1.weight")));
    // Stable Diffusion 2 takes the state before the last layer, which diffusers therefore leaves out.
    let is_cut = kind.is_sd2() && part.dialect == Dialect::OpenClip;
    Some(json!({
        "architectures": [if is_second { "CLIPTextModelWithProjection" } else { "CLIPTextModel" }],
        "vocab_size": size("embeddings.token_embedding.weight", 0)?,
        "max_position_embeddings": size("embeddings.position_embedding.weight", 0)?,
        "hidden_size": hidden,
        "intermediate_size": size("encoder.layers.0.mlp.fc1.weight", 0)?,
        "num_hidden_layers": if is_cut { layers.saturating_sub(1) } else { layers },
        "num_attention_heads": (hidden / HEAD_CHANNELS).max(1),
        "projection_dim": part.size(source, "text_projection.weight", 0).unwrap_or(hidden),
        "hidden_act": if is_second || kind.is_sd2() { "gelu" } else { "quick_gelu" },
        "layer_norm_eps": 1e-5,
        "eos_token_id": 2,
    }))
}
