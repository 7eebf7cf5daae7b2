//! What the README promises under "What it does to your computer": each promise names the test that holds it.

use std::collections::BTreeMap;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Output;

use crate::architecture::{rust_files, source_dir, without_comments};
use crate::support::command_line::command;

/// Every file of the program by its path in `src`, without comments and tests.
fn program() -> BTreeMap<String, String> {
    let source = source_dir();
    let files = rust_files(&source);
    let name = |file: &Path| file.strip_prefix(&source).unwrap().to_string_lossy().replace('\\', "/");
    let code = |file: &Path| {
        let code = without_comments(&std::fs::read_to_string(file).unwrap());
        let tests = code.find("#[cfg(test)]\nmod tests {").unwrap_or(code.len());
        code[..tests].to_owned()
    };
    let named = files.iter().map(|file| (name(file), code(file)));
    named.filter(|(name, _)| !name.ends_with("tests.rs")).collect()
}

/// The files that contain one of the texts.
fn files_with(texts: &[&str]) -> Vec<String> {
    let has = |code: &str| texts.iter().any(|text| code.contains(text));
    let found = program().into_iter().filter(|(_, code)| has(code));
    found.map(|(name, _)| name).collect()
}

#[test]
fn every_promise_should_name_a_test_that_exists() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let readme = std::fs::read_to_string(root.join("README.md")).unwrap();
    let section = readme
        .split("\n## ")
        .find(|section| section.starts_with("What it does to your computer"));
    let promises: Vec<&str> = section.unwrap().split("\n- ").skip(1).collect();
    assert!(promises.len() >= 8, "{promises:?}");
    let mut code = String::new();
    for folder in ["src", "tests"] {
        for file in rust_files(&root.join(folder)) {
            code.push_str(&std::fs::read_to_string(file).unwrap());
        }
    }
    for promise in promises {
        let tests: Vec<&str> = promise
            .split('`')
            .skip(1)
            .step_by(2)
            .filter(|word| word.contains("_should_"))
            .collect();
        assert!(!tests.is_empty(), "no test holds: {promise}");
        for test in tests {
            assert!(code.contains(&format!("fn {test}()")), "there is no test {test}");
        }
    }
}

#[test]
fn no_program_should_be_started_but_the_one_that_shows_a_folder() {
    assert_eq!(files_with(&["process::Command", "Command::new("]), [""; 0]);
    assert_eq!(files_with(&["opener::"]), ["ui/services/running.rs"]);
    let libraries = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml")).unwrap();
    for loader in ["libloading", "pyo3", "wasmtime", "mlua", "rhai"] {
        assert!(
            !libraries.contains(loader),
            "{loader} could run what others have written"
        );
    }
}

#[test]
fn only_what_was_asked_for_should_be_able_to_use_the_network() {
    let outside: Vec<String> = files_with(&["std::net", "TcpStream", "UdpSocket", "ToSocketAddrs", "ureq"])
        .into_iter()
        .filter(|file| !file.starts_with("hub/"))
        .collect();
    assert_eq!(outside, [""; 0], "only the hub speaks with servers");
    assert_eq!(
        files_with(&["Client::new()", "Client::for_strangers()"]),
        ["hub/download_task.rs", "hub/picture.rs"]
    );
    assert_eq!(
        files_with(&["DownloadTask {"]),
        ["hub/download_task.rs", "hub/handle.rs"]
    );
    assert_eq!(
        files_with(&["fetch_picture("]),
        ["hub/picture.rs", "ui/pages/studio/image_input/pasting.rs"]
    );
}

/// What the program does without a network, one word of a command line after the other.
const OFFLINE: [&[&str]; 9] = [
    &[
        "generate",
        "--prompt",
        "a boat",
        "--size",
        "64x64",
        "--steps",
        "2",
        "--out",
        "out/a.png",
    ],
    &[
        "generate",
        "--prompt",
        "a boat",
        "--size",
        "64x64",
        "--steps",
        "2",
        "--gallery",
        "gallery",
    ],
    &["gallery", "list", "--gallery", "gallery"],
    &["gallery", "verify", "--gallery", "gallery"],
    &["compare", "out/a.png", "out/a.png"],
    &["models"],
    &["models", "list"],
    &["samplers"],
    &["unfold", "out/a.png", "--decoder", "tiny", "--out", "out/a.gif"],
];

