//! Gives a job the noise of a case, and keeps what it computes under the reference's names and in its scale.

use std::cell::RefCell;
use std::collections::HashMap;

use candle_core::{Device, Tensor};
use hareru::diffusion::noise::Draw;
use hareru::diffusion::samplers::{Options, Variance};
use hareru::job::Trajectory;
use hareru::models::vae::Moments;
use hareru::pipelines::Probe;
use hareru::pipelines::denoise::Call;
use serde_json::Value;

use super::request::numbered;
use crate::support::reference::{Case, Tensors};

/// The tensors computed, under the reference's names.
pub(super) type Got = HashMap<String, Tensor>;

/// The noise that a case gives for one run: name of the initial noise, and what all names of the run begin with.
pub(super) type RunNoise = (&'static str, &'static str);

/// A [`Probe`] that follows a case.
pub(super) struct Recorder {
    inputs: Tensors,
    /// In the order in which the job begins its runs; those beyond draw their own noise.
    noises: &'static [RunNoise],
    sampler: Value,
    encodings: RefCell<Encodings>,
    runs: RefCell<Vec<Recorded>>,
    pictures: RefCell<Vec<Tensor>>,
}

/// The pictures that were encoded.
struct Encodings {
    /// Noise to draw their latents with, in order; `None` takes the mean.
    noises: std::vec::IntoIter<Option<Tensor>>,
    latents: Vec<Tensor>,
}

/// One run of a sampler.
#[derive(Default)]
struct Recorded {
    noise: Option<Tensor>,
    draws: Vec<Draw>,
    calls: Vec<RecordedCall>,
}

struct RecordedCall {
    timestep: f64,
    x: Tensor,
    input: Tensor,
    x0: Tensor,
    cond: Tensor,
    uncond: Option<Tensor>,
    picture: Option<Tensor>,
    output: Tensor,
}

impl Recorder {
    pub(super) fn new(case: &Case, noises: &'static [RunNoise]) -> Self {
        let inputs = case.inputs();
        // Of a picture that is painted all anew beside a mask, the reference does not encode the whole.
        let is_whole_skipped = case.text("inpaint") == "concat9" && case.number("strength").unwrap_or(1.0) >= 1.0;
        let skipped = is_whole_skipped.then_some(None);
        let given = numbered(&inputs, "vae_noise").into_iter().map(Some);
        let noises_of_pictures: Vec<_> = skipped.into_iter().chain(given).collect();
        Self {
            inputs,
            noises,
            sampler: case.request["sampler"]["diffusers_config"].clone(),
            encodings: RefCell::new(Encodings {
                noises: noises_of_pictures.into_iter(),
                latents: Vec::new(),
            }),
            runs: RefCell::default(),
            pictures: RefCell::default(),
        }
    }

    /// Latents of the pictures that were encoded, not scaled.
    pub(super) fn encoded(&self) -> Vec<Tensor> {
        self.encodings.borrow().latents.clone()
    }

    /// The pictures that were decoded, each `(3, height, width)` in 0..1.
    pub(super) fn pictures(&self) -> Vec<Tensor> {
        self.pictures.borrow().iter().map(unit_picture).collect()
    }

    /// What all runs computed.
    ///
    /// * `is_exploding`: whether the reference keeps its latents as x₀ + σ·ε; else at unit variance.
    pub(super) fn tensors(&self, is_exploding: bool) -> Got {
        let mut got = Got::new();
        for (run, (_, prefix)) in self.runs.borrow().iter().zip(self.noises) {
            let named = |(name, tensor)| (format!("{prefix}{name}"), tensor);
            got.extend(run.tensors(is_exploding).into_iter().map(named));
        }
        // The way up ends where the way down begins.
        if let [(_, "inverse."), _] = self.noises {
            let num_steps = self.runs.borrow()[0].calls.len();
            let last = got["initial_latents"].clone();
            got.insert(format!("inverse.latents.{:03}", num_steps - 1), last);
        }
        got
    }

