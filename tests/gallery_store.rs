//! Pictures and their records on disk: what is written comes back, what is hostile is refused, nothing is torn.

use std::fs::File;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use crossbeam_channel::bounded;
use hareru::gallery::{self, GalleryError, SaveEvent, Writer, WriterOptions};
use hareru::job::{GenerateRequest, ModelRef, TimestepSpacing};

use crate::support::generated_image;

#[test]
fn picture_record_and_trajectory_should_survive_bit_for_bit() {
    let folder = tempfile::tempdir().unwrap();
    let image = generated_image(awkward_request());
    let path = gallery::save(folder.path(), &image).unwrap().path;

    assert_eq!(gallery::read_picture(&path).unwrap(), *image.pixels);
    assert_eq!(gallery::read_record(&path).unwrap(), image.record);
    let trajectory = gallery::read_trajectory(&path).unwrap();
    assert_eq!(trajectory, *image.trajectory);
    // Equality takes -0 for 0; the bits must not.
    assert!(trajectory.steps[1].x.values[0].is_sign_negative());
}

#[test]
fn the_record_in_the_file_should_be_the_json_that_was_written() {
    let folder = tempfile::tempdir().unwrap();
    let image = generated_image(awkward_request());
    let path = gallery::save(folder.path(), &image).unwrap().path;
    let bytes = std::fs::read(&path).unwrap();
    let json = serde_json::to_string(&image.record).unwrap();
    // iTXt: keyword, NUL, not compressed, method 0, no language, no translated keyword, text.
    let chunk = [b"iTXthareru\0\0\0\0\0", json.as_bytes()].concat();
    assert!(
        bytes.windows(chunk.len()).any(|window| window == chunk),
        "no such chunk in {}",
        path.display()
    );
}

#[test]
fn files_should_be_named_by_day_time_seed_and_prompt() {
    let folder = tempfile::tempdir().unwrap();
    let image = generated_image(GenerateRequest {
        prompt: "A red boat, 青い海".to_owned(),
        seed: 42,
        ..small_request()
    });
    let names: Vec<PathBuf> = (0..3)
        .map(|_| gallery::save(folder.path(), &image).unwrap().path)
        .map(|path| path.strip_prefix(folder.path()).unwrap().to_owned())
        .collect();
    let time = jiff::Timestamp::from_second(image.record.created_unix_secs.cast_signed()).unwrap();
    let time = time
        .to_zoned(jiff::tz::TimeZone::system())
        .strftime("%Y-%m-%d/%H%M%S")
        .to_string();
    let expected = ["", "-2", "-3"].map(|suffix| PathBuf::from(format!("{time}-42-a-red-boat-青い海{suffix}.png")));
    assert_eq!(names, expected);
}

#[test]
fn a_record_that_does_not_tell_its_precision_should_be_read_all_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("old.png");
    let record = generated_image(small_request()).record;
    let mut json = serde_json::to_value(&record).unwrap();
    assert_eq!(json["precision"], "f32");
    json.as_object_mut().unwrap().remove("precision");
    write_png(&path, 1, 1, |encoder| {
        encoder.add_itxt_chunk("hareru".to_owned(), json.to_string()).unwrap();
    });
    let found = gallery::read_record(&path).unwrap();
    assert_eq!((found.precision.as_str(), found.request), ("", record.request));
}

#[test]
fn hostile_records_should_be_refused_in_one_line() {
    let folder = tempfile::tempdir().unwrap();
    let good = serde_json::to_value(generated_image(small_request()).record).unwrap();
    let mut newer = good.clone();
    newer["version"] = 99.into();
    let mut wrong_type = good.clone();
    wrong_type["request"]["steps"] = "many".into();
    let mut negative = good;
    negative["request"]["width_px"] = (-8).into();
    let deep = "[".repeat(100_000);
    let long = format!("\"{}\"", "x".repeat(5 << 20));
    for (name, json) in [
        ("newer", newer.to_string()),
        ("wrong type", wrong_type.to_string()),
        ("negative", negative.to_string()),
        ("torn", "{\"version\": 1,".to_owned()),
        ("list", "[]".to_owned()),
        ("empty", String::new()),
        ("deep", deep),
        ("long", long),
    ] {
        for packed in [false, true] {
            let path = folder.path().join("hostile.png");
            write_png(&path, 1, 1, |encoder| {
                if packed {
                    encoder.add_ztxt_chunk("hareru".to_owned(), json.clone()).unwrap();
                } else {
                    encoder.add_itxt_chunk("hareru".to_owned(), json.clone()).unwrap();
                }
            });
            let error = gallery::read_record(&path).expect_err(name);
            assert!(!error.one_line().contains('\n'), "{name}: {}", error.one_line());
            assert!(
                gallery::read_picture(&path).is_ok(),
                "{name}: the picture itself is whole"
            );
        }
    }
}

