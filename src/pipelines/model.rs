//! What a job asks of a loaded model, whatever its family.

use std::any::Any;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use candle_core::{DType, Device, Tensor};

use super::controls::ActiveControl;
use super::denoiser::Denoiser;
use super::linear_map::LinearMap;
use super::model_hash::ModelHash;
use super::pass::Passes;
use super::precision::precision_of;
use super::references::ActiveReference;
use super::request_parts::RequestPart;
use super::{PipelineError, Scheduler};
use crate::conditioning::{Conditioning, Prompts, latent_shape};
use crate::job::{GenerateRequest, LoraSpec, ModelInfo, ModelRef, Precision, PreviewMode, VaeTiles};
use crate::kernels::Wrap;
use crate::models::unet::{MotionAdapter, UNetConfig};
use crate::models::vae::Moments;
use crate::weights::ModelFiles;

/// One architecture: how it is recognised, what it can do, how it is loaded.
pub struct Family {
    /// Stable name in records, e.g. `stable_diffusion`.
    pub id: &'static str,
    /// What people call it.
    pub label: &'static str,
    /// The pipeline classes of `model_index.json` that are of this family, and of no other.
    pub classes: &'static [&'static str],
    /// The parts of a request that it can carry out.
    pub supports: &'static [RequestPart],
    pub(super) describe: fn(&ModelRef, &ModelFiles) -> Result<ModelInfo, PipelineError>,
    pub(super) load: LoadModel,
}

/// Reads the weights and builds the networks; calls its second argument with the fraction that is done, 0 to 1.
pub(super) type LoadModel = fn(ModelSource<'_>, &mut dyn FnMut(f32)) -> Result<Box<dyn Model>, PipelineError>;

/// What a model is loaded from.
pub struct ModelSource<'a> {
    /// The architecture.
    pub family: &'static Family,
    /// What is known of the model without its weights.
    pub info: ModelInfo,
    /// Its open files.
    pub files: &'a ModelFiles,
    /// Where its tensors shall live.
    pub device: &'a Device,
    /// The number format that its networks shall compute in.
    pub dtype: DType,
}

impl Family {
    /// Describes a model without reading its weights.
    ///
    /// # Errors
    /// [`PipelineError`] if a configuration is missing or broken.
    pub fn describe(&self, model: &ModelRef, files: &ModelFiles) -> Result<ModelInfo, PipelineError> {
        (self.describe)(model, files)
    }

    /// Reads the weights and builds the networks.
    ///
    /// * `dtype`: what the networks compute in; whether the device can is not checked here.
    /// * `progress`: called with the fraction that is done, 0 to 1.
    ///
    /// # Errors
    /// [`PipelineError`] if a file is missing or broken, or the device is out of memory.
    pub fn load(
        &'static self,
        model: &ModelRef,
        files: &ModelFiles,
        (device, dtype): (&Device, DType),
        progress: &mut dyn FnMut(f32),
    ) -> Result<Box<dyn Model>, PipelineError> {
        let source = self.source(model, files, (device, dtype))?;
        let loaded = (self.load)(source, progress)?;
        progress(1.0);
        Ok(loaded)
    }

    pub(super) fn source<'a>(
        &'static self,
        model: &ModelRef,
        files: &'a ModelFiles,
        (device, dtype): (&'a Device, DType),
    ) -> Result<ModelSource<'a>, PipelineError> {
        Ok(ModelSource {
            family: self,
            info: self.describe(model, files)?,
            files,
            device,
            dtype,
        })
    }
}

/// What every loaded model has beside its networks.
pub struct ModelBase {
    /// The architecture.
    pub family: &'static Family,
    /// What is known of the model without its weights.
    pub info: ModelInfo,
    /// Where its tensors live.
    pub device: Device,
    /// The number format that its networks compute in.
    pub dtype: DType,
    /// Its noise levels and what its network predicts.
    pub scheduler: Scheduler,
    hash: ModelHash,
}

impl ModelBase {
    pub(super) fn new(source: ModelSource<'_>, scheduler: Scheduler) -> Self {
        let ModelSource {
            family,
            info,
            files,
            device,
            dtype,
        } = source;
        Self {
            family,
            info,
            device: device.clone(),
            dtype,
            scheduler,
            hash: ModelHash::begin(files.clone()),
        }
    }

    /// The error for a task or a setting that the family does not have.
    pub(super) fn refuses(&self, what: &'static str, expected: &str) -> PipelineError {
        PipelineError::Unsupported {
            what,
            expected: expected.to_owned(),
            found: format!("{} ({})", self.info.name, self.info.family),
        }
    }
}

