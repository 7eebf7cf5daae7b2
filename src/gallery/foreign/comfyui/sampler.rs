//! The node that samples, and what it is fed.

use std::collections::HashSet;

use super::graph::{Graph, Node};
use super::text;
use crate::gallery::foreign::fields::{lora, model_name, number};
use crate::gallery::foreign::names::{sampler_id, schedule_id};
use crate::job::{Hires, LoraSpec, ModelRef, Refiner};

/// What is not said of guidance without a scale.
const NO_GUIDANCE: f64 = 1.0;
/// Inputs by which latents go through a node.
const LATENTS: [&str; 5] = ["latent_image", "samples", "latent", "latents", "pixels"];

/// A node that samples.
#[derive(Clone, Copy)]
pub(super) struct Sampler<'a> {
    node: Node<'a>,
}

/// What comes after the first pass.
#[derive(Default)]
pub(super) struct Later {
    pub(super) hires: Option<Hires>,
    pub(super) refiner: Option<Refiner>,
}

/// The model of a sampler.
#[derive(Default)]
pub(super) struct Model {
    pub(super) name: String,
    pub(super) loras: Vec<LoraSpec>,
    pub(super) guidance_rescale: f64,
}

impl<'a> Sampler<'a> {
    /// The sampler that no other one goes on from: the last of the graph, of several.
    pub(super) fn last(graph: &Graph<'a>) -> Option<Self> {
        let samplers: Vec<Self> = graph.nodes().filter_map(Self::of).collect();
        let earlier: HashSet<&str> = samplers
            .iter()
            .filter_map(|sampler| sampler.before(graph).0)
            .map(|sampler| sampler.node.id)
            .collect();
        let is_last = |sampler: &&Self| !earlier.contains(sampler.node.id);
        samplers.iter().rev().find(is_last).or_else(|| samplers.last()).copied()
    }

    fn of(node: Node<'a>) -> Option<Self> {
        let has = |input: &str| node.inputs.0.contains_key(input);
        let is_plain = has("steps") && (has("seed") || has("noise_seed")) && (has("sampler_name") || has("cfg"));
        let is_custom = has("sampler") && has("sigmas");
        (is_plain || is_custom).then_some(Self { node })
    }

    /// The sampler whose latents this one goes on from, and how much larger they were made on the way.
    fn before(self, graph: &Graph<'a>) -> (Option<Self>, f64) {
        let mut scale = 1.0;
        let mut node = self.node;
        let mut size = None;
        while let Some(source) = graph.source_of_any(node, &LATENTS) {
            if let Some(found) = Self::of(source).filter(|found| found.node.id != self.node.id) {
                if let (Some(wanted), Some((width, _))) = (size, found.size(graph)) {
                    scale = wanted / f64::from(width.max(1));
                }
                return (Some(found), scale);
            }
            scale *= graph.number(source, "scale_by").unwrap_or(1.0);
            let is_resized = graph.source_of_any(source, &LATENTS).is_some();
            size = size.or_else(|| graph.number(source, "width").filter(|_| is_resized));
            node = source;
        }
        (None, scale)
    }

    /// The first pass that led to this one, and what came after it.
    pub(super) fn passes(self, graph: &Graph<'a>) -> (Self, Later) {
        let (Some(before), scale) = self.before(graph) else {
            return (self, Later::default());
        };
        let starts_at = graph.whole(self.node, "start_at_step").filter(|step| *step > 0);
        let refiner = starts_at.and_then(|step| {
            let name = self.model(graph).name;
            (!name.is_empty()).then(|| Refiner {
                model: ModelRef::from(name.as_str()),
                step: step as u32,
            })
        });
        let strength = self.denoise(graph).unwrap_or(1.0);
        let is_hires = refiner.is_none() && scale > 1.0 && scale <= 4.0 && (0.0..=1.0).contains(&strength);
        let hires = is_hires.then(|| Hires {
            scale,
            strength,
            steps: self.steps(graph),
        });
        // Of more than two, the first is what the others go on from.
        let mut first = before;
        for _ in 0..8 {
            match first.before(graph).0 {
                Some(earlier) if earlier.node.id != self.node.id => first = earlier,
                _ => break,
            }
        }
        (first, Later { hires, refiner })
    }

    pub(super) fn seed(self, graph: &Graph<'a>) -> Option<u64> {
        let own = ["seed", "noise_seed"]
            .iter()
            .find_map(|input| graph.whole(self.node, input));
        own.or_else(|| {
            let (noise, _) = graph.source(self.node, "noise")?;
            graph.whole(noise, "noise_seed")
        })
    }

    pub(super) fn steps(self, graph: &Graph<'a>) -> Option<u32> {
        let own = graph.whole(self.node, "steps");
        let steps = own.or_else(|| graph.whole(self.sigmas(graph)?, "steps"))?;
        u32::try_from(steps).ok()
    }

    fn denoise(self, graph: &Graph<'a>) -> Option<f64> {
        let own = graph.number(self.node, "denoise");
        own.or_else(|| graph.number(self.sigmas(graph)?, "denoise"))
    }

