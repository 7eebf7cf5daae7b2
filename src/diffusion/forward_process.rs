//! The forward process: how training mixes a picture with noise, what the network sees of the mixture and what it is
//! asked for.
//!
//! Inside this room latents are x = x₀ + σ·ε whatever the process; everything that differs between processes is here.

use candle_core::Tensor;

use super::schedule::TrainingSchedule;

/// What a network was trained to predict from the noisy latents.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Prediction {
    /// The noise ε.
    Epsilon,
    /// v = α·ε − α·σ·x₀ with α = 1/√(1+σ²) (Salimans & Ho 2022, <https://arxiv.org/abs/2202.00512>).
    Velocity,
    /// The clean latents x₀ themselves.
    Sample,
    /// ε − x₀, the velocity of rectified flow (Liu et al. 2022, <https://arxiv.org/abs/2209.03003>).
    Flow,
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
}

/// How picture and noise are mixed, and how the noise level is encoded for the network.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Mixing {
    /// Variance preserving: the network sees α·x₀ + α·σ·ε with α = 1/√(1+σ²), and the timestep of training
    /// (<https://arxiv.org/abs/2006.11239>).
    VariancePreserving,
    /// The same mixture; the network is given the angle between noise and picture, 0 to 1, 1 for noise (`IPNDMScheduler`).
    Angle,
    /// Preconditioned: the network sees x/√(σ²+`sigma_data²`) and ln σ / 4, and its output is scaled
    /// (Karras et al. 2022, table 1, <https://arxiv.org/abs/2206.00364>).
    Edm {
        /// Least noise of a run.
        sigma_min: f64,
        /// Most noise of a run.
        sigma_max: f64,
        /// Standard deviation of the data, above 0.
        sigma_data: f64,
    },
    /// Rectified flow: the network sees (1−t)·x₀ + t·ε with t = σ/(1+σ), and 1000·t
    /// (Esser et al. 2024, <https://arxiv.org/abs/2403.03206>).
    Flow,
}

/// The timestep of a flow at pure noise.
const FLOW_TIMESTEPS: f64 = 1000.0;

/// The forward process that a network was trained on.
#[derive(Debug, Clone, PartialEq)]
pub struct ForwardProcess {
    /// How picture and noise are mixed.
    pub mixing: Mixing,
    /// What the network predicts.
    pub prediction: Prediction,
    /// The noise levels of training, by timestep.
    pub training: TrainingSchedule,
}

impl ForwardProcess {
    /// Noisy latents for training or to start from: x = x₀ + σ·ε.
    ///
    /// * `x0`: clean latents, any shape.
    /// * `noise`: ε, N(0, 1) in the shape of `x0`.
    ///
    /// # Errors
    /// If the shapes differ.
    pub fn add_noise(x0: &Tensor, noise: &Tensor, sigma: f64) -> candle_core::Result<Tensor> {
        x0 + (noise * sigma)?
    }

    /// How many times larger x is than what the network sees of it: 1/`c_in` of EDM.
    pub fn input_norm(&self, sigma: f64) -> f64 {
        match self.mixing {
            Mixing::VariancePreserving | Mixing::Angle => vp_norm(sigma),
            Mixing::Edm { sigma_data, .. } => sigma.hypot(sigma_data),
            Mixing::Flow => 1.0 + sigma,
        }
    }

    /// The latents as the network sees them.
    ///
    /// # Errors
    /// Only the device's.
    pub fn network_input(&self, x: &Tensor, sigma: f64) -> candle_core::Result<Tensor> {
        divide(x, self.input_norm(sigma))
    }

    /// What the network sees as the mixture at level `from`, taken for that at level `to`.
    ///
    /// # Errors
    /// Only the device's.
    pub fn relabel(&self, x: Tensor, from: f64, to: f64) -> candle_core::Result<Tensor> {
        if to == from {
            Ok(x)
        } else {
            x * (self.input_norm(to) / self.input_norm(from))
        }
    }

