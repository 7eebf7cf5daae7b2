//! The mathematics of diffusion. Knows tensors, not networks.
//!
//! Inside this room latents are written as x = x₀ + σ·ε ("variance exploding"): the clean latents plus noise of
//! standard deviation σ. The network sees x / √(1 + σ²) ("variance preserving"); that change of scale and the
//! meaning of the network's output are known to [`prediction`] alone.

mod error;
pub mod guidance;
pub mod names;
pub mod noise;
pub mod noise_sources;
pub mod prediction;
pub mod samplers;
pub mod schedule;
pub mod trajectory;

pub(crate) use error::bare;
pub use error::{SampleError, ScheduleError};
