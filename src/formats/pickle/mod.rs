//! `PyTorch`'s own files: a pickle that describes tensors, and their numbers beside it. The pickle is read, never run.

mod legacy;
mod located;
mod machine;
mod names;
mod opcodes;
mod value;
mod zip;

use super::bytes::Bytes;
use super::encoding::Encoding;
use super::error::Broken;
use super::error::FormatError;
use super::tensor_file::TensorFile;
use located::Located;
use located::located;
use machine::Machine;
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::path::Path;
use std::path::PathBuf;

/// The entry of the archive that is the pickle, inside its one folder.
const PICKLE: &str = "data.pkl";

/// A `.ckpt`, `.pt` or `.bin` file, zipped as since `PyTorch` 1.6 or in the stream before it. Tensors in nested
/// dictionaries are named by their path, joined with dots; if there is a `state_dict` it alone counts, without its name.
#[derive(Debug)]
pub struct PickleFile {
    bytes: Bytes,
    tensors: BTreeMap<String, Located>,
    path: PathBuf,
}

impl PickleFile {
    /// Whether a file that starts like this is one.
    pub fn recognises(bytes: &[u8]) -> bool {
        bytes.starts_with(b"PK\x03\x04") || bytes.starts_with(b"PK\x05\x06") || legacy::recognises(bytes)
    }

    /// Reads the description, and checks that every tensor it names lies inside its storage and every storage inside
    /// the file.
    ///
    /// * `path`: for messages only.
    ///
    /// # Errors
    /// [`FormatError::Broken`] if the archive or the pickle makes no sense or has no tensors, or asks for something that
    /// is not weights.
    pub fn new(bytes: Bytes, path: PathBuf) -> Result<Self, FormatError> {
        let read = if legacy::recognises(&bytes) {
            legacy::read(&bytes)
        } else {
            zipped(&bytes)
        };
        let tensors = read.map_err(|broken| broken.at(&path))?;
        if tensors.is_empty() {
            return Err(Broken::new("tensors in the pickle", "none").at(&path));
        }
        Ok(Self { bytes, tensors, path })
    }
}

impl TensorFile for PickleFile {
    fn names(&self) -> Vec<String> {
        self.tensors.keys().cloned().collect()
    }

    fn shape(&self, name: &str) -> Option<&[usize]> {
        self.tensors.get(name).map(|located| located.tensor.shape.as_slice())
    }

    fn encoding(&self, name: &str) -> Option<Encoding> {
        let located = self.tensors.get(name)?;
        Some(Encoding::Plain(located.tensor.storage.stored))
    }

    fn data(&self, name: &str) -> Result<Option<Cow<'_, [u8]>>, FormatError> {
        let part = self.tensors.get(name).map(|located| match located.span() {
            Some(span) => self.bytes.part(span),
            None => Ok(Cow::Owned(located.gathered(&self.bytes.part(located.storage())?))),
        });
        part.transpose().map_err(FormatError::read(&self.path))
    }

    fn path(&self) -> &Path {
        &self.path
    }
}

/// The tensors of an archive.
fn zipped(bytes: &[u8]) -> Result<BTreeMap<String, Located>, Broken> {
    let entries = zip::entries(bytes)?;
    let pickle = entries.iter().find_map(|(name, range)| {
        let root = name.strip_suffix(PICKLE)?;
        (root.is_empty() || root.ends_with('/')).then_some((root, range.clone()))
    });
    let (root, range) = pickle.ok_or_else(|| Broken::new(format!("{PICKLE:?} in the archive"), "none"))?;
    if let Some(order) = entries.get(&format!("{root}byteorder"))
        && bytes[order.clone()] != *b"little"
    {
        return Err(Broken::new("little-endian numbers", "others"));
    }
    let pickle = &bytes[range];
    let (value, machine) = Machine::run(pickle, 0)?;
    located(value, &machine, |tensor| {
        let key = String::from_utf8_lossy(&pickle[tensor.storage.key.clone()]);
        let found = entries.get(&format!("{root}data/{key}")).cloned();
        found.ok_or_else(|| Broken::new(format!("storage {key:?} in the archive"), "none"))
    })
}
