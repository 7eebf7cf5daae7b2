//! Prompts as embeddings.

use candle_core::Tensor;

use crate::models::KvCache;
use crate::models::unet::AddedConditions;

/// The embeddings of one prompt, or of several as a batch, in [`STATE_DTYPE`](super::STATE_DTYPE).
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
    /// Of the prompt; of the first, where `AND` joins several.
    pub cond: PromptEmbeds,
    /// What the prediction for it is weighed by, see [`Self::is_composed`].
    pub weight: f64,
    /// The other prompts that `AND` joins.
    pub others: Vec<ComposedPrompt>,
    /// Of the negative prompt.
    pub uncond: PromptEmbeds,
    /// Both as one batch, the negative prompt first; made once for all steps, so that its keys and values are too. `None`
    /// where they are of different lengths or the prompt is composed.
    pub both: Option<PromptEmbeds>,
}

/// One of several prompts that the network is asked about one by one.
#[derive(Debug, Clone)]
pub struct ComposedPrompt {
    /// Of the prompt.
    pub embeds: PromptEmbeds,
    /// What the prediction for it is weighed by.
    pub weight: f64,
}

impl Conditioning {
    /// The embeddings of both prompts.
    ///
    /// # Errors
    /// Only the device's.
    pub fn new(
        [prompt_ids, negative_ids]: [[Option<Vec<u32>>; 2]; 2],
        (cond, weight): (PromptEmbeds, f64),
        others: Vec<ComposedPrompt>,
        uncond: PromptEmbeds,
    ) -> candle_core::Result<Self> {
        let mut conditioning = Self {
            prompt_ids,
            negative_ids,
            cond,
            weight,
            others,
            uncond,
            both: None,
        };
        let is_one_length = conditioning.cond.context.dims() == conditioning.uncond.context.dims();
        if is_one_length && !conditioning.is_composed() {
            conditioning.both = Some(PromptEmbeds::batch(&[&conditioning.uncond, &conditioning.cond])?);
        }
        Ok(conditioning)
    }

    /// Whether the prediction for the prompt is `uncond + Σ weight · (cond − uncond)` over several prompts or with a weight
    /// other than 1. Liu et al. (2022), <https://arxiv.org/abs/2206.01714>
    pub fn is_composed(&self) -> bool {
        self.weight != 1.0 || !self.others.is_empty()
    }

    /// The same with other embeddings in place of each.
    ///
    /// # Errors
    /// Those of `map`.
    pub fn map(&self, map: impl Fn(&PromptEmbeds) -> candle_core::Result<PromptEmbeds>) -> candle_core::Result<Self> {
        let others = self.others.iter().map(|other| {
            Ok(ComposedPrompt {
                embeds: map(&other.embeds)?,
                weight: other.weight,
            })
        });
        Self::new(
            [self.prompt_ids.clone(), self.negative_ids.clone()],
            (map(&self.cond)?, self.weight),
            others.collect::<candle_core::Result<_>>()?,
            map(&self.uncond)?,
        )
    }
}
