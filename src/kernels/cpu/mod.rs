//! The operations on this machine's processor, in f32 and bf16, channels last.
//!
//! * [`path`]: which instructions there are.
//! * [`gemm`]: the matrix product of linear maps and convolutions, [`image`]: pictures laid out for it.
//! * [`flash`]: attention without a matrix of scores.
//! * [`norm`], [`element`]: the rest.
//!
//! Work is split over rayon's pool into tasks whose sizes depend on shapes and the number of threads alone, and every
//! number is summed in a fixed order, so that results repeat to the bit.

#![expect(
    unsafe_code,
    reason = "the processor's own instructions, and results written by many threads"
)]
#![expect(
    clippy::inline_always,
    reason = "what is not inlined into a path is not compiled for its instructions"
)]
#![expect(
    clippy::needless_range_loop,
    reason = "loops over lanes say which lanes belong together"
)]

#[cfg(target_arch = "x86_64")]
mod amx;
pub(crate) mod element;
pub(crate) mod flash;
pub(crate) mod gemm;
pub(crate) mod image;
pub(crate) mod norm;
mod path;
mod probabilities;

pub(crate) use element::Element;
pub(crate) use gemm::Multiplied;
#[cfg(test)]
pub(crate) use path::VARIABLE;
pub(crate) use path::{Path, path};
pub(crate) use probabilities::mean_probabilities;

use candle_core::DType;
use candle_core::Layout;
use candle_core::Result;
use candle_core::Storage;
use candle_core::Tensor;
use std::ops::Deref;

/// Whether these operations can work on `x`: on the processor, in a format they know, with no gradient wanted.
pub(crate) fn serves(x: &Tensor) -> bool {
    x.device().is_cpu() && matches!(x.dtype(), DType::F32 | DType::BF16) && !x.track_op()
}

/// The numbers of a tensor, from its first to the end of its storage, and how they lie.
pub(crate) struct View<'a> {
    storage: Box<dyn Deref<Target = Storage> + 'a>,
    layout: &'a Layout,
}

impl<'a> View<'a> {
    pub(crate) fn of(x: &'a Tensor) -> Self {
        let (storage, layout) = x.storage_and_layout();
        Self {
            storage: Box::new(storage),
            layout,
        }
    }

    /// From the tensor's first number on.
    pub(crate) fn numbers<E: Element>(&self) -> Result<&[E]> {
        match &**self.storage {
            Storage::Cpu(storage) => Ok(&storage.as_slice::<E>()?[self.layout.start_offset()..]),
            _ => candle_core::bail!("expected a tensor on the processor"),
        }
    }

    /// All numbers of a contiguous tensor.
    pub(crate) fn contiguous<E: Element>(&self) -> Result<&[E]> {
        if !self.layout.is_contiguous() {
            candle_core::bail!("expected a contiguous tensor, found {:?}", self.layout);
        }
        Ok(&self.numbers()?[..self.layout.shape().elem_count()])
    }
}

/// Runs `work` compiled for the path in use, so that its loops over slices become this processor's vectors.
pub(crate) fn vectorised<R>(work: impl FnOnce() -> R) -> R {
    #[cfg(target_arch = "x86_64")]
    {
        #[target_feature(enable = "avx512f,avx512bw,avx512cd,avx512dq,avx512vl,fma,avx2,f16c,bmi2")]
        fn avx512<R>(work: impl FnOnce() -> R) -> R {
            work()
        }
        #[target_feature(enable = "avx2,fma,f16c,bmi2")]
        fn avx2<R>(work: impl FnOnce() -> R) -> R {
            work()
        }
        match path() {
            // SAFETY: a path is only ever in use where the processor has its instructions.
            Path::Amx | Path::Avx512 => return unsafe { avx512(work) },
            // SAFETY: as above.
            Path::Avx2 => return unsafe { avx2(work) },
            Path::Portable => {}
        }
    }
    work()
}
