//! Stable Diffusion 1.x and 2.x: one CLIP text encoder, a U-Net on the latents of a KL autoencoder.

use candle_core::{DType, Device, Tensor};

use super::{Family, ModelIndex};
use crate::job::{ModelDefaults, ModelInfo, ModelRef, Precision};
use crate::models::clip::{ClipTextConfig, ClipTextModel};
use crate::models::taesd::{AutoencoderTiny, TinyConfig};
use crate::models::unet::{UNet2DConditionModel, UNetConditions, UNetConfig, guidance_embedding};
use crate::models::vae::{AutoencoderKL, VaeConfig};
use crate::pipelines::PipelineError;
use crate::pipelines::denoise::STATE_DTYPE;
use crate::pipelines::precision::precision_of;
use crate::pipelines::predictor::{Predicted, Predictor, Query};
use crate::pipelines::preview::LinearMap;
use crate::pipelines::prompt::ClipTokenizer;
use crate::pipelines::scheduler::{Scheduler, SchedulerConfig};
use crate::weights::{self, ModelFiles};

/// Where a model may bring a tiny decoder; not part of the diffusers layout, which ignores it.
const TINY_FOLDER: &str = "vae_tiny";
/// Pipelines whose parts are these networks and no others.
const CLASSES: &[&str] = &["StableDiffusionPipeline", "LatentConsistencyModelPipeline"];

/// Registers Stable Diffusion 1.x and 2.x.
pub(super) struct StableDiffusionFamily;

/// The networks of one model, ready to be asked. Whatever they compute in, what goes in and comes out is
/// [`STATE_DTYPE`].
pub struct StableDiffusion {
    info: ModelInfo,
    device: Device,
    /// What the text encoder, the U-Net and the tiny decoder compute in.
    dtype: DType,
    /// What the autoencoder computes in.
    vae_dtype: DType,
    files: ModelFiles,
    hash: std::sync::OnceLock<String>,
    scheduler: Scheduler,
    tokenizer: ClipTokenizer,
    text_encoder: ClipTextModel,
    unet: UNet2DConditionModel,
    vae: AutoencoderKL,
    tiny: Option<AutoencoderTiny>,
    linear: std::sync::OnceLock<LinearMap>,
}

/// What the U-Net is told of the prompts.
#[derive(Debug, Clone)]
pub struct Conditioning {
    /// Ids of the prompt, one per position.
    pub prompt_ids: Vec<u32>,
    /// Ids of the negative prompt.
    pub negative_ids: Vec<u32>,
    /// Hidden states of the prompt, `(1, positions, width)`, in [`STATE_DTYPE`].
    pub cond: Tensor,
    /// Hidden states of the negative prompt.
    pub uncond: Tensor,
    /// Both as one batch, the negative prompt first: the same tensor at every step, so that a network can tell.
    pub both: Tensor,
}

/// A model with the prompts of one picture.
#[derive(Clone, Copy)]
pub struct Prompted<'a> {
    /// The networks.
    pub model: &'a StableDiffusion,
    /// Both prompts.
    pub conditioning: &'a Conditioning,
}

impl Predictor for Prompted<'_> {
    fn device(&self) -> &Device {
        &self.model.device
    }

    fn scheduler(&self) -> &Scheduler {
        &self.model.scheduler
    }

    fn predict(&self, query: &Query<'_>) -> candle_core::Result<Predicted> {
        self.model.predict(query, self.conditioning)
    }
}

