//! The run in time, below the canvas.

pub(in crate::ui) mod panel;

mod strip;
mod transport;
