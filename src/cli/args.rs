//! What may be said on the command line.

use std::path::PathBuf;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Parser, Subcommand, ValueEnum};

use super::CliError;
use super::bench::BenchArgs;
use super::branch::BranchArgs;
use super::compare::CompareArgs;
use super::family_args::FamilyArgs;
use super::gallery::GalleryArgs;
use super::models::ModelsArgs;
use super::sweep::SweepArgs;
use super::task_args::{PictureArgs, WayArgs};
use super::trajectory::TrajectoryArgs;
use super::unfold::UnfoldArgs;
use super::upscale::UpscaleArgs;
use crate::engine;
use crate::job::{
    GenerateRequest, JobOptions, LoraSpec, ModelDefaults, ModelInfo, ModelRef, Precision, PreviewMode, TimestepSpacing,
    VaeTiles,
};

/// An image studio in which the denoising process is an object: live, kept, scrubbed, steered and branched.
///
/// Without a command it opens the window.
#[derive(Debug, Parser)]
#[command(name = "hareru", version, max_term_width = 100)]
pub(super) struct Args {
    /// Folder of pictures for the window; by default that of the settings
    #[arg(long, value_name = "DIR")]
    pub(super) gallery: Option<PathBuf>,

    /// Threads that compute; by default one for each core
    #[arg(long, global = true, env = "HARERU_THREADS", value_name = "N", value_parser = parse_threads)]
    pub(super) threads: Option<usize>,

    #[command(subcommand)]
    pub(super) command: Option<Command>,
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Make pictures from a prompt
    Generate(Box<GenerateArgs>),
    /// Take up a kept run at one of its steps, under other settings
    Branch(Box<BranchArgs>),
    /// Make one picture in many ways, on a labelled sheet
    Sweep(Box<SweepArgs>),
    /// Enlarge a picture by a network made for it
    Upscale(UpscaleArgs),
    /// Run a reference case and write the tensors it computes
    Replay(ReplayArgs),
    /// Time the networks on this computer
    Bench(BenchArgs),
    /// List the models there are, or fetch one
    Models(ModelsArgs),
    /// List the samplers and schedules there are
    Samplers(ListArgs),
    /// List what can be made of pictures that controls follow
    Preprocessors(ListArgs),
    /// Write the steps of a kept run as an animation or a contact sheet
    Unfold(Box<UnfoldArgs>),
    /// Tell what is kept of a run, in numbers
    Trajectory(TrajectoryArgs),
    /// List, search and verify the pictures that were kept
    Gallery(GalleryArgs),
    /// Tell in what two pictures differ: settings, pixels, and from which step on their runs part
    Compare(CompareArgs),
}

impl Command {
    pub(super) fn wants_json(&self) -> bool {
        match self {
            Self::Generate(args) => args.json,
            Self::Branch(args) => args.json,
            Self::Sweep(args) => args.base.json,
            Self::Upscale(args) => args.json,
            Self::Replay(_) | Self::Unfold(_) => false,
            Self::Bench(args) => args.json,
            Self::Trajectory(args) => args.json,
            Self::Gallery(args) => args.json,
            Self::Compare(args) => args.json,
            Self::Models(args) => args.json,
            Self::Samplers(args) | Self::Preprocessors(args) => args.json,
        }
    }
}

#[derive(Debug, clap::Args)]
pub(super) struct GenerateArgs {
    /// What to draw; needed by every model that reads
    #[arg(long, allow_hyphen_values = true)]
    pub(super) prompt: Option<String>,

    /// What to stay away from
    #[arg(long, default_value = "", hide_default_value = true, allow_hyphen_values = true)]
    negative: String,

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
    #[arg(long, value_enum)]
    spacing: Option<Spacing>,

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

    /// File to write, ending in .png, .webp or .jpg; further pictures of a batch become FILE-2, FILE-3 …
    #[arg(long, value_name = "FILE", conflicts_with = "gallery")]
    pub(super) out: Option<PathBuf>,

    /// Folder of pictures to save into when there is no --out; by default that of the settings
    #[arg(long, value_name = "DIR")]
    pub(super) gallery: Option<PathBuf>,

    /// Folder for a picture of each step
    #[arg(long, value_name = "DIR")]
    pub(super) save_steps: Option<PathBuf>,

    /// What each step keeps beside its latents
    #[arg(long, value_enum, value_delimiter = ',')]
    keep: Vec<Kept>,

    /// How the pictures of steps are made
    #[arg(long, value_enum, default_value_t = Preview::Auto)]
    preview: Preview,

    /// Number format the networks compute in
    #[arg(long, default_value_t = Precision::Auto, value_parser = precision_parser())]
    precision: Precision,

    /// Another autoencoder than the model's own, folder or file
    #[arg(long, value_name = "PATH")]
    vae: Option<PathBuf>,
    /// Whether the picture is decoded in overlapping tiles, which takes less memory and a little more time
    #[arg(long, value_enum, default_value_t = Tiles::Auto)]
    vae_tiles: Tiles,

    #[command(flatten)]
    pictures: PictureArgs,

    #[command(flatten)]
    way: WayArgs,

    #[command(flatten)]
    family: FamilyArgs,

    /// Print one JSON object per line
    #[arg(long)]
    json: bool,
}

#[derive(Debug, clap::Args)]
pub(super) struct ReplayArgs {
    /// Folder of the case, with request.json and inputs.safetensors
    pub(super) case: PathBuf,

    /// File to write
    #[arg(long, value_name = "FILE")]
    pub(super) out: PathBuf,

