//! Gated activation.

use super::contiguous_f32;
use candle_core::CpuStorage;
use candle_core::CustomOp1;
use candle_core::Layout;
use candle_core::Result;
use candle_core::Shape;
use candle_core::cpu::erf::erf_f32;
use rayon::prelude::*;

/// a · gelu(g) for the halves a, g of the last axis.
pub(in crate::kernels) struct GeGlu;

impl CustomOp1 for GeGlu {
    fn name(&self) -> &'static str {
        "geglu"
    }

    fn cpu_fwd(&self, storage: &CpuStorage, layout: &Layout) -> Result<(CpuStorage, Shape)> {
        let x = contiguous_f32(storage, layout)?;
        let mut dims = layout.dims().to_vec();
        let Some(last) = dims.last_mut().filter(|last| **last >= 2) else {
            candle_core::bail!("geglu expects at least two numbers in a row, found {dims:?}");
        };
        *last /= 2;
        let half = *last;

        let mut y = vec![0f32; x.len() / 2];
        y.par_chunks_mut(half).zip(x.par_chunks(2 * half)).for_each(|(y, x)| {
            let (value, gate) = x.split_at(half);
            for ((y, a), g) in y.iter_mut().zip(value).zip(gate) {
                *y = a * (g * 0.5 * (1.0 + erf_f32(g * std::f32::consts::FRAC_1_SQRT_2)));
            }
        });
        Ok((CpuStorage::F32(y), Shape::from(dims)))
    }
}
