//! Stable Diffusion 1, 2 and XL: CLIP text encoders, a U-Net on the latents of a KL autoencoder.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, OnceLock};

use candle_core::{DType, Tensor};

use super::low_res::LowRes;
use super::{ModelIndex, UNetDenoiser, name_of};
use crate::conditioning::{ClipTokenizer, Conditioning, EmbeddingLayer, Prompts, STATE_DTYPE, TextEncoders};
use crate::job::{LoraSpec, ModelDefaults, ModelInfo, ModelRef, PreviewMode, Takes, VaeTiles};
use crate::kernels::Wrap;
use crate::kernels::cast_input;
use crate::models::lora::PatchableModel;
use crate::models::taesd::{AutoencoderTiny, TinyConfig};
use crate::models::unet::{UNet2DConditionModel, UNetConfig};
use crate::models::vae::{AutoencoderKL, Moments, VaeConfig};
use crate::pipelines::PipelineError;
use crate::pipelines::adapters::AdapterStack;
use crate::pipelines::denoiser::Denoiser;
use crate::pipelines::linear_map::LinearMap;
use crate::pipelines::model::{ConcatCond, DenoiserInputs, Family, Model, ModelBase, ModelSource};
use crate::pipelines::request_parts::RequestPart;
use crate::pipelines::scheduler::{Scheduler, SchedulerConfig};
use crate::pipelines::tiles::TiledVae;
use crate::weights::adapter::Component;
use crate::weights::{self, ModelFiles};

/// Where a model may bring a tiny decoder; not part of the diffusers layout, which ignores it.
const TINY_FOLDER: &str = "vae_tiny";
/// Stable Diffusion 1.x, 2.x and XL.
pub(in crate::pipelines) static FAMILY: Family = Family {
    id: "stable_diffusion",
    label: "Stable Diffusion 1, 2 or XL",
    classes: &[
        "LatentConsistencyModelPipeline",
        "StableDiffusionImg2ImgPipeline",
        "StableDiffusionInpaintPipeline",
        "StableDiffusionInstructPix2PixPipeline",
        "StableDiffusionPipeline",
        "StableDiffusionXLImg2ImgPipeline",
        "StableDiffusionXLInpaintPipeline",
        "StableDiffusionXLPipeline",
    ],
    supports: &[
        RequestPart::Prompt,
        RequestPart::NegativePrompt,
        RequestPart::ClipSkip,
        RequestPart::Adapters,
        RequestPart::Embeddings,
        RequestPart::Film,
        RequestPart::Init,
        RequestPart::Mask,
        RequestPart::Outpainting,
        RequestPart::Controls,
        RequestPart::References,
        RequestPart::PromptSwitch,
        RequestPart::SecondPass,
        RequestPart::Refiner,
        RequestPart::Tiling,
    ],
    describe,
    load: |source, progress| Ok(Box::new(StableDiffusion::load(source, progress)?)),
};

/// The networks of one model, ready to be asked. Whatever they compute in, what goes in and comes out is
/// [`STATE_DTYPE`].
pub struct StableDiffusion {
    base: ModelBase,
    /// What the autoencoder computes in.
    vae_dtype: DType,
    text: TextEncoders,
    unet: UNet2DConditionModel,
    adapters: Mutex<AdapterStack>,
    vae: AutoencoderKL,
    /// The model's own autoencoder, while another one is in its place.
    replaced: Option<Replaced>,
    tiny: Option<AutoencoderTiny>,
    linear: OnceLock<LinearMap>,
    vae_tiles: VaeTiles,
    /// For models that enlarge: how their small pictures are put under noise.
    pub(super) low_res: Option<LowRes>,
}

/// An autoencoder that another one stands for.
struct Replaced {
    own: AutoencoderKL,
    dtype: DType,
    /// Where the other one is from.
    by: PathBuf,
}

