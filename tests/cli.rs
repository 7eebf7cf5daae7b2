//! The program as a shell sees it: what it prints, where, and with which exit code.

use std::path::Path;
use std::process::Output;

use hareru::engine;
use hareru::gallery;
use hareru::job::{GenerateRequest, ModelRef};
use serde_json::Value;

use crate::support::command_line::{command, hareru};
use crate::support::generated_image;

#[test]
fn bad_usage_should_end_with_code_2() {
    let home = tempfile::tempdir().unwrap();
    let out = home.path().join("a.png");
    let out = out.to_str().unwrap();
    let folder = home.path().to_str().unwrap();
    for (args, expected) in [
        (&["paint"][..], "unrecognized subcommand"),
        (&["generate"], "--prompt"),
        (&["generate", "--prompt", "x", "--size", "big"], "expected WIDTHxHEIGHT"),
        (&["generate", "--prompt", "x", "--steps", "-1"], "unexpected argument"),
        (&["generate", "--prompt", "x", "--seed", "1.5"], "invalid digit"),
        (
            &["generate", "--prompt", "x", "--spacing", "wide"],
            "invalid value 'wide'",
        ),
        (
            &["generate", "--prompt", "x", "--out", "a.png", "--gallery", "b"],
            "cannot be used with",
        ),
        (
            &["generate", "--prompt", "x", "--precision", "f8"],
            "possible values: auto, f32, f16, bf16",
        ),
        (&["--threads", "0"], "expected 1 to"),
        (&["samplers", "--threads", "1000000"], "expected 1 to"),
    ] {
        let output = hareru(home.path(), args);
        assert_eq!(output.status.code(), Some(2), "{args:?}: {}", stderr(&output));
        assert!(stderr(&output).contains(expected), "{args:?}: {}", stderr(&output));
        assert!(output.stdout.is_empty(), "{args:?}");
    }
    for (more, expected) in [
        (
            &["--size", "130x128"][..],
            "size must be multiples of 8 from 8 to 4096 px, found 130x128",
        ),
        (&["--size", "0x0"], "found 0x0"),
        (&["--size", "8x8192"], "found 8x8192"),
        (&["--steps", "0"], "steps must be 1 to 1000, found 0"),
        (&["--steps", "1001"], "steps must be 1 to 1000, found 1001"),
        (&["--cfg", "NaN"], "guidance must be a finite number, found NaN"),
        (&["--cfg", "-inf"], "guidance must be a finite number, found -inf"),
        (&["--rescale", "inf"], "must be a finite number, found inf"),
        (&["--eta", "2"], "eta must be 0 to 1, found 2"),
        (&["--batch", "0"], "batch count must be 1 to 64, found 0"),
        (
            &["--save-steps", folder, "--preview", "off"],
            "--save-steps needs pictures",
        ),
        (&["--out", "a.gif"], "the name must end in"),
    ] {
        let mut args = vec!["generate", "--prompt", "x"];
        if more[0] != "--out" {
            args.extend(["--out", out]);
        }
        args.extend(more);
        let output = hareru(home.path(), &args);
        assert_eq!(output.status.code(), Some(2), "{args:?}: {}", stderr(&output));
        assert_one_line(&output, expected);
    }
    assert!(!Path::new(out).exists());
}

#[test]
fn what_cannot_be_done_should_end_with_code_1_and_one_line() {
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join("file");
    std::fs::write(&file, "in the way").unwrap();
    let empty = home.path().join("empty");
    std::fs::create_dir(&empty).unwrap();
    let path = |path: &Path| path.to_str().unwrap().to_owned();
    let out = path(&home.path().join("a.png"));
    for (args, expected) in [
        (
            vec!["--out".to_owned(), path(&home.path().join("missing").join("a.png"))],
            "could not write to the folder",
        ),
        (
            vec!["--gallery".to_owned(), path(&file.join("pictures"))],
            "could not make the folder",
        ),
        (
            vec![
                "--out".to_owned(),
                out.clone(),
                "--save-steps".to_owned(),
                path(&file.join("steps")),
            ],
            "could not make the folder",
        ),
        (
            vec![
                "--out".to_owned(),
                out.clone(),
                "--model".to_owned(),
                path(&home.path().join("no-such-model")),
            ],
            "no-such-model",
        ),
        (
            vec!["--out".to_owned(), out.clone(), "--model".to_owned(), path(&empty)],
            "model_index.json",
        ),
    ] {
        let mut all = vec!["generate", "--prompt", "x"];
        all.extend(args.iter().map(String::as_str));
        let output = hareru(home.path(), &all);
        assert_eq!(output.status.code(), Some(1), "{all:?}: {}", stderr(&output));
        assert_one_line(&output, expected);
    }
    assert!(!Path::new(&out).exists());
}

