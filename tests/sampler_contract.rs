//! Every registered sampler against a model whose answer is known in closed form.

use candle_core::{DType, Device, Tensor};
use hareru::diffusion::SampleError;
use hareru::diffusion::noise::{Draw, standard_normal};
use hareru::diffusion::samplers::{Options, PastStep, SAMPLERS, Sampler, SamplerHost, Step};
use hareru::diffusion::schedule::{Timetable, karras_sigmas};

const SIGMA_MIN: f64 = 0.002;
const SIGMA_MAX: f64 = 10.0;

/// The exact model for data drawn from N(0, s²): x₀ = x s² / (s² + σ²).
/// Its ODE is solved by x(0) = x(σ) · s / √(s² + σ²), so every sampler has a known right answer.
struct GaussianData {
    s: f64,
    /// Answers with the end of the ODE instead of the mean of x₀, as a distilled model would.
    is_consistency_model: bool,
    seen: Vec<usize>,
    past: Vec<PastStep>,
    stop_at: Option<usize>,
}

impl GaussianData {
    fn new(s: f64) -> Self {
        Self {
            s,
            is_consistency_model: false,
            seen: Vec::new(),
            past: Vec::new(),
            stop_at: None,
        }
    }
}

impl SamplerHost for GaussianData {
    fn denoise(&mut self, x: &Tensor, sigma: f64) -> Result<Tensor, SampleError> {
        let variance = self.s * self.s + sigma * sigma;
        let factor = if self.is_consistency_model {
            self.s / variance.sqrt()
        } else {
            self.s * self.s / variance
        };
        Ok((x * factor)?)
    }

    fn noise_like(&mut self, x: &Tensor, index: usize) -> Result<Tensor, SampleError> {
        let values = standard_normal(11, Draw::Step(index), x.elem_count());
        Ok(Tensor::from_vec(values, x.dims(), &Device::Cpu)?.to_dtype(x.dtype())?)
    }

    fn past(&self, back: usize) -> Option<&PastStep> {
        self.past.iter().rev().nth(back)
    }

    fn observe(&mut self, step: Step<'_>) -> Result<(), SampleError> {
        self.seen.push(step.index);
        self.past.push(PastStep {
            sigma: step.sigma,
            x: step.x.clone(),
            x0: step.x0.clone(),
        });
        if self.stop_at == Some(step.index) {
            Err(SampleError::Cancelled)
        } else {
            Ok(())
        }
    }

    fn land(&mut self, x: Tensor, _index: usize) -> Result<Tensor, SampleError> {
        Ok(x)
    }
}

fn table(steps: usize) -> Timetable {
    let mut sigmas = karras_sigmas(steps, SIGMA_MIN, SIGMA_MAX, 7.0).unwrap();
    sigmas.push(0.0);
    Timetable::from_levels(sigmas, vec![999.0; steps])
}

/// |x − exact| after `steps` steps from x = 1 at the highest noise level.
fn error_after(sampler: &dyn Sampler, steps: usize) -> f64 {
    let mut host = GaussianData::new(1.0);
    let start = Tensor::new(&[1f64], &Device::Cpu).unwrap();
    let end = sampler
        .sample(&mut host, start, &table(steps), Options::default(), 0)
        .unwrap();
    let exact = 1.0 / (1.0 + SIGMA_MAX * SIGMA_MAX).sqrt();
    (end.to_vec1::<f64>().unwrap()[0] - exact).abs()
}

#[test]
fn every_deterministic_sampler_should_converge_at_its_declared_order() {
    for sampler in SAMPLERS.iter().filter(|sampler| !sampler.is_stochastic(0.0)) {
        let ratio = error_after(*sampler, 40) / error_after(*sampler, 80);
        let expected = 2f64.powi(sampler.order());
        assert!(
            ratio > 0.9 * expected,
            "{}: halving the step cut the error by {ratio:.2}, expected {expected}",
            sampler.id()
        );
    }
}

#[test]
fn every_stochastic_sampler_should_keep_the_spread_of_the_data() {
    const SAMPLES: usize = 20_000;
    const S: f64 = 0.5;
    let runs = SAMPLERS.iter().flat_map(|sampler| [(sampler, 0.0), (sampler, 1.0)]);
    for (sampler, eta) in runs.filter(|(sampler, eta)| sampler.is_stochastic(*eta)) {
        let mut host = GaussianData {
            is_consistency_model: sampler.id() == "lcm",
            ..GaussianData::new(S)
        };
        let noise = Tensor::from_vec(standard_normal(5, Draw::Initial, SAMPLES), SAMPLES, &Device::Cpu).unwrap();
        let start = (noise.to_dtype(DType::F64).unwrap() * SIGMA_MAX).unwrap();
        let end = sampler
            .sample(&mut host, start, &table(480), Options { eta }, 0)
            .unwrap();
        let values = end.to_vec1::<f64>().unwrap();
        let spread = (values.iter().map(|v| v * v).sum::<f64>() / SAMPLES as f64).sqrt();
        assert!(
            (spread - S).abs() < 0.015,
            "{} (eta {eta}): spread {spread:.3}, expected {S}",
            sampler.id()
        );
    }
}

#[test]
fn every_sampler_should_stop_at_the_step_the_user_cancelled() {
    for sampler in SAMPLERS {
        let mut host = GaussianData {
            stop_at: Some(3),
            ..GaussianData::new(1.0)
        };
        let start = Tensor::new(&[1f64], &Device::Cpu).unwrap();
        let end = sampler.sample(&mut host, start, &table(10), Options::default(), 0);
        assert!(matches!(end, Err(SampleError::Cancelled)), "{}", sampler.id());
        assert_eq!(host.seen, [0, 1, 2, 3], "{}", sampler.id());
    }
}

#[test]
fn every_sampler_should_resume_a_run_exactly() {
    for sampler in SAMPLERS {
        let walk = |host: &mut GaussianData, x: Tensor, first: usize| {
            let end = sampler
                .sample(host, x, &table(10), Options { eta: 1.0 }, first)
                .unwrap();
            end.to_vec1::<f64>().unwrap()
        };
        let mut whole = GaussianData::new(1.0);
        let expected = walk(&mut whole, Tensor::new(&[1f64, -2.0], &Device::Cpu).unwrap(), 0);
        let mut branch = GaussianData {
            past: whole.past[..4].to_vec(),
            ..GaussianData::new(1.0)
        };
        let found = walk(&mut branch, whole.past[4].x.clone(), 4);
        assert_eq!(
            found,
            expected,
            "{}: a branch without a change must be the run itself",
            sampler.id()
        );
    }
}

#[test]
fn sampler_names_should_be_unique() {
    for (index, sampler) in SAMPLERS.iter().enumerate() {
        assert!(
            SAMPLERS[..index].iter().all(|other| other.id() != sampler.id()),
            "{}",
            sampler.id()
        );
    }
}
