//! Affine maps of the last axis.

use super::cpu::gemm::{Epilogue, Gemm, K_STEP, LhsView, NR, PackedRhs, RowMap, TapOrder};
use super::cpu::{self, GemmElement, View};
use super::post_ops::{PendingGemm, PostOps};
use super::trace::{self, Op};
use super::weight_storage::WeightStorage;
use candle_core::{Result, Tensor};

/// Weights of an affine map, laid out once for the device they are on.
#[derive(Debug, Clone)]
pub struct LinearWeights {
    storage: WeightStorage,
    inputs: usize,
    outputs: usize,
    is_gated: bool,
}

impl LinearWeights {
    /// * `weight`: `(outputs, inputs)`, as PyTorch stores it.
    /// * `bias`: `(outputs)`.
    ///
    /// # Errors
    /// If the shapes do not fit.
    pub fn new(weight: &Tensor, bias: Option<&Tensor>) -> Result<Self> {
        Self::build(weight, bias, false)
    }

    /// For [`linear_geglu`]: the first half of the outputs are values, the second their gates.
    ///
    /// # Errors
    /// If the shapes do not fit or the number of outputs is odd.
    pub fn gated(weight: &Tensor, bias: Option<&Tensor>) -> Result<Self> {
        Self::build(weight, bias, true)
    }

    fn build(weight: &Tensor, bias: Option<&Tensor>, is_gated: bool) -> Result<Self> {
        let (outputs, inputs) = weight.dims2()?;
        if weight.elem_count() == 0 || is_gated && !outputs.is_multiple_of(2) {
            candle_core::bail!(
                "expected weights (and an even number of outputs to gate), found {:?}",
                weight.dims()
            );
        }
        if let Some(bias) = bias.filter(|bias| bias.dims() != [outputs]) {
            candle_core::bail!("linear expects {outputs} biases, found {:?}", bias.dims());
        }
        // A gated panel holds 16 values and their 16 gates.
        let can_pack = !is_gated || outputs.is_multiple_of(NR);
        let columns = |column: usize| {
            if is_gated {
                gated_column(column, outputs)
            } else {
                column
            }
        };
        let layout = ([outputs, inputs, 1, 1], TapOrder::TapByTap);
        Ok(Self {
            storage: WeightStorage::new(weight, bias, layout, can_pack, columns)?,
            inputs,
            outputs,
            is_gated,
        })
    }
}

/// Which output stands in a column of gated panels.
fn gated_column(column: usize, outputs: usize) -> usize {
    let (panel, lane) = (column / NR, column % NR);
    let half = NR / 2;
    panel * half + lane % half + lane / half * (outputs / 2)
}

/// y = x Wᵀ + b over the last axis, then what `after` says.
///
/// * `x`: `(…, inputs)`, any rank of at least 1.
///
/// Returns `(…, outputs)`.
///
/// # Errors
/// If the shapes do not fit or a tensor is on another device.
pub fn linear(x: &Tensor, weights: &LinearWeights, post_ops: PostOps<'_>) -> Result<Tensor> {
    let _span = trace::span(Op::Linear);
    let leading = leading_axes(x, weights)?;
    let mut shape = leading.to_vec();
    shape.push(weights.outputs);
    if weights.is_gated || post_ops.condition.is_some() {
        candle_core::bail!("gated weights and conditions have functions of their own");
    }
    post_ops.check(&shape, weights.outputs)?;
    match &weights.storage {
        WeightStorage::F32(packed, bias) if cpu::serves(x) => {
            multiply(x, packed, bias.as_deref(), post_ops)?.reshape(shape)
        }
        WeightStorage::Bf16(packed, bias) if cpu::serves(x) => {
            multiply(x, packed, bias.as_deref(), post_ops)?.reshape(shape)
        }
        WeightStorage::Plain(weight, bias) => post_ops.apply(&plain(x, weight, bias.as_ref())?),
        _ => candle_core::bail!("these weights cannot be used with {:?} on {:?}", x.dtype(), x.device()),
    }
}

/// a · gelu(g) for the halves a, g of x Wᵀ + b.
///
/// * `x`: `(…, inputs)`.
/// * `weights`: made by [`LinearWeights::gated`].
///
/// Returns `(…, outputs / 2)`.
///
/// # Errors
/// As [`linear`], or if the weights are not gated.
///
/// Source: <https://arxiv.org/abs/2002.05202>
pub fn linear_geglu(x: &Tensor, weights: &LinearWeights) -> Result<Tensor> {
    let _span = trace::span(Op::LinearGeGlu);
    if !weights.is_gated {
        candle_core::bail!("expected weights laid out for gating");
    }
    let mut shape = leading_axes(x, weights)?.to_vec();
    shape.push(weights.outputs / 2);
    match &weights.storage {
        WeightStorage::F32(packed, bias) if cpu::serves(x) => {
            with_rows(x, |source, rows| gate(packed, bias.as_deref(), source, rows))?.reshape(shape)
        }
        WeightStorage::Bf16(packed, bias) if cpu::serves(x) => {
            with_rows(x, |source, rows| gate(packed, bias.as_deref(), source, rows))?.reshape(shape)
        }
        WeightStorage::Plain(weight, bias) => super::geglu(&plain(x, weight, bias.as_ref())?),
        _ => candle_core::bail!("these weights cannot be used with {:?} on {:?}", x.dtype(), x.device()),
    }
}

