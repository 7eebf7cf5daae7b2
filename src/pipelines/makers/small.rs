//! The picture that a model makes larger.

use std::path::Path;

use candle_core::{Device, Tensor};

use crate::conditioning::pictures::{cover, read_rgb, to_job};
use crate::conditioning::{latent_shape, picture_tensor};
use crate::job::{InitPicture, InitWay, MAX_SIDE_PX, ModelInfo, SIZE_MULTIPLE_PX};
use crate::pipelines::PipelineError;
use crate::pipelines::work::JobContext;

/// The size in pixels that a picture has when this model has made it larger, as requests name sizes: a multiple of
/// [`SIZE_MULTIPLE_PX`], so that a few pixels at an edge may be lost.
///
/// # Errors
/// [`ConditioningError::Picture`](crate::conditioning::ConditioningError::Picture) if the file is no picture that can be read.
pub fn enlarged_size(info: &ModelInfo, picture: &Path) -> Result<(u32, u32), PipelineError> {
    let (width, height) = read_rgb(picture)?.dimensions();
    let most = f64::from(MAX_SIDE_PX) / f64::from(width.max(height).max(1));
    let times = f64::from(info.takes.enlarges.unwrap_or(1)).min(most);
    let side = |px: u32| {
        let large = (f64::from(px) * times) as u32;
        (large / SIZE_MULTIPLE_PX * SIZE_MULTIPLE_PX).max(SIZE_MULTIPLE_PX)
    };
    Ok((side(width), side(height)))
}

/// The picture to start from, scaled and cropped so that the result has the size of the request, `(1, 3, height,
/// width)` in −1..1; with the shape of the latents, which have its height and width.
pub(super) fn small_picture(work: &JobContext<'_>, device: &Device) -> Result<(Tensor, [usize; 4]), PipelineError> {
    let request = work.request;
    let unsupported = |expected: &str, found: &str| PipelineError::Unsupported {
        what: "picture to start from",
        expected: expected.to_owned(),
        found: found.to_owned(),
    };
    let init = match &request.init {
        Some(
            init @ InitPicture {
                way: InitWay::Noise, ..
            },
        ) => init,
        Some(InitPicture {
            way: InitWay::Inversion { .. },
            ..
        }) => return Err(unsupported("the one to enlarge", "one to invert")),
        Some(InitPicture {
            way: InitWay::Beside { .. },
            ..
        }) => return Err(unsupported("the one to enlarge", "one to edit")),
        None => return Err(unsupported("the one to enlarge", "none")),
    };
    let shape = latent_shape(work.model.info(), request.width_px, request.height_px)?;
    let [_, _, height, width] = shape;
    let small = cover(&read_rgb(&init.file)?, width as u32, height as u32);
    Ok((picture_tensor(&to_job(small), device)?, shape))
}
