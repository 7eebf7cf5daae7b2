//! What to make. The whole request is the record: submitting it again makes the same picture.

use std::collections::BTreeSet;
use std::path::PathBuf;

use super::request_error::{MAX_BATCH_COUNT, MAX_SIDE_PX, MAX_STEPS, RequestError, SIZE_MULTIPLE_PX};
use super::task::{self, MAX_ADAPTERS};
use super::{
    Change, Control, Film, Hires, InitPicture, LoraSpec, Mask, ModelRef, NoiseSource, Outpaint, PromptSwitch,
    Reference, Refiner, Setting, Tiling, Upscale, Variation,
};
use crate::prompt::{Emphasis, PromptSyntax};

/// Which of the training timesteps a run visits (Table 2 of <https://arxiv.org/abs/2305.08891>).
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TimestepSpacing {
    /// Multiples of the stride counted from 0; the last timesteps are not visited.
    Leading,
    /// Multiples of the stride counted down from the end.
    Trailing,
    /// Evenly from the first to the last.
    Linspace,
}

/// What to make: text to pictures, and whatever the pictures may be made from beside it.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(default)]
pub struct GenerateRequest {
    /// The model to ask.
    pub model: ModelRef,
    /// What to draw.
    pub prompt: String,
    /// What to stay away from.
    pub negative_prompt: String,
    /// How both are read; records of before there was a choice mean every sign literally.
    #[serde(default = "PromptSyntax::of_old_records")]
    pub prompt_syntax: PromptSyntax,
    /// What weights in them do.
    pub emphasis: Emphasis,
    /// Width in pixels, a multiple of [`SIZE_MULTIPLE_PX`].
    pub width_px: u32,
    /// Height in pixels, a multiple of [`SIZE_MULTIPLE_PX`].
    pub height_px: u32,
    /// Sampler steps, 1 to [`MAX_STEPS`].
    pub steps: u32,
    /// `uncond + s · (cond − uncond)`; any real number, 1 is the plain conditional model.
    pub guidance_scale: f64,
    /// φ of Lin et al. (2023), section 3.4: 0 leaves the guided prediction as it is, 1 gives it the spread of the
    /// conditional one; any real number.
    pub guidance_rescale: f64,
    /// Sampler: its id in records; any name it goes by, with or without a schedule at its end, where it is asked for.
    pub sampler: String,
    /// Schedule: its id in records, any name it goes by where it is asked for.
    pub schedule: String,
    /// Spacing of the timesteps; `None` takes the model's own.
    pub timestep_spacing: Option<TimestepSpacing>,
    /// Noise added by DDIM, 0 none, 1 as much as DDPM, and the γ of TCD; other samplers ignore it.
    pub eta: f64,
    /// Seed of the first picture; the next ones of a batch count up from it.
    pub seed: u64,
    /// Pictures to make, 1 to [`MAX_BATCH_COUNT`].
    pub batch_count: u32,
    /// Layers of the text encoder to leave out at its end, for the prompt only, as diffusers counts: 0 uses all.
    pub clip_skip: u32,
    /// Another autoencoder than the model's own: its folder or file.
    pub vae: Option<PathBuf>,
    /// Part of the run in which guidance is used, as fractions of its steps; outside of it the scale is 1.
    pub guidance_interval: [f64; 2],
    /// Guidance scales spread evenly over the run; empty takes [`Self::guidance_scale`] throughout.
    pub guidance_schedule: Vec<f64>,
    /// The picture to start from, if any.
    pub init: Option<InitPicture>,
    /// Where to paint in it; `None` is everywhere.
    pub mask: Option<Mask>,
    /// How far it is painted on beyond its edges.
    pub outpaint: Outpaint,
    /// Pictures to follow.
    pub controls: Vec<Control>,
    /// Pictures as prompts.
    pub references: Vec<Reference>,
    /// Other prompts from given steps on.
    pub prompt_switches: Vec<PromptSwitch>,
    /// A second pass at a larger size.
    pub hires: Option<Hires>,
    /// Enlargement by a network made for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub upscale: Option<Upscale>,
    /// Another model for the last steps.
    pub refiner: Option<Refiner>,
    /// A little of another seed's noise.
    pub variation: Option<Variation>,
    /// Which edges join without a seam.
    pub tiling: Tiling,
    /// Which generator makes the noise that the run starts from.
    pub noise_source: NoiseSource,
    /// Adapters laid over the model, all at once; their order does not matter.
    pub loras: Vec<LoraSpec>,
    /// Files of textual inversion, whose words the prompts may use.
    pub embeddings: Vec<PathBuf>,
    /// What the picture shows, for models that know classes instead of words: from 0.
    pub class_label: Option<u32>,
    /// How much noise the picture to start from is put under by a model that enlarges it, as a timestep; `None` takes
    /// 20.
    pub noise_level: Option<u32>,
    /// A film is to be made, whose frames are pictures of their own.
    pub film: Option<Film>,
    /// What is different from given steps on.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub changes: Vec<Change>,
    /// Ends the run after so many steps, counted as [`Change::step`] is: the estimate it has then is the picture.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stop_after: Option<u32>,
    /// In records: settings that nobody wrote down, for which the fields above hold defaults that are no facts.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub unknown: BTreeSet<Setting>,
}

