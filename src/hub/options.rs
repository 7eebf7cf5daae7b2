//! Where the hub finds and puts things.

use std::path::PathBuf;

use super::HubSource;
use crate::config::Paths;

/// Where things are.
#[derive(Debug, Clone)]
pub struct HubOptions {
    /// Where models are put; the only folder that is written to.
    pub models_dir: PathBuf,
    /// Keeps when what was used.
    pub usage_file: PathBuf,
    /// Keeps the hashes of files, which the engine does too.
    pub hash_cache: PathBuf,
    /// Folders in which those of other programs are looked for, such as the user's home.
    pub look_in: Vec<PathBuf>,
    /// Where models come from.
    pub source: HubSource,
}

impl HubOptions {
    /// Those of the user.
    pub fn of_user() -> Self {
        let paths = Paths::of_user();
        let home = std::env::home_dir();
        let look_in = home.map_or_else(Vec::new, |home| vec![home.join("Documents"), home]);
        Self {
            look_in,
            models_dir: paths.models_dir,
            usage_file: paths.data_dir.join("models.json"),
            hash_cache: paths.hash_cache,
            source: HubSource::of_user(),
        }
    }
}
