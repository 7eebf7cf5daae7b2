//! Pictures as prompts: IP-Adapters with the image encoder that belongs to them.

use std::path::{Path, PathBuf};

use candle_core::{DType, Device, Tensor};

use super::PipelineError;
use super::controls::Branches;
use super::preprocess::{ClipImageConfig, ClipImageSize, clip_pixels};
use crate::job::{ReferencePart, RgbImage};
use crate::kernels::cast_input;
use crate::models::clip::{ClipVisionConfig, ClipVisionModel};
use crate::models::ip_adapter::{ImageFeatures, ImagePrompt, ImagePromptPart, IpAdapter};
use crate::models::unet::UNetConfig;
use crate::weights::{self, ModelFiles};

/// Folder of the image encoder beside an adapter's weights.
pub(super) const ENCODER_FOLDER: &str = "image_encoder";

/// An adapter with its image encoder.
#[derive(Debug)]
pub struct ReferenceNetwork {
    encoder: ClipVisionModel,
    adapter: IpAdapter,
    picture_config: ClipImageConfig,
    dtype: DType,
}

/// A reference picture at work in a run.
#[derive(Debug, Clone)]
pub struct ActiveReference {
    /// For the prompt alone.
    alone: ImagePrompt,
    /// For the negative prompt alone, which sees nothing.
    nothing: ImagePrompt,
    /// For the negative prompt, which sees nothing, and the prompt.
    both: ImagePrompt,
}

impl ReferenceNetwork {
    /// Reads an adapter.
    ///
    /// * `encoder`: the folder of the image encoder.
    /// * `adapter`: the adapter's own weights.
    /// * `unet`: of the model that it shall work with.
    ///
    /// # Errors
    /// [`PipelineError::Load`] if something is missing, broken, or made for another model.
    pub fn load(
        encoder: &ModelFiles,
        adapter: &ModelFiles,
        unet: &UNetConfig,
        device: &Device,
        dtype: DType,
    ) -> Result<Self, PipelineError> {
        let config: ClipVisionConfig = encoder.json("config.json")?;
        Ok(Self {
            encoder: weights::build(encoder, "", device, dtype, |vb| ClipVisionModel::new(vb, &config))?,
            adapter: weights::build(adapter, "", device, dtype, |vb| IpAdapter::new(vb, unet))?,
            picture_config: if encoder.exists("preprocessor_config.json") {
                encoder.json("preprocessor_config.json")?
            } else {
                ClipImageConfig {
                    size: ClipImageSize::Side(config.image_size),
                    crop_size: ClipImageSize::Side(config.image_size),
                    ..ClipImageConfig::default()
                }
            },
            dtype,
        })
    }

    /// The same, of a folder with the adapter's weights and the encoder's folder `image_encoder`, or of the weights' file
    /// beside such a folder.
    ///
    /// # Errors
    /// As [`Self::load`].
    pub fn open(path: &Path, unet: &UNetConfig, device: &Device, dtype: DType) -> Result<Self, PipelineError> {
        let (folder, file) = if path.is_dir() {
            (path, weights_in(path)?)
        } else {
            (path.parent().unwrap_or_else(|| Path::new("")), path.to_owned())
        };
        let encoder = ModelFiles::open(folder.join(ENCODER_FOLDER))?;
        Self::load(&encoder, &ModelFiles::open(file)?, unet, device, dtype)
    }

    /// A picture as the image encoder takes it, `(1, 3, side, side)`.
    pub(super) fn pixels(&self, picture: &RgbImage, device: &Device) -> Result<Tensor, PipelineError> {
        Ok(clip_pixels(picture, &self.picture_config, device)?)
    }

    /// Makes a prompt of a picture.
    ///
    /// * `pixels`: `(1, 3, side, side)`, normalised as the encoder was trained.
    /// * `weight`: how much it counts.
    ///
    /// # Errors
    /// Only the device's.
    pub fn refer(&self, pixels: &Tensor, weight: f64, part: ReferencePart) -> candle_core::Result<ActiveReference> {
        let states = self.encoder.forward(&cast_input(pixels, self.dtype)?)?;
        let (states, nothing) = match self.adapter.features() {
            ImageFeatures::Embedding => (states.embedding.clone(), states.embedding.zeros_like()?),
            ImageFeatures::Penultimate => {
                let nothing = self.encoder.forward(&cast_input(&pixels.zeros_like()?, self.dtype)?)?;
                (states.penultimate, nothing.penultimate)
            }
        };
        let (tokens, nothing) = (self.adapter.tokens(&states)?, self.adapter.tokens(&nothing)?);
        let part = match part {
            ReferencePart::All => ImagePromptPart::Whole,
            ReferencePart::Style => ImagePromptPart::Style,
            ReferencePart::Content => ImagePromptPart::Content,
        };
        Ok(ActiveReference {
            nothing: self.adapter.prompt(&nothing, weight, part)?,
            alone: self.adapter.prompt(&tokens, weight, part)?,
            both: self
                .adapter
                .prompt(&Tensor::cat(&[&nothing, &tokens], 0)?, weight, part)?,
        })
    }
}

/// The one weight file in an adapter's folder.
fn weights_in(folder: &Path) -> Result<PathBuf, PipelineError> {
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder)
        .into_iter()
        .flatten()
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|file| file.extension().is_some_and(|end| end == "safetensors" || end == "bin"))
        .collect();
    files.sort();
    match <[PathBuf; 1]>::try_from(files) {
        Ok([file]) => Ok(file),
        Err(files) => Err(PipelineError::Unsupported {
            what: "an adapter's folder",
            expected: "one with one weight file (or name the file)".to_owned(),
            found: format!("{} of them in {}", files.len(), folder.display()),
        }),
    }
}

/// The prompts for these branches.
pub(super) fn image_prompts(references: &[ActiveReference], branches: Branches) -> Vec<ImagePrompt> {
    let of = |reference: &ActiveReference| match branches {
        Branches::Prompt => Some(reference.alone.clone()),
        Branches::Both => Some(reference.both.clone()),
        Branches::Negative => Some(reference.nothing.clone()),
        Branches::Edit => None,
    };
    references.iter().filter_map(of).collect()
}
