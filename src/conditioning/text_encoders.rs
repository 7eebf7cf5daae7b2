//! From prompts to embeddings for a U-Net: one CLIP text encoder for Stable Diffusion 1 and 2, two for XL.

use std::path::PathBuf;

use candle_core::{D, DType, Device, Tensor};

use super::prompts::Prompts;
use super::textual_inversion::set_learned_words;
use super::{ClipTokenizer, ConditioningError};
use crate::conditioning::STATE_DTYPE;
use crate::models::KvCache;
use crate::models::clip::{ClipTextConfig, ClipTextModel};
use crate::models::lora::PatchableModel;
use crate::models::unet::AddedConditions;
use crate::weights::adapter::Component;
use crate::weights::{self, ModelFiles};

/// The embeddings of one prompt, or of several as a batch, in [`STATE_DTYPE`].
#[derive(Debug, Clone)]
pub struct PromptEmbeds {
    /// Hidden states, `(batch, positions, width)`.
    pub context: Tensor,
    /// XL: pooled text and numbers.
    pub added: Option<AddedConditions>,
    /// Keys and values that networks made of the hidden states.
    pub kv: KvCache,
}

impl PromptEmbeds {
    /// Several as one batch.
    ///
    /// # Errors
    /// If the shapes differ.
    pub fn batch(parts: &[&Self]) -> candle_core::Result<Self> {
        let cat = |of: &dyn Fn(&Self) -> Option<&Tensor>| -> candle_core::Result<Option<Tensor>> {
            let tensors: Vec<_> = parts.iter().filter_map(|part| of(part)).collect();
            (!tensors.is_empty()).then(|| Tensor::cat(&tensors, 0)).transpose()
        };
        let context = parts.iter().map(|part| &part.context).collect::<Vec<_>>();
        let pooled = cat(&|part| part.added.as_ref().map(|added| &added.pooled))?;
        let numbers = cat(&|part| part.added.as_ref().map(|added| &added.numbers))?;
        Ok(Self {
            context: Tensor::cat(&context, 0)?,
            added: pooled
                .zip(numbers)
                .map(|(pooled, numbers)| AddedConditions { pooled, numbers }),
            kv: KvCache::default(),
        })
    }
}

/// The embeddings of both prompts of a picture.
#[derive(Debug, Clone)]
pub struct Conditioning {
    /// Ids of the prompt, one per position, for each encoder that the model has: its first and its second.
    pub prompt_ids: [Option<Vec<u32>>; 2],
    /// Ids of the negative prompt.
    pub negative_ids: [Option<Vec<u32>>; 2],
    /// Of the prompt.
    pub cond: PromptEmbeds,
    /// Of the negative prompt.
    pub uncond: PromptEmbeds,
    /// Both as one batch, the negative prompt first; made once for all steps, so that its keys and values are too.
    pub both: PromptEmbeds,
}

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
    pub fn encode(&self, prompts: &Prompts<'_>) -> Result<Conditioning, ConditioningError> {
        let cond = self.encode_one(prompts.prompt, prompts.clip_skip)?;
        let mut uncond = self.encode_one(prompts.negative.unwrap_or(""), 0)?;
        let added = match self.layer {
            EmbeddingLayer::Last => [None, None],
            EmbeddingLayer::Penultimate {
                zeros_when_none,
                with_scores,
            } => {
                if zeros_when_none && prompts.negative.is_none() {
                    uncond.context = uncond.context.zeros_like()?;
                    uncond.pooled = uncond.pooled.map(|pooled| pooled.zeros_like()).transpose()?;
                }
                let [good, bad] = prompts.numbers.rows(with_scores);
                [self.added(&cond, good)?, self.added(&uncond, bad)?]
            }
        };
        let [cond_added, uncond_added] = added;
        let cond_embeds = PromptEmbeds {
            context: cond.context,
            added: cond_added,
            kv: KvCache::default(),
        };
        let uncond_embeds = PromptEmbeds {
            context: uncond.context,
            added: uncond_added,
            kv: KvCache::default(),
        };
        Ok(Conditioning {
            prompt_ids: cond.ids,
            negative_ids: uncond.ids,
            both: PromptEmbeds::batch(&[&uncond_embeds, &cond_embeds])?,
            cond: cond_embeds,
            uncond: uncond_embeds,
        })
    }

    fn added(&self, encoded: &Encoded, numbers: Vec<f64>) -> Result<Option<AddedConditions>, ConditioningError> {
        let count = numbers.len();
        let numbers = Tensor::from_vec(numbers, (1, count), &self.device)?.to_dtype(STATE_DTYPE)?;
        let pooled = encoded.pooled.clone();
        Ok(pooled.map(|pooled| AddedConditions { pooled, numbers }))
    }

    fn encode_one(&self, text: &str, clip_skip: usize) -> Result<Encoded, ConditioningError> {
        let mut ids = [None, None];
        let mut contexts = Vec::new();
        let mut pooled = None;
        for (encoder, ids) in self.encoders.iter().zip(&mut ids) {
            let Some(TextEncoder { tokenizer, model }) = encoder else {
                continue;
            };
            let found = tokenizer.encode(text)?;
            let tensor = Tensor::from_slice(&found, (1, found.len()), &self.device)?;
            *ids = Some(found);
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
            match self.layer {
                EmbeddingLayer::Last => contexts.push(model.forward(&tensor, clip_skip)?),
                EmbeddingLayer::Penultimate { .. } => {
                    let states = model.forward_pooled(&tensor, clip_skip + skipped_anyway)?;
                    contexts.push(states.raw);
                    pooled = states.projected;
                }
            }
        }
        let contexts: Vec<_> = contexts
            .iter()
            .map(|context| context.to_dtype(STATE_DTYPE))
            .collect::<candle_core::Result<_>>()?;
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
            pooled: pooled.map(|pooled| pooled.to_dtype(STATE_DTYPE)).transpose()?,
        })
    }
}
