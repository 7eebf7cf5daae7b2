//! A U-Net without a text, with what conditions it.

use std::sync::Arc;

use candle_core::{Device, Tensor};

use crate::conditioning::STATE_DTYPE;
use crate::kernels::cast_input;
use crate::models::unet::{ClassCondition, UNet2DModel};
use crate::pipelines::Scheduler;
use crate::pipelines::denoiser::{DenoiseInput, DenoiseOutput, Denoiser};
use crate::pipelines::model::{ConcatCond, DenoiserInputs, ModelBase};

/// A U-Net with its class and the picture it sees beside the latents, if it has them.
pub(super) struct PixelDenoiser<'a> {
    base: &'a ModelBase,
    unet: &'a UNet2DModel,
    scheduler: Arc<Scheduler>,
    class_label: Option<u32>,
    concat: Option<ConcatCond>,
}

impl<'a> PixelDenoiser<'a> {
    pub(super) fn new(base: &'a ModelBase, unet: &'a UNet2DModel, inputs: DenoiserInputs<'a>) -> Self {
        let scheduler = inputs.scheduler;
        Self {
            base,
            unet,
            scheduler: scheduler.unwrap_or_else(|| Arc::new(base.scheduler.clone())),
            class_label: inputs.class_label,
            concat: inputs.concat,
        }
    }
}

impl Denoiser for PixelDenoiser<'_> {
    fn device(&self) -> &Device {
        &self.base.device
    }

    fn scheduler(&self) -> &Scheduler {
        &self.scheduler
    }

    fn denoise(&self, input: &DenoiseInput<'_>) -> candle_core::Result<DenoiseOutput> {
        let label = self.class_label.map(|class| [class]);
        let class = label.as_ref().map(|label| ClassCondition::Labels(label));
        let x = match &self.concat {
            Some(ConcatCond::LowRes { picture, .. }) => Tensor::cat(&[input.x, picture], 1)?,
            _ => input.x.clone(),
        };
        let x = cast_input(&x, self.base.dtype)?;
        let output = self.unet.forward(&x, &[input.timestep], class)?;
        Ok(DenoiseOutput::alone(output.to_dtype(STATE_DTYPE)?))
    }
}
