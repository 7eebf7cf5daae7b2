//! Which brackets belong together, and what they do.

use std::ops::Range;

use super::token::{Bracket, PromptToken, TokenKind, tokens};

/// Which prompt is read: `AND` composes prompts, and is a word like others in negative ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// What to draw.
    Prompt,
    /// What to stay away from.
    Negative,
}

/// When a schedule goes over to its last part.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum When {
    /// After so many steps; written without a point.
    Steps(f64),
    /// After this part of the steps, 1 to 2 in the second pass; written with a point.
    Part(f64),
}

/// What a group does to what it holds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum GroupKind {
    /// Weighs it.
    Emphasis,
    /// Shows the part before until a step, then the part after.
    Schedule(When),
    /// Shows its parts in turn, one at each step.
    Alternate,
    /// Draws some of its parts once and for all.
    Choice,
}

/// A pair of brackets.
#[derive(Debug, Clone, PartialEq)]
pub struct Group {
    /// Which brackets.
    pub bracket: Bracket,
    /// What it does.
    pub kind: GroupKind,
    /// Index of the token that opens it.
    pub open: usize,
    /// Index of the token that closes it.
    pub close: usize,
    /// Indices of the tokens that part it.
    pub cuts: Vec<usize>,
}

impl Group {
    /// The tokens of its parts, those of a schedule's number too.
    pub fn parts(&self) -> impl Iterator<Item = Range<usize>> {
        let begins = std::iter::once(self.open).chain(self.cuts.iter().copied());
        let ends = self.cuts.iter().copied().chain([self.close]);
        begins.zip(ends).map(|(begin, end)| begin + 1..end)
    }
}

/// A prompt that was read.
#[derive(Debug, Clone, PartialEq)]
pub struct Parsed<'a> {
    pub(super) source: &'a str,
    /// In order, tiling the text.
    pub tokens: Vec<PromptToken>,
    /// Pairs of brackets, in the order of their opening.
    pub groups: Vec<Group>,
    /// The tokens of each of the prompts that `AND` joins; never empty.
    pub parts: Vec<Range<usize>>,
}

/// Reads a prompt. Every text is one.
pub fn parse(source: &str, role: Role) -> Parsed<'_> {
    let tokens = tokens(source);
    let mut groups = Vec::new();
    let mut parts = Vec::new();
    let mut part_begin = 0;
    let mut open = OpenGroups::default();
    for (index, token) in tokens.iter().enumerate() {
        match token.kind {
            TokenKind::Open(bracket) => open.push(bracket, index),
            TokenKind::Close(bracket) => groups.extend(open.close(bracket, index, (source, &tokens))),
            TokenKind::Colon | TokenKind::Bar => open.cut(index),
            TokenKind::And if role == Role::Prompt => {
                open = OpenGroups::default();
                parts.push(part_begin..index);
                part_begin = index + 1;
            }
            _ => {}
        }
    }
    parts.push(part_begin..tokens.len());
    groups.sort_unstable_by_key(|group: &Group| group.open);
    Parsed {
        source,
        tokens,
        groups,
        parts,
    }
}

impl Parsed<'_> {
    /// What a token says.
    pub fn text(&self, token: usize) -> &str {
        self.tokens
            .get(token)
            .map_or("", |token| &self.source[token.span.clone()])
    }

    /// The group that a token opens.
    pub fn group_at(&self, open: usize) -> Option<&Group> {
        let place = self.groups.binary_search_by_key(&open, |group| group.open).ok()?;
        self.groups.get(place)
    }
}

/// The number that a token is, and whether it has a point.
pub(super) fn number(text: &str) -> Option<(f64, bool)> {
    let text = text.trim();
    let is_number = text
        .bytes()
        .all(|byte| byte.is_ascii_digit() || b"+-.eE".contains(&byte));
    let number = text.parse().ok().filter(|number: &f64| number.is_finite())?;
    is_number.then_some((number, text.contains('.')))
}

/// Brackets that are not closed yet, the innermost last.
#[derive(Default)]
struct OpenGroups {
    groups: Vec<OpenGroup>,
    /// How many of them are round, square and curly.
    depths: [usize; 3],
}

struct OpenGroup {
    bracket: Bracket,
    open: usize,
    cuts: Vec<usize>,
}

impl OpenGroups {
    fn push(&mut self, bracket: Bracket, open: usize) {
        let cuts = Vec::new();
        self.groups.push(OpenGroup { bracket, open, cuts });
        self.depths[bracket as usize] += 1;
    }

    fn cut(&mut self, index: usize) {
        if let Some(group) = self.groups.last_mut() {
            group.cuts.push(index);
        }
    }

    /// Closes the innermost group of this bracket. Those within it that nothing closed are none.
    fn close(&mut self, bracket: Bracket, close: usize, read: (&str, &[PromptToken])) -> Option<Group> {
        if self.depths[bracket as usize] == 0 {
            return None;
        }
        loop {
            let group = self.groups.pop()?;
            self.depths[group.bracket as usize] -= 1;
            if group.bracket == bracket {
                return Some(settled(group, close, read));
            }
        }
    }
}

/// Decides what a group is by what parts it.
fn settled(group: OpenGroup, close: usize, (source, tokens): (&str, &[PromptToken])) -> Group {
    let OpenGroup {
        bracket,
        open,
        mut cuts,
    } = group;
    let is_bar = |at: &usize| tokens[*at].kind == TokenKind::Bar;
    let has_bars = cuts.iter().any(is_bar);
    let when = match (cuts.last(), cuts.len()) {
        (Some(&last), 1 | 2) if !has_bars && last + 2 == close => number(&source[tokens[last + 1].span.clone()]),
        _ => None,
    };
    let kind = match (bracket, when) {
        (Bracket::Curly, _) => GroupKind::Choice,
        (Bracket::Square, Some((part, true))) => GroupKind::Schedule(When::Part(part)),
        (Bracket::Square, Some((steps, false))) => GroupKind::Schedule(When::Steps(steps)),
        (Bracket::Square, None) if has_bars => GroupKind::Alternate,
        _ => GroupKind::Emphasis,
    };
    match kind {
        GroupKind::Alternate | GroupKind::Choice => cuts.retain(is_bar),
        GroupKind::Emphasis => cuts.clear(),
        GroupKind::Schedule(_) => {}
    }
    Group {
        bracket,
        kind,
        open,
        close,
        cuts,
    }
}
