//! The folders whose files may be opened because a picture's record names them.

use std::path::{Component, Path, PathBuf};

use super::{Paths, Settings};

/// The folders of models and pictures that the user has. A record may be a stranger's, and to open a path that it names can
/// reach for another machine, so only files in these folders are opened for it without asking.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownFolders {
    folders: Vec<PathBuf>,
}

impl KnownFolders {
    /// Those of the settings and of the program.
    ///
    /// * `gallery_dir`: where pictures are saved.
    pub fn of(settings: &Settings, paths: &Paths, gallery_dir: &Path) -> Self {
        let own = [paths.models_dir.as_path(), gallery_dir].map(Path::to_owned);
        let added = settings.model_folders.iter().chain(&settings.watched_folders).cloned();
        let absolute = |folder: PathBuf| std::path::absolute(&folder).unwrap_or(folder);
        Self {
            folders: own.into_iter().chain(added).map(absolute).collect(),
        }
    }

    /// Whether the path, as it is written, lies in one of them. Nothing is opened to find out, so `..` lies nowhere.
    pub fn hold(&self, path: &Path) -> bool {
        let is_below = |folder: &PathBuf| {
            path.strip_prefix(folder)
                .is_ok_and(|rest| rest.components().all(|part| matches!(part, Component::Normal(_))))
        };
        path.is_absolute() && self.folders.iter().any(is_below)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_written_as_below_a_known_folder_should_be_held() {
        let root = std::env::temp_dir();
        let at = |path: &str| root.join(path);
        let settings = Settings {
            model_folders: vec![at("comfy")],
            watched_folders: vec![at("watched")],
            ..Settings::default()
        };
        let paths = Paths {
            models_dir: at("models"),
            ..Paths::of_user()
        };
        let known = KnownFolders::of(&settings, &paths, &at("gallery"));
        for path in [
            "models/a.safetensors",
            "comfy/loras/b.safetensors",
            "watched/c.png",
            "gallery/d/e.png",
        ] {
            assert!(known.hold(&at(path)), "{path}");
        }
        for path in [
            "elsewhere/a.safetensors",
            "models/../elsewhere/a",
            "models2/a",
            "comfy/x/../../../a",
        ] {
            assert!(!known.hold(&at(path)), "{path}");
        }
        for path in [
            "a.safetensors",
            "",
            "models/a.safetensors",
            r"\\server\share\a.safetensors",
            "//server/share/a.safetensors",
            r"\\?\UNC\server\share\a",
            r"C:\Users\me\models\a.safetensors",
            "/dev/zero",
        ] {
            assert!(!known.hold(Path::new(path)), "{path}");
        }
    }
}
