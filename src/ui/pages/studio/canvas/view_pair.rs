//! What is to be seen of the step on the canvas, and which way of looking comes next.

use std::ops::Range;
use std::sync::Arc;

use crate::job::StepRecord;
use crate::render::latent_view::LatentView;
use crate::ui::model::run_timeline::{RunTimeline, ViewPair};
use crate::unfold::{StepView, word_of};

/// How the last part of a word ends among the tokens of CLIP.
const WORD_END: &str = "</w>";

/// A word of the prompt, as the text encoder reads it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Word {
    /// Its parts among the tokens.
    pub tokens: Range<usize>,
    /// What it is.
    pub kind: WordKind,
}

/// What a word is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WordKind {
    /// It stands in the prompt.
    Written(String),
    /// The mark before the prompt.
    Start,
    /// The mark after the prompt.
    End,
    /// Everything after that.
    Rest,
}

/// The words that tokens make up: `light`, `house</w>` are one.
pub fn words(tokens: &[String]) -> Vec<Word> {
    let is_marked = tokens.iter().any(|token| token.ends_with(WORD_END));
    let mut words = Vec::new();
    let mut text = String::new();
    let mut start = 0;
    for (index, token) in tokens.iter().enumerate() {
        let special = match token.as_str() {
            "" => Some(WordKind::Rest),
            mark if mark.starts_with("<|start") => Some(WordKind::Start),
            mark if mark.starts_with("<|end") => Some(WordKind::End),
            _ => None,
        };
        let is_next_special = tokens
            .get(index + 1)
            .is_none_or(|next| next.is_empty() || next.starts_with("<|"));
        let is_last = token.ends_with(WORD_END) || !is_marked || is_next_special;
        if special.is_none() {
            text.push_str(token.trim_end_matches(WORD_END));
        }
        if special.is_none() && !is_last {
            continue;
        }
        let written = std::mem::take(&mut text);
        words.push(Word {
            tokens: start..index + 1,
            kind: special.unwrap_or(WordKind::Written(written)),
        });
        start = index + 1;
    }
    words
}

/// What a way of looking shows of a step of a run.
pub(in crate::ui) fn seen_of(timeline: &RunTimeline, step: &Arc<StepRecord>, view: StepView) -> LatentView {
    let word = match view {
        StepView::Attention(token) => word_of(&timeline.tokens, token.index),
        _ => 0..0,
    };
    LatentView {
        step: Arc::clone(step),
        final_latents: timeline.final_latents.clone(),
        colours: timeline.colours.clone(),
        view,
        word,
    }
}

impl ViewPair {
    /// The same with a view in the first place; one that stood beside it changes places with it.
    #[must_use]
    pub fn with_first(self, view: StepView) -> Self {
        let second = self
            .second
            .map(|second| if second == view { self.first } else { second });
        Self { first: view, second }.tidy()
    }

    /// The same with a view beside the first, or without it if it stood there.
    #[must_use]
    pub fn with_second(self, view: StepView) -> Self {
        Self {
            second: Some(view).filter(|view| self.second != Some(*view)),
            ..self
        }
        .tidy()
    }

    /// The same with the attention of a word, in the place where attention is already, else in the first.
    #[must_use]
    pub fn with_attention(self, view: StepView) -> Self {
        if matches!(self.second, Some(StepView::Attention(_))) && !matches!(self.first, StepView::Attention(_)) {
            Self {
                second: Some(view),
                ..self
            }
        } else {
            Self { first: view, ..self }
        }
        .tidy()
    }

    /// The same without attention.
    #[must_use]
    pub fn without_attention(self) -> Self {
        let is_plain = |view: &StepView| !matches!(view, StepView::Attention(_));
        Self {
            first: Some(self.first).filter(is_plain).unwrap_or_default(),
            second: self.second.filter(is_plain),
        }
        .tidy()
    }

    /// No view stands beside itself.
    #[must_use]
    pub fn tidy(self) -> Self {
        Self {
            second: self.second.filter(|second| *second != self.first),
            ..self
        }
    }

    /// The word whose attention is kept on the canvas.
    pub fn attention(&self) -> Option<crate::unfold::AttentionToken> {
        let views = [Some(self.first), self.second];
        views.into_iter().flatten().find_map(|view| match view {
            StepView::Attention(token) => Some(token),
            _ => None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(tokens: Range<usize>, text: &str) -> Word {
        let kind = WordKind::Written(text.to_owned());
        Word { tokens, kind }
    }

    #[test]
    fn the_parts_of_a_word_should_be_one() {
        let tokens = [
            "<|startoftext|>",
            "a</w>",
            "light",
            "house</w>",
            ",</w>",
            "<|endoftext|>",
            "",
        ];
        let tokens = tokens.map(str::to_owned);
        let special = |index, kind| Word {
            tokens: index..index + 1,
            kind,
        };
        assert_eq!(
            words(&tokens),
            [
                special(0, WordKind::Start),
                written(1..2, "a"),
                written(2..4, "lighthouse"),
                written(4..5, ","),
                special(5, WordKind::End),
                special(6, WordKind::Rest),
            ]
        );
    }

    #[test]
    fn tokens_without_marks_should_be_words() {
        let tokens = ["a", "cat"].map(str::to_owned);
        assert_eq!(words(&tokens), [written(0..1, "a"), written(1..2, "cat")]);
        let cut = ["a</w>", "light", "<|endoftext|>"].map(str::to_owned);
        assert_eq!(
            words(&cut)[1],
            written(1..2, "light"),
            "cut off by the end of the window"
        );
        assert_eq!(words(&[]), []);
    }

    #[test]
    fn a_view_should_never_stand_beside_itself() {
        let views = ViewPair::default().with_second(StepView::Noise);
        assert_eq!(views.second, Some(StepView::Noise));
        let swapped = views.with_first(StepView::Noise);
        assert_eq!(
            (swapped.first, swapped.second),
            (StepView::Noise, Some(StepView::Estimate))
        );
        assert_eq!(views.with_second(StepView::Noise).second, None);
        assert_eq!(views.with_second(StepView::Estimate).second, None);
    }
}
