//! Adapters and words on a loaded model: they come, change and go.

use std::path::PathBuf;

use candle_core::Tensor;
use hareru::conditioning::Prompts;
use hareru::engine::{EngineHandle, EngineOptions};
use hareru::job::{Event, GenerateRequest, JobOptions, LoraSpec, ModelRef, Precision, PreviewMode};
use hareru::pipelines::families::StableDiffusion;
use hareru::pipelines::{self, Model as _};

use super::{Folder, entry, numbers};
use crate::support::weights::Entry;

/// Names of layers in the model that comes with the program: one of three maps in one, a convolution, a gated map.
const TO_K: &str = "lora_unet_mid_block_attentions_0_transformer_blocks_0_attn2_to_k";
const CONV: &str = "lora_unet_mid_block_resnets_0_conv1";
/// Of the text encoder and of the middle of the U-Net.
const WIDTH: usize = 128;
const UNET_WIDTH: usize = 160;

fn starter() -> StableDiffusion {
    pipelines::load(&ModelRef::Starter, &pipelines::Device::Cpu, Precision::F32, &mut |_| ()).unwrap()
}

/// An adapter of rank 2 for one of three stacked maps and for a convolution of the starter's U-Net, strong enough to be
/// seen.
fn adapter(folder: &Folder, name: &str) -> PathBuf {
    let parts = [
        (format!("{TO_K}.lora_up.weight"), vec![UNET_WIDTH, 2]),
        (format!("{TO_K}.lora_down.weight"), vec![2, WIDTH]),
        (format!("{CONV}.lora_up.weight"), vec![UNET_WIDTH, 2, 1, 1]),
        (format!("{CONV}.lora_down.weight"), vec![2, UNET_WIDTH, 3, 3]),
    ];
    let entries: Vec<Entry<'_>> = parts
        .iter()
        .enumerate()
        .map(|(seed, (name, shape))| {
            let mut values = numbers(shape.iter().product(), seed);
            for value in &mut values {
                *value *= 0.1;
            }
            (name.as_str(), shape.as_slice(), values)
        })
        .collect();
    folder.file(name, &entries)
}

#[test]
fn only_layers_whose_changes_differ_should_be_made_anew() {
    let folder = Folder::new();
    let (both, again) = (adapter(&folder, "a.safetensors"), adapter(&folder, "b.safetensors"));
    let q = "lora_te_text_model_encoder_layers_0_self_attn_q_proj";
    let (up, down) = (format!("{q}.lora_up.weight"), format!("{q}.lora_down.weight"));
    let text = folder.file(
        "text.safetensors",
        &[
            (&up, &[WIDTH, 1], numbers(WIDTH, 1)),
            (&down, &[1, WIDTH], numbers(WIDTH, 2)),
        ],
    );
    let mut model = starter();
    let before = model
        .encode_prompts(&Prompts::new("a lighthouse", "", [64; 2]))
        .unwrap()
        .cond
        .context;
    let mut set = |loras: &[LoraSpec]| model.set_adapters(loras, &[]).unwrap();
    assert_eq!(set(&[]), 0);
    assert_eq!(set(&[LoraSpec::new(&both, 1.0)]), 2);
    assert_eq!(set(&[LoraSpec::new(&both, 1.0)]), 0, "nothing has changed");
    assert_eq!(
        set(&[LoraSpec::new(&both, 1.0), LoraSpec::new(&text, 1.0)]),
        1,
        "one layer of the text encoder"
    );
    assert_eq!(
        set(&[LoraSpec::new(&both, 0.5), LoraSpec::new(&text, 1.0)]),
        2,
        "another weight"
    );
    assert_eq!(
        set(&[
            LoraSpec::new(&both, 0.5),
            LoraSpec {
                text_weight: 0.0,
                ..LoraSpec::new(&text, 1.0)
            }
        ]),
        1,
        "weight 0 is none"
    );
    assert_eq!(
        set(&[LoraSpec::new(&both, 0.5), LoraSpec::new(&again, 0.5)]),
        2,
        "several at once"
    );
    assert_eq!(set(&[LoraSpec::new(&text, 1.0)]), 3);
    let during = model
        .encode_prompts(&Prompts::new("a lighthouse", "", [64; 2]))
        .unwrap()
        .cond
        .context;
    assert_eq!(model.set_adapters(&[], &[]).unwrap(), 1);
    let after = model
        .encode_prompts(&Prompts::new("a lighthouse", "", [64; 2]))
        .unwrap()
        .cond
        .context;
    let bits = |states: &Tensor| states.flatten_all().unwrap().to_vec1::<f32>().unwrap();
    assert_ne!(bits(&before), bits(&during), "the adapter should be felt");
    assert_eq!(bits(&before), bits(&after), "and leave nothing behind");
}

