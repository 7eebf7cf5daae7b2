//! The form: what the next picture shall be.

use std::hash::{BuildHasher as _, Hasher as _};
use std::path::{Path, PathBuf};

use crate::job::{
    GenerateRequest, JobOptions, LoraSpec, MAX_BATCH_COUNT, MAX_SIDE_PX, MAX_STEPS, Mask, ModelInfo, ModelRef,
    Precision, PreviewMode, RequestError, SIZE_MULTIPLE_PX, Takes, TimestepSpacing,
};
use crate::ui::model::notifications::Text;
use crate::ui::pages::studio::sweep::draft::SweepDraft;

/// Prompts that show what the model in the program can do; the first is there when the window opens first.
pub const STARTER_PROMPTS: [&str; 4] = [
    "a lighthouse by the sea at sunset, vector image",
    "three purple balloons over the mountains at sunrise, watercolor",
    "the milky way over a forest, paper cut-out",
    "blue hydrangeas in a vase by the window, oil painting",
];

/// The same in Japanese, which the model reads too.
pub const STARTER_PROMPTS_JA: [&str; 4] = [
    "夕焼けの海と灯台、ベクター画像",
    "日の出の山と三つの紫の気球、水彩画",
    "天の川の森、切り絵",
    "花瓶 青い紫陽花、油絵",
];

/// Steps and guidance scale that the starter model's adapter for few steps was distilled for: guidance is in it already.
const FEW_STEPS: (u32, f64) = (4, 1.0);

/// The sampler that η belongs to.
pub const SAMPLER_WITH_ETA: &str = "ddim";

/// The values a model looks best with, and those that no model changes.
#[derive(Debug, Clone, PartialEq)]
pub struct Defaults {
    /// Native width in pixels.
    pub width_px: u32,
    /// Native height in pixels.
    pub height_px: u32,
    /// Sampler steps.
    pub steps: u32,
    /// Guidance scale.
    pub guidance_scale: f64,
    /// φ.
    pub guidance_rescale: f64,
    /// Sampler id.
    pub sampler: String,
    /// Schedule id.
    pub schedule: String,
    /// η.
    pub eta: f64,
    /// Layers of the text encoder to leave out.
    pub clip_skip: u32,
    /// Pictures to make.
    pub batch_count: u32,
    /// What the sides of pictures are multiples of, in pixels.
    pub size_multiple_px: u32,
    /// What the model takes from a request.
    pub takes: Takes,
}

impl Default for Defaults {
    fn default() -> Self {
        let request = GenerateRequest::default();
        Self {
            width_px: request.width_px,
            height_px: request.height_px,
            steps: request.steps,
            guidance_scale: request.guidance_scale,
            guidance_rescale: request.guidance_rescale,
            sampler: request.sampler,
            schedule: request.schedule,
            eta: request.eta,
            clip_skip: request.clip_skip,
            batch_count: request.batch_count,
            size_multiple_px: SIZE_MULTIPLE_PX,
            takes: Takes::default(),
        }
    }
}

impl From<&ModelInfo> for Defaults {
    fn from(info: &ModelInfo) -> Self {
        let model = &info.defaults;
        Self {
            width_px: model.width_px,
            height_px: model.height_px,
            steps: model.steps,
            guidance_scale: model.guidance_scale,
            sampler: model.sampler.to_owned(),
            schedule: model.schedule.to_owned(),
            size_multiple_px: info.size_multiple_px(),
            takes: info.takes,
            ..Self::default()
        }
    }
}

/// The form, as the user left it. Anything may stand in it; [`Draft::to_request`] checks.
#[derive(Debug, Clone, PartialEq)]
pub struct Draft {
    /// What to draw.
    pub prompt: String,
    /// What to stay away from.
    pub negative_prompt: String,
    /// The model to ask.
    pub model: ModelRef,
    /// Width in pixels.
    pub width_px: u32,
    /// Height in pixels.
    pub height_px: u32,
    /// Sampler steps.
    pub steps: u32,
    /// `uncond + s · (cond − uncond)`.
    pub guidance_scale: f64,
    /// φ.
    pub guidance_rescale: f64,
    /// Sampler id.
    pub sampler: String,
    /// Schedule id.
    pub schedule: String,
    /// Spacing of the timesteps; `None` takes the model's own.
    pub timestep_spacing: Option<TimestepSpacing>,
    /// Noise added by DDIM.
    pub eta: f64,
    /// Seed of the next picture.
    pub seed: u64,
    /// Whether the next picture keeps the seed, instead of drawing a new one.
    pub is_seed_locked: bool,
    /// Pictures to make.
    pub batch_count: u32,
    /// Layers of the text encoder to leave out.
    pub clip_skip: u32,
    /// Adapters of a restored picture; another model does without them.
    pub loras: Vec<LoraSpec>,
    /// Embeddings of a restored picture; another model does without them.
    pub embeddings: Vec<PathBuf>,
    /// How previews are made.
    pub preview: PreviewMode,
    /// What the networks compute in; no part of a picture's settings, so that restoring leaves it.
    pub precision: Precision,
    /// What the chosen model looks best with.
    pub defaults: Defaults,
    /// Whether fields at their default follow when the model is described; not those of a restored picture.
    pub follows_model: bool,
    /// What a restored request asks for beyond the fields of the form: pictures to start from, controls, a second pass.
    pub beyond: GenerateRequest,
    /// Which fields differ, if many runs are wanted.
    pub sweep: SweepDraft,
}

