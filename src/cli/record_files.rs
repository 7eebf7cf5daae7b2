//! Which files of a picture's record a verb may open.

use std::path::Path;

use super::CliError;
use crate::config::KnownFolders;
use crate::job::GenerateRequest;

/// What may be opened because a record names it.
#[derive(Debug, Clone, Copy, Default, clap::Args)]
pub(super) struct RecordFilesArgs {
    /// Open the models and pictures that the picture's record names, wherever they are; without it only those in your
    /// folders of models and pictures
    #[arg(long)]
    open_named: bool,
}

impl RecordFilesArgs {
    /// Whether everything may be opened that a request read from `picture` names: a picture may be a stranger's.
    ///
    /// # Errors
    /// [`CliError::Usage`] with the first file that lies in no known folder.
    pub(super) fn check(self, picture: &Path, request: &GenerateRequest, known: &KnownFolders) -> Result<(), CliError> {
        let named = request.named_files().into_iter().map(|file| file.path);
        match named.filter(|path| !self.open_named && !known.hold(path)).min() {
            Some(path) => Err(CliError::Usage(format!(
                "expected a record that names files in your folders of models and pictures, found {}; --open-named opens it \
                 all the same: {}",
                path.display(),
                picture.display()
            ))),
            None => Ok(()),
        }
    }
}