    /// Number format the networks compute in; references are made in f32
    #[arg(long, default_value_t = Precision::F32, value_parser = precision_parser())]
    pub(super) precision: Precision,
}

#[derive(Debug, clap::Args)]
pub(super) struct ListArgs {
    /// Print one JSON object per line
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Spacing {
    Leading,
    Trailing,
    Linspace,
}

impl From<Spacing> for TimestepSpacing {
    fn from(spacing: Spacing) -> Self {
        match spacing {
            Spacing::Leading => Self::Leading,
            Spacing::Trailing => Self::Trailing,
            Spacing::Linspace => Self::Linspace,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Preview {
    /// The model's tiny decoder if it has one, else the linear map
    Auto,
    /// A linear map from latents to colours
    Linear,
    /// The whole decoder: exact and slow
    Vae,
    /// None
    Off,
}

/// What a step may keep beside its latents.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Kept {
    /// What the network says with and without the prompt
    Branches,
    /// Where it looks for each word of the prompt
    Attention,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Tiles {
    /// Where the whole does not fit into memory
    Auto,
    Always,
    Never,
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
        match self.preview {
            Preview::Auto => PreviewMode::Auto,
            Preview::Linear => PreviewMode::Linear,
            Preview::Vae => PreviewMode::Vae,
            Preview::Off => PreviewMode::Off,
        }
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
            keep_branches: self.keep.contains(&Kept::Branches),
            keep_attention: self.keep.contains(&Kept::Attention),
            precision: self.precision,
            vae_tiles: self.vae_tiles(),
            ..JobOptions::default()
        }
    }

    fn vae_tiles(&self) -> VaeTiles {
        match self.vae_tiles {
            Tiles::Auto => VaeTiles::Auto,
            Tiles::Always => VaeTiles::Always,
            Tiles::Never => VaeTiles::Never,
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
            width_px,
            height_px,
            steps: self.steps.unwrap_or(fallback.steps),
            guidance_scale: self.cfg.unwrap_or(fallback.guidance_scale),
            guidance_rescale: self.rescale,
            sampler: self.sampler.clone().unwrap_or(fallback.sampler),
            schedule: self.schedule.clone().unwrap_or(fallback.schedule),
            timestep_spacing: self.spacing.map(TimestepSpacing::from),
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
        self.way.apply(&mut request)?;
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

pub(super) fn precision_parser() -> impl TypedValueParser<Value = Precision> {
    PossibleValuesParser::new(Precision::ALL.map(Precision::id)).try_map(|id| id.parse::<Precision>())
}

fn parse_threads(text: &str) -> Result<usize, String> {
    let max = engine::max_threads();
    let threads = text.trim().parse().ok();
    threads
        .filter(|threads| (1..=max).contains(threads))
        .ok_or_else(|| format!("expected 1 to {max} on this computer"))
}

/// A file, then up to two numbers; a colon that no number follows belongs to the file's name.
pub(super) fn parse_lora(text: &str) -> Result<LoraSpec, String> {
    let number = |text: &str| text.trim().parse::<f64>().ok();
    let split = |text: &'_ str| -> Option<(String, f64)> {
        let (rest, last) = text.rsplit_once(':')?;
        Some((rest.to_owned(), number(last)?))
    };
    let spec = match split(text) {
        None => LoraSpec::new(text, 1.0),
        Some((rest, last)) => match split(&rest) {
            None => LoraSpec::new(rest, last),
            Some((file, unet_weight)) => LoraSpec {
                text_weight: last,
                ..LoraSpec::new(file, unet_weight)
            },
        },
    };
    if spec.path.as_os_str().is_empty() {
        return Err("expected FILE, FILE:WEIGHT or FILE:WEIGHT:TE_WEIGHT".to_owned());
    }
    spec.validate().map_err(|error| error.to_string())?;
    Ok(spec)
}

fn parse_size(text: &str) -> Result<(u32, u32), String> {
    let sides = text.split_once(['x', 'X', '×']);
    let side = |side: &str| side.trim().parse::<u32>().ok();
    sides
        .and_then(|(width, height)| Some((side(width)?, side(height)?)))
        .ok_or_else(|| "expected WIDTHxHEIGHT in pixels, e.g. 512x512".to_owned())
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_command_line_should_be_free_of_contradictions() {
        Args::command().debug_assert();
    }

    #[test]
    fn threads_should_be_a_number_this_computer_has() {
        assert_eq!(parse_threads("1"), Ok(1));
        for bad in ["", "0", "-1", "two", "1000000"] {
            assert!(parse_threads(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn an_adapter_should_be_a_file_with_up_to_two_weights() {
        let both = LoraSpec {
            text_weight: -0.5,
            ..LoraSpec::new("C:\\a.safetensors", 0.75)
        };
        assert_eq!(parse_lora("a.safetensors"), Ok(LoraSpec::new("a.safetensors", 1.0)));
        assert_eq!(parse_lora("a:b:0.5"), Ok(LoraSpec::new("a:b", 0.5)));
        assert_eq!(parse_lora("C:\\a.safetensors:0.75:-0.5"), Ok(both));
        for bad in ["", ":1", "a:nan", "a:1:inf"] {
            assert!(parse_lora(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn a_size_should_be_two_numbers() {
        assert_eq!(parse_size("512x768"), Ok((512, 768)));
        for bad in ["", "512", "512x", "x512", "-8x8", "8x8x8", "9999999999x8"] {
            assert!(parse_size(bad).is_err(), "{bad:?}");
        }
    }
}
