//! Runs a reference case through the same pipeline as a user's request, and writes what it computed.
//!
//! A case is a folder with `request.json` and `inputs.safetensors`, made by diffusers; the tensors written here bear
//! the names of its `expected.safetensors`, so that the two files can be compared number by number. One file per kind
//! of task.

mod animatediff;
mod capture;
mod case;
mod latent;
mod ldm_upscaler;
mod parts;
mod pixel;
mod unclip;
mod upscaler;

use std::collections::HashMap;
use std::path::Path;

use candle_core::{Device, Tensor};

use super::PipelineError;
use super::precision::resolve_dtype;
use crate::job::Precision;
use case::Opened;

/// The tensors computed, under the reference's names.
type Got = HashMap<String, Tensor>;

/// A task's name in `request.json` and what carries it out.
type Task = (&'static str, fn(&Opened) -> Result<Got, PipelineError>);

/// Every task that is carried out.
const TASKS: &[Task] = &[
    ("txt2img", latent::replay),
    ("pixel", pixel::replay),
    ("upscale_x4", upscaler::replay),
    ("ldm_super_resolution", ldm_upscaler::replay),
    ("animatediff", animatediff::replay),
    ("unclip", unclip::replay),
    ("tokenize", parts::tokenize),
    ("vae_roundtrip", parts::roundtrip),
];

/// Runs the case in the folder `case` and writes the tensors it computed to `out`.
///
/// * `precision`: what the networks shall compute in, on the CPU.
///
/// # Errors
/// [`PipelineError`] if the case cannot be read, asks for something this version does not have, or fails.
pub fn replay(case: &Path, out: &Path, precision: Precision) -> Result<(), PipelineError> {
    resolve_dtype(precision, &Device::Cpu)?;
    let opened = Opened::new(case, precision)?;
    let wanted = opened.request.task.as_str();
    let Some((_, run)) = TASKS.iter().find(|(name, _)| *name == wanted) else {
        let known: Vec<_> = TASKS.iter().map(|(name, _)| *name).collect();
        return Err(opened.bad(format!("expected task {}, found {wanted:?}", known.join(" or "))));
    };
    let got: Got = run(&opened)?
        .into_iter()
        .map(|(name, tensor)| Ok((name, tensor.contiguous()?)))
        .collect::<candle_core::Result<_>>()?;
    candle_core::safetensors::save(&got, out)?;
    Ok(())
}

/// `(1, 3, height, width)` in −1..1 → `(3, height, width)` in 0..1.
fn unit_range(picture: &Tensor) -> candle_core::Result<Tensor> {
    picture.squeeze(0)?.affine(0.5, 0.5)?.clamp(0f32, 1f32)
}

/// Token ids as the reference stores them, `(1, tokens)` of i64.
fn id_row(ids: &[u32]) -> candle_core::Result<Tensor> {
    Tensor::from_iter(ids.iter().map(|id| i64::from(*id)), &Device::Cpu)?.unsqueeze(0)
}
