//! THE loop: guidance and prediction around a model, the one host that every sampler walks with.

use std::time::Instant;

use candle_core::{DType, Tensor};

use super::PipelineError;
use super::attention::{token_maps, widened};
use super::course::{Course, Resume, Steered, check, guidance_at, seed_at, walker_at};
use super::predictor::{Predicted, Predictor, Query};
use super::preview::is_finite;
use crate::diffusion::SampleError;
use crate::diffusion::guidance::GuidanceSchedule;
use crate::diffusion::noise::{Draw, noise_tensor, slerp, standard_normal};
use crate::diffusion::noise_sources;
use crate::diffusion::prediction::vp_scale;
use crate::diffusion::samplers::{Options, PastStep, Sampler, SamplerHost, Step, slope};
use crate::diffusion::schedule::Timetable;
use crate::diffusion::trajectory::{TrajectoryRecorder, plane, tensor};
use crate::job::{Branches, Change, JobControl, LatentPlane, NoiseSource, StepRecord, TokenMaps, Turn};
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
    /// What happens on the way.
    pub course: Course,
    /// What someone asks of it while it is on its way.
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
    /// What the record's attention belongs to: the tokens of the step's prompt.
    pub tokens: &'a [String],
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
pub struct Walked {
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
    /// [`PipelineError::Misfit`] if a planned change is not possible.
    pub fn walk(&self, shape: [usize; 4], observer: &mut dyn Observer) -> Result<Walked, PipelineError> {
        self.course.changes.iter().try_for_each(check)?;
        self.predictor.adopt(&self.course.changes)?;
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
        let (mut at, recorder) = match &self.course.resume {
            Some(resume) => self.resumed(resume)?,
            None => ((first, initial.clone()), TrajectoryRecorder::default()),
        };
        let mut host = Host {
            run: self,
            noise,
            recorder,
            observer,
            newest: None,
            num_calls: 0,
            drawn: Vec::new(),
            first,
            step: at.0,
            changes: self.course.changes.clone(),
            walker: None,
            turned: None,
            token_lists: self.known_tokens(),
            began: Instant::now(),
            step_began: Instant::now(),
        };
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
                (Err(SampleError::Turned), Some(Goal::End(after, x))) => break (x, Some(self.course.base + after)),
                (Err(error), _) => return Err(error.into()),
            }
        };
        if !is_finite(&x)? {
            let step = self.table.steps();
            return Err(SampleError::NotFinite { step }.into());
        }
        let (steps, asked, tokens) = host.into_parts();
        Ok(Walked {
            initial,
            x,
            steps,
            tokens,
            asked,
            ended_after,
        })
    }

    /// The tokens that the attention of a recorded run belongs to.
    fn known_tokens(&self) -> Vec<(usize, Vec<String>)> {
        let resume = self.course.resume.as_ref();
        let tokens = resume.filter(|resume| !resume.tokens.is_empty());
        tokens.map_or_else(Vec::new, |resume| vec![(0, resume.tokens.clone())])
    }

    /// Where a recorded run is taken up, and its past.
    fn resumed(&self, resume: &Resume) -> Result<((usize, Tensor), TrajectoryRecorder), PipelineError> {
        let device = self.predictor.device();
        let place = resume.steps.iter().position(|step| step.index == resume.step);
        let misfit = |expected: String, found: String| PipelineError::Misfit {
            what: "step of a branch",
            expected,
            found,
        };
        let own = resume.step.checked_sub(self.course.base);
        let own = own.filter(|step| *step < self.table.steps());
        let (Some(place), Some(step)) = (place, own) else {
            let kept: Vec<_> = resume.steps.iter().map(|step| step.index).collect();
            let expected = match (kept.first(), kept.last()) {
                (Some(first), Some(last)) => format!("one that was kept, {first} to {last},"),
                _ => "one that was kept (none was)".to_owned(),
            };
            return Err(misfit(expected, resume.step.to_string()));
        };
        let record = &resume.steps[place];
        let sigma = self.table.sigmas()[step];
        if (record.sigma - sigma).abs() > 1e-6 * sigma.max(1.0) {
            let words = |sigma: f64| format!("at noise level {sigma:.4}");
            return Err(misfit(words(sigma), words(record.sigma)));
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

/// The newest call of the network.
struct Newest {
    /// The step it belongs to.
    step: usize,
    /// Where the prompt was looked at, if that is kept.
    attention: Vec<AttentionMap>,
    predicted: Predicted,
    /// The estimate for the negative prompt alone, where it was asked for.
    x0_uncond: Option<Tensor>,
    /// The estimate as it was before it was held to a range.
    x0_unclipped: Option<Tensor>,
}

/// Where a run goes on when its sampler has left it.
enum Goal {
    /// At the beginning of a step, from these latents.
    Step(usize, Tensor),
    /// Nowhere: so many steps were walked, and this is the result.
    End(usize, Tensor),
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
    /// What changes on the way, planned and asked for.
    changes: Vec<Change>,
    /// Who walks now: the sampler's id and η.
    walker: Option<(&'static str, f64)>,
    /// Where to go on when the sampler leaves.
    turned: Option<Goal>,
    /// The tokens of each prompt that was looked at, and how many steps had been kept when it came.
    token_lists: Vec<(usize, Vec<String>)>,
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
            table,
            ..
        } = self.run;
        let timestep = self.timestep(sigma);
        let wants_uncond = self.walker(self.step).0.wants_uncond();
        let prediction = predictor.scheduler().prediction;
        let input = prediction.network_input(x, sigma)?;
        let is_kept = self.run.course.keep.attention && self.newest_step() != Some(self.step);
        let maps = match self.observer.attention_layers() {
            Some(layers) => Some(AttentionMaps::new(layers, 0)),
            None => is_kept.then(AttentionMaps::default),
        };
        let predicted = predictor.predict(&Query {
            x: &input,
            sigma,
            timestep,
            step: self.step,
            first: self.first,
            steps: table.steps(),
            guidance: guidance_at(guidance, &self.changes, self.step, table.steps()),
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
        let attention = maps.map_or_else(Vec::new, |maps| maps.take());
        self.observer.called(&Call {
            index: self.num_calls,
            step: self.step,
            sigma,
            timestep,
            x,
            input: &input,
            x0: &x0,
            predicted: &predicted,
            attention: &attention,
        })?;
        self.num_calls += 1;
        self.newest = Some(Newest {
            step: self.step,
            attention: if is_kept { attention } else { Vec::new() },
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
                let seed = seed_at(&self.changes, self.step).unwrap_or(*seed);
                Ok(noise_tensor(seed, Draw::Step(index), x.dims(), x.device())?.to_dtype(x.dtype())?)
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
        let (branches, attention) = self.kept_of(&step)?;
        let record = self.recorder.record(
            step,
            StepRecord {
                index: self.run.course.base + step.index,
                sigma: step.sigma,
                timestep,
                x: LatentPlane::default(),
                x0: LatentPlane::default(),
                branches,
                attention,
                secs,
            },
        )?;
        if let Some(newest) = &self.newest {
            let elapsed_secs = (now - self.began).as_secs_f64();
            self.observer.stepped(&Observed {
                record,
                x: step.x,
                x0: step.x0,
                predicted: &newest.predicted,
                tokens: self.token_lists.last().map_or(&[], |(_, tokens)| tokens),
                elapsed_secs,
            })?;
        }
        Ok(())
    }

    fn land(&mut self, x: Tensor, index: usize) -> Result<Tensor, SampleError> {
        self.step = index + 1;
        let sigma = self.run.table.sigmas()[index + 1];
        self.observer.landed(&x, sigma)?;
        let x = self.with_known(x, sigma)?;
        if self.step < self.run.table.steps() {
            self.turn(self.step, &x)?;
        }
        Ok(x)
    }
}

impl<'a> Host<'a, '_> {
    /// The latents with what is known put back.
    fn with_known(&self, x: Tensor, sigma: f64) -> Result<Tensor, SampleError> {
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

    /// Who walks from a step on.
    fn walker(&self, step: usize) -> (&'a dyn Sampler, Options) {
        walker_at((self.run.sampler, self.run.options), &self.changes, step)
    }

    /// The step that the newest call belongs to.
    fn newest_step(&self) -> Option<usize> {
        self.newest.as_ref().map(|newest| newest.step)
    }

    /// Before each step: what was asked for happens, and what was planned for it.
    ///
    /// # Errors
    /// [`SampleError::Turned`] if the sampler shall leave the run.
    fn turn(&mut self, step: usize, x: &Tensor) -> Result<(), SampleError> {
        let base = self.run.course.base;
        let control = self.run.control;
        let has_steps = self.recorder.past(0).is_some();
        if has_steps && self.run.course.stop_after == Some(step) {
            return self.end(step);
        }
        let mut has_waited = false;
        let turn = if self.run.course.is_steered {
            control.next_turn(&mut || {
                has_waited = true;
                self.observer.steered(Steered::Waiting(base + step));
            })
        } else {
            Turn::Go
        };
        if has_waited {
            self.observer.steered(Steered::GoingOn);
            self.step_began = Instant::now();
        }
        match turn {
            Turn::Go => {}
            Turn::Change(changes) => changes.into_iter().for_each(|change| self.adopt(change, step)),
            Turn::Back(to) => return self.back_to(to as usize, (step, x)),
            Turn::End if has_steps => return self.end(step),
            Turn::End => {}
        }
        let (sampler, options) = self.walker(step);
        let walker = (sampler.id(), options.eta);
        match self.walker.replace(walker) {
            Some(before) if before != walker => {
                self.turned = Some(Goal::Step(step, x.clone()));
                Err(SampleError::Turned)
            }
            _ => Ok(()),
        }
    }

    /// Makes a change that was asked for, if it is possible.
    fn adopt(&mut self, change: Change, step: usize) {
        let change = Change {
            step: step as u32,
            ..change
        };
        let mut changes = self.changes.clone();
        let place = changes.partition_point(|other| other.step <= change.step);
        changes.insert(place, change.clone());
        let adopted = check(&change).and_then(|()| self.run.predictor.adopt(&changes));
        match adopted {
            Ok(()) => {
                self.changes = changes;
                let told = Change {
                    step: (self.run.course.base + step) as u32,
                    ..change
                };
                self.observer.steered(Steered::Changed(&told));
            }
            Err(error) => {
                self.observer.steered(Steered::Refused(&error));
                self.run.predictor.adopt(&self.changes).ok(); // they were possible before
            }
        }
    }

    /// Takes up an earlier step again. Later changes that were not planned are forgotten.
    fn back_to(&mut self, index: usize, (step, x): (usize, &Tensor)) -> Result<(), SampleError> {
        let own = index.saturating_sub(self.run.course.base);
        let goal = match self.recorder.back_to(index) {
            Some(x) => (own, x),
            None => (step, x.clone()), // not a step of this run: it stays where it is
        };
        let planned = &self.run.course.changes;
        let before = self.changes.len();
        self.changes
            .retain(|change| change.step as usize <= goal.0 || planned.contains(change));
        if self.changes.len() != before {
            self.run.predictor.adopt(&self.changes).ok(); // fewer of those that were possible
        }
        self.token_lists.retain(|(from, _)| *from < goal.0.max(1)); // lists of steps that are no more
        self.observer.steered(Steered::WentBack(self.run.course.base + goal.0));
        self.walker = None;
        self.newest = None;
        self.turned = Some(Goal::Step(goal.0, goal.1));
        Err(SampleError::Turned)
    }

    /// Ends the run with the newest estimate as its result.
    fn end(&mut self, after: usize) -> Result<(), SampleError> {
        let last = self.run.table.sigmas()[self.run.table.steps()];
        let x0 = self
            .recorder
            .past(0)
            .map(|newest| &newest.x0 * vp_scale(last))
            .transpose()?;
        self.turned = x0.map(|x0| Goal::End(after, x0));
        Err(SampleError::Turned)
    }

    /// What a step keeps beside its latents.
    fn kept_of(&mut self, step: &Step<'_>) -> Result<(Option<Branches>, Vec<TokenMaps>), SampleError> {
        let Some(newest) = &mut self.newest else {
            return Ok((None, Vec::new()));
        };
        let predicted = &newest.predicted;
        let prediction = self.run.predictor.scheduler().prediction;
        let noise = |output: &Tensor| -> Result<_, SampleError> {
            let x0 = prediction.x0_from_output(step.x, output, step.sigma)?;
            Ok(plane(&slope(step.x, &x0, step.sigma)?)?)
        };
        let branches = if self.run.course.keep.branches {
            Some(Branches {
                cond: noise(&predicted.cond)?,
                uncond: predicted.uncond.as_ref().map(noise).transpose()?,
            })
        } else {
            None
        };
        let attention = std::mem::take(&mut newest.attention);
        if attention.is_empty() {
            return Ok((branches, Vec::new()));
        }
        let tokens = self.run.predictor.tokens(step.index);
        if self.token_lists.last().is_none_or(|(_, newest)| *newest != tokens) {
            self.token_lists.push((step.index, tokens));
        }
        let count = self
            .token_lists
            .last()
            .map_or(0, |(_, tokens)| tokens.len().saturating_sub(1));
        Ok((branches, token_maps(&attention, count)?))
    }

    /// The steps, their attention over the tokens of all prompts; the changes that were asked for; those tokens.
    fn into_parts(self) -> (Vec<StepRecord>, Vec<Change>, Vec<String>) {
        let base = self.run.course.base;
        let mut steps = self.recorder.into_steps();
        let all: Vec<String> = self.token_lists.iter().flat_map(|(_, tokens)| tokens.clone()).collect();
        if self.token_lists.len() > 1 {
            for step in &mut steps {
                let own = step.index.saturating_sub(base);
                let lists = self.token_lists.iter().take_while(|(from, _)| *from <= own);
                let before: usize = lists.map(|(_, tokens)| tokens.len()).sum();
                let newest = self.token_lists.iter().rfind(|(from, _)| *from <= own);
                let before = before - newest.map_or(0, |(_, tokens)| tokens.len());
                for map in &mut step.attention {
                    *map = widened(map, before, all.len());
                }
            }
        }
        let planned = &self.run.course.changes;
        let asked = self.changes.into_iter().filter(|change| !planned.contains(change));
        let counted = asked.map(|change| Change {
            step: change.step + base as u32,
            ..change
        });
        (steps, counted.collect(), all)
    }
}

/// The number format of latents, samplers and pictures, whatever the networks compute in.
pub const STATE_DTYPE: DType = DType::F32;
