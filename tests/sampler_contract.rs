//! Every registered sampler against a model whose answer is known in closed form.

use candle_core::{DType, Device, Tensor};
use hareru::diffusion::SampleError;
use hareru::diffusion::forward_process::{ForwardProcess, Mixing, Prediction};
use hareru::diffusion::noise::{Draw, standard_normal};
use hareru::diffusion::samplers::{
    Options, PastStep, SAMPLERS, Sampler, SamplerContext, Step, Variance, sampler_by_id,
};
use hareru::diffusion::schedule::{BetaSchedule, SigmaTable, TrainingSchedule, karras_sigmas};

const SIGMA_MIN: f64 = 0.002;
const SIGMA_MAX: f64 = 10.0;

/// The exact model for data drawn from N(0, s²): x₀ = x s² / (s² + σ²).
/// Its ODE is solved by x(0) = x(σ) · s / √(s² + σ²), so every sampler has a known right answer.
struct GaussianData {
    s: f64,
    process: ForwardProcess,
    /// Answers with the end of the ODE instead of the mean of x₀, as a distilled model would.
    is_consistency_model: bool,
    /// Without a prompt the data is this many times as wide.
    uncond: Option<f64>,
    x0_uncond: Option<Tensor>,
    seen: Vec<usize>,
    past: Vec<PastStep>,
    stop_at: Option<usize>,
}

impl GaussianData {
    fn new(s: f64) -> Self {
        Self {
            s,
            process: ForwardProcess {
                mixing: Mixing::VariancePreserving,
                prediction: Prediction::Epsilon,
                training: training(),
            },
            is_consistency_model: false,
            uncond: None,
            x0_uncond: None,
            seen: Vec::new(),
            past: Vec::new(),
            stop_at: None,
        }
    }
}

impl SamplerContext for GaussianData {
    fn denoise(&mut self, x: &Tensor, sigma: f64) -> Result<Tensor, SampleError> {
        let variance = self.s * self.s + sigma * sigma;
        let factor = if self.is_consistency_model {
            self.s / variance.sqrt()
        } else {
            self.s * self.s / variance
        };
        self.x0_uncond = match self.uncond {
            Some(width) => Some((x * (width * width / (width * width + sigma * sigma)))?),
            None => None,
        };
        Ok((x * factor)?)
    }

    fn noise_like(&mut self, x: &Tensor, _step: usize, draw: usize) -> Result<Tensor, SampleError> {
        let values = standard_normal(11, Draw::Step(draw), x.elem_count());
        Ok(Tensor::from_vec(values, x.dims(), &Device::Cpu)?.to_dtype(x.dtype())?)
    }

    fn past(&self, back: usize) -> Option<&PastStep> {
        self.past.iter().rev().nth(back)
    }

    fn x0_uncond(&self) -> Option<&Tensor> {
        self.x0_uncond.as_ref()
    }

    fn process(&self) -> &ForwardProcess {
        &self.process
    }

    fn keep_corrected(&mut self, back: usize, corrected: Tensor) {
        let place = self.past.len() - 1 - back;
        self.past[place].corrected = Some(corrected);
    }
}

impl GaussianData {
    /// Takes the steps of a run from `first` on, as the denoise loop does.
    fn sample(
        &mut self,
        sampler: &dyn Sampler,
        mut x: Tensor,
        table: &SigmaTable,
        options: Options,
        first: usize,
    ) -> Result<Tensor, SampleError> {
        let mut index = first;
        while index < table.steps() {
            let sigma = table.sigmas()[index];
            let x0 = self.denoise(&x, sigma)?;
            self.seen.push(index);
            self.past.push(PastStep::new(sigma, x.clone(), x0.clone()));
            if self.stop_at == Some(index) {
                return Err(SampleError::Cancelled);
            }
            let step = Step {
                index,
                x: &x,
                x0: &x0,
                table,
                options,
            };
            let next = sampler.next_index(self, &step);
            x = sampler.step(self, &step)?;
            index = next;
        }
        Ok(x)
    }
}

/// The noise levels of Stable Diffusion.
fn training() -> TrainingSchedule {
    TrainingSchedule::new(BetaSchedule::ScaledLinear, 0.00085, 0.012, 1000).unwrap()
}

/// `levels` and an end, with the timesteps of Stable Diffusion.
fn timed(levels: Vec<f64>) -> SigmaTable {
    let training = training();
    let steps = levels.len() - 1;
    let timesteps = levels[..steps].iter().map(|s| training.timestep_of(*s)).collect();
    SigmaTable::from_levels(levels, timesteps)
}

/// Down to no noise at all.
fn table(steps: usize) -> SigmaTable {
    let mut sigmas = karras_sigmas(steps, SIGMA_MIN, SIGMA_MAX, 7.0).unwrap();
    sigmas.push(0.0);
    timed(sigmas)
}

fn scalar(value: f64) -> Tensor {
    Tensor::new(&[value], &Device::Cpu).unwrap()
}

fn value(x: &Tensor) -> f64 {
    x.to_vec1::<f64>().unwrap()[0]
}

