//! A model with all conditions of one picture.

use std::sync::Arc;

use candle_core::{Device, Tensor};

use crate::conditioning::{ClipTokenizer, ComposedPrompt, Conditioning, PromptEmbeds, STATE_DTYPE};
use crate::kernels::{Wrap, cast_input};
use crate::models::KvCache;
use crate::models::unet::{ClassCondition, Motion, UNet2DConditionModel, UNetConditions, guidance_embedding};
use crate::pipelines::controls::{ActiveControl, Branches, residuals};
use crate::pipelines::denoiser::{DenoiseInput, DenoiseOutput, Denoiser};
use crate::pipelines::frames::{join_frames, split_frames};
use crate::pipelines::model::{ConcatCond, DenoiserInputs, ModelBase};
use crate::pipelines::references::{ActiveReference, image_prompts};
use crate::pipelines::{PipelineError, Scheduler};

/// The U-Net of a model with what conditions it.
#[derive(Clone)]
pub struct UNetDenoiser<'a> {
    base: &'a ModelBase,
    unet: &'a UNet2DConditionModel,
    tokenizer: Option<&'a ClipTokenizer>,
    scheduler: Arc<Scheduler>,
    prompts: Arc<Conditioning>,
    concat: Option<ConcatCond>,
    controls: Vec<ActiveControl>,
    references: Vec<ActiveReference>,
    film: Option<Motion<'a>>,
    wrap: Wrap,
}

impl<'a> UNetDenoiser<'a> {
    /// * `tokenizer`: of the first text encoder.
    ///
    /// # Errors
    /// [`PipelineError::Unsupported`] without prompts, or if the motion adapter does not know so many frames.
    pub(super) fn new(
        base: &'a ModelBase,
        (unet, tokenizer): (&'a UNet2DConditionModel, Option<&'a ClipTokenizer>),
        inputs: DenoiserInputs<'a>,
    ) -> Result<Self, PipelineError> {
        let DenoiserInputs {
            scheduler,
            prompts,
            concat,
            controls,
            references,
            film,
            wrap,
            ..
        } = inputs;
        let prompts = prompts.ok_or_else(|| base.refuses("prompt", "given"))?;
        let (prompts, film) = match film {
            None => (prompts, None),
            Some((adapter, frames)) => {
                let most = adapter.max_frames();
                if !(1..=most).contains(&frames) {
                    return Err(PipelineError::Unsupported {
                        what: "frames",
                        expected: format!("1 to {most}"),
                        found: frames.to_string(),
                    });
                }
                (Arc::new(repeated(&prompts, frames)?), Some(Motion { adapter, frames }))
            }
        };
        Ok(Self {
            base,
            unet,
            tokenizer,
            scheduler: scheduler.unwrap_or_else(|| Arc::new(base.scheduler.clone())),
            prompts,
            concat,
            controls,
            references,
            film,
            wrap,
        })
    }

    /// Pictures of one branch of the batch: the frames of a film, else 1.
    fn frames(&self) -> usize {
        self.film.as_ref().map_or(1, |film| film.frames)
    }

    /// The latents as the U-Net sees them, with what lies beside them on further channels.
    fn input(&self, x: &Tensor) -> candle_core::Result<Tensor> {
        match &self.concat {
            Some(ConcatCond::Inpaint(beside)) => Tensor::cat(&[x, beside], 1),
            Some(ConcatCond::Edit { latents, .. }) => Tensor::cat(&[x, latents], 1),
            Some(ConcatCond::LowRes { picture, .. }) => Tensor::cat(&[x, picture], 1),
            None if self.film.is_some() => split_frames(x, self.frames()),
            None => Ok(x.clone()),
        }
    }

    /// The output for one branch of the batch, in the shape of the run's latents.
    fn branch(&self, output: &Tensor, place: usize) -> candle_core::Result<Tensor> {
        let frames = self.frames();
        let branch = output.narrow(0, place * frames, frames)?;
        if self.film.is_some() {
            join_frames(&branch)
        } else {
            Ok(branch)
        }
    }
}

