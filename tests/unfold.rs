//! Kept runs on the command line: films, sheets and numbers of them.

use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};
use std::process::Output;
use std::sync::Arc;

use hareru::gallery;
use hareru::job::{Change, GenerateRequest, GeneratedImage, LatentPlane, StepRecord, Trajectory};
use hareru::unfold::{numbers, paths};
use image::AnimationDecoder as _;
use image::codecs::gif::GifDecoder;
use image::codecs::png::PngDecoder;
use image::codecs::webp::WebPDecoder;
use serde_json::Value;

use crate::support;
use crate::support::command_line::hareru;

const STEPS: usize = 6;
const SIDE: usize = 8;

/// A run of a network that walks over pixels: from noise to a grey that is brighter on the right.
pub(crate) fn run() -> Trajectory {
    let plane = |value: &dyn Fn(usize) -> f32| LatentPlane {
        channels: 3,
        height: SIDE,
        width: SIDE,
        values: (0..3 * SIDE * SIDE).map(value).collect(),
    };
    let slope = |i: usize| (i % SIDE) as f32 / 4.0 - 0.875;
    let noise = |i: usize| if i * 7919 % 13 > 6 { 1.0 } else { -1.0 };
    let sigmas: Vec<f64> = (0..=STEPS).map(|step| (STEPS - step) as f64 / 2.0).collect();
    let step = |index: usize| {
        let sigma = sigmas[index];
        let clear = (index + 1) as f32 / STEPS as f32;
        Arc::new(StepRecord {
            index,
            sigma,
            timestep: 100.0 * sigma,
            x: plane(&|i| slope(i) * clear + sigma as f32 * noise(i)),
            x0: plane(&|i| slope(i) * clear),
            branches: None,
            attention: Vec::new(),
            secs: 0.25,
        })
    };
    Trajectory {
        seed: 5,
        timesteps: sigmas.iter().take(STEPS).map(|sigma| 100.0 * sigma).collect(),
        steps: (0..STEPS).map(step).collect(),
        final_latents: plane(&slope),
        tokens: Vec::new(),
        colours: None,
        sigmas,
    }
}

pub(crate) fn picture_of(trajectory: Trajectory, folder: &Path) -> PathBuf {
    let request = GenerateRequest {
        width_px: 64,
        height_px: 64,
        changes: vec![Change {
            guidance_scale: Some(-3.0),
            ..Change::at(4)
        }],
        ..GenerateRequest::default()
    };
    let image = GeneratedImage {
        trajectory: Arc::new(trajectory),
        ..support::generated_image(request)
    };
    let path = folder.join("run.png");
    gallery::save_as(&path, &image).unwrap();
    path
}

#[test]
fn a_run_should_unfold_into_each_kind_of_film() {
    let home = tempfile::tempdir().unwrap();
    picture_of(run(), home.path());
    for (name, more, width, frames) in [
        ("a.gif", &[][..], 64, 6),
        ("a.webp", &["--view", "xt", "--second", "difference"], 64 + 4 + 64, 6),
        ("a.png", &["--view", "noise", "--steps", "2..5", "--width", "32"], 32, 3),
    ] {
        let mut args = vec!["unfold", "run.png", "--fps", "5", "--out", name];
        args.extend(more);
        let output = hareru(home.path(), &args);
        assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
        assert_eq!(String::from_utf8(output.stdout).unwrap().trim_end(), name);

        let file = BufReader::new(File::open(home.path().join(name)).unwrap());
        let film = match name {
            "a.gif" => GifDecoder::new(file).unwrap().into_frames(),
            "a.webp" => WebPDecoder::new(file).unwrap().into_frames(),
            _ => PngDecoder::new(file).unwrap().apng().unwrap().into_frames(),
        };
        let film = film.collect_frames().unwrap();
        assert_eq!(film.len(), frames, "{name}");
        for (index, frame) in film.iter().enumerate() {
            let expected = if index + 1 < frames { 200 } else { 2000 };
            let (numerator, denominator) = frame.delay().numer_denom_ms();
            assert_eq!(numerator / denominator, expected, "{name}");
            assert_eq!(frame.buffer().width(), width, "{name}");
        }
        if name == "a.gif" {
            // The estimate clears up: each frame has more contrast than the one before.
            let contrast = |frame: &image::Frame| {
                let part = |x: u32| i32::from(frame.buffer().get_pixel(x, 32).0[0]);
                part(63) - part(0)
            };
            assert!(film.windows(2).all(|pair| contrast(&pair[0]) < contrast(&pair[1])));
        }
    }
    assert_eq!(
        std::fs::read_dir(home.path()).unwrap().count(),
        5,
        "nothing else is left"
    );
}

