//! CLIP's text tower: tokens to conditioning.
//!
//! Source: <https://arxiv.org/abs/2103.00020>

mod config;
mod layer;
mod text;

pub use config::{Activation, ClipTextConfig};
pub use text::{ClipTextModel, TextStates};
