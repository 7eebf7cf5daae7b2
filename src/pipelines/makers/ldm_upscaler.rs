//! Pictures made larger by latents of a codebook.

use std::time::Instant;

use candle_core::Tensor;

use super::{Maker, parts, small, way};
use crate::diffusion::samplers::Sampler;
use crate::diffusion::schedule::SigmaTable;
use crate::job::{GeneratedImage, Phase, PreviewMode};
use crate::pipelines::PipelineError;
use crate::pipelines::denoise::InitialLatents;
use crate::pipelines::families::{LdmUpscaler, LdmUpscaling};
use crate::pipelines::work::{JobContext, SamplingPass, Watcher};

/// An upscaler with its picture.
pub(super) struct LdmUpscalerMaker<'a> {
    work: JobContext<'a>,
    model: &'a LdmUpscaler,
    denoiser: LdmUpscaling<'a>,
    sampler: &'static dyn Sampler,
    table: SigmaTable,
    shape: [usize; 4],
}

impl<'a> LdmUpscalerMaker<'a> {
    pub(super) fn new(work: JobContext<'a>, model: &'a LdmUpscaler) -> Result<Self, PipelineError> {
        parts::allow(work.request, &[&[parts::INIT]])?;
        let (sampler, table) = way(work.request, model.scheduler())?;
        let (small, shape) = small::small_picture(&work, model.device())?;
        Ok(Self {
            work,
            model,
            denoiser: model.of_picture(small)?,
            sampler,
            table,
            shape,
        })
    }

    fn decode(&self, latents: &Tensor) -> candle_core::Result<Tensor> {
        self.model.decode(&self.model.quantise(latents)?)
    }
}

impl Maker for LdmUpscalerMaker<'_> {
    fn make(&self, index: u32, watcher: &mut dyn Watcher) -> Result<Vec<GeneratedImage>, PipelineError> {
        watcher.phase(Phase::Denoising);
        let began = Instant::now();
        let pass = SamplingPass {
            denoiser: &self.denoiser,
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
        let show = |x0: &Tensor, mode| match mode {
            PreviewMode::Off | PreviewMode::Linear => Ok(None), // a codebook has no linear map
            PreviewMode::Auto | PreviewMode::Vae => self.decode(x0).map(Some),
        };
        let walked = self.work.walk(&pass, index, &show, watcher)?;
        watcher.phase(Phase::Decoding);
        let latents = walked.latents.clone();
        let trajectory = self.work.trajectory(index, &self.table, walked, &latents)?;
        let picture = self.decode(&latents)?;
        Ok(vec![self.work.finished(index, began, &picture, trajectory)?])
    }
}
