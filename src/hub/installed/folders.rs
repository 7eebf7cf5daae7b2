//! Where other programs keep their models.

use std::path::{Path, PathBuf};

use super::kind::ModelKind;
use super::model::FolderOwner;
use crate::config::read_regular;

/// Largest file of paths that is read, in bytes.
const MAX_YAML_BYTES: u64 = 1 << 20;
/// Names that folders of other programs commonly have.
const COMMON: [&str; 9] = [
    "ComfyUI",
    "ComfyUI_windows_portable/ComfyUI",
    "stable-diffusion-webui",
    "stable-diffusion-webui-forge",
    "stable-diffusion-webui-reForge",
    "sd-webui-forge-neo",
    "webui_forge/webui",
    "invokeai",
    "InvokeAI",
];

/// A folder to look through.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ScanFolder {
    pub(super) path: PathBuf,
    pub(super) owner: FolderOwner,
    /// What is in it, where the file itself does not show it.
    pub(super) kind: Option<ModelKind>,
}

/// What `ComfyUI` calls its folders, in `models` and in `extra_model_paths.yaml`.
const COMFY: [(&str, ModelKind); 8] = [
    ("checkpoints", ModelKind::Model),
    ("loras", ModelKind::Lora),
    ("embeddings", ModelKind::Embedding),
    ("controlnet", ModelKind::Control),
    ("t2i_adapter", ModelKind::Control),
    ("ipadapter", ModelKind::Control),
    ("vae", ModelKind::Vae),
    ("upscale_models", ModelKind::Upscaler),
];

/// The folders of A1111 and Forge.
const A1111: [(&str, ModelKind); 10] = [
    ("models/Stable-diffusion", ModelKind::Model),
    ("models/Lora", ModelKind::Lora),
    ("models/LyCORIS", ModelKind::Lora),
    ("embeddings", ModelKind::Embedding),
    ("models/ControlNet", ModelKind::Control),
    ("extensions/sd-webui-controlnet/models", ModelKind::Control),
    ("models/VAE", ModelKind::Vae),
    ("models/ESRGAN", ModelKind::Upscaler),
    ("models/RealESRGAN", ModelKind::Upscaler),
    ("models/DAT", ModelKind::Upscaler),
];

/// What `InvokeAI` calls kinds, in folders such as `models/sd-1/lora`.
const INVOKE: [(&str, ModelKind); 8] = [
    ("main", ModelKind::Model),
    ("lora", ModelKind::Lora),
    ("embedding", ModelKind::Embedding),
    ("controlnet", ModelKind::Control),
    ("t2i_adapter", ModelKind::Control),
    ("ip_adapter", ModelKind::Control),
    ("vae", ModelKind::Vae),
    ("spandrel_image_to_image", ModelKind::Upscaler),
];

/// Whose folder it is, by what is in it.
pub(super) fn owner_of(folder: &Path) -> FolderOwner {
    let has = |path: &str| folder.join(path).exists();
    if has("models/Stable-diffusion") {
        FolderOwner::A1111
    } else if has("invokeai.yaml") || has("databases/invokeai.db") || has("models/sd-1") || has("models/sdxl") {
        FolderOwner::InvokeAi
    } else if has("models/checkpoints") || has("models/loras") || has("extra_model_paths.yaml") {
        FolderOwner::ComfyUi
    } else {
        FolderOwner::User
    }
}

/// Where to look in a folder that the user added.
pub(super) fn scan_folders(folder: &Path) -> Vec<ScanFolder> {
    let owner = owner_of(folder);
    let scan_folder = |path: PathBuf, kind| ScanFolder { path, owner, kind };
    match owner {
        FolderOwner::A1111 => A1111
            .map(|(name, kind)| scan_folder(folder.join(name), Some(kind)))
            .into(),
        FolderOwner::ComfyUi => {
            let own = COMFY.map(|(name, kind)| scan_folder(folder.join("models").join(name), Some(kind)));
            let mut scan_folders = Vec::from(own);
            scan_folders.extend(extra_paths(folder));
            scan_folders
        }
        FolderOwner::InvokeAi => invoke(&folder.join("models")),
        FolderOwner::Hareru | FolderOwner::User => vec![scan_folder(folder.to_owned(), None)],
    }
}

/// `models/BASE/KIND`, or, of newer ones, `models/ID` with files whose headers must show what they are.
fn invoke(models: &Path) -> Vec<ScanFolder> {
    let owner = FolderOwner::InvokeAi;
    let mut scan_folders = Vec::new();
    for base in subfolders(models) {
        let known: Vec<ScanFolder> = INVOKE
            .iter()
            .map(|(name, kind)| (base.join(name), Some(*kind)))
            .filter(|(path, _)| path.is_dir())
            .map(|(path, kind)| ScanFolder { path, owner, kind })
            .collect();
        if known.is_empty() {
            scan_folders.push(ScanFolder {
                path: base,
                owner,
                kind: None,
            });
        }
        scan_folders.extend(known);
    }
    scan_folders
}