    /// How often the network was called in the newest run.
    pub(super) fn num_calls(&self) -> usize {
        self.runs.borrow().last().map_or(0, |run| run.calls.len())
    }
}

impl Probe for Recorder {
    /// The case of a film names its noise levels as any other case does.
    fn keeps_noise_levels(&self) -> bool {
        true
    }

    fn noise(&self, _seed: u64, draw: Draw, shape: &[usize]) -> Option<Tensor> {
        let mut runs = self.runs.borrow_mut();
        if draw == Draw::Initial {
            let (name, _) = self.noises.get(runs.len()).copied().unwrap_or_default();
            let noise = self.inputs.f32(name).map(|noise| noise.reshape(shape).unwrap());
            runs.push(Recorded {
                noise: noise.clone(),
                ..Recorded::default()
            });
            return noise;
        }
        let (_, prefix) = self.noises.get(runs.len() - 1)?;
        let draws = &mut runs.last_mut()?.draws;
        let place = draws.iter().position(|drawn| *drawn == draw).unwrap_or_else(|| {
            draws.push(draw);
            draws.len() - 1
        });
        let name = format!("{prefix}step_noise.{place:03}");
        let noise = self
            .inputs
            .f32(&name)
            .unwrap_or_else(|| panic!("the case should give {name}"));
        Some(noise.reshape(shape).unwrap())
    }

    fn latents(&self, moments: &Moments) -> Option<Tensor> {
        let mut encodings = self.encodings.borrow_mut();
        let latents = match encodings.noises.next().flatten() {
            Some(noise) => moments.sample(&noise).unwrap(),
            None => moments.mean.clone(),
        };
        encodings.latents.push(latents.clone());
        Some(latents)
    }

    fn options(&self, own: Options) -> Options {
        let order = ["solver_order", "predictor_order"]
            .iter()
            .find_map(|field| self.sampler[field].as_u64());
        Options {
            order: order.map(|order| order as usize),
            variance: match self.sampler["variance_type"].as_str() {
                Some("fixed_large") => Variance::Large,
                _ => own.variance,
            },
            ..own
        }
    }

    fn called(&self, call: &Call<'_>) {
        let predicted = call.predicted;
        let output = match &predicted.variance {
            Some(variance) => Tensor::cat(&[&predicted.guided, variance], 1).unwrap(),
            None => predicted.guided.clone(),
        };
        self.runs.borrow_mut().last_mut().unwrap().calls.push(RecordedCall {
            timestep: call.timestep,
            x: call.x.clone(),
            input: call.input.clone(),
            x0: call.x0.clone(),
            cond: predicted.cond.clone(),
            uncond: predicted.uncond.clone(),
            picture: predicted.picture.clone(),
            output,
        });
    }

    fn decoded(&self, picture: &Tensor) {
        self.pictures.borrow_mut().push(picture.clone());
    }
}

impl Recorded {
    fn tensors(&self, is_exploding: bool) -> Got {
        let mut got = Got::new();
        let Some(first) = self.calls.first() else {
            return got;
        };
        let latents = |call: &RecordedCall| {
            if is_exploding {
                call.x.clone()
            } else {
                call.input.clone()
            }
        };
        got.insert("initial_latents".to_owned(), latents(first));
        got.insert("unet_in.000".to_owned(), first.input.clone());
        if let (Some(picture), Some(uncond)) = (&first.picture, &first.uncond) {
            // In editing, the reference keeps the whole batch, and calls its last part the conditional one.
            let batch = Tensor::cat(&[&first.cond, picture, uncond], 0).unwrap();
            got.insert("unet_batch.000".to_owned(), batch);
            got.insert("unet_cond.000".to_owned(), uncond.clone());
        } else {
            got.insert("unet_cond.000".to_owned(), first.cond.clone());
            got.extend(
                first
                    .uncond
                    .clone()
                    .map(|uncond| ("unet_uncond.000".to_owned(), uncond)),
            );
        }
        for (index, call) in self.calls.iter().enumerate() {
            got.insert(format!("model_out.{index:03}"), call.output.clone());
            got.insert(format!("x0.{index:03}"), call.x0.clone());
            if let Some(before) = index.checked_sub(1) {
                got.insert(format!("latents.{before:03}"), latents(call));
            }
        }
        got.insert("timesteps".to_owned(), row(self.calls.iter().map(|call| call.timestep)));
        if let Some(factor) = self.noise.as_ref().and_then(|noise| factor(noise, &latents(first))) {
            got.insert("init_noise_sigma".to_owned(), row([factor]));
        }
        got
    }
}

