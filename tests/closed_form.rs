//! Whole runs, down from noise and up to it, of networks whose answer is known in closed form.

use candle_core::{Device, Tensor};
use hareru::diffusion::guidance::Guidance;
use hareru::diffusion::samplers::{Options, Sampler, sampler_by_id};
use hareru::diffusion::schedule::SigmaTable;
use hareru::job::{JobControl, NoiseSource};
use hareru::pipelines::denoise::{InitialLatents, Noise, Observed, Run, RunOutput};
use hareru::pipelines::denoiser::{DenoiseInput, DenoiseOutput, Denoiser};
use hareru::pipelines::run_plan::RunPlan;
use hareru::pipelines::{Scheduler, SchedulerConfig, invert};

/// Standard deviation of the data of [`Gaussian`].
const SPREAD: f64 = 0.8;

/// The exact network for data drawn from N(0, [`SPREAD`]²), where x₀ = x s² / (s² + σ²) and the ODE is solved by
/// x(σ) = x(0) √(s² + σ²) / s.
struct Gaussian {
    scheduler: Scheduler,
    kind: Kind,
}

/// How the network was trained.
#[derive(Debug, Clone, Copy)]
enum Kind {
    /// It predicts ε.
    Epsilon,
    /// It is preconditioned as in EDM, for data of this standard deviation.
    Edm(f64),
    /// It predicts the velocity of a rectified flow, ε − x₀.
    Flow,
}

impl Gaussian {
    fn new(kind: Kind) -> Self {
        let mut config = SchedulerConfig::default();
        match kind {
            Kind::Epsilon => {}
            Kind::Edm(sigma_data) => config.sigma_data = Some(sigma_data),
            Kind::Flow => "FlowMatchEulerDiscreteScheduler".clone_into(&mut config.class_name),
        }
        let scheduler = Scheduler::new(config).unwrap();
        Self { scheduler, kind }
    }

    /// A run without guidance that is not told anything on its way.
    fn run(&self, sampler: &dyn Sampler, table: &SigmaTable, start: InitialLatents, plan: RunPlan) -> RunOutput {
        let guidance = Guidance {
            scale: 1.0,
            rescale: 0.0,
        };
        let run = Run {
            denoiser: self,
            guidance: guidance.into(),
            sampler,
            options: Options::default(),
            table,
            start,
            inpaint: None,
            noise: Noise {
                seed: 3,
                source: NoiseSource::Hareru,
                variation: None,
            },
            plan,
            control: &JobControl::default(),
            probe: None,
        };
        run.sample([1, 1, 2, 2], &mut |_: &Observed<'_>| Ok(())).unwrap()
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
        let scale = match self.kind {
            Kind::Epsilon => sigma.hypot(1.0),
            Kind::Edm(data) => sigma.hypot(data),
            Kind::Flow => 1.0 + sigma,
        };
        let x = (input.x * scale)?;
        let x0 = (&x * (SPREAD * SPREAD / (SPREAD * SPREAD + sigma * sigma)))?;
        let output = match self.kind {
            Kind::Epsilon => ((x - x0)? / sigma)?,
            Kind::Edm(data) => {
                let total = sigma * sigma + data * data;
                ((x0 - (x * (data * data / total))?)? / (sigma * data / total.sqrt()))?
            }
            Kind::Flow => (((x - &x0)? / sigma)? - x0)?,
        };
        Ok(DenoiseOutput::alone(output))
    }
}

/// A picture's latents.
fn latents() -> Tensor {
    Tensor::new(&[[[[0.5f32, -1.0], [0.25, 0.75]]]], &Device::Cpu).unwrap()
}

fn values(x: &Tensor) -> Vec<f32> {
    x.flatten_all().unwrap().to_vec1::<f32>().unwrap()
}

#[test]
fn a_picture_should_rise_along_the_ode_whatever_the_process() {
    let latents = latents();
    for kind in [Kind::Epsilon, Kind::Edm(0.5)] {
        let network = Gaussian::new(kind);
        let euler = sampler_by_id("euler").unwrap();
        let table = network.scheduler.sigma_table(euler, "karras", None, 400).unwrap();
        let first = 100;
        let run = invert(&network, &latents, &table, first, &JobControl::default(), None).unwrap();
        assert_eq!(run.steps.len(), 300, "one step for each that leads back down");
        let level = table.sigmas()[first];
        let expected = (&latents * ((SPREAD * SPREAD + level * level).sqrt() / SPREAD)).unwrap();
        for (found, expected) in values(&run.x).iter().zip(values(&expected)) {
            assert!(
                (found / expected - 1.0).abs() < 0.02,
                "{kind:?}: {found}, expected {expected} at level {level}"
            );
        }
    }
}

#[test]
fn a_flow_should_lead_from_noise_to_the_data() {
    let network = Gaussian::new(Kind::Flow);
    for id in ["euler", "heun", "dpmpp_2m"] {
        let sampler = sampler_by_id(id).unwrap();
        let table = network.scheduler.sigma_table(sampler, "normal", None, 400).unwrap();
        let expected: Vec<f64> = (0..400).map(|step| 1000.0 - 2.5 * f64::from(step)).collect();
        for (found, expected) in table.timesteps().iter().zip(&expected) {
            assert!(
                (found - expected).abs() < 1e-9,
                "{id}: timestep {found}, expected {expected}"
            );
        }
        let run = network.run(sampler, &table, InitialLatents::Noise, RunPlan::default());
        assert_eq!(run.steps.len(), 400, "{id}: every level is stepped from");
        let noise = &run.steps[0];
        for (found, x) in values(&run.latents).iter().zip(&noise.x.values) {
            let expected = f64::from(*x) * SPREAD / SPREAD.hypot(noise.sigma);
            let is_near = (f64::from(*found) - expected).abs() < 0.02;
            assert!(
                is_near,
                "{id}: {found}, expected {expected} of x {x} at level {}",
                noise.sigma
            );
        }
    }
}

#[test]
fn plms_should_stop_after_a_step_that_it_leaves_out_over_a_picture() {
    let network = Gaussian::new(Kind::Epsilon);
    let plms = sampler_by_id("pndm").unwrap();
    let table = network.scheduler.sigma_table(plms, "normal", None, 10).unwrap();
    let run = |stop_after| {
        let start = InitialLatents::Picture {
            latents: latents(),
            first: 3,
        };
        let plan = RunPlan {
            stop_after,
            ..RunPlan::default()
        };
        network.run(plms, &table, start, plan)
    };
    let taken = |run: &RunOutput| run.steps.iter().map(|step| step.index).collect::<Vec<_>>();
    assert_eq!(
        taken(&run(None)),
        [3, 5, 6, 7, 8, 9],
        "PLMS leaves out the step after its first"
    );
    for (stop_after, expected) in [(4, vec![3]), (5, vec![3]), (6, vec![3, 5])] {
        let run = run(Some(stop_after));
        assert_eq!(taken(&run), expected, "steps before the end after {stop_after}");
        assert!(run.ended_after.is_some(), "it says that it ended early");
        let estimate = &run.steps[expected.len() - 1].x0.values;
        assert_eq!(&values(&run.latents), estimate, "the newest estimate is the picture");
    }
}
