//! One-pass versions for the CPU in f32 of what candle does in several.

mod gate;
mod norm;
mod unfold;

pub(super) use gate::GeGlu;
pub(super) use norm::{GroupNorm, LayerNorm};
pub(super) use unfold::Unfold;

use candle_core::CpuStorage;
use candle_core::DType;
use candle_core::Layout;
use candle_core::Result;
use candle_core::Tensor;

/// Whether the operations of this module can work on `x`.
pub(super) fn serves(x: &Tensor) -> bool {
    x.device().is_cpu() && x.dtype() == DType::F32
}

/// The numbers of a contiguous f32 tensor.
fn contiguous_f32<'a>(storage: &'a CpuStorage, layout: &Layout) -> Result<&'a [f32]> {
    match (storage, layout.contiguous_offsets()) {
        (CpuStorage::F32(data), Some((start, end))) => Ok(&data[start..end]),
        _ => candle_core::bail!("expected a contiguous f32 tensor, found {:?}", layout.shape()),
    }
}
