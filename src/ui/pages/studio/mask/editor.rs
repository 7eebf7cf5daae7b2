//! The mask on the canvas: of which picture it is, what paints, and whether it is saved.

use std::path::{Path, PathBuf};

use super::MaskDocument;
use crate::ui::model::brush::Brush;

/// How far a mask is saved.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Saved {
    /// The version that was handed over to be saved last.
    pub asked: u64,
    /// The version that is saved.
    pub done: u64,
}

/// What is known of the mask being painted.
#[derive(Debug, Clone, Default)]
pub struct MaskEditor {
    /// The picture it belongs to.
    pub picture: PathBuf,
    /// The mask; there once the picture's size is known, and a mask that was saved before is read.
    pub document: Option<MaskDocument>,
    /// Counts the masks, to tell one from the next.
    pub serial: u64,
    /// Whether it is shown to be painted.
    pub is_open: bool,
    /// What paints.
    pub brush: Brush,
    /// How far it is saved.
    pub saved: Saved,
    /// The file it was saved as or read from last; empty if there is none.
    pub file: PathBuf,
    /// The file that is being read into it.
    pub reading: Option<PathBuf>,
}

impl MaskEditor {
    /// Begins anew for a picture, unless it is that of this picture already.
    pub fn belong_to(&mut self, picture: &Path) {
        if self.picture != picture {
            *self = Self {
                picture: picture.to_owned(),
                serial: self.serial + 1,
                brush: self.brush,
                ..Self::default()
            };
        }
    }

    /// Takes up a mask, saved as it is.
    pub fn set(&mut self, document: MaskDocument) {
        let version = document.version();
        self.saved = Saved {
            asked: version,
            done: version,
        };
        self.serial += 1;
        self.document = Some(document);
    }

    /// Whether what is painted is not saved yet, or is still being painted.
    pub fn is_unsaved(&self) -> bool {
        let document = self.document.as_ref();
        document.is_some_and(|document| document.version() != self.saved.done || document.is_stroking())
    }
}
