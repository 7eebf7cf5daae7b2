//! The parts of a request that not every family can carry out.

use super::PipelineError;
use crate::job::{GenerateRequest, Tiling};

/// A part of a request that a family may or may not [support](super::model::Family::supports).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RequestPart {
    /// The prompt.
    Prompt,
    /// The negative prompt.
    NegativePrompt,
    /// Layers of the text encoder to leave out.
    ClipSkip,
    /// LoRA adapters.
    Adapters,
    /// Textual inversion embeddings.
    Embeddings,
    /// The class to draw.
    Class,
    /// Noise that a small picture is put under before it is enlarged.
    NoiseLevel,
    /// A film by a motion adapter.
    Film,
    /// A picture to start from.
    Init,
    /// A mask of what to paint.
    Mask,
    /// Room around the picture to paint.
    Outpainting,
    /// Pictures to follow.
    Controls,
    /// Pictures as prompts.
    References,
    /// Another prompt in the middle of the run.
    PromptSwitch,
    /// A second pass at a larger size.
    SecondPass,
    /// Another model for the last steps.
    Refiner,
    /// Edges that join.
    Tiling,
}

use RequestPart::{
    Adapters, Class, ClipSkip, Controls, Embeddings, Film, Init, Mask, NegativePrompt, NoiseLevel, Outpainting, Prompt,
    PromptSwitch, References, Refiner, SecondPass,
};

/// What a film is made from.
const OF_FILM: &[RequestPart] = &[Prompt, NegativePrompt, ClipSkip, Adapters, Embeddings, Film];

/// Every part that a request has, with what error messages call it and what the request says there.
fn given(request: &GenerateRequest) -> impl Iterator<Item = (RequestPart, &'static str, String)> {
    let text = |text: &str| (!text.is_empty()).then(|| format!("{text:?}"));
    let many = |count: usize| (count > 0).then(|| count.to_string());
    let some = |is_given: bool| is_given.then(|| "some".to_owned());
    let file = |path: &std::path::Path| path.display().to_string();
    let switch = request
        .prompt_switches
        .first()
        .map(|switch| format!("{:?}", switch.prompt));
    let film = request.film.as_ref().map(|film| format!("{} frames", film.frames));
    let hires = request.hires.map(|hires| format!("one {} times larger", hires.scale));
    let refiner = request.refiner.as_ref().map(|refiner| refiner.model.to_string());
    let parts = [
        (Prompt, "prompt", text(&request.prompt)),
        (NegativePrompt, "negative prompt", text(&request.negative_prompt)),
        (ClipSkip, "clip skip", many(request.clip_skip as usize)),
        (Adapters, "adapters", many(request.loras.len())),
        (Embeddings, "embeddings", many(request.embeddings.len())),
        (Class, "class", request.class_label.map(|class| class.to_string())),
        (
            NoiseLevel,
            "noise level",
            request.noise_level.map(|level| level.to_string()),
        ),
        (Film, "film", film),
        (
            Init,
            "picture to start from",
            request.init.as_ref().map(|init| file(&init.file)),
        ),
        (Mask, "mask", request.mask.as_ref().map(|mask| file(&mask.file))),
        (Outpainting, "outpainting", some(request.outpaint.is_any())),
        (Controls, "controls", many(request.controls.len())),
        (References, "references", many(request.references.len())),
        (PromptSwitch, "prompt switch", switch),
        (SecondPass, "second pass", hires),
        (Refiner, "refiner", refiner),
        (RequestPart::Tiling, "tiling", some(request.tiling != Tiling::default())),
    ];
    let given = parts.into_iter();
    given.filter_map(|(part, label, found)| Some((part, label, found?)))
}

/// Checks that a request has no parts but those that the family supports and, for a film, those that a film is made from.
///
/// # Errors
/// [`PipelineError::Unsupported`] for the first other part.
pub(super) fn check_parts(request: &GenerateRequest, supported: &[RequestPart]) -> Result<(), PipelineError> {
    let is_supported = |part| supported.contains(&part) && (request.film.is_none() || OF_FILM.contains(&part));
    let other = given(request).find(|(part, ..)| !is_supported(*part));
    other.map_or(Ok(()), |(_, what, found)| {
        Err(PipelineError::Unsupported {
            what,
            expected: "absent".to_owned(),
            found,
        })
    })
}

/// Checks that a request is for the one size that the model makes.
///
/// # Errors
/// [`PipelineError::Unsupported`] if it is for another.
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
