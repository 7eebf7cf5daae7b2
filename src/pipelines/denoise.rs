//! THE loop: guidance and prediction around a model, the one host that every sampler walks with.

use std::time::Instant;

use candle_core::{DType, Tensor};

use super::PipelineError;
use super::families::{Conditioning, Predicted, StableDiffusion};
use super::preview::is_finite;
use crate::diffusion::SampleError;
use crate::diffusion::guidance::Guidance;
use crate::diffusion::noise::{Draw, noise_tensor};
use crate::diffusion::prediction::network_input;
use crate::diffusion::samplers::{Options, PastStep, Sampler, SamplerHost, Step};
use crate::diffusion::schedule::Timetable;
use crate::diffusion::trajectory::TrajectoryRecorder;
use crate::job::{JobControl, StepRecord};

/// Where a run's noise comes from.
#[derive(Debug)]
pub enum Noise {
    /// Our generator: a function of the seed and the step.
    Seeded(u64),
    /// Tensors made elsewhere: the initial noise, and the steps' in drawing order.
    Given {
        /// N(0, 1), the shape of the latents.
        initial: Tensor,
        /// One for each draw.
        steps: Vec<Tensor>,
    },
}

/// One run, completely described.
pub struct Run<'a> {
    /// The networks.
    pub model: &'a StableDiffusion,
    /// Both prompts.
    pub conditioning: &'a Conditioning,
    /// How they are weighed.
    pub guidance: Guidance,
    /// How to walk.
    pub sampler: &'a dyn Sampler,
    /// The sampler's parameters.
    pub options: Options,
    /// Where to step.
    pub table: &'a Timetable,
    /// What to start from and to add on the way.
    pub noise: Noise,
    /// Whether someone asked to stop.
    pub control: &'a JobControl,
}

/// A step as it is shown to whoever watches the run.
#[derive(Debug)]
pub struct Observed<'a> {
    /// The step as it is kept.
    pub record: &'a StepRecord,
    /// The noisy latents, x₀ + σ·ε.
    pub x: &'a Tensor,
    /// The estimate of the clean latents.
    pub x0: &'a Tensor,
    /// What the network said, with and without the prompt.
    pub predicted: &'a Predicted,
    /// Wall time since the run began, in seconds.
    pub elapsed_secs: f64,
}

/// Watches a run, step by step.
pub type Observer<'a> = dyn FnMut(&Observed<'_>) -> Result<(), SampleError> + 'a;

/// A finished run.
#[derive(Debug)]
pub struct Walked {
    /// The latents the run started from.
    pub initial: Tensor,
    /// The result at the last noise level of the table, x₀ + σ·ε.
    pub x: Tensor,
    /// Every step.
    pub steps: Vec<StepRecord>,
}

impl Run<'_> {
    /// Walks from noise to latents.
    ///
    /// * `shape`: `(1, channels, height, width)` of the latents.
    /// * `observer`: called once a step, after the network and before the step is taken.
    ///
    /// # Errors
    /// [`SampleError`]: someone asked to stop, the latents are no longer numbers, or the device's own.
    pub fn walk(&self, shape: [usize; 4], observer: &mut Observer<'_>) -> Result<Walked, SampleError> {
        let noise = match &self.noise {
            Noise::Seeded(seed) => noise_tensor(*seed, Draw::Initial, &shape, self.model.device())?,
            Noise::Given { initial, .. } => initial.clone(),
        };
        let initial = (noise * self.table.initial_scale())?;
        let mut host = Host {
            run: self,
            recorder: TrajectoryRecorder::default(),
            observer,
            newest: None,
            num_drawn: 0,
            began: Instant::now(),
            step_began: Instant::now(),
        };
        let x = self
            .sampler
            .sample(&mut host, initial.clone(), self.table, self.options, 0)?;
        if !is_finite(&x)? {
            return Err(SampleError::NotFinite {
                step: self.table.steps(),
            });
        }
        Ok(Walked {
            initial,
            x,
            steps: host.recorder.into_steps(),
        })
    }
}

