//! Downloads: progress, stopping, going on, and everything that can go wrong with them.

use std::collections::BTreeMap;
use std::io::{Cursor, Read, Write as _};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use hareru::hub::{Download, DownloadId, DownloadState, Hub, HubEvent, HubOptions, HubSource};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use tiny_http::{Request, Response};

use super::server::{LocalServer, empty, header, named, redirect};
use super::weights;

/// The commit that `main` is at.
const COMMIT: &str = "0123456789abcdef0123456789abcdef01234567";
/// Longest time a test waits for anything.
const PATIENCE: Duration = Duration::from_mins(1);

/// A hub of one repository, `someone/tiny`, that speaks as huggingface.co does: large files are sent elsewhere.
#[derive(Default)]
pub(crate) struct Repository {
    pub(crate) files: BTreeMap<String, Vec<u8>>,
    /// Bytes after which there is a pause, for each read of large files.
    pub(crate) is_slow: Arc<AtomicBool>,
    /// What is wrong with it.
    pub(crate) fault: Fault,
}

/// What a hub may do wrong, or ask for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Fault {
    #[default]
    None,
    /// Files always come from their beginning.
    IgnoresRange,
    /// What is sent is not what is promised.
    Lies,
    /// Sizes are larger than any disk.
    Huge,
    /// A token is asked for.
    Gated,
    /// No checksums are given.
    NoChecksums,
    /// Neither are they, and what is sent is not what is promised.
    NoChecksumsAndLies,
}

impl Repository {
    pub(crate) fn single(name: &str, bytes: Vec<u8>) -> Self {
        Self {
            files: BTreeMap::from([(name.to_owned(), bytes)]),
            ..Self::default()
        }
    }

    pub(crate) fn serve(self) -> LocalServer {
        LocalServer::start(move |request| self.answer(request))
    }

    fn info(&self) -> Value {
        let siblings: Vec<Value> = self
            .files
            .iter()
            .map(|(name, bytes)| {
                let size = if self.fault == Fault::Huge {
                    1_u64 << 60
                } else {
                    bytes.len() as u64
                };
                let lfs = json!({ "sha256": format!("{:x}", Sha256::digest(bytes)), "size": size, "pointerSize": 134 });
                let has_checksum = !matches!(self.fault, Fault::NoChecksums | Fault::NoChecksumsAndLies);
                let is_large = name.ends_with(".safetensors") && has_checksum;
                json!({ "rfilename": name, "size": size, "blobId": "x", "lfs": is_large.then_some(lfs) })
            })
            .collect();
        json!({ "id": "someone/tiny", "sha": COMMIT, "siblings": siblings })
    }

    fn answer(&self, request: Request) {
        let url = request.url().to_owned();
        let has_token = header(&request, "Authorization").is_some_and(|value| value == "Bearer hf_secret");
        let prefix = format!("/someone/tiny/resolve/{COMMIT}/");
        let answered = if url.starts_with("/cdn/") {
            self.send(request, url.trim_start_matches("/cdn/"));
            return;
        } else if self.fault == Fault::Gated && !has_token {
            request.respond(empty(401))
        } else if url.starts_with("/api/models/someone/tiny/revision/main") {
            request.respond(Response::from_string(self.info().to_string()))
        } else if let Some(name) = url.strip_prefix(&prefix) {
            if name.ends_with(".safetensors") {
                request.respond(redirect(&format!("/cdn/{name}")))
            } else {
                self.send(request, name);
                return;
            }
        } else {
            request.respond(empty(404))
        };
        answered.ok();
    }

