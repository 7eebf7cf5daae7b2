//! The node that samples, and what it is fed.

use std::collections::{HashSet, VecDeque};

use super::graph::Graph;
use super::model::Model;
use super::node::Node;
use super::text::{self, Role};
use crate::gallery::foreign::names::{sampler_id, schedule_id};
use crate::job::{Hires, ModelRef, Refiner};

/// What a guider without a scale comes to.
const NO_GUIDANCE: f64 = 1.0;
/// Inputs by which latents and pictures go through a node.
const LATENTS: [&str; 12] = [
    "latent_image",
    "samples",
    "latent",
    "latents",
    "pixels",
    "image",
    "images",
    "upscaled_image",
    "video_latent",
    "av_latent",
    "samples_to",
    "samples1",
];
/// Inputs that bring no picture, however they go on.
const NO_PICTURES: [&str; 8] = [
    "model",
    "clip",
    "vae",
    "positive",
    "negative",
    "conditioning",
    "control_net",
    "mask",
];
/// Nodes that are looked through for a sampler behind a picture.
const MAX_SEARCHED: usize = 500;

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

impl<'a> Sampler<'a> {
    /// The sampler behind the picture that is saved; where none is, the last one that no other goes on from.
    pub(super) fn last(graph: &Graph<'a>) -> Option<Self> {
        let saved = || {
            let saves = |words: &'static [&'static str]| graph.nodes().filter(move |node| node.is_any(words));
            let mut ends = saves(&["save"]).chain(saves(&["preview"]));
            ends.find_map(|node| Self::behind(graph, node))
        };
        saved().or_else(|| Self::loose_end(graph))
    }

    /// The sampler nearest to a node on the ways by which pictures come.
    fn behind(graph: &Graph<'a>, node: Node<'a>) -> Option<Self> {
        let mut seen = HashSet::from([node.id]);
        let mut ahead = VecDeque::from([node]);
        while let Some(node) = ahead.pop_front().filter(|_| seen.len() < MAX_SEARCHED) {
            let inputs = node.inputs.0.keys().map(String::as_str);
            let (first, others): (Vec<&str>, Vec<&str>) = inputs.partition(|input| LATENTS.contains(input));
            for input in first.into_iter().chain(others) {
                if NO_PICTURES.contains(&input) {
                    continue;
                }
                let Some((source, _)) = graph.source(node, input) else {
                    continue;
                };
                if let Some(found) = Self::of(source) {
                    return Some(found);
                }
                if seen.insert(source.id) {
                    ahead.push_back(source);
                }
            }
        }
        None
    }

    fn loose_end(graph: &Graph<'a>) -> Option<Self> {
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
        let has_text = self.has_text(graph);
        let (before, scale) = self.before(graph);
        // A sampler without a text made the picture that this one is to follow, such as a map of depths.
        let Some(before) = before.filter(|before| !has_text || before.has_text(graph)) else {
            // What a film of a picture shows was said where the picture was made.
            let conditioned_by = || Self::behind(graph, graph.source(self.start(graph), "positive")?.0);
            let pictured = (!has_text).then(conditioned_by).flatten();
            let pictured = pictured.filter(|found| found.has_text(graph));
            return (pictured.unwrap_or(self), Later::default());
        };
        let starts_at = graph.whole(self.node, "start_at_step").filter(|step| *step > 0);
        let refiner = starts_at.and_then(|step| {
            let name = Model::of(graph, self.start(graph)).name;
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
                Some(earlier) if earlier.node.id != self.node.id && earlier.has_text(graph) => first = earlier,
                _ => break,
            }
        }
        (first, Later { hires, refiner })
    }

    fn has_text(self, graph: &Graph<'a>) -> bool {
        !self.text(graph, Role::Positive).is_empty()
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
        let scheduled = || {
            let sigmas = self.sigmas(graph)?;
            let steps = graph.whole(sigmas, "steps");
            // Noise levels written out: a step lies between each two.
            let listed = || Some(graph.name(sigmas, "sigmas")?.split(',').count().checked_sub(1)? as u64);
            steps.or_else(listed)
        };
        u32::try_from(own.or_else(scheduled)?).ok()
    }

    fn denoise(self, graph: &Graph<'a>) -> Option<f64> {
        let own = graph.number(self.node, "denoise");
        own.or_else(|| graph.number(self.sigmas(graph)?, "denoise"))
    }

    /// `None` where guidance is not said and may be anything.
    pub(super) fn guidance_scale(self, graph: &Graph<'a>) -> Option<f64> {
        let own = graph.number(self.node, "cfg");
        own.or_else(|| {
            let guider = self.guider(graph)?;
            let plain = (guider.class == "BasicGuider").then_some(NO_GUIDANCE);
            let scale = graph.number(guider, "cfg");
            scale.or_else(|| graph.number(guider, "cfg_conds")).or(plain)
        })
    }

    /// Our ids of the sampler and the schedule.
    pub(super) fn names(self, graph: &Graph<'a>) -> (Option<String>, Option<String>) {
        let selected = || {
            let (mut select, _) = graph.source(self.node, "sampler")?;
            while let Some((wrapped, _)) = graph.source(select, "sampler") {
                select = wrapped;
            }
            let name = graph.name(select, "sampler_name");
            name.or_else(|| select.class.strip_prefix("Sampler").map(str::to_owned))
        };
        let name = graph.name(self.node, "sampler_name").or_else(selected);
        let (sampler, suffix) = name.map(|name| sampler_id(&name)).unzip();
        let scheduled = || {
            let sigmas = self.sigmas(graph)?;
            let name = graph.name(sigmas, "scheduler");
            name.or_else(|| sigmas.class.strip_suffix("Scheduler").map(str::to_owned))
        };
        let name = graph.name(self.node, "scheduler").or_else(scheduled);
        let schedule = name.map(|name| schedule_id(&name));
        (sampler, schedule.or_else(|| suffix.flatten().map(str::to_owned)))
    }

    /// What it was to show, or to stay away from.
    pub(super) fn text(self, graph: &Graph<'a>, role: Role) -> String {
        let start = self.start(graph);
        let inputs: &[&str] = match role {
            Role::Positive => &["positive", "conditioning", "cond1"],
            Role::Negative => &["negative"],
        };
        let bundles = super::graph::CONTEXTS.iter();
        let input = inputs.iter().chain(bundles).find(|input| start.is_linked(input));
        input
            .map(|input| text::prompt(graph, start, input, role))
            .unwrap_or_default()
    }

    /// Where conditioning and model come in.
    pub(super) fn start(self, graph: &Graph<'a>) -> Node<'a> {
        graph
            .source(self.node, "guider")
            .map_or(self.node, |(guider, _)| guider)
    }

    /// Width and height of the latents it begins with, in pixels.
    pub(super) fn size(self, graph: &Graph<'a>) -> Option<(u32, u32)> {
        let mut node = self.node;
        while let Some(source) = graph.source_of_any(node, &LATENTS) {
            node = source;
        }
        let side = |inputs: [&str; 2]| {
            let side = inputs.iter().find_map(|input| graph.whole(node, input));
            side.and_then(|side| u32::try_from(side).ok())
        };
        let size = side(["width", "empty_latent_width"]).zip(side(["height", "empty_latent_height"]));
        size.filter(|_| node.id != self.node.id)
    }

    /// Layers that are left out at the end of the text encoder.
    pub(super) fn clip_skip(self, graph: &Graph<'a>) -> u32 {
        let conditioning = graph.source_of_any(self.start(graph), &["positive", "conditioning"]);
        let mut node = conditioning;
        while let Some(found) = node {
            let layer = graph.number(found, "stop_at_clip_layer");
            if let Some(layer) = layer.or_else(|| graph.number(found, "clip_skip")) {
                return (-1.0 - layer).clamp(0.0, 12.0) as u32; // -1 is the last one
            }
            let inputs = ["clip", "conditioning", "conditioning_1", "conditioning_to", "positive"];
            node = graph.source_of_any(found, &inputs);
        }
        0
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
