//! Files that take long to be read, and folders that are meant to do harm: pictures are saved all the same, and the files
//! that are slow are named.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use hareru::gallery::{self, Flaw, SaveEvent, TrashPlace, Writer, WriterOptions};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{RngCore as _, SeedableRng as _};

use crate::gallery_index::Library;
use crate::gallery_store::small_request;
use crate::support::generated_image;

/// How long a test waits for what must come.
const PATIENCE: Duration = Duration::from_mins(5);

/// The longest side of a square picture that is read: unpacking it takes a good part of a second on any computer.
const LARGEST_PX: u32 = 8192;

fn large_picture(path: &Path, side_px: u32) {
    let mut encoder = png::Encoder::new(std::fs::File::create(path).unwrap(), side_px, side_px);
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_depth(png::BitDepth::Eight);
    encoder.set_compression(png::Compression::Fastest);
    let mut writer = encoder.write_header().unwrap();
    let mut rows = writer.stream_writer().unwrap();
    let row = vec![7_u8; 3 * side_px as usize];
    for _ in 0..side_px {
        rows.write_all(&row).unwrap();
    }
    rows.finish().unwrap();
}

/// Events of the gallery, until one is the last that is waited for.
fn events_until(writer: &Writer, is_last: impl Fn(&SaveEvent) -> bool) -> Vec<SaveEvent> {
    let start = Instant::now();
    let mut events = Vec::new();
    loop {
        match writer.poll() {
            Some(event) => {
                let is_over = is_last(&event);
                events.push(event);
                if is_over {
                    return events;
                }
            }
            None => std::thread::sleep(Duration::from_millis(2)),
        }
        assert!(start.elapsed() < PATIENCE, "it did not come; so far: {}", events.len());
    }
}

#[test]
fn pictures_should_be_saved_while_others_are_read() {
    const NUM_READ: usize = 8;
    const NUM_SAVED: usize = 4;
    let (folder, elsewhere) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let large = elsewhere.path().join("large.png");
    large_picture(&large, LARGEST_PX / 2);
    let writer = Writer::start(folder.path().to_owned(), || {}).unwrap();
    for _ in 0..NUM_READ {
        writer.open(large.clone());
    }
    for _ in 0..NUM_SAVED {
        writer.save(Arc::new(generated_image(small_request())));
    }
    let mut num_opened = 0;
    let mut num_saved = 0;
    while num_saved < NUM_SAVED {
        let events = events_until(&writer, |event| {
            matches!(event, SaveEvent::Saved { .. } | SaveEvent::Opened { .. })
        });
        match events.last() {
            Some(SaveEvent::Saved { path, .. }) => {
                gallery::read_picture(path).expect("what is said to be saved is on disk");
                num_saved += 1;
            }
            _ => num_opened += 1,
        }
    }
    assert!(
        num_opened < NUM_READ,
        "{num_saved} pictures were saved only after all {num_opened} were read"
    );
    assert_eq!(writer.num_unsaved(), 0);
}

#[test]
fn a_file_that_is_slow_to_list_should_be_named_once_and_left_out_until_it_changes() {
    let folder = tempfile::tempdir().unwrap();
    let (pictures, thumbnails) = (folder.path().join("pictures"), folder.path().join("thumbnails"));
    std::fs::create_dir(&pictures).unwrap();
    gallery::save(&pictures, &generated_image(small_request())).unwrap();
    let large = pictures.join("large.png");
    large_picture(&large, LARGEST_PX);
    let list = |read_bound: Duration| -> (Vec<PathBuf>, Vec<PathBuf>) {
        let options = WriterOptions {
            thumbnail_dir: Some(thumbnails.clone()),
            read_bound: Some(read_bound),
            ..WriterOptions::default()
        };
        let writer = Writer::start_with(pictures.clone(), options, || {}).unwrap();
        let mut set_aside = Vec::new();
        let mut listed = Vec::new();
        for event in events_until(&writer, |event| matches!(event, SaveEvent::Listed(_))) {
            match event {
                SaveEvent::TooSlow(path) => set_aside.push(path),
                SaveEvent::Listed(found) => listed.extend(found.into_iter().map(|found| found.path)),
                _ => {}
            }
        }
        (listed, set_aside)
    };
    let (listed, set_aside) = list(Duration::from_millis(60));
    assert!(!listed.contains(&large), "it takes longer than that");
    assert!(set_aside.contains(&large), "it is named");
    let changed = std::fs::File::options().append(true).open(&large).unwrap();
    changed
        .set_modified(std::time::SystemTime::now() - Duration::from_hours(1))
        .unwrap();
    drop(changed);
    let (listed, set_aside) = list(Duration::from_mins(5));
    assert_eq!(set_aside, [] as [PathBuf; 0]);
    assert!(listed.contains(&large), "its file has changed, so it is read again");
}

