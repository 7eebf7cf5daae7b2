//! The decoder of an autoencoder whose latents are entries of a codebook, as diffusers' `VQModel`.
//!
//! Source: <https://arxiv.org/abs/2012.09841>

use super::VaeConfig;
use super::decoder::Decoder;
use crate::kernels::Wrap;
use crate::models::layers::Conv2d;
use crate::models::{ConfigError, WeightBuilder};
use candle_core::{DType, Result, Tensor};

const NETWORK: &str = "vqvae";
/// More entries than any codebook has.
const MAX_ENTRIES: usize = 1 << 24;

/// Shape of such an autoencoder. Missing fields take the values of [`VaeConfig`] and diffusers.
#[derive(Debug, Clone, PartialEq, serde::Deserialize, serde::Serialize)]
#[serde(default)]
pub struct VqConfig {
    /// What it has in common with other autoencoders.
    #[serde(flatten)]
    pub shape: VaeConfig,
    /// Entries of the codebook.
    pub num_vq_embeddings: usize,
    /// Channels of an entry, if others than those of the latents.
    pub vq_embed_dim: Option<usize>,
    /// Must be `group`.
    pub norm_type: String,
}

impl Default for VqConfig {
    fn default() -> Self {
        Self {
            shape: VaeConfig::default(),
            num_vq_embeddings: 256,
            vq_embed_dim: None,
            norm_type: "group".to_owned(),
        }
    }
}

/// Latents to pictures, by way of a codebook.
#[derive(Debug, Clone)]
pub struct VqDecoder {
    /// `(entries, channels)`.
    codebook: Tensor,
    post_quant_conv: Conv2d,
    decoder: Decoder,
}

/// Latents as the codebook has them.
#[derive(Debug, Clone)]
pub struct Quantised {
    /// The nearest entry's place for each pixel, row by row, picture by picture.
    pub indices: Vec<u32>,
    /// Those entries, `(batch, channels, height, width)` in f32.
    pub latents: Tensor,
}

impl VqDecoder {
    /// Weights under diffusers' names, old or new.
    ///
    /// # Errors
    /// A [`ConfigError`] if the configuration asks for something this version does not have; else if a tensor is
    /// missing or misshapen.
    pub fn new<'a>(vb: impl Into<WeightBuilder<'a>>, config: &VqConfig) -> Result<Self> {
        let vb = vb.into();
        config.shape.validate()?;
        let norm = &config.norm_type;
        ConfigError::check(norm == "group", NETWORK, "norm_type", norm, "group")?;
        let entries = config.num_vq_embeddings;
        let is_sane = (1..=MAX_ENTRIES).contains(&entries);
        let expected = format!("1 to {MAX_ENTRIES}");
        ConfigError::check(is_sane, NETWORK, "num_vq_embeddings", entries, expected)?;
        let latents = config.shape.latent_channels;
        let channels = config.vq_embed_dim.unwrap_or(latents);
        Ok(Self {
            codebook: vb
                .pp("quantize.embedding")
                .to_dtype(DType::F32)
                .get((entries, channels), "weight")?,
            post_quant_conv: Conv2d::new(&vb.pp("post_quant_conv"), channels, latents, 1)?,
            decoder: Decoder::new(&vb.pp("decoder"), &config.shape)?,
        })
    }

    /// The codebook's entries that are nearest to the latents.
    ///
    /// * `latents`: `(batch, channels, height, width)`.
    ///
    /// # Errors
    /// If there are as many channels as the codebook's not.
    pub fn quantise(&self, latents: &Tensor) -> Result<Quantised> {
        let (batch, channels, height, width) = latents.dims4()?;
        let (_, expected) = self.codebook.dims2()?;
        if channels != expected {
            candle_core::bail!("expected latents of {expected} channels, found {channels}");
        }
        let pixels = latents.to_dtype(DType::F32)?.permute((0, 2, 3, 1))?;
        let pixels = pixels.flatten_all()?.to_vec1::<f32>()?;
        let entries = self.codebook.flatten_all()?.to_vec1::<f32>()?;
        let distance = |pixel: &[f32], entry: &[f32]| -> f32 {
            let squares = pixel.iter().zip(entry).map(|(a, b)| (a - b) * (a - b));
            squares.sum()
        };
        let nearest = |pixel: &[f32]| {
            let distances = entries.chunks_exact(channels).map(|entry| distance(pixel, entry));
            let least = distances.enumerate().min_by(|(_, a), (_, b)| a.total_cmp(b));
            least.map_or(0, |(index, _)| index as u32)
        };
        let indices: Vec<u32> = pixels.chunks_exact(channels).map(nearest).collect();
        let chosen = self
            .codebook
            .index_select(&Tensor::new(indices.as_slice(), latents.device())?, 0)?;
        Ok(Quantised {
            latents: chosen
                .reshape((batch, height, width, channels))?
                .permute((0, 3, 1, 2))?
                .contiguous()?,
            indices,
        })
    }

    /// * `latents`: `(batch, channels, height, width)`, those of the codebook.
    ///
    /// Returns `(batch, out_channels, height · factor, width · factor)`, about −1..1, not clamped.
    ///
    /// # Errors
    /// If the shape does not fit or the device runs out of memory.
    pub fn decode(&self, latents: &Tensor) -> Result<Tensor> {
        let wrap = Wrap::default();
        self.decoder
            .forward(&self.post_quant_conv.forward(latents, wrap)?, wrap)
    }
}
