//! A run as an animation: frames one after the other, without end, the last one held longer.

mod apng;
mod gif;
mod webp;

use std::io::{self, BufWriter, Write};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use crate::config::PendingFile;
use crate::job::RgbImage;

/// Longest time of a frame in milliseconds that all formats can say.
const MAX_FRAME_MS: u32 = u16::MAX as u32;

/// Kind of file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AnimationFormat {
    /// 256 colours for each frame, times in hundredths of a second; shown everywhere.
    Gif,
    /// Lossless animated WebP.
    WebP,
    /// Animated PNG.
    Apng,
}

impl AnimationFormat {
    /// The format that a file's ending stands for.
    pub fn of_path(path: &Path) -> Option<Self> {
        let ending = path.extension()?.to_str()?.to_ascii_lowercase();
        match ending.as_str() {
            "gif" => Some(Self::Gif),
            "webp" => Some(Self::WebP),
            "png" | "apng" => Some(Self::Apng),
            _ => None,
        }
    }
}

/// What an animation is like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AnimationOptions {
    /// Kind of file.
    pub format: AnimationFormat,
    /// Number of frames.
    pub num_frames: u32,
    /// How long a frame is shown, in milliseconds; held to 10 to 65535.
    pub frame_ms: u32,
    /// How long the last frame is shown, as above.
    pub last_ms: u32,
}

/// Why there is no animation. `E` is why a frame could not be made.
#[derive(Debug, thiserror::Error)]
pub enum AnimationError<E: std::error::Error + 'static> {
    /// There is no frame.
    #[error("a film needs one frame at least")]
    Empty,
    /// The progress callback stopped the animation.
    #[error("the film was stopped")]
    Cancelled,
    /// A frame could not be made.
    #[error(transparent)]
    Frame(E),
    /// A frame has not the size of the first one.
    #[error("every frame must have the size of the first, {expected:?}, found {found:?}")]
    Size {
        /// Width and height of the first.
        expected: (u32, u32),
        /// Those of another one.
        found: (u32, u32),
    },
    /// The encoder refused a frame.
    #[error("could not encode the film: {0}")]
    Encode(String),
    /// The disk or the system refused.
    #[error("could not write the film: {0}")]
    Io(#[from] io::Error),
    /// The disk or the system refused a file.
    #[error("could not write a file: {source}: {path}", path = path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
}

/// Makes the frames of an animation one by one, so that they are not all in memory.
pub struct AnimationWriter<'a, E> {
    /// What the animation is like.
    pub plan: AnimationOptions,
    /// Gives the frame of a number, from 0; all of one size.
    pub make: &'a mut dyn FnMut(u32) -> Result<RgbImage, E>,
    /// Called with the number of finished frames, before each and at the end; may stop the animation.
    pub progress: &'a mut dyn FnMut(u32) -> ControlFlow<()>,
}

/// A frame and how long it is shown, in milliseconds.
struct Frame {
    image: RgbImage,
    ms: u32,
}

impl<E: std::error::Error + 'static> AnimationWriter<'_, E> {
    /// Writes the animation.
    ///
    /// # Errors
    /// [`AnimationError`]; then what was written is not to be used.
    pub fn write(mut self, out: &mut dyn Write) -> Result<(), AnimationError<E>> {
        match self.plan.format {
            AnimationFormat::Gif => gif::write(&mut self, out)?,
            AnimationFormat::WebP => webp::write(&mut self, out)?,
            AnimationFormat::Apng => apng::write(&mut self, out)?,
        }
        self.report(self.plan.num_frames)
    }

    /// Writes the animation as a file, which appears whole or not at all and replaces what has its name.
    ///
    /// # Errors
    /// [`AnimationError`]; then there is no new file.
    pub fn save(self, path: &Path) -> Result<(), AnimationError<E>> {
        let failed = |source| AnimationError::Write {
            path: path.to_owned(),
            source,
        };
        let folder = path.parent().unwrap_or_else(|| Path::new(""));
        let mut pending = PendingFile::create(folder).map_err(failed)?;
        let mut out = BufWriter::new(pending.file());
        match self.write(&mut out) {
            Err(AnimationError::Io(source)) => return Err(failed(source)),
            other => other?,
        }
        out.flush().map_err(failed)?;
        drop(out);
        pending.publish(path).map_err(failed)
    }

