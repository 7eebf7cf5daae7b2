//! Manifold-constrained classifier-free guidance.

use candle_core::Tensor;

use super::{Options, Sampler, SamplerContext, begin, relabel, slope};
use crate::diffusion::SampleError;
use crate::diffusion::schedule::{SigmaTable, TimestepStyle};

/// Euler's method and DDIM with CFG++: the guided estimate, and the noise of the negative prompt alone. One model call
/// per step.
///
/// Chung et al. (2024), algorithm 2, <https://arxiv.org/abs/2406.08070>. The guidance scale is the paper's λ, at home
/// between 0 and 1. Where the network is not asked without a prompt, the guided estimate stands for both.
pub(super) struct CfgPp {
    id: &'static str,
    label: &'static str,
    style: TimestepStyle,
}

pub(super) static EULER_CFG_PP: CfgPp = CfgPp {
    id: "euler_cfg_pp",
    label: "Euler CFG++",
    style: TimestepStyle::Sigmas,
};

pub(super) static DDIM_CFG_PP: CfgPp = CfgPp {
    id: "ddim_cfg_pp",
    label: "DDIM CFG++",
    style: TimestepStyle::Stride,
};

impl Sampler for CfgPp {
    fn id(&self) -> &'static str {
        self.id
    }

    fn label(&self) -> &'static str {
        self.label
    }

    fn order(&self) -> i32 {
        1
    }

    fn timestep_style(&self) -> TimestepStyle {
        self.style
    }

    fn wants_uncond(&self) -> bool {
        true
    }

    fn sample(
        &self,
        host: &mut dyn SamplerContext,
        mut x: Tensor,
        table: &SigmaTable,
        _options: Options,
        first: usize,
    ) -> Result<Tensor, SampleError> {
        for index in first..table.steps() {
            let x0 = begin(host, &x, table, index)?;
            let target = table.target(index);
            let noise = slope(&x, host.x0_uncond().unwrap_or(&x0), table.sigmas()[index])?;
            x = (x0 + (noise * target)?)?;
            x = relabel(x, target, table.sigmas()[index + 1])?;
            x = host.land(x, index)?;
        }
        Ok(x)
    }
}
