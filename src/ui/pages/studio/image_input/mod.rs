//! Pictures as inputs of the form: dropped, pasted or chosen, one becomes what the next picture starts from, follows or resembles.

mod actions;
mod adapters;
mod drawn;
pub(in crate::ui) mod drop_menu;
mod edges;
mod masks;
mod pasting;
mod preview;
mod reading;
mod section;
mod stage;
mod state;
mod target;
mod worker;

pub(in crate::ui) use actions::{carry_out, handle_input, holds_generate, make_way, open_dropped, take_event, tick};
pub use adapters::Adapters;
pub use preview::{Preview, STEPS_TAKEN};
pub(in crate::ui) use section::ImageInputPanel;
pub(in crate::ui) use stage::StagePanel;
pub use state::{ImageInputState, InputPicture, InputStatus};
pub use target::{Grounds, Says, fitted_size};
pub(in crate::ui) use worker::ImageWorker;
