//! The one place that prints. Results go to standard output, all else to standard error.

use std::io::{self, Write as _};
use std::path::Path;

use serde_json::{Value, json};

use crate::job::{Record, StepEvent};

/// Where results go and in which form.
#[derive(Debug, Clone, Copy)]
pub(super) struct Output {
    json: bool,
}

impl Output {
    pub(super) fn new(json: bool) -> Self {
        Self { json }
    }

    pub(super) fn is_json(self) -> bool {
        self.json
    }

    /// One line of text for people; nothing if JSON was asked for.
    pub(super) fn line(self, text: &str) -> io::Result<()> {
        if self.json {
            return Ok(());
        }
        writeln!(io::stdout().lock(), "{text}")
    }

    /// One line of JSON; nothing if text was asked for.
    pub(super) fn json(self, value: &Value) -> io::Result<()> {
        if !self.json {
            return Ok(());
        }
        let mut stdout = io::stdout().lock();
        writeln!(stdout, "{value}")?;
        stdout.flush() // whoever reads the lines wants them as they happen
    }

    pub(super) fn step(self, step: &StepEvent) -> io::Result<()> {
        self.json(&json!({
            "event": "step",
            "image": step.image_index,
            "step": step.step,
            "total": step.total,
            "sigma": step.sigma,
            "timestep": step.timestep,
            "elapsed_secs": step.elapsed_secs,
            "step_secs": step.step_secs,
        }))
    }

    pub(super) fn image(self, path: &Path, record: &Record) -> io::Result<()> {
        self.json(&json!({
            "event": "image",
            "path": path,
            "seed": record.request.seed,
            "elapsed_secs": record.elapsed_secs,
            "precision": record.precision,
        }))?;
        self.line(&path.display().to_string())
    }

    /// A file that was written.
    pub(super) fn file(self, path: &Path) -> io::Result<()> {
        self.json(&json!({ "event": "file", "path": path }))?;
        self.line(&path.display().to_string())
    }

    /// The last word of a command that failed.
    pub(super) fn failed(self, message: &str) {
        self.json(&json!({ "event": "failed", "message": message })).ok(); // standard error has it too
        Self::complain("error", message);
    }

    pub(super) fn warn(self, message: &str) {
        self.json(&json!({ "event": "warning", "message": message })).ok(); // as above
        Self::complain("warning", message);
    }

    fn complain(kind: &str, message: &str) {
        let message = message.replace(['\n', '\r'], " ");
        writeln!(io::stderr().lock(), "{kind}: {message}").ok(); // nobody is left to read it
    }
}
