//! The program killed at random moments while it writes anything but pictures: what was said to be kept is there, and
//! nothing is torn. For pictures see `gallery_kill.rs`.
//!
//! Each test kills a few times; `HARERU_KILLS` says how often instead.

use std::collections::BTreeSet;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use hareru::config::{PendingFile, Settings, SettingsKeeper};
use hareru::engine::{KeptJob, QueueContent, QueueEvent, QueueKeeper};
use hareru::gallery::{
    self, EntryId, IndexEvent, IndexRequest, IndexService, IndexServiceOptions, MetadataChange, TrashPlace,
};
use hareru::hub::{DownloadState, Hub, HubEvent};
use hareru::job::{GenerateRequest, JobOptions};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{RngCore as _, SeedableRng as _};

use crate::gallery_index::Library;
use crate::hub::downloads::{Repository, large, options};
use crate::support::command_line::command;
use crate::support::generated_image;
use crate::unfold;

/// Says how often each test kills.
const KILLS: &str = "HARERU_KILLS";
/// How often it does otherwise.
const FEW_KILLS: usize = 12;
/// Names the folder that a child works in.
const FOLDER: &str = "HARERU_TEST_FOLDER";
/// Tells a child where its hub is.
const ENDPOINT: &str = "HARERU_TEST_ENDPOINT";
/// A child is killed up to so long after it has first kept something.
const LIFE_MS: u32 = 60;
/// Pictures of a gallery whose pictures are marked, trashed and indexed.
const NUM_PICTURES: u64 = 12;
/// Longest wait for anything.
const PATIENCE: Duration = Duration::from_mins(2);

/// Starts a child test again and again, kills it, and has what it left looked at.
///
/// * `child`: name of the function in this file that the child is; it prints `kept N` for whatever it is sure of.
/// * `check`: given the largest number that was said to be kept.
fn kill(child: &str, folder: &Path, endpoint: &str, mut check: impl FnMut(u64)) {
    let kills = std::env::var(KILLS).map_or(FEW_KILLS, |kills| kills.parse().unwrap());
    let mut random = ChaCha8Rng::seed_from_u64(7);
    let (mut newest, mut num_kept, start) = (0, 0, Instant::now());
    let number = |line: &str| line.strip_prefix("kept ").and_then(|number| number.parse::<u64>().ok());
    for _ in 0..kills {
        let mut process = Command::new(std::env::current_exe().unwrap())
            .args([&format!("kills::{child}"), "--exact", "--nocapture", "--test-threads=1"])
            .env(FOLDER, folder)
            .env(ENDPOINT, endpoint)
            .stdout(Stdio::piped())
            .stderr(Stdio::inherit())
            .spawn()
            .unwrap();
        let lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let mut kept = lines.map_while(Result::ok).filter_map(|line| number(&line));
        let first = kept.next().expect("the child ended by itself");
        std::thread::sleep(Duration::from_micros(u64::from(random.next_u32() % (LIFE_MS * 1000))));
        process.kill().unwrap();
        process.wait().unwrap();
        let all: Vec<u64> = std::iter::once(first).chain(kept).collect();
        num_kept += all.len();
        newest = all.into_iter().fold(newest, u64::max);
        check(newest);
    }
    println!(
        "{child}: {kills} kills, {num_kept} times kept, in {:?}",
        start.elapsed()
    );
}

/// The folder of a child; `None` in a test run, where the functions of children do nothing.
fn folder_of_child() -> Option<PathBuf> {
    std::env::var_os(FOLDER).map(PathBuf::from)
}

fn keep(number: u64) {
    println!("\nkept {number}"); // the name of the test stands before the first
    std::io::stdout().flush().unwrap();
}

/// No file is there that was set aside as broken, whatever its name.
fn assert_none_aside(folder: &Path) {
    for path in files_below(folder) {
        assert!(!path.to_string_lossy().contains(".broken"), "{}", path.display());
    }
}

fn files_below(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let below = entries.flat_map(|entry| match entry.path() {
        path if path.is_dir() => files_below(&path),
        path => vec![path],
    });
    below.collect()
}

#[test]
fn settings_should_be_whole_and_never_older_than_what_was_kept() {
    let folder = tempfile::tempdir().unwrap();
    kill("child_that_keeps_settings", folder.path(), "", |newest| {
        let (settings, warning) = Settings::load(&folder.path().join("settings.json"));
        assert_eq!(warning, None);
        assert!(
            settings.trajectory_budget_mib >= newest,
            "{newest} was kept: {settings:?}"
        );
        assert_eq!(settings.watched_folders.len(), 200, "the rest is whole too");
        assert_none_aside(folder.path());
    });
}

