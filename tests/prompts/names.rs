//! What prompts name and draw, by the starter model and a folder of models.

use std::path::Path;

use hareru::engine::{EngineHandle, EngineOptions};
use hareru::job::{Event, GenerateRequest, GeneratedImage, JobOptions, LoraSpec, PreviewMode};
use hareru::prompt::PromptSyntax;
use tempfile::TempDir;

use crate::support::weights::{Entry, safetensors_bytes, write};

/// Width of the starter's text encoder.
const WIDTH: usize = 128;

/// A folder of models with two adapters, embeddings of which one is for another model, and lists of words.
fn models() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let numbers = |count: usize, seed: usize| -> Vec<f32> {
        (0..count)
            .map(|i| ((i * 7919 + seed * 131) % 2003) as f32 / 1001.0 - 1.0)
            .collect()
    };
    let q = "lora_te_text_model_encoder_layers_0_self_attn_q_proj";
    let (up, down) = (format!("{q}.lora_up.weight"), format!("{q}.lora_down.weight"));
    let up_down: [Entry<'_>; 2] = [
        (&up, &[WIDTH, 1], numbers(WIDTH, 1)),
        (&down, &[1, WIDTH], numbers(WIDTH, 2)),
    ];
    let adapter = safetensors_bytes(&up_down);
    write(folder.path(), "loras/styles/Ink.safetensors", &adapter);
    write(folder.path(), "models/Lora/Chalk v2.safetensors", &adapter);
    let word = |width: usize| safetensors_bytes(&[("emb_params", &[1, width], numbers(width, 3))]);
    write(folder.path(), "embeddings/EasyNegative.safetensors", &word(WIDTH));
    write(folder.path(), "embeddings/lighthouse.safetensors", &word(WIDTH + 1));
    write(
        folder.path(),
        "wildcards/sea.txt",
        b"# ships\na boat\na {red|blue} ship\n\n",
    );
    write(folder.path(), "wildcards/times/night.txt", b"at night\nat dawn\n");
    folder
}

fn engine(models: &Path) -> EngineHandle {
    let options = EngineOptions {
        model_folders: vec![models.to_owned()],
        ..EngineOptions::default()
    };
    EngineHandle::start(options, || {}).unwrap()
}

fn request(prompt: &str) -> GenerateRequest {
    GenerateRequest {
        prompt: prompt.to_owned(),
        width_px: 64,
        height_px: 64,
        steps: 1,
        seed: 11,
        ..GenerateRequest::default()
    }
}

/// The job's pictures, or why there are none.
fn make(engine: &mut EngineHandle, request: GenerateRequest) -> Result<Vec<GeneratedImage>, String> {
    let options = JobOptions {
        preview: PreviewMode::Off,
        ..JobOptions::default()
    };
    let job = engine.submit(request, options).unwrap();
    let mut made = Vec::new();
    loop {
        match engine.wait().unwrap() {
            Event::Image { image, .. } => made.push(GeneratedImage::clone(&image)),
            Event::Failed { error, .. } => return Err(error.message.clone()),
            Event::Finished { job: ended } if ended == job => return Ok(made),
            _ => {}
        }
    }
}

#[test]
fn choices_should_be_drawn_for_each_picture_and_recorded_as_drawn() {
    let models = models();
    let mut engine = engine(models.path());
    let asked = GenerateRequest {
        batch_count: 6,
        negative_prompt: "{fog|rain}".to_owned(),
        ..request("{__sea__|an owl|a fox} __times/night__ __../secret__ __nobody__")
    };
    let images = make(&mut engine, asked.clone()).unwrap();
    assert_eq!(images.len(), 6);
    let mut prompts = Vec::new();
    for image in &images {
        let record = &image.record.request;
        let prompt = &record.prompt;
        assert!(
            !prompt.contains(['{', '}', '|']) && !prompt.contains("__sea__"),
            "{prompt}"
        );
        assert!(prompt.ends_with("__../secret__ __nobody__"), "no such lists: {prompt}");
        assert!(["fog", "rain"].contains(&record.negative_prompt.as_str()));
        let again = make(&mut engine, record.clone()).unwrap();
        assert_eq!(again[0].pixels, image.pixels, "{prompt}");
        assert_eq!(again[0].record.request, *record);
        prompts.push(prompt.clone());
    }
    prompts.sort();
    prompts.dedup();
    assert!(prompts.len() > 1, "all of them drew {prompts:?}");
    let literal = GenerateRequest {
        prompt_syntax: PromptSyntax::Literal,
        ..request("{a|b} <lora:nobody:1>")
    };
    let image = &make(&mut engine, literal).unwrap()[0];
    assert_eq!(
        image.record.request.prompt, "{a|b} <lora:nobody:1>",
        "it was read literally"
    );
}

#[test]
fn adapters_should_be_laid_over_the_model_that_the_prompt_names() {
    let models = models();
    let mut engine = engine(models.path());
    let picture = |engine: &mut EngineHandle, request: GenerateRequest| make(engine, request).unwrap().remove(0);
    let plain = picture(&mut engine, request("a lighthouse"));
    for (tag, file, text_weight, unet_weight) in [
        ("<lora:ink:2>", "loras/styles/Ink.safetensors", 2.0, 2.0),
        ("<lora:Chalk v2:2:0.5>", "models/Lora/Chalk v2.safetensors", 2.0, 0.5),
        (
            "{<lyco:ink:2>|<lora:ink.safetensors:2>}",
            "loras/styles/Ink.safetensors",
            2.0,
            2.0,
        ),
    ] {
        let named = picture(&mut engine, request(&format!("a lighthouse {tag}")));
        let spec = LoraSpec {
            text_weight,
            unet_weight,
            ..LoraSpec::new(models.path().join(file), 1.0)
        };
        assert_eq!(named.record.request.loras, std::slice::from_ref(&spec), "{tag}");
        let given = picture(
            &mut engine,
            GenerateRequest {
                loras: vec![spec],
                ..request("a lighthouse")
            },
        );
        assert_eq!(named.pixels, given.pixels, "{tag}");
        assert_ne!(named.pixels, plain.pixels, "{tag}: it is not seen");
        let again = picture(&mut engine, named.record.request.clone());
        assert_eq!(again.record.request, named.record.request, "{tag}: laid over it twice");
    }
    for (prompt, expected) in [
        ("a <lora:nobody:1>", "nobody"),
        ("a <lora:../Ink:1>", "../Ink"),
        ("a <hypernet:ink:1>", "hypernet"),
    ] {
        let error = make(&mut engine, request(prompt)).unwrap_err();
        assert!(error.contains(expected), "{prompt}: {error}");
    }
    assert_eq!(picture(&mut engine, request("a lighthouse")).pixels, plain.pixels);
}

#[test]
fn embeddings_should_be_found_by_their_names() {
    let models = models();
    let mut engine = engine(models.path());
    let path = models.path().join("embeddings/EasyNegative.safetensors");
    let mut seen = Vec::new();
    for negative in [
        "(EasyNegative:1.2)",
        "fog, easynegative",
        "embedding:EasyNegative",
        "EasyNegatively",
    ] {
        let asked = GenerateRequest {
            negative_prompt: negative.to_owned(),
            ..request("a lighthouse") // an embedding for another model has this name
        };
        let image = make(&mut engine, asked).unwrap().remove(0);
        let expected = if negative == "EasyNegatively" {
            vec![]
        } else {
            vec![path.clone()]
        };
        assert_eq!(image.record.request.embeddings, expected, "{negative}");
        seen.push(image.pixels);
    }
    assert_ne!(seen[0], seen[3]);
}