#[test]
fn torn_and_foreign_pictures_should_be_refused() {
    let folder = tempfile::tempdir().unwrap();
    let image = generated_image(awkward_request());
    let whole = std::fs::read(gallery::save(folder.path(), &image).unwrap().path).unwrap();
    let path = folder.path().join("torn.png");
    for length in (0..whole.len() - 12).step_by(7) {
        std::fs::write(&path, &whole[..length]).unwrap();
        assert!(
            gallery::read_picture(&path).is_err(),
            "{length} bytes of {}",
            whole.len()
        );
        gallery::read_record(&path).ok(); // its text may be whole; it must not panic
    }
    for at in (0..whole.len()).step_by(3) {
        let mut bytes = whole.clone();
        bytes[at] ^= 0x55;
        std::fs::write(&path, &bytes).unwrap();
        gallery::read_picture(&path).ok();
        gallery::read_record(&path).ok();
    }
    std::fs::write(&path, "<html>not found</html>").unwrap();
    assert!(matches!(gallery::read_picture(&path), Err(GalleryError::Decode { .. })));
    assert!(matches!(
        gallery::read_record(&path),
        Err(GalleryError::Container { .. })
    ));
    assert!(matches!(
        gallery::read_picture(&folder.path().join("missing.png")),
        Err(GalleryError::Read { .. })
    ));
}

#[test]
fn a_picture_bomb_should_be_refused_before_it_is_unpacked() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("bomb.png");
    // A valid start of a PNG of 60,000 × 60,000 pixels.
    let mut header = b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR".to_vec();
    header.extend(60_000_u32.to_be_bytes());
    header.extend(60_000_u32.to_be_bytes());
    header.extend([8, 2, 0, 0, 0]);
    header.extend(crc32(&header[12..]).to_be_bytes());
    header.extend(b"\0\0\0\0IDAT");
    header.extend(crc32(b"IDAT").to_be_bytes());
    std::fs::write(&path, header).unwrap();
    let error = gallery::read_picture(&path).unwrap_err();
    assert!(
        matches!(error, GalleryError::TooManyPixels { .. } | GalleryError::Decode { .. }),
        "{error:?}"
    );
}

#[test]
fn torn_and_foreign_trajectories_should_be_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = gallery::save(folder.path(), &generated_image(awkward_request()))
        .unwrap()
        .path;
    let beside = gallery::trajectory_path(&path);
    let whole = std::fs::read(&beside).unwrap();

    for length in (0..whole.len()).step_by(13) {
        std::fs::write(&beside, &whole[..length]).unwrap();
        let error = gallery::read_trajectory(&path).unwrap_err();
        assert!(matches!(error, GalleryError::TrajectoryFormat { .. }), "{error:?}");
    }
    for at in (0..whole.len()).step_by(5) {
        let mut bytes = whole.clone();
        bytes[at] ^= 0x1f;
        std::fs::write(&beside, &bytes).unwrap();
        gallery::read_trajectory(&path).ok(); // must not panic
    }
    let foreign = safetensors::serialize(
        [(
            "weight",
            safetensors::tensor::TensorView::new(safetensors::Dtype::F32, vec![1], &[0; 4]).unwrap(),
        )],
        None,
    )
    .unwrap();
    std::fs::write(&beside, foreign).unwrap();
    let error = gallery::read_trajectory(&path).unwrap_err();
    assert!(matches!(error, GalleryError::ForeignTrajectory { .. }), "{error:?}");

    std::fs::remove_file(&beside).unwrap();
    assert!(matches!(
        gallery::read_trajectory(&path),
        Err(GalleryError::NoTrajectory { .. })
    ));
}