#[test]
fn a_contact_sheet_should_have_as_many_cells_as_asked_for() {
    let home = tempfile::tempdir().unwrap();
    picture_of(run(), home.path());
    let args = ["unfold", "run.png", "--sheet", "2x2", "--out", "sheet.png"];
    let output = hareru(home.path(), &args);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let sheet = gallery::read_picture(&home.path().join("sheet.png")).unwrap();
    assert_eq!(sheet.width_px, 8 + 2 * (64 + 8));
    assert!(sheet.height_px > 8 + 2 * (64 + 8) && sheet.height_px < 8 + 2 * (64 + 32));
}

#[test]
fn what_cannot_be_unfolded_should_be_one_line_with_the_file_last() {
    let home = tempfile::tempdir().unwrap();
    let picture = picture_of(run(), home.path());
    let beside = gallery::trajectory_path(&picture);
    let beside = beside.file_name().unwrap().to_str().unwrap();
    for (more, code, expected) in [
        (
            &["--view", "guidance"][..],
            1,
            "each prompt alone would have said was not kept",
        ),
        (&["--second", "uncond"], 1, "was not kept"),
        (&["--view", "attention:tower"], 1, "attention was not kept"),
        (
            &["--steps", "6.."],
            1,
            "none of these steps is kept; there are steps 0 to 5",
        ),
    ] {
        let mut args = vec!["unfold", "run.png", "--out", "a.gif"];
        args.extend(more);
        let output = hareru(home.path(), &args);
        assert_eq!(output.status.code(), Some(code), "{}", stderr(&output));
        assert_one_line(&output, expected, beside);
    }
    for (out, more, code, expected) in [
        ("a.mp4", &[][..], 2, "ends in .gif, .webp or .png"),
        ("a.gif", &["--sheet", "2x2"], 2, "must end in .png"),
        ("run.png", &[], 2, "the picture itself would be replaced"),
        ("none/a.gif", &[], 1, "no such folder"),
        (
            "a.png",
            &["--sheet", "3x2", "--width", "8000"],
            1,
            "make its cells smaller",
        ),
    ] {
        let mut args = vec!["unfold", "run.png", "--out", out];
        args.extend(more);
        let output = hareru(home.path(), &args);
        assert_eq!(output.status.code(), Some(code), "{}", stderr(&output));
        assert_one_line(&output, expected, out);
    }
    for (view, expected) in [("x1", "expected x0, xt"), ("attention:", "attention:WORD")] {
        let output = hareru(home.path(), &["unfold", "run.png", "--out", "a.gif", "--view", view]);
        assert_eq!(output.status.code(), Some(2));
        assert!(stderr(&output).contains(expected), "{}", stderr(&output));
    }

    std::fs::remove_file(gallery::trajectory_path(&picture)).unwrap();
    for args in [&["unfold", "run.png", "--out", "a.gif"][..], &["trajectory", "run.png"]] {
        let output = hareru(home.path(), args);
        assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
        assert_eq!(stderr(&output).lines().count(), 1);
        assert!(stderr(&output).contains(beside), "{}", stderr(&output));
    }
    assert_eq!(std::fs::read_dir(home.path()).unwrap().count(), 1);
}

#[test]
fn the_run_of_another_picture_should_be_refused_by_every_verb() {
    let home = tempfile::tempdir().unwrap();
    for (name, run_id) in [("a.png", "aaaa"), ("b.png", "bbbb")] {
        let mut image = GeneratedImage {
            trajectory: Arc::new(run()),
            ..support::generated_image(GenerateRequest::default())
        };
        image.record.run_id = run_id.to_owned();
        gallery::save_as(&home.path().join(name), &image).unwrap();
    }
    let [a, b] = ["a.png", "b.png"].map(|name| gallery::trajectory_path(&home.path().join(name)));
    std::fs::copy(a, &b).unwrap();
    for args in [
        &["unfold", "b.png", "--out", "film.gif"][..],
        &["trajectory", "b.png"],
        &["branch", "b.png", "--at", "1", "--out", "c.png"],
        &["compare", "a.png", "b.png"],
    ] {
        let output = hareru(home.path(), args);
        assert_eq!(output.status.code(), Some(1), "{args:?}: {}", stderr(&output));
        let expected = r#"the trajectory is of run "aaaa", the picture of run "bbbb""#;
        assert_one_line(&output, expected, b.file_name().unwrap().to_str().unwrap());
    }
    assert_eq!(
        std::fs::read_dir(home.path()).unwrap().count(),
        4,
        "nothing was written"
    );
}

