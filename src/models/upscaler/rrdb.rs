//! Residual-in-residual dense blocks.
//!
//! Source: Wang et al. 2018, <https://arxiv.org/abs/1809.00219>; what goes in as squares of pixels: Wang et al. 2021,
//! <https://arxiv.org/abs/2107.10833>

use crate::models::WeightBuilder;
use candle_core::{Result, Tensor};

use super::config::UpscalerConfig;
use crate::kernels::{Activation, PostOps, PreOps, Wrap};
use crate::models::layers::Conv2d;

/// How much of what a block adds is added.
const RESIDUAL: f64 = 0.2;

/// Convolutions, each of which reads the results of all before it.
#[derive(Debug)]
struct DenseBlock {
    convs: [Conv2d; 5],
}

impl DenseBlock {
    fn new(vb: &WeightBuilder<'_>, width: usize, growth: usize) -> Result<Self> {
        let conv = |place: usize, outputs| {
            Conv2d::new(&vb.pp(format!("conv{}", place + 1)), width + place * growth, outputs, 3)
        };
        Ok(Self {
            convs: [
                conv(0, growth)?,
                conv(1, growth)?,
                conv(2, growth)?,
                conv(3, growth)?,
                conv(4, width)?,
            ],
        })
    }

    /// x + 0.2 · (what the last convolution makes of all).
    fn forward(&self, x: &Tensor, wrap: Wrap) -> Result<Tensor> {
        let mut seen = vec![x.clone()];
        for conv in &self.convs[..4] {
            let parts: Vec<&Tensor> = seen.iter().collect();
            let next = conv.forward_with(PreOps::new(&parts).wrapped(wrap), leaky())?;
            seen.push(next);
        }
        let parts: Vec<&Tensor> = seen.iter().collect();
        let added = self.convs[4].forward_with(PreOps::new(&parts).wrapped(wrap), PostOps::default())?;
        x + (added * RESIDUAL)?
    }
}

/// Three dense blocks with a shortcut over them.
#[derive(Debug)]
struct Block([DenseBlock; 3]);

impl Block {
    fn new(vb: &WeightBuilder<'_>, width: usize, growth: usize) -> Result<Self> {
        let dense = |place: usize| DenseBlock::new(&vb.pp(format!("rdb{place}")), width, growth);
        Ok(Self([dense(1)?, dense(2)?, dense(3)?]))
    }

    fn forward(&self, x: &Tensor, wrap: Wrap) -> Result<Tensor> {
        let added = self.0.iter().try_fold(x.clone(), |x, dense| dense.forward(&x, wrap))?;
        x + (added * RESIDUAL)?
    }
}

/// The network.
#[derive(Debug)]
pub(super) struct Rrdb {
    unshuffle: usize,
    first: Conv2d,
    blocks: Vec<Block>,
    after_blocks: Conv2d,
    doublings: Vec<Conv2d>,
    detail: Conv2d,
    last: Conv2d,
}

impl Rrdb {
    pub(super) fn new(vb: &WeightBuilder<'_>, config: &UpscalerConfig) -> Result<Self> {
        let &UpscalerConfig { width, growth, .. } = config;
        let same = |name: String| Conv2d::new(&vb.pp(name), width, width, 3);
        Ok(Self {
            unshuffle: config.unshuffle,
            first: Conv2d::new(&vb.pp("conv_first"), 3 * config.unshuffle.pow(2), width, 3)?,
            blocks: (0..config.blocks)
                .map(|place| Block::new(&vb.pp("body").pp(place), width, growth))
                .collect::<Result<_>>()?,
            after_blocks: same("conv_body".to_owned())?,
            doublings: (1..=config.doublings)
                .map(|place| same(format!("conv_up{place}")))
                .collect::<Result<_>>()?,
            detail: same("conv_hr".to_owned())?,
            last: Conv2d::new(&vb.pp("conv_last"), width, 3, 3)?,
        })
    }

    pub(super) fn forward(&self, x: &Tensor, wrap: Wrap) -> Result<Tensor> {
        let first = self.first.forward(&unshuffled(x, self.unshuffle)?, wrap)?;
        let deep = self
            .blocks
            .iter()
            .try_fold(first.clone(), |x, block| block.forward(&x, wrap))?;
        let mut x = self
            .after_blocks
            .forward_with(PreOps::new(&[&deep]).wrapped(wrap), PostOps::add(&first))?;
        for conv in &self.doublings {
            let (_, _, height, width) = x.dims4()?;
            x = conv.forward_with(
                PreOps::new(&[&x]).wrapped(wrap).enlarged(2 * height, 2 * width),
                leaky(),
            )?;
        }
        let x = self.detail.forward_with(PreOps::new(&[&x]).wrapped(wrap), leaky())?;
        self.last
            .forward_with(PreOps::new(&[&x]).wrapped(wrap), PostOps::in_f32())
    }
}

fn leaky() -> PostOps<'static> {
    PostOps::activation(Activation::LeakyRelu)
}

/// Squares of pixels as channels: channel c of square place (u, v) becomes channel (c · side + u) · side + v.
fn unshuffled(x: &Tensor, side: usize) -> Result<Tensor> {
    if side == 1 {
        return Ok(x.clone());
    }
    let (batch, channels, height, width) = x.dims4()?;
    x.reshape(&[batch, channels, height / side, side, width / side, side][..])?
        .permute([0, 1, 3, 5, 2, 4])?
        .reshape((batch, channels * side * side, height / side, width / side))
}