    /// The estimate of the clean latents from the network's output.
    ///
    /// * `x`: noisy latents x₀ + σ·ε, any shape.
    /// * `output`: the network's, for [its input](Self::network_input), the shape of `x`.
    /// * `sigma`: the noise level of `x`.
    ///
    /// # Errors
    /// If the shapes differ.
    pub fn x0_from_output(&self, x: &Tensor, output: &Tensor, sigma: f64) -> candle_core::Result<Tensor> {
        if let Some((c_skip, c_out)) = self.preconditioning(sigma) {
            return (x * c_skip)? + (output * c_out)?; // x₀ = c_skip x + c_out F
        }
        match self.prediction {
            Prediction::Epsilon => x - (output * sigma)?, // x₀ = x − σ ε
            Prediction::Velocity => {
                // x₀ = x / (1 + σ²) − v σ / √(1 + σ²)
                divide(x, 1.0 + sigma * sigma)? - (output * (sigma / vp_norm(sigma)))?
            }
            Prediction::Sample => Ok(output.clone()),
            Prediction::Flow => divide(&(x - (output * sigma)?)?, 1.0 + sigma), // x₀ = (x − σ v) / (1 + σ)
        }
    }

    /// The output that makes the estimate of the clean latents `x0`, σ > 0: the inverse of
    /// [`x0_from_output`](Self::x0_from_output).
    ///
    /// # Errors
    /// If the shapes differ.
    pub fn output_from_x0(&self, x: &Tensor, x0: &Tensor, sigma: f64) -> candle_core::Result<Tensor> {
        if let Some((c_skip, c_out)) = self.preconditioning(sigma) {
            return (x0 - (x * c_skip)?)? / c_out;
        }
        let noise = || divide(&(x - x0)?, sigma);
        match self.prediction {
            Prediction::Epsilon => noise(),
            Prediction::Velocity => (noise()? - (x0 * sigma)?)? / vp_norm(sigma), // v = (ε − σ x₀) / √(1 + σ²)
            Prediction::Sample => Ok(x0.clone()),
            Prediction::Flow => noise()? - x0,
        }
    }

    /// The estimate of the noise ε from the network's output. Arguments as in [`Self::x0_from_output`]; a network that
    /// predicts x₀ tells nothing of the noise where there is none (σ = 0): 0.
    ///
    /// # Errors
    /// If the shapes differ.
    pub fn noise_from_output(&self, x: &Tensor, output: &Tensor, sigma: f64) -> candle_core::Result<Tensor> {
        let is_preconditioned = self.preconditioning(sigma).is_some();
        match self.prediction {
            Prediction::Epsilon if !is_preconditioned => Ok(output.clone()),
            Prediction::Velocity if !is_preconditioned => {
                // ε = v / √(1 + σ²) + x σ / (1 + σ²)
                (output / vp_norm(sigma))? + (x * (sigma / (1.0 + sigma * sigma)))?
            }
            Prediction::Flow => divide(&(x + output)?, 1.0 + sigma), // ε = (x + v) / (1 + σ)
            _ if sigma == 0.0 => x.zeros_like(),
            _ => (x - self.x0_from_output(x, output, sigma)?)? / sigma,
        }
    }

    /// What training asks the network for at level `sigma` > 0.
    ///
    /// * `x0`: clean latents, any shape.
    /// * `noise`: ε, N(0, 1) in the shape of `x0`.
    ///
    /// # Errors
    /// If the shapes differ.
    pub fn target(&self, x0: &Tensor, noise: &Tensor, sigma: f64) -> candle_core::Result<Tensor> {
        if let Some((c_skip, c_out)) = self.preconditioning(sigma) {
            let x = Self::add_noise(x0, noise, sigma)?;
            return (x0 - (x * c_skip)?)? / c_out; // F = (x₀ − c_skip x) / c_out
        }
        match self.prediction {
            Prediction::Epsilon => Ok(noise.clone()),
            Prediction::Velocity => (noise - (x0 * sigma)?)? / vp_norm(sigma),
            Prediction::Sample => Ok(x0.clone()),
            Prediction::Flow => noise - x0,
        }
    }

    /// The timestep that the network is given for a noise level.
    pub fn timestep_of(&self, sigma: f64) -> f64 {
        match self.mixing {
            Mixing::VariancePreserving => self.training.timestep_of(sigma),
            Mixing::Angle => sigma.atan() / std::f64::consts::FRAC_PI_2,
            Mixing::Edm { .. } => 0.25 * sigma.ln(),
            Mixing::Flow => FLOW_TIMESTEPS * sigma / (1.0 + sigma),
        }
    }

