//! The passes of one network: a run, perhaps a second one at a larger size, the decoder.

use std::rc::Rc;

use candle_core::{Device, Tensor};
use image::imageops::{self, FilterType};

use super::PipelineError;
use super::context::{JobContext, ResumeFrom, stream_seed};
use super::denoiser::Denoiser;
use super::frames::split_frames;
use super::model::ConcatCond;
use super::pass::{Passes, SamplingPass};
use super::probe::drawn;
use super::run::{InitialLatents, InpaintBlend, RunOutput};
use super::scheduled_conditioning::ScheduledConditioning;
use crate::conditioning::pictures::{Paste, from_job, to_job};
use crate::conditioning::{is_finite, picture_tensor, rgb_from_picture};
use crate::diffusion::bare;
use crate::diffusion::noise::Draw;
use crate::diffusion::samplers::Sampler;
use crate::diffusion::schedule::SigmaTable;
use crate::diffusion::trajectory::tensor;
use crate::job::{Hires, LatentPlane, PreviewMode, RgbImage};

/// The stream of the noise that a small picture is put under; it is not that of the latents.
const LOW_RES_STREAM: u64 = 1;

/// One network with what it starts from.
pub(super) struct ImagePasses<'a> {
    pub(super) context: JobContext<'a>,
    pub(super) sampler: &'static dyn Sampler,
    pub(super) table: SigmaTable,
    /// Noise levels of the second pass, if there is one.
    pub(super) second_table: Option<SigmaTable>,
    pub(super) inputs: RunInputs,
    /// Frames of a film, else 1.
    pub(super) frames: usize,
    pub(super) conditioning: Rc<ScheduledConditioning<'a>>,
}

/// What the first pass starts from and keeps.
pub(super) struct RunInputs {
    /// Shape of the latents.
    pub(super) shape: [usize; 4],
    pub(super) start: InitialLatents,
    pub(super) inpaint: Option<InpaintBlend>,
    pub(super) concat: Option<ConcatCond>,
    /// The small picture of a model that enlarges, `(1, 3, height, width)` in −1..1.
    pub(super) low_res: Option<Tensor>,
    /// Where the result belongs, if it is a part of a picture.
    pub(super) paste: Option<Paste>,
}

impl RunInputs {
    /// Noise alone.
    pub(super) fn new(shape: [usize; 4]) -> Self {
        Self {
            shape,
            start: InitialLatents::Noise,
            inpaint: None,
            concat: None,
            low_res: None,
            paste: None,
        }
    }
}

impl Passes for ImagePasses<'_> {
    fn next(
        &self,
        index: u32,
        previous: Option<(usize, &RunOutput)>,
    ) -> Result<Option<SamplingPass<'_>>, PipelineError> {
        let Some((hires, second)) = self.context.request.hires.zip(self.second_table.as_ref()) else {
            return match previous {
                None => self.first_pass(index).map(Some),
                Some(_) => Ok(None),
            };
        };
        let steps = self.context.request.steps;
        let resumed = self.context.resume_from(index).filter(|from| from.step >= steps); // the first pass lies before the branch
        let (shape, start) = match (previous, resumed) {
            (None, None) => return self.first_pass(index).map(Some),
            (None, Some(from)) => second_pass_of(from)?,
            (Some((0, first)), _) if first.ended_after.is_none() => self.enlarged(&first.latents, hires, second)?,
            (Some(_), _) => return Ok(None),
        };
        Ok(Some(SamplingPass {
            number: 1,
            table: second.clone(),
            shape,
            start,
            inpaint: None,
            base: steps as usize,
            offset: self.first_pass_steps(),
            ..self.pass()
        }))
    }

    fn preview(&self, _pass: usize, x0: &Tensor, mode: PreviewMode) -> candle_core::Result<Option<Tensor>> {
        let (model, wrap) = (self.context.model, self.context.wrap());
        if self.frames == 1 {
            return model.preview(x0, mode, wrap);
        }
        let frames = split_frames(x0, self.frames)?.chunk(self.frames, 0)?;
        let shown = frames.iter().map(|frame| model.preview(frame, mode, wrap));
        let shown: Option<Vec<Tensor>> = shown.collect::<candle_core::Result<_>>()?;
        shown.map(|frames| Tensor::cat(&frames, 2)).transpose()
    }

    fn decode(&self, latents: &Tensor) -> Result<Vec<(Tensor, &'static str)>, PipelineError> {
        let frames = split_frames(latents, self.frames)?.chunk(self.frames, 0)?;
        let decoded = frames.iter().map(|frame| self.decoded(frame));
        Ok(decoded.collect::<candle_core::Result<_>>()?)
    }

    fn finish(&self, picture: RgbImage) -> RgbImage {
        match &self.inputs.paste {
            Some(paste) => from_job(picture.clone()).map_or(picture, |painted| to_job(paste.onto(&painted))),
            None => picture,
        }
    }
}

