//! What a picture may be made from beside its prompt: other pictures, and changes of mind on the way. Plain data; all
//! tasks are such data, and one loop carries them out.

use std::path::PathBuf;

use super::ModelRef;
use super::request_error::RequestError;

/// A picture to start from.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct InitPicture {
    /// Its file; scaled and cropped to the size of the request.
    pub file: PathBuf,
    /// How much of it may change, 0 to 1: the part of the steps that is taken.
    #[serde(default = "default_strength")]
    pub strength: f64,
    /// How it is brought under noise.
    #[serde(default)]
    pub way: InitWay,
}

/// How a picture is brought under noise.
#[derive(Debug, Clone, PartialEq, Default, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum InitWay {
    /// Fresh noise is added: image to image.
    #[default]
    Noise,
    /// It is taken back to noise by DDIM inversion under a prompt of what it shows, so that a run from there under another
    /// prompt keeps its shape: restyling.
    Inversion {
        /// What the picture shows; may be empty.
        prompt: String,
    },
    /// It is shown to the network beside the latents: for models that edit by instruction.
    Beside {
        /// How much the result shall resemble it; like a guidance scale.
        guidance_scale: f64,
    },
}

/// What [`InitPicture::strength`] is where nothing is said.
fn default_strength() -> f64 {
    0.75
}

/// Where to paint in the picture that a run starts from.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(default)]
pub struct Mask {
    /// A picture of the same size as the one to start from: white where to paint, black where all stays.
    pub file: PathBuf,
    /// Paint where it is black instead.
    pub is_inverted: bool,
    /// How far its edge is blurred, in pixels of the picture.
    pub blur_px: f64,
    /// Whether grey means both count: the edge is soft in the latents too. Else half and more is white.
    pub is_soft: bool,
    /// Only the masked part is painted, at the full size of the request, with so many pixels of its surroundings; then
    /// it is put back into the picture. `None` paints the picture as a whole.
    pub only_masked_padding_px: Option<u32>,
}

impl Default for Mask {
    fn default() -> Self {
        Self {
            file: PathBuf::new(),
            is_inverted: false,
            blur_px: 4.0,
            is_soft: false,
            only_masked_padding_px: None,
        }
    }
}

/// How far a picture is painted on beyond its edges, in pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
#[serde(default)]
#[expect(clippy::struct_field_names, reason = "their unit is worth saying")]
pub struct Outpaint {
    /// To the left.
    pub left_px: u32,
    /// To the top.
    pub top_px: u32,
    /// To the right.
    pub right_px: u32,
    /// To the bottom.
    pub bottom_px: u32,
}

impl Outpaint {
    /// Whether any side grows.
    pub fn is_any(&self) -> bool {
        *self != Self::default()
    }

    /// Width and height of a picture with what is added to its sides, in pixels.
    pub fn grown(&self, width_px: u32, height_px: u32) -> (u32, u32) {
        (
            width_px + self.left_px + self.right_px,
            height_px + self.top_px + self.bottom_px,
        )
    }
}

/// A `ControlNet` or T2I-Adapter and the picture it follows.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(default)]
pub struct Control {
    /// Its folder or file.
    pub model: PathBuf,
    /// The picture to follow.
    pub picture: PathBuf,
    /// What is made of the picture first, by the id of a preprocessor; empty takes it as it is.
    pub preprocessor: String,
    /// How much it counts; 1 as trained.
    pub weight: f64,
    /// Where in the run it begins to count, as a fraction of the steps.
    pub start: f64,
    /// Where it ends.
    pub end: f64,
    /// Whether it also shall guess what the picture shows: it counts for the prompt alone, less in finer layers.
    pub is_guess: bool,
}

impl Default for Control {
    fn default() -> Self {
        Self {
            model: PathBuf::new(),
            picture: PathBuf::new(),
            preprocessor: String::new(),
            weight: 1.0,
            start: 0.0,
            end: 1.0,
            is_guess: false,
        }
    }
}

/// What of a reference picture counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReferencePart {
    /// All of it.
    #[default]
    All,
    /// How it is painted.
    Style,
    /// What it shows and where.
    Content,
}

/// A picture as a prompt, by an IP-Adapter.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(default)]
pub struct Reference {
    /// The adapter's folder or file.
    pub adapter: PathBuf,
    /// The picture.
    pub picture: PathBuf,
    /// How much it counts.
    pub weight: f64,
    /// What of it counts.
    pub part: ReferencePart,
}

impl Default for Reference {
    fn default() -> Self {
        Self {
            adapter: PathBuf::new(),
            picture: PathBuf::new(),
            weight: 1.0,
            part: ReferencePart::All,
        }
    }
}

/// Another prompt from a step on.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct PromptSwitch {
    /// The first step of the other prompt, from 0; the steps before it keep the one before.
    pub step: u32,
    /// The other prompt.
    pub prompt: String,
}

/// A second pass at a larger size.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Hires {
    /// How much larger, 1 to 4.
    pub scale: f64,
    /// How much may change, 0 to 1.
    pub strength: f64,
    /// Steps of the second pass before the strength is applied; `None` takes those of the first.
    #[serde(default)]
    pub steps: Option<u32>,
}

