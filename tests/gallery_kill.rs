//! The program killed at random moments: every picture is whole or absent, and the index agrees.

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use hareru::gallery::{self, IndexRequest, IndexService, SaveEvent, Writer};
use hareru::job::GenerateRequest;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{RngCore as _, SeedableRng as _};

use crate::gallery_index::Library;
use crate::support::generated_image;

/// Names the gallery to a child.
const FOLDER: &str = "HARERU_TEST_GALLERY";
/// Says how many pictures a child saves before it ends by itself.
const COUNT: &str = "HARERU_TEST_COUNT";
/// Pictures that must have been saved in all.
const SAVES: usize = 500;
/// A child is killed up to so long after its first picture.
const LIFE_MS: u32 = 200;
/// Pictures that wait to be saved, so that the writer never rests.
const AHEAD: usize = 4;

#[test]
fn whoever_is_killed_should_leave_whole_pictures_and_an_index_that_agrees() {
    let folder = tempfile::tempdir().unwrap();
    let mut random = ChaCha8Rng::seed_from_u64(42);
    let start = Instant::now();
    let (mut saved, mut kills) = (0, 0);
    while saved < SAVES {
        let mut child = spawn(folder.path(), usize::MAX);
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let is_saving = lines.by_ref().any(|line| line.unwrap().starts_with("saved"));
        assert!(is_saving, "the child ended by itself");
        std::thread::sleep(Duration::from_micros(u64::from(random.next_u32() % (LIFE_MS * 1000))));
        child.kill().unwrap();
        child.wait().unwrap();
        kills += 1;
        saved += 1 + lines
            .filter(|line| line.as_ref().is_ok_and(|line| line.starts_with("saved")))
            .count();
        if kills % 8 == 0 {
            assert_good(folder.path());
        }
    }
    let pictures = assert_good(folder.path());
    println!("{kills} kills over {saved} saves in {:?}", start.elapsed());
    assert!(pictures >= saved, "{saved} were said to be saved, {pictures} are there");
}

#[test]
fn two_programs_should_save_into_one_gallery() {
    let folder = tempfile::tempdir().unwrap();
    let mut children: Vec<Child> = (0..2).map(|_| spawn(folder.path(), 40)).collect();
    for child in &mut children {
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let lines: Vec<String> = lines.map(Result::unwrap).collect();
        assert!(child.wait().unwrap().success(), "{lines:#?}");
        assert!(!lines.iter().any(|line| line.starts_with("failed")), "{lines:#?}");
    }
    assert!(
        gallery::verify(folder.path()).unwrap().is_good(),
        "without looking again"
    );
    assert_eq!(assert_good(folder.path()), 80);
}

/// Opens the gallery as the next program would, and looks at every picture; how many there are.
fn assert_good(folder: &Path) -> usize {
    let library = Library::open(folder);
    assert_eq!(library.scanned.1, 0, "no file is torn");
    drop(library);
    let found = gallery::verify(folder).unwrap();
    assert!(found.flaws.is_empty(), "{:#?}", found.flaws);
    assert_eq!(found.with_record, found.pictures);
    for picture in pictures(folder) {
        gallery::read_run(&picture).unwrap(); // a picture is never there before its run
    }
    found.pictures
}

fn pictures(folder: &Path) -> Vec<PathBuf> {
    let mut pictures = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            pictures.extend(self::pictures(&path));
        } else if path.extension().is_some_and(|ending| ending == "png") {
            pictures.push(path);
        }
    }
    pictures
}

fn spawn(folder: &Path, count: usize) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args([
            "gallery_kill::child_that_saves",
            "--exact",
            "--nocapture",
            "--test-threads=1",
        ])
        .env(FOLDER, folder)
        .env(COUNT, count.to_string())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

/// Not a test: what the children do, which is what the window does with pictures.
#[test]
fn child_that_saves() {
    let Some(folder) = std::env::var_os(FOLDER).map(PathBuf::from) else {
        return;
    };
    let Some(count) = std::env::var(COUNT).ok().and_then(|count| count.parse::<usize>().ok()) else {
        return;
    };
    let writer = Writer::start(folder.clone(), || {}).unwrap();
    let index_service = IndexService::start(&folder, Vec::new(), || {}).unwrap();
    let (mut asked, mut answered) = (0, 0);
    while answered < count {
        while asked < count && asked < answered + AHEAD {
            let request = GenerateRequest {
                width_px: 16,
                height_px: 8,
                prompt: "a boat in the mist".to_owned(),
                seed: asked as u64,
                ..GenerateRequest::default()
            };
            writer.save(Arc::new(generated_image(request)));
            asked += 1;
        }
        match writer.poll() {
            Some(SaveEvent::Saved { path, .. }) => {
                println!("saved {}", path.display());
                index_service.request(IndexRequest::AddPicture(path));
                answered += 1;
            }
            Some(SaveEvent::Failed { message }) => println!("failed: {message}"),
            Some(_) => {}
            None => std::thread::sleep(Duration::from_millis(1)),
        }
        while let Some(event) = index_service.poll() {
            if let gallery::IndexEvent::Failed { message } = event {
                println!("failed: {message}");
            }
        }
    }
    // Until all is in the index.
    let ticket = index_service.request(IndexRequest::Entries(Vec::new()));
    let start = Instant::now();
    while start.elapsed() < Duration::from_secs(30) {
        if let Some(gallery::IndexEvent::Entries { ticket: found, .. }) = index_service.wait(Duration::from_secs(1))
            && found == ticket
        {
            return;
        }
    }
    println!("failed: the index service does not answer");
}
