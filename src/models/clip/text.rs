//! The whole tower.

use super::ClipTextConfig;
use super::layer::ClipLayer;
use crate::kernels::LayerNorm;
use crate::models::WeightBuilder;
use crate::models::layers::{Linear, full_precision, layer_norm};
use candle_core::{DType, IndexOp as _, Result, Tensor};

/// `eos_token_id` of the published configurations, which is wrong; they mean the token with the largest id.
const EOS_MEANS_LARGEST_ID: u32 = 2;

/// A causal transformer over tokens.
#[derive(Debug, Clone)]
pub struct ClipTextModel {
    token_embedding: Tensor,
    learned: Option<Tensor>,
    position_embedding: Tensor,
    layers: Vec<ClipLayer>,
    final_layer_norm: LayerNorm,
    text_projection: Option<Linear>,
    config: ClipTextConfig,
}

/// What the tower makes of a prompt.
#[derive(Debug, Clone)]
pub struct TextStates {
    /// `(batch, tokens, hidden)`: the chosen layer, the final normalisation applied.
    pub hidden: Tensor,
    /// The chosen layer without the normalisation, as SDXL takes it.
    pub raw: Tensor,
    /// `(batch, tokens, hidden)`: the last layer, the final normalisation applied.
    pub last: Tensor,
    /// `(batch, hidden)`: the last layer at the end-of-text token, the final normalisation applied.
    pub pooled: Tensor,
    /// `(batch, projection_dim)`: the pooled state in the space that texts and pictures share, if the tower was saved
    /// with the projection.
    pub projected: Option<Tensor>,
}

