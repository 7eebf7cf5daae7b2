//! What changes a run while it is sampled, and where it is resumed, ended or counted from.

use std::sync::Arc;

use super::PipelineError;
use crate::diffusion::guidance::{Guidance, GuidanceSchedule};
use crate::diffusion::samplers::{Options, Sampler, sampler_by_id};
use crate::job::{Change, StepRecord};

/// A run's plan beside its first settings.
#[derive(Debug, Clone, Default)]
pub struct RunPlan {
    /// Whether the run follows its [`JobControl`](crate::job::JobControl).
    pub is_steered: bool,
    /// What changes, in the order of the run's own steps.
    pub changes: Vec<Change>,
    /// Ends the run after so many steps of its table.
    pub stop_after: Option<usize>,
    /// A run to take the first steps from.
    pub resume: Option<Resume>,
    /// What each step keeps beside its latents.
    pub keep: Keep,
    /// Added to the index of a step in events and records: a second pass counts on.
    pub base: usize,
}

/// The beginning of a run that was sampled before.
#[derive(Debug, Clone)]
pub struct Resume {
    /// Its steps, at least those before [`Self::step`] and that one.
    pub steps: Vec<Arc<StepRecord>>,
    /// What their attention belongs to.
    pub tokens: Vec<String>,
    /// The first step to be taken, counted as the records are.
    pub step: usize,
}

/// What each step keeps beside its latents.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Keep {
    /// What the network said under each prompt alone.
    pub branches: bool,
    /// Where it looked at which token.
    pub attention: bool,
}

/// Something happened to a run that is no step. Steps are counted as records do.
#[derive(Debug)]
pub enum Steered<'a> {
    /// It waits before this step.
    Waiting(usize),
    /// It goes on.
    GoingOn,
    /// A change holds from its step on.
    Changed(&'a Change),
    /// A change is not possible.
    Refused(&'a PipelineError),
    /// The steps from this one on are taken again.
    WentBack(usize),
}

/// The changes of a request as one of its passes sees them: counted from the pass's own first step.
///
/// * `base`: steps of the passes before.
pub fn changes_from(changes: Vec<Change>, base: usize) -> Vec<Change> {
    let shifted = |change: Change| Change {
        step: change.step.saturating_sub(base as u32),
        ..change
    };
    changes.into_iter().map(shifted).collect()
}

/// What holds at one step of a run.
#[derive(Clone, Copy)]
pub(super) struct StepSettings<'a> {
    /// The sampler that takes it.
    pub sampler: &'a dyn Sampler,
    /// The sampler's parameters.
    pub options: Options,
    /// How the predictions with and without the prompt are weighed.
    pub guidance: Guidance,
    /// Seed of the noise that it adds; `None` is the run's.
    pub seed: Option<u64>,
}

impl<'a> StepSettings<'a> {
    /// A run's own settings with all changes up to a step.
    ///
    /// * `steps`: of the whole run.
    pub(super) fn at(
        (sampler, options): (&'a dyn Sampler, Options),
        schedule: &GuidanceSchedule,
        changes: &[Change],
        (step, steps): (usize, usize),
    ) -> Self {
        let mut schedule = schedule.clone();
        let mut now = Self {
            sampler,
            options,
            guidance: schedule.base,
            seed: None,
        };
        for change in changes.iter().filter(|change| change.step as usize <= step) {
            let sampler = change.sampler.as_deref().and_then(|id| sampler_by_id(id).ok());
            now.sampler = sampler.unwrap_or(now.sampler);
            now.options.eta = change.eta.unwrap_or(now.options.eta);
            now.seed = change.seed.or(now.seed);
            if let Some(scale) = change.guidance_scale {
                schedule.base.scale = scale;
                schedule.scales.clear();
            }
            schedule.base.rescale = change.guidance_rescale.unwrap_or(schedule.base.rescale);
        }
        now.guidance = schedule.at(step, steps);
        now
    }
}

/// Whether everything that a change names exists, as far as the loop is concerned.
///
/// # Errors
/// [`PipelineError::Unsupported`] if no sampler has its name.
pub(super) fn check(change: &Change) -> Result<(), PipelineError> {
    match &change.sampler {
        Some(name) if sampler_by_id(name).is_err() => Err(PipelineError::Unsupported {
            what: "sampler of a change",
            expected: "one that `hareru samplers` lists".to_owned(),
            found: format!("{name:?}"),
        }),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_should_hold_from_its_step_on() {
        let schedule = GuidanceSchedule {
            scales: vec![1.5, 2.5],
            ..GuidanceSchedule::from(Guidance {
                scale: 4.0,
                rescale: 0.0,
            })
        };
        let changes = [
            Change {
                guidance_scale: Some(-3.0),
                sampler: Some("heun".to_owned()),
                ..Change::at(2)
            },
            Change {
                guidance_rescale: Some(0.7),
                seed: Some(8),
                ..Change::at(3)
            },
        ];
        let euler = (sampler_by_id("euler").unwrap(), Options::default());
        let at = |step| StepSettings::at(euler, &schedule, &changes, (step, 5));
        assert!((at(1).guidance.scale - 1.75).abs() < 1e-12);
        assert_eq!((at(2).guidance.scale, at(2).guidance.rescale), (-3.0, 0.0));
        assert_eq!((at(4).guidance.scale, at(4).guidance.rescale), (-3.0, 0.7));
        assert_eq!((at(2).seed, at(3).seed), (None, Some(8)));
        let ids = [1, 2].map(|step| at(step).sampler.spec().id);
        assert_eq!(ids, ["euler", "heun"]);
    }

    #[test]
    fn a_second_pass_should_begin_with_what_changed_in_the_first() {
        let shifted = changes_from(vec![Change::at(3), Change::at(12)], 10);
        assert_eq!(shifted.iter().map(|change| change.step).collect::<Vec<_>>(), [0, 2]);
    }
}
