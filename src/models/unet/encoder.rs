//! The way down and the middle.

use super::class::ClassEmbedding;
use super::conditions::{AddedConditions, UNetConditions};
use super::down::DownBlock;
use super::layout::{AddedShape, UNetShape};
use super::mid::MidBlock;
use super::residuals::add;
use crate::kernels;
use crate::models::WeightBuilder;
use crate::models::layers::{Conv2d, TimestepEmbedding, full_precision, sinusoid};
use candle_core::{DType, Device, Result, Tensor};

/// The way down and the middle: the half that a ControlNet is a copy of.
#[derive(Debug, Clone)]
pub(in crate::models) struct UNetEncoder {
    conv_in: Conv2d,
    time_embedding: TimestepEmbedding,
    add_embedding: Option<(AddedShape, TimestepEmbedding)>,
    class_embedding: Option<ClassEmbedding>,
    down_blocks: Vec<DownBlock>,
    mid_block: Option<MidBlock>,
    /// At the finest resolution.
    channels: usize,
    center_input_sample: bool,
    flip_sin_to_cos: bool,
    freq_shift: f64,
}

/// What the way down gives.
#[derive(Debug)]
pub(in crate::models) struct Encoded {
    /// The embedding that every residual block adds, `(batch or 1, time_channels)`.
    pub(super) time: Tensor,
    /// Every intermediate feature map, the finest first.
    pub(in crate::models) skips: Vec<Tensor>,
    /// The middle's features.
    pub(in crate::models) mid: Tensor,
}

impl UNetEncoder {
    /// Weights under the names of the whole network.
    pub(in crate::models) fn new(vb: &WeightBuilder<'_>, shape: &UNetShape) -> Result<Self> {
        let UNetShape {
            layout, time_channels, ..
        } = shape;
        let (Some(first), Some(coarsest)) = (layout.levels.first(), layout.levels.last()) else {
            candle_core::bail!("unet config: block_out_channels is empty");
        };
        let (channels, precise) = (first.channels, full_precision(vb));
        let embedding = |name: &str, inputs: usize, guidance: Option<usize>| {
            TimestepEmbedding::new(&precise.pp(name), inputs, *time_channels, guidance)
        };
        Ok(Self {
            conv_in: Conv2d::new(&precise.pp("conv_in"), shape.in_channels, channels, 3)?,
            time_embedding: embedding("time_embedding", channels, shape.guidance_channels)?,
            add_embedding: shape
                .added
                .map(|added| Result::Ok((added, embedding("add_embedding", added.channels, None)?)))
                .transpose()?,
            class_embedding: shape
                .class
                .map(|class| ClassEmbedding::new(vb, class, channels, *time_channels))
                .transpose()?,
            down_blocks: (0..layout.levels.len())
                .map(|index| DownBlock::new(&vb.pp("down_blocks").pp(index), layout, index))
                .collect::<Result<_>>()?,
            mid_block: shape
                .has_mid
                .then(|| MidBlock::new(&vb.pp("mid_block"), layout, coarsest.channels))
                .transpose()?,
            channels,
            center_input_sample: shape.center_input_sample,
            flip_sin_to_cos: shape.flip_sin_to_cos,
            freq_shift: shape.freq_shift,
        })
    }

    /// Channels at the finest resolution.
    pub(super) fn channels(&self) -> usize {
        self.channels
    }

