//! T2I-Adapters: small networks that turn a picture into features for a U-Net's way down, once for all steps.
//!
//! Source: <https://arxiv.org/abs/2302.08453>

use super::ConfigError;
use super::error::{MAX_BLOCKS, MAX_CHANNELS};
use super::layers::Conv2d;
use super::unet::Residuals;
use crate::kernels::{Activation, PostOps, PreOps, Wrap};
use crate::models::WeightBuilder;
use candle_core::{Result, Tensor};

/// How an adapter is built.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Deserialize, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum T2IAdapterType {
    /// For Stable Diffusion 1 and 2: halves before every block but the first.
    #[default]
    FullAdapter,
    /// For SDXL: halves before the third block alone.
    FullAdapterXl,
    /// A quarter of the channels inside the blocks.
    LightAdapter,
}

/// Shape of an adapter, its `config.json`. Missing fields take the values of diffusers.
#[derive(Debug, Clone, PartialEq, Eq, serde::Deserialize, serde::Serialize)]
#[serde(default)]
pub struct T2IAdapterConfig {
    /// Channels of the picture: 3, or 1 for sketches and lines.
    pub in_channels: usize,
    /// Channels of the features; a light adapter repeats the last.
    pub channels: Vec<usize>,
    /// Residual blocks in each block.
    pub num_res_blocks: usize,
    /// Pixels on each side that become channels at the beginning.
    pub downscale_factor: usize,
    /// How it is built.
    pub adapter_type: T2IAdapterType,
}

impl Default for T2IAdapterConfig {
    fn default() -> Self {
        Self {
            in_channels: 3,
            channels: vec![320, 640, 1280, 1280],
            num_res_blocks: 2,
            downscale_factor: 8,
            adapter_type: T2IAdapterType::FullAdapter,
        }
    }
}

impl T2IAdapterConfig {
    fn validate(&self) -> std::result::Result<(), ConfigError> {
        let check = |holds, field, found: &dyn std::fmt::Debug, expected: &str| {
            ConfigError::check(holds, "t2i adapter", field, found, expected)
        };
        let is_sane = |channels: &usize| (1..=MAX_CHANNELS).contains(channels);
        let channels = &self.channels;
        check(
            (1..=MAX_BLOCKS).contains(&channels.len()) && channels.iter().all(is_sane),
            "channels",
            channels,
            "1 to 16 widths of at least 1 channel",
        )?;
        let pixels = [self.in_channels, self.downscale_factor];
        for (field, value) in ["in_channels", "downscale_factor"].into_iter().zip(pixels) {
            check((1..=64).contains(&value), field, &value, "1 to 64")?;
        }
        let blocks = self.num_res_blocks;
        check((1..=64).contains(&blocks), "num_res_blocks", &blocks, "1 to 64")
    }
}

/// A T2I-Adapter.
#[derive(Debug, Clone)]
pub struct T2IAdapter {
    conv_in: Option<Conv2d>,
    body: Vec<AdapterBlock>,
    config: T2IAdapterConfig,
}

impl T2IAdapter {
    /// Weights under diffusers' names.
    ///
    /// # Errors
    /// A [`ConfigError`] if the configuration makes no sense; else if a tensor is missing or misshapen.
    pub fn new<'a>(vb: impl Into<WeightBuilder<'a>>, config: &T2IAdapterConfig) -> Result<Self> {
        let vb = vb.into();
        config.validate()?;
        let vb = vb.pp("adapter");
        let T2IAdapterConfig {
            channels, adapter_type, ..
        } = config;
        let pixels = config.in_channels * config.downscale_factor.pow(2);
        let is_light = *adapter_type == T2IAdapterType::LightAdapter;
        let mut widths = channels.clone();
        if is_light {
            widths.extend(channels.last());
        }
        let mut body = Vec::new();
        let mut inputs = if is_light { pixels } else { widths[0] };
        for (index, &outputs) in widths.iter().enumerate() {
            let halves = match adapter_type {
                T2IAdapterType::FullAdapterXl => index == 2,
                _ => index > 0,
            };
            let shape = BlockShape {
                inputs,
                outputs,
                inner: if is_light { outputs / 4 } else { outputs },
                layers: config.num_res_blocks,
                is_light,
                halves,
            };
            body.push(AdapterBlock::new(&vb.pp("body").pp(index), shape)?);
            inputs = outputs;
        }
        Ok(Self {
            conv_in: (!is_light)
                .then(|| Conv2d::new(&vb.pp("conv_in"), pixels, widths[0], 3))
                .transpose()?,
            body,
            config: config.clone(),
        })
    }

    /// The configuration it was built from.
    pub fn config(&self) -> &T2IAdapterConfig {
        &self.config
    }

    /// What a U-Net is to add at every step at which the adapter is heard.
    ///
    /// * `image`: `(batch or 1, in_channels, height, width)` in 0..1, both sides multiples of `downscale_factor`.
    /// * `scale`: 1 as trained, 0 nothing.
    /// * `wrap`: edges that join.
    ///
    /// # Errors
    /// If the shape does not fit.
    pub fn forward(&self, image: &Tensor, scale: f64, wrap: Wrap) -> Result<Residuals> {
        let mut x = self.unshuffle(image)?;
        if let Some(conv_in) = &self.conv_in {
            x = conv_in.forward(&x, wrap)?;
        }
        let mut features = Vec::new();
        for block in &self.body {
            x = block.forward(&x, wrap)?;
            features.push(x.affine(scale, 0.0)?);
        }
        Ok(Residuals {
            features,
            ..Residuals::default()
        })
    }

    /// Squares of pixels → channels, the channels of the picture slowest.
    fn unshuffle(&self, image: &Tensor) -> Result<Tensor> {
        let (side, channels) = (self.config.downscale_factor, self.config.in_channels);
        let (batch, found, height, width) = image.dims4()?;
        let fits = height.is_multiple_of(side) && width.is_multiple_of(side) && height > 0 && width > 0;
        if found != channels || !fits {
            candle_core::bail!(
                "the adapter's image is {:?}, expected {channels} channels and sides that are multiples of {side}",
                image.dims()
            );
        }
        let (rows, columns) = (height / side, width / side);
        image
            .reshape(vec![batch, channels, rows, side, columns, side])?
            .permute(vec![0, 1, 3, 5, 2, 4])?
            .reshape((batch, channels * side * side, rows, columns))
    }
}

