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

impl RequestPart {
    /// What error messages call it.
    pub fn label(self) -> &'static str {
        match self {
            Prompt => "prompt",
            NegativePrompt => "negative prompt",
            ClipSkip => "clip skip",
            Adapters => "adapters",
            Embeddings => "embeddings",
            Class => "class",
            NoiseLevel => "noise level",
            Film => "film",
            Init => "picture to start from",
            Mask => "mask",
            Outpainting => "outpainting",
            Controls => "controls",
            References => "references",
            PromptSwitch => "prompt switch",
            SecondPass => "second pass",
            Refiner => "refiner",
            Self::Tiling => "tiling",
        }
    }
}

/// Every part that a request has, with what it says there.
fn given(request: &GenerateRequest) -> impl Iterator<Item = (RequestPart, String)> {
    let text = |text: &str| (!text.is_empty()).then(|| format!("{text:?}"));
    let many = |count: usize| (count > 0).then(|| count.to_string());
    let some = |is_given: bool| is_given.then(|| "some".to_owned());
    let switch = request.prompt_switches.first();
    let parts = [
        (Prompt, text(&request.prompt)),
        (NegativePrompt, text(&request.negative_prompt)),
        (ClipSkip, many(request.clip_skip as usize)),
        (Adapters, many(request.loras.len())),
        (Embeddings, many(request.embeddings.len())),
        (Class, request.class_label.map(|class| class.to_string())),
        (NoiseLevel, request.noise_level.map(|level| level.to_string())),
        (
            Film,
            request.film.as_ref().map(|film| format!("{} frames", film.frames)),
        ),
        (Init, request.init.as_ref().map(|init| init.file.display().to_string())),
        (Mask, request.mask.as_ref().map(|mask| mask.file.display().to_string())),
        (Outpainting, some(request.outpaint.is_any())),
        (Controls, many(request.controls.len())),
        (References, many(request.references.len())),
        (PromptSwitch, switch.map(|switch| format!("{:?}", switch.prompt))),
        (
            SecondPass,
            request.hires.map(|hires| format!("one {} times larger", hires.scale)),
        ),
        (
            Refiner,
            request.refiner.as_ref().map(|refiner| refiner.model.to_string()),
        ),
        (RequestPart::Tiling, some(request.tiling != Tiling::default())),
    ];
    parts.into_iter().filter_map(|(part, found)| Some((part, found?)))
}

/// Checks that a request has no parts but those that the family supports and, for a film, those that a film is made from.
///
/// # Errors
/// [`PipelineError::Unsupported`] for the first other part.
pub(super) fn check_parts(request: &GenerateRequest, supported: &[RequestPart]) -> Result<(), PipelineError> {
    let is_supported = |part| supported.contains(&part) && (request.film.is_none() || OF_FILM.contains(&part));
    let other = given(request).find(|(part, _)| !is_supported(*part));
    other.map_or(Ok(()), |(part, found)| {
        Err(PipelineError::Unsupported {
            what: part.label(),
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