fn subfolders(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten();
    let mut found: Vec<PathBuf> = entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.is_dir())
        .collect();
    found.sort();
    found
}

/// The folders that `extra_model_paths.yaml` names. Only what its own example has is understood: sections, a
/// `base_path`, and one path or a block of paths for each kind.
fn extra_paths(folder: &Path) -> Vec<ScanFolder> {
    let file = folder.join("extra_model_paths.yaml");
    let text = read_regular(&file, MAX_YAML_BYTES).unwrap_or_default();
    let text = String::from_utf8(text).unwrap_or_default();
    let (mut scan_folders, mut base, mut block) = (Vec::new(), folder.to_owned(), None);
    let mut add = |base: &Path, kind, path: &str| {
        scan_folders.push(ScanFolder {
            path: base.join(path),
            owner: FolderOwner::ComfyUi,
            kind: Some(kind),
        });
    };
    for line in text.lines() {
        let line = line.split(" #").next().unwrap_or_default().trim_end();
        let trimmed = line.trim_start();
        let depth = line.len() - trimmed.len();
        if trimmed.is_empty() || trimmed.starts_with('#') {
            continue;
        }
        if let Some((kind, above)) = block {
            if depth > above {
                add(&base, kind, unquoted(trimmed));
                continue;
            }
            block = None;
        }
        let Some((key, value)) = trimmed.split_once(':') else {
            continue;
        };
        let value = unquoted(value.trim());
        if depth == 0 {
            folder.clone_into(&mut base);
        } else if key == "base_path" {
            base = folder.join(expanded(value));
        } else if let Some((_, kind)) = COMFY.iter().find(|(name, _)| *name == key) {
            if value.starts_with(['|', '>']) {
                block = Some((*kind, depth));
            } else if !value.is_empty() {
                add(&base, *kind, value);
            }
        }
    }
    scan_folders
}

fn unquoted(text: &str) -> &str {
    text.trim_matches(['"', '\''])
}

/// `~` stands for the user's home.
fn expanded(path: &str) -> PathBuf {
    match (path.strip_prefix("~/"), std::env::home_dir()) {
        (Some(rest), Some(home)) => home.join(rest),
        _ => PathBuf::from(path),
    }
}

/// Folders of other programs that are there and not among `known`.
pub(super) fn offered(look_in: &[PathBuf], known: &[PathBuf]) -> Vec<(PathBuf, FolderOwner)> {
    let candidates = look_in.iter().flat_map(|folder| COMMON.map(|name| folder.join(name)));
    let mut found: Vec<(PathBuf, FolderOwner)> = candidates
        .filter(|path| path.is_dir() && !known.contains(path))
        .map(|path| {
            let owner = owner_of(&path);
            (path, owner)
        })
        .filter(|(_, owner)| *owner != FolderOwner::User)
        .collect();
    // Where names are case-insensitive, the same folder may have been found twice.
    let mut visited = Vec::new();
    found.retain(|(path, _)| {
        let real = path.canonicalize().unwrap_or_else(|_gone| path.clone());
        let is_new = !visited.contains(&real);
        visited.push(real);
        is_new
    });
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_of_comfyui_should_be_read_as_its_example_writes_them() {
        let folder = tempfile::tempdir().unwrap();
        let text = "#comment\na111:\n    base_path: /sd/webui/  # there\n    checkpoints: models/Stable-diffusion\n    \
                    loras: |\n         models/Lora\n         models/LyCORIS\n    clip: models/clip\n    \
                    vae: \"models/VAE\"\nother:\n    loras: mine\n";
        std::fs::write(folder.path().join("extra_model_paths.yaml"), text).unwrap();
        let found: Vec<_> = extra_paths(folder.path())
            .into_iter()
            .map(|scan_folder| (scan_folder.path, scan_folder.kind))
            .collect();
        let expected = [
            (
                PathBuf::from("/sd/webui/models/Stable-diffusion"),
                Some(ModelKind::Model),
            ),
            (PathBuf::from("/sd/webui/models/Lora"), Some(ModelKind::Lora)),
            (PathBuf::from("/sd/webui/models/LyCORIS"), Some(ModelKind::Lora)),
            (PathBuf::from("/sd/webui/models/VAE"), Some(ModelKind::Vae)),
            (folder.path().join("mine"), Some(ModelKind::Lora)),
        ];
        assert_eq!(found, expected);
    }
}
