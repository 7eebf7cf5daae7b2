//! Plain state that pages share, kept up to date from the events of the engine and of the writer of pictures.

pub mod brush;
pub mod budget;
pub mod camera;
pub mod decodes;
pub mod divider;
pub mod installed;
pub mod jobs;
pub mod named_files;
pub mod notifications;
pub mod page_id;
pub mod playhead;
pub mod regenerate;
pub mod run;
pub mod run_timeline;
pub mod shown;
pub mod state;
pub mod step_pictures;
pub mod step_times;
pub mod strangers;
pub mod sweep_cell;
pub mod sweeping;
pub mod text;
pub mod time_left;
