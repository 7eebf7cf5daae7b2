//! The names that layers, blocks and words go by.

use std::collections::BTreeMap;
use std::path::Path;

use hareru::formats::TensorFile as _;
use hareru::formats::{Bytes, SafetensorsFile};
use hareru::weights::adapter::{
    AdapterFile, Component, EmbeddingFile, EncoderTarget, NameTable, UNetBlock, UNetBlockNames,
};

use super::{Folder, entry};
use crate::support::reference::ReferenceSet;

/// Names and shapes of everything in a file.
fn shapes(path: &Path) -> BTreeMap<String, Vec<usize>> {
    let file = SafetensorsFile::new(Bytes::map(path).unwrap(), path.to_owned()).unwrap();
    let shape = |name: String| (name.clone(), file.shape(&name).unwrap().to_vec());
    file.names().into_iter().map(shape).collect()
}

#[test]
#[ignore = "needs the whole set of reference cases"]
fn every_layer_of_the_sdxl_adapters_of_the_whole_reference_should_be_one_of_the_model() {
    let set = ReferenceSet::whole();
    let part = |folder: &str, file: &str| shapes(&set.model("sdxl").join(folder).join(file));
    let networks = [
        (Component::UNet, part("unet", "diffusion_pytorch_model.safetensors")),
        (Component::TextEncoder, part("text_encoder", "model.safetensors")),
        (Component::TextEncoder2, part("text_encoder_2", "model.safetensors")),
    ];
    let table = NameTable::new(networks.iter().map(|(component, parameters)| (*component, parameters)));
    let mut targets = Vec::new();
    for case in [
        "lora_sdxl_kohya/adapter_sdxl_kohya",
        "lora_sdxl_kohya_sgm_names/adapter_sdxl_sgm",
    ] {
        let file = AdapterFile::open(&set.model(&format!("../cases/{case}.safetensors"))).unwrap();
        assert_eq!(file.layers().len(), 344);
        let mut found = Vec::new();
        for (name, layer) in file.layers() {
            let target = table.find(name).unwrap_or_else(|| panic!("{name} should be known"));
            let (_, parameters) = networks.iter().find(|(part, _)| *part == target.component).unwrap();
            let shape = &parameters[&format!("{}.weight", target.module)];
            assert!(layer.weight.as_ref().unwrap().fits(shape), "{name}: {shape:?}");
            found.push(target.module.clone());
        }
        found.sort();
        targets.push(found);
    }
    assert_eq!(targets[0], targets[1], "both files change the same layers");
}

/// The layers of a U-Net with the levels of SD 1.5, or of SDXL.
fn unet_modules(attending: &[bool]) -> Vec<String> {
    let levels = attending.len();
    let mut modules = vec![
        "conv_in".to_owned(),
        "conv_out".to_owned(),
        "time_embedding.linear_1".to_owned(),
    ];
    for (level, attends) in attending.iter().enumerate() {
        let up = levels - 1 - level;
        for layer in 0..3 {
            let mut add = |block: String| {
                modules.push(format!("{block}.resnets.{layer}.conv1"));
                if *attends {
                    modules.push(format!("{block}.attentions.{layer}.proj_in"));
                }
            };
            if layer < 2 {
                add(format!("down_blocks.{level}"));
            }
            add(format!("up_blocks.{up}"));
        }
        if level + 1 < levels {
            modules.push(format!("down_blocks.{level}.downsamplers.0.conv"));
            modules.push(format!("up_blocks.{level}.upsamplers.0.conv"));
        }
    }
    modules
        .extend(["resnets.0.conv1", "attentions.0.proj_in", "resnets.1.conv2"].map(|part| format!("mid_block.{part}")));
    modules
}

