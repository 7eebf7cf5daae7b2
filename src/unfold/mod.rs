//! What can be seen in a kept run, computed from its latents alone: views of a step, numbers of a run, sheets and films
//! of the whole unfolding. No network, no window.

mod numbers;
mod view;

pub use numbers::{StepNumbers, numbers, paths};
pub use view::{Token, View};