#[test]
fn two_writers_should_never_take_the_same_name() {
    const PICTURES_EACH: usize = 12;
    let folder = tempfile::tempdir().unwrap();
    let image = generated_image(small_request());
    let mut paths: Vec<PathBuf> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..2)
            .map(|_| {
                scope.spawn(|| {
                    (0..PICTURES_EACH)
                        .map(|_| gallery::save(folder.path(), &image).unwrap().path)
                        .collect::<Vec<_>>()
                })
            })
            .collect();
        threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
    });
    paths.sort();
    paths.dedup();
    assert_eq!(paths.len(), 2 * PICTURES_EACH, "a name was given twice");
    for path in &paths {
        assert_eq!(gallery::read_record(path).unwrap(), image.record);
        assert_eq!(gallery::read_trajectory(path).unwrap(), *image.trajectory);
    }
    let day_folder = paths[0].parent().unwrap();
    let num_files = std::fs::read_dir(day_folder).unwrap().count();
    assert_eq!(num_files, 4 * PICTURES_EACH, "nothing else may be left behind");
}

#[test]
fn a_folder_that_cannot_be_written_should_give_one_line_and_no_file() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    std::fs::write(&file, "in the way").unwrap();
    let image = generated_image(small_request());
    for result in [
        gallery::save(&file, &image).map(drop),
        gallery::save_as(&file.join("a.png"), &image).map(drop),
        gallery::save_as(&folder.path().join("missing").join("a.png"), &image).map(drop),
    ] {
        let error = result.unwrap_err();
        assert!(matches!(error, GalleryError::Write { .. }), "{error:?}");
        assert!(!error.one_line().contains('\n'));
    }
    let wrong_name = gallery::save_as(&folder.path().join("a.gif"), &image).unwrap_err();
    assert!(matches!(wrong_name, GalleryError::NotPictureName { .. }));
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
}

/// Needs a file system that can be filled; made where the test may mount one, else passed over with a note.
#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_should_give_one_line_and_no_torn_file() {
    let folder = tempfile::tempdir().unwrap();
    let Some(_mounted) = SmallDisk::mount(folder.path()) else {
        writeln!(
            std::io::stderr(),
            "no right to mount a small disk: the full disk is not tested"
        )
        .unwrap();
        return;
    };
    let mut image = generated_image(GenerateRequest {
        width_px: 256,
        height_px: 256,
        ..small_request()
    });
    let mut state = 1_u32; // noise, which no encoder can shrink
    for value in &mut Arc::make_mut(&mut image.pixels).pixels {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        *value = (state >> 24) as u8;
    }
    let failed = (0..20)
        .map(|_| gallery::save(folder.path(), &image))
        .find_map(Result::err)
        .expect("the disk never filled");
    assert!(failed.one_line().contains("No space left"), "{}", failed.one_line());

    let mut num_pictures = 0;
    let day_folder = folder.path().join("2026-11-20");
    for entry in std::fs::read_dir(day_folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "png") {
            assert_eq!(gallery::read_picture(&path).unwrap(), *image.pixels);
            let trajectory = gallery::read_trajectory(&path);
            assert!(
                matches!(trajectory, Ok(_) | Err(GalleryError::NoTrajectory { .. })),
                "{trajectory:?}"
            );
            num_pictures += 1;
        } else {
            let name = path.file_name().unwrap().to_str().unwrap();
            assert!(name.ends_with(".trajectory.safetensors"), "{name} was left behind");
        }
    }
    assert!(num_pictures > 0);
}

#[test]
fn the_writer_should_list_save_and_open() {
    let folder = tempfile::tempdir().unwrap();
    let image = Arc::new(generated_image(awkward_request()));
    let first = gallery::save(folder.path(), &image).unwrap().path;

    let writer = Writer::start(folder.path().to_owned(), || {}).unwrap();
    let SaveEvent::Listed(listed) = next_event(&writer) else {
        panic!("the list comes first");
    };
    assert_eq!(listed.len(), 1);
    assert_eq!(listed[0].path, first);
    assert_eq!(listed[0].record.as_deref(), Some(&image.record));

    writer.save(Arc::clone(&image));
    let SaveEvent::Saved { path, record, .. } = next_event(&writer) else {
        panic!("not saved");
    };
    assert_eq!(*record, image.record);

    writer.open(path.clone());
    let SaveEvent::Opened {
        path: opened,
        pixels,
        record,
    } = next_event(&writer)
    else {
        panic!("not opened");
    };
    assert_eq!(
        (opened, &*pixels, record.as_deref()),
        (path.clone(), &*image.pixels, Some(&image.record))
    );
    let SaveEvent::TrajectoryOpened { trajectory, .. } = next_event(&writer) else {
        panic!("its steps were kept");
    };
    assert_eq!(trajectory, image.trajectory);

    std::fs::write(gallery::trajectory_path(&path), "torn").unwrap();
    writer.open(path);
    assert!(matches!(next_event(&writer), SaveEvent::Opened { .. }));
    assert!(matches!(
        next_event(&writer),
        SaveEvent::TrajectoryMissing { reason: Some(reason), .. } if reason.contains("not a whole trajectory file")
    ));

    writer.open(folder.path().join("missing.png"));
    assert!(matches!(next_event(&writer), SaveEvent::OpenFailed { .. }));
}

