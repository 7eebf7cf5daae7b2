//! The mathematics of diffusion. Knows tensors, not networks.
//!
//! Inside this room latents are written as x = x₀ + σ·ε ("variance exploding"): the clean latents plus noise of
//! standard deviation σ. What the network sees of them, and what its output means, is known to [`forward_process`] alone.

mod error;
pub mod forward_process;
pub mod guidance;
pub(crate) mod linear;
pub mod names;
pub mod noise;
pub mod noise_sources;
pub mod samplers;
pub mod schedule;
pub mod trajectory;

pub(crate) use error::bare;
pub use error::{SampleError, ScheduleError};
