//! What a request may ask for, and why it cannot be carried out.

use super::{ErrorCode, JobError, JobErrorKind};

/// Sides must be multiples of this.
pub const SIZE_MULTIPLE_PX: u32 = 8;
/// Longest side that is accepted.
pub const MAX_SIDE_PX: u32 = 4096;
/// Most steps that are accepted, the length of the training schedule.
pub const MAX_STEPS: u32 = 1000;
/// Most pictures one request may ask for.
pub const MAX_BATCH_COUNT: u32 = 64;

/// Why a request cannot be carried out by any model.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum RequestError {
    /// A side is zero, too long, or not a multiple of the latent's size.
    #[error(
        "size must be multiples of {SIZE_MULTIPLE_PX} from {SIZE_MULTIPLE_PX} to {MAX_SIDE_PX} px, found {width_px}x{height_px}"
    )]
    Size {
        /// Width asked for.
        width_px: u32,
        /// Height asked for.
        height_px: u32,
    },
    /// No steps, or more than the model was trained with.
    #[error("steps must be 1 to {MAX_STEPS}, found {found}")]
    Steps {
        /// Steps asked for.
        found: u32,
    },
    /// No pictures, or too many at once.
    #[error("batch count must be 1 to {MAX_BATCH_COUNT}, found {found}")]
    BatchCount {
        /// Pictures asked for.
        found: u32,
    },
    /// NaN or infinity where a number is needed.
    #[error("{field} must be a finite number, found {found}")]
    NotFinite {
        /// Which field.
        field: &'static str,
        /// Its value.
        found: f64,
    },
    /// η outside its range.
    #[error("eta must be 0 to 1, found {found}")]
    Eta {
        /// Its value.
        found: f64,
    },
    /// A number outside its range.
    #[error("{field} must be {expected}, found {found}")]
    Range {
        /// Which field.
        field: &'static str,
        /// The range.
        expected: String,
        /// Its value.
        found: String,
    },
    /// Two fields that do not go together.
    #[error("{field} needs {needs}")]
    Needs {
        /// Which field.
        field: &'static str,
        /// What has to be there too.
        needs: &'static str,
    },
    /// No sampler or schedule of that name.
    #[error("no {kind} is called {found:?}; known are {known}")]
    Unknown {
        /// `sampler` or `schedule`.
        kind: &'static str,
        /// The name asked for.
        found: String,
        /// The names there are, separated by commas.
        known: String,
    },
}

impl RequestError {
    /// The same for a window.
    pub fn code(&self) -> ErrorCode {
        match self {
            Self::Size { width_px, height_px } => ErrorCode::new("problem-size")
                .with("multiple", SIZE_MULTIPLE_PX)
                .with("max", MAX_SIDE_PX)
                .with("found", format!("{width_px} × {height_px}")),
            Self::Steps { found } => ErrorCode::new("problem-steps")
                .with("max", MAX_STEPS)
                .with("found", *found),
            Self::BatchCount { found } => ErrorCode::new("problem-batch")
                .with("max", MAX_BATCH_COUNT)
                .with("found", *found),
            Self::NotFinite { .. } => ErrorCode::new("problem-not-finite"),
            Self::Eta { found } => ErrorCode::new("problem-eta").with("found", *found),
            Self::Range { field, expected, found } => ErrorCode::new("problem-range")
                .with("field", *field)
                .with("expected", expected.as_str())
                .with("found", found.as_str()),
            Self::Needs { field, needs } => ErrorCode::new("problem-needs")
                .with("field", *field)
                .with("needs", *needs),
            Self::Unknown { found, known, .. } => ErrorCode::new("problem-unknown")
                .with("found", found.as_str())
                .with("known", known.as_str()),
        }
    }
}

impl From<&RequestError> for JobError {
    fn from(error: &RequestError) -> Self {
        Self::new(JobErrorKind::Request, error.to_string()).with_code(error.code())
    }
}
