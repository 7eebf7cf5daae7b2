//! THE loop: a run from noise to latents, described as data, walked by a sampler, watched and steered on its way.

use candle_core::Tensor;

use super::PipelineError;
use super::denoiser::{DenoiseOutput, Denoiser};
use super::host::{Goal, Host};
use super::preview::is_finite;
use super::probe::Probe;
use super::run_plan::{Resume, RunPlan, Steered, check};
use crate::diffusion::SampleError;
use crate::diffusion::guidance::GuidanceSchedule;
use crate::diffusion::noise::{Draw, slerp, standard_normal};
use crate::diffusion::noise_sources;
use crate::diffusion::samplers::{Options, Sampler};
use crate::diffusion::schedule::SigmaTable;
use crate::diffusion::trajectory::{TrajectoryRecorder, tensor};
use crate::job::{Change, JobControl, NoiseSource, StepRecord};
use crate::models::unet::AttentionMap;

/// Where a run's noise comes from.
#[derive(Debug)]
pub enum Noise {
    /// Made here, a function of the seed and the step.
    Seeded {
        /// The seed.
        seed: u64,
        /// Which generator makes the noise that the run starts from; that of steps is always ours.
        source: NoiseSource,
        /// Some of another seed's noise to start from: the seed, and how much of it, 0 to 1.
        variation: Option<(u64, f64)>,
    },
    /// Tensors made elsewhere: the initial noise, and the steps' in drawing order.
    Given {
        /// N(0, 1), the shape of the latents.
        initial: Tensor,
        /// One for each draw.
        steps: Vec<Tensor>,
    },
}

/// What a run starts from.
#[derive(Debug, Clone)]
pub enum InitialLatents {
    /// Noise alone.
    Noise,
    /// A picture under noise of the level that step `first` starts from.
    Picture {
        /// Clean latents, the shape of the run's.
        latents: Tensor,
        /// The first step that is taken.
        first: usize,
    },
    /// Latents that are under noise already: the level that step `first` starts from.
    Noisy {
        /// x₀ + σ·ε, the shape of the run's.
        x: Tensor,
        /// The first step that is taken.
        first: usize,
    },
}

impl InitialLatents {
    /// The first step that is taken.
    pub fn first(&self) -> usize {
        match self {
            Self::Noise => 0,
            Self::Picture { first, .. } | Self::Noisy { first, .. } => *first,
        }
    }
}

/// The part of a picture that is known and stays: it is put back under the noise of each level.
#[derive(Debug, Clone)]
pub struct InpaintBlend {
    /// Clean latents, `(1, channels, height, width)`.
    pub latents: Tensor,
    /// 1 where the run may paint, 0 where the picture stays, between where both count: `(1, 1, height, width)`.
    pub mask: Tensor,
}

/// One run, completely described.
pub struct Run<'a> {
    /// The networks with all they are told of the picture.
    pub denoiser: &'a dyn Denoiser,
    /// How the predictions with and without the prompt are weighed.
    pub guidance: GuidanceSchedule,
    /// How to walk.
    pub sampler: &'a dyn Sampler,
    /// The sampler's parameters.
    pub options: Options,
    /// Where to step.
    pub table: &'a SigmaTable,
    /// What to start from.
    pub start: InitialLatents,
    /// What stays as it is.
    pub known: Option<InpaintBlend>,
    /// The noise to start from and to add on the way.
    pub noise: Noise,
    /// What happens on the way.
    pub plan: RunPlan,
    /// What someone asks of it while it is on its way.
    pub control: &'a JobControl,
    /// A test's hold on it.
    pub probe: Option<&'a dyn Probe>,
}

/// A call of the network, as it is shown to whoever watches the run.
#[derive(Debug)]
pub struct Call<'a> {
    /// Place among the calls of the run, from 0; second-order samplers call twice a step.
    pub index: usize,
    /// The step it belongs to, from 0.
    pub step: usize,
    /// Noise level of `x`.
    pub sigma: f64,
    /// What the network was given.
    pub timestep: f64,
    /// The noisy latents, x₀ + σ·ε.
    pub x: &'a Tensor,
    /// The same as the network was given them, unit variance.
    pub input: &'a Tensor,
    /// The estimate of the clean latents.
    pub x0: &'a Tensor,
    /// What the network said, with and without the prompt.
    pub predicted: &'a DenoiseOutput,
    /// Where the prompt was looked at, layer by layer, if the observer [asked](Observer::attention_layers) for it.
    pub attention: &'a [AttentionMap],
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
    /// What the network said in its newest call, with and without the prompt.
    pub predicted: &'a DenoiseOutput,
    /// What the record's attention belongs to: the tokens of the step's prompt.
    pub tokens: &'a [String],
    /// Wall time since the run began, in seconds.
    pub elapsed_secs: f64,
}

/// Watches a run.
pub trait Observer {
    /// Whether cross-attention shall be watched in the next call, and in which layers: beginnings of their names, none for
    /// every layer (see [`AttentionMaps::new`](crate::models::unet::AttentionMaps::new)).
    fn attention_layers(&self) -> Option<Vec<String>> {
        None
    }

