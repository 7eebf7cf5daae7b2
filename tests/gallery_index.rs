//! The index of the gallery: true to the files whatever happens to either.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use hareru::gallery::{
    self, EntryId, Flaw, IndexEvent, IndexRequest, IndexService, IndexServiceOptions, MetadataChange, PictureEntry,
    RecordSource, SearchResult, SortOrder, TrashPlace, UserMetadata,
};
use hareru::job::{GenerateRequest, LoraSpec};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{RngCore as _, SeedableRng as _};

use crate::support::generated_image;

/// Names the gallery to a child of a test.
const CHILD_FOLDER: &str = "HARERU_TEST_GALLERY";
/// Longest wait for anything.
const PATIENCE: Duration = Duration::from_mins(2);

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
    let path = gallery::save(folder.path(), &image).unwrap().path;
    gallery::save_pixels(&folder.path().join("plain.png"), &image.pixels).unwrap();

    let library = Library::open(folder.path());
    assert_eq!(library.scanned, (2, 0));
    let entries = library.all();
    let entry = entries.iter().find(|entry| entry.path == path).unwrap();
    assert_eq!(
        **entry,
        PictureEntry {
            id: entry.id,
            path: path.clone(),
            width_px: 16,
            height_px: 8,
            bytes: path.metadata().unwrap().len(),
            modified_unix_ms: entry.modified_unix_ms,
            created_unix_secs: 1_795_219_164,
            source: Some(RecordSource::Hareru),
            prompt: "a lighthouse at night, 青い海".to_owned(),
            negative_prompt: "fog".to_owned(),
            model: "Starter".to_owned(),
            sampler: "dpmpp_2m".to_owned(),
            loras: vec!["mist".to_owned()],
            seed: Some(u64::MAX),
            guidance_scale: Some(7.5),
            steps: Some(12),
            has_run: true,
            user_metadata: gallery::UserMetadata::default(),
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
    let path = gallery::save(&folder, &generated_image(small_request())).unwrap().path;
    library.request(IndexRequest::AddPicture(path.clone()));
    library.until(|event| matches!(event, IndexEvent::ContentChanged).then_some(()));
    assert_eq!(library.paths(), [path]);
}

#[test]
fn pictures_should_be_found_by_their_files() {
    let folder = tempfile::tempdir().unwrap();
    let path = gallery::save(folder.path(), &generated_image(small_request()))
        .unwrap()
        .path;
    let library = Library::open(folder.path());
    let unknown = [folder.path().join("gone.png"), PathBuf::from("/elsewhere/a.png")];
    let asked = library
        .index_service
        .request(IndexRequest::Find([&unknown[..], std::slice::from_ref(&path)].concat()));
    let found = library.until(|event| match event {
        IndexEvent::Entries { ticket, entries } if *ticket == asked => Some(entries.clone()),
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
            MetadataChange::Rate(4),
            MetadataChange::Favourite(true),
            MetadataChange::Tag("sea".to_owned()),
            MetadataChange::Collect("best".to_owned()),
        ] {
            library.request(IndexRequest::EditMetadata {
                ids: ids.clone(),
                change,
            });
            library.until(|event| matches!(event, IndexEvent::Changed(_)).then_some(()));
        }
        library.request(IndexRequest::Labels);
        library.until(|event| match event {
            IndexEvent::Labels { tags, collections } => {
                assert_eq!((tags[0].name.as_str(), tags[0].count), ("sea", 1));
                assert_eq!(collections[0].name, "best");
                Some(())
            }
            _ => None,
        });
        library.all()
    };
    assert_eq!(
        (marked[0].user_metadata.rating, marked[0].user_metadata.is_favourite),
        (4, true)
    );

    // The index is only a copy of what the files say.
    std::fs::remove_dir_all(folder.path().join(".hareru")).unwrap();
    let again = Library::open(folder.path()).all();
    assert_eq!(again[0].user_metadata, marked[0].user_metadata);
    assert_ne!(again[0].id, marked[0].id, "an id is never used twice");
}

#[test]
fn what_others_do_to_the_files_should_be_seen() {
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().join("gallery");
    let saved = gallery::save(&folder, &generated_image(small_request())).unwrap().path;
    let library = Library::open(&folder);
    let copies = folder.join("copies").join("deep");
    std::fs::create_dir_all(&copies).unwrap();
    std::fs::create_dir_all(folder.join(".hidden")).unwrap();
    let copy = copies.join("copy.PNG");
    std::fs::copy(&saved, &copy).unwrap();
    std::fs::copy(&saved, folder.join(".hidden").join("not shown.png")).unwrap();
    library.until_paths(&[&copy, &saved]);

    let moved = folder.join("moved").join("deep").join("copy.PNG");
    std::fs::rename(folder.join("copies"), folder.join("moved")).unwrap();
    library.until_paths(&[&moved, &saved]);

    gallery::write_user_metadata(&moved, &rated(3), None).unwrap();
    library.until_true(|library| library.all().iter().any(|entry| entry.user_metadata.rating == 3));

    std::fs::remove_file(gallery::trajectory_path(&saved)).unwrap();
    library.until_true(|library| library.all().iter().all(|entry| !entry.has_run));

    std::fs::remove_file(&saved).unwrap();
    library.until_paths(&[&moved]);
}

#[test]
fn without_word_from_the_system_the_folders_should_be_looked_at_again() {
    let folder = tempfile::tempdir().unwrap();
    let library = Library::open_with(
        folder.path(),
        IndexServiceOptions {
            poll: Some(Duration::from_millis(50)),
            ..IndexServiceOptions::default()
        },
    );
    let saved = gallery::save(folder.path(), &generated_image(small_request()))
        .unwrap()
        .path;
    library.until_paths(&[&saved]);
}

#[test]
#[cfg(unix)]
fn folders_that_are_linked_in_circles_should_be_looked_at_once() {
    let home = tempfile::tempdir().unwrap();
    let (folder, watched) = (home.path().join("gallery"), home.path().join("watched"));
    let saved = gallery::save(&folder, &generated_image(small_request())).unwrap().path;
    std::fs::create_dir(&watched).unwrap();
    let other = watched.join("a.png");
    std::fs::copy(&saved, &other).unwrap();
    for (target, link) in [
        (&folder, folder.join("itself")),
        (&watched, watched.join("itself")),
        (&folder, watched.join("the gallery")),
        (&home.path().join("nothing"), watched.join("nowhere.png")),
    ] {
        std::os::unix::fs::symlink(target, link).unwrap();
    }
    let library = Library::open_watching(&folder, &[&watched]);
    assert_eq!(library.paths(), sorted(&[&saved, &other]));
    assert_eq!(library.scanned, (2, 0));
}

#[test]
fn watched_folders_should_be_shown_and_never_written_to() {
    let home = tempfile::tempdir().unwrap();
    let (folder, watched) = (home.path().join("gallery"), home.path().join("watched"));
    let saved = gallery::save(&folder, &generated_image(small_request())).unwrap().path;
    let other = gallery::save(&watched, &generated_image(small_request())).unwrap().path;
    let before = files_below(&watched);

    let library = Library::open_watching(&folder, &[&watched]);
    assert_eq!(library.paths(), sorted(&[&saved, &other]));
    let id = library.all().iter().find(|entry| entry.path == other).unwrap().id;
    library.request(IndexRequest::EditMetadata {
        ids: vec![id],
        change: MetadataChange::Rate(5),
    });
    library.until(|event| matches!(event, IndexEvent::Changed(_)).then_some(()));
    library.request(IndexRequest::Trash(vec![id]));
    assert_starts(
        &library.failure(),
        "pictures of watched folders are left where they are",
    );
    assert_eq!(files_below(&watched), before);

    // Its user metadata is kept in the gallery, and not only in the index.
    drop(library);
    std::fs::remove_file(folder.join(".hareru").join("index.sqlite")).unwrap();
    let library = Library::open_watching(&folder, &[&watched]);
    let entries = library.all();
    let entry = entries.iter().find(|entry| entry.path == other).unwrap();
    assert_eq!(entry.user_metadata.rating, 5);

    library.request(IndexRequest::Watch(Vec::new()));
    library.until_paths(&[&saved]);
    library.request(IndexRequest::Watch(vec![watched.clone()]));
    library.until_paths(&[&saved, &other]);
    assert_eq!(files_below(&watched), before);
}

#[test]
fn what_is_trashed_should_come_back_whole() {
    let folder = tempfile::tempdir().unwrap();
    let saved = gallery::save(folder.path(), &generated_image(small_request()))
        .unwrap()
        .path;
    let kept = gallery::save(folder.path(), &generated_image(small_request()))
        .unwrap()
        .path;
    gallery::write_user_metadata(&saved, &rated(4), None).unwrap();
    let before = files_below(folder.path());

    let library = Library::open(folder.path());
    let entry = library.all().iter().find(|entry| entry.path == saved).unwrap().clone();
    library.request(IndexRequest::Trash(vec![entry.id]));
    let count = library.until(|event| match event {
        IndexEvent::Trashed { count } => Some(*count),
        _ => None,
    });
    assert_eq!(count, 1);
    assert_eq!(library.paths(), sorted(&[&kept]));
    let beside = [saved.clone(), gallery::trajectory_path(&saved)];
    assert!(beside.iter().all(|path| !path.exists()), "its run goes with it");
    assert_eq!(files_below(folder.path()).len(), before.len(), "nothing is lost");

    library.request(IndexRequest::UndoTrash);
    let count = library.until(|event| match event {
        IndexEvent::Restored { count } => Some(*count),
        _ => None,
    });
    assert_eq!(count, 1);
    assert_eq!(files_below(folder.path()), before);
    let entries = library.all();
    let again = entries.iter().find(|again| again.path == saved).unwrap();
    assert_eq!((again.user_metadata.rating, again.has_run), (4, true));

    library.request(IndexRequest::UndoTrash);
    assert_starts(&library.failure(), "nothing was put into the trash");
}

#[test]
fn a_name_that_was_taken_meanwhile_should_stay() {
    let folder = tempfile::tempdir().unwrap();
    let saved = gallery::save(folder.path(), &generated_image(small_request()))
        .unwrap()
        .path;
    let library = Library::open(folder.path());
    library.request(IndexRequest::Trash(library.search("").ids.clone()));
    library.until(|event| matches!(event, IndexEvent::Trashed { .. }).then_some(()));
    std::fs::write(&saved, "somebody else's").unwrap();
    library.request(IndexRequest::UndoTrash);
    assert_starts(&library.failure(), "could not bring back from the trash");
    assert_eq!(std::fs::read(&saved).unwrap(), b"somebody else's");
    std::fs::remove_file(&saved).unwrap();
    library.request(IndexRequest::UndoTrash);
    library.until(|event| matches!(event, IndexEvent::Restored { count: 1 }).then_some(()));
    assert!(gallery::read_record(&saved).is_ok());
}

#[test]
fn a_folder_that_is_pulled_away_should_be_told_of_and_come_back() {
    let home = tempfile::tempdir().unwrap();
    let (folder, watched) = (home.path().join("gallery"), home.path().join("watched"));
    let saved = gallery::save(&folder, &generated_image(small_request())).unwrap().path;
    let other = gallery::save(&watched, &generated_image(small_request())).unwrap().path;
    let library = Library::open_watching(&folder, &[&watched]);
    for (place, is_empty_left) in [(&watched, false), (&folder, false), (&watched, true)] {
        let away = home.path().join("away");
        std::fs::rename(place, &away).unwrap();
        if is_empty_left {
            std::fs::create_dir(place).unwrap(); // where a disk was
        }
        let lost = library.until(|event| match event {
            IndexEvent::FolderLost(folder) => Some(folder.clone()),
            _ => None,
        });
        assert_eq!(lost, *place);
        library.request(IndexRequest::Rescan);
        if !is_empty_left {
            library.scanned();
            assert_eq!(library.paths(), sorted(&[&saved, &other]), "they are still known");
        }
        if is_empty_left {
            std::fs::remove_dir(place).unwrap();
        }
        std::fs::rename(&away, place).unwrap();
        let found = library.until(|event| match event {
            IndexEvent::FolderFound(folder) => Some(folder.clone()),
            _ => None,
        });
        assert_eq!(found, *place);
        library.until_paths(&[&saved, &other]);
    }
}

#[test]
fn an_index_that_is_taken_away_or_overwritten_should_be_made_anew() {
    let folder = tempfile::tempdir().unwrap();
    let own = folder.path().join(".hareru");
    let mut saved = vec![
        gallery::save(folder.path(), &generated_image(small_request()))
            .unwrap()
            .path,
    ];
    let library = Library::open(folder.path());
    let harms: [fn(&Path); 5] = [
        |own| std::fs::remove_file(own.join("index.sqlite")).unwrap(),
        |own| std::fs::remove_dir_all(own).unwrap(),
        |own| std::fs::write(own.join("index.sqlite"), vec![7; 100_000]).unwrap(),
        |own| std::fs::write(own.join("index.sqlite"), "").unwrap(),
        |own| {
            std::fs::remove_file(own.join("index.sqlite")).unwrap();
            std::fs::write(own.join("index.sqlite"), "not a database, and a long one").unwrap();
        },
    ];
    for harm in harms {
        let ids = library.search("").ids.clone();
        harm(&own);
        saved.push(
            gallery::save(folder.path(), &generated_image(small_request()))
                .unwrap()
                .path,
        );
        let paths: Vec<&PathBuf> = saved.iter().collect();
        library.until_paths(&paths);
        library.until_true(|_| own.join("index.sqlite").is_file());
        library.until_true(|library| library.entries(ids.clone()).is_empty());
        library.until_true(|_| gallery::verify(folder.path()).is_ok_and(|found| found.is_good()));
    }
    assert!(own.join("index-set-aside.sqlite").is_file());
}

#[test]
fn an_index_that_cannot_be_used_should_be_set_aside() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join(".hareru").join("index.sqlite");
    let saved = gallery::save(folder.path(), &generated_image(small_request()))
        .unwrap()
        .path;
    for (name, bytes) in [
        ("not a database", b"nothing of the kind".repeat(1000)),
        ("empty", Vec::new()),
        ("another version", Vec::new()),
        ("damaged inside", Vec::new()),
        ("tables are missing", Vec::new()),
    ] {
        drop(Library::open(folder.path()));
        match name {
            "another version" => execute(&file, "PRAGMA user_version = 999"),
            "tables are missing" => execute(&file, "DROP TABLE tags"),
            "damaged inside" => {
                let mut damaged = std::fs::read(&file).unwrap();
                damaged[4096..].fill(0x55);
                std::fs::write(&file, damaged).unwrap();
            }
            _ => std::fs::write(&file, bytes).unwrap(),
        }
        let library = Library::open(folder.path());
        library.until_paths(&[&saved]);
        library.until_true(|_| gallery::verify(folder.path()).is_ok_and(|found| found.is_good()));
    }
}

