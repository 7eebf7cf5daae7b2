//! `unCLIP`, the way of DALL·E 2: a prior from text to a picture's embedding, a decoder from there to a small picture,
//! two U-Nets that make it larger. Each is a run of its own.
//!
//! Source: <https://arxiv.org/abs/2204.06125>

use candle_core::{Device, Tensor};
use serde::Deserialize;

use crate::conditioning::ClipTokenizer;
use crate::conditioning::STATE_DTYPE;
use crate::diffusion::ScheduleError;
use crate::diffusion::samplers::UnclipSampler;
use crate::diffusion::schedule::SigmaTable;
use crate::kernels::cast_input;
use crate::kernels::resize_bicubic;
use crate::models::clip::{ClipTextConfig, ClipTextModel};
use crate::models::unclip::{PriorConfig, PriorTransformer, TextProjConfig, UnclipTextProj};
use crate::models::unet::{
    ClassCondition, PixelUNetConfig, UNet2DConditionModel, UNet2DModel, UNetConditions, UNetConfig,
};
use crate::pipelines::PipelineError;
use crate::pipelines::denoiser::{DenoiseInput, DenoiseOutput, Denoiser};
use crate::pipelines::model::{ModelBase, ModelSource};
use crate::pipelines::scheduler::{Scheduler, SchedulerConfig};
use crate::weights::{self, ModelFiles};

/// Added to the scores of the text's padding.
const FORBIDDEN: f32 = -10_000.0;

/// The networks of one model, ready to be asked.
pub struct Unclip {
    pub(super) base: ModelBase,
    tokenizer: ClipTokenizer,
    text_encoder: ClipTextModel,
    prior: PriorTransformer,
    text_proj: UnclipTextProj,
    decoder: UNet2DConditionModel,
    super_res_first: UNet2DModel,
    super_res_last: UNet2DModel,
    prior_schedule: StageSchedule,
    decoder_schedule: StageSchedule,
    super_res_schedule: StageSchedule,
}

/// How the network of one stage was trained.
#[derive(Debug, Clone)]
pub struct StageSchedule {
    scheduler: Scheduler,
    sampler: UnclipSampler,
    /// Whether the network predicts the variance of a step, on as many channels more.
    learns_variance: bool,
}

/// The field of a scheduler's configuration that only `unCLIP` has.
#[derive(Debug, Deserialize)]
struct VarianceConfig {
    #[serde(default)]
    variance_type: Option<String>,
}

impl StageSchedule {
    fn load(files: &ModelFiles, name: &str) -> Result<Self, PipelineError> {
        let path = format!("{name}/scheduler_config.json");
        let config: SchedulerConfig = files.json(&path)?;
        let variance: VarianceConfig = files.json(&path)?;
        let learns_variance = match variance.variance_type.as_deref() {
            None | Some("fixed_small_log") => false,
            Some("learned_range") => true,
            Some(other) => {
                return Err(ScheduleError::BadTraining {
                    expected: "variance_type fixed_small_log or learned_range",
                    found: format!("{other:?}"),
                }
                .into());
            }
        };
        let (training, sampler) = UnclipSampler::trained(config.num_train_timesteps)?;
        let mut scheduler = Scheduler::new(config)?;
        scheduler.process.training = training;
        Ok(Self {
            scheduler,
            sampler,
            learns_variance,
        })
    }

    /// What the network predicts, and of which noise levels.
    pub fn scheduler(&self) -> &Scheduler {
        &self.scheduler
    }

    /// The sampler that the network was trained for.
    pub fn sampler(&self) -> &UnclipSampler {
        &self.sampler
    }

    /// The noise levels of a run.
    ///
    /// # Errors
    /// [`ScheduleError`] if there are no steps or more than timesteps.
    pub fn sigma_table(&self, steps: usize) -> Result<SigmaTable, ScheduleError> {
        UnclipSampler::sigma_table(&self.scheduler.process.training, steps)
    }
}

