//! IP-Adapters: pictures as prompts, attended to beside the text.
//!
//! An adapter leaves the U-Net as it is. It makes of a picture the keys and values for every cross-attention, an
//! [`ImagePrompt`], which is handed to the U-Net with the other conditions: attaching an adapter is handing it over.
//!
//! Source: <https://arxiv.org/abs/2308.06721>

mod adapter;
mod part;
mod projection;
mod resampler;

pub use adapter::{ImagePrompt, IpAdapter};
pub use part::ImagePromptPart;
pub use projection::ImageFeatures;
