//! What `unCLIP` has beside U-Nets: the prior, which guesses a picture's embedding from a text, and the projection of
//! both to what the decoder takes.
//!
//! Source: <https://arxiv.org/abs/2204.06125>

mod prior;
mod text_proj;

pub use prior::{PriorConfig, PriorTransformer};
pub use text_proj::{DecoderConditions, TextProjConfig, UnclipTextProj};
