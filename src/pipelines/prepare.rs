//! What all pictures of a request share: prompts encoded, pictures read, fitted and encoded, masks made.

use std::collections::BTreeMap;

use candle_core::Tensor;
use image::{GrayImage, RgbImage};

use super::PipelineError;
use super::aux_models::AuxModels;
use super::controls::{ActiveControl, ControlSchedule};
use super::denoise::{InitialLatents, InpaintBlend};
use super::denoiser::Denoiser as _;
use super::families::{ConcatCond, StableDiffusion, UNetDenoiser};
use super::inversion::invert;
use super::preprocess::preprocess;
use super::probe::{Probe, latents_of};
use super::references::ActiveReference;
use super::refiner_switch::RefinerSwitch;
use super::run_plan::check;
use super::scheduled_conditioning::{PromptCache, ScheduledConditioning};
use super::work::ResumeFrom;
use crate::conditioning::pictures::{
    Paste, blurred, cover, cover_mask, either, grow, read_gray, read_rgb, region_around, to_job,
};
use crate::conditioning::{Conditioning, Prompts};
use crate::conditioning::{MaskEdge, hard, latent_mask, latent_shape, picture_tensor};
use crate::conditioning::{STATE_DTYPE, mask_tensor};
use crate::diffusion::guidance::Guidance;
use crate::diffusion::samplers::{Sampler, sampler_by_id};
use crate::diffusion::schedule::SigmaTable;
use crate::job::{GenerateRequest, InitPicture, InitWay, JobControl, JobOptions, Tiling};
use crate::kernels::Wrap;
use crate::models::join_edges;

/// Channels of a U-Net's input that takes mask and picture beside the latents.
const INPAINT_CHANNELS: usize = 9;
/// Channels of a U-Net's input that takes a picture to be changed beside the latents.
const EDIT_CHANNELS: usize = 8;

/// A request with the networks that shall carry it out.
#[derive(Clone, Copy)]
pub struct Job<'a> {
    /// The networks.
    pub model: &'a StableDiffusion,
    /// Those of the last steps, if the request names a refiner.
    pub refiner: Option<&'a StableDiffusion>,
    /// Networks beside the model, [gathered](AuxModels::gather) for the request.
    pub aux: &'a AuxModels,
    /// What to make.
    pub request: &'a GenerateRequest,
    /// How to show it.
    pub options: JobOptions,
    /// A kept run that the first steps are taken from.
    pub after: Option<ResumeFrom<'a>>,
    /// Whether someone asked to stop.
    pub control: &'a JobControl,
    /// A test's hold on it.
    pub probe: Option<&'a dyn Probe>,
}

/// A request, ready to be carried out picture by picture.
pub struct Prepared<'a> {
    pub(super) job: Job<'a>,
    pub(super) sampler: &'static dyn Sampler,
    pub(super) table: SigmaTable,
    /// The prompts that were encoded.
    known: PromptCache,
    /// What the refiner is told.
    refined: Option<Conditioning>,
    pub(super) stage: Stage,
    controls: Vec<ActiveControl>,
    references: Vec<ActiveReference>,
}

/// What a run starts from and has to keep.
pub(super) struct Stage {
    /// Of the latents.
    pub(super) shape: [usize; 4],
    pub(super) start: InitialLatents,
    pub(super) known: Option<InpaintBlend>,
    pub(super) beside: Option<ConcatCond>,
    /// Where the result belongs, if it is a part of a picture.
    pub(super) paste: Option<Paste>,
}