#[derive(Debug, Clone, Copy)]
struct BlockShape {
    inputs: usize,
    outputs: usize,
    inner: usize,
    layers: usize,
    is_light: bool,
    halves: bool,
}

/// Perhaps halves, perhaps changes the channels, then refines.
#[derive(Debug, Clone)]
struct AdapterBlock {
    halves: bool,
    in_conv: Option<Conv2d>,
    resnets: Vec<(Conv2d, Conv2d)>,
    out_conv: Option<Conv2d>,
}

impl AdapterBlock {
    fn new(vb: &WeightBuilder<'_>, shape: BlockShape) -> Result<Self> {
        let BlockShape {
            inputs,
            outputs,
            inner,
            layers,
            is_light,
            halves,
        } = shape;
        let pointwise = |name: &str, inputs, outputs| Conv2d::new(&vb.pp(name), inputs, outputs, 1);
        let resnets = (0..layers)
            .map(|index| {
                let vb = vb.pp("resnets").pp(index);
                let second = if is_light { 3 } else { 1 };
                Ok((
                    Conv2d::new(&vb.pp("block1"), inner, inner, 3)?,
                    Conv2d::new(&vb.pp("block2"), inner, inner, second)?,
                ))
            })
            .collect::<Result<_>>()?;
        Ok(Self {
            halves,
            in_conv: (is_light || inputs != inner)
                .then(|| pointwise("in_conv", inputs, inner))
                .transpose()?,
            resnets,
            out_conv: is_light.then(|| pointwise("out_conv", inner, outputs)).transpose()?,
        })
    }

    fn forward(&self, x: &Tensor, wrap: Wrap) -> Result<Tensor> {
        let mut x = if self.halves { halved(x)? } else { x.clone() };
        if let Some(conv) = &self.in_conv {
            x = conv.forward(&x, wrap)?;
        }
        for (first, second) in &self.resnets {
            let h = first.forward_with(PreOps::new(&[&x]).wrapped(wrap), PostOps::activation(Activation::Relu))?;
            x = second.forward_with(PreOps::new(&[&h]).wrapped(wrap), PostOps::add(&x))?;
        }
        match &self.out_conv {
            Some(conv) => conv.forward(&x, wrap),
            None => Ok(x),
        }
    }
}

/// The mean of every 2×2 pixels; what is left over at the end of an odd side is the mean of fewer.
fn halved(x: &Tensor) -> Result<Tensor> {
    let (_, _, height, width) = x.dims4()?;
    // A doubled last line leaves the mean of what there is.
    x.pad_with_same(2, 0, height % 2)?
        .pad_with_same(3, 0, width % 2)?
        .contiguous()?
        .avg_pool2d(2)
}

#[cfg(test)]
mod tests {
    use super::*;
    use candle_core::{DType, Device};
    use candle_nn::VarBuilder;

    #[test]
    fn an_odd_side_should_end_in_the_mean_of_what_is_left() {
        let x = Tensor::from_vec(vec![1f32, 3.0, 7.0, 5.0, 7.0, 9.0], (1, 1, 2, 3), &Device::Cpu).unwrap();
        let y = halved(&x).unwrap().flatten_all().unwrap().to_vec1::<f32>().unwrap();
        assert_eq!(y, [4.0, 8.0]);
    }

    #[test]
    fn sizes_that_do_not_fit_should_be_errors() {
        let config = T2IAdapterConfig {
            channels: vec![8, 8],
            ..T2IAdapterConfig::default()
        };
        let vb = VarBuilder::zeros(DType::F32, &Device::Cpu);
        let adapter = T2IAdapter::new(vb, &config).unwrap();
        let image = |shape: [usize; 4]| Tensor::zeros(&shape, DType::F32, &Device::Cpu).unwrap();
        assert!(
            adapter.forward(&image([1, 1, 64, 64]), 1.0, Wrap::default()).is_err(),
            "one channel"
        );
        assert!(
            adapter.forward(&image([1, 3, 60, 64]), 1.0, Wrap::default()).is_err(),
            "60 rows"
        );
        let features = adapter
            .forward(&image([1, 3, 24, 40]), 1.0, Wrap::default())
            .unwrap()
            .features;
        assert_eq!(features[1].dims(), [1, 8, 2, 3]);
    }
}
