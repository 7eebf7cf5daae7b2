//! The networks: configuration, structure, forward pass.
//!
//! Each network reads its `config.json` into a struct with diffusers' defaults, is built by `new(vb, &config)`, and
//! knows neither where its weights come from nor what is done to them on the way: both are the business of the
//! [`WeightBuilder`]. Everything heavy goes through [`crate::kernels`].
//!
//! Constructors and forward passes return [`candle_core::Result`]; a configuration that this version cannot honour
//! is a [`ConfigError`] inside of it.

pub mod clip;
pub mod controlnet;
mod error;
pub mod ip_adapter;
mod layers;
pub mod lora;
mod per_block;
mod reloadable;
pub mod t2i_adapter;
pub mod taesd;
pub mod unclip;
pub mod unet;
pub mod upscaler;
pub mod vae;
mod weight_builder;

pub use error::ConfigError;
pub use layers::KvCache;
pub use per_block::PerBlock;
pub use weight_builder::WeightBuilder;
