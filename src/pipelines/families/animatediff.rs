//! Films by a Stable Diffusion model and a motion adapter.

use candle_core::{Device, Tensor};

use super::{StableDiffusion, at_the_door};
use crate::conditioning::Conditioning;
use crate::conditioning::STATE_DTYPE;
use crate::models::unet::{Motion, MotionAdapter, MotionConfig, UNetConditions};
use crate::pipelines::PipelineError;
use crate::pipelines::denoiser::{DenoiseInput, DenoiseOutput, Denoiser};
use crate::pipelines::scheduler::Scheduler;
use crate::weights::{self, ModelFiles};

/// A model for pictures with what makes films of them. Latents of a film are the frames' one below the other,
/// `(1, channels, frames · height, width)`, so that a run of it is like that of any picture.
pub struct AnimateDiff<'a> {
    base: &'a StableDiffusion,
    motion: &'a MotionAdapter,
    scheduler: Scheduler,
}

/// Reads the folder of a motion adapter, which computes in what the model does.
///
/// * `base`: the model it is put into.
///
/// # Errors
/// [`PipelineError`] if a file is missing or broken, or the two do not fit each other.
pub fn read_motion(base: &StableDiffusion, adapter: &ModelFiles) -> Result<MotionAdapter, PipelineError> {
    let config: MotionConfig = adapter.json("config.json")?;
    let build = |vb| MotionAdapter::new(vb, &config, base.unet().config());
    Ok(weights::build(adapter, "", base.device(), base.dtype(), build)?)
}

impl<'a> AnimateDiff<'a> {
    /// Puts an adapter into a model, which keeps its noise levels.
    pub fn new(base: &'a StableDiffusion, motion: &'a MotionAdapter) -> Self {
        Self {
            base,
            motion,
            scheduler: base.scheduler().clone(),
        }
    }

    /// Takes the noise levels that motion adapters were trained with: those of linear β.
    ///
    /// Source: `inference-v1.yaml` of <https://github.com/guoyww/AnimateDiff>
    ///
    /// # Errors
    /// [`PipelineError::Schedule`] if the model's training cannot have them.
    pub fn with_levels_of_motion(mut self) -> Result<Self, PipelineError> {
        self.scheduler = self.scheduler.with_betas("linear")?;
        Ok(self)
    }

    /// How it was trained.
    pub fn scheduler(&self) -> &Scheduler {
        &self.scheduler
    }

    /// The networks with all they are told of one film.
    ///
    /// # Errors
    /// [`PipelineError::Unsupported`] if the adapter does not know so many frames.
    pub fn of_film(&self, conditioning: &Conditioning, frames: usize) -> Result<Film<'_>, PipelineError> {
        let most = self.motion.max_frames();
        if !(1..=most).contains(&frames) {
            return Err(PipelineError::Unsupported {
                what: "frames",
                expected: format!("1 to {most}"),
                found: frames.to_string(),
            });
        }
        let each = |text: &Tensor| {
            let (_, tokens, width) = text.dims3()?;
            text.broadcast_as((frames, tokens, width))?.contiguous()
        };
        let cond = each(&conditioning.cond.context)?;
        Ok(Film {
            model: self,
            both: Tensor::cat(&[&each(&conditioning.uncond.context)?, &cond], 0)?,
            cond,
            frames,
        })
    }

    /// Latents as the U-Net sees them → the frames, each `(1, 3, height, width)` in −1..1.
    ///
    /// # Errors
    /// If the latents are not those of so many frames, or the device's.
    pub fn decode(&self, latents: &Tensor, frames: usize) -> candle_core::Result<Vec<Tensor>> {
        let frames = Self::frames(latents, frames)?;
        frames.iter().map(|frame| self.base.decode(frame)).collect()
    }

    /// The latents of each frame, `(1, channels, height, width)`.
    ///
    /// # Errors
    /// If the latents are not those of so many frames, or the device's.
    pub fn frames(latents: &Tensor, frames: usize) -> candle_core::Result<Vec<Tensor>> {
        apart(latents, frames)?.chunk(frames, 0)
    }
}

/// A model and its adapter with all they are told of one film.
pub struct Film<'a> {
    model: &'a AnimateDiff<'a>,
    /// The prompt, for each frame.
    cond: Tensor,
    /// The negative prompt for each frame, then the prompt for each frame: the same tensor at every step.
    both: Tensor,
    frames: usize,
}

impl Film<'_> {
    /// The U-Net's answer for each frame of as many films as there are texts.
    fn ask(&self, x: &Tensor, timestep: f64, text: &Tensor) -> candle_core::Result<Tensor> {
        let AnimateDiff { base, motion, .. } = self.model;
        let dtype = base.dtype();
        let (x, context) = (at_the_door(x, dtype)?, at_the_door(text, dtype)?);
        let conditions = UNetConditions {
            motion: Some(Motion {
                adapter: motion,
                frames: self.frames,
            }),
            ..UNetConditions::text(&context)
        };
        base.unet().forward(&x, &[timestep], conditions)?.to_dtype(STATE_DTYPE)
    }
}

impl Denoiser for Film<'_> {
    fn device(&self) -> &Device {
        self.model.base.device()
    }

    fn scheduler(&self) -> &Scheduler {
        &self.model.scheduler
    }

    fn denoise(&self, input: &DenoiseInput<'_>) -> candle_core::Result<DenoiseOutput> {
        let x = apart(input.x, self.frames)?;
        if !input.needs_uncond() {
            return Ok(DenoiseOutput::alone(together(&self.ask(
                &x,
                input.timestep,
                &self.cond,
            )?)?));
        }
        let output = self.ask(&Tensor::cat(&[&x, &x], 0)?, input.timestep, &self.both)?;
        let part = |index: usize| together(&output.narrow(0, index * self.frames, self.frames)?);
        DenoiseOutput::weighed(part(0)?, part(1)?, input.guidance)
    }
}

/// One below the other → one after the other: `(1, channels, frames · height, width)` → `(frames, channels, height,
/// width)`.
fn apart(film: &Tensor, frames: usize) -> candle_core::Result<Tensor> {
    let (_, channels, all, width) = film.dims4()?;
    film.reshape((channels, frames, all / frames, width))?
        .transpose(0, 1)?
        .contiguous()
}

/// The inverse of [`apart`].
fn together(frames: &Tensor) -> candle_core::Result<Tensor> {
    let (count, channels, height, width) = frames.dims4()?;
    frames.transpose(0, 1)?.reshape((1, channels, count * height, width))
}
