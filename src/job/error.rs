//! Why a job failed, in words a person can act on.

use std::path::Path;

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

/// An error as a window can say it in any language: the key of a text in `assets/i18n`, and the values for its
/// placeholders.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ErrorCode {
    /// Key of the text.
    pub key: &'static str,
    /// Name and value of each placeholder.
    pub args: Vec<(&'static str, ErrorArg)>,
}

/// The value of a placeholder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ErrorArg {
    /// A whole number, by which a text can choose between singular and plural.
    Number(i64),
    /// A name, a path, or a number with a fraction.
    Text(String),
}

impl ErrorCode {
    /// A text without values.
    pub fn new(key: &'static str) -> Self {
        Self { key, args: Vec::new() }
    }

    /// The same with one value more.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl Into<ErrorArg>) -> Self {
        self.args.push((name, value.into()));
        self
    }
}

impl From<String> for ErrorArg {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<&str> for ErrorArg {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<&Path> for ErrorArg {
    fn from(path: &Path) -> Self {
        Self::Text(path.display().to_string())
    }
}

impl From<u32> for ErrorArg {
    fn from(number: u32) -> Self {
        Self::Number(number.into())
    }
}

impl From<usize> for ErrorArg {
    fn from(number: usize) -> Self {
        Self::Number(i64::try_from(number).unwrap_or(i64::MAX))
    }
}

impl From<f64> for ErrorArg {
    fn from(number: f64) -> Self {
        Self::Text(number.to_string())
    }
}

/// Why a job failed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct JobError {
    /// The part of the work that failed.
    pub kind: JobErrorKind,
    /// One line of English, causes included: what was expected, what was found, the file last.
    pub message: String,
    /// The same for a window, without the causes; `None` where there is nothing but the message.
    pub code: Option<ErrorCode>,
}

impl JobError {
    /// An error of which there is nothing but a line of English.
    pub fn new(kind: JobErrorKind, message: impl Into<String>) -> Self {
        Self {
            kind,
            message: message.into(),
            code: None,
        }
    }

    /// An error whose message is `error` followed by each of its causes.
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
        Self::new(kind, message.replace(['\n', '\r'], " "))
    }

    /// The file that it is about, if there is one.
    pub fn file(&self) -> Option<&Path> {
        let args = &self.code.as_ref()?.args;
        args.iter().find_map(|(name, value)| match value {
            ErrorArg::Text(path) if *name == "path" => Some(Path::new(path)),
            _ => None,
        })
    }

    /// The same, to be said in any language.
    #[must_use]
    pub fn with_code(self, code: ErrorCode) -> Self {
        Self {
            code: Some(code),
            ..self
        }
    }
}