impl Default for Draft {
    fn default() -> Self {
        let defaults = Defaults::default();
        Self {
            prompt: STARTER_PROMPTS[0].to_owned(),
            beyond: GenerateRequest::default(),
            negative_prompt: String::new(),
            model: ModelRef::Starter,
            width_px: defaults.width_px,
            height_px: defaults.height_px,
            steps: defaults.steps,
            guidance_scale: defaults.guidance_scale,
            guidance_rescale: defaults.guidance_rescale,
            sampler: defaults.sampler.clone(),
            schedule: defaults.schedule.clone(),
            timestep_spacing: None,
            eta: defaults.eta,
            seed: 0,
            is_seed_locked: false,
            batch_count: defaults.batch_count,
            clip_skip: defaults.clip_skip,
            loras: Vec::new(),
            embeddings: Vec::new(),
            preview: PreviewMode::Auto,
            precision: Precision::Auto,
            defaults,
            follows_model: true,
            sweep: SweepDraft::default(),
        }
    }
}

/// Why the form is not yet a request.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum DraftError {
    /// There is nothing to draw.
    #[error("the prompt is empty")]
    EmptyPrompt,
    /// A picture shall be painted into, and nothing says where.
    #[error("there is nowhere to paint")]
    NowhereToPaint,
    /// The model makes no pictures of this size.
    #[error("expected sides that are multiples of {multiple_px} px, found {width_px} × {height_px}")]
    Size {
        /// Width asked for, in pixels.
        width_px: u32,
        /// Height asked for, in pixels.
        height_px: u32,
        /// What the model's sides are multiples of.
        multiple_px: u32,
    },
    /// A field is out of its range.
    #[error(transparent)]
    Request(#[from] RequestError),
}

impl DraftError {
    /// The same in the user's language.
    pub fn text(&self) -> Text {
        match self {
            Self::EmptyPrompt => Text::key("problem-empty-prompt"),
            Self::NowhereToPaint => Text::key("mask-nowhere"),
            Self::Size {
                width_px,
                height_px,
                multiple_px,
            } => size_text(*width_px, *height_px, *multiple_px),
            Self::Request(error) => request_text(error),
        }
    }
}

fn size_text(width_px: u32, height_px: u32, multiple_px: u32) -> Text {
    let values = [
        ("multiple", multiple_px.to_string()),
        ("max", MAX_SIDE_PX.to_string()),
        ("found", format!("{width_px} × {height_px}")),
    ];
    Text::new("problem-size", values)
}

/// A request's error in the user's language.
pub fn request_text(error: &RequestError) -> Text {
    match error {
        RequestError::Size { width_px, height_px } => size_text(*width_px, *height_px, SIZE_MULTIPLE_PX),
        RequestError::Steps { found } => Text::new(
            "problem-steps",
            [("max", MAX_STEPS.to_string()), ("found", found.to_string())],
        ),
        RequestError::BatchCount { found } => Text::new(
            "problem-batch",
            [("max", MAX_BATCH_COUNT.to_string()), ("found", found.to_string())],
        ),
        RequestError::NotFinite { .. } => Text::key("problem-not-finite"),
        RequestError::Eta { found } => Text::new("problem-eta", [("found", found.to_string())]),
        RequestError::Range { field, expected, found } => Text::new(
            "problem-range",
            [
                ("field", (*field).to_owned()),
                ("expected", expected.clone()),
                ("found", found.clone()),
            ],
        ),
        RequestError::Needs { field, needs } => Text::new(
            "problem-needs",
            [("field", (*field).to_owned()), ("needs", (*needs).to_owned())],
        ),
        RequestError::Unknown { found, known, .. } => {
            Text::new("problem-unknown", [("found", found.clone()), ("known", known.clone())])
        }
    }
}

