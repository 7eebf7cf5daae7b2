//! Two pictures against each other in numbers: the metrics by those of scikit-image, and `hareru compare`.

use std::path::Path;
use std::sync::Arc;

use hareru::gallery;
use hareru::job::{Change, GenerateRequest, GeneratedImage, RgbImage};
use hareru::unfold::Similarity;
use serde_json::Value;

use crate::support::command_line::command;
use crate::support::generated_image;

/// The pictures of `fixtures/similarity/make.py`.
fn picture(width: u32, height: u32, kind: &str) -> RgbImage {
    let value = |x: i64, y: i64, c: i64| {
        let base = (7 * x + 13 * y + 29 * c + 5 * ((x * y) % 17)) % 256;
        let noise = (31 * x + 17 * y + 11 * c) * 2_654_435_761 % 4_294_967_296 / 65536 % 41 - 20;
        let smooth = (x * 255 / (i64::from(width) - 1) + 3 * c) % 256;
        match kind {
            "base" => base,
            "noisy" => base + noise,
            "brighter" => base + 10,
            "inverted" => 255 - base,
            "smooth" => smooth,
            _ => smooth + noise.div_euclid(4),
        }
    };
    let places = (0..height).flat_map(|y| (0..width).map(move |x| (i64::from(x), i64::from(y))));
    RgbImage {
        width_px: width,
        height_px: height,
        pixels: places
            .flat_map(|(x, y)| [0, 1, 2].map(|c| value(x, y, c).clamp(0, 255) as u8))
            .collect(),
    }
}

#[test]
fn psnr_and_ssim_should_be_those_of_scikit_image() {
    let expected: Value = serde_json::from_str(include_str!("fixtures/similarity/expected.json")).unwrap();
    let cases = expected["cases"].as_array().unwrap();
    assert_eq!(cases.len(), 6);
    for case in cases {
        let side = |index: usize| case["size"][index].as_u64().unwrap() as u32;
        let [a, b] = ["a", "b"].map(|name| {
            let picture = picture(side(0), side(1), case[name].as_str().unwrap());
            let sum: u64 = picture.pixels.iter().map(|value| u64::from(*value)).sum();
            assert_eq!(
                Some(sum),
                case[format!("sum_{name}")].as_u64(),
                "another picture: {case}"
            );
            picture
        });
        let found = Similarity::of(&a, &b).unwrap();
        let number = |name: &str| case[name].as_f64().unwrap();
        assert!((found.psnr_db - number("psnr_db")).abs() < 1e-9, "{found:?}, {case}");
        assert!((found.ssim.unwrap() - number("ssim")).abs() < 1e-9, "{found:?}, {case}");
        assert_eq!(f64::from(found.max_difference), number("max_difference"), "{case}");
        assert_eq!(Similarity::of(&b, &a).unwrap().max_difference, found.max_difference);
    }
}

fn request(seed: u64) -> GenerateRequest {
    GenerateRequest {
        prompt: "a boat".to_owned(),
        width_px: 24,
        height_px: 16,
        steps: 2,
        seed,
        ..GenerateRequest::default()
    }
}

/// What the program prints of two pictures; it must end well.
fn compare(home: &Path, args: &[&Path]) -> (Value, String) {
    let told = |more: &[&str]| {
        let output = hareru(home, args, more);
        let error = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(0), "{error}");
        assert!(output.stderr.is_empty(), "{error}");
        String::from_utf8(output.stdout).unwrap()
    };
    (serde_json::from_str(&told(&["--json"])).unwrap(), told(&[]))
}

fn hareru(home: &Path, args: &[&Path], more: &[&str]) -> std::process::Output {
    command(home).arg("compare").args(args).args(more).output().unwrap()
}

