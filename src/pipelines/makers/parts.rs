//! The parts of a request that not every family can carry out.

use crate::job::{GenerateRequest, Tiling};
use crate::pipelines::PipelineError;

pub(super) const PROMPT: &str = "prompt";
pub(super) const NEGATIVE: &str = "negative prompt";
pub(super) const CLIP_SKIP: &str = "clip skip";
pub(super) const ADAPTERS: &str = "adapters";
pub(super) const EMBEDDINGS: &str = "embeddings";
pub(super) const CLASS: &str = "class";
pub(super) const NOISE_LEVEL: &str = "noise level";
pub(super) const FILM: &str = "film";
pub(super) const INIT: &str = "picture to start from";

/// What Stable Diffusion has no use for.
pub(super) const OF_OTHERS: &[&str] = &[CLASS, NOISE_LEVEL];
/// All that concerns texts.
pub(super) const OF_TEXTS: &[&str] = &[PROMPT, NEGATIVE, CLIP_SKIP, ADAPTERS, EMBEDDINGS];

/// Every part that a request has, with what it says there.
fn given(request: &GenerateRequest) -> Vec<(&'static str, String)> {
    let text = |text: &str| (!text.is_empty()).then(|| format!("{text:?}"));
    let many = |count: usize| (count > 0).then(|| count.to_string());
    let parts = [
        (PROMPT, text(&request.prompt)),
        (NEGATIVE, text(&request.negative_prompt)),
        (CLIP_SKIP, many(request.clip_skip as usize)),
        (ADAPTERS, many(request.loras.len())),
        (EMBEDDINGS, many(request.embeddings.len())),
        (CLASS, request.class_label.map(|class| class.to_string())),
        (NOISE_LEVEL, request.noise_level.map(|level| level.to_string())),
        (
            FILM,
            request.film.as_ref().map(|film| format!("{} frames", film.frames)),
        ),
        (INIT, request.init.as_ref().map(|init| init.file.display().to_string())),
        (
            "mask",
            request.mask.as_ref().map(|mask| mask.file.display().to_string()),
        ),
        ("outpainting", request.outpaint.is_any().then(|| "some".to_owned())),
        ("controls", many(request.controls.len())),
        ("references", many(request.references.len())),
        (
            "prompt switch",
            request
                .prompt_switches
                .first()
                .map(|switch| format!("{:?}", switch.prompt)),
        ),
        (
            "second pass",
            request.hires.map(|hires| format!("one {} times larger", hires.scale)),
        ),
        (
            "refiner",
            request.refiner.as_ref().map(|refiner| refiner.model.to_string()),
        ),
        (
            "tiling",
            (request.tiling != Tiling::default()).then(|| "some".to_owned()),
        ),
    ];
    let said = parts.into_iter().filter_map(|(part, found)| Some((part, found?)));
    said.collect()
}

fn absent((what, found): (&'static str, String)) -> PipelineError {
    PipelineError::Unsupported {
        what,
        expected: "absent".to_owned(),
        found,
    }
}

/// `Ok` if the request has none of these parts.
pub(super) fn refuse(request: &GenerateRequest, refused: &[&str]) -> Result<(), PipelineError> {
    let found = given(request).into_iter().find(|(part, _)| refused.contains(part));
    found.map_or(Ok(()), |found| Err(absent(found)))
}

/// `Ok` if the request has no parts but these.
pub(super) fn allow(request: &GenerateRequest, allowed: &[&[&str]]) -> Result<(), PipelineError> {
    let is_allowed = |part: &str| allowed.iter().any(|parts| parts.contains(&part));
    let found = given(request).into_iter().find(|(part, _)| !is_allowed(part));
    found.map_or(Ok(()), |found| Err(absent(found)))
}

/// `Ok` if the request is for the one size that the model makes.
pub(super) fn check_size(request: &GenerateRequest, (width, height): (u32, u32)) -> Result<(), PipelineError> {
    if (request.width_px, request.height_px) == (width, height) {
        return Ok(());
    }
    Err(PipelineError::Unsupported {
        what: "size",
        expected: format!("{width}x{height}"),
        found: format!("{}x{}", request.width_px, request.height_px),
    })
}
