//! A change as it lies in a file.

use crate::formats::TensorFile;
use crate::models::lora::{Factor, Factors, WeightDelta, decomposed};
use crate::weights::TensorSource as _;
use candle_core::{DType, Device, Result, Tensor};
use std::sync::Arc;

/// Names of the tensors of a [`Factor`].
#[derive(Debug)]
pub(super) enum FactorNames {
    Whole(String),
    Product(String, String),
    Tucker {
        core: String,
        outputs: String,
        inputs: String,
        /// Whether the outputs' side lies the other way round, as in LoCon.
        is_turned: bool,
    },
}

/// Names of the tensors of [`Factors`].
#[derive(Debug)]
pub(super) enum Decomposition {
    One(FactorNames),
    Hadamard(FactorNames, FactorNames),
    Kronecker(FactorNames, FactorNames),
}

/// The lengths of a decomposed weight.
#[derive(Debug)]
pub(super) struct Magnitude {
    pub(super) name: String,
    /// Whether there is one for each output; else for each input.
    pub(super) is_per_output: bool,
}

/// Size of a change: outputs, and the numbers of each (inputs times kernel).
pub(super) type DeltaShape = (usize, usize);

/// A change of one tensor that is read from its file when it is needed, so that adapters cost no memory.
#[derive(Debug)]
pub struct StoredDelta {
    pub(super) file: Arc<dyn TensorFile>,
    pub(super) form: Decomposition,
    /// α over rank.
    pub(super) scale: f64,
    /// For DoRA.
    pub(super) magnitude: Option<Magnitude>,
    pub(super) extent: DeltaShape,
}

impl StoredDelta {
    /// Whether it fits a tensor of this shape.
    pub fn fits(&self, shape: &[usize]) -> bool {
        let (outputs, rest) = self.extent;
        shape.first() == Some(&outputs) && shape[1..].iter().product::<usize>() == rest
    }

    /// Its size in words, `outputs×inputs` as the parameter's own is written by [`extent_of`](Self::extent_of).
    pub fn extent(&self) -> String {
        format!("{}×{}", self.extent.0, self.extent.1)
    }

    /// The size of a parameter in words.
    pub fn extent_of(shape: &[usize]) -> String {
        let rest: usize = shape.iter().skip(1).product();
        format!("{}×{rest}", shape.first().copied().unwrap_or(1))
    }

    /// A tensor of the file in f32; finite, since one infinite number would spoil the run without a trace of its origin.
    fn tensor(&self, name: &str, device: &Device) -> Result<Tensor> {
        let found = self.file.tensor_as(name, DType::F32, device);
        let tensor = found.map_err(|error| candle_core::Error::Msg(error.to_string()))?;
        let path = self.file.path().display();
        let Some(tensor) = tensor else {
            candle_core::bail!("the adapter lacks tensor {name:?}. File: {path}");
        };
        if !tensor.sum_all()?.to_scalar::<f32>()?.is_finite() {
            candle_core::bail!("the adapter's tensor {name:?} holds numbers that are not finite. File: {path}");
        }
        Ok(tensor)
    }

    fn factor(&self, names: &FactorNames, device: &Device) -> Result<Factor> {
        Ok(match names {
            FactorNames::Whole(name) => Factor::Whole(self.tensor(name, device)?),
            FactorNames::Product(a, b) => Factor::Product(self.tensor(a, device)?, self.tensor(b, device)?),
            FactorNames::Tucker {
                core,
                outputs,
                inputs,
                is_turned,
            } => {
                let outputs = self.tensor(outputs, device)?.flatten_from(1)?;
                Factor::Tucker {
                    core: self.tensor(core, device)?,
                    outputs: if *is_turned {
                        outputs.t()?.contiguous()?
                    } else {
                        outputs
                    },
                    inputs: self.tensor(inputs, device)?.flatten_from(1)?,
                }
            }
        })
    }
}

impl WeightDelta for StoredDelta {
    fn delta(&self, base: &Tensor, weight: f64) -> Result<Tensor> {
        let device = base.device();
        let factor = |names| self.factor(names, device);
        let factors = match &self.form {
            Decomposition::One(factor_names) => Factors::One(factor(factor_names)?),
            Decomposition::Hadamard(first, second) => Factors::Hadamard(factor(first)?, factor(second)?),
            Decomposition::Kronecker(first, second) => Factors::Kronecker(factor(first)?, factor(second)?),
        };
        let Some(Magnitude { name, is_per_output }) = &self.magnitude else {
            return factors.scaled(self.scale * weight)?.dense(base.dims());
        };
        let delta = factors.scaled(self.scale)?.dense(base.dims())?;
        let magnitude = self.tensor(name, device)?.flatten_all()?;
        let magnitude = if *is_per_output {
            magnitude
        } else {
            magnitude.unsqueeze(0)?
        };
        decomposed(base, &delta, &magnitude)? * weight
    }
}
