//! An adapter, and the prompts it makes.

use super::projection::ImageProjection;
use super::{ImageFeatures, ImagePromptPart};
use crate::models::WeightBuilder;
use crate::models::layers::Linear;
use crate::models::unet::UNetConfig;
use candle_core::{Result, Tensor};
use std::collections::BTreeMap;

/// An adapter made for a U-Net of one shape; it works with every U-Net of that shape.
#[derive(Debug, Clone)]
pub struct IpAdapter {
    projection: ImageProjection,
    layers: Vec<Layer>,
    unet: UNetConfig,
}

/// Keys and values for one cross-attention.
#[derive(Debug, Clone)]
struct Layer {
    name: String,
    kv: Linear,
    channels: usize,
}

/// A picture as every cross-attention of a U-Net sees it; the same at every step.
#[derive(Debug, Clone)]
pub struct ImagePrompt {
    layers: BTreeMap<String, (Tensor, Tensor)>,
}

impl IpAdapter {
    /// Weights as they were published: `image_proj.…`, and `ip_adapter.N.to_k_ip` and `to_v_ip`, where N counts the
    /// attentions of the U-Net as diffusers does. Adapters with one vector, with a perceptron ("full") and with a
    /// resampler ("plus") for the picture are told apart by their tensors.
    ///
    /// * `unet`: of the model it was made for.
    ///
    /// # Errors
    /// If the adapter is of another kind, was made for another model, or a tensor is missing or misshapen.
    pub fn new<'a>(vb: impl Into<WeightBuilder<'a>>, unet: &UNetConfig) -> Result<Self> {
        let vb = vb.into();
        let weights = vb.pp("ip_adapter");
        let layers = unet
            .cross_attentions()?
            .into_iter()
            .enumerate()
            .map(|(index, site)| {
                // Every cross-attention comes after a self-attention.
                let vb = weights.pp(2 * index + 1);
                let kv = Linear::stacked(
                    &vb,
                    &["to_k_ip", "to_v_ip"],
                    site.context_channels,
                    site.channels,
                    false,
                )?;
                Ok(Layer {
                    name: site.name,
                    kv,
                    channels: site.channels,
                })
            })
            .collect::<Result<_>>()?;
        Ok(Self {
            projection: ImageProjection::new(&vb.pp("image_proj"))?,
            layers,
            unet: unet.clone(),
        })
    }

    /// What of the image encoder's states it takes.
    pub fn features(&self) -> ImageFeatures {
        self.projection.features()
    }

    /// A picture as tokens like those of a text.
    ///
    /// * `states`: [`IpAdapter::features`] of the picture. For the negative prompt: zeros in place of an embedding, the
    ///   penultimate states of a picture of zeros in place of those.
    ///
    /// Returns `(batch, tokens, context_channels)`. Several pictures in one prompt are their tokens side by side.
    ///
    /// # Errors
    /// If the shape does not fit.
    pub fn tokens(&self, states: &Tensor) -> Result<Tensor> {
        self.projection.forward(states)
    }

    /// The prompt that a U-Net takes.
    ///
    /// * `tokens`: `(batch or 1, tokens, context_channels)`; where the negative prompt and the prompt are asked in one
    ///   call, its picture comes first.
    /// * `scale`: of everything the picture adds; 1 as trained, 0 nothing.
    /// * `part`: which side of the picture is followed.
    ///
    /// # Errors
    /// If the shape does not fit.
    pub fn prompt(&self, tokens: &Tensor, scale: f64, part: ImagePromptPart) -> Result<ImagePrompt> {
        self.prompt_by(tokens, |layer| if part.covers(&self.unet, layer) { scale } else { 0.0 })
    }

    /// As [`IpAdapter::prompt`], with a scale of its own for every cross-attention, given its
    /// [name](crate::models::unet::CrossAttentionSite::name).
    ///
    /// # Errors
    /// As [`IpAdapter::prompt`].
    pub fn prompt_by(&self, tokens: &Tensor, scale: impl Fn(&str) -> f64) -> Result<ImagePrompt> {
        let mut layers = BTreeMap::new();
        for Layer { name, kv, channels } in &self.layers {
            let scale = scale(name);
            if scale == 0.0 {
                continue;
            }
            let kv = kv.forward(tokens)?;
            // Attention is linear in its values.
            let values = kv.narrow(2, *channels, *channels)?.affine(scale, 0.0)?;
            layers.insert(name.clone(), (kv.narrow(2, 0, *channels)?.contiguous()?, values));
        }
        Ok(ImagePrompt { layers })
    }
}

impl ImagePrompt {
    /// Keys and values for the cross-attention of this name, `(batch or 1, tokens, channels)` each; `None` if it is to
    /// look at the text alone.
    pub(in crate::models) fn at(&self, layer: &str) -> Option<(&Tensor, &Tensor)> {
        self.layers.get(layer).map(|(keys, values)| (keys, values))
    }
}
