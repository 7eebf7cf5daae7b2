//! What a prompt says at a step.

use std::ops::Range;

use super::parse::{Group, GroupKind, Parsed, When, number};
use super::token::{Bracket, TokenKind};

/// What `(a)` multiplies by and `[a]` divides by.
const EMPHASIS: f64 = 1.1;

/// A stretch of what is drawn at a step.
#[derive(Debug, Clone, PartialEq)]
pub enum Fragment {
    /// Words and their weight.
    Text {
        /// Without the backslashes of escapes; never empty.
        text: String,
        /// 1 is usual; always finite.
        weight: f64,
    },
    /// The next chunk begins.
    Break,
}

/// One of the prompts that `AND` joins, at a step.
#[derive(Debug, Clone, PartialEq)]
pub struct PromptPart {
    /// What it says.
    pub fragments: Vec<Fragment>,
    /// What its guidance is multiplied by; always finite.
    pub weight: f64,
}

/// A step of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment {
    /// From 0; those of a second pass count on.
    pub step: u32,
    /// Steps of the first pass and of the second, 0 without one.
    pub passes: [u32; 2],
}

impl Moment {
    /// The pass (0 or 1) and the step within it, from 1.
    fn in_pass(self) -> (usize, u32) {
        match self.step.checked_sub(self.passes[0]) {
            Some(step) if self.passes[1] > 0 => (1, step + 1),
            _ => (0, self.step.saturating_add(1)),
        }
    }
}

impl When {
    /// The last step, from 1, that shows what stands before; below 1 if none of this pass does.
    fn last_step(self, pass: usize, passes: [u32; 2]) -> f64 {
        let steps = f64::from(passes[pass]);
        let before = if pass == 0 { 0.0 } else { f64::from(passes[0]) };
        let step = match self {
            Self::Steps(step) => step - before,
            Self::Part(part) => (part - pass as f64) * steps,
        };
        step.trunc().min(steps)
    }
}

impl Parsed<'_> {
    /// What it says at a step, one part for each prompt that `AND` joins; never empty.
    pub fn at(&self, moment: Moment) -> Vec<PromptPart> {
        let last = self.parts.len() - 1;
        let part = |(place, tokens): (usize, &Range<usize>)| {
            let (shown, weight) = self.weighed(tokens.clone());
            let is_cut = [place > 0, place < last || shown.end < tokens.end];
            PromptPart {
                fragments: trimmed(&self.fragments(&self.visible(shown, moment)), is_cut),
                weight,
            }
        };
        self.parts.iter().enumerate().map(part).collect()
    }

    /// The steps, from 0 and in order, from which on it may say something else than at the step before; 0 is one of them.
    pub fn switches(&self, passes: [u32; 2]) -> Vec<u32> {
        let mut found = vec![0];
        let (total, begins) = (passes[0].saturating_add(passes[1]), [0, passes[0]]);
        for group in &self.groups {
            match group.kind {
                GroupKind::Alternate => return (0..total.max(1)).collect(),
                GroupKind::Schedule(when) => {
                    for (pass, begin) in begins.into_iter().enumerate() {
                        let last = when.last_step(pass, passes).max(0.0) as u32;
                        found.push(begin.saturating_add(last));
                    }
                }
                GroupKind::Emphasis | GroupKind::Choice => {}
            }
        }
        if found.len() > 1 {
            found.push(passes[0]);
        }
        found.retain(|step| *step < total.max(1));
        found.sort_unstable();
        found.dedup();
        found
    }

    /// A part without the weight at its end, and that weight.
    fn weighed(&self, tokens: Range<usize>) -> (Range<usize>, f64) {
        let is_drawn = |at: &usize| match self.tokens[*at].kind {
            TokenKind::Network | TokenKind::Comment => false,
            TokenKind::Text => !self.text(*at).trim().is_empty(),
            _ => true,
        };
        let mut last = tokens.clone().rev().filter(is_drawn);
        let (Some(weight), Some(colon)) = (last.next(), last.next()) else {
            return (tokens, 1.0);
        };
        let is_weight = self.tokens[weight].kind == TokenKind::Text && self.tokens[colon].kind == TokenKind::Colon;
        match number(self.text(weight)) {
            Some((factor, _)) if is_weight => (tokens.start..colon, factor),
            _ => (tokens, 1.0),
        }
    }

    /// Indices of the tokens that are shown at a step, without the brackets and signs of schedules.
    fn visible(&self, tokens: Range<usize>, moment: Moment) -> Vec<usize> {
        let mut visible = Vec::new();
        // Where the shown part of a group ends, and where it goes on then.
        let mut inside: Vec<(usize, usize)> = Vec::new();
        let mut at = tokens.start;
        loop {
            if let Some(&(_, after)) = inside.last().filter(|(end, _)| at >= *end) {
                inside.pop();
                at = after;
                continue;
            }
            if at >= tokens.end {
                return visible;
            }
            let is_open = self.tokens[at].kind == TokenKind::Open(Bracket::Square);
            let group = if is_open { self.group_at(at) } else { None };
            if let Some((shown, after)) = group.and_then(|group| Some((group.shown(moment)?, group.close + 1))) {
                inside.push((shown.end, after));
                at = shown.start;
            } else {
                visible.push(at);
                at += 1;
            }
        }
    }

    /// The text of these tokens, weighed by the brackets among them: every kind of bracket by itself, and one that is not
    /// closed up to the end.
    fn fragments(&self, visible: &[usize]) -> Vec<Fragment> {
        let brackets = Brackets::of(self, visible);
        let mut fragments: Vec<Fragment> = Vec::new();
        let mut weights = [vec![1.0], vec![1.0]];
        for (place, &at) in visible.iter().enumerate() {
            let text = self.text(at);
            let drawn = match (brackets.acts[place], self.tokens[at].kind) {
                (Act::Open(bracket, factor), _) => {
                    let weights = &mut weights[bracket as usize];
                    let outer = weights.last().copied().unwrap_or(1.0);
                    weights.push(outer * factor);
                    continue;
                }
                (Act::Close(bracket), _) => {
                    weights[bracket as usize].pop();
                    continue;
                }
                (Act::Hidden, _) | (_, TokenKind::Network | TokenKind::Comment) => continue,
                (Act::Draw, TokenKind::Break) => {
                    fragments.push(Fragment::Break);
                    continue;
                }
                (Act::Draw, TokenKind::Escape) => &text[1..],
                (Act::Draw, _) => text,
            };
            let [round, square] = weights.each_ref().map(|weights| weights.last().copied().unwrap_or(1.0));
            let weight = f64::clamp(round * square, f64::MIN, f64::MAX);
            match fragments.last_mut() {
                _ if drawn.is_empty() => {}
                Some(Fragment::Text { text, weight: last }) if last.to_bits() == weight.to_bits() => {
                    text.push_str(drawn);
                }
                _ => fragments.push(Fragment::Text {
                    text: drawn.to_owned(),
                    weight,
                }),
            }
        }
        fragments
    }
}

