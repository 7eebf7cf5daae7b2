//! Picture files as people bring them.

use std::path::{Path, PathBuf};

use hareru::gallery::{self, GalleryError, RecordSource, read_made};
use hareru::picture::{MAX_PIXELS, PictureError, kind_of, read_mask, read_rgb, size_px};
use image::codecs::jpeg::JpegEncoder;
use image::codecs::png::PngEncoder;
use image::codecs::webp::WebPEncoder;
use image::{DynamicImage, GrayAlphaImage, GrayImage, ImageEncoder, Luma, LumaA, Rgb, RgbImage, Rgba, RgbaImage};
use moxcms::ColorProfile;

/// A file of a picture, with EXIF and a colour profile if there are any.
fn written(folder: &Path, name: &str, picture: &DynamicImage, exif: &[u8], profile: &[u8]) -> PathBuf {
    fn write(mut encoder: impl ImageEncoder, picture: &DynamicImage, exif: &[u8], profile: &[u8]) {
        if !exif.is_empty() {
            encoder.set_exif_metadata(exif.to_vec()).unwrap();
        }
        if !profile.is_empty() {
            encoder.set_icc_profile(profile.to_vec()).unwrap();
        }
        let (width, height, kind) = (picture.width(), picture.height(), picture.color());
        encoder
            .write_image(picture.as_bytes(), width, height, kind.into())
            .unwrap();
    }
    let path = folder.join(name);
    let file = std::io::BufWriter::new(std::fs::File::create(&path).unwrap());
    match path.extension().unwrap().to_str().unwrap() {
        "png" => write(PngEncoder::new(file), picture, exif, profile),
        "webp" => write(WebPEncoder::new_lossless(file), picture, exif, profile),
        _ => write(JpegEncoder::new_with_quality(file, 100), picture, exif, profile),
    }
    path
}

fn gradient(width: u32, height: u32) -> RgbImage {
    RgbImage::from_fn(width, height, |x, y| {
        Rgb([(x * 5 % 256) as u8, (y * 7 % 256) as u8, 90])
    })
}

/// EXIF that says nothing but how the picture lies.
fn turned(orientation: u8) -> Vec<u8> {
    let mut exif = b"MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0".to_vec();
    exif.extend([orientation, 0, 0, 0, 0, 0, 0]);
    exif
}

#[test]
fn a_picture_should_be_upright_and_its_size_be_that_of_what_is_seen() {
    let folder = tempfile::tempdir().unwrap();
    for ending in ["png", "jpg", "webp"] {
        for orientation in 1..=8 {
            let name = format!("{orientation}.{ending}");
            let path = written(
                folder.path(),
                &name,
                &gradient(48, 32).into(),
                &turned(orientation),
                &[],
            );
            let expected = if orientation > 4 { (32, 48) } else { (48, 32) };
            assert_eq!(size_px(&path).unwrap(), expected, "{name}");
            assert_eq!(read_rgb(&path).unwrap().dimensions(), expected, "{name}");
        }
    }
    // A quarter turn puts what was at the left of the bottom to the left of the top.
    let path = folder.path().join("6.png");
    assert_eq!(
        read_rgb(&path).unwrap().get_pixel(0, 0),
        gradient(48, 32).get_pixel(0, 31)
    );
}

#[test]
fn white_should_lie_below_what_is_transparent() {
    let folder = tempfile::tempdir().unwrap();
    let glass = RgbaImage::from_fn(3, 1, |x, _| Rgba([0, 0, 100, [0, 51, 255][x as usize]]));
    for ending in ["png", "webp"] {
        let path = written(folder.path(), &format!("a.{ending}"), &glass.clone().into(), &[], &[]);
        let seen = read_rgb(&path).unwrap();
        let expected = [[255, 255, 255], [204, 204, 224], [0, 0, 100]];
        assert!(seen.pixels().map(|pixel| pixel.0).eq(expected), "{seen:?}");
        assert_eq!(gallery::read_picture(&path).unwrap().pixels, seen.into_raw());
    }
    let grey = GrayAlphaImage::from_pixel(1, 1, LumaA([0, 0]));
    let path = written(folder.path(), "grey.png", &grey.into(), &[], &[]);
    assert_eq!(read_rgb(&path).unwrap().get_pixel(0, 0).0, [255; 3]);
}

