//! Why a text or a picture cannot condition a network.

use super::tokenizer::TokenizerError;
use crate::diffusion::bare;
use crate::weights::LoadError;
use crate::weights::adapter::AdapterError;

/// Why a text or a picture cannot condition a network.
#[derive(Debug, thiserror::Error)]
pub enum ConditioningError {
    /// The text encoder's files are not usable.
    #[error(transparent)]
    Load(#[from] LoadError),
    /// An embedding is not usable with this model.
    #[error(transparent)]
    Adapter(#[from] AdapterError),
    /// The tokenizer is not usable.
    #[error(transparent)]
    Tokenizer(#[from] TokenizerError),
    /// A tensor operation failed.
    #[error("{0}")]
    Tensor(#[source] candle_core::Error),
    /// The model does not take this value of a setting.
    #[error("{what} must be {expected} for this model, found {found}")]
    Unsupported {
        /// Which setting.
        what: &'static str,
        /// What the model takes.
        expected: String,
        /// What was asked for.
        found: String,
    },
    /// A file is not a readable picture.
    #[error("expected a picture, found a file that is none that can be read: {what}\nFile: {path}")]
    Picture {
        /// What is wrong with it.
        what: String,
        /// The file.
        path: String,
    },
}

impl From<candle_core::Error> for ConditioningError {
    fn from(error: candle_core::Error) -> Self {
        Self::Tensor(bare(error))
    }
}
