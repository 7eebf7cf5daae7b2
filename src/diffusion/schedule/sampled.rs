//! Levels at evenly chosen training timesteps, whatever the spacing asked for: the three ways in which ComfyUI picks them
//! (`comfy/samplers.py`).

use super::{Schedule, Span};

/// Evenly from the last timestep to the first, which is left to the end of the run.
pub(super) static SGM_UNIFORM: Schedule = Schedule {
    id: "sgm_uniform",
    label: "SGM Uniform",
    rounds_to_nearest: true,
    sigmas: |span| {
        let (steps, total) = (span.steps(), span.training.timesteps());
        Ok(at(span, |i| (total - 1) as f64 * (1.0 - i as f64 / steps as f64)))
    },
    ..Schedule::DEFAULT
};

/// Every n-th timestep counted down from the last.
pub(super) static SIMPLE: Schedule = Schedule {
    id: "simple",
    label: "Simple",
    rounds_to_nearest: true,
    sigmas: |span| {
        let (steps, total) = (span.steps(), span.training.timesteps());
        Ok(at(span, |i| (total - 1 - i * total / steps) as f64))
    },
    ..Schedule::DEFAULT
};

/// Multiples of the whole stride, counted up from 1: leading spacing with an offset of 1.
pub(super) static DDIM_UNIFORM: Schedule = Schedule {
    id: "ddim_uniform",
    label: "DDIM Uniform",
    aliases: &["ddim"],
    rounds_to_nearest: true,
    sigmas: |span| {
        let (steps, total) = (span.steps(), span.training.timesteps());
        Ok(at(span, |i| {
            (1 + (steps - 1 - i) * (total / steps).max(1)).min(total - 1) as f64
        }))
    },
    ..Schedule::DEFAULT
};

/// The levels of the timesteps that a rule picks for each step.
fn at(span: &Span<'_>, timestep: impl Fn(usize) -> f64) -> Vec<f64> {
    (0..span.steps()).map(|i| span.training.sigma_at(timestep(i))).collect()
}
