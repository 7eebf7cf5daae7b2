//! What a step of the starter model costs, with previews and without, and what the parts beside it cost.
//!
//! `cargo bench --bench step` prints the times; ratios between its rows hold on any machine.

use criterion::{Criterion, criterion_group, criterion_main};
use hareru::conditioning::Prompts;
use hareru::job::{GenerateRequest, JobControl, JobOptions, ModelRef, Phase, Precision, PreviewMode};
use hareru::kernels::Wrap;
use hareru::pipelines::families::StableDiffusion;
use hareru::pipelines::{AuxModels, Device, JobContext, Model as _, ShownStep, Watcher, load};

/// Steps in one measured run.
const STEPS: u32 = 25;

/// Watches without looking.
struct Blind;

impl Watcher for Blind {
    fn phase(&mut self, _phase: Phase) {}
    fn step(&mut self, step: ShownStep<'_>) {
        std::hint::black_box(step);
    }
}

fn starter() -> StableDiffusion {
    load(&ModelRef::Starter, &Device::Cpu, Precision::Auto, &mut |_| ()).expect("the starter model is embedded")
}

fn request() -> GenerateRequest {
    GenerateRequest {
        prompt: "a lighthouse at night".to_owned(),
        steps: STEPS,
        seed: 1,
        ..GenerateRequest::default()
    }
}

/// 25 steps from the prompt's hidden states to pixels.
fn whole_run(c: &mut Criterion) {
    let model = starter();
    let request = request();
    let control = JobControl::default();
    let mut group = c.benchmark_group("25 steps with decode");
    group.sample_size(10);
    let aux = AuxModels::default();
    for (name, preview) in [
        ("previews off", PreviewMode::Off),
        ("linear", PreviewMode::Linear),
        ("tiny", PreviewMode::Auto),
    ] {
        let options = JobOptions {
            preview,
            ..JobOptions::default()
        };
        let job = JobContext {
            options,
            ..JobContext::new(&model, &aux, &request, &control)
        };
        let prepared = job.prepare().expect("the starter model draws this");
        group.bench_function(name, |b| b.iter(|| prepared.pictures(0, &mut Blind)));
    }
    group.finish();
}

/// One preview of each kind, the prompt, and the model's way from file to first use.
fn parts(c: &mut Criterion) {
    let model = starter();
    let latents = hareru::diffusion::noise::noise_tensor(
        1,
        hareru::diffusion::noise::Draw::Initial,
        &[1, 16, 16, 16],
        &Device::Cpu,
    )
    .expect("a small tensor");
    let mut group = c.benchmark_group("parts");
    group.sample_size(10);
    for (name, mode) in [
        ("preview linear", PreviewMode::Linear),
        ("preview tiny", PreviewMode::Auto),
        ("decode", PreviewMode::Vae),
    ] {
        group.bench_function(name, |b| b.iter(|| model.preview(&latents, mode, Wrap::default())));
    }
    group.bench_function("encode prompts", |b| {
        b.iter(|| model.encode_prompts(&Prompts::new("a lighthouse at night", "", [64; 2])));
    });
    group.bench_function("load model", |b| b.iter(starter));
    group.finish();
}

criterion_group!(benches, whole_run, parts);
criterion_main!(benches);
