//! What a pickle can stand for, as far as weights go.

use crate::formats::encoding::StoredDtype;
use std::ops::Range;

/// One value. Those that hold others are an index into the machine's list of [`Node`]s, so that nothing is nested in
/// memory, however deep a file nests it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Value {
    /// Something that weights do not need: a float, a callback, a custom object. Never made, never called.
    Opaque,
    None,
    Int(i64),
    /// Characters or bytes, where they stand in the file.
    Text(usize, usize),
    /// A name that stands for something known.
    KnownGlobal(KnownGlobal),
    /// An index into the nodes.
    Node(usize),
}

/// The names out of Python that mean something here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum KnownGlobal {
    OrderedDict,
    /// `torch._utils._rebuild_tensor` and `_rebuild_tensor_v2`.
    RebuildTensor,
    /// `torch._utils._rebuild_parameter`.
    RebuildParameter,
    /// `torch._utils._rebuild_tensor_v3`, which gives the kind of number separately from the storage.
    RebuildTyped,
    /// `torch.FloatStorage` and the like.
    Storage(StoredDtype),
    /// `torch.float16` and the like.
    Number(StoredDtype),
}

/// A value that holds others.
#[derive(Debug)]
pub(super) enum Node {
    List(Vec<Value>),
    Tuple(Vec<Value>),
    Dict(Vec<(Value, Value)>),
    Storage(Box<StorageRef>),
    Tensor(Box<TensorRef>),
}

/// A run of numbers somewhere in the file.
#[derive(Debug, Clone)]
pub(super) struct StorageRef {
    /// What it is called, where that stands in the file.
    pub(super) key: Range<usize>,
    pub(super) stored: StoredDtype,
    /// Numbers in it, by the pickle.
    pub(super) numbers: usize,
}

/// A view of a storage.
#[derive(Debug, Clone)]
pub(super) struct TensorRef {
    pub(super) storage: StorageRef,
    /// Of the first number, in numbers.
    pub(super) offset: usize,
    pub(super) shape: Vec<usize>,
    /// In numbers.
    pub(super) strides: Vec<usize>,
}

impl TensorRef {
    /// Numbers in the tensor.
    pub(super) fn numbers(&self) -> usize {
        self.shape.iter().product()
    }

    /// Whether the numbers lie one after the other.
    pub(super) fn is_contiguous(&self) -> bool {
        let mut expected = 1;
        self.shape.iter().zip(&self.strides).rev().all(|(&size, &stride)| {
            let fits = size == 1 || stride == expected;
            expected *= size;
            fits
        })
    }

    /// Whether every number lies in the storage and the tensor is no larger than it.
    pub(super) fn fits(&self) -> bool {
        let is_sane = self
            .shape
            .iter()
            .try_fold(1usize, |product, size| product.checked_mul((*size).max(1)))
            .is_some();
        if !is_sane || self.offset > self.storage.numbers {
            return false;
        }
        let last = self
            .shape
            .iter()
            .zip(&self.strides)
            .try_fold(self.offset, |last, (size, stride)| {
                last.checked_add(size.saturating_sub(1).checked_mul(*stride)?)
            });
        let numbers = self.numbers();
        numbers == 0 || numbers <= self.storage.numbers && last.is_some_and(|last| last < self.storage.numbers)
    }
}
