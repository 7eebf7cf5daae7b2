//! Checksums, so that a file that has rotted is not taken for a run.

use std::collections::BTreeMap;

/// CRC-32 of some bytes.
pub(super) fn crc32(bytes: &[u8]) -> u32 {
    let mut crc = flate2::Crc::new();
    crc.update(bytes);
    crc.sum()
}

/// Into how many rows a tensor is cut, each with its checksum: its steps, if it has any.
pub(super) fn num_rows(shape: &[usize]) -> usize {
    match *shape {
        [steps, _, _, _] => steps,
        _ => 1,
    }
}

/// The checksums of a file.
#[derive(Debug, Clone, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
pub(super) struct Checksums {
    /// Of the text of the header.
    header: u32,
    /// Of each row of each tensor.
    tensors: BTreeMap<String, Vec<u32>>,
}

impl Checksums {
    pub(super) fn of_header(text: &str) -> Self {
        Self {
            header: crc32(text.as_bytes()),
            tensors: BTreeMap::new(),
        }
    }

    pub(super) fn insert(&mut self, name: &str, rows: Vec<u32>) {
        self.tensors.insert(name.to_owned(), rows);
    }

    pub(super) fn is_header(&self, text: &str) -> bool {
        self.header == crc32(text.as_bytes())
    }

    pub(super) fn is_row(&self, name: &str, row: usize, bytes: &[u8]) -> bool {
        self.tensors.get(name).and_then(|rows| rows.get(row)) == Some(&crc32(bytes))
    }
}
