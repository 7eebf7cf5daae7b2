//! A prompt cut into tokens.

use std::ops::Range;

/// A kind of brackets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bracket {
    /// `( )`
    Round,
    /// `[ ]`
    Square,
    /// `{ }`
    Curly,
}

/// What a stretch of a prompt is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenKind {
    /// Drawn as written.
    Text,
    /// A backslash and the sign that it makes literal.
    Escape,
    /// An opening bracket.
    Open(Bracket),
    /// A closing bracket.
    Close(Bracket),
    /// `:`; parts a group where that says so, else literal.
    Colon,
    /// `|`; see [`TokenKind::Colon`].
    Bar,
    /// `BREAK`: the next chunk begins here.
    Break,
    /// `AND`: the next composable part begins here.
    And,
    /// `<kind:name:…>`, not drawn.
    Network,
    /// `__name__`, a line of a file in its place.
    Wildcard,
    /// `#` up to the end of its line, not drawn.
    Comment,
}

/// A stretch of a prompt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PromptToken {
    /// What it is.
    pub kind: TokenKind,
    /// Its bytes.
    pub span: Range<usize>,
}

/// Cuts a prompt into tokens that tile it.
pub(super) fn tokens(source: &str) -> Vec<PromptToken> {
    let mut tokens = Vec::new();
    let mut ends = NetworkEnds::default();
    let mut at = 0;
    while at < source.len() {
        let (kind, length) = next_token(source, at, &mut ends);
        let span = at..at + length;
        at = span.end;
        tokens.push(PromptToken { kind, span });
    }
    tokens
}

/// The token that begins at a place, and its bytes.
fn next_token(source: &str, at: usize, ends: &mut NetworkEnds) -> (TokenKind, usize) {
    let rest = &source[at..];
    let special = match rest.as_bytes()[0] {
        b'(' => Some((TokenKind::Open(Bracket::Round), 1)),
        b'[' => Some((TokenKind::Open(Bracket::Square), 1)),
        b'{' => Some((TokenKind::Open(Bracket::Curly), 1)),
        b')' => Some((TokenKind::Close(Bracket::Round), 1)),
        b']' => Some((TokenKind::Close(Bracket::Square), 1)),
        b'}' => Some((TokenKind::Close(Bracket::Curly), 1)),
        b':' => Some((TokenKind::Colon, 1)),
        b'|' => Some((TokenKind::Bar, 1)),
        b'\\' => {
            let escaped = rest[1..].chars().next();
            Some((TokenKind::Escape, 1 + escaped.map_or(0, char::len_utf8)))
        }
        b'#' => Some((TokenKind::Comment, rest.find('\n').unwrap_or(rest.len()))),
        b'<' => ends.network_len(source, at).map(|length| (TokenKind::Network, length)),
        b'_' => wildcard_len(rest).map(|length| (TokenKind::Wildcard, length)),
        b'B' if is_word(source, at, "BREAK") => Some((TokenKind::Break, 5)),
        b'A' if is_word(source, at, "AND") => Some((TokenKind::And, 3)),
        _ => None,
    };
    special.unwrap_or_else(|| {
        let end = rest.char_indices().skip(1).find(|&(place, sign)| match sign {
            '(' | ')' | '[' | ']' | '{' | '}' | ':' | '|' | '\\' | '#' | '<' => true,
            '_' => wildcard_len(&rest[place..]).is_some(),
            'B' => is_word(source, at + place, "BREAK"),
            'A' => is_word(source, at + place, "AND"),
            _ => false,
        });
        (TokenKind::Text, end.map_or(rest.len(), |(place, _)| place))
    })
}

/// The next `>` after a place, found once for all that ask before it, so that many `<` cost no more than one.
#[derive(Default)]
struct NetworkEnds {
    /// From where on it was looked for.
    from: usize,
    end: Option<usize>,
    is_known: bool,
}

impl NetworkEnds {
    /// Bytes of a network's tag, `<kind:name…>`, if one begins here.
    fn network_len(&mut self, source: &str, at: usize) -> Option<usize> {
        let is_of_name = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_';
        let kind = source.as_bytes()[at + 1..].iter().take_while(|byte| is_of_name(byte));
        let name = at + 1 + kind.count();
        if name == at + 1 || source.as_bytes().get(name) != Some(&b':') {
            return None;
        }
        let end = self.after(source, name + 1)?;
        (end > name + 1).then_some(end + 1 - at)
    }

    fn after(&mut self, source: &str, from: usize) -> Option<usize> {
        let holds = self.is_known && from >= self.from && self.end.is_none_or(|end| end >= from);
        if !holds {
            self.end = source[from..].find('>').map(|length| from + length);
            (self.from, self.is_known) = (from, true);
        }
        self.end
    }
}

/// Bytes of `__name__` if the text begins with one. A name has letters, digits and `-_./*`.
fn wildcard_len(text: &str) -> Option<usize> {
    let name = text.strip_prefix("__").filter(|name| !name.starts_with('_'))?;
    let is_of_name = |sign: char| sign.is_alphanumeric() || "-_./*".contains(sign);
    let run = name.find(|sign| !is_of_name(sign)).unwrap_or(name.len());
    let length = name[..run].find("__")?;
    Some(length + 4)
}

/// Whether this word stands here and no letter joins it to its neighbours.
fn is_word(source: &str, at: usize, word: &str) -> bool {
    let joins = |sign: Option<char>| sign.is_some_and(|sign| sign.is_alphanumeric() || sign == '_');
    source[at..].starts_with(word)
        && !joins(source[..at].chars().next_back())
        && !joins(source[at + word.len()..].chars().next())
}
