//! Networks on disk that take a picture beside the model.

use std::path::{Path, PathBuf};

/// What is installed beside models, by its files and folders.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Adapters {
    /// Control networks and T2I adapters.
    pub controls: Vec<PathBuf>,
    /// IP-Adapters.
    pub references: Vec<PathBuf>,
}

/// Parts of the names of IP-Adapters and of the folders they are in.
pub(super) const REFERENCE_NAMES: [&str; 3] = ["ip-adapter", "ip_adapter", "ipadapter"];

impl Adapters {
    /// With more of them, told apart by name; those that are known already are left out.
    #[must_use]
    pub fn with<'a>(mut self, more: impl Iterator<Item = &'a Path>) -> Self {
        for path in more {
            let name = path.file_name().unwrap_or_default().to_string_lossy().to_lowercase();
            let is_reference = REFERENCE_NAMES.iter().any(|part| name.contains(part));
            if self.controls.iter().chain(&self.references).any(|known| known == path) {
                continue;
            }
            let list = if is_reference {
                &mut self.references
            } else {
                &mut self.controls
            };
            list.push(path.to_owned());
        }
        self
    }
}
