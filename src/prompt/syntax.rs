//! How a prompt is to be read, and what it says once it is.

use super::parse::{Role, parse};
use super::reading::{Fragment, Moment, PromptPart};

/// How a prompt is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PromptSyntax {
    /// With the signs that A1111 knows, and in as many chunks as it takes.
    #[default]
    A1111,
    /// Every sign for itself, and no more than one chunk: as version 0.1 did.
    Literal,
}

impl PromptSyntax {
    /// How prompts of records are read that do not say it.
    pub fn of_old_records() -> Self {
        Self::Literal
    }
}

/// What weights do to embeddings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Emphasis {
    /// They multiply; then all of a chunk is scaled so that its mean is what it was, as in A1111.
    #[default]
    KeepMean,
    /// They go from the empty prompt's embedding to the prompt's and beyond, as in `ComfyUI`.
    Interpolate,
}

/// What a prompt says at a step.
#[derive(Debug, Clone, PartialEq)]
pub enum PromptText {
    /// This text, cut to one chunk.
    Literal(String),
    /// These, each in as many chunks as it takes; never empty.
    Parts(Vec<PromptPart>),
}

/// The steps, from 0 and in order, from which on a prompt may say something else than at the step before; 0 is one of them.
pub fn switches(source: &str, (syntax, role): (PromptSyntax, Role), passes: [u32; 2]) -> Vec<u32> {
    match syntax {
        PromptSyntax::Literal => vec![0],
        PromptSyntax::A1111 => parse(source, role).switches(passes),
    }
}

impl PromptText {
    /// What a prompt says at a step.
    pub fn at(source: &str, (syntax, role): (PromptSyntax, Role), moment: Moment) -> Self {
        match syntax {
            PromptSyntax::Literal => Self::Literal(source.to_owned()),
            PromptSyntax::A1111 => Self::Parts(parse(source, role).at(moment)),
        }
    }

    /// Its words alone, for networks that know no weights.
    pub fn plain(&self) -> String {
        let fragments = match self {
            Self::Literal(text) => return text.clone(),
            Self::Parts(parts) => parts.iter().flat_map(|part| &part.fragments),
        };
        let words = fragments.map(|fragment| match fragment {
            Fragment::Text { text, .. } => text,
            Fragment::Break => " ",
        });
        words.collect()
    }

    /// Whether it says nothing at all.
    pub fn is_empty(&self) -> bool {
        let is_text = |fragment: &Fragment| matches!(fragment, Fragment::Text { .. });
        match self {
            Self::Literal(text) => text.is_empty(),
            Self::Parts(parts) => !parts.iter().any(|part| part.fragments.iter().any(is_text)),
        }
    }
}
