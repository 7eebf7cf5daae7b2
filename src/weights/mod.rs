//! Model folders and files to named tensors and networks.
//!
//! [`ModelFiles`] is a model folder, on disk or inside the program, or a [`SingleFile`] shown as one. [`TensorSource`]
//! makes tensors of those in a [`TensorFile`](crate::formats::TensorFile). [`component`] makes the weights of one network
//! available to its constructor, under the names that the network asks for. What cannot be loaded is a [`LoadError`].

pub mod adapter;
mod component;
mod configs;
mod error;
mod files;
mod ggml;
mod halves;
mod hash;
mod numbers;
mod python_json;
mod single;
mod tensor_source;
mod vocabulary;

pub use component::{build, component};
pub use error::LoadError;
pub use files::ModelFiles;
pub use hash::model_hash;
pub use python_json::from_python_json;
pub use single::SingleFile;
pub use tensor_source::TensorSource;
