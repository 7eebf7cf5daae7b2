//! The form: what the next picture shall be.

use std::hash::{BuildHasher as _, Hasher as _};
use std::path::Path;

use super::draft_error::DraftError;
use crate::job::{
    GenerateRequest, LoraSpec, Mask, ModelDefaults, ModelInfo, ModelRef, PreviewMode, SIZE_MULTIPLE_PX, Setting, Takes,
};
use crate::ui::i18n::Language;
use crate::ui::pages::studio::sweep::draft::SweepDraft;

/// Prompts that show what the model in the program can do, which reads both languages; the first is there when the window
/// opens first.
pub fn starter_prompts(language: Language) -> [&'static str; 4] {
    match language {
        Language::English => [
            "a lighthouse by the sea at sunset, vector image",
            "three purple balloons over the mountains at sunrise, watercolor",
            "the milky way over a forest, paper cut-out",
            "blue hydrangeas in a vase by the window, oil painting",
        ],
        Language::Japanese => [
            "夕焼けの海と灯台、ベクター画像",
            "日の出の山と三つの紫の気球、水彩画",
            "天の川の森、切り絵",
            "花瓶 青い紫陽花、油絵",
        ],
    }
}

/// Steps and guidance scale that the starter model's adapter for few steps was distilled for: guidance is in it already.
const FEW_STEPS: (u32, f64) = (4, 1.0);

/// The sampler that η belongs to.
pub const SAMPLER_WITH_ETA: &str = "ddim";

/// The values a model looks best with, and what it accepts.
#[derive(Debug, Clone, PartialEq)]
pub struct Defaults {
    /// Every field at the value that the model looks best with, or that no model changes.
    pub request: GenerateRequest,
    /// What the sides of pictures are multiples of, in pixels.
    pub size_multiple_px: u32,
    /// What the model takes from a request.
    pub takes: Takes,
}

impl Default for Defaults {
    fn default() -> Self {
        Self {
            request: GenerateRequest::default(),
            size_multiple_px: SIZE_MULTIPLE_PX,
            takes: Takes::default(),
        }
    }
}

impl From<&ModelInfo> for Defaults {
    fn from(info: &ModelInfo) -> Self {
        let ModelDefaults {
            width_px,
            height_px,
            steps,
            guidance_scale,
            sampler,
            schedule,
        } = info.defaults;
        Self {
            request: GenerateRequest {
                width_px,
                height_px,
                steps,
                guidance_scale,
                sampler: sampler.to_owned(),
                schedule: schedule.to_owned(),
                ..GenerateRequest::default()
            },
            size_multiple_px: info.size_multiple_px(),
            takes: info.takes,
        }
    }
}

/// The form, as the user left it. Anything may stand in it; [`Draft::to_request`] checks.
#[derive(Debug, Clone, PartialEq)]
pub struct Draft {
    /// Every setting of the next picture, as typed. A mask without a file is one that is still to be painted.
    pub request: GenerateRequest,
    /// Whether the next picture keeps the seed, instead of drawing a new one.
    pub is_seed_locked: bool,
    /// How previews are made.
    pub preview: PreviewMode,
    /// What the chosen model looks best with.
    pub defaults: Defaults,
    /// Whether fields at their default follow when the model is described; not those of a restored picture.
    pub follows_model: bool,
    /// Which fields differ, if many runs are wanted.
    pub sweep: SweepDraft,
}

impl Default for Draft {
    fn default() -> Self {
        let defaults = Defaults::default();
        Self {
            request: GenerateRequest {
                prompt: starter_prompts(Language::English)[0].to_owned(),
                ..defaults.request.clone()
            },
            is_seed_locked: false,
            preview: PreviewMode::Auto,
            defaults,
            follows_model: true,
            sweep: SweepDraft::default(),
        }
    }
}

impl Draft {
    /// The form at the first start, with a prompt to begin with.
    pub fn in_language(language: Language) -> Self {
        let mut draft = Self::default();
        starter_prompts(language)[0].clone_into(&mut draft.request.prompt);
        draft
    }

    /// What the form asks for.
    ///
    /// # Errors
    /// The first thing that stands in the way.
    pub fn to_request(&self) -> Result<GenerateRequest, DraftError> {
        let reads_prompt = self.defaults.takes.prompt;
        let mut request = self.request.clone();
        for prompt in [&mut request.prompt, &mut request.negative_prompt] {
            *prompt = if reads_prompt {
                prompt.trim().to_owned()
            } else {
                String::new()
            };
        }
        if reads_prompt && request.prompt.is_empty() {
            return Err(DraftError::EmptyPrompt);
        }
        let is_unpainted = |mask: &Mask| mask.file.as_os_str().is_empty();
        if request.mask.take_if(|mask| is_unpainted(mask)).is_some() && !request.outpaint.is_any() {
            return Err(DraftError::NowhereToPaint);
        }
        request.validate()?;
        let multiple_px = self.defaults.size_multiple_px;
        let (width_px, height_px) = (request.width_px, request.height_px);
        if [width_px, height_px].iter().any(|side| side % multiple_px != 0) {
            return Err(DraftError::Size {
                width_px,
                height_px,
                multiple_px,
            });
        }
        Ok(request)
    }