#[test]
fn steps_that_lack_a_view_should_be_left_out_with_a_word() {
    let home = tempfile::tempdir().unwrap();
    let mut trajectory = run();
    Arc::make_mut(&mut trajectory.steps[5]).sigma = 0.0;
    picture_of(trajectory, home.path());
    let output = hareru(home.path(), &["unfold", "run.png", "--view", "noise", "--out", "a.gif"]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    assert!(stderr(&output).contains("1 steps are left out"), "{}", stderr(&output));
}

#[test]
fn a_trajectory_should_be_told_in_numbers() {
    let home = tempfile::tempdir().unwrap();
    let picture = picture_of(run(), home.path());
    let output = hareru(home.path(), &["trajectory", "run.png", "--json"]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let told: Value = serde_json::from_slice(&output.stdout).unwrap();
    let bytes = std::fs::metadata(gallery::trajectory_path(&picture)).unwrap().len();
    assert_eq!((&told["size_bytes"], &told["seed"]), (&bytes.into(), &5.into()));
    assert_eq!(told["events"][0]["step"], 4);
    assert_eq!(told["events"][0]["guidance_scale"], -3.0);
    assert_eq!(told["kept"]["steps"], STEPS);
    assert_eq!(told["kept"]["attention"], 0);
    assert_eq!(told["sigmas"].as_array().unwrap().len(), STEPS + 1);
    let steps = told["steps"].as_array().unwrap();
    assert_eq!(steps.len(), STEPS);
    for (index, step) in steps.iter().enumerate() {
        let sigma = step["sigma"].as_f64().unwrap();
        assert_eq!(
            (sigma, step["index"].as_u64()),
            (3.0 - index as f64 / 2.0, Some(index as u64))
        );
        assert!((step["noise_norm"].as_f64().unwrap() - 1.0).abs() < 1e-5);
        assert!((step["snr"].as_f64().unwrap() - sigma.powi(-2)).abs() < 1e-12);
        assert_eq!(step["x0_change_norm"].is_null(), index == 0);
        assert!(step["guidance_norm"].is_null());
    }

    let output = hareru(home.path(), &["trajectory", "run.png"]);
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.contains("from step 4 on: guidance_scale -3.0"), "{text}");
    assert_eq!(text.lines().count(), 3 + STEPS, "{text}");
}

#[test]
fn estimates_on_a_line_should_be_a_line_and_branches_of_it_leave_it() {
    let trajectory = run();
    let straight: Vec<&LatentPlane> = trajectory.steps.iter().map(|step| &step.x0).collect();
    let found = paths(std::slice::from_ref(&straight));
    let rows = numbers(trajectory.steps.iter().map(AsRef::as_ref));
    let root = ((3 * SIDE * SIDE) as f64).sqrt();
    for (index, pair) in found[0].windows(2).enumerate() {
        assert!(pair[0][0] < pair[1][0], "from the left to the right");
        let expected = rows[index + 1].moved.unwrap() * root;
        assert!((f64::from(pair[1][0] - pair[0][0]) - expected).abs() < 1e-3 * expected);
        assert!(pair[0][1].abs() < 1e-3);
    }

    // A branch that goes off at right angles: its distances are kept, and both runs begin at the same place.
    let across = |step: usize, i: usize| if (i / SIDE).is_multiple_of(2) { 0.25 } else { -0.25 } * step as f32;
    let off = [0, 1, 2].map(|step| LatentPlane {
        values: straight[0]
            .values
            .iter()
            .enumerate()
            .map(|(i, value)| value + across(step, i))
            .collect(),
        ..straight[0].clone()
    });
    let found = paths(&[straight, off.iter().collect()]);
    let between = |a: [f32; 2], b: [f32; 2]| [b[0] - a[0], b[1] - a[1]];
    assert!(between(found[0][0], found[1][0]).iter().all(|part| part.abs() < 1e-3));
    let (along, aside) = (between(found[0][0], found[0][5]), between(found[1][0], found[1][2]));
    let length = |way: [f32; 2]| way[0].hypot(way[1]);
    assert!(
        (length(aside) - 0.5 * root as f32).abs() < 1e-3 * length(aside),
        "{aside:?}"
    );
    let dot = along[0] * aside[0] + along[1] * aside[1];
    assert!(dot.abs() < 1e-3 * length(along) * length(aside), "at right angles");
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[track_caller]
fn assert_one_line(output: &Output, expected: &str, file: &str) {
    let text = stderr(output);
    assert!(text.starts_with("error: ") && text.contains(expected), "{text}");
    assert_eq!(text.lines().count(), 1, "{text}");
    assert!(text.trim_end().ends_with(file), "{text}");
}