impl Family for StableDiffusionFamily {
    fn id(&self) -> &'static str {
        "stable_diffusion"
    }

    fn label(&self) -> &'static str {
        "Stable Diffusion 1 or 2"
    }

    fn claims(&self, index: &ModelIndex) -> bool {
        CLASSES.contains(&index.class_name.as_str())
    }

    fn describe(&self, model: &ModelRef, files: &ModelFiles) -> Result<ModelInfo, PipelineError> {
        let unet: UNetConfig = files.json("unet/config.json")?;
        let vae: VaeConfig = files.json("vae/config.json")?;
        let scheduler: SchedulerConfig = files.json("scheduler/scheduler_config.json")?;
        let factor = vae.factor() as u32;
        let native_px = unet.sample_size.as_ref().and_then(|size| size.get(0)).unwrap_or(64) as u32 * factor;
        let (name, defaults) = match model {
            ModelRef::Starter => ("Starter".to_owned(), (25, 4.5)),
            ModelRef::Path(path) => (folder_name(path), (25, 7.5)),
        };
        let is_distilled = unet.time_cond_proj_dim.is_some();
        let (steps, guidance_scale) = if is_distilled { (4, 8.5) } else { defaults };
        Ok(ModelInfo {
            model: model.clone(),
            name,
            family: if unet.use_linear_projection { "sd2" } else { "sd15" },
            prediction: scheduler.prediction_type,
            latent_channels: vae.latent_channels,
            vae_factor: factor,
            has_tiny_decoder: files.exists(&format!("{TINY_FOLDER}/config.json")),
            defaults: ModelDefaults {
                width_px: native_px,
                height_px: native_px,
                steps,
                guidance_scale,
                sampler: if is_distilled { "lcm" } else { "dpmpp_2m" },
                schedule: if is_distilled { "normal" } else { "karras" },
            },
        })
    }

    fn load(
        &self,
        model: &ModelRef,
        files: &ModelFiles,
        device: &Device,
        dtype: DType,
        progress: &mut dyn FnMut(f32),
    ) -> Result<StableDiffusion, PipelineError> {
        let info = self.describe(model, files)?;
        let scheduler = Scheduler::new(files.json("scheduler/scheduler_config.json")?)?;
        let text_config: ClipTextConfig = files.json("text_encoder/config.json")?;
        let unet_config: UNetConfig = files.json("unet/config.json")?;
        let vae_config: VaeConfig = files.json("vae/config.json")?;
        let tokenizer = ClipTokenizer::load(files, "tokenizer", text_config.max_position_embeddings)?;
        let vae_dtype = vae_dtype(dtype, &vae_config);

        progress(0.0);
        let text_encoder = weights::build(files, "text_encoder", device, dtype, |vb| {
            ClipTextModel::new(vb, &text_config)
        })?;
        progress(0.1);
        let vae = weights::build(files, "vae", device, vae_dtype, |vb| {
            AutoencoderKL::new(vb, &vae_config)
        })?;
        let tiny = if info.has_tiny_decoder {
            let config: TinyConfig = files.json(&format!("{TINY_FOLDER}/config.json"))?;
            let build = |vb| AutoencoderTiny::new(vb, &config);
            Some(weights::build(files, TINY_FOLDER, device, dtype, build)?)
        } else {
            None
        };
        progress(0.2);
        let build = |vb| UNet2DConditionModel::new(vb, &unet_config);
        let unet = weights::build(files, "unet", device, dtype, build)?;
        progress(1.0);
        Ok(StableDiffusion {
            info,
            device: device.clone(),
            dtype,
            vae_dtype,
            files: files.clone(),
            hash: std::sync::OnceLock::new(),
            scheduler,
            tokenizer,
            text_encoder,
            unet,
            vae,
            tiny,
            linear: std::sync::OnceLock::new(),
        })
    }
}

impl StableDiffusion {
    /// What is known of the model.
    pub fn info(&self) -> &ModelInfo {
        &self.info
    }

    /// Where its tensors live.
    pub fn device(&self) -> &Device {
        &self.device
    }

    /// What its networks compute in; never [`Precision::Auto`].
    pub fn precision(&self) -> Precision {
        precision_of(self.dtype)
    }

    /// How it was trained.
    pub fn scheduler(&self) -> &Scheduler {
        &self.scheduler
    }

    /// Takes another training schedule than the model's own; for reference cases.
    pub(in crate::pipelines) fn set_scheduler(&mut self, scheduler: Scheduler) {
        self.scheduler = scheduler;
    }

    /// Whether the network is told the guidance scale instead of being asked twice.
    pub fn is_guidance_distilled(&self) -> bool {
        self.unet.config().time_cond_proj_dim.is_some()
    }

    /// The tokenizer.
    pub fn tokenizer(&self) -> &ClipTokenizer {
        &self.tokenizer
    }

    /// The U-Net.
    pub(super) fn unet(&self) -> &UNet2DConditionModel {
        &self.unet
    }

    /// The autoencoder.
    pub fn vae(&self) -> &AutoencoderKL {
        &self.vae
    }

    /// SHA-256 over the weight files, hexadecimal; computed at the first call.
    pub fn hash(&self) -> &str {
        self.hash.get_or_init(|| {
            weights::model_hash(&self.files).unwrap_or_else(|error| {
                tracing::warn!("the model has no hash: {error}");
                String::new()
            })
        })
    }

    /// Encodes both prompts.
    ///
    /// * `clip_skip`: layers of the text encoder left out at its end, for the prompt only, as diffusers does it.
    ///
    /// # Errors
    /// [`PipelineError::Misfit`] if there are not so many layers; else the tokenizer's and the device's.
    pub fn encode_prompts(
        &self,
        prompt: &str,
        negative: &str,
        clip_skip: usize,
    ) -> Result<Conditioning, PipelineError> {
        let layers = self.text_encoder.config().num_hidden_layers;
        if clip_skip >= layers {
            return Err(PipelineError::Misfit {
                what: "clip skip",
                expected: format!("0 to {}", layers - 1),
                found: clip_skip.to_string(),
            });
        }
        let encode = |text: &str, skip: usize| -> Result<(Vec<u32>, Tensor), PipelineError> {
            let ids = self.tokenizer.encode(text)?;
            let tensor = Tensor::from_slice(&ids, (1, ids.len()), &self.device)?;
            let hidden = self.text_encoder.forward(&tensor, skip)?;
            Ok((ids, hidden.to_dtype(STATE_DTYPE)?))
        };
        let (prompt_ids, cond) = encode(prompt, clip_skip)?;
        let (negative_ids, uncond) = encode(negative, 0)?;
        Ok(Conditioning {
            both: Tensor::cat(&[&uncond, &cond], 0)?,
            prompt_ids,
            negative_ids,
            cond,
            uncond,
        })
    }