/// A colour of Display P3 in sRGB.
///
/// Source: CSS Color Module Level 4, sample code for conversions
fn from_p3(colour: [u8; 3]) -> [f64; 3] {
    const MATRIX: [[f64; 3]; 3] = [
        [1.224_940_176_280_561, -0.224_940_176_280_561, 0.0],
        [-0.042_056_954_709_688, 1.042_056_954_709_688, 0.0],
        [-0.019_637_554_590_334, -0.078_636_045_550_632, 1.098_273_600_140_966],
    ];
    let linear = colour.map(|level| {
        let level = f64::from(level) / 255.0;
        if level <= 0.040_45 {
            level / 12.92
        } else {
            ((level + 0.055) / 1.055).powf(2.4)
        }
    });
    MATRIX.map(|row| {
        let level: f64 = row.iter().zip(linear).map(|(a, b)| a * b).sum();
        let level = level.clamp(0.0, 1.0);
        255.0
            * if level <= 0.003_130_8 {
                12.92 * level
            } else {
                1.055 * level.powf(1.0 / 2.4) - 0.055
            }
    })
}

#[test]
fn colours_of_a_profile_should_become_srgb() {
    let folder = tempfile::tempdir().unwrap();
    let profile = ColorProfile::new_display_p3().encode().unwrap();
    for colour in [[200, 100, 50], [60, 180, 90], [128, 128, 128], [30, 40, 250]] {
        let wide = RgbImage::from_pixel(16, 16, Rgb(colour));
        let opaque: RgbaImage = DynamicImage::from(wide.clone()).into_rgba8();
        let deep = DynamicImage::from(wide.clone()).into_rgb16();
        for (name, picture, most) in [
            ("a.png", DynamicImage::from(wide.clone()), 1.5),
            ("a.webp", wide.into(), 1.5),
            (
                "a.jpg",
                DynamicImage::ImageRgb8(RgbImage::from_pixel(16, 16, Rgb(colour))),
                4.0,
            ),
            ("alpha.png", opaque.into(), 1.5),
            ("deep.png", deep.into(), 1.5),
        ] {
            let path = written(folder.path(), name, &picture, &[], &profile);
            let found = read_rgb(&path).unwrap().get_pixel(8, 8).0;
            let is_near = found
                .iter()
                .zip(from_p3(colour))
                .all(|(a, b)| (f64::from(*a) - b).abs() <= most);
            assert!(is_near, "{name}: expected {:?}, found {found:?}", from_p3(colour));
        }
    }
}

#[test]
fn a_picture_whose_profile_says_nothing_new_should_stay_bit_for_bit() {
    let folder = tempfile::tempdir().unwrap();
    let srgb = ColorProfile::new_srgb().encode().unwrap();
    let picture = gradient(51, 36);
    for (what, profile) in [
        ("sRGB", srgb.as_slice()),
        ("none", &[]),
        ("broken", b"no profile at all"),
        ("cut", &srgb[..200]),
    ] {
        let path = written(folder.path(), "a.png", &picture.clone().into(), &[], profile);
        assert_eq!(read_rgb(&path).unwrap(), picture, "{what}");
    }
    // A profile for one colour, and a picture of three.
    let grey = ColorProfile::new_gray_with_gamma(1.0).encode().unwrap();
    let path = written(folder.path(), "a.png", &picture.clone().into(), &[], &grey);
    assert_eq!(read_rgb(&path).unwrap(), picture);
    let path = written(
        folder.path(),
        "grey.png",
        &GrayImage::from_pixel(4, 4, Luma([55])).into(),
        &[],
        &grey,
    );
    let found = read_rgb(&path).unwrap().get_pixel(0, 0)[0];
    assert!(
        (125..=131).contains(&found),
        "linear grey is brighter than its number: {found}"
    );
}

#[test]
fn pictures_of_other_depths_should_be_read() {
    let folder = tempfile::tempdir().unwrap();
    let picture = gradient(40, 30);
    let deep = DynamicImage::from(picture.clone()).into_rgb16();
    let path = written(folder.path(), "deep.png", &deep.into(), &[], &[]);
    assert_eq!(read_rgb(&path).unwrap(), picture);
    // A palette, one of whose colours is transparent.
    let path = folder.path().join("palette.png");
    let mut encoder = png::Encoder::new(std::fs::File::create(&path).unwrap(), 4, 1);
    encoder.set_color(png::ColorType::Indexed);
    encoder.set_depth(png::BitDepth::Two);
    encoder.set_palette(vec![1, 2, 3, 40, 50, 60, 0, 0, 0, 250, 0, 0]);
    encoder.set_trns(vec![255, 255, 0, 255]);
    encoder
        .write_header()
        .unwrap()
        .write_image_data(&[0b00_01_10_11])
        .unwrap();
    let found = read_rgb(&path).unwrap();
    let expected = [[1, 2, 3], [40, 50, 60], [255, 255, 255], [250, 0, 0]];
    assert!(found.pixels().map(|pixel| pixel.0).eq(expected), "{found:?}");
    // Of an animation the first frame.
    let path = folder.path().join("film.gif");
    let mut encoder = image::codecs::gif::GifEncoder::new(std::fs::File::create(&path).unwrap());
    let frames =
        [[255, 0, 0, 255], [0, 0, 255, 255]].map(|colour| image::Frame::new(RgbaImage::from_pixel(8, 8, Rgba(colour))));
    encoder.encode_frames(frames).unwrap();
    drop(encoder);
    assert_eq!(read_rgb(&path).unwrap().get_pixel(4, 4).0, [255, 0, 0]);
    assert_eq!(size_px(&path).unwrap(), (8, 8));
}

