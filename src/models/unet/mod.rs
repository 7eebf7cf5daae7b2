//! The conditional U-Net of Stable Diffusion, as diffusers' `UNet2DConditionModel`.
//!
//! Source: <https://arxiv.org/abs/2112.10752>

mod config;
mod down;
mod maps;
mod mid;
mod model;
mod residuals;
mod sites;
mod transformer;
mod up;

pub use config::UNetConfig;
pub use maps::{AttentionMap, AttentionMaps};
pub(in crate::models) use model::UNetEncoder;
pub use model::{AddedConditions, UNet2DConditionModel, UNetConditions, guidance_embedding};
pub use residuals::Residuals;
pub use sites::CrossAttentionSite;
pub(in crate::models) use sites::is_within;
