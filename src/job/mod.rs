//! Plain data that crosses threads or is saved. No tensors, no egui.

mod adapters;
mod change;
mod control;
mod decode;
mod difference;
mod error;
mod event;
mod field;
mod id;
mod image;
mod latent;
mod model;
mod named_file;
mod options;
mod precision;
mod record;
mod request;
mod request_changes;
mod request_error;
mod setting;
mod sweep;
mod task;
mod trajectory;
mod unknown;

pub use adapters::LoraSpec;
pub use change::{Change, Origin};
pub use control::{JobControl, NextAction};
pub use decode::DecodeRequest;
pub use difference::{Difference, Parting, SettingRow, settings_that_differ};
pub use error::{ErrorArg, ErrorCode, JobError, JobErrorKind};
pub use event::{Event, Phase, StepEvent};
pub use field::{Field, FieldError};
pub use id::JobId;
pub use image::{GeneratedImage, RgbImage, max_decoder_bytes};
pub use latent::{LatentColours, LatentPlane};
pub use model::{Choice, ModelDefaults, ModelInfo, ModelRef, Takes};
pub use named_file::{FileRole, NamedFile};
pub use options::{JobOptions, PreviewMode, Start, VaeTiles};
pub use precision::{DeviceInfo, Precision, UnknownPrecision};
pub use record::Record;
pub use request::{GenerateRequest, TimestepSpacing};
pub use request_error::{MAX_BATCH_COUNT, MAX_SIDE_PX, MAX_STEPS, RequestError, SIZE_MULTIPLE_PX};
pub use setting::Setting;
pub use sweep::{Axis, Cell, MAX_SWEEP_CELLS, Sweep, SweepError, longest_start};
pub use task::{
    Control, Film, Hires, InitPicture, InitWay, MAX_ADAPTERS, MAX_FRAMES, Mask, NoiseSource, Outpaint, PromptSwitch,
    Reference, ReferencePart, Refiner, Tiling, Upscale, Variation,
};
pub use trajectory::{Branches, Inexact, KeptRun, StepRecord, TokenMaps, Trajectory};
