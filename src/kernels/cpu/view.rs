//! Tensors as the processor's kernels see them.

use super::element::Element;
use candle_core::{DType, Layout, Result, Storage, Tensor};
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

/// The same tensor with its channels last: `(batch, height, width, channels)`, contiguous.
pub(crate) fn channels_last(x: &Tensor) -> Result<Tensor> {
    x.permute((0, 2, 3, 1))?.contiguous()
}

/// The numbers of a small tensor in f32, on the host.
pub(crate) fn to_f32s(x: Option<&Tensor>) -> Result<Option<Vec<f32>>> {
    x.map(|x| x.to_dtype(DType::F32)?.flatten_all()?.to_vec1()).transpose()
}