/// The sampler's window on the model.
struct Host<'a, 'o> {
    run: &'a Run<'a>,
    recorder: TrajectoryRecorder,
    observer: &'a mut Observer<'o>,
    newest: Option<Predicted>,
    num_drawn: usize,
    began: Instant,
    step_began: Instant,
}

impl Host<'_, '_> {
    /// The timestep that goes with a noise level: the table's own where it has one, else by interpolation.
    fn timestep(&self, sigma: f64) -> f64 {
        let table = self.run.table;
        match table.sigmas().iter().position(|planned| *planned == sigma) {
            Some(index) if index < table.steps() => table.timesteps()[index],
            _ => self.run.model.scheduler().training.timestep_of(sigma),
        }
    }
}

impl SamplerHost for Host<'_, '_> {
    fn denoise(&mut self, x: &Tensor, sigma: f64) -> Result<Tensor, SampleError> {
        if self.run.control.is_cancelled() {
            return Err(SampleError::Cancelled);
        }
        let Run {
            model,
            conditioning,
            guidance,
            ..
        } = self.run;
        let input = network_input(x, sigma)?;
        let predicted = model.predict(&input, self.timestep(sigma), conditioning, *guidance)?;
        let x0 = model
            .scheduler()
            .prediction
            .x0_from_output(x, &predicted.guided, sigma)?;
        self.newest = Some(predicted);
        Ok(x0)
    }

    fn noise_like(&mut self, x: &Tensor, index: usize) -> Result<Tensor, SampleError> {
        let drawn = self.num_drawn;
        self.num_drawn += 1;
        match &self.run.noise {
            Noise::Seeded(seed) => {
                Ok(noise_tensor(*seed, Draw::Step(index), x.dims(), x.device())?.to_dtype(x.dtype())?)
            }
            Noise::Given { steps, .. } => steps.get(drawn).cloned().ok_or_else(|| {
                SampleError::Tensor(candle_core::Error::Msg(format!(
                    "expected {} noise tensors, found {drawn}",
                    drawn + 1
                )))
            }),
        }
    }

    fn past(&self, back: usize) -> Option<&PastStep> {
        self.recorder.past(back)
    }

    fn observe(&mut self, step: Step<'_>) -> Result<(), SampleError> {
        if !is_finite(step.x0)? {
            return Err(SampleError::NotFinite { step: step.index + 1 });
        }
        let now = Instant::now();
        let timestep = self.timestep(step.sigma);
        let secs = (now - self.step_began).as_secs_f64();
        self.step_began = now;
        let record = self.recorder.record(step, timestep, secs)?;
        if let Some(predicted) = &self.newest {
            let elapsed_secs = (now - self.began).as_secs_f64();
            (self.observer)(&Observed {
                record,
                x: step.x,
                x0: step.x0,
                predicted,
                elapsed_secs,
            })?;
        }
        Ok(())
    }
}

/// Checks that a picture's size suits the model, and gives the shape of its latents.
///
/// # Errors
/// [`PipelineError::Misfit`] if a side is no multiple of the VAE's factor.
pub fn latent_shape(model: &StableDiffusion, width_px: u32, height_px: u32) -> Result<[usize; 4], PipelineError> {
    let info = model.info();
    let factor = info.vae_factor;
    if !width_px.is_multiple_of(factor) || !height_px.is_multiple_of(factor) || width_px == 0 || height_px == 0 {
        return Err(PipelineError::Misfit {
            what: "size",
            expected: format!("multiples of {factor} px"),
            found: format!("{width_px}x{height_px}"),
        });
    }
    Ok([
        1,
        info.latent_channels,
        (height_px / factor) as usize,
        (width_px / factor) as usize,
    ])
}

/// The number format of latents, samplers and pictures, whatever the networks compute in.
pub const STATE_DTYPE: DType = DType::F32;
