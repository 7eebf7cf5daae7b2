//! Graphs of `ComfyUI`.

use std::time::{Duration, Instant};

use hareru::gallery::{self, RecordSource, comfyui_graph, read_made, record_from_text};
use hareru::job::{Hires, LoraSpec, ModelRef, NoiseSource, Record, Refiner, Setting};
use hareru::prompt::Emphasis;
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
    graph["8"]["inputs"]["samples"] = json!(["11", 0]);
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
        written.request.emphasis = Emphasis::Interpolate;
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

/// A sampler with a text, to which tests add what they are about.
fn graph_with(nodes: &Value) -> Value {
    let mut graph = default_graph();
    for (id, node) in nodes.as_object().unwrap() {
        graph[id] = node.clone();
    }
    graph
}

fn node(class: &str, inputs: &Value) -> Value {
    json!({ "class_type": class, "inputs": inputs })
}

#[test]
fn a_text_should_come_from_the_output_that_the_link_names() {
    let texts = |graph: &Value| {
        let request = read(graph).request;
        (request.prompt, request.negative_prompt)
    };
    let expected = ("a glass bottle".to_owned(), "text, watermark".to_owned());
    // Through a context, one that only passes on another, and pipes.
    let context =
        json!({ "model": ["4", 0], "clip": ["4", 1], "positive": ["6", 0], "negative": ["7", 0], "latent": ["5", 0] });
    let mut graph = graph_with(&json!({
        "20": node("Context (rgthree)", &context),
        "21": node("Context Big (rgthree)", &json!({ "base_ctx": ["20", 0] })),
    }));
    for context in ["20", "21"] {
        graph["3"]["inputs"]["positive"] = json!([context, 4]);
        graph["3"]["inputs"]["negative"] = json!([context, 5]);
        assert_eq!(texts(&graph), expected, "{context}");
    }
    graph["20"]["class_type"] = json!("ToBasicPipe");
    graph["21"] = node("FromBasicPipe_v2", &json!({ "basic_pipe": ["20", 0] }));
    graph["3"]["inputs"]["positive"] = json!(["21", 4]);
    graph["3"]["inputs"]["negative"] = json!(["21", 5]);
    assert_eq!(texts(&graph), expected);
    // Control nets give the positive one first, whichever way they are joined.
    let control = json!({ "positive": ["6", 0], "negative": ["7", 0], "control_net": ["4", 0], "image": ["5", 0] });
    let mut graph = graph_with(&json!({ "20": node("ControlNetApplyAdvanced", &control) }));
    graph["3"]["inputs"]["positive"] = json!(["20", 1]);
    graph["3"]["inputs"]["negative"] = json!(["20", 0]);
    assert_eq!(texts(&graph), (expected.1.clone(), expected.0.clone()));
    // One node with both texts: a styler, a loader, whose first output is a model, and texts of its own fed from outside.
    for (class, first, positive, negative) in [
        ("SDXLPromptStyler", 0, "text_positive", "text_negative"),
        ("Efficient Loader", 1, "positive", "negative"),
        ("Prompt Pair", 0, "prompt", "negative_prompt"),
    ] {
        let mut graph = graph_with(&json!({
            "20": node(class, &json!({ positive: "a glass bottle", negative: ["22", 0], "ckpt_name": "x.safetensors" })),
            "22": node("PrimitiveStringMultiline", &json!({ "value": "text, watermark" })),
        }));
        graph["6"]["inputs"]["text"] = json!(["20", first]);
        graph["7"]["inputs"]["text"] = json!(["20", first + 1]);
        assert_eq!(texts(&graph), expected, "{class}");
        graph["3"]["inputs"]["positive"] = json!(["20", first]);
        graph["3"]["inputs"]["negative"] = json!(["20", first + 1]);
        assert_eq!(texts(&graph), expected, "{class}");
    }
}

