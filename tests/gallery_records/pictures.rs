//! Files for the other tests.

use std::path::Path;
use std::sync::Arc;

use hareru::job::{GenerateRequest, GeneratedImage, LatentPlane, Record, RgbImage, StepRecord, Trajectory};

/// A record with some request.
pub(super) fn record(request: GenerateRequest) -> Record {
    Record {
        model_name: "dreamshaper_v8.5".to_owned(),
        model_hash: "0123456789abcdef".to_owned(),
        ..crate::support::record(request)
    }
}

/// A picture of 32 × 16 px, made in one step.
pub(super) fn picture(request: GenerateRequest) -> GeneratedImage {
    let (width_px, height_px) = (32, 16);
    let plane = LatentPlane {
        channels: 1,
        height: 1,
        width: 1,
        values: vec![0.5],
    };
    GeneratedImage {
        pixels: Arc::new(RgbImage {
            width_px,
            height_px,
            pixels: (0..width_px * height_px * 3).map(|i| (i / 7 % 251) as u8).collect(),
        }),
        record: record(GenerateRequest {
            width_px,
            height_px,
            ..request
        }),
        trajectory: Arc::new(Trajectory {
            seed: 0,
            sigmas: vec![1.0, 0.0],
            timesteps: vec![999.0],
            steps: vec![Arc::new(StepRecord {
                index: 0,
                sigma: 1.0,
                timestep: 999.0,
                x: plane.clone(),
                x0: plane.clone(),
                branches: None,
                attention: Vec::new(),
                secs: 0.5,
            })],
            final_latents: plane,
            tokens: Vec::new(),
            colours: None,
        }),
    }
}

/// A PNG of 64 × 48 px with texts.
pub(super) fn write_png(path: &Path, texts: &[(&str, &str)]) {
    let file = std::fs::File::create(path).unwrap();
    let mut encoder = png::Encoder::new(file, 64, 48);
    encoder.set_color(png::ColorType::Rgb);
    for (keyword, text) in texts {
        encoder
            .add_itxt_chunk((*keyword).to_owned(), (*text).to_owned())
            .unwrap();
    }
    let mut writer = encoder.write_header().unwrap();
    writer.write_image_data(&[128; 64 * 48 * 3]).unwrap();
    writer.finish().unwrap();
}