#[test]
fn where_no_index_can_be_written_it_should_be_kept_in_memory() {
    let folder = tempfile::tempdir().unwrap();
    let saved = gallery::save(folder.path(), &generated_image(small_request()))
        .unwrap()
        .path;
    std::fs::write(folder.path().join(".hareru"), "in the way").unwrap();
    let index_service = IndexService::start(folder.path(), Vec::new(), || {}).unwrap();
    let library = Library {
        index_service,
        scanned: (0, 0),
    };
    assert_starts(
        &library.failure(),
        "the index of the gallery cannot be written, so it is kept in memory",
    );
    assert_eq!(library.scanned(), (1, 0));
    assert_eq!(library.paths(), [saved]);
}

#[test]
fn two_index_services_on_one_gallery_should_agree() {
    let folder = tempfile::tempdir().unwrap();
    let libraries = [Library::open(folder.path()), Library::open(folder.path())];
    let saved: Vec<PathBuf> = (0..40)
        .map(|number| {
            let path = gallery::save(folder.path(), &generated_image(small_request()))
                .unwrap()
                .path;
            libraries[number % 2].request(IndexRequest::AddPicture(path.clone()));
            path
        })
        .collect();
    let paths: Vec<&PathBuf> = saved.iter().collect();
    for library in &libraries {
        library.until_paths(&paths);
    }
    let ids = libraries[0].search("").ids.clone();
    for (library, change) in libraries
        .iter()
        .zip([MetadataChange::Rate(2), MetadataChange::Tag("both".to_owned())])
    {
        library.request(IndexRequest::EditMetadata {
            ids: ids.clone(),
            change,
        });
        library.until(|event| matches!(event, IndexEvent::Changed(_)).then_some(()));
    }
    let marked =
        |entry: &Arc<PictureEntry>| entry.user_metadata.rating == 2 && entry.user_metadata.tags.contains("both");
    for library in &libraries {
        library.until_true(|library| library.all().iter().all(marked));
    }
    drop(libraries);
    assert!(gallery::verify(folder.path()).unwrap().is_good());
}

