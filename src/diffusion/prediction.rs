//! What the network's output means: the only place where ε, v and x₀ parametrisations are known.

use candle_core::Tensor;

/// What a network was trained to predict from the noisy latents.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Prediction {
    /// The noise ε.
    Epsilon,
    /// v = α·ε − σ·x₀ with α² + σ² = 1 (Salimans & Ho 2022, <https://arxiv.org/abs/2202.00512>).
    Velocity,
    /// The clean latents x₀ themselves.
    Sample,
    /// F with x₀ = `c_skip`·x ± `c_out`·F (Karras et al. 2022, table 1, <https://arxiv.org/abs/2206.00364>).
    Edm {
        /// Standard deviation of the data, above 0.
        sigma_data: f64,
        /// Whether the sign is a minus, as for v.
        is_velocity: bool,
    },
}

impl Prediction {
    /// From `prediction_type` of a scheduler's configuration; `None` if the name is unknown.
    pub fn from_name(name: &str) -> Option<Self> {
        match name {
            "epsilon" => Some(Self::Epsilon),
            "v_prediction" => Some(Self::Velocity),
            "sample" => Some(Self::Sample),
            _ => None,
        }
    }

    /// The name in configurations and records.
    pub fn name(self) -> &'static str {
        match self {
            Self::Epsilon => "epsilon",
            Self::Velocity => "v_prediction",
            Self::Sample => "sample",
            Self::Edm { is_velocity: true, .. } => "edm_v_prediction",
            Self::Edm { .. } => "edm",
        }
    }

    /// The estimate of the clean latents from the network's output.
    ///
    /// * `x`: noisy latents x₀ + σ·ε, any shape.
    /// * `output`: what the network said of [its input](Self::network_input), the shape of `x`.
    /// * `sigma`: the noise level of `x`.
    ///
    /// # Errors
    /// If the shapes differ.
    pub fn x0_from_output(self, x: &Tensor, output: &Tensor, sigma: f64) -> candle_core::Result<Tensor> {
        match self {
            Self::Epsilon => x - (output * sigma)?, // x₀ = x − σ ε
            Self::Velocity => {
                // x₀ = x / (1 + σ²) − v σ / √(1 + σ²)
                divide(x, 1.0 + sigma * sigma)? - (output * (sigma / vp_scale(sigma)))?
            }
            Self::Sample => Ok(output.clone()),
            Self::Edm { .. } => {
                let (skip, out) = self.edm_weights(sigma);
                (x * skip)? + (output * out)?
            }
        }
    }

    /// The output that makes the estimate of the clean latents `x0`: the inverse of
    /// [`x0_from_output`](Self::x0_from_output).
    ///
    /// # Errors
    /// If the shapes differ.
    pub fn output_from_x0(self, x: &Tensor, x0: &Tensor, sigma: f64) -> candle_core::Result<Tensor> {
        match self {
            Self::Epsilon => divide(&(x - x0)?, sigma),
            Self::Velocity => {
                // v = (ε − σ x₀) / √(1 + σ²)
                (divide(&(x - x0)?, sigma)? - (x0 * sigma)?)? / vp_scale(sigma)
            }
            Self::Sample => Ok(x0.clone()),
            Self::Edm { .. } => {
                let (skip, out) = self.edm_weights(sigma);
                (x0 - (x * skip)?)? / out
            }
        }
    }

    /// The latents as the network sees them, unit variance: those of [`network_input`], or x over the root of σ² and the
    /// variance of the data.
    ///
    /// # Errors
    /// Only the device's.
    pub fn network_input(self, x: &Tensor, sigma: f64) -> candle_core::Result<Tensor> {
        match self {
            Self::Edm { sigma_data, .. } => divide(x, sigma.hypot(sigma_data)),
            _ => network_input(x, sigma),
        }
    }

    /// `c_skip` and ± `c_out`.
    fn edm_weights(self, sigma: f64) -> (f64, f64) {
        let Self::Edm {
            sigma_data,
            is_velocity,
        } = self
        else {
            return (0.0, 1.0);
        };
        let norm = sigma.hypot(sigma_data);
        let sign = if is_velocity { -1.0 } else { 1.0 };
        ((sigma_data / norm).powi(2), sign * sigma * sigma_data / norm)
    }
}

