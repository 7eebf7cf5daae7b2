//! What the handle sends to the inference thread.

use std::path::PathBuf;
use std::sync::Arc;

use crate::config::Paths;
use crate::job::{GenerateRequest, JobControl, JobId, JobOptions, KeptRun, ModelRef, Precision};

/// Which device computes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum DeviceChoice {
    /// The first GPU this build can use, else the processor.
    #[default]
    Auto,
    /// The processor.
    Cpu,
}

/// How the engine is set up for its whole life.
#[derive(Debug, Clone, Default)]
pub struct EngineOptions {
    /// Which device computes.
    pub device: DeviceChoice,
    /// Where hashes of model files are kept; `None` computes them anew in every run of the program.
    pub hash_cache: Option<PathBuf>,
    /// Folders of models, in which adapters, embeddings and lists of words are looked for that prompts call by name.
    pub model_folders: Vec<PathBuf>,
}

impl EngineOptions {
    /// The first GPU this build can use, else the processor; hashes are kept in the user's cache, and prompts may name what
    /// is in the models folder.
    pub fn of_user() -> Self {
        let paths = Paths::of_user();
        Self {
            device: DeviceChoice::Auto,
            hash_cache: Some(paths.hash_cache),
            model_folders: vec![paths.models_dir],
        }
    }
}

/// A job and everything it came with.
pub(super) struct QueuedJob {
    pub(super) id: JobId,
    pub(super) request: GenerateRequest,
    pub(super) options: JobOptions,
    pub(super) control: Arc<JobControl>,
    /// A kept run and the first step that is not taken from it.
    pub(super) resume_from: Option<(Arc<KeptRun>, u32)>,
}

/// What the inference thread carries out, in order.
pub(super) enum Command {
    Generate(Box<QueuedJob>),
    DescribeDevice,
    Describe(ModelRef),
    Preload(ModelRef, Precision),
}
