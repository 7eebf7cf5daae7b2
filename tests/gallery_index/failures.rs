//! What happens to the index where files, folders, disks or the index itself are not as they should be.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use hareru::gallery::{self, Flaw, IndexEvent, IndexRequest, IndexService, IndexServiceOptions, TrashPlace};
use hareru::job::GenerateRequest;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{RngCore as _, SeedableRng as _};

use super::library::{Library, assert_starts, files_below, rated, small_request, sorted, write_png};
use crate::support::generated_image;

/// Names the gallery to a child of a test.
const CHILD_FOLDER: &str = "HARERU_TEST_GALLERY";

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
    pixels
        .save_with_format(path("a gif.png"), image::ImageFormat::Gif)
        .unwrap();
    // Not readable.
    std::fs::write(path("torn.png"), &whole[..whole.len() / 2]).unwrap();
    std::fs::write(path("empty.png"), "").unwrap();
    std::fs::write(path("bomb.png"), bomb(&whole, 60_000)).unwrap();
    std::fs::write(path("no pixels.png"), bomb(&whole, 0)).unwrap();
    std::fs::create_dir(path("folder.png")).unwrap();

    let start = Instant::now();
    let library = Library::open(folder.path());
    println!("hostile pictures: {:?}", start.elapsed());
    assert_eq!(library.scanned, (9, 4));
    let entries = library.all();
    assert!(
        entries.iter().all(|entry| (entry.width_px, entry.height_px) == (16, 8)),
        "{entries:?}"
    );
    let with_record = entries.iter().filter(|entry| entry.source.is_some()).count();
    assert!(with_record >= 2, "{entries:?}");
    let found = gallery::verify(folder.path()).unwrap();
    assert_eq!(found.pictures, 9);
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

/// Does something to an index behind the program's back.
fn execute(file: &Path, sql: &str) {
    rusqlite::Connection::open(file).unwrap().execute_batch(sql).unwrap();
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
    let test = format!("gallery_index::failures::{test}");
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
