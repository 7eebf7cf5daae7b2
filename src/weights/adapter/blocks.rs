//! The U-Net's layers under the names of the original implementation, and the blocks that people count by them.

use crate::formats::{LDM_UNET_OUTER, LDM_UNET_RESNET};
use std::collections::{BTreeMap, BTreeSet};

/// A block as lists of block weights name it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum UNetBlock {
    /// `BASE`: the text encoders, and what belongs to no block.
    Base,
    /// `IN00` and so on: `input_blocks`.
    In(usize),
    /// `MID`: `middle_block`.
    Mid,
    /// `OUT00` and so on: `output_blocks`.
    Out(usize),
}

/// The middle's attention, which stands with the other parts of the middle.
const MIDDLE: &str = "mid_block.attentions.0.";

/// Some layers that stand together in both implementations.
#[derive(Debug, Clone)]
struct Part {
    /// The name of one layer, or, with a dot at its end, the beginning of several.
    ours: String,
    theirs: String,
    /// What has other names inside.
    inside: &'static Renamed,
    block: UNetBlock,
}

/// Beginnings of their names and of ours.
type Renamed = [(&'static str, &'static str)];

/// Where the parts of a U-Net are found in the original implementation.
#[derive(Debug, Clone, Default)]
pub struct UNetBlockNames {
    parts: Vec<Part>,
    all: BTreeSet<UNetBlock>,
    attending: BTreeSet<UNetBlock>,
}

impl UNetBlockNames {
    /// * `modules`: full names of the U-Net's layers, without `.weight`.
    pub fn new(modules: &[&str]) -> Self {
        let mut names = Self::default();
        for (theirs, ours) in LDM_UNET_OUTER {
            let block = match *ours {
                MIDDLE => continue, // has its place below
                "conv_in." => UNetBlock::In(0),
                _ => UNetBlock::Base,
            };
            let layer = |name: &str| name.trim_end_matches('.').to_owned();
            names.add(layer(ours), layer(theirs), &[], block);
        }
        names.all.insert(UNetBlock::Base);
        names.all.insert(UNetBlock::In(0));
        names.attending.extend([UNetBlock::Base, UNetBlock::Mid]);

        let is_there = |prefix: &str| modules.iter().any(|module| module.starts_with(prefix));
        let count = |prefix: &str| {
            let there = (0..modules.len()).take_while(|index| is_there(&format!("{prefix}{index}.")));
            there.count()
        };
        let mut index = 1;
        for level in 0..count("down_blocks.") {
            let ours = format!("down_blocks.{level}.");
            for layer in 0..count(&format!("{ours}resnets.")) {
                names.layer(&ours, layer, ("input_blocks", UNetBlock::In(index)), &is_there);
                index += 1;
            }
            if is_there(&format!("{ours}downsamplers.0.")) {
                let block = UNetBlock::In(index);
                names.all.insert(block);
                let theirs = format!("input_blocks.{index}.0.op");
                names.add(format!("{ours}downsamplers.0.conv"), theirs, &[], block);
                index += 1;
            }
        }
        for (part, theirs) in [("resnets.0.", 0), ("attentions.0.", 1), ("resnets.1.", 2)] {
            let inside = if part.starts_with("resnets") {
                LDM_UNET_RESNET
            } else {
                &[]
            };
            names.add(
                format!("mid_block.{part}"),
                format!("middle_block.{theirs}."),
                inside,
                UNetBlock::Mid,
            );
        }
        names.all.insert(UNetBlock::Mid);
        let mut index = 0;
        for level in 0..count("up_blocks.") {
            let ours = format!("up_blocks.{level}.");
            let layers = count(&format!("{ours}resnets."));
            for layer in 0..layers {
                let block = UNetBlock::Out(index);
                let attends = names.layer(&ours, layer, ("output_blocks", block), &is_there);
                if layer + 1 == layers && is_there(&format!("{ours}upsamplers.0.")) {
                    let place = if attends { 2 } else { 1 };
                    let theirs = format!("output_blocks.{index}.{place}.conv");
                    names.add(format!("{ours}upsamplers.0.conv"), theirs, &[], block);
                }
                index += 1;
            }
        }
        names
    }

    /// A residual block and the transformer behind it, if there is one; whether there is.
    fn layer(
        &mut self,
        ours: &str,
        layer: usize,
        (theirs, block): (&str, UNetBlock),
        is_there: &impl Fn(&str) -> bool,
    ) -> bool {
        let (UNetBlock::In(index) | UNetBlock::Out(index)) = block else {
            return false;
        };
        self.all.insert(block);
        self.add(
            format!("{ours}resnets.{layer}."),
            format!("{theirs}.{index}.0."),
            LDM_UNET_RESNET,
            block,
        );
        let transformer = format!("{ours}attentions.{layer}.");
        let attends = is_there(&transformer);
        if attends {
            self.attending.insert(block);
            self.add(transformer, format!("{theirs}.{index}.1."), &[], block);
        }
        attends
    }

    fn add(&mut self, ours: String, theirs: String, inside: &'static Renamed, block: UNetBlock) {
        self.parts.push(Part {
            ours,
            theirs,
            inside,
            block,
        });
    }

    /// The name of a layer in the original implementation, and its block.
    ///
    /// * `module`: its full name here.
    pub fn original(&self, module: &str) -> Option<(String, UNetBlock)> {
        self.parts.iter().find_map(|part| {
            let rest = module.strip_prefix(part.ours.as_str())?;
            if !part.ours.ends_with('.') && !rest.is_empty() {
                return None;
            }
            let known = part
                .inside
                .iter()
                .find(|(_, ours)| ours.strip_suffix('.') == Some(rest));
            let rest = known.map_or(rest, |(theirs, _)| theirs.trim_end_matches('.'));
            Some((format!("{}{rest}", part.theirs), part.block))
        })
    }

    /// The block of a layer.
    pub fn block(&self, module: &str) -> UNetBlock {
        self.original(module).map_or(UNetBlock::Base, |(_, block)| block)
    }

    /// What a list of block weights says of each block: in the order BASE, IN, MID, OUT, either of all blocks or of those
    /// that attend to the text, in which case the others get nothing, as A1111's extension has it.
    ///
    /// # Errors
    /// The numbers of weights that would be understood.
    pub fn weights(&self, list: &[f64]) -> Result<BTreeMap<UNetBlock, f64>, [usize; 2]> {
        let blocks = [&self.attending, &self.all]
            .into_iter()
            .find(|blocks| blocks.len() == list.len())
            .ok_or([self.attending.len(), self.all.len()])?;
        Ok(blocks.iter().copied().zip(list.iter().copied()).collect())
    }
}