    /// Asks the U-Net about both prompts in one batch, or about the prompt alone where guidance needs no more.
    fn predict(&self, query: &Query<'_>, conditioning: &Conditioning) -> candle_core::Result<Predicted> {
        let x = query.x;
        if let Some(width) = self.unet.config().time_cond_proj_dim {
            // Distilled guidance: the scale is told to the network, which is asked once.
            let embedding = guidance_embedding(query.guidance.scale, width, &self.device)?;
            let cond = self.ask(x, query.timestep, &conditioning.cond, Some(&embedding))?;
            return Ok(Predicted::alone(cond));
        }
        if !query.needs_uncond() {
            return Ok(Predicted::alone(self.ask(
                x,
                query.timestep,
                &conditioning.cond,
                None,
            )?));
        }
        let output = self.ask(&Tensor::cat(&[x, x], 0)?, query.timestep, &conditioning.both, None)?;
        Predicted::weighed(output.narrow(0, 0, 1)?, output.narrow(0, 1, 1)?, query.guidance)
    }

    /// The U-Net's answer. It computes in its own number format, between two conversions.
    fn ask(
        &self,
        x: &Tensor,
        timestep: f64,
        context: &Tensor,
        guidance: Option<&Tensor>,
    ) -> candle_core::Result<Tensor> {
        let (x, context) = (self.at_the_door(x, self.dtype)?, self.at_the_door(context, self.dtype)?);
        let conditions = UNetConditions {
            guidance,
            ..UNetConditions::text(&context)
        };
        self.unet.forward(&x, &[timestep], conditions)?.to_dtype(STATE_DTYPE)
    }

    /// What a network in this format takes. On the processor the kernels for bf16 round, and no earlier than they have to.
    fn at_the_door(&self, x: &Tensor, dtype: DType) -> candle_core::Result<Tensor> {
        if self.device.is_cpu() && dtype == DType::BF16 {
            Ok(x.clone())
        } else {
            x.to_dtype(dtype)
        }
    }

    /// Latents as the U-Net sees them → picture `(1, 3, height, width)` in −1..1 by the VAE.
    ///
    /// # Errors
    /// Only the device's.
    pub fn decode(&self, latents: &Tensor) -> candle_core::Result<Tensor> {
        let config = self.vae.config();
        let latents = ((latents / config.scaling_factor)? + config.shift_factor.unwrap_or(0.0))?;
        self.vae
            .decode(&self.at_the_door(&latents, self.vae_dtype)?)?
            .to_dtype(STATE_DTYPE)
    }

    /// The tiny decoder's picture of the latents, like [`Self::decode`]; `None` if the model brings none.
    ///
    /// # Errors
    /// Only the device's.
    pub fn decode_tiny(&self, latents: &Tensor) -> candle_core::Result<Option<Tensor>> {
        let Some(tiny) = &self.tiny else {
            return Ok(None);
        };
        tiny.decode(&self.at_the_door(latents, self.dtype)?)?
            .to_dtype(STATE_DTYPE)
            .map(Some)
    }

    /// The linear map from latents to colours, fitted to the VAE at the first call.
    ///
    /// # Errors
    /// Only the device's.
    pub fn linear_map(&self) -> candle_core::Result<&LinearMap> {
        if let Some(map) = self.linear.get() {
            return Ok(map);
        }
        let map = LinearMap::fit(&self.vae, self.vae_dtype, &self.device)?;
        Ok(self.linear.get_or_init(|| map))
    }
}

/// What an autoencoder computes in when the other networks compute in `dtype`: f16 overflows in some. bf16 has the
/// range of f32 and never does.
pub(in crate::pipelines) fn vae_dtype(dtype: DType, config: &VaeConfig) -> DType {
    if dtype == DType::F16 && config.force_upcast {
        DType::F32
    } else {
        dtype
    }
}

/// The last part of a path, for people.
fn folder_name(path: &std::path::Path) -> String {
    let full = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    full.file_name().map_or_else(
        || path.display().to_string(),
        |name| name.to_string_lossy().into_owned(),
    )
}
