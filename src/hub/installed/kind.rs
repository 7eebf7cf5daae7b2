//! What a file of weights is and for which models, by the names and shapes of its tensors.

use crate::formats::{FileKind, TensorFile, detect};

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
const BY_TEXT_WIDTH: [(usize, &str); 4] = [(768, SD1), (1024, SD2), (2048, SDXL), (1280, SDXL_REFINER)];
const SD1: &str = "SD 1.x";
const SD2: &str = "SD 2.x";
const SDXL: &str = "SDXL";
const SDXL_REFINER: &str = "SDXL refiner";
const SD3: &str = "SD 3";
const FLUX: &str = "FLUX.1";

impl ModelKind {
    /// `None` for parts of models that are of no use alone.
    fn of(kind: FileKind) -> Option<Self> {
        Some(match kind {
            FileKind::Lora => Self::Lora,
            FileKind::TextualInversion => Self::Embedding,
            FileKind::ControlNet | FileKind::IpAdapter | FileKind::T2iAdapter => Self::Control,
            FileKind::Vae | FileKind::TinyVae => Self::Vae,
            FileKind::Upscaler => Self::Upscaler,
            FileKind::TextEncoder | FileKind::MotionModule => return None,
            _ => Self::Model,
        })
    }
}

/// What the names and shapes of a file say; `None` if nothing known.
pub(super) fn kind_and_family(file: &dyn TensorFile) -> (Option<ModelKind>, Option<&'static str>) {
    let names = file.names();
    // Kinds that this version does not load are listed all the same, and so are files that hold parts of a model.
    let kind = detect(file).ok().and_then(ModelKind::of).or_else(|| by_prefix(&names));
    let family = match kind {
        Some(ModelKind::Upscaler | ModelKind::Vae) | None => None,
        Some(ModelKind::Embedding) => embedding_family(file, &names),
        Some(_) => family(file, &names),
    };
    (kind, family)
}

/// The kind of a file that [`detect`] does not know, by how its names begin.
fn by_prefix(names: &[String]) -> Option<ModelKind> {
    const PREFIXES: [(&str, ModelKind); 12] = [
        ("control_model.", ModelKind::Control),
        ("controlnet_cond_embedding", ModelKind::Control),
        ("input_hint_block", ModelKind::Control),
        ("image_proj.", ModelKind::Control),
        ("ip_adapter.", ModelKind::Control),
        ("model.diffusion_model.", ModelKind::Model),
        ("double_blocks.", ModelKind::Model),
        ("input_blocks.0.0.", ModelKind::Model),
        ("first_stage_model.", ModelKind::Vae),
        ("conv_first.weight", ModelKind::Upscaler),
        ("model.1.sub.", ModelKind::Upscaler),
        ("params_ema", ModelKind::Upscaler),
    ];
    let begins = |prefix: &str| names.iter().any(|name| name.starts_with(prefix));
    let known = PREFIXES.into_iter().find(|(prefix, _)| begins(prefix));
    known
        .map(|(_, kind)| kind)
        .or_else(|| (begins("decoder.") && begins("encoder.")).then_some(ModelKind::Vae))
}

fn embedding_family(file: &dyn TensorFile, names: &[String]) -> Option<&'static str> {
    if names.iter().any(|name| name == "clip_g") {
        return Some(SDXL);
    }
    let widths = names.iter().filter_map(|name| file.shape(name)?.last().copied());
    by_text_width(widths.max()?)
}

fn family(file: &dyn TensorFile, names: &[String]) -> Option<&'static str> {
    let note = |field: &str| by_name(&file.header_text(field)?.to_lowercase());
    if let Some(family) = note("modelspec.architecture").or_else(|| note("ss_base_model_version")) {
        return Some(family);
    }
    let any = |holds: &dyn Fn(&str) -> bool| names.iter().any(|name| holds(name));
    if any(&|name| name.contains("double_blocks.") || name.contains("single_transformer_blocks")) {
        return Some(FLUX);
    }
    if any(&|name| name.contains("joint_blocks.")) {
        return Some(SD3);
    }
    // Keys of the cross attention: (inner width, text width); of a LoRA (rank, text width).
    let mut widths = names.iter().filter_map(|name| {
        let is_key = name.contains("attn2.to_k") || name.contains("attn2_to_k");
        let is_in = name.ends_with("to_k.weight")
            || ["lora_down", "lora_A", "lora.down", "hada_w1_b"]
                .iter()
                .any(|part| name.contains(part));
        let shape = (is_key && is_in).then(|| file.shape(name)).flatten()?;
        shape.get(1).copied()
    });
    if let Some(family) = widths.find_map(by_text_width) {
        return Some(family);
    }
    let is_xl = any(&|name| {
        name.starts_with("lora_te2_") || name.starts_with("conditioner.embedders.1.") || name.contains("label_emb.0.0")
    });
    is_xl.then_some(SDXL)
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
pub(super) fn by_text_width(width: usize) -> Option<&'static str> {
    let known = BY_TEXT_WIDTH.iter().find(|(known, _)| *known == width);
    known.map(|(_, family)| *family)
}