    pub(super) fn guidance_scale(self, graph: &Graph<'a>) -> f64 {
        let own = graph.number(self.node, "cfg");
        own.or_else(|| graph.number(self.guider(graph)?, "cfg"))
            .unwrap_or(NO_GUIDANCE)
    }

    /// Our ids of the sampler and the schedule.
    pub(super) fn names(self, graph: &Graph<'a>) -> (String, String) {
        let selected = || {
            let (select, _) = graph.source(self.node, "sampler")?;
            let name = graph.name(select, "sampler_name");
            name.or_else(|| select.class.strip_prefix("Sampler").map(str::to_owned))
        };
        let name = graph.name(self.node, "sampler_name").or_else(selected);
        let (sampler, suffix) = name.map_or_else(|| ("euler".to_owned(), None), |name| sampler_id(&name));
        let scheduled = || {
            let sigmas = self.sigmas(graph)?;
            let name = graph.name(sigmas, "scheduler");
            name.or_else(|| sigmas.class.strip_suffix("Scheduler").map(str::to_owned))
        };
        let name = graph.name(self.node, "scheduler").or_else(scheduled);
        let schedule = name.map(|name| schedule_id(&name));
        (
            sampler,
            schedule.unwrap_or_else(|| suffix.unwrap_or("normal").to_owned()),
        )
    }

    /// The text of `positive` or `negative`.
    pub(super) fn text(self, graph: &Graph<'a>, input: &str) -> String {
        match self.guider(graph) {
            Some(guider) if input == "positive" && guider.inputs.0.contains_key("conditioning") => {
                text::prompt(graph, guider, "conditioning")
            }
            Some(guider) => text::prompt(graph, guider, input),
            None => text::prompt(graph, self.node, input),
        }
    }

    /// Width and height of the latents it begins with, in pixels.
    pub(super) fn size(self, graph: &Graph<'a>) -> Option<(u32, u32)> {
        let mut node = self.node;
        while let Some(source) = graph.source_of_any(node, &LATENTS) {
            node = source;
        }
        let side = |input: &str| graph.whole(node, input).and_then(|side| u32::try_from(side).ok());
        Some((side("width")?, side("height")?)).filter(|_| node.id != self.node.id)
    }

    /// Layers that are left out at the end of the text encoder.
    pub(super) fn clip_skip(self, graph: &Graph<'a>) -> u32 {
        let start = self.guider(graph).unwrap_or(self.node);
        let conditioning = graph.source_of_any(start, &["positive", "conditioning"]);
        let mut node = conditioning;
        while let Some(found) = node {
            if let Some(layer) = graph.number(found, "stop_at_clip_layer") {
                return (-1.0 - layer).clamp(0.0, 12.0) as u32; // -1 is the last one
            }
            let inputs = ["clip", "conditioning", "conditioning_1", "conditioning_to", "positive"];
            node = graph.source_of_any(found, &inputs);
        }
        0
    }

    pub(super) fn model(self, graph: &Graph<'a>) -> Model {
        let mut model = Model::default();
        let start = self.guider(graph).unwrap_or(self.node);
        let mut node = graph.source_of_any(start, &["model"]);
        while let Some(found) = node {
            if let Some(name) = graph.name(found, "lora_name") {
                let weight = graph.number(found, "strength_model").unwrap_or(1.0);
                model.loras.push(LoraSpec {
                    text_weight: graph.number(found, "strength_clip").unwrap_or(weight),
                    ..lora(&name, weight)
                });
            }
            model.loras.extend(stacked_loras(found));
            if found.class == "RescaleCFG" {
                model.guidance_rescale = graph.number(found, "multiplier").unwrap_or(0.0);
            }
            let file = ["ckpt_name", "unet_name", "model_name"]
                .iter()
                .find_map(|input| graph.name(found, input));
            if let Some(file) = file {
                model.name = model_name(&file);
                break;
            }
            node = graph.source_of_any(found, &["model", "base_model", "model1"]);
        }
        model.loras.reverse(); // the one next to the checkpoint was added first
        model
    }

    fn sigmas(self, graph: &Graph<'a>) -> Option<Node<'a>> {
        let mut node = graph.source(self.node, "sigmas")?.0;
        // Split, flipped and the like.
        while let Some((source, _)) = graph.source(node, "sigmas") {
            node = source;
        }
        Some(node)
    }

    fn guider(self, graph: &Graph<'a>) -> Option<Node<'a>> {
        graph.source(self.node, "guider").map(|(node, _)| node)
    }
}

/// Nodes that hold several adapters: `"lora_1": {"on": true, "lora": "name", "strength": 0.5}`.
fn stacked_loras(node: Node<'_>) -> Vec<LoraSpec> {
    let entries = node.inputs.0.iter().rev().filter(|(key, _)| key.starts_with("lora_"));
    entries
        .filter_map(|(_, value)| crate::gallery::foreign::fields::Fields::of(value))
        .filter(|entry| entry.is_true("on"))
        .filter_map(|entry| {
            Some(lora(
                &entry.text(&["lora"])?,
                entry.any(&["strength"]).and_then(number)?,
            ))
        })
        .collect()
}