    /// The network was called.
    ///
    /// # Errors
    /// Whatever shall end the run.
    fn called(&mut self, _call: &Call<'_>) -> Result<(), SampleError> {
        Ok(())
    }

    /// The network has said what a step needs, and the step is about to be taken.
    ///
    /// # Errors
    /// Whatever shall end the run.
    fn stepped(&mut self, observed: &Observed<'_>) -> Result<(), SampleError>;

    /// A step has been taken to `x`, x₀ + σ·ε at level `sigma`; what is known is not yet put back.
    ///
    /// # Errors
    /// Whatever shall end the run.
    fn landed(&mut self, _x: &Tensor, _sigma: f64) -> Result<(), SampleError> {
        Ok(())
    }

    /// Something happened that is no step.
    fn steered(&mut self, _what: Steered<'_>) {}
}

/// A closure watches the steps.
impl<F: FnMut(&Observed<'_>) -> Result<(), SampleError>> Observer for F {
    fn stepped(&mut self, observed: &Observed<'_>) -> Result<(), SampleError> {
        self(observed)
    }
}

/// A finished run.
#[derive(Debug)]
pub struct RunOutput {
    /// The latents the run started from.
    pub initial: Tensor,
    /// The result at the last noise level of the table, x₀ + σ·ε.
    pub x: Tensor,
    /// Every step.
    pub steps: Vec<StepRecord>,
    /// What the steps' attention belongs to; empty if none was kept.
    pub tokens: Vec<String>,
    /// What was asked for on the way beside what was planned, counted as the records are.
    pub asked: Vec<Change>,
    /// How many steps were walked, if the run was ended early; counted as the records are.
    pub ended_after: Option<usize>,
}

impl Run<'_> {
    /// Walks from noise to latents.
    ///
    /// * `shape`: `(1, channels, height, width)` of the latents.
    /// * `observer`: told of every call and every step.
    ///
    /// # Errors
    /// [`SampleError`]: someone asked to stop, the latents are no longer numbers, or the device's own;
    /// [`PipelineError::Unsupported`] if a planned change is not possible.
    pub fn walk(&self, shape: [usize; 4], observer: &mut dyn Observer) -> Result<RunOutput, PipelineError> {
        self.plan.changes.iter().try_for_each(check)?;
        self.denoiser.adopt(&self.plan.changes)?;
        let noise = match &self.noise {
            Noise::Seeded {
                seed,
                source,
                variation,
            } => {
                let given = self.probe.and_then(|probe| probe.noise(*seed, Draw::Initial, &shape));
                let own = || {
                    let own = initial_noise(*seed, *source, &shape);
                    let values = match variation {
                        Some((other, weight)) => slerp(&own, &initial_noise(*other, *source, &shape), *weight),
                        None => own,
                    };
                    Tensor::from_vec(values, &shape, self.denoiser.device())
                };
                given.map_or_else(own, Ok)?
            }
            Noise::Given { initial, .. } => initial.clone(),
        };
        let (initial, first) = match &self.start {
            InitialLatents::Noise => ((&noise * self.table.initial_scale())?, 0),
            InitialLatents::Picture { latents, first } => {
                ((latents + (&noise * self.table.sigmas()[*first])?)?, *first)
            }
            InitialLatents::Noisy { x, first } => (x.clone(), *first),
        };
        let (mut at, recorder) = match &self.plan.resume {
            Some(resume) => self.resumed(resume)?,
            None => ((first, initial.clone()), TrajectoryRecorder::default()),
        };
        let mut host = Host::new(self, noise, recorder, observer, (first, at.0));
        let mut told = host.turn(at.0, &at.1);
        let (x, ended_after) = loop {
            let (sampler, options) = host.walker(at.0);
            let outcome = told.and_then(|()| sampler.sample(&mut host, at.1, self.table, options, at.0));
            told = Ok(());
            match (outcome, host.turned.take()) {
                (Ok(x), _) => break (x, None),
                (Err(SampleError::Turned), Some(Goal::Step(step, x))) => {
                    host.step = step;
                    at = (step, x);
                }
                (Err(SampleError::Turned), Some(Goal::End(after, x))) => break (x, Some(self.plan.base + after)),
                (Err(error), _) => return Err(error.into()),
            }
        };
        if !is_finite(&x)? {
            let step = self.table.steps();
            return Err(SampleError::NotFinite { step }.into());
        }
        let (steps, asked, tokens) = host.into_parts();
        Ok(RunOutput {
            initial,
            x,
            steps,
            tokens,
            asked,
            ended_after,
        })
    }

    /// Where a recorded run is taken up, and its past.
    fn resumed(&self, resume: &Resume) -> Result<((usize, Tensor), TrajectoryRecorder), PipelineError> {
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
        Ok(((step, tensor(&record.x, device)?), past))
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
