//! The noise levels a model was trained on.

use std::borrow::Cow;

use crate::diffusion::ScheduleError;

/// How the variances β of the forward process grow with the timestep.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BetaSchedule {
    /// β itself grows linearly (DDPM, <https://arxiv.org/abs/2006.11239>).
    Linear,
    /// √β grows linearly (latent diffusion, <https://arxiv.org/abs/2112.10752>).
    ScaledLinear,
    /// ᾱ follows a squared cosine, β capped at 0.999 (<https://arxiv.org/abs/2102.09672>).
    SquaredcosCapV2,
}

impl BetaSchedule {
    /// From `beta_schedule` of a scheduler's configuration; `None` if the name is unknown.
    pub fn from_name(name: &str) -> Option<Self> {
        match name {
            "linear" => Some(Self::Linear),
            "scaled_linear" => Some(Self::ScaledLinear),
            "squaredcos_cap_v2" => Some(Self::SquaredcosCapV2),
            _ => None,
        }
    }

    /// β at every timestep; `start` and `end` as in [`TrainingSchedule::new`], the squared cosine takes no notice.
    pub(in crate::diffusion) fn betas(self, start: f64, end: f64, timesteps: usize) -> Vec<f64> {
        let last = (timesteps - 1).max(1) as f64;
        let between = |from: f64, to: f64, t: usize| from + (to - from) * t as f64 / last;
        match self {
            Self::Linear => (0..timesteps).map(|t| between(start, end, t)).collect(),
            Self::ScaledLinear => (0..timesteps)
                .map(|t| between(start.sqrt(), end.sqrt(), t).powi(2))
                .collect(),
            Self::SquaredcosCapV2 => {
                let alpha_bar = |t: usize| {
                    let angle = (t as f64 / timesteps as f64 + 0.008) / 1.008 * std::f64::consts::FRAC_PI_2;
                    angle.cos().powi(2)
                };
                (0..timesteps)
                    .map(|t| (1.0 - alpha_bar(t + 1) / alpha_bar(t)).min(0.999))
                    .collect()
            }
        }
    }
}

/// σ as a function of the training timestep, for real timesteps by interpolation.
#[derive(Debug, Clone, PartialEq)]
pub struct TrainingSchedule {
    /// σ at each integer timestep, strictly rising.
    sigmas: Vec<f64>,
    /// Whether the last timestep is pure noise.
    is_zero_snr: bool,
}

/// ᾱ that stands for 0 at the last timestep of zero terminal SNR, as in diffusers' solvers: the least of f16.
const LEAST_ALPHA_BAR: f64 = 1.0 / (1 << 24) as f64;
/// The noise level from which on nothing of a picture is left in f32: samplers that can stand it take this for pure
/// noise.
pub const PURE_NOISE: f64 = 1e6;

impl TrainingSchedule {
    /// From the parameters of a scheduler's configuration.
    ///
    /// * `beta_start`, `beta_end`: β at the first and last timestep, 0 < start ≤ end < 1.
    /// * `timesteps`: length of the forward process, at least 2.
    ///
    /// # Errors
    /// [`ScheduleError::BadTraining`] if a parameter is outside its range.
    pub fn new(beta: BetaSchedule, beta_start: f64, beta_end: f64, timesteps: usize) -> Result<Self, ScheduleError> {
        if !(2..=1_000_000).contains(&timesteps) {
            return Err(ScheduleError::BadTraining {
                expected: "num_train_timesteps from 2 to 1000000",
                found: timesteps.to_string(),
            });
        }
        if !(0.0 < beta_start && beta_start <= beta_end && beta_end < 1.0) {
            return Err(ScheduleError::BadTraining {
                expected: "0 < beta_start <= beta_end < 1",
                found: format!("{beta_start} and {beta_end}"),
            });
        }
        let mut alpha_bar = 1.0;
        let sigmas = beta.betas(beta_start, beta_end, timesteps).into_iter().map(|beta| {
            alpha_bar *= 1.0 - beta;
            ((1.0 - alpha_bar) / alpha_bar).sqrt()
        });
        Ok(Self {
            sigmas: sigmas.collect(),
            is_zero_snr: false,
        })
    }

    /// From ᾱ at every timestep, falling between 1 and 0, at least two of them.
    ///
    /// # Errors
    /// [`ScheduleError::BadTraining`] if they do not.
    pub fn from_alpha_bars(alpha_bars: &[f64]) -> Result<Self, ScheduleError> {
        let is_inside = alpha_bars.iter().all(|alpha_bar| *alpha_bar > 0.0 && *alpha_bar < 1.0);
        let is_falling = alpha_bars.windows(2).all(|pair| pair[1] < pair[0]);
        if alpha_bars.len() < 2 || !is_inside || !is_falling {
            return Err(ScheduleError::BadTraining {
                expected: "at least two timesteps whose noise grows",
                found: format!("{} timesteps", alpha_bars.len()),
            });
        }
        let sigmas = alpha_bars
            .iter()
            .map(|alpha_bar| ((1.0 - alpha_bar) / alpha_bar).sqrt());
        Ok(Self {
            sigmas: sigmas.collect(),
            is_zero_snr: false,
        })
    }

