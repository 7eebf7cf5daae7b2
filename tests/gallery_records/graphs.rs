//! Graphs of `ComfyUI`.

use std::time::{Duration, Instant};

use hareru::gallery::{self, RecordSource, comfyui_graph, read_made, record_from_text};
use hareru::job::{Hires, LoraSpec, ModelRef, NoiseSource, Record, Refiner};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::foreign::requests;
use super::pictures::{record, write_png};

/// The graph that it starts with.
fn default_graph() -> Value {
    json!({
        "3": { "class_type": "KSampler", "inputs": {
            "cfg": 8, "denoise": 1, "latent_image": ["5", 0], "model": ["4", 0], "negative": ["7", 0],
            "positive": ["6", 0], "sampler_name": "euler_ancestral", "scheduler": "karras", "seed": 156_680_208_700_286_u64, "steps": 20
        }},
        "4": { "class_type": "CheckpointLoaderSimple", "inputs": { "ckpt_name": "sd15/v1-5-pruned-emaonly.ckpt" }},
        "5": { "class_type": "EmptyLatentImage", "inputs": { "batch_size": 1, "height": 768, "width": 512 }},
        "6": { "class_type": "CLIPTextEncode", "inputs": { "clip": ["4", 1], "text": "a glass bottle" }},
        "7": { "class_type": "CLIPTextEncode", "inputs": { "clip": ["4", 1], "text": "text, watermark" }},
        "8": { "class_type": "VAEDecode", "inputs": { "samples": ["3", 0], "vae": ["4", 2] }},
        "9": { "class_type": "SaveImage", "inputs": { "filename_prefix": "ComfyUI", "images": ["8", 0] }, "is_changed": ["NaN"] }
    })
}

fn read(graph: &Value) -> Record {
    let (record, source) = record_from_text(&graph.to_string()).unwrap_or_else(|| panic!("{graph}"));
    assert_eq!(source, RecordSource::ComfyUi);
    record
}

#[test]
fn the_default_graph_should_be_understood() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.png");
    // Python's JSON has numbers that JSON has not.
    let text = default_graph().to_string().replace("[\"NaN\"]", "[NaN]");
    write_png(&path, &[("prompt", &text), ("workflow", "{}")]);
    let (record, source) = read_made(&path).unwrap();
    let request = &record.request;
    assert_eq!(source, RecordSource::ComfyUi);
    assert_eq!(
        (request.prompt.as_str(), request.negative_prompt.as_str()),
        ("a glass bottle", "text, watermark")
    );
    assert_eq!(
        (request.sampler.as_str(), request.schedule.as_str()),
        ("euler_a", "karras")
    );
    assert_eq!(
        (request.steps, request.guidance_scale, request.seed),
        (20, 8.0, 156_680_208_700_286)
    );
    assert_eq!((request.width_px, request.height_px), (512, 768));
    assert_eq!(
        (record.model_name.as_str(), request.noise_source),
        ("v1-5-pruned-emaonly", NoiseSource::TorchCpu)
    );
}

