//! Through the folders, without reading a picture.

use std::collections::HashSet;
use std::ffi::OsString;
use std::fs::Metadata;
use std::path::{Path, PathBuf};

use crate::gallery::entry::modified_unix_ms;
use crate::gallery::formats::{has_picture_name, is_hidden};
use crate::gallery::index::{Roots, Stamp};
use crate::gallery::trajectory_file::trajectory_path;
use crate::gallery::user_metadata_file::beside;

/// A file that has the name of a picture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Sighting {
    pub(super) root: i64,
    pub(super) path: PathBuf,
    pub(super) stamp: Stamp,
}

/// A walk through all folders at any depth, hidden ones left out, each but once however it is linked.
#[derive(Debug)]
pub(super) struct Walk {
    /// Folders to look into, the next one last.
    folders: Vec<(i64, PathBuf)>,
    /// Links to folders, looked into after all folders, so that a folder is known by its own name.
    links: Vec<(i64, PathBuf)>,
    /// Folders that were looked into, by their true names.
    visited: HashSet<PathBuf>,
    /// Folders that could not be looked into: nothing is known of what is in them.
    pub(super) closed: Vec<PathBuf>,
}

impl Walk {
    pub(super) fn new(roots: &Roots) -> Self {
        let mut folders: Vec<(i64, PathBuf)> = roots.all().map(|(root, folder)| (root, folder.to_owned())).collect();
        folders.reverse();
        Self {
            folders,
            links: Vec::new(),
            visited: HashSet::new(),
            closed: Vec::new(),
        }
    }

    /// A walk through one folder of `root`.
    pub(super) fn below(root: i64, folder: &Path, roots: &Roots) -> Self {
        let others = roots.all().filter(|(number, _)| *number != root);
        Self {
            folders: vec![(root, folder.to_owned())],
            links: Vec::new(),
            visited: others.filter_map(|(_, folder)| folder.canonicalize().ok()).collect(),
            closed: Vec::new(),
        }
    }

    /// The pictures of the next folder; `None` at the end.
    pub(super) fn next_folder(&mut self) -> Option<Vec<Sighting>> {
        let (root, folder) = self.folders.pop().or_else(|| self.links.pop())?;
        let Ok(true_name) = folder.canonicalize() else {
            self.closed.push(folder);
            return Some(Vec::new());
        };
        if !self.visited.insert(true_name) {
            return Some(Vec::new());
        }
        let Ok(entries) = std::fs::read_dir(&folder) else {
            self.closed.push(folder);
            return Some(Vec::new());
        };
        let mut names: HashSet<OsString> = HashSet::new();
        let mut found: Vec<(PathBuf, Metadata)> = Vec::new();
        for entry in entries {
            let Ok(entry) = entry else {
                self.closed.push(folder.clone());
                break;
            };
            let name = entry.file_name();
            if is_hidden(&name) {
                continue;
            }
            let Ok(kind) = entry.file_type() else { continue };
            let path = entry.path();
            if kind.is_dir() {
                self.folders.push((root, path));
            } else if kind.is_symlink() && path.is_dir() {
                self.links.push((root, path));
            } else if has_picture_name(&path) {
                let metadata = if kind.is_symlink() {
                    path.metadata()
                } else {
                    entry.metadata()
                };
                found.extend(metadata.ok().filter(Metadata::is_file).map(|metadata| (path, metadata)));
            } else {
                names.insert(name);
            }
        }
        let sightings = found.into_iter().map(|(path, metadata)| {
            let is_there = |path: &Path| path.file_name().is_some_and(|name| names.contains(name));
            let stamp = stamp(&path, &metadata, is_there);
            Sighting { root, path, stamp }
        });
        Some(sightings.collect())
    }
}

/// Looks at one file; `None` if it is not there, or not a file.
pub(super) fn sight(root: i64, path: &Path) -> Option<Sighting> {
    let metadata = path.metadata().ok().filter(Metadata::is_file)?;
    Some(Sighting {
        root,
        path: path.to_owned(),
        stamp: stamp(path, &metadata, Path::exists),
    })
}

/// When the file of a picture's user metadata beside it was changed; `None` if there is none.
pub(super) fn marks_ms(picture: &Path) -> Option<i64> {
    marks_ms_if(picture, Path::exists)
}

fn stamp(picture: &Path, metadata: &Metadata, is_there: impl Fn(&Path) -> bool) -> Stamp {
    Stamp {
        bytes: metadata.len(),
        modified_ms: modified_unix_ms(metadata),
        has_run: is_there(&trajectory_path(picture)),
        marks_ms: marks_ms_if(picture, is_there),
    }
}

fn marks_ms_if(picture: &Path, is_there: impl Fn(&Path) -> bool) -> Option<i64> {
    let places = [beside(picture), picture.with_extension("xmp")];
    let place = places.into_iter().find(|place| is_there(place))?;
    place.metadata().ok().map(|metadata| modified_unix_ms(&metadata))
}
