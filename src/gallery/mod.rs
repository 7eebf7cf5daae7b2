//! The folder of pictures: PNG files that remember how they were made, each with its trajectory beside it.
//!
//! The files are the truth. A picture appears whole or not at all, never without its trajectory.

mod error;
mod file_names;
mod infotext;
mod png_metadata;
mod store;
mod thumbnails;
mod trajectory_file;
mod writer;

pub use error::GalleryError;
pub use infotext::{infotext, record_from_infotext};
pub use store::{check_name, newest_pictures, read_picture, read_record, read_trajectory, save, save_as, save_pixels};
pub use trajectory_file::trajectory_path;
pub use writer::{Listed, SaveEvent, Writer};
