//! Disks with no room, and disks that may only be read: whatever is written says so in one line, leaves what was there as
//! it was and nothing half written, and goes on once there is room.
//!
//! Needs the right to mount a small disk. Without it only folders that may not be written are tried; as a user who may
//! write everywhere but mount nothing, the tests say that they were passed over.

#![cfg(target_os = "linux")]

use std::collections::BTreeMap;
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

use hareru::config::{PendingFile, Settings};
use hareru::engine::{KeptJob, QueueContent};
use hareru::gallery::{
    self, IndexEvent, IndexRequest, IndexService, IndexServiceOptions, PictureFile, SaveEvent, SortOrder,
    ThumbnailLoader, ThumbnailRequest, ThumbnailSize, TrashPlace, UserMetadata, Writer,
};
use hareru::job::{GenerateRequest, GeneratedImage, JobOptions};

use crate::gallery_store::SmallDisk;
use crate::support::command_line::command;
use crate::support::generated_image;
use crate::unfold;

/// Longest wait for anything.
const PATIENCE: Duration = Duration::from_mins(2);

/// Something that is written into a folder in which it has been written once.
struct Deed {
    name: &'static str,
    write: fn(&Path) -> Result<(), String>,
}

const DEEDS: [Deed; 8] = [
    Deed {
        name: "a new picture with its run",
        write: |folder| match gallery::save(folder, &large_image()) {
            Ok(saved) => saved.trajectory.map(|_| ()).map_err(|error| error.one_line()),
            Err(error) => Err(error.one_line()),
        },
    },
    Deed {
        name: "a picture in the place of another one",
        write: |folder| match gallery::save_as(&folder.join("run.png"), &large_image()) {
            Ok(saved) => saved.trajectory.map(|_| ()).map_err(|error| error.one_line()),
            Err(error) => Err(error.one_line()),
        },
    },
    Deed {
        name: "what is said of a picture",
        write: |folder| {
            let marks = UserMetadata {
                tags: (0..400).map(|tag| format!("tag {tag}")).collect(),
                ..UserMetadata::default()
            };
            gallery::write_user_metadata(&folder.join("run.png"), &marks, None).map_err(|error| error.one_line())
        },
    },
    Deed {
        name: "settings",
        write: |folder| {
            let settings = Settings {
                watched_folders: (0..400).map(|number| format!("/pictures/{number}").into()).collect(),
                ..Settings::default()
            };
            let bytes = settings.to_json().unwrap();
            PendingFile::replace(&folder.join("settings.json"), &bytes).map_err(|error| error.to_string())
        },
    },
    Deed {
        name: "the queue",
        write: |folder| {
            queue(20)
                .save(&folder.join("queue.json"))
                .map_err(|error| error.to_string())
        },
    },
    Deed {
        name: "a film",
        write: |folder| export(folder, &["unfold", "run.png", "--out", "film.gif", "--width", "256"]),
    },
    Deed {
        name: "a sheet",
        write: |folder| {
            export(
                folder,
                &[
                    "unfold",
                    "run.png",
                    "--out",
                    "sheet.png",
                    "--sheet",
                    "3x2",
                    "--width",
                    "256",
                ],
            )
        },
    },
    Deed {
        name: "pixels alone",
        write: |folder| {
            let image = large_image();
            gallery::save_pixels(&folder.join("pixels.webp"), &image.pixels).map_err(|error| error.one_line())
        },
    },
];

/// A picture that no encoder makes small.
fn large_image() -> GeneratedImage {
    let mut image = generated_image(GenerateRequest {
        width_px: 160,
        height_px: 160,
        ..GenerateRequest::default()
    });
    let mut state = 1_u32;
    for value in &mut Arc::make_mut(&mut image.pixels).pixels {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        *value = (state >> 24) as u8;
    }
    image
}

fn queue(jobs: usize) -> QueueContent {
    let job = KeptJob {
        request: Arc::new(GenerateRequest::default()),
        options: JobOptions::default(),
        was_running: false,
    };
    QueueContent {
        is_paused: true,
        jobs: vec![job; jobs],
    }
}

/// The real program, with its home elsewhere.
fn export(folder: &Path, args: &[&str]) -> Result<(), String> {
    let home = tempfile::tempdir().unwrap();
    let output = command(home.path()).current_dir(folder).args(args).output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap().trim().to_owned();
    match output.status.code() {
        Some(0) => Ok(()),
        Some(1) => Err(said),
        other => panic!("{other:?}: {said}"),
    }
}

