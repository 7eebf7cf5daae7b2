//! The index of the gallery: true to the files whatever happens to either.

mod failures;
mod library;
mod planted;
mod programs;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use hareru::gallery::{
    self, EntryId, IndexEvent, IndexRequest, IndexServiceOptions, MetadataChange, PictureEntry, RecordSource, SortOrder,
};
use hareru::job::{GenerateRequest, LoraSpec};

use crate::support::generated_image;

pub(crate) use self::library::Library;
use self::library::{assert_starts, files_below, rated, small_request, sorted};

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
fn marks_should_be_written_though_the_program_ends_at_once() {
    let folder = tempfile::tempdir().unwrap();
    for _ in 0..40 {
        gallery::save(folder.path(), &generated_image(small_request())).unwrap();
    }
    for rating in [1, 2, 3, 4, 5, 1, 2, 3, 4, 5] {
        let library = Library::open(folder.path());
        let ids = library.search("").ids.clone();
        let pictures = library.all();
        library.request(IndexRequest::Rescan);
        library.request(IndexRequest::EditMetadata {
            ids,
            change: MetadataChange::Rate(rating),
        });
        drop(library);
        for picture in pictures {
            let marks = gallery::read_user_metadata(&picture.path, None).unwrap();
            assert_eq!(marks.rating, rating, "{}", picture.path.display());
        }
    }
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
