//! The autoencoder between pixels and latents, as diffusers' `AutoencoderKL`.
//!
//! Source: <https://arxiv.org/abs/2112.10752>, section 3.1

mod config;
mod decoder;
mod encoder;
mod mid;
mod model;
mod vq;

pub use config::VaeConfig;
pub use model::{AutoencoderKL, Moments};
pub use vq::{Quantised, VqConfig, VqDecoder};
