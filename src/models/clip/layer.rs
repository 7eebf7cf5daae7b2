//! One layer of a tower.

use super::{ClipTextConfig, HiddenAct};
use crate::kernels::{self, LayerNorm, PostOps};
use crate::models::WeightBuilder;
use crate::models::layers::{Linear, layer_norm};
use candle_core::{Result, Tensor};

/// Sizes of a layer of either tower.
#[derive(Debug, Clone, Copy)]
pub(super) struct LayerShape {
    pub(super) hidden: usize,
    pub(super) intermediate: usize,
    pub(super) heads: usize,
    pub(super) activation: HiddenAct,
    pub(super) eps: f64,
    /// Whether a token sees only those before it and itself.
    pub(super) causal: bool,
}

impl From<&ClipTextConfig> for LayerShape {
    fn from(config: &ClipTextConfig) -> Self {
        Self {
            hidden: config.hidden_size,
            intermediate: config.intermediate_size,
            heads: config.num_attention_heads,
            activation: config.hidden_act,
            eps: config.layer_norm_eps,
            causal: true,
        }
    }
}

/// Pre-normalised attention and a two-layer perceptron, each with a shortcut.
#[derive(Debug, Clone)]
pub(super) struct ClipLayer {
    layer_norm1: LayerNorm,
    qkv_proj: Linear,
    out_proj: Linear,
    layer_norm2: LayerNorm,
    fc1: Linear,
    fc2: Linear,
    activation: HiddenAct,
    heads: usize,
    scale: f64,
    causal: bool,
}

impl ClipLayer {
    pub(super) fn new(vb: &WeightBuilder<'_>, shape: LayerShape) -> Result<Self> {
        let LayerShape {
            hidden,
            intermediate,
            heads,
            activation,
            eps,
            causal,
        } = shape;
        let attention = vb.pp("self_attn");
        let mlp = vb.pp("mlp");
        Ok(Self {
            layer_norm1: layer_norm(&vb.pp("layer_norm1"), hidden, eps)?,
            qkv_proj: Linear::stacked(&attention, &["q_proj", "k_proj", "v_proj"], hidden, hidden, true)?,
            out_proj: Linear::new(&attention.pp("out_proj"), hidden, hidden)?,
            layer_norm2: layer_norm(&vb.pp("layer_norm2"), hidden, eps)?,
            fc1: Linear::new(&mlp.pp("fc1"), hidden, intermediate)?,
            fc2: Linear::new(&mlp.pp("fc2"), intermediate, hidden)?,
            activation,
            heads,
            scale: ((hidden / heads) as f64).sqrt().recip(),
            causal,
        })
    }

    /// `(batch, tokens, hidden)` → the same.
    pub(super) fn forward(&self, x: &Tensor) -> Result<Tensor> {
        let hidden = x.dim(2)?;
        let qkv = self.qkv_proj.forward(&self.layer_norm1.forward(x)?)?;
        let part = |index: usize| qkv.narrow(2, index * hidden, hidden);
        let attended = kernels::attention(&part(0)?, &part(1)?, &part(2)?, self.heads, self.scale, self.causal)?;
        let x = self.out_proj.forward_with(&attended, PostOps::add(x))?;

        let activation = PostOps::activation(self.activation.activation());
        let h = self.fc1.forward_with(&self.layer_norm2.forward(&x)?, activation)?;
        self.fc2.forward_with(&h, PostOps::add(&x))
    }
}