#[test]
fn samplers_should_be_listed_for_people_and_for_programs() {
    let home = tempfile::tempdir().unwrap();
    let lines = json_lines(&hareru(home.path(), &["samplers", "--json"]));
    for (kind, id) in [("sampler", "ddim"), ("schedule", "karras")] {
        assert!(
            lines.iter().any(|line| line["kind"] == kind
                && line["id"] == id
                && line["label"].is_string()
                && line["aliases"].is_array()),
            "{lines:?}"
        );
    }
    let output = hareru(home.path(), &["samplers"]);
    let text = String::from_utf8(output.stdout).unwrap();
    for line in &lines {
        assert!(text.contains(line["label"].as_str().unwrap()), "{text}");
    }
}

#[test]
fn models_should_be_listed_with_what_is_wrong_with_them() {
    let home = tempfile::tempdir().unwrap();
    let broken = home.path().join("data/hareru/models/broken");
    std::fs::create_dir_all(&broken).unwrap();
    std::fs::write(broken.join("model_index.json"), "{").unwrap();

    let lines = json_lines(&hareru(home.path(), &["models", "--json"]));
    assert_eq!(lines[0]["model"], "starter");
    assert!(lines[0]["defaults"]["steps"].is_u64(), "{lines:?}");
    assert_eq!(lines[1]["model"], "flowers");
    assert_eq!(lines[1]["class_names"].as_array().map(Vec::len), Some(121));
    if cfg!(target_os = "linux") {
        assert_eq!(lines[2]["model"], broken.to_str().unwrap());
        assert!(lines[2]["error"].is_string(), "{lines:?}");
    }
}

#[test]
fn version_and_help_should_end_with_code_0() {
    let home = tempfile::tempdir().unwrap();
    for args in [&["--version"][..], &["--help"], &["generate", "--help"]] {
        let output = hareru(home.path(), args);
        assert_eq!(output.status.code(), Some(0), "{args:?}");
        assert!(!output.stdout.is_empty());
    }
}

#[test]
fn generate_should_write_a_picture_that_restores_its_request() {
    let home = tempfile::tempdir().unwrap();
    let out = home.path().join("a.png");
    let steps = home.path().join("steps");
    let prompt = "a sunset over a mountain range, vector image";
    let output = hareru(
        home.path(),
        &[
            "generate",
            "--prompt",
            prompt,
            "--negative",
            "fog",
            "--steps",
            "25",
            "--seed",
            "18446744073709551615",
            "--out",
            out.to_str().unwrap(),
            "--save-steps",
            steps.to_str().unwrap(),
            "--json",
        ],
    );
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));

    let record = gallery::read_record(&out).unwrap();
    let request = &record.request;
    assert_eq!(
        (request.prompt.as_str(), request.negative_prompt.as_str()),
        (prompt, "fog")
    );
    assert_eq!((request.steps, request.seed, request.batch_count), (25, u64::MAX, 1));
    assert_eq!(request.model, ModelRef::Starter);
    let picture = gallery::read_picture(&out).unwrap();
    assert_eq!(
        (picture.width_px, picture.height_px),
        (request.width_px, request.height_px)
    );
    let trajectory = gallery::read_trajectory(&out).unwrap();
    assert_eq!((trajectory.steps.len(), trajectory.seed), (25, u64::MAX));

    let lines = json_lines(&output);
    let told = |event: &str| lines.iter().filter(|line| line["event"] == event).count();
    assert_eq!((told("step"), told("image"), told("failed")), (25, 1, 0));
    let image = lines.iter().find(|line| line["event"] == "image").unwrap();
    assert_eq!(
        (&image["path"], &image["seed"]),
        (&Value::from(out.to_str().unwrap()), &Value::from(u64::MAX))
    );
    for step in 1..=25 {
        gallery::read_picture(&steps.join(format!("step-{step:03}.png"))).unwrap();
    }

    // The record is the request: said again, it makes the same picture.
    let again = home.path().join("again.png");
    let seed = request.seed.to_string();
    let output = hareru(
        home.path(),
        &[
            "generate",
            "--prompt",
            prompt,
            "--negative",
            "fog",
            "--steps",
            "25",
            "--seed",
            &seed,
            "--out",
            again.to_str().unwrap(),
        ],
    );
    assert_eq!(
        String::from_utf8(output.stdout).unwrap().trim_end(),
        again.to_str().unwrap()
    );
    assert_eq!(gallery::read_picture(&again).unwrap(), picture);
}

