//! THE loop: guidance and prediction around a model, the one host that every sampler walks with.

use std::time::Instant;

use candle_core::{DType, Tensor};

use super::predictor::{Predicted, Predictor, Query};
use super::preview::is_finite;
use crate::diffusion::SampleError;
use crate::diffusion::guidance::GuidanceSchedule;
use crate::diffusion::noise::{Draw, noise_tensor, slerp, standard_normal};
use crate::diffusion::noise_sources;
use crate::diffusion::prediction::vp_scale;
use crate::diffusion::samplers::{Options, PastStep, Sampler, SamplerHost, Step};
use crate::diffusion::schedule::Timetable;
use crate::diffusion::trajectory::TrajectoryRecorder;
use crate::job::{JobControl, NoiseSource, StepRecord};
use crate::models::unet::{AttentionMap, AttentionMaps};

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
pub enum Start {
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

impl Start {
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
pub struct Known {
    /// Clean latents, `(1, channels, height, width)`.
    pub latents: Tensor,
    /// 1 where the run may paint, 0 where the picture stays, between where both count: `(1, 1, height, width)`.
    pub mask: Tensor,
}

/// One run, completely described.
pub struct Run<'a> {
    /// The networks with all they are told of the picture.
    pub predictor: &'a dyn Predictor,
    /// How the predictions with and without the prompt are weighed.
    pub guidance: GuidanceSchedule,
    /// How to walk.
    pub sampler: &'a dyn Sampler,
    /// The sampler's parameters.
    pub options: Options,
    /// Where to step.
    pub table: &'a Timetable,
    /// What to start from.
    pub start: Start,
    /// What stays as it is.
    pub known: Option<Known>,
    /// The noise to start from and to add on the way.
    pub noise: Noise,
    /// Whether someone asked to stop.
    pub control: &'a JobControl,
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
    pub predicted: &'a Predicted,
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
    pub predicted: &'a Predicted,
    /// Wall time since the run began, in seconds.
    pub elapsed_secs: f64,
}

/// Watches a run.
pub trait Observer {
    /// Whether cross-attention shall be watched in the next call, and in which layers: beginnings of their names, none for
    /// every layer (see [`AttentionMaps::new`]).
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
}

/// A closure watches the steps.
impl<F: FnMut(&Observed<'_>) -> Result<(), SampleError>> Observer for F {
    fn stepped(&mut self, observed: &Observed<'_>) -> Result<(), SampleError> {
        self(observed)
    }
}

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
    /// * `observer`: told of every call and every step.
    ///
    /// # Errors
    /// [`SampleError`]: someone asked to stop, the latents are no longer numbers, or the device's own.
    pub fn walk(&self, shape: [usize; 4], observer: &mut dyn Observer) -> Result<Walked, SampleError> {
        let noise = match &self.noise {
            Noise::Seeded {
                seed,
                source,
                variation,
            } => {
                let own = initial_noise(*seed, *source, &shape);
                let values = match variation {
                    Some((other, weight)) => slerp(&own, &initial_noise(*other, *source, &shape), *weight),
                    None => own,
                };
                Tensor::from_vec(values, &shape, self.predictor.device())?
            }
            Noise::Given { initial, .. } => initial.clone(),
        };
        let (initial, first) = match &self.start {
            Start::Noise => ((&noise * self.table.initial_scale())?, 0),
            Start::Picture { latents, first } => ((latents + (&noise * self.table.sigmas()[*first])?)?, *first),
            Start::Noisy { x, first } => (x.clone(), *first),
        };
        let mut host = Host {
            run: self,
            noise,
            recorder: TrajectoryRecorder::default(),
            observer,
            newest: None,
            num_calls: 0,
            drawn: Vec::new(),
            first,
            step: first,
            began: Instant::now(),
            step_began: Instant::now(),
        };
        let x = self
            .sampler
            .sample(&mut host, initial.clone(), self.table, self.options, first)?;
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

/// The noise a run starts from.
fn initial_noise(seed: u64, source: NoiseSource, shape: &[usize]) -> Vec<f32> {
    let len = shape.iter().product();
    match source {
        NoiseSource::Hareru => standard_normal(seed, Draw::Initial, len),
        NoiseSource::TorchCpu => noise_sources::torch_cpu(seed, len),
        NoiseSource::A1111Gpu => noise_sources::philox(seed, 0, len),
    }
}

/// The newest call of the network.
struct Newest {
    predicted: Predicted,
    /// The estimate for the negative prompt alone, where it was asked for.
    x0_uncond: Option<Tensor>,
    /// The estimate as it was before it was held to a range.
    x0_unclipped: Option<Tensor>,
}

/// The sampler's window on the model.
struct Host<'a, 'o> {
    run: &'a Run<'a>,
    /// What the run started from, at unit variance.
    noise: Tensor,
    recorder: TrajectoryRecorder,
    observer: &'o mut dyn Observer,
    newest: Option<Newest>,
    num_calls: usize,
    /// The draws asked for, in order: given noise is handed out in it.
    drawn: Vec<usize>,
    /// The first step that is taken.
    first: usize,
    /// The step that is being taken.
    step: usize,
    began: Instant,
    step_began: Instant,
}

impl Host<'_, '_> {
    /// The timestep that goes with a noise level: the table's own where it has one, else by interpolation.
    fn timestep(&self, sigma: f64) -> f64 {
        let table = self.run.table;
        table
            .timestep_at(self.step, sigma)
            .unwrap_or_else(|| self.run.predictor.scheduler().timestep_of(sigma))
    }
}

impl SamplerHost for Host<'_, '_> {
    fn denoise(&mut self, x: &Tensor, sigma: f64) -> Result<Tensor, SampleError> {
        if self.run.control.is_cancelled() {
            return Err(SampleError::Cancelled);
        }
        let Run {
            predictor,
            guidance,
            sampler,
            table,
            ..
        } = self.run;
        let timestep = self.timestep(sigma);
        let wants_uncond = sampler.wants_uncond();
        let prediction = predictor.scheduler().prediction;
        let input = prediction.network_input(x, sigma)?;
        let maps = self
            .observer
            .attention_layers()
            .map(|layers| AttentionMaps::new(layers, 0));
        let predicted = predictor.predict(&Query {
            x: &input,
            sigma,
            timestep,
            step: self.step,
            first: self.first,
            steps: table.steps(),
            guidance: guidance.at(self.step, table.steps()),
            wants_uncond,
            maps: maps.as_ref(),
        })?;
        let free = prediction.x0_from_output(x, &predicted.guided, sigma)?;
        let (x0, x0_unclipped) = match predictor.clip() {
            Some(range) => (free.clamp(-range, range)?, Some(free)),
            None => (free, None),
        };
        let x0_uncond = match &predicted.uncond {
            Some(uncond) if wants_uncond => Some(prediction.x0_from_output(x, uncond, sigma)?),
            _ => None,
        };
        self.observer.called(&Call {
            index: self.num_calls,
            step: self.step,
            sigma,
            timestep,
            x,
            input: &input,
            x0: &x0,
            predicted: &predicted,
            attention: &maps.map_or_else(Vec::new, |maps| maps.take()),
        })?;
        self.num_calls += 1;
        self.newest = Some(Newest {
            predicted,
            x0_uncond,
            x0_unclipped,
        });
        Ok(x0)
    }

    fn x0_uncond(&self) -> Option<&Tensor> {
        self.newest.as_ref()?.x0_uncond.as_ref()
    }

    fn x0_unclipped(&self) -> Option<&Tensor> {
        self.newest.as_ref()?.x0_unclipped.as_ref()
    }

    fn variance(&self) -> Option<&Tensor> {
        self.newest.as_ref()?.predicted.variance.as_ref()
    }

    fn noise_like(&mut self, x: &Tensor, index: usize) -> Result<Tensor, SampleError> {
        let place = self.drawn.iter().position(|drawn| *drawn == index);
        let place = place.unwrap_or_else(|| {
            self.drawn.push(index);
            self.drawn.len() - 1
        });
        match &self.run.noise {
            Noise::Seeded { seed, .. } => {
                Ok(noise_tensor(*seed, Draw::Step(index), x.dims(), x.device())?.to_dtype(x.dtype())?)
            }
            Noise::Given { steps, .. } => steps.get(place).cloned().ok_or_else(|| {
                SampleError::Tensor(candle_core::Error::Msg(format!(
                    "expected {} noise tensors, found {place}",
                    place + 1
                )))
            }),
        }
    }

    fn past(&self, back: usize) -> Option<&PastStep> {
        self.recorder.past(back)
    }

    fn output_from_x0(&self, x: &Tensor, x0: &Tensor, sigma: f64) -> candle_core::Result<Tensor> {
        let prediction = self.run.predictor.scheduler().prediction;
        prediction.output_from_x0(x, x0, sigma)
    }

    fn x0_from_output(&self, x: &Tensor, output: &Tensor, sigma: f64) -> candle_core::Result<Tensor> {
        let prediction = self.run.predictor.scheduler().prediction;
        prediction.x0_from_output(x, output, sigma)
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
        if let Some(newest) = &self.newest {
            let elapsed_secs = (now - self.began).as_secs_f64();
            self.observer.stepped(&Observed {
                record,
                x: step.x,
                x0: step.x0,
                predicted: &newest.predicted,
                elapsed_secs,
            })?;
        }
        Ok(())
    }

    fn land(&mut self, x: Tensor, index: usize) -> Result<Tensor, SampleError> {
        self.step = index + 1;
        let sigma = self.run.table.sigmas()[index + 1];
        self.observer.landed(&x, sigma)?;
        let Some(Known { latents, mask }) = &self.run.known else {
            return Ok(x);
        };
        let known = if self.step == self.run.table.steps() {
            (latents * vp_scale(sigma))? // the end is without noise even where the table leaves some
        } else {
            (latents + (&self.noise * sigma)?)?
        };
        Ok((x.broadcast_mul(mask)? + known.broadcast_mul(&mask.affine(-1.0, 1.0)?)?)?)
    }
}

/// The number format of latents, samplers and pictures, whatever the networks compute in.
pub const STATE_DTYPE: DType = DType::F32;