    fn send(&self, request: Request, name: &str) {
        let Some(bytes) = self.files.get(name) else {
            request.respond(empty(404)).ok();
            return;
        };
        let mut bytes = bytes.clone();
        if matches!(self.fault, Fault::Lies | Fault::NoChecksumsAndLies) {
            bytes.reverse();
        }
        let range = header(&request, "Range").filter(|_| self.fault != Fault::IgnoresRange);
        let skip = range.and_then(|range| range.strip_prefix("bytes=")?.strip_suffix('-')?.parse::<usize>().ok());
        let (status, skip) = skip.map_or((200, 0), |skip| (206, skip));
        let total = bytes.len();
        let rest = bytes.split_off(skip.min(total));
        let length = rest.len();
        let body = Trickle {
            bytes: Cursor::new(rest),
            is_slow: Arc::clone(&self.is_slow),
        };
        let mut response =
            Response::new(status.into(), vec![], body, Some(length), None).with_chunked_threshold(usize::MAX);
        if status == 206 {
            let range = format!("bytes {skip}-{}/{total}", total - 1);
            response.add_header(named("Content-Range", &range));
        }
        request.respond(response).ok(); // a client that has heard enough goes away
    }
}

/// Bytes that come slowly while they are told to.
struct Trickle {
    bytes: Cursor<Vec<u8>>,
    is_slow: Arc<AtomicBool>,
}

impl Read for Trickle {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        if self.is_slow.load(Ordering::Relaxed) {
            std::thread::sleep(Duration::from_millis(20));
        }
        self.bytes.read(buffer)
    }
}

/// A hub over a server, with folders of its own.
pub(crate) fn options(folder: &Path, endpoint: &str) -> HubOptions {
    HubOptions {
        models_dir: folder.join("models"),
        usage_file: folder.join("models.json"),
        hash_cache: folder.join("hashes.json"),
        look_in: vec![folder.join("home")],
        source: HubSource {
            endpoint: endpoint.to_owned(),
            token: None,
            cache: None,
        },
    }
}

fn start(folder: &Path, endpoint: &str) -> Hub {
    Hub::start(options(folder, endpoint), || {}).unwrap()
}

/// Waits for a download to be in a state; the result is the row that said so.
fn wait_for(hub: &Hub, id: DownloadId, is_it: impl Fn(&Download) -> bool) -> Download {
    let until = Instant::now() + PATIENCE;
    let mut last = None;
    while Instant::now() < until {
        if let Some(HubEvent::Download(download)) = hub.wait(Duration::from_millis(100))
            && download.id == id
        {
            if is_it(&download) {
                return download;
            }
            last = Some(download);
        }
    }
    panic!("the download did not come so far: {last:?}");
}

fn ended(download: &Download) -> bool {
    matches!(
        download.state,
        DownloadState::Paused | DownloadState::Failed(_) | DownloadState::Finished(_)
    )
}

fn finished(hub: &Hub, id: DownloadId) -> PathBuf {
    match wait_for(hub, id, ended).state {
        DownloadState::Finished(path) => path,
        other => panic!("{other:?}"),
    }
}

fn failed(hub: &Hub, id: DownloadId) -> String {
    match wait_for(hub, id, ended).state {
        DownloadState::Failed(error) => error.message.clone(),
        other => panic!("{other:?}"),
    }
}

/// Weights with a body that does not repeat, so that a wrong offset shows.
pub(crate) fn large(mib: usize) -> Vec<u8> {
    let key = "model.diffusion_model.input_blocks.1.1.transformer_blocks.0.attn2.to_k.weight";
    let mut bytes = weights::safetensors(&[(key, &[mib * 256, 1024])], &Value::Null);
    let mut word = 1_u32;
    for byte in bytes.iter_mut().skip(4096) {
        word = word.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        *byte = (word >> 24) as u8;
    }
    bytes
}

fn names_in(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).into_iter().flatten();
    let mut names: Vec<String> = entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[test]
fn a_file_should_be_fetched_whole_with_progress() {
    let folder = tempfile::tempdir().unwrap();
    let bytes = large(4);
    let server = Repository::single("castle.safetensors", bytes.clone()).serve();
    let hub = start(folder.path(), &server.url(""));
    let id = hub.fetch("someone/tiny", false).unwrap();
    let running = wait_for(&hub, id, |download| download.state == DownloadState::Running);
    assert_eq!(running.total_bytes, bytes.len() as u64);
    let path = finished(&hub, id);
    assert_eq!(path, folder.path().join("models/castle.safetensors"));
    assert_eq!(std::fs::read(&path).unwrap(), bytes);
    assert_eq!(names_in(&folder.path().join("models")), ["castle.safetensors"]);

    let again = hub.fetch("someone/tiny", false).unwrap();
    let reason = failed(&hub, again);
    assert!(reason.contains("something of that name already"), "{reason}");
}