impl<'a> Job<'a> {
    /// Makes everything that the request's pictures share.
    ///
    /// # Errors
    /// [`PipelineError::Unsupported`] if the request does not fit the model, [`ConditioningError::Picture`](crate::conditioning::ConditioningError::Picture) if one that it names
    /// cannot be read; else the schedule's, the tokenizer's and the device's.
    pub fn prepare(self) -> Result<Prepared<'a>, PipelineError> {
        let Job { model, request, .. } = self;
        let _joined = join_edges(self.wrap());
        let sampler = sampler_by_id(&request.sampler)?;
        let steps = request.steps as usize;
        let spacing = request.timestep_spacing;
        let table = model
            .scheduler()
            .sigma_table(sampler, &request.schedule, spacing, steps)?;
        let stage = self.stage(sampler, &table)?;
        let refined = self
            .refiner
            .map(|refiner| {
                check_same_latents(model, refiner)?;
                refiner.encode_prompts(&self.prompts(&request.prompt))
            })
            .transpose()?;
        let prepared = Prepared {
            job: self,
            sampler,
            table,
            known: PromptCache::default(),
            refined,
            controls: self.controls(stage.shape)?,
            references: self.references()?,
            stage,
        };
        // Whatever is wrong with a prompt or an adapter shall be said now, not in the middle of the run.
        let planned = request.all_changes();
        planned.iter().try_for_each(check)?;
        prepared.with_predictor(|denoiser| denoiser.adopt(&planned))?;
        Ok(prepared)
    }

    /// The edges that join; none where a part of a larger picture is painted, whose edges are not the picture's.
    pub(super) fn wrap(&self) -> Wrap {
        let Tiling { x, y } = self.request.tiling;
        let mask = self.request.mask.as_ref();
        match mask.and_then(|mask| mask.only_masked_padding_px) {
            Some(_) => Wrap::default(),
            None => Wrap { x, y },
        }
    }

    /// The pictures to follow, at the size of the picture that is made.
    fn controls(&self, [_, _, height, width]: [usize; 4]) -> Result<Vec<ActiveControl>, PipelineError> {
        let Job {
            model, request, aux, ..
        } = *self;
        let factor = model.info().vae_factor;
        let (width, height) = (width as u32 * factor, height as u32 * factor);
        let active = request.controls.iter().map(|control| {
            let network = aux.control(&control.model)?;
            let mut picture = to_job(cover(&read_rgb(&control.picture)?, width, height));
            if !control.preprocessor.is_empty() {
                picture = preprocess(&control.preprocessor, &picture, &BTreeMap::new())?;
            }
            let picture = picture_tensor(&picture, model.device())?.affine(0.5, 0.5)?;
            let schedule = ControlSchedule {
                weight: control.weight,
                start: control.start,
                end: control.end,
                is_guess: control.is_guess,
            };
            Ok(ActiveControl::new(network, &picture, model.dtype(), schedule)?)
        });
        active.collect()
    }

    /// The pictures as prompts.
    fn references(&self) -> Result<Vec<ActiveReference>, PipelineError> {
        let Job {
            model, request, aux, ..
        } = *self;
        let active = request.references.iter().map(|reference| {
            let network = aux.reference(&reference.adapter)?;
            let picture = to_job(read_rgb(&reference.picture)?);
            let pixels = network.pixels(&picture, model.device())?;
            Ok(network.refer(&pixels, reference.weight, reference.part)?)
        });
        active.collect()
    }

    fn prompts(&self, prompt: &'a str) -> Prompts<'a> {
        let request = self.request;
        Prompts {
            clip_skip: request.clip_skip as usize,
            ..Prompts::new(prompt, &request.negative_prompt, [request.height_px, request.width_px])
        }
    }

    fn stage(&self, sampler: &dyn Sampler, table: &SigmaTable) -> Result<Stage, PipelineError> {
        let Job { model, request, .. } = *self;
        let channels = model.input_channels();
        let edits = matches!(
            &request.init,
            Some(InitPicture {
                way: InitWay::Beside { .. },
                ..
            })
        );
        if edits != (channels == EDIT_CHANNELS) {
            let task = |edits: bool| {
                if edits {
                    "a picture changed by instruction"
                } else {
                    "a picture made from a prompt"
                }
            };
            return Err(PipelineError::Unsupported {
                what: "the task",
                expected: task(!edits).to_owned(),
                found: task(edits).to_owned(),
            });
        }
        let Some(init) = &request.init else {
            let shape = latent_shape(model.info(), request.width_px, request.height_px)?;
            let beside = (channels == INPAINT_CHANNELS)
                .then(|| everything_anew(model, shape))
                .transpose()?;
            return Ok(Stage {
                shape,
                start: InitialLatents::Noise,
                known: None,
                beside,
                paste: None,
            });
        };
        let canvas = Canvas::new(request, init)?;
        let shape = latent_shape(model.info(), canvas.picture.width(), canvas.picture.height())?;
        let picture = picture_tensor(&to_job(canvas.picture.clone()), model.device())?;
        if let InitWay::Beside { guidance_scale } = init.way {
            let latents = model.encode(&picture)?.mean;
            return Ok(Stage {
                shape,
                start: InitialLatents::Noise,
                known: None,
                beside: Some(ConcatCond::Edit {
                    latents,
                    scale: guidance_scale,
                }),
                paste: None,
            });
        }
        let encode = |picture: &Tensor| model.scaled(&latents_of(self.probe, model.encode(picture)?));
        let latents = encode(&picture)?;
        let first = first_step(sampler, table.steps(), init.strength);
        let start = match &init.way {
            InitWay::Inversion { prompt } => self.inverted(prompt, &latents, table, first)?,
            _ if canvas.mask.is_some() && first == 0 => InitialLatents::Noise,
            _ => InitialLatents::Picture {
                latents: latents.clone(),
                first,
            },
        };
        let (mut known, mut beside) = (None, None);
        if let Some(mask) = &canvas.mask {
            let pixels = mask_tensor(mask, model.device())?;
            let is_soft = request.mask.as_ref().is_some_and(|mask| mask.is_soft);
            let edge = if is_soft { MaskEdge::Soft } else { MaskEdge::Hard };
            let mask = latent_mask(&pixels, model.info().vae_factor as usize, edge)?;
            if channels == INPAINT_CHANNELS {
                let kept = hard(&pixels)?.affine(-1.0, 1.0)?;
                let masked = encode(&picture.broadcast_mul(&kept)?)?;
                beside = Some(ConcatCond::Inpaint(Tensor::cat(&[&mask, &masked], 1)?));
            } else {
                known = Some(InpaintBlend { latents, mask });
            }
        } else if channels == INPAINT_CHANNELS {
            beside = Some(everything_anew(model, shape)?);
        }
        Ok(Stage {
            shape,
            start,
            known,
            beside,
            paste: canvas.paste,
        })
    }

    /// The picture walked up to the level of step `first`, told what it shows.
    fn inverted(
        &self,
        prompt: &'a str,
        latents: &Tensor,
        table: &SigmaTable,
        first: usize,
    ) -> Result<InitialLatents, PipelineError> {
        let shown = self.model.encode_prompts(&self.prompts(prompt))?;
        let denoiser = UNetDenoiser::new(self.model, &shown);
        let plain = Guidance {
            scale: 1.0,
            rescale: 0.0,
        };
        if first == table.steps() {
            let latents = latents.clone();
            return Ok(InitialLatents::Picture { latents, first });
        }
        let x = invert(&denoiser, latents, table, plain, first, self.control)?.x;
        Ok(InitialLatents::Noisy { x, first })
    }
}