#[test]
fn a_batch_should_count_up_seeds_and_names() {
    let home = tempfile::tempdir().unwrap();
    let long_prompt = "word ".repeat(2000);
    let common = ["generate", "--prompt", &long_prompt, "--steps", "2", "--seed", "7"];

    let out = home.path().join("a.png");
    let mut args = common.to_vec();
    args.extend(["--batch", "3", "--out", out.to_str().unwrap()]);
    let output = hareru(home.path(), &args);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    for (name, seed) in [("a.png", 7), ("a-2.png", 8), ("a-3.png", 9)] {
        let record = gallery::read_record(&home.path().join(name)).unwrap();
        assert_eq!((record.request.seed, record.request.batch_count), (seed, 1), "{name}");
    }

    let pictures = home.path().join("pictures");
    let mut args = common.to_vec();
    args.extend(["--gallery", pictures.to_str().unwrap()]);
    let output = hareru(home.path(), &args);
    let printed = String::from_utf8(output.stdout).unwrap();
    let path = Path::new(printed.trim_end());
    assert!(path.starts_with(&pictures), "{printed}");
    assert_eq!(gallery::read_record(path).unwrap().request.prompt, long_prompt);
}

#[test]
fn an_unknown_sampler_should_be_answered_with_those_there_are() {
    let home = tempfile::tempdir().unwrap();
    let out = home.path().join("a.png");
    for option in ["--sampler", "--schedule"] {
        let output = hareru(
            home.path(),
            &[
                "generate",
                "--prompt",
                "x",
                option,
                "eulerr",
                "--out",
                out.to_str().unwrap(),
                "--json",
            ],
        );
        assert_eq!(output.status.code(), Some(2), "{}", stderr(&output));
        assert!(stderr(&output).contains("is called \"eulerr\"; known are"));
        let lines = json_lines(&output);
        assert_eq!(lines.last().unwrap()["event"], "failed");
    }
}

#[test]
fn threads_should_not_change_the_picture_and_be_taken_from_the_environment_too() {
    let home = tempfile::tempdir().unwrap();
    let picture = |name: &str, more: &[&str], environment: Option<&str>| {
        let out = home.path().join(name);
        let mut args = vec![
            "generate", "--prompt", "x", "--steps", "2", "--seed", "4", "--size", "64x64",
        ];
        args.extend(["--precision", "f32", "--json", "--out", out.to_str().unwrap()]);
        args.extend(more);
        let mut command = command(home.path());
        command.args(&args);
        if let Some(threads) = environment {
            command.env("HARERU_THREADS", threads);
        }
        let output = command.output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
        let lines = json_lines(&output);
        let image = lines.iter().find(|line| line["event"] == "image").unwrap();
        assert_eq!(image["precision"], "f32");
        assert_eq!(gallery::read_record(&out).unwrap().precision, "f32");
        gallery::read_picture(&out).unwrap()
    };
    let all = picture("all.png", &[], None);
    assert_eq!(picture("one.png", &["--threads", "1"], None), all);
    let max = engine::max_threads().to_string();
    assert_eq!(picture("max.png", &[], Some(&max)), all);

    let mut command = command(home.path());
    command.args(["generate", "--prompt", "x"]);
    let output = command.env("HARERU_THREADS", "many").output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("expected 1 to"), "{}", stderr(&output));
}

