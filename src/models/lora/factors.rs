//! The forms in which changes are stored, and what they come to.

use candle_core::{Result, Tensor};

/// Added to norms before dividing by them, so that rows of zeros stay zeros.
const NORM_EPS: f64 = 1e-12;

/// A matrix or kernel, whole or as a product.
#[derive(Debug, Clone)]
pub enum Factor {
    /// As it is.
    Whole(Tensor),
    /// a · b: `(outputs, rank)` and `(rank, …)`, the axes behind the first one flattened.
    Product(Tensor, Tensor),
    /// Σᵢⱼ t\[i, j, …\] a\[i, o\] b\[j, c\]: `(rank, rank, height, width)`, `(rank, outputs)`, `(rank, inputs)`.
    Tucker {
        /// The core t.
        core: Tensor,
        /// a, the side of the outputs.
        outputs: Tensor,
        /// b, the side of the inputs.
        inputs: Tensor,
    },
}

/// The change of one tensor.
#[derive(Debug, Clone)]
pub enum Factors {
    /// One factor alone: LoRA, LoCon, and differences stored whole.
    ///
    /// Source: <https://arxiv.org/abs/2106.09685>
    One(Factor),
    /// The elementwise product of two: LoHa.
    ///
    /// Source: <https://arxiv.org/abs/2108.06098>
    Hadamard(Factor, Factor),
    /// The Kronecker product of two: LoKr. The first is a matrix.
    ///
    /// Source: <https://arxiv.org/abs/2212.10650>
    Kronecker(Factor, Factor),
}

impl Factor {
    /// Times a number, at the price of its smaller part.
    fn scaled(&self, by: f64) -> Result<Self> {
        Ok(match self {
            Self::Whole(tensor) => Self::Whole((tensor * by)?),
            Self::Product(a, b) => Self::Product((a * by)?, b.clone()),
            Self::Tucker { core, outputs, inputs } => Self::Tucker {
                core: core.clone(),
                outputs: (outputs * by)?,
                inputs: inputs.clone(),
            },
        })
    }

    /// `(outputs, …)`.
    fn dense(&self) -> Result<Tensor> {
        match self {
            Self::Whole(tensor) => Ok(tensor.clone()),
            Self::Product(a, b) => a.flatten_from(1)?.matmul(&b.flatten_from(1)?),
            Self::Tucker { core, outputs, inputs } => {
                let (i, j, height, width) = core.dims4()?;
                let (_, o) = outputs.dims2()?;
                let (_, c) = inputs.dims2()?;
                let half = outputs.t()?.matmul(&core.reshape((i, j * height * width))?)?;
                let half = half.reshape((o, j, height * width))?.transpose(1, 2)?.contiguous()?;
                let dense = half.reshape((o * height * width, j))?.matmul(inputs)?;
                let dense = dense.reshape((o, height * width, c))?.transpose(1, 2)?;
                dense.contiguous()?.reshape((o, c, height, width))
            }
        }
    }
}

impl Factors {
    /// Times a number.
    ///
    /// # Errors
    /// Only the device's.
    pub fn scaled(&self, by: f64) -> Result<Self> {
        Ok(match self {
            Self::One(factor) => Self::One(factor.scaled(by)?),
            Self::Hadamard(first, second) => Self::Hadamard(first.scaled(by)?, second.clone()),
            Self::Kronecker(first, second) => Self::Kronecker(first.scaled(by)?, second.clone()),
        })
    }

    /// In the shape of the tensor that is changed.
    ///
    /// # Errors
    /// If the factors do not fit each other or the shape.
    pub fn dense(&self, shape: &[usize]) -> Result<Tensor> {
        let dense = match self {
            Self::One(factor) => factor.dense()?,
            Self::Hadamard(first, second) => {
                let (first, second) = (first.dense()?.reshape(shape)?, second.dense()?.reshape(shape)?);
                (first * second)?
            }
            Self::Kronecker(first, second) => {
                let (first, second) = (first.dense()?, second.dense()?);
                let (rows, columns) = first.flatten_from(1)?.dims2()?;
                let (height, width) = (second.dim(0)?, second.dim(1)?);
                let rest = second.elem_count() / (height * width).max(1);
                let first = first.reshape((rows, 1, columns, 1, 1))?;
                first.broadcast_mul(&second.reshape((1, height, 1, width, rest))?)?
            }
        };
        dense.reshape(shape)
    }
}

/// What is added to `base` so that base + `delta` keeps its directions and takes its lengths from `magnitude`.
///
/// * `magnitude`: one length for each output, `(outputs)`, or for each input, `(1, inputs)`.
///
/// # Errors
/// If the magnitude has another shape.
///
/// Source: <https://arxiv.org/abs/2402.09353>
pub fn decomposed(base: &Tensor, delta: &Tensor, magnitude: &Tensor) -> Result<Tensor> {
    let (outputs, inputs) = (base.dim(0)?, base.dim(1)?);
    let changed = (base + delta)?;
    // All axes behind the second belong to the inputs' side.
    let flat = changed.reshape((outputs, inputs, ()))?;
    let lengths = |axes: &[usize]| flat.sqr()?.sum_keepdim(axes)?.sqrt()? + NORM_EPS;
    let (lengths, magnitude) = if magnitude.rank() > 1 {
        (lengths(&[0, 2])?, magnitude.reshape((1, inputs, 1))?)
    } else {
        (lengths(&[1, 2])?, magnitude.reshape((outputs, 1, 1))?)
    };
    let decomposed = flat.broadcast_mul(&(magnitude / lengths)?)?;
    decomposed.reshape(base.dims())? - base
}
