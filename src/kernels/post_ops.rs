//! Post-operations: what a layer does to its product before the result is written.

use super::activation::Activation;
use super::cpu::gemm::{Epilogue, Gemm, LhsView, PackedRhs, RowMap};
use super::cpu::{Element, GemmElement, View, channels_last, to_f32s};
use candle_core::{DType, Result, Tensor};
use half::bf16;

/// A product on the processor, and where its rows go.
pub(super) struct PendingGemm<'a, E> {
    pub(super) packed: &'a PackedRhs<E>,
    pub(super) bias: Option<&'a [f32]>,
    pub(super) sources: &'a [LhsView<'a, E>],
    pub(super) rows: usize,
    pub(super) map: RowMap,
}

/// y → relu?(activation(y + condition) + shortcut).
#[derive(Debug, Clone, Copy, Default)]
pub struct PostOps<'a> {
    /// `(batch or 1, outputs)`, added to all pixels of a picture; for convolutions.
    pub condition: Option<&'a Tensor>,
    /// Applied before the shortcut.
    pub activation: Activation,
    /// Added after the activation, in the shape of the result.
    pub shortcut: Option<&'a Tensor>,
    /// Whether negative sums become 0 in the end.
    pub relu: bool,
    /// Number type of the result; that of the weights if `None`. Sums over many layers keep more digits in f32 than the
    /// layers compute with.
    pub dtype: Option<DType>,
}

impl<'a> PostOps<'a> {
    /// Adds `x` to the result, in the number type of `x`.
    pub fn add(x: &'a Tensor) -> Self {
        Self {
            shortcut: Some(x),
            dtype: Some(x.dtype()),
            ..Self::default()
        }
    }

    /// The result in f32, whatever the layer computes in.
    pub fn in_f32() -> Self {
        Self::in_dtype(DType::F32)
    }

    /// The result in this number type, whatever the layer computes in.
    pub fn in_dtype(dtype: DType) -> Self {
        Self {
            dtype: Some(dtype),
            ..Self::default()
        }
    }

    /// An activation and nothing else.
    pub fn activation(activation: Activation) -> Self {
        Self {
            activation,
            ..Self::default()
        }
    }

    /// Errors for parts that do not fit a result of this shape.
    pub(super) fn check(&self, shape: &[usize], outputs: usize) -> Result<()> {
        if let Some(condition) = self.condition {
            let dims = condition.dims();
            if shape.len() != 4 || dims != [shape[0], outputs] && dims != [1, outputs] {
                candle_core::bail!(
                    "expected a condition of shape [{}, {outputs}], found {dims:?}",
                    shape[0]
                );
            }
        }
        if let Some(shortcut) = self.shortcut.filter(|shortcut| shortcut.dims() != shape) {
            candle_core::bail!("expected a shortcut of shape {shape:?}, found {:?}", shortcut.dims());
        }
        Ok(())
    }

    /// By plain tensor operations; `y` is a feature map, or rows if there is no condition.
    pub(super) fn apply(&self, y: &Tensor) -> Result<Tensor> {
        let mut y = y.clone();
        if let Some(condition) = self.condition {
            y = y.broadcast_add(&condition.to_dtype(y.dtype())?.unsqueeze(2)?.unsqueeze(3)?)?;
        }
        y = self.activation.apply(&y)?;
        if let Some(shortcut) = self.shortcut {
            y = (shortcut.to_dtype(y.dtype())? + y)?;
        }
        if self.relu {
            y = super::relu(&y)?;
        }
        match self.dtype {
            Some(dtype) => y.to_dtype(dtype),
            None => Ok(y),
        }
    }

    /// Multiplies and finishes on the processor.
    ///
    /// * `shape`: leading axes of the result; for feature maps `[batch, height, width]`, and the channels are put in
    ///   their place.
    pub(super) fn finish<E: GemmElement>(&self, product: &PendingGemm<'_, E>, shape: &[usize]) -> Result<Tensor> {
        match self.dtype.unwrap_or(E::DTYPE) {
            DType::BF16 => self.finish_as::<E, bf16>(product, shape),
            _ => self.finish_as::<E, f32>(product, shape),
        }
    }

    fn finish_as<E: GemmElement, O: Element>(&self, product: &PendingGemm<'_, E>, shape: &[usize]) -> Result<Tensor> {
        let PendingGemm {
            packed,
            bias,
            sources,
            rows,
            map,
        } = *product;
        let outputs = packed.outputs();
        let output_rows: usize = shape.iter().product();
        let is_image = shape.len() == 3;
        let condition = to_f32s(self.condition)?.map(|condition| {
            let pictures = condition.len() / outputs;
            (condition, output_rows / pictures.max(1))
        });
        let shortcut = self
            .shortcut
            .map(|shortcut| {
                let shortcut = if is_image {
                    channels_last(shortcut)?
                } else {
                    shortcut.contiguous()?
                };
                shortcut.to_dtype(O::DTYPE)
            })
            .transpose()?;
        let view = shortcut.as_ref().map(View::of);
        let epilogue = Epilogue {
            bias,
            condition: condition.as_ref().map(|(values, rows)| (values.as_slice(), *rows)),
            activation: self.activation,
            is_gated: false,
            shortcut: view.as_ref().map(View::contiguous::<O>).transpose()?,
            relu_after: self.relu,
            rows: map,
            output_rows,
        };
        let y = Gemm {
            sources,
            rows,
            weights: packed,
            epilogue,
        }
        .run();
        let mut dims = shape.to_vec();
        dims.push(outputs);
        let y = Tensor::from_vec(y, dims, &candle_core::Device::Cpu)?;
        if is_image { y.permute((0, 3, 1, 2)) } else { Ok(y) }
    }
}
