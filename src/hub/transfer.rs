//! One file on its way from the hub to the disk.
//!
//! hf-hub's own blocking download can be taken up where it ended, but not be stopped, waits without a limit, and takes
//! what comes for what was promised. So files come by `Range` requests made here; hf-hub names the addresses.

use std::fs::File;
use std::io::{ErrorKind, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use sha2::{Digest as _, Sha256};
use ureq::http::header::CONTENT_RANGE;

use super::HubError;
use super::choice::{ending, is_weights};
use super::http::{Client, HttpRequest, host_of, refusal};
use super::source::RemoteFile;
use crate::config::{open_or_make, read_regular};
use crate::formats::open_tensors;

/// Bytes read at a time.
const CHUNK: usize = 256 << 10;
/// How often in a row a connection may fail without a byte having come.
const MAX_FAILURES: u32 = 5;
/// First of the waits between two of them; each is twice as long as the one before.
const FIRST_WAIT: Duration = Duration::from_millis(200);
/// How long a wait goes on before it looks whether it shall stop.
const WAIT_SLICE: Duration = Duration::from_millis(50);

/// A flag by which a download is stopped.
#[derive(Debug, Default)]
pub(super) struct Stop(AtomicBool);

impl Stop {
    pub(super) fn ask(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    pub(super) fn check(&self) -> Result<(), HubError> {
        if self.0.load(Ordering::Relaxed) {
            return Err(HubError::Cancelled);
        }
        Ok(())
    }
}

/// Where a file comes from and what it must be.
pub(super) struct Transfer<'a> {
    pub(super) client: &'a Client,
    pub(super) url: &'a str,
    pub(super) token: Option<&'a str>,
    pub(super) file: &'a RemoteFile,
    pub(super) stop: &'a Stop,
}

/// A file of which the beginning is there, and the checksum of that.
struct Partial<'a> {
    path: &'a Path,
    file: File,
    bytes: u64,
    hash: Sha256,
}

impl<'a> Partial<'a> {
    fn open(path: &'a Path, stop: &Stop) -> Result<Self, HubError> {
        let mut partial = Self {
            path,
            file: open_or_make(path).map_err(HubError::io(path))?,
            bytes: 0,
            hash: Sha256::new(),
        };
        let mut chunk = vec![0; CHUNK];
        loop {
            stop.check()?;
            match partial.file.read(&mut chunk).map_err(HubError::io(path))? {
                0 => return Ok(partial),
                count => {
                    partial.hash.update(&chunk[..count]);
                    partial.bytes += count as u64;
                }
            }
        }
    }

    fn push(&mut self, bytes: &[u8], needed: u64) -> Result<(), HubError> {
        let needed = needed.saturating_sub(self.bytes);
        let written = self.file.write_all(bytes);
        written.map_err(HubError::writing(self.path, needed))?;
        self.hash.update(bytes);
        self.bytes += bytes.len() as u64;
        Ok(())
    }

    fn begin_anew(&mut self) -> Result<(), HubError> {
        let emptied = self.file.set_len(0).and_then(|()| self.file.seek(SeekFrom::Start(0)));
        emptied.map_err(HubError::io(self.path))?;
        self.bytes = 0;
        self.hash = Sha256::new();
        Ok(())
    }
}

