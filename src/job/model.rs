//! Which model, and what can be said of it without its weights.

use std::path::PathBuf;

use super::request_error::SIZE_MULTIPLE_PX;

/// Names a model: a built-in one, or a folder in the diffusers layout.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default, serde::Serialize, serde::Deserialize)]
#[serde(from = "String", into = "String")]
pub enum ModelRef {
    /// The small text-conditional model that ships inside the program.
    #[default]
    Starter,
    /// Its class-conditional sibling, which draws flowers pixel by pixel.
    Flowers,
    /// A model on disk.
    Path(PathBuf),
}

impl ModelRef {
    /// The models that need no file.
    pub const BUILT_IN: [Self; 2] = [Self::Starter, Self::Flowers];
}

/// How the built-in models are written in records and on the command line.
const STARTER_NAME: &str = "starter";
const FLOWERS_NAME: &str = "flowers";

impl From<String> for ModelRef {
    fn from(text: String) -> Self {
        Self::from(text.as_str())
    }
}

impl From<&str> for ModelRef {
    fn from(text: &str) -> Self {
        match text {
            STARTER_NAME => Self::Starter,
            FLOWERS_NAME => Self::Flowers,
            path => Self::Path(PathBuf::from(path)),
        }
    }
}

impl From<ModelRef> for String {
    fn from(model: ModelRef) -> Self {
        model.to_string()
    }
}

impl std::fmt::Display for ModelRef {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Starter => f.write_str(STARTER_NAME),
            Self::Flowers => f.write_str(FLOWERS_NAME),
            Self::Path(path) => write!(f, "{}", path.display()),
        }
    }
}

/// One entry of a list to choose from: a sampler, a schedule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
pub struct Choice {
    /// Stable name in records and on the command line, e.g. `dpmpp_2m`.
    pub id: &'static str,
    /// What people call it, e.g. `DPM++ 2M`.
    pub label: &'static str,
    /// What other programs call it.
    pub aliases: &'static [&'static str],
}

/// The values a new form starts from with this model.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct ModelDefaults {
    /// Native width in pixels.
    pub width_px: u32,
    /// Native height in pixels.
    pub height_px: u32,
    /// Steps that give a good picture with the default sampler.
    pub steps: u32,
    /// Guidance scale the model looks best at.
    pub guidance_scale: f64,
    /// Sampler id.
    pub sampler: &'static str,
    /// Schedule id.
    pub schedule: &'static str,
}

/// What a model takes from a request beside size, seed and sampler.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
pub struct Takes {
    /// Whether it reads a prompt.
    pub prompt: bool,
    /// How many classes it knows, one of which is to be named; `None` if none can be.
    pub classes: Option<u32>,
    /// How many times larger it makes the picture to start from, without which it makes none; `None` if it needs none.
    pub enlarges: Option<u32>,
    /// Most noise that this picture may be put under, as a timestep; `None` if it is put under none.
    pub max_noise_level: Option<u32>,
    /// Whether it makes pictures of its native size alone.
    pub is_size_fixed: bool,
}

impl Default for Takes {
    fn default() -> Self {
        Self {
            prompt: true,
            classes: None,
            enlarges: None,
            max_noise_level: None,
            is_size_fixed: false,
        }
    }
}

/// What is known of a model before its weights are read.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct ModelInfo {
    /// How to ask for it.
    pub model: ModelRef,
    /// Name for people: the folder's name, or "Starter".
    pub name: String,
    /// Family id, e.g. `sd15`.
    pub family: &'static str,
    /// What the network predicts: `epsilon`, `v_prediction` or `sample`.
    pub prediction: String,
    /// Channels of the latents.
    pub latent_channels: usize,
    /// Pixels per latent along each side.
    pub vae_factor: u32,
    /// Whether the model brings a tiny decoder for previews.
    pub has_tiny_decoder: bool,
    /// What it takes from a request.
    pub takes: Takes,
    /// What its classes are called, in their order; empty if the model does not say.
    pub class_names: Vec<String>,
    /// Values for a new form.
    pub defaults: ModelDefaults,
}

impl ModelInfo {
    /// What the sides of its pictures are multiples of, in pixels.
    pub fn size_multiple_px(&self) -> u32 {
        self.vae_factor.max(SIZE_MULTIPLE_PX)
    }
}