#[test]
fn a_graph_of_parts_should_be_understood() {
    let record = read(&json!({
        "1": { "class_type": "SamplerCustomAdvanced", "inputs": {
            "noise": ["2", 0], "guider": ["3", 0], "sampler": ["4", 0], "sigmas": ["12", 1], "latent_image": ["6", 0] }},
        "2": { "class_type": "RandomNoise", "inputs": { "noise_seed": ["20", 0] }},
        "20": { "class_type": "PrimitiveInt", "inputs": { "value": 77 }},
        "3": { "class_type": "CFGGuider", "inputs": { "model": ["7", 0], "positive": ["8", 0], "negative": ["9", 0], "cfg": 4.5 }},
        "4": { "class_type": "KSamplerSelect", "inputs": { "sampler_name": "dpmpp_2m" }},
        "12": { "class_type": "SplitSigmas", "inputs": { "sigmas": ["5", 0], "step": 3 }},
        "5": { "class_type": "BasicScheduler", "inputs": { "model": ["7", 0], "scheduler": "sgm_uniform", "steps": 28, "denoise": 1.0 }},
        "6": { "class_type": "EmptySD3LatentImage", "inputs": { "width": 1024, "height": 640, "batch_size": 1 }},
        "7": { "class_type": "LoraLoaderModelOnly", "inputs": { "lora_name": "b.safetensors", "strength_model": 0.5, "model": ["10", 0] }},
        "10": { "class_type": "LoraLoader", "inputs": { "lora_name": "sub\\a.safetensors", "strength_model": 0.8, "strength_clip": 0.7, "model": ["13", 0], "clip": ["13", 1] }},
        "13": { "class_type": "Power Lora Loader (rgthree)", "inputs": {
            "lora_1": { "on": true, "lora": "c.safetensors", "strength": 0.3 },
            "lora_2": { "on": false, "lora": "d.safetensors", "strength": 1 },
            "model": ["14", 0], "clip": ["15", 0] }},
        "14": { "class_type": "UNETLoader", "inputs": { "unet_name": "flux.gguf" }},
        "15": { "class_type": "CLIPSetLastLayer", "inputs": { "stop_at_clip_layer": -2, "clip": ["16", 0] }},
        "16": { "class_type": "DualCLIPLoader", "inputs": {} },
        "8": { "class_type": "FluxGuidance", "inputs": { "guidance": 3.5, "conditioning": ["17", 0] }},
        "17": { "class_type": "ConditioningConcat", "inputs": { "conditioning_to": ["18", 0], "conditioning_from": ["19", 0] }},
        "18": { "class_type": "CLIPTextEncode", "inputs": { "text": ["21", 0], "clip": ["15", 0] }},
        "19": { "class_type": "CLIPTextEncode", "inputs": { "text": "at night", "clip": ["15", 0] }},
        "21": { "class_type": "Text Concatenate", "inputs": { "text_a": "a boat", "text_b": ["22", 0], "delimiter": " and " }},
        "22": { "class_type": "PrimitiveStringMultiline", "inputs": { "value": "a cat" }},
        "9": { "class_type": "ConditioningZeroOut", "inputs": { "conditioning": ["18", 0] }}
    }));
    let request = &record.request;
    assert_eq!(
        (request.prompt.as_str(), request.negative_prompt.as_str()),
        ("a boat and a cat, at night", "")
    );
    assert_eq!((request.seed, request.steps, request.guidance_scale), (77, 28, 4.5));
    assert_eq!(
        (request.sampler.as_str(), request.schedule.as_str()),
        ("dpmpp_2m", "sgm_uniform")
    );
    assert_eq!((request.width_px, request.height_px, request.clip_skip), (1024, 640, 1));
    let a = LoraSpec {
        text_weight: 0.7,
        ..LoraSpec::new("a", 0.8)
    };
    assert_eq!(request.loras, [LoraSpec::new("c", 0.3), a, LoraSpec::new("b", 0.5)]);
    assert_eq!(record.model_name, "flux");
}

#[test]
fn second_passes_and_refiners_should_be_understood() {
    let mut graph = default_graph();
    graph["10"] =
        json!({ "class_type": "LatentUpscale", "inputs": { "samples": ["3", 0], "width": 1024, "height": 1536 }});
    graph["11"] = graph["3"].clone();
    for (key, value) in [
        ("latent_image", json!(["10", 0])),
        ("denoise", json!(0.55)),
        ("steps", json!(14)),
        ("seed", json!(1)),
    ] {
        graph["11"]["inputs"][key] = value;
    }
    graph["8"]["inputs"]["samples"] = json!(["11", 0]);
    let request = read(&graph).request;
    assert_eq!(
        (request.width_px, request.steps, request.seed),
        (512, 20, 156_680_208_700_286)
    );
    assert_eq!(
        request.hires,
        Some(Hires {
            scale: 2.0,
            strength: 0.55,
            steps: Some(14)
        })
    );

    let mut graph = default_graph();
    graph["3"] = json!({ "class_type": "KSamplerAdvanced", "inputs": {
        "add_noise": "enable", "noise_seed": 5, "steps": 25, "cfg": 8, "sampler_name": "euler", "scheduler": "normal",
        "start_at_step": 0, "end_at_step": 20, "model": ["4", 0], "positive": ["6", 0], "negative": ["7", 0], "latent_image": ["5", 0] }});
    graph["11"] = graph["3"].clone();
    for (key, value) in [
        ("latent_image", json!(["3", 0])),
        ("start_at_step", json!(20)),
        ("model", json!(["12", 0])),
    ] {
        graph["11"]["inputs"][key] = value;
    }
    graph["12"] =
        json!({ "class_type": "CheckpointLoaderSimple", "inputs": { "ckpt_name": "sd_xl_refiner_1.0.safetensors" }});
    let request = read(&graph).request;
    assert_eq!((request.seed, request.steps, request.hires), (5, 25, None));
    let model = ModelRef::from("sd_xl_refiner_1.0");
    assert_eq!(request.refiner, Some(Refiner { model, step: 20 }));
}

