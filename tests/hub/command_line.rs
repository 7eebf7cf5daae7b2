//! `hareru models list` and `hareru models get` as a shell sees them.

use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use serde_json::Value;

use super::downloads::{Repository, large};
use super::weights;

fn command(home: &Path, endpoint: &str, args: &[&str]) -> Command {
    let mut command = crate::support::command_line::command(home);
    command.args(args).env("HF_ENDPOINT", endpoint);
    command
}

#[test]
fn a_killed_download_should_go_on_when_it_is_asked_for_again() {
    let home = tempfile::tempdir().unwrap();
    let bytes = large(4);
    let repository = Repository::single("castle.safetensors", bytes.clone());
    let is_slow = Arc::clone(&repository.is_slow);
    is_slow.store(true, Ordering::Relaxed);
    let server = repository.serve();
    let models = home.path().join("data/hareru/models");
    let part = models.join(".hareru-fetch-someone--tiny/files/castle.safetensors.part");

    let args = ["models", "get", "someone/tiny"];
    let mut child = command(home.path(), &server.url(""), &args)
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    while std::fs::metadata(&part).map_or(0, |metadata| metadata.len()) < 300_000 {
        std::thread::sleep(Duration::from_millis(10));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    let done = std::fs::metadata(&part).unwrap().len();
    assert!(done < bytes.len() as u64, "it was killed on its way");

    is_slow.store(false, Ordering::Relaxed);
    let output = command(home.path(), &server.url(""), &args).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let path = models.join("castle.safetensors");
    assert_eq!(String::from_utf8(output.stdout).unwrap().trim(), path.to_str().unwrap());
    assert_eq!(std::fs::read(path).unwrap(), bytes);
    let expected = Some(format!("bytes={done}-"));
    assert_eq!(server.asked().last().unwrap().range, expected);
}

#[test]
fn what_is_installed_should_be_listed_as_json() {
    let home = tempfile::tempdir().unwrap();
    let models = home.path().join("data/hareru/models");
    weights::write(&models.join("castle.safetensors"), &weights::checkpoint());
    weights::write(&models.join("loras/torn.safetensors"), b"torn");
    let output = command(home.path(), "https://127.0.0.1:1", &["models", "list", "--json"])
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).unwrap();
    let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let said: Vec<_> = lines
        .iter()
        .map(|line| (line["kind"].as_str(), line["name"].as_str()))
        .collect();
    assert_eq!(
        said,
        [(Some("checkpoints"), Some("castle")), (Some("loras"), Some("torn"))]
    );
    assert_eq!(lines[0]["family"], "SD 1.x");
    assert!(
        lines[1]["error"]
            .as_str()
            .unwrap()
            .contains("has 4 bytes, its header describes at least 8"),
        "{}",
        lines[1]
    );
}

#[test]
fn bad_names_should_end_with_code_2_and_absent_hubs_with_code_1() {
    let home = tempfile::tempdir().unwrap();
    for (what, code, expected) in [
        ("nonsense", 2, "expected owner/name"),
        ("someone/tiny", 1, "cannot be reached"),
    ] {
        let output = command(home.path(), "http://127.0.0.1:9", &["models", "get", what])
            .output()
            .unwrap();
        let error = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(code), "{error}");
        assert!(error.contains(expected), "{error}");
    }
    let output = command(home.path(), "http://example.org", &["models", "get", "a/b"])
        .output()
        .unwrap();
    assert!(String::from_utf8_lossy(&output.stderr).contains("without encryption"));
}

#[test]
fn no_token_and_no_password_should_be_logged_at_any_level() {
    let home = tempfile::tempdir().unwrap();
    let server = Repository::single("castle.safetensors", large(1)).serve();
    let with_password = server.url("").replace("http://", "http://somebody:pass-S3CRET@");
    let proxy = "http://somebody:proxy-S3CRET@127.0.0.1:9";
    for (endpoint, is_there) in [
        (with_password.as_str(), true),
        ("https://somebody:S3CRET@hub.invalid", false),
    ] {
        let output = command(home.path(), endpoint, &["models", "get", "someone/tiny"])
            .env("HARERU_LOG", "trace")
            .env("HF_TOKEN", "hf_S3CRETtoken0123456789")
            .env("HTTPS_PROXY", proxy)
            .output()
            .unwrap();
        let log = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.success(), is_there, "{log}");
        assert!(
            log.contains("ureq") && log.lines().count() > 5,
            "a log at every level: {log}"
        );
        for secret in ["S3CRET", "c29tZWJvZHk6"] {
            let line = log.lines().find(|line| line.contains(secret));
            assert_eq!(line, None, "{secret} is in the log");
        }
    }
    let token = Some("Bearer hf_S3CRETtoken0123456789".to_owned());
    assert_eq!(server.asked()[0].authorization, token, "the hub itself is told");
}
