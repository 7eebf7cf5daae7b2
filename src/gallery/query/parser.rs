//! From the words of a search to what it asks for.

use std::ops::{Bound, Range};

use super::days::days_named;
use super::keys::{Key, MARKS, NumberKey};
use super::lexer::{Body, Operator, Word, plain, words};
use super::term::{Term, What};
use super::{MAX_TERMS, QueryError};
use crate::job::ErrorCode;

/// What a search asks for, in its order.
pub(super) fn terms(text: &str, today: i32) -> Result<Vec<Term>, QueryError> {
    let words = words(text)?;
    if let Some(word) = words.get(MAX_TERMS) {
        return Err(QueryError {
            message: format!("expected up to {MAX_TERMS} words, found {}", words.len()),
            code: ErrorCode::new("query-too-many-words")
                .with("most", MAX_TERMS)
                .with("found", words.len()),
            range: word.range.start..text.len(),
        });
    }
    let num_words = words.len();
    let is_last = |place| place + 1 == num_words;
    words
        .into_iter()
        .enumerate()
        .map(|(place, word)| term(word, is_last(place), today))
        .collect()
}

fn term(word: Word, is_last: bool, today: i32) -> Result<Term, QueryError> {
    let Word { is_negated, body, .. } = word;
    let (key, operator, value, range) = match body {
        Body::Plain(text) => {
            let is_start = is_last && !is_negated;
            let what = What::Word { text, is_start };
            return Ok(Term { is_negated, what });
        }
        Body::Quoted(text) => {
            let what = What::Phrase(text);
            return Ok(Term { is_negated, what });
        }
        Body::Compared {
            key,
            operator,
            value,
            value_range,
        } => (key, operator, value, value_range),
    };
    let operand = Operand {
        key,
        operator,
        value: &value,
        range,
    };
    Ok(Term {
        is_negated: is_negated ^ (operator == Operator::NotEqual),
        what: operand.what(today)?,
    })
}

/// What a key is compared with.
struct Operand<'a> {
    key: Key,
    operator: Operator,
    value: &'a str,
    range: Range<usize>,
}