#[test]
fn a_mask_should_say_where_by_what_is_seen_of_it() {
    let folder = tempfile::tempdir().unwrap();
    let plain = GrayImage::from_fn(8, 8, |x, _| Luma([if x < 4 { 0 } else { 255 }]));
    let by_alpha = |level: u8| -> DynamicImage {
        GrayAlphaImage::from_fn(8, 8, |x, y| LumaA([level, plain.get_pixel(x, y)[0]])).into()
    };
    let hidden = GrayAlphaImage::from_fn(8, 8, |x, _| if x < 4 { LumaA([0, 0]) } else { LumaA([255, 255]) });
    let coloured = RgbaImage::from_fn(8, 8, |x, _| Rgba([255, 0, 0, if x < 4 { 0 } else { 255 }]));
    let drawn = GrayAlphaImage::from_fn(8, 8, |x, y| {
        LumaA([plain.get_pixel(x, y)[0], if y < 4 { 255 } else { 128 }])
    });
    for (name, mask) in [
        ("plain.png", DynamicImage::from(plain.clone())),
        ("white.png", by_alpha(255)),
        ("black.png", by_alpha(0)),
        ("white.webp", by_alpha(255).into_rgba8().into()),
        ("hidden.png", hidden.into()),
        ("coloured.png", coloured.into()),
        ("drawn.png", drawn.into()),
    ] {
        let path = written(folder.path(), name, &mask, &[], &[]);
        assert_eq!(read_mask(&path).unwrap(), plain, "{name}");
    }
    // White all over without a hole is everywhere, and black nowhere.
    for level in [0, 255] {
        let full = GrayAlphaImage::from_pixel(8, 8, LumaA([level, 255]));
        let path = written(folder.path(), "full.png", &full.into(), &[], &[]);
        assert!(read_mask(&path).unwrap().pixels().all(|pixel| pixel[0] == level));
    }
}

#[test]
fn a_file_without_its_end_should_be_torn_and_one_with_more_behind_whole() {
    let folder = tempfile::tempdir().unwrap();
    for ending in ["png", "jpg", "webp"] {
        let path = written(
            folder.path(),
            &format!("a.{ending}"),
            &gradient(160, 120).into(),
            &[],
            &[],
        );
        let whole = std::fs::read(&path).unwrap();
        for cut in [1, 2, 12, whole.len() / 4, whole.len() / 2] {
            std::fs::write(&path, &whole[..whole.len() - cut]).unwrap();
            assert!(
                matches!(read_rgb(&path), Err(PictureError::Torn)),
                "{ending} without {cut} bytes"
            );
            assert!(size_px(&path).is_err(), "{ending} without {cut} bytes");
        }
        for behind in [&b"\0\0\0"[..], b"\xff\xd8\xff\xe0 a second picture, cut"] {
            std::fs::write(&path, [whole.as_slice(), behind].concat()).unwrap();
            assert!(read_rgb(&path).is_ok(), "{ending} with {behind:?} behind");
        }
    }
    // The end of a preview inside is not the picture's.
    let path = written(folder.path(), "a.jpg", &gradient(160, 120).into(), &[], &[]);
    let jpeg = std::fs::read(&path).unwrap();
    let preview = [b"\xff\xe2\0\x08".as_slice(), b"\xff\xd8\xff\xd9\0\0"].concat();
    let cut = [&jpeg[..2], &preview, &jpeg[2..jpeg.len() / 2]].concat();
    std::fs::write(&path, cut).unwrap();
    assert!(matches!(read_rgb(&path), Err(PictureError::Torn)));
}

