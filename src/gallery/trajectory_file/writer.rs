//! Writing a trajectory.

use std::borrow::Cow;
use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

use half::f16;
use half::slice::HalfFloatSliceExt as _;
use safetensors::{Dtype, SafeTensorError, View};

use super::super::GalleryError;
use super::VERSION;
use super::checksums::{Checksums, crc32, num_rows};
use super::header::{HeaderText, KeptParts};
use super::reader::{CHECKSUMS_KEY, HEADER_KEY};
use crate::job::{Branches, LatentPlane, StepRecord, TokenMaps, Trajectory};

/// A tensor to write.
struct Column<'a> {
    dtype: Dtype,
    shape: Vec<usize>,
    /// As many as [`num_rows`] says.
    rows: Vec<Row<'a>>,
}

enum Row<'a> {
    /// Becomes bytes only when its turn comes, so that the latents are not all in memory twice.
    Floats(&'a [f32]),
    Bytes(Vec<u8>),
}

impl Row<'_> {
    /// To the nearest half, of the finite ones.
    fn halves(values: &[f32]) -> Self {
        let mut halves = vec![f16::ZERO; values.len()];
        halves.convert_from_f32_slice(values);
        for half in &mut halves {
            if half.is_infinite() {
                *half = f16::MAX.copysign(*half);
            }
        }
        Self::Bytes(halves.into_iter().flat_map(f16::to_le_bytes).collect())
    }

    fn bytes(&self) -> Cow<'_, [u8]> {
        match self {
            Self::Floats(values) => values.iter().flat_map(|value| value.to_le_bytes()).collect(),
            Self::Bytes(bytes) => Cow::Borrowed(bytes),
        }
    }
}

impl<'a> Column<'a> {
    fn latents(shape: Vec<usize>, planes: impl Iterator<Item = &'a LatentPlane>) -> Self {
        Self {
            dtype: Dtype::F32,
            shape,
            rows: planes.map(|plane| Row::Floats(&plane.values)).collect(),
        }
    }

    fn halves<'b>(shape: [usize; 3], rows: impl Iterator<Item = &'b [f32]>) -> Self {
        let rows: Vec<_> = rows.map(Row::halves).collect();
        let [a, b, c] = shape;
        Self {
            dtype: Dtype::F16,
            shape: vec![rows.len(), a, b, c],
            rows,
        }
    }

    fn numbers(values: impl Iterator<Item = f64>) -> Self {
        let bytes: Vec<u8> = values.flat_map(f64::to_le_bytes).collect();
        Self {
            dtype: Dtype::F64,
            shape: vec![bytes.len() / size_of::<f64>()],
            rows: vec![Row::Bytes(bytes)],
        }
    }

    fn indices<'b>(steps: impl Iterator<Item = &'b Arc<StepRecord>>) -> Self {
        let bytes: Vec<u8> = steps.flat_map(|step| (step.index as u64).to_le_bytes()).collect();
        Self {
            dtype: Dtype::U64,
            shape: vec![bytes.len() / size_of::<u64>()],
            rows: vec![Row::Bytes(bytes)],
        }
    }

    fn checksums(&self) -> Vec<u32> {
        self.rows.iter().map(|row| crc32(&row.bytes())).collect()
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
        match self.rows.as_slice() {
            [Row::Bytes(bytes)] => Cow::Borrowed(bytes),
            rows => {
                let mut all = Vec::with_capacity(self.data_len());
                for row in rows {
                    all.extend_from_slice(&row.bytes());
                }
                Cow::Owned(all)
            }
        }
    }

    fn data_len(&self) -> usize {
        self.shape.iter().product::<usize>() * self.dtype.bitsize() / 8
    }
}

/// One of the latents of a step, if it has them.
type PlaneOf = fn(&StepRecord) -> Option<&LatentPlane>;

/// Writes a trajectory over the file `path`; making it durable is the caller's task.
///
/// * `record`: a [`Record`](crate::job::Record), or one as JSON.
pub(in crate::gallery) fn write(
    path: &Path,
    trajectory: &Trajectory,
    record: &impl serde::Serialize,
) -> Result<(), GalleryError> {
    let parts = parts_of(trajectory).ok_or(GalleryError::UnevenTrajectory)?;
    let write_error = |source| GalleryError::Write {
        path: path.to_owned(),
        source,
    };
    let in_words = |error: serde_json::Error| write_error(error.into());
    let header = serde_json::to_string(&HeaderText {
        version: VERSION,
        seed: trajectory.seed,
        record,
        tokens: &trajectory.tokens,
        colours: trajectory.colours.as_ref(),
        parts: &parts,
    })
    .map_err(in_words)?;

    let columns = columns_of(trajectory, &parts);
    let mut checksums = Checksums::of_header(&header);
    for (name, column) in &columns {
        debug_assert_eq!(column.rows.len(), num_rows(&column.shape), "{name}");
        checksums.insert(name, column.checksums());
    }
    let checksums = serde_json::to_string(&checksums).map_err(in_words)?;
    let metadata = HashMap::from([(HEADER_KEY.to_owned(), header), (CHECKSUMS_KEY.to_owned(), checksums)]);
    safetensors::serialize_to_file(columns, Some(metadata), path).map_err(|error| match error {
        SafeTensorError::IoError(source) => write_error(source),
        source => GalleryError::TrajectoryFormat {
            path: path.to_owned(),
            source,
        },
    })
}