#[test]
fn pictures_after_an_adapter_should_be_those_before_it() {
    let folder = Folder::new();
    let path = adapter(&folder, "a.safetensors");
    let mut engine = EngineHandle::start(EngineOptions::default(), || {}).unwrap();
    let mut picture = |loras: Vec<LoraSpec>| {
        let request = GenerateRequest {
            prompt: "a lighthouse at night".to_owned(),
            width_px: 64,
            height_px: 64,
            steps: 2,
            loras,
            ..GenerateRequest::default()
        };
        let options = JobOptions {
            preview: PreviewMode::Off,
            precision: Precision::F32,
            ..JobOptions::default()
        };
        let job = engine.submit(request, options).unwrap();
        let mut pixels = None;
        loop {
            match engine.wait().expect("the engine should still be there") {
                Event::Image { image, .. } => pixels = Some(image.pixels.pixels.clone()),
                Event::Finished { job: ended } if ended == job => return Ok(pixels.unwrap()),
                Event::Failed { error, .. } => return Err(error.message.clone()),
                _ => {}
            }
        }
    };
    let halves = |weight: f64| vec![LoraSpec::new(&path, weight)];
    let before = picture(Vec::new()).unwrap();
    let changed = picture(halves(1.0)).unwrap();
    assert_ne!(before, changed, "the adapter should be seen");
    assert_ne!(changed, picture(halves(0.5)).unwrap(), "and its weight");
    let twice = vec![LoraSpec::new(&path, 0.5), LoraSpec::new(&path, 0.5)];
    assert_eq!(changed, picture(twice).unwrap(), "two halves are a whole");
    // Every layer of this adapter is in the middle: BASE, IN, MID, OUT with 0 elsewhere changes nothing.
    let only_middle = LoraSpec {
        block_weights: Some(vec![0.0, 0.0, 1.0, 0.0, 0.0]),
        ..LoraSpec::new(&path, 1.0)
    };
    assert_eq!(changed, picture(vec![only_middle.clone()]).unwrap());
    let no_middle = LoraSpec {
        block_weights: Some(vec![1.0, 1.0, 0.0, 1.0, 1.0]),
        ..only_middle
    };
    assert_eq!(before, picture(vec![no_middle]).unwrap());
    assert_eq!(changed, picture(halves(1.0)).unwrap());
    let missing = picture(vec![LoraSpec::new(folder.0.path().join("none"), 1.0)]).unwrap_err();
    assert!(missing.contains("none"), "{missing}");
    assert_eq!(before, picture(Vec::new()).unwrap(), "bit for bit, after an error too");
}

