//! From prompts to embeddings for a U-Net: one CLIP text encoder for Stable Diffusion 1 and 2, two for XL.

use std::path::PathBuf;

use candle_core::{D, DType, Device, Tensor};

use super::emphasis::weighed;
use super::prompts::Prompts;
use super::textual_inversion::set_learned_words;
use super::{Chunk, ClipTokenizer, ComposedPrompt, Conditioning, ConditioningError, PromptEmbeds, TokenizerError};
use crate::conditioning::STATE_DTYPE;
use crate::models::KvCache;
use crate::models::clip::{ClipTextConfig, ClipTextModel};
use crate::models::lora::PatchableModel;
use crate::models::unet::AddedConditions;
use crate::prompt::{Emphasis, PromptPart, PromptText};
use crate::weights::adapter::Component;
use crate::weights::{self, ModelFiles};

/// A text encoder with its tokenizer.
struct TextEncoder {
    tokenizer: ClipTokenizer,
    model: ClipTextModel,
}

impl TextEncoder {
    /// With its weights, for adapters; `None` if the model has no such encoder.
    fn load(
        files: &ModelFiles,
        suffix: &str,
        device: &Device,
        dtype: DType,
    ) -> Result<Option<(Self, PatchableModel)>, ConditioningError> {
        let (name, tokenizer) = (format!("text_encoder{suffix}"), format!("tokenizer{suffix}"));
        let config = format!("{name}/config.json");
        if !files.exists(&config) {
            return Ok(None);
        }
        let config: ClipTextConfig = files.json(&config)?;
        let tokenizer = ClipTokenizer::load(files, &tokenizer, config.max_position_embeddings)?;
        let (model, weights) = weights::build(files, &name, device, dtype, |vb| {
            PatchableModel::build(vb, |vb| ClipTextModel::new(vb, &config))
        })?;
        Ok(Some((Self { tokenizer, model }, weights)))
    }
}

/// Which layers of the text encoders become the embeddings.
#[derive(Debug, Clone, Copy)]
pub enum EmbeddingLayer {
    /// The last layer, normalised: Stable Diffusion 1 and 2.
    Last,
    /// The layer before the last of each encoder side by side, and the last encoder's projected pooled state: XL.
    Penultimate {
        /// Whether no negative prompt means zeros.
        zeros_when_none: bool,
        /// Whether the numbers end with an aesthetic score instead of the target size: the refiner.
        with_scores: bool,
    },
}

/// All text encoders of a model.
pub struct TextEncoders {
    /// The first and the second; the refiner has the second alone.
    encoders: [Option<TextEncoder>; 2],
    layer: EmbeddingLayer,
    device: Device,
}

/// What one encoder makes of one chunk.
struct ChunkStates {
    /// `(1, positions, width)`.
    context: Tensor,
    /// `(1, projected width)`.
    pooled: Option<Tensor>,
}

/// One encoded text.
struct Encoded {
    ids: [Option<Vec<u32>>; 2],
    context: Tensor,
    pooled: Option<Tensor>,
}

impl TextEncoders {
    /// Reads the encoders that the model has, with the weights of each for adapters.
    ///
    /// # Errors
    /// [`ConditioningError`] if a file is missing or broken, or the device is out of memory.
    pub fn load(
        files: &ModelFiles,
        layer: EmbeddingLayer,
        device: &Device,
        dtype: DType,
    ) -> Result<(Self, Vec<(Component, PatchableModel)>), ConditioningError> {
        let mut weights = Vec::new();
        let mut encoder = |suffix: &str, component: Component| -> Result<Option<TextEncoder>, ConditioningError> {
            let loaded = TextEncoder::load(files, suffix, device, dtype)?;
            Ok(loaded.map(|(encoder, of_tower)| {
                weights.push((component, of_tower));
                encoder
            }))
        };
        let encoders = [
            encoder("", Component::TextEncoder)?,
            encoder("_2", Component::TextEncoder2)?,
        ];
        let encoders = Self {
            encoders,
            layer,
            device: device.clone(),
        };
        Ok((encoders, weights))
    }