impl Draft {
    /// What the form asks for.
    ///
    /// # Errors
    /// The first thing that stands in the way.
    pub fn to_request(&self) -> Result<GenerateRequest, DraftError> {
        let reads_prompt = self.defaults.takes.prompt;
        if reads_prompt && self.prompt.trim().is_empty() {
            return Err(DraftError::EmptyPrompt);
        }
        let said = |prompt: &str| {
            if reads_prompt {
                prompt.trim().to_owned()
            } else {
                String::new()
            }
        };
        let request = GenerateRequest {
            model: self.model.clone(),
            prompt: said(&self.prompt),
            negative_prompt: said(&self.negative_prompt),
            width_px: self.width_px,
            height_px: self.height_px,
            steps: self.steps,
            guidance_scale: self.guidance_scale,
            guidance_rescale: self.guidance_rescale,
            sampler: self.sampler.clone(),
            schedule: self.schedule.clone(),
            timestep_spacing: self.timestep_spacing,
            eta: self.eta,
            seed: self.seed,
            batch_count: self.batch_count,
            clip_skip: self.clip_skip,
            loras: self.loras.clone(),
            embeddings: self.embeddings.clone(),
            mask: self.mask()?,
            ..self.beyond.clone()
        };
        request.validate()?;
        let multiple_px = self.defaults.size_multiple_px;
        if [self.width_px, self.height_px]
            .iter()
            .any(|side| side % multiple_px != 0)
        {
            return Err(DraftError::Size {
                width_px: self.width_px,
                height_px: self.height_px,
                multiple_px,
            });
        }
        Ok(request)
    }

    /// Where to paint: a mask without a file says that it is still to be painted.
    fn mask(&self) -> Result<Option<Mask>, DraftError> {
        match &self.beyond.mask {
            Some(mask) if !mask.file.as_os_str().is_empty() => Ok(Some(mask.clone())),
            Some(_) if !self.beyond.outpaint.is_any() => Err(DraftError::NowhereToPaint),
            _ => Ok(None),
        }
    }

    /// What the form carries along from a restored picture without having fields for it, a line for each.
    pub fn carried(&self) -> Vec<Text> {
        let GenerateRequest {
            prompt_switches,
            hires,
            upscale,
            refiner,
            vae,
            variation,
            guidance_interval,
            guidance_schedule,
            noise_source,
            tiling,
            ..
        } = &self.beyond;
        let file = |path: &Path| path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let files = |paths: &mut dyn Iterator<Item = &PathBuf>| paths.map(|path| file(path)).collect::<Vec<_>>();
        let mut lines = Vec::new();
        let mut say = |key: &'static str, what: String| lines.push(Text::new(key, [("what", what)]));
        for (key, found) in [
            ("carried-lora", files(&mut self.loras.iter().map(|lora| &lora.path))),
            ("carried-embedding", files(&mut self.embeddings.iter())),
        ] {
            if !found.is_empty() {
                say(key, found.join(", "));
            }
        }
        for switch in prompt_switches {
            say("carried-switch", switch.prompt.clone());
        }
        if let Some(vae) = vae {
            say("carried-vae", file(vae));
        }
        if let Some(refiner) = refiner {
            say("carried-refiner", refiner.model.to_string());
        }
        let plain = GenerateRequest::default();
        let others = [
            (hires.is_some(), "carried-hires"),
            (upscale.is_some(), "carried-upscale"),
            (variation.is_some(), "carried-variation"),
            (*tiling != plain.tiling, "carried-tiling"),
            (*noise_source != plain.noise_source, "carried-noise"),
            (
                *guidance_interval != plain.guidance_interval || !guidance_schedule.is_empty(),
                "carried-guidance",
            ),
        ];
        let others = others.into_iter().filter(|(is_there, _)| *is_there);
        lines.extend(others.map(|(_, key)| Text::key(key)));
        lines
    }

    /// Leaves out all that is [carried along](Self::carried).
    pub fn drop_carried(&mut self) {
        let kept = std::mem::take(&mut self.beyond);
        self.beyond = GenerateRequest {
            init: kept.init,
            mask: kept.mask,
            outpaint: kept.outpaint,
            controls: kept.controls,
            references: kept.references,
            class_label: kept.class_label,
            ..GenerateRequest::default()
        };
        self.loras.clear();
        self.embeddings.clear();
    }

