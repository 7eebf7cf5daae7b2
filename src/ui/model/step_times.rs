//! How long jobs take, by what was measured.

use crate::job::{GenerateRequest, ModelRef, StepEvent};

/// How much the newest step counts against those before.
const NEWEST: f64 = 0.25;
/// Kinds of picture whose times are remembered.
const MAX_KINDS: usize = 64;

/// Wall time of a step by model and size.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct StepTimes {
    kinds: Vec<Kind>,
}

#[derive(Debug, Clone, PartialEq)]
struct Kind {
    model: ModelRef,
    size_px: (u32, u32),
    secs: f64,
}

impl StepTimes {
    /// Takes in the time of a step. The first step of a run, which waits for memory, counts only where nothing else is
    /// known.
    pub fn measure(&mut self, request: &GenerateRequest, step: &StepEvent) {
        let secs = step.step_secs;
        if !secs.is_finite() || secs < 0.0 {
            return;
        }
        let place = self.place(request);
        match place.and_then(|place| self.kinds.get_mut(place)) {
            Some(_) if step.step <= 1 => {}
            Some(kind) => kind.secs += NEWEST * (secs - kind.secs),
            None => {
                if self.kinds.len() >= MAX_KINDS {
                    self.kinds.remove(0);
                }
                self.kinds.push(Kind {
                    model: request.model.clone(),
                    size_px: (request.width_px, request.height_px),
                    secs,
                });
            }
        }
    }

    /// Wall time of one step, in seconds, if one like it was ever taken.
    pub fn step_secs(&self, request: &GenerateRequest) -> Option<f64> {
        self.place(request).map(|place| self.kinds[place].secs)
    }

    /// Wall time of a whole job, in seconds.
    pub fn secs(&self, request: &GenerateRequest) -> Option<f64> {
        let steps = f64::from(request.steps) * f64::from(request.batch_count);
        Some(self.step_secs(request)? * steps)
    }

    fn place(&self, request: &GenerateRequest) -> Option<usize> {
        let size_px = (request.width_px, request.height_px);
        self.kinds
            .iter()
            .position(|kind| kind.size_px == size_px && kind.model == request.model)
    }
}
