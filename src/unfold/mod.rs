//! What can be seen in a kept run, computed from its latents alone: views of a step, numbers of a run, sheets and films
//! of the whole unfolding. No network, no window.

pub mod colour;
mod field;
mod numbers;
mod path;
mod resample;
mod view;

pub use field::{Amounts, Field, Missing, Shown, colours_of, find_word, is_picture, latents, show};
pub use numbers::{StepNumbers, numbers};
pub use path::paths;
pub use view::{Token, View};