    /// Adds the words of these textual inversion files to the vocabularies in place of all words added before.
    ///
    /// # Errors
    /// [`ConditioningError::Adapter`] if a file cannot be read, has rows for none of the encoders, or claims a word twice:
    /// then nothing has changed.
    pub fn set_learned_words(&mut self, embeddings: &[PathBuf]) -> Result<(), ConditioningError> {
        let encoders = self.encoders.iter_mut().flatten();
        let mut encoders: Vec<_> = encoders
            .map(|encoder| (&mut encoder.tokenizer, &mut encoder.model))
            .collect();
        set_learned_words(&mut encoders, embeddings)
    }

    /// The tokenizer of the first encoder there is.
    pub fn tokenizer(&self) -> Option<&ClipTokenizer> {
        self.encoders.iter().flatten().next().map(|encoder| &encoder.tokenizer)
    }

    /// Encodes both prompts.
    ///
    /// # Errors
    /// [`ConditioningError::Unsupported`] if there are not so many layers as shall be left out; else the tokenizer's and the
    /// device's.
    pub fn encode(&self, prompts: &Prompts) -> Result<Conditioning, ConditioningError> {
        let Prompts { prompt, negative, .. } = prompts;
        let mut conds = self.encode_all(prompt, prompts.clip_skip, prompts.emphasis)?;
        let empty = PromptText::Literal(String::new());
        let unconds = self.encode_all(negative.as_ref().unwrap_or(&empty), 0, prompts.emphasis)?;
        let (Some((mut uncond, _)), false) = (unconds.into_iter().next(), conds.is_empty()) else {
            return Err(candle_core::Error::Msg("a prompt without parts".to_owned()).into());
        };
        let mut numbers = [None, None];
        if let EmbeddingLayer::Penultimate {
            zeros_when_none,
            with_scores,
        } = self.layer
        {
            if zeros_when_none && negative.is_none() {
                uncond.context = uncond.context.zeros_like()?;
                uncond.pooled = uncond.pooled.map(|pooled| pooled.zeros_like()).transpose()?;
            }
            numbers = prompts.numbers.rows(with_scores).map(Some);
        }
        let [good, bad] = &numbers;
        let (cond, weight) = conds.remove(0);
        let ids = [cond.ids.clone(), uncond.ids.clone()];
        let others = conds.into_iter().map(|(encoded, weight)| {
            let embeds = self.embeds(encoded, good.as_deref())?;
            Ok(ComposedPrompt { embeds, weight })
        });
        let others: Vec<_> = others.collect::<Result<_, ConditioningError>>()?;
        let cond = self.embeds(cond, good.as_deref())?;
        let uncond = self.embeds(uncond, bad.as_deref())?;
        Ok(Conditioning::new(ids, (cond, weight), others, uncond)?)
    }

    /// * `numbers`: XL's, if the model is one.
    fn embeds(&self, encoded: Encoded, numbers: Option<&[f64]>) -> Result<PromptEmbeds, ConditioningError> {
        let added = |(pooled, numbers): (Tensor, &[f64])| {
            let numbers = Tensor::from_slice(numbers, (1, numbers.len()), &self.device)?.to_dtype(STATE_DTYPE)?;
            Ok::<_, candle_core::Error>(AddedConditions { pooled, numbers })
        };
        Ok(PromptEmbeds {
            context: encoded.context,
            added: encoded.pooled.zip(numbers).map(added).transpose()?,
            kv: KvCache::default(),
        })
    }

