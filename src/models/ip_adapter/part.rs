//! Which side of a picture is taken over.

use crate::models::unet::{UNetConfig, is_within};

/// What of a picture a U-Net is to follow: blocks of different depth draw different things.
///
/// Source: <https://arxiv.org/abs/2404.02733>
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash, serde::Deserialize, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ImagePromptPart {
    /// All of it.
    #[default]
    Whole,
    /// Colours, material, manner; not what is shown.
    Style,
    /// Where things are.
    Layout,
    /// Both of these.
    StyleAndLayout,
    /// All but the style.
    Content,
}

impl ImagePromptPart {
    /// Every part, in the order a list shows them.
    pub const ALL: [Self; 5] = [
        Self::Whole,
        Self::Style,
        Self::Layout,
        Self::StyleAndLayout,
        Self::Content,
    ];

    /// Whether the cross-attention named `layer` takes part.
    pub fn covers(self, unet: &UNetConfig, layer: &str) -> bool {
        // SDXL has three resolutions, earlier models four; their blocks are numbered accordingly.
        let is_xl = unet.block_out_channels.len() == 3;
        let (style, layout): (&[&str], &[&str]) = if is_xl {
            (&["up_blocks.0.attentions.1"], &["down_blocks.2.attentions.1"])
        } else {
            (&["up_blocks.1"], &["down_blocks.2", "mid_block"])
        };
        let among = |names: &[&str]| names.iter().any(|name| is_within(layer, name));
        match self {
            Self::Whole => true,
            Self::Style => among(style),
            Self::Layout => among(layout),
            Self::StyleAndLayout => among(style) || among(layout),
            Self::Content => !among(style),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_should_divide_the_layers_of_stable_diffusion() {
        let config = UNetConfig::default();
        let sites = config.cross_attentions().unwrap();
        let count = |part: ImagePromptPart| sites.iter().filter(|site| part.covers(&config, &site.name)).count();
        assert_eq!(ImagePromptPart::ALL.map(count), [16, 3, 3, 6, 13]);
    }
}
