//! U-Nets of `CompVis` and SGM: a list of blocks going down and one going up, without levels.
//!
//! Source: `openaimodel.py` of <https://github.com/CompVis/latent-diffusion>

use super::table::Renaming;
use super::table::names_below;
use super::table::replace_start;
use super::table::split_number;
use crate::formats::tensor_file::TensorFile;

/// Layers outside the blocks: the beginning of their names there, and in diffusers.
pub(crate) const OUTER: &[(&str, &str)] = &[
    ("time_embed.0.", "time_embedding.linear_1."),
    ("time_embed.2.", "time_embedding.linear_2."),
    ("time_embed.cond_proj.", "time_embedding.cond_proj."),
    ("label_emb.0.0.", "add_embedding.linear_1."),
    ("label_emb.0.2.", "add_embedding.linear_2."),
    ("label_emb.", "class_embedding."),
    ("input_blocks.0.0.", "conv_in."),
    ("out.0.", "conv_norm_out."),
    ("out.2.", "conv_out."),
    ("middle_block.1.", "mid_block.attentions.0."),
];
/// Layers of a residual block: the beginning of their names there, and in diffusers.
pub(crate) const RESNET: &[(&str, &str)] = &[
    ("in_layers.0.", "norm1."),
    ("in_layers.2.", "conv1."),
    ("emb_layers.1.", "time_emb_proj."),
    ("out_layers.0.", "norm2."),
    ("out_layers.3.", "conv2."),
    ("skip_connection.", "conv_shortcut."),
];

/// What block number so-and-so of a list is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum LdmBlock {
    /// A residual block, with or without attention, and at the end of its level going up, the upsampler.
    Layer {
        level: usize,
        layer: usize,
    },
    Downsample {
        level: usize,
    },
}

/// The levels of a U-Net or `ControlNet`, derived from the names that are there.
#[derive(Debug)]
pub(super) struct LdmLayout {
    /// `input_blocks.1` and on.
    pub(super) down: Vec<LdmBlock>,
    /// `output_blocks.0` and on.
    pub(super) up: Vec<LdmBlock>,
}

impl LdmLayout {
    /// * `prefix`: before `input_blocks.`.
    pub(super) fn of(source: &dyn TensorFile, prefix: &str) -> Self {
        let has = |name: String| source.contains(&format!("{prefix}{name}"));
        let (mut level, mut layer) = (0, 0);
        let mut down = Vec::new();
        for index in 1.. {
            if has(format!("input_blocks.{index}.0.in_layers.0.weight")) {
                down.push(LdmBlock::Layer { level, layer });
                layer += 1;
            } else if has(format!("input_blocks.{index}.0.op.weight")) {
                down.push(LdmBlock::Downsample { level });
                (level, layer) = (level + 1, 0);
            } else {
                break;
            }
        }
        (level, layer) = (0, 0);
        let mut up = Vec::new();
        for index in 0.. {
            if !has(format!("output_blocks.{index}.0.in_layers.0.weight")) {
                break;
            }
            up.push(LdmBlock::Layer { level, layer });
            layer += 1;
            let ends = (1..3).any(|part| has(format!("output_blocks.{index}.{part}.conv.weight")));
            if ends {
                (level, layer) = (level + 1, 0);
            }
        }
        Self { down, up }
    }
}

/// A U-Net in the layout of `CompVis` and SGM.
///
/// * `prefix`: before `input_blocks.`, e.g. `model.diffusion_model.`.
pub(crate) fn ldm_unet(source: &dyn TensorFile, prefix: &str) -> Renaming {
    let layout = LdmLayout::of(source, prefix);
    let mut renaming = Renaming::default();
    for (name, rest) in names_below(source, prefix) {
        if let Some(target) = target(&layout, &rest) {
            renaming.add(target, &name);
        }
    }
    renaming
}

/// The diffusers name of a tensor; `None` for what is no part of a U-Net.
pub(super) fn target(layout: &LdmLayout, name: &str) -> Option<String> {
    if let Some(target) = replace_start(name, OUTER) {
        return Some(target);
    }
    if let Some(name) = name.strip_prefix("middle_block.") {
        let (index, rest) = split_number(name)?;
        let rest = replace_start(rest, RESNET)?;
        // The attention is between the two.
        return matches!(index, 0 | 2).then(|| format!("mid_block.resnets.{}.{rest}", index / 2));
    }
    let (side, blocks, name) = match name.strip_prefix("input_blocks.") {
        Some(name) => ("down_blocks", &layout.down, name),
        None => ("up_blocks", &layout.up, name.strip_prefix("output_blocks.")?),
    };
    let (index, name) = split_number(name)?;
    let index = if side == "down_blocks" {
        index.checked_sub(1)?
    } else {
        index
    };
    let (part, rest) = split_number(name)?;
    match *blocks.get(index)? {
        LdmBlock::Downsample { level } => {
            let rest = rest.strip_prefix("op.")?;
            Some(format!("{side}.{level}.downsamplers.0.conv.{rest}"))
        }
        LdmBlock::Layer { level, layer } if part == 0 => {
            let rest = replace_start(rest, RESNET)?;
            Some(format!("{side}.{level}.resnets.{layer}.{rest}"))
        }
        LdmBlock::Layer { level, layer } => Some(match rest.strip_prefix("conv.") {
            Some(rest) => format!("{side}.{level}.upsamplers.0.conv.{rest}"),
            None => format!("{side}.{level}.attentions.{layer}.{rest}"),
        }),
    }
}
