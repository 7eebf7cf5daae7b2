//! From a prepared request to a picture: the run, perhaps a second one at a larger size, the decoder, the record.

use std::time::Instant;

use candle_core::{Device, Tensor};
use image::imageops::{self, FilterType};

use super::PipelineError;
use super::denoise::{InitialLatents, RunOutput};
use super::denoiser::Denoiser;
use super::prepare::{Job, Prepared, first_step};
use super::preview::{is_finite, preview_picture};
use super::work::{JobContext, Kept, ResumeFrom, SamplingPass, Watcher};
use crate::conditioning::pictures::{from_job, to_job};
use crate::conditioning::rgb_from_picture;
use crate::conditioning::{latent_shape, picture_tensor};
use crate::diffusion::schedule::SigmaTable;
use crate::diffusion::trajectory::tensor;
use crate::diffusion::{SampleError, bare};
use crate::job::{Change, GeneratedImage, Hires, LatentPlane, Phase, Record};
use crate::models::join_edges;

/// What one pass of the picture starts from.
struct Pass<'a> {
    table: &'a SigmaTable,
    shape: [usize; 4],
    start: InitialLatents,
    /// Whether it is the first, to which masks belong.
    is_first: bool,
    /// Place of its first step among all steps of the picture.
    offset: usize,
    /// Steps of the passes before, those that are left out too.
    base: usize,
    /// What was asked for in those.
    asked: Vec<Change>,
}

/// What a second pass starts from that was walked before: nothing of it is used but its size.
fn resumed_pass(after: ResumeFrom<'_>) -> Result<([usize; 4], InitialLatents), PipelineError> {
    let LatentPlane {
        channels,
        height,
        width,
        ..
    } = after.trajectory.final_latents;
    let first = after.trajectory.steps.first();
    let (Some(first), true) = (
        first,
        after.trajectory.final_latents.values.len() == channels * height * width,
    ) else {
        return Err(PipelineError::Unsupported {
            what: "run to branch from",
            expected: "steps that were kept".to_owned(),
            found: "none".to_owned(),
        });
    };
    let start = InitialLatents::Noisy {
        x: tensor(&first.x, &Device::Cpu)?,
        first: 0,
    };
    Ok(([1, channels, height, width], start))
}

