//! From the names a file uses to those a network asks for: one table for each dialect, each in its own file.

mod clip;
mod controlnet;
mod open_clip;
mod table;
mod unet;
mod upscaler;
mod vae;

pub(crate) use clip::clip;
pub(crate) use controlnet::controlnet;
pub(crate) use open_clip::open_clip;
pub use table::{Renaming, TensorOrigin, TensorTransform};
pub(crate) use unet::{OUTER as LDM_UNET_OUTER, RESNET as LDM_UNET_RESNET, ldm_unet};
pub(crate) use upscaler::upscaler;
pub(crate) use vae::ldm_vae;
