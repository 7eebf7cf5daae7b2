//! What a killed program left half written in a gallery.

use std::path::{Path, PathBuf};
use std::time::SystemTime;

use super::index::Index;
use super::store::files_in;
use crate::config::{is_real_folder, sweep_leftovers};

/// Removes abandoned files from `folder`, the folders below it at any depth, and the program's own folder in it, and
/// returns them, see [`sweep_leftovers`].
///
/// * `now`: what their age is counted to.
pub(super) fn sweep(folder: &Path, now: SystemTime) -> Vec<PathBuf> {
    let own_folder = Some(Index::own_folder(folder)).filter(|own| is_real_folder(own));
    let own_files = own_folder.iter().flat_map(|own| files_in(own));
    sweep_leftovers(files_in(folder).chain(own_files), now)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::config::PendingFile;

    /// After this long a half written file is taken for abandoned.
    const ABANDONED_AFTER: Duration = Duration::from_hours(24);

    #[test]
    fn only_what_was_abandoned_a_day_ago_should_be_swept() {
        let folder = tempfile::tempdir().unwrap();
        let day_folder = folder.path().join("2026-11-20");
        let deep_folder = day_folder.join("series/blue");
        let own_folder = Index::own_folder(folder.path());
        std::fs::create_dir_all(&deep_folder).unwrap();
        std::fs::create_dir(&own_folder).unwrap();
        let pending = [folder.path(), &day_folder, &deep_folder, &own_folder].map(|folder| {
            let pending = PendingFile::create(folder).unwrap();
            let copy = pending.path().with_file_name(".hareru-aB3dE6.part");
            std::fs::write(&copy, "half").unwrap();
            copy
        });
        for other in [
            ".hareru-notes.part",
            ".hareru-aB3dE6.png",
            "hareru-aB3dE6.part",
            ".hareru-aB3dE6.part.png",
            "a.png",
        ] {
            std::fs::write(day_folder.join(other), "not ours to remove").unwrap();
        }
        std::fs::create_dir(day_folder.join(".hareru-folder.part")).unwrap();

        let now = SystemTime::now();
        assert_eq!(
            sweep(folder.path(), now),
            [] as [PathBuf; 0],
            "a younger one may be in use"
        );
        let tomorrow = now + ABANDONED_AFTER + Duration::from_mins(1);
        let mut swept = sweep(folder.path(), tomorrow);
        swept.sort();
        let mut expected = pending.to_vec();
        expected.sort();
        assert_eq!(swept, expected);
        assert_eq!(std::fs::read_dir(&day_folder).unwrap().count(), 7);
    }

    #[cfg(unix)]
    #[test]
    fn nothing_should_be_swept_through_a_link() {
        let (folder, elsewhere) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let victim = elsewhere.path().join(".hareru-aB3dE6.part");
        std::fs::write(&victim, "half").unwrap();
        for link in [Index::own_folder(folder.path()), folder.path().join("day")] {
            std::os::unix::fs::symlink(elsewhere.path(), link).unwrap();
        }
        let tomorrow = SystemTime::now() + ABANDONED_AFTER + Duration::from_mins(1);
        assert_eq!(sweep(folder.path(), tomorrow), [] as [PathBuf; 0]);
        assert!(victim.exists());
    }
}
