//! What is no file but has the name of one is named, and never waited for.
#![cfg(unix)]

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use hareru::config::Settings;

use crate::support::command_line::command;
use crate::trajectory_files::{run_with_all_parts, saved};

/// How long a verb may take before it is taken for waiting.
const PATIENCE: Duration = Duration::from_mins(2);

fn pipe(path: &Path) -> PathBuf {
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    assert!(Command::new("mkfifo").arg(path).status().unwrap().success());
    path.to_owned()
}

/// What the program said; fails if it waits.
fn said(home: &Path, args: &[&str]) -> Output {
    let mut child = command(home);
    child
        .args(args)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = child.spawn().unwrap();
    let start = Instant::now();
    while child.try_wait().unwrap().is_none() {
        if start.elapsed() > PATIENCE {
            child.kill().unwrap();
            panic!("hareru {args:?} waits for a named pipe");
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    child.wait_with_output().unwrap()
}

#[test]
fn pipes_that_a_request_names_should_be_refused() {
    let home = tempfile::tempdir().unwrap();
    for (flags, name) in [
        (&["--init"][..], "a.png"),
        (&["--init", "--strength", "0.5", "--mask"], "b.png"),
        (&["--model"], "m.safetensors"),
        (&["--model"], "m.ckpt"),
        (&["--model"], "m.gguf"),
        (&["--vae"], "v.safetensors"),
        (&["--embedding"], "word.pt"),
        (&["--upscaler"], "x4.pth"),
    ] {
        let fifo = pipe(&home.path().join(name));
        let fifo = fifo.to_str().unwrap();
        let (last, first) = flags.split_last().unwrap();
        let mut args = vec!["generate", "--prompt", "x", "--steps", "1", "--out", "out.png"];
        if let [init, rest @ ..] = first {
            args.extend([*init, fifo]);
            args.extend(rest);
        }
        args.extend([*last, fifo]);
        let output = said(home.path(), &args);
        let words = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!output.status.success(), "{args:?}");
        assert!(
            words.contains("expected a file, found a named pipe"),
            "{args:?}: {words}"
        );
        assert!(!home.path().join("out.png").exists(), "{args:?}");
    }
}

#[test]
fn a_gallery_with_pipes_should_be_read_without_them() {
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().join("gallery");
    std::fs::create_dir(&folder).unwrap();
    let (picture, beside) = saved(&folder, &run_with_all_parts("x"));
    std::fs::remove_file(&beside).unwrap();
    pipe(&beside);
    pipe(&folder.join("a.png"));
    pipe(&folder.join("deep/er/b.jpg"));
    let mut sidecar = picture.clone().into_os_string();
    sidecar.push(".xmp");
    pipe(Path::new(&sidecar));
    let folder = folder.to_str().unwrap();
    for verb in [&["list"][..], &["search", "seed:>=0"], &["verify"], &["reindex"]] {
        let output = said(home.path(), &[&["gallery"], verb, &["--gallery", folder]].concat());
        let words = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!words.contains("panicked"), "{verb:?}: {words}");
    }
    for verb in ["trajectory", "branch", "unfold"] {
        let output = said(home.path(), &[verb, picture.to_str().unwrap()]);
        assert!(!output.status.success(), "{verb} must not read a pipe");
    }
}

#[test]
fn the_programs_own_files_should_not_be_waited_for() {
    let folder = tempfile::tempdir().unwrap();
    let path = pipe(&folder.path().join("settings.json"));
    let (settings, warning) = Settings::load(&path);
    assert_eq!(settings, Settings::default());
    assert!(warning.is_some_and(|warning| warning.to_string().contains("found a named pipe")));

    let home = tempfile::tempdir().unwrap();
    let models = home.path().join("data/hareru/models");
    pipe(&models.join("one/model_index.json"));
    pipe(&models.join("lone.safetensors"));
    pipe(&models.join("lone.json"));
    pipe(&home.path().join("cache/hareru/hashes.json"));
    let output = said(home.path(), &["models", "list"]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}