/// What a U-Net sees beside the noisy latents, on further channels of its input.
#[derive(Debug, Clone)]
pub enum ConcatCond {
    /// For U-Nets with 9 channels: where to paint and what is there, `(1, 5, height, width)`: the mask (1 where to
    /// paint) and the latents of the picture without that part.
    Inpaint(Tensor),
    /// For U-Nets with 8 channels: the picture that shall be changed (`InstructPix2Pix`).
    Edit {
        /// Its latents without scaling, `(1, 4, height, width)`.
        latents: Tensor,
        /// How much the result shall resemble it; like a guidance scale.
        scale: f64,
    },
    /// For U-Nets that enlarge: the small picture, with the height and width of the latents.
    LowRes {
        /// `(1, 3, height, width)`, under noise where the network was trained so.
        picture: Tensor,
        /// How much noise it is under, as a timestep, for networks that take it as an input.
        noise_level: Option<u32>,
    },
}

/// What conditions a network over a stretch of a run. A family reads the fields that its [`Family::supports`] names.
#[derive(Clone, Default)]
pub struct DenoiserInputs<'a> {
    /// Noise levels and prediction type; the model's own if `None`.
    pub scheduler: Option<Arc<Scheduler>>,
    /// The encoded prompts.
    pub prompts: Option<Arc<Conditioning>>,
    /// The class to draw.
    pub class_label: Option<u32>,
    /// What the U-Net sees on further channels of its input.
    pub concat: Option<ConcatCond>,
    /// Pictures to follow.
    pub controls: Vec<ActiveControl>,
    /// Pictures as prompts.
    pub references: Vec<ActiveReference>,
    /// The motion adapter and the number of frames of a film.
    pub film: Option<(&'a MotionAdapter, usize)>,
    /// Edges of the picture that join.
    pub wrap: Wrap,
}

impl DenoiserInputs<'_> {
    /// Prompts and nothing else.
    pub fn of(prompts: Conditioning) -> Self {
        Self {
            prompts: Some(Arc::new(prompts)),
            ..Self::default()
        }
    }
}

/// A loaded model. Whatever its networks compute in, tensors come and go in
/// [`STATE_DTYPE`](crate::conditioning::STATE_DTYPE).
pub trait Model: Any {
    /// What every model has.
    fn base(&self) -> &ModelBase;

    /// What is known of the model without its weights.
    fn info(&self) -> &ModelInfo {
        &self.base().info
    }

    /// Where its tensors live.
    fn device(&self) -> &Device {
        &self.base().device
    }

    /// The number format that its networks compute in.
    fn dtype(&self) -> DType {
        self.base().dtype
    }

    /// The same as a precision; never [`Precision::Auto`].
    fn precision(&self) -> Precision {
        precision_of(self.base().dtype)
    }

    /// SHA-256 over the weight files, hexadecimal, empty if unknown; waits until it is computed.
    fn hash(&self) -> &str {
        self.base().hash.get()
    }

    /// Its noise levels and what its network predicts.
    fn scheduler(&self) -> &Scheduler {
        &self.base().scheduler
    }

    /// Encodes both prompts.
    ///
    /// # Errors
    /// [`PipelineError::Unsupported`] if the family takes no text or the text encoder has too few layers for the clip skip;
    /// else the tokenizer's and the device's.
    fn encode_prompts(&self, _prompts: &Prompts) -> Result<Conditioning, PipelineError> {
        Err(self.base().refuses("prompt", "absent"))
    }

    /// The network with what conditions it.
    ///
    /// # Errors
    /// [`PipelineError::Unsupported`] if the inputs do not fit the model.
    fn denoiser<'a>(&'a self, inputs: DenoiserInputs<'a>) -> Result<Box<dyn Denoiser + 'a>, PipelineError>;

    /// The shape `(1, channels, height, width)` of the latents of a picture of this size.
    ///
    /// # Errors
    /// [`PipelineError::Unsupported`] if the model makes no pictures of this size.
    fn latent_shape(&self, width_px: u32, height_px: u32) -> Result<[usize; 4], PipelineError> {
        Ok(latent_shape(&self.base().info, width_px, height_px)?)
    }

    /// Channels of the network's input: those of the latents and of what it sees beside them.
    fn input_channels(&self) -> usize {
        self.base().info.latent_channels
    }

    /// Whether estimates of the clean picture are held to the scheduler's range.
    fn clips_samples(&self) -> bool {
        false
    }

    /// The U-Net with cross-attention, which controls, references and motion adapters have to fit; `None` without one.
    fn unet_config(&self) -> Option<&UNetConfig> {
        None
    }

