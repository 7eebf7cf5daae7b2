//! From a picture back to the noise it could have come from, along the same ODE.

use candle_core::Tensor;

use super::PipelineError;
use super::denoise::{InitialLatents, Noise, Run, RunOutput};
use super::denoiser::Denoiser;
use super::observer::Observed;
use super::probe::Probe;
use super::run_plan::RunPlan;
use crate::diffusion::guidance::Guidance;
use crate::diffusion::samplers::{DdimInverse, Options};
use crate::diffusion::schedule::SigmaTable;
use crate::job::{JobControl, NoiseSource};

/// Takes clean latents up to the level that step `first` of `table` starts from, with [`DdimInverse`]: a run of the denoise
/// loop over the reversed table, whose steps hold the latents and the timesteps on the way.
///
/// * `latents`: clean, `(1, channels, height, width)`.
///
/// # Errors
/// As [`Run::sample`].
pub fn invert(
    denoiser: &dyn Denoiser,
    latents: &Tensor,
    table: &SigmaTable,
    first: usize,
    control: &JobControl,
    probe: Option<&dyn Probe>,
) -> Result<RunOutput, PipelineError> {
    // Where the table's end leaves some noise, the picture passes for that much of it, as at the end of a run.
    let last = table.sigmas()[table.steps()];
    let x = denoiser.scheduler().process.final_latents(latents, last)?;
    let run = Run {
        denoiser,
        guidance: Guidance {
            scale: 1.0,
            rescale: 0.0,
        }
        .into(),
        sampler: &DdimInverse,
        options: Options::default(),
        table: &table.reversed(first),
        start: InitialLatents::Noisy { x, first: 0 },
        inpaint: None,
        noise: Noise {
            seed: 0, // none is added
            source: NoiseSource::Hareru,
            variation: None,
        },
        plan: RunPlan::default(),
        control,
        probe,
    };
    run.sample(latents.dims4()?.into(), &mut |_: &Observed<'_>| Ok(()))
}