/// What each deed finds: an older file of every kind.
fn prepare(folder: &Path) {
    unfold::picture_of(unfold::run(), folder);
    gallery::write_user_metadata(&folder.join("run.png"), &UserMetadata::default(), None).unwrap();
    PendingFile::replace(&folder.join("settings.json"), b"{}").unwrap();
    queue(1).save(&folder.join("queue.json")).unwrap();
    for name in ["film.gif", "sheet.png", "pixels.webp"] {
        std::fs::write(folder.join(name), "an older one").unwrap();
    }
}

/// All files below a folder with their bytes; the filler is left out.
fn files(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else if path.file_name().is_none_or(|name| name != FILLER) {
            let bytes = std::fs::read(&path).unwrap();
            found.insert(path, bytes);
        }
    }
    found
}

const FILLER: &str = "filler";

/// Takes all room on a small disk but some.
fn fill(disk: &Path, free_bytes: u64) {
    let path = disk.join(FILLER);
    let mut file = std::fs::File::create(&path).unwrap();
    while file.write(&[7; 4096]).is_ok_and(|count| count > 0) {}
    let bytes = file.metadata().unwrap().len();
    file.set_len(bytes.saturating_sub(free_bytes)).unwrap();
}

fn passed_over(what: &str) {
    println!("no right to mount a small disk: {what} is not tested");
}

/// Whether a deed that failed said why, and left all as it was.
fn assert_unharmed(
    deed: &Deed,
    message: &str,
    before: &BTreeMap<PathBuf, Vec<u8>>,
    after: &BTreeMap<PathBuf, Vec<u8>>,
) {
    let name = deed.name;
    assert!(!message.is_empty() && !message.contains('\n'), "{name}: {message:?}");
    let names = |files: &BTreeMap<PathBuf, Vec<u8>>| files.keys().cloned().collect::<Vec<_>>();
    if deed.name.starts_with("a new picture") || deed.name.starts_with("a picture in") {
        // A picture is worth keeping without its run; then it is whole.
        for (path, bytes) in after {
            let is_old = before.get(path) == Some(bytes);
            let ending = path.extension().unwrap_or_default();
            let is_whole = ending == "png" && gallery::read_picture(path).is_ok() && gallery::read_record(path).is_ok();
            assert!(is_old || is_whole, "{name}: {}: {message}", path.display());
        }
        return;
    }
    assert_eq!(names(before), names(after), "{name}: {message}");
    assert!(before == after, "{name}: a file is another one: {message}");
}

#[test]
fn whatever_finds_no_room_should_say_so_and_leave_what_was_there() {
    let folder = tempfile::tempdir().unwrap();
    let mut num_failed = BTreeMap::new();
    for free_bytes in [0, 12 << 10, 80 << 10] {
        for deed in &DEEDS {
            let Some(disk) = SmallDisk::mount(folder.path()) else {
                passed_over("a full disk");
                return;
            };
            prepare(folder.path());
            fill(folder.path(), free_bytes);
            let before = files(folder.path());
            if let Err(message) = (deed.write)(folder.path()) {
                assert_unharmed(deed, &message, &before, &files(folder.path()));
                *num_failed.entry(deed.name).or_insert(0) += 1;
            }
            std::fs::remove_file(folder.path().join(FILLER)).unwrap();
            (deed.write)(folder.path()).unwrap_or_else(|error| panic!("{} with room again: {error}", deed.name));
            let parts = files(folder.path());
            assert!(
                parts
                    .keys()
                    .all(|path| path.extension().is_none_or(|ending| ending != "part"))
            );
            drop(disk);
        }
    }
    assert_eq!(
        num_failed.len(),
        DEEDS.len(),
        "each found a disk too small: {num_failed:?}"
    );
}

#[test]
fn whatever_may_not_write_should_say_so_and_leave_what_was_there() {
    let folder = tempfile::tempdir().unwrap();
    let disk = SmallDisk::mount(folder.path());
    prepare(folder.path());
    let set_writable = |is_writable: bool| {
        if disk.is_some() {
            let mode = if is_writable { "remount,rw" } else { "remount,ro" };
            let status = Command::new("mount").args(["-o", mode]).arg(folder.path()).status();
            assert!(status.unwrap().success());
        } else {
            let mode = if is_writable { 0o755 } else { 0o555 };
            std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(mode)).unwrap();
        }
    };
    set_writable(false);
    if std::fs::write(folder.path().join("try"), "").is_ok() {
        passed_over("a disk that may only be read");
        return;
    }
    let before = files(folder.path());
    for deed in &DEEDS {
        let message = (deed.write)(folder.path()).expect_err(deed.name);
        assert_unharmed(deed, &message, &before, &files(folder.path()));
        assert!(before == files(folder.path()), "{}", deed.name);
    }
    set_writable(true);
    for deed in &DEEDS {
        prepare(folder.path());
        (deed.write)(folder.path()).unwrap_or_else(|error| panic!("{} when it may again: {error}", deed.name));
    }
}

