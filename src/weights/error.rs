//! Why weights could not be loaded.

use crate::formats::FormatError;
use std::path::PathBuf;

/// Why a model's files could not be turned into tensors or a network. One line each: what was expected, what was
/// found, the file last.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// The model is not there.
    #[error("expected a model folder or file, found nothing. File: {path}", path = path.display())]
    NoFolder {
        /// Where it was looked for.
        path: PathBuf,
    },

    /// A file the model needs is not there.
    #[error("the model needs {file:?}, which it does not have. File: {path}", path = path.display())]
    MissingFile {
        /// Path inside the model.
        file: String,
        /// The model.
        path: PathBuf,
    },

    /// A network's folder holds no weights under a name this version knows.
    #[error("{component} needs a weight file, expected one of {expected}, found none. File: {path}", path = path.display())]
    NoWeights {
        /// The network, e.g. `unet`.
        component: String,
        /// The names that were tried.
        expected: String,
        /// Folder in which they were looked for.
        path: PathBuf,
    },

    /// A configuration is not what its file name promises.
    #[error("could not understand the configuration ({source}). File: {path}", path = path.display())]
    Json {
        /// The file.
        path: PathBuf,
        /// Line, column and reason.
        source: serde_json::Error,
    },

    /// The list of shards names something that is not a plain file name.
    #[error("the list of weight files names {shard:?}, expected a file name in its own folder. File: {path}", path = path.display())]
    BadShard {
        /// The entry.
        shard: String,
        /// The list.
        path: PathBuf,
    },

    /// A network needs a tensor that is not there.
    #[error("{component} needs tensor {name:?}, which the file does not have. File: {path}", path = path.display())]
    MissingTensor {
        /// The network, e.g. `unet`.
        component: String,
        /// Full name of the tensor.
        name: String,
        /// The weight file.
        path: PathBuf,
    },

    /// A tensor has another shape than the configuration asks for.
    #[error("{component}: tensor {name:?} has shape {found:?}, expected {expected:?}. File: {path}", path = path.display())]
    ShapeMismatch {
        /// The network, e.g. `unet`.
        component: String,
        /// Full name of the tensor.
        name: String,
        /// By the configuration.
        expected: Box<[usize]>,
        /// In the file.
        found: Box<[usize]>,
        /// The weight file.
        path: PathBuf,
    },

    /// A tensor's numbers are of a kind that cannot be used.
    #[error("tensor {name:?} holds {found} numbers, expected F32, F16, BF16, F64, F8_E4M3 or F8_E5M2. File: {path}", path = path.display())]
    UnsupportedDtype {
        /// Full name of the tensor.
        name: String,
        /// As the file calls it.
        found: String,
        /// The weight file.
        path: PathBuf,
    },

    /// A file could not be read.
    #[error(transparent)]
    Format(#[from] FormatError),

    /// The network refused its configuration or its weights, or the device its tensors.
    #[error("{0}")]
    Tensor(#[source] candle_core::Error),
}

impl From<candle_core::Error> for LoadError {
    /// Keeps the cause, without the call stack that candle adds when `RUST_BACKTRACE` is set.
    fn from(error: candle_core::Error) -> Self {
        match error {
            candle_core::Error::WithBacktrace { inner, .. } => Self::from(*inner),
            error => Self::Tensor(error),
        }
    }
}
