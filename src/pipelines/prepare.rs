//! What all pictures of a request share: prompts encoded, pictures read, fitted and encoded, masks made.

use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;

use candle_core::Tensor;

use super::PipelineError;
use super::context::JobContext;
use super::controls::{ActiveControl, ControlSchedule};
use super::denoiser::Denoiser as _;
use super::families::film_scheduler;
use super::generate::Prepared;
use super::image_passes::{ImagePasses, RunInputs, first_step};
use super::input_picture::{InputPicture, low_res_picture};
use super::inversion::invert;
use super::model::{ConcatCond, DenoiserInputs};
use super::preprocess::preprocess;
use super::probe::{Probe, latents_of};
use super::references::ActiveReference;
use super::request_parts::{check_parts, check_size};
use super::run::{InitialLatents, InpaintBlend};
use super::run_plan::check;
use super::scheduled_conditioning::ScheduledConditioning;
use super::scheduler::Scheduler;
use crate::conditioning::pictures::{cover, read_rgb, to_job};
use crate::conditioning::{MaskEdge, STATE_DTYPE, hard, latent_mask, mask_tensor, picture_tensor};
use crate::diffusion::samplers::Sampler;
use crate::diffusion::schedule::SigmaTable;
use crate::job::{GenerateRequest, InitPicture, InitWay};

/// Channels of a U-Net's input that takes mask and picture beside the latents.
const INPAINT_CHANNELS: usize = 9;
/// Channels of a U-Net's input that takes a picture to be changed beside the latents.
const EDIT_CHANNELS: usize = 8;

impl<'a> JobContext<'a> {
    /// Makes everything that the request's pictures share.
    ///
    /// # Errors
    /// [`PipelineError::Unsupported`] if the request does not fit the model, [`PipelineError::Conditioning`] if a picture
    /// that it names cannot be read; else the schedule's, the tokenizer's and the device's.
    pub fn prepare(self) -> Result<Prepared<'a>, PipelineError> {
        let Self { model, request, .. } = self;
        check_parts(request, model.base().family.supports)?;
        let info = model.info();
        if info.takes.is_size_fixed {
            check_size(request, (info.defaults.width_px, info.defaults.height_px))?;
        }
        let planned = request.all_changes();
        planned.iter().try_for_each(check)?;
        if let Some(passes) = model.own_passes(request)? {
            return Ok(Prepared::new(self, passes));
        }
        let motion = request.film.as_ref().map(|film| self.aux.motion(&film.adapter));
        let film = motion
            .transpose()?
            .zip(request.film.as_ref().map(|film| film.frames as usize));
        let keeps_levels = film.is_none() || self.probe.is_some_and(<dyn Probe>::keeps_noise_levels);
        let scheduler = if keeps_levels {
            model.scheduler().clone()
        } else {
            film_scheduler(model.scheduler())?
        };
        let (sampler, table) = scheduler.for_request(request, request.steps as usize)?;
        let second_table = request
            .hires
            .map(|hires| scheduler.for_request(request, hires.steps.unwrap_or(request.steps) as usize))
            .transpose()?
            .map(|(_, table)| table);
        let scheduler = Arc::new(scheduler);

