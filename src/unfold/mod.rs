//! What can be seen in a kept run, computed from its latents alone: views of a step, numbers of a run, sheets and animations
//! of the whole unfolding. No network, no window.

mod animation;
mod caption;
pub mod colour;
mod contact_sheet;
mod field;
mod frames;
mod mixture;
mod numbers;
mod path;
mod resample;
mod similarity;
mod view;

pub use animation::{AnimationError, AnimationFormat, AnimationOptions, AnimationWriter};
pub use caption::{INTER, MPLUS1};
pub use contact_sheet::{
    ContactSheetError, MAX_SHEET_PIXELS, check_contact_sheet, contact_sheet, fitted, labelled_grid, pair_width,
    resized, side_by_side,
};
pub use field::{
    MissingData, ScalarMap, ViewContext, ViewImage, colours_of, find_word, is_picture, latents, overlay, show, word_of,
    words,
};
pub use frames::{FrameError, GridAnimation, GridCell, RunAnimation};
pub use mixture::{Meaning, Plane};
pub use numbers::{StepNumbers, numbers};
pub use path::paths;
pub use similarity::Similarity;
pub use view::{AttentionToken, StepView};