#[test]
fn adapters_for_other_models_should_be_refused_and_leave_the_model_alone() {
    let folder = Folder::new();
    let mut model = starter();
    let mut refused = |spec: LoraSpec| {
        let error = model.set_adapters(&[spec], &[]).unwrap_err().to_string();
        assert!(error.ends_with(".safetensors") && !error.contains('\n'), "{error}");
        error
    };
    let up = format!("{TO_K}.lora_up.weight");
    let down = format!("{TO_K}.lora_down.weight");
    let wide = folder.file(
        "wide.safetensors",
        &[
            (&up, &[UNET_WIDTH, 2], numbers(2 * UNET_WIDTH, 1)),
            (&down, &[2, 2048], numbers(4096, 2)),
        ],
    );
    let error = refused(LoraSpec::new(wide, 1.0));
    assert!(error.contains("160×2048 weights, expected 160×128"), "{error}");
    let other = folder.file(
        "other.safetensors",
        &[
            entry("transformer.blocks.0.attn.lora_A.weight", &[2, 4], 1),
            entry("transformer.blocks.0.attn.lora_B.weight", &[4, 2], 2),
        ],
    );
    let error = refused(LoraSpec::new(other, 1.0));
    assert!(
        error.contains("another family") && error.contains("transformer.blocks.0.attn"),
        "{error}"
    );
    let spec = LoraSpec {
        block_weights: Some(vec![1.0; 3]),
        ..LoraSpec::new(adapter(&folder, "blocks.safetensors"), 1.0)
    };
    let error = refused(spec);
    assert!(
        error.contains("must be 5 or 14 numbers for this model, found 3"),
        "{error}"
    );
    let not_finite = folder.file(
        "nan.safetensors",
        &[
            (&up, &[UNET_WIDTH, 1], vec![f32::NAN; UNET_WIDTH]),
            (&down, &[1, WIDTH], numbers(WIDTH, 2)),
        ],
    );
    assert!(refused(LoraSpec::new(not_finite, 1.0)).contains("not finite"));
    assert_eq!(model.set_adapters(&[], &[]).unwrap(), 1, "what was begun is repaired");
}

#[test]
fn learned_words_should_be_tokens_of_their_own() {
    let folder = Folder::new();
    let style = folder.file("mystyle.safetensors", &[entry("emb_params", &[2, WIDTH], 1)]);
    let cat = folder.file("cat.safetensors", &[("<my-cat>", &[WIDTH], numbers(WIDTH, 2))]);
    let mut model = starter();
    let vocabulary = 1583;
    let text = "a photo, mystyle, of <my-cat>";
    let before = model.encode_prompts(&Prompts::new(text, "", [64; 2])).unwrap();
    assert!(before.prompt_ids[0].as_ref().unwrap().iter().all(|id| *id < vocabulary));
    model.set_adapters(&[], &[style.clone(), cat]).unwrap();
    let during = model.encode_prompts(&Prompts::new(text, "", [64; 2])).unwrap();
    let learned: Vec<u32> = during.prompt_ids[0]
        .iter()
        .flatten()
        .copied()
        .filter(|id| *id >= vocabulary)
        .collect();
    assert_eq!(learned, [vocabulary, vocabulary + 1, vocabulary + 2]);
    let len = |ids: &[Option<Vec<u32>>; 2]| ids[0].as_ref().unwrap().len();
    assert_eq!(len(&during.prompt_ids), len(&before.prompt_ids));
    model.set_adapters(&[], &[]).unwrap();
    let after = model.encode_prompts(&Prompts::new(text, "", [64; 2])).unwrap();
    assert_eq!(after.prompt_ids, before.prompt_ids);
    let bits = |states: &Tensor| states.flatten_all().unwrap().to_vec1::<f32>().unwrap();
    assert_ne!(bits(&during.cond.context), bits(&before.cond.context));
    assert_eq!(bits(&after.cond.context), bits(&before.cond.context));

    let wide = folder.file("wide.safetensors", &[entry("emb_params", &[1, 1024], 3)]);
    for (files, expected) in [
        (vec![wide], "has width 1024, expected 128"),
        (vec![style.clone(), style], "is taken by another embedding"),
        (vec![adapter(&folder, "lora.safetensors")], "another family"),
    ] {
        let error = model.set_adapters(&[], &files).unwrap_err().to_string();
        assert!(error.contains(expected) && error.ends_with(".safetensors"), "{error}");
    }
}