#[test]
fn graphs_that_are_none_should_be_survived() {
    // Circles through every kind of input.
    let mut circle = default_graph();
    for (node, input) in [
        ("6", "text"),
        ("5", "samples"),
        ("4", "model"),
        ("3", "steps"),
        ("3", "seed"),
        ("3", "cfg"),
    ] {
        circle[node]["inputs"][input] = json!([node, 0]);
    }
    circle["4"]["inputs"].as_object_mut().unwrap().remove("ckpt_name");
    read(&circle);
    // Missing nodes and wrong types.
    let mut wrong = default_graph();
    for input in ["model", "positive", "negative", "latent_image"] {
        wrong["3"]["inputs"][input] = json!(["99", "x"]);
    }
    wrong["3"]["inputs"]["sampler_name"] = json!({});
    wrong["3"]["inputs"]["cfg"] = json!("much");
    wrong["4"] = json!(3);
    wrong["5"]["inputs"] = json!([]);
    wrong["6"]["class_type"] = json!(null);
    let record = read(&wrong);
    assert_eq!((record.request.prompt.as_str(), record.model_name.as_str()), ("", ""));

    // Each level doubles the ways.
    let mut nodes = default_graph();
    nodes["6"] = json!({ "class_type": "ConditioningCombine", "inputs": { "conditioning_1": ["n0", 0], "conditioning_2": ["n0", 0] }});
    for level in 0..150 {
        let next = format!("n{}", level + 1);
        nodes[format!("n{level}")] = json!({ "class_type": "ConditioningCombine", "inputs": { "conditioning_1": [next, 0], "conditioning_2": [next, 0] }});
    }
    // And so do texts and numbers.
    for level in 0..150 {
        let next = format!("t{}", level + 1);
        nodes[format!("t{level}")] = json!({ "class_type": "Join", "inputs": { "a": [next, 0], "b": [next, 0] }});
    }
    nodes["7"]["inputs"]["text"] = json!(["t0", 0]);
    nodes["3"]["inputs"]["seed"] = json!(["t0", 0]);
    let start = Instant::now();
    read(&nodes);
    assert!(start.elapsed() < Duration::from_secs(5), "{:?}", start.elapsed());

    assert!(record_from_text(r#"{"1":{"class_type":"SaveImage","inputs":{}}}"#).is_none());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn comfyui_should_be_told_the_same_as_it_tells(request in requests()) {
        let mut written = record(request);
        written.request.noise_source = NoiseSource::TorchCpu;
        if let Some(hires) = &mut written.request.hires {
            hires.steps = hires.steps.or(Some(written.request.steps));
        }
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.png");
        write_png(&path, &[("prompt", &comfyui_graph(&written).to_string())]);
        let (restored, source) = read_made(&path).unwrap();
        prop_assert_eq!(source, RecordSource::ComfyUi);
        prop_assert_eq!(restored.request, written.request);
        prop_assert_eq!(restored.model_name, written.model_name);
    }

    #[test]
    fn no_graph_should_bring_the_reader_down(edits in prop::collection::vec((1_u8..10, 0_usize..12, 0_usize..9), 1..8)) {
        let mut graph = default_graph();
        let inputs = ["positive", "negative", "model", "latent_image", "text", "clip", "samples", "seed", "steps", "cfg", "ckpt_name", "width"];
        let values = [json!(null), json!([]), json!(["3", 0]), json!(["6"]), json!([3, 0]), json!(-1), json!("x"), json!({}), json!(["8", 1e9])];
        for (node, input, value) in edits {
            graph[node.to_string()]["inputs"][inputs[input]] = values[value].clone();
        }
        gallery::record_from_text(&graph.to_string());
    }
}