/// What strangers may put into a folder; each ends at some time, or is no file at all.
fn plant(folder: &Path, random: &mut ChaCha8Rng, large: &Path) {
    let number = random.next_u32();
    let name = |ending: &str| folder.join(format!("planted-{number}.{ending}"));
    match random.next_u32() % 12 {
        0 | 1 => {
            // A text of 4 MB that has a few KB in the file, of what is slow to take apart.
            let part = ["<", "a:", "\\", "(", "Steps: 1, ", "\"{"][random.next_u32() as usize % 6];
            let mut encoder = png::Encoder::new(std::fs::File::create(name("png")).unwrap(), 8, 8);
            encoder.set_color(png::ColorType::Grayscale);
            encoder
                .add_ztxt_chunk("parameters".to_owned(), part.repeat((4 << 20) / part.len()))
                .unwrap();
            encoder.write_header().unwrap().write_image_data(&[0; 64]).unwrap();
        }
        2 => {
            let mut bytes = vec![0; random.next_u32() as usize % 65_536];
            random.fill_bytes(&mut bytes);
            std::fs::write(name(["png", "jpg", "webp"][number as usize % 3]), bytes).unwrap();
        }
        3 => {
            let mut bytes = std::fs::read(large).unwrap();
            bytes.truncate(random.next_u32() as usize % bytes.len());
            std::fs::write(name("png"), bytes).unwrap();
        }
        4 => std::fs::hard_link(large, name("png")).unwrap(),
        5 => {
            std::fs::hard_link(large, name("png")).unwrap();
            std::fs::write(name("png.xmp"), "<x:xmpmeta>".repeat(100_000)).unwrap();
        }
        6 => {
            std::fs::hard_link(large, name("png")).unwrap();
            let mut header = (u64::MAX >> (number % 40)).to_le_bytes().to_vec();
            header.resize(4096, b'{');
            std::fs::write(name("trajectory.safetensors"), header).unwrap();
        }
        7 => {
            let deep = folder.join(vec!["deep"; 1 + number as usize % 60].join("/"));
            std::fs::create_dir_all(&deep).unwrap();
            std::fs::write(deep.join("a.png"), b"\x89PNG").unwrap();
        }
        8 => {
            let own = folder.join(".hareru");
            std::fs::create_dir_all(&own).unwrap();
            std::fs::write(
                own.join(["index.sqlite", "index.sqlite-wal", "trash"][number as usize % 3]),
                "planted",
            )
            .ok();
        }
        9 => std::fs::create_dir_all(name("png")).unwrap(),
        #[cfg(unix)]
        10 => std::os::unix::fs::symlink(folder, folder.join(format!("loop-{number}"))).unwrap(),
        #[cfg(unix)]
        11 => assert!(
            std::process::Command::new("mkfifo")
                .arg(name("png"))
                .status()
                .unwrap()
                .success()
        ),
        _ => {}
    }
}

/// What is done in a gallery, at random, by two programs; `asked` are the pictures that were to be saved.
struct Programs {
    folder: PathBuf,
    writers: Vec<Writer>,
    num_asked: usize,
    saved: Vec<PathBuf>,
}

