//! The trajectory of a picture as a safetensors file beside it.
//!
//! | tensor | shape | type |
//! |---|---|---|
//! | `x`, `x0` | (steps, channels, height, width) | f32 |
//! | `final_latents` | (channels, height, width) | f32 |
//! | `sigmas`, `timesteps` | those of the whole run | f64 |
//! | `step_index` | (steps) | u64 |
//! | `step_sigma`, `step_timestep`, `secs` | (steps) | f64 |
//!
//! The header's metadata has one entry, `hareru`: JSON with `version`, `seed` and the picture's `record`.

use std::borrow::Cow;
use std::collections::HashMap;
use std::path::{Path, PathBuf};

use safetensors::{Dtype, SafeTensorError, SafeTensors, View};

use super::GalleryError;
use crate::job::{LatentPlane, Record, StepRecord, Trajectory};

/// The layout written by this program.
const VERSION: u32 = 1;
/// The one entry of the header's metadata.
const METADATA_KEY: &str = "hareru";

/// Where the trajectory of a picture is kept: `NAME.png` has `NAME.trajectory.safetensors`.
pub fn trajectory_path(picture_path: &Path) -> PathBuf {
    picture_path.with_extension("trajectory.safetensors")
}

/// What the file says of itself.
#[derive(serde::Serialize)]
struct Header<'a> {
    version: u32,
    seed: u64,
    record: &'a Record,
}

/// The part of the header that is needed to read the file.
#[derive(serde::Deserialize)]
struct ReadHeader {
    version: u32,
    seed: u64,
}

/// A tensor to write. Latents become bytes only when their turn comes, so that they are not all in memory twice.
struct Column<'a> {
    dtype: Dtype,
    shape: Vec<usize>,
    data: ColumnData<'a>,
}

enum ColumnData<'a> {
    Planes(Vec<&'a LatentPlane>),
    Bytes(Vec<u8>),
}

impl<'a> Column<'a> {
    fn planes(shape: Vec<usize>, planes: Vec<&'a LatentPlane>) -> Self {
        Self {
            dtype: Dtype::F32,
            shape,
            data: ColumnData::Planes(planes),
        }
    }

    fn numbers(values: impl Iterator<Item = f64>) -> Self {
        let bytes: Vec<u8> = values.flat_map(f64::to_le_bytes).collect();
        Self {
            dtype: Dtype::F64,
            shape: vec![bytes.len() / size_of::<f64>()],
            data: ColumnData::Bytes(bytes),
        }
    }

    fn indices(values: impl Iterator<Item = usize>) -> Self {
        let bytes: Vec<u8> = values.flat_map(|index| (index as u64).to_le_bytes()).collect();
        Self {
            dtype: Dtype::U64,
            shape: vec![bytes.len() / size_of::<u64>()],
            data: ColumnData::Bytes(bytes),
        }
    }
}

impl View for Column<'_> {
    fn dtype(&self) -> Dtype {
        self.dtype
    }

    fn shape(&self) -> &[usize] {
        &self.shape
    }

    fn data(&self) -> Cow<'_, [u8]> {
        match &self.data {
            ColumnData::Planes(planes) => planes
                .iter()
                .flat_map(|plane| &plane.values)
                .flat_map(|value| value.to_le_bytes())
                .collect(),
            ColumnData::Bytes(bytes) => Cow::Borrowed(bytes),
        }
    }

    fn data_len(&self) -> usize {
        self.shape.iter().product::<usize>() * self.dtype.bitsize() / 8
    }
}

/// Writes a trajectory over the file `path`; making it durable is the caller's task.
pub(super) fn write(path: &Path, trajectory: &Trajectory, record: &Record) -> Result<(), GalleryError> {
    let Trajectory {
        seed,
        sigmas,
        timesteps,
        steps,
        final_latents,
        tokens: _,
        colours: _,
    } = trajectory;
    let &LatentPlane {
        channels,
        height,
        width,
        ..
    } = final_latents;
    let is_even = |plane: &LatentPlane| {
        (plane.channels, plane.height, plane.width) == (channels, height, width)
            && plane.values.len() == channels * height * width
    };
    if !is_even(final_latents) || !steps.iter().all(|step| is_even(&step.x) && is_even(&step.x0)) {
        return Err(GalleryError::UnevenTrajectory);
    }

    let header = Header {
        version: VERSION,
        seed: *seed,
        record,
    };
    let write_error = |source| GalleryError::Write {
        path: path.to_owned(),
        source,
    };
    let header = serde_json::to_string(&header).map_err(|error| write_error(error.into()))?;
    let shape = vec![steps.len(), channels, height, width];
    let columns = [
        (
            "x",
            Column::planes(shape.clone(), steps.iter().map(|step| &step.x).collect()),
        ),
        ("x0", Column::planes(shape, steps.iter().map(|step| &step.x0).collect())),
        (
            "final_latents",
            Column::planes(vec![channels, height, width], vec![final_latents]),
        ),
        ("sigmas", Column::numbers(sigmas.iter().copied())),
        ("timesteps", Column::numbers(timesteps.iter().copied())),
        ("step_index", Column::indices(steps.iter().map(|step| step.index))),
        ("step_sigma", Column::numbers(steps.iter().map(|step| step.sigma))),
        ("step_timestep", Column::numbers(steps.iter().map(|step| step.timestep))),
        ("secs", Column::numbers(steps.iter().map(|step| step.secs))),
    ];
    let metadata = HashMap::from([(METADATA_KEY.to_owned(), header)]);
    safetensors::serialize_to_file(columns, Some(metadata), path).map_err(|error| match error {
        SafeTensorError::IoError(source) => write_error(source),
        source => GalleryError::TrajectoryFormat {
            path: path.to_owned(),
            source,
        },
    })
}

