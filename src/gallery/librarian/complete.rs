//! How a search may go on.

use super::worker::Worker;
use crate::gallery::index::Field;
use crate::gallery::library::{Completion, Label, LibraryEvent, Ticket};

/// Most ways that are shown.
const MAX_COMPLETIONS: usize = 12;
/// What a word may begin with that says what it is compared with, beside the fields that have values.
const PREFIXES: [&str; 12] = [
    "negative:",
    "seed:",
    "size:",
    "cfg>",
    "steps>=",
    "rating>=",
    "width>=",
    "height>=",
    "date:",
    "date:today",
    "is:favourite",
    "has:run",
];
/// The fields that have values.
const FIELDS: [(&str, Field); 6] = [
    ("model:", Field::Model),
    ("sampler:", Field::Sampler),
    ("source:", Field::Source),
    ("lora:", Field::Lora),
    ("tag:", Field::Tag),
    ("collection:", Field::Collection),
];

impl Worker {
    pub(super) fn complete(&mut self, ticket: Ticket, text: &str, caret: usize) {
        let place = Place::of(text, caret);
        let field = FIELDS.iter().find_map(|(prefix, field)| {
            let head = place.word.get(..prefix.len())?;
            head.eq_ignore_ascii_case(prefix)
                .then(|| (*prefix, *field, &place.word[prefix.len()..]))
        });
        let completions = if let Some((prefix, field, begun)) = field {
            let values = self.with_index(|index| index.values(field)).unwrap_or_default();
            values_like(begun, values)
                .map(|value| Completion {
                    text: place.with(&format!("{prefix}{} ", quoted(&value.name))),
                    label: value.name,
                    count: Some(value.count),
                })
                .collect()
        } else {
            prefixes_like(place.word)
                .map(|prefix| Completion {
                    text: place.with(prefix),
                    label: prefix.to_owned(),
                    count: None,
                })
                .collect()
        };
        self.send(LibraryEvent::Completions { ticket, completions });
    }
}

/// The values that have `begun` in them: first those that begin so, each kind by how often it is used.
fn values_like(begun: &str, values: Vec<Label>) -> impl Iterator<Item = Label> {
    let begun = begun.trim_start_matches('"').to_lowercase();
    let mut matching: Vec<(bool, Label)> = values
        .into_iter()
        .filter_map(|value| Some((value.name.to_lowercase().find(&begun)? > 0, value)))
        .collect();
    matching.sort_by_key(|(is_inside, value)| (*is_inside, std::cmp::Reverse(value.count)));
    matching.into_iter().take(MAX_COMPLETIONS).map(|(_, value)| value)
}

/// The words of the language that begin with `word`.
fn prefixes_like(word: &str) -> impl Iterator<Item = &'static str> {
    let word = word.to_lowercase();
    let prefixes = FIELDS.iter().map(|(prefix, _)| *prefix).chain(PREFIXES);
    prefixes
        .filter(move |prefix| !word.is_empty() && prefix.starts_with(&word) && **prefix != *word)
        .take(MAX_COMPLETIONS)
}

/// The word that the caret is in or behind.
struct Place<'a> {
    before: &'a str,
    /// Without a `-` at its start.
    word: &'a str,
    after: &'a str,
}

impl<'a> Place<'a> {
    fn of(text: &'a str, caret: usize) -> Self {
        let caret = text.floor_char_boundary(caret.min(text.len()));
        let mut start = 0;
        let mut is_quoted = false;
        for (at, c) in text[..caret].char_indices() {
            is_quoted ^= c == '"';
            if c.is_whitespace() && !is_quoted {
                start = at + c.len_utf8();
            }
        }
        if text[start..caret].starts_with('-') {
            start += 1;
        }
        Self {
            before: &text[..start],
            word: &text[start..caret],
            after: text[caret..].trim_start(),
        }
    }

    fn with(&self, word: &str) -> String {
        [self.before, word, self.after].concat()
    }
}

/// A value as it is written in a search.
fn quoted(value: &str) -> String {
    let is_plain = !value.is_empty() && !value.contains(|c: char| c.is_whitespace() || c == '"');
    if is_plain {
        value.to_owned()
    } else {
        format!("\"{}\"", value.replace('"', ""))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_word_at_the_caret_should_be_completed() {
        for (text, caret, word, completed) in [
            ("boat mod", 8, "mod", "boat model:"),
            ("-mod sea", 4, "mod", "-model:sea"),
            ("tag:\"red b", 10, "tag:\"red b", "model:"),
            ("海 mo", 6, "mo", "海 model:"),
            ("海", 1, "", "model:海"),
        ] {
            let place = Place::of(text, caret);
            assert_eq!(place.word, word, "{text:?}");
            assert_eq!(place.with("model:"), completed, "{text:?}");
        }
        assert_eq!(quoted("DPM 2"), "\"DPM 2\"");
        assert_eq!(quoted("euler"), "euler");
    }
}
