//! A trajectory's file, opened: its header is read and held against its tensors, which are read where they are wanted.

use std::fs::File;
use std::io::{Read as _, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};

use safetensors::tensor::Metadata;
use safetensors::{Dtype, SafeTensorError};

use super::super::GalleryError;
use super::VERSION;
use super::checksums::{Checksums, num_rows};
use super::header::{Header, TrajectoryHeader, TrajectorySize, Version};
use crate::job::Record;

/// Entry of the header's metadata: what the file says of itself.
pub(super) const HEADER_KEY: &str = "hareru";
/// Entry of the header's metadata: [`Checksums`].
pub(super) const CHECKSUMS_KEY: &str = "hareru.crc32";
/// Bytes that say how long the header is.
const LENGTH_BYTES: u64 = size_of::<u64>() as u64;
/// Longest header that is read; ours have some kilobytes.
const MAX_HEADER_BYTES: u64 = 16 << 20;

/// Why a file is no trajectory, before its name is added.
#[derive(Debug)]
pub(super) enum Problem {
    Read(std::io::Error),
    Format(SafeTensorError),
    Foreign(String),
    Newer(u32),
    /// A checksum is wrong; the name of the part.
    Damaged(String),
}

impl From<std::io::Error> for Problem {
    fn from(error: std::io::Error) -> Self {
        Self::Read(error)
    }
}

impl Problem {
    fn with_path(self, path: &Path) -> GalleryError {
        let path = path.to_owned();
        match self {
            Self::Read(source) => GalleryError::Read { path, source },
            Self::Format(source) => GalleryError::TrajectoryFormat { path, source },
            Self::Foreign(detail) => GalleryError::ForeignTrajectory { path, detail },
            Self::Newer(found) => GalleryError::NewerTrajectory {
                path,
                found,
                limit: VERSION,
            },
            Self::Damaged(part) => GalleryError::DamagedTrajectory { path, part },
        }
    }
}

/// An open trajectory. It stays readable when the file is replaced or removed meanwhile.
#[derive(Debug)]
pub(in crate::gallery) struct TrajectoryFile {
    file: File,
    path: PathBuf,
    /// Of the whole file.
    bytes: u64,
    /// Where the tensors begin.
    data_start: u64,
    metadata: Metadata,
    pub(super) header: Header,
    checksums: Option<Checksums>,
    pub(super) num_steps: usize,
    /// Channels, height and width.
    pub(super) latent_shape: [usize; 3],
}

impl TrajectoryFile {
    /// Reads the header of an open file.
    ///
    /// * `path`: for errors.
    pub(in crate::gallery) fn new(file: File, path: &Path) -> Result<Self, GalleryError> {
        Self::read_header(file, path).map_err(|problem| problem.with_path(path))
    }

    /// The header with the record parsed.
    pub(in crate::gallery) fn header(&self) -> Result<TrajectoryHeader, GalleryError> {
        let Header { tokens, colours, .. } = &self.header;
        let record: Record =
            serde_json::from_value(self.header.record.clone()).map_err(|source| GalleryError::BadRecord {
                path: self.path.clone(),
                source,
            })?;
        if record.version > Record::VERSION {
            return Err(GalleryError::NewerRecord {
                path: self.path.clone(),
                found: record.version,
                limit: Record::VERSION,
            });
        }
        Ok(TrajectoryHeader {
            record,
            tokens: tokens.clone(),
            colours: colours.clone(),
            size: self.size(),
        })
    }

    /// How large it is.
    pub(in crate::gallery) fn size(&self) -> TrajectorySize {
        let [channels, height, width] = self.latent_shape;
        TrajectorySize {
            bytes: self.bytes,
            num_steps: self.num_steps,
            channels,
            height,
            width,
            parts: self.header.parts.clone(),
        }
    }

    /// Bytes of the tensors that are for views alone, which thinning leaves out.
    pub(in crate::gallery) fn view_bytes(&self) -> u64 {
        let is_for_views = |name: &str| name.starts_with("eps_") || name.starts_with("attention");
        let tensors = self.metadata.tensors();
        let sizes = tensors
            .iter()
            .filter(|(name, _)| is_for_views(name))
            .map(|(_, tensor)| tensor.data_offsets.1 - tensor.data_offsets.0);
        sizes.sum::<usize>() as u64
    }

