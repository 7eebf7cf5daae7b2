//! A network whose prompt, adapters and controls change in the middle of a run, and that another one may relieve.

use std::cell::RefCell;
use std::sync::Arc;

use candle_core::Device;

use super::context::JobContext;
use super::denoiser::{DenoiseInput, DenoiseOutput, Denoiser, refuse_conditioning};
use super::model::{ConcatCond, DenoiserInputs, Model};
use super::request_parts::RequestPart;
use super::{PipelineError, Scheduler};
use crate::conditioning::Conditioning;
use crate::job::{Change, GenerateRequest, LoraSpec};
use crate::prompt::PromptText;

/// What prompts are encoded from.
#[derive(Debug, Clone, PartialEq)]
struct PromptKey {
    /// The prompt and the negative one.
    texts: [PromptText; 2],
    loras: Vec<LoraSpec>,
}

/// What holds from one step on.
struct ConditioningSpan {
    from: usize,
    key: PromptKey,
    prompts: Option<Arc<Conditioning>>,
    control_weights: Vec<f64>,
}

/// The network of the span that the run is in.
struct Current<'a> {
    span: usize,
    denoiser: Box<dyn Denoiser + 'a>,
}

/// A model that is conditioned by other prompts, adapters and weights of controls at other steps; one for all pictures of
/// a request. This is the only place that knows what conditions the network of a step; [`StepSettings`] says by what
/// settings the denoise loop takes it.
///
/// [`StepSettings`]: super::run_plan::StepSettings
pub(super) struct ScheduledConditioning<'a> {
    context: JobContext<'a>,
    scheduler: Arc<Scheduler>,
    /// What conditions every step; prompts are those of the spans, controls as the request weighs them.
    inputs: RefCell<DenoiserInputs<'a>>,
    /// All prompts that were encoded.
    encoded: RefCell<Vec<(PromptKey, Arc<Conditioning>)>>,
    /// In order; never empty once [adopted](Denoiser::adopt).
    spans: RefCell<Vec<ConditioningSpan>>,
    current: RefCell<Option<Current<'a>>>,
    refiner: Option<Refiner<'a>>,
}

/// The network of a run's last steps; changes do not concern it.
struct Refiner<'a> {
    /// Its first step.
    step: usize,
    denoiser: Box<dyn Denoiser + 'a>,
}

impl<'a> ScheduledConditioning<'a> {
    /// * `inputs`: what conditions every step, without prompts.
    pub(super) fn new(context: JobContext<'a>, scheduler: Arc<Scheduler>, inputs: DenoiserInputs<'a>) -> Self {
        Self {
            context,
            scheduler: Arc::clone(&scheduler),
            inputs: RefCell::new(DenoiserInputs {
                scheduler: Some(scheduler),
                ..inputs
            }),
            encoded: RefCell::default(),
            spans: RefCell::default(),
            current: RefCell::new(None),
            refiner: None,
        }
    }

    /// Lets another model take the last steps, from `step` on.
    ///
    /// # Errors
    /// [`PipelineError::Unsupported`] if its latents are of another kind; else the tokenizer's and the device's.
    pub(super) fn refine(&mut self, refiner: &'a dyn Model, step: u32) -> Result<(), PipelineError> {
        let JobContext { model, request, .. } = self.context;
        check_same_latents(model, refiner)?;
        let prompts = refiner.encode_prompts(&JobContext::prompts(request, request.texts_at(step)))?;
        let denoiser = refiner.denoiser(DenoiserInputs {
            wrap: self.context.wrap(),
            ..DenoiserInputs::of(prompts)
        })?;
        self.refiner = Some(Refiner {
            step: step as usize,
            denoiser,
        });
        Ok(())
    }

    /// Shows the network something else beside the latents from the next call on.
    pub(super) fn set_concat(&self, concat: ConcatCond) {
        self.inputs.borrow_mut().concat = Some(concat);
        self.current.replace(None);
    }

    fn takes_prompts(&self) -> bool {
        self.context.model.base().family.supports.contains(&RequestPart::Prompt)
    }

