//! The models on disk, as the hub found them.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::hub::{Download, InstalledModel, InstalledModels, ModelKind};
use crate::job::{FileRole, GenerateRequest, ModelRef};

/// Everything that is installed, and what is being fetched.
#[derive(Debug, Default)]
pub struct Installed {
    /// What the hub found last.
    pub models: Arc<InstalledModels>,
    /// Whether the folders have been looked through.
    pub is_scanned: bool,
    /// Downloads that go on, wait or are over, in the order they began.
    pub downloads: Vec<Download>,
}

impl Installed {
    /// What is installed of a kind, in order of name.
    pub fn of_kind(&self, kind: ModelKind) -> impl Iterator<Item = &Arc<InstalledModel>> {
        self.models.items.iter().filter(move |item| item.kind == kind)
    }

    /// Models that can be chosen, in order of name.
    pub fn models(&self) -> impl Iterator<Item = ModelRef> {
        let usable = self.of_kind(ModelKind::Model).filter(|item| item.error.is_none());
        usable.map(|item| ModelRef::Path(item.path.clone()))
    }

    /// What is at this path.
    pub fn item(&self, path: &Path) -> Option<&Arc<InstalledModel>> {
        self.models.items.iter().find(|item| item.path == path)
    }

    /// Changes what is known of the item at this path.
    pub(in crate::ui) fn change(&mut self, path: &Path, change: impl FnOnce(&mut InstalledModel)) {
        let models = Arc::make_mut(&mut self.models);
        if let Some(item) = models.items.iter_mut().find(|item| item.path == path) {
            change(Arc::make_mut(item));
        }
    }
}

/// Everything installed that a request uses.
pub(in crate::ui) fn used_by(request: &GenerateRequest) -> Vec<PathBuf> {
    let named = request.named_files().into_iter();
    let weights = named.filter(|file| !matches!(file.role, FileRole::Picture | FileRole::Mask));
    weights.map(|file| file.path).collect()
}