impl Prepared<'_> {
    /// Does something with the networks and all they are told.
    pub(super) fn with_predictor<T>(&self, work: impl FnOnce(&ScheduledConditioning<'_>) -> T) -> T {
        let Job {
            model,
            refiner,
            request,
            ..
        } = self.job;
        let first = UNetDenoiser {
            model,
            prompts: Vec::new(),
            beside: self.stage.beside.clone(),
            controls: self.controls.clone(),
            references: self.references.clone(),
        };
        let second = refiner.zip(self.refined.as_ref()).map(|(refiner, told)| {
            let step = request
                .refiner
                .as_ref()
                .map_or(usize::MAX, |refiner| refiner.step as usize);
            (step, UNetDenoiser::new(refiner, told))
        });
        let encode = |now: &GenerateRequest| {
            model.encode_prompts(&Prompts {
                clip_skip: now.clip_skip as usize,
                ..Prompts::new(&now.prompt, &now.negative_prompt, [now.height_px, now.width_px])
            })
        };
        let relay = RefinerSwitch { first, second };
        work(&ScheduledConditioning::new(
            relay,
            (model, request),
            &encode,
            &self.known,
        ))
    }
}

/// The picture that a run works on, at the size it works at.
struct Canvas {
    picture: RgbImage,
    /// White where to paint, of the same size; `None` is everywhere.
    mask: Option<GrayImage>,
    paste: Option<Paste>,
}

