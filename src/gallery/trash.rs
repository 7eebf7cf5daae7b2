//! Taking files away so that they can be brought back.

use std::io;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use super::trajectory_file;
use crate::config::{is_real_folder, make_real_folders, move_new};

/// Folder for what is taken away where the system has no trash, in the folder of the program's own files.
const FOLDER_NAME: &str = "trash";

/// Bytes of dropped trajectories that [`bound_dropped`] leaves in that folder whatever the budget: 1 GiB.
const LEAST_KEPT_BYTES: u64 = 1 << 30;

/// Names that are tried for a folder in the trash.
const MAX_ATTEMPTS: usize = 10_000;

/// Where files go that are taken away.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum TrashPlace {
    /// Into the system's trash; where there is none, as with [`Self::Folder`].
    #[default]
    System,
    /// Into `.hareru/trash` of the gallery.
    Folder,
}

/// Takes files away, and knows what it has taken.
#[derive(Debug)]
pub(super) struct Trash {
    /// The folder for what the system does not take.
    folder: PathBuf,
    place: TrashPlace,
    /// What was taken, the newest last.
    taken: Vec<Vec<Group>>,
}

/// Files that go together: a picture and what lies beside it.
#[derive(Debug)]
struct Group {
    files: Vec<Taken>,
}

#[derive(Debug)]
struct Taken {
    original: PathBuf,
    /// Where it is; `None` in the system's trash.
    kept: Option<PathBuf>,
    /// When it was taken, in seconds since 1970-01-01 UTC.
    unix_secs: i64,
}

/// What came of taking away or bringing back.
#[derive(Debug, Default)]
pub(super) struct Outcome {
    /// First files of the groups with which it went well.
    pub(super) done: Vec<PathBuf>,
    /// All files that were moved.
    pub(super) files: Vec<PathBuf>,
    /// Why it went wrong with others, in one line each.
    pub(super) failures: Vec<String>,
}

impl Trash {
    /// * `own_folder`: the folder of the program's own files in the gallery.
    pub(super) fn new(own_folder: &Path, place: TrashPlace) -> Self {
        Self {
            folder: own_folder.join(FOLDER_NAME),
            place,
            taken: Vec::new(),
        }
    }

    /// Takes groups of files away; of each, what is not there is left out.
    pub(super) fn take(&mut self, groups: Vec<Vec<PathBuf>>) -> Outcome {
        let mut outcome = Outcome::default();
        let groups: Vec<Vec<PathBuf>> = groups
            .into_iter()
            .map(|files| {
                files
                    .into_iter()
                    .filter(|file| file.symlink_metadata().is_ok())
                    .collect()
            })
            .collect();
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        if self.place == TrashPlace::System
            && let Err(error) = trash::delete_all(groups.iter().flatten())
        {
            tracing::warn!("the system's trash did not take all: {error}");
        }
        let mut place = Place::new(&self.folder, now.as_millis());
        let mut taken: Vec<Group> = Vec::new();
        for (number, files) in groups.into_iter().enumerate() {
            let mut group = Group { files: Vec::new() };
            for original in files {
                let kept = match place.take(number, &original) {
                    Ok(kept) => kept,
                    Err(error) => {
                        outcome
                            .failures
                            .push(format!("could not put into the trash: {error}: {}", original.display()));
                        continue;
                    }
                };
                group.files.push(Taken {
                    original,
                    kept,
                    unix_secs: now.as_secs().cast_signed(),
                });
            }
            outcome
                .done
                .extend(group.files.first().map(|first| first.original.clone()));
            outcome
                .files
                .extend(group.files.iter().map(|taken| taken.original.clone()));
            if !group.files.is_empty() {
                taken.push(group);
            }
        }
        if !taken.is_empty() {
            self.taken.push(taken);
        }
        outcome
    }

    /// Brings back what the newest [`Self::take`] took; `None` if there is nothing. What cannot be brought back may be
    /// tried again.
    pub(super) fn restore(&mut self) -> Option<Outcome> {
        let groups = self.taken.pop()?;
        let mut outcome = Outcome::default();
        let mut remaining: Vec<Group> = Vec::new();
        let in_system: Vec<&Taken> = groups
            .iter()
            .flat_map(|group| &group.files)
            .filter(|taken| taken.kept.is_none())
            .collect();
        if let Err(message) = restore_from_system(&in_system) {
            outcome.failures.push(message);
        }
        for group in groups {
            let first = group.files.first().map(|first| first.original.clone());
            let mut left = Vec::new();
            for taken in group.files {
                match brought_back(&taken) {
                    Ok(()) => outcome.files.push(taken.original),
                    Err(error) => {
                        let path = taken.original.display();
                        outcome
                            .failures
                            .push(format!("could not bring back from the trash: {error}: {path}"));
                        left.push(taken);
                    }
                }
            }
            outcome.done.extend(first.filter(|first| outcome.files.contains(first)));
            if !left.is_empty() {
                remaining.push(Group { files: left });
            }
        }
        if !remaining.is_empty() && !outcome.failures.is_empty() {
            self.taken.push(remaining);
        }
        std::fs::remove_dir(&self.folder).ok(); // if it is empty
        Some(outcome)
    }
}

