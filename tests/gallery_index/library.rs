//! An index service in the hands of a test.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use hareru::gallery::{
    EntryId, IndexEvent, IndexRequest, IndexService, IndexServiceOptions, PictureEntry, SearchResult, SortOrder,
    TrashPlace, UserMetadata,
};
use hareru::job::GenerateRequest;

/// Longest wait for anything.
pub(super) const PATIENCE: Duration = Duration::from_mins(2);

/// An index service, and what it said when it had looked at all files.
pub(crate) struct Library {
    pub(crate) index_service: IndexService,
    /// Pictures, and files that cannot be read.
    pub(crate) scanned: (usize, usize),
}

impl Library {
    pub(crate) fn open(folder: &Path) -> Self {
        Self::open_with(
            folder,
            IndexServiceOptions {
                trash: TrashPlace::Folder,
                ..IndexServiceOptions::default()
            },
        )
    }

    pub(super) fn open_watching(folder: &Path, watched: &[&PathBuf]) -> Self {
        let options = IndexServiceOptions {
            watched: Some(watched.iter().map(|folder| (*folder).clone()).collect()),
            trash: TrashPlace::Folder,
            ..IndexServiceOptions::default()
        };
        Self::open_with(folder, options)
    }

    pub(super) fn open_with(folder: &Path, options: IndexServiceOptions) -> Self {
        let index_service = IndexService::start_with(folder, options, || {}).unwrap();
        let mut library = Self {
            index_service,
            scanned: (0, 0),
        };
        library.scanned = library.scanned();
        library
    }

    pub(super) fn request(&self, request: IndexRequest) {
        self.index_service.request(request);
    }

    /// What the first event says for which `wanted` has something to say.
    pub(super) fn until<T>(&self, mut wanted: impl FnMut(&IndexEvent) -> Option<T>) -> T {
        let start = Instant::now();
        let mut seen = Vec::new();
        while start.elapsed() < PATIENCE {
            if let Some(event) = self.index_service.wait(Duration::from_millis(100)) {
                if let Some(found) = wanted(&event) {
                    return found;
                }
                seen.push(event);
            }
        }
        panic!("it did not come; what came: {seen:#?}");
    }

    pub(super) fn scanned(&self) -> (usize, usize) {
        self.until(|event| match event {
            IndexEvent::Scanned { pictures, unreadable } => Some((*pictures, *unreadable)),
            _ => None,
        })
    }

    pub(super) fn search(&self, text: &str) -> Arc<SearchResult> {
        let asked = self.index_service.request(IndexRequest::Search {
            text: text.to_owned(),
            order: SortOrder::Newest,
        });
        self.until(|event| match event {
            IndexEvent::Found { ticket, found } if *ticket == asked => Some(found.clone()),
            _ => None,
        })
    }

    pub(super) fn entries(&self, ids: Vec<EntryId>) -> Vec<Arc<PictureEntry>> {
        let asked = self.index_service.request(IndexRequest::Entries(ids));
        self.until(|event| match event {
            IndexEvent::Entries { ticket, entries } if *ticket == asked => Some(entries.clone()),
            _ => None,
        })
    }

    pub(super) fn failure(&self) -> String {
        self.until(|event| match event {
            IndexEvent::Failed { message } => Some(message.clone()),
            _ => None,
        })
    }

    /// Waits until something holds.
    pub(super) fn until_true(&self, holds: impl Fn(&Self) -> bool) {
        let start = Instant::now();
        while !holds(self) {
            assert!(
                start.elapsed() < PATIENCE,
                "it never came to hold; known are {:#?}",
                self.all()
            );
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Waits until these are all the pictures.
    pub(super) fn until_paths(&self, paths: &[&PathBuf]) {
        let expected = sorted(paths);
        let start = Instant::now();
        while self.paths() != expected {
            assert!(
                start.elapsed() < PATIENCE,
                "expected {expected:#?}, found {:#?}",
                self.paths()
            );
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    pub(super) fn all(&self) -> Vec<Arc<PictureEntry>> {
        self.entries(self.search("").ids.clone())
    }

    pub(super) fn paths(&self) -> Vec<PathBuf> {
        let mut paths: Vec<PathBuf> = self.all().iter().map(|entry| entry.path.clone()).collect();
        paths.sort();
        paths
    }
}

pub(super) fn small_request() -> GenerateRequest {
    GenerateRequest {
        width_px: 16,
        height_px: 8,
        ..GenerateRequest::default()
    }
}

pub(super) fn rated(rating: u8) -> UserMetadata {
    UserMetadata {
        rating,
        ..UserMetadata::default()
    }
}

pub(super) fn sorted(paths: &[&PathBuf]) -> Vec<PathBuf> {
    let mut paths: Vec<PathBuf> = paths.iter().map(|path| (*path).clone()).collect();
    paths.sort();
    paths
}

pub(super) fn assert_starts(text: &str, expected: &str) {
    assert!(text.starts_with(expected), "expected {expected:?}, found {text:?}");
}

/// All files below a folder with their bytes, without the index.
pub(super) fn files_below(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(files_below(&path));
        } else if !path.file_name().unwrap().to_string_lossy().starts_with("index") {
            files.push((path.clone(), std::fs::read(&path).unwrap()));
        }
    }
    files.sort();
    files
}

/// A picture of 16x8 px with these texts.
pub(super) fn write_png(path: &Path, texts: &[(&str, &str)]) {
    let mut encoder = png::Encoder::new(std::fs::File::create(path).unwrap(), 16, 8);
    encoder.set_color(png::ColorType::Rgb);
    for (keyword, text) in texts {
        encoder
            .add_text_chunk((*keyword).to_owned(), (*text).to_owned())
            .unwrap();
    }
    let mut writer = encoder.write_header().unwrap();
    writer.write_image_data(&[9; 16 * 8 * 3]).unwrap();
    writer.finish().unwrap();
}