/// Not a test: changes a setting and has it written, as the window does.
#[test]
#[expect(clippy::infinite_loop, reason = "it is killed")]
fn child_that_keeps_settings() {
    let Some(folder) = folder_of_child() else { return };
    let path = folder.join("settings.json");
    let (mut settings, warning) = Settings::load(&path);
    assert_eq!(warning, None);
    settings.watched_folders = (0..200)
        .map(|number| PathBuf::from(format!("/pictures/{number}")))
        .collect();
    let keeper = SettingsKeeper::start(path, &Settings::default());
    loop {
        settings.trajectory_budget_mib += 1;
        keeper.keep(&settings);
        keeper.flush();
        keep(settings.trajectory_budget_mib);
    }
}

#[test]
fn the_queue_should_be_whole_and_never_older_than_what_was_kept() {
    let folder = tempfile::tempdir().unwrap();
    kill("child_that_keeps_the_queue", folder.path(), "", |newest| {
        let (content, trouble) = QueueContent::load(&folder.path().join("queue.json"));
        assert_eq!(trouble, None);
        assert_eq!(content.jobs.len(), 40);
        let seeds: BTreeSet<u64> = content.jobs.iter().map(|job| job.request.seed).collect();
        assert_eq!(seeds.len(), 1, "all jobs are of one content: {seeds:?}");
        assert!(seeds.first() >= Some(&newest), "{newest} was kept, found {seeds:?}");
    });
}

/// Not a test: keeps a queue as the window does. Dropping a keeper writes what it was given last.
#[test]
fn child_that_keeps_the_queue() {
    let Some(folder) = folder_of_child() else { return };
    let path = folder.join("queue.json");
    loop {
        let keeper = QueueKeeper::start(path.clone(), || {}).unwrap();
        let start = Instant::now();
        let before = loop {
            match keeper.poll() {
                Some(QueueEvent::Loaded { content, trouble }) => {
                    assert_eq!(trouble, None);
                    break content.jobs.first().map_or(0, |job| job.request.seed);
                }
                event => assert!(event.is_none() && start.elapsed() < PATIENCE, "{event:?}"),
            }
            std::thread::sleep(Duration::from_millis(1));
        };
        let mut seed = before;
        for _ in 0..8 {
            seed += 1;
            let job = KeptJob {
                request: Arc::new(GenerateRequest {
                    seed,
                    ..GenerateRequest::default()
                }),
                options: JobOptions::default(),
                was_running: false,
            };
            keeper.keep(QueueContent {
                is_paused: true,
                jobs: vec![job; 40],
            });
        }
        drop(keeper);
        keep(seed);
    }
}

/// Fills a gallery; the names of its files.
fn fill(folder: &Path) -> BTreeSet<std::ffi::OsString> {
    for seed in 0..NUM_PICTURES {
        let image = generated_image(GenerateRequest {
            width_px: 16,
            height_px: 8,
            seed,
            ..GenerateRequest::default()
        });
        gallery::save(folder, &image).unwrap();
    }
    names(&files_below(folder))
}

fn names(files: &[PathBuf]) -> BTreeSet<std::ffi::OsString> {
    files.iter().map(|file| file.file_name().unwrap().to_owned()).collect()
}

/// Opens the gallery as the next program would: all its pictures are there and in the index.
fn assert_gallery(folder: &Path, num_pictures: usize) {
    let library = Library::open(folder);
    assert_eq!(library.scanned, (num_pictures, 0));
    drop(library);
    let found = gallery::verify(folder).unwrap();
    assert!(found.flaws.is_empty(), "{:#?}", found.flaws);
    assert!(found.is_good(), "{found:?}");
    assert_none_aside(folder);
}

/// An index service with a trash inside the gallery.
fn index_service(folder: &Path) -> IndexService {
    let options = IndexServiceOptions {
        trash: TrashPlace::Folder,
        ..IndexServiceOptions::default()
    };
    IndexService::start_with(folder, options, || {}).unwrap()
}

/// What the first event says for which `wanted` has something to say.
fn until<T>(service: &IndexService, wanted: impl Fn(IndexEvent) -> Option<T>) -> T {
    let start = Instant::now();
    while start.elapsed() < PATIENCE {
        if let Some(found) = service.wait(Duration::from_millis(100)).and_then(&wanted) {
            return found;
        }
    }
    panic!("it did not come");
}

/// All pictures, once all files have been looked at.
fn all_pictures(service: &IndexService) -> Vec<EntryId> {
    until(service, |event| {
        matches!(event, IndexEvent::Scanned { .. }).then_some(())
    });
    service.request(IndexRequest::Search {
        text: String::new(),
        order: gallery::SortOrder::Newest,
    });
    until(service, |event| match event {
        IndexEvent::Found { found, .. } => Some(found.ids.clone()),
        _ => None,
    })
}