#[test]
fn what_was_used_should_come_before_what_was_asked_and_nothing_be_guessed() {
    let prompt = |inputs: &Value, class: &str| {
        let mut graph = graph_with(&json!({
            "20": node(class, inputs),
            "22": node("PrimitiveString", &json!({ "value": "one" })),
            "23": node("PrimitiveString", &json!({ "value": "two" })),
            "24": node("PrimitiveBoolean", &json!({ "value": false })),
        }));
        graph["6"]["inputs"]["text"] = json!(["20", 0]);
        read(&graph).request.prompt
    };
    let asked = json!({ "wildcard_text": "{one|two}", "populated_text": "two", "mode": "populate" });
    assert_eq!(prompt(&asked, "ImpactWildcardProcessor"), "two");
    assert_eq!(
        prompt(&json!({ "text": ["22", 0], "text_0": "two" }), "ShowText|pysssss"),
        "two"
    );
    assert_eq!(
        prompt(
            &json!({ "select": 2, "input1": ["22", 0], "input2": ["23", 0] }),
            "ImpactSwitch"
        ),
        "two"
    );
    assert_eq!(
        prompt(
            &json!({ "Input": 1, "text1": "one", "text2": "two" }),
            "CR Text Input Switch"
        ),
        "one"
    );
    assert_eq!(
        prompt(
            &json!({ "switch": ["24", 0], "on_true": ["22", 0], "on_false": ["23", 0] }),
            "ComfySwitchNode"
        ),
        "two"
    );
    assert_eq!(prompt(&json!({ "any_02": ["23", 0] }), "Any Switch (rgthree)"), "two");
    assert_eq!(
        prompt(
            &json!({ "string": ["22", 0], "find": "one", "replace": "two" }),
            "StringReplace"
        ),
        "two"
    );
    assert_eq!(
        prompt(
            &json!({ "string_a": ["22", 0], "string_b": "two", "delimiter": "+" }),
            "StringConcatenate"
        ),
        "one+two"
    );
    // What a language model made of it, or a picture, is written nowhere.
    assert_eq!(prompt(&json!({ "prompt": "describe a boat" }), "TextGenerate"), "");
    assert_eq!(prompt(&json!({ "image": ["22", 0] }), "Describe"), "");

    let unknown = |input: &str, class: &str, inputs: &Value| {
        let mut graph = graph_with(&json!({ "20": node(class, inputs) }));
        graph["3"]["inputs"][input] = json!(["20", 0]);
        read(&graph).request.unknown.into_iter().collect::<Vec<_>>()
    };
    let two = json!({ "a": 3, "b": 4 });
    assert_eq!(unknown("steps", "ComfyMathExpression", &two), [Setting::Steps]);
    assert_eq!(unknown("steps", "Some Node", &two), [Setting::Steps]);
    assert_eq!(
        unknown("seed", "Seed (rgthree)", &json!({ "seed": -1 })),
        [Setting::Seed]
    );
    assert_eq!(unknown("cfg", "Some Node", &json!({ "scale": 3.0 })), []);
    assert_eq!(
        unknown("sampler_name", "Context Big", &json!({ "sampler": "heun" })),
        []
    );
}

#[test]
fn the_picture_that_is_saved_should_count_and_the_first_pass_towards_it() {
    let sampler = |latent: &str, steps: u32, seed: u64| {
        let mut node = default_graph()["3"].clone();
        for (key, value) in [
            ("latent_image", json!([latent, 0])),
            ("steps", json!(steps)),
            ("seed", json!(seed)),
        ] {
            node["inputs"][key] = value;
        }
        node
    };
    // Another sampler stands later in the graph, and leads nowhere, or to a preview.
    let graph = graph_with(&json!({
        "90": sampler("5", 99, 99),
        "91": node("VAEDecode", &json!({ "samples": ["90", 0] })),
        "92": node("PreviewImage", &json!({ "images": ["91", 0] })),
    }));
    assert_eq!(read(&graph).request.steps, 20);
    // Through pixels, through nodes of somebody's, and by a detailer, which samples itself.
    let second = |between: &Value| {
        let mut graph = graph_with(between);
        graph["50"] = node("VAEEncode", &json!({ "pixels": ["40", 0], "vae": ["4", 2] }));
        graph["51"] = sampler("50", 7, 7);
        graph["52"] = node("VAEDecode", &json!({ "samples": ["51", 0] }));
        graph["9"]["inputs"]["images"] = json!(["52", 0]);
        read(&graph).request
    };
    let pixels =
        second(&json!({ "40": node("ImageScale", &json!({ "image": ["8", 0], "width": 1024, "height": 1536 })) }));
    assert_eq!((pixels.steps, pixels.hires.unwrap().scale), (20, 2.0));
    let detailed = second(&json!({ "40": node("FaceDetailer", &json!({
        "image": ["8", 0], "seed": 1, "steps": 3, "cfg": 2, "sampler_name": "heun", "positive": ["6", 0] })) }));
    assert_eq!((detailed.steps, detailed.seed), (20, 156_680_208_700_286));
    let mut graph = graph_with(&json!({ "40": node("Film Grain", &json!({ "source": ["8", 0], "amount": 3 })) }));
    graph["9"]["inputs"]["images"] = json!(["40", 0]);
    graph["93"] = sampler("5", 99, 99);
    assert_eq!(read(&graph).request.steps, 20);
    // A picture from outside, and one that a network without a text made, are no first pass.
    let loaded = second(&json!({ "40": node("LoadImage", &json!({ "image": "photo.png" })) }));
    assert_eq!((loaded.steps, loaded.hires), (7, None));
    let mut depths = sampler("5", 1, 1);
    depths["inputs"]["positive"] = json!(["99", 0]);
    let depth = second(&json!({ "39": depths, "40": node("VAEDecode", &json!({ "samples": ["39", 0] })) }));
    assert_eq!((depth.steps, depth.prompt.as_str()), (7, "a glass bottle"));
}