/// Reads a trajectory back, bit for bit.
pub(super) fn read(path: &Path) -> Result<Trajectory, GalleryError> {
    let bytes = std::fs::read(path).map_err(GalleryError::read(path))?;
    let format_error = |source| GalleryError::TrajectoryFormat {
        path: path.to_owned(),
        source,
    };
    let tensors = SafeTensors::deserialize(&bytes).map_err(format_error)?;
    let (_, metadata) = SafeTensors::read_metadata(&bytes).map_err(format_error)?;
    let header = metadata
        .metadata()
        .as_ref()
        .and_then(|entries| entries.get(METADATA_KEY));
    parse(header, &tensors).map_err(|detail| GalleryError::ForeignTrajectory {
        path: path.to_owned(),
        detail,
    })
}

fn parse(header: Option<&String>, tensors: &SafeTensors<'_>) -> Result<Trajectory, String> {
    let header = header.ok_or_else(|| format!("its header has no entry {METADATA_KEY:?}"))?;
    let header: ReadHeader = serde_json::from_str(header).map_err(|error| format!("its header is damaged: {error}"))?;
    if header.version > VERSION {
        return Err(format!(
            "it has version {}, this program reads up to {VERSION}",
            header.version
        ));
    }

    let secs = numbers(tensors, "secs")?;
    let num_steps = secs.len(); // bounded by the size of the file, as the shape of an empty tensor is not
    let indices = indices(tensors, "step_index")?;
    let step_sigmas = numbers(tensors, "step_sigma")?;
    let step_timesteps = numbers(tensors, "step_timestep")?;
    for (name, found) in [
        ("step_index", indices.len()),
        ("step_sigma", step_sigmas.len()),
        ("step_timestep", step_timesteps.len()),
    ] {
        if found != num_steps {
            return Err(format!("{name:?} has {found} values for {num_steps} steps"));
        }
    }

    let (shape, values) = floats(tensors, "final_latents")?;
    let &[channels, height, width] = shape.as_slice() else {
        return Err(format!("\"final_latents\" has shape {shape:?}, expected three numbers"));
    };
    let plane = |values: &[f32]| LatentPlane {
        channels,
        height,
        width,
        values: values.to_vec(),
    };
    let final_latents = plane(&values);
    let planes = |name: &str| {
        let (shape, values) = floats(tensors, name)?;
        let expected = [num_steps, channels, height, width];
        if shape != expected {
            return Err(format!("{name:?} has shape {shape:?}, expected {expected:?}"));
        }
        let plane_len = channels * height * width;
        Ok((0..num_steps)
            .map(|step| plane(&values[step * plane_len..(step + 1) * plane_len]))
            .collect::<Vec<_>>())
    };
    let steps = planes("x")?
        .into_iter()
        .zip(planes("x0")?)
        .enumerate()
        .map(|(place, (x, x0))| StepRecord {
            index: indices[place],
            sigma: step_sigmas[place],
            timestep: step_timesteps[place],
            x,
            x0,
            branches: None,
            attention: Vec::new(),
            secs: secs[place],
        })
        .collect();
    Ok(Trajectory {
        seed: header.seed,
        sigmas: numbers(tensors, "sigmas")?,
        timesteps: numbers(tensors, "timesteps")?,
        steps,
        final_latents,
        tokens: Vec::new(),
        colours: None,
    })
}

fn raw<'data>(tensors: &SafeTensors<'data>, name: &str, expected: Dtype) -> Result<(Vec<usize>, &'data [u8]), String> {
    let tensor = tensors
        .tensor(name)
        .map_err(|_missing| format!("tensor {name:?} is missing"))?;
    if tensor.dtype() == expected {
        Ok((tensor.shape().to_vec(), tensor.data()))
    } else {
        Err(format!(
            "tensor {name:?} has type {}, expected {expected}",
            tensor.dtype()
        ))
    }
}

fn floats(tensors: &SafeTensors<'_>, name: &str) -> Result<(Vec<usize>, Vec<f32>), String> {
    let (shape, bytes) = raw(tensors, name, Dtype::F32)?;
    let (values, _) = bytes.as_chunks();
    Ok((shape, values.iter().copied().map(f32::from_le_bytes).collect()))
}

fn numbers(tensors: &SafeTensors<'_>, name: &str) -> Result<Vec<f64>, String> {
    let (_, bytes) = raw(tensors, name, Dtype::F64)?;
    let (values, _) = bytes.as_chunks();
    Ok(values.iter().copied().map(f64::from_le_bytes).collect())
}

fn indices(tensors: &SafeTensors<'_>, name: &str) -> Result<Vec<usize>, String> {
    let (_, bytes) = raw(tensors, name, Dtype::U64)?;
    let (values, _) = bytes.as_chunks();
    values
        .iter()
        .copied()
        .map(|value| {
            let index = u64::from_le_bytes(value);
            usize::try_from(index).map_err(|_too_large| format!("{name:?} holds {index}, which is no place in a run"))
        })
        .collect()
}