#[test]
fn a_diffusers_folder_should_come_as_a_folder_with_what_is_needed_alone() {
    let folder = tempfile::tempdir().unwrap();
    let index = json!({ "_class_name": "StableDiffusionPipeline", "unet": ["diffusers", "UNet2DConditionModel"] });
    let files = [
        ("model_index.json", index.to_string().into_bytes()),
        ("unet/config.json", br#"{"cross_attention_dim": 768}"#.to_vec()),
        ("unet/diffusion_pytorch_model.safetensors", large(1)),
        ("unet/diffusion_pytorch_model.bin", vec![0; 64]),
        ("safety_checker/model.safetensors", large(1)),
    ];
    let repository = Repository {
        files: files.map(|(name, bytes)| (name.to_owned(), bytes)).into(),
        ..Repository::default()
    };
    let server = repository.serve();
    let hub = start(folder.path(), &server.url(""));
    let id = hub.fetch("someone/tiny", false).unwrap();
    let path = finished(&hub, id);
    assert_eq!(path, folder.path().join("models/someone--tiny"));
    assert_eq!(names_in(&path), ["model_index.json", "unet"]);
    assert_eq!(
        names_in(&path.join("unet")),
        ["config.json", "diffusion_pytorch_model.safetensors"]
    );
}

#[test]
fn a_lora_should_be_put_where_loras_are_and_have_a_name_that_says_something() {
    let folder = tempfile::tempdir().unwrap();
    let server = Repository::single("pytorch_lora_weights.safetensors", weights::lora(&Value::Null)).serve();
    let hub = start(folder.path(), &server.url(""));
    let id = hub
        .fetch("someone/tiny/pytorch_lora_weights.safetensors", false)
        .unwrap();
    assert_eq!(finished(&hub, id), folder.path().join("models/loras/tiny.safetensors"));
}

#[test]
fn a_stopped_download_should_go_on_where_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let bytes = large(4);
    let repository = Repository::single("castle.safetensors", bytes.clone());
    let is_slow = Arc::clone(&repository.is_slow);
    is_slow.store(true, Ordering::Relaxed);
    let server = repository.serve();
    let hub = start(folder.path(), &server.url(""));
    let id = hub.fetch("someone/tiny", false).unwrap();
    wait_for(&hub, id, |download| download.done_bytes > 0);
    hub.cancel(id);
    let paused = wait_for(&hub, id, ended);
    assert_eq!(paused.state, DownloadState::Paused);
    assert!(
        0 < paused.done_bytes && paused.done_bytes < bytes.len() as u64,
        "{paused:?}"
    );
    assert!(!folder.path().join("models/castle.safetensors").exists());

    is_slow.store(false, Ordering::Relaxed);
    hub.resume(id);
    let path = finished(&hub, id);
    assert_eq!(std::fs::read(path).unwrap(), bytes);
    let expected = format!("bytes={}-", paused.done_bytes);
    let asked = server.asked();
    assert_eq!(asked.last().unwrap().range, Some(expected), "{asked:?}");
}

