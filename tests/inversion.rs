//! Pictures taken up to noise by networks whose answer is known in closed form.

use candle_core::{Device, Tensor};
use hareru::diffusion::samplers::sampler_by_id;
use hareru::job::JobControl;
use hareru::pipelines::denoiser::{DenoiseInput, DenoiseOutput, Denoiser};
use hareru::pipelines::{Scheduler, SchedulerConfig, invert};

/// Standard deviation of the data of [`Gaussian`].
const SPREAD: f64 = 0.8;

/// The exact network for data drawn from N(0, [`SPREAD`]²), where x₀ = x s² / (s² + σ²) and the ODE is solved by
/// x(σ) = x(0) √(s² + σ²) / s. It is preconditioned as in EDM if the scheduler says so, else it predicts ε.
struct Gaussian {
    scheduler: Scheduler,
    sigma_data: Option<f64>,
}

impl Gaussian {
    fn new(sigma_data: Option<f64>) -> Self {
        let config = SchedulerConfig {
            sigma_data,
            ..SchedulerConfig::default()
        };
        Self {
            scheduler: Scheduler::new(config).unwrap(),
            sigma_data,
        }
    }
}

impl Denoiser for Gaussian {
    fn device(&self) -> &Device {
        &Device::Cpu
    }

    fn scheduler(&self) -> &Scheduler {
        &self.scheduler
    }

    fn denoise(&self, input: &DenoiseInput<'_>) -> candle_core::Result<DenoiseOutput> {
        let sigma = input.sigma;
        if sigma == 0.0 {
            return Ok(DenoiseOutput::alone(input.x.zeros_like()?));
        }
        let x = (input.x * sigma.hypot(self.sigma_data.unwrap_or(1.0)))?;
        let x0 = (&x * (SPREAD * SPREAD / (SPREAD * SPREAD + sigma * sigma)))?;
        let output = match self.sigma_data {
            None => ((x - x0)? / sigma)?,
            Some(data) => {
                let total = sigma * sigma + data * data;
                ((x0 - (x * (data * data / total))?)? / (sigma * data / total.sqrt()))?
            }
        };
        Ok(DenoiseOutput::alone(output))
    }
}

#[test]
fn a_picture_should_rise_along_the_ode_whatever_the_process() {
    let latents = Tensor::new(&[[[[0.5f32, -1.0], [0.25, 0.75]]]], &Device::Cpu).unwrap();
    for sigma_data in [None, Some(0.5)] {
        let network = Gaussian::new(sigma_data);
        let euler = sampler_by_id("euler").unwrap();
        let table = network.scheduler.sigma_table(euler, "karras", None, 400).unwrap();
        let first = 100;
        let run = invert(&network, &latents, &table, first, &JobControl::default(), None).unwrap();
        assert_eq!(run.steps.len(), 300, "one step for each that leads back down");
        let level = table.sigmas()[first];
        let expected = (&latents * ((SPREAD * SPREAD + level * level).sqrt() / SPREAD)).unwrap();
        let values = |x: &Tensor| x.flatten_all().unwrap().to_vec1::<f32>().unwrap();
        for (found, expected) in values(&run.x).iter().zip(values(&expected)) {
            assert!(
                (found / expected - 1.0).abs() < 0.02,
                "sigma_data {sigma_data:?}: {found}, expected {expected} at level {level}"
            );
        }
    }
}
