//! Models in one file: what they are, what they are shaped like, and that their tensors are those of the folder.

use crate::support::weights::safetensors_bytes;
use crate::support::weights::write;
use candle_core::DType;
use candle_core::Device;
use hareru::formats;
use hareru::formats::Bytes;
use hareru::formats::FileKind;
use hareru::formats::SafetensorsFile;
use hareru::formats::TensorFile as _;
use hareru::models::unet::UNetConfig;
use hareru::models::vae::VaeConfig;
use hareru::weights;
use hareru::weights::ModelFiles;
use hareru::weights::SingleFile;
use hareru::weights::TensorSource as _;
use serde_json::Value;
use std::path::Path;
use std::path::PathBuf;

/// A small model of the true architecture, in the diffusers layout.
fn starter() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/starter/model")
}

/// A tensor read out of a file, to be written to another.
pub(super) type Named = (String, Vec<usize>, Vec<f32>);

pub(super) fn tensors(folder: &Path) -> Vec<Named> {
    let names = ["model.safetensors", "diffusion_pytorch_model.safetensors"];
    let path = names
        .iter()
        .map(|name| folder.join(name))
        .find(|path| path.is_file())
        .unwrap();
    let file = SafetensorsFile::new(Bytes::map(&path).unwrap(), path).unwrap();
    let read = |name: String| {
        let tensor = file.tensor_as(&name, DType::F32, &Device::Cpu).unwrap().unwrap();
        (
            name,
            tensor.dims().to_vec(),
            tensor.flatten_all().unwrap().to_vec1().unwrap(),
        )
    };
    file.names().into_iter().map(read).collect()
}

pub(super) fn file_of(tensors: &[Named]) -> Vec<u8> {
    let entries: Vec<_> = tensors
        .iter()
        .map(|(name, shape, numbers)| (name.as_str(), shape.as_slice(), numbers.clone()))
        .collect();
    safetensors_bytes(&entries)
}

/// The name in `CompVis`'s U-Net of a diffusers name, by counting blocks.
pub(super) fn original_unet(name: &str, layers: usize, attends: &[bool]) -> String {
    let levels = attends.len();
    let parts: Vec<&str> = name.split('.').collect();
    let number = |index: usize| parts[index].parse::<usize>().unwrap();
    let rest = |from: usize| parts[from..].join(".");
    let resnet = |from: usize| {
        let inner = match parts[from] {
            "norm1" => "in_layers.0",
            "conv1" => "in_layers.2",
            "time_emb_proj" => "emb_layers.1",
            "norm2" => "out_layers.0",
            "conv2" => "out_layers.3",
            "conv_shortcut" => "skip_connection",
            other => panic!("{other} in a residual block"),
        };
        format!("{inner}.{}", rest(from + 1))
    };
    match (parts[0], parts.get(2).copied().unwrap_or_default()) {
        ("conv_in", _) => format!("input_blocks.0.0.{}", rest(1)),
        ("conv_norm_out", _) => format!("out.0.{}", rest(1)),
        ("conv_out", _) => format!("out.2.{}", rest(1)),
        ("time_embedding", _) => format!("time_embed.{}.{}", if parts[1] == "linear_1" { 0 } else { 2 }, rest(2)),
        ("down_blocks", "resnets") => {
            format!(
                "input_blocks.{}.0.{}",
                1 + number(1) * (layers + 1) + number(3),
                resnet(4)
            )
        }
        ("down_blocks", "attentions") => {
            format!(
                "input_blocks.{}.1.{}",
                1 + number(1) * (layers + 1) + number(3),
                rest(4)
            )
        }
        ("down_blocks", "downsamplers") => {
            format!("input_blocks.{}.0.op.{}", (number(1) + 1) * (layers + 1), rest(5))
        }
        ("up_blocks", "resnets") => {
            format!("output_blocks.{}.0.{}", number(1) * (layers + 1) + number(3), resnet(4))
        }
        ("up_blocks", "attentions") => {
            format!("output_blocks.{}.1.{}", number(1) * (layers + 1) + number(3), rest(4))
        }
        ("up_blocks", "upsamplers") => {
            let part = if attends[levels - 1 - number(1)] { 2 } else { 1 };
            format!(
                "output_blocks.{}.{part}.conv.{}",
                number(1) * (layers + 1) + layers,
                rest(5)
            )
        }
        ("mid_block", _) if parts[1] == "attentions" => format!("middle_block.1.{}", rest(3)),
        ("mid_block", index) => format!("middle_block.{}.{}", if index == "0" { 0 } else { 2 }, resnet(3)),
        other => panic!("{other:?} in a U-Net"),
    }
}

