//! Bytes to named tensors.
//!
//! [`ModelFiles`] is a model folder, on disk or inside the program, or a [`SingleFile`] shown as one. A
//! [`TensorSource`] reads one file of tensors: [`SafetensorsFile`], [`PickleFile`] or [`GgufFile`], whichever
//! [`open_tensors`] finds it to be; [`detect()`] tells what it is for and [`Renaming`] gives its tensors the names that
//! networks ask for. [`component`] makes the weights of one network available to its constructor. Files are checked
//! before anything in them is believed: a cut or hostile file is a [`LoadError`], never a panic.

pub mod adapter;
mod bytes;
mod component;
mod detect;
mod error;
mod file_hashes;
mod files;
mod gguf;
mod halves;
mod hash;
mod numbers;
mod pickle;
mod python_json;
mod rename;
mod safetensors;
mod single;
mod source;
mod vocabulary;

pub use bytes::Bytes;
pub use component::{build, component};
pub use detect::{FileKind, detect};
pub use error::LoadError;
pub use file_hashes::{FileHashes, file_hashes};
pub use files::ModelFiles;
pub use gguf::GgufFile;
pub use hash::model_hash;
pub use pickle::PickleFile;
pub use python_json::from_python_json;
pub use rename::{Renaming, TensorOrigin, TensorTransform};
pub use safetensors::SafetensorsFile;
pub use single::SingleFile;
pub use source::{TensorSource, open_tensors, tensors_from};
