//! A model whose weights are read, of whichever family.

use std::path::{Path, PathBuf};

use candle_core::DType;

use super::{LdmUpscaler, Pixel, StableDiffusion, Unclip, Upscaler};
use crate::job::{LatentColours, LoraSpec, ModelInfo, Precision, VaeTiles};
use crate::pipelines::PipelineError;
use crate::pipelines::model_hash::ModelHash;
use crate::pipelines::precision::precision_of;
use crate::pipelines::preview::LinearMap;
use crate::weights::ModelFiles;

/// A model whose weights are read.
pub enum LoadedModel {
    /// Text to pictures by latents, with all that can be put beside it.
    StableDiffusion(Box<StableDiffusion>),
    /// Any other family.
    Other(Box<OtherModel>),
}

/// A model that is no Stable Diffusion.
pub struct OtherModel {
    info: ModelInfo,
    dtype: DType,
    hash: ModelHash,
    /// What computes.
    pub networks: Networks,
}

/// The networks of the families that are no Stable Diffusion.
pub enum Networks {
    /// A U-Net on pixels.
    Pixel(Box<Pixel>),
    /// Four times larger, told what the picture shows.
    Upscaler(Box<Upscaler>),
    /// Four times larger by latents of a codebook.
    LdmUpscaler(Box<LdmUpscaler>),
    /// From a text by a picture's embedding.
    Unclip(Box<Unclip>),
}

/// What the record of a picture says of its model.
pub trait Identified {
    /// What is known of the model.
    fn info(&self) -> &ModelInfo;
    /// SHA-256 over the weight files, hexadecimal, empty if unknown; computed beside other work.
    fn hash(&self) -> &str;
    /// What its networks compute in; never [`Precision::Auto`].
    fn precision(&self) -> Precision;
    /// How its latents look without a decoder, if that can be said.
    fn colours(&self) -> Option<LatentColours> {
        None
    }
}

impl OtherModel {
    pub(super) fn loaded(info: ModelInfo, dtype: DType, files: &ModelFiles, networks: Networks) -> LoadedModel {
        LoadedModel::Other(Box::new(Self {
            info,
            dtype,
            hash: ModelHash::begin(files.clone()),
            networks,
        }))
    }
}

impl Identified for OtherModel {
    fn info(&self) -> &ModelInfo {
        &self.info
    }

    fn hash(&self) -> &str {
        self.hash.get()
    }

    fn precision(&self) -> Precision {
        precision_of(self.dtype)
    }
}

impl Identified for StableDiffusion {
    fn info(&self) -> &ModelInfo {
        Self::info(self)
    }

    fn hash(&self) -> &str {
        Self::hash(self)
    }

    fn precision(&self) -> Precision {
        Self::precision(self)
    }

    fn colours(&self) -> Option<LatentColours> {
        self.linear_map().ok().map(LinearMap::colours)
    }
}

impl LoadedModel {
    /// What is known of the model.
    pub fn info(&self) -> &ModelInfo {
        self.identified().info()
    }

    /// What its networks compute in; never [`Precision::Auto`].
    pub fn precision(&self) -> Precision {
        self.identified().precision()
    }

    /// SHA-256 over the weight files, hexadecimal, empty if unknown; waits until it is computed.
    pub fn hash(&self) -> &str {
        self.identified().hash()
    }

    fn identified(&self) -> &dyn Identified {
        match self {
            Self::StableDiffusion(model) => &**model,
            Self::Other(model) => &**model,
        }
    }

    /// The model, if it is Stable Diffusion.
    ///
    /// # Errors
    /// [`PipelineError::Unsupported`] if it is of another family.
    pub fn stable_diffusion(&self, what: &'static str) -> Result<&StableDiffusion, PipelineError> {
        match self {
            Self::StableDiffusion(model) => Ok(model),
            Self::Other(model) => Err(no_stable_diffusion(what, model)),
        }
    }

    /// As [`Self::stable_diffusion`], by value.
    ///
    /// # Errors
    /// [`PipelineError::Unsupported`] if it is of another family.
    pub fn into_stable_diffusion(self) -> Result<StableDiffusion, PipelineError> {
        match self {
            Self::StableDiffusion(model) => Ok(*model),
            Self::Other(model) => Err(no_stable_diffusion("model", &model)),
        }
    }

    /// Decodes by another autoencoder from now on, or by the model's own; see [`StableDiffusion::set_vae`].
    ///
    /// # Errors
    /// [`PipelineError::Unsupported`] if another one is asked for and the model is no Stable Diffusion; else as there.
    pub fn set_vae(&mut self, path: Option<&Path>) -> Result<(), PipelineError> {
        match self {
            Self::StableDiffusion(model) => model.set_vae(path),
            Self::Other(model) if path.is_some() => Err(no_stable_diffusion("a model with another VAE", model)),
            Self::Other(_) => Ok(()),
        }
    }

    /// Whether large pictures go through the autoencoder in tiles from now on, where the family has one of that kind.
    pub fn set_vae_tiles(&mut self, tiles: VaeTiles) {
        if let Self::StableDiffusion(model) = self {
            model.set_vae_tiles(tiles);
        }
    }

    /// Lays these adapters over the networks and takes away whatever was there before; see
    /// [`StableDiffusion::set_adapters`]. Families that take none have none.
    ///
    /// # Errors
    /// [`PipelineError::Adapter`] if a file cannot be read or is for another family of models.
    pub fn set_adapters(&mut self, loras: &[LoraSpec], embeddings: &[PathBuf]) -> Result<(), PipelineError> {
        match self {
            Self::StableDiffusion(model) => model.set_adapters(loras, embeddings).map(drop),
            Self::Other(model) => match &mut model.networks {
                Networks::Upscaler(upscaler) => upscaler.set_adapters(loras, embeddings),
                Networks::Pixel(_) | Networks::LdmUpscaler(_) | Networks::Unclip(_) => Ok(()), // refused with the request
            },
        }
    }
}

fn no_stable_diffusion(what: &'static str, model: &OtherModel) -> PipelineError {
    PipelineError::Unsupported {
        what,
        expected: "Stable Diffusion".to_owned(),
        found: format!("{} ({})", model.info.name, model.info.family),
    }
}
