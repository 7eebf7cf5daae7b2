//! Finds models, adapters and embeddings in folders.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::Value;

use super::folders::{ScanFolder, scan_folders};
use super::kind::{ModelKind, by_name, by_text_width, kind_and_family};
use super::model::{Cover, FolderOwner, InstalledModel, InstalledModels};
use super::{cover, notes};
use crate::config::read_regular;
use crate::formats::open_tensors;
use crate::hub::HubError;

/// Folders inside folders that are looked into.
const MAX_DEPTH: usize = 6;
/// Files and folders that are looked at in one scan; a whole disk given by mistake ends here.
const MAX_ENTRIES: usize = 200_000;
/// Largest description of a model that is read, in bytes.
const MAX_CONFIG_BYTES: u64 = 4 << 20;
/// Largest file without a header that is taken for a learned word, in bytes.
const MAX_WORD_BYTES: u64 = 2 << 20;
/// Names of the weights of a network in the diffusers layout begin so.
const NETWORK: &str = "diffusion_pytorch_model";

/// What is in the models folder and in those that were added, which may also be single files.
pub(super) fn scan(models_dir: &Path, added: &[PathBuf]) -> InstalledModels {
    let mut models = InstalledModels::default();
    let own = ScanFolder {
        path: models_dir.to_owned(),
        owner: FolderOwner::Hareru,
        kind: None,
    };
    let mut walk = Walk::default();
    walk.scan_folder(&own);
    for folder in added {
        if folder.is_file() {
            walk.file(folder, FolderOwner::User, None);
        } else if folder.is_dir() {
            for scan_folder in scan_folders(folder) {
                walk.scan_folder(&scan_folder);
            }
        } else {
            models.missing.push(folder.clone());
        }
    }
    walk.items
        .sort_by_cached_key(|item| (item.kind, item.name.to_lowercase(), item.path.clone()));
    models.items = walk.items.into_iter().map(Arc::new).collect();
    models
}

/// What a file or folder is, for its place in the models folder.
pub(in crate::hub) fn kind_of(path: &Path) -> ModelKind {
    let mut walk = Walk::default();
    if path.is_dir() {
        walk.folder(path, FolderOwner::Hareru, None, MAX_DEPTH);
    } else {
        walk.file(path, FolderOwner::Hareru, None);
    }
    walk.items.first().map_or(ModelKind::Model, |item| item.kind)
}

#[derive(Default)]
struct Walk {
    items: Vec<InstalledModel>,
    visited: BTreeSet<PathBuf>,
    num_entries: usize,
}

impl Walk {
    fn scan_folder(&mut self, scan_folder: &ScanFolder) {
        self.folder(&scan_folder.path, scan_folder.owner, scan_folder.kind, 0);
    }

    fn folder(&mut self, folder: &Path, owner: FolderOwner, kind: Option<ModelKind>, depth: usize) {
        if folder.join("model_index.json").is_file() {
            self.add_folder(folder, owner, ModelKind::Model);
            return;
        }
        if let Some(config) = network_config(folder) {
            let class = kind_of_class(config["_class_name"].as_str().unwrap_or_default());
            self.add_folder(folder, owner, class.or(kind).unwrap_or(ModelKind::Model));
            return;
        }
        if depth > MAX_DEPTH {
            return;
        }
        let entries = std::fs::read_dir(folder).into_iter().flatten();
        let mut paths: Vec<PathBuf> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
        paths.sort();
        for path in paths {
            self.num_entries += 1;
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            if self.num_entries > MAX_ENTRIES || name.starts_with('.') {
                continue; // unfinished downloads are among these
            }
            if path.is_dir() {
                let named = ModelKind::ALL
                    .into_iter()
                    .find(|kind| owner == FolderOwner::Hareru && kind.folder_name() == name);
                self.folder(&path, owner, named.or(kind), depth + 1);
            } else {
                self.file(&path, owner, kind);
            }
        }
    }

