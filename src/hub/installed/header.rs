//! The header of a safetensors file: names, shapes and notes, without the tensors.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use serde::Deserialize;
use serde_json::Value;

use crate::hub::HubError;

/// Largest header that is read, in bytes; the format allows no larger one.
const MAX_HEADER_BYTES: u64 = 100_000_000;
/// Bytes before it that say how long it is.
const LENGTH_BYTES: u64 = 8;

/// What a file says of itself.
#[derive(Debug, Default)]
pub(super) struct Header {
    /// Shapes by name.
    pub(super) tensors: BTreeMap<String, Vec<u64>>,
    /// What trainers and other programs wrote.
    pub(super) notes: BTreeMap<String, String>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Entry {
    Tensor { shape: Vec<u64>, data_offsets: [u64; 2] },
    Notes(BTreeMap<String, Value>),
}

impl Header {
    /// Reads the header, and checks that the file is as long as it says.
    ///
    /// # Errors
    /// [`HubError::Broken`] if it is not, or is no header; [`HubError::Io`].
    pub(super) fn read(path: &Path) -> Result<Self, HubError> {
        let broken = |reason: String| HubError::broken(path, reason);
        let mut file = File::open(path).map_err(HubError::io(path))?;
        let bytes = file.metadata().map_err(HubError::io(path))?.len();
        if bytes < LENGTH_BYTES {
            return Err(broken(format!("expected at least {LENGTH_BYTES} bytes, found {bytes}")));
        }
        let mut length = [0; LENGTH_BYTES as usize];
        file.read_exact(&mut length).map_err(HubError::io(path))?;
        let length = u64::from_le_bytes(length);
        if length > MAX_HEADER_BYTES.min(bytes - LENGTH_BYTES) {
            return Err(broken(format!(
                "its header should have {length} bytes, the file has {bytes}"
            )));
        }
        let mut text = Vec::new();
        file.take(length).read_to_end(&mut text).map_err(HubError::io(path))?;
        let entries: BTreeMap<String, Entry> =
            serde_json::from_slice(&text).map_err(|error| broken(format!("its header is not valid: {error}")))?;

        let (mut header, mut end) = (Self::default(), 0);
        for (name, entry) in entries {
            match entry {
                Entry::Tensor { shape, data_offsets } => {
                    end = end.max(data_offsets[1]);
                    header.tensors.insert(name, shape);
                }
                Entry::Notes(notes) => {
                    let texts = notes.into_iter().filter_map(|(name, note)| match note {
                        Value::String(text) => Some((name, text)),
                        _ => None,
                    });
                    header.notes.extend(texts);
                }
            }
        }
        let expected = end.saturating_add(length + LENGTH_BYTES);
        if expected > bytes {
            return Err(broken(format!("expected {expected} bytes, found {bytes}")));
        }
        Ok(header)
    }
}