/// The name in `CompVis`'s autoencoder of a diffusers name.
fn original_vae(name: &str, levels: usize) -> String {
    let mut name = name.to_owned();
    for level in 0..levels {
        let (up, flipped) = (format!("up_blocks.{level}."), format!("up.{}.", levels - 1 - level));
        name = name.replace(&up, &flipped);
    }
    for (new, old) in [
        ("down_blocks.", "down."),
        ("mid_block.resnets.0", "mid.block_1"),
        ("mid_block.resnets.1", "mid.block_2"),
        ("mid_block.attentions.0.group_norm", "mid.attn_1.norm"),
        ("mid_block.attentions.0.to_q", "mid.attn_1.q"),
        ("mid_block.attentions.0.to_k", "mid.attn_1.k"),
        ("mid_block.attentions.0.to_v", "mid.attn_1.v"),
        ("mid_block.attentions.0.to_out.0", "mid.attn_1.proj_out"),
        ("conv_norm_out", "norm_out"),
        ("resnets", "block"),
        ("conv_shortcut", "nin_shortcut"),
        ("downsamplers.0", "downsample"),
        ("upsamplers.0", "upsample"),
    ] {
        name = name.replace(new, old);
    }
    name
}

/// The starter as one file in `CompVis`'s layout.
fn original_starter() -> Vec<Named> {
    let attends = [false, true, false];
    let unet = tensors(&starter().join("unet"))
        .into_iter()
        .map(|(name, shape, numbers)| {
            let name = original_unet(&name, 1, &attends);
            (format!("model.diffusion_model.{name}"), shape, numbers)
        });
    let vae = tensors(&starter().join("vae"))
        .into_iter()
        .map(|(name, mut shape, numbers)| {
            let name = original_vae(&name, 5);
            if name.contains("attn_1") && shape.len() == 2 {
                shape.extend([1, 1]);
            }
            (format!("first_stage_model.{name}"), shape, numbers)
        });
    let text = tensors(&starter().join("text_encoder"));
    let text = text.into_iter().map(|(name, shape, numbers)| {
        let name = name.strip_prefix("text_model.").unwrap_or(&name).to_owned();
        (
            format!("cond_stage_model.transformer.text_model.{name}"),
            shape,
            numbers,
        )
    });
    unet.chain(vae).chain(text).collect()
}

/// A diffusers text tower as OpenCLIP would name it, with a layer more than the folder keeps.
pub(super) fn original_open_clip(tensors: &[Named]) -> Vec<Named> {
    const NAMES: &[(&str, &str)] = &[
        ("embeddings.position_embedding.weight", "positional_embedding"),
        ("embeddings.token_embedding", "token_embedding"),
        ("final_layer_norm", "ln_final"),
        ("encoder.layers", "transformer.resblocks"),
        ("layer_norm1", "ln_1"),
        ("layer_norm2", "ln_2"),
        ("self_attn", "attn"),
        ("fc1", "c_fc"),
        ("fc2", "c_proj"),
    ];
    let mut renamed: std::collections::BTreeMap<String, (Vec<usize>, Vec<f32>)> = std::collections::BTreeMap::new();
    // In the order q, k, v.
    for projection in ["q_proj.", "k_proj.", "v_proj.", ""] {
        for (name, shape, numbers) in tensors {
            let is_other = ["q_proj.", "k_proj.", "v_proj."].iter().any(|part| name.contains(part));
            if !name.contains(projection) || projection.is_empty() && is_other {
                continue;
            }
            let name = name.strip_prefix("text_model.").unwrap_or(name);
            let name = NAMES
                .iter()
                .fold(name.to_owned(), |name, (new, old)| name.replace(new, old));
            let fused = if projection.is_empty() {
                name
            } else {
                name.replace(projection, "in_proj_")
            };
            let entry = renamed
                .entry(fused)
                .or_insert_with(|| ([&[0], &shape[1..]].concat(), Vec::new()));
            entry.0[0] += shape[0];
            entry.1.extend(numbers);
        }
    }
    let layers = renamed.keys().filter(|name| name.ends_with("ln_1.weight")).count();
    let last: Vec<_> = renamed
        .iter()
        .filter(|(name, _)| name.contains("resblocks.0."))
        .collect();
    let last = last.into_iter().map(|(name, (shape, numbers))| {
        let name = name.replace("resblocks.0.", &format!("resblocks.{layers}."));
        (name, shape.clone(), vec![0.5; numbers.len()])
    });
    let last: Vec<Named> = last.collect();
    let all = renamed
        .into_iter()
        .map(|(name, (shape, numbers))| (name, shape, numbers));
    all.chain(last)
        .map(|(name, shape, numbers)| (format!("cond_stage_model.model.{name}"), shape, numbers))
        .collect()
}

