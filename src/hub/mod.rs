//! Models in and on disk: what is installed, what is fetched. The only room that speaks to the network.
//!
//! [`crate::weights`] reads what is on disk for the networks; what stands here never opens more than a file's header.

mod error;
mod http;
mod picture;

pub use error::HubError;
pub use picture::{MAX_PICTURE_BYTES, fetch_picture};
