//! Why no picture came out.

use crate::conditioning::{ConditioningError, TokenizerError};
use crate::diffusion::{SampleError, ScheduleError, bare};
use crate::job::Precision;
use crate::pipelines::preprocess::PreprocessError;
use crate::weights::LoadError;
use crate::weights::adapter::AdapterError;

/// Why no picture came out.
#[derive(Debug, thiserror::Error)]
pub enum PipelineError {
    /// The model's files are not usable.
    #[error(transparent)]
    Load(#[from] LoadError),
    /// An adapter or an embedding is not usable with this model.
    #[error(transparent)]
    Adapter(#[from] AdapterError),
    /// A text or a picture cannot condition the model.
    #[error(transparent)]
    Conditioning(#[from] ConditioningError),
    /// The steps, schedule and spacing do not go together.
    #[error(transparent)]
    Schedule(#[from] ScheduleError),
    /// The run ended early.
    #[error(transparent)]
    Sample(#[from] SampleError),
    /// A tensor operation failed outside the run.
    #[error("{0}")]
    Tensor(#[source] candle_core::Error),
    /// No family knows this kind of model.
    #[error("expected a {expected} model, found {found}\nFile: {path}")]
    UnknownFamily {
        /// Families that were tried.
        expected: String,
        /// What `model_index.json` says.
        found: String,
        /// The folder.
        path: String,
    },
    /// The request does not fit this model.
    #[error("{what} must be {expected} for this model, found {found}")]
    Unsupported {
        /// Which setting.
        what: &'static str,
        /// What the model takes.
        expected: String,
        /// What was asked for.
        found: String,
    },
    /// The device cannot compute in that precision.
    #[error("precision must be {expected} on this {device}, found {found}")]
    Precision {
        /// What kind of device it is.
        device: &'static str,
        /// What may be asked of it.
        expected: String,
        /// What was asked for.
        found: Precision,
    },
    /// A network beside the model was made for another model.
    #[error("{part} must be made for this model ({expected}), found one for another ({found})\nFile: {path}")]
    OtherModel {
        /// Which network.
        part: &'static str,
        /// What the model is like.
        expected: String,
        /// What the network was made for.
        found: String,
        /// Its file or folder.
        path: String,
    },
    /// A picture could not be prepared for what follows it.
    #[error(transparent)]
    Preprocess(#[from] PreprocessError),
}

impl From<candle_core::Error> for PipelineError {
    fn from(error: candle_core::Error) -> Self {
        Self::Tensor(bare(error))
    }
}

impl From<TokenizerError> for PipelineError {
    fn from(error: TokenizerError) -> Self {
        Self::Conditioning(error.into())
    }
}

impl PipelineError {
    /// Whether someone asked to stop, which is an outcome and no failure.
    pub fn is_cancelled(&self) -> bool {
        matches!(self, Self::Sample(SampleError::Cancelled))
    }
}

/// Whether the device says that it is full.
pub(super) fn is_out_of_memory(error: &candle_core::Error) -> bool {
    let text = error.to_string().to_lowercase();
    ["out of memory", "outofmemory", "out_of_memory"]
        .iter()
        .any(|name| text.contains(name))
}