impl Canvas {
    fn new(request: &GenerateRequest, init: &InitPicture) -> Result<Self, PipelineError> {
        let (width, height) = (request.width_px, request.height_px);
        let original = read_rgb(&init.file)?;
        let only_masked = request.mask.as_ref().and_then(|mask| mask.only_masked_padding_px);
        let mut picture = match only_masked {
            Some(_) => original, // stays as large as it is; the part that is painted is scaled instead
            None => cover(&original, width, height),
        };
        let mut mask = None;
        if let Some(given) = &request.mask {
            let mut read = cover_mask(&read_gray(&given.file)?, picture.width(), picture.height());
            if given.is_inverted {
                image::imageops::invert(&mut read);
            }
            mask = Some(read);
        }
        if request.outpaint.is_any() {
            let (grown, new) = grow(&picture, request.outpaint);
            let moved = mask.map(|mask| {
                let mut moved = GrayImage::new(grown.width(), grown.height());
                let (left, top) = (request.outpaint.left_px, request.outpaint.top_px);
                image::imageops::replace(&mut moved, &mask, i64::from(left), i64::from(top));
                moved
            });
            mask = Some(moved.map_or_else(|| new.clone(), |moved| either(&moved, &new)));
            picture = grown;
        }
        let Some(mask) = mask else {
            return Ok(Self {
                picture,
                mask: None,
                paste: None,
            });
        };
        let blur_px = request.mask.as_ref().map_or(0.0, |mask| mask.blur_px);
        let weight = blurred(&mask, blur_px);
        let whole = (0, 0, picture.width(), picture.height());
        let region = match only_masked {
            Some(padding) => {
                region_around(&mask, padding, (width, height)).ok_or_else(|| PipelineError::Unsupported {
                    what: "mask",
                    expected: "white where to paint".to_owned(),
                    found: "none of it white".to_owned(),
                })?
            }
            None => whole,
        };
        let paste = Paste {
            original: picture.clone(),
            weight: weight.clone(),
            region,
        };
        if only_masked.is_some() {
            let (x, y, w, h) = region;
            picture = cover(
                &image::imageops::crop_imm(&picture, x, y, w, h).to_image(),
                width,
                height,
            );
            let part = image::imageops::crop_imm(&weight, x, y, w, h).to_image();
            return Ok(Self {
                picture,
                mask: Some(cover_mask(&part, width, height)),
                paste: Some(paste),
            });
        }
        Ok(Self {
            picture,
            mask: Some(weight),
            paste: Some(paste),
        })
    }
}

/// The step a run begins with that shall change a picture by `strength` (0 to 1) of itself.
pub(super) fn first_step(sampler: &dyn Sampler, steps: usize, strength: f64) -> usize {
    sampler.first_step(steps - ((steps as f64 * strength) as usize).min(steps))
}

/// For a model that takes mask and picture beside the latents where there is none of them: all is to be painted.
fn everything_anew(
    model: &StableDiffusion,
    [_, channels, height, width]: [usize; 4],
) -> candle_core::Result<ConcatCond> {
    let device = model.device();
    let factor = model.info().vae_factor as usize;
    let grey = Tensor::zeros((1, 3, height * factor, width * factor), STATE_DTYPE, device)?;
    let masked = model.scaled(&model.encode(&grey)?.mean)?;
    debug_assert_eq!(masked.dims(), [1, channels, height, width]);
    let mask = Tensor::ones((1, 1, height, width), STATE_DTYPE, device)?;
    Ok(ConcatCond::Inpaint(Tensor::cat(&[&mask, &masked], 1)?))
}

/// A refiner goes on with the other model's latents, so they must mean the same.
fn check_same_latents(model: &StableDiffusion, refiner: &StableDiffusion) -> Result<(), PipelineError> {
    let of = |model: &StableDiffusion| {
        let info = model.info();
        let (channels, factor) = (info.latent_channels, info.vae_factor);
        format!(
            "{channels} channels, factor {factor}, scale {}, predicting {}",
            model.vae().config().scaling_factor,
            info.prediction
        )
    };
    if of(model) == of(refiner) {
        return Ok(());
    }
    Err(PipelineError::Unsupported {
        what: "refiner's latents",
        expected: of(model),
        found: of(refiner),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strength_should_be_the_part_of_the_steps_that_is_taken() {
        for (steps, strength, first) in [(10, 1.0, 0), (10, 0.75, 3), (10, 0.0, 10), (8, 0.6, 4), (1, 0.5, 1)] {
            let euler = sampler_by_id("euler").unwrap();
            assert_eq!(first_step(euler, steps, strength), first, "{steps} {strength}");
        }
    }
}