    /// What the form says about how the job is carried out and shown.
    pub fn options(&self) -> JobOptions {
        JobOptions {
            preview: self.preview,
            precision: self.precision,
            ..JobOptions::default()
        }
    }

    /// What stands in the way of a request, if anything does.
    pub fn first_problem(&self) -> Option<DraftError> {
        self.to_request().err()
    }

    /// Takes every setting of a request, so that the same picture would be made again.
    pub fn restore(&mut self, request: &GenerateRequest) {
        let request = request.clone().of_making();
        self.beyond = request.clone();
        self.prompt = request.prompt;
        self.negative_prompt = request.negative_prompt;
        self.model = request.model;
        self.width_px = request.width_px;
        self.height_px = request.height_px;
        self.steps = request.steps;
        self.guidance_scale = request.guidance_scale;
        self.guidance_rescale = request.guidance_rescale;
        self.sampler = request.sampler;
        self.schedule = request.schedule;
        self.timestep_spacing = request.timestep_spacing;
        self.eta = request.eta;
        self.seed = request.seed;
        self.is_seed_locked = true;
        self.batch_count = request.batch_count;
        self.clip_skip = request.clip_skip;
        self.loras = request.loras;
        self.embeddings = request.embeddings;
        self.follows_model = false;
    }

    /// Whether the starter model draws in few steps, by the adapter that was distilled for that.
    pub fn is_few_steps(&self) -> bool {
        self.loras
            .iter()
            .any(|lora| lora.path == Path::new(LoraSpec::STARTER_FOUR_STEPS))
    }

    /// Lays that adapter over the model with the settings it was made for, or goes back to the model's own.
    pub fn set_few_steps(&mut self, is_few: bool) {
        self.loras
            .retain(|lora| lora.path != Path::new(LoraSpec::STARTER_FOUR_STEPS));
        if is_few {
            self.loras.push(LoraSpec::new(LoraSpec::STARTER_FOUR_STEPS, 1.0));
            (self.steps, self.guidance_scale) = FEW_STEPS;
            (self.sampler, self.schedule) = ("ddim".to_owned(), "normal".to_owned());
        } else {
            self.steps = self.defaults.steps;
            self.guidance_scale = self.defaults.guidance_scale;
            self.sampler.clone_from(&self.defaults.sampler);
            self.schedule.clone_from(&self.defaults.schedule);
        }
    }

    /// Chooses another model; what it looks best with is learned by [`Draft::adopt`].
    pub fn choose_model(&mut self, model: ModelRef) {
        if self.is_few_steps() {
            self.set_few_steps(false);
        }
        self.model = model;
        self.loras.clear();
        self.embeddings.clear();
        self.follows_model = true;
    }

    /// Learns what the chosen model looks best with. Fields that stood at the old default follow; what the user set stays.
    pub fn adopt(&mut self, info: &ModelInfo) {
        let old = std::mem::replace(&mut self.defaults, Defaults::from(info));
        let class = &mut self.beyond.class_label;
        *class = info
            .takes
            .classes
            .map(|classes| class.unwrap_or(0).min(classes.saturating_sub(1)));
        if !std::mem::take(&mut self.follows_model) {
            return;
        }
        let new = &self.defaults;
        if (self.width_px, self.height_px) == (old.width_px, old.height_px) {
            (self.width_px, self.height_px) = (new.width_px, new.height_px);
        }
        follow(&mut self.steps, &old.steps, &new.steps);
        follow(&mut self.guidance_scale, &old.guidance_scale, &new.guidance_scale);
        follow(&mut self.sampler, &old.sampler, &new.sampler);
        follow(&mut self.schedule, &old.schedule, &new.schedule);
    }

    /// Draws another seed.
    pub fn roll_seed(&mut self) {
        self.seed = Self::another_seed();
    }

    /// A seed by chance, short enough to be read out.
    pub fn another_seed() -> u64 {
        let drawn = std::hash::RandomState::new().build_hasher().finish();
        drawn & u64::from(u32::MAX)
    }
}

