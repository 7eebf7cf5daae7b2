//! What passes through all blocks of a U-Net.

use super::maps::AttentionMaps;
use super::motion::BlockMotion;
use crate::kernels::Wrap;
use crate::models::ip_adapter::ImagePrompt;
use crate::models::layers::KvCache;
use candle_core::{Result, Tensor};

/// What every block of a U-Net takes beside the features.
#[derive(Debug, Clone, Copy)]
pub(super) struct BlockInputs<'a> {
    /// `(batch or 1, time_channels)`, its nonlinearity already applied.
    pub(super) time: &'a Tensor,
    /// The text, `(batch, tokens, context_channels)`.
    pub(super) context: Option<&'a Tensor>,
    /// Where keys and values of the text are kept between calls.
    pub(super) kv: Option<&'a KvCache>,
    /// Added to the scores of the text, `(batch, tokens)`.
    pub(super) context_mask: Option<&'a Tensor>,
    /// What makes a film of the batch.
    pub(super) motion: Option<BlockMotion<'a>>,
    /// Pictures that are attended to beside the text.
    pub(super) image_prompts: &'a [ImagePrompt],
    /// Collects how much each pixel attends to each token.
    pub(super) maps: Option<&'a AttentionMaps>,
    /// Edges that join.
    pub(super) wrap: Wrap,
}

impl BlockInputs<'_> {
    /// The motion that follows a residual block and its attention.
    pub(super) fn moved(&self, x: Tensor, layer: usize) -> Result<Tensor> {
        match self.motion {
            Some(BlockMotion { modules, frames }) => match modules.get(layer) {
                Some(module) => module.forward(&x, frames),
                None => Ok(x),
            },
            None => Ok(x),
        }
    }
}