/// That every tensor of a network's folder is the same in the single file; returns how many there are.
pub(super) fn assert_same(single: &ModelFiles, folder: &Path, component: &str) -> usize {
    let vb = weights::component(single, component, &Device::Cpu, DType::F32).unwrap();
    let expected = tensors(folder);
    for (name, shape, numbers) in &expected {
        let found = vb
            .get(shape.as_slice(), name)
            .unwrap_or_else(|error| panic!("{component}: {error}"));
        let found = found.flatten_all().unwrap().to_vec1::<f32>().unwrap();
        assert!(found == *numbers, "{component}: {name} differs");
    }
    expected.len()
}

#[test]
fn a_checkpoint_in_the_original_layout_should_be_the_model_of_the_folder() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), "model.safetensors", &file_of(&original_starter()));
    let path = folder.path().join("model.safetensors");
    let files = ModelFiles::open_with_configs(&path, &starter()).unwrap();
    for component in ["unet", "vae", "text_encoder"] {
        assert!(assert_same(&files, &starter().join(component), component) > 50);
    }
    let ModelFiles::Single(single) = &files else {
        panic!("not a single file")
    };
    assert_eq!(single.kind(), FileKind::Sd15);
    assert_eq!(files.folders().unwrap(), ["text_encoder", "unet", "vae"]);
    // What the folder of configurations has beside is there too.
    assert!(files.exists("tokenizer/merges.txt") && files.exists("vae_tiny/config.json"));

    // Without it, configurations follow from the shapes.
    let files = ModelFiles::open(&path).unwrap();
    let expected = ModelFiles::open(starter()).unwrap();
    let unet = |files: &ModelFiles| {
        let config: UNetConfig = files.json("unet/config.json").unwrap();
        let all = |values: &hareru::models::PerBlock<usize>| -> Vec<usize> {
            (0..config.block_out_channels.len())
                .filter_map(|index| values.get(index))
                .collect()
        };
        let layers = all(&config.layers_per_block);
        (
            config.block_out_channels,
            config.down_block_types,
            config.up_block_types,
            layers,
        )
    };
    assert_eq!(unet(&files), unet(&expected));
    let vae = |files: &ModelFiles| {
        let config: VaeConfig = files.json("vae/config.json").unwrap();
        (
            config.block_out_channels,
            config.layers_per_block,
            config.latent_channels,
            config.use_quant_conv,
        )
    };
    assert_eq!(vae(&files), vae(&expected));
    let index: Value = files.json("model_index.json").unwrap();
    assert_eq!(index["_class_name"], "StableDiffusionPipeline");
    let vocabulary: Value = files.json("tokenizer/vocab.json").unwrap();
    assert_eq!(vocabulary["<|endoftext|>"], 49407);
    assert!(!files.exists("vae_tiny/config.json") && !files.exists("tokenizer_2/vocab.json"));
}

#[test]
fn averages_should_be_taken_only_if_asked_for() {
    let mut tensors = original_starter();
    let name = "model.diffusion_model.out.2.bias";
    let plain = tensors.iter().find(|(found, ..)| found == name).unwrap().2.clone();
    let averaged = vec![7.; plain.len()];
    tensors.push((
        "model_ema.diffusion_modelout2bias".to_owned(),
        vec![averaged.len()],
        averaged.clone(),
    ));
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), "model.safetensors", &file_of(&tensors));
    let path = folder.path().join("model.safetensors");
    let bias = |single: SingleFile| {
        let files = ModelFiles::Single(std::sync::Arc::new(single));
        let vb = weights::component(&files, "unet", &Device::Cpu, DType::F32).unwrap();
        vb.get(plain.len(), "conv_out.bias").unwrap().to_vec1::<f32>().unwrap()
    };
    assert_eq!(bias(SingleFile::open(&path, None).unwrap()), plain);
    assert_eq!(bias(SingleFile::open(&path, None).unwrap().with_averages()), averaged);
}

/// What a file with these tensors is said to be.
fn kind_of(tensors: &[(&str, &[usize])]) -> Result<FileKind, String> {
    let tensors: Vec<Named> = tensors
        .iter()
        .map(|(name, shape)| ((*name).to_owned(), shape.to_vec(), vec![0.; shape.iter().product()]))
        .collect();
    let source = formats::tensors_from(Bytes::Owned(file_of(&tensors)), PathBuf::from("some.safetensors")).unwrap();
    formats::detect(&*source).map_err(|error| error.to_string())
}

