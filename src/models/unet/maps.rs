//! Where the pixels look in the text.

use super::sites::is_within;
use candle_core::{Result, Tensor};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Collects what chosen cross-attentions look at while a U-Net is called; handed in through
/// [`UNetConditions::maps`](super::UNetConditions::maps).
///
/// The fast kernel never holds these probabilities, so they are computed beside it, for the chosen layers and one
/// picture of the batch alone.
#[derive(Debug, Default)]
pub struct AttentionMaps {
    layers: Vec<String>,
    row: AtomicUsize,
    found: Mutex<Vec<AttentionMap>>,
}

/// What one cross-attention looked at.
#[derive(Debug, Clone)]
pub struct AttentionMap {
    /// Name of the layer, see [`CrossAttentionSite::name`](super::CrossAttentionSite::name).
    pub layer: String,
    /// `(tokens, height, width)` in f32, the mean of all heads: how much of its attention each pixel of the layer's
    /// feature map gives to each token of the text. Sums to 1 over the tokens.
    pub probabilities: Tensor,
}

impl AttentionMaps {
    /// * `layers`: beginnings of the names of the layers to be watched, e.g. `up_blocks.1` or `mid_block`; empty for
    ///   every layer.
    /// * `row`: the picture of the batch to be watched. Where the negative prompt and the prompt are asked in one call,
    ///   the prompt is row 1.
    pub fn new(layers: Vec<String>, row: usize) -> Self {
        Self {
            layers,
            row: AtomicUsize::new(row),
            found: Mutex::default(),
        }
    }

    /// Watches another picture of the batch from now on.
    pub fn watch_row(&self, row: usize) {
        self.row.store(row, Ordering::Relaxed);
    }

    /// Hands out what was collected, in the order of computation, and begins anew.
    pub fn take(&self) -> Vec<AttentionMap> {
        std::mem::take(&mut *crate::lock(&self.found))
    }

    /// Whether this layer is to be watched.
    pub(super) fn wants(&self, layer: &str) -> bool {
        self.layers.is_empty() || self.layers.iter().any(|part| is_within(layer, part))
    }

    /// The picture to be watched.
    pub(super) fn row(&self) -> usize {
        self.row.load(Ordering::Relaxed)
    }

    /// Keeps `(tokens, pixels)` of a layer whose feature map is `height` × `width`.
    pub(super) fn record(&self, layer: &str, probabilities: &Tensor, (height, width): (usize, usize)) -> Result<()> {
        let tokens = probabilities.dim(0)?;
        let map = AttentionMap {
            layer: layer.to_owned(),
            probabilities: probabilities.reshape((tokens, height, width))?,
        };
        crate::lock(&self.found).push(map);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn layers_should_be_chosen_by_whole_parts_of_their_names() {
        let maps = AttentionMaps::new(vec!["up_blocks.1".to_owned(), "mid_block".to_owned()], 0);
        assert!(maps.wants("up_blocks.1.attentions.0.transformer_blocks.0"));
        assert!(maps.wants("mid_block.attentions.0.transformer_blocks.0"));
        assert!(!maps.wants("up_blocks.10.attentions.0.transformer_blocks.0"));
        assert!(AttentionMaps::default().wants("down_blocks.0.attentions.0.transformer_blocks.0"));
    }
}
