//! What can be seen in a kept run, computed from its latents alone: views of a step, numbers of a run, sheets and films
//! of the whole unfolding. No network, no window.

mod numbers;
mod path;
mod view;

pub use numbers::{StepNumbers, numbers};
pub use path::paths;
pub use view::{Token, View};
