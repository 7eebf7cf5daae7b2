//! The language of the search field.
//!
//! | word | finds |
//! |---|---|
//! | `lighthouse night` | pictures whose prompt has both words, or words that begin so for the last one |
//! | `"red boat"` | the words in this order; `""` in quotes is a quote |
//! | `model:` `sampler:` `lora:` `tag:` `collection:` `source:` | by a part of the name; `=` by the whole; quotes hold spaces together |
//! | `negative:` | by words of the negative prompt, in this order |
//! | `seed:7` `size:512x768` | exactly |
//! | `cfg>7` `steps<=20` `rating>=4` `width>512` `height=512` | by comparison: `=` `!=` `<` `<=` `>` `>=`; `:` is `=` |
//! | `cfg:5..7` `steps:..20` | from, to, or both, with both ends |
//! | `date:2026-11` `date:today` `date>2026-01-01` `date:2026-01..2026-03` | by day of the clock on the wall; also `yesterday`, `week` (the last seven days), `month`, `year` |
//! | `is:favourite` `has:run` | marks; also `has:tag`, `has:collection`, `has:rating`, `has:lora`, `has:record` |
//! | `-word` `-model:a` | not those; `!=` is `-` with `=` |
//!
//! All words must hold. Neither keys nor what they are compared with regard case. Keys have names in Japanese too, and
//! what a Japanese keyboard gives for `:`, `>`, digits and the like is understood. Numbers may have their unit: `512px`,
//! `★★★`. A picture of which something is not known is found by no comparison with it, and so by every `-` of one.

mod completion;
mod condition;
mod days;
mod keys;
mod lexer;
mod parser;
mod term;

use rusqlite::types::Value;

pub use completion::complete;
pub use keys::NameKey;
use term::Term;

use crate::job::ErrorCode;

/// Longest text that is understood, in bytes.
const MAX_BYTES: usize = 8192;
/// Most words of one search.
const MAX_TERMS: usize = 200;

/// A search that was understood.
#[derive(Debug, Clone, PartialEq)]
pub struct Query {
    terms: Vec<Term>,
}

/// A search that was not.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct QueryError {
    /// What was expected and what was found, in one line of English.
    pub message: String,
    /// The same for a window.
    pub code: ErrorCode,
    /// Where, in bytes.
    pub range: std::ops::Range<usize>,
}

/// A condition on the rows of the index.
#[derive(Debug, Clone, PartialEq)]
pub struct Condition {
    /// What stands after `WHERE`, on the tables of [`super::index`], with `?` for each value.
    pub sql: String,
    /// The values in order.
    pub values: Vec<Value>,
}

impl Query {
    /// Understands a search.
    ///
    /// * `today`: days since 1970-01-01 by the clock on the wall, for `date:today` and the like.
    ///
    /// # Errors
    /// [`QueryError`] with the place in the text.
    pub fn parse(text: &str, today: i32) -> Result<Self, QueryError> {
        if text.len() > MAX_BYTES {
            return Err(QueryError {
                message: format!("expected up to {MAX_BYTES} bytes to search for, found {}", text.len()),
                code: ErrorCode::new("query-too-long").with("most", MAX_BYTES),
                range: text.floor_char_boundary(MAX_BYTES)..text.len(),
            });
        }
        let terms = parser::terms(text, today)?;
        Ok(Self { terms })
    }

    /// The same for the index: never NULL, so that its opposite is `NOT` of it.
    pub fn condition(&self) -> Condition {
        condition::condition_of(&self.terms)
    }
}

/// The search in plain words: parsed again, it is the same one.
impl std::fmt::Display for Query {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for (place, term) in self.terms.iter().enumerate() {
            if place > 0 {
                f.write_str(" ")?;
            }
            term.fmt(f)?;
        }
        Ok(())
    }
}