/// Deletes the oldest trajectories among those that were dropped where the system has no trash, until they have no more
/// than `most_bytes` or [`LEAST_KEPT_BYTES`]. What was taken away together with a picture stays.
///
/// * `own_folder`: the folder of the program's own files in the gallery.
pub(super) fn bound_dropped(own_folder: &Path, most_bytes: u64) {
    if !is_real_folder(own_folder) {
        return;
    }
    let mut dropped: Vec<(SystemTime, u64, PathBuf)> = entries(&own_folder.join(FOLDER_NAME))
        .flat_map(|taken| entries(&taken).collect::<Vec<_>>())
        .map(|group| entries(&group).collect::<Vec<_>>())
        .filter(|group| group.iter().all(|file| trajectory_file::picture_path(file).is_some()))
        .flatten()
        .filter_map(|file| {
            let metadata = file.symlink_metadata().ok()?;
            Some((metadata.modified().ok()?, metadata.len(), file))
        })
        .collect();
    dropped.sort();
    let mut bytes: u64 = dropped.iter().map(|(_, bytes, _)| bytes).sum();
    for (_, size, file) in dropped {
        if bytes <= most_bytes.max(LEAST_KEPT_BYTES) {
            break;
        }
        match std::fs::remove_file(&file) {
            Ok(()) => {
                bytes -= size;
                let group = file.parent();
                for folder in group.into_iter().chain(group.and_then(Path::parent)) {
                    std::fs::remove_dir(folder).ok(); // if it is empty
                }
            }
            Err(error) => tracing::warn!("the trash was not emptied: {error}: {}", file.display()),
        }
    }
}

/// What is in a folder; nothing if it cannot be read, or is a link to one elsewhere.
fn entries(folder: &Path) -> impl Iterator<Item = PathBuf> + use<> {
    let entries = is_real_folder(folder).then(|| std::fs::read_dir(folder));
    let entries = entries.into_iter().flatten().flatten();
    entries.filter_map(|entry| entry.ok().map(|entry| entry.path()))
}

/// A folder in the trash for what is taken away at one time, made when it is needed.
struct Place {
    trash: PathBuf,
    /// Name of the folder, or the first that is tried.
    number: u128,
    is_made: bool,
}

impl Place {
    /// * `number`: a name that is likely to be free, such as the time in milliseconds.
    fn new(trash: &Path, number: u128) -> Self {
        Self {
            trash: trash.to_owned(),
            number,
            is_made: false,
        }
    }

    /// Moves what the system has not taken into the folder of a group; where it now is, or `None` in the system's trash.
    fn take(&mut self, group: usize, file: &Path) -> io::Result<Option<PathBuf>> {
        if file.symlink_metadata().is_err() {
            return Ok(None);
        }
        let folder = self.folder()?.join(group.to_string());
        make_real_folders(&folder, 1)?;
        let kept = folder.join(file.file_name().unwrap_or_default());
        move_new(file, &kept)?;
        Ok(Some(kept))
    }

    /// The folder, which no other program has: two may take files away in the same millisecond.
    fn folder(&mut self) -> io::Result<PathBuf> {
        for _attempt in 0..MAX_ATTEMPTS {
            let folder = self.trash.join(self.number.to_string());
            if self.is_made {
                return Ok(folder);
            }
            // The program's own folder, the trash: a stranger's gallery may have links there.
            make_real_folders(&self.trash, 2)?;
            match std::fs::create_dir(&folder) {
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => self.number += 1,
                Err(error) if error.kind() == io::ErrorKind::NotFound => {} // the trash was emptied meanwhile
                made => {
                    made?;
                    self.is_made = true;
                }
            }
        }
        Err(io::ErrorKind::AlreadyExists.into())
    }
}