#[test]
fn adapters_should_be_found_however_they_are_named() {
    let loras = |class: &str, inputs: &Value| {
        let mut graph = graph_with(&json!({ "20": node(class, inputs) }));
        graph["20"]["inputs"]["model"] = json!(["4", 0]);
        graph["3"]["inputs"]["model"] = json!(["20", 0]);
        read(&graph).request.loras
    };
    let ink = LoraSpec::new("ink", 0.5);
    assert_eq!(
        loras("LoraLoader", &json!({ "lora_name": "None", "strength_model": 1 })),
        []
    );
    let object = json!({ "lora_name": { "content": "sets/ink.safetensors", "image": null }, "strength_model": 0.5 });
    assert_eq!(loras("LoraLoader|pysssss", &object), std::slice::from_ref(&ink));
    let stack = json!({
        "switch_1": "On", "lora_name_1": "ink.safetensors", "model_weight_1": 0.5, "clip_weight_1": 0.5,
        "switch_2": "Off", "lora_name_2": "sea.safetensors", "model_weight_2": 1.0, "clip_weight_2": 1.0,
        "switch_3": "On", "lora_name_3": "None", "model_weight_3": 1.0, "clip_weight_3": 1.0 });
    assert_eq!(loras("CR LoRA Stack", &stack), std::slice::from_ref(&ink));
    let counted = json!({ "lora_count": 1, "lora_name_1": "ink.safetensors", "lora_wt_1": 0.5, "lora_name_2": "sea.safetensors", "lora_wt_2": 1 });
    assert_eq!(loras("LoRA Stacker", &counted), std::slice::from_ref(&ink));
    let rgthree = json!({ "lora_01": "ink.safetensors", "strength_01": 0.5, "lora_02": "None", "strength_02": 1.0 });
    assert_eq!(loras("Lora Loader Stack (rgthree)", &rgthree), [ink]);
    let mut graph = default_graph();
    graph["4"]["inputs"]["ckpt_name"] = json!({ "content": "sets/sea.ckpt" });
    assert_eq!(read(&graph).model_name, "sea");
}

/// The graph that it starts with as the editor keeps it, its texts in a graph of their own.
fn edited_graph() -> Value {
    let node = |id: u64, class: &str, inputs: &Value, values: &Value| {
        json!({ "id": id, "type": class, "mode": 0, "inputs": inputs, "widgets_values": values,
            "outputs": [{ "name": "out", "type": "CONDITIONING" }] })
    };
    let link = |name: &str, link: u64| json!({ "name": name, "type": "X", "link": link });
    let text = |id: u64, words: &str| {
        let input = json!([{ "name": "text", "type": "STRING", "widget": { "name": "text" }, "link": id }]);
        node(id, "CLIPTextEncode", &input, &json!([words]))
    };
    let words = json!({ "id": "words", "inputNode": { "id": -10 }, "outputNode": { "id": -20 },
        "inputs": [{ "name": "text", "type": "STRING", "linkIds": [1] }, { "name": "text_1", "type": "STRING", "linkIds": [2] }],
        "outputs": [{ "name": "positive" }, { "name": "negative" }],
        "nodes": [text(1, "inner"), text(2, "text, watermark")],
        "links": [
            { "id": 1, "origin_id": -10, "origin_slot": 0, "target_id": 1, "target_slot": 0 },
            { "id": 2, "origin_id": -10, "origin_slot": 1, "target_id": 2, "target_slot": 0 },
            { "id": 3, "origin_id": 1, "origin_slot": 0, "target_id": -20, "target_slot": 0 },
            { "id": 4, "origin_id": 2, "origin_slot": 0, "target_id": -20, "target_slot": 1 }]});
    json!({ "version": 0.4, "definitions": { "subgraphs": [words] },
        "nodes": [
            node(3, "KSampler", &json!([link("model", 1), link("positive", 2), link("negative", 3), link("latent_image", 4)]),
                &json!([156_680_208_700_286_u64, "randomize", 20, 8, "euler_ancestral", "karras", 1])),
            node(4, "CheckpointLoaderSimple", &json!([]), &json!(["sd15/v1-5-pruned-emaonly.ckpt"])),
            node(5, "EmptyLatentImage", &json!([]), &json!([512, 768, 1])),
            node(6, "words", &json!([]), &json!(["a glass bottle", "text, watermark"])),
            node(8, "VAEDecode", &json!([link("samples", 5)]), &json!([])),
            node(9, "SaveImage", &json!([link("images", 6)]), &json!(["ComfyUI"]))],
        "links": [[1, 4, 0, 3, 0, "MODEL"], [2, 6, 0, 3, 1, "CONDITIONING"], [3, 6, 1, 3, 2, "CONDITIONING"],
            [4, 5, 0, 3, 3, "LATENT"], [5, 3, 0, 8, 0, "LATENT"], [6, 8, 0, 9, 0, "IMAGE"]]})
}

