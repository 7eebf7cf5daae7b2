//! Films: one run whose latents are those of all frames, each of which is a picture in the end.

use std::sync::Arc;
use std::time::Instant;

use candle_core::Tensor;

use super::{Maker, parts, texts, way};
use crate::conditioning::Conditioning;
use crate::conditioning::latent_shape;
use crate::diffusion::samplers::Sampler;
use crate::diffusion::schedule::SigmaTable;
use crate::job::{GeneratedImage, LatentPlane, Phase, PreviewMode, StepRecord, Trajectory};
use crate::models::unet::MotionAdapter;
use crate::pipelines::PipelineError;
use crate::pipelines::denoise::InitialLatents;
use crate::pipelines::families::{AnimateDiff, StableDiffusion};
use crate::pipelines::preview::preview_picture;
use crate::pipelines::work::{JobContext, Kept, SamplingPass, Watcher};

/// A model with a motion adapter and its prompts.
pub(super) struct FilmMaker<'a> {
    work: JobContext<'a>,
    base: &'a StableDiffusion,
    model: AnimateDiff<'a>,
    conditioning: Conditioning,
    frames: usize,
    sampler: &'static dyn Sampler,
    table: SigmaTable,
    /// Of the frames one below the other.
    shape: [usize; 4],
}

impl<'a> FilmMaker<'a> {
    pub(super) fn new(
        work: JobContext<'a>,
        base: &'a StableDiffusion,
        motion: &'a MotionAdapter,
        frames: usize,
    ) -> Result<Self, PipelineError> {
        let request = work.request;
        parts::allow(request, &[parts::OF_TEXTS, &[parts::FILM]])?;
        let model = AnimateDiff::new(base, motion).with_levels_of_motion()?;
        let [_, channels, height, width] = latent_shape(base.info(), request.width_px, request.height_px)?;
        let (sampler, table) = way(request, model.scheduler())?;
        let conditioning = base.encode_prompts(&texts(request))?;
        model.of_film(&conditioning, frames)?; // whether it knows so many frames
        Ok(Self {
            work,
            base,
            model,
            conditioning,
            frames,
            sampler,
            table,
            shape: [1, channels, frames * height, width],
        })
    }

    /// The frames of an estimate, one below the other.
    fn strip(&self, x0: &Tensor, mode: PreviewMode) -> candle_core::Result<Option<Tensor>> {
        let latents = AnimateDiff::frames(x0, self.frames)?;
        let shown = latents.iter().map(|frame| preview_picture(self.base, frame, mode));
        let shown: Option<Vec<Tensor>> = shown.collect::<candle_core::Result<_>>()?;
        shown.map(|frames| Tensor::cat(&frames, 2)).transpose()
    }
}

impl Maker for FilmMaker<'_> {
    /// The frames are numbered through the batch; each brings its own part of the trajectory.
    fn make(&self, index: u32, watcher: &mut dyn Watcher) -> Result<Vec<GeneratedImage>, PipelineError> {
        watcher.phase(Phase::Denoising);
        let began = Instant::now();
        let pass = SamplingPass {
            denoiser: &self.model.of_film(&self.conditioning, self.frames)?,
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
        let show = |x0: &Tensor, mode| self.strip(x0, mode);
        let walked = self.work.walk(&pass, index, &show, watcher)?;
        watcher.phase(Phase::Decoding);
        let latents = walked.latents.clone();
        let kept = self.work.trajectory(index, &self.table, walked, &latents)?;
        let pictures = self.model.decode(&latents, self.frames)?;
        let number = |frame: usize| index * self.frames as u32 + frame as u32;
        let frames = pictures.iter().enumerate().map(|(frame, picture)| {
            let of_frame = Kept {
                request: kept.request.clone(),
                trajectory: of_frame(&kept.trajectory, frame, self.frames),
            };
            let mut finished = self.work.finished(index, began, picture, of_frame)?;
            finished.record.batch_index = number(frame);
            Ok(finished)
        });
        frames.collect()
    }
}

/// What a film's trajectory says of one of its frames.
fn of_frame(film: &Trajectory, frame: usize, frames: usize) -> Arc<Trajectory> {
    let part = |plane: &LatentPlane| {
        let height = plane.height / frames;
        let rows = height * plane.width;
        let of_channel = plane.values.chunks((frames * rows).max(1)).flat_map(|channel| {
            let rows = channel.iter().skip(frame * rows).take(rows);
            rows.copied()
        });
        LatentPlane {
            channels: plane.channels,
            height,
            width: plane.width,
            values: of_channel.collect(),
        }
    };
    let step = |step: &StepRecord| StepRecord {
        x: part(&step.x),
        x0: part(&step.x0),
        branches: None,
        attention: Vec::new(),
        ..*step
    };
    Arc::new(Trajectory {
        seed: film.seed,
        sigmas: film.sigmas.clone(),
        timesteps: film.timesteps.clone(),
        steps: film.steps.iter().map(step).collect(),
        final_latents: part(&film.final_latents),
        tokens: Vec::new(),
        colours: film.colours.clone(),
    })
}