impl Denoiser for UNetDenoiser<'_> {
    fn device(&self) -> &Device {
        &self.base.device
    }

    fn scheduler(&self) -> &Scheduler {
        &self.scheduler
    }

    fn tokens(&self, _step: usize) -> Vec<String> {
        let ids = self.prompts.prompt_ids.iter().flatten().next();
        self.tokenizer.zip(ids).map_or_else(Vec::new, |(tokenizer, ids)| {
            let mut texts = tokenizer.texts(&ids[..tokenizer.length_of_chunks(ids)]);
            texts.push(String::new());
            texts
        })
    }

    /// Asks about both prompts in one batch where they fit into one, about one after the other where they do not, and about
    /// the prompt alone where guidance needs no more.
    fn denoise(&self, input: &DenoiseInput<'_>) -> candle_core::Result<DenoiseOutput> {
        let guidance = input.guidance;
        let x = self.input(input.x)?;
        if let Some(width) = self.unet.config().time_cond_proj_dim {
            // Distilled guidance: the network takes the scale as an input, and is asked once where one prompt is all there is.
            let embedding = guidance_embedding(guidance.scale, width, self.device())?;
            let (cond, _) = self.predictions(input, &x, Some(&embedding), false)?;
            return Ok(DenoiseOutput::alone(cond));
        }
        if let Some(ConcatCond::Edit { latents, scale }) = &self.concat {
            let without = Tensor::cat(&[input.x, &latents.zeros_like()?], 1)?;
            return edited(self.edit_predictions(input, &x, &without)?, guidance.scale, *scale);
        }
        match self.predictions(input, &x, None, input.needs_uncond())? {
            (cond, Some(uncond)) => DenoiseOutput::weighed(uncond, cond, guidance),
            (cond, None) => Ok(DenoiseOutput::alone(cond)),
        }
    }
}

