//! Runs on latents: text to image, image to image, inpainting, editing by instruction.

use std::sync::Arc;

use candle_core::Tensor;

use super::capture::{Capture, Scale, insert_table, known_sampler, sampler_options};
use super::case::{Case, Inpaint, Opened};
use super::parts::tiny;
use super::{Got, id_row, unit_range};
use crate::conditioning::STATE_DTYPE;
use crate::conditioning::{Conditioning, MicroConditions, Prompts};
use crate::conditioning::{MaskEdge, hard, latent_mask};
use crate::diffusion::guidance::{Guidance, GuidanceSchedule};
use crate::diffusion::samplers::Sampler;
use crate::diffusion::schedule::SigmaTable;
use crate::job::{JobControl, ReferencePart};
use crate::pipelines::PipelineError;
use crate::pipelines::controls::{ActiveControl, Branches, ControlNetwork, residuals};
use crate::pipelines::denoise::{InitialLatents, InpaintBlend, Noise, Run};
use crate::pipelines::denoiser::DenoiseInput;
use crate::pipelines::families::{StableDiffusion, UNetDenoiser};
use crate::pipelines::image_passes::first_step;
use crate::pipelines::model::{ConcatCond, DenoiserInputs, Model as _};
use crate::pipelines::references::{ActiveReference, ReferenceNetwork};
use crate::pipelines::run_plan::RunPlan;

pub(super) fn replay(case: &Opened) -> Result<Got, PipelineError> {
    let request = &case.request;
    let network = case.model()?;
    let (sampler, table, scale) = sigma_table(case, &network)?;
    let initial = case.input("noise")?;
    let shape: [usize; 4] = initial.dims4()?.into();

    let size = [shape[2], shape[3]].map(|side| (side as u32 * network.info().vae_factor) as f64);
    let prompts = prompts(request, size);
    let conditioning = network.encode_prompts(&prompts)?;
    let mut got = told(request, &conditioning)?;
    insert_table(&mut got, &table, scale)?;
    let switched = request.prompt_switch.as_ref();
    let later = switched
        .map(|switch| {
            let prompt = switch.prompt.as_str();
            network.encode_prompts(&Prompts { prompt, ..prompts })
        })
        .transpose()?;
    let mut denoiser = network.unet_denoiser(DenoiserInputs::of(conditioning.clone()))?;
    denoiser
        .prompts
        .extend(switched.map(|switch| switch.step).zip(later.map(Arc::new)));

    let pictures = Pictures::read(case, &network)?;
    pictures.describe(&mut got);
    denoiser.concat = pictures.beside(request);
    denoiser.controls = controls(case, &network)?;
    denoiser.references = references(case, &network)?;
    // diffusers switches guidance off at scales of 1 and below.
    let guided = request.uses_negative || network.is_guidance_distilled();
    let run = Run {
        denoiser: &denoiser,
        guidance: GuidanceSchedule::from(Guidance {
            scale: if guided { request.cfg_scale } else { 1.0 },
            rescale: request.guidance_rescale,
        }),
        sampler,
        options: sampler_options(case.sampler()?),
        table: &table,
        start: pictures.start(case, sampler, &table),
        inpaint: pictures.inpaint(request),
        noise: Noise::Given {
            initial,
            steps: case.inputs("step_noise"),
        },
        plan: RunPlan::default(),
        control: &JobControl::default(),
        probe: None,
    };
    let mut capture = Capture::new(got, scale);
    capture.keeps_landings = request.inpaint.is_some();
    capture.beside = match &denoiser.concat {
        Some(ConcatCond::Inpaint(beside)) => Some(beside.clone()),
        Some(ConcatCond::Edit { latents, .. }) => Some(latents.zeros_like()?), // of the batch's last part
        Some(ConcatCond::LowRes { .. }) | None => None,
    };
    let walked = run.sample(shape, &mut capture)?;
    if let Some(mid) = control_mid((&network, &denoiser), &conditioning, &capture)? {
        capture.got.insert("controlnet_mid.000".to_owned(), mid);
    }
    let last_sigma = table.sigmas()[table.steps()];
    let mut got = capture.finish(&walked.x, last_sigma)?;
    let picture = decode(case, &network, &walked.latents)?;
    got.insert("image".to_owned(), unit_range(&picture)?);
    Ok(got)
}

/// The pictures that the case follows.
fn controls(case: &Opened, network: &StableDiffusion) -> Result<Vec<ActiveControl>, PipelineError> {
    let wanted = case.request.controlnet.iter().chain(&case.request.controlnets);
    let active = wanted.map(|control| {
        let files = case.files_of(&control.model, control.config_from.as_deref())?;
        let dtype = network.dtype();
        let net = Arc::new(ControlNetwork::load(&files, network.device(), dtype)?);
        let picture = case.input(&control.picture())?;
        Ok(ActiveControl::new(&net, &picture, dtype, control.schedule())?)
    });
    active.collect()
}