/// The same without blanks beside `BREAK` and, at an end that `AND` or a weight cuts off, beside that.
fn trimmed(fragments: &[Fragment], [is_begin_cut, is_end_cut]: [bool; 2]) -> Vec<Fragment> {
    let is_break = |at: usize| {
        fragments
            .get(at)
            .map_or(is_end_cut, |fragment| *fragment == Fragment::Break)
    };
    let trim = |(at, fragment): (usize, &Fragment)| match fragment {
        Fragment::Break => Some(Fragment::Break),
        Fragment::Text { text, weight } => {
            let mut text = text.as_str();
            if at.checked_sub(1).map_or(is_begin_cut, is_break) {
                text = text.trim_start();
            }
            if is_break(at + 1) {
                text = text.trim_end();
            }
            let (text, weight) = (text.to_owned(), *weight);
            (!text.is_empty()).then_some(Fragment::Text { text, weight })
        }
    };
    fragments.iter().enumerate().filter_map(trim).collect()
}

/// What a token does where brackets weigh.
#[derive(Debug, Clone, Copy)]
enum Act {
    Draw,
    Hidden,
    Open(Bracket, f64),
    Close(Bracket),
}

/// What each of the shown tokens does.
struct Brackets {
    acts: Vec<Act>,
}

impl Brackets {
    fn of(parsed: &Parsed<'_>, visible: &[usize]) -> Self {
        let kind = |place: usize| parsed.tokens[visible[place]].kind;
        let mut acts = vec![Act::Draw; visible.len()];
        let mut open = [Vec::new(), Vec::new()];
        for place in 0..visible.len() {
            match kind(place) {
                TokenKind::Open(bracket @ (Bracket::Round | Bracket::Square)) => {
                    let factor = if bracket == Bracket::Round {
                        EMPHASIS
                    } else {
                        EMPHASIS.recip()
                    };
                    acts[place] = Act::Open(bracket, factor);
                    open[bracket as usize].push(place);
                }
                TokenKind::Close(bracket @ (Bracket::Round | Bracket::Square)) => {
                    let Some(begin) = open[bracket as usize].pop() else {
                        continue;
                    };
                    acts[place] = Act::Close(bracket);
                    let has_colon = place >= 2 && kind(place - 2) == TokenKind::Colon;
                    if bracket == Bracket::Round
                        && has_colon
                        && kind(place - 1) == TokenKind::Text
                        && let Some((factor, _)) = number(parsed.text(visible[place - 1]))
                    {
                        acts[begin] = Act::Open(bracket, factor);
                        acts[place - 2..place].fill(Act::Hidden);
                    }
                }
                _ => {}
            }
        }
        Self { acts }
    }
}

impl Group {
    /// Tokens that are shown at a step; `None` if it hides nothing.
    fn shown(&self, moment: Moment) -> Option<Range<usize>> {
        let (pass, step) = moment.in_pass();
        match self.kind {
            GroupKind::Schedule(when) => {
                let is_before = f64::from(step) <= when.last_step(pass, moment.passes);
                let mut parts = self.parts();
                let (first, second) = (parts.next()?, parts.next()?);
                let (before, after) = match self.cuts.len() {
                    1 => (first.start..first.start, first),
                    _ => (first, second),
                };
                Some(if is_before { before } else { after })
            }
            GroupKind::Alternate => self.parts().nth((step.max(1) as usize - 1) % (self.cuts.len() + 1)),
            GroupKind::Emphasis | GroupKind::Choice => None,
        }
    }
}
