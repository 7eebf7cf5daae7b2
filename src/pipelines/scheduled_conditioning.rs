//! Networks whose prompt, adapters and controls change in the middle of a run.

use std::cell::{Cell, RefCell};
use std::sync::Arc;

use candle_core::Device;

use super::PipelineError;
use super::Scheduler;
use super::controls::ActiveControl;
use super::denoiser::{DenoiseInput, DenoiseOutput, Denoiser};
use super::families::StableDiffusion;
use super::refiner_switch::RefinerSwitch;
use crate::conditioning::Conditioning;
use crate::job::{Change, GenerateRequest, LoraSpec};

/// What a prompt was encoded from.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct PromptKey {
    prompt: String,
    negative_prompt: String,
    loras: Vec<LoraSpec>,
}

/// Prompts that were encoded before, for all pictures of a request.
pub(super) type PromptCache = RefCell<Vec<(PromptKey, Arc<Conditioning>)>>;

/// Encodes both prompts of a request, with the adapters that lie over the networks.
pub(super) type Encode<'a> = &'a dyn Fn(&GenerateRequest) -> Result<Conditioning, PipelineError>;

/// What holds from one step on.
struct ConditioningSpan {
    from: usize,
    spoken: PromptKey,
    told: Arc<Conditioning>,
    weights: Vec<f64>,
}

/// A model and perhaps its refiner, with conditioning that changes at given steps.
pub(super) struct ScheduledConditioning<'a> {
    pub(super) model: &'a StableDiffusion,
    pub(super) request: &'a GenerateRequest,
    pub(super) encode: Encode<'a>,
    pub(super) known: &'a PromptCache,
    relay: RefCell<RefinerSwitch<'a>>,
    /// The request's controls as they were made.
    controls: Vec<ActiveControl>,
    /// In order; never empty once [adopted](Denoiser::adopt).
    segments: RefCell<Vec<ConditioningSpan>>,
    /// The segment that the networks are conditioned on now.
    now: Cell<Option<usize>>,
}

impl<'a> ScheduledConditioning<'a> {
    /// * `relay`: the networks; their prompts are those of the segments.
    pub(super) fn new(
        relay: RefinerSwitch<'a>,
        (model, request): (&'a StableDiffusion, &'a GenerateRequest),
        encode: Encode<'a>,
        known: &'a PromptCache,
    ) -> Self {
        Self {
            model,
            request,
            encode,
            known,
            controls: relay.first.controls.clone(),
            relay: RefCell::new(relay),
            segments: RefCell::default(),
            now: Cell::new(None),
        }
    }

    /// The prompts of what holds at a step, encoded with its adapters.
    fn told(&self, now: &GenerateRequest, spoken: &PromptKey) -> Result<Arc<Conditioning>, PipelineError> {
        let known = self.known.borrow();
        if let Some((_, told)) = known.iter().find(|(known, _)| known == spoken) {
            return Ok(Arc::clone(told));
        }
        drop(known);
        self.model.set_loras(&spoken.loras)?;
        let told = Arc::new((self.encode)(now)?);
        self.known.borrow_mut().push((spoken.clone(), Arc::clone(&told)));
        Ok(told)
    }

    /// Tells the networks what holds at a step.
    fn arrive(&self, step: usize) -> Result<(), PipelineError> {
        let segments = self.segments.borrow();
        let place = segments.iter().rposition(|segment| segment.from <= step);
        if place == self.now.get() {
            return Ok(());
        }
        let Some(segment) = place.and_then(|place| segments.get(place)) else {
            return Ok(());
        };
        self.model.set_loras(&segment.spoken.loras)?;
        let mut relay = self.relay.borrow_mut();
        relay.first.prompts = vec![(0, Arc::clone(&segment.told))];
        relay.first.controls = self
            .controls
            .iter()
            .zip(&segment.weights)
            .map(|(control, weight)| control.weighed(*weight))
            .collect::<candle_core::Result<_>>()?;
        self.now.set(place);
        Ok(())
    }
}

impl Denoiser for ScheduledConditioning<'_> {
    fn device(&self) -> &Device {
        self.model.device()
    }

    fn scheduler(&self) -> &Scheduler {
        self.model.scheduler()
    }

    fn adopt(&self, changes: &[Change]) -> Result<(), PipelineError> {
        let request = GenerateRequest {
            changes: changes.to_vec(),
            prompt_switches: Vec::new(),
            ..self.request.clone()
        };
        let mut steps: Vec<u32> = changes.iter().map(|change| change.step).chain([0]).collect();
        steps.sort_unstable();
        steps.dedup();
        let mut segments: Vec<ConditioningSpan> = Vec::with_capacity(steps.len());
        for step in steps {
            let now = request.as_of(step);
            let spoken = PromptKey {
                prompt: now.prompt.clone(),
                negative_prompt: now.negative_prompt.clone(),
                loras: now.loras.clone(),
            };
            let weights: Vec<f64> = now.controls.iter().map(|control| control.weight).collect();
            let is_new = |last: &ConditioningSpan| last.spoken != spoken || last.weights != weights;
            if segments.last().is_none_or(is_new) {
                segments.push(ConditioningSpan {
                    from: step as usize,
                    told: self.told(&now, &spoken)?,
                    spoken,
                    weights,
                });
            }
        }
        self.segments.replace(segments);
        self.now.set(None);
        Ok(())
    }

    fn tokens(&self, step: usize) -> Vec<String> {
        self.relay.borrow().tokens(step)
    }

    fn denoise(&self, input: &DenoiseInput<'_>) -> candle_core::Result<DenoiseOutput> {
        self.arrive(input.step).map_err(candle_core::Error::wrap)?;
        self.relay.borrow().denoise(input)
    }
}
