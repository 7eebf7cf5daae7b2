//! Holds tensors against those of a reference case.

use std::collections::HashMap;
use std::path::Path;

use candle_core::{DType, Device, Tensor};

/// Relative L2 error that a correct f32 computation of the case stays below.
fn tolerance(case: &str) -> f64 {
    match case {
        // Both blow rounding up: where the network computes in f64 instead, the last prediction of `ipndm` moves by 7e-4
        // from the reference's; unCLIP's decoder holds guided estimates to a range at every step.
        _ if case.contains("ipndm") => 2e-3,
        _ if case.contains("unclip") => 3e-4,
        _ if case.contains("sdxl") => 2e-4,
        _ => 1e-4,
    }
}

/// Largest difference of a picture's values in 0..1.
pub(super) const IMAGE_TOLERANCE: f64 = 1e-3;

/// What one comparison found.
#[derive(Debug, Default)]
pub(super) struct Report {
    /// Names of expected tensors that were compared.
    pub(super) num_compared: usize,
    /// Expected tensors that are not there.
    pub(super) missing: Vec<String>,
    /// One line for each tensor that is too far off.
    pub(super) failures: Vec<String>,
    /// Largest relative L2 error.
    pub(super) worst: f64,
    /// Largest difference of a picture.
    pub(super) worst_image: f64,
}

/// Compares every tensor of `expected` with the one of the same name in `got`.
///
/// * `case`: the case's name, which decides how far off they may be.
pub(super) fn compare(case: &str, expected: &Path, got: &HashMap<String, Tensor>) -> Report {
    let tolerance = tolerance(case);
    let expected: HashMap<String, Tensor> = candle_core::safetensors::load(expected, &Device::Cpu)
        .unwrap_or_else(|error| panic!("{}: {error}", expected.display()));
    let mut names: Vec<_> = expected.keys().collect();
    names.sort();
    let mut report = Report::default();
    for name in names {
        let wanted = &expected[name];
        let Some(found) = got.get(name) else {
            report.missing.push(name.clone());
            continue;
        };
        report.num_compared += 1;
        let flat = |t: &Tensor| {
            t.flatten_all()
                .unwrap()
                .to_dtype(DType::F64)
                .unwrap()
                .to_vec1::<f64>()
                .unwrap()
        };
        let (a, b) = (flat(&shown_part(name, wanted, found)), flat(found));
        if a.len() != b.len() {
            report.failures.push(format!(
                "{name}: shape {:?}, expected {:?}",
                found.dims(),
                wanted.dims()
            ));
            continue;
        }
        let worst = a.iter().zip(&b).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
        let is_image = matches!(name.as_str(), "image" | "image_from_mean" | "frames");
        let is_integer = !wanted.dtype().is_float();
        if is_integer {
            if worst != 0.0 {
                report.failures.push(format!("{name}: integers differ"));
            }
        } else if is_image {
            report.worst_image = report.worst_image.max(worst);
            if worst > IMAGE_TOLERANCE || b.iter().any(|value| value.is_nan()) {
                report.failures.push(format!("{name}: off by {worst:.2e}"));
            }
        } else {
            let norm = a.iter().map(|a| a * a).sum::<f64>().sqrt();
            let error = a.iter().zip(&b).map(|(a, b)| (a - b) * (a - b)).sum::<f64>().sqrt();
            let relative = if norm > 0.0 { error / norm } else { worst };
            report.worst = report.worst.max(relative);
            if relative > tolerance || relative.is_nan() {
                report.failures.push(format!("{name}: relative L2 {relative:.2e}"));
            }
        }
    }
    report
}

/// Of the network's input, a call shows the latents, not what is concatenated to them; of its answer, the prediction, not
/// the variance: the first channels.
fn shown_part(name: &str, wanted: &Tensor, found: &Tensor) -> Tensor {
    let is_partly_shown = name.contains("unet_in") || name.starts_with("decoder.unet_");
    match (wanted.dims(), found.dims()) {
        ([_, all, _, _], [_, shown, _, _]) if is_partly_shown && shown < all => wanted.narrow(1, 0, *shown).unwrap(),
        _ => wanted.clone(),
    }
}