    /// The frame of a number; all have the size of the first.
    fn frame(&mut self, index: u32, size: Option<(u32, u32)>) -> Result<Frame, AnimationError<E>> {
        let AnimationOptions {
            num_frames,
            frame_ms,
            last_ms,
            ..
        } = self.plan;
        self.report(index)?;
        let image = (self.make)(index).map_err(AnimationError::Frame)?;
        let found = (image.width_px, image.height_px);
        let expected = size.unwrap_or(found);
        if found != expected || found.0 == 0 || found.1 == 0 {
            return Err(AnimationError::Size { expected, found });
        }
        let ms = if index + 1 < num_frames { frame_ms } else { last_ms };
        Ok(Frame {
            image,
            ms: ms.clamp(10, MAX_FRAME_MS),
        })
    }

    fn first(&mut self) -> Result<Frame, AnimationError<E>> {
        if self.plan.num_frames == 0 {
            return Err(AnimationError::Empty);
        }
        self.frame(0, None)
    }

    fn report(&mut self, done: u32) -> Result<(), AnimationError<E>> {
        match (self.progress)(done) {
            ControlFlow::Continue(()) => Ok(()),
            ControlFlow::Break(()) => Err(AnimationError::Cancelled),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;
    use std::io::Cursor;

    use image::AnimationDecoder;
    use image::codecs::gif::GifDecoder;
    use image::codecs::png::PngDecoder;
    use image::codecs::webp::WebPDecoder;

    use super::*;

    const SIZE: (u32, u32) = (37, 22);

    /// A bar that wanders over a ground of one colour.
    fn bar(index: u32) -> RgbImage {
        let (width_px, height_px) = SIZE;
        let pixel = |place: u32| {
            let is_bar = place % width_px / 4 == index;
            if is_bar { [250, 240, 10] } else { [10, 20, 200] }
        };
        RgbImage {
            width_px,
            height_px,
            pixels: (0..width_px * height_px).flat_map(pixel).collect(),
        }
    }

    fn plan(format: AnimationFormat) -> AnimationOptions {
        AnimationOptions {
            format,
            num_frames: 5,
            frame_ms: 120,
            last_ms: 2000,
        }
    }

    fn film(format: AnimationFormat) -> Vec<u8> {
        let mut reported = Vec::new();
        let mut bytes = Vec::new();
        let frames: AnimationWriter<'_, Infallible> = AnimationWriter {
            plan: plan(format),
            make: &mut |index| Ok(bar(index)),
            progress: &mut |done| {
                reported.push(done);
                ControlFlow::Continue(())
            },
        };
        frames.write(&mut bytes).unwrap();
        assert_eq!(reported, [0, 1, 2, 3, 4, 5]);
        bytes
    }

    /// Pixels as they are drawn and the time of each frame in milliseconds.
    fn decoded<'a>(decoder: impl AnimationDecoder<'a>) -> Vec<(Vec<u8>, u32)> {
        let frames = decoder.into_frames().collect_frames().unwrap();
        let decoded = frames.into_iter().map(|frame| {
            let (numerator, denominator) = frame.delay().numer_denom_ms();
            let image = frame.into_buffer();
            assert_eq!((image.width(), image.height()), SIZE);
            assert!(image.pixels().all(|pixel| pixel.0[3] == 255));
            let pixels = image.pixels().flat_map(|pixel| [pixel.0[0], pixel.0[1], pixel.0[2]]);
            (pixels.collect(), numerator / denominator)
        });
        decoded.collect()
    }

