//! Choices and wildcards, drawn once and for all.
//!
//! `{a|b|c}` is one of them, `{2$$a|b|c}` two that differ, `{1-3$$ and $$a|b|c}` one to three with ` and ` between, and
//! `__name__` a line of the list of that name, in which all of this may stand again.
//!
//! Source: the syntax of <https://github.com/adieyal/dynamicprompts>

use std::ops::Range;

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{RngCore as _, SeedableRng as _};

use super::parse::{Group, Parsed, Role, parse};
use super::token::{Bracket, TokenKind};

/// What stands between several that were drawn, unless something else is said.
const JOINER: &str = ", ";
/// Lists within lists that are opened.
const MAX_DEPTH: usize = 12;
/// Bytes that lines of lists may bring into one prompt.
const MAX_DRAWN_BYTES: usize = 1 << 20;

/// The prompt with what was drawn in place of its choices and wildcards; the same for the same seed and stream.
///
/// * `stream`: tells prompts of one seed apart.
/// * `lines`: the list of a name; a wildcard without one stays as it is.
pub fn draw(source: &str, (seed, stream): (u64, u64), lines: &dyn Fn(&str) -> Option<Vec<String>>) -> String {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    rng.set_stream(stream);
    let mut drawing = Drawing {
        rng,
        lines,
        bytes_left: MAX_DRAWN_BYTES,
    };
    drawing.text(source, 0)
}

struct Drawing<'a> {
    rng: ChaCha8Rng,
    lines: &'a dyn Fn(&str) -> Option<Vec<String>>,
    bytes_left: usize,
}

/// What is still to be written.
enum Work {
    Text(String),
    /// Tokens, of the first of which the bytes before a place are left out.
    Tokens(Range<usize>, usize),
}

impl Drawing<'_> {
    fn text(&mut self, source: &str, depth: usize) -> String {
        if !source.contains('{') && !source.contains("__") {
            return source.to_owned();
        }
        let parsed = parse(source, Role::Negative); // AND does not part a choice
        let mut drawn = String::new();
        let mut work = vec![Work::Tokens(0..parsed.tokens.len(), 0)];
        while let Some(next) = work.pop() {
            let (mut tokens, from) = match next {
                Work::Text(text) => {
                    drawn.push_str(&text);
                    continue;
                }
                Work::Tokens(tokens, from) => (tokens, from),
            };
            while let Some(at) = tokens.next() {
                let token = &parsed.tokens[at];
                if token.kind == TokenKind::Open(Bracket::Curly)
                    && let Some(choice) = parsed.group_at(at).and_then(|group| Choice::of(&parsed, group))
                {
                    work.push(Work::Tokens(choice.after..tokens.end, 0));
                    self.pick(choice, &mut work);
                    break;
                }
                match (token.kind == TokenKind::Wildcard).then(|| self.line(parsed.text(at), depth)) {
                    Some(Some(line)) => drawn.push_str(&line),
                    _ => drawn.push_str(&source[token.span.start.max(from)..token.span.end]),
                }
            }
        }
        drawn
    }

    /// A number below `count`, which is not 0.
    fn below(&mut self, count: usize) -> usize {
        (self.rng.next_u64() % count.max(1) as u64) as usize
    }

    /// Draws some parts of a choice and leaves them to be written, the last one first.
    fn pick(&mut self, choice: Choice, work: &mut Vec<Work>) {
        let Choice {
            mut parts,
            count: (least, most),
            joiner,
            ..
        } = choice;
        let count = least + self.below(most.saturating_sub(least) + 1);
        let count = count.min(parts.len());
        for place in 0..count {
            let other = place + self.below(parts.len() - place);
            parts.swap(place, other);
        }
        for (place, (tokens, from)) in parts.into_iter().take(count).enumerate().rev() {
            work.push(Work::Tokens(tokens, from));
            if place > 0 {
                work.push(Work::Text(joiner.clone()));
            }
        }
    }

    /// A line of the list that a wildcard names.
    fn line(&mut self, wildcard: &str, depth: usize) -> Option<String> {
        let name = wildcard.strip_prefix("__")?.strip_suffix("__")?;
        let lines = (depth < MAX_DEPTH).then(|| (self.lines)(name)).flatten()?;
        if lines.is_empty() {
            return None;
        }
        let line = &lines[self.below(lines.len())];
        self.bytes_left = self.bytes_left.checked_sub(line.len() + 1)?;
        Some(self.text(line, depth + 1))
    }
}

/// A group of braces that is a choice.
struct Choice {
    /// The tokens of each part, and where the first begins.
    parts: Vec<(Range<usize>, usize)>,
    /// How many of them are drawn, from and to.
    count: (usize, usize),
    joiner: String,
    /// The token after it.
    after: usize,
}

