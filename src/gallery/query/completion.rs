//! How a search may go on.

use std::cmp::Reverse;
use std::ops::Range;

use super::keys::{KEYS, Key, MARKS, NameKey};
use super::lexer::{Body, Operator, Word, plain, words};
use super::term::quoted;
use crate::gallery::{Completion, LabelCount};

/// Most ways that are shown.
const MAX_SHOWN: usize = 12;
/// Letters of a word from which on tags are offered for it.
const MIN_LETTERS: usize = 2;
/// What a date may be called.
const DATES: [&str; 5] = ["today", "yesterday", "week", "month", "year"];

/// The ways a search may go on at the caret, the likeliest first: keys, or values of the key before it.
///
/// * `caret`: in bytes.
/// * `values`: the values there are with the number of pictures that have each; asked for what is needed alone.
pub fn complete(text: &str, caret: usize, values: impl FnMut(NameKey) -> Vec<LabelCount>) -> Vec<Completion> {
    let caret = text.floor_char_boundary(caret.min(text.len()));
    let Some(place) = Place::of(text, caret) else {
        return Vec::new();
    };
    let mut completions = place.completions(values);
    completions.truncate(MAX_SHOWN);
    completions
}

/// What the caret is in or behind.
struct Place<'a> {
    text: &'a str,
    /// What is replaced.
    range: Range<usize>,
    /// What stands there up to the caret.
    begun: String,
    key: Option<(Key, Operator)>,
}

impl<'a> Place<'a> {
    fn of(text: &'a str, caret: usize) -> Option<Self> {
        // What is behind the caret may be broken; before it, the key may still be on its way.
        let words = words(text).or_else(|_unknown| words(&text[..caret])).ok()?;
        let word = words
            .into_iter()
            .find(|word| word.range.start < caret && caret <= word.range.end);
        let place = |range: Range<usize>, key| {
            let start = range.start.min(caret);
            Self {
                text,
                range: start..range.end.max(caret),
                begun: plain(text[start..caret].trim_start_matches(['"', '“', '”', '„', '＂'])),
                key,
            }
        };
        Some(match word {
            None => place(caret..caret, None),
            Some(Word {
                body: Body::Quoted(_), ..
            }) => return None,
            Some(Word {
                range,
                is_negated,
                body: Body::Plain(_),
            }) => {
                let sign = text[range.clone()].chars().next().map_or(0, char::len_utf8);
                place(range.start + if is_negated { sign } else { 0 }..range.end, None)
            }
            Some(Word {
                range,
                is_negated,
                body:
                    Body::Compared {
                        key,
                        operator,
                        value_range,
                        ..
                    },
            }) => {
                if caret < value_range.start {
                    let sign = text[range.clone()].chars().next().map_or(0, char::len_utf8);
                    return Some(place(
                        range.start + if is_negated { sign } else { 0 }..value_range.start,
                        None,
                    ));
                }
                place(value_range, Some((key, operator)))
            }
        })
    }

    fn completions(&self, mut values: impl FnMut(NameKey) -> Vec<LabelCount>) -> Vec<Completion> {
        match self.key {
            None => self.keys(values),
            Some((Key::Name(key), _)) => self.values(values(key), ""),
            Some((key @ (Key::Is | Key::Has), _)) => MARKS
                .iter()
                .filter(|(_, of, _)| *of == key)
                .filter_map(|(_, _, names)| names.first())
                .filter(|name| name.starts_with(&self.begun))
                .map(|name| self.with(name, name, None))
                .collect(),
            Some((Key::Date, _)) => {
                let dates = DATES.iter().filter(|date| date.starts_with(&self.begun));
                dates.map(|date| self.with(date, date, None)).collect()
            }
            Some((Key::Number(_) | Key::Negative | Key::Seed | Key::Size, _)) => Vec::new(),
        }
    }

    fn keys(&self, mut values: impl FnMut(NameKey) -> Vec<LabelCount>) -> Vec<Completion> {
        let keys = KEYS.iter().filter(|key| key.start.starts_with(&self.begun));
        let mut completions: Vec<Completion> = keys.map(|key| self.with(key.start, key.start, None)).collect();
        if self.begun.chars().count() >= MIN_LETTERS {
            completions.extend(self.values(values(NameKey::Tag), "tag:"));
        }
        completions
    }

    /// Those values that have in them what was begun: first those that begin so, then the more frequent ones.
    fn values(&self, labels: Vec<LabelCount>, key: &str) -> Vec<Completion> {
        let mut fitting: Vec<(bool, LabelCount)> = labels
            .into_iter()
            .filter_map(|label| {
                let at = plain(&label.name).find(&self.begun)?;
                Some((at > 0, label))
            })
            .collect();
        fitting.sort_by(|(a_inside, a), (b_inside, b)| {
            (a_inside, Reverse(a.count), &a.name).cmp(&(b_inside, Reverse(b.count), &b.name))
        });
        fitting
            .into_iter()
            .map(|(_, LabelCount { name, count })| {
                let value = format!("{key}{}", written(&name));
                self.with(&value, &format!("{key}{name}"), Some(count))
            })
            .collect()
    }

    fn with(&self, value: &str, label: &str, count: Option<usize>) -> Completion {
        let Self { text, range, .. } = self;
        Completion {
            text: [&text[..range.start], value, &text[range.end..]].concat(),
            label: label.to_owned(),
            count,
        }
    }
}

/// A value as a search has it: in quotes only if it needs them.
fn written(value: &str) -> String {
    let needs_quotes = value.is_empty()
        || value
            .chars()
            .any(|c| c.is_whitespace() || plain(&c.to_string()) == "\"");
    let is_operator = value.starts_with(['=', '<', '>', '!', '≤', '≥', '≠', '≦', '≧', '＝', '＜', '＞', '！']);
    if needs_quotes || is_operator {
        quoted(value)
    } else {
        value.to_owned()
    }
}
