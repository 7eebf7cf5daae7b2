//! The passes of `unCLIP`: prior, decoder and super-resolution, one after the other.

use std::rc::Rc;

use candle_core::Tensor;

use super::unclip::{Texts, Unclip, UnclipStage};
use crate::diffusion::guidance::{Guidance, GuidanceSchedule};
use crate::diffusion::samplers::Sampler;
use crate::job::{GenerateRequest, PreviewMode};
use crate::pipelines::PipelineError;
use crate::pipelines::pass::{Passes, SamplingPass};
use crate::pipelines::run::{InitialLatents, RunOutput};

/// The sampler whose place is taken by the one that the models were made for: DDPM with a variance that they predict.
const OWN_SAMPLER: &str = "ddpm";
/// Steps of the last pass, which has little left to do; as diffusers has it.
const SUPER_RES_STEPS: usize = 7;
/// Guidance of the prior where there is any; as diffusers has it.
const PRIOR_GUIDANCE: f64 = 4.0;
/// Places of the passes.
const PRIOR: usize = 0;
const DECODER: usize = 1;
const SUPER_RES: usize = 2;

/// The three networks with their texts.
pub(super) struct UnclipPasses<'a> {
    model: &'a Unclip,
    request: &'a GenerateRequest,
    texts: Texts,
}

/// What one of the three passes has of its own.
struct Stage<'a> {
    number: usize,
    denoiser: UnclipStage<'a>,
    shape: [usize; 4],
    /// Scale of its guidance; `None` as the request says.
    guidance: Option<f64>,
    steps: usize,
}

impl<'a> UnclipPasses<'a> {
    pub(super) fn new(model: &'a Unclip, request: &'a GenerateRequest) -> Result<Self, PipelineError> {
        let [prompt, negative] = request.texts_at(0);
        let texts = Texts {
            prompt: model.encode_text(&prompt.plain())?,
            negative: model.encode_text(&negative.plain())?,
        };
        Ok(Self { model, request, texts })
    }

    fn pass<'s>(&'s self, stage: Stage<'s>) -> Result<SamplingPass<'s>, PipelineError> {
        let (request, schedule) = (self.request, stage.denoiser.schedule());
        let (sampler, table): (&dyn Sampler, _) = if request.sampler == OWN_SAMPLER {
            (schedule.sampler(), schedule.sigma_table(stage.steps)?)
        } else {
            let (sampler, table) = schedule.scheduler().for_request(request, stage.steps)?;
            (sampler, table)
        };
        let constant = |scale| GuidanceSchedule::from(Guidance { scale, rescale: 0.0 });
        let steps = request.steps as usize;
        Ok(SamplingPass {
            number: stage.number,
            denoiser: Rc::new(stage.denoiser),
            guidance: stage.guidance.map(constant),
            sampler,
            table,
            shape: stage.shape,
            start: InitialLatents::Noise,
            inpaint: None,
            stream: match stage.number {
                DECODER => 0, // the picture comes to be there
                PRIOR => 1,
                _ => 2,
            },
            is_kept: stage.number == DECODER,
            base: 0,
            offset: stage.number * steps,
            total: 2 * steps + SUPER_RES_STEPS,
        })
    }
}

impl Passes for UnclipPasses<'_> {
    fn next(
        &self,
        _index: u32,
        previous: Option<(usize, &RunOutput)>,
    ) -> Result<Option<SamplingPass<'_>>, PipelineError> {
        let (model, steps) = (self.model, self.request.steps as usize);
        let wide = |[channels, height, width]: [usize; 3]| [1, channels, height, width];
        let stage = match previous {
            None => {
                let is_guided = self.request.guidance_scale > 1.0;
                Stage {
                    number: PRIOR,
                    denoiser: model.prior(&self.texts),
                    shape: [1, model.embedding_width(), 1, 1],
                    guidance: Some(if is_guided { PRIOR_GUIDANCE } else { 1.0 }),
                    steps,
                }
            }
            Some((PRIOR, output)) => Stage {
                number: DECODER,
                denoiser: model.decoder(&self.texts, &output.latents)?,
                shape: wide(model.small_shape()),
                guidance: None,
                steps,
            },
            Some((DECODER, output)) => Stage {
                number: SUPER_RES,
                denoiser: model.super_res(&output.latents)?,
                shape: wide(model.large_shape()),
                guidance: Some(1.0),
                steps: SUPER_RES_STEPS,
            },
            Some(_) => return Ok(None),
        };
        self.pass(stage).map(Some)
    }

    fn preview(&self, pass: usize, x0: &Tensor, _mode: PreviewMode) -> candle_core::Result<Option<Tensor>> {
        Ok((pass != PRIOR).then(|| x0.clone()))
    }

    fn decode(&self, latents: &Tensor) -> Result<Vec<(Tensor, &'static str)>, PipelineError> {
        Ok(vec![(latents.clone(), "")])
    }
}
