//! What can go wrong between noise and picture.

/// Why a run ended before its last step.
#[derive(Debug, thiserror::Error)]
pub enum SampleError {
    /// The job was cancelled. An outcome, not a failure: match it before showing errors.
    #[error("cancelled")]
    Cancelled,
    /// NaN or infinity in the latents; what follows would be noise.
    #[error("the latents are no longer finite at step {step}; a wider number format (f32) may help")]
    NotFinite {
        /// The step, counted from 1.
        step: usize,
    },
    /// A tensor operation failed: shapes, memory, device.
    #[error("{0}")]
    Tensor(#[source] candle_core::Error),
}

impl From<candle_core::Error> for SampleError {
    fn from(error: candle_core::Error) -> Self {
        Self::Tensor(bare(error))
    }
}

/// The error itself, without the call stack that candle adds when `RUST_BACKTRACE` is set: what people read is one line.
pub(crate) fn bare(error: candle_core::Error) -> candle_core::Error {
    match error {
        candle_core::Error::WithBacktrace { inner, .. } => bare(*inner),
        candle_core::Error::WithPath { inner, path } => candle_core::Error::WithPath {
            inner: Box::new(bare(*inner)),
            path,
        },
        candle_core::Error::Context { inner, context } => candle_core::Error::Context {
            inner: Box::new(bare(*inner)),
            context,
        },
        error => error,
    }
}

/// Why no table of noise levels could be made.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum ScheduleError {
    /// A run needs at least one step.
    #[error("steps must be at least 1, found 0")]
    NoSteps,
    /// More steps than the training schedule has timesteps.
    #[error("steps must be at most {most} for this sampler and spacing, found {found}")]
    TooManySteps {
        /// The most this combination can place.
        most: usize,
        /// Steps asked for.
        found: usize,
    },
    /// The range of noise levels is empty or not finite.
    #[error("noise levels must satisfy 0 < sigma_min < sigma_max, found {sigma_min} and {sigma_max}")]
    BadSigmaRange {
        /// Smallest noise level.
        sigma_min: f64,
        /// Largest noise level.
        sigma_max: f64,
    },
    /// The model's training schedule makes no sense.
    #[error("the model's scheduler must have {expected}, found {found}")]
    BadTraining {
        /// What was expected.
        expected: &'static str,
        /// What the configuration says.
        found: String,
    },
    /// No sampler of that name.
    #[error("no sampler is called {found:?}")]
    UnknownSampler {
        /// The name asked for.
        found: String,
    },
    /// No schedule of that name.
    #[error("no schedule is called {found:?}")]
    UnknownSchedule {
        /// The name asked for.
        found: String,
    },
}