    /// What stands in the way of a request, if anything does.
    pub fn first_problem(&self) -> Option<DraftError> {
        self.to_request().err()
    }

    /// Takes every setting of a request, so that the same picture would be made again; what it does not know stays.
    pub fn restore(&mut self, request: &GenerateRequest) {
        self.is_seed_locked |= request.knows(Setting::Seed);
        self.request = request.clone().of_making().completed_by(&self.request);
        self.follows_model = false;
    }

    /// Whether the starter model draws in few steps, by the adapter that was distilled for that.
    pub fn is_few_steps(&self) -> bool {
        self.request
            .loras
            .iter()
            .any(|lora| lora.path == Path::new(LoraSpec::STARTER_FOUR_STEPS))
    }

    /// Lays that adapter over the model with the settings it was made for, or goes back to the model's own.
    pub fn set_few_steps(&mut self, is_few: bool) {
        let Self { request, defaults, .. } = self;
        request
            .loras
            .retain(|lora| lora.path != Path::new(LoraSpec::STARTER_FOUR_STEPS));
        if is_few {
            request.loras.push(LoraSpec::new(LoraSpec::STARTER_FOUR_STEPS, 1.0));
            (request.steps, request.guidance_scale) = FEW_STEPS;
            (request.sampler, request.schedule) = ("ddim".to_owned(), "normal".to_owned());
        } else {
            let own = &defaults.request;
            (request.steps, request.guidance_scale) = (own.steps, own.guidance_scale);
            request.sampler.clone_from(&own.sampler);
            request.schedule.clone_from(&own.schedule);
        }
    }

    /// Chooses another model; what it looks best with is learned by [`Draft::adopt`].
    pub fn choose_model(&mut self, model: ModelRef) {
        if self.is_few_steps() {
            self.set_few_steps(false);
        }
        self.request.model = model;
        self.request.loras.clear();
        self.request.embeddings.clear();
        self.follows_model = true;
    }

    /// Learns what the chosen model looks best with. Fields that stood at the old default follow; what the user set stays.
    pub fn adopt(&mut self, info: &ModelInfo) {
        let old = std::mem::replace(&mut self.defaults, Defaults::from(info));
        let class = &mut self.request.class_label;
        *class = info
            .takes
            .classes
            .map(|classes| class.unwrap_or(0).min(classes.saturating_sub(1)));
        if !std::mem::take(&mut self.follows_model) {
            return;
        }
        let (form, old, new) = (&mut self.request, old.request, &self.defaults.request);
        if (form.width_px, form.height_px) == (old.width_px, old.height_px) {
            (form.width_px, form.height_px) = (new.width_px, new.height_px);
        }
        follow(&mut form.steps, &old.steps, &new.steps);
        follow(&mut form.guidance_scale, &old.guidance_scale, &new.guidance_scale);
        follow(&mut form.sampler, &old.sampler, &new.sampler);
        follow(&mut form.schedule, &old.schedule, &new.schedule);
    }

    /// Draws another seed.
    pub fn roll_seed(&mut self) {
        self.request.seed = Self::another_seed();
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
    use crate::job::{PromptSwitch, TimestepSpacing};

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
        assert!(!draft.request.prompt.is_empty(), "it stays for the next model");
        draft.request.class_label = Some(7);
        draft.adopt(&described(Takes {
            prompt: false,
            classes: Some(3),
            ..Takes::default()
        }));
        assert_eq!(draft.request.class_label, Some(2), "the last that there is");
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
        assert_eq!(draft.request.loras.len(), 1);
        draft.set_few_steps(false);
        assert_eq!(
            (draft.request.loras.len(), draft.request.steps, &draft.request.sampler),
            (0, 30, &before.defaults.request.sampler)
        );
        draft.set_few_steps(true);
        draft.choose_model(ModelRef::Flowers);
        assert_eq!(draft.request.steps, 30, "the adapter is not for other models");
    }

    #[test]
    fn what_the_user_set_should_survive_another_model() {
        let info = described(Takes::default());
        let mut draft = Draft::default();
        draft.request.steps = 3;
        draft.adopt(&info);
        assert_eq!(draft.request.steps, 3, "set by the user");
        assert_eq!((draft.request.width_px, draft.request.height_px), (512, 512));
        assert_eq!(draft.request.sampler, "euler");
    }

    #[test]
    fn every_bad_value_should_be_named_before_it_reaches_the_engine() {
        let bad: [fn(&mut GenerateRequest); 6] = [
            |form| form.prompt = "  ".to_owned(),
            |form| form.width_px = 100,
            |form| form.steps = 0,
            |form| form.guidance_scale = f64::NAN,
            |form| form.eta = 2.0,
            |form| form.batch_count = 0,
        ];
        for spoil in bad {
            let mut draft = Draft::default();
            spoil(&mut draft.request);
            assert!(draft.first_problem().is_some(), "{draft:?}");
        }
        assert_eq!(Draft::default().first_problem(), None);
    }
}
