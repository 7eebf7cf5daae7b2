//! The steps of an open trajectory.

use std::ops::Range;
use std::sync::Arc;

use half::f16;
use half::slice::HalfFloatSliceExt as _;

use super::super::GalleryError;
use super::reader::{Problem, TrajectoryFile};
use crate::job::{Branches, LatentPlane, MAX_STEPS, StepRecord, TokenMaps, Trajectory};

/// Steps of the longest run: those of two passes.
const MAX_INDEX: usize = 2 * MAX_STEPS as usize;

/// The small tensors: one number for each step.
struct Columns {
    index: Vec<usize>,
    sigma: Vec<f64>,
    timestep: Vec<f64>,
    secs: Vec<f64>,
    /// Indices of the steps that have each optional part.
    cond: Vec<usize>,
    uncond: Vec<usize>,
    attention: Vec<usize>,
}

impl TrajectoryFile {
    /// Everything in it.
    pub(in crate::gallery) fn trajectory(&self) -> Result<Trajectory, GalleryError> {
        self.named(self.read(true))
    }

    /// What is left after thinning.
    pub(in crate::gallery) fn thin_trajectory(&self) -> Result<Trajectory, GalleryError> {
        self.named(self.read(false))
    }

    /// Some of the steps, counted by their place in the file; a range that goes beyond them is cut.
    pub(in crate::gallery) fn steps(&self, places: Range<usize>) -> Result<Vec<StepRecord>, GalleryError> {
        self.named(self.read_steps(places, true))
    }

    fn read(&self, with_parts: bool) -> Result<Trajectory, Problem> {
        let steps = self.read_steps(0..self.num_steps, with_parts)?;
        Ok(Trajectory {
            seed: self.header.seed,
            sigmas: self.numbers("sigmas", 0.0)?,
            timesteps: self.numbers("timesteps", f64::NEG_INFINITY)?,
            steps: steps.into_iter().map(Arc::new).collect(),
            final_latents: self.latents("final_latents", 0)?,
            tokens: if with_parts {
                self.header.tokens.clone()
            } else {
                Vec::new()
            },
            colours: self.header.colours.clone(),
        })
    }

    fn read_steps(&self, places: Range<usize>, with_parts: bool) -> Result<Vec<StepRecord>, Problem> {
        let columns = self.columns()?;
        let end = places.end.min(self.num_steps);
        (places.start.min(end)..end)
            .map(|place| {
                let index = columns.index[place];
                let (branches, attention) = if with_parts {
                    (self.branches(&columns, index)?, self.attention(&columns, index)?)
                } else {
                    (None, Vec::new())
                };
                Ok(StepRecord {
                    index,
                    sigma: columns.sigma[place],
                    timestep: columns.timestep[place],
                    x: self.latents("x", place)?,
                    x0: self.latents("x0", place)?,
                    branches,
                    attention,
                    secs: columns.secs[place],
                })
            })
            .collect()
    }

    fn columns(&self) -> Result<Columns, Problem> {
        let parts = &self.header.parts;
        let index = self.indices("step_index", None)?;
        let kept = |is_kept: bool, name, among: &[usize]| {
            if is_kept {
                self.indices(name, Some(among))
            } else {
                Ok(Vec::new())
            }
        };
        let cond = kept(parts.eps_cond, "eps_cond_step", &index)?;
        Ok(Columns {
            uncond: kept(parts.eps_uncond, "eps_uncond_step", &cond)?,
            attention: kept(!parts.attention.is_empty(), "attention_step", &index)?,
            cond,
            index,
            sigma: self.numbers("step_sigma", 0.0)?,
            timestep: self.numbers("step_timestep", f64::NEG_INFINITY)?,
            secs: self.numbers("secs", f64::NEG_INFINITY)?,
        })
    }

    fn branches(&self, columns: &Columns, index: usize) -> Result<Option<Branches>, Problem> {
        let plane = |name, steps: &[usize]| -> Result<Option<LatentPlane>, Problem> {
            match steps.binary_search(&index) {
                Ok(row) => Ok(Some(self.plane(half_values(&self.row(name, row)?)))),
                Err(_not_kept) => Ok(None),
            }
        };
        let Some(cond) = plane("eps_cond", &columns.cond)? else {
            return Ok(None);
        };
        let uncond = plane("eps_uncond", &columns.uncond)?;
        Ok(Some(Branches { cond, uncond }))
    }

    fn attention(&self, columns: &Columns, index: usize) -> Result<Vec<TokenMaps>, Problem> {
        let Ok(row) = columns.attention.binary_search(&index) else {
            return Ok(Vec::new());
        };
        let levels = self.header.parts.attention.iter();
        levels
            .map(|&(height, width)| {
                Ok(TokenMaps {
                    tokens: self.header.tokens.len(),
                    height,
                    width,
                    values: half_values(&self.row(&format!("attention.{height}x{width}"), row)?),
                })
            })
            .collect()
    }

    fn latents(&self, name: &str, row: usize) -> Result<LatentPlane, Problem> {
        let bytes = self.row(name, row)?;
        let (values, _) = bytes.as_chunks();
        Ok(self.plane(values.iter().copied().map(f32::from_le_bytes).collect()))
    }

    fn plane(&self, values: Vec<f32>) -> LatentPlane {
        let [channels, height, width] = self.latent_shape;
        LatentPlane {
            channels,
            height,
            width,
            values,
        }
    }

    /// Finite numbers, none below `min`.
    fn numbers(&self, name: &str, min: f64) -> Result<Vec<f64>, Problem> {
        let bytes = self.row(name, 0)?;
        let (values, _) = bytes.as_chunks();
        let values: Vec<f64> = values.iter().copied().map(f64::from_le_bytes).collect();
        match values.iter().find(|value| !(value.is_finite() && **value >= min)) {
            None => Ok(values),
            Some(value) => Err(Problem::Foreign(format!(
                "{name:?} holds {value}, expected finite numbers{}",
                if min == 0.0 { " from 0 on" } else { "" }
            ))),
        }
    }

    /// Places in a run, each above the one before; if `among` is given, all of them in it.
    fn indices(&self, name: &str, among: Option<&[usize]>) -> Result<Vec<usize>, Problem> {
        let bytes = self.row(name, 0)?;
        let (values, _) = bytes.as_chunks();
        let mut indices = Vec::with_capacity(values.len());
        for value in values.iter().copied().map(u64::from_le_bytes) {
            let index = usize::try_from(value).unwrap_or(usize::MAX);
            if index >= MAX_INDEX {
                return Err(Problem::Foreign(format!(
                    "{name:?} holds {value}, which is no place in a run"
                )));
            }
            if indices.last().is_some_and(|last| *last >= index) {
                return Err(Problem::Foreign(format!("{name:?} does not rise at {index}")));
            }
            if among.is_some_and(|steps| steps.binary_search(&index).is_err()) {
                return Err(Problem::Foreign(format!(
                    "{name:?} holds {index}, which is none of the steps"
                )));
            }
            indices.push(index);
        }
        Ok(indices)
    }
}

fn half_values(bytes: &[u8]) -> Vec<f32> {
    let (values, _) = bytes.as_chunks();
    let halves: Vec<f16> = values.iter().copied().map(f16::from_le_bytes).collect();
    halves.to_f32_vec()
}
