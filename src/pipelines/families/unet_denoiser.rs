//! A model with everything it is told of one picture.

use std::sync::Arc;

use candle_core::{Device, Tensor};

use super::StableDiffusion;
use crate::conditioning::STATE_DTYPE;
use crate::conditioning::{Conditioning, PromptEmbeds};
use crate::models::unet::{UNetConditions, guidance_embedding};
use crate::pipelines::Scheduler;
use crate::pipelines::controls::{ActiveControl, Branches, at_the_door, residuals};
use crate::pipelines::denoiser::{DenoiseInput, DenoiseOutput, Denoiser};
use crate::pipelines::references::{ActiveReference, image_prompts};

/// What a U-Net is shown beside the noisy latents, on further channels of its input.
#[derive(Debug, Clone)]
pub enum ConcatCond {
    /// For U-Nets with 9 channels: where to paint and what is there, `(1, 5, height, width)`: the mask (1 where to
    /// paint) and the latents of the picture without that part.
    Inpaint(Tensor),
    /// For U-Nets with 8 channels: the picture that shall be changed (`InstructPix2Pix`).
    Edit {
        /// Its latents without scaling, `(1, 4, height, width)`.
        latents: Tensor,
        /// How much the result shall resemble it; like a guidance scale.
        scale: f64,
    },
}

/// A model with all it is told of one picture.
#[derive(Clone)]
pub struct UNetDenoiser<'a> {
    /// The networks.
    pub model: &'a StableDiffusion,
    /// The prompts, each from which step on; the first from step 0.
    pub prompts: Vec<(usize, Arc<Conditioning>)>,
    /// What the U-Net is shown beside.
    pub beside: Option<ConcatCond>,
    /// Pictures to follow.
    pub controls: Vec<ActiveControl>,
    /// Pictures as prompts.
    pub references: Vec<ActiveReference>,
}

impl<'a> UNetDenoiser<'a> {
    /// The same prompts for the whole run, and nothing else.
    pub fn new(model: &'a StableDiffusion, conditioning: &Conditioning) -> Self {
        Self {
            model,
            prompts: vec![(0, Arc::new(conditioning.clone()))],
            beside: None,
            controls: Vec::new(),
            references: Vec::new(),
        }
    }

    /// The prompts of this step.
    fn conditioning(&self, step: usize) -> candle_core::Result<&Conditioning> {
        let mut begun = self.prompts.iter().filter(|(from, _)| *from <= step);
        let newest = begun.next_back();
        newest.map_or_else(
            || Err(candle_core::Error::Msg(format!("no prompt for step {}", step + 1))),
            |(_, conditioning)| Ok(&**conditioning),
        )
    }

    /// The latents with what is shown beside them.
    fn input(&self, x: &Tensor) -> candle_core::Result<Tensor> {
        match &self.beside {
            Some(ConcatCond::Inpaint(beside)) => Tensor::cat(&[x, beside], 1),
            Some(ConcatCond::Edit { latents, .. }) => Tensor::cat(&[x, latents], 1),
            None => Ok(x.clone()),
        }
    }
}

impl Denoiser for UNetDenoiser<'_> {
    fn device(&self) -> &Device {
        self.model.device()
    }

    fn scheduler(&self) -> &Scheduler {
        self.model.scheduler()
    }

    fn tokens(&self, step: usize) -> Vec<String> {
        let tokenizer = self.model.tokenizer();
        let ids = self.conditioning(step).ok();
        let ids = ids.and_then(|told| told.prompt_ids.iter().flatten().next());
        tokenizer.zip(ids).map_or_else(Vec::new, |(tokenizer, ids)| {
            let mut texts = tokenizer.texts(&ids[..tokenizer.length(ids)]);
            texts.push(String::new());
            texts
        })
    }

    /// Asks about both prompts in one batch, or about the prompt alone where guidance needs no more.
    fn denoise(&self, input: &DenoiseInput<'_>) -> candle_core::Result<DenoiseOutput> {
        let conditioning = self.conditioning(input.step)?;
        let guidance = input.guidance;
        let x = self.input(input.x)?;
        let ask = |x: &Tensor, told: &PromptEmbeds, branches: Branches, embedding: Option<&Tensor>| {
            self.ask(input, x, (told, &conditioning.cond), branches, embedding)
        };
        if let Some(width) = self.model.unet().config().time_cond_proj_dim {
            // Distilled guidance: the scale is told to the network, which is asked once.
            let embedding = guidance_embedding(guidance.scale, width, self.device())?;
            let cond = ask(&x, &conditioning.cond, Branches::Prompt, Some(&embedding))?;
            return Ok(DenoiseOutput::alone(cond));
        }
        if let Some(ConcatCond::Edit { latents, scale }) = &self.beside {
            let without = Tensor::cat(&[input.x, &latents.zeros_like()?], 1)?;
            let told = PromptEmbeds::batch(&[&conditioning.cond, &conditioning.uncond, &conditioning.uncond])?;
            let output = ask(&Tensor::cat(&[&x, &x, &without], 0)?, &told, Branches::Edit, None)?;
            return edited(&output, guidance.scale, *scale);
        }
        if !input.needs_uncond() {
            return Ok(DenoiseOutput::alone(ask(
                &x,
                &conditioning.cond,
                Branches::Prompt,
                None,
            )?));
        }
        let output = ask(&Tensor::cat(&[&x, &x], 0)?, &conditioning.both, Branches::Both, None)?;
        DenoiseOutput::weighed(output.narrow(0, 0, 1)?, output.narrow(0, 1, 1)?, guidance)
    }
}

impl UNetDenoiser<'_> {
    /// The U-Net's answer, in [`STATE_DTYPE`]. It computes in its own number format, between two conversions.
    ///
    /// * `x`: the latents of all branches with what is shown beside them.
    /// * `told`: what it is told of the branches, and of the prompt alone.
    /// * `embedding`: the embedded guidance scale of a distilled model.
    fn ask(
        &self,
        input: &DenoiseInput<'_>,
        x: &Tensor,
        (told, cond): (&PromptEmbeds, &PromptEmbeds),
        branches: Branches,
        embedding: Option<&Tensor>,
    ) -> candle_core::Result<Tensor> {
        let dtype = self.model.dtype();
        let residuals = residuals(&self.controls, input, branches, (told, cond), dtype)?;
        let (x, context) = (at_the_door(x, dtype)?, at_the_door(&told.context, dtype)?);
        if let Some(maps) = input.maps {
            maps.watch_row(branches.prompt_row());
        }
        let conditions = UNetConditions {
            maps: input.maps,
            guidance: embedding,
            added: told.added.as_ref(),
            residuals: residuals.as_ref(),
            image_prompts: &image_prompts(&self.references, branches),
            ..UNetConditions::text(&context)
        };
        let output = self.model.unet().forward(&x, &[input.timestep], conditions)?;
        output.to_dtype(STATE_DTYPE)
    }
}

/// Guidance by a text and by a picture: `uncond + s_text (both − picture) + s_picture (picture − uncond)`.
///
/// * `output`: `(3, channels, height, width)`: with both, with the picture alone, with neither.
///
/// Source: Brooks et al. (2022), eq. 3, <https://arxiv.org/abs/2211.09800>
fn edited(output: &Tensor, text_scale: f64, picture_scale: f64) -> candle_core::Result<DenoiseOutput> {
    let part = |index| output.narrow(0, index, 1);
    let (both, picture, neither) = (part(0)?, part(1)?, part(2)?);
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