#[test]
fn marks_should_be_whole_and_never_older_than_what_was_kept() {
    let folder = tempfile::tempdir().unwrap();
    fill(folder.path());
    let pictures = pictures_below(folder.path());
    kill("child_that_marks", folder.path(), "", |newest| {
        for picture in &pictures {
            let number = newest_tag(picture);
            assert!(
                number >= newest,
                "{newest} was kept, found {number}: {}",
                picture.display()
            );
        }
        assert_gallery(folder.path(), pictures.len());
    });
}

/// The largest number among the tags of a picture.
fn newest_tag(picture: &Path) -> u64 {
    let marks = gallery::read_user_metadata(picture, None).unwrap();
    let numbers = marks.tags.iter().filter_map(|tag| tag.parse().ok());
    numbers.max().unwrap_or_default()
}

/// The pictures of a gallery, and those in its trash.
fn pictures_below(folder: &Path) -> Vec<PathBuf> {
    let is_picture = |path: &PathBuf| path.extension().is_some_and(|ending| ending == "png");
    files_below(folder).into_iter().filter(is_picture).collect()
}

/// Not a test: tags all pictures with the number of the round.
#[test]
#[expect(clippy::infinite_loop, reason = "it is killed")]
fn child_that_marks() {
    let Some(folder) = folder_of_child() else { return };
    let service = index_service(&folder);
    let ids = all_pictures(&service);
    let mut number = pictures_below(&folder)
        .iter()
        .map(|path| newest_tag(path))
        .max()
        .unwrap();
    loop {
        // The new tag first, so that a picture has one of them at any time.
        let changes = [
            MetadataChange::Tag((number + 1).to_string()),
            MetadataChange::Untag(number.to_string()),
        ];
        number += 1;
        for change in changes {
            let ids = ids.clone();
            service.request(IndexRequest::EditMetadata { ids, change });
        }
        let mut changed = BTreeSet::new();
        while changed.len() < ids.len() {
            changed.extend(until(&service, |event| match event {
                IndexEvent::Changed(entries) => Some(
                    entries
                        .iter()
                        .filter(|entry| {
                            let tags = &entry.user_metadata.tags;
                            tags.contains(&number.to_string()) && !tags.contains(&(number - 1).to_string())
                        })
                        .map(|entry| entry.id)
                        .collect::<Vec<_>>(),
                ),
                IndexEvent::Failed { message } => panic!("{message}"),
                _ => None,
            }));
        }
        keep(number);
    }
}

#[test]
fn what_is_put_into_the_trash_should_be_in_one_place_or_the_other() {
    let folder = tempfile::tempdir().unwrap();
    let files = fill(folder.path());
    let gallery_files = |path: &PathBuf| {
        path.extension()
            .is_some_and(|ending| ending == "png" || ending == "safetensors")
    };
    kill("child_that_trashes", folder.path(), "", |_newest| {
        let left: Vec<PathBuf> = files_below(folder.path()).into_iter().filter(gallery_files).collect();
        assert_eq!(left.len(), files.len(), "each file is there once: {left:#?}");
        assert_eq!(names(&left.clone()), files);
        for path in &left {
            if path.extension().is_some_and(|ending| ending == "png") {
                gallery::read_picture(path).unwrap();
            }
        }
        let (trashed, kept): (Vec<PathBuf>, Vec<PathBuf>) = left
            .into_iter()
            .partition(|path| path.components().any(|part| part.as_os_str() == "trash"));
        let is_picture = |path: &&PathBuf| path.extension().is_some_and(|ending| ending == "png");
        assert_gallery(folder.path(), kept.iter().filter(is_picture).count());
        // As its owner would by hand.
        let home = kept
            .first()
            .map_or_else(|| folder.path(), |path| path.parent().unwrap());
        for path in trashed {
            std::fs::rename(&path, home.join(path.file_name().unwrap())).unwrap();
        }
    });
}

/// Not a test: puts half of the pictures into the trash, and takes that back.
#[test]
fn child_that_trashes() {
    let Some(folder) = folder_of_child() else { return };
    let service = index_service(&folder);
    let ids = all_pictures(&service);
    for number in 1.. {
        service.request(IndexRequest::Trash(ids[..ids.len() / 2].to_vec()));
        until(&service, |event| {
            matches!(event, IndexEvent::Trashed { .. }).then_some(())
        });
        keep(2 * number);
        service.request(IndexRequest::UndoTrash);
        until(&service, |event| {
            matches!(event, IndexEvent::Restored { .. }).then_some(())
        });
        keep(2 * number + 1);
    }
}