fn follow<T: PartialEq + Clone>(value: &mut T, old: &T, new: &T) {
    if value == old {
        value.clone_from(new);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::job::{ModelDefaults, PromptSwitch};

    #[test]
    fn restoring_a_request_should_give_that_request_again() {
        let request = GenerateRequest {
            model: ModelRef::Path("/models/a".into()),
            prompt: "a lighthouse".to_owned(),
            negative_prompt: "fog".to_owned(),
            width_px: 192,
            height_px: 64,
            steps: 7,
            guidance_scale: -2.5,
            guidance_rescale: 0.7,
            sampler: "euler".to_owned(),
            schedule: "karras".to_owned(),
            timestep_spacing: Some(TimestepSpacing::Trailing),
            eta: 0.5,
            seed: 99,
            batch_count: 3,
            clip_skip: 1,
            loras: vec![LoraSpec::new("/adapters/b.safetensors", 0.5)],
            embeddings: vec!["/embeddings/c.safetensors".into()],
            prompt_switches: vec![PromptSwitch {
                step: 3,
                prompt: "a tower".to_owned(),
            }],
            ..GenerateRequest::default()
        };
        let mut draft = Draft::default();
        draft.restore(&request);
        assert_eq!(draft.to_request(), Ok(request));
        assert!(draft.is_seed_locked, "the same picture needs the same seed");
        assert_eq!(draft.carried().len(), 3, "an adapter, an embedding and another prompt");
        draft.drop_carried();
        assert_eq!(draft.carried(), []);
    }

    fn described(takes: Takes) -> ModelInfo {
        ModelInfo {
            model: ModelRef::Starter,
            name: "Starter".to_owned(),
            family: "sd15",
            prediction: "epsilon".to_owned(),
            latent_channels: 4,
            vae_factor: 16,
            has_tiny_decoder: true,
            takes,
            class_names: Vec::new(),
            defaults: ModelDefaults {
                width_px: 512,
                height_px: 512,
                steps: 30,
                guidance_scale: 7.5,
                sampler: "euler",
                schedule: "karras",
            },
        }
    }

    #[test]
    fn a_model_of_classes_should_need_a_class_and_no_prompt() {
        let mut draft = Draft::default();
        draft.adopt(&described(Takes {
            prompt: false,
            classes: Some(3),
            ..Takes::default()
        }));
        let request = draft.to_request().unwrap();
        assert_eq!(
            (request.class_label, request.prompt.as_str()),
            (Some(0), ""),
            "{draft:?}"
        );
        assert!(!draft.prompt.is_empty(), "it stays for the next model");
        draft.beyond.class_label = Some(7);
        draft.adopt(&described(Takes {
            prompt: false,
            classes: Some(3),
            ..Takes::default()
        }));
        assert_eq!(draft.beyond.class_label, Some(2), "the last that there is");
        draft.adopt(&described(Takes::default()));
        assert_eq!(draft.to_request().unwrap().class_label, None);
    }

    #[test]
    fn few_steps_should_be_left_as_they_were_entered() {
        let mut draft = Draft::default();
        draft.adopt(&described(Takes::default()));
        let before = draft.clone();
        draft.set_few_steps(true);
        assert!(draft.is_few_steps());
        let request = draft.to_request().unwrap();
        assert_eq!(
            (request.steps, request.guidance_scale, request.sampler.as_str()),
            (4, 1.0, "ddim")
        );
        draft.set_few_steps(true);
        assert_eq!(draft.loras.len(), 1);
        draft.set_few_steps(false);
        assert_eq!(
            (draft.loras.len(), draft.steps, &draft.sampler),
            (0, 30, &before.defaults.sampler)
        );
        draft.set_few_steps(true);
        draft.choose_model(ModelRef::Flowers);
        assert_eq!(draft.steps, 30, "the adapter is not for other models");
    }

    #[test]
    fn what_the_user_set_should_survive_another_model() {
        let info = described(Takes::default());
        let mut draft = Draft {
            steps: 3,
            ..Draft::default()
        };
        draft.adopt(&info);
        assert_eq!(draft.steps, 3, "set by the user");
        assert_eq!((draft.width_px, draft.height_px), (512, 512));
        assert_eq!(draft.sampler, "euler");
    }

    #[test]
    fn every_bad_value_should_be_named_before_it_reaches_the_engine() {
        let bad = [
            Draft {
                prompt: "  ".to_owned(),
                ..Draft::default()
            },
            Draft {
                width_px: 100,
                ..Draft::default()
            },
            Draft {
                steps: 0,
                ..Draft::default()
            },
            Draft {
                guidance_scale: f64::NAN,
                ..Draft::default()
            },
            Draft {
                eta: 2.0,
                ..Draft::default()
            },
            Draft {
                batch_count: 0,
                ..Draft::default()
            },
        ];
        for draft in bad {
            assert!(draft.first_problem().is_some(), "{draft:?}");
        }
        assert_eq!(Draft::default().first_problem(), None);
    }
}
