//! Which training timesteps a run visits.

use super::TrainingSchedule;
use crate::job::TimestepSpacing;

/// The habits of diffusers' schedulers, which place timesteps differently for different samplers.
///
/// They are followed so that the same settings give the same picture there and here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TimestepStyle {
    /// Integer timesteps at a fixed stride; each step lands one *stride* lower, wherever the next one starts
    /// (`DDIMScheduler`, `PNDMScheduler`).
    Stride,
    /// The same timesteps; each step lands where the next one starts, and the last one removes all noise
    /// (`DDPMScheduler`).
    Integers,
    /// Real timesteps; noise levels chosen between those of the first and the last (`EulerDiscreteScheduler`).
    Sigmas,
    /// As [`Sigmas`](Self::Sigmas) with timesteps rounded where Karras's levels are chosen, but for the levels between
    /// (`KDPM2DiscreteScheduler`).
    Midpoints,
    /// Integer timesteps, the stride of one step more than asked; noise levels chosen from the whole training range
    /// (`DPMSolverMultistepScheduler`).
    Solver,
    /// The same, evenly from the first to the last whatever the spacing asked for (`DPMSolverSinglestepScheduler`).
    Singlestep,
    /// Every k-th of the 50 timesteps used in distillation, whatever the spacing asked for (`LCMScheduler`).
    Distilled,
}

/// Timesteps that latent consistency models are distilled at (`original_inference_steps` of `LCMScheduler`).
const DISTILLED_STEPS: usize = 50;

impl TimestepStyle {
    /// The most steps that can be placed.
    pub(super) fn most_steps(self, training: &TrainingSchedule) -> usize {
        match self {
            Self::Distilled => DISTILLED_STEPS.min(training.timesteps()),
            _ => training.timesteps(),
        }
    }

    /// Whether timesteps are whole numbers, and levels are chosen from the whole training range.
    pub(super) fn is_solver(self) -> bool {
        matches!(self, Self::Solver | Self::Singlestep)
    }

    /// Whether levels are chosen freely between the first and the last.
    pub(super) fn is_free(self) -> bool {
        matches!(self, Self::Sigmas | Self::Midpoints)
    }

    /// Whether the first step may start from pure noise itself.
    pub(super) fn stands_pure_noise(self) -> bool {
        matches!(self, Self::Stride | Self::Integers | Self::Distilled)
    }

    /// Falling timesteps, one per step.
    ///
    /// Source: Table 2 of <https://arxiv.org/abs/2305.08891> and the classes named at each variant.
    pub(super) fn timesteps(
        self,
        training: &TrainingSchedule,
        spacing: TimestepSpacing,
        steps: usize,
        offset: usize,
    ) -> Vec<f64> {
        let total = training.timesteps();
        let last = (total - 1) as f64;
        if self == Self::Distilled {
            let kept = DISTILLED_STEPS.min(total);
            let stride = total / kept;
            return (0..steps)
                .map(|i| ((kept - i * kept / steps) * stride - 1) as f64)
                .collect();
        }
        let divisions = if self.is_solver() { steps + 1 } else { steps };
        let spacing = if self == Self::Singlestep {
            TimestepSpacing::Linspace
        } else {
            spacing
        };
        match spacing {
            TimestepSpacing::Leading => {
                let stride = total / divisions;
                (0..steps)
                    .map(|i| ((divisions - 1 - i) * stride + offset) as f64)
                    .map(|t| t.min(last))
                    .collect()
            }
            TimestepSpacing::Trailing => {
                let stride = total as f64 / steps as f64;
                (0..steps)
                    .map(|i| (total as f64 - i as f64 * stride).round_ties_even() - 1.0)
                    .collect()
            }
            TimestepSpacing::Linspace => {
                let gaps = (divisions - 1).max(1) as f64;
                let place = |i: usize| {
                    if divisions == 1 {
                        0.0
                    } else {
                        (gaps - i as f64) * last / gaps
                    }
                };
                let whole = !self.is_free();
                (0..steps)
                    .map(place)
                    .map(|t| if whole { t.round_ties_even() } else { t })
                    .collect()
            }
        }
    }
}