impl ImagePasses<'_> {
    /// What both passes have in common, else the first one.
    fn pass(&self) -> SamplingPass<'_> {
        SamplingPass {
            number: 0,
            denoiser: Rc::clone(&self.conditioning) as Rc<dyn Denoiser + '_>,
            guidance: None,
            sampler: self.sampler,
            table: self.table.clone(),
            shape: self.inputs.shape,
            start: self.inputs.start.clone(),
            inpaint: self.inputs.inpaint.clone(),
            stream: 0,
            is_kept: true,
            base: 0,
            offset: 0,
            total: self.first_pass_steps() + self.second_pass_steps(),
        }
    }

    fn first_pass(&self, index: u32) -> Result<SamplingPass<'_>, PipelineError> {
        if let Some(small) = &self.inputs.low_res {
            let seed = stream_seed(self.context.seed(index), LOW_RES_STREAM);
            let noise = drawn(self.context.probe, seed, Draw::Initial, small.dims(), small.device())?;
            let noise_level = self.context.request.noise_level;
            self.conditioning
                .set_concat(self.context.model.low_res(small, &noise, noise_level)?);
        }
        Ok(self.pass())
    }

    /// The picture of clean latents and what made it: the autoencoder, or where that fails the linear map, enlarged. The
    /// latents are kept with the picture, so that nothing is lost that took long to make.
    fn decoded(&self, latents: &Tensor) -> candle_core::Result<(Tensor, &'static str)> {
        let model = self.context.model;
        let failed = match model.decode(latents, self.context.wrap()) {
            Ok(picture) if is_finite(&picture)? => return Ok((picture, model.decoder_id())),
            Ok(_) => {
                candle_core::Error::Msg("its values are not finite; a wider number format (f32) may help".to_owned())
            }
            Err(error) => bare(error),
        };
        let Some(map) = model.linear_map()? else {
            return Err(failed);
        };
        tracing::warn!("the finished latents could not be decoded, their linear map is shown instead: {failed}");
        let colours = map.apply(latents)?;
        let (_, _, height, width) = colours.dims4()?;
        let factor = model.info().vae_factor as usize;
        Ok((colours.upsample_nearest2d(factor * height, factor * width)?, "linear"))
    }

    /// Steps that the first pass takes.
    fn first_pass_steps(&self) -> usize {
        self.table.steps() - self.inputs.start.first()
    }

    /// Steps that the second pass takes.
    fn second_pass_steps(&self) -> usize {
        let second = self.context.request.hires.zip(self.second_table.as_ref());
        second.map_or(0, |(hires, table)| {
            table.steps() - first_step(self.sampler, table.steps(), hires.strength)
        })
    }

    /// The first pass's picture, decoded, enlarged and encoded again; the VAE knows better than an interpolation of
    /// latents what lies between pixels.
    fn enlarged(
        &self,
        latents: &Tensor,
        hires: Hires,
        table: &SigmaTable,
    ) -> Result<([usize; 4], InitialLatents), PipelineError> {
        let JobContext {
            model,
            request,
            aux,
            control,
            ..
        } = self.context;
        let wrap = self.context.wrap();
        let decoded = rgb_from_picture(&self.decoded(latents)?.0)?;
        let factor = model.info().vae_factor;
        let side = |px: u32| ((f64::from(px) * hires.scale / f64::from(factor)).round() as u32).max(1) * factor;
        let (width, height) = (side(decoded.width_px), side(decoded.height_px));
        let shape = model.latent_shape(width, height)?;
        let enlarged = match (&request.upscale, from_job(decoded.clone())) {
            (Some(upscale), _) => {
                let upscaler = aux.upscaler(&upscale.model)?;
                upscaler.enlarge(decoded, (width, height), control, &mut |_| (), wrap)?
            }
            (None, Some(picture)) => to_job(imageops::resize(&picture, width, height, FilterType::Lanczos3)),
            (None, None) => decoded,
        };
        let latents = model.scaled(&model.encode(&picture_tensor(&enlarged, model.device())?, wrap)?.mean)?;
        let first = first_step(self.sampler, table.steps(), hires.strength);
        Ok((shape, InitialLatents::Picture { latents, first }))
    }
}

/// What a second pass starts from of which the first steps are kept: nothing of it is used but its size.
fn second_pass_of(from: ResumeFrom<'_>) -> Result<([usize; 4], InitialLatents), PipelineError> {
    let LatentPlane {
        channels,
        height,
        width,
        ..
    } = from.trajectory.final_latents;
    let first = from.trajectory.steps.first();
    let is_whole = from.trajectory.final_latents.values.len() == channels * height * width;
    let Some(first) = first.filter(|_| is_whole) else {
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

/// The step a run begins with that shall change a picture by `strength` (0 to 1) of itself.
pub(super) fn first_step(sampler: &dyn Sampler, steps: usize, strength: f64) -> usize {
    sampler.first_step(steps - ((steps as f64 * strength) as usize).min(steps))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diffusion::samplers::sampler_by_id;

    #[test]
    fn strength_should_be_the_part_of_the_steps_that_is_taken() {
        for (steps, strength, first) in [(10, 1.0, 0), (10, 0.75, 3), (10, 0.0, 10), (8, 0.6, 4), (1, 0.5, 1)] {
            let euler = sampler_by_id("euler").unwrap();
            assert_eq!(first_step(euler, steps, strength), first, "{steps} {strength}");
        }
    }
}