/// Checks the last axis and gives those before it.
fn leading_axes<'a>(x: &'a Tensor, weights: &LinearWeights) -> Result<&'a [usize]> {
    let dims = x.dims();
    let Some((&last, leading)) = dims.split_last() else {
        candle_core::bail!("linear needs at least one axis, found a scalar");
    };
    if last != weights.inputs || x.elem_count() == 0 {
        candle_core::bail!("linear expects {} inputs, found {last} in {dims:?}", weights.inputs);
    }
    Ok(leading)
}

/// Calls `multiply` with the rows of `x`, in the format of the weights and filled up to whole steps of depth, and their number.
fn with_rows<E: GemmElement, R>(x: &Tensor, multiply: impl FnOnce(LhsView<'_, E>, usize) -> Result<R>) -> Result<R> {
    let x = x.contiguous()?.to_dtype(E::DTYPE)?;
    let inputs = x.dim(candle_core::D::Minus1)?;
    let rows = x.elem_count() / inputs;
    let view = View::of(&x);
    let numbers = view.contiguous::<E>()?;
    let depth = inputs.next_multiple_of(K_STEP);
    if depth == inputs {
        return multiply(LhsView::rows(numbers, 0, inputs, depth), rows);
    }
    let mut filled = vec![E::default(); rows * depth];
    for (filled, row) in filled.chunks_exact_mut(depth).zip(numbers.chunks_exact(inputs)) {
        filled[..inputs].copy_from_slice(row);
    }
    multiply(LhsView::rows(&filled, 0, depth, depth), rows)
}

fn multiply<E: GemmElement>(
    x: &Tensor,
    packed: &PackedRhs<E>,
    bias: Option<&[f32]>,
    post_ops: PostOps<'_>,
) -> Result<Tensor> {
    with_rows(x, |source, rows| {
        let product = PendingGemm {
            packed,
            bias,
            sources: &[source],
            rows,
            map: RowMap::Same,
        };
        post_ops.finish(&product, &[rows])
    })
}

fn gate<E: GemmElement>(
    packed: &PackedRhs<E>,
    bias: Option<&[f32]>,
    source: LhsView<'_, E>,
    rows: usize,
) -> Result<Tensor> {
    let epilogue = Epilogue::<E> {
        bias,
        is_gated: true,
        ..Epilogue::plain(rows)
    };
    let y = Gemm {
        sources: &[source],
        rows,
        weights: packed,
        epilogue,
    }
    .run();
    Tensor::from_vec(y, (rows, packed.outputs() / 2), &candle_core::Device::Cpu)
}

fn plain(x: &Tensor, weight: &Tensor, bias: Option<&Tensor>) -> Result<Tensor> {
    let (outputs, inputs) = weight.dims2()?;
    // One matrix product over all rows, instead of one per batch element.
    let y = x.reshape(((), inputs))?.matmul(&weight.t()?)?;
    let y = match bias {
        Some(bias) => y.broadcast_add(&bias.to_dtype(y.dtype())?)?,
        None => y,
    };
    let mut shape = x.dims().to_vec();
    if let Some(last) = shape.last_mut() {
        *last = outputs;
    }
    y.reshape(shape)
}

#[cfg(test)]
mod tests {
    use super::*;
    use candle_core::Device;

    fn wave(len: usize, frequency: f32) -> Vec<f32> {
        (0..len).map(|i| (i as f32 * frequency).sin()).collect()
    }

    #[test]
    fn linear_should_match_the_sum_over_inputs_for_any_leading_axes() {
        let inputs = 3;
        // Few and many outputs for the number of rows.
        for (leading, outputs) in [(vec![2, 2], 2), (vec![2, 1, 3], 50), (vec![], 5), (vec![7], 1)] {
            let rows: usize = leading.iter().product();
            let (x, w, b) = (
                wave(rows * inputs, 0.7),
                wave(outputs * inputs, 1.3),
                wave(outputs, 0.4),
            );
            let mut shape = leading.clone();
            shape.push(inputs);
            let weights = LinearWeights::new(
                &Tensor::from_slice(&w, (outputs, inputs), &Device::Cpu).unwrap(),
                Some(&Tensor::from_slice(&b, outputs, &Device::Cpu).unwrap()),
            )
            .unwrap();
            let x_tensor = Tensor::from_slice(&x, shape, &Device::Cpu).unwrap();
            let y = linear(&x_tensor, &weights, PostOps::default()).unwrap();
            assert_eq!(y.dims().split_last(), Some((&outputs, leading.as_slice())));

            let y = y.flatten_all().unwrap().to_vec1::<f32>().unwrap();
            for row in 0..rows {
                for out in 0..outputs {
                    let products = (0..inputs).map(|i| x[row * inputs + i] * w[out * inputs + i]);
                    let expected = products.sum::<f32>() + b[out];
                    let found = y[row * outputs + out];
                    assert!(
                        (found - expected).abs() < 1e-6,
                        "row {row}, output {out}: {found}, expected {expected}"
                    );
                }
            }
        }
    }
}