    /// The noise level of a timestep: the inverse of [`timestep_of`](Self::timestep_of).
    pub fn sigma_of(&self, timestep: f64) -> f64 {
        match self.mixing {
            Mixing::VariancePreserving => self.training.sigma_at(timestep),
            Mixing::Angle => (timestep * std::f64::consts::FRAC_PI_2).tan(),
            Mixing::Edm { .. } => (4.0 * timestep).exp(),
            Mixing::Flow => {
                let t = timestep / FLOW_TIMESTEPS;
                t / (1.0 - t)
            }
        }
    }

    /// Standard deviation of the latents that a run from level `sigma` starts from, where the sampler has no other habit.
    pub fn initial_scale(&self, sigma: f64) -> f64 {
        match self.mixing {
            Mixing::Flow => sigma,
            _ => vp_norm(sigma),
        }
    }

    /// The latents at the end of a run as a decoder takes them. A variance preserving run whose last level leaves some
    /// noise ends at the scale of the network's input, as in diffusers.
    ///
    /// * `sigma`: the run's last level.
    ///
    /// # Errors
    /// Only the device's.
    pub fn decoder_input(&self, x: &Tensor, sigma: f64) -> candle_core::Result<Tensor> {
        x / self.final_norm(sigma)
    }

    /// Clean latents as a run that ends at level `sigma` leaves them: the inverse of
    /// [`decoder_input`](Self::decoder_input).
    ///
    /// # Errors
    /// Only the device's.
    pub fn final_latents(&self, x0: &Tensor, sigma: f64) -> candle_core::Result<Tensor> {
        x0 * self.final_norm(sigma)
    }

    fn final_norm(&self, sigma: f64) -> f64 {
        match self.mixing {
            Mixing::VariancePreserving | Mixing::Angle => vp_norm(sigma),
            Mixing::Edm { .. } | Mixing::Flow => 1.0,
        }
    }

    /// `c_skip` and ±`c_out` of EDM, where the network predicts F.
    fn preconditioning(&self, sigma: f64) -> Option<(f64, f64)> {
        let Mixing::Edm { sigma_data, .. } = self.mixing else {
            return None;
        };
        let sign = match self.prediction {
            Prediction::Epsilon => 1.0,
            Prediction::Velocity => -1.0,
            Prediction::Sample | Prediction::Flow => return None,
        };
        let norm = sigma.hypot(sigma_data);
        Some(((sigma_data / norm).powi(2), sign * sigma * sigma_data / norm))
    }
}