#[test]
fn blocks_should_have_the_names_and_numbers_of_the_original() {
    let modules = unet_modules(&[true, true, true, false]);
    let names = UNetBlockNames::new(&modules.iter().map(String::as_str).collect::<Vec<_>>());
    for (ours, theirs, block) in [
        ("conv_in", "input_blocks.0.0", UNetBlock::In(0)),
        ("time_embedding.linear_1", "time_embed.0", UNetBlock::Base),
        (
            "down_blocks.0.resnets.0.conv1",
            "input_blocks.1.0.in_layers.2",
            UNetBlock::In(1),
        ),
        (
            "down_blocks.0.attentions.1.proj_in",
            "input_blocks.2.1.proj_in",
            UNetBlock::In(2),
        ),
        (
            "down_blocks.0.downsamplers.0.conv",
            "input_blocks.3.0.op",
            UNetBlock::In(3),
        ),
        (
            "down_blocks.3.resnets.1.conv1",
            "input_blocks.11.0.in_layers.2",
            UNetBlock::In(11),
        ),
        (
            "mid_block.resnets.1.conv2",
            "middle_block.2.out_layers.3",
            UNetBlock::Mid,
        ),
        (
            "up_blocks.0.upsamplers.0.conv",
            "output_blocks.2.1.conv",
            UNetBlock::Out(2),
        ),
        (
            "up_blocks.1.attentions.0.proj_in",
            "output_blocks.3.1.proj_in",
            UNetBlock::Out(3),
        ),
        (
            "up_blocks.1.upsamplers.0.conv",
            "output_blocks.5.2.conv",
            UNetBlock::Out(5),
        ),
        (
            "up_blocks.3.resnets.2.conv1",
            "output_blocks.11.0.in_layers.2",
            UNetBlock::Out(11),
        ),
        ("conv_out", "out.2", UNetBlock::Base),
    ] {
        assert_eq!(names.original(ours), Some((theirs.to_owned(), block)), "{ours}");
    }
    let weights = names.weights(&(0..17).map(f64::from).collect::<Vec<_>>()).unwrap();
    assert_eq!(weights[&UNetBlock::Base], 0.0);
    assert_eq!((weights[&UNetBlock::In(1)], weights[&UNetBlock::In(8)]), (1.0, 6.0));
    assert_eq!(
        (
            weights[&UNetBlock::Mid],
            weights[&UNetBlock::Out(3)],
            weights[&UNetBlock::Out(11)]
        ),
        (7.0, 8.0, 16.0)
    );
    assert!(!weights.contains_key(&UNetBlock::In(0)) && !weights.contains_key(&UNetBlock::Out(2)));
    let weights = names.weights(&(0..26).map(f64::from).collect::<Vec<_>>()).unwrap();
    assert_eq!(
        (
            weights[&UNetBlock::In(0)],
            weights[&UNetBlock::Mid],
            weights[&UNetBlock::Out(11)]
        ),
        (1.0, 13.0, 25.0)
    );
    assert_eq!(names.weights(&[1.0; 5]), Err([17, 26]));

    let modules = unet_modules(&[false, true, true]);
    let names = UNetBlockNames::new(&modules.iter().map(String::as_str).collect::<Vec<_>>());
    let weights = names.weights(&[1.0; 12]).unwrap();
    assert!(
        [4, 5, 7, 8]
            .iter()
            .all(|index| weights.contains_key(&UNetBlock::In(*index)))
    );
    assert!((0..6).all(|index| weights.contains_key(&UNetBlock::Out(index))));
    assert_eq!(names.weights(&[]), Err([12, 20]));
}

