//! What the window knows of pictures that are brought in.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::adapters::Adapters;
use super::preview::Preview;
use super::target::Says;
use crate::hub::InstalledModels;
use crate::job::{Record, RgbImage};
use crate::ui::commands::Target;
use crate::ui::model::installed::Installed;
use crate::ui::pages::studio::mask::MaskEditor;

/// A picture that was read.
#[derive(Debug, Clone)]
pub struct InputPicture {
    /// Its pixels.
    pub pixels: Arc<RgbImage>,
    /// A small version.
    pub thumbnail: Arc<RgbImage>,
    /// What each target would make of it, in their order.
    pub drawn: [Arc<RgbImage>; Target::ALL.len()],
    /// How it was made, if it says so.
    pub record: Option<Arc<Record>>,
}

/// How far the reading of a picture is.
#[derive(Debug, Clone)]
pub enum InputStatus {
    /// Being read.
    Reading,
    /// Read.
    Done(Arc<InputPicture>),
    /// It cannot be read.
    Failed(String),
}

/// All of it.
#[derive(Debug, Default)]
pub struct ImageInputState {
    /// The picture whose targets are shown.
    pub drop_menu: Option<PathBuf>,
    /// Pictures that were read, oldest first.
    pub looks: Vec<(PathBuf, InputStatus)>,
    /// What is installed beside models.
    pub adapters: Adapters,
    /// The models on disk among which they were found.
    adapters_of: Arc<InstalledModels>,
    /// What a few steps make of the picture to start from.
    pub preview: Preview,
    /// The mask being painted.
    pub mask: MaskEditor,
    /// The picture whose proportions the form takes over once it is read.
    pub fitting: Option<PathBuf>,
    /// Whether a picture is made as soon as the mask is saved.
    pub is_generate_waiting: bool,
}

impl ImageInputState {
    /// Finds the adapters again once the hub has found other models.
    pub(super) fn find_adapters(&mut self, installed: &Installed) {
        if !Arc::ptr_eq(&self.adapters_of, &installed.models) {
            self.adapters_of = Arc::clone(&installed.models);
            self.adapters = Adapters::of(installed);
        }
    }

    /// How far the reading of a picture is; `None` if nobody asked for it.
    pub fn look(&self, path: &Path) -> Option<&InputStatus> {
        self.looks
            .iter()
            .find_map(|(known, look)| (known == path).then_some(look))
    }

    /// A picture that was read.
    pub fn looked(&self, path: &Path) -> Option<&Arc<InputPicture>> {
        match self.look(path)? {
            InputStatus::Done(looked) => Some(looked),
            _ => None,
        }
    }

    /// What a picture says of how it was made.
    pub fn says(&self, path: &Path) -> Says<'_> {
        match self.look(path) {
            Some(InputStatus::Done(looked)) => looked.record.as_deref().map_or(Says::Nothing, Says::How),
            Some(InputStatus::Failed(_)) => Says::Nothing,
            Some(InputStatus::Reading) | None => Says::NotRead,
        }
    }

    pub(super) fn set_look(&mut self, path: &Path, look: InputStatus) {
        match self.looks.iter_mut().find(|(known, _)| known == path) {
            Some((_, known)) => *known = look,
            None => self.looks.push((path.to_owned(), look)),
        }
    }
}
