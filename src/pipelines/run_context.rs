//! The context of a run's steps: the networks, the noise, the recorded past, its observer and its control.

use std::sync::Arc;
use std::time::Instant;

use candle_core::Tensor;

use super::attention::{AttentionTokens, token_maps};
use super::denoiser::{DenoiseInput, DenoiseOutput};
use super::observer::{Call, Observed, Observer};
use super::probe::drawn;
use super::run::{InpaintBlend, Run};
use super::run_plan::{Steered, StepSettings, check};
use crate::conditioning::is_finite;
use crate::diffusion::SampleError;
use crate::diffusion::forward_process::ForwardProcess;
use crate::diffusion::noise::Draw;
use crate::diffusion::samplers::{PastStep, SamplerContext, Step, slope};
use crate::diffusion::trajectory::{TrajectoryRecorder, plane};
use crate::job::{Branches, Change, LatentPlane, NextAction, StepRecord, TokenMaps};
use crate::models::unet::{AttentionMap, AttentionMaps};

/// The newest call of the network.
struct Newest {
    /// The step it belongs to.
    step: usize,
    /// Where the prompt was looked at, if that is kept.
    attention: Vec<AttentionMap>,
    predicted: DenoiseOutput,
    /// The estimate for the negative prompt alone, where it was asked for.
    x0_uncond: Option<Tensor>,
    /// The estimate as it was before it was held to a range.
    x0_unclipped: Option<Tensor>,
}

/// What was asked for before a step.
pub(super) enum BeforeStep {
    /// Nothing: the step is taken.
    Go,
    /// An earlier step is taken instead, from its latents; without any the step is this one.
    Back { to: usize, from: Option<Tensor> },
    /// No more steps are taken, and this is the result.
    End(Tensor),
}

/// The networks of a run and its state, as samplers see them.
pub(super) struct RunContext<'a, 'o> {
    run: &'a Run<'a>,
    /// What the run started from, at unit variance.
    noise: Tensor,
    recorder: TrajectoryRecorder,
    observer: &'o mut dyn Observer,
    newest: Option<Newest>,
    num_calls: usize,
    /// The first step that is taken.
    first: usize,
    /// The step that is being taken.
    step: usize,
    /// What changes on the way, planned and asked for.
    changes: Vec<Change>,
    /// The sampler of the newest step, by id.
    sampler: Option<&'static str>,
    /// What the attention that is kept belongs to.
    tokens: AttentionTokens,
    began: Instant,
    step_began: Instant,
}

impl<'a, 'o> RunContext<'a, 'o> {
    /// * `noise`: what the run starts from, at unit variance.
    /// * `recorder`: the past of a run that is resumed.
    /// * `first`: the first step of the whole run.
    pub(super) fn new(
        run: &'a Run<'a>,
        noise: Tensor,
        recorder: TrajectoryRecorder,
        observer: &'o mut dyn Observer,
        first: usize,
    ) -> Self {
        let resume = run.plan.resume.as_ref();
        Self {
            run,
            noise,
            recorder,
            observer,
            newest: None,
            num_calls: 0,
            first,
            step: first,
            changes: run.plan.changes.clone(),
            sampler: None,
            tokens: resume.map_or_else(AttentionTokens::default, |resume| {
                AttentionTokens::resumed(&resume.tokens)
            }),
            began: Instant::now(),
            step_began: Instant::now(),
        }
    }
}

impl RunContext<'_, '_> {
    /// The timestep that goes with a noise level: the table's own where it has one, else by interpolation.
    fn timestep(&self, sigma: f64) -> f64 {
        let table = self.run.table;
        table
            .timestep_at(self.step, sigma)
            .unwrap_or_else(|| self.process().timestep_of(sigma))
    }
}

