//! Multi-head attention of an image over itself or over a text.

use super::Linear;
use crate::kernels;
use candle_core::DType;
use candle_core::Result;
use candle_core::Tensor;
use candle_nn::VarBuilder;

/// Sizes of an [`Attention`].
#[derive(Debug, Clone, Copy)]
pub(in crate::models) struct AttentionConfig {
    /// Channels of the queries' side, in and out.
    pub(in crate::models) channels: usize,
    /// Channels of what is attended to.
    pub(in crate::models) context_channels: usize,
    /// Divides the channels.
    pub(in crate::models) heads: usize,
    /// Whether the projections to q, k and v have biases.
    pub(in crate::models) bias: bool,
    /// Whether scores are computed in f32 when the rest is in half precision.
    pub(in crate::models) upcast: bool,
}

/// Attention with its four projections.
///
/// Every attention of the U-Net and the VAE passes through [`Attention::forward`], so this is the one place where maps
/// can be observed or replaced.
#[derive(Debug, Clone)]
pub(in crate::models) struct Attention {
    to_q: Linear,
    to_k: Linear,
    to_v: Linear,
    to_out: Linear,
    heads: usize,
    scale: f64,
    upcast: bool,
}

impl Attention {
    /// Weights under `to_q`, `to_k`, `to_v`, `to_out.0`; or, as old files call them, `query`, `key`, `value`,
    /// `proj_attn`.
    pub(in crate::models) fn new(vb: &VarBuilder<'_>, config: AttentionConfig) -> Result<Self> {
        let AttentionConfig {
            channels,
            context_channels,
            heads,
            bias,
            upcast,
        } = config;
        if heads == 0 || !channels.is_multiple_of(heads) {
            candle_core::bail!("{channels} channels cannot be split into {heads} heads");
        }
        let project = |name: &str, inputs: usize| {
            if bias {
                Linear::new(&vb.pp(name), inputs, channels)
            } else {
                Linear::without_bias(&vb.pp(name), inputs, channels)
            }
        };
        let is_old = vb.contains_tensor("query.weight");
        let [q, k, v, out] = if is_old {
            ["query", "key", "value", "proj_attn"]
        } else {
            ["to_q", "to_k", "to_v", "to_out.0"]
        };
        Ok(Self {
            to_q: project(q, channels)?,
            to_k: project(k, context_channels)?,
            to_v: project(v, context_channels)?,
            to_out: Linear::new(&vb.pp(out), channels, channels)?,
            heads,
            scale: ((channels / heads) as f64).sqrt().recip(),
            upcast,
        })
    }

    /// * `x`: `(batch, tokens, channels)`, asks.
    /// * `context`: `(batch, context_tokens, context_channels)`, is asked; `None` means `x` itself.
    ///
    /// Returns `(batch, tokens, channels)`.
    pub(in crate::models) fn forward(&self, x: &Tensor, context: Option<&Tensor>) -> Result<Tensor> {
        let context = context.unwrap_or(x);
        let compute = if self.upcast { DType::F32 } else { x.dtype() };
        let heads = |projection: &Linear, tokens: &Tensor| {
            kernels::split_heads(&projection.forward(tokens)?.to_dtype(compute)?, self.heads)
        };
        let q = heads(&self.to_q, x)?;
        let k = heads(&self.to_k, context)?;
        let v = heads(&self.to_v, context)?;
        let y = kernels::attention(&q, &k, &v, self.scale, None)?;
        self.to_out.forward(&kernels::merge_heads(&y)?.to_dtype(x.dtype())?)
    }
}
