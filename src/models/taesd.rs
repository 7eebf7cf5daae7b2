//! TAESD, a small autoencoder that trades detail for speed, as diffusers' `AutoencoderTiny`.
//!
//! Source: <https://github.com/madebyollin/taesd>

use super::ConfigError;
use super::error::MAX_BLOCKS;
use super::layers::Conv2d;
use crate::kernels::{PostOps, PreOps, Wrap};
use crate::models::WeightBuilder;
use candle_core::{Result, Tensor};

const NETWORK: &str = "taesd";

/// Shape of a tiny autoencoder. Missing fields take the values of diffusers.
#[derive(Debug, Clone, PartialEq, serde::Deserialize, serde::Serialize)]
#[serde(default)]
pub struct TinyConfig {
    /// Channels of the picture going in.
    pub in_channels: usize,
    /// Channels of the picture coming out.
    pub out_channels: usize,
    /// Channels of each encoder stage, the finest first.
    pub encoder_block_out_channels: Vec<usize>,
    /// Channels of each decoder stage, the coarsest first.
    pub decoder_block_out_channels: Vec<usize>,
    /// Residual blocks in each encoder stage.
    pub num_encoder_blocks: Vec<usize>,
    /// Residual blocks in each decoder stage.
    pub num_decoder_blocks: Vec<usize>,
    /// Nonlinearity; `relu`.
    pub act_fn: String,
    /// Channels of the latents.
    pub latent_channels: usize,
    /// Enlargement between decoder stages.
    pub upsampling_scaling_factor: usize,
    /// How a decoder stage is enlarged; `nearest`.
    pub upsample_fn: String,
    /// Latents times this are what the U-Net sees; 1, since TAESD was trained on scaled latents.
    pub scaling_factor: f64,
    /// Subtracted from the latents before they are scaled.
    pub shift_factor: Option<f64>,
}

impl Default for TinyConfig {
    fn default() -> Self {
        Self {
            in_channels: 3,
            out_channels: 3,
            encoder_block_out_channels: vec![64; 4],
            decoder_block_out_channels: vec![64; 4],
            num_encoder_blocks: vec![1, 3, 3, 3],
            num_decoder_blocks: vec![3, 3, 3, 1],
            act_fn: "relu".to_owned(),
            latent_channels: 4,
            upsampling_scaling_factor: 2,
            upsample_fn: "nearest".to_owned(),
            scaling_factor: 1.0,
            shift_factor: None,
        }
    }
}

impl TinyConfig {
    fn validate(&self) -> std::result::Result<(), ConfigError> {
        let check = |holds, field, found: &dyn std::fmt::Debug, expected: &str| {
            ConfigError::check(holds, NETWORK, field, found, expected)
        };
        for (field, blocks, widths) in [
            (
                "num_encoder_blocks",
                &self.num_encoder_blocks,
                &self.encoder_block_out_channels,
            ),
            (
                "num_decoder_blocks",
                &self.num_decoder_blocks,
                &self.decoder_block_out_channels,
            ),
        ] {
            let fits = (1..=MAX_BLOCKS).contains(&widths.len()) && blocks.len() == widths.len();
            check(
                fits,
                field,
                blocks,
                "one for each of the block_out_channels, at least one",
            )?;
        }
        check(self.act_fn == "relu", "act_fn", &self.act_fn, "relu")?;
        check(
            self.upsample_fn == "nearest",
            "upsample_fn",
            &self.upsample_fn,
            "nearest",
        )?;
        let factor = self.upsampling_scaling_factor;
        check(
            (1..=8).contains(&factor),
            "upsampling_scaling_factor",
            &factor,
            "1 to 8",
        )
    }
}

/// One entry of the networks' `layers` lists.
#[derive(Debug, Clone)]
enum Layer {
    /// A convolution, and whether negative results become 0.
    Conv(Conv2d, bool),
    Block(Box<TinyBlock>),
    /// 3 · tanh(x / 3), which keeps latents near the range the decoder knows.
    SoftClamp,
    /// Enlargement by a factor, and the convolution after it.
    Upsample(usize, Conv2d),
    /// The last convolution, whose result is a picture or latents.
    Out(Conv2d),
}

impl Layer {
    fn forward(&self, x: &Tensor, wrap: Wrap) -> Result<Tensor> {
        match self {
            Self::Conv(conv, relu) => conv.forward_with(
                PreOps::new(&[x]).wrapped(wrap),
                PostOps {
                    relu: *relu,
                    ..PostOps::default()
                },
            ),
            Self::Block(block) => block.forward(x, wrap),
            Self::SoftClamp => (x / 3.0)?.tanh()? * 3.0,
            Self::Upsample(factor, conv) => {
                let (_, _, height, width) = x.dims4()?;
                let (height, width) = (height * factor, width * factor);
                conv.forward_with(
                    PreOps::new(&[x]).wrapped(wrap).enlarged(height, width),
                    PostOps::default(),
                )
            }
            Self::Out(conv) => conv.forward_with(PreOps::new(&[x]).wrapped(wrap), PostOps::in_f32()),
        }
    }
}

/// Three convolutions with a shortcut.
#[derive(Debug, Clone)]
struct TinyBlock {
    convs: [Conv2d; 3],
}