/// √(1 + σ²), the norm of the variance preserving mixture.
fn vp_norm(sigma: f64) -> f64 {
    (1.0 + sigma * sigma).sqrt()
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

    use super::super::schedule::BetaSchedule;
    use super::*;

    const EDM: Mixing = Mixing::Edm {
        sigma_min: 0.002,
        sigma_max: 80.0,
        sigma_data: 0.5,
    };

    fn process(mixing: Mixing, prediction: Prediction) -> ForwardProcess {
        ForwardProcess {
            mixing,
            prediction,
            training: TrainingSchedule::new(BetaSchedule::ScaledLinear, 0.00085, 0.012, 1000).unwrap(),
        }
    }

    fn tensor(value: f64) -> Tensor {
        Tensor::new(&[value], &Device::Cpu).unwrap()
    }

    fn value(x: &Tensor) -> f64 {
        x.to_vec1::<f64>().unwrap()[0]
    }

    fn near(found: f64, expected: f64, what: &str) {
        assert!((found - expected).abs() < 1e-12, "{what}: {found}, expected {expected}");
    }

    /// Every process with the value its network predicts for x₀ = 0.7, ε = −1.3, σ = 2.5, computed from the definitions.
    fn processes(x0: f64, eps: f64, sigma: f64) -> Vec<(ForwardProcess, f64)> {
        use Prediction::{Epsilon, Flow, Sample, Velocity};
        let x = x0 + sigma * eps;
        let alpha = 1.0 / (1.0 + sigma * sigma).sqrt();
        let v = alpha * eps - alpha * sigma * x0;
        let total = 0.25 + sigma * sigma; // of σ_data²
        let f = (x0 - 0.25 / total * x) / (sigma * 0.5 / total.sqrt());
        vec![
            (process(Mixing::VariancePreserving, Epsilon), eps),
            (process(Mixing::VariancePreserving, Velocity), v),
            (process(Mixing::VariancePreserving, Sample), x0),
            (process(Mixing::Angle, Velocity), v),
            (process(EDM, Epsilon), f),
            (process(EDM, Velocity), -f),
            (process(EDM, Sample), x0),
            (process(Mixing::Flow, Flow), eps - x0),
        ]
    }

    #[test]
    fn every_parametrisation_should_give_back_the_same_clean_latents() {
        let (x0, eps, sigma) = (0.7, -1.3, 2.5);
        for (process, output) in processes(x0, eps, sigma) {
            let what = format!("{:?} {:?}", process.mixing, process.prediction);
            let x = ForwardProcess::add_noise(&tensor(x0), &tensor(eps), sigma).unwrap();
            near(value(&x), x0 + sigma * eps, &what);
            let found = process.x0_from_output(&x, &tensor(output), sigma).unwrap();
            near(value(&found), x0, &what);
            let found = process.noise_from_output(&x, &tensor(output), sigma).unwrap();
            near(value(&found), eps, &what);
            let found = process.output_from_x0(&x, &tensor(x0), sigma).unwrap();
            near(value(&found), output, &what);
            let found = process.target(&tensor(x0), &tensor(eps), sigma).unwrap();
            near(value(&found), output, &what);
        }
    }

    #[test]
    fn the_network_should_see_the_mixture_it_was_trained_on() {
        let (x0, eps, sigma) = (0.7f64, -1.3f64, 2.5f64);
        let x = tensor(x0 + sigma * eps);
        let alpha = 1.0 / (1.0 + sigma * sigma).sqrt();
        let t = sigma / (1.0 + sigma);
        for (mixing, expected) in [
            (Mixing::VariancePreserving, alpha * x0 + alpha * sigma * eps),
            (Mixing::Angle, alpha * x0 + alpha * sigma * eps),
            (EDM, (x0 + sigma * eps) / (0.25 + sigma * sigma).sqrt()),
            (Mixing::Flow, (1.0 - t) * x0 + t * eps),
        ] {
            let process = process(mixing, Prediction::Epsilon);
            near(value(&process.network_input(&x, sigma).unwrap()), expected, "input");
            // The same input, taken for that of another level.
            let other = process.relabel(x.clone(), sigma, 1.5).unwrap();
            near(
                value(&process.network_input(&other, 1.5).unwrap()),
                expected,
                "relabelled",
            );
        }
    }

    #[test]
    fn timesteps_should_survive_the_conversion_to_sigma_and_back() {
        for mixing in [Mixing::VariancePreserving, Mixing::Angle, EDM, Mixing::Flow] {
            let process = process(mixing, Prediction::Epsilon);
            for sigma in [0.5, 1.0, 12.5] {
                let back = process.sigma_of(process.timestep_of(sigma));
                // Between training timesteps σ is interpolated in itself, t in its logarithm.
                let allowed = if mixing == Mixing::VariancePreserving {
                    1e-4
                } else {
                    1e-12
                };
                assert!(
                    (back / sigma - 1.0).abs() < allowed,
                    "{mixing:?}: {back}, expected {sigma}"
                );
            }
        }
        let flow = process(Mixing::Flow, Prediction::Flow);
        near(flow.timestep_of(1.0), 500.0, "flow's middle");
    }

    #[test]
    fn the_end_of_a_run_should_be_at_the_decoders_scale() {
        let sigma = 0.03f64;
        let clean = |mixing| {
            let process = process(mixing, Prediction::Epsilon);
            let x = process.final_latents(&tensor(1.0), sigma).unwrap();
            near(value(&process.decoder_input(&x, sigma).unwrap()), 1.0, "there and back");
            value(&x)
        };
        near(clean(Mixing::VariancePreserving), (1.0 + sigma * sigma).sqrt(), "VP");
        near(clean(EDM), 1.0, "EDM");
    }
}