/// Enlargement by a network of the ESRGAN family. With a second pass it enlarges what the second pass starts from; else
/// the finished picture.
#[derive(Debug, Clone, PartialEq, Default, serde::Serialize, serde::Deserialize)]
#[serde(default)]
pub struct Upscale {
    /// The network's file.
    pub model: PathBuf,
    /// How much larger the picture becomes, 1 to 8; `None` as much as the network makes of it. A second pass has a scale of
    /// its own, and this one is not looked at.
    pub scale: Option<f64>,
    /// A picture to enlarge instead of making one; no step is taken.
    pub picture: Option<PathBuf>,
}

/// Another model of the same latents for the last steps.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Refiner {
    /// The model.
    pub model: ModelRef,
    /// Its first step, from 0.
    pub step: u32,
}

/// A little of another seed's noise.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Variation {
    /// The other seed; of a batch that of the first picture, the next ones count up from it.
    pub seed: u64,
    /// How much of it, 0 to 1.
    pub strength: f64,
}

/// Which edges of the picture shall join without a seam.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
pub struct Tiling {
    /// Left and right.
    pub x: bool,
    /// Top and bottom.
    pub y: bool,
}

/// Which generator makes the noise that a run starts from. The noise of steps is always ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum NoiseSource {
    /// Our own, the same on every device.
    #[default]
    Hareru,
    /// That of `PyTorch` on the processor, as diffusers with a CPU generator, `ComfyUI`, and A1111's RNG "CPU".
    TorchCpu,
    /// That of `PyTorch` on an NVIDIA GPU, as A1111's RNG "GPU" and "NV".
    #[serde(rename = "a1111-gpu")]
    A1111Gpu,
}

impl NoiseSource {
    /// Every source, in the order a list shows them.
    pub const ALL: [Self; 3] = [Self::Hareru, Self::TorchCpu, Self::A1111Gpu];

    /// Stable name in records and on the command line.
    pub const fn id(self) -> &'static str {
        match self {
            Self::Hareru => "hareru-1",
            Self::TorchCpu => "torch-cpu",
            Self::A1111Gpu => "a1111-gpu",
        }
    }
}

/// A film: pictures that belong together, made in one run.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Film {
    /// Folder of the motion adapter that is put into the model.
    pub adapter: PathBuf,
    /// How many pictures, 1 to [`MAX_FRAMES`]; the adapter may know fewer.
    pub frames: u32,
}

/// Longest growth of a side.
const MAX_OUTPAINT_PX: u32 = 2048;
/// Most adapters and controls in one request.
pub const MAX_ADAPTERS: usize = 16;
/// Most pictures of one film.
pub const MAX_FRAMES: u32 = 64;

/// `Ok` if `found` is a number in `range`.
fn within(field: &'static str, found: f64, range: std::ops::RangeInclusive<f64>) -> Result<(), RequestError> {
    if range.contains(&found) {
        return Ok(());
    }
    Err(RequestError::Range {
        field,
        expected: format!("{} to {}", range.start(), range.end()),
        found: found.to_string(),
    })
}

impl InitPicture {
    pub(super) fn validate(&self) -> Result<(), RequestError> {
        within("strength", self.strength, 0.0..=1.0)?;
        match self.way {
            InitWay::Beside { guidance_scale } if !guidance_scale.is_finite() => Err(RequestError::NotFinite {
                field: "picture guidance",
                found: guidance_scale,
            }),
            _ => Ok(()),
        }
    }
}

impl Mask {
    pub(super) fn validate(&self) -> Result<(), RequestError> {
        within("mask blur", self.blur_px, 0.0..=256.0)?;
        let padding = f64::from(self.only_masked_padding_px.unwrap_or(0));
        within("mask padding", padding, 0.0..=1024.0)
    }
}

impl Outpaint {
    pub(super) fn validate(&self) -> Result<(), RequestError> {
        for side in [self.left_px, self.top_px, self.right_px, self.bottom_px] {
            within("outpainting", f64::from(side), 0.0..=f64::from(MAX_OUTPAINT_PX))?;
        }
        Ok(())
    }
}

impl Control {
    pub(super) fn validate(&self) -> Result<(), RequestError> {
        within("control weight", self.weight, -10.0..=10.0)?;
        within("control start", self.start, 0.0..=1.0)?;
        within("control end", self.end, self.start..=1.0)
    }
}

impl Reference {
    pub(super) fn validate(&self) -> Result<(), RequestError> {
        within("reference weight", self.weight, -10.0..=10.0)
    }
}

impl Film {
    pub(super) fn validate(&self) -> Result<(), RequestError> {
        within("frames", f64::from(self.frames), 1.0..=f64::from(MAX_FRAMES))
    }
}

impl Hires {
    pub(super) fn validate(&self) -> Result<(), RequestError> {
        within("hires scale", self.scale, 1.0..=4.0)?;
        within("hires strength", self.strength, 0.0..=1.0)
    }
}

impl Upscale {
    pub(super) fn validate(&self) -> Result<(), RequestError> {
        within("enlargement", self.scale.unwrap_or(1.0), 1.0..=8.0)
    }
}

impl Variation {
    pub(super) fn validate(&self) -> Result<(), RequestError> {
        within("variation strength", self.strength, 0.0..=1.0)
    }
}

/// `Ok` if a step lies inside a run.
pub(super) fn step_within(field: &'static str, step: u32, steps: u32) -> Result<(), RequestError> {
    within(field, f64::from(step), 0.0..=f64::from(steps.saturating_sub(1)))
}