    /// The record as it stands in the file.
    pub(in crate::gallery) fn record(&self) -> &serde_json::Value {
        &self.header.record
    }

    pub(super) fn named<T>(&self, result: Result<T, Problem>) -> Result<T, GalleryError> {
        result.map_err(|problem| problem.with_path(&self.path))
    }

    fn read_header(mut file: File, path: &Path) -> Result<Self, Problem> {
        let bytes = file.metadata()?.len();
        if bytes < LENGTH_BYTES {
            return Err(Problem::Format(SafeTensorError::HeaderTooSmall));
        }
        let mut length = [0; LENGTH_BYTES as usize];
        file.read_exact(&mut length)?;
        let length = u64::from_le_bytes(length);
        if length > bytes - LENGTH_BYTES {
            return Err(Problem::Format(SafeTensorError::InvalidHeaderLength));
        }
        if length > MAX_HEADER_BYTES {
            return Err(Problem::Format(SafeTensorError::HeaderTooLarge));
        }
        let mut text = vec![0; length as usize];
        file.read_exact(&mut text)?;
        let metadata: Metadata = serde_json::from_slice(&text)
            .map_err(|error| Problem::Format(SafeTensorError::InvalidHeaderDeserialization(error)))?;
        let data_start = LENGTH_BYTES + length;
        if metadata.data_len() as u64 != bytes - data_start {
            return Err(Problem::Format(SafeTensorError::MetadataIncompleteBuffer));
        }
        let (header, checksums) = parse_metadata(&metadata)?;

        let mut this = Self {
            file,
            path: path.to_owned(),
            bytes,
            data_start,
            metadata,
            header,
            checksums,
            num_steps: 0,
            latent_shape: [0; 3],
        };
        this.num_steps = this.length_of("secs", Dtype::F64)?; // bounded by the file, as an empty tensor's shape is not
        this.latent_shape = this.find_latent_shape()?;
        this.check_shapes()?;
        Ok(this)
    }

    fn find_latent_shape(&self) -> Result<[usize; 3], Problem> {
        match *self.shape_of("final_latents", Dtype::F32)? {
            [channels, height, width] if channels * height * width > 0 => Ok([channels, height, width]),
            ref shape => Err(Problem::Foreign(format!(
                "\"final_latents\" has shape {shape:?}, expected three numbers above 0"
            ))),
        }
    }

    /// Holds every tensor's type and shape against what is expected.
    fn check_shapes(&self) -> Result<(), Problem> {
        let [channels, height, width] = self.latent_shape;
        let Header {
            tokens, colours, parts, ..
        } = &self.header;
        let latents = |num_steps| [num_steps, channels, height, width];
        let steps = [self.num_steps];
        self.expect("step_index", Dtype::U64, &steps)?;
        self.expect("step_sigma", Dtype::F64, &steps)?;
        self.expect("step_timestep", Dtype::F64, &steps)?;
        self.length_of("sigmas", Dtype::F64)?;
        self.length_of("timesteps", Dtype::F64)?;
        self.expect("x", Dtype::F32, &latents(self.num_steps))?;
        self.expect("x0", Dtype::F32, &latents(self.num_steps))?;

        if parts.eps_uncond && !parts.eps_cond {
            return Err(Problem::Foreign(
                "it has \"eps_uncond\" without \"eps_cond\"".to_owned(),
            ));
        }
        for (is_kept, name, step_name) in [
            (parts.eps_cond, "eps_cond", "eps_cond_step"),
            (parts.eps_uncond, "eps_uncond", "eps_uncond_step"),
        ] {
            if is_kept {
                let kept = self.kept_in(step_name)?;
                self.expect(name, Dtype::F16, &latents(kept))?;
            }
        }
        if !parts.attention.is_empty() {
            let kept = self.kept_in("attention_step")?;
            for &(height, width) in &parts.attention {
                let name = format!("attention.{height}x{width}");
                self.expect(&name, Dtype::F16, &[kept, tokens.len(), height, width])?;
            }
        }
        let is_finite = |value: &f32| value.is_finite();
        match colours {
            Some(colours)
                if colours.weights.len() != colours.bias.len()
                    || colours.weights.iter().any(|weights| weights.len() != channels)
                    || !colours.weights.iter().flatten().chain(&colours.bias).all(is_finite) =>
            {
                Err(Problem::Foreign(format!(
                    "its colours are no three rows of {channels} finite weights"
                )))
            }
            _ => Ok(()),
        }
    }

