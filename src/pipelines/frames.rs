//! Films: latents of all frames as those of one picture, one frame below the other.

use std::sync::Arc;

use candle_core::Tensor;

use crate::job::{LatentPlane, StepRecord, Trajectory};

/// One below the other → one after the other: `(1, channels, frames · height, width)` → `(frames, channels, height,
/// width)`.
///
/// # Errors
/// If the latents are not those of so many frames.
pub(super) fn split_frames(film: &Tensor, frames: usize) -> candle_core::Result<Tensor> {
    let (_, channels, all, width) = film.dims4()?;
    film.reshape((channels, frames, all / frames, width))?
        .transpose(0, 1)?
        .contiguous()
}

/// The inverse of [`split_frames`].
///
/// # Errors
/// If there are not four axes.
pub(super) fn join_frames(frames: &Tensor) -> candle_core::Result<Tensor> {
    let (count, channels, height, width) = frames.dims4()?;
    frames.transpose(0, 1)?.reshape((1, channels, count * height, width))
}

/// What a film's trajectory says of one of its frames.
pub(super) fn trajectory_of_frame(film: &Trajectory, frame: usize, frames: usize) -> Trajectory {
    let part = |plane: &LatentPlane| {
        let height = plane.height / frames;
        let rows = height * plane.width;
        let of_channel = plane.values.chunks((frames * rows).max(1)).flat_map(|channel| {
            let rows = channel.iter().skip(frame * rows).take(rows);
            rows.copied()
        });
        LatentPlane {
            channels: plane.channels,
            height,
            width: plane.width,
            values: of_channel.collect(),
        }
    };
    let step = |step: &Arc<StepRecord>| {
        Arc::new(StepRecord {
            x: part(&step.x),
            x0: part(&step.x0),
            branches: None,
            attention: Vec::new(),
            ..**step
        })
    };
    Trajectory {
        seed: film.seed,
        sigmas: film.sigmas.clone(),
        timesteps: film.timesteps.clone(),
        steps: film.steps.iter().map(step).collect(),
        final_latents: part(&film.final_latents),
        tokens: Vec::new(),
        colours: film.colours.clone(),
    }
}