    /// The same schedule, shifted and scaled in √ᾱ so that its last timestep is pure noise (`rescale_betas_zero_snr`).
    ///
    /// Lin et al. (2023), algorithm 1, <https://arxiv.org/abs/2305.08891>.
    #[must_use]
    pub fn with_zero_terminal_snr(mut self) -> Self {
        let alpha = |sigma: f64| (1.0 + sigma * sigma).sqrt().recip();
        let (first, last) = (alpha(self.sigma_min()), alpha(self.sigma_max()));
        for sigma in &mut self.sigmas {
            let alpha_bar = ((alpha(*sigma) - last) * first / (first - last)).powi(2);
            let alpha_bar = alpha_bar.max(LEAST_ALPHA_BAR);
            *sigma = ((1.0 - alpha_bar) / alpha_bar).sqrt();
        }
        self.is_zero_snr = true;
        self
    }

    /// The same schedule with [`PURE_NOISE`] in the place of the level that stands for it, if it has zero terminal SNR.
    pub(super) fn to_pure_noise(&self) -> Cow<'_, Self> {
        if !self.is_zero_snr {
            return Cow::Borrowed(self);
        }
        let mut exact = self.clone();
        if let Some(last) = exact.sigmas.last_mut() {
            *last = PURE_NOISE;
        }
        Cow::Owned(exact)
    }

    /// Number of training timesteps.
    pub fn timesteps(&self) -> usize {
        self.sigmas.len()
    }

    /// σ of the first timestep, the least noise the model has seen.
    pub fn sigma_min(&self) -> f64 {
        self.sigmas[0]
    }

    /// σ of the last timestep, the most noise the model has seen.
    pub fn sigma_max(&self) -> f64 {
        self.sigmas[self.sigmas.len() - 1]
    }

    /// σ at a real timestep, linear between the integers and constant beyond the ends.
    pub fn sigma_at(&self, timestep: f64) -> f64 {
        let t = timestep.clamp(0.0, (self.sigmas.len() - 1) as f64);
        let low = (t as usize).min(self.sigmas.len() - 2);
        let weight = t - low as f64;
        self.sigmas[low] * (1.0 - weight) + self.sigmas[low + 1] * weight
    }

    /// The real timestep whose noise level is `sigma`, linear in ln σ and constant beyond the ends.
    pub fn timestep_of(&self, sigma: f64) -> f64 {
        let high = self
            .sigmas
            .partition_point(|s| *s <= sigma)
            .clamp(1, self.sigmas.len() - 1);
        let (below, above) = (self.sigmas[high - 1].ln(), self.sigmas[high].ln());
        let weight = ((sigma.max(1e-10).ln() - below) / (above - below)).clamp(0.0, 1.0);
        (high - 1) as f64 + weight
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stable_diffusion() -> TrainingSchedule {
        TrainingSchedule::new(BetaSchedule::ScaledLinear, 0.00085, 0.012, 1000).unwrap()
    }

    #[test]
    fn stable_diffusion_should_have_its_known_range_of_noise() {
        let training = stable_diffusion();
        assert!(
            (training.sigma_min() - 0.029_167).abs() < 1e-5,
            "{}",
            training.sigma_min()
        );
        assert!(
            (training.sigma_max() - 14.6146).abs() < 1e-3,
            "{}",
            training.sigma_max()
        );
    }

    #[test]
    fn timesteps_should_survive_the_way_to_sigma_and_back() {
        let training = stable_diffusion();
        for t in [0.0, 1.0, 17.0, 500.0, 999.0] {
            assert!((training.timestep_of(training.sigma_at(t)) - t).abs() < 1e-9, "{t}");
        }
        assert_eq!(training.timestep_of(1e9), 999.0);
        assert_eq!(training.timestep_of(0.0), 0.0);
    }

    #[test]
    fn zero_terminal_snr_should_leave_the_first_level_and_drown_the_last() {
        let plain = stable_diffusion();
        let rescaled = plain.clone().with_zero_terminal_snr();
        assert!((rescaled.sigma_min() - plain.sigma_min()).abs() < 1e-9);
        assert!((rescaled.sigma_max() - 4096.0).abs() < 1e-3, "{}", rescaled.sigma_max());
        assert!(rescaled.sigmas.windows(2).all(|pair| pair[0] < pair[1]));
        assert_eq!(rescaled.to_pure_noise().sigma_max(), PURE_NOISE);
        assert_eq!(*plain.to_pure_noise(), plain);
    }

    #[test]
    fn impossible_betas_should_be_refused() {
        for (start, end) in [(0.0, 0.1), (0.2, 0.1), (0.1, 1.0), (f64::NAN, 0.1)] {
            assert!(
                TrainingSchedule::new(BetaSchedule::Linear, start, end, 1000).is_err(),
                "{start} {end}"
            );
        }
    }
}
