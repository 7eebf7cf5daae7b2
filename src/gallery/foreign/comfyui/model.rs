//! The model of a sampler, and the adapters on the way to it.

use serde_json::Value;

use super::graph::{CONTEXTS, Graph};
use super::node::Node;
use crate::gallery::foreign::fields::{Fields, lora, model_name, number};
use crate::job::LoraSpec;

/// Inputs by which a model goes through a node.
const MODELS: [&str; 3] = ["model", "base_model", "model1"];
/// What loaders call the model's file.
const FILES: [&str; 4] = ["ckpt_name", "unet_name", "base_ckpt_name", "model_name"];
/// What stacks of adapters call a weight, with the number of its place behind.
const MODEL_WEIGHTS: [&str; 4] = ["model_weight_", "strength_", "lora_weight_", "lora_strength_"];
/// What stands where no adapter was chosen.
const NO_ADAPTER: [&str; 2] = ["", "None"];

/// A model.
#[derive(Debug, Default)]
pub(super) struct Model {
    /// Its file without folders and ending.
    pub(super) name: String,
    /// In the order in which they were added.
    pub(super) loras: Vec<LoraSpec>,
    pub(super) guidance_rescale: f64,
}

impl Model {
    /// The model that feeds a node.
    pub(super) fn of<'a>(graph: &Graph<'a>, start: Node<'a>) -> Self {
        let inputs: Vec<&str> = MODELS.into_iter().chain(CONTEXTS).collect();
        let mut model = Self::default();
        let mut node = graph.source_of_any(start, &inputs);
        while let Some(found) = node {
            model.take_adapters(graph, found);
            if found.class == "RescaleCFG" {
                model.guidance_rescale = graph.number(found, "multiplier").unwrap_or(0.0);
            }
            if let Some(file) = FILES.iter().find_map(|input| graph.name(found, input)) {
                model.name = model_name(&file);
                break;
            }
            node = graph.source_of_any(found, &inputs);
        }
        model.loras.reverse(); // the one next to the checkpoint was added first
        model
    }

    fn take_adapters<'a>(&mut self, graph: &Graph<'a>, node: Node<'a>) {
        if let Some(name) = graph.name(node, "lora_name") {
            let any = |names: [&str; 2]| names.iter().find_map(|name| graph.number(node, name));
            let weight = any(["strength_model", "lora_model_strength"]).unwrap_or(1.0);
            let text_weight = any(["strength_clip", "lora_clip_strength"]).unwrap_or(weight);
            self.loras.push(LoraSpec {
                text_weight,
                ..lora(&name, weight)
            });
        }
        self.loras.extend(stacked(node));
        let mut stack = graph.source(node, "lora_stack");
        while let Some((found, _)) = stack {
            self.loras.extend(stacked(found));
            stack = graph.source(found, "lora_stack");
        }
    }
}

/// Nodes that hold several adapters, the last first: `"lora_1": {"on": true, "lora": "name", "strength": 0.5}`, or
/// `"lora_name_1": "name"` with weights and switches of the same number.
fn stacked(node: Node<'_>) -> Vec<LoraSpec> {
    let inputs = node.inputs;
    let count = inputs.whole(&["lora_count", "num_loras"]).unwrap_or(u64::MAX);
    let entries = inputs.0.iter().rev().filter(|(key, _)| key.starts_with("lora_"));
    let entry = |(key, value): (&String, &Value)| match value {
        Value::Object(entry) => {
            let entry = Fields(entry);
            let weight = entry.any(&["strength"]).and_then(number)?;
            entry.is_true("on").then_some((entry.text(&["lora"])?, weight, weight))
        }
        Value::String(name) => {
            let place = key.strip_prefix("lora_name_").or_else(|| key.strip_prefix("lora_"))?;
            let is_off = inputs.text(&[&format!("switch_{place}")]).as_deref() == Some("Off");
            if is_off || place.parse::<u64>().ok()? > count {
                return None;
            }
            let (model, text) = weights(inputs, place);
            Some((name.clone(), model, text))
        }
        _ => None,
    };
    let used = entries
        .filter_map(entry)
        .filter(|(name, ..)| !NO_ADAPTER.contains(&name.as_str()));
    used.map(|(name, model, text_weight)| LoraSpec {
        text_weight,
        ..lora(&name, model)
    })
    .collect()
}

/// The weights of the adapter at a place of a stack: for the network and for the texts.
fn weights(inputs: Fields<'_>, place: &str) -> (f64, f64) {
    let numbered = |name: &str| inputs.number(&[&format!("{name}{place}")]);
    // The Efficiency nodes have one weight or two, whichever they are set to.
    let is_simple = inputs.text(&["input_mode"]).as_deref() == Some("simple");
    let simple = numbered("lora_wt_").filter(|_| is_simple);
    let model = simple.or_else(|| numbered("model_str_"));
    let model = model.or_else(|| MODEL_WEIGHTS.iter().find_map(|name| numbered(name)));
    let model = model.or_else(|| numbered("lora_wt_")).unwrap_or(1.0);
    let text = simple.or_else(|| numbered("clip_str_"));
    (model, text.or_else(|| numbered("clip_weight_")).unwrap_or(model))
}
