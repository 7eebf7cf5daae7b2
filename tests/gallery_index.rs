//! The index of the gallery: true to the files whatever happens to either.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use hareru::gallery::{
    self, Entry, EntryId, Found, Librarian, LibrarianOptions, LibraryEvent, MarkChange, Order, Question, Source,
    TrashPlace,
};
use hareru::job::{GenerateRequest, LoraSpec};

use crate::support::generated_image;

/// Longest wait for anything.
const PATIENCE: Duration = Duration::from_secs(30);

#[test]
fn saved_pictures_should_be_found_with_all_that_is_known_of_them() {
    let folder = tempfile::tempdir().unwrap();
    let image = generated_image(GenerateRequest {
        prompt: "a lighthouse at night, 青い海".to_owned(),
        negative_prompt: "fog".to_owned(),
        seed: u64::MAX,
        guidance_scale: 7.5,
        steps: 12,
        loras: vec![LoraSpec::new("/adapters/mist.safetensors", 0.5)],
        ..small_request()
    });
    let path = gallery::save(folder.path(), &image).unwrap();
    gallery::save_pixels(&folder.path().join("plain.png"), &image.pixels).unwrap();

    let library = Library::open(folder.path());
    assert_eq!(library.scanned, (2, 0));
    let entries = library.all();
    let entry = entries.iter().find(|entry| entry.path == path).unwrap();
    assert_eq!(
        **entry,
        Entry {
            id: entry.id,
            path: path.clone(),
            width_px: 16,
            height_px: 8,
            bytes: path.metadata().unwrap().len(),
            modified_unix_ms: entry.modified_unix_ms,
            created_unix_secs: 1_795_219_164,
            source: Some(Source::Hareru),
            prompt: "a lighthouse at night, 青い海".to_owned(),
            negative_prompt: "fog".to_owned(),
            model: "Starter".to_owned(),
            sampler: "dpmpp_2m".to_owned(),
            loras: vec!["mist".to_owned()],
            seed: Some(u64::MAX),
            guidance_scale: Some(7.5),
            steps: Some(12),
            has_run: true,
            marks: gallery::Marks::default(),
        }
    );
    let plain = entries.iter().find(|entry| entry.path != path).unwrap();
    assert_eq!((plain.source, plain.seed, plain.has_run), (None, None, false));
    assert_eq!((plain.width_px, plain.height_px), (16, 8));
}

#[test]
fn a_picture_that_was_just_saved_should_be_known_at_once() {
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().join("not there yet");
    let library = Library::open(&folder);
    assert_eq!(library.scanned, (0, 0));
    assert!(!folder.exists(), "looking must not make folders");
    let path = gallery::save(&folder, &generated_image(small_request())).unwrap();
    library.ask(Question::Note(path.clone()));
    library.until(|event| matches!(event, LibraryEvent::ContentChanged).then_some(()));
    assert_eq!(library.paths(), [path]);
}

#[test]
fn pictures_should_be_found_by_their_files() {
    let folder = tempfile::tempdir().unwrap();
    let path = gallery::save(folder.path(), &generated_image(small_request())).unwrap();
    let library = Library::open(folder.path());
    let unknown = [folder.path().join("gone.png"), PathBuf::from("/elsewhere/a.png")];
    let asked = library
        .librarian
        .ask(Question::Find([&unknown[..], std::slice::from_ref(&path)].concat()));
    let found = library.until(|event| match event {
        LibraryEvent::Entries { ticket, entries } if *ticket == asked => Some(entries.clone()),
        _ => None,
    });
    assert_eq!(found, library.all());
    assert_eq!(found[0].path, path);
}

#[test]
fn marks_should_be_in_their_files_and_in_the_index() {
    let folder = tempfile::tempdir().unwrap();
    gallery::save(folder.path(), &generated_image(small_request())).unwrap();
    let marked = {
        let library = Library::open(folder.path());
        let ids = library.search("").ids.clone();
        for change in [
            MarkChange::Rate(4),
            MarkChange::Favourite(true),
            MarkChange::Tag("sea".to_owned()),
            MarkChange::Collect("best".to_owned()),
        ] {
            library.ask(Question::Mark {
                ids: ids.clone(),
                change,
            });
            library.until(|event| matches!(event, LibraryEvent::Changed(_)).then_some(()));
        }
        library.ask(Question::Labels);
        library.until(|event| match event {
            LibraryEvent::Labels { tags, collections } => {
                assert_eq!((tags[0].name.as_str(), tags[0].count), ("sea", 1));
                assert_eq!(collections[0].name, "best");
                Some(())
            }
            _ => None,
        });
        library.all()
    };
    assert_eq!((marked[0].marks.rating, marked[0].marks.is_favourite), (4, true));

    // The index is only a copy of what the files say.
    std::fs::remove_dir_all(folder.path().join(".hareru")).unwrap();
    let again = Library::open(folder.path()).all();
    assert_eq!(again[0].marks, marked[0].marks);
    assert_ne!(again[0].id, marked[0].id, "an id is never used twice");
}

/// A librarian, and what it said when it had looked at all files.
struct Library {
    librarian: Librarian,
    /// Pictures, and files that cannot be read.
    scanned: (usize, usize),
}

impl Library {
    fn open(folder: &Path) -> Self {
        Self::open_with(
            folder,
            LibrarianOptions {
                trash: TrashPlace::Folder,
                ..LibrarianOptions::default()
            },
        )
    }

    fn open_with(folder: &Path, options: LibrarianOptions) -> Self {
        let librarian = Librarian::start_with(folder, options, || {}).unwrap();
        let mut library = Self {
            librarian,
            scanned: (0, 0),
        };
        library.scanned = library.scanned();
        library
    }

    fn ask(&self, question: Question) {
        self.librarian.ask(question);
    }

    /// What the first event says for which `wanted` has something to say.
    fn until<T>(&self, mut wanted: impl FnMut(&LibraryEvent) -> Option<T>) -> T {
        let start = Instant::now();
        let mut seen = Vec::new();
        while start.elapsed() < PATIENCE {
            if let Some(event) = self.librarian.wait(Duration::from_millis(100)) {
                if let Some(found) = wanted(&event) {
                    return found;
                }
                seen.push(event);
            }
        }
        panic!("it did not come; what came: {seen:#?}");
    }

    fn scanned(&self) -> (usize, usize) {
        self.until(|event| match event {
            LibraryEvent::Scanned { pictures, unreadable } => Some((*pictures, *unreadable)),
            _ => None,
        })
    }

    fn search(&self, text: &str) -> Arc<Found> {
        let asked = self.librarian.ask(Question::Search {
            text: text.to_owned(),
            order: Order::Newest,
        });
        self.until(|event| match event {
            LibraryEvent::Found { ticket, found } if *ticket == asked => Some(found.clone()),
            _ => None,
        })
    }

    fn entries(&self, ids: Vec<EntryId>) -> Vec<Arc<Entry>> {
        let asked = self.librarian.ask(Question::Entries(ids));
        self.until(|event| match event {
            LibraryEvent::Entries { ticket, entries } if *ticket == asked => Some(entries.clone()),
            _ => None,
        })
    }

    fn all(&self) -> Vec<Arc<Entry>> {
        self.entries(self.search("").ids.clone())
    }

    fn paths(&self) -> Vec<PathBuf> {
        let mut paths: Vec<PathBuf> = self.all().iter().map(|entry| entry.path.clone()).collect();
        paths.sort();
        paths
    }
}

fn small_request() -> GenerateRequest {
    GenerateRequest {
        width_px: 16,
        height_px: 8,
        ..GenerateRequest::default()
    }
}
