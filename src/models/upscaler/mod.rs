//! Networks that enlarge pictures: ESRGAN and those that grew from it.

mod compact;
mod config;
mod model;
mod rrdb;

pub use config::{UpscalerArchitecture, UpscalerConfig};
pub use model::UpscalerModel;
