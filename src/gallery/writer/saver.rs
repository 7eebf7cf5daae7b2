//! Saves pictures, and waits for nothing else.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use crossbeam_channel::{Receiver, Sender};

use super::librarian::LibrarianCommand;
use super::{SaveEvent, Told};
use crate::gallery::error::guarded;
use crate::gallery::formats::SaveOptions;
use crate::gallery::store::{SavedPicture, save_with};
use crate::gallery::thumbnails::thumbnail;
use crate::job::GeneratedImage;

pub(super) enum SaverCommand {
    Save(Arc<GeneratedImage>),
    Options(SaveOptions),
}

/// What lives on the thread that saves.
pub(super) struct Saver {
    pub(super) folder: PathBuf,
    pub(super) options: SaveOptions,
    pub(super) commands: Receiver<SaverCommand>,
    pub(super) to_librarian: Sender<LibrarianCommand>,
    pub(super) num_unsaved: Arc<AtomicUsize>,
    pub(super) told: Told,
}

impl Saver {
    pub(super) fn run(mut self) {
        while let Ok(command) = self.commands.recv() {
            match command {
                SaverCommand::Save(image) => self.save(&image),
                SaverCommand::Options(options) => self.options = options,
            }
        }
    }

    fn save(&self, image: &GeneratedImage) {
        let saved = guarded(|| save_with(&self.folder, image, &self.options));
        self.num_unsaved.fetch_sub(1, Ordering::AcqRel);
        match saved {
            Ok(SavedPicture { path, trajectory }) => {
                self.told.tell(SaveEvent::Saved {
                    path: path.clone(),
                    record: Arc::new(image.record.clone()),
                    thumbnail: Arc::new(thumbnail(&image.pixels)),
                });
                match trajectory {
                    Ok(bytes) => {
                        self.to_librarian.send(LibrarianCommand::Grown(bytes)).ok(); // the program may be ending
                    }
                    Err(error) => {
                        let message = error.one_line();
                        tracing::warn!("a picture was saved without its steps: {message}");
                        self.told.tell(SaveEvent::RunNotKept { path, message });
                    }
                }
            }
            Err(message) => {
                tracing::error!("a picture was not saved: {message}");
                self.told.tell(SaveEvent::Failed { message });
            }
        }
    }
}