fn columns_of<'a>(trajectory: &'a Trajectory, parts: &KeptParts) -> Vec<(String, Column<'a>)> {
    let Trajectory {
        sigmas,
        timesteps,
        steps,
        final_latents,
        tokens,
        ..
    } = trajectory;
    let latent_shape @ [channels, height, width] = shape_of(final_latents);
    let shape = vec![steps.len(), channels, height, width];
    let final_latents = Column::latents(latent_shape.to_vec(), std::iter::once(final_latents));
    let mut columns = vec![
        ("x", Column::latents(shape.clone(), steps.iter().map(|step| &step.x))),
        ("x0", Column::latents(shape, steps.iter().map(|step| &step.x0))),
        ("final_latents", final_latents),
        ("sigmas", Column::numbers(sigmas.iter().copied())),
        ("timesteps", Column::numbers(timesteps.iter().copied())),
        ("step_index", Column::indices(steps.iter())),
        ("step_sigma", Column::numbers(steps.iter().map(|step| step.sigma))),
        ("step_timestep", Column::numbers(steps.iter().map(|step| step.timestep))),
        ("secs", Column::numbers(steps.iter().map(|step| step.secs))),
    ];
    let halves: [(bool, &str, &str, PlaneOf); 2] = [
        (parts.eps_cond, "eps_cond", "eps_cond_step", cond),
        (parts.eps_uncond, "eps_uncond", "eps_uncond_step", uncond),
    ];
    for (_, name, step_name, plane) in halves.into_iter().filter(|(is_kept, ..)| *is_kept) {
        let planes = steps
            .iter()
            .filter_map(|step| plane(step))
            .map(|plane| plane.values.as_slice());
        columns.push((name, Column::halves(latent_shape, planes)));
        let kept = steps.iter().filter(|step| plane(step).is_some());
        columns.push((step_name, Column::indices(kept)));
    }
    let looked = || steps.iter().filter(|step| !step.attention.is_empty());
    if !parts.attention.is_empty() {
        columns.push(("attention_step", Column::indices(looked())));
    }
    let mut columns: Vec<_> = columns
        .into_iter()
        .map(|(name, column)| (name.to_owned(), column))
        .collect();
    for (level, &(height, width)) in parts.attention.iter().enumerate() {
        let maps = looked().map(|step| step.attention[level].values.as_slice());
        let column = Column::halves([tokens.len(), height, width], maps);
        columns.push((format!("attention.{height}x{width}"), column));
    }
    columns
}

/// What there is in a trajectory; `None` if its shapes do not fit each other.
fn parts_of(trajectory: &Trajectory) -> Option<KeptParts> {
    let Trajectory {
        steps,
        final_latents,
        tokens,
        ..
    } = trajectory;
    let is_even = |plane: &LatentPlane| {
        let shape = shape_of(plane);
        shape == shape_of(final_latents)
            && !plane.values.is_empty()
            && plane.values.len() == shape.iter().product::<usize>()
    };
    let planes = steps
        .iter()
        .flat_map(|step| [Some(&step.x), Some(&step.x0), cond(step), uncond(step)])
        .flatten();
    let levels = |step: &StepRecord| -> Vec<(usize, usize)> {
        step.attention.iter().map(|maps| (maps.height, maps.width)).collect()
    };
    let attention = steps
        .iter()
        .map(|step| levels(step))
        .find(|levels| !levels.is_empty())
        .unwrap_or_default();
    let is_map = |maps: &TokenMaps| {
        maps.tokens == tokens.len()
            && !maps.values.is_empty()
            && maps.values.len() == maps.tokens * maps.height * maps.width
    };
    let has_twins = attention
        .iter()
        .enumerate()
        .any(|(place, level)| attention[..place].contains(level));
    let are_maps = steps
        .iter()
        .filter(|step| !step.attention.is_empty())
        .all(|step| levels(step) == attention && step.attention.iter().all(is_map));
    (is_even(final_latents) && planes.into_iter().all(is_even) && are_maps && !has_twins).then(|| KeptParts {
        eps_cond: steps.iter().any(|step| cond(step).is_some()),
        eps_uncond: steps.iter().any(|step| uncond(step).is_some()),
        attention,
    })
}

fn shape_of(plane: &LatentPlane) -> [usize; 3] {
    [plane.channels, plane.height, plane.width]
}

fn cond(step: &StepRecord) -> Option<&LatentPlane> {
    let Branches { cond, .. } = step.branches.as_ref()?;
    Some(cond)
}

fn uncond(step: &StepRecord) -> Option<&LatentPlane> {
    step.branches.as_ref()?.uncond.as_ref()
}
