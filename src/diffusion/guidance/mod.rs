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
