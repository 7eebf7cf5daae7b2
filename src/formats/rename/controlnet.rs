//! `ControlNet`s as first published: the first half of a U-Net, with a way out of every block.
//!
//! Source: `cldm.py` of <https://github.com/lllyasviel/ControlNet>

use super::table::Renaming;
use super::table::names_below;
use super::table::split_number;
use super::unet;
use crate::formats::tensor_file::TensorFile;

const HINT: &str = "input_hint_block.";

/// A `ControlNet` in its original layout.
///
/// * `prefix`: before `input_hint_block.`: `control_model.` or nothing.
pub(crate) fn controlnet(source: &dyn TensorFile, prefix: &str) -> Renaming {
    let layout = unet::LdmLayout::of(source, prefix);
    // A nonlinearity stands between two convolutions of the hint, so they have even numbers.
    let hints = names_below(source, &format!("{prefix}{HINT}"))
        .filter_map(|(_, rest)| Some(split_number(&rest)?.0))
        .max()
        .unwrap_or_default();
    let mut renaming = Renaming::default();
    for (name, rest) in names_below(source, prefix) {
        let target = own_target(&rest, hints).or_else(|| unet::target(&layout, &rest));
        if let Some(target) = target {
            renaming.add(target, &name);
        }
    }
    renaming
}

/// The diffusers name of what only a `ControlNet` has.
fn own_target(name: &str, hints: usize) -> Option<String> {
    if let Some(rest) = name.strip_prefix("middle_block_out.0.") {
        return Some(format!("controlnet_mid_block.{rest}"));
    }
    if let Some(rest) = name.strip_prefix("zero_convs.") {
        let (index, rest) = split_number(rest)?;
        let rest = rest.strip_prefix("0.")?;
        return Some(format!("controlnet_down_blocks.{index}.{rest}"));
    }
    let (index, rest) = split_number(name.strip_prefix(HINT)?)?;
    let part = match index {
        0 => "conv_in".to_owned(),
        _ if index == hints => "conv_out".to_owned(),
        _ => format!("blocks.{}", (index / 2).checked_sub(1)?),
    };
    Some(format!("controlnet_cond_embedding.{part}.{rest}"))
}