#[test]
fn an_index_made_anew_should_be_that_which_was_kept() {
    let home = tempfile::tempdir().unwrap();
    let (folder, watched) = (home.path().join("gallery"), home.path().join("watched"));
    std::fs::create_dir_all(&watched).unwrap();
    let mut library = Library::open_watching(&folder, &[&watched]);
    for round in 0..6_u64 {
        let mut saved = Vec::new();
        for number in 0..8 {
            let request = GenerateRequest {
                prompt: format!("picture {number} of round {round}, 青い海"),
                seed: round * 100 + number,
                ..small_request()
            };
            saved.push(gallery::save(&folder, &generated_image(request)).unwrap().path);
        }
        let library_paths = [
            watched.join(format!("{round}.png")),
            folder.join(format!("moved {round}.png")),
        ];
        std::fs::copy(&saved[0], &library_paths[0]).unwrap();
        std::fs::rename(&saved[1], &library_paths[1]).unwrap();
        std::fs::remove_file(&saved[2]).unwrap();
        std::fs::remove_file(gallery::trajectory_path(&saved[3])).unwrap();
        std::fs::copy(&saved[5], &saved[4]).unwrap();
        std::fs::write(&saved[6], "no picture any more").unwrap();
        gallery::write_user_metadata(&saved[7], &rated(round as u8), None).unwrap();
        if round % 2 == 1 {
            drop(library); // what happens meanwhile is found out later
            std::fs::remove_dir_all(saved[0].parent().unwrap()).unwrap();
            library = Library::open_watching(&folder, &[&watched]);
        }
    }
    library.request(IndexRequest::Rescan);
    library.scanned();
    library.until_true(|_| gallery::verify(&folder).is_ok_and(|found| found.is_good()));
    let kept = library.all();
    drop(library);
    std::fs::remove_file(folder.join(".hareru").join("index.sqlite")).unwrap();
    let anew = Library::open_watching(&folder, &[&watched]).all();
    assert!(!kept.is_empty());
    let without_ids = |entries: &[Arc<PictureEntry>]| -> Vec<PictureEntry> {
        let mut entries: Vec<PictureEntry> = entries
            .iter()
            .map(|entry| PictureEntry {
                id: EntryId(0),
                ..(**entry).clone()
            })
            .collect();
        entries.sort_by(|a, b| a.path.cmp(&b.path));
        entries
    };
    assert_eq!(without_ids(&kept), without_ids(&anew));
}

