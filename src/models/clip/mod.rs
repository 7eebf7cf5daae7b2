//! CLIP's towers: tokens to conditioning, pictures to what they show.
//!
//! Source: <https://arxiv.org/abs/2103.00020>

mod config;
mod layer;
mod text;
mod vision;

pub use config::{ClipTextConfig, HiddenAct};
pub use text::{ClipTextModel, TextStates};
pub use vision::{ClipVisionConfig, ClipVisionModel, VisionStates};
