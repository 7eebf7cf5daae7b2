//! What can be seen in a kept run, computed from its latents alone: views of a step, numbers of a run, sheets and films
//! of the whole unfolding. No network, no window.

mod caption;
pub mod colour;
mod field;
mod film;
mod numbers;
mod path;
mod reel;
mod resample;
mod sheet;
mod similarity;
mod view;

pub use caption::{INTER, MPLUS1};
pub use field::{Amounts, Field, Missing, Shown, colours_of, find_word, is_picture, latents, show, word_of, words};
pub use film::{FilmError, FilmFormat, FilmPlan, Frames};
pub use numbers::{StepNumbers, numbers};
pub use path::paths;
pub use reel::{GridCell, GridReel, ReelError, RunReel};
pub use sheet::{
    MAX_SHEET_PIXELS, SheetError, check_contact_sheet, contact_sheet, fitted, labelled_grid, pair_width, resized,
    side_by_side,
};
pub use similarity::Similarity;
pub use view::{Token, View};
