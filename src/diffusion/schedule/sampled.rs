//! Levels at evenly chosen training timesteps, whatever the spacing asked for.

use super::{Schedule, ScheduleSpec, Span};
use crate::diffusion::ScheduleError;

/// The three ways in which ComfyUI picks timesteps (`comfy/samplers.py`).
pub(super) struct Sampled {
    spec: ScheduleSpec,
    rule: Rule,
}

#[derive(Clone, Copy)]
enum Rule {
    /// Evenly from the last timestep to the first, which is left to the end of the run.
    Sgm,
    /// Every n-th timestep counted down from the last.
    Simple,
    /// Multiples of the whole stride, counted up from 1: leading spacing with an offset of 1.
    Ddim,
}

pub(super) static SGM_UNIFORM: Sampled = Sampled {
    spec: ScheduleSpec {
        id: "sgm_uniform",
        label: "SGM Uniform",
        rounds_to_nearest: true,
        ..ScheduleSpec::DEFAULT
    },
    rule: Rule::Sgm,
};

pub(super) static SIMPLE: Sampled = Sampled {
    spec: ScheduleSpec {
        id: "simple",
        label: "Simple",
        rounds_to_nearest: true,
        ..ScheduleSpec::DEFAULT
    },
    rule: Rule::Simple,
};

pub(super) static DDIM_UNIFORM: Sampled = Sampled {
    spec: ScheduleSpec {
        id: "ddim_uniform",
        label: "DDIM Uniform",
        aliases: &["ddim"],
        rounds_to_nearest: true,
        ..ScheduleSpec::DEFAULT
    },
    rule: Rule::Ddim,
};

impl Schedule for Sampled {
    fn spec(&self) -> &ScheduleSpec {
        &self.spec
    }

    fn sigmas(&self, span: &Span<'_>) -> Result<Vec<f64>, ScheduleError> {
        let (steps, total) = (span.steps(), span.training.timesteps());
        let timestep = |i: usize| match self.rule {
            Rule::Sgm => (total - 1) as f64 * (1.0 - i as f64 / steps as f64),
            Rule::Simple => (total - 1 - i * total / steps) as f64,
            Rule::Ddim => (1 + (steps - 1 - i) * (total / steps).max(1)).min(total - 1) as f64,
        };
        Ok((0..steps).map(|i| span.training.sigma_at(timestep(i))).collect())
    }
}
