//! The options of `hareru generate`, which `hareru sweep` takes too, and the request they make.

use std::path::PathBuf;

use super::CliError;
use super::family_args::FamilyArgs;
use super::save_target::SaveArgs;
use super::task_args::{PictureArgs, SamplingArgs};
use super::values::{Keep, one_of, parse_lora, parse_size, precision_parser};
use crate::engine;
use crate::job::{
    GenerateRequest, JobOptions, LoraSpec, ModelDefaults, ModelInfo, ModelRef, Precision, PreviewMode, TimestepSpacing,
    VaeTiles,
};
use crate::prompt::{Emphasis, PromptSyntax};

const SPACINGS: &[(&str, &str, TimestepSpacing)] = &[
    ("leading", "", TimestepSpacing::Leading),
    ("trailing", "", TimestepSpacing::Trailing),
    ("linspace", "", TimestepSpacing::Linspace),
];
const PREVIEWS: &[(&str, &str, PreviewMode)] = &[
    (
        "auto",
        "The model's tiny decoder if it has one, else the linear map",
        PreviewMode::Auto,
    ),
    ("linear", "A linear map from latents to colours", PreviewMode::Linear),
    ("vae", "The whole decoder: exact and slow", PreviewMode::Vae),
    ("off", "None", PreviewMode::Off),
];
const SYNTAXES: &[(&str, &str, PromptSyntax)] = &[
    (
        "a1111",
        "With (weights), [schedules:of:0.5], BREAK and AND as in A1111, and as long as they are",
        PromptSyntax::A1111,
    ),
    (
        "literal",
        "Every sign for itself, and no more than one chunk",
        PromptSyntax::Literal,
    ),
];
const EMPHASES: &[(&str, &str, Emphasis)] = &[
    ("keep-mean", "Multiply and keep the mean, as A1111", Emphasis::KeepMean),
    (
        "interpolate",
        "Go from the empty prompt to this one and beyond, as ComfyUI",
        Emphasis::Interpolate,
    ),
];
const TILES: &[(&str, &str, VaeTiles)] = &[
    ("auto", "Where the whole does not fit into memory", VaeTiles::Auto),
    ("always", "", VaeTiles::Always),
    ("never", "", VaeTiles::Never),
];

#[derive(Debug, clap::Args)]
pub(super) struct GenerateArgs {
    /// What to draw; needed by every model that reads
    #[arg(long, allow_hyphen_values = true)]
    pub(super) prompt: Option<String>,

    /// What to stay away from
    #[arg(long, default_value = "", hide_default_value = true, allow_hyphen_values = true)]
    negative: String,

    /// How prompts are read
    #[arg(long, value_parser = one_of(SYNTAXES), default_value = "a1111")]
    prompt_syntax: PromptSyntax,

    /// What weights in prompts do
    #[arg(long, value_parser = one_of(EMPHASES), default_value = "keep-mean")]
    emphasis: Emphasis,

    /// Sampler steps; by default the model's
    #[arg(long)]
    steps: Option<u32>,

    /// Guidance scale, 1 for none; by default the model's
    #[arg(long, allow_hyphen_values = true)]
    cfg: Option<f64>,

    /// Guidance rescale φ, 0 for none, 1 for all of it
    #[arg(long, default_value_t = 0.0, allow_hyphen_values = true)]
    rescale: f64,

    /// Sampler, as `hareru samplers` lists them or as other programs call them, e.g. "DPM++ 2M Karras"; by default the
    /// model's
    #[arg(long)]
    sampler: Option<String>,

    /// Schedule of noise levels, as `hareru samplers` lists them, unless the sampler's name says it; by default the
    /// model's
    #[arg(long)]
    schedule: Option<String>,

    /// Which training timesteps are visited; by default as the model was published
    #[arg(long, value_parser = one_of(SPACINGS))]
    spacing: Option<TimestepSpacing>,

    /// Noise added by DDIM and TCD, 0 to 1
    #[arg(long, default_value_t = 0.0, allow_hyphen_values = true)]
    eta: f64,

    /// Layers of the text encoder to leave out at its end
    #[arg(long, default_value_t = 0, value_name = "LAYERS")]
    clip_skip: u32,

    /// Adapter laid over the model (LoRA, LoCon, LoHa, LoKr, DoRA), with its weight (1) and that of its text part (the
    /// same); may be given several times
    #[arg(long, value_name = "FILE[:WEIGHT[:TE_WEIGHT]]", value_parser = parse_lora)]
    lora: Vec<LoraSpec>,

    /// File of textual inversion, whose words the prompts may use; may be given several times
    #[arg(long, value_name = "FILE")]
    embedding: Vec<PathBuf>,

    /// Seed of the first picture; by default a random one
    #[arg(long)]
    seed: Option<u64>,

    /// Size in pixels, multiples of 8; by default the model's
    #[arg(long, value_name = "WxH", value_parser = parse_size)]
    size: Option<(u32, u32)>,

    /// Number of pictures, with seeds counting up
    #[arg(long, default_value_t = 1, value_name = "N")]
    batch: u32,

    /// `starter`, or a folder in the diffusers layout
    #[arg(long, default_value = "starter", value_name = "PATH")]
    model: PathBuf,

    #[command(flatten)]
    pub(super) save: SaveArgs,

