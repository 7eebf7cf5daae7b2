//! What a search asks for, as a condition of SQL.

use std::ops::Bound;

use rusqlite::types::Value;

use super::Condition;
use super::keys::{Mark, NameKey, NumberKey};
use super::term::{Term, What};
use crate::gallery::index::search_text;

/// Names under which the sources of records go beside their own.
const SOURCE_NAMES: &[(&str, &str)] = &[
    ("automatic1111", "a1111"),
    ("automatic", "a1111"),
    ("forge", "a1111"),
    ("webui", "a1111"),
    ("invoke", "invokeai"),
    ("swarm", "swarmui"),
    ("comfy", "comfyui"),
    ("nai", "novelai"),
];

/// The condition that all terms hold.
pub(super) fn condition_of(terms: &[Term]) -> Condition {
    let mut sql = Sql::default();
    // Words of prompts are asked for together, which the full-text index answers at once.
    let wanted: Vec<String> = terms
        .iter()
        .filter(|term| !term.is_negated)
        .filter_map(|term| prompt_phrase(&term.what))
        .collect();
    if !wanted.is_empty() {
        sql.words("prompt", &wanted.join(" "));
    }
    for term in terms {
        let is_of_prompt = matches!(term.what, What::Word { .. } | What::Phrase(_));
        match (is_of_prompt, term.is_negated) {
            (true, false) => {}
            (true, true) => match prompt_phrase(&term.what) {
                Some(phrase) => sql.not(|sql| sql.words("prompt", &phrase)),
                None => sql.part("0", []), // not what every picture has
            },
            (false, false) => sql.what(&term.what),
            (false, true) => sql.not(|sql| sql.what(&term.what)),
        }
    }
    Condition {
        sql: if sql.parts.is_empty() {
            "1".to_owned()
        } else {
            sql.parts.join(" AND ")
        },
        values: sql.values,
    }
}

fn prompt_phrase(what: &What) -> Option<String> {
    match what {
        What::Word { text, is_start } => fts_phrase(text, *is_start),
        What::Phrase(text) => fts_phrase(text, false),
        _ => None,
    }
}

/// A phrase of the language of FTS5; `None` if nothing in the text is a word, which every text has.
///
/// * `is_start`: whether the last word may go on.
fn fts_phrase(text: &str, is_start: bool) -> Option<String> {
    if !text.chars().any(char::is_alphanumeric) {
        return None;
    }
    let form = search_text(text).replace(|c: char| c.is_control() || c == '"', " ");
    Some(format!("\"{}\"{}", form.trim(), if is_start { " *" } else { "" }))
}

/// Parts of a condition that must all hold.
#[derive(Default)]
struct Sql {
    parts: Vec<String>,
    values: Vec<Value>,
}

impl Sql {
    fn part<const N: usize>(&mut self, sql: &str, values: [Value; N]) {
        self.parts.push(sql.to_owned());
        self.values.extend(values);
    }

    /// The opposite of what `add` adds.
    fn not(&mut self, add: impl FnOnce(&mut Self)) {
        let before = self.parts.len();
        add(self);
        let parts = self.parts.split_off(before).join(" AND ");
        self.parts.push(format!("NOT ({parts})"));
    }

    fn words(&mut self, column: &str, phrases: &str) {
        let wanted = format!("{column} : ({phrases})");
        self.part(
            "id IN (SELECT rowid FROM words WHERE words MATCH ?)",
            [Value::Text(wanted)],
        );
    }

    fn what(&mut self, what: &What) {
        match what {
            What::Word { .. } | What::Phrase(_) => {}
            What::Negative(text) => match fts_phrase(text, false) {
                Some(phrase) => self.words("negative", &phrase),
                None => self.part("1", []),
            },
            What::Name { key, text, is_whole } => self.name(*key, text, *is_whole),
            What::Number { key, from, to } => self.number(*key, *from, *to),
            What::Seed(seed) => self.part("ifnull(seed = ?, 0)", [Value::Integer(seed.cast_signed())]),
            What::Size { width_px, height_px } => self.part(
                "(width = ? AND height = ?)",
                [
                    Value::Integer(i64::from(*width_px)),
                    Value::Integer(i64::from(*height_px)),
                ],
            ),
            What::Days { from, to } => {
                for (day, sql) in [(from, "day >= ?"), (to, "day <= ?")] {
                    if let Some(day) = day {
                        self.part(sql, [Value::Integer(i64::from(*day))]);
                    }
                }
            }
            What::Mark(mark) => self.part(
                match mark {
                    Mark::Favourite => "favourite = 1",
                    Mark::Run => "has_run = 1",
                    Mark::Tag => "id IN (SELECT picture FROM tags)",
                    Mark::Collection => "id IN (SELECT picture FROM collections)",
                    Mark::Rating => "rating > 0",
                    Mark::Lora => "id IN (SELECT picture FROM loras)",
                    Mark::Record => "source IS NOT NULL",
                },
                [],
            ),
        }
    }

    fn name(&mut self, key: NameKey, text: &str, is_whole: bool) {
        let text = match key {
            NameKey::Sampler => sampler_id(text),
            NameKey::RecordSource => source_id(text),
            NameKey::Model | NameKey::Lora | NameKey::Tag | NameKey::Collection => text.to_owned(),
        };
        let (operator, value) = if is_whole {
            ("= ? COLLATE NOCASE", text)
        } else {
            ("LIKE ? ESCAPE '\\'", contains_pattern(&text))
        };
        let sql = match key {
            NameKey::Model => format!("model {operator}"),
            NameKey::Sampler => format!("sampler {operator}"),
            NameKey::RecordSource => format!("ifnull(source {operator}, 0)"),
            NameKey::Lora => format!("id IN (SELECT picture FROM loras WHERE name {operator})"),
            NameKey::Tag => format!("id IN (SELECT picture FROM tags WHERE name {operator})"),
            NameKey::Collection => format!("id IN (SELECT picture FROM collections WHERE name {operator})"),
        };
        self.part(&sql, [Value::Text(value)]);
    }

    fn number(&mut self, key: NumberKey, from: Bound<f64>, to: Bound<f64>) {
        let column = match key {
            NumberKey::Cfg => "guidance",
            NumberKey::Steps => "steps",
            NumberKey::Rating => "rating",
            NumberKey::Width => "width",
            NumberKey::Height => "height",
        };
        for (bound, with, without) in [(from, ">=", ">"), (to, "<=", "<")] {
            let (operator, number) = match bound {
                Bound::Included(number) => (with, number),
                Bound::Excluded(number) => (without, number),
                Bound::Unbounded => continue,
            };
            let sql = format!("ifnull({column} {operator} ?, 0)");
            self.part(&sql, [Value::Real(number)]);
        }
    }
}

/// What a text is a part of, for LIKE with `\` before what is meant as it stands.
fn contains_pattern(text: &str) -> String {
    let mut pattern = "%".to_owned();
    for c in text.chars() {
        if matches!(c, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(c);
    }
    pattern.push('%');
    pattern
}

/// `DPM++ 2M` as `dpmpp_2m`, as ids of samplers are.
fn sampler_id(name: &str) -> String {
    name.to_lowercase().replace('+', "p").replace([' ', '-'], "_")
}

fn source_id(name: &str) -> String {
    let name = name.to_lowercase();
    let known = SOURCE_NAMES.iter().find(|(other, _)| *other == name);
    known.map_or(name, |(_, id)| (*id).to_owned())
}
