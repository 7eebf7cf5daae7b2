//! The prior.

use crate::kernels::{self, Activation, LayerNorm, PostOps};
use crate::models::error::MAX_CHANNELS;
use crate::models::layers::{Linear, TimestepEmbedding, full_precision, layer_norm, sinusoid};
use crate::models::{ConfigError, WeightBuilder};
use candle_core::{DType, IndexOp as _, Result, Tensor};

const NETWORK: &str = "prior";
/// Epsilon of every normalisation; PyTorch's default.
const NORM_EPS: f64 = 1e-5;
/// Added to the scores of what must not be looked at.
const FORBIDDEN: f32 = -10_000.0;
/// More layers than any prior has.
const MAX_LAYERS: usize = 1 << 10;
/// More tokens than any prior has; scores are held for each pair.
const MAX_TOKENS: usize = 1 << 14;

/// Shape of a prior. Missing fields take the values of diffusers.
#[derive(Debug, Clone, PartialEq, Eq, serde::Deserialize, serde::Serialize)]
#[serde(default)]
pub struct PriorConfig {
    /// Heads of each attention.
    pub num_attention_heads: usize,
    /// Channels of each head.
    pub attention_head_dim: usize,
    /// Transformer blocks.
    pub num_layers: usize,
    /// Channels of the embeddings of texts and pictures.
    pub embedding_dim: usize,
    /// Tokens of the text.
    pub num_embeddings: usize,
    /// Tokens beside the text's; must be 4.
    pub additional_embeddings: usize,
    /// Must be `silu`.
    pub time_embed_act_fn: String,
    /// Must be absent.
    pub norm_in_type: Option<String>,
    /// Must be absent.
    pub embedding_proj_norm_type: Option<String>,
    /// Must be `linear`.
    pub encoder_hid_proj_type: Option<String>,
    /// Must be `prd`.
    pub added_emb_type: Option<String>,
    /// Channels between the time's two linear maps; must be those of the tokens, or absent.
    pub time_embed_dim: Option<usize>,
    /// Channels of the text's pooled embedding, if others than `embedding_dim`.
    pub embedding_proj_dim: Option<usize>,
    /// Channels of the result, if others than `embedding_dim`.
    pub clip_embed_dim: Option<usize>,
}

impl Default for PriorConfig {
    fn default() -> Self {
        Self {
            num_attention_heads: 32,
            attention_head_dim: 64,
            num_layers: 20,
            embedding_dim: 768,
            num_embeddings: 77,
            additional_embeddings: 4,
            time_embed_act_fn: "silu".to_owned(),
            norm_in_type: None,
            embedding_proj_norm_type: None,
            encoder_hid_proj_type: Some("linear".to_owned()),
            added_emb_type: Some("prd".to_owned()),
            time_embed_dim: None,
            embedding_proj_dim: None,
            clip_embed_dim: None,
        }
    }
}

impl PriorConfig {
    /// Channels of the tokens.
    fn inner(&self) -> usize {
        self.num_attention_heads.saturating_mul(self.attention_head_dim)
    }

    /// Refuses what this version would misunderstand.
    fn check(&self) -> std::result::Result<(), ConfigError> {
        let check = |holds, field, found: &dyn std::fmt::Debug, expected: &str| {
            ConfigError::check(holds, NETWORK, field, found, expected)
        };
        let inner = self.inner();
        let is_sane = |channels: usize| (1..=MAX_CHANNELS).contains(&channels);
        let sane = format!("1 to {MAX_CHANNELS} channels");
        check(is_sane(inner), "attention_head_dim", &self.attention_head_dim, &sane)?;
        check(is_sane(self.embedding_dim), "embedding_dim", &self.embedding_dim, &sane)?;
        let layers = format!("at most {MAX_LAYERS}");
        check(self.num_layers <= MAX_LAYERS, "num_layers", &self.num_layers, &layers)?;
        let tokens = (1..=MAX_TOKENS).contains(&self.num_embeddings);
        let expected = format!("1 to {MAX_TOKENS}");
        check(tokens, "num_embeddings", &self.num_embeddings, &expected)?;
        let more = self.additional_embeddings;
        check(more == 4, "additional_embeddings", &more, "4")?;
        let time = self.time_embed_dim;
        let expected = format!("null or {inner}");
        check(
            time.is_none_or(|time| time == inner),
            "time_embed_dim",
            &time,
            &expected,
        )?;
        let act_fn = self.time_embed_act_fn.as_str();
        check(act_fn == "silu", "time_embed_act_fn", &act_fn, "silu")?;
        for (field, value, expected) in [
            ("norm_in_type", &self.norm_in_type, None),
            ("embedding_proj_norm_type", &self.embedding_proj_norm_type, None),
            ("encoder_hid_proj_type", &self.encoder_hid_proj_type, Some("linear")),
            ("added_emb_type", &self.added_emb_type, Some("prd")),
        ] {
            check(value.as_deref() == expected, field, value, expected.unwrap_or("null"))?;
        }
        Ok(())
    }
}

