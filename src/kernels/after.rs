//! What a layer does to its result before anyone else sees it.

use super::conv::channels_last;
use super::conv::to_f32s;
use super::cpu::Element;
use super::cpu::Multiplied;
use super::cpu::View;
use super::cpu::gemm::Activation;
use super::cpu::gemm::Epilogue;
use super::cpu::gemm::LEAK;
use super::cpu::gemm::Packed;
use super::cpu::gemm::Product;
use super::cpu::gemm::RowMap;
use super::cpu::gemm::Source;
use candle_core::DType;
use candle_core::Result;
use candle_core::Tensor;
use half::bf16;

/// A function of each number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Nonlinearity {
    /// x.
    #[default]
    None,
    /// x · sigmoid(x).
    Silu,
    /// x · Φ(x).
    Gelu,
    /// x · sigmoid(1.702 x).
    QuickGelu,
    /// max(x, 0).
    Relu,
    /// max(x, x / 5), as networks that enlarge pictures have it.
    LeakyRelu,
}

impl Nonlinearity {
    fn apply(self, x: &Tensor) -> Result<Tensor> {
        match self {
            Self::None => Ok(x.clone()),
            Self::Silu => super::silu(x),
            Self::Gelu => super::gelu(x),
            Self::QuickGelu => super::quick_gelu(x),
            Self::Relu => super::relu(x),
            Self::LeakyRelu => x.maximum(&(x * f64::from(LEAK))?),
        }
    }
}

/// A product on the processor, and where its rows go.
pub(super) struct Unfinished<'a, E> {
    pub(super) packed: &'a Packed<E>,
    pub(super) bias: Option<&'a [f32]>,
    pub(super) sources: &'a [Source<'a, E>],
    pub(super) rows: usize,
    pub(super) map: RowMap,
}

/// y → relu?(nonlinearity(y + condition) + shortcut).
#[derive(Debug, Clone, Copy, Default)]
pub struct After<'a> {
    /// `(batch or 1, outputs)`, added to all pixels of a picture; for convolutions.
    pub condition: Option<&'a Tensor>,
    /// Applied before the shortcut.
    pub nonlinearity: Nonlinearity,
    /// Added after the nonlinearity, in the shape of the result.
    pub shortcut: Option<&'a Tensor>,
    /// Whether negative sums become 0 in the end.
    pub relu: bool,
    /// Format of the result: that of the weights if nothing else is said. Sums over many layers keep more digits in
    /// f32 than the layers compute with.
    pub format: Option<DType>,
}

impl<'a> After<'a> {
    /// Adds `x` to the result, in the format of `x`.
    pub fn add(x: &'a Tensor) -> Self {
        Self {
            shortcut: Some(x),
            format: Some(x.dtype()),
            ..Self::default()
        }
    }

    /// The result in f32, whatever the layer computes in.
    pub fn in_f32() -> Self {
        Self::in_format(DType::F32)
    }

    /// The result in this format, whatever the layer computes in.
    pub fn in_format(format: DType) -> Self {
        Self {
            format: Some(format),
            ..Self::default()
        }
    }

    /// A nonlinearity.
    pub fn apply_to_each(nonlinearity: Nonlinearity) -> Self {
        Self {
            nonlinearity,
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
        y = self.nonlinearity.apply(&y)?;
        if let Some(shortcut) = self.shortcut {
            y = (shortcut.to_dtype(y.dtype())? + y)?;
        }
        if self.relu {
            y = super::relu(&y)?;
        }
        match self.format {
            Some(format) => y.to_dtype(format),
            None => Ok(y),
        }
    }

    /// Multiplies and finishes on the processor.
    ///
    /// * `shape`: leading axes of the result; for feature maps `[batch, height, width]`, and the channels are put in
    ///   their place.
    pub(super) fn finish<E: Multiplied>(&self, product: &Unfinished<'_, E>, shape: &[usize]) -> Result<Tensor> {
        match self.format.unwrap_or(E::DTYPE) {
            DType::BF16 => self.finish_as::<E, bf16>(product, shape),
            _ => self.finish_as::<E, f32>(product, shape),
        }
    }

    fn finish_as<E: Multiplied, O: Element>(&self, product: &Unfinished<'_, E>, shape: &[usize]) -> Result<Tensor> {
        let Unfinished {
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
            activation: match self.nonlinearity {
                Nonlinearity::None => Activation::None,
                Nonlinearity::Silu => Activation::Silu,
                Nonlinearity::Gelu => Activation::Gelu,
                Nonlinearity::QuickGelu => Activation::QuickGelu,
                Nonlinearity::Relu => Activation::Relu,
                Nonlinearity::LeakyRelu => Activation::LeakyRelu,
            },
            shortcut: view.as_ref().map(View::contiguous::<O>).transpose()?,
            relu_after: self.relu,
            rows: map,
            output_rows,
        };
        let y = Product {
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
