//! Single files of the whole reference: their kinds, their tensors, their configurations.

use super::single::{Named, assert_same, file_of, original_open_clip, original_unet, tensors};
use crate::support::reference::ReferenceSet;
use crate::support::weights::write;
use candle_core::DType;
use candle_core::Device;
use hareru::formats;
use hareru::formats::FileKind;
use hareru::weights;
use hareru::weights::ModelFiles;
use serde_json::Value;

#[test]
#[ignore = "needs the whole set of reference cases"]
fn a_checkpoint_of_stable_diffusion_2_should_be_the_model_of_the_whole_references_folder() {
    let model = ReferenceSet::whole().model("sd2v");
    let unet = tensors(&model.join("unet")).into_iter().map(|(name, shape, numbers)| {
        let name = original_unet(&name, 2, &[true, true, true, false]);
        (format!("model.diffusion_model.{name}"), shape, numbers)
    });
    let all: Vec<Named> = unet
        .chain(original_open_clip(&tensors(&model.join("text_encoder"))))
        .collect();
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), "model.safetensors", &file_of(&all));
    let files = ModelFiles::open_with_configs(folder.path().join("model.safetensors"), &model).unwrap();
    for component in ["unet", "vae"] {
        assert_same(&files, &model.join(component), component);
    }
    let with_prefix = tensors(&model.join("text_encoder"));
    let vb = weights::component(&files, "text_encoder", &Device::Cpu, DType::F32).unwrap();
    for (name, shape, numbers) in with_prefix {
        let name = format!("text_model.{}", name.strip_prefix("text_model.").unwrap_or(&name));
        let found = vb.get(shape.as_slice(), &name).unwrap().flatten_all().unwrap();
        assert!(found.to_vec1::<f32>().unwrap() == numbers, "{name} differs");
    }

    let derived = ModelFiles::open(folder.path().join("model.safetensors")).unwrap();
    let ModelFiles::Single(single) = &derived else {
        panic!("not a single file")
    };
    assert_eq!(single.kind(), FileKind::Sd2);
    let text: Value = derived.json("text_encoder/config.json").unwrap();
    let expected: Value = ModelFiles::open(&model)
        .unwrap()
        .json("text_encoder/config.json")
        .unwrap();
    for field in ["num_hidden_layers", "hidden_act", "hidden_size", "intermediate_size"] {
        assert_eq!(text[field], expected[field], "{field}");
    }
    let special: Value = derived.json("tokenizer/special_tokens_map.json").unwrap();
    assert_eq!(special["pad_token"], "!");
}

#[test]
#[ignore = "needs the whole set of reference cases"]
fn every_file_of_the_whole_reference_should_be_claimed_by_its_kind() {
    let models = ReferenceSet::whole().model("");
    let mut num_files = 0;
    for (file, expected) in [
        ("sd15s_single/model.safetensors", FileKind::Sd15),
        ("sd15s_single/model.ckpt", FileKind::Sd15),
        ("sd15s_single/model-Q8_0.gguf", FileKind::Sd15),
        ("sd15s_single/unet-Q4_0.gguf", FileKind::Sd15),
        ("sdxl_turbo_single/model.safetensors", FileKind::Sdxl),
        ("controlnet_single/controlnet.safetensors", FileKind::ControlNet),
        ("vae_single/vae.safetensors", FileKind::Vae),
        ("sd15/unet/diffusion_pytorch_model.safetensors", FileKind::Sd15),
        (
            "sd15_inpaint/unet/diffusion_pytorch_model.safetensors",
            FileKind::Sd15Inpaint,
        ),
        (
            "sd15_ip2p/unet/diffusion_pytorch_model.safetensors",
            FileKind::Sd15Pix2pix,
        ),
        ("sd2v/unet/diffusion_pytorch_model.safetensors", FileKind::Sd2),
        ("sdxl/unet/diffusion_pytorch_model.safetensors", FileKind::Sdxl),
        (
            "sdxl_refiner/unet/diffusion_pytorch_model.safetensors",
            FileKind::SdxlRefiner,
        ),
        (
            "x4_upscaler/unet/diffusion_pytorch_model.safetensors",
            FileKind::UpscalerX4,
        ),
        ("sd15/vae/diffusion_pytorch_model.safetensors", FileKind::Vae),
        ("sd15/text_encoder/model.safetensors", FileKind::TextEncoder),
        ("sd2v/text_encoder/model.safetensors", FileKind::TextEncoder),
        ("controlnet/diffusion_pytorch_model.safetensors", FileKind::ControlNet),
        ("taesd/diffusion_pytorch_model.safetensors", FileKind::TinyVae),
        (
            "motion_adapter/diffusion_pytorch_model.safetensors",
            FileKind::MotionModule,
        ),
        ("ip_adapter/ip-adapter.safetensors", FileKind::IpAdapter),
        ("../cases/lora_kohya/adapter_kohya.safetensors", FileKind::Lora),
        ("../cases/lora_peft/adapter_peft.safetensors", FileKind::Lora),
        ("../cases/lora_locon_conv/adapter_locon.safetensors", FileKind::Lora),
        ("../cases/lora_diffusers_old/adapter_old.safetensors", FileKind::Lora),
        (
            "../cases/lora_sdxl_kohya_sgm_names/adapter_sdxl_sgm.safetensors",
            FileKind::Lora,
        ),
        (
            "../cases/textual_inversion_diffusers/embedding.safetensors",
            FileKind::TextualInversion,
        ),
        (
            "../cases/textual_inversion_a1111/rgstyle.safetensors",
            FileKind::TextualInversion,
        ),
        (
            "../cases/textual_inversion_a1111/rgstyle.pt",
            FileKind::TextualInversion,
        ),
    ] {
        let path = models.join(file);
        // Another set may lack a file of a kind that is here.
        if !path.is_file() {
            continue;
        }
        num_files += 1;
        let source = formats::open_tensors(path).unwrap();
        let found = formats::detect(&*source).map_err(|error| error.to_string());
        assert_eq!(found, Ok(expected), "{file}");
    }
    assert!(
        num_files > 10,
        "the set should hold more than ten of these files, not {num_files}"
    );
}

