//! The run in time, below the canvas.

mod numbers;
pub(in crate::ui) mod panel;

mod strip;
mod transport;