#[test]
fn a_file_without_tensors_should_be_of_no_kind() {
    let error = kind_of(&[]).unwrap_err();
    assert!(error.contains("0 tensors"), "{error}");
}

#[test]
fn files_that_are_no_checkpoints_should_be_told_apart() {
    for (expected, tensors) in [
        (
            FileKind::Lora,
            [(
                "lora_unet_mid_block_attentions_0_proj_in.lora_down.weight",
                [1, 1].as_slice(),
            )]
            .as_slice(),
        ),
        (
            FileKind::Lora,
            &[("unet.mid_block.attentions.0.to_q.lora_A.weight", &[1, 1])],
        ),
        (
            FileKind::Lora,
            &[("lora_te_text_model_encoder_layers_0_mlp_fc1.hada_w1_a", &[1, 1])],
        ),
        (FileKind::TextualInversion, &[("emb_params", &[2, 8])]),
        (FileKind::TextualInversion, &[("clip_l", &[2, 8]), ("clip_g", &[2, 16])]),
        (FileKind::TextualInversion, &[("<cat>", &[8])]),
        (
            FileKind::MotionModule,
            &[("down_blocks.0.motion_modules.0.norm.weight", &[8])],
        ),
        (
            FileKind::IpAdapter,
            &[
                ("image_proj.proj.weight", &[8, 8]),
                ("ip_adapter.1.to_k_ip.weight", &[8, 8]),
            ],
        ),
        (
            FileKind::T2iAdapter,
            &[("adapter.body.0.resnets.0.block1.weight", &[8, 8, 3, 3])],
        ),
        (
            FileKind::Upscaler,
            &[
                ("body.0.rdb1.conv1.weight", &[8, 8, 3, 3]),
                ("conv_first.weight", &[8, 3, 3, 3]),
            ],
        ),
        (FileKind::TinyVae, &[("decoder.layers.0.weight", &[8, 4, 3, 3])]),
        (
            FileKind::TextEncoder,
            &[("text_model.embeddings.token_embedding.weight", &[9, 8])],
        ),
        (
            FileKind::ControlNet,
            &[
                ("input_hint_block.0.weight", &[8, 3, 3, 3]),
                ("input_blocks.0.0.weight", &[8, 4, 3, 3]),
            ],
        ),
        (FileKind::Vae, &[("encoder.down.0.block.0.norm1.weight", &[8])]),
    ] {
        assert_eq!(kind_of(tensors), Ok(expected), "{tensors:?}");
    }
    let unknown = kind_of(&[("some.thing.weight", &[3, 3])]).unwrap_err();
    assert!(
        unknown.contains(r#"found 1 tensors such as "some.thing.weight""#),
        "{unknown}"
    );
    assert!(unknown.ends_with("File: some.safetensors"), "{unknown}");
}

#[test]
fn a_network_beside_the_model_should_be_read_by_its_own_names() {
    let folder = tempfile::tempdir().unwrap();
    let adapter = safetensors_bytes(&[
        ("image_proj.proj.weight", &[1, 1], vec![1.]),
        ("ip_adapter.1.to_k_ip.weight", &[1, 1], vec![2.]),
    ]);
    write(folder.path(), "adapter.safetensors", &adapter);
    let files = ModelFiles::open(folder.path().join("adapter.safetensors")).unwrap();
    let vb = weights::component(&files, "", &Device::Cpu, DType::F32).unwrap();
    let found = vb.get((1, 1), "ip_adapter.1.to_k_ip.weight").unwrap();
    assert_eq!(found.to_vec2::<f32>().unwrap(), [[2.]]);

    // The first ControlNets were published with the model that they were trained on.
    let mut tensors = original_starter();
    let own = [
        "input_hint_block.0.weight",
        "zero_convs.0.0.bias",
        "middle_block_out.0.bias",
    ];
    for name in own {
        tensors.push((format!("control_model.{name}"), vec![3], vec![1., 2., 3.]));
    }
    write(folder.path(), "control.safetensors", &file_of(&tensors));
    let files = ModelFiles::open(folder.path().join("control.safetensors")).unwrap();
    let vb = weights::component(&files, "", &Device::Cpu, DType::F32).unwrap();
    let found = vb.get(3, "controlnet_mid_block.bias").unwrap();
    assert_eq!(found.to_vec1::<f32>().unwrap(), [1., 2., 3.]);
    assert!(!vb.contains_tensor("conv_in.weight"), "that is the model's");
}

#[test]
fn numbers_in_names_should_not_be_believed() {
    let huge = usize::MAX;
    let names = [
        format!("decoder.up.{huge}.block.0.norm1.weight"),
        format!("decoder.up.0.block.{huge}.norm1.weight"),
        "decoder.up.0.block.0.norm1.weight".to_owned(),
        format!("input_blocks.{huge}.0.in_layers.0.weight"),
        format!("output_blocks.{huge}.{huge}.in_layers.0.weight"),
        format!("middle_block.{huge}.in_layers.0.weight"),
        format!("zero_convs.{huge}.0.weight"),
        format!("input_hint_block.{huge}.weight"),
        "input_hint_block.0.weight".to_owned(),
        "input_blocks.0.0.weight".to_owned(),
        format!("transformer.resblocks.{huge}.attn.in_proj_weight"),
        "transformer.resblocks.0.ln_1.weight".to_owned(),
    ];
    let tensors: Vec<Named> = names.into_iter().map(|name| (name, vec![1], vec![0.])).collect();
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), "odd.safetensors", &file_of(&tensors));
    let files = ModelFiles::open(folder.path().join("odd.safetensors")).unwrap();
    for component in ["controlnet", "vae", "text_encoder_2"] {
        assert!(
            files.json::<Value>(&format!("{component}/config.json")).is_err(),
            "{component}"
        );
        assert!(weights::component(&files, component, &Device::Cpu, DType::F32).is_ok());
    }
}