impl SamplerContext for RunContext<'_, '_> {
    fn denoise(&mut self, x: &Tensor, sigma: f64) -> Result<Tensor, SampleError> {
        if self.run.control.is_cancelled() {
            return Err(SampleError::Cancelled);
        }
        let Run { denoiser, table, .. } = self.run;
        let settings = self.settings_at(self.step);
        let timestep = self.timestep(sigma);
        let wants_uncond = settings.sampler.spec().wants_uncond;
        let process = &denoiser.scheduler().process;
        let input = process.network_input(x, sigma)?;
        let is_kept = self.run.plan.keep.attention && self.newest_step() != Some(self.step);
        let maps = is_kept.then(AttentionMaps::default);
        let predicted = denoiser.denoise(&DenoiseInput {
            x: &input,
            sigma,
            timestep,
            step: self.step,
            first: self.first,
            steps: table.steps(),
            guidance: settings.guidance,
            wants_uncond,
            maps: maps.as_ref(),
        })?;
        let free = process.x0_from_output(x, &predicted.guided, sigma)?;
        let (x0, x0_unclipped) = match denoiser.clip() {
            Some(range) => (free.clamp(-range, range)?, Some(free)),
            None => (free, None),
        };
        let x0_uncond = match &predicted.uncond {
            Some(uncond) if wants_uncond => Some(process.x0_from_output(x, uncond, sigma)?),
            _ => None,
        };
        let attention = maps.map_or_else(Vec::new, |maps| maps.take());
        let call = Call {
            index: self.num_calls,
            step: self.step,
            sigma,
            timestep,
            x,
            input: &input,
            x0: &x0,
            predicted: &predicted,
            attention: &attention,
        };
        if let Some(probe) = self.run.probe {
            probe.called(&call);
        }
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

    fn noise_like(&mut self, x: &Tensor, step: usize, draw: usize) -> Result<Tensor, SampleError> {
        let seed = self.settings_at(step).seed.unwrap_or(self.run.noise.seed);
        Ok(drawn(self.run.probe, seed, Draw::Step(draw), x.dims(), x.device())?.to_dtype(x.dtype())?)
    }

    fn past(&self, back: usize) -> Option<&PastStep> {
        self.recorder.past(back)
    }

    fn keep_corrected(&mut self, back: usize, corrected: Tensor) {
        self.recorder.keep_corrected(back, corrected);
    }

    fn process(&self) -> &ForwardProcess {
        &self.run.denoiser.scheduler().process
    }

    fn noise_estimate(&self, x: &Tensor, x0: &Tensor, sigma: f64) -> candle_core::Result<Tensor> {
        match &self.newest {
            Some(newest) => self.process().noise_from_output(x, &newest.predicted.guided, sigma),
            None => slope(x, x0, sigma),
        }
    }
}

impl<'a> RunContext<'a, '_> {
    /// What holds at a step.
    fn settings_at(&self, step: usize) -> StepSettings<'a> {
        let run = self.run;
        let own = (run.sampler, run.options);
        StepSettings::at(own, &run.guidance, &self.changes, (step, run.table.steps()))
    }

    /// Makes `step` the one that is being taken, and says what holds there.
    pub(super) fn begin_step(&mut self, step: usize) -> StepSettings<'a> {
        self.step = step;
        let settings = self.settings_at(step);
        let id = settings.sampler.spec().id;
        if self.sampler.replace(id).is_some_and(|before| before != id) {
            self.recorder.forget_corrected();
        }
        settings
    }

    /// Keeps a step that the network was called for, and shows it.
    ///
    /// # Errors
    /// [`SampleError::NotFinite`] if the latents are lost, else the observer's.
    pub(super) fn record(&mut self, step: &Step<'_>) -> Result<(), SampleError> {
        if !is_finite(step.x0)? {
            return Err(SampleError::NotFinite { step: step.index + 1 });
        }
        let now = Instant::now();
        let timestep = self.timestep(step.sigma());
        let secs = (now - self.step_began).as_secs_f64();
        self.step_began = now;
        let (branches, attention) = self.kept_of(step)?;
        let record = self.recorder.record(
            step,
            StepRecord {
                index: self.run.plan.base + step.index,
                sigma: step.sigma(),
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
                tokens: self.tokens.newest(),
                elapsed_secs,
            })?;
        }
        Ok(())
    }

    /// Ends a step whose latents are at the level that step `next` starts from, or the run ends at: the picture that is
    /// kept is put back.
    ///
    /// # Errors
    /// Only the device's.
    pub(super) fn finish_step(&self, x: Tensor, next: usize) -> Result<Tensor, SampleError> {
        let sigma = self.run.table.sigmas()[next];
        let Some(InpaintBlend { latents, mask }) = &self.run.inpaint else {
            return Ok(x);
        };
        let kept = if next == self.run.table.steps() {
            self.process().final_latents(latents, sigma)? // the end is without noise even where the table leaves some
        } else {
            ForwardProcess::add_noise(latents, &self.noise, sigma)?
        };
        Ok((x.broadcast_mul(mask)? + kept.broadcast_mul(&mask.affine(-1.0, 1.0)?)?)?)
    }

    /// The step that the newest call belongs to.
    fn newest_step(&self) -> Option<usize> {
        self.newest.as_ref().map(|newest| newest.step)
    }

    /// Does what was asked for before a step. Waits while the run is paused.
    ///
    /// # Errors
    /// Only the device's.
    pub(super) fn before_step(&mut self, step: usize) -> Result<BeforeStep, SampleError> {
        let base = self.run.plan.base;
        let control = self.run.control;
        let newest = self.recorder.past(0).map(|past| past.x0.clone());
        let first_untaken = self.newest_step().map_or(step, |newest| newest + 1); // before `step` where some are left out
        let is_stop = |stop: usize| (first_untaken..=step).contains(&stop);
        if self.run.plan.stop_after.is_some_and(is_stop)
            && let Some(x0) = newest
        {
            return self.end(&x0);
        }
        if !self.run.plan.is_steered {
            return Ok(BeforeStep::Go);
        }
        let mut has_waited = false;
        let action = control.next_action(&mut || {
            has_waited = true;
            self.observer.steered(Steered::Waiting(base + step));
        });
        if has_waited {
            self.observer.steered(Steered::GoingOn);
            self.step_began = Instant::now();
        }
        match (action, newest) {
            (NextAction::Change(changes), _) => changes.into_iter().for_each(|change| self.adopt(change, step)),
            (NextAction::Back(to), _) => return Ok(self.back_to(to as usize, step)),
            (NextAction::End, Some(x0)) => return self.end(&x0),
            (NextAction::Go | NextAction::End, _) => {}
        }
        Ok(BeforeStep::Go)
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
        let adopted = check(&change).and_then(|()| self.run.denoiser.adopt(&changes, self.run.plan.base));
        match adopted {
            Ok(()) => {
                self.changes = changes;
                let counted = Change {
                    step: (self.run.plan.base + step) as u32,
                    ..change
                };
                self.observer.steered(Steered::Changed(&counted));
            }
            Err(error) => {
                self.observer.steered(Steered::Refused(&error));
                self.run.denoiser.adopt(&self.changes, self.run.plan.base).ok(); // they were possible before
            }
        }
    }

    /// Returns to an earlier step; where `index` is no step of this run, to `step` itself. Later changes that were not
    /// planned are forgotten.
    fn back_to(&mut self, index: usize, step: usize) -> BeforeStep {
        let base = self.run.plan.base;
        let from = self.recorder.back_to(index);
        let to = if from.is_some() {
            index.saturating_sub(base)
        } else {
            step
        };
        let planned = &self.run.plan.changes;
        let before = self.changes.len();
        self.changes
            .retain(|change| change.step as usize <= to || planned.contains(change));
        if self.changes.len() != before {
            self.run.denoiser.adopt(&self.changes, self.run.plan.base).ok(); // fewer of those that were possible
        }
        self.tokens.back_to(to);
        self.observer.steered(Steered::WentBack(base + to));
        self.newest = None;
        BeforeStep::Back { to, from }
    }

    /// Ends the run with an estimate as its result.
    fn end(&self, x0: &Tensor) -> Result<BeforeStep, SampleError> {
        let last = self.run.table.sigmas()[self.run.table.steps()];
        Ok(BeforeStep::End(self.process().final_latents(x0, last)?))
    }

    /// What a step keeps beside its latents.
    fn kept_of(&mut self, step: &Step<'_>) -> Result<(Option<Branches>, Vec<TokenMaps>), SampleError> {
        let Some(newest) = &mut self.newest else {
            return Ok((None, Vec::new()));
        };
        let predicted = &newest.predicted;
        let process = &self.run.denoiser.scheduler().process;
        let noise = |output: &Tensor| -> Result<_, SampleError> {
            let x0 = process.x0_from_output(step.x, output, step.sigma())?;
            Ok(plane(&slope(step.x, &x0, step.sigma())?)?)
        };
        let branches = if self.run.plan.keep.branches {
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
        self.tokens.begin(step.index, self.run.denoiser.tokens(step.index));
        let count = self.tokens.newest().len().saturating_sub(1);
        Ok((branches, token_maps(&attention, count)?))
    }

    /// The steps, their attention over the tokens of all prompts; the changes that were asked for; those tokens.
    pub(super) fn into_parts(self) -> (Vec<Arc<StepRecord>>, Vec<Change>, Vec<String>) {
        let base = self.run.plan.base;
        let mut steps = self.recorder.into_steps();
        let tokens = self.tokens.spread(&mut steps, base);
        let planned = &self.run.plan.changes;
        let asked = self.changes.into_iter().filter(|change| !planned.contains(change));
        let counted = asked.map(|change| Change {
            step: change.step + base as u32,
            ..change
        });
        (steps, counted.collect(), tokens)
    }
}
