//! Keeps a run as it happens: tensors for the sampler to look back at, plain data for everyone else.

use candle_core::{DType, Tensor};

use super::samplers::{PastStep, Step};
use crate::job::{LatentPlane, StepRecord};

/// The steps of one run so far.
#[derive(Debug, Default)]
pub struct TrajectoryRecorder {
    past: Vec<PastStep>,
    steps: Vec<StepRecord>,
}

impl TrajectoryRecorder {
    /// Keeps a step.
    ///
    /// * `timestep`: what the network was given.
    /// * `secs`: wall time the step took.
    ///
    /// # Errors
    /// Only the device's.
    pub fn record(&mut self, step: Step<'_>, timestep: f64, secs: f64) -> candle_core::Result<&StepRecord> {
        let Step { index, sigma, x, x0 } = step;
        self.past.push(PastStep {
            sigma,
            x: x.clone(),
            x0: x0.clone(),
        });
        self.steps.push(StepRecord {
            index,
            sigma,
            timestep,
            x: plane(x)?,
            x0: plane(x0)?,
            branches: None,
            attention: Vec::new(),
            secs,
        });
        Ok(&self.steps[self.steps.len() - 1])
    }

    /// The step `back` places before the newest one.
    pub fn past(&self, back: usize) -> Option<&PastStep> {
        self.past.iter().rev().nth(back)
    }

    /// All steps, in order.
    pub fn into_steps(self) -> Vec<StepRecord> {
        self.steps
    }
}

/// One picture's latents, `(1, channels, height, width)`, as plain numbers.
///
/// # Errors
/// If the shape is another, or the device's.
pub fn plane(latents: &Tensor) -> candle_core::Result<LatentPlane> {
    let (_, channels, height, width) = latents.dims4()?;
    let values = latents.to_dtype(DType::F32)?.flatten_all()?.to_vec1::<f32>()?;
    Ok(LatentPlane {
        channels,
        height,
        width,
        values,
    })
}
