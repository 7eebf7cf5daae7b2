//! Films.

use candle_core::Tensor;

use super::capture::{Capture, Scale, insert_table, known_sampler};
use super::case::Opened;
use super::{Got, id_row, unit_range};
use crate::diffusion::guidance::{Guidance, GuidanceSchedule};
use crate::diffusion::prediction::vp_scale;
use crate::diffusion::samplers::Options;
use crate::job::JobControl;
use crate::pipelines::PipelineError;
use crate::pipelines::denoise::{Noise, Run, Start};
use crate::pipelines::families::AnimateDiff;
use crate::weights::ModelFiles;

pub(super) fn replay(case: &Opened) -> Result<Got, PipelineError> {
    let request = &case.request;
    let wanted = case.sampler()?;
    let adapter = ModelFiles::open(case.path(&request.motion_adapter))?;
    let model = AnimateDiff::load(case.model()?, &adapter, case.dtype()?)?;
    let base = model.base();
    let (sampler, schedule) = known_sampler(wanted).ok_or_else(|| case.unknown_sampler(wanted))?;
    let table = base.scheduler().timetable(sampler, schedule, None, request.steps)?;
    let scale = Scale::of(&wanted.diffusers_class);

    let mut got = Got::new();
    insert_table(&mut got, &table, scale)?;
    let negative = request.negative_prompt.as_deref().unwrap_or("");
    let conditioning = base.encode_prompts(&request.prompt, negative, request.clip_skip)?;
    got.insert("tokens.prompt".to_owned(), id_row(&conditioning.prompt_ids)?);
    got.insert("text.prompt".to_owned(), conditioning.cond.clone());
    if request.uses_negative {
        got.insert("tokens.negative".to_owned(), id_row(&conditioning.negative_ids)?);
        got.insert("text.negative".to_owned(), conditioning.uncond.clone());
    }

    let initial = case.input("noise")?;
    let (_, channels, frames, height, width) = initial.dims5()?;
    let shape = [1, channels, frames * height, width];
    let below = |film: &Tensor| film.reshape(shape.as_slice());
    let run = Run {
        predictor: &model.of_film(&conditioning, frames)?,
        guidance: GuidanceSchedule::from(Guidance {
            scale: if request.uses_negative { request.cfg_scale } else { 1.0 },
            rescale: request.guidance_rescale,
        }),
        sampler,
        options: Options { eta: wanted.eta },
        table: &table,
        start: Start::Noise,
        known: None,
        noise: Noise::Given {
            initial: below(&initial)?,
            steps: case
                .inputs("step_noise")
                .iter()
                .map(below)
                .collect::<candle_core::Result<_>>()?,
        },
        control: &JobControl::default(),
    };
    let mut capture = Capture::new(got, scale);
    let walked = run.walk(shape, &mut capture)?;
    let last_sigma = table.sigmas()[table.steps()];
    // The reference has an axis for the frames.
    let mut got = capture
        .finish(&walked.x, last_sigma)?
        .into_iter()
        .map(|(name, tensor)| {
            let is_film = tensor.dims() == shape;
            let tensor = if is_film {
                tensor.reshape(initial.shape())?
            } else {
                tensor
            };
            Ok((name, tensor))
        })
        .collect::<candle_core::Result<Got>>()?;
    let pictures = model
        .decode(&(walked.x / vp_scale(last_sigma))?, frames)?
        .iter()
        .map(unit_range)
        .collect::<candle_core::Result<Vec<_>>>()?;
    if let Some(first) = pictures.first() {
        got.insert("image".to_owned(), first.clone());
    }
    got.insert("frames".to_owned(), Tensor::stack(&pictures, 0)?);
    Ok(got)
}
