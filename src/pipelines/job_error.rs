//! What the window and the command line are told of an error: its kind, a line of English, and the text of `assets/i18n`
//! that says it in any language.

use super::error::{PipelineError, is_out_of_memory};
use crate::conditioning::{ConditioningError, TokenizerError};
use crate::diffusion::{SampleError, ScheduleError};
use crate::formats::FormatError;
use crate::job::{ErrorCode, JobError, JobErrorKind};
use crate::pipelines::preprocess::PreprocessError;
use crate::weights::LoadError;
use crate::weights::adapter::AdapterError;

impl From<&PipelineError> for JobError {
    fn from(error: &PipelineError) -> Self {
        let kind = match error {
            PipelineError::Load(_)
            | PipelineError::Conditioning(ConditioningError::Load(_) | ConditioningError::Tokenizer(_))
            | PipelineError::UnknownFamily { .. }
            | PipelineError::Schedule(ScheduleError::BadTraining { .. }) => JobErrorKind::Model,
            PipelineError::Schedule(_)
            | PipelineError::Adapter(_)
            | PipelineError::Unsupported { .. }
            | PipelineError::Precision { .. }
            | PipelineError::OtherModel { .. }
            | PipelineError::Conditioning(
                ConditioningError::Adapter(_)
                | ConditioningError::Unsupported { .. }
                | ConditioningError::Picture { .. },
            )
            | PipelineError::Preprocess(_) => JobErrorKind::Request,
            PipelineError::Sample(SampleError::NotFinite { .. }) => JobErrorKind::NotFinite,
            PipelineError::Sample(SampleError::Tensor(source))
            | PipelineError::Conditioning(ConditioningError::Tensor(source))
            | PipelineError::Tensor(source) => {
                if is_out_of_memory(source) {
                    JobErrorKind::OutOfMemory
                } else {
                    JobErrorKind::Internal
                }
            }
            PipelineError::Sample(SampleError::Cancelled) => JobErrorKind::Internal,
        };
        Self::from_chain(kind, error).with_code(error_code(error))
    }
}

/// The text of an error and its values.
fn error_code(error: &PipelineError) -> ErrorCode {
    match error {
        PipelineError::Load(error) => load(error),
        PipelineError::Adapter(error) => adapter(error),
        PipelineError::Conditioning(error) => conditioning(error),
        PipelineError::Schedule(error) => schedule(error),
        PipelineError::Sample(error) => sample(error),
        PipelineError::Tensor(error) => tensor(error),
        PipelineError::UnknownFamily { found, path, .. } => ErrorCode::new("error-unknown-family")
            .with("found", found.as_str())
            .with("path", path.as_str()),
        PipelineError::Unsupported { what, expected, found } => unsupported(what, expected, found),
        PipelineError::Precision { expected, found, .. } => ErrorCode::new("error-precision")
            .with("expected", expected.as_str())
            .with("found", found.to_string()),
        PipelineError::OtherModel { path, .. } => ErrorCode::new("error-other-model").with("path", path.as_str()),
        PipelineError::Preprocess(error) => preprocess(error),
    }
}

fn conditioning(error: &ConditioningError) -> ErrorCode {
    match error {
        ConditioningError::Load(error) => load(error),
        ConditioningError::Adapter(error) => adapter(error),
        ConditioningError::Tokenizer(error) => tokenizer(error),
        ConditioningError::Tensor(error) => tensor(error),
        ConditioningError::Unsupported { what, expected, found } => unsupported(what, expected, found),
        ConditioningError::Picture { path, .. } => ErrorCode::new("error-picture").with("path", path.as_str()),
    }
}

/// A setting that the model does not take.
///
/// * `what`: the setting's name in the English message; the text chooses by it.
fn unsupported(what: &str, expected: &str, found: &str) -> ErrorCode {
    ErrorCode::new("error-unsupported")
        .with("what", what.replace([' ', '\''], "-"))
        .with("expected", expected)
        .with("found", found)
}

fn load(error: &LoadError) -> ErrorCode {
    match error {
        LoadError::NoFolder { path } => ErrorCode::new("error-load-nothing").with("path", path.as_path()),
        LoadError::MissingFile { file, path } => ErrorCode::new("error-load-missing-file")
            .with("file", file.as_str())
            .with("path", path.as_path()),
        LoadError::NoWeights { component, path, .. } => ErrorCode::new("error-load-no-weights")
            .with("component", component.as_str())
            .with("path", path.as_path()),
        LoadError::Json { path, .. } => ErrorCode::new("error-load-configuration").with("path", path.as_path()),
        LoadError::BadShard { path, .. } => ErrorCode::new("error-load-shards").with("path", path.as_path()),
        LoadError::Format(error) => format(error),
        LoadError::MissingTensor { component, name, path } => ErrorCode::new("error-load-missing-tensor")
            .with("component", component.as_str())
            .with("name", name.as_str())
            .with("path", path.as_path()),
        LoadError::ShapeMismatch {
            component,
            name,
            expected,
            found,
            path,
        } => ErrorCode::new("error-load-shape")
            .with("component", component.as_str())
            .with("name", name.as_str())
            .with("expected", format!("{expected:?}"))
            .with("found", format!("{found:?}"))
            .with("path", path.as_path()),
        LoadError::UnsupportedDtype { name, found, path } => ErrorCode::new("error-load-dtype")
            .with("name", name.as_str())
            .with("found", found.as_str())
            .with("path", path.as_path()),
        LoadError::Tensor(error) => tensor(error),
    }
}

