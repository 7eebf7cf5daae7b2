//! The reverse process of DDPM as `unCLIP` samples it, with a variance that the network may choose.

use candle_core::Tensor;

use super::{Sampler, SamplerContext, SamplerSpec, Step, StepNoise};
use crate::diffusion::schedule::{BetaSchedule, SigmaTable, TimestepStyle, TrainingSchedule};
use crate::diffusion::{SampleError, ScheduleError};

/// Ho et al. (2020), eq. 6 and 7, <https://arxiv.org/abs/2006.11239>; the variance between its bounds as Nichol &
/// Dhariwal (2021), eq. 15, <https://arxiv.org/abs/2102.09672>. One model call per step, no noise in the last one.
///
/// diffusers keeps β and ᾱ in f32. At both ends of this process, where almost everything or almost nothing is noise,
/// that is to be seen in the pictures, so they are rounded here too. The sampler belongs to its models and is in no
/// list.
#[derive(Debug, Clone)]
pub struct UnclipSampler {
    /// β at every timestep, as f32 has it.
    betas: Vec<f64>,
}

/// A number as f32 has it.
fn rounded(value: f64) -> f64 {
    f64::from(value as f32)
}

impl UnclipSampler {
    /// The noise levels of its models' training, the squared cosine, and their sampler.
    ///
    /// # Errors
    /// [`ScheduleError::BadTraining`] unless there are 2 to 1000000 timesteps.
    pub fn trained(timesteps: usize) -> Result<(TrainingSchedule, Self), ScheduleError> {
        if !(2..=1_000_000).contains(&timesteps) {
            return Err(ScheduleError::BadTraining {
                expected: "num_train_timesteps from 2 to 1000000",
                found: timesteps.to_string(),
            });
        }
        let betas = BetaSchedule::SquaredcosCapV2.betas(0.0, 0.0, timesteps);
        let betas: Vec<f64> = betas.into_iter().map(rounded).collect();
        let mut product = 1.0;
        let alpha_bars: Vec<f64> = betas
            .iter()
            .map(|beta| {
                product *= rounded(1.0 - beta);
                rounded(product)
            })
            .collect();
        Ok((TrainingSchedule::from_alpha_bars(&alpha_bars)?, Self { betas }))
    }

    /// Timesteps from the last of training down to the first, in equal strides.
    ///
    /// # Errors
    /// [`ScheduleError`] if there are no steps or more than timesteps.
    pub fn sigma_table(training: &TrainingSchedule, steps: usize) -> Result<SigmaTable, ScheduleError> {
        let most = training.timesteps();
        if steps == 0 {
            return Err(ScheduleError::NoSteps);
        }
        if steps > most {
            return Err(ScheduleError::TooManySteps { most, found: steps });
        }
        let last = (most - 1) as f64;
        let stride = last / (steps - 1).max(1) as f64;
        let timesteps: Vec<f64> = (0..steps)
            .map(|index| {
                if steps == 1 {
                    last
                } else {
                    (steps - 1 - index) as f64 * stride
                }
            })
            .map(f64::round_ties_even)
            .collect();
        let mut sigmas: Vec<f64> = timesteps.iter().map(|t| training.sigma_at(*t)).collect();
        sigmas.push(0.0);
        Ok(SigmaTable::from_levels(sigmas, timesteps))
    }

    /// What step `index` is made of.
    fn posterior(&self, table: &SigmaTable, index: usize) -> Posterior {
        let alpha_bar = |sigma: f64| rounded(1.0 / (1.0 + sigma * sigma));
        let (now, next) = (alpha_bar(table.sigmas()[index]), alpha_bar(table.target(index)));
        let timestep = table.timesteps()[index];
        let to = table.timesteps().get(index + 1).copied().unwrap_or(-1.0);
        // A step of one timestep is one of training.
        let of_training = self.betas.get(timestep as usize).filter(|_| timestep - to == 1.0);
        let beta = of_training
            .copied()
            .unwrap_or_else(|| rounded(1.0 - rounded(now / next)));
        Posterior {
            of_x0: next.sqrt() * beta / (1.0 - now),
            of_x: rounded(1.0 - beta).sqrt() * (1.0 - next) / (1.0 - now),
            least: ((1.0 - next) / (1.0 - now) * beta).max(1e-20),
            most: beta,
        }
    }
}

