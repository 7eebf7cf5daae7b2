//! Why a picture was not prepared.

/// Why a picture was not prepared.
#[derive(Debug, thiserror::Error)]
pub enum PreprocessError {
    /// There is nothing of this name.
    #[error("{what} must be one of {expected}, found {found}")]
    Unknown {
        /// What was named.
        what: &'static str,
        /// What there is.
        expected: String,
        /// The name.
        found: String,
    },
    /// A value that makes no sense.
    #[error("{parameter} must be {least} to {largest}, found {found}")]
    OutOfRange {
        /// The parameter's id.
        parameter: &'static str,
        /// Least value.
        least: f64,
        /// Largest value.
        largest: f64,
        /// The value.
        found: f64,
    },
    /// A picture without pixels, or with more or fewer than its size says.
    #[error("an image of {width_px}×{height_px} needs {expected} bytes and at least one pixel, found {found} bytes")]
    Size {
        /// Width in pixels.
        width_px: u32,
        /// Height in pixels.
        height_px: u32,
        /// Three for each pixel.
        expected: u64,
        /// What is there.
        found: usize,
    },
    /// The device is out of memory.
    #[error(transparent)]
    Tensor(#[from] candle_core::Error),
}
