//! What a search asks for, word by word.

use std::fmt::{Display, Formatter, Result};
use std::ops::Bound;

use super::days::date_text;
use super::keys::{Key, MARKS, Mark, NameKey, NumberKey};
use super::lexer::narrow;

/// One thing asked for.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Term {
    pub(super) is_negated: bool,
    pub(super) what: What,
}

/// What is asked for.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum What {
    /// A word of the prompt, or the start of one.
    Word {
        text: String,
        is_start: bool,
    },
    /// Words of the prompt in this order.
    Phrase(String),
    /// Words of the negative prompt in this order.
    Negative(String),
    /// A name, or a part of one.
    Name {
        key: NameKey,
        text: String,
        is_whole: bool,
    },
    /// A number between two others.
    Number {
        key: NumberKey,
        from: Bound<f64>,
        to: Bound<f64>,
    },
    Seed(u64),
    Size {
        width_px: u32,
        height_px: u32,
    },
    /// Days since 1970-01-01, both ends with it; one of them is there.
    Days {
        from: Option<i32>,
        to: Option<i32>,
    },
    Mark(Mark),
}

impl Display for Term {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        if self.is_negated {
            f.write_str("-")?;
        }
        match &self.what {
            What::Word { text, .. } => f.write_str(text),
            What::Phrase(text) => f.write_str(&quoted(text)),
            What::Negative(text) => write!(f, "negative:{}", quoted(text)),
            What::Name { key, text, is_whole } => {
                let operator = if *is_whole { '=' } else { ':' };
                write!(f, "{}{operator}{}", Key::Name(*key).name(), quoted(text))
            }
            What::Number { key, from, to } => {
                f.write_str(Key::Number(*key).name())?;
                match (from, to) {
                    (Bound::Excluded(from), _) => write!(f, ">{from}"),
                    (_, Bound::Excluded(to)) => write!(f, "<{to}"),
                    (Bound::Included(from), Bound::Included(to)) if from == to => write!(f, ":{from}"),
                    (Bound::Included(from), Bound::Included(to)) => write!(f, ":{from}..{to}"),
                    (Bound::Included(from), Bound::Unbounded) => write!(f, ">={from}"),
                    (Bound::Unbounded, Bound::Included(to)) => write!(f, "<={to}"),
                    (Bound::Unbounded, Bound::Unbounded) => f.write_str(":"),
                }
            }
            What::Seed(seed) => write!(f, "seed:{seed}"),
            What::Size { width_px, height_px } => write!(f, "size:{width_px}x{height_px}"),
            What::Days { from, to } => match (from.map(date_text), to.map(date_text)) {
                (Some(from), Some(to)) if from == to => write!(f, "date:{from}"),
                (Some(from), Some(to)) => write!(f, "date:{from}..{to}"),
                (Some(from), None) => write!(f, "date>={from}"),
                (None, Some(to)) => write!(f, "date<={to}"),
                (None, None) => f.write_str("date:"),
            },
            What::Mark(mark) => {
                let known = MARKS.iter().find(|(known, ..)| known == mark);
                known.map_or(Ok(()), |(_, key, names)| {
                    write!(f, "{}:{}", key.name(), names.first().unwrap_or(&""))
                })
            }
        }
    }
}

/// A text in quotes, as a search has it.
pub(super) fn quoted(text: &str) -> String {
    let mut quoted = "\"".to_owned();
    for c in text.chars() {
        quoted.push(c);
        if narrow(c) == '"' {
            quoted.push(c);
        }
    }
    quoted.push('"');
    quoted
}
