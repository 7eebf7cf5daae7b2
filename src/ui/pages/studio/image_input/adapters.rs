//! Networks on disk that take a picture beside the model.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use crate::hub::ModelKind;
use crate::ui::model::installed::Installed;

/// What is installed beside models, by its files and folders.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Adapters {
    /// Control networks and T2I adapters.
    pub controls: Vec<PathBuf>,
    /// IP-Adapters.
    pub references: Vec<PathBuf>,
}

/// Parts of the names of IP-Adapters and of the folders they are in.
const REFERENCE_NAMES: [&str; 3] = ["ip-adapter", "ip_adapter", "ipadapter"];

impl Adapters {
    /// What of these has a model follow a picture; the names of files and of their folders tell which way.
    pub fn of(installed: &Installed) -> Self {
        let mut adapters = Self::default();
        for item in installed.of_kind(ModelKind::Control) {
            let is_named = |part: Option<&OsStr>| {
                let name = part.unwrap_or_default().to_string_lossy().to_lowercase();
                REFERENCE_NAMES.iter().any(|known| name.contains(known))
            };
            let folder = item.path.parent().and_then(Path::file_name);
            let is_reference = is_named(item.path.file_name()) || is_named(folder);
            let list = if is_reference {
                &mut adapters.references
            } else {
                &mut adapters.controls
            };
            list.push(item.path.clone());
        }
        adapters
    }
}