    #[test]
    fn every_format_should_hold_each_frame_for_its_time() {
        let expected: Vec<(Vec<u8>, u32)> = (0..5)
            .map(|index| (bar(index).pixels, if index < 4 { 120 } else { 2000 }))
            .collect();
        let webp = WebPDecoder::new(Cursor::new(film(AnimationFormat::WebP))).unwrap();
        assert!(webp.has_animation());
        assert_eq!(decoded(webp), expected);
        let apng = PngDecoder::new(Cursor::new(film(AnimationFormat::Apng))).unwrap();
        assert_eq!(decoded(apng.apng().unwrap()), expected);
        // A palette of 256 holds two colours but for rounding.
        let gif = decoded(GifDecoder::new(Cursor::new(film(AnimationFormat::Gif))).unwrap());
        assert_eq!(gif.len(), 5);
        for ((found, found_ms), (pixels, ms)) in gif.into_iter().zip(expected) {
            assert_eq!(found_ms, ms);
            let worst = found.iter().zip(&pixels).map(|(a, b)| a.abs_diff(*b)).max();
            assert!(worst <= Some(4), "{worst:?}");
        }
    }

    #[test]
    fn films_should_go_on_without_end() {
        let has = |bytes: &[u8], part: &[u8]| bytes.windows(part.len()).any(|window| window == part);
        // Loop count 0 in each: the application block of GIF, the chunk ANIM of WebP, the chunk acTL of PNG.
        assert!(has(&film(AnimationFormat::Gif), b"NETSCAPE2.0\x03\x01\x00\x00\x00"));
        assert!(has(
            &film(AnimationFormat::WebP),
            b"ANIM\x06\x00\x00\x00\x00\x00\x00\x00\x00\x00"
        ));
        assert!(has(
            &film(AnimationFormat::Apng),
            b"acTL\x00\x00\x00\x05\x00\x00\x00\x00"
        ));
    }

    #[test]
    fn a_film_that_is_stopped_or_fails_should_leave_no_file() {
        let folder = tempfile::tempdir().unwrap();
        for format in [AnimationFormat::Gif, AnimationFormat::WebP, AnimationFormat::Apng] {
            let path = folder.path().join("a.film");
            let stop_at_two = |done| match done {
                2 => ControlFlow::Break(()),
                _ => ControlFlow::Continue(()),
            };
            let go_on = |_| ControlFlow::Continue(());
            let run = |make: &mut dyn FnMut(u32) -> io::Result<RgbImage>,
                       progress: &mut dyn FnMut(u32) -> ControlFlow<()>,
                       num_frames| {
                let plan = AnimationOptions {
                    num_frames,
                    ..plan(format)
                };
                AnimationWriter { plan, make, progress }.save(&path)
            };
            let stopped = run(&mut |index| Ok(bar(index)), &mut stop_at_two.clone(), 5);
            assert!(matches!(stopped, Err(AnimationError::Cancelled)));
            let failed = run(&mut |_| Err(io::ErrorKind::Other.into()), &mut go_on.clone(), 5);
            assert!(matches!(failed, Err(AnimationError::Frame(_))));
            let uneven = |index: u32| {
                let mut image = bar(index);
                image.height_px -= index;
                Ok(image)
            };
            assert!(matches!(
                run(&mut uneven.clone(), &mut go_on.clone(), 5),
                Err(AnimationError::Size { .. })
            ));
            let none = run(&mut |index| Ok(bar(index)), &mut go_on.clone(), 0);
            assert!(matches!(none, Err(AnimationError::Empty)));
            assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);

            run(&mut |index| Ok(bar(index)), &mut go_on.clone(), 1).unwrap();
            assert!(std::fs::metadata(&path).unwrap().len() > 0);
            std::fs::remove_file(&path).unwrap();
        }
        let missing = folder.path().join("none").join("a.gif");
        let frames: AnimationWriter<'_, Infallible> = AnimationWriter {
            plan: plan(AnimationFormat::Gif),
            make: &mut |index| Ok(bar(index)),
            progress: &mut |_| ControlFlow::Continue(()),
        };
        let error = frames.save(&missing).unwrap_err().to_string();
        assert!(error.ends_with(missing.to_str().unwrap()), "{error}");
    }

    #[test]
    fn a_name_should_say_its_format() {
        for (name, expected) in [
            ("a.gif", Some(AnimationFormat::Gif)),
            ("b/a.WEBP", Some(AnimationFormat::WebP)),
            ("a.png", Some(AnimationFormat::Apng)),
            ("a.mp4", None),
            ("gif", None),
        ] {
            assert_eq!(AnimationFormat::of_path(Path::new(name)), expected);
        }
    }
}
