//! The folders the program uses, where the operating system wants them.

use std::path::PathBuf;

use directories::{ProjectDirs, UserDirs};

/// Name of the program's folders.
const FOLDER_NAME: &str = "Hareru";

/// Where settings, data, caches and pictures live. None of the folders need exist.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Paths {
    /// The settings file.
    pub settings_file: PathBuf,
    /// What the window looked like when it was closed.
    pub session_file: PathBuf,
    /// What the program keeps and cannot make again.
    pub data_dir: PathBuf,
    /// Folders of models in the diffusers layout.
    pub models_dir: PathBuf,
    /// The newest file of the window's log; older ones lie beside it.
    pub log_file: PathBuf,
    /// Small copies of pictures, which the program can make again.
    pub thumbnail_dir: PathBuf,
    /// Hashes of model files, which the program can make again.
    pub hash_cache: PathBuf,
    /// Where pictures go unless the settings say otherwise.
    pub default_gallery_dir: PathBuf,
}

impl Paths {
    /// The folders of the current user. Without a home folder everything is kept below the working folder.
    pub fn of_user() -> Self {
        let (config_dir, data_dir, cache_dir) = match ProjectDirs::from("", "", FOLDER_NAME) {
            Some(dirs) => (
                dirs.config_dir().to_owned(),
                dirs.data_dir().to_owned(),
                dirs.cache_dir().to_owned(),
            ),
            None => (
                PathBuf::from(".hareru/config"),
                PathBuf::from(".hareru/data"),
                PathBuf::from(".hareru/cache"),
            ),
        };
        let pictures = UserDirs::new().and_then(|dirs| dirs.picture_dir().map(|pictures| pictures.join(FOLDER_NAME)));
        Self {
            settings_file: config_dir.join("settings.json"),
            session_file: config_dir.join("session.json"),
            default_gallery_dir: pictures.unwrap_or_else(|| data_dir.join("gallery")),
            models_dir: data_dir.join("models"),
            log_file: data_dir.join("logs").join("hareru.log"),
            data_dir,
            thumbnail_dir: cache_dir.join("thumbnails"),
            hash_cache: cache_dir.join("hashes.json"),
        }
    }
}
