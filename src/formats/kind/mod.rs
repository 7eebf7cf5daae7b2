//! What a file is, from the names and shapes of its tensors alone.

mod parts;

pub(crate) use parts::{Dialect, Part, Parts, parts};

use crate::formats::error::Broken;
use crate::formats::error::FormatError;
use crate::formats::tensor_file::TensorFile;

/// What a file of weights is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum FileKind {
    /// Stable Diffusion 1.x, or its U-Net alone.
    Sd15,
    /// Its inpainting U-Net: 9 channels.
    Sd15Inpaint,
    /// Its U-Net for instructions: 8 channels.
    Sd15Pix2pix,
    /// Stable Diffusion 2.x.
    Sd2,
    /// Its inpainting U-Net: 9 channels.
    Sd2Inpaint,
    /// Its U-Net guided by depth: 5 channels.
    Sd2Depth,
    /// The upscaler by four: 7 channels and a level of noise.
    UpscalerX4,
    /// SDXL base.
    Sdxl,
    /// Its inpainting U-Net: 9 channels.
    SdxlInpaint,
    /// Its U-Net for instructions: 8 channels.
    SdxlPix2pix,
    /// SDXL refiner.
    SdxlRefiner,
    /// A `ControlNet`.
    #[serde(rename = "controlnet")]
    ControlNet,
    /// An autoencoder.
    Vae,
    /// A tiny autoencoder.
    TinyVae,
    /// Text encoders alone.
    TextEncoder,
    /// Small changes to a network's weights: LoRA and its relatives.
    Lora,
    /// Learned tokens.
    TextualInversion,
    /// Attention to a picture.
    IpAdapter,
    /// Attention over time.
    MotionModule,
    /// A T2I-Adapter.
    T2iAdapter,
    /// A network that enlarges pictures.
    Upscaler,
}

impl FileKind {
    /// What people call it.
    pub fn label(self) -> &'static str {
        match self {
            Self::Sd15 => "Stable Diffusion 1",
            Self::Sd15Inpaint => "Stable Diffusion 1 for inpainting",
            Self::Sd15Pix2pix => "Stable Diffusion 1 for instructions",
            Self::Sd2 => "Stable Diffusion 2",
            Self::Sd2Inpaint => "Stable Diffusion 2 for inpainting",
            Self::Sd2Depth => "Stable Diffusion 2 guided by depth",
            Self::UpscalerX4 => "Stable Diffusion's upscaler",
            Self::Sdxl => "SDXL",
            Self::SdxlInpaint => "SDXL for inpainting",
            Self::SdxlPix2pix => "SDXL for instructions",
            Self::SdxlRefiner => "SDXL refiner",
            Self::ControlNet => "ControlNet",
            Self::Vae => "autoencoder",
            Self::TinyVae => "tiny autoencoder",
            Self::TextEncoder => "text encoder",
            Self::Lora => "LoRA",
            Self::TextualInversion => "textual inversion",
            Self::IpAdapter => "IP-Adapter",
            Self::MotionModule => "motion module",
            Self::T2iAdapter => "T2I-Adapter",
            Self::Upscaler => "upscaler",
        }
    }

    /// The pipeline of diffusers for it; `None` if it is no model by itself.
    pub fn pipeline(self) -> Option<&'static str> {
        Some(match self {
            Self::Sd15 | Self::Sd2 => "StableDiffusionPipeline",
            Self::Sd15Inpaint | Self::Sd2Inpaint => "StableDiffusionInpaintPipeline",
            Self::Sd15Pix2pix => "StableDiffusionInstructPix2PixPipeline",
            Self::Sd2Depth => "StableDiffusionDepth2ImgPipeline",
            Self::UpscalerX4 => "StableDiffusionUpscalePipeline",
            Self::Sdxl => "StableDiffusionXLPipeline",
            Self::SdxlInpaint => "StableDiffusionXLInpaintPipeline",
            Self::SdxlPix2pix => "StableDiffusionXLInstructPix2PixPipeline",
            Self::SdxlRefiner => "StableDiffusionXLImg2ImgPipeline",
            _ => return None,
        })
    }

    /// Whether its text encoders and U-Net are of the SDXL kind.
    pub(crate) fn is_xl(self) -> bool {
        matches!(
            self,
            Self::Sdxl | Self::SdxlInpaint | Self::SdxlPix2pix | Self::SdxlRefiner
        )
    }

    /// Whether it is built on Stable Diffusion 2.
    pub(crate) fn is_sd2(self) -> bool {
        matches!(self, Self::Sd2 | Self::Sd2Inpaint | Self::Sd2Depth | Self::UpscalerX4)
    }
}

