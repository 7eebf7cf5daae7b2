//! What killed programs left half written.

use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use super::{Paths, PendingFile};

/// Age from which a half written file is taken for abandoned; another program may still be writing a younger one.
const ABANDONED_AFTER: Duration = Duration::from_hours(24);

/// Removes those of `files` that are abandoned, and returns them. Only files under names that [`PendingFile`] gives are
/// touched.
///
/// * `now`: what their age is counted to.
pub fn sweep_leftovers(files: impl IntoIterator<Item = PathBuf>, now: SystemTime) -> Vec<PathBuf> {
    files
        .into_iter()
        .filter(|path| path.file_name().is_some_and(PendingFile::is_its_name))
        .filter(|path| is_abandoned(path, now))
        .filter(|path| match std::fs::remove_file(path) {
            Ok(()) => {
                tracing::info!("a half written file was removed: {}", path.display());
                true
            }
            Err(error) => {
                tracing::info!("a half written file was not removed: {error}: {}", path.display());
                false
            }
        })
        .collect()
}

/// Does the same beside the program's own files: settings, session, queue, models, hashes. Galleries and thumbnails are
/// swept by those who keep them.
pub fn sweep_own_folders(paths: &Paths, now: SystemTime) -> Vec<PathBuf> {
    let files = [&paths.settings_file, &paths.session_file, &paths.hash_cache];
    let mut folders: Vec<&Path> = files.into_iter().filter_map(|file| file.parent()).collect();
    folders.extend([paths.data_dir.as_path(), &paths.models_dir]);
    folders.sort();
    folders.dedup();
    let entries = folders
        .into_iter()
        .filter_map(|folder| std::fs::read_dir(folder).ok())
        .flatten();
    sweep_leftovers(entries.filter_map(|entry| entry.ok().map(|entry| entry.path())), now)
}

fn is_abandoned(path: &Path, now: SystemTime) -> bool {
    std::fs::symlink_metadata(path).is_ok_and(|metadata| {
        metadata.is_file()
            && metadata
                .modified()
                .is_ok_and(|modified| now.duration_since(modified).is_ok_and(|age| age >= ABANDONED_AFTER))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_left_beside_the_programs_own_files_should_be_swept_after_a_day() {
        let home = tempfile::tempdir().unwrap();
        let below = |name: &str| home.path().join(name);
        let paths = Paths {
            settings_file: below("config/settings.json"),
            session_file: below("config/session.json"),
            data_dir: below("data"),
            models_dir: below("data/models"),
            log_file: below("data/logs/hareru.log"),
            thumbnail_dir: below("cache/thumbnails"),
            hash_cache: below("cache/hashes.json"),
            default_gallery_dir: below("pictures"),
        };
        let folders = ["config", "data", "data/models", "cache"].map(below);
        let mut expected: Vec<PathBuf> = Vec::new();
        for folder in &folders {
            std::fs::create_dir_all(folder).unwrap();
            let left = folder.join(".hareru-aB3dE6.part");
            std::fs::write(&left, "half").unwrap();
            std::fs::write(folder.join("settings.json"), "{}").unwrap();
            std::fs::write(folder.join("model.safetensors.part"), "a download").unwrap();
            expected.push(left);
        }
        std::fs::create_dir_all(paths.default_gallery_dir.join("day")).unwrap();
        std::fs::write(paths.default_gallery_dir.join(".hareru-aB3dE6.part"), "half").unwrap();

        let now = SystemTime::now();
        assert_eq!(
            sweep_own_folders(&paths, now),
            [] as [PathBuf; 0],
            "another program may be writing it"
        );
        let tomorrow = now + ABANDONED_AFTER + Duration::from_mins(1);
        let mut swept = sweep_own_folders(&paths, tomorrow);
        swept.sort();
        expected.sort();
        assert_eq!(swept, expected);
        for folder in &folders {
            assert!(folder.join("settings.json").exists() && folder.join("model.safetensors.part").exists());
        }
        assert!(paths.default_gallery_dir.join(".hareru-aB3dE6.part").exists());
    }
}