fn brought_back(taken: &Taken) -> io::Result<()> {
    let Taken { original, kept, .. } = taken;
    let Some(kept) = kept else {
        // The system has brought it back, or has said why not.
        return original.symlink_metadata().map(|_there| ());
    };
    if let Some(folder) = original.parent() {
        std::fs::create_dir_all(folder)?;
    }
    move_new(kept, original)?;
    for folder in kept.ancestors().skip(1).take(2) {
        std::fs::remove_dir(folder).ok(); // if it is empty
    }
    Ok(())
}

/// Has the system bring back files; those that are in its trash several times as they were last.
#[cfg(any(
    target_os = "windows",
    all(unix, not(target_os = "macos"), not(target_os = "ios"), not(target_os = "android"))
))]
fn restore_from_system(taken: &[&Taken]) -> Result<(), String> {
    use std::collections::HashMap;

    /// The system notes whole seconds, and its clock may differ from ours by one.
    const SLACK_SECS: i64 = 2;

    if taken.is_empty() {
        return Ok(());
    }
    let one_line = |error: trash::Error| error.to_string().replace(['\n', '\r'], " ");
    let mut newest: HashMap<PathBuf, trash::TrashItem> = HashMap::new();
    for item in trash::os_limited::list().map_err(one_line)? {
        let path = item.original_path();
        let is_ours = taken
            .iter()
            .any(|taken| same_file(&taken.original, &path) && item.time_deleted >= taken.unix_secs - SLACK_SECS);
        let is_newest = newest
            .get(&path)
            .is_none_or(|known| known.time_deleted <= item.time_deleted);
        if is_ours && is_newest {
            newest.insert(path, item);
        }
    }
    let mut items: Vec<trash::TrashItem> = newest.into_values().collect();
    items.sort_by_key(trash::TrashItem::original_path);
    let mut failure = Ok(());
    for item in items {
        if let Some(folder) = item.original_path().parent() {
            std::fs::create_dir_all(folder).ok(); // if that fails, so will what follows
        }
        if let Err(error) = trash::os_limited::restore_all([item]) {
            failure = Err(one_line(error));
        }
    }
    failure
}

/// The system has true names, without links.
#[cfg(any(
    target_os = "windows",
    all(unix, not(target_os = "macos"), not(target_os = "ios"), not(target_os = "android"))
))]
fn same_file(ours: &Path, system: &Path) -> bool {
    if ours == system {
        return true;
    }
    let folder = ours.parent().and_then(|folder| folder.canonicalize().ok());
    ours.file_name() == system.file_name() && folder.as_deref() == system.parent()
}

