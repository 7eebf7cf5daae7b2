//! What a trajectory's file says of itself.

use crate::job::{LatentColours, Record};

/// What can be known of a kept run without reading its steps.
#[derive(Debug, Clone, PartialEq)]
pub struct TrajectoryHeader {
    /// How the picture was made.
    pub record: Record,
    /// See [`Trajectory::tokens`](crate::job::Trajectory::tokens).
    pub tokens: Vec<String>,
    /// See [`Trajectory::colours`](crate::job::Trajectory::colours).
    pub colours: Option<LatentColours>,
    /// How large it is.
    pub size: TrajectorySize,
}

/// How large a kept run is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrajectorySize {
    /// Of the file.
    pub bytes: u64,
    /// Steps in it.
    pub num_steps: usize,
    /// Channels of its latents.
    pub channels: usize,
    /// Rows of its latents.
    pub height: usize,
    /// Columns of its latents.
    pub width: usize,
    /// What there is besides x and x₀.
    pub parts: KeptParts,
}

/// Optional parts of a kept run, which only views need; thinning removes them all.
#[derive(Debug, Clone, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
#[serde(default)]
pub struct KeptParts {
    /// The noise seen under the prompt, at some steps at least.
    pub eps_cond: bool,
    /// The noise seen under the negative prompt, at some steps at least.
    pub eps_uncond: bool,
    /// Height and width of the attention's levels, in the order of
    /// [`StepRecord::attention`](crate::job::StepRecord::attention).
    pub attention: Vec<(usize, usize)>,
}

impl KeptParts {
    /// Whether there is nothing but x and x₀.
    pub fn is_thin(&self) -> bool {
        *self == Self::default()
    }
}

/// The header as it is written.
#[derive(serde::Serialize)]
pub(super) struct HeaderText<'a, R> {
    pub(super) version: u32,
    pub(super) seed: u64,
    pub(super) record: &'a R,
    pub(super) tokens: &'a [String],
    pub(super) colours: Option<&'a LatentColours>,
    pub(super) parts: &'a KeptParts,
}

/// The version alone: a later one may mean anything by the rest.
#[derive(serde::Deserialize)]
pub(super) struct Version {
    pub(super) version: u32,
}

/// The header as it is read.
#[derive(Debug, serde::Deserialize)]
pub(super) struct Header {
    pub(super) seed: u64,
    /// As JSON, so that one of a later layout survives thinning and does not keep the steps from being read.
    pub(super) record: serde_json::Value,
    #[serde(default)]
    pub(super) tokens: Vec<String>,
    #[serde(default)]
    pub(super) colours: Option<LatentColours>,
    #[serde(default)]
    pub(super) parts: KeptParts,
}
