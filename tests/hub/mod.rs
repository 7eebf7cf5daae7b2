//! The hub over a real server on this computer: what is promised arrives whole, and what cannot is said in one line.

mod pictures;
mod server;