/// Guesses the embedding of a picture from a noisy one and a text: a causal transformer whose last token is the answer.
///
/// Source: <https://arxiv.org/abs/2204.06125>, section 2.2
#[derive(Debug, Clone)]
pub struct PriorTransformer {
    time_embedding: TimestepEmbedding,
    proj_in: Linear,
    embedding_proj: Linear,
    encoder_hidden_states_proj: Linear,
    positional_embedding: Tensor,
    prd_embedding: Tensor,
    blocks: Vec<Block>,
    norm_out: LayerNorm,
    proj_to_clip_embeddings: Linear,
    clip_mean: Tensor,
    clip_std: Tensor,
    config: PriorConfig,
}

impl PriorTransformer {
    /// Weights under diffusers' names.
    ///
    /// # Errors
    /// A [`ConfigError`] if the configuration asks for something this version does not have; else if a tensor is
    /// missing or misshapen.
    pub fn new<'a>(vb: impl Into<WeightBuilder<'a>>, config: &PriorConfig) -> Result<Self> {
        let vb = vb.into();
        config.check()?;
        let (inner, width) = (config.inner(), config.embedding_dim);
        let pooled = config.embedding_proj_dim.unwrap_or(width);
        let result = config.clip_embed_dim.unwrap_or(width);
        let tokens = config.num_embeddings + config.additional_embeddings;
        let full = full_precision(&vb);
        let blocks = vb.pp("transformer_blocks");
        Ok(Self {
            time_embedding: TimestepEmbedding::new(&full.pp("time_embedding"), inner, inner, None)?,
            proj_in: Linear::new(&full.pp("proj_in"), width, inner)?,
            embedding_proj: Linear::new(&full.pp("embedding_proj"), pooled, inner)?,
            encoder_hidden_states_proj: Linear::new(&full.pp("encoder_hidden_states_proj"), width, inner)?,
            positional_embedding: full.get((1, tokens, inner), "positional_embedding")?,
            prd_embedding: full.get((1, 1, inner), "prd_embedding")?,
            blocks: (0..config.num_layers)
                .map(|index| Block::new(&blocks.pp(index), inner, config.num_attention_heads))
                .collect::<Result<_>>()?,
            norm_out: layer_norm(&full.pp("norm_out"), inner, NORM_EPS)?,
            proj_to_clip_embeddings: Linear::new(&full.pp("proj_to_clip_embeddings"), inner, result)?,
            clip_mean: vb.to_dtype(DType::F32).get((1, result), "clip_mean")?,
            clip_std: vb.to_dtype(DType::F32).get((1, result), "clip_std")?,
            config: config.clone(),
        })
    }

    /// The configuration it was built from.
    pub fn config(&self) -> &PriorConfig {
        &self.config
    }

    /// One guess.
    ///
    /// * `x`: noisy embeddings, `(batch, embedding_dim)`, unit variance.
    /// * `timestep`: 0 to 1000 for most models.
    /// * `pooled`: the texts' embeddings, `(batch, embedding_proj_dim)`.
    /// * `hidden`: the texts' hidden states, `(batch, num_embeddings, embedding_dim)`.
    /// * `lengths`: how many tokens of each text are no padding.
    ///
    /// Returns the clean embeddings, `(batch, clip_embed_dim)`.
    ///
    /// # Errors
    /// If shapes do not fit or the device runs out of memory.
    pub fn forward(
        &self,
        x: &Tensor,
        timestep: f64,
        pooled: &Tensor,
        hidden: &Tensor,
        lengths: &[usize],
    ) -> Result<Tensor> {
        let (batch, tokens, _) = hidden.dims3()?;
        if tokens != self.config.num_embeddings || lengths.len() != batch {
            candle_core::bail!(
                "expected {batch} texts of {} tokens, found {} of {tokens}",
                self.config.num_embeddings,
                lengths.len()
            );
        }
        let inner = self.config.inner();
        let waves = sinusoid(&[timestep], inner, true, 0.0, x.device())?;
        let time = self.time_embedding.forward(&waves.to_dtype(x.dtype())?, None)?;
        let each = |token: Tensor| token.broadcast_as((batch, 1, inner))?.contiguous();
        let x = Tensor::cat(
            &[
                &self.encoder_hidden_states_proj.forward(hidden)?,
                &self.embedding_proj.forward(pooled)?.unsqueeze(1)?,
                &each(time.unsqueeze(1)?)?,
                &self.proj_in.forward(x)?.unsqueeze(1)?,
                &each(self.prd_embedding.clone())?,
            ],
            1,
        )?;
        let mut x = x.broadcast_add(&self.positional_embedding)?;
        let mask = self.mask(lengths)?.to_device(x.device())?.to_dtype(x.dtype())?;
        for block in &self.blocks {
            x = block.forward(&x, &mask)?;
        }
        let last = x.i((.., x.dim(1)? - 1))?.contiguous()?;
        self.proj_to_clip_embeddings.forward(&self.norm_out.forward(&last)?)
    }

    /// The clean embeddings, which the prior keeps at unit variance, as the decoder takes them.
    ///
    /// # Errors
    /// If the shape does not fit.
    pub fn finish(&self, embeddings: &Tensor) -> Result<Tensor> {
        embeddings
            .broadcast_mul(&self.clip_std.to_dtype(embeddings.dtype())?)?
            .broadcast_add(&self.clip_mean.to_dtype(embeddings.dtype())?)
    }

    /// A token looks at those before it and at itself, and not at padding: `(batch, 1, tokens, tokens)`.
    fn mask(&self, lengths: &[usize]) -> Result<Tensor> {
        let text = self.config.num_embeddings;
        let tokens = text + self.config.additional_embeddings;
        let mut values = Vec::with_capacity(lengths.len() * tokens * tokens);
        for length in lengths {
            for query in 0..tokens {
                values.extend((0..tokens).map(|key| {
                    let is_later = key > query;
                    let is_padding = (*length..text).contains(&key);
                    FORBIDDEN * f32::from(u8::from(is_later) + u8::from(is_padding))
                }));
            }
        }
        Tensor::from_vec(values, (lengths.len(), 1, tokens, tokens), &candle_core::Device::Cpu)
    }
}