#[test]
fn what_makes_no_pictures_should_be_refused_as_a_model_by_its_kind() {
    let folder = tempfile::tempdir().unwrap();
    let lora = safetensors_bytes(&[("a.lora_down.weight", &[1, 1], vec![1.])]);
    write(folder.path(), "lora.safetensors", &lora);
    let files = ModelFiles::open(folder.path().join("lora.safetensors")).unwrap();
    let message = files.json::<Value>("model_index.json").unwrap_err().to_string();
    assert!(
        message.starts_with("expected a model that makes pictures, found LoRA. File: "),
        "{message}"
    );
}

#[test]
fn hashes_should_be_those_of_a1111_and_kept() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.ckpt");
    let bytes: Vec<u8> = (0..0x12_0000u32).map(|index| (index % 251) as u8).collect();
    std::fs::write(&path, &bytes).unwrap();
    let cache = folder.path().join("cache/hashes.json");
    let hashes = formats::file_hashes(&path, &cache).unwrap();
    // python: b = bytes(i % 251 for i in range(0x120000)); hashlib.sha256(b), hashlib.sha256(b[0x100000:0x110000])
    assert_eq!(hashes.sha256, SHA256);
    assert_eq!(hashes.short(), &SHA256[..10]);
    assert_eq!(hashes.legacy, LEGACY);
    assert_eq!(hashes.lora, None);

    // A file that looks the same is not read again; one that has another length is.
    let modified = std::fs::metadata(&path).unwrap().modified().unwrap();
    std::fs::write(&path, vec![0; bytes.len()]).unwrap();
    let file = std::fs::File::options().write(true).open(&path).unwrap();
    file.set_modified(modified).unwrap();
    assert_eq!(formats::file_hashes(&path, &cache).unwrap(), hashes);
    std::fs::write(&path, b"abc").unwrap();
    let other = formats::file_hashes(&path, &cache).unwrap();
    assert_eq!(other.short(), "ba7816bf8f");
    // A broken cache is begun anew.
    std::fs::write(&cache, b"{").unwrap();
    assert_eq!(formats::file_hashes(&path, &cache).unwrap(), other);
    assert!(formats::file_hashes(&folder.path().join("nothing"), &cache).is_err());

    // Of a LoRA, what follows the header counts, so that a changed note changes nothing.
    let lora = safetensors_bytes(&[("a.lora_down.weight", &[1, 1], vec![1.])]);
    std::fs::write(&path, &lora).unwrap();
    // printf '\0\0\200\77' | sha256sum
    let hashes = formats::file_hashes(&path, &cache).unwrap();
    assert_eq!(hashes.lora.as_deref(), Some(LORA));
}

/// See above.
const SHA256: &str = "53707f2881b58d19e2c2b18a0a63102e75b30cd965af2cb892a6a79eeafb36f5";

const LEGACY: &str = "15ffd73b";

const LORA: &str = "e00e5eb94441";