#[test]
fn files_that_are_no_pictures_should_cost_little_and_nothing_twice() {
    let folder = tempfile::tempdir().unwrap();
    for number in 0..10_000 {
        let ending = ["png", "jpg", "webp", "jpeg"][number % 4];
        let text = format!("{number}: not a picture at all");
        std::fs::write(folder.path().join(format!("{number}.{ending}")), text).unwrap();
    }
    let saved = gallery::save(folder.path(), &generated_image(small_request()))
        .unwrap()
        .path;
    let start = Instant::now();
    let library = Library::open(folder.path());
    let first = start.elapsed();
    assert_eq!(library.scanned, (1, 10_000));
    assert_eq!(library.paths(), [saved]);
    drop(library);
    let start = Instant::now();
    assert_eq!(Library::open(folder.path()).scanned, (1, 10_000));
    println!(
        "10,000 files that are no pictures: {first:?}, then {:?}",
        start.elapsed()
    );
}

#[test]
fn hostile_pictures_should_cost_themselves_alone() {
    let folder = tempfile::tempdir().unwrap();
    let image = generated_image(small_request());
    let path = |name: &str| folder.path().join(name);
    let saved = gallery::save(folder.path(), &image).unwrap().path;
    let whole = std::fs::read(&saved).unwrap();
    // Readable: with what cannot be read of their records left out.
    write_png(&path("100 MB of text.png"), &[("parameters", &"x".repeat(100 << 20))]);
    write_png(
        &path("wrong types.png"),
        &[("hareru", r#"{"version": "one", "request": [], "rng": 7}"#)],
    );
    write_png(
        &path("deep.png"),
        &[("hareru", &"[".repeat(100_000)), ("prompt", &"{\"a\":".repeat(100_000))],
    );
    write_png(
        &path("foreign.png"),
        &[("prompt", "[1, 2]"), ("workflow", "null"), ("invokeai_metadata", "{}")],
    );
    std::fs::write(path("a png.jpg"), &whole).unwrap();
    let pixels = image::RgbImage::from_raw(16, 8, image.pixels.pixels.clone()).unwrap();
    pixels
        .save_with_format(path("a jpeg.png"), image::ImageFormat::Jpeg)
        .unwrap();
    pixels
        .save_with_format(path("a webp.webp"), image::ImageFormat::WebP)
        .unwrap();
    // Not readable.
    std::fs::write(path("torn.png"), &whole[..whole.len() / 2]).unwrap();
    std::fs::write(path("empty.png"), "").unwrap();
    std::fs::write(path("bomb.png"), bomb(&whole, 60_000)).unwrap();
    std::fs::write(path("no pixels.png"), bomb(&whole, 0)).unwrap();
    pixels
        .save_with_format(path("a gif.png"), image::ImageFormat::Gif)
        .unwrap();
    std::fs::create_dir(path("folder.png")).unwrap();

    let start = Instant::now();
    let library = Library::open(folder.path());
    println!("hostile pictures: {:?}", start.elapsed());
    assert_eq!(library.scanned, (8, 5));
    let entries = library.all();
    assert!(
        entries.iter().all(|entry| (entry.width_px, entry.height_px) == (16, 8)),
        "{entries:?}"
    );
    let with_record = entries.iter().filter(|entry| entry.source.is_some()).count();
    assert!(with_record >= 2, "{entries:?}");
    let found = gallery::verify(folder.path()).unwrap();
    assert_eq!(found.pictures, 8);
    assert_eq!(found.count(Flaw::MissingFromIndex) + found.count(Flaw::ExtraInIndex), 0);
    assert_eq!(found.count(Flaw::Torn), 3, "{:?}", found.flaws);
}

#[test]
fn a_full_disk_should_leave_whole_pictures_and_an_index_in_memory() {
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().join("gallery");
    for seed in 0..200 {
        let request = GenerateRequest {
            prompt: "many words of a prompt ".repeat(40),
            seed,
            ..small_request()
        };
        gallery::save(&folder, &generated_image(request)).unwrap();
    }
    let Some(said) = child("child_on_a_full_disk", &folder, Some(64)) else {
        return;
    };
    for expected in [
        "not saved: could not write",
        "index: the index of the gallery",
        "found: 200",
    ] {
        assert!(said.contains(expected), "{expected:?} is not in {said}");
    }
    // When there is room again, all is as it should be.
    let library = Library::open(&folder);
    assert_eq!(library.scanned, (200, 0));
    assert!(gallery::verify(&folder).unwrap().is_good());
    let left: Vec<PathBuf> = files_below(&folder).into_iter().map(|(path, _)| path).collect();
    assert!(
        !left
            .iter()
            .any(|path| path.extension().is_some_and(|ending| ending == "part")),
        "{left:?}"
    );
}

/// Not a test: what the child of the test above does, which may write no large files.
#[test]
fn child_on_a_full_disk() {
    let Some(folder) = std::env::var_os(CHILD_FOLDER) else {
        return;
    };
    let folder = Path::new(&folder);
    let large = GenerateRequest {
        width_px: 512,
        height_px: 512,
        prompt: "too large".to_owned(),
        ..small_request()
    };
    let mut large = generated_image(large);
    let mut random = ChaCha8Rng::seed_from_u64(1);
    random.fill_bytes(&mut Arc::make_mut(&mut large.pixels).pixels); // which no encoder makes smaller
    match gallery::save(folder, &large) {
        Ok(saved) => println!("saved: {}", saved.path.display()),
        Err(error) => println!("not saved: {}", error.one_line()),
    }
    let index_service = IndexService::start(folder, Vec::new(), || {}).unwrap();
    let library = Library {
        index_service,
        scanned: (0, 0),
    };
    println!("index: {}", library.failure());
    library.scanned();
    println!("found: {}", library.search("").ids.len());
}

#[test]
#[cfg(target_os = "linux")]
fn what_is_in_the_systems_trash_should_come_back() {
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().join("gallery");
    let saved = gallery::save(&folder, &generated_image(small_request())).unwrap().path;
    gallery::write_user_metadata(&saved, &rated(4), None).unwrap();
    let before = files_below(&folder);
    let said = child("child_that_trashes", &folder, None).unwrap();
    assert!(
        said.contains("trashed: 3 files in the system's trash, 0 pictures left"),
        "{said}"
    );
    assert!(said.contains("restored: 1 picture rated 4"), "{said}");
    assert_eq!(files_below(&folder), before);
}

/// Not a test: what the child of the test above does, whose trash is in a folder of its own.
#[test]
#[cfg(target_os = "linux")]
fn child_that_trashes() {
    let Some(folder) = std::env::var_os(CHILD_FOLDER) else {
        return;
    };
    let folder = Path::new(&folder);
    let options = IndexServiceOptions {
        trash: TrashPlace::System,
        ..IndexServiceOptions::default()
    };
    let library = Library::open_with(folder, options);
    library.request(IndexRequest::Trash(library.search("").ids.clone()));
    library.until(|event| matches!(event, IndexEvent::Trashed { count: 1 }).then_some(()));
    let trash = folder.parent().unwrap().join("data").join("Trash").join("files");
    println!(
        "trashed: {} files in the system's trash, {} pictures left",
        files_below(&trash).len(),
        library.all().len()
    );
    library.request(IndexRequest::UndoTrash);
    library.until(|event| matches!(event, IndexEvent::Restored { count: 1 }).then_some(()));
    let entries = library.all();
    println!(
        "restored: {} picture rated {}",
        entries.len(),
        entries[0].user_metadata.rating
    );
}

#[test]
fn words_of_any_script_should_find_pictures() {
    let folder = tempfile::tempdir().unwrap();
    for (seed, prompt) in [
        "a lighthouse at night",
        "青い海と白い灯台",
        "東京タワー, night photo",
        "晴",
    ]
    .iter()
    .enumerate()
    {
        let request = GenerateRequest {
            prompt: (*prompt).to_owned(),
            seed: seed as u64,
            guidance_scale: seed as f64 * 5.0,
            ..small_request()
        };
        gallery::save(folder.path(), &generated_image(request)).unwrap();
    }
    let library = Library::open(folder.path());
    for (text, expected) in [
        ("", &[0, 1, 2, 3][..]),
        ("lighthouse", &[0]),
        ("lightho", &[0]),
        ("NIGHT", &[0, 2]),
        ("night -tower", &[0, 2]),
        ("night -lighthouse", &[2]),
        ("灯台", &[1]),
        ("海", &[1]),
        ("晴", &[3]),
        ("海灯", &[]),
        ("タワー", &[2]),
        ("cfg>7", &[2, 3]),
        ("cfg>7 タワー", &[2]),
        ("seed:3", &[3]),
    ] {
        let ids = library.search(text).ids.clone();
        let mut seeds: Vec<u64> = library.entries(ids).iter().map(|entry| entry.seed.unwrap()).collect();
        seeds.sort_unstable();
        assert_eq!(seeds, expected, "{text:?}");
    }
}

#[test]
fn the_newest_search_should_win() {
    let folder = tempfile::tempdir().unwrap();
    gallery::save(folder.path(), &generated_image(small_request())).unwrap();
    let library = Library::open(folder.path());
    for _ in 0..500 {
        library.request(IndexRequest::Search {
            text: String::new(),
            order: SortOrder::Oldest,
        });
    }
    let last = library.index_service.request(IndexRequest::Search {
        text: String::new(),
        order: SortOrder::Rating,
    });
    let mut num_answers = 0;
    library.until(|event| match event {
        IndexEvent::Found { ticket, .. } => {
            num_answers += 1;
            (*ticket == last).then_some(())
        }
        _ => None,
    });
    assert!(num_answers < 500, "{num_answers} of 501 were answered");
}

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

    fn open_watching(folder: &Path, watched: &[&PathBuf]) -> Self {
        let options = IndexServiceOptions {
            watched: Some(watched.iter().map(|folder| (*folder).clone()).collect()),
            trash: TrashPlace::Folder,
            ..IndexServiceOptions::default()
        };
        Self::open_with(folder, options)
    }

    fn open_with(folder: &Path, options: IndexServiceOptions) -> Self {
        let index_service = IndexService::start_with(folder, options, || {}).unwrap();
        let mut library = Self {
            index_service,
            scanned: (0, 0),
        };
        library.scanned = library.scanned();
        library
    }

    fn request(&self, request: IndexRequest) {
        self.index_service.request(request);
    }

    /// What the first event says for which `wanted` has something to say.
    fn until<T>(&self, mut wanted: impl FnMut(&IndexEvent) -> Option<T>) -> T {
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

    fn scanned(&self) -> (usize, usize) {
        self.until(|event| match event {
            IndexEvent::Scanned { pictures, unreadable } => Some((*pictures, *unreadable)),
            _ => None,
        })
    }

    fn search(&self, text: &str) -> Arc<SearchResult> {
        let asked = self.index_service.request(IndexRequest::Search {
            text: text.to_owned(),
            order: SortOrder::Newest,
        });
        self.until(|event| match event {
            IndexEvent::Found { ticket, found } if *ticket == asked => Some(found.clone()),
            _ => None,
        })
    }

    fn entries(&self, ids: Vec<EntryId>) -> Vec<Arc<PictureEntry>> {
        let asked = self.index_service.request(IndexRequest::Entries(ids));
        self.until(|event| match event {
            IndexEvent::Entries { ticket, entries } if *ticket == asked => Some(entries.clone()),
            _ => None,
        })
    }

    fn failure(&self) -> String {
        self.until(|event| match event {
            IndexEvent::Failed { message } => Some(message.clone()),
            _ => None,
        })
    }

    /// Waits until something holds.
    fn until_true(&self, holds: impl Fn(&Self) -> bool) {
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
    fn until_paths(&self, paths: &[&PathBuf]) {
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

    fn all(&self) -> Vec<Arc<PictureEntry>> {
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

fn rated(rating: u8) -> UserMetadata {
    UserMetadata {
        rating,
        ..UserMetadata::default()
    }
}

fn sorted(paths: &[&PathBuf]) -> Vec<PathBuf> {
    let mut paths: Vec<PathBuf> = paths.iter().map(|path| (*path).clone()).collect();
    paths.sort();
    paths
}

fn assert_starts(text: &str, expected: &str) {
    assert!(text.starts_with(expected), "expected {expected:?}, found {text:?}");
}

/// All files below a folder with their bytes, without the index.
fn files_below(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
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

/// Does something to an index behind the program's back.
fn execute(file: &Path, sql: &str) {
    rusqlite::Connection::open(file).unwrap().execute_batch(sql).unwrap();
}

/// A picture of 16x8 px with these texts.
fn write_png(path: &Path, texts: &[(&str, &str)]) {
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

/// A PNG that says it has `side` x `side` px.
fn bomb(png: &[u8], side: u32) -> Vec<u8> {
    let mut bomb = png.to_vec();
    bomb[16..20].copy_from_slice(&side.to_be_bytes());
    bomb[20..24].copy_from_slice(&side.to_be_bytes());
    let mut crc = flate2::Crc::new();
    crc.update(&bomb[12..29]);
    bomb[29..33].copy_from_slice(&crc.sum().to_be_bytes());
    bomb
}

/// Runs a test of this file in a process of its own; what it prints, or nothing where that cannot be done.
///
/// * `max_file_kb`: the largest file that it may write.
fn child(test: &str, folder: &Path, max_file_kb: Option<u32>) -> Option<String> {
    let program = std::env::current_exe().unwrap();
    let test = format!("gallery_index::{test}");
    let args = [test.as_str(), "--exact", "--nocapture", "--test-threads=1"];
    let mut command = match max_file_kb {
        None => std::process::Command::new(&program),
        Some(_) if cfg!(not(unix)) => return None,
        Some(kb) => {
            // POSIX counts in blocks of 512 bytes. Without the trap the system would kill the child.
            let mut shell = std::process::Command::new("sh");
            let script = format!("trap '' XFSZ; ulimit -f {}; exec \"$0\" \"$@\"", kb * 2);
            shell.args(["-c", &script]).arg(&program);
            shell
        }
    };
    let home = folder.parent().unwrap();
    let output = command
        .args(args)
        .env(CHILD_FOLDER, folder)
        .env("XDG_DATA_HOME", home.join("data"))
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(
        output.status.success(),
        "{said}\n{}",
        String::from_utf8_lossy(&output.stderr)
    );
    Some(said)
}