/// A text as the networks read it; everything in [`STATE_DTYPE`].
#[derive(Debug, Clone)]
pub struct UnclipText {
    /// Ids, one per position.
    pub ids: Vec<u32>,
    /// How many of them are no padding.
    pub length: usize,
    /// The embedding in the space that texts and pictures share, `(1, width)`.
    pub pooled: Tensor,
    /// Hidden states, `(1, positions, width)`.
    pub hidden: Tensor,
}

impl Unclip {
    pub(in crate::pipelines) fn load(source: ModelSource<'_>) -> Result<Self, PipelineError> {
        let ModelSource {
            files, device, dtype, ..
        } = source;
        let text: ClipTextConfig = files.json("text_encoder/config.json")?;
        let prior: PriorConfig = files.json("prior/config.json")?;
        let text_proj: TextProjConfig = files.json("text_proj/config.json")?;
        let decoder: UNetConfig = files.json("decoder/config.json")?;
        let super_res = |name: &str| -> Result<UNet2DModel, PipelineError> {
            let config: PixelUNetConfig = files.json(&format!("{name}/config.json"))?;
            let build = |vb| UNet2DModel::new(vb, &config);
            Ok(weights::build(files, name, device, dtype, build)?)
        };
        let decoder_schedule = StageSchedule::load(files, "decoder_scheduler")?;
        Ok(Self {
            tokenizer: ClipTokenizer::load(files, "tokenizer", text.max_position_embeddings)?,
            text_encoder: weights::build(files, "text_encoder", device, dtype, |vb| ClipTextModel::new(vb, &text))?,
            prior: weights::build(files, "prior", device, dtype, |vb| PriorTransformer::new(vb, &prior))?,
            text_proj: weights::build(files, "text_proj", device, dtype, |vb| {
                UnclipTextProj::new(vb, &text_proj)
            })?,
            decoder: weights::build(files, "decoder", device, dtype, |vb| {
                UNet2DConditionModel::new(vb, &decoder)
            })?,
            super_res_first: super_res("super_res_first")?,
            super_res_last: super_res("super_res_last")?,
            prior_schedule: StageSchedule::load(files, "prior_scheduler")?,
            super_res_schedule: StageSchedule::load(files, "super_res_scheduler")?,
            base: ModelBase::new(source, decoder_schedule.scheduler.clone()),
            decoder_schedule,
        })
    }

    /// Reads a text.
    ///
    /// # Errors
    /// The tokenizer's and the device's, or if the text encoder has no projection.
    pub fn encode_text(&self, text: &str) -> Result<UnclipText, PipelineError> {
        let ids = self.tokenizer.encode(text)?;
        let tensor = Tensor::from_slice(&ids, (1, ids.len()), &self.base.device)?;
        let states = self.text_encoder.forward_pooled(&tensor, 0)?;
        let pooled = states.projected.ok_or_else(|| {
            candle_core::Error::Msg("the text encoder has no projection (text_projection.weight)".to_owned())
        })?;
        Ok(UnclipText {
            length: self.tokenizer.length(&ids),
            ids,
            pooled: pooled.to_dtype(STATE_DTYPE)?,
            hidden: states.last.to_dtype(STATE_DTYPE)?,
        })
    }

    /// The stage from texts to a picture's embedding; its latents are `(1, width, 1, 1)`.
    pub fn prior<'a>(&'a self, texts: &'a Texts) -> UnclipStage<'a> {
        self.stage(&self.prior_schedule, StageInputs::Prior(texts))
    }

