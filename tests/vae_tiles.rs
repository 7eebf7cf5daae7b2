//! Pictures in tiles against the same pictures as a whole.

use candle_core::{Device, Tensor};
use hareru::job::{ModelRef, Precision, VaeTiles};
use hareru::kernels::Wrap;
use hareru::pipelines::{Model as _, load};

/// Smooth colours with a few edges, `(1, 3, side, side)` in −1..1; it goes on where it ends.
fn scene(side: usize) -> Tensor {
    let wave = |at: usize, times: f32| (std::f32::consts::TAU * times * at as f32 / side as f32).sin();
    let values: Vec<f32> = (0..3 * side * side)
        .map(|i| {
            let (colour, y, x) = (i / (side * side), i / side % side, i % side);
            let soft = wave(x, 1.0 + colour as f32) * 0.4 + wave(y, 2.0) * 0.3;
            if wave(x, 5.0) * wave(y, 4.0) > 0.6 {
                soft + 0.3
            } else {
                soft
            }
        })
        .collect();
    Tensor::from_vec(values, (1, 3, side, side), &Device::Cpu).unwrap()
}

fn numbers(x: &Tensor) -> Vec<f32> {
    x.flatten_all().unwrap().to_vec1().unwrap()
}

fn rms(x: &[f32]) -> f64 {
    (x.iter().map(|v| f64::from(*v).powi(2)).sum::<f64>() / x.len() as f64).sqrt()
}

/// Mean step of the difference from one column to the next, for each column: a seam is a column with a large one. The
/// first is the step from the last column.
fn steps_across(difference: &[f32], side: usize) -> Vec<f64> {
    let column = |x: usize| difference.iter().skip(x).step_by(side);
    (0..side)
        .map(|x| {
            let pairs = column((x + side - 1) % side).zip(column(x));
            pairs.map(|(a, b)| f64::from((a - b).abs())).sum::<f64>() / (3 * side) as f64
        })
        .collect()
}

/// Normalisation and attention see a tile alone, so tones may differ; where tiles meet, nothing may be seen of it.
#[test]
fn tiles_should_show_nearly_what_the_whole_shows_without_seams() {
    const SIDE: usize = 640;
    let mut model = load(&ModelRef::Starter, &Device::Cpu, Precision::F32, &mut |_| ()).unwrap();
    let scene = scene(SIDE);
    for wrap in [Wrap { x: true, y: true }, Wrap::default()] {
        let mut pass = |tiles| {
            model.set_vae_tiles(tiles);
            let latents = model.encode(&scene, wrap).unwrap().mean;
            (
                latents.clone(),
                model.decode(&model.scaled(&latents).unwrap(), wrap).unwrap(),
            )
        };
        let (whole_latents, whole) = pass(VaeTiles::Never);
        let (tiled_latents, _) = pass(VaeTiles::Always);
        let error = rms(&numbers(&(&tiled_latents - &whole_latents).unwrap())) / rms(&numbers(&whole_latents));

        model.set_vae_tiles(VaeTiles::Always);
        let tiled = model.decode(&model.scaled(&whole_latents).unwrap(), wrap).unwrap();
        let difference = numbers(&(&tiled - &whole).unwrap());
        let levels = rms(&difference) * 127.5;
        let steps = steps_across(&difference, SIDE);
        let largest = steps[usize::from(!wrap.x)..].iter().copied().fold(0.0, f64::max) * 127.5;
        println!("{wrap:?}: latents {error:.4}, picture {levels:.3} levels, largest step {largest:.3} levels");
        assert!(error < 0.1, "{wrap:?}: latents differ by {error}");
        assert!(levels < 8.0, "{wrap:?}: pictures differ by {levels} levels of 255");
        assert!(largest < 2.0, "{wrap:?}: a seam of {largest} levels of 255");
    }
}
