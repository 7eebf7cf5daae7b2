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

/// The conditioning from one step on.
struct Segment {
    from: usize,
    key: PromptKey,
    conditioning: Arc<Conditioning>,
    weights: Vec<f64>,
}

/// A model and perhaps its refiner, with conditioning that changes at given steps.
pub(super) struct ScheduledConditioning<'a> {
    model: &'a StableDiffusion,
    request: &'a GenerateRequest,
    encode: Encode<'a>,
    cache: &'a PromptCache,
    networks: RefCell<RefinerSwitch<'a>>,
    /// The request's controls as they were made.
    controls: Vec<ActiveControl>,
    /// In order; never empty once [adopted](Denoiser::adopt).
    segments: RefCell<Vec<Segment>>,
    /// The segment that the networks are conditioned on now.
    now: Cell<Option<usize>>,
}

impl<'a> ScheduledConditioning<'a> {
    /// * `networks`: their prompts are those of the segments.
    pub(super) fn new(
        networks: RefinerSwitch<'a>,
        (model, request): (&'a StableDiffusion, &'a GenerateRequest),
        encode: Encode<'a>,
        cache: &'a PromptCache,
    ) -> Self {
        Self {
            model,
            request,
            encode,
            cache,
            controls: networks.first.controls.clone(),
            networks: RefCell::new(networks),
            segments: RefCell::default(),
            now: Cell::new(None),
        }
    }

    /// The prompts of what holds at a step, encoded with its adapters.
    fn conditioning(&self, now: &GenerateRequest, key: &PromptKey) -> Result<Arc<Conditioning>, PipelineError> {
        let cache = self.cache.borrow();
        if let Some((_, conditioning)) = cache.iter().find(|(cached, _)| cached == key) {
            return Ok(Arc::clone(conditioning));
        }
        drop(cache);
        self.model.set_loras(&key.loras)?;
        let conditioning = Arc::new((self.encode)(now)?);
        self.cache.borrow_mut().push((key.clone(), Arc::clone(&conditioning)));
        Ok(conditioning)
    }

    /// Conditions the networks on what holds at a step.
    fn condition_for(&self, step: usize) -> Result<(), PipelineError> {
        let segments = self.segments.borrow();
        let place = segments.iter().rposition(|segment| segment.from <= step);
        if place == self.now.get() {
            return Ok(());
        }
        let Some(segment) = place.and_then(|place| segments.get(place)) else {
            return Ok(());
        };
        self.model.set_loras(&segment.key.loras)?;
        let mut networks = self.networks.borrow_mut();
        networks.first.prompts = vec![(0, Arc::clone(&segment.conditioning))];
        networks.first.controls = self
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
        let mut segments: Vec<Segment> = Vec::with_capacity(steps.len());
        for step in steps {
            let now = request.as_of(step);
            let key = PromptKey {
                prompt: now.prompt.clone(),
                negative_prompt: now.negative_prompt.clone(),
                loras: now.loras.clone(),
            };
            let weights: Vec<f64> = now.controls.iter().map(|control| control.weight).collect();
            let is_new = |last: &Segment| last.key != key || last.weights != weights;
            if segments.last().is_none_or(is_new) {
                segments.push(Segment {
                    from: step as usize,
                    conditioning: self.conditioning(&now, &key)?,
                    key,
                    weights,
                });
            }
        }
        self.segments.replace(segments);
        self.now.set(None);
        Ok(())
    }

    fn tokens(&self, step: usize) -> Vec<String> {
        self.networks.borrow().tokens(step)
    }

    fn denoise(&self, input: &DenoiseInput<'_>) -> candle_core::Result<DenoiseOutput> {
        self.condition_for(input.step).map_err(candle_core::Error::wrap)?;
        self.networks.borrow().denoise(input)
    }
}
