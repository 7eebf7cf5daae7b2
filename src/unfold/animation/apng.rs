//! Animated PNG, which programs that know nothing of it show as its first frame.

use std::io::Write;

use png::{BitDepth, BlendOp, ColorType, DisposeOp, Encoder, EncodingError};

use super::{AnimationError, AnimationWriter};

/// Times are said in thousandths of a second.
const PER_SECOND: u16 = 1000;

pub(super) fn write<E: std::error::Error + 'static>(
    frames: &mut AnimationWriter<'_, E>,
    out: &mut dyn Write,
) -> Result<(), AnimationError<E>> {
    let mut frame = frames.first()?;
    let size = (frame.image.width_px, frame.image.height_px);
    let mut encoder = Encoder::new(out, size.0, size.1);
    encoder.set_color(ColorType::Rgb);
    encoder.set_depth(BitDepth::Eight);
    encoder.set_animated(frames.plan.num_frames, 0).map_err(encode_error)?;
    encoder.set_blend_op(BlendOp::Source).map_err(encode_error)?;
    encoder.set_dispose_op(DisposeOp::None).map_err(encode_error)?;
    encoder
        .set_frame_delay(frame.ms as u16, PER_SECOND)
        .map_err(encode_error)?;
    let mut writer = encoder.write_header().map_err(encode_error)?;
    writer.write_image_data(&frame.image.pixels).map_err(encode_error)?;
    for index in 1..frames.plan.num_frames {
        frame = frames.frame(index, Some(size))?;
        writer
            .set_frame_delay(frame.ms as u16, PER_SECOND)
            .map_err(encode_error)?;
        writer.write_image_data(&frame.image.pixels).map_err(encode_error)?;
    }
    writer.finish().map_err(encode_error)
}

fn encode_error<E: std::error::Error + 'static>(error: EncodingError) -> AnimationError<E> {
    match error {
        EncodingError::IoError(error) => AnimationError::Io(error),
        other => AnimationError::Encode(other.to_string()),
    }
}
