//! What a file of weights is and for which models, by the names and shapes of its tensors.

use super::header::Header;

/// What something on disk is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ModelKind {
    /// Makes pictures.
    Model,
    /// Laid over a model: LoRA and its kin.
    Lora,
    /// A word that was learned.
    Embedding,
    /// Has a model follow a picture: `ControlNet`, T2I-Adapter, IP-Adapter.
    Control,
    /// Between latents and pixels.
    Vae,
    /// Makes pictures larger.
    Upscaler,
}

impl ModelKind {
    /// Every kind, in the order of a list.
    pub const ALL: [Self; 6] = [
        Self::Model,
        Self::Lora,
        Self::Embedding,
        Self::Control,
        Self::Vae,
        Self::Upscaler,
    ];

    /// Its folder in the models folder, in which models themselves may stand without one; also its name in JSON.
    pub fn folder_name(self) -> &'static str {
        match self {
            Self::Model => "checkpoints",
            Self::Lora => "loras",
            Self::Embedding => "embeddings",
            Self::Control => "controlnet",
            Self::Vae => "vae",
            Self::Upscaler => "upscalers",
        }
    }
}

/// Families as people call them, by the width of the text their U-Net attends to.
const BY_TEXT_WIDTH: [(u64, &str); 4] = [(768, SD1), (1024, SD2), (2048, SDXL), (1280, SDXL_REFINER)];
const SD1: &str = "SD 1.x";
const SD2: &str = "SD 2.x";
const SDXL: &str = "SDXL";
const SDXL_REFINER: &str = "SDXL refiner";
const SD3: &str = "SD 3";
const FLUX: &str = "FLUX.1";

/// Parts of names that only a LoRA or its kin has.
const LORA: [&str; 8] = [
    "lora_down",
    "lora_up",
    "lora_A",
    "lora.down",
    "lokr_w",
    "hada_w",
    "oft_blocks",
    "lora_linear_layer",
];
/// Beginnings of names in networks that enlarge.
const UPSCALER: [&str; 4] = ["conv_first.weight", "model.0.weight", "model.1.sub.", "params_ema"];

/// What a header tells; `None` if nothing known.
pub(super) fn kind_and_family(header: &Header) -> (Option<ModelKind>, Option<&'static str>) {
    let kind = kind(header);
    let family = match kind {
        Some(ModelKind::Upscaler | ModelKind::Vae) | None => None,
        Some(ModelKind::Embedding) => embedding_family(header),
        Some(_) => family(header),
    };
    (kind, family)
}

fn kind(header: &Header) -> Option<ModelKind> {
    let any = |test: &dyn Fn(&str) -> bool| header.tensors.keys().any(|name| test(name));
    let begins = |prefix: &'static str| any(&|name| name.starts_with(prefix));
    let has = |part: &'static str| any(&|name| name.contains(part));
    if LORA.into_iter().any(has) {
        return Some(ModelKind::Lora);
    }
    if begins("control_model.") || has("controlnet_cond_embedding") || has("input_hint_block") {
        return Some(ModelKind::Control);
    }
    if begins("image_proj.") || begins("ip_adapter.") || begins("adapter.body.") || begins("body.0.") && has(".block1.")
    {
        return Some(ModelKind::Control);
    }
    if begins("model.diffusion_model.") || begins("double_blocks.") || begins("input_blocks.0.0.") {
        return Some(ModelKind::Model);
    }
    if begins("decoder.") && begins("encoder.") || begins("first_stage_model.") {
        return Some(ModelKind::Vae);
    }
    let is_embedding = header.tensors.len() <= 4
        && (has("emb_params")
            || begins("string_to_param")
            || header.tensors.contains_key("clip_g")
            || is_words(header));
    if is_embedding {
        return Some(ModelKind::Embedding);
    }
    UPSCALER.into_iter().any(begins).then_some(ModelKind::Upscaler)
}

/// A single table of a few tokens as wide as a text encoder: `(tokens, 768)`.
fn is_words(header: &Header) -> bool {
    let is_width = |width: u64| BY_TEXT_WIDTH.iter().any(|(known, _)| *known == width);
    header.tensors.len() == 1
        && header.tensors.values().all(|shape| match shape.as_slice() {
            [width] => is_width(*width),
            [tokens, width] => *tokens <= 128 && is_width(*width),
            _ => false,
        })
}

fn embedding_family(header: &Header) -> Option<&'static str> {
    if header.tensors.contains_key("clip_g") {
        return Some(SDXL);
    }
    let width = header
        .tensors
        .values()
        .filter_map(|shape| shape.last().copied())
        .max()?;
    by_width(width)
}

fn family(header: &Header) -> Option<&'static str> {
    let note = |name: &str| header.notes.get(name).map(|text| text.to_lowercase());
    for text in ["modelspec.architecture", "ss_base_model_version"]
        .into_iter()
        .filter_map(note)
    {
        if let Some(family) = by_name(&text) {
            return Some(family);
        }
    }
    let has = |part: &str| header.tensors.keys().any(|name| name.contains(part));
    if has("double_blocks.") || has("single_transformer_blocks") {
        return Some(FLUX);
    }
    if has("joint_blocks.") {
        return Some(SD3);
    }
    // Keys of the cross attention: (inner width, text width); of a LoRA (rank, text width).
    let mut widths = header.tensors.iter().filter_map(|(name, shape)| {
        let is_key = name.contains("attn2.to_k") || name.contains("attn2_to_k");
        let is_in = name.ends_with("to_k.weight")
            || ["lora_down", "lora_A", "lora.down", "hada_w1_b"]
                .iter()
                .any(|part| name.contains(part));
        (is_key && is_in).then(|| shape.get(1).copied()).flatten()
    });
    if let Some(family) = widths.find_map(by_width) {
        return Some(family);
    }
    let is_xl = header.tensors.keys().any(|name| {
        name.starts_with("lora_te2_") || name.starts_with("conditioner.embedders.1.") || name.contains("label_emb.0.0")
    });
    is_xl.then_some(SDXL)
}

fn by_width(width: u64) -> Option<&'static str> {
    BY_TEXT_WIDTH
        .iter()
        .find(|(known, _)| *known == width)
        .map(|(_, family)| *family)
}

/// A family by what trainers and other programs write of it.
pub(super) fn by_name(text: &str) -> Option<&'static str> {
    let has = |part: &str| text.contains(part);
    match text {
        _ if has("xl") && has("refiner") => Some(SDXL_REFINER),
        _ if has("sdxl") || has("stable-diffusion-xl") || has("stablediffusionxl") => Some(SDXL),
        _ if has("stable-diffusion-v1") || has("sd_v1") || has("sd1") => Some(SD1),
        _ if has("stable-diffusion-v2") || has("sd_v2") || has("sd2") => Some(SD2),
        _ if has("stable-diffusion-3") || has("stablediffusion3") || has("sd3") => Some(SD3),
        _ if has("flux") => Some(FLUX),
        _ => None,
    }
}

/// The family of a network in the diffusers layout, by its configuration.
pub(super) fn by_text_width(width: u64) -> Option<&'static str> {
    by_width(width)
}
