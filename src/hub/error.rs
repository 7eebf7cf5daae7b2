//! Why something could not be fetched or found.

use std::io;
use std::path::{Path, PathBuf};

use crate::formats::FormatError;
use crate::job::{ErrorCode, JobError, JobErrorKind};

/// Why something could not be fetched, or what is on disk not be read.
#[derive(Debug, thiserror::Error)]
pub enum HubError {
    /// This is not the name of a model on the hub.
    #[error("expected owner/name, owner/name@revision or a file of it, found {found:?}")]
    BadId {
        /// What was asked for.
        found: String,
    },
    /// This is not an address.
    #[error("expected an address that begins with https://, found {found:?}")]
    BadUrl {
        /// What was asked for.
        found: String,
    },
    /// What is fetched without encryption may be anything, so it is not fetched, but from this computer itself.
    #[error("{host} is asked for without encryption; expected an address that begins with https://")]
    Insecure {
        /// Whom it would have come from.
        host: String,
    },
    /// An address that a stranger wrote leads to this computer, or to the network that it is in.
    #[error("expected a server on the public internet, found {host} at {address}")]
    NotPublic {
        /// Whom it would have come from.
        host: String,
        /// Where that is.
        address: String,
    },
    /// Nobody answers.
    #[error("{host} cannot be reached; is this computer online?")]
    Offline {
        /// Who was asked.
        host: String,
        /// The cause.
        source: Box<ureq::Error>,
    },
    /// The connection stands, but nothing comes any more.
    #[error("{host} has stopped sending; the download can be resumed")]
    Stalled {
        /// Who was asked.
        host: String,
        /// The cause.
        source: io::Error,
    },
    /// The hub gives it only to some.
    #[error(
        "{what} needs a token of someone who may have it, found {found}; accept its terms on the hub, and set HF_TOKEN \
         (HTTP {code})"
    )]
    Refused {
        /// What was asked for.
        what: String,
        /// `no token` or `a token that may not`.
        found: &'static str,
        /// 401 or 403.
        code: u16,
    },
    /// There is no such thing.
    #[error("there is no {what} (HTTP 404)")]
    NotFound {
        /// What was asked for.
        what: String,
    },
    /// The server says something else than yes.
    #[error("{what} was not given (HTTP {code})")]
    Status {
        /// What was asked for.
        what: String,
        /// The status.
        code: u16,
    },
    /// The server sends from one address to the next without an end.
    #[error("{host} sends from one address to the next, more than {limit} times")]
    Redirects {
        /// Who was asked.
        host: String,
        /// How often is too often.
        limit: usize,
    },
    /// The server's answer makes no sense.
    #[error("the answer of {host} cannot be read: {reason}")]
    Answer {
        /// Who was asked.
        host: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The repository has nothing that this program could load.
    #[error("{id} has no model in a form known here: expected model_index.json or a .safetensors file")]
    NoModel {
        /// Its name.
        id: String,
    },
    /// The repository has several models.
    #[error("{id} has {count} files of weights; name one of them: {files}")]
    Ambiguous {
        /// Its name.
        id: String,
        /// How many.
        count: usize,
        /// The first of them.
        files: String,
    },
    /// More than is allowed.
    #[error("expected at most {limit} bytes, found {found}")]
    TooLarge {
        /// How much is allowed.
        limit: u64,
        /// How much there is, as far as it was read.
        found: u64,
    },
    /// It is no picture that can be read.
    #[error("expected a picture (PNG, JPEG or WebP), found {found}")]
    NotAPicture {
        /// What it is instead.
        found: String,
    },
    /// Another length than was promised.
    #[error("{file} has another length than promised: expected {expected} bytes, found {found}")]
    Length {
        /// Which file of the repository.
        file: String,
        /// What was promised.
        expected: u64,
        /// What came.
        found: u64,
    },
    /// Another content than was promised.
    #[error("{file} came broken: expected checksum {expected}, found {found}")]
    Checksum {
        /// Which file of the repository.
        file: String,
        /// What was promised, in hexadecimal.
        expected: String,
        /// What came.
        found: String,
    },
    /// The disk has no room for it.
    #[error("the disk is full: {needed} bytes are needed, {free} are free")]
    DiskFull {
        /// How much is needed.
        needed: u64,
        /// How much room there is.
        free: u64,
    },
    /// Another program works on the same download.
    #[error("another program is fetching the same model")]
    Busy,
    /// A file or folder of that name is there already.
    #[error("there is something of that name already\nFile: {path}", path = path.display())]
    Exists {
        /// Where.
        path: PathBuf,
    },
    /// Not one of the program's own files.
    #[error("only what is in the models folder can be removed\nFile: {path}", path = path.display())]
    NotOurs {
        /// Where.
        path: PathBuf,
    },
    /// A file of weights is broken or cannot be read.
    #[error(transparent)]
    Format(#[from] FormatError),
    /// The description of a model is broken.
    #[error("the file is broken: {reason}\nFile: {path}", path = path.display())]
    Broken {
        /// What is wrong with it: expected, found.
        reason: String,
        /// Which.
        path: PathBuf,
    },
    /// The disk or the system refused.
    #[error("could not read or write\nFile: {path}", path = path.display())]
    Io {
        /// Which file or folder.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
    /// The system's trash did not take it.
    #[error("could not be put into the trash\nFile: {path}", path = path.display())]
    Trash {
        /// Which file or folder.
        path: PathBuf,
        /// The cause.
        source: trash::Error,
    },
    /// It was stopped; what was fetched so far is kept.
    #[error("stopped")]
    Cancelled,
}

impl From<&HubError> for JobError {
    fn from(error: &HubError) -> Self {
        Self {
            code: error.code(),
            ..Self::from_chain(JobErrorKind::Internal, error)
        }
    }
}

impl HubError {
    /// The error and its causes in one line.
    pub fn one_line(&self) -> String {
        JobError::from(self).message
    }

    /// The error for a window; `None` where there is nothing but the line, as for what other programs say.
    fn code(&self) -> Option<ErrorCode> {
        let gib = |bytes: u64| format!("{:.1}", bytes as f64 / f64::from(1 << 30));
        Some(match self {
            Self::BadId { found } => ErrorCode::new("error-hub-id").with("found", &**found),
            Self::BadUrl { found } => ErrorCode::new("error-hub-url").with("found", &**found),
            Self::Insecure { host } => ErrorCode::new("error-hub-insecure").with("host", &**host),
            Self::NotPublic { host, address } => ErrorCode::new("error-hub-not-public")
                .with("host", &**host)
                .with("address", &**address),
            Self::Offline { host, .. } => ErrorCode::new("error-hub-offline").with("host", &**host),
            Self::Stalled { host, .. } => ErrorCode::new("error-hub-stalled").with("host", &**host),
            Self::Refused { what, code, .. } => ErrorCode::new("error-hub-refused")
                .with("what", &**what)
                .with("code", u32::from(*code)),
            Self::NotFound { what } => ErrorCode::new("error-hub-not-found").with("what", &**what),
            Self::Status { what, code } => ErrorCode::new("error-hub-status")
                .with("what", &**what)
                .with("code", u32::from(*code)),
            Self::Redirects { host, limit } => ErrorCode::new("error-hub-redirects")
                .with("host", &**host)
                .with("most", *limit),
            Self::NoModel { id } => ErrorCode::new("error-hub-no-model").with("what", &**id),
            Self::Ambiguous { id, count, files } => ErrorCode::new("error-hub-ambiguous")
                .with("what", &**id)
                .with("found", *count)
                .with("files", &**files),
            Self::Length { file, .. } => ErrorCode::new("error-hub-length").with("file", &**file),
            Self::Checksum { file, .. } => ErrorCode::new("error-hub-checksum").with("file", &**file),
            Self::DiskFull { needed, free } => ErrorCode::new("error-hub-disk-full")
                .with("needed", gib(*needed))
                .with("free", gib(*free)),
            Self::Busy => ErrorCode::new("error-hub-busy"),
            Self::Exists { path } => ErrorCode::new("error-hub-exists").with("path", &**path),
            Self::NotOurs { path } => ErrorCode::new("error-hub-not-ours").with("path", &**path),
            _ => return None,
        })
    }

    /// Of a file or folder.
    pub(super) fn io(path: &Path) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::Io {
            path: path.to_owned(),
            source,
        }
    }

    /// Of a file that is written.
    ///
    /// * `needed`: bytes that are still to come.
    pub(super) fn writing(path: &Path, needed: u64) -> impl FnOnce(io::Error) -> Self {
        move |source| match source.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Self::DiskFull {
                needed,
                free: super::disk_space::free_bytes(path).unwrap_or_default(),
            },
            _ => Self::io(path)(source),
        }
    }

    /// Of a file whose content is wrong.
    pub(super) fn broken(path: &Path, reason: impl Into<String>) -> Self {
        Self::Broken {
            reason: reason.into(),
            path: path.to_owned(),
        }
    }
}