/// Takes files out of the user's trash, in which they have kept their names.
#[cfg(not(any(
    target_os = "windows",
    all(unix, not(target_os = "macos"), not(target_os = "ios"), not(target_os = "android"))
)))]
fn restore_from_system(taken: &[&Taken]) -> Result<(), String> {
    let trash = directories::BaseDirs::new().map(|dirs| dirs.home_dir().join(".Trash"));
    let trash = trash.ok_or_else(|| "expected a home folder with a trash, found none".to_owned())?;
    for Taken { original, .. } in taken {
        let kept = trash.join(original.file_name().unwrap_or_default());
        if original.symlink_metadata().is_err() {
            std::fs::rename(&kept, original).map_err(|error| format!("{error}: {}", kept.display()))?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_of_one_name_should_all_be_kept_however_quickly_they_are_taken() {
        let folder = tempfile::tempdir().unwrap();
        let own_folder = folder.path().join("own");
        let mut trash = Trash::new(&own_folder, TrashPlace::Folder);
        for day in 0..20 {
            let day_folder = folder.path().join(day.to_string());
            std::fs::create_dir(&day_folder).unwrap();
            let file = day_folder.join("run");
            std::fs::write(&file, "steps").unwrap();
            let outcome = trash.take(vec![vec![file]]);
            assert!(outcome.failures.is_empty(), "{:?}", outcome.failures);
        }
        let kept = std::fs::read_dir(own_folder.join(FOLDER_NAME)).unwrap();
        assert_eq!(kept.count(), 20, "none should have taken the place of another");
    }

    #[test]
    fn programs_that_take_files_away_at_once_should_share_no_folder() {
        const NUM_PROGRAMS: usize = 8;
        const NUM_FILES: usize = 40;
        let folder = tempfile::tempdir().unwrap();
        let own_folder = folder.path().join("own");
        std::thread::scope(|scope| {
            for program in 0..NUM_PROGRAMS {
                let (own_folder, pictures) = (own_folder.clone(), folder.path().join(program.to_string()));
                scope.spawn(move || {
                    let mut trash = Trash::new(&own_folder, TrashPlace::Folder);
                    std::fs::create_dir(&pictures).unwrap();
                    let file = pictures.join("run"); // all have this name
                    for number in 0..NUM_FILES {
                        std::fs::write(&file, format!("{program} {number}")).unwrap();
                        let outcome = trash.take(vec![vec![file.clone()]]);
                        assert_eq!(outcome.failures, [] as [String; 0]);
                    }
                    for number in (0..NUM_FILES).rev() {
                        let outcome = trash.restore().unwrap();
                        assert_eq!(outcome.failures, [] as [String; 0]);
                        assert_eq!(std::fs::read_to_string(&file).unwrap(), format!("{program} {number}"));
                        std::fs::remove_file(&file).unwrap();
                    }
                });
            }
        });
    }

    #[test]
    fn what_is_brought_back_should_take_the_place_of_nothing_and_stay_in_the_trash_until_there_is_room() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("a.png");
        std::fs::write(&file, "first").unwrap();
        let mut trash = Trash::new(&folder.path().join("own"), TrashPlace::Folder);
        trash.take(vec![vec![file.clone()]]);
        std::fs::write(&file, "another of that name").unwrap();
        let outcome = trash.restore().unwrap();
        assert_eq!(outcome.failures.len(), 1);
        assert_eq!(std::fs::read(&file).unwrap(), b"another of that name");
        std::fs::remove_file(&file).unwrap();
        assert_eq!(trash.restore().unwrap().failures, [] as [String; 0]);
        assert_eq!(std::fs::read(&file).unwrap(), b"first");
    }

    #[test]
    fn the_oldest_dropped_runs_should_go_once_they_are_too_much_and_pictures_never() {
        let folder = tempfile::tempdir().unwrap();
        let kept = |taken: &str, group: &str, name: &str| {
            let group = folder.path().join(FOLDER_NAME).join(taken).join(group);
            std::fs::create_dir_all(&group).unwrap();
            let file = std::fs::File::create(group.join(name)).unwrap();
            file.set_len(LEAST_KEPT_BYTES * 3 / 4).unwrap(); // takes no room on the disk
            let unix_secs = std::time::Duration::from_secs(taken.parse().unwrap());
            file.set_modified(UNIX_EPOCH + unix_secs).unwrap();
            group.join(name)
        };
        let with_picture = [kept("1", "0", "a.png"), kept("1", "0", "a.trajectory.safetensors")];
        let oldest = kept("2", "0", "b.trajectory.safetensors");
        let newest = kept("3", "0", "c.trajectory.safetensors");
        bound_dropped(folder.path(), u64::MAX);
        assert!(oldest.exists(), "they are within that budget");
        bound_dropped(folder.path(), 0);
        assert!(!oldest.exists() && newest.exists());
        assert!(
            !folder.path().join(FOLDER_NAME).join("2").exists(),
            "no empty folder stays"
        );
        assert!(with_picture.iter().all(|file| file.exists()));
    }

    #[cfg(unix)]
    #[test]
    fn links_in_the_own_folder_should_lead_nothing_out_and_delete_nothing_elsewhere() {
        let elsewhere = tempfile::tempdir().unwrap();
        let group = elsewhere.path().join(FOLDER_NAME).join("1/0");
        std::fs::create_dir_all(&group).unwrap();
        let victim = group.join("a.trajectory.safetensors");
        let file = std::fs::File::create(&victim).unwrap();
        file.set_len(LEAST_KEPT_BYTES * 2).unwrap(); // takes no room on the disk
        for depth in 0..3 {
            let gallery = tempfile::tempdir().unwrap();
            let part = ["own", "own/trash", "own/trash/1"].map(|part| gallery.path().join(part))[depth].clone();
            let target = ["", "trash", "trash/1"].map(|part| elsewhere.path().join(part))[depth].clone();
            std::fs::create_dir_all(part.parent().unwrap()).unwrap();
            std::os::unix::fs::symlink(&target, &part).unwrap();
            let own_folder = gallery.path().join("own");
            bound_dropped(&own_folder, 0);
            assert!(victim.exists(), "{}", part.display());

            let picture = gallery.path().join("a.png");
            std::fs::write(&picture, "picture").unwrap();
            let before = std::fs::read_dir(&target).unwrap().count();
            let outcome = Trash::new(&own_folder, TrashPlace::Folder).take(vec![vec![picture.clone()]]);
            if depth < 2 {
                assert_eq!(outcome.failures.len(), 1, "{}", part.display());
                assert!(picture.exists());
            }
            assert_eq!(
                std::fs::read_dir(&target).unwrap().count(),
                before,
                "{}",
                part.display()
            );
        }
    }
}
