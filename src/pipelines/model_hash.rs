//! A model's hash, computed beside the work that does not need it.

use std::path::PathBuf;
use std::sync::{Mutex, OnceLock};
use std::thread::{Builder, JoinHandle};

use crate::weights::{self, ModelFiles};

/// Where hashes of files are kept from run to run; set once.
static CACHE: OnceLock<PathBuf> = OnceLock::new();

/// Keeps hashes of model files in this file from now on, so that a file is read for its hash once and not again until
/// it changes. The first call counts.
pub fn keep_hashes_in(file: PathBuf) {
    CACHE.set(file).ok();
}

/// A hash on its way.
#[derive(Debug)]
pub(super) struct ModelHash {
    found: OnceLock<String>,
    working: Mutex<Option<JoinHandle<String>>>,
}

impl ModelHash {
    /// Begins to read the model's files on a thread of its own.
    pub(super) fn begin(files: ModelFiles) -> Self {
        let working = Builder::new().name("model hash".to_owned()).spawn(move || {
            weights::model_hash(&files, CACHE.get().map(PathBuf::as_path)).unwrap_or_else(|error| {
                tracing::warn!("the model has no hash: {error}");
                String::new()
            })
        });
        Self {
            found: OnceLock::new(),
            working: Mutex::new(working.ok()),
        }
    }

    /// The hash, as soon as it is there; empty if it could not be had.
    pub(super) fn get(&self) -> &str {
        self.found.get_or_init(|| {
            let working = crate::lock(&self.working).take();
            working.and_then(|thread| thread.join().ok()).unwrap_or_default()
        })
    }
}
