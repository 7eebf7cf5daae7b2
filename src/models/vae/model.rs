//! Encoder and decoder together.

use super::VaeConfig;
use super::decoder::Decoder;
use super::encoder::Encoder;
use crate::kernels::{PostOps, PreOps, Wrap};
use crate::models::WeightBuilder;
use crate::models::layers::Conv2d;
use candle_core::{Result, Tensor};

/// Log-variances are kept in this range, as in diffusers: e³⁰ and e²⁰ are far beyond any sensible value.
const LOGVAR_RANGE: (f64, f64) = (-30.0, 20.0);

/// Compresses pictures to latents and back.
#[derive(Debug, Clone)]
pub struct AutoencoderKL {
    encoder: Encoder,
    quant_conv: Option<Conv2d>,
    post_quant_conv: Option<Conv2d>,
    decoder: Decoder,
    config: VaeConfig,
}

/// The Gaussian over latents that a picture is encoded to; not yet scaled by `scaling_factor`.
#[derive(Debug, Clone)]
pub struct Moments {
    /// `(batch, latent_channels, height / factor, width / factor)`.
    pub mean: Tensor,
    /// Logarithm of the variance, same shape, within −30..20.
    pub logvar: Tensor,
}

impl Moments {
    /// Standard deviation e^(logvar / 2).
    ///
    /// # Errors
    /// If the device runs out of memory.
    pub fn std(&self) -> Result<Tensor> {
        (&self.logvar * 0.5)?.exp()
    }

    /// mean + std · noise.
    ///
    /// * `noise`: standard normal, in the shape of the mean.
    ///
    /// # Errors
    /// If the shapes differ.
    pub fn sample(&self, noise: &Tensor) -> Result<Tensor> {
        &self.mean + (self.std()? * noise)?
    }
}

impl AutoencoderKL {
    /// Weights under diffusers' names, old or new.
    ///
    /// # Errors
    /// A [`ConfigError`](crate::models::ConfigError) if the configuration asks for something this version does not
    /// have; else if a tensor is missing or misshapen.
    pub fn new<'a>(vb: impl Into<WeightBuilder<'a>>, config: &VaeConfig) -> Result<Self> {
        let vb = vb.into();
        config.validate()?;
        let channels = config.latent_channels;
        Ok(Self {
            encoder: Encoder::new(&vb.pp("encoder"), config)?,
            quant_conv: config
                .use_quant_conv
                .then(|| Conv2d::new(&vb.pp("quant_conv"), 2 * channels, 2 * channels, 1))
                .transpose()?,
            post_quant_conv: config
                .use_post_quant_conv
                .then(|| Conv2d::new(&vb.pp("post_quant_conv"), channels, channels, 1))
                .transpose()?,
            decoder: Decoder::new(&vb.pp("decoder"), config)?,
            config: config.clone(),
        })
    }

    /// The configuration it was built from.
    pub fn config(&self) -> &VaeConfig {
        &self.config
    }

    /// Pixels per latent along each side: 2 for every block but the last, 8 for Stable Diffusion.
    pub fn factor(&self) -> usize {
        self.config.factor()
    }

    /// * `image`: `(batch, in_channels, height, width)` in −1..1, sides multiples of [`factor`](Self::factor).
    /// * `wrap`: edges that join.
    ///
    /// # Errors
    /// If the shape does not fit.
    pub fn encode(&self, image: &Tensor, wrap: Wrap) -> Result<Moments> {
        let (_, channels, height, width) = image.dims4()?;
        let factor = self.factor();
        if channels != self.config.in_channels || height < factor || width < factor {
            candle_core::bail!(
                "expected a picture of {} channels and at least {factor} pixels a side, found {channels} and {width}×{height}",
                self.config.in_channels
            );
        }
        let moments = match &self.quant_conv {
            Some(quant_conv) => {
                let moments = self.encoder.forward(image, PostOps::default(), wrap)?;
                quant_conv.forward_with(PreOps::new(&[&moments]), PostOps::in_f32())?
            }
            None => self.encoder.forward(image, PostOps::in_f32(), wrap)?,
        };
        let channels = self.config.latent_channels;
        let (lowest, highest) = LOGVAR_RANGE;
        Ok(Moments {
            mean: moments.narrow(1, 0, channels)?.contiguous()?,
            logvar: moments.narrow(1, channels, channels)?.clamp(lowest, highest)?,
        })
    }

    /// * `latents`: `(batch, latent_channels, height, width)`, divided by `scaling_factor` (and shifted) already.
    /// * `wrap`: edges that join.
    ///
    /// Returns `(batch, out_channels, height · factor, width · factor)`, about −1..1, not clamped.
    ///
    /// # Errors
    /// If the shape does not fit or the device runs out of memory.
    pub fn decode(&self, latents: &Tensor, wrap: Wrap) -> Result<Tensor> {
        match &self.post_quant_conv {
            Some(post_quant_conv) => self.decoder.forward(&post_quant_conv.forward(latents, wrap)?, wrap),
            None => self.decoder.forward(latents, wrap),
        }
    }
}