    fn stage<'a>(&'a self, schedule: &'a StageSchedule, inputs: StageInputs<'a>) -> UnclipStage<'a> {
        UnclipStage {
            model: self,
            schedule,
            inputs,
        }
    }

    /// Width of a picture's embedding.
    pub fn embedding_width(&self) -> usize {
        self.prior.config().embedding_dim
    }

    /// The stage from a picture's embedding to a small picture.
    ///
    /// * `embedding`: the result of the prior, `(1, width, 1, 1)`.
    ///
    /// # Errors
    /// Only the device's.
    pub fn decoder(&self, texts: &Texts, embedding: &Tensor) -> candle_core::Result<UnclipStage<'_>> {
        let picture = self.embedding(embedding)?;
        let project = |text: &UnclipText, picture: Option<&Tensor>| {
            let pooled = cast_input(&text.pooled, self.base.dtype)?;
            self.text_proj
                .forward(picture, &pooled, &cast_input(&text.hidden, self.base.dtype)?)
        };
        let uncond = project(&texts.negative, None)?;
        let cond = project(&texts.prompt, Some(&picture))?;
        let mask = |text: &UnclipText| {
            let extra = self.text_proj.extra_tokens();
            let padding = text.length..text.ids.len();
            let values = (0..extra + text.ids.len())
                .map(|token| {
                    let is_padding = token >= extra && padding.contains(&(token - extra));
                    if is_padding { FORBIDDEN } else { 0.0 }
                })
                .collect::<Vec<_>>();
            Tensor::from_vec(values, (1, extra + text.ids.len()), &self.base.device)
        };
        let inputs = StageInputs::Decoder {
            context: Tensor::cat(&[&uncond.context, &cond.context], 0)?,
            time: Tensor::cat(&[&uncond.time, &cond.time], 0)?,
            mask: Tensor::cat(&[mask(&texts.negative)?, mask(&texts.prompt)?], 0)?,
        };
        Ok(self.stage(&self.decoder_schedule, inputs))
    }

    /// The prior's result as the embedding that the decoder takes, `(1, width)`.
    ///
    /// # Errors
    /// Only the device's.
    pub fn embedding(&self, latents: &Tensor) -> candle_core::Result<Tensor> {
        self.prior.finish(&latents.flatten_from(1)?)
    }

    /// Channels, height and width of the decoder's pictures.
    pub fn small_shape(&self) -> [usize; 3] {
        let config = self.decoder.config();
        let side = |index: usize| config.sample_size.as_ref().and_then(|size| size.get(index));
        let height = side(0).unwrap_or(64);
        [config.in_channels, height, side(1).unwrap_or(height)]
    }

    /// Channels, height and width of the finished pictures.
    pub fn large_shape(&self) -> [usize; 3] {
        let config = self.super_res_first.config();
        let (height, width) = config.sides();
        [config.in_channels / 2, height, width]
    }

    /// The stage from a small picture to a large one.
    ///
    /// * `small`: `(1, 3, height, width)` in −1..1.
    ///
    /// # Errors
    /// Only the device's.
    pub fn super_res(&self, small: &Tensor) -> candle_core::Result<UnclipStage<'_>> {
        let [_, height, width] = self.large_shape();
        let small = resize_bicubic(&small.clamp(-1.0, 1.0)?, height, width)?;
        Ok(self.stage(&self.super_res_schedule, StageInputs::SuperRes(small)))
    }
}

/// The texts of one picture.
#[derive(Debug, Clone)]
pub struct Texts {
    /// What the picture shall show.
    pub prompt: UnclipText,
    /// What it shall not.
    pub negative: UnclipText,
}

/// The denoiser of one stage.
pub struct UnclipStage<'a> {
    model: &'a Unclip,
    schedule: &'a StageSchedule,
    inputs: StageInputs<'a>,
}

/// What conditions a stage.
enum StageInputs<'a> {
    Prior(&'a Texts),
    /// Without a picture for the negative text, with it for the prompt: `(2, tokens, width)` and so on.
    Decoder {
        context: Tensor,
        time: Tensor,
        mask: Tensor,
    },
    /// The small picture at the size of the large one. One U-Net takes all steps but the last, one takes that.
    SuperRes(Tensor),
}

