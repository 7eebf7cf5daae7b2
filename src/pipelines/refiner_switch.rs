//! Two models that take turns in one run.

use std::rc::Rc;

use candle_core::Device;

use super::denoiser::{DenoiseInput, DenoiseOutput, Denoiser};
use super::{PipelineError, Scheduler};
use crate::job::Change;

/// A model for the first steps of a run, its refiner for the last.
pub(super) struct RefinerSwitch<'a> {
    pub(super) first: Rc<dyn Denoiser + 'a>,
    pub(super) refiner: Box<dyn Denoiser + 'a>,
    /// The first step of the refiner.
    pub(super) step: usize,
}

impl Denoiser for RefinerSwitch<'_> {
    fn device(&self) -> &Device {
        self.first.device()
    }

    fn scheduler(&self) -> &Scheduler {
        self.first.scheduler()
    }

    fn clip(&self) -> Option<f64> {
        self.first.clip()
    }

    fn adopt(&self, changes: &[Change]) -> Result<(), PipelineError> {
        self.first.adopt(changes)
    }

    fn tokens(&self, step: usize) -> Vec<String> {
        self.first.tokens(step)
    }

    fn denoise(&self, input: &DenoiseInput<'_>) -> candle_core::Result<DenoiseOutput> {
        if input.step >= self.step {
            self.refiner.denoise(input)
        } else {
            self.first.denoise(input)
        }
    }
}