#[test]
fn a_layer_should_be_known_by_every_name_it_goes_by() {
    let unet: BTreeMap<_, _> = unet_modules(&[true, true, true, false])
        .into_iter()
        .chain(
            [
                "down_blocks.0.attentions.0.attn1.to_q",
                "down_blocks.0.attentions.0.attn1.to_out.0",
            ]
            .map(str::to_owned),
        )
        .map(|module| (format!("{module}.weight"), vec![4, 4]))
        .collect();
    let text =
        |prefix: &str| BTreeMap::from([(format!("{prefix}encoder.layers.0.self_attn.q_proj.weight"), vec![4, 4])]);
    let (first, second) = (text("text_model."), text(""));
    let networks = [
        (Component::UNet, &unet),
        (Component::TextEncoder, &first),
        (Component::TextEncoder2, &second),
    ];
    let table = NameTable::new(networks.into_iter());
    let to_q = "down_blocks.0.attentions.0.attn1.to_q";
    for (name, module) in [
        ("lora_unet_down_blocks_0_attentions_0_attn1_to_q", to_q),
        ("lora_unet_input_blocks_1_1_attn1_to_q", to_q),
        ("lycoris_down_blocks_0_attentions_0_attn1_to_q", to_q),
        ("unet.down_blocks.0.attentions.0.attn1.to_q", to_q),
        ("down_blocks.0.attentions.0.attn1.to_q", to_q),
        ("base_model.model.down_blocks.0.attentions.0.attn1.to_q", to_q),
        ("diffusion_model.input_blocks.1.1.attn1.to_q", to_q),
        ("unet.down_blocks.0.attentions.0.attn1.processor.to_q_lora", to_q),
        ("down_blocks.0.attentions.0.attn1.processor.to_q_lora", to_q),
        (
            "unet.down_blocks.0.attentions.0.attn1.processor.to_out_lora",
            "down_blocks.0.attentions.0.attn1.to_out.0",
        ),
        (
            "lora_unet_down_blocks_0_attentions_0_attn1_to_out_0",
            "down_blocks.0.attentions.0.attn1.to_out.0",
        ),
    ] {
        let target = table.find(name).unwrap_or_else(|| panic!("{name} should be known"));
        assert_eq!(
            (target.component, target.module.as_str()),
            (Component::UNet, module),
            "{name}"
        );
    }
    let q = "encoder.layers.0.self_attn.q_proj";
    for (name, component, module) in [
        (
            "lora_te_text_model_encoder_layers_0_self_attn_q_proj",
            Component::TextEncoder,
            format!("text_model.{q}"),
        ),
        (
            "lora_te1_text_model_encoder_layers_0_self_attn_q_proj",
            Component::TextEncoder,
            format!("text_model.{q}"),
        ),
        (
            "text_encoder.text_model.encoder.layers.0.self_attn.q_proj",
            Component::TextEncoder,
            format!("text_model.{q}"),
        ),
        (
            "text_encoder.text_model.encoder.layers.0.self_attn.to_q_lora",
            Component::TextEncoder,
            format!("text_model.{q}"),
        ),
        (
            "text_encoder.encoder.layers.0.self_attn.q_proj",
            Component::TextEncoder,
            format!("text_model.{q}"),
        ),
        (
            "lora_te2_text_model_encoder_layers_0_self_attn_q_proj",
            Component::TextEncoder2,
            q.to_owned(),
        ),
        (
            "text_encoder_2.text_model.encoder.layers.0.self_attn.q_proj",
            Component::TextEncoder2,
            q.to_owned(),
        ),
    ] {
        let target = table.find(name).unwrap_or_else(|| panic!("{name} should be known"));
        assert_eq!((target.component, &target.module), (component, &module), "{name}");
    }
    for unknown in ["lora_unet_down_blocks_9_attentions_0_attn1_to_q", "lora_te3_a", ""] {
        assert_eq!(table.find(unknown), None, "{unknown}");
    }
}

#[test]
fn embeddings_should_be_read_in_every_layout() {
    let folder = Folder::new();
    let pair = [entry("clip_g", &[2, 20], 1), entry("clip_l", &[2, 16], 2)];
    let file = EmbeddingFile::open(&folder.file("style.safetensors", &pair)).unwrap();
    let towers: Vec<_> = file.words.iter().map(|word| (word.word.as_str(), word.tower)).collect();
    assert_eq!(
        towers,
        [("style", EncoderTarget::Second), ("style", EncoderTarget::First)]
    );
    assert_eq!(file.words[0].rows.dims(), [2, 20]);
    let pickled = [entry("string_to_param.*", &[2, 16], 1)];
    let file = EmbeddingFile::open(&folder.file("v1.5.safetensors", &pickled)).unwrap();
    assert_eq!(file.words[0].word, "v1.5");
    let named = [entry("<a>", &[16], 1), entry("<b>", &[3, 16], 2)];
    let file = EmbeddingFile::open(&folder.file("two.safetensors", &named)).unwrap();
    let words: Vec<_> = file
        .words
        .iter()
        .map(|word| (word.word.as_str(), word.rows.dims()[0]))
        .collect();
    assert_eq!(words, [("<a>", 1), ("<b>", 3)]);
    let error = EmbeddingFile::open(&folder.file("no.safetensors", &[entry("a", &[2, 2, 2], 1)])).unwrap_err();
    assert!(error.to_string().contains("expected an embedding"), "{error}");
}
