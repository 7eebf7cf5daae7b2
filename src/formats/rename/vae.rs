//! Autoencoders of `CompVis`. Going up they count their levels from the finest, diffusers from the coarsest; the
//! attention in the middle is of 1×1 convolutions, in diffusers of linear maps.
//!
//! Source: `model.py` of <https://github.com/CompVis/latent-diffusion>

use super::table::Renaming;
use super::table::TensorTransform;
use super::table::names_below;
use super::table::replace_start;
use super::table::split_number;
use crate::formats::tensor_file::TensorFile;

/// In both halves, outside the levels.
const OUTER: &[(&str, &str)] = &[
    ("mid.block_1.", "mid_block.resnets.0."),
    ("mid.block_2.", "mid_block.resnets.1."),
    ("mid.attn_1.norm.", "mid_block.attentions.0.group_norm."),
    ("norm_out.", "conv_norm_out."),
    ("conv_in.", "conv_in."),
    ("conv_out.", "conv_out."),
];
/// The maps of the attention.
const ATTENTION: &[(&str, &str)] = &[
    ("mid.attn_1.q.", "mid_block.attentions.0.to_q."),
    ("mid.attn_1.k.", "mid_block.attentions.0.to_k."),
    ("mid.attn_1.v.", "mid_block.attentions.0.to_v."),
    ("mid.attn_1.proj_out.", "mid_block.attentions.0.to_out.0."),
];
/// Outside both halves, under the same names.
const SHARED: &[&str] = &["quant_conv.", "post_quant_conv.", "quantize."];
/// Inside a residual block; the rest has the same names.
const SHORTCUT: (&str, &str) = ("nin_shortcut.", "conv_shortcut.");

/// An autoencoder in the layout of `CompVis`.
///
/// * `prefix`: before `encoder.`, e.g. `first_stage_model.`.
pub(crate) fn ldm_vae(source: &dyn TensorFile, prefix: &str) -> Renaming {
    let up_levels = names_below(source, &format!("{prefix}decoder.up."))
        .filter_map(|(_, rest)| split_number(&rest)?.0.checked_add(1))
        .max()
        .unwrap_or_default();
    let mut renaming = Renaming::default();
    for (name, rest) in names_below(source, prefix) {
        if SHARED.iter().any(|start| rest.starts_with(start)) {
            renaming.add(rest, &name);
            continue;
        }
        let Some((half, rest)) = rest
            .split_once('.')
            .filter(|(half, _)| matches!(*half, "encoder" | "decoder"))
        else {
            continue;
        };
        if let Some(target) = replace_start(rest, ATTENTION) {
            renaming.add_transformed(format!("{half}.{target}"), &name, TensorTransform::Squeeze);
        } else if let Some(target) = replace_start(rest, OUTER).or_else(|| level_target(rest, up_levels)) {
            renaming.add(format!("{half}.{target}"), &name);
        }
    }
    renaming
}

/// The diffusers name of a tensor of a level.
fn level_target(name: &str, up_levels: usize) -> Option<String> {
    let (side, sampler, name) = match name.strip_prefix("down.") {
        Some(name) => ("down_blocks", "downsamplers", name),
        None => ("up_blocks", "upsamplers", name.strip_prefix("up.")?),
    };
    let (level, name) = split_number(name)?;
    let level = if side == "up_blocks" {
        up_levels.checked_sub(level.checked_add(1)?)?
    } else {
        level
    };
    if let Some(name) = name.strip_prefix("block.") {
        let (layer, rest) = split_number(name)?;
        let rest = replace_start(rest, &[SHORTCUT]).unwrap_or_else(|| rest.to_owned());
        return Some(format!("{side}.{level}.resnets.{layer}.{rest}"));
    }
    let rest = name
        .strip_prefix("downsample.conv.")
        .or_else(|| name.strip_prefix("upsample.conv."))?;
    Some(format!("{side}.{level}.{sampler}.0.conv.{rest}"))
}
