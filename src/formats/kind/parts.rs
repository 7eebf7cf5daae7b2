//! Which networks a file holds, and under which names.

use crate::formats::rename;
use crate::formats::rename::Renaming;
use crate::formats::tensor_file::TensorFile;
use std::collections::BTreeMap;

/// The dialect in which a part is named.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Dialect {
    /// As diffusers and `transformers` do.
    Own,
    LdmUnet,
    LdmVae,
    Clip,
    OpenClip,
    ControlNet,
    Upscaler,
}

/// How to recognise a network inside a file.
struct Rule {
    /// Folder of the network in the diffusers layout.
    component: &'static str,
    dialect: Dialect,
    /// Before every name.
    prefix: &'static str,
    /// A tensor that every such network has.
    anchor: &'static str,
}

const fn rule(component: &'static str, dialect: Dialect, prefix: &'static str, anchor: &'static str) -> Rule {
    Rule {
        component,
        dialect,
        prefix,
        anchor,
    }
}

const LDM_UNET: &str = "input_blocks.0.0.weight";
const LDM_ENCODER: &str = "encoder.down.0.block.0.norm1.weight";
const LDM_DECODER: &str = "decoder.up.0.block.0.norm1.weight";
const LDM_HINT: &str = "input_hint_block.0.weight";
const UNET: &str = "down_blocks.0.resnets.0.norm1.weight";
const ENCODER: &str = "encoder.down_blocks.0.resnets.0.norm1.weight";
const DECODER: &str = "decoder.up_blocks.0.resnets.0.norm1.weight";
const HINT: &str = "controlnet_cond_embedding.conv_in.weight";
const CLIP: &str = "text_model.embeddings.token_embedding.weight";
const BARE_CLIP: &str = "embeddings.token_embedding.weight";
const OPEN_CLIP: &str = "transformer.resblocks.0.ln_1.weight";

const NUMBERED_RRDB: &str = "model.1.sub.0.RDB1.conv1.0.weight";
const TRUNK_RRDB: &str = "RRDB_trunk.0.RDB1.conv1.weight";
const RRDB: &str = "body.0.rdb1.conv1.weight";
/// The slopes after the first convolution.
const COMPACT: &str = "body.1.weight";

/// The first rule that holds for a component counts.
const RULES: &[Rule] = &[
    rule("controlnet", Dialect::ControlNet, "control_model.", LDM_HINT),
    rule("controlnet", Dialect::ControlNet, "", LDM_HINT),
    rule("controlnet", Dialect::Own, "", HINT),
    rule("unet", Dialect::LdmUnet, "model.diffusion_model.", LDM_UNET),
    rule("unet", Dialect::LdmUnet, "diffusion_model.", LDM_UNET),
    rule("unet", Dialect::LdmUnet, "", LDM_UNET),
    rule("unet", Dialect::Own, "unet.", UNET),
    rule("unet", Dialect::Own, "", UNET),
    rule("vae", Dialect::LdmVae, "first_stage_model.", LDM_DECODER),
    rule("vae", Dialect::LdmVae, "vae.", LDM_DECODER),
    rule("vae", Dialect::LdmVae, "", LDM_DECODER),
    rule("vae", Dialect::LdmVae, "", LDM_ENCODER),
    rule("vae", Dialect::Own, "vae.", DECODER),
    rule("vae", Dialect::Own, "", DECODER),
    rule("vae", Dialect::Own, "", ENCODER),
    rule("text_encoder", Dialect::Clip, "cond_stage_model.transformer.", CLIP),
    rule(
        "text_encoder",
        Dialect::Clip,
        "cond_stage_model.transformer.",
        BARE_CLIP,
    ),
    rule("text_encoder", Dialect::OpenClip, "cond_stage_model.model.", OPEN_CLIP),
    rule(
        "text_encoder",
        Dialect::Clip,
        "conditioner.embedders.0.transformer.",
        CLIP,
    ),
    rule(
        "text_encoder",
        Dialect::Clip,
        "conditioner.embedders.0.transformer.",
        BARE_CLIP,
    ),
    rule("text_encoder", Dialect::Clip, "text_encoders.clip_l.transformer.", CLIP),
    rule("text_encoder", Dialect::Clip, "text_encoder.", CLIP),
    rule("text_encoder", Dialect::Clip, "", CLIP),
    rule("text_encoder", Dialect::Clip, "", BARE_CLIP),
    rule(
        "text_encoder_2",
        Dialect::OpenClip,
        "conditioner.embedders.1.model.",
        OPEN_CLIP,
    ),
    rule(
        "text_encoder_2",
        Dialect::OpenClip,
        "conditioner.embedders.0.model.",
        OPEN_CLIP,
    ),
    rule(
        "text_encoder_2",
        Dialect::Clip,
        "text_encoders.clip_g.transformer.",
        CLIP,
    ),
    rule("text_encoder_2", Dialect::Clip, "text_encoder_2.", CLIP),
    rule("text_encoder_2", Dialect::OpenClip, "", OPEN_CLIP),
    rule("upscaler", Dialect::Upscaler, "params_ema.", RRDB),
    rule("upscaler", Dialect::Upscaler, "params_ema.", COMPACT),
    rule("upscaler", Dialect::Upscaler, "params.", RRDB),
    rule("upscaler", Dialect::Upscaler, "params.", COMPACT),
    rule("upscaler", Dialect::Upscaler, "", NUMBERED_RRDB),
    rule("upscaler", Dialect::Upscaler, "", TRUNK_RRDB),
    rule("upscaler", Dialect::Upscaler, "", RRDB),
    rule("upscaler", Dialect::Upscaler, "", COMPACT),
];

