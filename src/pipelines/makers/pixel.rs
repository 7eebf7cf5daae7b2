//! Pictures made pixel by pixel.

use std::time::Instant;

use candle_core::Tensor;

use super::{Maker, parts, way};
use crate::diffusion::samplers::Sampler;
use crate::diffusion::schedule::SigmaTable;
use crate::job::{GeneratedImage, Phase};
use crate::pipelines::PipelineError;
use crate::pipelines::denoise::InitialLatents;
use crate::pipelines::families::{Pixel, PixelOfClass};
use crate::pipelines::work::{JobContext, SamplingPass, Watcher};

/// A U-Net on pixels, told which class.
pub(super) struct PixelMaker<'a> {
    work: JobContext<'a>,
    denoiser: PixelOfClass<'a>,
    sampler: &'static dyn Sampler,
    table: SigmaTable,
    shape: [usize; 4],
}

impl<'a> PixelMaker<'a> {
    pub(super) fn new(work: JobContext<'a>, model: &'a Pixel) -> Result<Self, PipelineError> {
        parts::allow(work.request, &[&[parts::CLASS]])?;
        let defaults = &work.model.info().defaults;
        parts::check_size(work.request, (defaults.width_px, defaults.height_px))?;
        let config = model.config();
        if config.out_channels != COLOURS || config.in_channels != COLOURS {
            return Err(PipelineError::Unsupported {
                what: "channels of the pictures",
                expected: format!("{COLOURS} in and out"),
                found: format!("{} in, {} out", config.in_channels, config.out_channels),
            });
        }
        let (height, width) = config.sides();
        let (sampler, table) = way(work.request, model.scheduler())?;
        Ok(Self {
            work,
            denoiser: model.of_class(work.request.class_label)?,
            sampler,
            table,
            shape: [1, COLOURS, height, width],
        })
    }
}

impl Maker for PixelMaker<'_> {
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
        let itself = |x0: &Tensor, _| Ok(Some(x0.clone()));
        let walked = self.work.walk(&pass, index, &itself, watcher)?;
        let picture = walked.latents.clone();
        let trajectory = self.work.trajectory(index, &self.table, walked, &picture)?;
        Ok(vec![self.work.finished(index, began, &picture, trajectory)?])
    }
}

/// Red, green and blue.
const COLOURS: usize = 3;
