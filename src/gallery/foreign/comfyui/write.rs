//! A graph for `ComfyUI` that makes the same picture, as far as it can.

use serde_json::{Map, Value, json};

use crate::gallery::foreign::fields::lora_name;
use crate::gallery::foreign::names::{Names, SAMPLERS, SCHEDULES, theirs};
use crate::job::{GenerateRequest, Record};

/// The graph of a record, for the `prompt` of a picture or the API of `ComfyUI`. It has the nodes that every `ComfyUI` has;
/// model and adapters are named as files of the folders there, which must have them under these names. What the graph
/// has no node for is left out.
pub fn comfyui_graph(record: &Record) -> Value {
    let Record {
        request, model_name, ..
    } = record;
    let mut graph = Writer::default();
    let checkpoint = graph.add("CheckpointLoaderSimple", json!({ "ckpt_name": file(model_name) }));
    let (mut model, mut clip) = (json!([checkpoint, 0]), json!([checkpoint, 1]));
    for lora in &request.loras {
        let inputs = json!({
            "model": model,
            "clip": clip,
            "lora_name": file(&lora_name(lora)),
            "strength_model": lora.unet_weight,
            "strength_clip": lora.text_weight,
        });
        let node = graph.add("LoraLoader", inputs);
        (model, clip) = (json!([node, 0]), json!([node, 1]));
    }
    if request.clip_skip > 0 {
        let layer = -1 - i64::from(request.clip_skip);
        let node = graph.add("CLIPSetLastLayer", json!({ "clip": clip, "stop_at_clip_layer": layer }));
        clip = json!([node, 0]);
    }
    if request.guidance_rescale != 0.0 {
        let inputs = json!({ "model": model, "multiplier": request.guidance_rescale });
        model = json!([graph.add("RescaleCFG", inputs), 0]);
    }
    let positive = graph.add("CLIPTextEncode", json!({ "clip": clip, "text": request.prompt }));
    let negative = graph.add(
        "CLIPTextEncode",
        json!({ "clip": clip, "text": request.negative_prompt }),
    );
    let inputs = json!({ "width": request.width_px, "height": request.height_px, "batch_size": 1 });
    let mut latent = json!([graph.add("EmptyLatentImage", inputs), 0]);
    let sampler = |latent: Value, steps: u32, denoise: f64| sampler_inputs(request, &model, &latent, (steps, denoise));
    let with_texts = |mut inputs: Map<String, Value>| {
        inputs.insert("positive".to_owned(), json!([positive, 0]));
        inputs.insert("negative".to_owned(), json!([negative, 0]));
        Value::Object(inputs)
    };
    let node = graph.add("KSampler", with_texts(sampler(latent, request.steps, 1.0)));
    latent = json!([node, 0]);
    if let Some(hires) = request.hires {
        let inputs = json!({ "samples": latent, "upscale_method": "bilinear", "scale_by": hires.scale });
        let larger = json!([graph.add("LatentUpscaleBy", inputs), 0]);
        let steps = hires.steps.unwrap_or(request.steps);
        let node = graph.add("KSampler", with_texts(sampler(larger, steps, hires.strength)));
        latent = json!([node, 0]);
    }
    let decoded = graph.add("VAEDecode", json!({ "samples": latent, "vae": [checkpoint, 2] }));
    graph.add(
        "SaveImage",
        json!({ "images": [decoded, 0], "filename_prefix": "Hareru" }),
    );
    Value::Object(graph.nodes)
}

/// What a sampler is given beside its texts.
///
/// * `pass`: steps, and which part of them is taken.
fn sampler_inputs(request: &GenerateRequest, model: &Value, latent: &Value, pass: (u32, f64)) -> Map<String, Value> {
    let (steps, denoise) = pass;
    let comfyui = |names: &Names| names.comfyui;
    let inputs = [
        ("model", model.clone()),
        ("latent_image", latent.clone()),
        ("seed", json!(request.seed)),
        ("steps", json!(steps)),
        ("cfg", json!(request.guidance_scale)),
        ("sampler_name", json!(theirs(SAMPLERS, &request.sampler, comfyui))),
        ("scheduler", json!(theirs(SCHEDULES, &request.schedule, comfyui))),
        ("denoise", json!(denoise)),
    ];
    inputs.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()
}

fn file(name: &str) -> String {
    format!("{name}.safetensors")
}

#[derive(Default)]
struct Writer {
    nodes: Map<String, Value>,
}

impl Writer {
    /// Adds a node and returns its id.
    fn add(&mut self, class: &str, inputs: Value) -> String {
        let id = (self.nodes.len() + 1).to_string();
        let node = [("class_type", Value::from(class)), ("inputs", inputs)];
        let node: Map<String, Value> = node.map(|(key, value)| (key.to_owned(), value)).into_iter().collect();
        self.nodes.insert(id.clone(), Value::Object(node));
        id
    }
}