impl Default for GenerateRequest {
    fn default() -> Self {
        Self {
            model: ModelRef::Starter,
            prompt: String::new(),
            negative_prompt: String::new(),
            prompt_syntax: PromptSyntax::default(),
            emphasis: Emphasis::default(),
            width_px: 256,
            height_px: 256,
            steps: 25,
            guidance_scale: 5.0,
            guidance_rescale: 0.0,
            sampler: "dpmpp_2m".to_owned(),
            schedule: "normal".to_owned(),
            timestep_spacing: None,
            eta: 0.0,
            seed: 0,
            batch_count: 1,
            clip_skip: 0,
            vae: None,
            guidance_interval: [0.0, 1.0],
            guidance_schedule: Vec::new(),
            init: None,
            mask: None,
            outpaint: Outpaint::default(),
            controls: Vec::new(),
            references: Vec::new(),
            prompt_switches: Vec::new(),
            hires: None,
            upscale: None,
            refiner: None,
            variation: None,
            tiling: Tiling::default(),
            noise_source: NoiseSource::Hareru,
            loras: Vec::new(),
            embeddings: Vec::new(),
            class_label: None,
            noise_level: None,
            film: None,
            changes: Vec::new(),
            stop_after: None,
            unknown: BTreeSet::new(),
        }
    }
}

impl GenerateRequest {
    /// The edges that join: those of its tiling, none where a part of a larger picture is painted, whose edges are not the
    /// picture's.
    pub fn joined_edges(&self) -> Tiling {
        let mask = self.mask.as_ref();
        let is_part = mask.is_some_and(|mask| mask.only_masked_padding_px.is_some());
        if is_part { Tiling::default() } else { self.tiling }
    }

    /// What makes the picture itself: of one that was only enlarged, the request of what it was before.
    #[must_use]
    pub fn of_making(mut self) -> Self {
        self.upscale = self.upscale.filter(|upscale| upscale.picture.is_none());
        self
    }

    /// Checks all that can be checked without a model; names of samplers and schedules are the engine's to check.
    ///
    /// # Errors
    /// The first field that is out of its range.
    pub fn validate(&self) -> Result<(), RequestError> {
        let side_is_fine =
            |side: u32| (SIZE_MULTIPLE_PX..=MAX_SIDE_PX).contains(&side) && side.is_multiple_of(SIZE_MULTIPLE_PX);
        if !side_is_fine(self.width_px) || !side_is_fine(self.height_px) {
            return Err(RequestError::Size {
                width_px: self.width_px,
                height_px: self.height_px,
            });
        }
        if !(1..=MAX_STEPS).contains(&self.steps) {
            return Err(RequestError::Steps { found: self.steps });
        }
        if !(1..=MAX_BATCH_COUNT).contains(&self.batch_count) {
            return Err(RequestError::BatchCount {
                found: self.batch_count,
            });
        }
        for (field, found) in [
            ("guidance", self.guidance_scale),
            ("rescale φ", self.guidance_rescale),
            ("eta", self.eta),
        ] {
            if !found.is_finite() {
                return Err(RequestError::NotFinite { field, found });
            }
        }
        if !(0.0..=1.0).contains(&self.eta) {
            return Err(RequestError::Eta { found: self.eta });
        }
        self.loras.iter().try_for_each(LoraSpec::validate)?;
        self.validate_guidance()?;
        self.validate_tasks()
    }

    fn validate_guidance(&self) -> Result<(), RequestError> {
        let [start, end] = self.guidance_interval;
        if !(0.0 <= start && start <= end && end <= 1.0) {
            return Err(RequestError::Range {
                field: "guidance interval",
                expected: "0 <= start <= end <= 1".to_owned(),
                found: format!("{start} to {end}"),
            });
        }
        match self.guidance_schedule.iter().find(|scale| !scale.is_finite()) {
            Some(found) => Err(RequestError::NotFinite {
                field: "guidance schedule",
                found: *found,
            }),
            None => Ok(()),
        }
    }

    fn validate_tasks(&self) -> Result<(), RequestError> {
        let count = self.controls.len() + self.references.len();
        if count > MAX_ADAPTERS {
            return Err(RequestError::Range {
                field: "number of controls and references",
                expected: format!("0 to {MAX_ADAPTERS}"),
                found: count.to_string(),
            });
        }
        if self.init.is_none() {
            for (is_there, field) in [(self.mask.is_some(), "a mask"), (self.outpaint.is_any(), "outpainting")] {
                if is_there {
                    let needs = "a picture to start from";
                    return Err(RequestError::Needs { field, needs });
                }
            }
        }
        self.init.as_ref().map_or(Ok(()), InitPicture::validate)?;
        self.mask.as_ref().map_or(Ok(()), Mask::validate)?;
        self.outpaint.validate()?;
        self.controls.iter().try_for_each(Control::validate)?;
        self.references.iter().try_for_each(Reference::validate)?;
        self.film.as_ref().map_or(Ok(()), Film::validate)?;
        if let Some(found) = self.noise_level.filter(|level| *level >= MAX_STEPS) {
            return Err(RequestError::Range {
                field: "noise level",
                expected: format!("0 to {}", MAX_STEPS - 1),
                found: found.to_string(),
            });
        }
        self.hires.as_ref().map_or(Ok(()), Hires::validate)?;
        self.upscale.as_ref().map_or(Ok(()), Upscale::validate)?;
        self.variation.as_ref().map_or(Ok(()), Variation::validate)?;
        let controls = self.controls.len();
        self.changes.iter().try_for_each(|change| change.validate(controls))?;
        if self.stop_after == Some(0) {
            return Err(RequestError::Range {
                field: "stop after",
                expected: "1 step or more".to_owned(),
                found: "0".to_owned(),
            });
        }
        for switch in &self.prompt_switches {
            task::step_within("switch step", switch.step, self.steps)?;
        }
        match &self.refiner {
            Some(refiner) => task::step_within("refiner step", refiner.step, self.steps),
            None => Ok(()),
        }
    }
}
