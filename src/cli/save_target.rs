//! Where a verb saves its pictures.

use std::path::{Path, PathBuf};

use super::CliError;
use crate::config::{PendingFile, name_with_ending};
use crate::gallery::{self, GalleryError, SavedPicture};
use crate::job::GeneratedImage;

/// Where the pictures that a verb makes are saved.
#[derive(Debug, Default, clap::Args)]
pub(super) struct SaveArgs {
    /// File to write, ending in .png, .webp or .jpg; further pictures of a batch become FILE-2, FILE-3 …
    #[arg(long, value_name = "FILE", conflicts_with = "gallery")]
    pub(super) out: Option<PathBuf>,

    /// Folder of pictures to save into when there is no --out; by default that of the settings
    #[arg(long, value_name = "DIR")]
    pub(super) gallery: Option<PathBuf>,
}

impl SaveArgs {
    /// The file if there is one, else a new name in the folder.
    pub(super) fn target(&self, gallery_dir: PathBuf) -> SaveTarget {
        let file = self.out.clone();
        file.map_or(SaveTarget::Gallery(gallery_dir), SaveTarget::File)
    }
}

/// Where finished pictures go.
pub(super) enum SaveTarget {
    /// This very file; further pictures of a batch beside it.
    File(PathBuf),
    /// A new name in this folder.
    Gallery(PathBuf),
}

impl SaveTarget {
    /// An error now is better than one after the work.
    pub(super) fn check_writable(&self) -> Result<(), CliError> {
        match self {
            Self::File(file) => {
                gallery::check_name(file)?;
                if file.is_dir() {
                    return Err(CliError::Usage(format!(
                        "expected a file to write, found a folder: {}",
                        file.display()
                    )));
                }
                check_folder(file.parent().unwrap_or_else(|| Path::new("")))
            }
            Self::Gallery(folder) => {
                make_folder(folder)?;
                check_folder(folder)
            }
        }
    }

    pub(super) fn save(&self, image: &GeneratedImage) -> Result<SavedPicture, GalleryError> {
        match self {
            Self::File(file) => gallery::save_as(&numbered(file, image.record.batch_index + 1), image),
            Self::Gallery(folder) => gallery::save(folder, image),
        }
    }
}

/// `a.png`, `a-2.png`, `a-3.png` …; a name that leaves no room for the number is shortened.
pub(super) fn numbered(file: &Path, number: u32) -> PathBuf {
    if number < 2 {
        return file.to_owned();
    }
    let extension = file.extension().unwrap_or_default().display();
    let ending = format!("-{number}.{extension}");
    file.with_file_name(name_with_ending(file.file_stem().unwrap_or_default(), &ending))
}

pub(super) fn make_folder(folder: &Path) -> Result<(), CliError> {
    std::fs::create_dir_all(folder)
        .map_err(|error| CliError::Failed(format!("could not make the folder {}: {error}", folder.display())))
}

pub(super) fn check_folder(folder: &Path) -> Result<(), CliError> {
    match PendingFile::create(folder) {
        Ok(_) => Ok(()),
        Err(error) => {
            let folder = if folder.as_os_str().is_empty() {
                Path::new(".")
            } else {
                folder
            };
            Err(CliError::Failed(format!(
                "could not write to the folder {}: {}",
                folder.display(),
                error.kind()
            )))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pictures_of_a_batch_should_be_numbered_from_the_second() {
        let names: Vec<_> = (1..4)
            .map(|number| numbered(Path::new("out/a.b.png"), number))
            .collect();
        assert_eq!(
            names,
            ["out/a.b.png", "out/a.b-2.png", "out/a.b-3.png"].map(PathBuf::from)
        );
        let longest = format!("{}.png", "n".repeat(251));
        let second = numbered(Path::new(&longest), 2);
        assert_eq!(second.as_os_str().len(), 255, "the number must fit into the name");
        assert!(second.to_str().unwrap().ends_with("n-2.png"));
    }
}
