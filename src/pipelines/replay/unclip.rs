//! The three stages of `unCLIP`, one run after the other.

use std::any::Any;

use candle_core::{Device, Tensor};

use super::capture::{Capture, Scale};
use super::case::Opened;
use super::{Got, id_row, unit_range};
use crate::diffusion::SampleError;
use crate::diffusion::guidance::{Guidance, GuidanceSchedule};
use crate::diffusion::samplers::Options;
use crate::job::{JobControl, ModelRef};
use crate::pipelines::denoise::{Call, InitialLatents, Noise, Observed, Observer, Run};
use crate::pipelines::denoiser::Denoiser;
use crate::pipelines::families::{StageSchedule, Texts, Unclip};
use crate::pipelines::run_plan::RunPlan;
use crate::pipelines::{PipelineError, load_any_files};

pub(super) fn replay(case: &Opened) -> Result<Got, PipelineError> {
    let request = &case.request;
    // diffusers switches guidance on for both stages or for none.
    let is_guided = request.prior_cfg_scale > 1.0 || request.cfg_scale > 1.0;
    let guidance = |scale: f64| if is_guided { scale } else { 1.0 };
    let path = ModelRef::Path(case.path(&request.model));
    let model = load_any_files(&path, &case.files()?, &Device::Cpu, case.precision, &mut |_| ())?;
    let Some(model) = (&*model as &dyn Any).downcast_ref::<Unclip>() else {
        return Err(case.bad("expected a model of unCLIP".to_owned()));
    };
    let texts = Texts {
        prompt: model.encode_text(&request.prompt)?,
        negative: model.encode_text(request.negative_prompt.as_deref().unwrap_or(""))?,
    };
    let mut got = Got::new();
    let prompt = &texts.prompt;
    got.insert("tokens.prompt".to_owned(), id_row(&prompt.ids)?);
    got.insert("text.prompt".to_owned(), prompt.hidden.clone());
    got.insert("text.embeds".to_owned(), prompt.pooled.clone());
    let mask = (0..prompt.ids.len()).map(|place| i64::from(place < prompt.length));
    let mask = Tensor::from_iter(mask, &Device::Cpu)?.unsqueeze(0)?;
    got.insert("text.mask".to_owned(), mask);

    let prior = model.prior(&texts);
    let stage = Stage {
        case,
        name: "prior",
        schedule: prior.schedule(),
        steps: request.prior_steps,
        scale: guidance(request.prior_cfg_scale),
    };
    let noise = case.input("prior_noise")?.unsqueeze(2)?.unsqueeze(3)?;
    let (embedding, kept) = stage.run(&prior, noise)?;
    // The reference knows no pixels here.
    let flat = kept.into_iter().map(|(name, tensor)| {
        let is_latents = tensor.rank() == 4;
        Ok((name, if is_latents { tensor.flatten_from(1)? } else { tensor }))
    });
    got.extend(flat.collect::<candle_core::Result<Got>>()?);
    got.insert("image_embedding".to_owned(), model.embedding(&embedding)?);

    let decoder = model.decoder(&texts, &embedding)?;
    let stage = Stage {
        case,
        name: "decoder",
        schedule: decoder.schedule(),
        steps: request.decoder_steps,
        scale: guidance(request.cfg_scale),
    };
    let noise = case.input("decoder_noise")?;
    let (small, kept) = stage.run(&decoder, noise.clone())?;
    got.extend(kept);
    // The reference keeps what the network says of its certainty too, for both texts.
    let timestep = stage.schedule.sigma_table(stage.steps)?.timesteps()[0];
    let both = decoder.ask(&noise, timestep, true)?;
    got.insert("decoder.unet_uncond.000".to_owned(), both.narrow(0, 0, 1)?);
    got.insert("decoder.unet_cond.000".to_owned(), both.narrow(0, 1, 1)?);

    let super_res = model.super_res(&small)?;
    let stage = Stage {
        case,
        name: "super_res",
        schedule: super_res.schedule(),
        steps: request.super_res_steps,
        scale: 1.0,
    };
    let (large, kept) = stage.run(&super_res, case.input("super_res_noise")?)?;
    got.extend(kept);
    got.insert("image".to_owned(), unit_range(&large)?);
    Ok(got)
}

/// One run of the three.
struct Stage<'a> {
    case: &'a Opened,
    name: &'static str,
    schedule: &'a StageSchedule,
    steps: usize,
    /// Of guidance.
    scale: f64,
}

impl Stage<'_> {
    /// Its result, and what it computed under the reference's names.
    fn run(&self, denoiser: &dyn Denoiser, initial: Tensor) -> Result<(Tensor, Got), PipelineError> {
        let shape: [usize; 4] = initial.dims4()?.into();
        let steps = self.case.inputs(&format!("{}.step_noise", self.name));
        let table = self.schedule.sigma_table(self.steps)?;
        let run = Run {
            denoiser,
            guidance: GuidanceSchedule::from(Guidance {
                scale: self.scale,
                rescale: 0.0,
            }),
            sampler: self.schedule.sampler(),
            options: Options::default(),
            table: &table,
            start: InitialLatents::Noise,
            inpaint: None,
            noise: Noise::Given {
                steps: steps
                    .iter()
                    .map(|noise| noise.reshape(shape.as_slice()))
                    .collect::<candle_core::Result<_>>()?,
                initial,
            },
            plan: RunPlan::default(),
            control: &JobControl::default(),
            probe: None,
        };
        let mut whole = Whole(Capture::new(Got::new(), Scale::of("UnCLIPScheduler")));
        let walked = run.sample(shape, &mut whole)?;
        let mut kept = whole.0.finish(&walked.x, 0.0)?;
        kept.insert("init_noise_sigma".to_owned(), Tensor::new(&[1f32], &Device::Cpu)?);
        let named = |(name, tensor)| (format!("{}.{name}", self.name), tensor);
        Ok((walked.x, kept.into_iter().map(named).collect()))
    }
}

/// Keeps of each call all that the network said.
struct Whole(Capture);

impl Observer for Whole {
    fn called(&mut self, call: &Call<'_>) -> Result<(), SampleError> {
        self.0.called(call)?;
        if let Some(variance) = &call.predicted.variance {
            let said = Tensor::cat(&[&call.predicted.guided, variance], 1)?;
            self.0.got.insert(format!("model_out.{:03}", call.index), said);
        }
        Ok(())
    }

    fn stepped(&mut self, _observed: &Observed<'_>) -> Result<(), SampleError> {
        Ok(())
    }
}