#[test]
fn what_is_no_picture_should_be_called_by_its_name() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.png");
    let cases: [(&[u8], &str); 13] = [
        (b"\0\0\0\x20ftypavif\0\0\0\0", "AVIF"),
        (b"\0\0\0\x20ftypheic\0\0\0\0", "HEIC"),
        (b"\0\0\0\x20ftypmif1\0\0\0\0", "HEIC"),
        (b"\0\0\0\x20ftypisom\0\0\0\0", "video"),
        (b"\xff\x0a\0\0", "JPEG XL"),
        (b"II*\0\x08\0\0\0", "TIFF"),
        (b"BM\0\0\0\0", "BMP"),
        (b"  <svg xmlns=''>", "SVG"),
        (b"<!DOCTYPE html><html>", "web page"),
        (b"version https://git-lfs.github.com/spec/v1\n", "Git LFS"),
        (b"", "empty"),
        (b"{\"a\": 1}", "JSON"),
        (b"hello", "text"),
    ];
    for (bytes, word) in cases {
        std::fs::write(&path, bytes).unwrap();
        let error = read_rgb(&path).unwrap_err().one_line();
        assert!(error.contains(word), "{error}");
        assert!(kind_of(&path).unwrap().contains(word));
        let error = gallery::read_picture(&path).unwrap_err();
        assert!(
            matches!(error, GalleryError::Decode { .. }) && error.one_line().contains(word),
            "{}",
            error.one_line()
        );
    }
}

#[test]
fn the_limit_should_be_on_pixels_and_not_on_sides() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.png");
    let sized = |width: u32, height: u32| {
        let mut png = b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR".to_vec();
        png.extend(width.to_be_bytes());
        png.extend(height.to_be_bytes());
        png.extend(b"\x08\x02\0\0\0\0\0\0\0\0\0\0\0IEND\xAE\x42\x60\x82");
        std::fs::write(&path, png).unwrap();
        size_px(&path)
    };
    for (width, height) in [(12_000, 9_000), (100_000, 2_000), (1, 1 << 28), (16_384, 16_384)] {
        assert_eq!(sized(width, height).unwrap(), (width, height));
    }
    for (width, height) in [(16_385, 16_385), (u32::MAX, u32::MAX)] {
        assert!(u64::from(width) * u64::from(height) > MAX_PIXELS);
        assert!(matches!(sized(width, height), Err(PictureError::TooManyPixels { .. })));
    }
    assert!(matches!(sized(0, 5), Err(PictureError::Empty)));
}

/// A PNG of which the last bits of alpha say something.
fn hiding(path: &Path, (width, height): (u32, u32), signature: &[u8], text: &[u8]) {
    let mut bytes = signature.to_vec();
    bytes.extend((text.len() as u32 * 8).to_be_bytes());
    bytes.extend(text);
    let bit = |at: usize| bytes.get(at / 8).map_or(0, |byte| byte >> (7 - at % 8) & 1);
    let picture = RgbaImage::from_fn(width, height, |x, y| {
        Rgba([90, 80, 70, 0xFE | bit((x * height + y) as usize)])
    });
    picture.save(path).unwrap();
}

#[test]
fn texts_in_the_last_bits_of_alpha_should_be_found() {
    use std::io::Write as _;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.png");
    let packed = |text: &str| {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        encoder.write_all(text.as_bytes()).unwrap();
        encoder.finish().unwrap()
    };
    let infotext = "a cat\nNegative prompt: fog\nSteps: 28, Sampler: Euler a, CFG scale: 7, Seed: 5, Size: 64x32";
    let comment = r#"{\"prompt\":\"a cat\",\"uc\":\"fog\",\"seed\":5,\"steps\":28,\"scale\":7,\"sampler\":\"k_euler_ancestral\"}"#;
    let novelai = format!(r#"{{"Description":"a cat","Software":"NovelAI","Source":"x","Comment":"{comment}"}}"#);
    // Higher and lower than the signature is long.
    for size in [(96, 64), (40, 200)] {
        for (text, source) in [(infotext, RecordSource::A1111), (&novelai, RecordSource::NovelAi)] {
            for (signature, bytes) in [
                (b"stealth_pngcomp", packed(text)),
                (b"stealth_pnginfo", text.as_bytes().to_vec()),
            ] {
                hiding(&path, size, signature, &bytes);
                let (record, found) = read_made(&path).unwrap();
                assert_eq!((found, record.request.seed, record.request.steps), (source, 5, 28));
                assert_eq!(record.request.prompt, "a cat");
            }
        }
    }
    // What is broken, too long or not there says nothing.
    let bomb = packed(&"a".repeat(64 << 20));
    for (signature, bytes) in [
        (b"stealth_pngcomp", bomb.as_slice()),
        (b"stealth_pngcomp", b"no gzip"),
        (b"stealth_pnginfo", b"\xff\xfe"),
        (b"stealth_unknown", b"a cat"),
    ] {
        hiding(&path, (1000, 700), signature, bytes);
        assert!(matches!(read_made(&path), Err(GalleryError::NoRecord { .. })));
    }
}
