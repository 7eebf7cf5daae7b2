//! Pictures made four times as large, told what they show.

use std::time::Instant;

use candle_core::Tensor;

use super::{Maker, parts, small, texts, way};
use crate::conditioning::Conditioning;
use crate::diffusion::noise::Draw;
use crate::diffusion::samplers::Sampler;
use crate::diffusion::schedule::SigmaTable;
use crate::job::{GeneratedImage, Phase};
use crate::pipelines::PipelineError;
use crate::pipelines::denoise::InitialLatents;
use crate::pipelines::families::Upscaler;
use crate::pipelines::preview::preview_picture;
use crate::pipelines::probe::drawn;
use crate::pipelines::work::{JobContext, SamplingPass, Watcher, stream_seed};

/// Noise that the small picture is put under where nothing is said, as a timestep.
const USUAL_NOISE_LEVEL: u32 = 20;
/// The noise of the small picture is not that of the latents.
const NOISE_OF_SMALL: u64 = 1;

/// An upscaler with picture and prompts.
pub(super) struct UpscalerMaker<'a> {
    work: JobContext<'a>,
    model: &'a Upscaler,
    conditioning: Conditioning,
    small: Tensor,
    sampler: &'static dyn Sampler,
    table: SigmaTable,
    shape: [usize; 4],
}

impl<'a> UpscalerMaker<'a> {
    pub(super) fn new(work: JobContext<'a>, model: &'a Upscaler) -> Result<Self, PipelineError> {
        parts::allow(work.request, &[parts::OF_TEXTS, &[parts::INIT, parts::NOISE_LEVEL]])?;
        let base = model.base();
        let (sampler, table) = way(work.request, base.scheduler())?;
        let (small, shape) = small::small_picture(&work, base.device())?;
        let maker = Self {
            work,
            model,
            conditioning: base.encode_prompts(&texts(work.request))?,
            small,
            sampler,
            table,
            shape,
        };
        maker
            .model
            .of_picture(&maker.conditioning, &maker.small, &maker.small, maker.noise_level())?; // now, not later
        Ok(maker)
    }

    fn noise_level(&self) -> u32 {
        self.work.request.noise_level.unwrap_or(USUAL_NOISE_LEVEL)
    }
}

impl Maker for UpscalerMaker<'_> {
    fn make(&self, index: u32, watcher: &mut dyn Watcher) -> Result<Vec<GeneratedImage>, PipelineError> {
        watcher.phase(Phase::Denoising);
        let began = Instant::now();
        let base = self.model.base();
        let seed = stream_seed(self.work.seed(index), NOISE_OF_SMALL);
        let noise = drawn(self.work.probe, seed, Draw::Initial, self.small.dims(), base.device())?;
        let pass = SamplingPass {
            denoiser: &self
                .model
                .of_picture(&self.conditioning, &self.small, &noise, self.noise_level())?,
            guidance: self.work.guidance(),
            sampler: self.sampler,
            table: &self.table,
            shape: self.shape,
            start: InitialLatents::Noise,
            known: None,
            stream: 0,
            plan: self.work.plan(index, 0, &[]),
            offset: 0,
            total: self.table.steps(),
        };
        let show = |x0: &Tensor, mode| preview_picture(base, x0, mode);
        let walked = self.work.walk(&pass, index, &show, watcher)?;
        watcher.phase(Phase::Decoding);
        let latents = walked.latents.clone();
        let trajectory = self.work.trajectory(index, &self.table, walked, &latents)?;
        let picture = base.decode(&latents)?;
        Ok(vec![self.work.finished(index, began, &picture, trajectory)?])
    }
}
