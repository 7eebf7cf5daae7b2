//! The folder of pictures: files that remember how they were made, each with its trajectory beside it.
//!
//! The files are the truth. A file appears whole or not at all, and a picture never before its trajectory.
//!
//! | file | what it is | who may remove it |
//! |---|---|---|
//! | `DAY/TIME-SEED-PROMPT.png`, `.webp` or `.jpg` | the picture; its record is in it. Names are the [`NameTemplate`]'s | its owner |
//! | `DAY/TIME-SEED-PROMPT.trajectory.safetensors` | its trajectory: all steps, see [`read_run`] | [`keep_within_budget`], which thins it first, then puts it into the trash |
//! | `DAY/TIME-SEED-PROMPT.png.xmp` | what its owner says of it: rating, tags, collections; see [`read_user_metadata`] | its owner |
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

mod bounded;
mod container;
mod entry;
mod error;
mod exif_record;
mod file_lock;
mod foreign;
mod formats;
pub mod index;
mod index_request;
mod index_service;
mod infotext;
mod leftovers;
mod name_template;
mod png_metadata;
pub mod query;
mod runs;
mod stealth;
mod store;
mod texts;
mod thumbnail_cache;
mod thumbnails;
mod trajectory_budget;
mod trajectory_file;
mod trash;
mod user_metadata_file;
mod watch;
mod writer;
mod xmp;

pub use entry::{EntryId, MetadataChange, PictureEntry, PictureFile, RecordSource, UserMetadata};
pub use error::GalleryError;
pub use foreign::{comfyui_graph, invokeai_metadata, record_from_infotext, record_from_text};
pub use formats::SaveOptions;
pub use index_request::{Completion, DayCount, IndexEvent, IndexRequest, LabelCount, SearchResult, SortOrder, Ticket};
pub use index_service::{
    Flaw, IndexService, IndexServiceOptions, Verification, forget_index, verify, verify_as_next_opened,
};
pub use infotext::infotext;
pub use name_template::{NameTemplate, NameTemplateError};
pub use runs::{read_run, read_steps, read_trajectory, read_trajectory_header};
pub use store::{
    SavedPicture, check_name, newest_pictures, read_made, read_mask, read_picture, read_record, save, save_as,
    save_pixels, save_with,
};
pub use thumbnails::{LoadedThumbnail, ThumbnailLoader, ThumbnailRequest, ThumbnailSize};
pub use trajectory_budget::{BudgetReport, forecast_budget, keep_within_budget, trajectory_bytes};
pub use trajectory_file::{KeptParts, TrajectoryHeader, TrajectorySize, trajectory_path};
pub use trash::TrashPlace;
pub use user_metadata_file::{read_user_metadata, user_metadata_path, write_user_metadata};
pub use writer::{Listed, SaveEvent, Writer, WriterOptions};
pub use xmp::XmpError;