impl ClipTextModel {
    /// Weights with or without a leading `text_model.`: transformers wrote it up to version 4.
    ///
    /// # Errors
    /// If the configuration makes no sense or a tensor is missing or misshapen.
    pub fn new<'a>(vb: impl Into<WeightBuilder<'a>>, config: &ClipTextConfig) -> Result<Self> {
        let vb = vb.into();
        config.validate()?;
        let has_prefix = vb.contains_tensor("text_model.embeddings.token_embedding.weight");
        let projected = vb.contains_tensor("text_projection.weight");
        let text_projection = projected
            .then(|| Linear::without_bias(&vb.pp("text_projection"), config.hidden_size, config.projection_dim))
            .transpose()?;
        let vb = if has_prefix { vb.pp("text_model") } else { vb };
        let hidden = config.hidden_size;
        let embeddings = vb.pp("embeddings");
        let layers = vb.pp("encoder").pp("layers");
        Ok(Self {
            token_embedding: full_precision(&embeddings).get((config.vocab_size, hidden), "token_embedding.weight")?,
            learned: None,
            position_embedding: full_precision(&embeddings)
                .get((config.max_position_embeddings, hidden), "position_embedding.weight")?,
            layers: (0..config.num_hidden_layers)
                .map(|index| ClipLayer::new(&layers.pp(index), config.into()))
                .collect::<Result<_>>()?,
            final_layer_norm: layer_norm(
                &full_precision(&vb).pp("final_layer_norm"),
                hidden,
                config.layer_norm_eps,
            )?,
            text_projection,
            config: config.clone(),
        })
    }

    /// The configuration it was built from.
    pub fn config(&self) -> &ClipTextConfig {
        &self.config
    }

    /// Embeddings of further tokens, whose ids follow on the vocabulary's.
    ///
    /// * `rows`: `(tokens, hidden)` in place of those it has; `None` for none.
    ///
    /// # Errors
    /// If they have another width.
    pub fn set_learned(&mut self, rows: Option<&Tensor>) -> Result<()> {
        let hidden = self.config.hidden_size;
        if let Some(rows) = rows.filter(|rows| rows.rank() != 2 || rows.dims()[1] != hidden) {
            candle_core::bail!("an embedding has shape {:?}, expected (…, {hidden})", rows.dims());
        }
        let table = &self.token_embedding;
        self.learned = rows
            .map(|rows| rows.to_device(table.device())?.to_dtype(table.dtype()))
            .transpose()?;
        Ok(())
    }

    /// Conditioning for a U-Net.
    ///
    /// * `ids`: `(batch, tokens)`, u32, at most `max_position_embeddings` tokens.
    /// * `clip_skip`: last layers left out, as diffusers counts: 0 is the last layer, 1 the one before.
    ///
    /// Returns `(batch, tokens, hidden)`, the final normalisation applied.
    ///
    /// # Errors
    /// If there are too many tokens, an id is not in the vocabulary, or fewer layers than `clip_skip`.
    pub fn forward(&self, ids: &Tensor, clip_skip: usize) -> Result<Tensor> {
        let kept = self.layers.len().checked_sub(clip_skip).filter(|kept| *kept > 0);
        let Some(kept) = kept else {
            candle_core::bail!(
                "clip skip is {clip_skip}, expected less than the {} layers",
                self.layers.len()
            );
        };
        let mut x = self.embed(ids)?;
        for layer in &self.layers[..kept] {
            x = layer.forward(&x)?;
        }
        self.final_layer_norm.forward(&x)
    }

    /// What the tower makes of a prompt, all of it. Arguments as in [`ClipTextModel::forward`].
    ///
    /// # Errors
    /// As [`ClipTextModel::forward`].
    pub fn forward_pooled(&self, ids: &Tensor, clip_skip: usize) -> Result<TextStates> {
        let states = self.hidden_states(ids)?;
        let chosen = self.layers.len().checked_sub(clip_skip).filter(|layer| *layer > 0);
        let (Some(chosen), Some(last)) = (chosen.and_then(|layer| states.get(layer)), states.last()) else {
            candle_core::bail!(
                "clip skip is {clip_skip}, expected less than the {} layers",
                self.layers.len()
            );
        };
        let last = self.final_layer_norm.forward(last)?;
        let rows = self
            .end_of_text(ids)?
            .into_iter()
            .enumerate()
            .map(|(row, position)| last.i((row, position)))
            .collect::<Result<Vec<_>>>()?;
        let pooled = Tensor::stack(&rows, 0)?;
        let projected = self.text_projection.as_ref();
        Ok(TextStates {
            hidden: self.final_layer_norm.forward(chosen)?,
            projected: projected.map(|projection| projection.forward(&pooled)).transpose()?,
            raw: chosen.clone(),
            last,
            pooled,
        })
    }

    /// The embeddings and the output of each layer, `num_hidden_layers + 1` of `(batch, tokens, hidden)`, none of
    /// them normalised.
    ///
    /// # Errors
    /// As [`ClipTextModel::forward`].
    pub fn hidden_states(&self, ids: &Tensor) -> Result<Vec<Tensor>> {
        let x = self.embed(ids)?;
        let mut states = vec![x.clone()];
        let mut x = x;
        for layer in &self.layers {
            x = layer.forward(&x)?;
            states.push(x.clone());
        }
        Ok(states)
    }

    /// Token and position embeddings `(batch, tokens, hidden)`.
    fn embed(&self, ids: &Tensor) -> Result<Tensor> {
        let (batch, tokens) = ids.dims2()?;
        let longest = self.config.max_position_embeddings;
        if tokens == 0 || tokens > longest {
            candle_core::bail!("the text encoder expects 1 to {longest} tokens, found {tokens}");
        }
        let ids = ids.to_dtype(DType::U32)?.flatten_all()?;
        let x = self.token_rows(&ids)?.reshape((batch, tokens, ()))?;
        x.broadcast_add(&self.position_embedding.narrow(0, 0, tokens)?)
    }

    /// Embeddings `(tokens, hidden)` of `ids` `(tokens)`.
    fn token_rows(&self, ids: &Tensor) -> Result<Tensor> {
        let vocab_size = self.config.vocab_size;
        let num_learned = self.learned.as_ref().map_or(0, |rows| rows.dims()[0]);
        let ids: Vec<u32> = ids.to_vec1()?;
        if let Some(id) = ids.iter().find(|id| **id as usize >= vocab_size + num_learned) {
            candle_core::bail!("token id {id} is not in the vocabulary of {}", vocab_size + num_learned);
        }
        // Learned rows stand behind one row of the vocabulary for each token.
        let own: Vec<u32> = ids.iter().map(|id| (*id).min(vocab_size as u32 - 1)).collect();
        let device = self.token_embedding.device();
        let rows = self
            .token_embedding
            .index_select(&Tensor::from_slice(&own, own.len(), device)?, 0)?;
        let Some(learned) = &self.learned else {
            return Ok(rows);
        };
        let place = |(position, id): (usize, &u32)| match (*id as usize).checked_sub(vocab_size) {
            Some(learned) => (own.len() + learned) as u32,
            None => position as u32,
        };
        let places: Vec<u32> = ids.iter().enumerate().map(place).collect();
        Tensor::cat(&[&rows, learned], 0)?.index_select(&Tensor::from_vec(places, own.len(), device)?, 0)
    }

    /// Position of the token that stands for the whole prompt, for each prompt.
    fn end_of_text(&self, ids: &Tensor) -> Result<Vec<usize>> {
        let rows = ids.to_dtype(DType::U32)?.to_vec2::<u32>()?;
        let of_vocabulary = |id: &u32| (*id as usize) < self.config.vocab_size;
        let end = |row: &Vec<u32>| match self.config.eos_token_id {
            // Learned words have larger ids and end no text.
            EOS_MEANS_LARGEST_ID => row.iter().copied().filter(of_vocabulary).max(),
            id => Some(id),
        };
        let first = |row: &Vec<u32>| row.iter().position(|id| Some(*id) == end(row)).unwrap_or(0);
        Ok(rows.iter().map(first).collect())
    }
}
