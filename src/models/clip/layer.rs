//! One layer of the tower.

use super::Activation;
use super::ClipTextConfig;
use crate::kernels;
use crate::models::layers::LayerNorm;
use crate::models::layers::Linear;
use candle_core::Result;
use candle_core::Tensor;
use candle_nn::VarBuilder;

/// Pre-normalised attention and a two-layer perceptron, each with a shortcut.
#[derive(Debug, Clone)]
pub(super) struct ClipLayer {
    layer_norm1: LayerNorm,
    q_proj: Linear,
    k_proj: Linear,
    v_proj: Linear,
    out_proj: Linear,
    layer_norm2: LayerNorm,
    fc1: Linear,
    fc2: Linear,
    activation: Activation,
    heads: usize,
    scale: f64,
}

impl ClipLayer {
    pub(super) fn new(vb: &VarBuilder<'_>, config: &ClipTextConfig) -> Result<Self> {
        let hidden = config.hidden_size;
        let attention = vb.pp("self_attn");
        let mlp = vb.pp("mlp");
        Ok(Self {
            layer_norm1: LayerNorm::new(&vb.pp("layer_norm1"), hidden, config.layer_norm_eps)?,
            q_proj: Linear::new(&attention.pp("q_proj"), hidden, hidden)?,
            k_proj: Linear::new(&attention.pp("k_proj"), hidden, hidden)?,
            v_proj: Linear::new(&attention.pp("v_proj"), hidden, hidden)?,
            out_proj: Linear::new(&attention.pp("out_proj"), hidden, hidden)?,
            layer_norm2: LayerNorm::new(&vb.pp("layer_norm2"), hidden, config.layer_norm_eps)?,
            fc1: Linear::new(&mlp.pp("fc1"), hidden, config.intermediate_size)?,
            fc2: Linear::new(&mlp.pp("fc2"), config.intermediate_size, hidden)?,
            activation: config.hidden_act,
            heads: config.num_attention_heads,
            scale: ((hidden / config.num_attention_heads) as f64).sqrt().recip(),
        })
    }

    /// * `x`: `(batch, tokens, hidden)`.
    /// * `mask`: `(tokens, tokens)`, −∞ where a token would look ahead.
    pub(super) fn forward(&self, x: &Tensor, mask: &Tensor) -> Result<Tensor> {
        let h = self.layer_norm1.forward(x)?;
        let heads = |projection: &Linear| kernels::split_heads(&projection.forward(&h)?, self.heads);
        let (q, k, v) = (heads(&self.q_proj)?, heads(&self.k_proj)?, heads(&self.v_proj)?);
        let attended = kernels::attention(&q, &k, &v, self.scale, Some(mask))?;
        let x = (x + self.out_proj.forward(&kernels::merge_heads(&attended)?)?)?;

        let h = self.fc1.forward(&self.layer_norm2.forward(&x)?)?;
        x + self.fc2.forward(&self.activation.forward(&h)?)?
    }
}