#[test]
fn commands_that_fetch_nothing_should_ask_nobody_and_write_where_they_were_told() {
    let home = tempfile::tempdir().unwrap();
    for folder in ["out", "gallery", "tmp", "elsewhere"] {
        std::fs::create_dir(home.path().join(folder)).unwrap();
    }
    std::fs::write(home.path().join("elsewhere/notes.txt"), "as they were").unwrap();
    let trap = TcpListener::bind("127.0.0.1:0").unwrap();
    trap.set_nonblocking(true).unwrap();
    let address = format!("http://{}", trap.local_addr().unwrap());
    let run = |args: &[&str]| -> Output {
        let mut command = command(home.path());
        for variable in ["HF_ENDPOINT", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"] {
            command.env(variable, &address);
        }
        command
            .env("TMPDIR", home.path().join("tmp"))
            .args(args)
            .output()
            .unwrap()
    };
    for args in OFFLINE {
        let output = run(args);
        assert!(
            output.status.success(),
            "{args:?}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        assert!(trap.accept().is_err(), "{args:?} asked somebody");
    }
    // Below these folders, on every system, are settings, data and caches.
    let own = ["out", "gallery", "config", "data", "cache", "Library", "AppData"];
    for (path, bytes) in files(home.path()) {
        let top = path
            .components()
            .next()
            .unwrap()
            .as_os_str()
            .to_str()
            .unwrap()
            .to_owned();
        let is_old = path == Path::new("elsewhere/notes.txt") && bytes == b"as they were";
        assert!(is_old || own.contains(&&*top), "{} was written", path.display());
    }

    std::thread::scope(|scope| {
        let asked = scope.spawn(|| run(&["models", "get", "someone/tiny"]));
        let until = std::time::Instant::now() + std::time::Duration::from_mins(1);
        while trap.accept().is_err() && std::time::Instant::now() < until {
            assert!(!asked.is_finished(), "the trap would have caught nothing");
            std::thread::sleep(std::time::Duration::from_millis(10));
        }
        while !asked.is_finished() {
            drop(trap.accept()); // and says nothing
            std::thread::sleep(std::time::Duration::from_millis(10));
        }
    });
}

/// All files below a folder, by their paths there.
fn files(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in std::fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let bytes = std::fs::read(&path).unwrap();
                found.insert(path.strip_prefix(folder).unwrap().to_owned(), bytes);
            }
        }
    }
    found
}

#[cfg(target_os = "linux")]
#[test]
fn verifying_a_gallery_should_write_nothing_not_even_where_it_could() {
    use crate::gallery_store::SmallDisk;
    use crate::support::command_line::hareru;

    let home = tempfile::tempdir().unwrap();
    let folder = home.path().join("gallery");
    std::fs::create_dir(&folder).unwrap();
    let disk = SmallDisk::mount(&folder);
    let image = crate::support::generated_image(hareru::job::GenerateRequest {
        width_px: 16,
        height_px: 8,
        ..Default::default()
    });
    for _ in 0..2 {
        hareru::gallery::save(&folder, &image).unwrap();
    }
    let verify = |more: &[&str], code: i32| {
        let mut args = vec!["gallery", "verify", "--gallery", "gallery"];
        args.extend(more);
        let before = files(&folder);
        let output = hareru(home.path(), &args);
        assert_eq!(output.status.code(), Some(code), "{more:?}: {output:?}");
        assert_eq!(files(&folder), before, "{more:?} wrote something");
        String::from_utf8(output.stdout).unwrap()
    };
    let set_writable = |is_writable: bool| {
        if let Some(_disk) = &disk {
            let mode = if is_writable { "remount,rw" } else { "remount,ro" };
            let status = std::process::Command::new("mount")
                .args(["-o", mode])
                .arg(&folder)
                .status();
            assert!(status.unwrap().success());
        }
    };
    for is_writable in [true, false] {
        set_writable(is_writable);
        let found = verify(&["--as-is"], 1);
        assert!(found.contains("2 missing from index"), "{found}");
        verify(&[], 0);
    }
    set_writable(true);
    assert!(
        hareru(home.path(), &["gallery", "list", "--gallery", "gallery"])
            .status
            .success()
    );
    assert!(files(&folder).len() > 2, "the index is there now");
    for is_writable in [true, false] {
        set_writable(is_writable);
        let found = verify(&["--as-is"], 0);
        assert!(found.contains("2 pictures, 2 with a record"), "{found}");
        verify(&[], 0);
    }
}

#[cfg(unix)]
#[test]
fn a_limit_on_the_size_of_files_should_be_an_error_and_not_the_end() {
    let home = tempfile::tempdir().unwrap();
    crate::unfold::picture_of(crate::unfold::run(), home.path());
    let before = files(home.path());
    for out in ["film.gif", "film.png", "film.webp"] {
        let program = env!("CARGO_BIN_EXE_hareru");
        let limited = format!("ulimit -f 1; exec '{program}' unfold run.png --width 256 --out {out}");
        let mut shell = std::process::Command::new("sh");
        let shell = shell.args(["-c", &limited]).env("HOME", home.path());
        let output = shell.current_dir(home.path()).output().unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{out}: {said}");
        assert!(said.contains("File too large"), "{out}: {said}");
        assert_eq!(said.trim().lines().count(), 1, "{out}: {said}");
        assert_eq!(files(home.path()), before, "{out}: something was left");
    }
}

#[cfg(unix)]
#[test]
fn weights_that_become_shorter_should_end_a_job_and_not_the_program() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("castle.safetensors");
    // Of several pages, so that the last ones go.
    let bytes = crate::hub::weights::safetensors(
        &[("first", &[64, 1024]), ("last", &[64, 1024])],
        &serde_json::Value::Null,
    );
    std::fs::write(&path, &bytes).unwrap();
    let opened = hareru::formats::open_tensors(&path).unwrap();
    let whole = opened.data("last").unwrap().unwrap().into_owned();
    assert_eq!(whole, bytes[bytes.len() - whole.len()..]);

    let file = std::fs::File::options().write(true).open(&path).unwrap();
    file.set_len(8192).unwrap();
    for name in ["first", "last"] {
        let error = opened.data(name).unwrap_err().to_string();
        assert!(error.contains("could not read the file"), "{name}: {error}");
    }
    assert!(opened.data("none").unwrap().is_none());
}