#[test]
fn saving_should_go_on_with_the_next_picture_once_there_is_room() {
    let folder = tempfile::tempdir().unwrap();
    let Some(_disk) = SmallDisk::mount(folder.path()) else {
        passed_over("saving on a full disk");
        return;
    };
    fill(folder.path(), 0);
    let writer = Writer::start(folder.path().to_owned(), || {}).unwrap();
    let next = || {
        let start = Instant::now();
        loop {
            match writer.poll() {
                Some(event @ (SaveEvent::Saved { .. } | SaveEvent::Failed { .. })) => return event,
                Some(_) => {}
                None => std::thread::sleep(Duration::from_millis(2)),
            }
            assert!(start.elapsed() < PATIENCE, "the writer says nothing");
        }
    };
    for _ in 0..3 {
        writer.save(Arc::new(large_image()));
        let event = next();
        assert!(
            matches!(&event, SaveEvent::Failed { message } if message.contains("No space left")),
            "{event:?}"
        );
    }
    std::fs::remove_file(folder.path().join(FILLER)).unwrap();
    writer.save(Arc::new(large_image()));
    let event = next();
    let SaveEvent::Saved { path, .. } = event else {
        panic!("{event:?}");
    };
    assert_eq!(gallery::read_picture(&path).unwrap(), *large_image().pixels);
}

#[test]
fn a_gallery_without_room_should_be_shown_and_lose_nothing_when_emptied() {
    let folder = tempfile::tempdir().unwrap();
    let Some(_disk) = SmallDisk::mount(folder.path()) else {
        passed_over("a gallery on a full disk");
        return;
    };
    for seed in 0..4 {
        let image = generated_image(GenerateRequest {
            width_px: 16,
            height_px: 8,
            seed,
            ..GenerateRequest::default()
        });
        gallery::save(folder.path(), &image).unwrap();
    }
    let before = files(folder.path());
    fill(folder.path(), 0);
    let options = IndexServiceOptions {
        trash: TrashPlace::Folder,
        ..IndexServiceOptions::default()
    };
    let service = IndexService::start_with(folder.path(), options, || {}).unwrap();
    let until = |is_it: &dyn Fn(&IndexEvent) -> bool| {
        let start = Instant::now();
        while start.elapsed() < PATIENCE {
            if let Some(event) = service.wait(Duration::from_millis(50))
                && is_it(&event)
            {
                return event;
            }
        }
        panic!("it did not come");
    };
    until(&|event| {
        matches!(
            event,
            IndexEvent::Scanned {
                pictures: 4,
                unreadable: 0
            }
        )
    });
    service.request(IndexRequest::Search {
        text: String::new(),
        order: SortOrder::Newest,
    });
    let IndexEvent::Found { found, .. } = until(&|event| matches!(event, IndexEvent::Found { .. })) else {
        unreachable!("the only event that is it");
    };
    assert_eq!(found.ids.len(), 4);
    service.request(IndexRequest::Trash(found.ids.clone()));
    until(&|event| matches!(event, IndexEvent::Trashed { .. } | IndexEvent::Failed { .. }));

    // Thumbnails are shown, though none can be kept.
    let loader = ThumbnailLoader::start(Some(folder.path().join("thumbnails")), || {}).unwrap();
    let pictures: Vec<PathBuf> = files(folder.path())
        .into_keys()
        .filter(|path| path.extension().is_some_and(|ending| ending == "png"))
        .collect();
    assert_eq!(pictures.len(), 4, "each picture is in the gallery or in its trash");
    loader.request([ThumbnailRequest {
        file: PictureFile {
            path: pictures[0].clone(),
            modified_unix_ms: 0,
            bytes: 0,
        },
        size: ThumbnailSize::Medium, // the one that is kept
    }]);
    let start = Instant::now();
    while !loader.has_loaded() {
        assert!(start.elapsed() < PATIENCE, "no thumbnail came");
        std::thread::sleep(Duration::from_millis(2));
    }
    assert!(loader.poll().unwrap().picture.is_ok());

    let kept: Vec<Vec<u8>> = before.into_values().collect();
    let now: Vec<Vec<u8>> = files(folder.path()).into_values().collect();
    for bytes in kept {
        assert!(now.contains(&bytes), "a file of the gallery is lost");
    }
}
