//! Pictures as PNG, WebP and JPEG, and what they are called.

use std::io::{Cursor, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use exif::{Field, In, Tag, Value};
use hareru::config::{PictureFormat, Settings};
use hareru::gallery::{
    self, GalleryError, NameTemplate, RecordSource, SaveEvent, SaveOptions, Writer, read_made, save_with,
};
use hareru::job::GenerateRequest;

use super::pictures::{picture, write_png};

const FORMATS: [(PictureFormat, &str); 3] = [
    (PictureFormat::Png, "png"),
    (PictureFormat::WebpLossless, "webp"),
    (PictureFormat::Jpeg, "jpg"),
];

fn request(prompt: &str) -> GenerateRequest {
    GenerateRequest {
        prompt: prompt.to_owned(),
        seed: 42,
        ..GenerateRequest::default()
    }
}

fn options(format: PictureFormat, template: &str) -> SaveOptions {
    SaveOptions {
        format,
        quality: 90,
        name_template: NameTemplate::parse(template).unwrap(),
    }
}

#[test]
fn every_kind_of_file_should_keep_its_record_and_its_steps() {
    let folder = tempfile::tempdir().unwrap();
    for prompt in [
        "a \"quoted\" 海 🚢\nboat",
        &"long ".repeat(10_000),
        &"海".repeat(40_000),
    ] {
        for (format, ending) in FORMATS {
            let image = picture(request(prompt));
            let saved = save_with(folder.path(), &image, &options(format, "{seed}-{count}")).unwrap();
            assert_eq!(saved.path.extension().unwrap(), ending);
            assert!(saved.trajectory.is_ok());
            assert_eq!(
                read_made(&saved.path).unwrap(),
                (image.record.clone(), RecordSource::Hareru),
                "{ending}"
            );
            assert!(gallery::read_trajectory(&saved.path).is_ok());
            let read = gallery::read_picture(&saved.path).unwrap();
            let worst = read
                .pixels
                .iter()
                .zip(&image.pixels.pixels)
                .map(|(a, b)| a.abs_diff(*b))
                .max();
            assert!(
                if format == PictureFormat::Jpeg {
                    worst <= Some(40)
                } else {
                    worst == Some(0)
                },
                "{ending}: {worst:?}"
            );
        }
    }
    assert_eq!(gallery::newest_pictures(folder.path(), 99).len(), 9);
}

#[test]
fn the_customary_text_should_stand_where_a1111_has_it() {
    let folder = tempfile::tempdir().unwrap();
    for (format, ending) in &FORMATS[1..] {
        let image = picture(request("a 海 🚢"));
        let path = save_with(folder.path(), &image, &options(*format, "a-{count}"))
            .unwrap()
            .path;
        let mut file = std::io::BufReader::new(std::fs::File::open(&path).unwrap());
        let exif = exif::Reader::new().read_from_container(&mut file).unwrap();
        let comment = &exif.get_field(Tag::UserComment, In::PRIMARY).unwrap().value;
        let mut expected = b"UNICODE\0".to_vec();
        expected.extend(
            gallery::infotext(&image.record)
                .encode_utf16()
                .flat_map(u16::to_be_bytes),
        );
        let Value::Undefined(comment, _) = comment else {
            panic!("{ending}: {comment:?}");
        };
        assert_eq!(*comment, expected, "{ending}");
    }
}

#[test]
fn quality_should_make_files_larger() {
    let folder = tempfile::tempdir().unwrap();
    let image = picture(request(""));
    let size = |quality| {
        let options = SaveOptions {
            quality,
            ..options(PictureFormat::Jpeg, "q-{count}")
        };
        let path = save_with(folder.path(), &image, &options).unwrap().path;
        std::fs::metadata(path).unwrap().len()
    };
    assert!(size(100) > size(10));
}

#[test]
fn an_asked_for_name_should_say_the_kind_of_file() {
    let folder = tempfile::tempdir().unwrap();
    let image = picture(request("x"));
    for (name, start) in [
        ("a.PNG", &b"\x89PNG"[..]),
        ("a.webp", b"RIFF"),
        ("a.jpg", b"\xff\xd8"),
        ("a.jpeg", b"\xff\xd8"),
    ] {
        let path = folder.path().join(name);
        gallery::save_as(&path, &image).unwrap();
        assert!(std::fs::read(&path).unwrap().starts_with(start), "{name}");
        assert_eq!(gallery::read_record(&path).unwrap(), image.record);
        gallery::save_pixels(&path, &image.pixels).unwrap();
        assert!(
            matches!(gallery::read_record(&path), Err(GalleryError::NoRecord { .. })),
            "{name}"
        );
    }
    for name in ["a.gif", "a", "png"] {
        let error = gallery::save_as(&folder.path().join(name), &image).unwrap_err();
        assert!(matches!(error, GalleryError::NotPictureName { .. }), "{name}");
    }
}

#[test]
fn a_name_should_never_be_given_twice() {
    let folder = tempfile::tempdir().unwrap();
    let image = picture(request("x"));
    let mut names: Vec<PathBuf> = FORMATS
        .iter()
        .cycle()
        .take(30)
        .map(|(format, _)| {
            save_with(folder.path(), &image, &options(*format, "a v1.5"))
                .unwrap()
                .path
        })
        .map(|path| path.file_stem().unwrap().into())
        .collect();
    assert_eq!(&names[..3], ["a v1.5", "a v1.5-2", "a v1.5-3"].map(PathBuf::from));
    names.sort();
    names.dedup();
    assert_eq!(names.len(), 30, "a trajectory belongs to one picture");

    for number in 1..=3000 {
        std::fs::write(folder.path().join(format!("n-{number:05}.png")), "").unwrap();
    }
    let saved = save_with(folder.path(), &image, &options(PictureFormat::Jpeg, "n-{count}")).unwrap();
    assert_eq!(saved.path, folder.path().join("n-03001.jpg"));
    // A folder may count, too.
    let deep = options(PictureFormat::Png, "{model}/{count}/{seed}");
    for place in ["dreamshaper-v8-5/00001/42.png", "dreamshaper-v8-5/00002/42.png"] {
        let saved = save_with(folder.path(), &image, &deep).unwrap();
        assert_eq!(saved.path, folder.path().join(place));
    }
}

#[test]
fn the_writer_should_save_as_it_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let writer = Writer::start(folder.path().to_owned(), || {}).unwrap();
    let settings = Settings {
        picture_format: PictureFormat::WebpLossless,
        name_template: "{seed}".to_owned(),
        ..Settings::default()
    };
    writer.set_options(SaveOptions::of(&settings).unwrap());
    writer.save(Arc::new(picture(request("x"))));
    let deadline = Instant::now() + Duration::from_secs(30);
    loop {
        match writer.poll() {
            Some(SaveEvent::Saved { path, .. }) => {
                assert_eq!(path, folder.path().join("42.webp"));
                break;
            }
            _ => assert!(Instant::now() < deadline, "nothing was saved"),
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    drop(writer);
    let bad = Settings {
        name_template: "{colour}".to_owned(),
        ..settings
    };
    assert!(SaveOptions::of(&bad).unwrap_err().to_string().contains("{date}"));
}

/// A JPEG with some EXIF.
fn jpeg_with(fields: &[Field]) -> Vec<u8> {
    let mut writer = exif::experimental::Writer::new();
    for field in fields {
        writer.push_field(field);
    }
    let mut exif = Cursor::new(Vec::new());
    writer.write(&mut exif, true).unwrap();
    let exif = exif.into_inner();
    let mut jpeg = vec![0xFF, 0xD8, 0xFF, 0xE1];
    jpeg.extend(((exif.len() + 8) as u16).to_be_bytes());
    jpeg.extend(b"Exif\0\0");
    jpeg.extend(exif);
    let mut plain = Vec::new();
    image::codecs::jpeg::JpegEncoder::new(&mut plain)
        .encode(&[9; 16 * 8 * 3], 16, 8, image::ExtendedColorType::Rgb8)
        .unwrap();
    jpeg.extend(&plain[2..]);
    jpeg
}

fn field(tag: Tag, value: Value) -> Field {
    Field {
        tag,
        ifd_num: In::PRIMARY,
        value,
    }
}

#[test]
fn exif_of_other_programs_should_be_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.jpg");
    let text = "a 海\nSteps: 9, Sampler: Euler a, CFG scale: 7, Seed: 5, Size: 64x32";
    let utf_16 = |to_bytes: fn(u16) -> [u8; 2]| {
        let bytes = text.encode_utf16().flat_map(to_bytes);
        [b"UNICODE\0".to_vec(), bytes.collect()].concat()
    };
    for comment in [
        utf_16(u16::to_be_bytes),
        utf_16(u16::to_le_bytes),
        [b"ASCII\0\0\0", text.as_bytes()].concat(),
        [b"UNICODE\0", text.as_bytes()].concat(),
        text.as_bytes().to_vec(),
    ] {
        std::fs::write(
            &path,
            jpeg_with(&[field(Tag::UserComment, Value::Undefined(comment, 0))]),
        )
        .unwrap();
        let (record, source) = read_made(&path).unwrap();
        assert_eq!((source, record.request.seed), (RecordSource::A1111, 5));
        assert_eq!(record.request.prompt, "a 海");
    }
    // ComfyUI's animated WebP, here in a JPEG.
    let graph =
        r#"prompt:{"1":{"class_type":"KSampler","inputs":{"seed":3,"steps":4,"cfg":5,"sampler_name":"euler"}}}"#;
    let fields = [
        field(Tag::Model, Value::Ascii(vec![graph.as_bytes().to_vec()])),
        field(Tag::Make, Value::Ascii(vec![b"workflow:{}".to_vec()])),
    ];
    std::fs::write(&path, jpeg_with(&fields)).unwrap();
    let (record, source) = read_made(&path).unwrap();
    assert_eq!((source, record.request.seed), (RecordSource::ComfyUi, 3));
    assert_eq!(
        (record.request.width_px, record.request.height_px),
        (16, 8),
        "as the picture"
    );
    // A comment of stable-diffusion.cpp.
    let mut jpeg = jpeg_with(&[field(Tag::Software, Value::Ascii(vec![b"x".to_vec()]))]);
    let comment = [b"parameters\0", text.as_bytes()].concat();
    let segment = [&[0xFF, 0xFE][..], &((comment.len() + 2) as u16).to_be_bytes(), &comment].concat();
    jpeg.splice(2..2, segment);
    std::fs::write(&path, jpeg).unwrap();
    assert_eq!(read_made(&path).unwrap().0.request.seed, 5);
}

#[test]
fn broken_exif_should_be_survived() {
    let folder = tempfile::tempdir().unwrap();
    for (format, _) in &FORMATS[1..] {
        let path = save_with(
            folder.path(),
            &picture(request("a boat")),
            &options(*format, "b-{count}"),
        )
        .unwrap()
        .path;
        let whole = std::fs::read(&path).unwrap();
        for at in 0..whole.len().min(700) {
            let mut bytes = whole.clone();
            bytes[at] ^= 0x5A;
            std::fs::write(&path, &bytes).unwrap();
            if let Err(error) = read_made(&path) {
                assert!(!error.one_line().contains('\n'));
            }
            std::fs::write(&path, &whole[..at]).unwrap();
            read_made(&path).ok();
        }
        let exif = whole.windows(4).position(|bytes| bytes == b"MM\0*").unwrap();
        let mut bytes = whole.clone();
        bytes[exif + 4..exif + 60].fill(0xFF);
        std::fs::write(&path, &bytes).unwrap();
        assert!(matches!(read_made(&path), Err(GalleryError::NoRecord { .. })));
        assert!(gallery::read_picture(&path).is_ok(), "the picture itself is whole");
    }
}

/// A PNG with a text of 100 MB of zeros, which take no room on disk, before a real one.
fn write_png_with_long_text(path: &Path, keyword: &str) {
    const LENGTH: u32 = 100 << 20;
    write_png(
        path,
        &[("parameters", "x\nSteps: 9, Sampler: Euler, Seed: 5, Size: 8x8")],
    );
    let whole = std::fs::read(path).unwrap();
    let after_header = 8 + 25;
    let mut file = std::fs::File::create(path).unwrap();
    file.write_all(&whole[..after_header]).unwrap();
    file.write_all(&LENGTH.to_be_bytes()).unwrap();
    file.write_all(b"tEXt").unwrap();
    file.write_all(keyword.as_bytes()).unwrap();
    file.seek(SeekFrom::Start(after_header as u64 + 8 + u64::from(LENGTH) + 4))
        .unwrap();
    file.write_all(&whole[after_header..]).unwrap();
}

#[test]
fn texts_without_end_should_neither_take_memory_nor_time() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.png");
    let start = Instant::now();
    for keyword in ["workflow", "prompt"] {
        write_png_with_long_text(&path, keyword);
        assert_eq!(read_made(&path).unwrap().0.request.seed, 5, "{keyword}");
    }
    write_png_with_long_text(&path, "hareru");
    let error = read_made(&path).unwrap_err();
    assert!(matches!(error, GalleryError::BadText { .. }), "{error:?}");
    assert!(
        error.one_line().contains("longer than 4194304 bytes"),
        "{}",
        error.one_line()
    );
    // A text that is small only while it is packed.
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, 1, 1);
    encoder
        .add_ztxt_chunk("hareru".to_owned(), "x".repeat(50 << 20))
        .unwrap();
    encoder.write_header().unwrap().write_image_data(&[0]).unwrap();
    std::fs::write(&path, bytes).unwrap();
    assert!(matches!(read_made(&path), Err(GalleryError::BadText { .. })));
    assert!(start.elapsed() < Duration::from_secs(10), "{:?}", start.elapsed());
}

#[test]
fn files_that_are_no_pictures_should_be_refused_quickly() {
    let folder = tempfile::tempdir().unwrap();
    let start = Instant::now();
    for number in 0..1000 {
        let path = folder.path().join(format!("{number}.png"));
        std::fs::write(&path, format!("no picture {number}")).unwrap();
        let error = read_made(&path).unwrap_err();
        assert!(
            error.one_line().contains("expected the first bytes of a PNG"),
            "{}",
            error.one_line()
        );
    }
    assert!(start.elapsed() < Duration::from_secs(10), "{:?}", start.elapsed());
    std::fs::create_dir(folder.path().join("folder.png")).unwrap();
    assert!(read_made(&folder.path().join("folder.png")).is_err());
}
