//! Pictures enlarged by a network made for it, in tiles, so that their size does not matter.

use std::cell::Cell;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use candle_core::{DType, Device, Tensor};
use image::imageops::{self, FilterType};

use super::PipelineError;
use super::tiles::{TiledVae, usual_tiles};
use crate::conditioning::picture_tensor;
use crate::conditioning::pictures::{from_job, read_rgb, to_job};
use crate::conditioning::rgb_from_picture;
use crate::diffusion::SampleError;
use crate::job::{GenerateRequest, GeneratedImage, JobControl, Record, RgbImage, Trajectory, Upscale, VaeTiles};
use crate::kernels::Wrap;
use crate::models::upscaler::{UpscalerConfig, UpscalerModel};
use crate::weights::{self, ModelFiles};

/// Family id of records of pictures that were only enlarged.
const FAMILY: &str = "upscaler";
/// Pixels along the side of what counts as one place of a tile; a multiple of every network's squares.
const PLACE_PX: usize = 4;
/// Longest side of what comes out.
const MAX_SIDE_PX: u32 = 16_384;
/// Most pixels that come out.
const MAX_PIXELS: u64 = 1 << 27;

/// A network that enlarges pictures, and the file it is from.
#[derive(Debug)]
pub struct PictureUpscaler {
    network: UpscalerModel,
    dtype: DType,
    device: Device,
    path: PathBuf,
}

impl PictureUpscaler {
    /// Reads a network: a file of the ESRGAN family, safetensors or pickled.
    ///
    /// * `dtype`: what it computes in.
    ///
    /// # Errors
    /// [`PipelineError::Load`] if the file cannot be read or is something else.
    pub fn open(path: &Path, device: &Device, dtype: DType) -> Result<Self, PipelineError> {
        let files = ModelFiles::open(path)?;
        let config: UpscalerConfig = files.json("upscaler/config.json")?;
        let network = weights::build(&files, "upscaler", device, dtype, |vb| UpscalerModel::new(vb, &config))?;
        Ok(Self {
            network,
            dtype,
            device: device.clone(),
            path: path.to_owned(),
        })
    }

    /// Its file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// How much larger the network itself makes a picture, along each side.
    pub fn scale(&self) -> usize {
        self.network.config().scale
    }

    /// Enlarges a picture to `width` × `height` pixels: by the network, then by Lanczos' filter where that is another size.
    ///
    /// * `control`: asked before every tile whether to go on.
    /// * `progress`: called with the fraction that is done, 0 to 1.
    /// * `wrap`: edges that join.
    ///
    /// # Errors
    /// [`PipelineError::Unsupported`] if the result would be too large; that the job was stopped; or the device's.
    pub fn enlarge(
        &self,
        picture: RgbImage,
        (width, height): (u32, u32),
        control: &JobControl,
        progress: &mut dyn FnMut(f32),
        wrap: Wrap,
    ) -> Result<RgbImage, PipelineError> {
        let scale = self.scale() as u32;
        let largest = (
            width.max(picture.width_px * scale),
            height.max(picture.height_px * scale),
        );
        check_size(largest)?;
        check_size((width, height))?;
        let enlarged = self.by_network(&picture, control, progress, wrap)?;
        if (enlarged.width_px, enlarged.height_px) == (width, height) {
            return Ok(enlarged);
        }
        Ok(match from_job(enlarged) {
            Some(enlarged) => to_job(imageops::resize(&enlarged, width, height, FilterType::Lanczos3)),
            None => picture,
        })
    }

