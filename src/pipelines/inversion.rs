//! From a picture back to the noise it could have come from, along the same ODE.

use candle_core::Tensor;

use super::denoiser::{DenoiseInput, Denoiser};
use crate::diffusion::SampleError;
use crate::diffusion::guidance::Guidance;
use crate::diffusion::prediction::{network_input, vp_scale};
use crate::diffusion::schedule::SigmaTable;
use crate::job::JobControl;

/// A picture's way up.
#[derive(Debug)]
pub struct Inverted {
    /// The latents after each step up, x₀ + σ·ε at the level that step of the table begins with which would lead back
    /// down: the last of them is where step `first` begins.
    pub levels: Vec<Tensor>,
    /// The timesteps the network was given, rising.
    pub timesteps: Vec<f64>,
}

/// Walks clean latents up to the level that step `first` of `table` begins with: DDIM with time reversed.
///
/// The network is asked at the timestep of the level that is walked to, of latents at the level before; denoising down
/// again gives the picture back as far as its answer does not change between the two.
///
/// * `latents`: clean, `(1, channels, height, width)`.
///
/// # Errors
/// [`SampleError::Cancelled`] if someone asked to stop, else the device's.
///
/// Source: <https://arxiv.org/abs/2105.05233>, appendix F, and `DDIMInverseScheduler` of diffusers.
pub fn invert(
    denoiser: &dyn Denoiser,
    latents: &Tensor,
    table: &SigmaTable,
    guidance: Guidance,
    first: usize,
    control: &JobControl,
) -> Result<Inverted, SampleError> {
    // Where the table's end leaves some noise, the picture passes for that much of it, as at the end of a run.
    let mut x = (latents * vp_scale(table.sigmas()[table.steps()]))?;
    let mut inverted = Inverted {
        levels: Vec::new(),
        timesteps: Vec::new(),
    };
    for step in (first..table.steps()).rev() {
        if control.is_cancelled() {
            return Err(SampleError::Cancelled);
        }
        // The table says where each step leads down to; that is where it comes from on the way up.
        let (sigma, target) = (table.target(step), table.sigmas()[step]);
        let timestep = table.timesteps()[step];
        let predicted = denoiser.denoise(&DenoiseInput {
            x: &network_input(&x, sigma)?,
            sigma,
            timestep,
            step,
            first,
            steps: table.steps(),
            guidance,
            wants_uncond: false,
            maps: None,
        })?;
        let prediction = denoiser.scheduler().prediction;
        let noise = prediction.noise_from_output(&x, &predicted.guided, sigma)?;
        x = (x + (noise * (target - sigma))?)?;
        inverted.levels.push(x.clone());
        inverted.timesteps.push(timestep);
    }
    Ok(inverted)
}
