//! How the prompt's prediction and the empty one's become one.

use candle_core::{D, Tensor};

/// Classifier-free guidance with rescaling, on the network's own output (ε or v).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Guidance {
    /// s in `uncond + s · (cond − uncond)`: 1 is the plain conditional model, 0 ignores the prompt, below 0 flees it.
    /// Ho & Salimans (2022), <https://arxiv.org/abs/2207.12598>.
    pub scale: f64,
    /// φ: how much of the conditional prediction's spread is given back to the guided one; 0 nothing, 1 all.
    /// Lin et al. (2023), section 3.4, <https://arxiv.org/abs/2305.08891>.
    pub rescale: f64,
}

impl Guidance {
    /// Whether the result depends on the unconditional prediction at all.
    pub fn needs_uncond(self) -> bool {
        self.scale != 1.0
    }

    /// The guided prediction.
    ///
    /// * `uncond`, `cond`: `(batch, channels, height, width)`, the network's outputs for the negative prompt and the
    ///   prompt.
    ///
    /// # Errors
    /// If the shapes differ.
    pub fn combine(self, uncond: &Tensor, cond: &Tensor) -> candle_core::Result<Tensor> {
        let guided = (uncond + ((cond - uncond)? * self.scale)?)?;
        if self.rescale == 0.0 {
            return Ok(guided);
        }
        let ratio = spread(cond)?.div(&spread(&guided)?)?;
        let rescaled = guided.broadcast_mul(&ratio)?;
        (rescaled * self.rescale)? + (guided * (1.0 - self.rescale))?
    }
}

/// [`Guidance`] over the steps of a run.
#[derive(Debug, Clone, PartialEq)]
pub struct GuidanceSchedule {
    /// What holds where nothing else is said.
    pub base: Guidance,
    /// The part of the run in which guidance is used, as fractions of its steps, `0 ≤ start ≤ end ≤ 1`; outside of it
    /// the scale is 1. Kynkäänniemi et al. (2024), <https://arxiv.org/abs/2404.07724>.
    pub interval: [f64; 2],
    /// Scales spread evenly over the run and interpolated between; empty takes the base's throughout.
    pub scales: Vec<f64>,
}

impl From<Guidance> for GuidanceSchedule {
    /// The same at every step.
    fn from(base: Guidance) -> Self {
        Self {
            base,
            interval: [0.0, 1.0],
            scales: Vec::new(),
        }
    }
}

impl GuidanceSchedule {
    /// The guidance of step `step` of `steps`.
    pub fn at(&self, step: usize, steps: usize) -> Guidance {
        let place = step as f64 / steps.max(1) as f64;
        let [start, end] = self.interval;
        if place < start || place >= end {
            return Guidance {
                scale: 1.0,
                ..self.base
            };
        }
        let scale = match self.scales.as_slice() {
            [] => self.base.scale,
            [one] => *one,
            scales => {
                let at = step as f64 / (steps.max(2) - 1) as f64 * (scales.len() - 1) as f64;
                let low = (at as usize).min(scales.len() - 2);
                scales[low] + (scales[low + 1] - scales[low]) * (at - low as f64)
            }
        };
        Guidance { scale, ..self.base }
    }
}

/// Standard deviation of each picture's values, `(batch, 1, 1, 1)`.
fn spread(x: &Tensor) -> candle_core::Result<Tensor> {
    let batch = x.dim(0)?;
    x.reshape((batch, ()))?
        .var_keepdim(D::Minus1)?
        .sqrt()?
        .reshape((batch, 1, 1, 1))
}

#[cfg(test)]
mod tests {
    use candle_core::Device;

    use super::*;

    fn pair() -> (Tensor, Tensor) {
        let uncond = Tensor::new(&[[[[0.5f64, -1.0, 2.0, 0.25]]]], &Device::Cpu).unwrap();
        let cond = Tensor::new(&[[[[1.5f64, -2.0, 0.5, 0.75]]]], &Device::Cpu).unwrap();
        (uncond, cond)
    }

    fn distance(a: &Tensor, b: &Tensor) -> f64 {
        (a - b).unwrap().abs().unwrap().max_all().unwrap().to_scalar().unwrap()
    }

    #[test]
    fn scales_nought_and_one_should_be_the_two_predictions_themselves() {
        let (uncond, cond) = pair();
        let at = |scale| Guidance { scale, rescale: 0.0 }.combine(&uncond, &cond).unwrap();
        assert!(distance(&at(0.0), &uncond) < 1e-15);
        assert!(distance(&at(1.0), &cond) < 1e-15);
    }

    #[test]
    fn negative_scales_should_move_away_from_the_prompt() {
        let (uncond, cond) = pair();
        let guided = Guidance {
            scale: -3.0,
            rescale: 0.0,
        }
        .combine(&uncond, &cond)
        .unwrap();
        let expected = ((&uncond * 4.0).unwrap() - (&cond * 3.0).unwrap()).unwrap();
        assert!(distance(&guided, &expected) < 1e-12);
    }

    #[test]
    fn a_schedule_should_follow_its_interval_and_its_scales() {
        let base = Guidance {
            scale: 7.0,
            rescale: 0.3,
        };
        let scales = |schedule: &GuidanceSchedule| (0..5).map(|step| schedule.at(step, 5).scale).collect::<Vec<_>>();
        let mut schedule = GuidanceSchedule::from(base);
        assert_eq!(scales(&schedule), [7.0; 5]);
        schedule.scales = vec![1.0, 5.0, 3.0];
        assert_eq!(scales(&schedule), [1.0, 3.0, 5.0, 4.0, 3.0]);
        schedule.interval = [0.2, 0.6];
        assert_eq!(scales(&schedule), [1.0, 3.0, 5.0, 1.0, 1.0]);
        assert_eq!(schedule.at(0, 5).rescale, 0.3);
    }

    #[test]
    fn full_rescaling_should_restore_the_conditional_spread() {
        let (uncond, cond) = pair();
        let guided = Guidance {
            scale: 9.0,
            rescale: 1.0,
        }
        .combine(&uncond, &cond)
        .unwrap();
        assert!(distance(&spread(&guided).unwrap(), &spread(&cond).unwrap()) < 1e-12);
    }
}
