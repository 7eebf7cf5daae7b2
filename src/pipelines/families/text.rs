//! From prompts to what a U-Net is told of them: one CLIP encoder for Stable Diffusion 1 and 2, two for XL.

use std::path::PathBuf;

use candle_core::{D, DType, Device, Tensor};

use crate::models::clip::{ClipTextConfig, ClipTextModel};
use crate::models::lora::Patchable;
use crate::models::unet::AddedConditions;
use crate::pipelines::PipelineError;
use crate::pipelines::adapters::teach;
use crate::pipelines::denoise::STATE_DTYPE;
use crate::pipelines::prompt::ClipTokenizer;
use crate::weights::adapter::Component;
use crate::weights::{self, ModelFiles};

/// The prompts of one picture and how they are to be read.
#[derive(Debug, Clone, Copy)]
pub struct Prompts<'a> {
    /// What to draw.
    pub prompt: &'a str,
    /// What to stay away from; `None` is the empty prompt, which XL models read as nothing at all (zeros) if they were
    /// trained so (`force_zeros_for_empty_prompt`).
    pub negative: Option<&'a str>,
    /// Layers of the text encoder left out at its end, for the prompt only, as diffusers counts: 0 uses all that the
    /// model was trained with.
    pub clip_skip: usize,
    /// Sizes and scores, for XL.
    pub numbers: MicroConditions,
}

impl<'a> Prompts<'a> {
    /// A prompt for a picture of this size, all else as usual.
    pub fn new(prompt: &'a str, negative: &'a str, [height_px, width_px]: [u32; 2]) -> Self {
        Self {
            prompt,
            negative: (!negative.is_empty()).then_some(negative),
            clip_skip: 0,
            numbers: MicroConditions::of_size([f64::from(height_px), f64::from(width_px)]),
        }
    }
}

/// What XL is told of a picture beside the text. Sizes are `[height, width]`, places `[top, left]`, in pixels.
///
/// Source: <https://arxiv.org/abs/2307.01952>, section 2.2
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MicroConditions {
    /// Size the picture had before it was scaled for training.
    pub original_size: [f64; 2],
    /// Where it was cropped.
    pub crop: [f64; 2],
    /// Size it is shown at.
    pub target_size: [f64; 2],
    /// The same for the negative prompt.
    pub negative_original_size: [f64; 2],
    /// The same for the negative prompt.
    pub negative_crop: [f64; 2],
    /// The same for the negative prompt.
    pub negative_target_size: [f64; 2],
    /// For the refiner: how pleasing the picture shall be, 1 to 10, and how pleasing not.
    pub aesthetic_scores: [f64; 2],
}

/// What diffusers tells the refiner.
const AESTHETIC_SCORES: [f64; 2] = [6.0, 2.5];

impl MicroConditions {
    /// A picture that was never scaled nor cropped.
    pub fn of_size(size: [f64; 2]) -> Self {
        Self {
            original_size: size,
            crop: [0.0; 2],
            target_size: size,
            negative_original_size: size,
            negative_crop: [0.0; 2],
            negative_target_size: size,
            aesthetic_scores: AESTHETIC_SCORES,
        }
    }

    /// The numbers for the prompt and for the negative one, in the order the network expects.
    fn rows(&self, with_scores: bool) -> [Vec<f64>; 2] {
        let row = |size: [f64; 2], crop: [f64; 2], target: [f64; 2], score: f64| {
            let last = if with_scores { vec![score] } else { target.to_vec() };
            [size.to_vec(), crop.to_vec(), last].concat()
        };
        let [good, bad] = self.aesthetic_scores;
        [
            row(self.original_size, self.crop, self.target_size, good),
            row(
                self.negative_original_size,
                self.negative_crop,
                self.negative_target_size,
                bad,
            ),
        ]
    }
}

/// What a U-Net is told of one prompt, or of several as a batch. In [`STATE_DTYPE`].
#[derive(Debug, Clone)]
pub struct PromptEmbeds {
    /// Hidden states, `(batch, positions, width)`.
    pub context: Tensor,
    /// XL: pooled text and numbers.
    pub added: Option<AddedConditions>,
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
        })
    }
}

