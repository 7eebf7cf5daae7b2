//! From what an image encoder says to tokens.

use super::resampler::{LAYER_NORM_EPS, Resampler, matrix};
use crate::kernels::{Activation, LayerNorm, PostOps};
use crate::models::WeightBuilder;
use crate::models::layers::{Linear, layer_norm};
use candle_core::{Result, Tensor};

/// What of an image encoder's states an adapter takes, see [`VisionStates`](crate::models::clip::VisionStates).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ImageFeatures {
    /// `embedding`, `(batch, projection_dim)`.
    Embedding,
    /// `penultimate`, `(batch, tokens, hidden)`.
    Penultimate,
}

/// One of three ways.
#[derive(Debug, Clone)]
pub(super) enum ImageProjection {
    /// One vector becomes several tokens.
    Split {
        proj: Linear,
        norm: LayerNorm,
        channels: usize,
    },
    /// Every state becomes a token.
    Each {
        first: Linear,
        second: Linear,
        norm: LayerNorm,
    },
    /// A few tokens ask all states.
    Resampled(Resampler),
}

impl ImageProjection {
    /// Found out from the tensors there are, since adapters come without a configuration.
    pub(super) fn new(vb: &WeightBuilder<'_>) -> Result<Self> {
        if vb.contains_tensor("latents") {
            return Ok(Self::Resampled(Resampler::new(vb)?));
        }
        if vb.contains_tensor("proj.3.weight") {
            let (inner, inputs) = matrix(vb, "proj.0.weight")?;
            let (outputs, _) = matrix(vb, "proj.2.weight")?;
            return Ok(Self::Each {
                first: Linear::new(&vb.pp("proj.0"), inputs, inner)?,
                second: Linear::new(&vb.pp("proj.2"), inner, outputs)?,
                norm: layer_norm(&vb.pp("proj.3"), outputs, LAYER_NORM_EPS)?,
            });
        }
        if vb.contains_tensor("proj.0.weight") || vb.contains_tensor("perceiver_resampler.proj_in.weight") {
            candle_core::bail!("this IP-Adapter takes vectors of a face recogniser, expected one for images");
        }
        let (outputs, inputs) = matrix(vb, "proj.weight")?;
        let channels = vb.get_unchecked("norm.weight")?.elem_count();
        if channels == 0 || !outputs.is_multiple_of(channels) {
            candle_core::bail!("image_proj.proj.weight has {outputs} rows, expected a multiple of {channels}");
        }
        Ok(Self::Split {
            proj: Linear::new(&vb.pp("proj"), inputs, outputs)?,
            norm: layer_norm(&vb.pp("norm"), channels, LAYER_NORM_EPS)?,
            channels,
        })
    }

    pub(super) fn features(&self) -> ImageFeatures {
        match self {
            Self::Split { .. } => ImageFeatures::Embedding,
            Self::Each { .. } | Self::Resampled(_) => ImageFeatures::Penultimate,
        }
    }

    /// Returns `(batch, tokens, context_channels)`.
    pub(super) fn forward(&self, states: &Tensor) -> Result<Tensor> {
        let expected = match self.features() {
            ImageFeatures::Embedding => 2,
            ImageFeatures::Penultimate => 3,
        };
        if states.rank() != expected {
            candle_core::bail!(
                "this IP-Adapter expects states of {expected} axes, found {:?}",
                states.dims()
            );
        }
        match self {
            Self::Split { proj, norm, channels } => {
                let batch = states.dim(0)?;
                norm.forward(&proj.forward(states)?.reshape((batch, (), *channels))?)
            }
            Self::Each { first, second, norm } => {
                let h = first.forward_with(states, PostOps::activation(Activation::Gelu))?;
                norm.forward(&second.forward(&h)?)
            }
            Self::Resampled(resampler) => resampler.forward(states),
        }
    }
}
