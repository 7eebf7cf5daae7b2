//! A few learnt tokens that ask all states of an image encoder.
//!
//! Source: <https://arxiv.org/abs/2204.14198>, section 3.1.1

use crate::kernels::{self, Activation, LayerNorm, PostOps};
use crate::models::WeightBuilder;
use crate::models::layers::{Linear, full_precision, layer_norm};
use candle_core::{Result, Tensor};

/// Epsilon of the normalisations; PyTorch's default.
pub(super) const LAYER_NORM_EPS: f64 = 1e-5;

/// Channels of a head; all published adapters agree.
const HEAD_CHANNELS: usize = 64;

/// More layers than any adapter has.
const MAX_LAYERS: usize = 64;

/// Layers of attention of the learnt tokens to the states and to themselves.
#[derive(Debug, Clone)]
pub(super) struct Resampler {
    latents: Tensor,
    proj_in: Linear,
    layers: Vec<Layer>,
    proj_out: Linear,
    norm_out: LayerNorm,
}

impl Resampler {
    /// Sizes and the number of layers are those of the tensors.
    pub(super) fn new(vb: &WeightBuilder<'_>) -> Result<Self> {
        let latents = full_precision(vb).get_unchecked("latents")?;
        let (_, _, hidden) = latents.dims3()?;
        let (_, inputs) = matrix(vb, "proj_in.weight")?;
        let (outputs, _) = matrix(vb, "proj_out.weight")?;
        let layers = vb.pp("layers");
        let count = (0..MAX_LAYERS)
            .take_while(|index| layers.contains_tensor(&format!("{index}.0.to_q.weight")))
            .count();
        Ok(Self {
            latents,
            proj_in: Linear::new(&vb.pp("proj_in"), inputs, hidden)?,
            layers: (0..count)
                .map(|index| Layer::new(&layers.pp(index), hidden))
                .collect::<Result<_>>()?,
            proj_out: Linear::new(&vb.pp("proj_out"), hidden, outputs)?,
            norm_out: layer_norm(&vb.pp("norm_out"), outputs, LAYER_NORM_EPS)?,
        })
    }

    /// `(batch, states, inputs)` → `(batch, tokens, outputs)`.
    pub(super) fn forward(&self, states: &Tensor) -> Result<Tensor> {
        let (batch, _, _) = states.dims3()?;
        let (_, tokens, hidden) = self.latents.dims3()?;
        let states = self.proj_in.forward(states)?;
        let mut latents = self.latents.broadcast_as((batch, tokens, hidden))?.contiguous()?;
        for layer in &self.layers {
            latents = layer.forward(&states, &latents)?;
        }
        self.norm_out.forward(&self.proj_out.forward(&latents)?)
    }
}

#[derive(Debug, Clone)]
struct Layer {
    norm_states: LayerNorm,
    norm_latents: LayerNorm,
    q: Linear,
    kv: Linear,
    out: Linear,
    norm: LayerNorm,
    first: Linear,
    second: Linear,
    inner: usize,
}

impl Layer {
    fn new(vb: &WeightBuilder<'_>, hidden: usize) -> Result<Self> {
        let (attention, perceptron) = (vb.pp("0"), vb.pp("1"));
        let (inner, _) = matrix(&attention, "to_q.weight")?;
        if inner == 0 || !inner.is_multiple_of(HEAD_CHANNELS) {
            candle_core::bail!("the resampler's to_q has {inner} rows, expected a multiple of {HEAD_CHANNELS}");
        }
        let (wide, _) = matrix(&perceptron, "1.weight")?;
        let norm = |vb: WeightBuilder<'_>| layer_norm(&vb, hidden, LAYER_NORM_EPS);
        Ok(Self {
            norm_states: norm(attention.pp("norm1"))?,
            norm_latents: norm(attention.pp("norm2"))?,
            q: Linear::without_bias(&attention.pp("to_q"), hidden, inner)?,
            kv: Linear::without_bias(&attention.pp("to_kv"), hidden, 2 * inner)?,
            out: Linear::without_bias(&attention.pp("to_out"), inner, hidden)?,
            norm: norm(perceptron.pp("0"))?,
            first: Linear::without_bias(&perceptron.pp("1"), hidden, wide)?,
            second: Linear::without_bias(&perceptron.pp("3"), wide, hidden)?,
            inner,
        })
    }

    fn forward(&self, states: &Tensor, latents: &Tensor) -> Result<Tensor> {
        let asking = self.norm_latents.forward(latents)?;
        let asked = Tensor::cat(&[&self.norm_states.forward(states)?, &asking], 1)?;
        let q = self.q.forward(&asking)?;
        let kv = self.kv.forward(&asked)?;
        let (k, v) = (kv.narrow(2, 0, self.inner)?, kv.narrow(2, self.inner, self.inner)?);
        let heads = self.inner / HEAD_CHANNELS;
        let scale = (HEAD_CHANNELS as f64).sqrt().recip();
        let attended = kernels::attention(&q, &k, &v, heads, scale, false)?;
        let latents = self.out.forward_with(&attended, PostOps::add(latents))?;
        let gelu = PostOps::activation(Activation::Gelu);
        let h = self.first.forward_with(&self.norm.forward(&latents)?, gelu)?;
        self.second.forward_with(&h, PostOps::add(&latents))
    }
}

/// Rows and columns of a matrix, outputs and inputs of a linear map.
pub(super) fn matrix(vb: &WeightBuilder<'_>, name: &str) -> Result<(usize, usize)> {
    vb.get_unchecked(name)?.dims2()
}
