//! The runs that lead to a picture: what each is and what it leaves.

use std::rc::Rc;

use candle_core::Tensor;

use super::PipelineError;
use super::denoiser::Denoiser;
use super::run::{InitialLatents, InpaintBlend, RunOutput};
use crate::diffusion::guidance::GuidanceSchedule;
use crate::diffusion::samplers::Sampler;
use crate::diffusion::schedule::SigmaTable;
use crate::job::{PreviewMode, RgbImage};

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

/// The runs that lead to the pictures of a request, and the way from latents to pixels.
pub trait Passes {
    /// The pass that follows the one before, `None` if that was the last one.
    ///
    /// * `index`: place of the picture in the batch.
    /// * `previous`: place of the pass before among those of the picture, and its result.
    ///
    /// # Errors
    /// As [`prepare`](super::JobContext::prepare).
    fn next(
        &self,
        index: u32,
        previous: Option<(usize, &RunOutput)>,
    ) -> Result<Option<SamplingPass<'_>>, PipelineError>;

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
