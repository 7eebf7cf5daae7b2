//! Pictures whose edges join without a seam.

use candle_core::Device;
use hareru::job::{
    GenerateRequest, GeneratedImage, JobControl, JobOptions, ModelRef, Precision, PreviewMode, RgbImage, Tiling,
};
use hareru::pipelines::families::StableDiffusion;
use hareru::pipelines::{AuxModels, JobContext, decode_latents, load};

use crate::support::Silent;

fn make(model: &StableDiffusion, seed: u64, tiling: Tiling) -> GeneratedImage {
    let request = GenerateRequest {
        prompt: "a sunset over a mountain range".to_owned(),
        steps: 8,
        seed,
        tiling,
        ..GenerateRequest::default()
    };
    let (aux, control) = (AuxModels::default(), JobControl::default());
    let job = JobContext {
        options: JobOptions {
            preview: PreviewMode::Off,
            ..JobOptions::default()
        },
        ..JobContext::new(model, &aux, &request, &control)
    };
    job.prepare().unwrap().pictures(0, &mut Silent).unwrap().remove(0)
}

/// Mean difference of neighbours across the joined edge, and the mean over all neighbours inside: left and right, then
/// top and bottom.
fn steps_of(picture: &RgbImage) -> [(f64, f64); 2] {
    let (width, height) = (picture.width_px as usize, picture.height_px as usize);
    let level = |x: usize, y: usize, c: usize| f64::from(picture.pixels[3 * (y * width + x) + c]);
    let between_columns = |a: usize, b: usize| {
        let all = (0..height).flat_map(|y| (0..3).map(move |c| (y, c)));
        all.map(|(y, c)| (level(a, y, c) - level(b, y, c)).abs()).sum::<f64>() / (3 * height) as f64
    };
    let between_rows = |a: usize, b: usize| {
        let all = (0..width).flat_map(|x| (0..3).map(move |c| (x, c)));
        all.map(|(x, c)| (level(x, a, c) - level(x, b, c)).abs()).sum::<f64>() / (3 * width) as f64
    };
    let columns: f64 = (1..width).map(|x| between_columns(x - 1, x)).sum();
    let rows: f64 = (1..height).map(|y| between_rows(y - 1, y)).sum();
    [
        (between_columns(width - 1, 0), columns / (width - 1) as f64),
        (between_rows(height - 1, 0), rows / (height - 1) as f64),
    ]
}

#[test]
fn joined_edges_should_differ_as_little_as_neighbours_inside() {
    let model = load(&ModelRef::Starter, &Device::Cpu, Precision::F32, &mut |_| ()).unwrap();
    for (tiling, seed) in [
        (Tiling { x: true, y: false }, 1),
        (Tiling { x: false, y: true }, 2),
        (Tiling { x: true, y: true }, 3),
    ] {
        let apart = steps_of(&make(&model, seed, Tiling::default()).pixels);
        let image = make(&model, seed, tiling);
        let joined = steps_of(&image.pixels);
        let latents = &image.trajectory.final_latents;
        let again = decode_latents(&model, latents, PreviewMode::Vae, tiling).unwrap();
        assert!(again == *image.pixels, "{tiling:?}: kept latents are another picture");
        for (side, joins) in [(0, tiling.x), (1, tiling.y)].into_iter().filter(|(_, joins)| *joins) {
            let (seam, inside) = joined[side];
            let (before, _) = apart[side];
            assert!(
                joins && seam < 2.0 * inside && seam < 0.5 * before,
                "{tiling:?}: {seam} across the edge, {inside} inside; {before} without joining"
            );
        }
    }
}
