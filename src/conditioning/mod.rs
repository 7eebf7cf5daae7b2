//! What networks are conditioned on: prompts as embeddings, pictures as tensors and latents. Pipelines and training use it.

mod error;
mod latents;
mod learned_words;
pub mod pictures;
mod prompts;
mod text_encoders;
mod textual_inversion;
mod tokenizer;

pub use error::ConditioningError;
pub use latents::{
    MaskEdge, STATE_DTYPE, hard, is_finite, latent_mask, latent_shape, mask_tensor, picture_tensor, rgb_from_picture,
};
pub use learned_words::LearnedWords;
pub use prompts::{MicroConditions, Prompts};
pub use text_encoders::{Conditioning, EmbeddingLayer, PromptEmbeds, TextEncoders};
pub use tokenizer::{ClipTokenizer, TokenizerError};