/// A decoded picture, `(1, 3, height, width)` in −1..1, as `(3, height, width)` in 0..1.
pub(super) fn unit_picture(decoded: &Tensor) -> Tensor {
    let scaled = decoded.squeeze(0).unwrap().affine(0.5, 0.5).unwrap();
    scaled.clamp(0f32, 1f32).unwrap()
}

/// What `noise` is multiplied by to be `latents`; `None` if they are more than noise.
fn factor(noise: &Tensor, latents: &Tensor) -> Option<f64> {
    let flat = |tensor: &Tensor| tensor.flatten_all().unwrap().to_vec1::<f32>().unwrap();
    let (noise, latents) = (flat(noise), flat(latents));
    let dot = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(a, b)| f64::from(*a) * f64::from(*b)).sum::<f64>();
    let factor = dot(&noise, &latents) / dot(&noise, &noise);
    let rest = dot(&latents, &latents) - factor * factor * dot(&noise, &noise);
    (rest.abs() < 1e-6 * dot(&latents, &latents)).then_some(factor)
}

/// Adds the end of a run: the scheduler's noise levels as diffusers lists them for its class, and the finished latents in
/// its scale.
///
/// * `latents`: clean, as the networks see them.
pub(super) fn finish(got: &mut Got, sigmas: &[f64], latents: &Tensor, diffusers_class: &str, num_calls: usize) {
    let (is_exploding, repeats) = scale(diffusers_class);
    let listed: Vec<f64> = match (sigmas, repeats) {
        ([first, between @ .., last], Some(num_last)) => std::iter::once(*first)
            .chain(between.iter().flat_map(|sigma| [*sigma; 2]))
            .chain(std::iter::repeat_n(*last, num_last))
            .collect(),
        _ => sigmas.to_vec(),
    };
    got.insert("sigmas".to_owned(), row(listed));
    let last = sigmas.last().copied().unwrap_or(0.0);
    let scale = if is_exploding { (1.0 + last * last).sqrt() } else { 1.0 };
    let latents = (latents * scale).unwrap();
    got.insert(format!("latents.{:03}", num_calls.saturating_sub(1)), latents.clone());
    got.insert("latents_final".to_owned(), latents);
}

/// Clean latents as the networks see them, `(channels, height, width)`.
pub(super) fn final_latents(run: &Trajectory) -> Tensor {
    let plane = &run.final_latents;
    let shape = (plane.channels, plane.height, plane.width);
    Tensor::from_slice(&plane.values, shape, &Device::Cpu).unwrap()
}

/// Whether a scheduler of diffusers keeps its latents as x₀ + σ·ε, and for those that list each level once for each call
/// of a second-order method, how often the last one stands there.
pub(super) fn scale(diffusers_class: &str) -> (bool, Option<usize>) {
    const EXPLODING: &[(&str, Option<usize>)] = &[
        ("Euler", None),
        ("EDM", None),
        ("LMS", None),
        ("Heun", Some(1)),
        ("DPMSolverSDE", Some(1)),
        ("KDPM2", Some(3)),
    ];
    let found = EXPLODING.iter().find(|(start, _)| diffusers_class.starts_with(start));
    found.map_or((false, None), |(_, repeats)| (true, *repeats))
}

pub(super) fn row(values: impl IntoIterator<Item = f64>) -> Tensor {
    let values: Vec<f32> = values.into_iter().map(|value| value as f32).collect();
    let len = values.len();
    Tensor::from_vec(values, len, &Device::Cpu).unwrap()
}