#[test]
fn a_download_should_go_on_after_a_restart_and_can_be_thrown_away() {
    let folder = tempfile::tempdir().unwrap();
    let bytes = large(4);
    let repository = Repository::single("castle.safetensors", bytes.clone());
    let is_slow = Arc::clone(&repository.is_slow);
    is_slow.store(true, Ordering::Relaxed);
    let server = repository.serve();
    let hub = start(folder.path(), &server.url(""));
    let id = hub.fetch("someone/tiny", false).unwrap();
    wait_for(&hub, id, |download| download.done_bytes > 0);
    hub.cancel(id);
    let paused = wait_for(&hub, id, ended);
    drop(hub);

    is_slow.store(false, Ordering::Relaxed);
    let hub = start(folder.path(), &server.url(""));
    let Some(HubEvent::Download(found)) = hub.wait(PATIENCE) else {
        panic!("an unfinished download should be told of");
    };
    assert_eq!((&*found.what, &found.state), ("someone/tiny", &DownloadState::Paused));
    assert_eq!(found.done_bytes, paused.done_bytes);
    let again = hub.fetch("someone/tiny", false).unwrap();
    assert_eq!(again, found.id, "the same download, not a second one");
    assert_eq!(std::fs::read(finished(&hub, again)).unwrap(), bytes);

    // One that nobody wants leaves nothing.
    std::fs::remove_file(folder.path().join("models/castle.safetensors")).unwrap();
    is_slow.store(true, Ordering::Relaxed);
    let id = hub.fetch("someone/tiny", false).unwrap();
    wait_for(&hub, id, |download| download.done_bytes > 0);
    hub.cancel(id);
    wait_for(&hub, id, ended);
    hub.discard(id);
    while !matches!(hub.wait(PATIENCE), Some(HubEvent::Discarded(gone)) if gone == id) {}
    assert_eq!(names_in(&folder.path().join("models")), [""; 0]);
}

#[test]
fn a_server_that_cannot_leave_out_the_beginning_should_be_heard_from_the_start() {
    let folder = tempfile::tempdir().unwrap();
    let bytes = large(2);
    let repository = Repository {
        fault: Fault::IgnoresRange,
        ..Repository::single("castle.safetensors", bytes.clone())
    };
    let is_slow = Arc::clone(&repository.is_slow);
    is_slow.store(true, Ordering::Relaxed);
    let server = repository.serve();
    let hub = start(folder.path(), &server.url(""));
    let id = hub.fetch("someone/tiny", false).unwrap();
    wait_for(&hub, id, |download| download.done_bytes > 0);
    hub.cancel(id);
    wait_for(&hub, id, ended);
    is_slow.store(false, Ordering::Relaxed);
    hub.resume(id);
    assert_eq!(std::fs::read(finished(&hub, id)).unwrap(), bytes);
}

#[test]
fn a_lost_connection_and_a_busy_server_should_be_tried_again() {
    let folder = tempfile::tempdir().unwrap();
    let bytes = large(2);
    let (cut, served) = (cut_server(bytes.clone(), 600_000), bytes.clone());
    let first = Arc::new(AtomicBool::new(true));
    let server = LocalServer::start(move |request| {
        let url = request.url().to_owned();
        let repository = Repository::single("castle.safetensors", served.clone());
        let answered = if url.starts_with("/api/") {
            request.respond(Response::from_string(repository.info().to_string()))
        } else if first.swap(false, Ordering::Relaxed) {
            request.respond(empty(503).with_header(named("Retry-After", "0")))
        } else {
            request.respond(redirect(&cut))
        };
        answered.ok();
    });
    let hub = start(folder.path(), &server.url(""));
    let id = hub.fetch("someone/tiny", false).unwrap();
    assert_eq!(std::fs::read(finished(&hub, id)).unwrap(), bytes);
}

/// An address from which at most `most` bytes come before the connection is cut.
fn cut_server(bytes: Vec<u8>, most: usize) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/file", listener.local_addr().unwrap());
    std::thread::Builder::new()
        .spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                let (mut head, mut byte) = (Vec::new(), [0]);
                while !head.ends_with(b"\r\n\r\n") && stream.read(&mut byte).unwrap_or(0) > 0 {
                    head.push(byte[0]);
                }
                let head = String::from_utf8(head).unwrap().to_lowercase();
                let range = head
                    .lines()
                    .find_map(|line| line.strip_prefix("range: bytes=")?.strip_suffix('-'));
                let skip: usize = range.map_or(0, |skip| skip.parse().unwrap());
                let (total, status) = (
                    bytes.len(),
                    if range.is_some() {
                        "206 Partial Content"
                    } else {
                        "200 OK"
                    },
                );
                let head = format!(
                    "HTTP/1.1 {status}\r\nContent-Length: {}\r\nContent-Range: bytes {skip}-{}/{total}\r\n\r\n",
                    total - skip,
                    total - 1
                );
                stream.write_all(head.as_bytes()).ok();
                stream.write_all(&bytes[skip..total.min(skip + most)]).ok();
            }
        })
        .unwrap();
    url
}