impl Transfer<'_> {
    /// Brings the file to `path`, going on after what is there of it. Lost connections are taken up again a few times.
    ///
    /// * `progress`: called with the bytes that are there.
    ///
    /// # Errors
    /// [`HubError::Cancelled`] and errors of the network leave what came so far; what came and is wrong is taken away.
    pub(super) fn run(&self, path: &Path, progress: &mut dyn FnMut(u64)) -> Result<(), HubError> {
        let mut partial = Partial::open(path, self.stop)?;
        if partial.bytes > self.file.bytes {
            partial.begin_anew()?;
        }
        progress(partial.bytes);
        let mut failures = 0;
        while partial.bytes < self.file.bytes {
            let before = partial.bytes;
            match self.take_up(&mut partial, progress) {
                Ok(()) => {}
                Err(Broken::Lost(error)) => {
                    failures = if partial.bytes > before { 0 } else { failures + 1 };
                    if failures >= MAX_FAILURES {
                        return Err(error);
                    }
                    self.wait(FIRST_WAIT * 2_u32.pow(failures))?;
                }
                Err(Broken::Wrong(error)) => return Err(error),
            }
        }
        self.check(&mut partial)
    }

    /// One request: as many bytes as it gives.
    fn take_up(&self, partial: &mut Partial<'_>, progress: &mut dyn FnMut(u64)) -> Result<(), Broken> {
        self.stop.check()?;
        let ask = HttpRequest {
            url: self.url,
            token: self.token,
            skip: partial.bytes,
        };
        let response = self.client.get(ask).map_err(|error| match error {
            HubError::Offline { .. } => Broken::Lost(error),
            other => Broken::Wrong(other),
        })?;
        let status = response.status();
        match status.as_u16() {
            200 if partial.bytes > 0 => partial.begin_anew()?, // a server that cannot leave out the beginning
            200 => {}
            206 => {
                let range = response
                    .headers()
                    .get(CONTENT_RANGE)
                    .and_then(|value| value.to_str().ok());
                let expected = format!("bytes {}-", partial.bytes);
                if !range.is_some_and(|range| range.starts_with(&expected)) {
                    partial.begin_anew()?;
                    return Err(Broken::Lost(
                        self.answer(&format!("expected {expected}, found {range:?}")),
                    ));
                }
            }
            416 => {
                partial.begin_anew()?;
                return Err(Broken::Lost(refusal(status, &self.file.path, false)));
            }
            408 | 429 | 500..=599 => return Err(Broken::Lost(refusal(status, &self.file.path, false))),
            _ => {
                let what = format!("file {}", self.file.path);
                return Err(Broken::Wrong(refusal(status, &what, self.token.is_some())));
            }
        }
        let mut body = response.into_body();
        if let Some(promised) = body.content_length()
            && partial.bytes + promised != self.file.bytes
        {
            return Err(Broken::Wrong(self.wrong_length(partial.bytes + promised)));
        }
        let mut reader = body.as_reader();
        let mut chunk = vec![0; CHUNK];
        loop {
            self.stop.check()?;
            let count = match reader.read(&mut chunk) {
                Ok(0) => break,
                Ok(count) => count,
                Err(source) => {
                    let host = host_of(self.url);
                    return Err(Broken::Lost(HubError::Stalled { host, source }));
                }
            };
            partial.push(&chunk[..count], self.file.bytes)?;
            progress(partial.bytes);
            if partial.bytes > self.file.bytes {
                let error = self.wrong_length(partial.bytes);
                partial.begin_anew()?;
                return Err(Broken::Wrong(error));
            }
        }
        if partial.bytes < self.file.bytes {
            let host = host_of(self.url);
            let source = ErrorKind::UnexpectedEof.into();
            return Err(Broken::Lost(HubError::Stalled { host, source }));
        }
        Ok(())
    }

    fn check(&self, partial: &mut Partial<'_>) -> Result<(), HubError> {
        let found = format!("{:x}", std::mem::take(&mut partial.hash).finalize());
        let checked = match &self.file.sha256 {
            Some(expected) if *expected != found => Err(HubError::Checksum {
                file: self.file.path.clone(),
                expected: expected.clone(),
                found,
            }),
            Some(_) => Ok(()),
            None => self.check_header(partial.path),
        };
        if let Err(error) = checked {
            partial.begin_anew()?;
            return Err(error);
        }
        let synced = partial.file.sync_all();
        synced.map_err(HubError::writing(partial.path, 0))
    }

    /// What can be said of a file without a checksum: whether it is of the kind that its name says, and ends where its
    /// header says.
    fn check_header(&self, path: &Path) -> Result<(), HubError> {
        let name = &self.file.path;
        if is_weights(name) {
            open_tensors(path)?;
        } else if ending(name) == "json" {
            let text = read_regular(path, self.file.bytes).map_err(HubError::io(path))?;
            // No more than that: diffusers itself writes `-Infinity`, which is none.
            let ends = (text.trim_ascii().first(), text.trim_ascii().last());
            if !matches!(ends, (Some(b'{'), Some(b'}')) | (Some(b'['), Some(b']'))) {
                return Err(HubError::broken(
                    path,
                    "expected JSON, found something else or half of it",
                ));
            }
        }
        Ok(())
    }

    fn wait(&self, long: Duration) -> Result<(), HubError> {
        let until = Instant::now() + long;
        while Instant::now() < until {
            self.stop.check()?;
            std::thread::sleep(WAIT_SLICE);
        }
        Ok(())
    }

    fn answer(&self, reason: &str) -> HubError {
        HubError::Answer {
            host: host_of(self.url),
            reason: reason.to_owned(),
        }
    }

    fn wrong_length(&self, found: u64) -> HubError {
        HubError::Length {
            file: self.file.path.clone(),
            expected: self.file.bytes,
            found,
        }
    }
}

/// Why a request did not bring the rest of a file.
enum Broken {
    /// It may go on with another one.
    Lost(HubError),
    /// It will not.
    Wrong(HubError),
}

impl From<HubError> for Broken {
    fn from(error: HubError) -> Self {
        Self::Wrong(error)
    }
}
