//! What is on disk: models, adapters and embeddings in the models folder and in those of other programs.
//!
//! What a file is and for which models is derived from the names and shapes in its header, the folder it is in, or its
//! ending, in this order: enough for a list, while the engine's `describe` has the last word on whether it can be used.
//! No tensor is read, and no folder but the models folder is written to.

mod cover;
mod folders;
mod kind;
mod library;
mod model;
mod notes;
mod scan;
mod usage;

pub use kind::ModelKind;
pub use model::{FolderOwner, InstalledModel, InstalledModels};

pub(super) use cover::thumbnail;
pub(super) use library::ModelLibrary;
pub(super) use scan::kind_of;
