//! Why a job failed, in words a person can act on.

/// What part of the work failed; the window picks its heading and its advice by this.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JobErrorKind {
    /// The request itself cannot be carried out.
    Request,
    /// The model could not be read or built.
    Model,
    /// The device ran out of memory.
    OutOfMemory,
    /// NaN or infinity appeared in the latents.
    NotFinite,
    /// Anything else inside the engine, panics included.
    Internal,
}

/// Why a job failed. One line: what was expected, what was found, the file last.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct JobError {
    /// The part of the work that failed.
    pub kind: JobErrorKind,
    /// One line for a person to read, causes included.
    pub message: String,
}

impl JobError {
    /// An error of `kind` whose message is `error` followed by each of its causes.
    pub fn from_chain(kind: JobErrorKind, error: &dyn std::error::Error) -> Self {
        let mut message = error.to_string();
        let mut cause = error.source();
        while let Some(next) = cause {
            let text = next.to_string();
            if !message.contains(&text) {
                message.push_str(": ");
                message.push_str(&text);
            }
            cause = next.source();
        }
        Self {
            kind,
            message: message.replace(['\n', '\r'], " "),
        }
    }
}
