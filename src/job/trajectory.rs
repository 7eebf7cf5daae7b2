//! The kept run: every step of one picture, as plain data.

use std::sync::Arc;

use super::{ErrorCode, GenerateRequest, LatentColours, LatentPlane, Record};

/// One step of a run, as it was before the step was taken.
#[derive(Debug, Clone, PartialEq)]
pub struct StepRecord {
    /// Place in the run, from 0.
    pub index: usize,
    /// Noise level of `x`, in units of the data's standard deviation.
    pub sigma: f64,
    /// Training timestep the network was given.
    pub timestep: f64,
    /// The noisy latents, x = x₀ + σ·ε.
    pub x: LatentPlane,
    /// The estimate of the clean latents at this step, after guidance.
    pub x0: LatentPlane,
    /// What each prompt alone would have said, if it was asked for.
    pub branches: Option<Branches>,
    /// Where the network looked at which token, if it was asked for: one for each size of its feature maps, the largest
    /// first.
    pub attention: Vec<TokenMaps>,
    /// Wall time of the step, in seconds.
    pub secs: f64,
}

impl StepRecord {
    /// Bytes that its numbers take in memory.
    pub fn size_bytes(&self) -> usize {
        let branches = self.branches.iter();
        let branches = branches.flat_map(|branches| std::iter::once(&branches.cond).chain(&branches.uncond));
        let planes = [&self.x, &self.x0].into_iter().chain(branches);
        let latents: usize = planes.map(|plane| plane.values.len()).sum();
        let maps: usize = self.attention.iter().map(|maps| maps.values.len()).sum();
        (latents + maps) * size_of::<f32>()
    }
}

/// The noise ε = (x − x₀) / σ that the network saw under each prompt, before guidance. For views and plots only: a file
/// keeps it in half precision.
#[derive(Debug, Clone, PartialEq)]
pub struct Branches {
    /// Under the prompt.
    pub cond: LatentPlane,
    /// Under the negative prompt; `None` where guidance did not need it.
    pub uncond: Option<LatentPlane>,
}

/// How much of its attention each place of a feature map gives to each token of the prompt, the mean of all heads and of
/// all layers of that size. For views only: a file keeps it in half precision.
///
/// Source: after Tang et al. (2022), <https://arxiv.org/abs/2210.04885>.
#[derive(Debug, Clone, PartialEq)]
pub struct TokenMaps {
    /// Maps: one for each of [`Trajectory::tokens`].
    pub tokens: usize,
    /// Rows.
    pub height: usize,
    /// Columns.
    pub width: usize,
    /// `tokens · height · width` values from 0 to 1, map by map; at each place they sum to 1 over the tokens.
    pub values: Vec<f32>,
}

/// How one picture came to be: the sampler's whole state at every step.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Trajectory {
    /// Seed of the noise.
    pub seed: u64,
    /// Noise levels of the whole run, one more than there are steps.
    pub sigmas: Vec<f64>,
    /// Training timesteps of the whole run, one per step.
    pub timesteps: Vec<f64>,
    /// The steps taken, in order. The first ones are missing where a run began from a picture.
    pub steps: Vec<Arc<StepRecord>>,
    /// The result, in the scale the VAE decodes.
    pub final_latents: LatentPlane,
    /// What the maps of [`StepRecord::attention`] belong to: the tokens of the prompt as text, from the one that begins
    /// it to the one that ends it, and a last one, empty, for everything after. Empty if no attention was kept.
    pub tokens: Vec<String>,
    /// How its latents look without a decoder; `None` for networks that work on pixels themselves.
    pub colours: Option<LatentColours>,
}

impl Trajectory {
    /// The step at a place of the run.
    pub fn at(&self, index: usize) -> Option<&StepRecord> {
        self.steps.iter().map(Arc::as_ref).find(|step| step.index == index)
    }
}

/// A kept run, from which another one may take its first steps.
#[derive(Debug, Clone, PartialEq)]
pub struct KeptRun {
    /// How its picture was made.
    pub record: Record,
    /// Its steps.
    pub trajectory: Arc<Trajectory>,
}

/// Why a branch would not be what the whole run would be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Inexact {
    /// The step was not kept.
    #[error("step {step} was not kept; there are {kept}")]
    NoStep {
        /// The step, from 0.
        step: u32,
        /// The steps there are, in words.
        kept: String,
    },
    /// The request is another one before the step already.
    #[error("the settings differ from step {differs} on, before the branch at step {step}")]
    Settings {
        /// The branch.
        step: u32,
        /// The first step that differs.
        differs: u32,
    },
    /// The file of the model is another one.
    #[error("the model has changed: its hash was {expected}, found {found}")]
    Model {
        /// Hash in the record.
        expected: String,
        /// Hash of the model now.
        found: String,
    },
    /// It would be computed in another number format.
    #[error("the run was computed in {expected}, the branch would be in {found}")]
    Precision {
        /// Number format in the record.
        expected: String,
        /// The one asked for.
        found: String,
    },
}

impl Inexact {
    /// The same for a window.
    pub fn code(&self) -> ErrorCode {
        match self {
            Self::NoStep { step, .. } => ErrorCode::new("branch-no-step").with("step", step + 1),
            Self::Settings { differs, .. } => ErrorCode::new("branch-other-settings").with("step", differs + 1),
            Self::Model { .. } => ErrorCode::new("branch-other-model"),
            Self::Precision { expected, found } => ErrorCode::new("branch-other-precision")
                .with("expected", expected.as_str())
                .with("found", found.as_str()),
        }
    }
}

impl KeptRun {
    /// Why a branch at `step` would not be what the whole of `request` would be; `None` if it is the same bit for bit.
    ///
    /// * `model_hash`, `precision`: what the branch would be computed with; empty if unknown.
    pub fn why_inexact(
        &self,
        request: &GenerateRequest,
        step: u32,
        model_hash: &str,
        precision: &str,
    ) -> Option<Inexact> {
        let steps = &self.trajectory.steps;
        let is_whole = steps.windows(2).all(|pair| pair[0].index + 1 == pair[1].index);
        if self.trajectory.at(step as usize).is_none() || !is_whole {
            let kept = match (steps.first(), steps.last()) {
                (Some(first), Some(last)) if is_whole => format!("{} to {}", first.index, last.index),
                (Some(_), Some(_)) => format!("{} of them, with gaps", steps.len()),
                _ => "none".to_owned(),
            };
            return Some(Inexact::NoStep { step, kept });
        }
        let differs = self.record.request.shared_steps(request);
        if differs < step {
            return Some(Inexact::Settings { step, differs });
        }
        let is_other = |kept: &str, now: &str| !kept.is_empty() && !now.is_empty() && kept != now;
        if is_other(&self.record.model_hash, model_hash) {
            return Some(Inexact::Model {
                expected: self.record.model_hash.clone(),
                found: model_hash.to_owned(),
            });
        }
        is_other(&self.record.precision, precision).then(|| Inexact::Precision {
            expected: self.record.precision.clone(),
            found: precision.to_owned(),
        })
    }
}
