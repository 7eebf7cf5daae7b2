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

pub use blocks::{UNetBlock, UNetBlockNames};
pub use embedding::{EmbeddingFile, EncoderTarget, LearnedWord};
pub use error::AdapterError;
pub use file::AdapterFile;
pub use layer::AdapterLayer;
pub use names::{Component, LayerTarget, NameTable};
pub use stored::StoredDelta;
