//! A picture walked up to noise and down again.

use candle_core::{Device, Tensor};

use super::capture::{Capture, insert_table};
use super::case::Opened;
use super::latent::{prompts, sigma_table, told};
use super::{Got, unit_range};
use crate::diffusion::guidance::{Guidance, GuidanceSchedule};
use crate::diffusion::samplers::Options;
use crate::diffusion::trajectory::tensor;
use crate::job::JobControl;
use crate::pipelines::denoise::{InitialLatents, Noise, Run};
use crate::pipelines::run_plan::RunPlan;
use crate::pipelines::{DenoiserInputs, Model as _, PipelineError, invert};

pub(super) fn replay(case: &Opened) -> Result<Got, PipelineError> {
    let request = &case.request;
    let network = case.model()?;
    let (sampler, table, scale) = sigma_table(case, &network)?;
    let picture = case.input("init_image")?.affine(2.0, -1.0)?;
    let latents = network.scaled(&network.encode(&picture)?.mean)?;
    let shape: [usize; 4] = latents.dims4()?.into();
    let conditioning = network.encode_prompts(&prompts(request, [0.0; 2]))?;
    let denoiser = network.unet_denoiser(DenoiserInputs::of(conditioning.clone()))?;
    let guidance = Guidance {
        scale: request.cfg_scale,
        rescale: request.guidance_rescale,
    };
    let control = JobControl::default();

    let mut got = told(request, &conditioning)?;
    insert_table(&mut got, &table, scale)?;
    let inverted = invert(&denoiser, &latents, &table, guidance, 0, &control)?;
    let mut levels = Vec::new();
    for step in &inverted.steps[1..] {
        levels.push(tensor(&step.x, network.device())?);
    }
    levels.push(inverted.x.clone());
    for (index, x) in levels.iter().enumerate() {
        let sigma = table.sigmas()[table.steps() - 1 - index];
        let seen = network.scheduler().process.network_input(x, sigma)?;
        got.insert(format!("inverse.latents.{index:03}"), seen);
    }
    let timesteps: Vec<f32> = inverted.steps.iter().map(|step| step.timestep as f32).collect();
    let count = timesteps.len();
    got.insert(
        "inverse.timesteps".to_owned(),
        Tensor::from_vec(timesteps, count, &Device::Cpu)?,
    );
    got.insert("init_latents".to_owned(), latents.clone());
    let run = Run {
        denoiser: &denoiser,
        guidance: GuidanceSchedule::from(guidance),
        sampler,
        options: Options::default(),
        table: &table,
        start: InitialLatents::Noisy {
            x: inverted.x,
            first: 0,
        },
        inpaint: None,
        noise: Noise::Given {
            initial: latents.zeros_like()?,
            steps: Vec::new(),
        },
        plan: RunPlan::default(),
        control: &control,
        probe: None,
    };
    let mut capture = Capture::new(got, scale);
    let walked = run.sample(shape, &mut capture)?;
    let last_sigma = table.sigmas()[table.steps()];
    let mut got = capture.finish(&walked.x, last_sigma)?;
    let picture = network.decode(&walked.latents)?;
    got.insert("image".to_owned(), unit_range(&picture)?);
    Ok(got)
}
