//! `hareru gallery` as a shell sees it.

use std::path::{Path, PathBuf};
use std::process::Output;

use hareru::gallery;
use hareru::job::GenerateRequest;
use serde_json::Value;

use crate::support::command_line::command;
use crate::support::generated_image;

#[test]
fn pictures_should_be_listed_and_found() {
    let home = tempfile::tempdir().unwrap();
    let folder = gallery_of(home.path(), &["a boat in the mist", "青い海"]);
    let lines = json(&run(&["list", "--json", "--order", "oldest"], &folder, 0));
    assert_eq!(lines.len(), 2);
    let line = lines.iter().find(|line| line["seed"] == 0).unwrap();
    assert_eq!(line["prompt"], "a boat in the mist");
    assert_eq!((&line["width"], &line["height"]), (&Value::from(16), &Value::from(8)));
    assert_eq!(
        (&line["source"], &line["has_run"]),
        (&Value::from("hareru"), &Value::from(true))
    );
    assert!(Path::new(line["path"].as_str().unwrap()).is_file());

    for (query, expected) in [
        (&["boat"][..], 1),
        (&["青い"], 1),
        (&["seed:1"], 1),
        (&["mist", "-boat"], 0),
        (&["cfg>100"], 0),
    ] {
        let mut args = vec!["search", "--json", "--"];
        args.extend(query);
        assert_eq!(json(&run(&args, &folder, 0)).len(), expected, "{query:?}");
    }
    let text = text(&run(&["search", "boat"], &folder, 0));
    assert!(text.contains("16x8  seed 0  a boat in the mist"), "{text}");
    assert_eq!(json(&run(&["list", "--json", "--limit", "1"], &folder, 0)).len(), 1);

    let output = run(&["search", "steps>many"], &folder, 2);
    assert!(
        String::from_utf8_lossy(&output.stderr).starts_with("error: "),
        "{output:?}"
    );
    run(&["list"], &home.path().join("nothing there"), 2);
    run(&["search"], &folder, 2);
}

#[test]
fn a_gallery_should_be_verified_by_its_files() {
    let home = tempfile::tempdir().unwrap();
    let folder = gallery_of(home.path(), &["one", "two", "three"]);
    let counts = |args: &[&str], code: i32| {
        let lines = json(&run(args, &folder, code));
        let verified = lines.iter().find(|line| line["event"] == "verified").unwrap().clone();
        [
            "pictures",
            "torn",
            "missing_from_index",
            "extra_in_index",
            "outdated_in_index",
        ]
        .map(|name| verified[name].as_u64().unwrap())
    };
    assert_eq!(counts(&["verify", "--json", "--as-is"], 1), [3, 0, 3, 0, 0]);
    assert_eq!(counts(&["verify", "--json"], 0), [3, 0, 0, 0, 0]);

    let lines = json(&run(&["list", "--json"], &folder, 0));
    let paths: Vec<PathBuf> = lines.iter().map(|line| line["path"].as_str().unwrap().into()).collect();
    std::fs::remove_file(&paths[0]).unwrap();
    let bytes = std::fs::read(&paths[1]).unwrap();
    std::fs::write(&paths[1], &bytes[..bytes.len() - 20]).unwrap();
    std::fs::copy(&paths[2], folder.join("copy.png")).unwrap();
    assert_eq!(counts(&["verify", "--json", "--as-is"], 1), [2, 1, 1, 1, 0]);
    assert_eq!(counts(&["verify", "--json"], 1), [2, 1, 0, 0, 0]);
    let text = text(&run(&["verify"], &folder, 1));
    assert!(text.contains("2 pictures, 2 with a record, 1 torn"), "{text}");

    std::fs::remove_file(&paths[1]).unwrap();
    let lines = json(&run(&["reindex", "--json"], &folder, 0));
    assert_eq!(
        (&lines[0]["pictures"], &lines[0]["unreadable"]),
        (&Value::from(2), &Value::from(0))
    );
    assert_eq!(counts(&["verify", "--json", "--as-is"], 0), [2, 0, 0, 0, 0]);
}

/// A gallery with a picture of each prompt, with seeds from 0.
#[test]
fn what_a_terminal_obeys_should_not_come_out_of_prompts_and_names() {
    let home = tempfile::tempdir().unwrap();
    let prompt = "clear \u{1b}[2J\u{9b}31m\u{7} backwards \u{202e}gnp";
    let folder = gallery_of(home.path(), &[prompt, "two"]);
    let named = folder.join(if cfg!(windows) {
        "\u{202e}b.png"
    } else {
        "a\u{1b}]0;title\u{7}b.png"
    });
    let plain = json(&run(&["list", "--json"], &folder, 0))[0]["path"]
        .as_str()
        .unwrap()
        .to_owned();
    std::fs::rename(plain, &named).unwrap();
    std::fs::write(folder.join("torn\u{9b}31m\u{202e}.png"), b"\x89PNG").unwrap();

    for (args, code) in [
        (&["list"][..], 0),
        (&["list", "--json"], 0),
        (&["verify"], 1),
        (&["verify", "--json"], 1),
        (&["search", "seed>\u{1b}[31m"], 2),
        (&["search", "--limit", "\u{1b}[31m", "a"], 2),
        (&["list", "--\u{9b}31m"], 2),
    ] {
        let output = run(args, &folder, code);
        for stream in [&output.stdout, &output.stderr] {
            let text = std::str::from_utf8(stream).unwrap();
            let harmful = |c: char| (c.is_control() && c != '\n') || c == '\u{202e}';
            assert_eq!(text.find(harmful), None, "{args:?}: {text:?}");
        }
    }
    let lines = json(&run(&["list", "--json"], &folder, 0));
    assert!(
        lines.iter().any(|line| line["prompt"] == prompt),
        "JSON says all of it: {lines:?}"
    );
    assert!(
        lines.iter().any(|line| line["path"] == named.to_str().unwrap()),
        "{lines:?}"
    );
}

fn gallery_of(home: &Path, prompts: &[&str]) -> PathBuf {
    let folder = home.join("gallery");
    for (seed, prompt) in prompts.iter().enumerate() {
        let request = GenerateRequest {
            width_px: 16,
            height_px: 8,
            prompt: (*prompt).to_owned(),
            seed: seed as u64,
            ..GenerateRequest::default()
        };
        gallery::save(&folder, &generated_image(request)).unwrap();
    }
    folder
}

fn run(args: &[&str], folder: &Path, code: i32) -> Output {
    let home = folder.parent().unwrap();
    let output = command(home)
        .arg("gallery")
        .arg("--gallery")
        .arg(folder)
        .args(args)
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(code), "{args:?}: {output:?}");
    output
}

fn text(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn json(output: &Output) -> Vec<Value> {
    text(output)
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}