#[test]
fn an_index_that_is_made_anew_should_agree_with_the_files() {
    let folder = tempfile::tempdir().unwrap();
    let files = fill(folder.path());
    kill("child_that_reindexes", folder.path(), "", |_newest| {
        assert_gallery(folder.path(), usize::try_from(NUM_PICTURES).unwrap());
        assert!(names(&files_below(folder.path())).is_superset(&files));
    });
}

/// Not a test: forgets the index and makes it again.
#[test]
fn child_that_reindexes() {
    let Some(folder) = folder_of_child() else { return };
    for number in 1.. {
        gallery::forget_index(&folder).unwrap();
        keep(number);
        let service = index_service(&folder);
        assert_eq!(all_pictures(&service).len() as u64, NUM_PICTURES);
    }
}

#[test]
fn a_download_should_go_on_and_be_whole() {
    let folder = tempfile::tempdir().unwrap();
    let bytes = large(2);
    let repository = Repository::single("castle.safetensors", bytes.clone());
    let is_slow = Arc::clone(&repository.is_slow);
    is_slow.store(true, Ordering::Relaxed);
    let server = repository.serve();
    let models = folder.path().join("models");
    let published = models.join("castle.safetensors");
    kill("child_that_downloads", folder.path(), &server.url(""), |_newest| {
        if published.exists() {
            assert!(
                std::fs::read(&published).unwrap() == bytes,
                "a file under its name is whole"
            );
            std::fs::remove_file(&published).unwrap(); // and once again
        }
    });
    is_slow.store(false, Ordering::Relaxed);
    if !published.exists() {
        let hub = Hub::start(options(folder.path(), &server.url("")), || {}).unwrap();
        hub.fetch("someone/tiny", false).unwrap();
        let start = Instant::now();
        while !published.exists() {
            assert!(start.elapsed() < PATIENCE, "it does not go on");
            hub.wait(Duration::from_millis(20));
        }
    }
    assert!(std::fs::read(&published).unwrap() == bytes);
}

/// Not a test: fetches a file, again and again.
#[test]
fn child_that_downloads() {
    let Some(folder) = folder_of_child() else { return };
    let endpoint = std::env::var(ENDPOINT).unwrap();
    let hub = Hub::start(options(&folder, &endpoint), || {}).unwrap();
    let mut number = 0;
    loop {
        let id = hub.fetch("someone/tiny", false).unwrap();
        loop {
            match hub.wait(PATIENCE) {
                Some(HubEvent::Download(row)) if row.id == id => match row.state {
                    DownloadState::Finished(path) => {
                        keep(number);
                        std::fs::remove_file(path).unwrap();
                        break;
                    }
                    DownloadState::Failed(error) => panic!("{error:?}"),
                    _ if row.done_bytes > 0 => {
                        number += 1;
                        keep(number);
                    }
                    _ => {}
                },
                Some(_) => {}
                None => panic!("the hub says nothing"),
            }
        }
    }
}

/// The real program, which writes a film over one that is there.
#[test]
fn an_export_should_be_the_old_file_or_the_new_one() {
    let home = tempfile::tempdir().unwrap();
    unfold::picture_of(unfold::run(), home.path());
    let export = |fps: &str| {
        let mut command = command(home.path());
        command.args(["unfold", "run.png", "--out", "film.png", "--fps", fps]);
        command.stdout(Stdio::null()).stderr(Stdio::null());
        command
    };
    let film = home.path().join("film.png");
    let [old, new] = ["5", "9"].map(|fps| {
        let start = Instant::now();
        assert!(export(fps).status().unwrap().success());
        (std::fs::read(&film).unwrap(), start.elapsed())
    });
    assert!(old.0 != new.0, "they can be told apart");
    let kills = std::env::var(KILLS).map_or(FEW_KILLS, |kills| kills.parse().unwrap());
    let mut random = ChaCha8Rng::seed_from_u64(7);
    let mut num_new = 0;
    for _ in 0..kills {
        PendingFile::replace(&film, &old.0).unwrap();
        let mut child = export("9").spawn().unwrap();
        let share = f64::from(random.next_u32() % 1200) / 1000.0;
        std::thread::sleep(new.1.mul_f64(share));
        child.kill().ok(); // it may have ended
        child.wait().unwrap();
        let found = std::fs::read(&film).unwrap();
        assert!(found == old.0 || found == new.0, "the film is torn");
        num_new += usize::from(found == new.0);
    }
    println!("exports: {kills} kills, {num_new} had been written");
}
