//! Levels that were optimised for a kind of model.

use super::{Schedule, Span};

/// Stable Diffusion 1.5, ten steps and the end.
const SD1: [f64; 11] = [
    14.615, 6.475, 3.861, 2.697, 1.886, 1.396, 0.963, 0.652, 0.399, 0.152, 0.029,
];
/// SDXL, ten steps and the end.
const SDXL: [f64; 11] = [
    14.615, 6.315, 3.771, 2.181, 1.342, 0.862, 0.555, 0.380, 0.234, 0.113, 0.029,
];

/// Sabour et al. (2024), <https://arxiv.org/abs/2404.14507>: the published levels of ten steps, interpolated in ln σ for
/// other numbers of steps. As published and in ComfyUI, the last of them is left to the end of the run.
pub(super) static ALIGN_YOUR_STEPS: Schedule = Schedule {
    id: "align_your_steps",
    label: "Align Your Steps",
    aliases: &["ays"],
    rounds_to_nearest: true,
    sigmas: |span| Ok(sigmas(span)),
    ..Schedule::DEFAULT
};

fn sigmas(span: &Span<'_>) -> Vec<f64> {
    let table = if span.is_xl { &SDXL } else { &SD1 };
    let steps = span.steps();
    let level = |i: usize| {
        let place = i as f64 / steps as f64 * (table.len() - 1) as f64;
        let low = (place as usize).min(table.len() - 2);
        let weight = place - low as f64;
        (table[low].ln() * (1.0 - weight) + table[low + 1].ln() * weight).exp()
    };
    (0..steps).map(level).collect()
}
