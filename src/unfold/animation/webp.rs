//! Animated WebP: still pictures, losslessly encoded, in one container.
//!
//! ```text
//! RIFF size WEBP
//!   VP8X  flags, canvas          that this is an animation, and of which size
//!   ANIM  background, loops      0 loops are without end
//!   ANMF  place, size, time      once for each frame, with in it
//!     VP8L  the frame's pixels
//! ```
//!
//! Every chunk is its name, the length of its data (u32), and the data, filled up to an even length. All numbers are
//! little-endian. Source: <https://developers.google.com/speed/webp/docs/riff_container>.

use std::io::Write;

use image::codecs::webp::WebPEncoder;
use image::{ExtendedColorType, ImageError};

use super::{AnimationError, AnimationWriter, Frame};

/// Longest side that the format has.
const MAX_SIDE_PX: u32 = 1 << 14;
/// In VP8X: there is animation.
const ANIMATION: u8 = 1 << 1;
/// In ANMF: the frame takes the place of what was there.
const DO_NOT_BLEND: u8 = 1 << 1;
/// Bytes of a chunk's name and length.
const CHUNK_HEADER: usize = 8;
/// Bytes of a file before its first chunk.
const FILE_HEADER: usize = 12;

pub(super) fn write<E: std::error::Error + 'static>(
    frames: &mut AnimationWriter<'_, E>,
    out: &mut dyn Write,
) -> Result<(), AnimationError<E>> {
    let too_much = || AnimationError::Encode(format!("WebP holds sides up to {MAX_SIDE_PX} px and files up to 4 GiB"));
    let first = frames.first()?;
    let size @ (width, height) = (first.image.width_px, first.image.height_px);
    if width > MAX_SIDE_PX || height > MAX_SIDE_PX {
        return Err(too_much());
    }

    let mut canvas = vec![ANIMATION, 0, 0, 0];
    canvas.extend(u24(width - 1));
    canvas.extend(u24(height - 1));
    let mut body = b"WEBP".to_vec();
    push_chunk(&mut body, *b"VP8X", &canvas);
    push_chunk(&mut body, *b"ANIM", &[0; 6]); // a clear background, no end of loops
    push_chunk(&mut body, *b"ANMF", &animation_frame(&first)?);
    for index in 1..frames.plan.num_frames {
        let frame = frames.frame(index, Some(size))?;
        push_chunk(&mut body, *b"ANMF", &animation_frame(&frame)?);
    }

    let len = u32::try_from(body.len()).map_err(|_too_long| too_much())?;
    out.write_all(b"RIFF")?;
    out.write_all(&len.to_le_bytes())?;
    Ok(out.write_all(&body)?)
}

/// The data of a chunk ANMF: a frame that covers the canvas.
fn animation_frame<E: std::error::Error + 'static>(frame: &Frame) -> Result<Vec<u8>, AnimationError<E>> {
    let (width, height) = (frame.image.width_px, frame.image.height_px);
    let mut data = vec![0; 6]; // at the upper left
    data.extend(u24(width - 1));
    data.extend(u24(height - 1));
    data.extend(u24(frame.ms));
    data.push(DO_NOT_BLEND);

    let mut still = Vec::new();
    if frame.image.pixels.len() != 3 * width as usize * height as usize {
        return Err(AnimationError::Encode("a frame is torn".to_owned()));
    }
    WebPEncoder::new_lossless(&mut still)
        .encode(&frame.image.pixels, width, height, ExtendedColorType::Rgb8)
        .map_err(|error| match error {
            ImageError::IoError(error) => AnimationError::Io(error),
            other => AnimationError::Encode(other.to_string()),
        })?;
    let pixels = still.get(FILE_HEADER..).filter(|chunk| chunk.starts_with(b"VP8L"));
    data.extend(pixels.ok_or_else(|| AnimationError::Encode("expected a still picture of one chunk VP8L".to_owned()))?);
    Ok(data)
}

fn push_chunk(body: &mut Vec<u8>, name: [u8; 4], data: &[u8]) {
    body.reserve(CHUNK_HEADER + data.len() + 1);
    body.extend(name);
    body.extend((data.len() as u32).to_le_bytes()); // the whole is checked in the end
    body.extend(data);
    if !data.len().is_multiple_of(2) {
        body.push(0);
    }
}

/// The lowest 24 bits.
fn u24(value: u32) -> [u8; 3] {
    let [a, b, c, _] = value.to_le_bytes();
    [a, b, c]
}
