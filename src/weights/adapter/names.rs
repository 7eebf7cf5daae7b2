//! Every name under which a parameter may be found in an adapter.

use super::{UNetBlock, UNetBlockNames};
use std::collections::{BTreeMap, HashMap};

/// A network that adapters change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Component {
    /// The U-Net.
    UNet,
    /// The only text encoder, or the first of two.
    TextEncoder,
    /// The second text encoder.
    TextEncoder2,
}

/// A layer of a loaded network.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LayerTarget {
    /// The network.
    pub component: Component,
    /// The layer's full name there, without `.weight`.
    pub module: String,
    /// Its block.
    pub block: UNetBlock,
}

/// From the names that files give to layers to the layers of the networks at hand.
#[derive(Debug, Default)]
pub struct NameTable {
    targets: HashMap<String, LayerTarget>,
    blocks: UNetBlockNames,
}

/// Attention layers as the processors of old diffusers call them: the end of ours, the end of theirs.
const PROCESSORS: &[(&str, &str)] = &[
    (".to_q", ".processor.to_q_lora"),
    (".to_k", ".processor.to_k_lora"),
    (".to_v", ".processor.to_v_lora"),
    (".to_out.0", ".processor.to_out_lora"),
    (".q_proj", ".to_q_lora"),
    (".k_proj", ".to_k_lora"),
    (".v_proj", ".to_v_lora"),
    (".out_proj", ".to_out_lora"),
];
/// What may stand before a U-Net's own names, and before those of the original implementation.
const UNET: &[&str] = &["unet.", "", "base_model.model.", "base_model.model.unet."];
/// The same, for the original implementation's names.
const ORIGINAL_UNET: &[&str] = &["diffusion_model.", "model.diffusion_model.", "unet."];
/// The same, where dots are underscores.
const FLAT_UNET: &[&str] = &["lora_unet_", "lycoris_", "lycoris_unet_"];

impl NameTable {
    /// * `networks`: the networks with the full names of the parameters that can be changed.
    pub fn new<'a>(networks: impl Iterator<Item = (Component, &'a BTreeMap<String, Vec<usize>>)>) -> Self {
        let mut table = Self::default();
        for (component, parameters) in networks {
            let modules: Vec<&str> = parameters
                .keys()
                .filter_map(|name| name.strip_suffix(".weight"))
                .collect();
            if component == Component::UNet {
                table.blocks = UNetBlockNames::new(&modules);
            }
            for module in modules {
                let target = LayerTarget {
                    component,
                    module: module.to_owned(),
                    block: match component {
                        Component::UNet => table.blocks.block(module),
                        Component::TextEncoder | Component::TextEncoder2 => UNetBlock::Base,
                    },
                };
                for name in table.names(component, module) {
                    table.targets.entry(name).or_insert_with(|| target.clone());
                }
            }
        }
        table
    }

    /// The layer that a file means.
    ///
    /// * `name`: as the file has it, without the part (`.lora_down.weight`) at its end.
    pub fn find(&self, name: &str) -> Option<&LayerTarget> {
        self.targets.get(name)
    }

    /// The U-Net's blocks.
    pub fn blocks(&self) -> &UNetBlockNames {
        &self.blocks
    }

    /// All names of a layer.
    fn names(&self, component: Component, module: &str) -> Vec<String> {
        let mut dotted = Vec::new();
        let mut flat = Vec::new();
        let (dots, underscores) = match component {
            Component::UNet => {
                dotted.extend(UNET.iter().map(|before| format!("{before}{module}")));
                flat.extend(FLAT_UNET.iter().map(|before| format!("{before}{}", flattened(module))));
                if let Some((original, _)) = self.blocks.original(module) {
                    dotted.extend(ORIGINAL_UNET.iter().map(|before| format!("{before}{original}")));
                    flat.extend(
                        FLAT_UNET
                            .iter()
                            .map(|before| format!("{before}{}", flattened(&original))),
                    );
                }
                return with_processors(dotted).chain(flat).collect();
            }
            Component::TextEncoder => (
                [
                    "text_encoder.",
                    "text_encoders.clip_l.transformer.",
                    "clip_l.transformer.",
                ],
                ["lora_te_", "lora_te1_", "lycoris_te_"],
            ),
            Component::TextEncoder2 => (
                [
                    "text_encoder_2.",
                    "text_encoders.clip_g.transformer.",
                    "clip_g.transformer.",
                ],
                ["lora_te2_", "lora_te2_", "lycoris_te2_"],
            ),
        };
        // Whether the files say `text_model.` depends on who wrote them and when.
        let core = module.strip_prefix("text_model.").unwrap_or(module);
        for module in [core.to_owned(), format!("text_model.{core}")] {
            dotted.extend(dots.iter().map(|before| format!("{before}{module}")));
            flat.extend(
                underscores
                    .iter()
                    .map(|before| format!("{before}{}", flattened(&module))),
            );
        }
        with_processors(dotted).chain(flat).collect()
    }
}

fn flattened(name: &str) -> String {
    name.replace('.', "_")
}

/// The names, and those that old diffusers gave to what is inside an attention.
fn with_processors(names: Vec<String>) -> impl Iterator<Item = String> {
    names.into_iter().flat_map(|name| {
        let old = PROCESSORS
            .iter()
            .find_map(|(ours, theirs)| Some(format!("{}{theirs}", name.strip_suffix(ours)?)));
        std::iter::once(name).chain(old)
    })
}
