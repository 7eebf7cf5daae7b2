//! What of a request may be opened, and what of the user's own is meant by it.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::state::AppState;
use crate::hub::ModelKind;
use crate::job::{FileRole, GenerateRequest, ModelRef, NamedFile};

impl AppState {
    /// Notes what a record names that is neither known nor in use already.
    ///
    /// * `is_known`: whether a path lies in a folder of the user's models or pictures.
    pub fn note_strangers(&mut self, request: &GenerateRequest, is_known: impl Fn(&Path) -> bool) {
        let named = request.named_files().into_iter().map(|file| file.path);
        let unknown: Vec<PathBuf> = named.filter(|path| !is_known(path)).collect();
        if unknown.is_empty() {
            return;
        }
        let jobs = self.jobs.jobs().iter().chain(self.jobs.done());
        let jobs = jobs.map(|job| job.order.request.named_files());
        let used: BTreeSet<PathBuf> = jobs
            .chain([self.form.named_files()])
            .flatten()
            .map(|file| file.path)
            .collect();
        // What is in use was agreed to, or is noted.
        self.strangers
            .extend(unknown.into_iter().filter(|path| !used.contains(path)));
    }

    /// Whether a path was brought in by a record and must not be opened. What is installed may be.
    pub fn is_stranger(&self, path: &Path) -> bool {
        self.strangers.contains(path) && self.installed.item(path).is_none()
    }

    /// Whether a model must not be opened.
    pub fn is_strange_model(&self, model: &ModelRef) -> bool {
        matches!(model, ModelRef::Path(path) if self.is_stranger(path))
    }

    /// What a request names and must not be opened.
    pub fn strangers_in(&self, request: &GenerateRequest) -> Vec<NamedFile> {
        if self.strangers.is_empty() {
            return Vec::new();
        }
        let named = request.named_files().into_iter();
        named.filter(|file| self.is_stranger(&file.path)).collect()
    }

    /// The installed file of the same name, whatever folder it was in and whatever its ending; `None` also for pictures,
    /// which are not installed.
    pub fn installed_like(&self, named: &NamedFile) -> Option<PathBuf> {
        let kind = match named.role {
            FileRole::Model => ModelKind::Model,
            FileRole::Vae => ModelKind::Vae,
            FileRole::Lora => ModelKind::Lora,
            FileRole::Embedding => ModelKind::Embedding,
            FileRole::Adapter => ModelKind::Control,
            FileRole::Upscaler => ModelKind::Upscaler,
            FileRole::Picture | FileRole::Mask => return None,
        };
        let wanted = stem(&named.path);
        let mut items = self.installed.of_kind(kind).filter(|item| item.error.is_none());
        items
            .find(|item| stem(&item.path) == wanted)
            .map(|item| item.path.clone())
    }
}

/// The name of a file without folders and the ending of weights, in small letters. The path may be another system's.
fn stem(path: &Path) -> String {
    const ENDINGS: [&str; 6] = [".safetensors", ".ckpt", ".pth", ".pt", ".bin", ".gguf"];
    let text = path.to_string_lossy().to_lowercase();
    let name = text
        .rsplit(['/', '\\'])
        .find(|part| !part.is_empty())
        .unwrap_or_default();
    let plain = ENDINGS.iter().find_map(|ending| name.strip_suffix(ending));
    plain.unwrap_or(name).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::job::LoraSpec;

    fn naming(path: &str) -> GenerateRequest {
        GenerateRequest {
            loras: vec![LoraSpec::new(path, 1.0)],
            ..GenerateRequest::default()
        }
    }

    #[test]
    fn only_what_is_neither_known_nor_in_use_should_be_strange() {
        let mut state = AppState {
            form: std::sync::Arc::new(naming("/mine/a.safetensors")),
            ..AppState::default()
        };
        for path in [
            "/mine/a.safetensors",
            "/models/b.safetensors",
            "/theirs/c.safetensors",
            r"\\host\d",
        ] {
            state.note_strangers(&naming(path), |path| path.starts_with("/models"));
        }
        assert!(
            !state.is_stranger(Path::new("/mine/a.safetensors")),
            "the form names it"
        );
        assert!(!state.is_stranger(Path::new("/models/b.safetensors")));
        assert!(state.is_stranger(Path::new(r"\\host\d")));
        let strangers = state.strangers_in(&naming("/theirs/c.safetensors"));
        assert_eq!(strangers.len(), 1, "{strangers:?}");
        state.strangers.accept(Path::new("/theirs/c.safetensors"));
        assert_eq!(state.strangers_in(&naming("/theirs/c.safetensors")), []);
    }

    #[test]
    fn a_name_should_be_the_same_whatever_system_it_is_of() {
        for path in [
            r"C:\Models\SD\Dream.safetensors",
            "/home/x/dream.ckpt",
            "dream",
            r"\\host\share\dream.gguf",
            "models/Dream/",
        ] {
            assert_eq!(stem(Path::new(path)), "dream", "{path}");
        }
        assert_eq!(stem(Path::new("v1.5")), "v1.5", "a dot is no ending");
    }
}