fn format(error: &FormatError) -> ErrorCode {
    match error {
        FormatError::Read { path, .. } => ErrorCode::new("error-load-read").with("path", path.as_path()),
        FormatError::WrongLength { path, .. } => ErrorCode::new("error-load-length").with("path", path.as_path()),
        FormatError::Header { path, .. } | FormatError::Broken { path, .. } => {
            ErrorCode::new("error-load-broken").with("path", path.as_path())
        }
    }
}

fn adapter(error: &AdapterError) -> ErrorCode {
    match error {
        AdapterError::File(error) => load(error),
        AdapterError::NoLayers { path, .. } => ErrorCode::new("error-adapter-none").with("path", path.as_path()),
        AdapterError::BadLayer { layer, path, .. } => ErrorCode::new("error-adapter-layer")
            .with("layer", layer.as_str())
            .with("path", path.as_path()),
        AdapterError::OtherFamily { path, .. } | AdapterError::OtherShape { path, .. } => {
            ErrorCode::new("error-adapter-other-family").with("path", path.as_path())
        }
        AdapterError::BlockWeights { found, path, .. } => ErrorCode::new("error-adapter-block-weights")
            .with("found", *found)
            .with("path", path.as_path()),
        AdapterError::NoEmbedding { path, .. } => ErrorCode::new("error-embedding-none").with("path", path.as_path()),
        AdapterError::OtherWidth { path, .. } => {
            ErrorCode::new("error-embedding-other-family").with("path", path.as_path())
        }
        AdapterError::WordTaken { word, path } => ErrorCode::new("error-embedding-word")
            .with("word", word.as_str())
            .with("path", path.as_path()),
    }
}

fn tokenizer(error: &TokenizerError) -> ErrorCode {
    match error {
        TokenizerError::Files(error) => load(error),
        TokenizerError::MissingToken { token } => ErrorCode::new("error-tokenizer-token").with("token", token.as_str()),
        TokenizerError::Library(_) => ErrorCode::new("error-tokenizer"),
    }
}

fn schedule(error: &ScheduleError) -> ErrorCode {
    match error {
        ScheduleError::NoSteps => ErrorCode::new("error-no-steps"),
        ScheduleError::TooManySteps { most, found } => ErrorCode::new("error-too-many-steps")
            .with("most", *most)
            .with("found", *found),
        ScheduleError::BadSigmaRange { sigma_min, sigma_max } => ErrorCode::new("error-sigma-range")
            .with("min", *sigma_min)
            .with("max", *sigma_max),
        ScheduleError::BadTraining { .. } => ErrorCode::new("error-training-schedule"),
        ScheduleError::UnknownSchedule { found } => {
            ErrorCode::new("error-unknown-schedule").with("found", found.as_str())
        }
        ScheduleError::UnknownSampler { found } => {
            ErrorCode::new("error-unknown-sampler").with("found", found.as_str())
        }
    }
}

fn sample(error: &SampleError) -> ErrorCode {
    match error {
        SampleError::Cancelled => ErrorCode::new("error-cancelled"),
        SampleError::NotFinite { step } => ErrorCode::new("error-not-finite").with("step", *step),
        SampleError::Tensor(error) => tensor(error),
    }
}

fn preprocess(error: &PreprocessError) -> ErrorCode {
    match error {
        PreprocessError::Unknown { found, .. } => {
            ErrorCode::new("error-unknown-preprocessor").with("found", found.as_str())
        }
        PreprocessError::OutOfRange {
            parameter,
            least,
            largest,
            found,
        } => ErrorCode::new("error-preprocessor-range")
            .with("parameter", *parameter)
            .with("least", *least)
            .with("largest", *largest)
            .with("found", *found),
        PreprocessError::Size {
            width_px, height_px, ..
        } => ErrorCode::new("error-picture-size")
            .with("width", *width_px)
            .with("height", *height_px),
        PreprocessError::Tensor(error) => tensor(error),
    }
}

fn tensor(error: &candle_core::Error) -> ErrorCode {
    if is_out_of_memory(error) {
        ErrorCode::new("error-out-of-memory")
    } else {
        ErrorCode::new("error-tensor")
    }
}