        let mut inputs = self.run_inputs(sampler, &table, &scheduler)?;
        let mut conditioning = ScheduledConditioning::new(
            self,
            Arc::clone(&scheduler),
            DenoiserInputs {
                class_label: request.class_label,
                wrap: self.wrap(),
                concat: inputs.concat.take(),
                controls: self.controls(inputs.shape)?,
                references: self.references()?,
                film,
                ..DenoiserInputs::default()
            },
        );
        if let Some(small) = &inputs.low_res {
            conditioning.set_concat(model.low_res(small, small, request.noise_level)?);
        }
        if let Some((_, frames)) = film {
            inputs.shape[2] *= frames;
        }
        // Whatever is wrong with a prompt or an adapter shall be said now, not in the middle of the run.
        conditioning.adopt(&planned, 0)?;
        conditioning.arrive(0)?;
        if let Some((refiner, wanted)) = self.refiner.zip(request.refiner.as_ref()) {
            conditioning.refine(refiner, wanted.step)?;
        }
        Ok(Prepared::new(
            self,
            Box::new(ImagePasses {
                context: self,
                sampler,
                table,
                second_table,
                inputs,
                frames: film.map_or(1, |(_, frames)| frames),
                conditioning: Rc::new(conditioning),
            }),
        ))
    }

    /// The pictures to follow, at the size of the picture that is made.
    fn controls(&self, [_, _, height, width]: [usize; 4]) -> Result<Vec<ActiveControl>, PipelineError> {
        let Self {
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
            Ok(ActiveControl::new(
                network,
                &picture,
                model.dtype(),
                schedule,
                self.wrap(),
            )?)
        });
        active.collect()
    }

    /// The pictures as prompts.
    fn references(&self) -> Result<Vec<ActiveReference>, PipelineError> {
        let Self {
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

    /// What the first pass starts from and keeps.
    fn run_inputs(
        &self,
        sampler: &dyn Sampler,
        table: &SigmaTable,
        scheduler: &Arc<Scheduler>,
    ) -> Result<RunInputs, PipelineError> {
        let Self { model, request, .. } = *self;
        let of_size =
            |width_px, height_px| Ok::<_, PipelineError>(RunInputs::new(model.latent_shape(width_px, height_px)?));
        if model.info().takes.enlarges.is_some() {
            let inputs = of_size(request.width_px, request.height_px)?;
            return Ok(RunInputs {
                low_res: Some(low_res_picture(request, inputs.shape, model.device())?),
                ..inputs
            });
        }
        let channels = model.input_channels();
        check_task(request, channels)?;
        let Some(init) = &request.init else {
            let inputs = of_size(request.width_px, request.height_px)?;
            let concat = (channels == INPAINT_CHANNELS).then(|| self.concat_all_masked(inputs.shape));
            return Ok(RunInputs {
                concat: concat.transpose()?,
                ..inputs
            });
        };
        let InputPicture { picture, mask, paste } = InputPicture::read(request, init)?;
        let inputs = of_size(picture.width(), picture.height())?;
        let picture = picture_tensor(&to_job(picture), model.device())?;
        if let InitWay::Beside { guidance_scale } = init.way {
            return Ok(RunInputs {
                concat: Some(ConcatCond::Edit {
                    latents: model.encode(&picture, self.wrap())?.mean,
                    scale: guidance_scale,
                }),
                ..inputs
            });
        }
        let encode = |picture: &Tensor| model.scaled(&latents_of(self.probe, model.encode(picture, self.wrap())?));
        let latents = encode(&picture)?;
        let first = first_step(sampler, table.steps(), init.strength);
        let start = match &init.way {
            InitWay::Inversion { prompt } => self.inverted(prompt, &latents, (scheduler, table), first)?,
            _ if mask.is_some() && first == 0 => InitialLatents::Noise,
            _ => InitialLatents::Picture {
                latents: latents.clone(),
                first,
            },
        };
        let (mut inpaint, mut concat) = (None, None);
        if let Some(mask) = &mask {
            let pixels = mask_tensor(mask, model.device())?;
            let is_soft = request.mask.as_ref().is_some_and(|mask| mask.is_soft);
            let edge = if is_soft { MaskEdge::Soft } else { MaskEdge::Hard };
            let mask = latent_mask(&pixels, model.info().vae_factor as usize, edge)?;
            if channels == INPAINT_CHANNELS {
                let kept = hard(&pixels)?.affine(-1.0, 1.0)?;
                let masked = encode(&picture.broadcast_mul(&kept)?)?;
                concat = Some(ConcatCond::Inpaint(Tensor::cat(&[&mask, &masked], 1)?));
            } else {
                inpaint = Some(InpaintBlend { latents, mask });
            }
        } else if channels == INPAINT_CHANNELS {
            concat = Some(self.concat_all_masked(inputs.shape)?);
        }
        Ok(RunInputs {
            start,
            inpaint,
            concat,
            paste,
            ..inputs
        })
    }

    /// For a model that takes mask and picture beside the latents where there is neither: all is to be painted.
    fn concat_all_masked(&self, [_, channels, height, width]: [usize; 4]) -> Result<ConcatCond, PipelineError> {
        let (model, device) = (self.model, self.model.device());
        let factor = model.info().vae_factor as usize;
        let grey = Tensor::zeros((1, 3, height * factor, width * factor), STATE_DTYPE, device)?;
        let masked = model.scaled(&model.encode(&grey, self.wrap())?.mean)?;
        debug_assert_eq!(masked.dims(), [1, channels, height, width]);
        let mask = Tensor::ones((1, 1, height, width), STATE_DTYPE, device)?;
        Ok(ConcatCond::Inpaint(Tensor::cat(&[&mask, &masked], 1)?))
    }

    /// The picture under the noise of step `first` that the ODE leads back to from it, with a prompt of what it shows.
    fn inverted(
        &self,
        prompt: &str,
        latents: &Tensor,
        (scheduler, table): (&Arc<Scheduler>, &SigmaTable),
        first: usize,
    ) -> Result<InitialLatents, PipelineError> {
        let shown = GenerateRequest {
            prompt: prompt.to_owned(),
            ..self.request.clone()
        };
        let prompts = self.model.encode_prompts(&Self::prompts(&shown, shown.texts_at(0)))?;
        let denoiser = self.model.denoiser(DenoiserInputs {
            scheduler: Some(Arc::clone(scheduler)),
            wrap: self.wrap(),
            ..DenoiserInputs::of(prompts)
        })?;
        if first == table.steps() {
            let latents = latents.clone();
            return Ok(InitialLatents::Picture { latents, first });
        }
        let x = invert(&*denoiser, latents, table, first, self.control, self.probe)?.x;
        Ok(InitialLatents::Noisy { x, first })
    }
}

/// Checks that a picture is edited by instruction if and only if the model was trained for that.
fn check_task(request: &GenerateRequest, channels: usize) -> Result<(), PipelineError> {
    let edits = matches!(
        &request.init,
        Some(InitPicture {
            way: InitWay::Beside { .. },
            ..
        })
    );
    if edits == (channels == EDIT_CHANNELS) {
        return Ok(());
    }
    let task = |edits: bool| {
        if edits {
            "a picture changed by instruction"
        } else {
            "a picture made from a prompt"
        }
    };
    Err(PipelineError::Unsupported {
        what: "the task",
        expected: task(!edits).to_owned(),
        found: task(edits).to_owned(),
    })
}
