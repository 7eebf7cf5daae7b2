//! The log on standard error, and that of the window in a file. Both are written through [`Redacted`], so that neither
//! holds a token or a password at any level, whoever logs it.

use std::io::{self, Write};
use std::path::Path;
use std::sync::mpsc::{SyncSender, sync_channel};

use tracing_subscriber::fmt::layer;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{EnvFilter, Layer as _};

use super::log_file::LogFile;
use super::redact::Redacted;

/// What is logged on standard error when neither variable is set.
const DEFAULT_FILTER: &str = "warn";
/// What is logged in the file when neither variable is set.
const FILE_FILTER: &str = "warn,hareru=info";
/// Lines that may wait to be written; those beyond are lost rather than waited for.
const MAX_WAITING: usize = 1024;

/// Starts the log on standard error, filtered by `HARERU_LOG`, else `RUST_LOG`, else warnings and errors only.
///
/// * `file`: where a log is kept as well, with informational messages of this program.
///
/// A filter that cannot be read is ignored; a second call changes nothing.
pub fn start_logging(file: Option<&Path>) {
    let filter = |default: &str| {
        ["HARERU_LOG", "RUST_LOG"]
            .iter()
            .find_map(|name| EnvFilter::try_from_env(name).ok())
            .unwrap_or_else(|| EnvFilter::new(default))
    };
    let (lines, trouble) = match file.map(start_writing).transpose() {
        Ok(lines) => (lines, None),
        Err(error) => (None, Some(error)),
    };
    let in_file = lines.map(|lines| {
        let write = move || Redacted(Lines(lines.clone()));
        layer()
            .with_ansi(false)
            .with_writer(write)
            .with_filter(filter(FILE_FILTER))
    });
    let on_error = layer()
        .with_writer(|| Redacted(io::stderr()))
        .with_filter(filter(DEFAULT_FILTER));
    tracing_subscriber::registry()
        .with(on_error)
        .with(in_file)
        .try_init()
        .ok();
    if let Some(error) = trouble {
        tracing::warn!("there is no log file: {error}");
    }
}

/// A thread that writes, so that whoever logs never waits for the disk.
fn start_writing(path: &Path) -> io::Result<SyncSender<Vec<u8>>> {
    let mut file = LogFile::open(path)?;
    let (sender, lines) = sync_channel::<Vec<u8>>(MAX_WAITING);
    std::thread::Builder::new().name("log".to_owned()).spawn(move || {
        for line in lines {
            file.write_all(&line).ok(); // there is nowhere left to say so
        }
    })?;
    Ok(sender)
}

/// Gives lines to the thread.
struct Lines(SyncSender<Vec<u8>>);

impl Write for Lines {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        self.0.try_send(line.to_vec()).ok();
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