impl TinyBlock {
    fn new(vb: &WeightBuilder<'_>, channels: usize) -> Result<Self> {
        let conv = |index: usize| Conv2d::new(&vb.pp("conv").pp(index), channels, channels, 3);
        Ok(Self {
            convs: [conv(0)?, conv(2)?, conv(4)?], // the odd ones are the nonlinearities
        })
    }

    fn forward(&self, x: &Tensor, wrap: Wrap) -> Result<Tensor> {
        let [first, second, third] = &self.convs;
        let relu = PostOps {
            relu: true,
            ..PostOps::default()
        };
        let h = first.forward_with(PreOps::new(&[x]).wrapped(wrap), relu)?;
        let h = second.forward_with(PreOps::new(&[&h]).wrapped(wrap), relu)?;
        let shortcut = PostOps {
            shortcut: Some(x),
            ..relu
        };
        third.forward_with(PreOps::new(&[&h]).wrapped(wrap), shortcut)
    }
}

/// The small encoder and decoder.
#[derive(Debug, Clone)]
pub struct AutoencoderTiny {
    encoder: Vec<Layer>,
    decoder: Vec<Layer>,
    config: TinyConfig,
}

impl AutoencoderTiny {
    /// Weights under diffusers' names.
    ///
    /// # Errors
    /// A [`ConfigError`] if the configuration asks for something this version does not have; else if a tensor is
    /// missing or misshapen.
    pub fn new<'a>(vb: impl Into<WeightBuilder<'a>>, config: &TinyConfig) -> Result<Self> {
        let vb = vb.into();
        config.validate()?;
        Ok(Self {
            encoder: encoder_layers(&vb.pp("encoder.layers"), config)?,
            decoder: decoder_layers(&vb.pp("decoder.layers"), config)?,
            config: config.clone(),
        })
    }

    /// The configuration it was built from.
    pub fn config(&self) -> &TinyConfig {
        &self.config
    }

    /// Pixels per latent along each side.
    pub fn factor(&self) -> usize {
        1 << (self.config.encoder_block_out_channels.len() - 1)
    }

    /// * `image`: `(batch, in_channels, height, width)` in −1..1.
    /// * `wrap`: edges that join.
    ///
    /// Returns latents as the U-Net sees them, `(batch, latent_channels, height / factor, width / factor)`.
    ///
    /// # Errors
    /// If the shape does not fit.
    pub fn encode(&self, image: &Tensor, wrap: Wrap) -> Result<Tensor> {
        let x = image.affine(0.5, 0.5)?; // the network was trained on 0..1
        run(&self.encoder, &x, wrap)
    }

    /// * `latents`: `(batch, latent_channels, height, width)`, as the U-Net sees them.
    /// * `wrap`: edges that join.
    ///
    /// Returns `(batch, out_channels, height · factor, width · factor)`, about −1..1, not clamped.
    ///
    /// # Errors
    /// If the shape does not fit.
    pub fn decode(&self, latents: &Tensor, wrap: Wrap) -> Result<Tensor> {
        run(&self.decoder, latents, wrap)?.affine(2.0, -1.0)
    }
}

fn run(layers: &[Layer], x: &Tensor, wrap: Wrap) -> Result<Tensor> {
    layers.iter().try_fold(x.clone(), |x, layer| layer.forward(&x, wrap))
}

fn encoder_layers(vb: &WeightBuilder<'_>, config: &TinyConfig) -> Result<Vec<Layer>> {
    let mut layers = Vec::new();
    let mut before = config.in_channels;
    let stages = config.num_encoder_blocks.iter().zip(&config.encoder_block_out_channels);
    for (stage, (&blocks, &channels)) in stages.enumerate() {
        let at = vb.pp(layers.len());
        let conv = if stage == 0 {
            Conv2d::new(&at, before, channels, 3)?
        } else {
            Conv2d::without_bias(&at, before, channels, 3, 2)?
        };
        layers.push(Layer::Conv(conv, false));
        for _ in 0..blocks {
            layers.push(Layer::Block(Box::new(TinyBlock::new(&vb.pp(layers.len()), channels)?)));
        }
        before = channels;
    }
    let out = Conv2d::new(&vb.pp(layers.len()), before, config.latent_channels, 3)?;
    layers.push(Layer::Out(out));
    Ok(layers)
}

fn decoder_layers(vb: &WeightBuilder<'_>, config: &TinyConfig) -> Result<Vec<Layer>> {
    let widths = &config.decoder_block_out_channels;
    // Weights are numbered by place in diffusers' list: the first nonlinearity and the enlargements count there, the
    // clamp does not.
    let mut index = 0;
    let mut next = || {
        let at = vb.pp(index);
        index += 1;
        at
    };
    let first = Conv2d::new(&next(), config.latent_channels, widths[0], 3)?;
    next(); // the nonlinearity after it
    let mut layers = vec![Layer::SoftClamp, Layer::Conv(first, true)];
    for (stage, (&blocks, &channels)) in config.num_decoder_blocks.iter().zip(widths).enumerate() {
        for _ in 0..blocks {
            layers.push(Layer::Block(Box::new(TinyBlock::new(&next(), channels)?)));
        }
        let is_last = stage + 1 == widths.len();
        if is_last {
            layers.push(Layer::Out(Conv2d::new(&next(), channels, config.out_channels, 3)?));
        } else {
            next(); // the enlargement
            let conv = Conv2d::without_bias(&next(), channels, channels, 3, 1)?;
            layers.push(Layer::Upsample(config.upsampling_scaling_factor, conv));
        }
    }
    Ok(layers)
}