    fn by_network(
        &self,
        picture: &RgbImage,
        control: &JobControl,
        progress: &mut dyn FnMut(f32),
        wrap: Wrap,
    ) -> Result<RgbImage, PipelineError> {
        let (width, height) = (picture.width_px as usize, picture.height_px as usize);
        let scale = self.scale();
        // From −1…1 to 0…1, and edges repeated up to whole places.
        let x = picture_tensor(picture, &self.device).and_then(|x| x.affine(0.5, 0.5));
        let x = x.and_then(|x| {
            x.pad_with_same(2, 0, height.next_multiple_of(PLACE_PX) - height)?
                .pad_with_same(3, 0, width.next_multiple_of(PLACE_PX) - width)
        });
        let x = x.map_err(PipelineError::Tensor)?;
        let passage = TiledVae {
            tiles: VaeTiles::Always,
            device: &self.device,
            bytes_per_latent: 0,
            units: [PLACE_PX, PLACE_PX * scale],
            wrap,
        };
        let total = usual_tiles(height.div_ceil(PLACE_PX), width.div_ceil(PLACE_PX), wrap);
        let done = Cell::new(0);
        let progress = std::cell::RefCell::new(progress);
        let run = |tile: &Tensor, wrap: Wrap| {
            if control.is_cancelled() {
                candle_core::bail!("stopped");
            }
            let enlarged = self.network.forward(&tile.to_dtype(self.dtype)?, wrap)?;
            done.set(done.get() + 1);
            (progress.borrow_mut())(done.get() as f32 / total as f32);
            Ok(enlarged)
        };
        let y = passage.take(&x, run);
        if control.is_cancelled() {
            return Err(SampleError::Cancelled.into());
        }
        let y = y.and_then(|y| {
            let y = y.narrow(2, 0, height * scale)?.narrow(3, 0, width * scale)?;
            rgb_from_picture(&y.affine(2.0, -1.0)?)
        });
        y.map_err(PipelineError::Tensor)
    }

    /// Enlarges as a request says.
    ///
    /// # Errors
    /// As [`Self::enlarge`].
    pub fn enlarge_for(
        &self,
        upscale: &Upscale,
        picture: RgbImage,
        control: &JobControl,
        progress: &mut dyn FnMut(f32),
    ) -> Result<RgbImage, PipelineError> {
        let scale = upscale.scale.unwrap_or_else(|| self.scale() as f64);
        let side = |px: u32| (f64::from(px) * scale).round() as u32;
        let size = (side(picture.width_px), side(picture.height_px));
        self.enlarge(picture, size, control, progress, Wrap::default())
    }

    /// Enlarges the picture that a request names instead of making one.
    ///
    /// # Errors
    /// [`ConditioningError::Picture`](crate::conditioning::ConditioningError::Picture) if it cannot be read; as [`Self::enlarge`].
    pub fn enlarge_picture(
        &self,
        request: &GenerateRequest,
        upscale: &Upscale,
        picture: &Path,
        control: &JobControl,
        progress: &mut dyn FnMut(f32),
    ) -> Result<GeneratedImage, PipelineError> {
        let began = Instant::now();
        let pixels = to_job(read_rgb(picture)?);
        let pixels = self.enlarge_for(upscale, pixels, control, progress)?;
        let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH);
        Ok(GeneratedImage {
            pixels: Arc::new(pixels),
            trajectory: Arc::new(Trajectory::default()),
            record: Record {
                model_name: self.path.file_stem().unwrap_or_default().to_string_lossy().into_owned(),
                family: FAMILY.to_owned(),
                precision: match self.dtype {
                    DType::BF16 => "bf16",
                    DType::F16 => "f16",
                    _ => "f32",
                }
                .to_owned(),
                created_unix_secs: since_1970.map_or(0, |since| since.as_secs()),
                elapsed_secs: began.elapsed().as_secs_f64(),
                ..Record::of(GenerateRequest {
                    batch_count: 1,
                    ..request.clone()
                })
            },
        })
    }
}

fn check_size((width, height): (u32, u32)) -> Result<(), PipelineError> {
    let fits = width.max(height) <= MAX_SIDE_PX && u64::from(width) * u64::from(height) <= MAX_PIXELS;
    if fits && width.min(height) > 0 {
        return Ok(());
    }
    Err(PipelineError::Unsupported {
        what: "size of the enlarged picture",
        expected: format!("up to {MAX_SIDE_PX} px a side and {MAX_PIXELS} pixels"),
        found: format!("{width}x{height}"),
    })
}
