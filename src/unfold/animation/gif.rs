//! GIF: each frame with 256 colours of its own.

use std::io::Write;

use image::codecs::gif::{GifEncoder, Repeat};
use image::{Delay, ImageError, RgbaImage};

use super::{AnimationError, AnimationWriter};
use crate::job::RgbImage;

/// How carefully colours are chosen (`NeuQuant`), 1 the most and 30 the least.
const SPEED: i32 = 10;
/// Frames shorter than this are shown much longer by browsers.
const MIN_FRAME_MS: u32 = 20;

pub(super) fn write<E: std::error::Error + 'static>(
    frames: &mut AnimationWriter<'_, E>,
    out: &mut dyn Write,
) -> Result<(), AnimationError<E>> {
    // The encoder says nothing of an end that it could not write, so it writes where nothing goes wrong.
    let mut bytes = Vec::new();
    let mut encoder = GifEncoder::new_with_speed(&mut bytes, SPEED);
    encoder.set_repeat(Repeat::Infinite).map_err(encode_error)?;
    let mut frame = frames.first()?;
    let size = (frame.image.width_px, frame.image.height_px);
    for next in 1..=frames.plan.num_frames {
        let hundredths = (frame.ms.max(MIN_FRAME_MS) + 5) / 10;
        let delay = Delay::from_numer_denom_ms(10 * hundredths, 1);
        let image = with_alpha(&frame.image).ok_or_else(|| AnimationError::Encode("a frame is torn".to_owned()))?;
        encoder
            .encode_frame(image::Frame::from_parts(image, 0, 0, delay))
            .map_err(encode_error)?;
        if next < frames.plan.num_frames {
            frame = frames.frame(next, Some(size))?;
        }
    }
    drop(encoder);
    Ok(out.write_all(&bytes)?)
}

fn with_alpha(image: &RgbImage) -> Option<RgbaImage> {
    let pixels = image
        .pixels
        .chunks_exact(3)
        .flat_map(|part| [part[0], part[1], part[2], u8::MAX]);
    RgbaImage::from_raw(image.width_px, image.height_px, pixels.collect())
}

fn encode_error<E: std::error::Error + 'static>(error: ImageError) -> AnimationError<E> {
    match error {
        ImageError::IoError(error) => AnimationError::Io(error),
        other => AnimationError::Encode(other.to_string()),
    }
}
