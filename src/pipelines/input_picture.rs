//! The picture that a run starts from, with its mask, at the size that the run works at.

use std::path::Path;

use candle_core::{Device, Tensor};
use image::{GrayImage, RgbImage};

use super::PipelineError;
use crate::conditioning::picture_tensor;
use crate::conditioning::pictures::{
    Paste, blurred, cover, cover_mask, either, grow, read_gray, read_rgb, region_around, to_job,
};
use crate::job::{GenerateRequest, InitPicture, InitWay, MAX_SIDE_PX, ModelInfo, SIZE_MULTIPLE_PX};

/// The picture that a run starts from, at the size it works at.
pub(super) struct InputPicture {
    pub(super) picture: RgbImage,
    /// White where to paint, of the same size; `None` is everywhere.
    pub(super) mask: Option<GrayImage>,
    /// Where the result belongs, if only a part is painted.
    pub(super) paste: Option<Paste>,
}

impl InputPicture {
    /// Reads the picture and the mask that a request names.
    ///
    /// # Errors
    /// [`PipelineError::Conditioning`] if one cannot be read, [`PipelineError::Unsupported`] if only the masked part shall be
    /// painted and the mask has no white.
    pub(super) fn read(request: &GenerateRequest, init: &InitPicture) -> Result<Self, PipelineError> {
        let (width, height) = (request.width_px, request.height_px);
        let original = read_rgb(&init.file)?;
        let only_masked = request.mask.as_ref().and_then(|mask| mask.only_masked_padding_px);
        let mut picture = match only_masked {
            Some(_) => original, // stays as large as it is; the part that is painted is scaled instead
            None => cover(&original, width, height),
        };
        let mut mask = None;
        if let Some(given) = &request.mask {
            let mut read = cover_mask(&read_gray(&given.file)?, picture.width(), picture.height());
            if given.is_inverted {
                image::imageops::invert(&mut read);
            }
            mask = Some(read);
        }
        if request.outpaint.is_any() {
            let (grown, new) = grow(&picture, request.outpaint);
            let moved = mask.map(|mask| {
                let mut moved = GrayImage::new(grown.width(), grown.height());
                let (left, top) = (request.outpaint.left_px, request.outpaint.top_px);
                image::imageops::replace(&mut moved, &mask, i64::from(left), i64::from(top));
                moved
            });
            mask = Some(moved.map_or_else(|| new.clone(), |moved| either(&moved, &new)));
            picture = grown;
        }
        let Some(mask) = mask else {
            return Ok(Self {
                picture,
                mask: None,
                paste: None,
            });
        };
        let blur_px = request.mask.as_ref().map_or(0.0, |mask| mask.blur_px);
        let weight = blurred(&mask, blur_px);
        let whole = (0, 0, picture.width(), picture.height());
        let region = match only_masked {
            Some(padding) => {
                region_around(&mask, padding, (width, height)).ok_or_else(|| PipelineError::Unsupported {
                    what: "mask",
                    expected: "white where to paint".to_owned(),
                    found: "none of it white".to_owned(),
                })?
            }
            None => whole,
        };
        let paste = Paste {
            original: picture.clone(),
            weight: weight.clone(),
            region,
        };
        if only_masked.is_some() {
            let (x, y, w, h) = region;
            picture = cover(
                &image::imageops::crop_imm(&picture, x, y, w, h).to_image(),
                width,
                height,
            );
            let part = image::imageops::crop_imm(&weight, x, y, w, h).to_image();
            return Ok(Self {
                picture,
                mask: Some(cover_mask(&part, width, height)),
                paste: Some(paste),
            });
        }
        Ok(Self {
            picture,
            mask: Some(weight),
            paste: Some(paste),
        })
    }
}

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

/// The picture that a request enlarges, scaled and cropped to the size of the latents: `(1, 3, height, width)` in −1..1.
///
/// # Errors
/// [`PipelineError::Unsupported`] if the request names none or one for another task; else as [`read_rgb`].
pub(super) fn low_res_picture(
    request: &GenerateRequest,
    [_, _, height, width]: [usize; 4],
    device: &Device,
) -> Result<Tensor, PipelineError> {
    let found = match &request.init {
        Some(InitPicture {
            file,
            way: InitWay::Noise,
            ..
        }) => {
            let small = cover(&read_rgb(file)?, width as u32, height as u32);
            return Ok(picture_tensor(&to_job(small), device)?);
        }
        Some(InitPicture {
            way: InitWay::Inversion { .. },
            ..
        }) => "one to invert",
        Some(InitPicture {
            way: InitWay::Beside { .. },
            ..
        }) => "one to edit",
        None => "none",
    };
    Err(PipelineError::Unsupported {
        what: "picture to start from",
        expected: "the one to enlarge".to_owned(),
        found: found.to_owned(),
    })
}