#[test]
fn a_precision_the_processor_lacks_should_be_bad_usage() {
    let home = tempfile::tempdir().unwrap();
    let out = home.path().join("a.png");
    let args = ["generate", "--prompt", "x", "--steps", "1", "--size", "64x64", "--out"];
    for precision in ["f16", "bf16"] {
        let mut args = args.to_vec();
        args.extend([out.to_str().unwrap(), "--precision", precision]);
        let output = hareru(home.path(), &args);
        if output.status.code() == Some(0) {
            assert_eq!(gallery::read_record(&out).unwrap().precision, precision);
            continue; // this computer can
        }
        assert_eq!(output.status.code(), Some(2), "{}", stderr(&output));
        assert_one_line(&output, "precision must be auto or f32");
    }
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[track_caller]
fn assert_one_line(output: &Output, expected: &str) {
    let text = stderr(output);
    assert!(text.starts_with("error: "), "{text}");
    assert!(text.contains(expected), "{text}");
    assert_eq!(text.lines().count(), 1, "{text}");
}

fn json_lines(output: &Output) -> Vec<Value> {
    let text = String::from_utf8(output.stdout.clone()).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn a_branch_should_be_the_run_whose_request_says_so() {
    let home = tempfile::tempdir().unwrap();
    let path = |name: &str| home.path().join(name).to_str().unwrap().to_owned();
    let run = |args: &[&str], expected: i32| {
        let output = hareru(home.path(), args);
        assert_eq!(output.status.code(), Some(expected), "{args:?}: {}", stderr(&output));
        output
    };
    let (parent, branch, planned) = (path("parent.png"), path("branch.png"), path("planned.png"));
    let common = [
        "generate",
        "--prompt",
        "a lighthouse",
        "--size",
        "64x64",
        "--steps",
        "5",
        "--seed",
        "3",
    ];
    run(
        &[&common[..], &["--keep", "branches,attention", "--out", &parent]].concat(),
        0,
    );
    run(
        &[
            "branch", &parent, "--at", "2", "--cfg", "-3", "--prompt", "a forest", "--out", &branch,
        ],
        0,
    );
    let changes = ["--change", "2:prompt=a forest", "--change", "2:cfg=-3"];
    run(&[&common[..], &changes, &["--out", &planned]].concat(), 0);
    let pixels = |file: &str| gallery::read_picture(Path::new(file)).unwrap();
    assert!(pixels(&branch) == pixels(&planned));
    assert!(pixels(&branch) != pixels(&parent));
    let record = |file: &str| gallery::read_record(Path::new(file)).unwrap();
    assert_eq!(record(&branch).origin.unwrap().run_id, record(&parent).run_id);
    let kept = gallery::read_trajectory(Path::new(&branch)).unwrap();
    assert_eq!(kept.steps.len(), 5, "the steps that were shared are kept too");

    let output = run(&["branch", &parent, "--at", "9", "--out", &branch], 2);
    assert_one_line(&output, "step 9 was not kept; there are 0 to 4");
    std::fs::remove_file(gallery::trajectory_path(Path::new(&parent))).unwrap();
    let missing = path("missing.png");
    let output = run(&["branch", &missing, "--at", "1", "--out", &branch], 1);
    assert_one_line(&output, &format!("could not read {missing}"));
    let output = run(&["branch", &parent, "--at", "1", "--out", &branch], 1);
    assert_one_line(&output, "parent.trajectory.safetensors");
    for bad in ["cfg=3", "x:cfg=3", "2:size=3", "2:steps=9", "2:cfg=much"] {
        run(&["generate", "--prompt", "x", "--change", bad, "--out", &planned], 2);
    }
}

#[test]
fn a_sweep_should_keep_its_runs_and_take_shared_steps_only_once() {
    let home = tempfile::tempdir().unwrap();
    let path = |name: &str| home.path().join(name).to_str().unwrap().to_owned();
    let (sheet, cells) = (path("sheet.png"), path("cells"));
    let common = [
        "sweep",
        "--prompt",
        "a lighthouse",
        "--switch-at",
        "0",
        "--switch-prompt",
        "a forest",
    ];
    let small = [
        "--size", "64x64", "--steps", "4", "--seed", "3", "--json", "--cells", &cells, "--out", &sheet,
    ];
    let axes = ["--x", "switch=0..3:4", "--y", "cfg=-2,5"];
    let output = hareru(home.path(), &[&common[..], &small, &axes].concat());
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let lines: Vec<Value> = std::str::from_utf8(&output.stdout)
        .unwrap()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let of = |event: &str| lines.iter().filter(|line| line["event"] == event).collect::<Vec<_>>();
    let shared: Vec<_> = of("cell")
        .iter()
        .map(|cell| cell["shared_steps"].as_u64().unwrap())
        .collect();
    assert_eq!(
        shared,
        [0, 0, 2, 2, 1, 1, 0, 0],
        "a run that switches later has the first steps of one that does so earlier"
    );
    assert_eq!(of("step").len(), 8 * 4 - 6);
    assert_eq!(of("image").len(), 8);
    let cell = |place: usize| gallery::read_picture(Path::new(of("image")[place]["path"].as_str().unwrap())).unwrap();
    let alone = path("alone.png");
    let one = [
        "generate",
        "--prompt",
        "a lighthouse",
        "--switch-at",
        "1",
        "--switch-prompt",
        "a forest",
        "--cfg",
        "5",
    ];
    let output = hareru(home.path(), &[&one[..], &small[..6], &["--out", &alone]].concat());
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    assert!(
        cell(5) == gallery::read_picture(Path::new(&alone)).unwrap(),
        "the same picture as alone"
    );
    let sheet = gallery::read_picture(Path::new(&sheet)).unwrap();
    assert!(
        sheet.width_px > 4 * 64 && sheet.height_px > 2 * 64,
        "{}x{}",
        sheet.width_px,
        sheet.height_px
    );
    let film = path("film.webp");
    let output = hareru(
        home.path(),
        &[&common[..], &small[..6], &["--out", &film, "--x", "switch=1,3"]].concat(),
    );
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    assert_eq!(&std::fs::read(&film).unwrap()[8..12], b"WEBP");
    for bad in ["size=1,2", "steps@2=1,2", "cfg=a,b", "lora:1=0,1"] {
        let output = hareru(home.path(), &[&common[..], &small, &["--x", bad]].concat());
        assert_eq!(output.status.code(), Some(2), "{bad}: {}", stderr(&output));
    }
}

#[test]
fn what_a_strangers_picture_names_should_be_opened_only_when_told_to() {
    let home = tempfile::tempdir().unwrap();
    let save = |name: &str, model: &Path| {
        let request = GenerateRequest {
            model: ModelRef::Path(model.to_owned()),
            ..GenerateRequest::default()
        };
        let file = home.path().join(name);
        gallery::save_as(&file, &generated_image(request)).unwrap();
        file.to_str().unwrap().to_owned()
    };
    let theirs = home.path().join("theirs/model");
    let picture = save("theirs.png", &theirs);
    let out = home.path().join("out.png");
    let out = out.to_str().unwrap();
    let branch = ["branch", &picture, "--at", "1", "--out", out];
    let unfold = ["unfold", &picture, "--decoder", "vae", "--out", out];
    for verb in [&branch[..], &unfold] {
        let refused = hareru(home.path(), verb);
        assert_eq!(refused.status.code(), Some(2), "{verb:?}: {}", stderr(&refused));
        assert!(stderr(&refused).contains("--open-named"), "{}", stderr(&refused));
        let mut told = verb.to_vec();
        told.push("--open-named");
        let opened = hareru(home.path(), &told);
        assert_eq!(opened.status.code(), Some(1), "{verb:?}: {}", stderr(&opened));
        assert!(
            stderr(&opened).contains(theirs.to_str().unwrap()),
            "it is looked for: {}",
            stderr(&opened)
        );
    }
    let lexical = save("up.png", &home.path().join("data/hareru/models/../../../theirs/model"));
    let refused = hareru(home.path(), &["branch", &lexical, "--at", "1", "--out", out]);
    assert_eq!(refused.status.code(), Some(2), "{}", stderr(&refused));
    let own = save("own.png", &home.path().join("data/hareru/models/mine"));
    let looked_for = hareru(home.path(), &["branch", &own, "--at", "1", "--out", out]);
    assert_eq!(
        looked_for.status.code(),
        Some(1),
        "own folders are looked into: {}",
        stderr(&looked_for)
    );
}