/// A network inside a file.
#[derive(Debug)]
pub(crate) struct Part {
    pub(crate) dialect: Dialect,
    pub(crate) renaming: Renaming,
}

impl Part {
    /// Shape of a tensor by the network's name for it.
    pub(crate) fn shape(&self, source: &dyn TensorFile, name: &str) -> Option<Vec<usize>> {
        let origin = self.renaming.origin(name)?;
        let shape = source.shape(&origin.source)?;
        Some(origin.transform.shape(shape))
    }

    /// One dimension of a tensor.
    pub(crate) fn size(&self, source: &dyn TensorFile, name: &str, dimension: usize) -> Option<usize> {
        self.shape(source, name)?.get(dimension).copied()
    }

    /// Whether the network has a tensor of this name.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.renaming.origin(name).is_some()
    }

    /// How many numbers, from 0 on, make a name with a tensor.
    pub(crate) fn count(&self, name: impl Fn(usize) -> String) -> usize {
        // A name for every number would need endless tensors.
        let most = self.renaming.names().count();
        (0..most).take_while(|index| self.has(&name(*index))).count()
    }
}

/// The networks of a file, by their folders in the diffusers layout.
pub(crate) type Parts = BTreeMap<&'static str, Part>;

/// Finds them.
pub(crate) fn parts(source: &dyn TensorFile) -> Parts {
    let mut found = Parts::new();
    for rule in RULES {
        let Rule {
            component,
            dialect,
            prefix,
            anchor,
        } = rule;
        // A ControlNet is half a U-Net, and has all its anchors.
        let is_taken = found.contains_key(component) || *component == "unet" && found.contains_key("controlnet");
        if is_taken || !source.contains(&format!("{prefix}{anchor}")) {
            continue;
        }
        let renaming = match dialect {
            Dialect::Own => Renaming::below(source, prefix),
            Dialect::LdmUnet => rename::ldm_unet(source, prefix),
            Dialect::LdmVae => rename::ldm_vae(source, prefix),
            Dialect::Clip => rename::clip(source, prefix),
            Dialect::OpenClip => rename::open_clip(source, prefix),
            Dialect::ControlNet => rename::controlnet(source, prefix),
            Dialect::Upscaler => rename::upscaler(source, prefix),
        };
        let dialect = *dialect;
        found.insert(component, Part { dialect, renaming });
    }
    found
}
