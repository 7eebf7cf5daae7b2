//! Bringing a picture in: dropped, pasted or chosen, it becomes what the next picture starts from, follows or resembles.

mod actions;
mod command;
mod drawn;
pub(in crate::ui) mod drop_menu;
mod edges;
mod masks;
mod pasting;
mod preview;
mod section;
mod stage;
mod state;
mod target;
mod workbench;

pub(in crate::ui) use actions::{carry_out, hear, open_dropped, take_event, takes, tick};
pub use command::{BringCommand, Brought};
pub use preview::{Preview, STEPS_TAKEN};
pub(in crate::ui) use section::BringPanel;
pub(in crate::ui) use stage::StagePanel;
pub use state::{Adapters, Bringing, Look, Looked};
pub use target::{Grounds, Says, Target, fitted_size};
pub(in crate::ui) use workbench::Workbench;

use std::path::PathBuf;

use crate::ui::app::Studio;
use crate::ui::commands::UiCommand;

/// Shows what a picture could become, for the user to choose.
pub fn offer(studio: &Studio, path: PathBuf) {
    studio.send(UiCommand::Bring(BringCommand::Offer(path)));
}