#[test]
fn what_came_broken_should_be_thrown_away_and_not_installed() {
    let folder = tempfile::tempdir().unwrap();
    let repository = Repository {
        fault: Fault::Lies,
        ..Repository::single("castle.safetensors", large(1))
    };
    let server = repository.serve();
    let hub = start(folder.path(), &server.url(""));
    let id = hub.fetch("someone/tiny", false).unwrap();
    let row = wait_for(&hub, id, ended);
    let DownloadState::Failed(error) = &row.state else {
        panic!("{row:?}")
    };
    assert!(
        error
            .message
            .contains("castle.safetensors came broken: expected checksum"),
        "{error}"
    );
    assert_eq!(row.done_bytes, 0, "nothing of it is built upon");
    assert!(!folder.path().join("models/castle.safetensors").exists());
}

#[test]
fn files_without_a_checksum_should_be_checked_by_their_headers_and_that_be_said() {
    let weights = large(1);
    let index = br#"{"_class_name": "StableDiffusionPipeline", "unet": ["diffusers", "UNet2DConditionModel"]}"#;
    let config = br#"{"lambda_min_clipped": -Infinity}"#;
    let whole: BTreeMap<String, Vec<u8>> = [
        ("model_index.json", &index[..]),
        ("unet/config.json", config),
        ("unet/diffusion_pytorch_model.safetensors", &weights),
    ]
    .map(|(name, bytes)| (name.to_owned(), bytes.to_vec()))
    .into();

    let folder = tempfile::tempdir().unwrap();
    let fetch = |files: BTreeMap<String, Vec<u8>>, fault: Fault| {
        let repository = Repository {
            files,
            fault,
            ..Repository::default()
        };
        let server = repository.serve();
        let hub = start(folder.path(), &server.url(""));
        let id = hub.fetch("someone/tiny", false).unwrap();
        wait_for(&hub, id, ended)
    };
    let single = |name: &str, bytes: &[u8]| BTreeMap::from([(name.to_owned(), bytes.to_vec())]);
    let with = |name: &str, bytes: &[u8]| whole.clone().into_iter().chain(single(name, bytes)).collect();
    let page = b"<!doctype html><title>Sign in</title>";
    let cut = &weights[..weights.len() - 1];
    for (files, fault, expected) in [
        (
            single("castle.safetensors", &weights),
            Fault::NoChecksumsAndLies,
            "File: ",
        ),
        (single("castle.safetensors", page), Fault::NoChecksums, "File: "),
        (single("castle.safetensors", cut), Fault::NoChecksums, "File: "),
        (single("castle.ckpt", page), Fault::NoChecksums, "File: "),
        (with("unet/config.json", page), Fault::NoChecksums, "expected JSON"),
        (
            with("unet/config.json", &config[..9]),
            Fault::NoChecksums,
            "expected JSON",
        ),
    ] {
        let row = fetch(files, fault);
        let DownloadState::Failed(error) = row.state else {
            panic!("{expected}: {row:?}");
        };
        assert!(error.message.contains(expected), "{error}");
        std::fs::remove_dir_all(folder.path().join("models")).unwrap();
    }
    let row = fetch(whole, Fault::NoChecksums);
    assert!(matches!(row.state, DownloadState::Finished(_)), "{row:?}");
    assert_eq!(row.without_checksum, ["unet/diffusion_pytorch_model.safetensors"]);
    std::fs::remove_dir_all(folder.path().join("models")).unwrap();
    let row = fetch(single("castle.safetensors", &weights), Fault::None);
    assert!(row.without_checksum.is_empty(), "{row:?}");
}

