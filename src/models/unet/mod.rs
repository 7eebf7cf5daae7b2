//! The conditional U-Net of Stable Diffusion, as diffusers' `UNet2DConditionModel`.
//!
//! Source: <https://arxiv.org/abs/2112.10752>

mod config;
mod down;
mod mid;
mod model;
mod transformer;
mod up;

pub use config::UNetConfig;
pub use model::{AddedConditions, UNet2DConditionModel, UNetConditions, guidance_embedding};
