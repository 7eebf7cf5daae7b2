//! Why a file is no picture.

use std::io;

use super::MAX_PIXELS;

/// Why a picture could not be read.
#[derive(Debug, thiserror::Error)]
pub enum PictureError {
    /// The system refused.
    #[error("could not read the file")]
    Read(#[source] io::Error),
    /// A file of another kind.
    #[error("expected a PNG, JPEG, WebP or GIF picture, found {found}")]
    Kind {
        /// What it is, with its article.
        found: &'static str,
    },
    /// The end is missing.
    #[error("expected a whole picture, found one whose end is missing")]
    Torn,
    /// No pixels at all.
    #[error("expected pixels, found none")]
    Empty,
    /// More pixels than the program is willing to hold.
    #[error("expected a picture of up to {MAX_PIXELS} pixels, found {width_px}x{height_px}")]
    TooManyPixels {
        /// Its width.
        width_px: u32,
        /// Its height.
        height_px: u32,
    },
    /// Damaged inside.
    #[error("expected a picture that can be decoded")]
    Decode(#[source] image::ImageError),
}

impl PictureError {
    /// The whole of it in one line, for people.
    pub fn one_line(&self) -> String {
        match self {
            Self::Read(source) => source.to_string(),
            Self::Decode(source) => format!("{self}: {source}"),
            _ => self.to_string(),
        }
    }
}