/// What the controls give the middle of the U-Net at the first call for the prompt; zeros if none is heard.
fn control_mid(
    (network, denoiser): (&StableDiffusion, &UNetDenoiser<'_>),
    conditioning: &Conditioning,
    capture: &Capture,
) -> Result<Option<Tensor>, PipelineError> {
    let (Some(x), Some(timestep)) = (capture.got.get("unet_in.000"), capture.first_timestep()) else {
        return Ok(None);
    };
    if denoiser.controls.is_empty() || denoiser.concat.is_some() {
        return Ok(None);
    }
    let input = DenoiseInput {
        x,
        sigma: 0.0,
        timestep,
        step: 0,
        first: 0,
        steps: capture.num_calls(),
        guidance: Guidance {
            scale: 1.0,
            rescale: 0.0,
        },
        wants_uncond: false,
        maps: None,
    };
    let told = (&conditioning.cond, &conditioning.cond);
    let dtype = network.dtype();
    let heard = residuals(&denoiser.controls, &input, Branches::Prompt, told, dtype)?;
    if let Some(heard) = heard {
        return Ok(heard.mid);
    }
    let widths = &network.unet().config().block_out_channels;
    let halvings = widths.len() - 1;
    let (_, _, height, width) = x.dims4()?;
    let side = |side: usize| (0..halvings).fold(side, |side, _| side.div_ceil(2));
    let shape = (1, widths[halvings], side(height), side(width));
    Ok(Some(Tensor::zeros(shape, STATE_DTYPE, x.device())?))
}

/// The pictures that are prompts.
fn references(case: &Opened, network: &StableDiffusion) -> Result<Vec<ActiveReference>, PipelineError> {
    let active = case.request.ip_adapter.iter().map(|reference| {
        let path = case.path(&reference.model);
        let adapter = ReferenceNetwork::open(&path, network.unet().config(), network.device(), network.dtype())?;
        let pixels = case.tensors_beside(&reference.tensors)?.remove("pixel_values");
        let pixels = pixels.ok_or_else(|| case.bad("expected tensor pixel_values, found none".to_owned()))?;
        Ok(adapter.refer(&pixels, reference.scale, ReferencePart::All)?)
    });
    active.collect()
}

/// The case's sampler, its noise levels, and the scale its latents are in.
pub(super) fn sigma_table(
    case: &Opened,
    network: &StableDiffusion,
) -> Result<(&'static dyn Sampler, SigmaTable, Scale), PipelineError> {
    let wanted = case.sampler()?;
    let (sampler, schedule) = known_sampler(wanted).ok_or_else(|| {
        case.bad(format!(
            "expected a known sampler and schedule, found {:?} with {:?}",
            wanted.name, wanted.sigma_schedule
        ))
    })?;
    let steps = case.request.steps;
    let table = network.scheduler().sigma_table(sampler, schedule, None, steps)?;
    Ok((sampler, table, Scale::of(&wanted.diffusers_class)))
}

/// The prompts as the case gives them.
///
/// * `size`: height and width of the picture in pixels.
pub(super) fn prompts(request: &Case, size: [f64; 2]) -> Prompts<'_> {
    let usual = MicroConditions::of_size(size);
    let original_size = request.original_size.unwrap_or(usual.original_size);
    let target_size = request.target_size.unwrap_or(usual.target_size);
    let crop = request.crop_top_left.unwrap_or_default();
    // diffusers takes the negative sizes where both are given; image to image, the positive ones elsewhere too.
    let negative = request.negative_original_size.zip(request.negative_target_size);
    let (negative_original_size, negative_target_size) = negative.unwrap_or((original_size, target_size));
    let scores = (request.aesthetic_score, request.negative_aesthetic_score);
    Prompts {
        prompt: &request.prompt,
        negative: request.negative_prompt.as_deref(),
        clip_skip: request.clip_skip,
        numbers: MicroConditions {
            original_size,
            crop,
            target_size,
            negative_original_size,
            negative_crop: match negative {
                Some(_) => request.negative_crop_top_left.unwrap_or_default(),
                None => crop,
            },
            negative_target_size,
            aesthetic_scores: [
                scores.0.unwrap_or(usual.aesthetic_scores[0]),
                scores.1.unwrap_or(usual.aesthetic_scores[1]),
            ],
        },
    }
}

