//! The denoise loop: takes the steps of a run, one by one, until its noise is gone, it is ended, or it is cancelled.

use candle_core::Tensor;

use super::PipelineError;
pub use super::observer::{Call, Observed, Observer};
pub use super::run::{InitialLatents, InpaintBlend, Noise, Run, RunOutput};
use super::run_context::{BeforeStep, RunContext};
use super::run_plan::{Resume, StepSettings, check};
use crate::conditioning::is_finite;
use crate::diffusion::SampleError;
use crate::diffusion::forward_process::ForwardProcess;
use crate::diffusion::noise::{Draw, slerp, standard_normal};
use crate::diffusion::noise_sources;
use crate::diffusion::samplers::{SamplerContext as _, Step};
use crate::diffusion::trajectory::{TrajectoryRecorder, tensor};
use crate::job::NoiseSource;

impl Run<'_> {
    /// Samples from noise to latents.
    ///
    /// * `shape`: `(1, channels, height, width)` of the latents.
    /// * `observer`: sees every call and every step.
    ///
    /// # Errors
    /// [`SampleError`]: the job was cancelled, the latents are no longer finite, or the device's own;
    /// [`PipelineError::Unsupported`] if a planned change is not possible.
    pub fn sample(&self, shape: [usize; 4], observer: &mut dyn Observer) -> Result<RunOutput, PipelineError> {
        self.plan.changes.iter().try_for_each(check)?;
        self.denoiser.adopt(&self.plan.changes, self.plan.base)?;
        let noise = self.initial_noise(&shape)?;
        let (x, first) = match &self.start {
            InitialLatents::Noise => ((&noise * self.table.initial_scale())?, 0),
            InitialLatents::Picture { latents, first } => (
                ForwardProcess::add_noise(latents, &noise, self.table.sigmas()[*first])?,
                *first,
            ),
            InitialLatents::Noisy { x, first } => (x.clone(), *first),
        };
        let (mut index, mut x, recorder) = match &self.plan.resume {
            Some(resume) => self.resumed(resume)?,
            None => (first, x, TrajectoryRecorder::default()),
        };
        let mut ctx = RunContext::new(self, noise, recorder, observer, first);
        let mut ended_after = None;
        while index < self.table.steps() {
            match ctx.before_step(index)? {
                BeforeStep::Go => {}
                BeforeStep::Back { to, from } => {
                    (index, x) = (to, from.unwrap_or(x));
                    continue; // a paused run waits before this step too
                }
                BeforeStep::End(result) => {
                    (x, ended_after) = (result, Some(self.plan.base + index));
                    break;
                }
            }
            let StepSettings { sampler, options, .. } = ctx.begin_step(index);
            let x0 = ctx.denoise(&x, self.table.sigmas()[index])?;
            let step = Step {
                index,
                x: &x,
                x0: &x0,
                table: self.table,
                options,
            };
            ctx.record(&step)?;
            let next = sampler.next_index(&ctx, &step);
            let stepped = sampler.step(&mut ctx, &step)?;
            x = ctx.finish_step(stepped, next)?;
            index = next;
        }
        if !is_finite(&x)? {
            let step = self.table.steps();
            return Err(SampleError::NotFinite { step }.into());
        }
        let last = self.table.sigmas()[self.table.steps()];
        let latents = self.denoiser.scheduler().process.decoder_input(&x, last)?;
        let (steps, asked, tokens) = ctx.into_parts();
        Ok(RunOutput {
            x,
            latents,
            steps,
            tokens,
            asked,
            ended_after,
        })
    }

    /// The noise of the run's start, N(0, 1).
    fn initial_noise(&self, shape: &[usize; 4]) -> candle_core::Result<Tensor> {
        let Noise {
            seed,
            source,
            variation,
        } = self.noise;
        if let Some(given) = self.probe.and_then(|probe| probe.noise(seed, Draw::Initial, shape)) {
            return Ok(given);
        }
        let own = initial_noise(seed, source, shape);
        let values = match variation {
            Some((other, weight)) => slerp(&own, &initial_noise(other, source, shape), weight),
            None => own,
        };
        Tensor::from_vec(values, shape, self.denoiser.device())
    }

    /// The step at which a recorded run is resumed, its latents, and the steps before it.
    fn resumed(&self, resume: &Resume) -> Result<(usize, Tensor, TrajectoryRecorder), PipelineError> {
        let device = self.denoiser.device();
        let place = resume.steps.iter().position(|step| step.index == resume.step);
        let unsupported = |expected: String, found: String| PipelineError::Unsupported {
            what: "step of a branch",
            expected,
            found,
        };
        let own = resume.step.checked_sub(self.plan.base);
        let own = own.filter(|step| *step < self.table.steps());
        let (Some(place), Some(step)) = (place, own) else {
            let kept: Vec<_> = resume.steps.iter().map(|step| step.index).collect();
            let expected = match (kept.first(), kept.last()) {
                (Some(first), Some(last)) => format!("one that was kept, {first} to {last},"),
                _ => "one that was kept (none was)".to_owned(),
            };
            return Err(unsupported(expected, resume.step.to_string()));
        };
        let record = &resume.steps[place];
        let sigma = self.table.sigmas()[step];
        if (record.sigma - sigma).abs() > 1e-6 * sigma.max(1.0) {
            let words = |sigma: f64| format!("at noise level {sigma:.4}");
            return Err(unsupported(words(sigma), words(record.sigma)));
        }
        let past = TrajectoryRecorder::resumed(&resume.steps[..place], device)?;
        Ok((step, tensor(&record.x, device)?, past))
    }
}

/// The noise a run starts from.
fn initial_noise(seed: u64, source: NoiseSource, shape: &[usize]) -> Vec<f32> {
    let len = shape.iter().product();
    match source {
        NoiseSource::Hareru => standard_normal(seed, Draw::Initial, len),
        NoiseSource::TorchCpu => noise_sources::torch_cpu(seed, len),
        NoiseSource::A1111Gpu => noise_sources::philox(seed, 0, len),
    }
}