    /// Each of the prompts that a text joins, with its weight.
    fn encode_all(
        &self,
        text: &PromptText,
        clip_skip: usize,
        emphasis: Emphasis,
    ) -> Result<Vec<(Encoded, f64)>, ConditioningError> {
        match text {
            PromptText::Literal(text) => {
                let chunks = |tokenizer: &ClipTokenizer| Ok(vec![Chunk::unweighed(tokenizer.encode(text)?)]);
                Ok(vec![(self.encode_chunks(&chunks, clip_skip, emphasis)?, 1.0)])
            }
            PromptText::Parts(parts) => {
                let encode = |PromptPart { fragments, weight }: &PromptPart| {
                    let chunks = |tokenizer: &ClipTokenizer| tokenizer.chunks(fragments);
                    Ok((self.encode_chunks(&chunks, clip_skip, emphasis)?, *weight))
                };
                parts.iter().map(encode).collect()
            }
        }
    }

    /// One prompt, its chunks one behind the other; the pooled state is the first one's.
    ///
    /// * `chunks`: what a tokenizer makes of it.
    fn encode_chunks(
        &self,
        chunks: &dyn Fn(&ClipTokenizer) -> Result<Vec<Chunk>, TokenizerError>,
        clip_skip: usize,
        emphasis: Emphasis,
    ) -> Result<Encoded, ConditioningError> {
        let mut read = Vec::new();
        for (place, encoder) in self.encoders.iter().enumerate() {
            if let Some(encoder) = encoder {
                read.push((place, encoder, chunks(&encoder.tokenizer)?));
            }
        }
        // A word that only one encoder has learned may take more chunks there.
        let count = read.iter().map(|(.., chunks)| chunks.len()).max().unwrap_or(0);
        let mut ids = [None, None];
        let mut contexts = Vec::new();
        let mut pooled = None;
        for (place, encoder, mut chunks) in read {
            chunks.resize_with(count, || encoder.tokenizer.empty_chunk());
            let mut rows = Vec::with_capacity(count);
            for (number, chunk) in chunks.iter().enumerate() {
                let states = self.chunk_states(encoder, chunk, clip_skip)?;
                if number == 0 {
                    pooled = states.pooled.or(pooled);
                }
                let empty = || {
                    let empty = encoder.tokenizer.empty_chunk();
                    Ok::<_, ConditioningError>(self.chunk_states(encoder, &empty, clip_skip)?.context)
                };
                rows.push(weighed(&states.context, chunk, emphasis, empty)?);
            }
            contexts.push(Tensor::cat(&rows, 1)?);
            ids[place] = Some(chunks.into_iter().flat_map(|chunk| chunk.ids).collect());
        }
        if contexts.is_empty() {
            return Err(ConditioningError::Unsupported {
                what: "text encoder",
                expected: "text_encoder or text_encoder_2".to_owned(),
                found: "neither".to_owned(),
            });
        }
        Ok(Encoded {
            ids,
            context: Tensor::cat(&contexts, D::Minus1)?,
            pooled,
        })
    }

    /// What an encoder makes of a chunk, in [`STATE_DTYPE`].
    fn chunk_states(
        &self,
        TextEncoder { model, .. }: &TextEncoder,
        chunk: &Chunk,
        clip_skip: usize,
    ) -> Result<ChunkStates, ConditioningError> {
        let skipped_anyway = match self.layer {
            EmbeddingLayer::Last => 0,
            EmbeddingLayer::Penultimate { .. } => 1,
        };
        let most = model.config().num_hidden_layers.saturating_sub(1 + skipped_anyway);
        if clip_skip > most {
            return Err(ConditioningError::Unsupported {
                what: "clip skip",
                expected: format!("0 to {most}"),
                found: clip_skip.to_string(),
            });
        }
        let ids = Tensor::from_slice(&chunk.ids, (1, chunk.ids.len()), &self.device)?;
        let (context, pooled) = match self.layer {
            EmbeddingLayer::Last => (model.forward(&ids, clip_skip)?, None),
            EmbeddingLayer::Penultimate { .. } => {
                let states = model.forward_pooled(&ids, clip_skip + skipped_anyway)?;
                (states.raw, states.projected)
            }
        };
        Ok(ChunkStates {
            context: context.to_dtype(STATE_DTYPE)?,
            pooled: pooled.map(|pooled| pooled.to_dtype(STATE_DTYPE)).transpose()?,
        })
    }
}
