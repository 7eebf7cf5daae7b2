//! A row of convolutions at the size of what goes in; the last one makes all pixels of the result at once.
//!
//! Source: `SRVGGNetCompact` of <https://github.com/xinntao/Real-ESRGAN>

use crate::models::WeightBuilder;
use candle_core::{DType, Result, Tensor};

use super::config::UpscalerConfig;
use crate::kernels::{PostOps, PreOps, Wrap, upsample_nearest};
use crate::models::layers::Conv2d;

/// The network.
#[derive(Debug)]
pub(super) struct Compact {
    scale: usize,
    /// All but the last, each with the slope of what is negative after it: `(1, channels, 1, 1)`.
    convs: Vec<(Conv2d, Tensor)>,
    last: Conv2d,
}

impl Compact {
    pub(super) fn new(vb: &WeightBuilder<'_>, config: &UpscalerConfig) -> Result<Self> {
        let width = config.width;
        let body = vb.pp("body");
        let convs = (0..=config.blocks).map(|place| {
            let inputs = if place == 0 { 3 } else { width };
            let conv = Conv2d::new(&body.pp(2 * place), inputs, width, 3)?;
            let slope = body.pp(2 * place + 1).get(width, "weight")?;
            Ok((conv, slope.reshape((1, width, 1, 1))?))
        });
        Ok(Self {
            scale: config.scale,
            convs: convs.collect::<Result<_>>()?,
            last: Conv2d::new(&body.pp(2 * config.blocks + 2), width, 3 * config.scale.pow(2), 3)?,
        })
    }

    pub(super) fn forward(&self, x: &Tensor, wrap: Wrap) -> Result<Tensor> {
        let (_, _, height, width) = x.dims4()?;
        let deep = self.convs.iter().try_fold(x.clone(), |x, (conv, slope)| {
            let y = conv.forward(&x, wrap)?;
            y.relu()? - y.neg()?.relu()?.broadcast_mul(&slope.to_dtype(y.dtype())?)?
        })?;
        let added = self
            .last
            .forward_with(PreOps::new(&[&deep]).wrapped(wrap), PostOps::in_f32())?;
        let plain = upsample_nearest(&x.to_dtype(DType::F32)?, self.scale * height, self.scale * width)?;
        plain + shuffled(&added, self.scale)?
    }
}

/// Channels as squares of pixels: channel (c · side + u) · side + v becomes place (u, v) of a square of channel c.
fn shuffled(x: &Tensor, side: usize) -> Result<Tensor> {
    let (batch, channels, height, width) = x.dims4()?;
    let channels = channels / (side * side);
    x.reshape(&[batch, channels, side, side, height, width][..])?
        .permute([0, 1, 4, 2, 5, 3])?
        .reshape((batch, channels, height * side, width * side))
}