/// Pre-normalised attention and a two-layer perceptron, each with a shortcut.
#[derive(Debug, Clone)]
struct Block {
    norm1: LayerNorm,
    qkv: Linear,
    to_out: Linear,
    norm3: LayerNorm,
    ff_in: Linear,
    ff_out: Linear,
    heads: usize,
}

impl Block {
    fn new(vb: &WeightBuilder<'_>, channels: usize, heads: usize) -> Result<Self> {
        let attention = vb.pp("attn1");
        Ok(Self {
            norm1: layer_norm(&vb.pp("norm1"), channels, NORM_EPS)?,
            qkv: Linear::stacked(&attention, &["to_q", "to_k", "to_v"], channels, channels, true)?,
            to_out: Linear::new(&attention.pp("to_out.0"), channels, channels)?,
            norm3: layer_norm(&vb.pp("norm3"), channels, NORM_EPS)?,
            ff_in: Linear::new(&vb.pp("ff.net.0.proj"), channels, 4 * channels)?,
            ff_out: Linear::new(&vb.pp("ff.net.2"), 4 * channels, channels)?,
            heads,
        })
    }

    fn forward(&self, x: &Tensor, mask: &Tensor) -> Result<Tensor> {
        let channels = x.dim(2)?;
        let qkv = self.qkv.forward(&self.norm1.forward(x)?)?;
        let part = |index: usize| qkv.narrow(2, index * channels, channels);
        let scale = ((channels / self.heads) as f64).sqrt().recip();
        let mask = mask.to_dtype(qkv.dtype())?;
        let attended = kernels::masked_attention(&part(0)?, &part(1)?, &part(2)?, self.heads, scale, &mask)?;
        let x = self.to_out.forward_with(&attended, PostOps::add(x))?;
        let gelu = PostOps::activation(Activation::Gelu);
        let h = self.ff_in.forward_with(&self.norm3.forward(&x)?, gelu)?;
        self.ff_out.forward_with(&h, PostOps::add(&x))
    }
}