#[test]
fn two_runs_should_be_told_by_settings_pixels_and_the_step_from_which_they_part() {
    let home = tempfile::tempdir().unwrap();
    let a = generated_image(request(7));
    let mut b = GeneratedImage {
        record: hareru::job::Record {
            request: request(7).branched(Change {
                guidance_scale: Some(9.0),
                ..Change::at(1)
            }),
            ..a.record.clone()
        },
        ..a.clone()
    };
    let mut run = (*b.trajectory).clone();
    Arc::make_mut(&mut run.steps[1]).x0.values[5] += 1.0;
    b.trajectory = Arc::new(run);
    Arc::make_mut(&mut b.pixels).pixels[4] ^= 16;
    let [a, b] = [a, b].map(|image| gallery::save(home.path(), &image).unwrap().path);

    let (told, words) = compare(home.path(), &[&a, &b]);
    assert_eq!(told["runs"], "part");
    assert_eq!(told["part_from_step"], 1);
    assert_eq!(told["max_difference"], 16);
    assert_eq!(told["is_identical"], false);
    let expected = 10.0 * (255.0_f64.powi(2) / (256.0 / (3.0 * 24.0 * 16.0))).log10();
    assert!((told["psnr_db"].as_f64().unwrap() - expected).abs() < 1e-9);
    assert!(told["ssim"].as_f64().unwrap() < 1.0);
    let settings = told["settings"].as_array().unwrap();
    assert_eq!(settings.len(), 1, "{settings:?}");
    assert_eq!(settings[0]["field"], "guidance_scale");
    assert_eq!((&settings[0]["step"], &settings[0]["b"]), (&1.into(), &"9".into()));
    assert!(words.contains("runs: part from step 1 on"), "{words}");
    assert!(words.contains("guidance_scale (from step 1 on): 5 → 9"), "{words}");

    let (told, words) = compare(home.path(), &[&a, &a]);
    assert_eq!((&told["runs"], &told["part_from_step"]), (&"same".into(), &Value::Null));
    assert_eq!((&told["is_identical"], &told["psnr_db"]), (&true.into(), &Value::Null));
    assert_eq!(told["settings"], Value::Array(Vec::new()));
    assert!(words.contains("the pixels are the same") && words.contains("settings: the same"));
}

#[test]
fn pictures_without_a_record_or_of_another_size_should_still_be_compared() {
    let home = tempfile::tempdir().unwrap();
    let image = generated_image(request(7));
    let a = gallery::save(home.path(), &image).unwrap().path;
    let b = home.path().join("photo.png");
    gallery::save_pixels(&b, &picture(12, 30, "base")).unwrap();
    let (told, words) = compare(home.path(), &[&a, &b]);
    for name in ["settings", "psnr_db", "ssim", "max_difference", "part_from_step"] {
        assert_eq!(told[name], Value::Null, "{name}");
    }
    assert_eq!(told["runs"], "missing");
    assert_eq!(
        (&told["b"]["width_px"], &told["b"]["height_px"]),
        (&12.into(), &30.into())
    );
    assert!(words.contains("sizes: 24×16 and 12×30, which have no PSNR"), "{words}");
    // A picture of a kind that has no texts.
    let jpeg = home.path().join("photo.jpg");
    let photo = picture(24, 16, "base");
    image::save_buffer(&jpeg, &photo.pixels, 24, 16, image::ExtendedColorType::Rgb8).unwrap();
    let (told, _) = compare(home.path(), &[&a, &jpeg]);
    assert!(told["psnr_db"].is_f64() && told["settings"].is_null(), "{told}");
}

#[test]
fn what_cannot_be_read_should_be_told_in_one_line_with_the_file() {
    let home = tempfile::tempdir().unwrap();
    let a = gallery::save(home.path(), &generated_image(request(7))).unwrap().path;
    let gone = home.path().join("gone.png");
    let torn = home.path().join("torn.png");
    std::fs::write(&torn, &std::fs::read(&a).unwrap()[..60]).unwrap();
    for (bad, code) in [(&gone, 1), (&torn, 1)] {
        let output = hareru(home.path(), &[&a, bad], &[]);
        let error = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(code), "{error}");
        assert_eq!(error.lines().count(), 1, "{error}");
        assert!(error.contains(&*bad.to_string_lossy()), "{error}");
    }
    let output = hareru(home.path(), &[&a], &[]);
    assert_eq!(output.status.code(), Some(2));
    // Steps that are there and torn are not passed over in silence.
    let steps = gallery::trajectory_path(&a);
    std::fs::write(&steps, b"torn").unwrap();
    let output = hareru(home.path(), &[&a, &a], &["--json"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).contains(&*steps.to_string_lossy()));
}
