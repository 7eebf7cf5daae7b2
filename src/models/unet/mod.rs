//! The conditional U-Net of Stable Diffusion, as diffusers' `UNet2DConditionModel`, and the one without a text,
//! `UNet2DModel`. Both are made of the same blocks.
//!
//! Source: <https://arxiv.org/abs/2112.10752>

mod attention;
mod class;
mod conditions;
mod config;
mod down;
mod encoder;
mod inputs;
mod layout;
mod maps;
mod mid;
mod model;
mod motion;
mod pixel_config;
mod residuals;
mod sites;
mod transformer;
mod up;

pub use class::ClassCondition;
pub use conditions::{AddedConditions, UNetConditions, guidance_embedding};
pub use config::UNetConfig;
pub(in crate::models) use encoder::UNetEncoder;
pub use maps::{AttentionMap, AttentionMaps};
pub use model::{UNet2DConditionModel, UNet2DModel};
pub use motion::{Motion, MotionAdapter, MotionConfig};
pub use pixel_config::PixelUNetConfig;
pub use residuals::Residuals;
pub use sites::CrossAttentionSite;
pub(in crate::models) use sites::is_within;
