//! The one place that prints. Results go to standard output, all else to standard error.
//!
//! Names of files, prompts and what is written in pictures may be strangers'. What a terminal would obey in them, or what
//! would show them in another order than they are, is written as `\u{1b}` in lines and `\u001b` in JSON.

use std::borrow::Cow;
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
        writeln!(io::stdout().lock(), "{}", harmless(text))
    }

    /// One line of JSON; nothing if text was asked for.
    pub(super) fn json(self, value: &Value) -> io::Result<()> {
        if !self.json {
            return Ok(());
        }
        let mut stdout = io::stdout().lock();
        writeln!(stdout, "{}", harmless_json(&value.to_string()))?;
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
        writeln!(io::stderr().lock(), "{kind}: {}", harmless(&message)).ok(); // nobody is left to read it
    }
}

/// Says what is wrong with the command line, or the help that it asks for.
pub(super) fn usage(error: &clap::Error) {
    let text = error.render().to_string();
    let printed = if text.lines().any(|line| line.contains(is_harmful)) {
        // What was typed may be the name of a stranger's file.
        let mut lines = text.lines();
        lines.try_for_each(|line| writeln!(io::stderr().lock(), "{}", harmless(line)))
    } else {
        error.print() // in colours
    };
    printed.ok(); // nobody is left to read it
}

/// Whether a terminal obeys the character, or shows what follows in another order.
fn is_harmful(c: char) -> bool {
    c.is_control() || matches!(c, '\u{2028}' | '\u{2029}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// A line that a terminal shows and does not obey.
fn harmless(text: &str) -> Cow<'_, str> {
    escaped(text, |c| c.escape_default().to_string())
}

/// The same JSON on one line. JSON itself escapes the characters below a space alone.
fn harmless_json(text: &str) -> Cow<'_, str> {
    escaped(text, |c| format!("\\u{:04x}", u32::from(c)))
}

fn escaped(text: &str, escape: impl Fn(char) -> String) -> Cow<'_, str> {
    if !text.contains(is_harmful) {
        return Cow::Borrowed(text);
    }
    let mut harmless = String::with_capacity(text.len());
    for c in text.chars() {
        if is_harmful(c) {
            harmless.push_str(&escape(c));
        } else {
            harmless.push(c);
        }
    }
    Cow::Owned(harmless)
}

#[cfg(test)]
mod tests {
    use super::*;

    const HARMFUL: [(&str, &str); 8] = [
        ("a\x1b[2Jb", "a\\u{1b}[2Jb"),
        ("\x1b]0;title\x07", "\\u{1b}]0;title\\u{7}"),
        ("one\ntwo\r", "one\\ntwo\\r"),
        ("\u{9b}31m", "\\u{9b}31m"),
        ("\x7f\x08\t\0", "\\u{7f}\\u{8}\\t\\u{0}"),
        ("photo_\u{202e}gnp.exe", "photo_\\u{202e}gnp.exe"),
        ("\u{2066}a\u{2069}", "\\u{2066}a\\u{2069}"),
        ("a\u{2028}b", "a\\u{2028}b"),
    ];

    #[test]
    fn what_a_terminal_obeys_should_be_written_out() {
        for (text, expected) in HARMFUL {
            assert_eq!(harmless(text), expected);
        }
        for text in ["", "a red boat, 猫, é, שלום, مرحبا, 👩‍🚀", "C:\\a\\b.png"] {
            assert_eq!(harmless(text), text);
        }
    }

    #[test]
    fn json_should_say_the_same_without_what_a_terminal_obeys() {
        for (text, _) in HARMFUL {
            let value = json!({ text: [text] });
            let written = value.to_string();
            let printed = harmless_json(&written);
            assert!(!printed.contains(is_harmful), "{printed:?}");
            assert_eq!(serde_json::from_str::<Value>(&printed).unwrap(), value, "{text:?}");
        }
    }
}