    /// Picture `(1, 3, height, width)` in −1..1 → the distribution of its latents, not yet [scaled](Self::scaled).
    ///
    /// * `wrap`: edges that join.
    ///
    /// # Errors
    /// If the family has no encoder; else the device's.
    fn encode(&self, _picture: &Tensor, _wrap: Wrap) -> candle_core::Result<Moments> {
        candle_core::bail!("{} has no picture encoder", self.base().family.label)
    }

    /// The encoder's latents as the network sees them.
    ///
    /// # Errors
    /// Only the device's.
    fn scaled(&self, latents: &Tensor) -> candle_core::Result<Tensor> {
        Ok(latents.clone())
    }

    /// What [`Self::scaled`] multiplies latents by.
    fn latent_scale(&self) -> f64 {
        1.0
    }

    /// Latents as the network sees them → picture `(1, 3, height, width)` in −1..1.
    ///
    /// * `wrap`: edges that join.
    ///
    /// # Errors
    /// Only the device's.
    fn decode(&self, latents: &Tensor, wrap: Wrap) -> candle_core::Result<Tensor>;

    /// What the record of a finished picture calls its decoder.
    fn decoder_id(&self) -> &'static str {
        ""
    }

    /// The estimate of the clean latents as a picture `(1, 3, height, width)` in −1..1; `None` if there is none in this mode.
    ///
    /// * `wrap`: edges that join.
    ///
    /// # Errors
    /// Only the device's.
    fn preview(&self, latents: &Tensor, mode: PreviewMode, wrap: Wrap) -> candle_core::Result<Option<Tensor>> {
        Ok(match mode {
            PreviewMode::Off => None,
            PreviewMode::Auto | PreviewMode::Linear | PreviewMode::Vae => Some(self.decode(latents, wrap)?),
        })
    }

    /// The linear map from latents to colours; `None` where the latents are pixels.
    ///
    /// # Errors
    /// Only the device's.
    fn linear_map(&self) -> candle_core::Result<Option<&LinearMap>> {
        Ok(None)
    }

    /// The small picture as an enlarging model sees it beside the latents.
    ///
    /// * `small`: `(1, 3, height, width)` in −1..1; the latents have its height and width.
    /// * `noise`: N(0, 1) in the shape of the picture.
    /// * `noise_level`: how much of the noise the picture is put under, as a timestep.
    ///
    /// # Errors
    /// [`PipelineError::Unsupported`] if the model does not enlarge, or not from this picture or at this noise level.
    fn low_res(
        &self,
        _small: &Tensor,
        _noise: &Tensor,
        _noise_level: Option<u32>,
    ) -> Result<ConcatCond, PipelineError> {
        Err(self.base().refuses("picture to enlarge", "absent"))
    }

    /// The passes of a family whose pictures do not come from one network alone; `None` for all others.
    ///
    /// # Errors
    /// If the request does not fit the model; else the schedule's, the tokenizer's and the device's.
    fn own_passes<'a>(&'a self, _request: &'a GenerateRequest) -> Result<Option<Box<dyn Passes + 'a>>, PipelineError> {
        Ok(None)
    }

    /// Lays these adapters over the networks in place of all others, in the middle of a run if need be. Prompts that were
    /// encoded before stay as they are. Returns how many layers were made anew.
    ///
    /// # Errors
    /// [`PipelineError::Adapter`] if a file cannot be read or is for another family of models.
    fn set_loras(&self, loras: &[LoraSpec]) -> Result<usize, PipelineError> {
        if loras.is_empty() {
            return Ok(0);
        }
        Err(self.base().refuses("adapters", "absent"))
    }

    /// As [`Self::set_loras`], and adds the words of these embeddings to the text encoder's in place of all others.
    ///
    /// # Errors
    /// As [`Self::set_loras`].
    fn set_adapters(&mut self, _loras: &[LoraSpec], _embeddings: &[PathBuf]) -> Result<usize, PipelineError> {
        Ok(0) // refused with the request
    }

    /// Decodes and encodes by another autoencoder from now on; `None` takes the model's own again.
    ///
    /// # Errors
    /// [`PipelineError::Unsupported`] if the family takes none, [`PipelineError::Load`] if it cannot be read,
    /// [`PipelineError::OtherModel`] if its latents are of another kind; then the model has its own.
    fn set_vae(&mut self, path: Option<&Path>) -> Result<(), PipelineError> {
        match path {
            Some(_) => Err(self.base().refuses("a model with another VAE", "Stable Diffusion")),
            None => Ok(()),
        }
    }

    /// Whether large pictures go through the autoencoder in tiles from now on, where the family has one of that kind.
    fn set_vae_tiles(&mut self, _tiles: VaeTiles) {}
}