/// What the U-Net is told, under the reference's names.
pub(super) fn told(request: &Case, conditioning: &Conditioning) -> candle_core::Result<Got> {
    let mut got = Got::new();
    let branches = [
        ("prompt", "text.pooled", &conditioning.prompt_ids, &conditioning.cond),
        (
            "negative",
            "text.negative_pooled",
            &conditioning.negative_ids,
            &conditioning.uncond,
        ),
    ];
    let count = if request.uses_negative { 2 } else { 1 };
    for (branch, pooled, ids, told) in branches.into_iter().take(count) {
        for (tokens, ids) in ["tokens", "tokens_2"].iter().zip(ids) {
            if let Some(ids) = ids {
                got.insert(format!("{tokens}.{branch}"), id_row(ids)?);
            }
        }
        got.insert(format!("text.{branch}"), told.context.clone());
        if let Some(added) = &told.added {
            got.insert(pooled.to_owned(), added.pooled.clone());
        }
    }
    if let Some(added) = &conditioning.cond.added {
        got.insert("add_time_ids".to_owned(), added.numbers.clone());
    }
    Ok(got)
}

/// The latents as a picture, by the tiny decoder if the case names one.
fn decode(case: &Opened, network: &StableDiffusion, latents: &Tensor) -> Result<Tensor, PipelineError> {
    let Some(vae) = &case.request.vae else {
        return Ok(network.decode(latents)?);
    };
    let dtype = case.dtype()?;
    let picture = tiny(&case.path(vae), dtype)?.decode(&latents.to_dtype(dtype)?)?;
    Ok(picture.to_dtype(STATE_DTYPE)?)
}

/// The pictures that a case gives, encoded.
#[derive(Default)]
struct Pictures {
    /// Clean latents of the picture.
    init: Option<Tensor>,
    mask: Option<Tensor>,
    /// Clean latents of the picture without what the mask covers.
    masked: Option<Tensor>,
    /// The mean of the picture's latents, not scaled.
    unscaled: Option<Tensor>,
}

impl Pictures {
    /// Encodes them with the noises of the case, which were drawn in this order: the picture's, if it is encoded at
    /// all, then that of the masked picture.
    fn read(case: &Opened, network: &StableDiffusion) -> Result<Self, PipelineError> {
        let request = &case.request;
        if request.task == "txt2img" {
            return Ok(Self::default());
        }
        let picture = case.input("init_image")?.affine(2.0, -1.0)?;
        if request.task == "instruct_pix2pix" {
            return Ok(Self {
                unscaled: Some(network.encode(&picture)?.mean),
                ..Self::default()
            });
        }
        let mut noises = case.inputs("vae_noise").into_iter();
        let mut encode = |picture: &Tensor| -> Result<Tensor, PipelineError> {
            let noise = noises
                .next()
                .ok_or_else(|| case.bad("expected one more tensor vae_noise.NNN, found none".to_owned()))?;
            Ok(network.scaled(&network.encode(picture)?.sample(&noise)?)?)
        };
        let from_noise = request.strength.is_none_or(|strength| strength >= 1.0);
        let needs_init = request.inpaint != Some(Inpaint::Concat9) || !from_noise;
        let init = needs_init.then(|| encode(&picture)).transpose()?;
        let (mut mask, mut masked) = (None, None);
        if let Some(kind) = request.inpaint {
            let pixels = case.input("mask_image")?;
            let factor = network.info().vae_factor as usize;
            mask = Some(latent_mask(&pixels, factor, MaskEdge::Hard)?);
            if kind == Inpaint::Concat9 {
                let kept = hard(&pixels)?.affine(-1.0, 1.0)?;
                masked = Some(encode(&picture.broadcast_mul(&kept)?)?);
            }
        }
        Ok(Self {
            init,
            mask,
            masked,
            unscaled: None,
        })
    }

    fn describe(&self, got: &mut Got) {
        for (name, tensor) in [
            ("init_latents", &self.init),
            ("latent_mask", &self.mask),
            ("masked_image_latents", &self.masked),
        ] {
            if let Some(tensor) = tensor {
                got.insert(name.to_owned(), tensor.clone());
            }
        }
    }

    fn beside(&self, request: &Case) -> Option<ConcatCond> {
        if let Some(latents) = &self.unscaled {
            return Some(ConcatCond::Edit {
                latents: latents.clone(),
                scale: request.image_cfg_scale,
            });
        }
        let (mask, masked) = self.mask.as_ref().zip(self.masked.as_ref())?;
        Tensor::cat(&[mask, masked], 1).ok().map(ConcatCond::Inpaint)
    }

    fn inpaint(&self, request: &Case) -> Option<InpaintBlend> {
        let (latents, mask) = self.init.clone().zip(self.mask.clone())?;
        (request.inpaint == Some(Inpaint::Blend4)).then_some(InpaintBlend { latents, mask })
    }

    fn start(&self, case: &Opened, sampler: &dyn Sampler, table: &SigmaTable) -> InitialLatents {
        let strength = case.request.strength.unwrap_or(1.0);
        let is_inpaint = case.request.inpaint.is_some();
        match &self.init {
            Some(latents) if !(is_inpaint && strength >= 1.0) => InitialLatents::Picture {
                latents: latents.clone(),
                first: first_step(sampler, table.steps(), strength),
            },
            _ => InitialLatents::Noise,
        }
    }
}
