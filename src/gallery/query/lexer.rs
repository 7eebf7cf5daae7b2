//! A search as its words, and where each of them stands.

use std::ops::Range;

use super::QueryError;
use super::keys::{KEYS, Key};
use crate::job::ErrorCode;

/// A word of a search.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Word {
    /// All of it, in bytes.
    pub(super) range: Range<usize>,
    /// Whether a `-` stands before it.
    pub(super) is_negated: bool,
    pub(super) body: Body,
}

/// What a word is.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Body {
    /// As it stands.
    Plain(String),
    /// What stood in quotes.
    Quoted(String),
    /// A key and what it is compared with.
    Compared {
        key: Key,
        operator: Operator,
        value: String,
        /// Where the value stands, with its quotes.
        value_range: Range<usize>,
    },
}

/// What stands between a key and a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Operator {
    Colon,
    Equal,
    NotEqual,
    Less,
    AtMost,
    Greater,
    AtLeast,
}

/// Takes a search apart.
///
/// # Errors
/// A key that is none.
pub(super) fn words(text: &str) -> Result<Vec<Word>, QueryError> {
    let mut words = Vec::new();
    let mut lexer = Lexer { text, at: 0 };
    while let Some(word) = lexer.word()? {
        words.push(word);
    }
    Ok(words)
}

/// Wide forms of Latin letters, digits and signs, as Japanese keyboards give them, as the usual ones.
pub(super) fn narrow(c: char) -> char {
    match c {
        '\u{FF01}'..='\u{FF5E}' => char::from_u32(u32::from(c) - 0xFEE0).unwrap_or(c),
        '\u{2212}' | '\u{2010}'..='\u{2013}' => '-',
        '\u{301C}' => '~',
        '“' | '”' | '„' => '"',
        '×' => 'x',
        _ => c,
    }
}

/// [`narrow`] of all, in lower case.
pub(super) fn plain(text: &str) -> String {
    text.chars().map(narrow).flat_map(char::to_lowercase).collect()
}

struct Lexer<'a> {
    text: &'a str,
    at: usize,
}

impl Lexer<'_> {
    fn word(&mut self) -> Result<Option<Word>, QueryError> {
        self.skip(char::is_whitespace);
        let start = self.at;
        if self.peek().is_none() {
            return Ok(None);
        }
        let is_negated = self.is_negation();
        if is_negated {
            self.advance();
        }
        let body = match self.peek() {
            Some('"') => Body::Quoted(self.quoted()),
            _ => match self.compared()? {
                Some(compared) => compared,
                None => Body::Plain(self.bare()),
            },
        };
        Ok(Some(Word {
            range: start..self.at,
            is_negated,
            body,
        }))
    }

    /// Whether a `-` stands here that belongs to a word; alone it is a word itself.
    fn is_negation(&self) -> bool {
        let mut next = self.text[self.at..].chars();
        next.next().is_some_and(|c| narrow(c) == '-') && next.next().is_some_and(|c| !c.is_whitespace())
    }

    /// A key, an operator and a value; where that is not what stands here, nothing is taken.
    fn compared(&mut self) -> Result<Option<Body>, QueryError> {
        let start = self.at;
        self.skip(|c| c.is_alphabetic() || c == '_');
        let name_range = start..self.at;
        let name = plain(&self.text[name_range.clone()]);
        let operator = if name.is_empty() { None } else { self.operator() };
        let Some(operator) = operator else {
            self.at = start;
            return Ok(None);
        };
        let Some(key) = Key::of(&name) else {
            let is_address = self.text[self.at..].starts_with("//");
            self.at = start;
            if is_address {
                return Ok(None);
            }
            let known: Vec<&str> = KEYS.iter().map(|key| key.name).collect();
            let known = known.join(", ");
            return Err(QueryError {
                code: ErrorCode::new("query-key")
                    .with("known", known.as_str())
                    .with("found", name.as_str()),
                message: format!(
                    "expected a key that can be searched by ({known}), found {name:?}; quotes search for the text itself"
                ),
                range: name_range,
            });
        };
        let end_of_operator = self.at;
        self.skip(char::is_whitespace);
        if self.peek().is_none() {
            self.at = end_of_operator;
        }
        let start_of_value = self.at;
        let value = match self.peek() {
            Some('"') => self.quoted(),
            _ => self.bare(),
        };
        Ok(Some(Body::Compared {
            key,
            operator,
            value,
            value_range: start_of_value..self.at,
        }))
    }

    fn operator(&mut self) -> Option<Operator> {
        let had_colon = self.take(':');
        let comparison = self.comparison();
        comparison.or_else(|| had_colon.then_some(Operator::Colon))
    }

    fn comparison(&mut self) -> Option<Operator> {
        let start = self.at;
        let first = self.peek()?;
        self.advance();
        let operator = match first {
            '=' => {
                self.take('=');
                Operator::Equal
            }
            '!' if self.take('=') => Operator::NotEqual,
            '<' if self.take('=') => Operator::AtMost,
            '<' if self.take('>') => Operator::NotEqual,
            '<' => Operator::Less,
            '>' if self.take('=') => Operator::AtLeast,
            '>' => Operator::Greater,
            '≤' | '≦' => Operator::AtMost,
            '≥' | '≧' => Operator::AtLeast,
            '≠' => Operator::NotEqual,
            _ => {
                self.at = start;
                return None;
            }
        };
        Some(operator)
    }

    /// What stands in quotes; what is not closed goes to the end.
    fn quoted(&mut self) -> String {
        self.advance();
        let mut text = String::new();
        while let Some(c) = self.text[self.at..].chars().next() {
            self.advance();
            if narrow(c) == '"' && !self.take('"') {
                break;
            }
            text.push(c);
        }
        text
    }

    /// What goes on to the next space or quote.
    fn bare(&mut self) -> String {
        let start = self.at;
        self.skip(|c| !c.is_whitespace() && narrow(c) != '"');
        self.text[start..self.at].to_owned()
    }

    fn peek(&self) -> Option<char> {
        self.text[self.at..].chars().next().map(narrow)
    }

    fn advance(&mut self) {
        self.at += self.text[self.at..].chars().next().map_or(0, char::len_utf8);
    }

    fn take(&mut self, wanted: char) -> bool {
        let is_there = self.peek() == Some(wanted);
        if is_there {
            self.advance();
        }
        is_there
    }

    fn skip(&mut self, is_skipped: impl Fn(char) -> bool) {
        let rest = &self.text[self.at..];
        self.at += rest.find(|c| !is_skipped(c)).unwrap_or(rest.len());
    }
}