#[test]
fn two_programs_should_not_work_on_one_download() {
    let folder = tempfile::tempdir().unwrap();
    let bytes = large(4);
    let repository = Repository::single("castle.safetensors", bytes.clone());
    let is_slow = Arc::clone(&repository.is_slow);
    is_slow.store(true, Ordering::Relaxed);
    let server = repository.serve();
    let first = start(folder.path(), &server.url(""));
    let id = first.fetch("someone/tiny", false).unwrap();
    wait_for(&first, id, |download| download.done_bytes > 0);

    let second = start(folder.path(), &server.url(""));
    let again = second.fetch("someone/tiny", false).unwrap();
    let reason = failed(&second, again);
    assert!(reason.contains("another program is fetching"), "{reason}");
    second.discard(again);
    loop {
        match second.wait(PATIENCE).expect("an answer") {
            HubEvent::Failed { error } => {
                assert!(error.message.contains("another program is fetching"), "{error}");
                break;
            }
            HubEvent::Discarded(id) => panic!("{id:?} was thrown away while it came"),
            _ => {}
        }
    }

    is_slow.store(false, Ordering::Relaxed);
    assert_eq!(std::fs::read(finished(&first, id)).unwrap(), bytes);
    assert_eq!(names_in(&folder.path().join("models")), ["castle.safetensors"]);
}

/// Needs the right to mount a small disk; without it, the test says that it was passed over.
#[cfg(target_os = "linux")]
#[test]
fn a_disk_that_is_filled_meanwhile_should_end_a_download_that_can_be_taken_up() {
    let folder = tempfile::tempdir().unwrap();
    let Some(_mounted) = crate::gallery_store::SmallDisk::mount_of(folder.path(), "96m") else {
        writeln!(
            std::io::stderr(),
            "no right to mount a small disk: the full disk is not tested"
        )
        .unwrap();
        return;
    };
    let bytes = large(8);
    let repository = Repository::single("castle.safetensors", bytes.clone());
    let is_slow = Arc::clone(&repository.is_slow);
    is_slow.store(true, Ordering::Relaxed);
    let server = repository.serve();
    let hub = start(folder.path(), &server.url(""));
    let id = hub.fetch("someone/tiny", false).unwrap();
    wait_for(&hub, id, |download| download.done_bytes > 0);
    let filler = folder.path().join("filler");
    let mut file = std::fs::File::create(&filler).unwrap();
    while file.write_all(&[1; 4096]).is_ok() {}
    is_slow.store(false, Ordering::Relaxed);
    let row = wait_for(&hub, id, ended);
    let DownloadState::Failed(error) = &row.state else {
        panic!("{row:?}");
    };
    assert!(error.message.contains("the disk is full"), "{error}");
    assert!(row.done_bytes > 0, "{row:?}");

    drop(file);
    std::fs::remove_file(filler).unwrap();
    hub.resume(id);
    assert_eq!(std::fs::read(finished(&hub, id)).unwrap(), bytes);
    let range = server.asked().last().unwrap().range.clone();
    assert!(
        range.is_some_and(|range| range != "bytes=0-"),
        "it goes on where it was"
    );
}

#[test]
fn what_does_not_fit_should_not_be_begun() {
    let folder = tempfile::tempdir().unwrap();
    let repository = Repository {
        fault: Fault::Huge,
        ..Repository::single("castle.safetensors", large(1))
    };
    let server = repository.serve();
    let hub = start(folder.path(), &server.url(""));
    let id = hub.fetch("someone/tiny", false).unwrap();
    let reason = failed(&hub, id);
    assert!(
        reason.contains("the disk is full: 1152921504606846976 bytes are needed"),
        "{reason}"
    );
    assert!(
        !server.asked().iter().any(|asked| asked.url.contains("resolve")),
        "{:?}",
        server.asked()
    );
}

#[test]
fn a_wrong_length_should_be_said() {
    let folder = tempfile::tempdir().unwrap();
    let bytes = large(1);
    let promised = bytes.len();
    let server = LocalServer::start(move |request| {
        let repository = Repository::single("castle.safetensors", bytes.clone());
        if request.url().starts_with("/api/") {
            request
                .respond(Response::from_string(repository.info().to_string()))
                .ok();
        } else {
            let short = bytes[..100].to_vec();
            request.respond(Response::from_data(short)).ok();
        }
    });
    let hub = start(folder.path(), &server.url(""));
    let id = hub.fetch("someone/tiny", false).unwrap();
    let reason = failed(&hub, id);
    assert!(
        reason.contains(&format!("expected {promised} bytes, found 100")),
        "{reason}"
    );
}

