//! Multi-head attention of an image over itself or over a text.

use super::{KvCache, Linear};
use crate::kernels::{self, PostOps};
use crate::models::WeightBuilder;
use candle_core::{Result, Tensor};

/// Sizes of an [`Attention`].
#[derive(Debug, Clone, Copy)]
pub(in crate::models) struct AttentionConfig {
    /// Channels of the queries' side, in and out.
    pub(in crate::models) channels: usize,
    /// Channels of what is attended to; `None` if tokens look at each other.
    pub(in crate::models) context_channels: Option<usize>,
    /// Channels of queries, keys and values, all heads together: mostly as many as `channels`.
    pub(in crate::models) inner_channels: usize,
    /// Divides the inner channels.
    pub(in crate::models) heads: usize,
    /// Whether the projections to q, k and v have biases.
    pub(in crate::models) bias: bool,
    /// Whether scores are computed in f32 when the rest is in half precision.
    pub(in crate::models) upcast: bool,
}

/// What attention over other tokens looks at beside them, and which of its probabilities are wanted.
#[derive(Debug, Clone, Copy, Default)]
pub(in crate::models) struct AttentionExtras<'a> {
    /// Further keys and values, `(batch or 1, tokens, channels)` each. Every pair is attended to on its own, and what
    /// comes of it is added.
    pub(in crate::models) pairs: &'a [(&'a Tensor, &'a Tensor)],
    /// The picture of the batch whose probabilities are wanted.
    pub(in crate::models) watched: Option<usize>,
    /// Where keys and values of the context are kept between calls.
    pub(in crate::models) kv: Option<&'a KvCache>,
}

/// Attention with its projections.
///
/// Every attention of the U-Net and the VAE passes through [`Attention::forward_with`], so this is the one place where
/// maps can be observed or replaced.
#[derive(Debug, Clone)]
pub(in crate::models) struct Attention {
    projections: Projections,
    to_out: Linear,
    inner_channels: usize,
    heads: usize,
    scale: f64,
    upcast: bool,
}

#[derive(Debug, Clone)]
enum Projections {
    /// Queries, keys and values of the same tokens, in one product.
    Own(Linear),
    /// Keys and values of other tokens.
    Other { q: Linear, kv: Linear },
}

impl Attention {
    /// Weights under `to_q`, `to_k`, `to_v`, `to_out.0`; or, as old files call them, `query`, `key`, `value`,
    /// `proj_attn`.
    pub(in crate::models) fn new(vb: &WeightBuilder<'_>, config: AttentionConfig) -> Result<Self> {
        let AttentionConfig {
            channels,
            context_channels,
            inner_channels,
            heads,
            bias,
            upcast,
        } = config;
        if heads == 0 || !inner_channels.is_multiple_of(heads) {
            candle_core::bail!("{inner_channels} channels cannot be split into {heads} heads");
        }
        let is_old = vb.contains_tensor("query.weight");
        let [q, k, v, out] = if is_old {
            ["query", "key", "value", "proj_attn"]
        } else {
            ["to_q", "to_k", "to_v", "to_out.0"]
        };
        let projections = match context_channels {
            None => Projections::Own(Linear::stacked(vb, &[q, k, v], channels, inner_channels, bias)?),
            Some(context_channels) => Projections::Other {
                q: Linear::stacked(vb, &[q], channels, inner_channels, bias)?,
                kv: Linear::stacked(vb, &[k, v], context_channels, inner_channels, bias)?,
            },
        };
        Ok(Self {
            projections,
            to_out: Linear::new(&vb.pp(out), inner_channels, channels)?,
            inner_channels,
            heads,
            scale: ((inner_channels / heads) as f64).sqrt().recip(),
            upcast,
        })
    }

    /// * `x`: `(batch, tokens, channels)`, from which the queries are made.
    /// * `context`: `(batch, context_tokens, context_channels)`, from which keys and values are made; for attention of tokens to each other it is
    ///   left out.
    /// * `shortcut`: added to the result, in the shape of `x`.
    ///
    /// Returns `(batch, tokens, channels)`.
    pub(in crate::models) fn forward(&self, x: &Tensor, context: Option<&Tensor>, shortcut: &Tensor) -> Result<Tensor> {
        Ok(self.forward_with(x, context, AttentionExtras::default(), shortcut)?.0)
    }

    /// As [`Attention::forward`], looking at more than the context.
    ///
    /// Returns `(batch, tokens, channels)`, and if they are wanted how much each token looks at those of the context,
    /// `(context_tokens, tokens)`, the mean of all heads, in f32.
    pub(in crate::models) fn forward_with(
        &self,
        x: &Tensor,
        context: Option<&Tensor>,
        extras: AttentionExtras<'_>,
        shortcut: &Tensor,
    ) -> Result<(Tensor, Option<Tensor>)> {
        let (q, k, v) = self.project(x, context, extras.kv)?;
        let attend = |k: &Tensor, v: &Tensor| kernels::attention(&q, k, v, self.heads, self.scale, false);
        let mut y = attend(&k, &v)?;
        for (k, v) in extras.pairs {
            let for_all = |pair: &Tensor| {
                let (_, tokens, channels) = pair.dims3()?;
                let pair = pair.to_dtype(q.dtype())?;
                pair.broadcast_as((q.dim(0)?, tokens, channels))?.contiguous()
            };
            y = (y + attend(&for_all(k)?, &for_all(v)?)?)?;
        }
        let watched = extras.watched.map(|row| self.probabilities(&q, &k, row)).transpose()?;
        let y = self
            .to_out
            .forward_with(&y.to_dtype(x.dtype())?, PostOps::add(shortcut))?;
        Ok((y, watched))
    }

    /// Queries of `x`, keys and values of the context or of `x` itself.
    fn project(
        &self,
        x: &Tensor,
        context: Option<&Tensor>,
        cache: Option<&KvCache>,
    ) -> Result<(Tensor, Tensor, Tensor)> {
        let part = |tokens: &Tensor, index: usize| {
            let part = tokens.narrow(2, index * self.inner_channels, self.inner_channels)?;
            if self.upcast {
                part.to_dtype(kernels::upcast_dtype(part.device(), part.dtype()))
            } else {
                Ok(part)
            }
        };
        match (&self.projections, context) {
            (Projections::Own(project), None) => {
                let qkv = project.forward(x)?;
                Ok((part(&qkv, 0)?, part(&qkv, 1)?, part(&qkv, 2)?))
            }
            (Projections::Other { q, kv }, Some(context)) => {
                let kv = match cache {
                    Some(cache) => cache.get_or_project(context, kv)?,
                    None => kv.forward(context)?,
                };
                Ok((part(&q.forward(x)?, 0)?, part(&kv, 0)?, part(&kv, 1)?))
            }
            (Projections::Own(_), Some(_)) => candle_core::bail!("this attention looks at its own tokens alone"),
            (Projections::Other { .. }, None) => candle_core::bail!("this attention needs a context"),
        }
    }

    /// The probabilities of one picture of the batch, which the fast kernel never holds.
    fn probabilities(&self, q: &Tensor, k: &Tensor, row: usize) -> Result<Tensor> {
        let batch = q.dim(0)?;
        if row >= batch {
            candle_core::bail!("attention is watched in picture {row}, the batch has {batch}");
        }
        let row = |x: &Tensor| x.narrow(0, row, 1);
        kernels::mean_attention_probabilities(&row(q)?, &row(k)?, self.heads, self.scale)
    }
}
