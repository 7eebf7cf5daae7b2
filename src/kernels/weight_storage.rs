//! The weights of a layer in the layout of the kernel that uses them.

use super::cpu::gemm::{PackedRhs, TapOrder};
use super::cpu::{self, GemmElement, View, to_f32s};
use candle_core::{DType, Result, Tensor};
use half::bf16;

/// Weights and bias of a product.
#[derive(Debug, Clone)]
pub(super) enum WeightStorage {
    F32(PackedRhs<f32>, Option<Vec<f32>>),
    Bf16(PackedRhs<bf16>, Option<Vec<f32>>),
    /// As they came, for candle's operations.
    Plain(Tensor, Option<Tensor>),
}

impl WeightStorage {
    /// Packs the weights if the processor's kernels serve them.
    ///
    /// * `shape`, `order`, `columns`: see [`PackedRhs::new`]; the bias is put into the same order of columns.
    /// * `can_pack`: whether the layer as a whole is one that the kernels can compute.
    pub(super) fn new(
        weight: &Tensor,
        bias: Option<&Tensor>,
        (shape, order): ([usize; 4], TapOrder),
        can_pack: bool,
        columns: impl Fn(usize) -> usize + Sync,
    ) -> Result<Self> {
        if !can_pack || !cpu::serves(weight) {
            return Ok(Self::Plain(weight.clone(), bias.cloned()));
        }
        let bias = to_f32s(bias)?.map(|bias| (0..bias.len()).map(|column| bias[columns(column)]).collect());
        Ok(match weight.dtype() {
            DType::BF16 => Self::Bf16(pack(weight, shape, order, columns)?, bias),
            _ => Self::F32(pack(weight, shape, order, columns)?, bias),
        })
    }
}

fn pack<E: GemmElement>(
    weight: &Tensor,
    shape: [usize; 4],
    order: TapOrder,
    columns: impl Fn(usize) -> usize + Sync,
) -> Result<PackedRhs<E>> {
    let weight = weight.contiguous()?;
    let view = View::of(&weight);
    Ok(PackedRhs::new(view.contiguous::<E>()?, shape, order, columns))
}