#[test]
fn the_token_should_open_gated_repositories_and_go_to_the_hub_alone() {
    let folder = tempfile::tempdir().unwrap();
    let bytes = large(1);
    let cdn = Repository::single("castle.safetensors", bytes.clone()).serve();
    let elsewhere = cdn.url("/cdn/castle.safetensors");
    let server = LocalServer::start(move |request| {
        let repository = Repository {
            fault: Fault::Gated,
            ..Repository::single("castle.safetensors", bytes.clone())
        };
        let is_known = header(&request, "Authorization").is_some();
        if is_known && request.url().contains("/resolve/") {
            request.respond(redirect(&elsewhere)).ok();
        } else {
            repository.answer(request);
        }
    });
    let hub = start(folder.path(), &server.url(""));
    let id = hub.fetch("someone/tiny", false).unwrap();
    let reason = failed(&hub, id);
    assert!(
        reason.contains("repository someone/tiny needs a token") && reason.contains("HTTP 401"),
        "{reason}"
    );

    let mut options = options(folder.path(), &server.url(""));
    options.source.token = Some("hf_secret".to_owned());
    let hub = Hub::start(options, || {}).unwrap();
    let id = hub.fetch("someone/tiny", false).unwrap();
    finished(&hub, id);
    assert!(server.asked().iter().any(|asked| asked.authorization.is_some()));
    assert!(
        cdn.asked().iter().all(|asked| asked.authorization.is_none()),
        "{:?}",
        cdn.asked()
    );
}

#[test]
fn what_others_have_fetched_should_be_copied_from_their_cache() {
    let folder = tempfile::tempdir().unwrap();
    let bytes = large(1);
    let blob = format!("models--someone--tiny/blobs/{:x}", Sha256::digest(&bytes));
    weights::write(&folder.path().join("cache").join(blob), &bytes);
    let server = Repository::single("castle.safetensors", bytes.clone()).serve();
    let mut options = options(folder.path(), &server.url(""));
    options.source.cache = Some(folder.path().join("cache"));
    let hub = Hub::start(options, || {}).unwrap();
    let id = hub.fetch("someone/tiny", false).unwrap();
    assert_eq!(std::fs::read(finished(&hub, id)).unwrap(), bytes);
    assert!(
        !server.asked().iter().any(|asked| asked.url.contains("resolve")),
        "{:?}",
        server.asked()
    );
}

#[test]
fn what_is_not_there_should_be_said_in_one_line() {
    let folder = tempfile::tempdir().unwrap();
    let repository = Repository {
        files: BTreeMap::from([("README.md".to_owned(), b"hello".to_vec())]),
        ..Repository::default()
    };
    let server = repository.serve();
    let hub = start(folder.path(), &server.url(""));
    for (what, expected) in [
        ("someone/tiny", "has no model in a form known here"),
        (
            "someone/tiny/a.safetensors",
            "there is no file a.safetensors in someone/tiny",
        ),
        ("someone/else", "there is no repository someone/else (HTTP 404)"),
        ("someone/tiny@v9", "there is no repository someone/tiny@v9 (HTTP 404)"),
    ] {
        let id = hub.fetch(what, false).unwrap();
        let reason = failed(&hub, id);
        assert!(reason.contains(expected) && !reason.contains('\n'), "{what}: {reason}");
    }
    assert!(hub.fetch("../etc", false).is_err());
    let endpoint = server.url("");
    drop(server);
    let hub = start(folder.path(), &endpoint);
    let id = hub.fetch("someone/tiny", false).unwrap();
    let reason = failed(&hub, id);
    assert!(
        reason.contains("cannot be reached; is this computer online?"),
        "{reason}"
    );
}