/// The Gaussian that a step draws from, given x₀, all at unit variance.
#[derive(Debug, Clone, Copy)]
struct Posterior {
    /// How much x₀ counts in the mean.
    of_x0: f64,
    /// How much the noisy latents count.
    of_x: f64,
    /// The posterior's variance.
    least: f64,
    /// The forward process's variance.
    most: f64,
}

impl Posterior {
    /// Gives the noise its standard deviation: that of the posterior, or what the network says, −1 for the least and 1
    /// for the most, geometrically between.
    fn spread(&self, noise: &Tensor, variance: Option<&Tensor>) -> candle_core::Result<Tensor> {
        let Some(variance) = variance else {
            return noise * self.least.sqrt();
        };
        let (least, most) = (0.5 * self.least.ln(), 0.5 * self.most.ln());
        noise * variance.affine(0.5 * (most - least), 0.5 * (most + least))?.exp()?
    }
}

impl Sampler for UnclipSampler {
    fn spec(&self) -> &SamplerSpec {
        const SPEC: SamplerSpec = SamplerSpec {
            id: "unclip",
            label: "unCLIP",
            order: 1,
            timestep_style: TimestepStyle::Stride,
            noise: StepNoise::Always,
            ..SamplerSpec::DEFAULT
        };
        &SPEC
    }

    fn step(&self, ctx: &mut dyn SamplerContext, step: &Step<'_>) -> Result<Tensor, SampleError> {
        let posterior = self.posterior(step.table, step.index);
        let target = step.target();
        let mut x =
            ((step.x0 * posterior.of_x0)? + (ctx.process().network_input(step.x, step.sigma())? * posterior.of_x)?)?;
        if target > 0.0 {
            let noise = ctx.noise_like(&x, step.index, step.index)?;
            x = (x + posterior.spread(&noise, ctx.variance())?)?;
        }
        Ok((x * ctx.process().input_norm(target))?)
    }
}

#[cfg(test)]
mod tests {
    use candle_core::Device;

    use super::*;

    #[test]
    fn timesteps_should_reach_from_the_last_to_the_first() {
        let (training, _) = UnclipSampler::trained(1000).unwrap();
        let table = UnclipSampler::sigma_table(&training, 6).unwrap();
        assert_eq!(table.timesteps(), [999.0, 799.0, 599.0, 400.0, 200.0, 0.0]);
        assert_eq!(table.sigmas()[6], 0.0);
        assert!(UnclipSampler::sigma_table(&training, 0).is_err());
        assert!(UnclipSampler::sigma_table(&training, 1001).is_err());
        assert!(UnclipSampler::trained(1).is_err());
    }

    #[test]
    fn a_step_should_keep_what_is_clean_and_what_is_noise() {
        let (training, sampler) = UnclipSampler::trained(1000).unwrap();
        let table = UnclipSampler::sigma_table(&training, 8).unwrap();
        for index in 1..7 {
            let posterior = sampler.posterior(&table, index);
            let alpha = |sigma: f64| 1.0 / sigma.hypot(1.0);
            let (now, next) = (table.sigmas()[index], table.sigmas()[index + 1]);
            // α·x₀ + σα·ε goes to α′·x₀ + σ′α′·ε, in mean and in variance.
            let clean = posterior.of_x0 + posterior.of_x * alpha(now);
            assert!((clean - alpha(next)).abs() < 1e-6, "step {index}: {clean}");
            let noise = (posterior.of_x * now * alpha(now)).powi(2) + posterior.least;
            assert!(
                (noise - (next * alpha(next)).powi(2)).abs() < 1e-6,
                "step {index}: {noise}"
            );
        }
    }

    #[test]
    fn the_networks_word_should_reach_from_the_posterior_to_the_forward_process() {
        let posterior = Posterior {
            of_x0: 0.0,
            of_x: 0.0,
            least: 0.04,
            most: 0.25,
        };
        let word = Tensor::new(&[-1f32, 0.0, 1.0], &Device::Cpu).unwrap();
        let found = posterior.spread(&word.ones_like().unwrap(), Some(&word)).unwrap();
        let found = found.to_vec1::<f32>().unwrap();
        for (found, expected) in found.into_iter().zip([0.2, 0.1f32.sqrt(), 0.5]) {
            assert!((found - expected).abs() < 1e-6, "{found}, expected {expected}");
        }
    }
}
