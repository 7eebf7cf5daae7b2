//! Where a U-Net attends to its conditioning.

use super::super::ConfigError;
use super::UNetConfig;
use super::layout::AttentionShape;

/// The middle's transformer.
pub(super) const MID_TRANSFORMER: &str = "mid_block.attentions.0";

/// The name of a transformer, as its weights are called.
///
/// * `blocks`: `down_blocks` or `up_blocks`.
pub(super) fn transformer_name(blocks: &str, block: usize, layer: usize) -> String {
    format!("{blocks}.{block}.attentions.{layer}")
}

/// The name of block `index` of a transformer.
pub(super) fn block_name(transformer: &str, index: usize) -> String {
    format!("{transformer}.transformer_blocks.{index}")
}

/// Whether the layer named `layer` is `part` or lies in it: `mid_block.attentions.0` lies in `mid_block`.
pub(in crate::models) fn is_within(layer: &str, part: &str) -> bool {
    let rest = layer.strip_prefix(part);
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

/// One cross-attention of a U-Net.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CrossAttentionSite {
    /// The transformer block it lies in, e.g. `up_blocks.1.attentions.0.transformer_blocks.0`: the beginning of the
    /// names of its weights.
    pub name: String,
    /// Channels of the pixels that ask.
    pub channels: usize,
    /// Channels of the conditioning that is asked.
    pub context_channels: usize,
}

impl UNetConfig {
    /// Every cross-attention in the order in which diffusers counts attention processors: down, up, then the middle.
    ///
    /// # Errors
    /// If the configuration asks for something this version does not have.
    pub fn cross_attentions(&self) -> Result<Vec<CrossAttentionSite>, ConfigError> {
        let layout = self.layout()?;
        let levels = &layout.levels;
        let mut transformers = Vec::new();
        for (index, level) in levels.iter().enumerate() {
            let named = |layer| transformer_name("down_blocks", index, layer);
            let of_level = (0..level.layers).map(|layer| (named(layer), level.channels, level.down.attention));
            transformers.extend(of_level);
        }
        for (index, level) in levels.iter().rev().enumerate() {
            let named = |layer| transformer_name("up_blocks", index, layer);
            let of_level = (0..=level.layers).map(|layer| (named(layer), level.channels, level.up.attention));
            transformers.extend(of_level);
        }
        let middle = levels.last();
        transformers.extend(middle.map(|level| (MID_TRANSFORMER.to_owned(), level.channels, layout.mid)));
        let sites = transformers.into_iter().flat_map(|(transformer, channels, attention)| {
            let shape = match attention {
                AttentionShape::Transformer(shape) => Some(shape),
                _ => None, // attention of other kinds takes no pictures as prompts
            };
            let blocks = shape.map_or(0, |shape| shape.depth);
            (0..blocks).map(move |index| CrossAttentionSite {
                name: block_name(&transformer, index),
                channels,
                context_channels: shape.map_or(0, |shape| shape.context_channels),
            })
        });
        Ok(sites.collect())
    }

    /// Channels of every skip, the finest first; there is one before the first block, one behind every layer and one
    /// behind every downsampler.
    pub(in crate::models) fn skip_channels(&self) -> Result<Vec<usize>, ConfigError> {
        let levels = self.layout()?.levels;
        let mut channels = vec![self.first_channels()];
        for (index, level) in levels.iter().enumerate() {
            let downsampled = usize::from(index + 1 < levels.len());
            channels.extend(std::iter::repeat_n(level.channels, level.layers + downsampled));
        }
        Ok(channels)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stable_diffusion_should_have_sixteen_cross_attentions_with_the_middle_last() {
        let sites = UNetConfig::default().cross_attentions().unwrap();
        assert_eq!(sites.len(), 16);
        assert_eq!(sites[0].name, "down_blocks.0.attentions.0.transformer_blocks.0");
        assert_eq!(sites[6].name, "up_blocks.1.attentions.0.transformer_blocks.0");
        assert_eq!(sites[6].channels, 1280);
        assert_eq!(sites[15].name, "mid_block.attentions.0.transformer_blocks.0");
    }
}