    fn shape_of(&self, name: &str, expected: Dtype) -> Result<&[usize], Problem> {
        let info = self
            .metadata
            .info(name)
            .ok_or_else(|| Problem::Foreign(format!("tensor {name:?} is missing")))?;
        if info.dtype == expected {
            Ok(&info.shape)
        } else {
            Err(Problem::Foreign(format!(
                "tensor {name:?} has type {}, expected {expected}",
                info.dtype
            )))
        }
    }

    fn length_of(&self, name: &str, dtype: Dtype) -> Result<usize, Problem> {
        match *self.shape_of(name, dtype)? {
            [length] => Ok(length),
            ref shape => Err(Problem::Foreign(format!(
                "{name:?} has shape {shape:?}, expected one number"
            ))),
        }
    }

    /// How many steps have an optional part; one at least, or else it is not there.
    fn kept_in(&self, step_name: &str) -> Result<usize, Problem> {
        match self.length_of(step_name, Dtype::U64)? {
            0 => Err(Problem::Foreign(format!("{step_name:?} is empty"))),
            kept => Ok(kept),
        }
    }

    fn expect(&self, name: &str, dtype: Dtype, expected: &[usize]) -> Result<(), Problem> {
        let shape = self.shape_of(name, dtype)?;
        if shape != expected {
            return Err(Problem::Foreign(format!(
                "{name:?} has shape {shape:?}, expected {expected:?}"
            )));
        }
        // No step of no values: what is read would otherwise not be bounded by the size of the file.
        if expected.len() > 1 && expected[1..].contains(&0) {
            return Err(Problem::Foreign(format!(
                "{name:?} has shape {shape:?}, which is empty"
            )));
        }
        Ok(())
    }

    /// The bytes of one row of a tensor, see [`num_rows`]; they are as the checksum says.
    pub(super) fn row(&self, name: &str, row: usize) -> Result<Vec<u8>, Problem> {
        let missing = || Problem::Foreign(format!("tensor {name:?} is missing"));
        let info = self.metadata.info(name).ok_or_else(missing)?;
        let (start, end) = info.data_offsets;
        let row_len = (end - start).checked_div(num_rows(&info.shape)).ok_or_else(missing)?;
        let mut bytes = vec![0; row_len]; // no longer than the file, as the header was held against it
        let mut file = &self.file;
        file.seek(SeekFrom::Start(self.data_start + (start + row * row_len) as u64))?;
        file.read_exact(&mut bytes)?;
        match &self.checksums {
            Some(checksums) if !checksums.is_row(name, row, &bytes) => Err(Problem::Damaged(name.to_owned())),
            _ => Ok(bytes),
        }
    }
}

fn parse_metadata(metadata: &Metadata) -> Result<(Header, Option<Checksums>), Problem> {
    let damaged = |error: serde_json::Error| Problem::Foreign(format!("its header is damaged: {error}"));
    let missing = |key| Problem::Foreign(format!("its header has no entry {key:?}"));
    let entry = |key| metadata.metadata().as_ref().and_then(|entries| entries.get(key));

    let text = entry(HEADER_KEY).ok_or_else(|| missing(HEADER_KEY))?;
    let Version { version } = serde_json::from_str(text).map_err(damaged)?;
    if version > VERSION {
        return Err(Problem::Newer(version));
    }
    let checksums: Option<Checksums> = match entry(CHECKSUMS_KEY) {
        Some(checksums) => Some(serde_json::from_str(checksums).map_err(damaged)?),
        None if version == 1 => None,
        None => return Err(missing(CHECKSUMS_KEY)),
    };
    if checksums.as_ref().is_some_and(|checksums| !checksums.is_header(text)) {
        return Err(Problem::Damaged("its header".to_owned()));
    }
    Ok((serde_json::from_str(text).map_err(damaged)?, checksums))
}
