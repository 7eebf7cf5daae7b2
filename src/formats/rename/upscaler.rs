//! Upscalers: the first ESRGAN numbered its layers, BSRGAN named them, `BasicSR` named them anew.
//!
//! Sources: `RRDBNet_arch.py` of <https://github.com/xinntao/ESRGAN> and <https://github.com/cszn/BSRGAN>,
//! `rrdbnet_arch.py` of <https://github.com/XPixelGroup/BasicSR>

use super::table::Renaming;
use super::table::names_below;
use super::table::split_number;
use crate::formats::tensor_file::TensorFile;

/// A network that enlarges pictures.
///
/// * `prefix`: before all names: `params_ema.`, `params.` or nothing.
pub(crate) fn upscaler(source: &dyn TensorFile, prefix: &str) -> Renaming {
    let mut renaming = Renaming::default();
    // The layer after the numbered blocks stands among them, with the highest number.
    let blocks = names_below(source, &format!("{prefix}model.1.sub."))
        .filter_map(|(_, rest)| split_number(&rest).map(|(number, _)| number))
        .max();
    let layers = names_below(source, &format!("{prefix}model."))
        .filter_map(|(_, rest)| split_number(&rest).map(|(number, _)| number))
        .max();
    for (name, rest) in names_below(source, prefix) {
        let target = match rest.strip_prefix("model.") {
            Some(rest) => numbered(rest, blocks, layers),
            None => Some(named(&rest)),
        };
        if let Some(target) = target {
            renaming.add(target, &name);
        }
    }
    renaming
}

/// `model.0`, then `model.1.sub.*`, then every third for a doubling, then two last ones.
fn numbered(rest: &str, blocks: Option<usize>, layers: Option<usize>) -> Option<String> {
    let (number, part) = split_number(rest)?;
    let last = layers?;
    Some(match number {
        0 => format!("conv_first.{part}"),
        1 => {
            let (block, part) = split_number(part.strip_prefix("sub.")?)?;
            if Some(block) == blocks {
                format!("conv_body.{part}")
            } else {
                // `RDB1.conv1.0.weight`
                let part = part.to_lowercase().replace(".0.", ".");
                format!("body.{block}.{part}")
            }
        }
        _ if number == last => format!("conv_last.{part}"),
        _ if number + 2 == last => format!("conv_hr.{part}"),
        _ => format!("conv_up{}.{part}", number / 3),
    })
}

fn named(rest: &str) -> String {
    let table = [
        ("RRDB_trunk.", "body."),
        ("trunk_conv.", "conv_body."),
        ("upconv", "conv_up"),
        ("HRconv.", "conv_hr."),
    ];
    let found = super::table::replace_start(rest, &table);
    found.unwrap_or_else(|| rest.to_owned()).replace(".RDB", ".rdb")
}