/// Describes a model without reading its weights.
pub(super) fn describe(model: &ModelRef, files: &ModelFiles) -> Result<ModelInfo, PipelineError> {
    let unet: UNetConfig = files.json("unet/config.json")?;
    let vae: VaeConfig = files.json("vae/config.json")?;
    let scheduler: SchedulerConfig = files.json("scheduler/scheduler_config.json")?;
    let factor = vae.factor() as u32;
    let native_px = unet.sample_size.as_ref().and_then(|size| size.get(0)).unwrap_or(64) as u32 * factor;
    let defaults = match model {
        ModelRef::Starter => (25, 4.5),
        _ => (25, 7.5),
    };
    let is_distilled = unet.time_cond_proj_dim.is_some();
    let (steps, guidance_scale) = if is_distilled { (4, 8.5) } else { defaults };
    let index: ModelIndex = files.json("model_index.json")?;
    Ok(ModelInfo {
        model: model.clone(),
        name: name_of(model),
        family: family_name(&index, &unet),
        prediction: scheduler.prediction_type,
        latent_channels: vae.latent_channels,
        vae_factor: factor,
        has_tiny_decoder: files.exists(&format!("{TINY_FOLDER}/config.json")),
        takes: Takes::default(),
        class_names: Vec::new(),
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

impl StableDiffusion {
    /// Reads the weights and builds the networks.
    pub(in crate::pipelines) fn load(
        source: ModelSource<'_>,
        progress: &mut dyn FnMut(f32),
    ) -> Result<Self, PipelineError> {
        let ModelSource {
            files, device, dtype, ..
        } = source;
        let mut scheduler = Scheduler::new(files.json("scheduler/scheduler_config.json")?)?;
        let unet_config: UNetConfig = files.json("unet/config.json")?;
        scheduler.is_xl = unet_config.addition_embed_type.is_some();
        let vae_config: VaeConfig = files.json("vae/config.json")?;
        let vae_dtype = vae_dtype(dtype, &vae_config);

        progress(0.0);
        let (text, text_weights) = TextEncoders::load(files, embedding_layer(files, &unet_config)?, device, dtype)?;
        progress(0.1);
        let vae = weights::build(files, "vae", device, vae_dtype, |vb| {
            AutoencoderKL::new(vb, &vae_config)
        })?;
        let tiny = if source.info.has_tiny_decoder {
            let config: TinyConfig = files.json(&format!("{TINY_FOLDER}/config.json"))?;
            let build = |vb| AutoencoderTiny::new(vb, &config);
            Some(weights::build(files, TINY_FOLDER, device, dtype, build)?)
        } else {
            None
        };
        progress(0.2);
        let (unet, unet_weights) = weights::build(files, "unet", device, dtype, |vb| {
            PatchableModel::build(vb, |vb| UNet2DConditionModel::new(vb, &unet_config))
        })?;
        Ok(Self {
            base: ModelBase::new(source, scheduler),
            vae_dtype,
            text,
            unet,
            adapters: Mutex::new(AdapterStack::new(
                text_weights.into_iter().chain([(Component::UNet, unet_weights)]),
            )),
            vae,
            replaced: None,
            tiny,
            linear: OnceLock::new(),
            vae_tiles: VaeTiles::default(),
            low_res: None,
        })
    }

    /// The tokenizer of the first text encoder.
    pub fn tokenizer(&self) -> Option<&ClipTokenizer> {
        self.text.tokenizer()
    }

    /// The U-Net with what conditions it.
    ///
    /// # Errors
    /// As [`Model::denoiser`].
    pub fn unet_denoiser<'a>(&'a self, inputs: DenoiserInputs<'a>) -> Result<UNetDenoiser<'a>, PipelineError> {
        UNetDenoiser::new(&self.base, (&self.unet, self.tokenizer()), inputs)
    }

    /// One half of the autoencoder, for large pictures in tiles.
    ///
    /// * `units`: places of its input along the side of one latent, then of its output.
    fn tiled(&self, units: [usize; 2], wrap: Wrap) -> TiledVae<'_> {
        TiledVae {
            tiles: self.vae_tiles,
            device: &self.base.device,
            bytes_per_latent: bytes_per_latent(self.vae.config(), self.vae_dtype),
            units,
            wrap,
        }
    }

    /// The tiny decoder's picture of the latents, like [`Self::decode`]; `None` if the model brings none.
    ///
    /// # Errors
    /// Only the device's.
    pub fn decode_tiny(&self, latents: &Tensor, wrap: Wrap) -> candle_core::Result<Option<Tensor>> {
        let Some(tiny) = &self.tiny else {
            return Ok(None);
        };
        tiny.decode(&cast_input(latents, self.base.dtype)?, wrap)?
            .to_dtype(STATE_DTYPE)
            .map(Some)
    }
}

impl Model for StableDiffusion {
    fn base(&self) -> &ModelBase {
        &self.base
    }

    fn encode_prompts(&self, prompts: &Prompts) -> Result<Conditioning, PipelineError> {
        Ok(self.text.encode(prompts)?)
    }

    fn denoiser<'a>(&'a self, inputs: DenoiserInputs<'a>) -> Result<Box<dyn Denoiser + 'a>, PipelineError> {
        Ok(Box::new(self.unet_denoiser(inputs)?))
    }

    fn input_channels(&self) -> usize {
        self.unet.config().in_channels
    }

    fn unet_config(&self) -> Option<&UNetConfig> {
        Some(self.unet.config())
    }

    fn encode(&self, picture: &Tensor, wrap: Wrap) -> candle_core::Result<Moments> {
        let factor = self.vae.factor();
        let both = self.tiled([factor, 1], wrap).take(picture, |picture, wrap| {
            let Moments { mean, logvar } = self.vae.encode(&cast_input(picture, self.vae_dtype)?, wrap)?;
            Tensor::cat(&[mean, logvar], 1)?.to_dtype(STATE_DTYPE)
        })?;
        let channels = self.vae.config().latent_channels;
        Ok(Moments {
            mean: both.narrow(1, 0, channels)?.contiguous()?,
            logvar: both.narrow(1, channels, channels)?.contiguous()?,
        })
    }

    fn scaled(&self, latents: &Tensor) -> candle_core::Result<Tensor> {
        let config = self.vae.config();
        (latents - config.shift_factor.unwrap_or(0.0))? * config.scaling_factor
    }

    fn decode(&self, latents: &Tensor, wrap: Wrap) -> candle_core::Result<Tensor> {
        let config = self.vae.config();
        let latents = ((latents / config.scaling_factor)? + config.shift_factor.unwrap_or(0.0))?;
        let factor = self.vae.factor();
        self.tiled([1, factor], wrap).take(&latents, |latents, wrap| {
            self.vae
                .decode(&cast_input(latents, self.vae_dtype)?, wrap)?
                .to_dtype(STATE_DTYPE)
        })
    }

    fn latent_scale(&self) -> f64 {
        self.vae.config().scaling_factor
    }

    fn decoder_id(&self) -> &'static str {
        "vae"
    }

    fn preview(&self, latents: &Tensor, mode: PreviewMode, wrap: Wrap) -> candle_core::Result<Option<Tensor>> {
        let linear = || self.linear_map()?.map(|map| map.apply(latents)).transpose();
        match mode {
            PreviewMode::Off => Ok(None),
            PreviewMode::Vae => self.decode(latents, wrap).map(Some),
            PreviewMode::Linear => linear(),
            PreviewMode::Auto => match self.decode_tiny(latents, wrap)? {
                Some(picture) => Ok(Some(picture)),
                None => linear(),
            },
        }
    }

    fn linear_map(&self) -> candle_core::Result<Option<&LinearMap>> {
        if let Some(map) = self.linear.get() {
            return Ok(Some(map));
        }
        let map = LinearMap::fit(&self.vae, self.vae_dtype, &self.base.device)?;
        Ok(Some(self.linear.get_or_init(|| map)))
    }

    fn low_res(&self, small: &Tensor, noise: &Tensor, noise_level: Option<u32>) -> Result<ConcatCond, PipelineError> {
        match &self.low_res {
            Some(low_res) => low_res.concat(self, small, noise, noise_level),
            None => Err(self.base.refuses("picture to enlarge", "absent")),
        }
    }

    fn set_adapters(&mut self, loras: &[LoraSpec], embeddings: &[PathBuf]) -> Result<usize, PipelineError> {
        self.text.set_learned_words(embeddings)?;
        self.set_loras(loras)
    }

    fn set_loras(&self, loras: &[LoraSpec]) -> Result<usize, PipelineError> {
        crate::lock(&self.adapters).set(loras)
    }

    fn set_vae(&mut self, path: Option<&Path>) -> Result<(), PipelineError> {
        if self.replaced.as_ref().map(|replaced| replaced.by.as_path()) == path {
            return Ok(());
        }
        if let Some(Replaced { own, dtype, .. }) = self.replaced.take() {
            (self.vae, self.vae_dtype) = (own, dtype);
            self.linear = OnceLock::new();
        }
        let Some(path) = path else { return Ok(()) };
        let files = ModelFiles::open(path)?;
        let name = if files.exists("vae/config.json") { "vae" } else { "" };
        let config: VaeConfig = files.json(format!("{name}/config.json").trim_start_matches('/'))?;
        let kind = |config: &VaeConfig| format!("{} channels, factor {}", config.latent_channels, config.factor());
        let (expected, found) = (kind(self.vae.config()), kind(&config));
        if expected != found {
            return Err(PipelineError::OtherModel {
                part: "VAE",
                expected,
                found,
                path: path.display().to_string(),
            });
        }
        let dtype = vae_dtype(self.base.dtype, &config);
        let build = |vb| AutoencoderKL::new(vb, &config);
        let other = weights::build(&files, name, &self.base.device, dtype, build)?;
        self.replaced = Some(Replaced {
            own: std::mem::replace(&mut self.vae, other),
            dtype: std::mem::replace(&mut self.vae_dtype, dtype),
            by: path.to_owned(),
        });
        self.linear = OnceLock::new();
        Ok(())
    }

    fn set_vae_tiles(&mut self, tiles: VaeTiles) {
        self.vae_tiles = tiles;
    }
}

/// The family's id in records.
fn family_name(index: &ModelIndex, unet: &UNetConfig) -> &'static str {
    let needs_scores = index.parts.get("requires_aesthetics_score") == Some(&serde_json::Value::Bool(true));
    match unet {
        UNetConfig {
            addition_embed_type: Some(_),
            ..
        } if needs_scores => "sdxl_refiner",
        UNetConfig {
            addition_embed_type: Some(_),
            ..
        } => "sdxl",
        UNetConfig {
            use_linear_projection: true,
            ..
        } => "sd2",
        _ => "sd15",
    }
}

/// How the model's text encoders are to be read.
fn embedding_layer(files: &ModelFiles, unet: &UNetConfig) -> Result<EmbeddingLayer, PipelineError> {
    if unet.addition_embed_type.is_none() {
        return Ok(EmbeddingLayer::Last);
    }
    let index: ModelIndex = files.json("model_index.json")?;
    let is_set = |part: &str| index.parts.get(part).and_then(serde_json::Value::as_bool);
    Ok(EmbeddingLayer::Penultimate {
        zeros_when_none: is_set("force_zeros_for_empty_prompt").unwrap_or(true),
        with_scores: is_set("requires_aesthetics_score").unwrap_or(false),
    })
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

/// What an autoencoder takes for one latent at the height of its work, in bytes: some feature maps at full size that
/// are as wide as the two finest levels'.
fn bytes_per_latent(config: &VaeConfig, dtype: DType) -> usize {
    /// Measured with the autoencoder of Stable Diffusion: 5.5 in f32, 5.9 in bf16.
    const MAPS: usize = 6;
    let widest = config.block_out_channels.iter().take(2).max();
    config.factor().pow(2) * widest.copied().unwrap_or(1) * dtype.size_in_bytes() * MAPS
}