impl Prepared<'_> {
    /// Makes one picture.
    ///
    /// * `index`: place in the batch; the seed is the request's plus this.
    ///
    /// # Errors
    /// [`PipelineError`]; [`PipelineError::is_cancelled`] if someone asked to stop.
    pub fn picture(&self, index: u32, watcher: &mut dyn Watcher) -> Result<GeneratedImage, PipelineError> {
        let _joined = join_edges(self.job.wrap());
        watcher.phase(Phase::Denoising);
        let began = Instant::now();
        let steps = self.job.request.steps as usize;
        let second_table = self.hires_table()?;
        let after = self.job.after.filter(|_| self.job.request.hires.is_some());
        let resumed = after.filter(|after| after.step as usize >= steps);
        let mut table = &self.table;
        let mut walked = match resumed {
            Some(_) => None, // the first pass lies before the branch
            None => Some(self.walk(&self.first_pass(), index, watcher)?),
        };
        let is_ended = walked.as_ref().is_some_and(|walked| walked.ended_after.is_some());
        if let (Some(hires), Some(second), false) = (self.job.request.hires, &second_table, is_ended) {
            let first = walked.take();
            let (shape, start) = match (&first, resumed) {
                (Some(first), _) => self.enlarged(&first.latents, hires, second)?,
                (None, Some(after)) => resumed_pass(after)?,
                (None, None) => (self.stage.shape, self.stage.start.clone()),
            };
            let asked = first.map(|first| first.asked).unwrap_or_default();
            let second_pass = Pass {
                table: second,
                shape,
                start,
                is_first: false,
                offset: self.first_pass_steps(),
                base: steps,
                asked: asked.clone(),
            };
            let mut second_walk = self.walk(&second_pass, index, watcher)?;
            second_walk.asked.splice(..0, asked);
            walked = Some(second_walk);
            table = second;
        }
        let Some(walked) = walked else {
            return Err(SampleError::Cancelled.into()); // there is always a last pass
        };
        if self.job.control.is_cancelled() {
            return Err(SampleError::Cancelled.into());
        }

        watcher.phase(Phase::Decoding);
        let latents = walked.latents.clone();
        let (picture, decoder) = self.decoded(&latents)?;
        self.work().decoded(&picture);
        let mut pixels = rgb_from_picture(&picture)?;
        if let Some(paste) = &self.stage.paste {
            pixels = from_job(pixels.clone()).map_or(pixels, |painted| to_job(paste.onto(&painted)));
        }
        let Kept { request, trajectory } = self.work().trajectory(index, table, walked, &latents)?;
        Ok(GeneratedImage {
            pixels,
            trajectory,
            record: Record {
                decoder: decoder.to_owned(),
                ..self.work().record(index, began.elapsed().as_secs_f64(), request)
            },
        })
    }

    /// The picture of clean latents and what made it: the autoencoder, or where that fails the linear map, enlarged. The
    /// latents are kept with the picture, so that nothing is lost that took long to make.
    fn decoded(&self, latents: &Tensor) -> candle_core::Result<(Tensor, &'static str)> {
        let model = self.job.model;
        let why = match model.decode(latents) {
            Ok(picture) if is_finite(&picture)? => return Ok((picture, "vae")),
            Ok(_) => "its values are not finite; a wider number format (f32) may help".to_owned(),
            Err(error) => bare(error).to_string(),
        };
        tracing::warn!("the finished latents could not be decoded, their linear map is shown instead: {why}");
        let colours = model.linear_map()?.apply(latents)?;
        let (_, _, height, width) = colours.dims4()?;
        let factor = model.info().vae_factor as usize;
        Ok((colours.upsample_nearest2d(factor * height, factor * width)?, "linear"))
    }

    fn first_pass(&self) -> Pass<'_> {
        Pass {
            table: &self.table,
            shape: self.stage.shape,
            start: self.stage.start.clone(),
            is_first: true,
            offset: 0,
            base: 0,
            asked: Vec::new(),
        }
    }

    fn walk(&self, pass: &Pass<'_>, index: u32, watcher: &mut dyn Watcher) -> Result<RunOutput, PipelineError> {
        self.with_predictor(|denoiser| self.walk_with(denoiser, pass, index, watcher))
    }

    fn walk_with(
        &self,
        denoiser: &dyn Denoiser,
        pass: &Pass<'_>,
        index: u32,
        watcher: &mut dyn Watcher,
    ) -> Result<RunOutput, PipelineError> {
        let pass = SamplingPass {
            denoiser,
            guidance: self.work().guidance(),
            sampler: self.sampler,
            table: pass.table,
            shape: pass.shape,
            start: pass.start.clone(),
            known: if pass.is_first { self.stage.known.clone() } else { None },
            stream: 0,
            plan: self.work().plan(index, pass.base, &pass.asked),
            offset: pass.offset,
            total: self.first_pass_steps() + self.second_pass_steps(),
        };
        let show = |x0: &Tensor, mode| preview_picture(self.job.model, x0, mode);
        self.work().walk(&pass, index, &show, watcher)
    }

    fn work(&self) -> JobContext<'_> {
        let Job {
            model,
            request,
            options,
            after,
            control,
            probe,
            ..
        } = self.job;
        JobContext {
            model,
            request,
            options,
            after,
            control,
            probe,
        }
    }

    /// Steps that the first pass takes.
    fn first_pass_steps(&self) -> usize {
        self.table.steps() - self.stage.start.first()
    }

    /// Steps that the second pass takes.
    fn second_pass_steps(&self) -> usize {
        let steps = self.hires_steps();
        let strength = self.job.request.hires.map_or(0.0, |hires| hires.strength);
        steps - first_step(self.sampler, steps, strength)
    }

    /// Steps of the second pass before those are left out that keep the picture; 0 if there is none.
    fn hires_steps(&self) -> usize {
        let request = self.job.request;
        request
            .hires
            .map_or(0, |hires| hires.steps.unwrap_or(request.steps) as usize)
    }

    fn hires_table(&self) -> Result<Option<SigmaTable>, PipelineError> {
        let request = self.job.request;
        let table = |_| {
            let scheduler = self.job.model.scheduler();
            scheduler.sigma_table(
                self.sampler,
                &request.schedule,
                request.timestep_spacing,
                self.hires_steps(),
            )
        };
        Ok(request.hires.map(table).transpose()?)
    }

    /// The first pass's picture, decoded, enlarged and encoded again; the VAE knows better than an interpolation of
    /// latents what lies between pixels.
    fn enlarged(
        &self,
        latents: &Tensor,
        hires: Hires,
        table: &SigmaTable,
    ) -> Result<([usize; 4], InitialLatents), PipelineError> {
        let model = self.job.model;
        let decoded = rgb_from_picture(&self.decoded(latents)?.0)?;
        let factor = model.info().vae_factor;
        let side = |px: u32| ((f64::from(px) * hires.scale / f64::from(factor)).round() as u32).max(1) * factor;
        let (width, height) = (side(decoded.width_px), side(decoded.height_px));
        let shape = latent_shape(model.info(), width, height)?;
        let request = self.job.request;
        let enlarged = match (&request.upscale, from_job(decoded.clone())) {
            (Some(upscale), _) => {
                let upscaler = self.job.aux.upscaler(&upscale.model)?;
                upscaler.enlarge(decoded, (width, height), self.job.control, &mut |_| ())?
            }
            (None, Some(picture)) => to_job(imageops::resize(&picture, width, height, FilterType::Lanczos3)),
            (None, None) => decoded,
        };
        let latents = model.scaled(&model.encode(&picture_tensor(&enlarged, model.device())?)?.mean)?;
        let first = first_step(self.sampler, table.steps(), hires.strength);
        Ok((shape, InitialLatents::Picture { latents, first }))
    }
}