impl<'a> UnclipStage<'a> {
    /// How its network was trained.
    pub fn schedule(&self) -> &'a StageSchedule {
        self.schedule
    }

    /// The network's whole output, noise and perhaps variance: `(1 or 2, channels, height, width)`, without the prompt
    /// first, if that is wanted at all.
    fn ask(&self, input: &DenoiseInput<'_>, wants_uncond: bool) -> candle_core::Result<Tensor> {
        let (Unclip { base, .. }, timestep) = (self.model, input.timestep);
        let repeated = |count: usize| cast_input(&Tensor::cat(&vec![input.x; count], 0)?, base.dtype);
        let output = match &self.inputs {
            StageInputs::Prior(Texts { prompt, negative }) => {
                let texts = if wants_uncond {
                    vec![negative, prompt]
                } else {
                    vec![prompt]
                };
                let each = |part: fn(&UnclipText) -> &Tensor| {
                    let parts: Vec<&Tensor> = texts.iter().map(|text| part(text)).collect();
                    cast_input(&Tensor::cat(&parts, 0)?, base.dtype)
                };
                let x = repeated(texts.len())?.flatten_from(1)?;
                let lengths: Vec<usize> = texts.iter().map(|text| text.length).collect();
                let (pooled, hidden) = (each(|text| &text.pooled)?, each(|text| &text.hidden)?);
                let output = self.model.prior.forward(&x, timestep, &pooled, &hidden, &lengths)?;
                output.unsqueeze(2)?.unsqueeze(3)?
            }
            StageInputs::Decoder { context, time, mask } => {
                let (first, count) = if wants_uncond { (0, 2) } else { (1, 1) };
                let part = |both: &Tensor| both.narrow(0, first, count)?.contiguous();
                let (context, time, mask) = (part(context)?, part(time)?, part(mask)?);
                let conditions = UNetConditions {
                    class: Some(ClassCondition::Vector(&time)),
                    context_mask: Some(&mask),
                    ..UNetConditions::text(&context)
                };
                self.model.decoder.forward(&repeated(count)?, &[timestep], conditions)?
            }
            StageInputs::SuperRes(small) => {
                let unet = if input.step + 1 == input.steps {
                    &self.model.super_res_last
                } else {
                    &self.model.super_res_first
                };
                let x = cast_input(&Tensor::cat(&[input.x, small], 1)?, base.dtype)?;
                unet.forward(&x, &[timestep], None)?
            }
        };
        output.to_dtype(STATE_DTYPE)
    }
}

impl Denoiser for UnclipStage<'_> {
    fn device(&self) -> &Device {
        &self.model.base.device
    }

    fn scheduler(&self) -> &Scheduler {
        &self.schedule.scheduler
    }

    fn clip(&self) -> Option<f64> {
        self.scheduler().clip()
    }

    fn denoise(&self, input: &DenoiseInput<'_>) -> candle_core::Result<DenoiseOutput> {
        let knows_texts = !matches!(self.inputs, StageInputs::SuperRes(_));
        let output = self.ask(input, knows_texts && input.needs_uncond())?;
        let (noise, variance) = split(&output, input.x.dim(1)?, self.schedule)?;
        let last = output.dim(0)? - 1;
        let cond = noise.narrow(0, last, 1)?;
        let predicted = if last > 0 {
            DenoiseOutput::weighed(noise.narrow(0, 0, 1)?, cond, input.guidance)?
        } else {
            DenoiseOutput::alone(cond)
        };
        Ok(DenoiseOutput {
            variance: variance.map(|variance| variance.narrow(0, last, 1)).transpose()?,
            ..predicted
        })
    }
}

/// A network's output as noise and, where the network predicts it, the variance of the step.
fn split(output: &Tensor, channels: usize, schedule: &StageSchedule) -> candle_core::Result<(Tensor, Option<Tensor>)> {
    let found = output.dim(1)?;
    if found == channels {
        return Ok((output.clone(), None));
    }
    if found != 2 * channels || !schedule.learns_variance {
        candle_core::bail!("expected {channels} channels of noise, found {found}");
    }
    let variance = output.narrow(1, channels, channels)?;
    Ok((output.narrow(1, 0, channels)?, Some(variance)))
}