/// |x − exact| where the last of `steps` steps begins, at a level at which the step size still tells, on the solution that
/// ends in x = 1 at the highest level. Methods that look back are given an exact past; the last step itself is of lower
/// order in some.
fn error_after(sampler: &dyn Sampler, options: Options, steps: usize) -> f64 {
    const LAST: f64 = 0.3;
    let table = timed(karras_sigmas(steps + 1, LAST, SIGMA_MAX, 7.0).unwrap());
    let exact = |sigma: f64| ((1.0 + sigma * sigma) / (1.0 + SIGMA_MAX * SIGMA_MAX)).sqrt();
    let first = 4;
    let mut host = GaussianData::new(1.0);
    for sigma in &table.sigmas()[..first] {
        let x = scalar(exact(*sigma));
        let x0 = (&x / (1.0 + sigma * sigma)).unwrap();
        host.past.push(PastStep::new(*sigma, x, x0));
    }
    let start = scalar(exact(table.sigmas()[first]));
    host.sample(sampler, start, &table, options, first).unwrap();
    let last = &host.past[host.past.len() - 1];
    (value(&last.x) - exact(last.sigma)).abs()
}

#[test]
fn every_deterministic_sampler_should_converge_at_its_declared_order() {
    for sampler in SAMPLERS.iter().filter(|sampler| !sampler.spec().is_stochastic(0.0)) {
        let error = |steps| error_after(*sampler, Options::default(), steps);
        let ratio = error(80) / error(160);
        let expected = 2f64.powi(sampler.spec().order);
        println!("{}: {ratio:.2} for {expected}", sampler.spec().id);
        assert!(
            ratio > 0.9 * expected,
            "{}: halving the step cut the error by {ratio:.2}, expected {expected}",
            sampler.spec().id
        );
    }
}

#[test]
fn solvers_of_several_orders_should_converge_at_the_order_asked_for() {
    for id in ["deis", "unipc", "unipc_bh1"] {
        for (order, expected) in [(1, 2.0), (2, 4.0), (3, 8.0)] {
            let options = Options {
                order: Some(order),
                ..Options::default()
            };
            let error = |steps| error_after(sampler_by_id(id).unwrap(), options, steps);
            let ratio = error(80) / error(160);
            assert!(
                ratio > 0.9 * expected,
                "{id} of order {order}: halving the step cut the error by {ratio:.2}"
            );
        }
    }
}

#[test]
fn every_deterministic_sampler_should_arrive_where_no_noise_is_left() {
    for sampler in SAMPLERS.iter().filter(|sampler| !sampler.spec().is_stochastic(0.0)) {
        let end = GaussianData::new(1.0)
            .sample(*sampler, scalar(1.0), &table(160), Options::default(), 0)
            .unwrap();
        let exact = 1.0 / (1.0 + SIGMA_MAX * SIGMA_MAX).sqrt();
        let error = (value(&end) / exact - 1.0).abs();
        assert!(error < 0.03, "{}: off by {error:.2e}", sampler.spec().id);
    }
}

#[test]
fn every_stochastic_sampler_should_keep_the_spread_of_the_data() {
    const SAMPLES: usize = 10_000;
    const S: f64 = 0.5;
    for sampler in SAMPLERS {
        for (eta, variance) in [(0.0, Variance::Small), (1.0, Variance::Small), (0.0, Variance::Large)] {
            let is_variant = sampler.spec().id == "ddpm" || variance == Variance::Small;
            if !sampler.spec().is_stochastic(eta) || !is_variant {
                continue;
            }
            let is_consistency_model = matches!(sampler.spec().id, "lcm" | "tcd");
            let table = if is_consistency_model {
                SigmaTable::from_levels(table(480).sigmas().to_vec(), vec![999.0; 480]) // far from their boundary
            } else {
                table(480)
            };
            let mut host = GaussianData {
                is_consistency_model,
                ..GaussianData::new(S)
            };
            let noise = Tensor::from_vec(standard_normal(5, Draw::Initial, SAMPLES), SAMPLES, &Device::Cpu).unwrap();
            let start = (noise.to_dtype(DType::F64).unwrap() * SIGMA_MAX).unwrap();
            let options = Options {
                eta,
                variance,
                ..Options::default()
            };
            let end = host.sample(*sampler, start, &table, options, 0).unwrap();
            let values = end.to_vec1::<f64>().unwrap();
            let spread = (values.iter().map(|v| v * v).sum::<f64>() / SAMPLES as f64).sqrt();
            assert!(
                (spread - S).abs() < 0.015,
                "{} (eta {eta}, {variance:?}): spread {spread:.3}, expected {S}",
                sampler.spec().id
            );
        }
    }
}

#[test]
fn every_sampler_should_stop_at_the_step_the_user_cancelled() {
    for sampler in SAMPLERS {
        let mut host = GaussianData {
            stop_at: Some(3),
            ..GaussianData::new(1.0)
        };
        let end = host.sample(*sampler, scalar(1.0), &table(10), Options::default(), 0);
        assert!(matches!(end, Err(SampleError::Cancelled)), "{}", sampler.spec().id);
        assert_eq!(host.seen, [0, 1, 2, 3], "{}", sampler.spec().id);
    }
}

