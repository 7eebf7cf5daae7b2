//! The runs that lead to a picture: what each is and what it leaves.

use std::rc::Rc;
use std::sync::Arc;

use candle_core::Tensor;

use super::PipelineError;
use super::denoiser::Denoiser;
use super::run::{InitialLatents, InpaintBlend};
use crate::diffusion::guidance::GuidanceSchedule;
use crate::diffusion::samplers::Sampler;
use crate::diffusion::schedule::SigmaTable;
use crate::job::{Change, PreviewMode, RgbImage, StepRecord};

/// One run of the making of a picture.
pub struct SamplingPass<'a> {
    /// Place among the passes of the picture, from 0.
    pub(super) number: usize,
    pub(super) denoiser: Rc<dyn Denoiser + 'a>,
    /// How the predictions with and without the prompt are weighed; `None` as the request says.
    pub(super) guidance: Option<GuidanceSchedule>,
    pub(super) sampler: &'a dyn Sampler,
    pub(super) table: SigmaTable,
    /// Shape of the latents.
    pub(super) shape: [usize; 4],
    pub(super) start: InitialLatents,
    pub(super) inpaint: Option<InpaintBlend>,
    /// Runs of one picture have noise of their own: 0 for the one that has the seed's.
    pub(super) stream: u64,
    /// Whether it follows the request's changes and its trajectory is the picture's; of several passes the last one's is.
    pub(super) is_kept: bool,
    /// Steps of the kept passes before, those that are left out too: where the numbers of its records begin.
    pub(super) base: usize,
    /// Place of its first step among all steps of the picture.
    pub(super) offset: usize,
    /// Steps of the picture.
    pub(super) total: usize,
}

/// What a pass leaves to the next one and to the decoder.
#[derive(Clone)]
pub struct PassOutput {
    /// Place of the pass, from 0.
    pub(super) number: usize,
    /// Clean latents, as the network sees them.
    pub(super) latents: Tensor,
    pub(super) steps: Vec<Arc<StepRecord>>,
    /// What the steps' attention belongs to.
    pub(super) tokens: Vec<String>,
    /// What was asked for on the way of this pass and those before, counted as records are.
    pub(super) asked: Vec<Change>,
    /// How many steps were taken, if the run was ended early; counted as records are.
    pub(super) ended_after: Option<usize>,
}

/// The runs that lead to the pictures of a request, and the way from latents to pixels.
pub trait Passes {
    /// The pass that follows `previous`, `None` if that was the last one.
    ///
    /// * `index`: place of the picture in the batch.
    ///
    /// # Errors
    /// As [`prepare`](super::JobContext::prepare).
    fn next(&self, index: u32, previous: Option<&PassOutput>) -> Result<Option<SamplingPass<'_>>, PipelineError>;

    /// The estimate of the clean latents of a pass as a picture `(1, 3, height, width)` in −1..1; `None` if there is none.
    ///
    /// # Errors
    /// Only the device's.
    fn preview(&self, pass: usize, x0: &Tensor, mode: PreviewMode) -> candle_core::Result<Option<Tensor>>;

    /// The finished pictures `(1, 3, height, width)` in −1..1, several for a film, each with the name of its decoder.
    ///
    /// * `latents`: clean, of the last pass.
    ///
    /// # Errors
    /// If they cannot be decoded.
    fn decode(&self, latents: &Tensor) -> Result<Vec<(Tensor, &'static str)>, PipelineError>;

    /// A finished picture put where it belongs, if it is a part of another one.
    fn finish(&self, picture: RgbImage) -> RgbImage {
        picture
    }
}
