//! The autoencoder between pixels and latents, as diffusers' `AutoencoderKL`.
//!
//! Source: <https://arxiv.org/abs/2112.10752>, section 3.1

mod config;
mod decoder;
mod encoder;
mod mid;
mod model;

pub use config::VaeConfig;
pub use model::{AutoencoderKL, Moments};