#[test]
fn every_sampler_should_resume_a_run_exactly_at_any_step() {
    const STEPS: usize = 24; // long enough for all that happens only in long runs
    for sampler in SAMPLERS {
        for order in [None, Some(3)] {
            let options = Options {
                eta: 1.0,
                order,
                ..Options::default()
            };
            let walk = |host: &mut GaussianData, x: Tensor, first: usize| {
                let end = host.sample(*sampler, x, &table(STEPS), options, first).unwrap();
                end.to_vec1::<f64>().unwrap()
            };
            let mut whole = GaussianData::new(1.0);
            let expected = walk(&mut whole, Tensor::new(&[1f64, -2.0], &Device::Cpu).unwrap(), 0);
            assert!(expected.iter().all(|value| value.is_finite()), "{}", sampler.spec().id);
            assert_eq!(whole.seen, (0..STEPS).collect::<Vec<_>>(), "{}", sampler.spec().id);
            for first in 1..STEPS {
                // As read from a file, without what the sampler derived.
                let steps = whole.past[..first].iter();
                let past = steps.map(|step| PastStep::new(step.sigma, step.x.clone(), step.x0.clone()));
                let mut branch = GaussianData {
                    past: past.collect(),
                    ..GaussianData::new(1.0)
                };
                let found = walk(&mut branch, whole.past[first].x.clone(), first);
                assert_eq!(
                    found,
                    expected,
                    "{} at step {first}: a branch without a change must be the run itself",
                    sampler.spec().id
                );
            }
        }
    }
}

#[test]
fn every_sampler_should_start_from_a_picture() {
    for sampler in SAMPLERS {
        let first = sampler.first_step(6);
        let table = table(10);
        let mut host = GaussianData::new(1.0);
        let end = host
            .sample(
                *sampler,
                scalar(table.sigmas()[first]),
                &table,
                Options::default(),
                first,
            )
            .unwrap();
        assert!(value(&end).is_finite(), "{}", sampler.spec().id);
        assert_eq!(host.seen[0], first, "{}", sampler.spec().id);
        assert_eq!(host.seen[host.seen.len() - 1], 9, "{}", sampler.spec().id);
    }
}

/// One step of `id` between two levels, with nothing else in the table.
fn one_step(id: &str, host: &mut GaussianData, x: f64, from: f64, to: f64) -> f64 {
    let table = timed(vec![from, to]);
    let sampler = sampler_by_id(id).unwrap();
    let end = host.sample(sampler, scalar(x), &table, Options::default(), 0).unwrap();
    value(&end)
}

#[test]
fn cfg_pp_should_take_the_guided_estimate_and_the_unguided_noise() {
    let (x, from, to) = (3.0, 2.0, 1.5);
    for id in ["euler_cfg_pp", "ddim_cfg_pp"] {
        let mut host = GaussianData {
            uncond: Some(3.0),
            ..GaussianData::new(1.0)
        };
        let found = one_step(id, &mut host, x, from, to);
        let (x0, x0_uncond) = (x * 1.0 / 5.0, x * 9.0 / 13.0);
        let expected = x0 + to * (x - x0_uncond) / from;
        assert!((found - expected).abs() < 1e-12, "{id}: {found}, expected {expected}");
    }
}

#[test]
fn dpmpp_2s_ancestral_should_be_k_diffusions() {
    let (x, from, to) = (3.0f64, 2.0f64, 1.0f64);
    let up = (to * to * (from * from - to * to) / (from * from)).sqrt();
    let down = (to * to - up * up).sqrt();
    let (t, t_next) = (-from.ln(), -down.ln());
    let h = t_next - t;
    let s = t + 0.5 * h;
    let x0 = |x: f64, sigma: f64| x / (1.0 + sigma * sigma);
    let halfway = ((-s).exp() / (-t).exp()) * x - (-h * 0.5).exp_m1() * x0(x, from);
    let ahead = ((-t_next).exp() / (-t).exp()) * x - (-h).exp_m1() * x0(halfway, (-s).exp());
    let noise = f64::from(standard_normal(11, Draw::Step(0), 1)[0]);
    let found = one_step("dpmpp_2s_a", &mut GaussianData::new(1.0), x, from, to);
    let expected = ahead + noise * up;
    assert!((found - expected).abs() < 1e-12, "{found}, expected {expected}");
}

#[test]
fn restart_should_be_heun_until_there_are_enough_steps() {
    let end = |id: &str, steps| {
        let sampler = sampler_by_id(id).unwrap();
        let mut host = GaussianData::new(1.0);
        value(
            &host
                .sample(sampler, scalar(1.0), &table(steps), Options::default(), 0)
                .unwrap(),
        )
    };
    assert_eq!(end("restart", 19), end("heun", 19));
    assert!((end("restart", 20) - end("heun", 20)).abs() > 1e-2);
}

#[test]
fn sampler_names_should_be_unique() {
    for (index, sampler) in SAMPLERS.iter().enumerate() {
        assert!(
            SAMPLERS[..index]
                .iter()
                .all(|other| other.spec().id != sampler.spec().id),
            "{}",
            sampler.spec().id
        );
    }
}
