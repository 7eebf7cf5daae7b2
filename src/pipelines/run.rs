//! One run, described as data, and what comes of it.

use std::sync::Arc;

use candle_core::Tensor;

use super::denoiser::Denoiser;
use super::probe::Probe;
use super::run_plan::RunPlan;
use crate::diffusion::guidance::GuidanceSchedule;
use crate::diffusion::samplers::{Options, Sampler};
use crate::diffusion::schedule::SigmaTable;
use crate::job::{Change, JobControl, NoiseSource, StepRecord};

/// Where a run's noise comes from: a function of the seed and the step.
#[derive(Debug)]
pub struct Noise {
    /// The seed.
    pub seed: u64,
    /// Which generator makes the noise that the run starts from; that of steps is always ours.
    pub source: NoiseSource,
    /// Some of another seed's noise to start from: the seed, and how much of it, 0 to 1.
    pub variation: Option<(u64, f64)>,
}

/// What a run starts from.
#[derive(Debug, Clone)]
pub enum InitialLatents {
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

impl InitialLatents {
    /// The first step that is taken.
    pub fn first(&self) -> usize {
        match self {
            Self::Noise => 0,
            Self::Picture { first, .. } | Self::Noisy { first, .. } => *first,
        }
    }
}

/// The part of a picture that inpainting keeps: it is put back under the noise of each level.
#[derive(Debug, Clone)]
pub struct InpaintBlend {
    /// Clean latents, `(1, channels, height, width)`.
    pub latents: Tensor,
    /// 1 where the run may paint, 0 where the picture stays, between where both count: `(1, 1, height, width)`.
    pub mask: Tensor,
}

/// One run, completely described.
pub struct Run<'a> {
    /// The networks with everything they are conditioned on.
    pub denoiser: &'a dyn Denoiser,
    /// How the predictions with and without the prompt are weighed.
    pub guidance: GuidanceSchedule,
    /// How to step.
    pub sampler: &'a dyn Sampler,
    /// The sampler's parameters.
    pub options: Options,
    /// The noise levels to step through.
    pub table: &'a SigmaTable,
    /// What to start from.
    pub start: InitialLatents,
    /// The part of a picture that is kept in inpainting.
    pub inpaint: Option<InpaintBlend>,
    /// The noise to start from and to add at steps.
    pub noise: Noise,
    /// What changes, ends or resumes it.
    pub plan: RunPlan,
    /// Requests to pause, change or end it while it runs.
    pub control: &'a JobControl,
    /// A test's hold on it.
    pub probe: Option<&'a dyn Probe>,
}

/// A finished run.
#[derive(Debug, Clone)]
pub struct RunOutput {
    /// The result at the last noise level of the table, x₀ + σ·ε.
    pub x: Tensor,
    /// The same as a decoder takes it.
    pub latents: Tensor,
    /// Every step.
    pub steps: Vec<Arc<StepRecord>>,
    /// What the steps' attention belongs to; empty if none was kept.
    pub tokens: Vec<String>,
    /// What was asked for on the way beside what was planned, counted as the records are.
    pub asked: Vec<Change>,
    /// How many steps were taken, if the run was ended early; counted as the records are.
    pub ended_after: Option<usize>,
}
