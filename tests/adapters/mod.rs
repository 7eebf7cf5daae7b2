//! Adapters: the forms they come in against plain sums, the names they go by, and how they come and go.

mod forms;
mod model;
mod names;

use std::path::PathBuf;

use crate::support::weights::{Entry, safetensors_bytes, write};

/// Numbers without a pattern, −1 to 1.
pub(super) fn numbers(count: usize, seed: usize) -> Vec<f32> {
    let number = |i: usize| ((i * 7919 + seed * 104_729 + i * i * 31) % 2003) as f32 / 1001.0 - 1.0;
    (0..count).map(number).collect()
}

/// A tensor of such numbers.
pub(super) fn entry(name: &'static str, shape: &'static [usize], seed: usize) -> Entry<'static> {
    (name, shape, numbers(shape.iter().product(), seed))
}

/// A folder that goes when the test ends.
pub(super) struct Folder(pub(super) tempfile::TempDir);

impl Folder {
    pub(super) fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    /// Writes a file of tensors.
    pub(super) fn file(&self, name: &str, entries: &[Entry<'_>]) -> PathBuf {
        write(self.0.path(), name, &safetensors_bytes(entries));
        self.0.path().join(name)
    }
}
