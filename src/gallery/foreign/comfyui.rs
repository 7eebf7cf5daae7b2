//! `ComfyUI`: the graph that made the picture, in `prompt`: `{"3": {"class_type": "KSampler", "inputs": {…}}, …}`,
//! where an input is a value or `["4", 0]`, the first output of node 4; or the graph of its editor, in `workflow`.
//!
//! Read back from the picture that is saved to the sampler behind it, and from there on to the first of several passes,
//! through latents and through pixels: its seed and steps, the texts behind its conditioning, the model behind its
//! adapters, the size of the latents it began with. Nodes that are not known are passed through where an input is called
//! like what is looked for, but what a node makes itself is not guessed. Graphs may have circles and may branch again and
//! again, so a walk has a budget.
//!
//! Source: <https://docs.comfy.org/development/core-concepts/workflow>

mod choice;
mod editor;
mod graph;
mod model;
mod node;
mod sampler;
mod text;
mod widgets;
mod write;

use serde_json::Value;

use super::facts::Facts;
use super::fields::{Fields, parse};
use crate::job::{GenerateRequest, NoiseSource, Record};
use crate::prompt::Emphasis;
use graph::Graph;
use model::Model;
use sampler::Sampler;
use text::Role;

pub use write::comfyui_graph;

pub(super) fn record(text: &str) -> Option<Record> {
    let json = parse(text)?;
    record_of(Fields::of(&json)?)
}

/// The record in a graph, in either form, or in an object that holds one; `None` if nothing in it samples.
pub(super) fn record_of(json: Fields<'_>) -> Option<Record> {
    run_record(json).or_else(|| edited_record(json)).or_else(|| {
        // Where there is room for one text alone, both graphs are put into it.
        let held = |key: &str| match json.0.get(key)? {
            Value::String(text) => parse(text),
            value => Some(value.clone()),
        };
        let run = held("prompt").and_then(|graph| run_record(Fields::of(&graph)?));
        run.or_else(|| held("workflow").and_then(|graph| edited_record(Fields::of(&graph)?)))
    })
}

fn edited_record(json: Fields<'_>) -> Option<Record> {
    run_record(Fields(&editor::graph_of(json)?))
}

fn run_record(json: Fields<'_>) -> Option<Record> {
    let graph = Graph::new(json);
    let last = Sampler::last(&graph)?;
    let (first, later) = last.passes(&graph);
    let model = Model::of(&graph, first.start(&graph));
    let (sampler, schedule) = first.names(&graph);
    let facts = Facts {
        prompt: first.text(&graph, Role::Positive),
        negative_prompt: first.text(&graph, Role::Negative),
        size_px: first.size(&graph),
        steps: first.steps(&graph),
        guidance_scale: first.guidance_scale(&graph),
        sampler,
        schedule,
        seed: first.seed(&graph),
        others: GenerateRequest {
            guidance_rescale: model.guidance_rescale,
            emphasis: Emphasis::Interpolate,
            clip_skip: first.clip_skip(&graph),
            hires: later.hires,
            refiner: later.refiner,
            loras: model.loras,
            noise_source: NoiseSource::TorchCpu,
            ..GenerateRequest::default()
        },
        program: "ComfyUI".to_owned(),
        model_name: model.name,
        model_hash: String::new(),
    };
    Some(facts.into_record())
}
