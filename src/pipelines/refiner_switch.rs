//! Two models that take turns in one run.

use candle_core::Device;

use super::Scheduler;
use super::denoiser::{DenoiseInput, DenoiseOutput, Denoiser};
use super::families::UNetDenoiser;

/// A model for the first steps of a run and, if there is one, another for the last.
pub(super) struct RefinerSwitch<'a> {
    pub(super) first: UNetDenoiser<'a>,
    /// From which step on the other one is asked.
    pub(super) second: Option<(usize, UNetDenoiser<'a>)>,
}

impl Denoiser for RefinerSwitch<'_> {
    fn device(&self) -> &Device {
        self.first.device()
    }

    fn scheduler(&self) -> &Scheduler {
        self.first.scheduler()
    }

    fn tokens(&self, step: usize) -> Vec<String> {
        self.first.tokens(step)
    }

    fn denoise(&self, input: &DenoiseInput<'_>) -> candle_core::Result<DenoiseOutput> {
        match &self.second {
            Some((step, second)) if input.step >= *step => second.denoise(input),
            _ => self.first.denoise(input),
        }
    }
}