impl Choice {
    /// `None` if there is nothing to choose from.
    fn of(parsed: &Parsed<'_>, group: &Group) -> Option<Self> {
        let mut parts: Vec<(Range<usize>, usize)> = group.parts().map(|tokens| (tokens, 0)).collect();
        let mut choice = ((1, 1), JOINER.to_owned());
        let first = parts
            .first()
            .map(|(tokens, _)| tokens.clone())
            .filter(|tokens| !tokens.is_empty());
        let said = first.and_then(|tokens| Some((tokens.start, said_count(parsed.text(tokens.start))?)));
        let has_said = said.is_some();
        if let Some((token, (count, joiner, length))) = said {
            choice = (count, joiner.unwrap_or_else(|| JOINER.to_owned()));
            parts[0].1 = parsed.tokens[token].span.start + length;
        }
        (parts.len() > 1 || has_said).then_some(Self {
            parts,
            count: choice.0,
            joiner: choice.1,
            after: group.close + 1,
        })
    }
}

/// How many are drawn, what stands between them, and how many bytes say so: `2$$`, `1-3$$`, `2$$ and $$`.
fn said_count(text: &str) -> Option<((usize, usize), Option<String>, usize)> {
    let (count, rest) = text.split_once("$$")?;
    let (least, most) = count.split_once('-').unwrap_or((count, count));
    let number = |text: &str| text.trim().parse::<usize>().ok();
    let (least, most) = (number(least)?, number(most)?);
    let joiner = rest.split_once("$$").map(|(joiner, _)| joiner.to_owned());
    let length = count.len() + 2 + joiner.as_ref().map_or(0, |joiner| joiner.len() + 2);
    Some(((least.min(most), least.max(most)), joiner, length))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn lists(name: &str) -> Option<Vec<String>> {
        let lines = |lines: &[&str]| Some(lines.iter().map(|line| (*line).to_owned()).collect());
        match name {
            "animal" => lines(&["fox", "owl", "{red|blue} {dog|cat}"]),
            "place/sea" => lines(&["harbor"]),
            "endless" => lines(&["a __endless__"]),
            "none" => lines(&[]),
            _ => None,
        }
    }

    /// Everything that is drawn with the first 200 seeds.
    fn all(source: &str) -> BTreeSet<String> {
        (0..200).map(|seed| draw(source, (seed, 0), &lists)).collect()
    }

    fn set(texts: &[&str]) -> BTreeSet<String> {
        texts.iter().map(|text| (*text).to_owned()).collect()
    }

    #[test]
    fn choices_should_be_drawn_from_the_seed() {
        for (source, expected) in [
            ("a {red|blue} boat", &["a red boat", "a blue boat"][..]),
            ("{a|}", &["a", ""]),
            ("{a|{b|c}} (d:1.2)", &["a (d:1.2)", "b (d:1.2)", "c (d:1.2)"]),
            ("{2$$a|b}", &["a, b", "b, a"]),
            ("{2$$ and $$a|b}", &["a and b", "b and a"]),
            ("{0-1$$a}", &["", "a"]),
            ("{9$$a|b}", &["a, b", "b, a"]),
            ("{x AND y|z}", &["x AND y", "z"]),
            ("{(a:1.2)|[b:c:3]}", &["(a:1.2)", "[b:c:3]"]),
            ("{a} {", &["{a} {"]),
            (r"\{a|b\}", &[r"\{a|b\}"]),
            ("[a|b]", &["[a|b]"]),
            ("__place/sea__", &["harbor"]),
            ("__nobody__ __none__", &["__nobody__ __none__"]),
            (
                "__animal__",
                &["fox", "owl", "red dog", "red cat", "blue dog", "blue cat"],
            ),
        ] {
            assert_eq!(all(source), set(expected), "{source}");
        }
        assert_eq!(all("{3$$a|b|c|d}").len(), 24, "every order of every three");
        let twice = || draw("{a|b|c|d|e|f|g} {1-2$$h|i|j}", (77, 1), &lists);
        assert_eq!(twice(), twice());
        assert_ne!(
            (0..20).map(|seed| draw("{a|b}", (seed, 0), &lists)).collect::<Vec<_>>(),
            (0..20).map(|seed| draw("{a|b}", (seed, 1), &lists)).collect::<Vec<_>>(),
            "prompts of one seed draw for themselves"
        );
    }

    #[test]
    fn what_was_drawn_should_hold_nothing_more_to_draw() {
        for seed in 0..50 {
            let drawn = draw("{a|{b|__animal__}|{2$$c|d}}", (seed, 0), &lists);
            assert_eq!(draw(&drawn, (seed + 1, 0), &lists), drawn);
        }
    }

    #[test]
    fn lists_that_name_themselves_and_deep_braces_should_end() {
        assert!(draw("__endless__", (1, 0), &lists).len() < 100);
        let deep = format!("{}a{}", "{".repeat(400_000), "|b}".repeat(400_000));
        assert!(draw(&deep, (1, 0), &lists).len() < 10);
        let many = "__animal__ ".repeat(200_000);
        assert!(draw(&many, (1, 0), &lists).len() < many.len() + 2 * MAX_DRAWN_BYTES);
    }
}
