//! The hub over a real server on this computer: what is promised arrives whole, and what cannot is said in one line.

mod command_line;
pub(crate) mod downloads;
mod installed;
mod pictures;
pub(crate) mod server;
pub(crate) mod weights;
