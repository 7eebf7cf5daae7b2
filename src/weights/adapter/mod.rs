//! Files that change a model: LoRA and its kin, and embeddings for words of one's own.
//!
//! [`AdapterFile`] gathers a file's tensors into layers by the name that the file gives to each, whoever wrote it;
//! [`NameTable`] knows every such name of every parameter that the loaded networks really have. Names are never taken
//! apart: `_` is a separator in some of them and part of a word in others.

mod blocks;
mod embedding;
mod error;
mod file;
mod layer;
mod names;
mod peft;
mod stored;

pub use blocks::{Block, BlockNames};
pub use embedding::{EmbeddingFile, LearnedWord, Tower};
pub use error::AdapterError;
pub use file::AdapterFile;
pub use layer::Layer;
pub use names::{Component, NameTable, Target};
pub use stored::StoredChange;

use super::Bytes;
use super::LoadError;
use super::SafetensorsFile;
use std::path::Path;
use std::sync::Arc;

/// An open file of tensors.
type Source = Arc<SafetensorsFile>;

/// Opens a file of tensors.
fn open(path: &Path) -> Result<Source, AdapterError> {
    let bytes = Bytes::map(path).map_err(|source| LoadError::Read {
        path: path.to_owned(),
        source,
    })?;
    Ok(Arc::new(SafetensorsFile::new(bytes, path.to_owned())?))
}