    /// A file, if it is one of weights.
    fn file(&mut self, path: &Path, owner: FolderOwner, hint: Option<ModelKind>) {
        let ending = path.extension().unwrap_or_default().to_string_lossy().to_lowercase();
        let Ok(metadata) = std::fs::metadata(path) else { return };
        if metadata.len() == 0 && ending != "safetensors" {
            return; // placeholders such as "put models here"
        }
        let by_ending = match ending.as_str() {
            "safetensors" => None,
            "ckpt" | "gguf" => Some(ModelKind::Model),
            "pth" => Some(ModelKind::Upscaler),
            "pt" | "bin" if metadata.len() <= MAX_WORD_BYTES => Some(ModelKind::Embedding),
            "pt" | "bin" if hint.is_some() => None,
            _ => return,
        };
        let mut item = item(path, owner, metadata.len());
        if ending == "safetensors" {
            match open_tensors(path) {
                Ok(file) => {
                    let (kind, family) = kind_and_family(&*file);
                    item.kind = kind.or(hint).unwrap_or(ModelKind::Model);
                    item.family = family;
                    item.trigger_words = notes::of_header(&*file);
                    item.cover = cover::beside(path).or_embedded(&*file);
                }
                Err(error) => {
                    item.kind = hint.unwrap_or(ModelKind::Model);
                    item.error = Some(reason(&error.into()));
                    item.cover = cover::beside(path);
                }
            }
        } else {
            item.kind = hint.or(by_ending).unwrap_or(ModelKind::Model);
            item.cover = cover::beside(path);
        }
        notes::add(&mut item);
        self.add(item);
    }

    fn add_folder(&mut self, folder: &Path, owner: FolderOwner, kind: ModelKind) {
        let mut item = item(folder, owner, size_of(folder, 0));
        item.name = folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
        item.kind = kind;
        item.cover = cover::inside(folder);
        let text_width = |part: &str| {
            config(&folder.join(part).join("config.json"))?["cross_attention_dim"]
                .as_u64()?
                .try_into()
                .ok()
        };
        item.family = text_width("unet").or_else(|| text_width("")).and_then(by_text_width);
        match read_config(&folder.join("model_index.json")) {
            Ok(index) => {
                let class = index["_class_name"].as_str().unwrap_or_default().to_lowercase();
                item.family = item.family.or_else(|| by_name(&class));
            }
            Err(error) if kind == ModelKind::Model => item.error = Some(reason(&error)),
            Err(_) => {}
        }
        self.add(item);
    }

    fn add(&mut self, item: InstalledModel) {
        if self.visited.insert(item.path.clone()) {
            self.items.push(item);
        }
    }
}

fn item(path: &Path, owner: FolderOwner, bytes: u64) -> InstalledModel {
    InstalledModel {
        path: path.to_owned(),
        name: path.file_stem().unwrap_or_default().to_string_lossy().into_owned(),
        kind: ModelKind::Model,
        family: None,
        bytes,
        owner,
        trigger_words: Vec::new(),
        preferred_weight: None,
        error: None,
        hashes: None,
        last_used_unix_secs: None,
        cover: Cover::None,
    }
}

/// Without the file, whose name stands above it.
fn reason(error: &HubError) -> String {
    let line = error.one_line();
    line.split(" File: ").next().unwrap_or_default().to_owned()
}

/// The configuration of a folder that is one network in the diffusers layout.
fn network_config(folder: &Path) -> Option<Value> {
    let entries = std::fs::read_dir(folder).ok()?;
    let has_weights = entries
        .filter_map(Result::ok)
        .any(|entry| entry.file_name().to_string_lossy().starts_with(NETWORK));
    has_weights.then(|| config(&folder.join("config.json"))).flatten()
}

fn kind_of_class(class: &str) -> Option<ModelKind> {
    match class {
        "ControlNetModel" | "T2IAdapter" => Some(ModelKind::Control),
        class if class.starts_with("Autoencoder") => Some(ModelKind::Vae),
        _ => None,
    }
}

fn config(path: &Path) -> Option<Value> {
    read_config(path).ok()
}

fn read_config(path: &Path) -> Result<Value, HubError> {
    let text = read_regular(path, MAX_CONFIG_BYTES).map_err(|error| match error.kind() {
        std::io::ErrorKind::FileTooLarge => HubError::broken(path, error.to_string()),
        _ => HubError::io(path)(error),
    })?;
    serde_json::from_slice(&text)
        .map_err(|error| HubError::broken(path, format!("model_index.json is no JSON: {error}")))
}

/// Bytes of all files in a folder.
fn size_of(folder: &Path, depth: usize) -> u64 {
    if depth > MAX_DEPTH {
        return 0;
    }
    let entries = std::fs::read_dir(folder).into_iter().flatten().filter_map(Result::ok);
    entries
        .map(|entry| match std::fs::metadata(entry.path()) {
            Ok(metadata) if metadata.is_dir() => size_of(&entry.path(), depth + 1),
            Ok(metadata) => metadata.len(),
            Err(_) => 0,
        })
        .fold(0, u64::saturating_add)
}
