//! Requests to models of every family: each is made ready once, then makes picture after picture by the same run.

mod film;
mod ldm_upscaler;
mod parts;
mod pixel;
mod small;
mod unclip;
mod upscaler;

pub use small::enlarged_size;

use super::PipelineError;
use super::aux_models::AuxModels;
use super::families::{LoadedModel, Networks};
use super::prepare::{Job, Prepared};
use super::probe::Probe;
use super::scheduler::Scheduler;
use super::work::{JobContext, ResumeFrom, Watcher};
use crate::conditioning::Prompts;
use crate::diffusion::samplers::{Sampler, sampler_by_id};
use crate::diffusion::schedule::SigmaTable;
use crate::job::{GenerateRequest, GeneratedImage, JobControl, JobOptions};

/// A request that is ready to be carried out picture by picture.
pub trait Maker {
    /// Makes one picture, or all pictures of one film.
    ///
    /// * `index`: place in the batch; the seed is the request's plus this.
    ///
    /// # Errors
    /// [`PipelineError`]; [`PipelineError::is_cancelled`] if someone asked to stop.
    fn make(&self, index: u32, watcher: &mut dyn Watcher) -> Result<Vec<GeneratedImage>, PipelineError>;
}

impl Maker for Prepared<'_> {
    fn make(&self, index: u32, watcher: &mut dyn Watcher) -> Result<Vec<GeneratedImage>, PipelineError> {
        Ok(vec![self.picture(index, watcher)?])
    }
}

/// As [`Job`], for models of any family.
#[derive(Clone, Copy)]
pub struct AnyJob<'a> {
    /// The networks.
    pub model: &'a LoadedModel,
    /// Those of the last steps, if the request names a refiner.
    pub refiner: Option<&'a LoadedModel>,
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

impl<'a> AnyJob<'a> {
    /// Makes everything that the request's pictures share.
    ///
    /// # Errors
    /// As [`Job::prepare`].
    pub fn prepare(self) -> Result<Box<dyn Maker + 'a>, PipelineError> {
        let Self {
            model,
            refiner,
            aux,
            request,
            options,
            after,
            control,
            probe,
        } = self;
        let other = match model {
            LoadedModel::StableDiffusion(model) => {
                parts::refuse(request, parts::OF_OTHERS)?;
                if let Some(wanted) = &request.film {
                    let work = JobContext {
                        model: &**model,
                        request,
                        options,
                        after,
                        control,
                        probe,
                    };
                    let motion = aux.motion(&wanted.adapter)?;
                    let maker = film::FilmMaker::new(work, model, motion, wanted.frames as usize)?;
                    return Ok(Box::new(maker));
                }
                let refiner = refiner.map(|refiner| refiner.stable_diffusion("refiner")).transpose()?;
                let job = Job {
                    model,
                    refiner,
                    aux,
                    request,
                    options,
                    after,
                    control,
                    probe,
                };
                return Ok(Box::new(job.prepare()?));
            }
            LoadedModel::Other(other) => &**other,
        };
        let work = JobContext {
            model: other,
            request,
            options,
            after,
            control,
            probe,
        };
        Ok(match &other.networks {
            Networks::Pixel(model) => Box::new(pixel::PixelMaker::new(work, model)?),
            Networks::Upscaler(model) => Box::new(upscaler::UpscalerMaker::new(work, model)?),
            Networks::LdmUpscaler(model) => Box::new(ldm_upscaler::LdmUpscalerMaker::new(work, model)?),
            Networks::Unclip(model) => Box::new(unclip::UnclipMaker::new(work, model)?),
        })
    }
}

/// The prompts of a request.
fn texts(request: &GenerateRequest) -> Prompts<'_> {
    Prompts {
        clip_skip: request.clip_skip as usize,
        ..Prompts::new(
            &request.prompt,
            &request.negative_prompt,
            [request.height_px, request.width_px],
        )
    }
}

/// The sampler that a request names, and the steps it takes with a model trained so.
fn way(request: &GenerateRequest, scheduler: &Scheduler) -> Result<(&'static dyn Sampler, SigmaTable), PipelineError> {
    way_of_steps(request, scheduler, request.steps as usize)
}

/// As [`way`], with another number of steps.
fn way_of_steps(
    request: &GenerateRequest,
    scheduler: &Scheduler,
    steps: usize,
) -> Result<(&'static dyn Sampler, SigmaTable), PipelineError> {
    let sampler = sampler_by_id(&request.sampler)?;
    let table = scheduler.sigma_table(sampler, &request.schedule, request.timestep_spacing, steps)?;
    Ok((sampler, table))
}