#[test]
#[ignore = "needs the whole set of reference cases"]
fn every_file_of_the_whole_reference_should_hold_the_tensors_of_its_folder() {
    let models = ReferenceSet::whole().model("");
    let mut num_same = 0;
    for (file, folder, components) in [
        (
            "sd15s_single/model.safetensors",
            "sd15s",
            ["unet", "vae", "text_encoder"].as_slice(),
        ),
        ("sd15s_single/model.ckpt", "sd15s", &["unet", "vae", "text_encoder"]),
        (
            "sdxl_turbo_single/model.safetensors",
            "sdxl_turbo",
            &["unet", "vae", "text_encoder", "text_encoder_2"],
        ),
        ("controlnet_single/controlnet.safetensors", "controlnet", &[""]),
        ("vae_single/vae.safetensors", "sd15/vae", &[""]),
    ] {
        let (path, folder) = (models.join(file), models.join(folder));
        if !path.is_file() || !folder.is_dir() {
            continue;
        }
        let files = ModelFiles::open(&path).unwrap();
        for component in components {
            num_same += assert_same(&files, &folder.join(component), component);
        }
    }
    assert!(
        num_same > 0,
        "the set should hold models both as one file and as a folder"
    );
}

#[test]
#[ignore = "needs the whole set of reference cases"]
fn configurations_out_of_shapes_should_be_those_of_the_whole_references_folders() {
    /// What shapes tell.
    const FIELDS: &[&str] = &[
        "in_channels",
        "out_channels",
        "block_out_channels",
        "down_block_types",
        "up_block_types",
        "cross_attention_dim",
        "use_linear_projection",
        "addition_embed_type",
        "addition_time_embed_dim",
        "projection_class_embeddings_input_dim",
        "time_cond_proj_dim",
        "conditioning_embedding_out_channels",
        "latent_channels",
        "use_quant_conv",
        "mid_block_add_attention",
        "vocab_size",
        "hidden_size",
        "intermediate_size",
        "num_hidden_layers",
        "max_position_embeddings",
        "projection_dim",
        "hidden_act",
    ];
    let models = ReferenceSet::whole().model("");
    let mut num_fields = 0;
    for (file, folder) in [
        ("sd15s_single/model.safetensors", "sd15s"),
        ("sd15s_single/model-Q8_0.gguf", "sd15s"),
        ("sdxl_turbo_single/model.safetensors", "sdxl_turbo"),
        ("controlnet_single/controlnet.safetensors", "controlnet"),
        ("lcm/unet/diffusion_pytorch_model.safetensors", "lcm/unet"),
        (
            "sdxl_refiner/unet/diffusion_pytorch_model.safetensors",
            "sdxl_refiner/unet",
        ),
        ("vae_single/vae.safetensors", "sd15/vae"),
    ] {
        let (path, folder) = (models.join(file), models.join(folder));
        if !path.is_file() || !folder.is_dir() {
            continue;
        }
        let (derived, given) = (ModelFiles::open(path).unwrap(), ModelFiles::open(folder).unwrap());
        for config in ["unet", "vae", "text_encoder", "text_encoder_2", ""] {
            let config = format!("{config}/config.json");
            let config = config.trim_start_matches('/');
            if !given.exists(config) {
                continue;
            }
            let (derived, given): (Value, Value) = (derived.json(config).unwrap(), given.json(config).unwrap());
            for field in FIELDS.iter().filter(|field| given.get(**field).is_some()) {
                // Of U-Nets alone nothing tells how wide the pooled text is.
                if *field == "addition_time_embed_dim" && file.contains("/unet/") {
                    continue;
                }
                num_fields += 1;
                assert_eq!(
                    derived.get(*field).unwrap_or(&Value::Null),
                    &given[*field],
                    "{file}: {field} of {config}"
                );
            }
        }
    }
    assert!(
        num_fields > 0,
        "the set should hold models both as one file and as a folder"
    );
}