impl Prediction {
    /// The estimate of the noise ε from the network's output. Arguments and errors as in
    /// [`Self::x0_from_output`]; a network that predicts x₀ says nothing of the noise where there is none (σ = 0): 0.
    ///
    /// # Errors
    /// If the shapes differ.
    pub fn noise_from_output(self, x: &Tensor, output: &Tensor, sigma: f64) -> candle_core::Result<Tensor> {
        match self {
            Self::Epsilon => Ok(output.clone()),
            Self::Velocity => {
                // ε = v / √(1 + σ²) + x σ / (1 + σ²)
                (output / vp_scale(sigma))? + (x * (sigma / (1.0 + sigma * sigma)))?
            }
            Self::Sample | Self::Edm { .. } if sigma == 0.0 => x.zeros_like(),
            Self::Sample => (x - output)? / sigma,
            Self::Edm { .. } => (x - self.x0_from_output(x, output, sigma)?)? / sigma,
        }
    }
}

/// √(1 + σ²): how much larger latents are here than where the network sees them.
pub fn vp_scale(sigma: f64) -> f64 {
    (1.0 + sigma * sigma).sqrt()
}

/// The latents as the network sees them: x / √(1 + σ²), unit variance.
///
/// # Errors
/// Only the device's.
pub fn network_input(x: &Tensor, sigma: f64) -> candle_core::Result<Tensor> {
    divide(x, vp_scale(sigma))
}

/// x / value, rounded once: candle's own division multiplies by the inverse, and at levels of thousands the last bit is
/// seen in the picture.
///
/// # Errors
/// Only the device's.
pub(super) fn divide(x: &Tensor, value: f64) -> candle_core::Result<Tensor> {
    x.broadcast_div(&Tensor::new(value, x.device())?.to_dtype(x.dtype())?)
}

#[cfg(test)]
mod tests {
    use candle_core::Device;

    use super::*;

    #[test]
    fn every_parametrisation_should_give_back_the_same_clean_latents() {
        let (x0, eps, sigma) = (0.7f64, -1.3f64, 2.5f64);
        let tensor = |value: f64| Tensor::new(&[value], &Device::Cpu).unwrap();
        let x = tensor(x0 + sigma * eps);
        let alpha = 1.0 / vp_scale(sigma);
        let v = alpha * eps - alpha * sigma * x0;
        let edm = Prediction::Edm {
            sigma_data: 0.5,
            is_velocity: false,
        };
        let (skip, out) = edm.edm_weights(sigma);
        for (prediction, output) in [
            (Prediction::Epsilon, eps),
            (Prediction::Velocity, v),
            (Prediction::Sample, x0),
            (edm, (x0 - skip * (x0 + sigma * eps)) / out),
        ] {
            let found = prediction
                .x0_from_output(&x, &tensor(output), sigma)
                .unwrap()
                .to_vec1::<f64>()
                .unwrap()[0];
            assert!((found - x0).abs() < 1e-12, "{prediction:?}: {found}");
            let noise = prediction
                .noise_from_output(&x, &tensor(output), sigma)
                .unwrap()
                .to_vec1::<f64>()
                .unwrap()[0];
            assert!((noise - eps).abs() < 1e-12, "{prediction:?}: {noise}");
            let back = prediction.output_from_x0(&x, &tensor(x0), sigma).unwrap();
            assert!(
                (back.to_vec1::<f64>().unwrap()[0] - output).abs() < 1e-12,
                "{prediction:?}: {back}"
            );
        }
    }
}