#[test]
fn a_picture_that_was_listed_before_should_be_listed_without_decoding_it() {
    let folder = tempfile::tempdir().unwrap();
    let image = generated_image(small_request());
    let path = gallery::save(folder.path(), &image).unwrap().path;
    let list = || {
        let options = WriterOptions {
            thumbnail_dir: Some(folder.path().join(".thumbnails")),
            ..WriterOptions::default()
        };
        let writer = Writer::start_with(folder.path().to_owned(), options, || {}).unwrap();
        match next_event(&writer) {
            SaveEvent::Listed(listed) => listed,
            other => panic!("the list comes first, found {other:?}"),
        }
    };
    let first = list();
    assert_eq!(first.len(), 1);

    let modified = std::fs::metadata(&path).unwrap().modified().unwrap();
    let mut bytes = std::fs::read(&path).unwrap();
    let pixels = bytes.windows(4).position(|name| name == b"IDAT").unwrap() + 4;
    bytes[pixels..pixels + 8].fill(0xff);
    std::fs::write(&path, bytes).unwrap();
    File::options()
        .write(true)
        .open(&path)
        .unwrap()
        .set_modified(modified)
        .unwrap();
    gallery::read_picture(&path).expect_err("its pixels are damaged");
    let second = list();
    assert_eq!(second.len(), 1, "its copy was kept");
    assert_eq!(second[0].path, path);
    assert_eq!(second[0].record.as_deref(), Some(&image.record));
    let size = |listed: &gallery::Listed| (listed.thumbnail.width_px, listed.thumbnail.height_px);
    assert_eq!(size(&second[0]), size(&first[0]));
}

#[test]
fn a_picture_should_be_saved_while_the_list_is_not_done() {
    let folder = tempfile::tempdir().unwrap();
    let image = Arc::new(generated_image(small_request()));
    gallery::save(folder.path(), &image).unwrap();
    let (release, gate) = bounded::<()>(0);
    let wake = move || {
        if std::thread::current().name() == Some("gallery-librarian") {
            gate.recv().ok(); // as over a file that never ends
        }
    };
    let writer = Writer::start(folder.path().to_owned(), wake).unwrap();
    for _ in 0..3 {
        writer.save(Arc::clone(&image));
    }
    let mut num_saved = 0;
    while num_saved < 3 {
        num_saved += usize::from(matches!(next_event(&writer), SaveEvent::Saved { .. }));
    }
    assert_eq!(writer.num_unsaved(), 0);
    assert_eq!(gallery::newest_pictures(folder.path(), 9).len(), 4);
    writer.save(Arc::clone(&image));
    drop(writer); // the list is still held: it is given up, and the picture is not
    assert_eq!(gallery::newest_pictures(folder.path(), 9).len(), 5);
    drop(release);
}

#[test]
fn dropping_the_writer_should_save_what_is_pending() {
    const PICTURES: usize = 300; // more than any of its channels hold
    let folder = tempfile::tempdir().unwrap();
    let image = Arc::new(generated_image(small_request()));
    let writer = Writer::start(folder.path().to_owned(), || {}).unwrap();
    for _ in 0..PICTURES {
        writer.save(Arc::clone(&image));
    }
    drop(writer);
    assert_eq!(gallery::newest_pictures(folder.path(), usize::MAX).len(), PICTURES);
}

#[test]
fn a_writer_without_a_usable_folder_should_say_so_and_go_on() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    std::fs::write(&file, "in the way").unwrap();
    let writer = Writer::start(file.clone(), || {}).unwrap();
    assert!(matches!(next_event(&writer), SaveEvent::Listed(listed) if listed.is_empty()));
    let image = Arc::new(generated_image(small_request()));
    writer.save(Arc::clone(&image));
    assert!(matches!(next_event(&writer), SaveEvent::Failed { message } if !message.contains('\n')));

    std::fs::remove_file(&file).unwrap();
    writer.save(image);
    assert!(matches!(next_event(&writer), SaveEvent::Saved { .. }));
}

