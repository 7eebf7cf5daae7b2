//! One layer of the tower.

use super::Activation;
use super::ClipTextConfig;
use crate::kernels;
use crate::kernels::After;
use crate::kernels::LayerNorm;
use crate::models::layers::Linear;
use crate::models::layers::layer_norm;
use candle_core::Result;
use candle_core::Tensor;
use candle_nn::VarBuilder;

/// Pre-normalised attention and a two-layer perceptron, each with a shortcut.
#[derive(Debug, Clone)]
pub(super) struct ClipLayer {
    layer_norm1: LayerNorm,
    qkv_proj: Linear,
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
            layer_norm1: layer_norm(&vb.pp("layer_norm1"), hidden, config.layer_norm_eps)?,
            qkv_proj: Linear::stacked(&attention, &["q_proj", "k_proj", "v_proj"], hidden, hidden, true)?,
            out_proj: Linear::new(&attention.pp("out_proj"), hidden, hidden)?,
            layer_norm2: layer_norm(&vb.pp("layer_norm2"), hidden, config.layer_norm_eps)?,
            fc1: Linear::new(&mlp.pp("fc1"), hidden, config.intermediate_size)?,
            fc2: Linear::new(&mlp.pp("fc2"), config.intermediate_size, hidden)?,
            activation: config.hidden_act,
            heads: config.num_attention_heads,
            scale: ((hidden / config.num_attention_heads) as f64).sqrt().recip(),
        })
    }

    /// `(batch, tokens, hidden)` → the same; a token looks at those before it and at itself.
    pub(super) fn forward(&self, x: &Tensor) -> Result<Tensor> {
        let hidden = x.dim(2)?;
        let qkv = self.qkv_proj.forward(&self.layer_norm1.forward(x)?)?;
        let part = |index: usize| qkv.narrow(2, index * hidden, hidden);
        let attended = kernels::attention(&part(0)?, &part(1)?, &part(2)?, self.heads, self.scale, true)?;
        let x = self.out_proj.forward_then(&attended, After::add(x))?;

        let activation = After::apply_to_each(self.activation.nonlinearity());
        let h = self.fc1.forward_then(&self.layer_norm2.forward(&x)?, activation)?;
        self.fc2.forward_then(&h, After::add(&x))
    }
}