impl UNetDenoiser<'_> {
    /// The predictions for the prompt and, where it `needs_uncond`, for the negative one.
    fn predictions(
        &self,
        input: &DenoiseInput<'_>,
        x: &Tensor,
        embedding: Option<&Tensor>,
        needs_uncond: bool,
    ) -> candle_core::Result<(Tensor, Option<Tensor>)> {
        let prompts = &*self.prompts;
        if !needs_uncond && !prompts.is_composed() {
            let output = self.ask(input, x, &prompts.cond, Branches::Prompt, embedding)?;
            return Ok((self.branch(&output, 0)?, None));
        }
        if let Some(both) = &prompts.both {
            let output = self.ask(input, &Tensor::cat(&[x, x], 0)?, both, Branches::Both, embedding)?;
            return Ok((self.branch(&output, 1)?, Some(self.branch(&output, 0)?)));
        }
        let uncond = self.negative(input, x, embedding)?;
        let cond = self.composed(input, x, embedding, &uncond)?;
        Ok((cond, needs_uncond.then_some(uncond)))
    }

    /// The prediction for the negative prompt alone.
    fn negative(
        &self,
        input: &DenoiseInput<'_>,
        x: &Tensor,
        embedding: Option<&Tensor>,
    ) -> candle_core::Result<Tensor> {
        let input = DenoiseInput { maps: None, ..*input };
        let output = self.ask(&input, x, &self.prompts.uncond, Branches::Negative, embedding)?;
        self.branch(&output, 0)
    }

    /// The prediction for all prompts that `AND` joins, each asked about by itself; the first is the one that is watched.
    fn composed(
        &self,
        input: &DenoiseInput<'_>,
        x: &Tensor,
        embedding: Option<&Tensor>,
        uncond: &Tensor,
    ) -> candle_core::Result<Tensor> {
        let prompts = &*self.prompts;
        let unwatched = DenoiseInput { maps: None, ..*input };
        let ask = |input: &DenoiseInput<'_>, embeds: &PromptEmbeds| {
            self.branch(&self.ask(input, x, embeds, Branches::Prompt, embedding)?, 0)
        };
        let first = ask(input, &prompts.cond)?;
        if !prompts.is_composed() {
            return Ok(first);
        }
        let mut sum = (uncond + ((first - uncond)? * prompts.weight)?)?;
        for ComposedPrompt { embeds, weight } in &prompts.others {
            let cond = ask(&unwatched, embeds)?;
            sum = (sum + ((cond - uncond)? * *weight)?)?;
        }
        Ok(sum)
    }

    /// In editing by instruction: the predictions with both, with the picture alone, with neither.
    ///
    /// * `without`: the latents without the picture beside them.
    fn edit_predictions(
        &self,
        input: &DenoiseInput<'_>,
        x: &Tensor,
        without: &Tensor,
    ) -> candle_core::Result<[Tensor; 3]> {
        let prompts = &*self.prompts;
        if prompts.both.is_none() {
            let picture = self.negative(input, x, None)?;
            let neither = self.negative(input, without, None)?;
            return Ok([self.composed(input, x, None, &picture)?, picture, neither]);
        }
        let embeds = PromptEmbeds::batch(&[&prompts.cond, &prompts.uncond, &prompts.uncond])?;
        let output = self.ask(input, &Tensor::cat(&[x, x, without], 0)?, &embeds, Branches::Edit, None)?;
        Ok([
            output.narrow(0, 0, 1)?,
            output.narrow(0, 1, 1)?,
            output.narrow(0, 2, 1)?,
        ])
    }

    /// The U-Net's answer, in [`STATE_DTYPE`]. It computes in its own number format, between two conversions.
    ///
    /// * `x`: the latents of all branches with what lies beside them.
    /// * `embeds`: of the branches.
    /// * `embedding`: the embedded guidance scale of a distilled model.
    fn ask(
        &self,
        input: &DenoiseInput<'_>,
        x: &Tensor,
        embeds: &PromptEmbeds,
        branches: Branches,
        embedding: Option<&Tensor>,
    ) -> candle_core::Result<Tensor> {
        let dtype = self.base.dtype;
        let residuals = residuals(&self.controls, input, branches, (embeds, &self.prompts.cond), dtype)?;
        let (x, context) = (cast_input(x, dtype)?, cast_input(&embeds.context, dtype)?);
        let maps = input.maps.filter(|_| self.film.is_none()); // maps of all frames would not fit into a step's record
        if let Some(maps) = maps {
            maps.watch_row(branches.prompt_row());
        }
        let noise_level = match &self.concat {
            Some(ConcatCond::LowRes { noise_level, .. }) => noise_level.map(|level| [level]),
            _ => None,
        };
        let conditions = UNetConditions {
            class: noise_level.as_ref().map(|level| ClassCondition::Labels(level)),
            motion: self.film,
            kv: Some(&embeds.kv),
            maps,
            guidance: embedding,
            added: embeds.added.as_ref(),
            residuals: residuals.as_ref(),
            image_prompts: &image_prompts(&self.references, branches),
            wrap: self.wrap,
            ..UNetConditions::text(&context)
        };
        let output = self.unet.forward(&x, &[input.timestep], conditions)?;
        output.to_dtype(STATE_DTYPE)
    }
}

/// The embeddings of each prompt once for every frame.
fn repeated(prompts: &Conditioning, frames: usize) -> candle_core::Result<Conditioning> {
    let each = |embeds: &PromptEmbeds| -> candle_core::Result<PromptEmbeds> {
        let (_, tokens, width) = embeds.context.dims3()?;
        Ok(PromptEmbeds {
            context: embeds.context.broadcast_as((frames, tokens, width))?.contiguous()?,
            added: None,
            kv: KvCache::default(),
        })
    };
    prompts.map(each)
}

/// Guidance by a text and by a picture: `uncond + s_text (both − picture) + s_picture (picture − uncond)`.
///
/// * the predictions with both, with the picture alone, with neither.
///
/// Source: Brooks et al. (2022), eq. 3, <https://arxiv.org/abs/2211.09800>
fn edited(
    [both, picture, neither]: [Tensor; 3],
    text_scale: f64,
    picture_scale: f64,
) -> candle_core::Result<DenoiseOutput> {
    let by_text = ((&both - &picture)? * text_scale)?;
    let by_picture = ((&picture - &neither)? * picture_scale)?;
    Ok(DenoiseOutput {
        guided: ((&neither + by_text)? + by_picture)?,
        variance: None,
        uncond: Some(neither),
        picture: Some(picture),
        cond: both,
    })
}
