//! Bytes to named tensors.
//!
//! [`ModelFiles`] is a model folder, on disk or inside the program; [`SafetensorsFile`] reads one file of tensors;
//! [`component`] makes the weights of one network available to its constructor. Files are checked before anything in
//! them is believed: a cut or hostile file is a [`LoadError`], never a panic.

pub mod adapter;
mod bytes;
mod component;
mod error;
mod files;
mod halves;
mod hash;
mod python_json;
mod safetensors;

pub use bytes::Bytes;
pub use component::{build, component};
pub use error::LoadError;
pub use files::ModelFiles;
pub use hash::model_hash;
pub use python_json::from_python_json;
pub use safetensors::SafetensorsFile;
