//! What `text_encoder/config.json` says.

use super::super::ConfigError;
use crate::kernels::Activation;

/// The nonlinearity between the two linear maps of a layer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum HiddenAct {
    /// x · sigmoid(1.702 x): the original CLIP.
    QuickGelu,
    /// x · Φ(x): OpenCLIP, as in Stable Diffusion 2.
    Gelu,
}

impl HiddenAct {
    pub(super) fn activation(self) -> Activation {
        match self {
            Self::QuickGelu => Activation::QuickGelu,
            Self::Gelu => Activation::Gelu,
        }
    }
}

/// Shape of a text tower. Missing fields take the values of `transformers`.
#[derive(Debug, Clone, PartialEq, serde::Deserialize, serde::Serialize)]
#[serde(default)]
pub struct ClipTextConfig {
    /// Tokens in the vocabulary.
    pub vocab_size: usize,
    /// Channels of every hidden state.
    pub hidden_size: usize,
    /// Channels between the two linear maps of a layer.
    pub intermediate_size: usize,
    /// Layers.
    pub num_hidden_layers: usize,
    /// Divides `hidden_size`.
    pub num_attention_heads: usize,
    /// Most tokens in a prompt, its ends included.
    pub max_position_embeddings: usize,
    /// Nonlinearity.
    pub hidden_act: HiddenAct,
    /// Added to the variance in normalisations.
    pub layer_norm_eps: f64,
    /// Channels of the space that texts and pictures share.
    pub projection_dim: usize,
    /// Id of the token whose state is the pooled output; 2 in old files, which means the largest id.
    pub eos_token_id: u32,
}

impl Default for ClipTextConfig {
    fn default() -> Self {
        Self {
            vocab_size: 49408,
            hidden_size: 512,
            intermediate_size: 2048,
            num_hidden_layers: 12,
            num_attention_heads: 8,
            max_position_embeddings: 77,
            hidden_act: HiddenAct::QuickGelu,
            layer_norm_eps: 1e-5,
            projection_dim: 512,
            eos_token_id: 49407,
        }
    }
}

impl ClipTextConfig {
    /// Refuses sizes that no tower can have.
    pub(super) fn validate(&self) -> std::result::Result<(), ConfigError> {
        let check = |holds, field, found: usize, expected: &str| {
            ConfigError::check(holds, "text_encoder", field, found, expected)
        };
        check(
            self.num_hidden_layers > 0,
            "num_hidden_layers",
            self.num_hidden_layers,
            "at least 1",
        )?;
        check(
            self.num_attention_heads > 0 && self.hidden_size.is_multiple_of(self.num_attention_heads),
            "num_attention_heads",
            self.num_attention_heads,
            &format!("a divisor of hidden_size {}", self.hidden_size),
        )
    }
}
