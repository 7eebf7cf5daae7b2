//! Files of tensors as bytes: headers, kinds, hashes, and the names that each program gives to the same tensors.
//!
//! [`open_tensors`] finds out which format a file is in and gives a [`TensorFile`]: [`SafetensorsFile`], [`PickleFile`]
//! or [`GgufFile`]. [`detect`] says what it is for, by the names and shapes of its tensors alone; [`Renaming`] maps the
//! names of a network as diffusers has it to those of the file; [`file_hashes`] gives the names by which people know it.
//! No tensor is made here, so whatever only lists files needs no tensor library. Files are checked before anything in
//! them is believed: a cut or hostile file is a [`FormatError`], never a panic.

mod bytes;
mod encoding;
mod error;
mod gguf;
mod hashes;
mod kind;
mod open;
mod pickle;
mod rename;
mod safetensors;
mod tensor_file;

pub use bytes::Bytes;
pub use encoding::{Encoding, StoredDtype};
pub(crate) use error::Broken;
pub use error::FormatError;
pub use gguf::GgufFile;
pub use hashes::{FileHashes, HashCache, file_hashes};
pub(crate) use kind::{Dialect, Part, Parts, detect_parts, parts};
pub use kind::{FileKind, detect, is_lora};
pub use open::{open_tensors, tensors_from};
pub use pickle::PickleFile;
pub(crate) use rename::{LDM_UNET_OUTER, LDM_UNET_RESNET};
pub use rename::{Renaming, TensorOrigin, TensorTransform};
pub use safetensors::SafetensorsFile;
pub use tensor_file::TensorFile;
