//! Keeps a run as it happens: tensors for the sampler to look back at, plain data for everyone else.

use std::sync::Arc;

use candle_core::{DType, Device, Tensor};

use super::samplers::{PastStep, Step};
use crate::job::{LatentPlane, StepRecord};

/// The steps of one run so far.
#[derive(Debug, Default)]
pub struct TrajectoryRecorder {
    past: Vec<PastStep>,
    steps: Vec<Arc<StepRecord>>,
}

impl TrajectoryRecorder {
    /// Goes on with a run that was recorded before: its first steps become the past.
    ///
    /// * `steps`: in order.
    ///
    /// # Errors
    /// If a plane's numbers do not fit its size, or the device's.
    pub fn resumed(steps: &[Arc<StepRecord>], device: &Device) -> candle_core::Result<Self> {
        let past = steps.iter().map(|step| {
            Ok(PastStep::new(
                step.sigma,
                tensor(&step.x, device)?,
                tensor(&step.x0, device)?,
            ))
        });
        Ok(Self {
            past: past.collect::<candle_core::Result<_>>()?,
            steps: steps.to_vec(),
        })
    }

    /// Keeps a step.
    ///
    /// * `record`: the step without its latents, which are filled in.
    ///
    /// # Errors
    /// Only the device's.
    pub fn record(&mut self, step: &Step<'_>, record: StepRecord) -> candle_core::Result<&Arc<StepRecord>> {
        let Step { x, x0, .. } = *step;
        self.past.push(PastStep::new(step.sigma(), x.clone(), x0.clone()));
        self.steps.push(Arc::new(StepRecord {
            x: plane(x)?,
            x0: plane(x0)?,
            ..record
        }));
        Ok(&self.steps[self.steps.len() - 1])
    }

    /// The step `back` places before the newest one.
    pub fn past(&self, back: usize) -> Option<&PastStep> {
        self.past.iter().rev().nth(back)
    }

    /// Keeps what the corrector made of the step `back` places before the newest one.
    pub fn keep_corrected(&mut self, back: usize, corrected: Tensor) {
        if let Some(past) = self.past.iter_mut().rev().nth(back) {
            past.corrected = Some(corrected);
        }
    }

    /// Forgets what the corrector made of all steps, because another sampler takes over.
    pub fn forget_corrected(&mut self) {
        for past in &mut self.past {
            past.corrected = None;
        }
    }

    /// Forgets a step and all after it, and gives what it started from; `None` if there is no such step.
    ///
    /// * `index`: as of its record.
    pub fn back_to(&mut self, index: usize) -> Option<Tensor> {
        let place = self.steps.iter().position(|step| step.index == index)?;
        let x = self.past.get(place)?.x.clone();
        self.past.truncate(place);
        self.steps.truncate(place);
        Some(x)
    }

    /// All steps, in order.
    pub fn into_steps(self) -> Vec<Arc<StepRecord>> {
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

/// The inverse of [`plane`].
///
/// # Errors
/// If the plane's numbers do not fit its size, or the device's.
pub fn tensor(plane: &LatentPlane, device: &Device) -> candle_core::Result<Tensor> {
    let shape = (1, plane.channels, plane.height, plane.width);
    Tensor::from_vec(plane.values.clone(), shape, device)
}
