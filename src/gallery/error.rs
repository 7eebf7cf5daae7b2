//! Why the gallery could not do something.

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use super::bounded::READING_BOUND;
use crate::job::{JobError, JobErrorKind};
use crate::picture::{MAX_PIXELS, PictureError};

/// Why a picture could not be written or read. [`Self::one_line`] adds the causes.
#[derive(Debug, thiserror::Error)]
pub enum GalleryError {
    /// The disk or the system refused to write.
    #[error("could not write {path}", path = path.display())]
    Write {
        /// The file or folder.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
    /// The disk or the system refused to read.
    #[error("could not read {path}", path = path.display())]
    Read {
        /// The file or folder.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
    /// The JPEG or WebP encoder refused the picture.
    #[error("could not encode the picture")]
    EncodeImage(#[from] image::ImageError),
    /// The record does not go into EXIF.
    #[error("could not put the record into EXIF")]
    EncodeExif(#[from] exif::Error),
    /// The number of bytes does not fit the size.
    #[error("a picture of {width_px}x{height_px} px needs {expected} bytes, found {found}")]
    PixelCount {
        /// Its width.
        width_px: u32,
        /// Its height.
        height_px: u32,
        /// Three for each pixel.
        expected: usize,
        /// What there is.
        found: usize,
    },
    /// The PNG encoder refused the picture.
    #[error("could not encode the picture")]
    Encode(#[from] png::EncodingError),
    /// Not a picture, a torn one, or one of a kind this program does not read.
    #[error("not a whole PNG, JPEG or WebP picture: {path}", path = path.display())]
    Decode {
        /// The file.
        path: PathBuf,
        /// The cause.
        source: PictureError,
    },
    /// Not a picture, or one whose parts beside the pixels are broken.
    #[error("not a whole PNG, JPEG or WebP file: {path}", path = path.display())]
    Container {
        /// The file.
        path: PathBuf,
        /// What was expected.
        source: io::Error,
    },
    /// More pixels than the program is willing to hold.
    #[error("pictures of up to {limit} pixels are read, found {width_px}x{height_px}: {path}", path = path.display())]
    TooManyPixels {
        /// The file.
        path: PathBuf,
        /// Its width.
        width_px: u32,
        /// Its height.
        height_px: u32,
        /// Most pixels that are read.
        limit: u64,
    },
    /// A text in the file is too long or damaged.
    #[error("the text {keyword:?} is damaged or longer than {limit} bytes: {path}", path = path.display())]
    BadText {
        /// The file.
        path: PathBuf,
        /// Name of the text.
        keyword: String,
        /// Most bytes that are read.
        limit: usize,
    },
    /// Nothing in the file says how it was made.
    #[error("nothing in the picture says how it was made: {path}", path = path.display())]
    NoRecord {
        /// The file.
        path: PathBuf,
    },
    /// The record is not of the form this program writes.
    #[error("the record of how it was made is damaged: {path}", path = path.display())]
    BadRecord {
        /// The file.
        path: PathBuf,
        /// The cause.
        source: serde_json::Error,
    },
    /// The record was written by a later version of this program.
    #[error("the record has version {found}, this program reads up to {limit}: {path}", path = path.display())]
    NewerRecord {
        /// The file.
        path: PathBuf,
        /// Its version.
        found: u32,
        /// Highest version that is read.
        limit: u32,
    },
    /// A file must not lie about what it is.
    #[error("pictures are written as PNG, WebP or JPEG, so the name must end in .png, .webp or .jpg: {path}", path = path.display())]
    NotPictureName {
        /// The name asked for.
        path: PathBuf,
    },
    /// A name is longer than file systems take.
    #[error("the name of a file may have up to {limit} bytes, found {found}: {path}", path = path.display())]
    NameTooLong {
        /// The name asked for.
        path: PathBuf,
        /// Its bytes.
        found: usize,
        /// Most bytes.
        limit: usize,
    },
    /// What its owner says of a picture cannot be read.
    #[error("the file with the marks of a picture is not whole XMP: {path}", path = path.display())]
    BadUserMetadata {
        /// The file.
        path: PathBuf,
        /// What was expected and what was found.
        source: super::XmpError,
    },
    /// There is no trajectory beside the picture.
    #[error("the steps of this picture were not kept, or were dropped to save space: {path}", path = path.display())]
    NoTrajectory {
        /// Where it would be.
        path: PathBuf,
    },
    /// Not a safetensors file, or a torn one.
    #[error("not a whole trajectory file: {path}", path = path.display())]
    TrajectoryFormat {
        /// The file.
        path: PathBuf,
        /// The cause.
        source: safetensors::SafeTensorError,
    },
    /// A safetensors file, but not a trajectory written by this program.
    #[error("not a trajectory of this program ({detail}): {path}", path = path.display())]
    ForeignTrajectory {
        /// The file.
        path: PathBuf,
        /// What was expected and what was found.
        detail: String,
    },
    /// The trajectory was written by a later version of this program.
    #[error("the trajectory has version {found}, this program reads up to {limit}: {path}", path = path.display())]
    NewerTrajectory {
        /// The file.
        path: PathBuf,
        /// Its version.
        found: u32,
        /// Highest version that is read.
        limit: u32,
    },
    /// The file has changed since it was written.
    #[error("the trajectory is damaged, the checksum of {part} is wrong: {path}", path = path.display())]
    DamagedTrajectory {
        /// The file.
        path: PathBuf,
        /// What is damaged.
        part: String,
    },
    /// The file beside the picture belongs to another run.
    #[error("the trajectory is of run {found:?}, the picture of run {expected:?}: {path}", path = path.display())]
    OtherRun {
        /// The file.
        path: PathBuf,
        /// Run of the picture.
        expected: String,
        /// Run of the trajectory.
        found: String,
    },
    /// The steps do not have the same shape, which is a mistake in this program.
    #[error("every step of a trajectory must have the shape of its result, and maps for each of its tokens")]
    UnevenTrajectory,
    /// The index could not be read or written.
    #[error("the index of the gallery could not be used: {path}", path = path.display())]
    Index {
        /// The file.
        path: PathBuf,
        /// The cause.
        source: rusqlite::Error,
    },
    /// The index was written by another version of this program.
    #[error("the index of the gallery has version {found}, expected {expected}: {path}", path = path.display())]
    IndexVersion {
        /// The file.
        path: PathBuf,
        /// Its version.
        found: i64,
        /// The version that this program writes.
        expected: i32,
    },
    /// The index defines other things than this program does.
    #[error("the index of the gallery has other tables than this program makes: {path}", path = path.display())]
    IndexSchema {
        /// The file.
        path: PathBuf,
    },
    /// A file takes longer to read than one that nobody asked for may.
    #[error("reading took longer than {limit_secs} s: {path}", path = path.display())]
    TooSlow {
        /// The file.
        path: PathBuf,
        /// The bound, in seconds.
        limit_secs: u64,
    },
    /// It took too long before, see [`Self::TooSlow`], and has not changed since.
    #[error("reading took too long before, so the file is left out until it changes: {path}", path = path.display())]
    SetAside {
        /// The file.
        path: PathBuf,
    },
    /// The system refused a thread.
    #[error("the gallery's thread could not be started")]
    Thread(#[source] io::Error),
}

impl GalleryError {
    /// The error and its causes in one line.
    pub fn one_line(&self) -> String {
        JobError::from_chain(JobErrorKind::Internal, self).message
    }

    pub(super) fn write(path: &Path) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::Write {
            path: path.to_owned(),
            source,
        }
    }

    pub(super) fn too_slow(path: &Path) -> Self {
        Self::TooSlow {
            path: path.to_owned(),
            limit_secs: READING_BOUND.as_secs(),
        }
    }

    pub(super) fn index(path: &Path) -> impl FnOnce(rusqlite::Error) -> Self {
        move |source| Self::Index {
            path: path.to_owned(),
            source,
        }
    }

    /// Of a file that is no picture.
    pub(super) fn picture(path: &Path) -> impl FnOnce(PictureError) -> Self {
        let path = path.to_owned();
        move |error| match error {
            PictureError::Read(source) => Self::Read { path, source },
            PictureError::TooManyPixels { width_px, height_px } => Self::TooManyPixels {
                path,
                width_px,
                height_px,
                limit: MAX_PIXELS,
            },
            source => Self::Decode { path, source },
        }
    }

    pub(super) fn read(path: &Path) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::Read {
            path: path.to_owned(),
            source,
        }
    }
}

/// Does work on one picture. A decoder that panics over a hostile file costs that picture, not the thread.
pub(super) fn guarded<T>(work: impl FnOnce() -> Result<T, GalleryError>) -> Result<T, String> {
    match catch_unwind(AssertUnwindSafe(work)) {
        Ok(result) => result.map_err(|error| error.one_line()),
        Err(_panic) => Err("the gallery stumbled over a picture; the log has the details".to_owned()),
    }
}