    /// Folder for a picture of each step
    #[arg(long, value_name = "DIR")]
    pub(super) save_steps: Option<PathBuf>,

    /// What each step keeps beside its latents
    #[arg(long, value_enum, value_delimiter = ',')]
    keep: Vec<Keep>,

    /// How the pictures of steps are made
    #[arg(long, value_parser = one_of(PREVIEWS), default_value = "auto")]
    preview: PreviewMode,

    /// Number format the networks compute in
    #[arg(long, default_value_t = Precision::Auto, value_parser = precision_parser())]
    precision: Precision,

    /// Another autoencoder than the model's own, folder or file
    #[arg(long, value_name = "PATH")]
    vae: Option<PathBuf>,
    /// Whether the picture is decoded in overlapping tiles, which takes less memory and a little more time
    #[arg(long, value_parser = one_of(TILES), default_value = "auto")]
    vae_tiles: VaeTiles,

    #[command(flatten)]
    pictures: PictureArgs,

    #[command(flatten)]
    sampling: SamplingArgs,

    #[command(flatten)]
    family: FamilyArgs,

    /// Print one JSON object per line
    #[arg(long)]
    pub(super) json: bool,
}

impl GenerateArgs {
    pub(super) fn model(&self) -> ModelRef {
        match self.model.to_str() {
            Some(text) => ModelRef::from(text),
            None => ModelRef::Path(self.model.clone()),
        }
    }

    /// How steps are shown: not at all if nobody looks, since a preview costs time.
    pub(super) fn preview(&self) -> PreviewMode {
        if self.save_steps.is_none() {
            return PreviewMode::Off;
        }
        self.preview
    }

    /// What the model's defaults are for these options: a model that enlarges starts from the size of the picture.
    ///
    /// # Errors
    /// [`CliError::Usage`] if the model needs an option that is not there, or the picture cannot be read.
    pub(super) fn defaults(&self, info: &ModelInfo) -> Result<ModelDefaults, CliError> {
        let mut defaults = info.defaults.clone();
        if info.takes.prompt && self.prompt.is_none() {
            return Err(CliError::Usage(format!(
                "{} reads a prompt: expected --prompt",
                info.name
            )));
        }
        if info.takes.enlarges.is_some() {
            let init = self
                .pictures
                .init
                .as_ref()
                .ok_or_else(|| CliError::Usage(format!("{} makes a picture larger: expected --init", info.name)))?;
            (defaults.width_px, defaults.height_px) =
                engine::enlarged_size(info, init).map_err(|error| CliError::from(&error))?;
        }
        Ok(defaults)
    }

    /// An animation of a sweep needs to know how latents look.
    pub(super) fn sweep_preview(&self, is_film: bool) -> PreviewMode {
        if is_film { PreviewMode::Linear } else { self.preview() }
    }

    /// How the pictures are made and shown.
    pub(super) fn options(&self) -> JobOptions {
        JobOptions {
            preview: self.preview(),
            keep_branches: self.keep.contains(&Keep::Branches),
            keep_attention: self.keep.contains(&Keep::Attention),
            precision: self.precision,
            vae_tiles: self.vae_tiles,
            ..JobOptions::default()
        }
    }

    /// The request, with what was not said taken from `defaults` or, before these are known, from any model's.
    ///
    /// # Errors
    /// [`CliError::Usage`] if options that belong together do not match.
    pub(super) fn request(&self, seed: u64, defaults: Option<&ModelDefaults>) -> Result<GenerateRequest, CliError> {
        let fallback = defaults.map_or_else(GenerateRequest::default, |defaults| GenerateRequest {
            width_px: defaults.width_px,
            height_px: defaults.height_px,
            steps: defaults.steps,
            guidance_scale: defaults.guidance_scale,
            sampler: defaults.sampler.to_owned(),
            schedule: defaults.schedule.to_owned(),
            ..GenerateRequest::default()
        });
        let (width_px, height_px) = self.size.unwrap_or((fallback.width_px, fallback.height_px));
        let mut request = GenerateRequest {
            model: self.model(),
            prompt: self.prompt.clone().unwrap_or_default(),
            negative_prompt: self.negative.clone(),
            prompt_syntax: self.prompt_syntax,
            emphasis: self.emphasis,
            width_px,
            height_px,
            steps: self.steps.unwrap_or(fallback.steps),
            guidance_scale: self.cfg.unwrap_or(fallback.guidance_scale),
            guidance_rescale: self.rescale,
            sampler: self.sampler.clone().unwrap_or(fallback.sampler),
            schedule: self.schedule.clone().unwrap_or(fallback.schedule),
            timestep_spacing: self.spacing,
            eta: self.eta,
            seed,
            batch_count: self.batch,
            clip_skip: self.clip_skip,
            loras: self.lora.clone(),
            embeddings: self.embedding.clone(),
            vae: self.vae.clone(),
            ..fallback
        };
        self.pictures.apply(&mut request)?;
        self.sampling.apply(&mut request)?;
        self.family.apply(&mut request);
        Ok(request)
    }

    /// The seed asked for, else a random one that is short enough to be copied by hand.
    pub(super) fn seed_or_random(&self) -> u64 {
        use std::hash::{BuildHasher as _, Hasher as _};
        self.seed
            .unwrap_or_else(|| std::hash::RandomState::new().build_hasher().finish() >> 32)
    }
}
