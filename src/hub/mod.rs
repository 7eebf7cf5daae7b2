//! Models in and on disk: what is installed, what is fetched. The only room that uses the network.
//!
//! [`crate::weights`] reads what is on disk for the networks; what stands here never reads more than a file's header.
//!
//! # How a model comes
//!
//! A [`Hub`] has one thread for the disk, one for hashes and one for each download. A download asks the hub for the
//! files of a repository at one commit, chooses those that this program can load, and fetches them into a folder beside
//! the models that begins with a dot; stopped at any moment, it goes on from there, also in another run of the program.
//! One program works on a download at a time.
//! When all files are there and have the promised lengths and checksums (of a file whose checksum the hub does not give, the
//! length and the header), the folder or file is renamed to what it is.

mod choice;
mod disk_space;
mod download;
mod download_lock;
mod download_task;
mod error;
mod events;
mod handle;
mod http;
mod installed;
mod options;
mod picture;
mod public_only;
mod repo;
mod source;
#[cfg(test)]
#[path = "../../tests/hub/server.rs"]
#[expect(dead_code, reason = "the integration tests need more of it")]
mod test_server;
mod transfer;

pub use error::HubError;
pub use events::{Download, DownloadId, DownloadState, HubEvent};
pub use handle::Hub;
pub use installed::{FolderOwner, InstalledModel, InstalledModels, ModelKind};
pub use options::HubOptions;
pub use picture::{MAX_PICTURE_BYTES, fetch_picture};
pub use repo::RepoRef;
pub use source::HubSource;