/// What a file shows of itself.
struct Facts<'a> {
    source: &'a dyn TensorFile,
    names: Vec<String>,
    unet: Option<UNetFacts>,
    parts: &'a Parts,
}

/// The families of U-Nets, distinguished by how they are built, whatever their widths.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum UNetFamily {
    /// Transformers begin with a 1×1 convolution.
    Sd1,
    /// They begin with a linear map.
    Sd2,
    /// Takes the noise level of the picture to be enlarged too.
    Upscaler,
    /// Takes sizes and a pooled text too; the coarsest level attends to the prompt.
    XlBase,
    /// The same, but the coarsest level does not attend.
    XlRefiner,
}

/// The properties of a U-Net that distinguish kinds of models.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct UNetFacts {
    family: UNetFamily,
    /// Channels that go in beside the latents: a mask and a picture, a picture, depth.
    beside: usize,
}

impl UNetFacts {
    fn of(source: &dyn TensorFile, part: &Part) -> Option<Self> {
        let levels = part.count(|level| format!("down_blocks.{level}.resnets.0.norm1.weight"));
        let deepest = format!("down_blocks.{}.attentions.0.norm.weight", levels.checked_sub(1)?);
        let mid = part.shape(source, "mid_block.attentions.0.proj_in.weight")?;
        let family = if part.has("class_embedding.weight") {
            UNetFamily::Upscaler
        } else if part.has("add_embedding.linear_1.weight") {
            if part.has(&deepest) {
                UNetFamily::XlBase
            } else {
                UNetFamily::XlRefiner
            }
        } else if mid.len() == 2 {
            UNetFamily::Sd2
        } else {
            UNetFamily::Sd1
        };
        let latents = part.size(source, "conv_out.weight", 0)?;
        let beside = part.size(source, "conv_in.weight", 1)?.checked_sub(latents)?;
        Some(Self { family, beside })
    }
}