/// What the U-Net is told of both prompts.
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
    /// Both as one batch, the negative prompt first: the same tensors at every step, so that a network can tell.
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
    ) -> Result<Option<(Self, Patchable)>, PipelineError> {
        let (name, tokenizer) = (format!("text_encoder{suffix}"), format!("tokenizer{suffix}"));
        let config = format!("{name}/config.json");
        if !files.exists(&config) {
            return Ok(None);
        }
        let config: ClipTextConfig = files.json(&config)?;
        let tokenizer = ClipTokenizer::load(files, &tokenizer, config.max_position_embeddings)?;
        let (model, weights) = weights::build(files, &name, device, dtype, |vb| {
            Patchable::build(vb, |vb| ClipTextModel::new(vb, &config))
        })?;
        Ok(Some((Self { tokenizer, model }, weights)))
    }
}

/// How the encoders' states become what the U-Net is told.
#[derive(Debug, Clone, Copy)]
pub(super) enum EmbeddingLayer {
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
pub(super) struct TextEncoders {
    /// The first and the second; the refiner has the second alone.
    encoders: [Option<TextEncoder>; 2],
    layer: EmbeddingLayer,
    device: Device,
}

/// What the encoders make of one prompt.
struct Encoded {
    ids: [Option<Vec<u32>>; 2],
    context: Tensor,
    pooled: Option<Tensor>,
}

impl TextEncoders {
    /// With the weights of each, for adapters.
    pub(super) fn load(
        files: &ModelFiles,
        layer: EmbeddingLayer,
        device: &Device,
        dtype: DType,
    ) -> Result<(Self, Vec<(Component, Patchable)>), PipelineError> {
        let mut weights = Vec::new();
        let mut encoder = |suffix: &str, component: Component| -> Result<Option<TextEncoder>, PipelineError> {
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

    /// Teaches the encoders the words of these files, and makes them forget all others.
    ///
    /// # Errors
    /// As [`teach`].
    pub(super) fn teach(&mut self, embeddings: &[PathBuf]) -> Result<(), PipelineError> {
        let encoders = self.encoders.iter_mut().flatten();
        let mut encoders: Vec<_> = encoders
            .map(|encoder| (&mut encoder.tokenizer, &mut encoder.model))
            .collect();
        teach(&mut encoders, embeddings)
    }

    /// The tokenizer of the first encoder there is.
    pub(super) fn tokenizer(&self) -> Option<&ClipTokenizer> {
        self.encoders.iter().flatten().next().map(|encoder| &encoder.tokenizer)
    }

    /// Encodes both prompts.
    ///
    /// # Errors
    /// [`PipelineError::Unsupported`] if there are not so many layers as shall be left out; else the tokenizer's and the
    /// device's.
    pub(super) fn encode(&self, prompts: &Prompts<'_>) -> Result<Conditioning, PipelineError> {
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
        let cond_told = PromptEmbeds {
            context: cond.context,
            added: cond_added,
        };
        let uncond_told = PromptEmbeds {
            context: uncond.context,
            added: uncond_added,
        };
        Ok(Conditioning {
            prompt_ids: cond.ids,
            negative_ids: uncond.ids,
            both: PromptEmbeds::batch(&[&uncond_told, &cond_told])?,
            cond: cond_told,
            uncond: uncond_told,
        })
    }

    fn added(&self, encoded: &Encoded, numbers: Vec<f64>) -> Result<Option<AddedConditions>, PipelineError> {
        let count = numbers.len();
        let numbers = Tensor::from_vec(numbers, (1, count), &self.device)?.to_dtype(STATE_DTYPE)?;
        let pooled = encoded.pooled.clone();
        Ok(pooled.map(|pooled| AddedConditions { pooled, numbers }))
    }

    fn encode_one(&self, text: &str, clip_skip: usize) -> Result<Encoded, PipelineError> {
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
                return Err(PipelineError::Unsupported {
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
            return Err(PipelineError::Unsupported {
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