    /// * `x`, `timesteps`: as for the whole network.
    /// * `hint`: added to what the first convolution makes of `x`, in that shape, with as many pictures or one.
    pub(in crate::models) fn forward(
        &self,
        x: &Tensor,
        timesteps: &[f64],
        conditions: UNetConditions<'_>,
        hint: Option<&Tensor>,
    ) -> Result<Encoded> {
        let (batch, _, height, width) = x.dims4()?;
        let texts = conditions.context.map_or(Ok(batch), |context| context.dim(0))?;
        if ![1, batch].contains(&timesteps.len()) || texts != batch {
            candle_core::bail!(
                "expected {batch} pictures, found {} timesteps and {texts} texts",
                timesteps.len()
            );
        }
        if height == 0 || width == 0 {
            candle_core::bail!("the latents have no pixels ({height}×{width})");
        }

        // 1. Time embedding.
        let time = self.embed_time(x, timesteps, conditions)?;
        let x = if self.center_input_sample {
            x.affine(2.0, -1.0)?
        } else {
            x.clone()
        };
        let mut x = self.conv_in.forward(&x, conditions.wrap)?;
        if let Some(hint) = hint {
            x = add(&x, hint)?;
        }
        // 2. Down blocks.
        let residuals = conditions.residuals;
        let mut skips = vec![x.clone()];
        for (index, block) in self.down_blocks.iter().enumerate() {
            let added = residuals.and_then(|residuals| residuals.features.get(index));
            let inputs = conditions.block_inputs(&time, |adapter| adapter.down.get(index));
            x = block.forward(&x, inputs, added, &mut skips)?;
        }
        // 3. Middle.
        let inputs = conditions.block_inputs(&time, |adapter| Some(&adapter.mid));
        let mut mid = match &self.mid_block {
            Some(block) => block.forward(&x, inputs)?,
            None => x,
        };
        if let Some(residuals) = residuals {
            mid = residuals.apply(&mut skips, &mid, self.down_blocks.len())?;
        }
        Ok(Encoded { time, skips, mid })
    }

    /// The embedding that every residual block adds, after the nonlinearity they share: `(batch or 1, time_channels)`.
    /// Other conditions on the whole picture (sizes, classes) belong here too.
    fn embed_time(&self, x: &Tensor, timesteps: &[f64], conditions: UNetConditions<'_>) -> Result<Tensor> {
        let dtype = kernels::precise_dtype(x.device(), x.dtype());
        let waves = self.waves(timesteps, self.channels, x.device())?.to_dtype(dtype)?;
        let guidance = conditions.guidance.map(|cond| cond.to_dtype(dtype)).transpose()?;
        let mut time = self.time_embedding.forward(&waves, guidance.as_ref())?;
        match (&self.add_embedding, conditions.added) {
            (Some((shape, add_embedding)), Some(AddedConditions { pooled, numbers })) => {
                let (batch, count) = numbers.dims2()?;
                let numbers: Vec<f64> = numbers.to_dtype(DType::F64)?.flatten_all()?.to_vec1()?;
                let waves = self.waves(&numbers, shape.size_channels, x.device())?;
                let found = pooled.dim(1)? + waves.elem_count() / batch.max(1);
                let expected = shape.channels;
                if found != expected {
                    candle_core::bail!(
                        "the added conditions have {found} channels ({count} numbers), expected {expected}"
                    );
                }
                let added = Tensor::cat(
                    &[&pooled.to_dtype(dtype)?, &waves.reshape((batch, ()))?.to_dtype(dtype)?],
                    1,
                )?;
                time = time.broadcast_add(&add_embedding.forward(&added, None)?)?;
            }
            (None, None) => {}
            (Some(_), None) => candle_core::bail!("this U-Net needs the pooled text and the picture's sizes"),
            (None, Some(_)) => candle_core::bail!("this U-Net takes no pooled text (addition_embed_type is null)"),
        }
        let waves = |numbers: &[f64]| self.waves(numbers, self.channels, x.device());
        time = ClassEmbedding::add(self.class_embedding.as_ref(), time, conditions.class, waves)?;
        kernels::silu(&time)
    }

    /// Numbers as this network's sines and cosines, `(values, channels)` in f32.
    fn waves(&self, values: &[f64], channels: usize, device: &Device) -> Result<Tensor> {
        sinusoid(values, channels, self.flip_sin_to_cos, self.freq_shift, device)
    }
}