/// A kind and how it is recognised.
type Claim = (FileKind, fn(&Facts<'_>) -> bool);

/// True for exactly one kind, whatever the file.
const CLAIMS: &[Claim] = &[
    (FileKind::Sd15, |f| f.is_unet(UNetFamily::Sd1, 0)),
    (FileKind::Sd15Inpaint, |f| f.is_unet(UNetFamily::Sd1, 5)),
    (FileKind::Sd15Pix2pix, |f| f.is_unet(UNetFamily::Sd1, 4)),
    (FileKind::Sd2, |f| f.is_unet(UNetFamily::Sd2, 0)),
    (FileKind::Sd2Inpaint, |f| f.is_unet(UNetFamily::Sd2, 5)),
    (FileKind::Sd2Depth, |f| f.is_unet(UNetFamily::Sd2, 1)),
    (FileKind::UpscalerX4, |f| f.is_unet(UNetFamily::Upscaler, 3)),
    (FileKind::Sdxl, |f| f.is_unet(UNetFamily::XlBase, 0)),
    (FileKind::SdxlInpaint, |f| f.is_unet(UNetFamily::XlBase, 5)),
    (FileKind::SdxlPix2pix, |f| f.is_unet(UNetFamily::XlBase, 4)),
    (FileKind::SdxlRefiner, |f| f.is_unet(UNetFamily::XlRefiner, 0)),
    (FileKind::ControlNet, |f| f.parts.contains_key("controlnet")),
    (FileKind::Vae, |f| f.has_only("vae")),
    (FileKind::TinyVae, |f| {
        f.any(|name| name.starts_with("decoder.layers.") || name.starts_with("encoder.layers."))
            && !f.any(|name| name.contains("self_attn") || name.starts_with("encoder.layers.") && name.contains("norm"))
    }),
    (FileKind::TextEncoder, |f| {
        let is_vision = f.any(|name| name.starts_with("vision_model."));
        !is_vision && (f.has_only("text_encoder") || f.has_only("text_encoder_2"))
    }),
    (FileKind::Lora, |f| {
        // Some IP-Adapters bring one along.
        is_lora(&f.names) && !f.any(|name| name.starts_with("ip_adapter."))
    }),
    (FileKind::TextualInversion, |f| f.is_textual_inversion()),
    (FileKind::IpAdapter, |f| {
        f.any(|name| name.starts_with("ip_adapter.")) && f.any(|name| name.starts_with("image_proj."))
    }),
    (FileKind::MotionModule, |f| {
        f.unet.is_none() && !is_lora(&f.names) && f.any(|name| name.contains("motion_modules."))
    }),
    (FileKind::T2iAdapter, |f| {
        f.any(|name| name.contains("body.0.") && name.contains("block1."))
    }),
    (FileKind::Upscaler, |f| f.has_only("upscaler")),
];

impl Facts<'_> {
    fn any(&self, holds: impl Fn(&str) -> bool) -> bool {
        self.names.iter().any(|name| holds(name))
    }

    fn is_unet(&self, family: UNetFamily, beside: usize) -> bool {
        self.unet == Some(UNetFacts { family, beside })
    }

    /// Whether the file has this network, and no U-Net or another kind of network beside it.
    fn has_only(&self, component: &str) -> bool {
        let order = [
            "unet",
            "controlnet",
            "vae",
            "text_encoder",
            "text_encoder_2",
            "upscaler",
        ];
        order.iter().find(|part| self.parts.contains_key(**part)) == Some(&component)
    }

    /// One vector or a few for each text encoder, and nothing else.
    fn is_textual_inversion(&self) -> bool {
        let is_a1111 = self.any(|name| name == "emb_params" || name.starts_with("string_to_param."));
        let are_vectors = (1..=2).contains(&self.names.len())
            && self.names.iter().all(|name| {
                let rank = self.source.shape(name).map(<[usize]>::len);
                matches!(rank, Some(1 | 2)) && !name.contains('.')
            });
        is_a1111 || are_vectors
    }
}

/// Whether tensors of these names change the weights of a network: LoRA and its relatives, whoever trained them.
pub fn is_lora(names: &[String]) -> bool {
    const MARKS: &[&str] = &[
        ".lora_down.",
        ".lora_up.",
        ".lora_A.",
        ".lora_B.",
        ".lora.down.",
        ".lora.up.",
        "_lora.down.",
        "_lora.up.",
        ".lora_linear_layer.",
        ".hada_w1_a",
        ".lokr_w1",
        ".oft_blocks",
        ".dora_scale",
        ".lora_magnitude_vector",
    ];
    names.iter().any(|name| MARKS.iter().any(|mark| name.contains(mark)))
}

/// What a file is, as exactly one kind claims it.
///
/// # Errors
/// [`FormatError::Broken`] if none does, or it is a mixture.
pub fn detect(source: &dyn TensorFile) -> Result<FileKind, FormatError> {
    detect_parts(source, &parts(source))
}

/// As [`detect`], with the networks found already.
pub(crate) fn detect_parts(source: &dyn TensorFile, parts: &Parts) -> Result<FileKind, FormatError> {
    let facts = Facts {
        source,
        names: source.names(),
        unet: parts.get("unet").and_then(|part| UNetFacts::of(source, part)),
        parts,
    };
    let claims: Vec<FileKind> = CLAIMS
        .iter()
        .filter_map(|(kind, claims)| claims(&facts).then_some(*kind))
        .collect();
    match claims.as_slice() {
        [kind] => Ok(*kind),
        [] => {
            let shown = facts.names.first().map_or("nothing", String::as_str);
            let found = format!("{} tensors such as {shown:?}", facts.names.len());
            Err(Broken::new("a kind of model that this version knows", found).at(source.path()))
        }
        several => {
            let labels: Vec<_> = several.iter().map(|kind| kind.label()).collect();
            Err(Broken::new("one kind of model", labels.join(" and ")).at(source.path()))
        }
    }
}