    /// The prompts of what holds at a step, encoded with its adapters.
    fn encode(&self, now: &GenerateRequest, key: &PromptKey) -> Result<Option<Arc<Conditioning>>, PipelineError> {
        if !self.takes_prompts() {
            return Ok(None);
        }
        let encoded = self.encoded.borrow();
        if let Some((_, prompts)) = encoded.iter().find(|(known, _)| known == key) {
            return Ok(Some(Arc::clone(prompts)));
        }
        drop(encoded);
        let model = self.context.model;
        model.set_loras(&key.loras)?;
        let prompts = Arc::new(model.encode_prompts(&JobContext::prompts(now, key.texts.clone()))?);
        self.encoded.borrow_mut().push((key.clone(), Arc::clone(&prompts)));
        Ok(Some(prompts))
    }

    /// Conditions the network as it is at a step.
    pub(super) fn arrive(&self, step: usize) -> Result<(), PipelineError> {
        let spans = self.spans.borrow();
        let mut begun = spans.iter().enumerate().rev();
        let Some((place, span)) = begun.find(|(_, span)| span.from <= step) else {
            return Ok(());
        };
        let mut current = self.current.borrow_mut();
        if current.as_ref().is_some_and(|current| current.span == place) {
            return Ok(());
        }
        let model = self.context.model;
        model.set_loras(&span.key.loras)?;
        let inputs = self.inputs.borrow().clone();
        let weighed = inputs.controls.iter().zip(&span.control_weights);
        let weighed = weighed.map(|(control, weight)| control.weighed(*weight));
        *current = Some(Current {
            span: place,
            denoiser: model.denoiser(DenoiserInputs {
                prompts: span.prompts.clone(),
                controls: weighed.collect::<candle_core::Result<_>>()?,
                ..inputs
            })?,
        });
        Ok(())
    }
}

impl Denoiser for ScheduledConditioning<'_> {
    fn device(&self) -> &Device {
        self.context.model.device()
    }

    fn scheduler(&self) -> &Scheduler {
        &self.scheduler
    }

    fn clip(&self) -> Option<f64> {
        let is_clipped = self.context.model.clips_samples();
        is_clipped.then(|| self.scheduler.clip()).flatten()
    }

    fn adopt(&self, changes: &[Change], base: usize) -> Result<(), PipelineError> {
        if !self.takes_prompts() {
            refuse_conditioning(changes)?;
        }
        // Counted over all passes, as schedules in prompts are.
        let base = base as u32;
        let counted = changes.iter().map(|change| Change {
            step: change.step + base,
            ..change.clone()
        });
        let request = GenerateRequest {
            changes: counted.collect(),
            prompt_switches: Vec::new(),
            ..self.context.request.clone()
        };
        let mut steps: Vec<u32> = request.turns().into_iter().map(|step| step.max(base)).collect();
        steps.dedup();
        let mut spans: Vec<ConditioningSpan> = Vec::with_capacity(steps.len());
        for step in steps {
            let now = request.as_of(step);
            let key = PromptKey {
                texts: now.texts_at(step),
                loras: now.loras.clone(),
            };
            let control_weights: Vec<f64> = now.controls.iter().map(|control| control.weight).collect();
            let differs = |last: &ConditioningSpan| last.key != key || last.control_weights != control_weights;
            if spans.last().is_none_or(differs) {
                spans.push(ConditioningSpan {
                    from: (step - base) as usize,
                    prompts: self.encode(&now, &key)?,
                    key,
                    control_weights,
                });
            }
        }
        self.spans.replace(spans);
        self.current.replace(None);
        Ok(())
    }

    fn tokens(&self, step: usize) -> Vec<String> {
        let arrived = self.arrive(step);
        let current = self.current.borrow();
        let current = current.as_ref().filter(|_| arrived.is_ok());
        current.map_or_else(Vec::new, |current| current.denoiser.tokens(step))
    }

    fn denoise(&self, input: &DenoiseInput<'_>) -> candle_core::Result<DenoiseOutput> {
        if let Some(refiner) = self.refiner.as_ref().filter(|refiner| refiner.step <= input.step) {
            return refiner.denoiser.denoise(input);
        }
        self.arrive(input.step).map_err(candle_core::Error::wrap)?;
        match &*self.current.borrow() {
            Some(current) => current.denoiser.denoise(input),
            None => candle_core::bail!("no prompt for step {}", input.step + 1),
        }
    }
}

/// A refiner goes on with the other model's latents, so they must mean the same.
fn check_same_latents(model: &dyn Model, refiner: &dyn Model) -> Result<(), PipelineError> {
    let of = |model: &dyn Model| {
        let info = model.info();
        let (channels, factor) = (info.latent_channels, info.vae_factor);
        format!(
            "{channels} channels, factor {factor}, scale {}, predicting {}",
            model.latent_scale(),
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
