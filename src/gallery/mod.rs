//! The folder of pictures: files that remember how they were made, each with its trajectory beside it.
//!
//! The files are the truth. A file appears whole or not at all, and a picture never before its trajectory.
//!
//! | file | what it is | who may remove it |
//! |---|---|---|
//! | `DAY/TIME-SEED-PROMPT.png`, `.webp` or `.jpg` | the picture; its record is in it. Names are the [`NameTemplate`]'s | its owner |
//! | `DAY/TIME-SEED-PROMPT.trajectory.safetensors` | its trajectory: all steps, see [`read_trajectory`] | [`keep_within_budget`], which thins it first |
//! | `DAY/TIME-SEED-PROMPT.png.xmp` | what its owner says of it: rating, tags, collections; see [`read_marks`] | its owner |
//! | `.hareru/marks/XXXX.xmp` | the same of pictures in watched folders, which are never written to | its owner |
//! | `.hareru/index.sqlite`, `-wal`, `-shm` | what is known of the pictures, see [`index`] | anybody: it is made anew from them |
//! | `.hareru/index-set-aside.sqlite` | an index that could not be used | anybody |
//! | `.hareru/index.lock` | held while the index is opened or made | anybody |
//! | `.hareru/trash` | what was deleted where the system has no trash | its owner |
//! | `.hareru-XXXXXX.part` | a file being written | the next [`Writer`], a day later |
//!
//! Trajectories take far more room than pictures, so they have a budget. A picture whose trajectory is gone, or could
//! not be written, is a picture all the same.
//!
//! A record is JSON of our own beside the customary text of A1111: two texts in a PNG, two fields of EXIF in the other
//! files. Records of other programs are read too: [`read_made`].

mod container;
mod entry;
mod error;
mod exif_record;
mod foreign;
mod formats;
pub mod index;
mod infotext;
mod leftovers;
mod librarian;
mod library;
mod marks_file;
mod name_template;
mod png_metadata;
pub mod query;
mod runs;
mod store;
mod thumbnail_cache;
mod thumbnails;
mod trajectory_budget;
mod trajectory_file;
mod trash;
mod watch;
mod writer;
mod xmp;

pub use entry::{Entry, EntryId, MarkChange, Marks, Source};
pub use error::GalleryError;
pub use foreign::{comfyui_graph, invokeai_metadata, record_from_infotext, record_from_text};
pub use formats::SaveOptions;
pub use infotext::infotext;
pub use librarian::{Flaw, Librarian, LibrarianOptions, Verification, forget_index, verify};
pub use library::{Completion, DayCount, Found, Label, LibraryEvent, Order, Question, Ticket};
pub use marks_file::{marks_path, read_marks, write_marks};
pub use name_template::{NameTemplate, NameTemplateError};
pub use runs::{RunEntry, find_run, read_run, read_steps, read_trajectory, read_trajectory_header, runs_in};
pub use store::{
    Saved, check_name, newest_pictures, read_made, read_picture, read_record, save, save_as, save_pixels, save_run,
    save_run_with,
};
pub use thumbnails::{CopyMaker, CopySize, CopyWish, MadeCopy, PictureFile};
pub use trajectory_budget::{BudgetReport, IsKept, keep_within_budget, trajectory_bytes};
pub use trajectory_file::{KeptParts, TrajectoryHeader, TrajectorySize, trajectory_path};
pub use trash::TrashPlace;
pub use writer::{Listed, SaveEvent, Writer, WriterOptions};
pub use xmp::XmpError;
