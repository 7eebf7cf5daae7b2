//! A trainable copy of a U-Net's first half that adds the structure of a picture to the U-Net's features, as diffusers' `ControlNetModel`.
//!
//! Source: <https://arxiv.org/abs/2302.05543>

mod config;
mod model;

pub use config::{ChannelOrder, ControlNetConfig};
pub use model::{ControlHint, ControlNetModel, ControlStrength};
