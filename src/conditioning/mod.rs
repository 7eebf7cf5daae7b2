//! What networks are conditioned on: prompts as embeddings, pictures as tensors and latents. Pipelines and training use it.

mod chunks;
mod emphasis;
mod error;
mod latents;
mod learned_words;
pub mod pictures;
mod prompt_embeds;
mod prompts;
mod text_encoders;
mod textual_inversion;
mod tokenizer;

pub use chunks::Chunk;
pub use error::ConditioningError;
pub use latents::{
    MaskEdge, STATE_DTYPE, hard, is_finite, latent_mask, latent_shape, mask_tensor, picture_tensor, rgb_from_picture,
};
pub use learned_words::LearnedWords;
pub use prompt_embeds::{ComposedPrompt, Conditioning, PromptEmbeds};
pub use prompts::{MicroConditions, Prompts};
pub use text_encoders::{EmbeddingLayer, TextEncoders};
pub use tokenizer::{ClipTokenizer, TokenizerError};
