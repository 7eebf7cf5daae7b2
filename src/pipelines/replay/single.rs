//! One run of a case's sampler, whatever the networks are.

use candle_core::Tensor;

use super::Got;
use super::capture::{Capture, Scale, insert_table, known_sampler, sampler_options};
use super::case::Opened;
use crate::diffusion::guidance::{Guidance, GuidanceSchedule};
use crate::job::JobControl;
use crate::pipelines::PipelineError;
use crate::pipelines::denoise::{InitialLatents, Noise, Run};
use crate::pipelines::denoiser::Denoiser;
use crate::pipelines::run_plan::RunPlan;

/// Walks from noise to clean latents as the networks see them; with what was computed on the way.
///
/// * `guidance`: its scale; 1 is none.
/// * `shape`: of the latents, as the denoiser takes them; the case's may have other axes.
pub(super) fn walk(
    case: &Opened,
    denoiser: &dyn Denoiser,
    guidance: f64,
    shape: [usize; 4],
) -> Result<(Tensor, Got), PipelineError> {
    let wanted = case.sampler()?;
    let (sampler, schedule) = known_sampler(wanted).ok_or_else(|| case.unknown_sampler(wanted))?;
    let request = &case.request;
    let table = denoiser
        .scheduler()
        .sigma_table(sampler, schedule, None, request.steps)?;
    let scale = Scale::of(&wanted.diffusers_class);
    let mut got = Got::new();
    insert_table(&mut got, &table, scale)?;
    let shaped = |noise: &Tensor| noise.reshape(shape.as_slice());
    let steps = case.inputs("step_noise");
    let run = Run {
        denoiser,
        guidance: GuidanceSchedule::from(Guidance {
            scale: guidance,
            rescale: request.guidance_rescale,
        }),
        sampler,
        options: sampler_options(wanted),
        table: &table,
        start: InitialLatents::Noise,
        inpaint: None,
        noise: Noise::Given {
            initial: shaped(&case.input("noise")?)?,
            steps: steps.iter().map(shaped).collect::<candle_core::Result<_>>()?,
        },
        plan: RunPlan::default(),
        control: &JobControl::default(),
        probe: None,
    };
    let mut capture = Capture::new(got, scale);
    let walked = run.sample(shape, &mut capture)?;
    let last_sigma = table.sigmas()[table.steps()];
    let got = capture.finish(&walked.x, last_sigma)?;
    Ok((walked.latents, got))
}