impl Programs {
    fn start(&self) -> Writer {
        let options = WriterOptions {
            trash: TrashPlace::Folder,
            read_bound: Some(Duration::from_mins(5)), // threads that are given up are shared with other tests
            ..WriterOptions::default()
        };
        Writer::start_with(self.folder.clone(), options, || {}).unwrap()
    }

    fn take_events(&mut self) {
        for writer in &self.writers {
            while let Some(event) = writer.poll() {
                match event {
                    SaveEvent::Saved { path, .. } => self.saved.push(path),
                    SaveEvent::Failed { message } => panic!("a picture was not saved: {message}"),
                    _ => {}
                }
            }
        }
    }

    fn step(&mut self, random: &mut ChaCha8Rng, large: &Path) {
        let number = random.next_u32() as usize % self.writers.len();
        match random.next_u32() % 16 {
            0..=6 => {
                self.writers[number].save(Arc::new(generated_image(small_request())));
                self.num_asked += 1;
            }
            7..=9 => {
                let files = gallery::newest_pictures(&self.folder, 100);
                if let Some(file) = files.get(random.next_u32() as usize % files.len().max(1)) {
                    self.writers[number].open(file.clone());
                }
            }
            10 => self.writers[number].set_trajectory_budget(u64::from(random.next_u32() % 2) << 40),
            11 => self.writers[number].forecast_trajectory_budget(0),
            12..=14 => plant(&self.folder, random, large),
            _ => {
                // The program ends in the middle of all that, and starts again.
                let start = Instant::now();
                self.take_events();
                let writer = self.start();
                drop(std::mem::replace(&mut self.writers[number], writer));
                assert!(start.elapsed() < PATIENCE, "it did not end");
            }
        }
    }
}

#[test]
fn pictures_should_be_saved_whatever_is_in_the_folder_and_whatever_else_is_asked() {
    let elsewhere = tempfile::tempdir().unwrap();
    let large = elsewhere.path().join("large.png");
    large_picture(&large, LARGEST_PX / 4);
    for seed in 0..4 {
        let folder = tempfile::tempdir_in(elsewhere.path()).unwrap();
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        for _ in 0..12 {
            plant(folder.path(), &mut random, &large);
        }
        let mut programs = Programs {
            folder: folder.path().to_owned(),
            writers: Vec::new(),
            num_asked: 0,
            saved: Vec::new(),
        };
        programs.writers = vec![programs.start(), programs.start()];
        for _ in 0..40 {
            programs.step(&mut random, &large);
        }
        let start = Instant::now();
        while programs.writers.iter().any(|writer| writer.num_unsaved() > 0) {
            assert!(start.elapsed() < PATIENCE, "seed {seed}: saving waits for something");
            std::thread::sleep(Duration::from_millis(2));
        }
        programs.take_events();
        let Programs { num_asked, saved, .. } = programs; // ends both
        for path in &saved {
            let image = gallery::read_picture(path).unwrap_or_else(|error| panic!("seed {seed}: {}", error.one_line()));
            assert_eq!(
                (image.width_px, image.height_px),
                (16, 8),
                "seed {seed}: {}",
                path.display()
            );
            gallery::read_record(path).unwrap();
        }
        let own: Vec<PathBuf> = gallery::newest_pictures(folder.path(), usize::MAX)
            .into_iter()
            .filter(|path| gallery::read_record(path).is_ok_and(|record| !record.model_name.is_empty()))
            .collect();
        assert_eq!(
            own.len(),
            num_asked,
            "seed {seed}: every picture that was handed over is there once"
        );

        drop(Library::open(folder.path()));
        let flaws = gallery::verify(folder.path()).unwrap().flaws;
        for (path, flaw) in flaws {
            assert!(!own.contains(&path), "seed {seed}: {flaw:?} {}", path.display());
            assert_ne!(flaw, Flaw::ExtraInIndex, "seed {seed}: {}", path.display());
        }
    }
}
