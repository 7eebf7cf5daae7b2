//! Pictures by way of an embedding: prior, decoder and super-resolution, one run after the other.

use std::time::Instant;

use candle_core::Tensor;

use super::{Maker, parts, way_of_steps};
use crate::diffusion::guidance::{Guidance, GuidanceSchedule};
use crate::diffusion::samplers::Sampler;
use crate::diffusion::schedule::SigmaTable;
use crate::job::{GeneratedImage, Phase};
use crate::pipelines::PipelineError;
use crate::pipelines::denoise::{InitialLatents, RunOutput};
use crate::pipelines::denoiser::Denoiser;
use crate::pipelines::families::{StageSchedule, Texts, Unclip};
use crate::pipelines::run_plan::RunPlan;
use crate::pipelines::work::{JobContext, SamplingPass, Watcher};

/// The sampler whose place is taken by the way that the models were made for: DDPM with a variance that they choose.
const OWN_WAY: &str = "ddpm";
/// Steps of the last stage, which has little left to do; as diffusers has it.
const SUPER_RES_STEPS: usize = 7;
/// Guidance of the prior where there is any; as diffusers has it.
const PRIOR_GUIDANCE: f64 = 4.0;

/// The three networks with their texts.
pub(super) struct UnclipMaker<'a> {
    work: JobContext<'a>,
    model: &'a Unclip,
    texts: Texts,
}

/// One of the three runs.
struct Stage<'a> {
    denoiser: &'a dyn Denoiser,
    schedule: &'a StageSchedule,
    shape: [usize; 4],
    guidance: GuidanceSchedule,
    /// Place among the three, the decoder's noise being the seed's.
    stream: u64,
    steps: usize,
    /// Steps of the picture that were taken before.
    offset: usize,
    has_pixels: bool,
}

impl<'a> UnclipMaker<'a> {
    pub(super) fn new(work: JobContext<'a>, model: &'a Unclip) -> Result<Self, PipelineError> {
        parts::allow(work.request, &[&[parts::PROMPT, parts::NEGATIVE]])?;
        let defaults = &work.model.info().defaults;
        parts::check_size(work.request, (defaults.width_px, defaults.height_px))?;
        let texts = Texts {
            prompt: model.encode(&work.request.prompt)?,
            negative: model.encode(&work.request.negative_prompt)?,
        };
        Ok(Self { work, model, texts })
    }

    fn steps(&self) -> usize {
        self.work.request.steps as usize
    }

    /// Takes one stage; gives what it ended with, the table it followed and the run itself.
    fn take(
        &self,
        stage: Stage<'_>,
        index: u32,
        watcher: &mut dyn Watcher,
    ) -> Result<(Tensor, SigmaTable, RunOutput), PipelineError> {
        let request = self.work.request;
        let (sampler, table): (&dyn Sampler, SigmaTable) = if request.sampler == OWN_WAY {
            (stage.schedule.sampler(), stage.schedule.sigma_table(stage.steps)?)
        } else {
            let (sampler, table) = way_of_steps(request, stage.schedule.scheduler(), stage.steps)?;
            (sampler, table)
        };
        let pass = SamplingPass {
            denoiser: stage.denoiser,
            guidance: stage.guidance,
            sampler,
            table: &table,
            shape: stage.shape,
            start: InitialLatents::Noise,
            known: None,
            stream: stage.stream,
            plan: match stage.stream {
                0 => self.work.plan(index, 0, &[]), // the stage that is kept
                _ => RunPlan::default(),
            },
            offset: stage.offset,
            total: 2 * self.steps() + SUPER_RES_STEPS,
        };
        let show = |x0: &Tensor, _| Ok(stage.has_pixels.then(|| x0.clone()));
        let walked = self.work.walk(&pass, index, &show, watcher)?;
        let result = walked.latents.clone();
        Ok((result, table, walked))
    }
}

impl Maker for UnclipMaker<'_> {
    /// The trajectory kept is the decoder's, in which the picture comes to be.
    fn make(&self, index: u32, watcher: &mut dyn Watcher) -> Result<Vec<GeneratedImage>, PipelineError> {
        watcher.phase(Phase::Denoising);
        let began = Instant::now();
        let (model, steps) = (self.model, self.steps());
        let constant = |scale| GuidanceSchedule::from(Guidance { scale, rescale: 0.0 });

        let prior = model.prior(&self.texts);
        let is_guided = self.work.request.guidance_scale > 1.0;
        let stage = Stage {
            denoiser: &prior,
            schedule: prior.schedule(),
            shape: [1, model.embedding_width(), 1, 1],
            guidance: constant(if is_guided { PRIOR_GUIDANCE } else { 1.0 }),
            stream: 1,
            steps,
            offset: 0,
            has_pixels: false,
        };
        let (embedding, ..) = self.take(stage, index, watcher)?;

        let decoder = model.decoder(&self.texts, &embedding)?;
        let [channels, height, width] = model.small_shape();
        let stage = Stage {
            denoiser: &decoder,
            schedule: decoder.schedule(),
            shape: [1, channels, height, width],
            guidance: self.work.guidance(),
            stream: 0,
            steps,
            offset: steps,
            has_pixels: true,
        };
        let (small, table, walked) = self.take(stage, index, watcher)?;
        let trajectory = self.work.trajectory(index, &table, walked, &small)?;

        let super_res = model.super_res(&small)?;
        let [channels, height, width] = model.large_shape();
        let stage = Stage {
            denoiser: &super_res,
            schedule: super_res.schedule(),
            shape: [1, channels, height, width],
            guidance: constant(1.0),
            stream: 2,
            steps: SUPER_RES_STEPS,
            offset: 2 * steps,
            has_pixels: true,
        };
        let (large, ..) = self.take(stage, index, watcher)?;
        Ok(vec![self.work.finished(index, began, &large, trajectory)?])
    }
}
