//! What several tests share.

pub(crate) mod command_line;
pub(crate) mod reference;
pub(crate) mod weights;

use std::sync::Arc;

use hareru::job::{GenerateRequest, GeneratedImage, LatentPlane, Phase, Record, RgbImage, StepRecord, Trajectory};
use hareru::pipelines::{ShownStep, Watcher};

/// A watcher that is not interested.
pub(crate) struct Silent;

impl Watcher for Silent {
    fn phase(&mut self, _phase: Phase) {}
    fn step(&mut self, _step: ShownStep<'_>) {}
}

/// A picture as the engine would hand it over, small, with a trajectory whose values are awkward on purpose.
pub(crate) fn generated_image(request: GenerateRequest) -> GeneratedImage {
    let (width_px, height_px) = (request.width_px, request.height_px);
    let plane = |start: f32| LatentPlane {
        channels: 4,
        height: 2,
        width: 3,
        values: (0..24)
            .map(|i| if i == 0 { start } else { start + i as f32 / 7.0 })
            .collect(),
    };
    let seed = request.seed;
    GeneratedImage {
        pixels: Arc::new(RgbImage {
            width_px,
            height_px,
            pixels: (0..width_px * height_px * 3).map(|i| (i * 31 % 251) as u8).collect(),
        }),
        record: record(request),
        trajectory: Arc::new(Trajectory {
            seed,
            sigmas: vec![14.614_641_922_923_1, 1.0 / 3.0, 0.0],
            timesteps: vec![999.0, 1.0 / 7.0],
            steps: vec![
                Arc::new(StepRecord {
                    index: 0,
                    sigma: 14.614_641_922_923_1,
                    timestep: 999.0,
                    x: plane(-14.6),
                    x0: plane(f32::MIN_POSITIVE),
                    branches: None,
                    attention: Vec::new(),
                    secs: 0.125,
                }),
                Arc::new(StepRecord {
                    index: 1,
                    sigma: 1.0 / 3.0,
                    timestep: 1.0 / 7.0,
                    x: plane(-0.0),
                    x0: plane(1e-30),
                    branches: None,
                    attention: Vec::new(),
                    secs: 0.25,
                }),
            ],
            final_latents: plane(0.5),
            tokens: Vec::new(),
            colours: None,
        }),
    }
}

/// How a picture of this request is recorded.
pub(crate) fn record(request: GenerateRequest) -> Record {
    Record {
        version: Record::VERSION,
        program: "hareru 0.1.0".to_owned(),
        request,
        model_name: "Starter".to_owned(),
        model_hash: "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef".to_owned(),
        family: "sd15".to_owned(),
        rng: "hareru-1".to_owned(),
        precision: "f32".to_owned(),
        decoder: String::new(),
        run_id: "7c0f3a91d2e45b68".to_owned(),
        origin: None,
        batch_index: 0,
        created_unix_secs: 1_795_219_164,
        elapsed_secs: 3.25,
    }
}
