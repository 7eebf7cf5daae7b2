//! The run on the canvas as an object, live or kept: what the timeline scrubs, the views draw and the plots plot.

use std::path::PathBuf;
use std::sync::Arc;

use super::notifications::Text;
use crate::job::{Change, GenerateRequest, JobId, LatentColours, LatentPlane, Record, StepRecord};
use crate::unfold::View;

/// Where a run comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// The engine makes it, or has made it since the program started.
    Live(JobId),
    /// It was read from beside this picture.
    Kept(PathBuf),
}

/// How a step is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Ways {
    /// On the whole canvas, or its left half.
    pub first: View,
    /// On its right half, if there is one.
    pub second: Option<View>,
}

/// A run, step by step.
#[derive(Debug, Clone)]
pub struct Unfolding {
    /// Where it comes from.
    pub source: Source,
    /// What was asked for; changes made on the way are in [`Self::changes`] until the picture is finished.
    pub request: Arc<GenerateRequest>,
    /// How the picture was made, once it is finished.
    pub record: Option<Arc<Record>>,
    /// The steps there are, in order; a run that is thinned out has gaps.
    pub steps: Vec<Arc<StepRecord>>,
    /// Noise levels of the whole run, one more than there are steps; empty while they are not known.
    pub sigmas: Vec<f64>,
    /// What the steps' attention belongs to.
    pub tokens: Arc<[String]>,
    /// How its latents look without a decoder.
    pub colours: Option<Arc<LatentColours>>,
    /// The result, once it is there.
    pub final_latents: Option<Arc<LatentPlane>>,
    /// Everything that changed on the way, in the order of steps.
    pub changes: Vec<Arc<Change>>,
    /// What is missing, if the run was not kept as a whole.
    pub missing: Option<Text>,
}
