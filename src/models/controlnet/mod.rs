//! A trainable copy of a U-Net's first half that tells the U-Net what a picture shows, as diffusers' `ControlNetModel`.
//!
//! Source: <https://arxiv.org/abs/2302.05543>

mod config;
mod model;

pub use config::{ChannelOrder, ControlNetConfig};
pub use model::{ControlHint, ControlNetModel, ControlStrength};
