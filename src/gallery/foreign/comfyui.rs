//! `ComfyUI`: the graph that made the picture, in `prompt`: `{"3": {"class_type": "KSampler", "inputs": {…}}, …}`,
//! where an input is a value or `["4", 0]`, the first output of node 4.
//!
//! Read from the sampler back: its seed and steps, the texts behind its conditioning, the model behind its adapters,
//! the size of the latents it began with. Nodes that are not known are passed through where an input is called like
//! what is looked for. Graphs may have circles and may branch again and again, so a walk has a budget.
//!
//! Source: <https://docs.comfy.org/development/core-concepts/workflow>

mod graph;
mod sampler;
mod text;
mod write;

use super::fields::{Fields, parse};
use super::{record_of as record_with, unsaid};
use crate::job::{GenerateRequest, NoiseSource, Record};
use graph::Graph;
use sampler::Sampler;

pub use write::comfyui_graph;

pub(super) fn record(text: &str) -> Option<Record> {
    let json = parse(text)?;
    record_of(Fields::of(&json)?)
}

/// The record in a graph; `None` if nothing in it samples.
pub(super) fn record_of(json: Fields<'_>) -> Option<Record> {
    let graph = Graph::new(json);
    let last = Sampler::last(&graph)?;
    let (first, later) = last.passes(&graph);
    let model = first.model(&graph);
    let (width_px, height_px) = first.size(&graph).unwrap_or((0, 0));
    let (sampler, schedule) = first.names(&graph);
    let steps = first.steps(&graph).unwrap_or_else(|| unsaid().steps);
    let request = GenerateRequest {
        prompt: first.text(&graph, "positive"),
        negative_prompt: first.text(&graph, "negative"),
        width_px,
        height_px,
        steps,
        guidance_scale: first.guidance_scale(&graph),
        guidance_rescale: model.guidance_rescale,
        sampler,
        schedule,
        seed: first.seed(&graph).unwrap_or(0),
        clip_skip: first.clip_skip(&graph),
        hires: later.hires,
        refiner: later.refiner,
        loras: model.loras,
        noise_source: NoiseSource::TorchCpu,
        ..unsaid()
    };
    Some(record_with(request, "ComfyUI".to_owned(), model.name, String::new()))
}