pub(super) fn small_request() -> GenerateRequest {
    GenerateRequest {
        width_px: 16,
        height_px: 8,
        ..GenerateRequest::default()
    }
}

/// Values that a careless writer or reader changes.
pub(super) fn awkward_request() -> GenerateRequest {
    GenerateRequest {
        model: ModelRef::Path(PathBuf::from("/models/海 \"x\"")),
        prompt: "a \"quoted\" boat, 青い海: (détails:1.2)\nsecond line".to_owned(),
        negative_prompt: "fog, mist: \\ all\nof it".to_owned(),
        guidance_scale: 7.300_000_000_000_001,
        guidance_rescale: 0.1 + 0.2,
        timestep_spacing: Some(TimestepSpacing::Trailing),
        eta: 1.0 / 3.0,
        seed: u64::MAX,
        clip_skip: 1,
        ..small_request()
    }
}

fn next_event(writer: &Writer) -> SaveEvent {
    let deadline = Instant::now() + Duration::from_secs(30);
    loop {
        if let Some(event) = writer.poll() {
            return event;
        }
        assert!(Instant::now() < deadline, "the gallery's thread did not answer");
        std::thread::sleep(Duration::from_millis(2));
    }
}

pub(super) fn write_png(
    path: &Path,
    width: u32,
    height: u32,
    add_texts: impl FnOnce(&mut png::Encoder<'_, &mut Vec<u8>>),
) {
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, width, height);
    encoder.set_color(png::ColorType::Rgb);
    add_texts(&mut encoder);
    let mut writer = encoder.write_header().unwrap();
    writer
        .write_image_data(&vec![128; (width * height * 3) as usize])
        .unwrap();
    writer.finish().unwrap();
    std::fs::File::create(path).unwrap().write_all(&bytes).unwrap();
}

/// The checksum of PNG chunks.
fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0, |crc, &byte| {
        (0..8).fold(crc ^ u32::from(byte), |crc, _| (crc >> 1) ^ (0xEDB8_8320 * (crc & 1)))
    })
}

/// One mebibyte of memory as a disk, unmounted when dropped.
#[cfg(target_os = "linux")]
pub(crate) struct SmallDisk(PathBuf);

#[cfg(target_os = "linux")]
impl SmallDisk {
    pub(crate) fn mount(folder: &Path) -> Option<Self> {
        Self::mount_of(folder, "1m")
    }

    /// One of a size, such as `96m`.
    pub(crate) fn mount_of(folder: &Path, size: &str) -> Option<Self> {
        let status = std::process::Command::new("mount")
            .args(["-t", "tmpfs", "-o", &format!("size={size}"), "tmpfs"])
            .arg(folder)
            .stderr(std::process::Stdio::null())
            .status();
        status
            .is_ok_and(|status| status.success())
            .then(|| Self(folder.to_owned()))
    }
}

#[cfg(target_os = "linux")]
impl Drop for SmallDisk {
    fn drop(&mut self) {
        std::process::Command::new("umount").arg(&self.0).status().ok();
    }
}

#[test]
fn a_picture_should_be_saved_though_its_name_leaves_no_room_for_its_trajectory() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(format!("{}.png", "n".repeat(236))); // 240 bytes of 255
    let image = crate::trajectory_files::run_with_all_parts("a boat");
    for _ in 0..2 {
        let saved = gallery::save_as(&path, &image).unwrap();
        assert_eq!(saved.path, path);
        let why = saved.trajectory.unwrap_err().one_line();
        assert!(
            why.contains("trajectory.safetensors"),
            "what was left out must be said: {why}"
        );
        assert_eq!(gallery::read_picture(&path).unwrap(), *image.pixels);
    }
    assert!(matches!(
        gallery::read_trajectory(&path),
        Err(GalleryError::NoTrajectory { .. })
    ));
    let names: Vec<_> = std::fs::read_dir(folder.path()).unwrap().collect();
    assert_eq!(names.len(), 1, "nothing but the picture is left: {names:?}");
    let longest = folder.path().join(format!("{}.png", "n".repeat(251)));
    gallery::check_name(&longest).unwrap();
    let error = gallery::check_name(&longest.with_file_name(format!("{}.png", "n".repeat(252)))).unwrap_err();
    assert!(
        error.one_line().contains("255 bytes, found 256"),
        "{}",
        error.one_line()
    );
}