impl Operand<'_> {
    fn what(&self, today: i32) -> Result<What, QueryError> {
        match self.key {
            Key::Name(key) => {
                self.not_ordered()?;
                let is_whole = self.operator != Operator::Colon;
                let text = self.name()?;
                Ok(What::Name { key, text, is_whole })
            }
            Key::Negative => {
                self.not_ordered()?;
                Ok(What::Negative(self.name()?))
            }
            Key::Number(key) => self.number(key),
            Key::Seed => {
                self.not_ordered()?;
                let seed = plain(self.value).parse();
                seed.map(What::Seed)
                    .map_err(|_not| self.expected("a whole number such as 42", ErrorCode::new("query-whole-number")))
            }
            Key::Size => {
                self.not_ordered()?;
                let size = plain(self.value);
                let size = size.trim_end_matches("px").split_once(['x', '*']);
                let sides = size.and_then(|(width, height)| {
                    let (width_px, height_px) = (width.trim().parse().ok()?, height.trim().parse().ok()?);
                    Some(What::Size { width_px, height_px })
                });
                sides.ok_or_else(|| self.expected("a width and a height such as 512x768", ErrorCode::new("query-size")))
            }
            Key::Date => self.days(today),
            Key::Is | Key::Has => {
                self.not_ordered()?;
                let name = plain(self.value);
                let mark = MARKS.iter().find(|(_, _, names)| names.contains(&name.as_str()));
                mark.map(|(mark, ..)| What::Mark(*mark)).ok_or_else(|| {
                    let known = MARKS.iter().filter(|(_, key, _)| *key == self.key);
                    let known: Vec<&str> = known.filter_map(|(_, _, names)| names.first().copied()).collect();
                    let known = known.join(", ");
                    self.expected(&known, ErrorCode::new("query-mark").with("known", known.as_str()))
                })
            }
        }
    }

    fn name(&self) -> Result<String, QueryError> {
        if self.value.trim().is_empty() {
            return Err(self.expected("a name, or a part of one", ErrorCode::new("query-name")));
        }
        Ok(self.value.to_owned())
    }

    fn number(&self, key: NumberKey) -> Result<What, QueryError> {
        let expected = || self.expected("a number", ErrorCode::new("query-number"));
        let (from, to) = self.bounds(&expected, |text| number_named(text, key).map(|number| (number, number)))?;
        Ok(What::Number { key, from, to })
    }

    fn days(&self, today: i32) -> Result<What, QueryError> {
        const EXPECTED: &str =
            "a day such as 2026-11-20, a month such as 2026-11, a year, today, yesterday, week, month or year";
        let expected = || self.expected(EXPECTED, ErrorCode::new("query-day"));
        let (from, to) = self.bounds(&expected, |text| days_named(text, today))?;
        let day = |bound: Bound<i32>, beyond: i32| match bound {
            Bound::Included(day) => Some(day),
            Bound::Excluded(day) => Some(day + beyond),
            Bound::Unbounded => None,
        };
        Ok(What::Days {
            from: day(from, 1),
            to: day(to, -1),
        })
    }

    /// From where and up to where the operator reaches.
    ///
    /// * `expected`: the error for a value that is none.
    /// * `named`: the first and the last of what a value names.
    fn bounds<T>(
        &self,
        expected: &dyn Fn() -> QueryError,
        named: impl Fn(&str) -> Option<(T, T)>,
    ) -> Result<(Bound<T>, Bound<T>), QueryError> {
        let named = |text: &str| named(text).ok_or_else(expected);
        let end = |text: &str| match text.trim() {
            "" => Ok(None),
            text => named(text).map(Some),
        };
        Ok(match (self.operator, range_ends(self.value)) {
            (Operator::Colon | Operator::Equal | Operator::NotEqual, Some((from, to))) => {
                match (end(&from)?, end(&to)?) {
                    (None, None) => return Err(expected()),
                    (from, to) => (
                        from.map_or(Bound::Unbounded, |(first, _)| Bound::Included(first)),
                        to.map_or(Bound::Unbounded, |(_, last)| Bound::Included(last)),
                    ),
                }
            }
            (Operator::Colon | Operator::Equal | Operator::NotEqual, None) => {
                let (first, last) = named(self.value)?;
                (Bound::Included(first), Bound::Included(last))
            }
            (Operator::Less, _) => (Bound::Unbounded, Bound::Excluded(named(self.value)?.0)),
            (Operator::AtMost, _) => (Bound::Unbounded, Bound::Included(named(self.value)?.1)),
            (Operator::Greater, _) => (Bound::Excluded(named(self.value)?.1), Bound::Unbounded),
            (Operator::AtLeast, _) => (Bound::Included(named(self.value)?.0), Bound::Unbounded),
        })
    }

    /// An error if the operator is one of order.
    fn not_ordered(&self) -> Result<(), QueryError> {
        match self.operator {
            Operator::Colon | Operator::Equal | Operator::NotEqual => Ok(()),
            Operator::Less | Operator::AtMost | Operator::Greater | Operator::AtLeast => Err(QueryError {
                message: format!(
                    "expected \":\", \"=\" or \"!=\" after {name}, found a comparison of order",
                    name = self.key.name()
                ),
                code: ErrorCode::new("query-not-ordered").with("key", self.key.name()),
                range: self.range.clone(),
            }),
        }
    }

    fn expected(&self, expected: &str, code: ErrorCode) -> QueryError {
        let key = self.key.name();
        let found = match self.value {
            "" => "nothing".to_owned(),
            value => format!("{value:?}"),
        };
        QueryError {
            message: format!("expected {expected} after {key}, found {found}"),
            code: code.with("key", key).with("found", self.value),
            range: self.range.clone(),
        }
    }
}

/// What stands on either side of `..` or `~`.
fn range_ends(text: &str) -> Option<(String, String)> {
    let text = plain(text);
    let (from, to) = text.split_once("..").or_else(|| text.split_once('~'))?;
    Some((from.to_owned(), to.to_owned()))
}

/// A number, with or without its unit; stars count.
fn number_named(text: &str, key: NumberKey) -> Option<f64> {
    let text = plain(text);
    let text = text.trim();
    if key == NumberKey::Rating && !text.is_empty() && text.chars().all(|c| matches!(c, '★' | '☆' | '*')) {
        return Some(text.chars().filter(|c| *c != '☆').count() as f64);
    }
    let unit = key.units().iter().find_map(|unit| text.strip_suffix(unit));
    let number = unit.unwrap_or(text).trim().parse::<f64>().ok()?;
    number.is_finite().then_some(if number == 0.0 { 0.0 } else { number })
}