#[test]
fn the_graph_of_the_editor_alone_should_say_the_same() {
    let expected = read(&default_graph());
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.png");
    let edited = edited_graph();
    write_png(&path, &[("workflow", &edited.to_string())]);
    assert_eq!(read_made(&path).unwrap().0, expected);
    // In one text with the other, as an object or as a text.
    for both in [
        json!({ "prompt": {}, "workflow": edited }),
        json!({ "workflow": edited.to_string() }),
    ] {
        assert_eq!(read(&both), expected);
    }
    // The values inside hold where those outside are not kept.
    let mut inner = edited.clone();
    inner["nodes"][3]["widgets_values"] = json!([]);
    assert_eq!(read(&inner).request.prompt, "inner");
    // A node that is switched off passes on what it is fed, a link goes round by a reroute.
    let mut around = edited.clone();
    around["nodes"][0]["inputs"][1]["link"] = json!(10);
    let off = json!({ "id": 20, "type": "ControlNetApply", "mode": 4,
        "inputs": [{ "name": "image", "type": "IMAGE", "link": null }, { "name": "conditioning", "type": "CONDITIONING", "link": 11 }],
        "outputs": [{ "name": "CONDITIONING", "type": "CONDITIONING" }] });
    let reroute = json!({ "id": 21, "type": "Reroute", "inputs": [{ "name": "", "type": "*", "link": 2 }], "outputs": [{ "type": "*" }] });
    around["nodes"].as_array_mut().unwrap().extend([off, reroute]);
    around["links"].as_array_mut().unwrap().extend([
        json!([10, 20, 0, 3, 1, "CONDITIONING"]),
        json!([11, 21, 0, 20, 1, "CONDITIONING"]),
    ]);
    assert_eq!(read(&around), expected);
    // A seed that comes from a node of its own, whose value the sampler's does not follow.
    let mut fed = edited;
    fed["nodes"][0]["widgets_values"][0] = json!(1);
    fed["nodes"][0]["inputs"]
        .as_array_mut()
        .unwrap()
        .push(json!({ "name": "seed", "type": "INT", "widget": { "name": "seed" }, "link": 10 }));
    fed["nodes"]
        .as_array_mut()
        .unwrap()
        .push(json!({ "id": 22, "type": "PrimitiveNode", "widgets_values": [156_680_208_700_286_u64, "fixed"] }));
    fed["links"]
        .as_array_mut()
        .unwrap()
        .push(json!([10, 22, 0, 3, 4, "INT"]));
    assert_eq!(read(&fed), expected);
}

#[test]
fn no_graph_of_the_editor_should_take_longer_than_its_length() {
    // A graph that holds itself, and graphs that hold the next one twice.
    let holding = |id: &str, held: &[&str]| {
        let nodes: Vec<Value> = (0..)
            .zip(held)
            .map(|(id, class)| json!({ "id": id, "type": class, "inputs": [], "widgets_values": ["x"] }))
            .collect();
        json!({ "id": id, "nodes": nodes, "links": [], "inputs": [], "outputs": [] })
    };
    let doubling: Vec<Value> = (0..60)
        .map(|level| {
            let next = format!("g{}", level + 1);
            holding(&format!("g{level}"), &[&next, &next])
        })
        .collect();
    let many = json!({ "id": 0, "type": "g0", "inputs": vec![json!({ "name": "a", "link": 1 }); 20_000] });
    for definitions in [vec![holding("g0", &["g0", "g0"])], doubling] {
        let graph = json!({ "nodes": [{ "id": 1, "type": "g0" }, many], "links": [[1, 0, 0, 0, 0, "X"]],
            "definitions": { "subgraphs": definitions } });
        let start = Instant::now();
        assert!(record_from_text(&graph.to_string()).is_none());
        assert!(start.elapsed() < Duration::from_secs(30), "{:?}", start.elapsed());
    }
}
