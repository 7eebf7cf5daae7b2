//! What there is at the moment that commands could act on.

/// What decides whether commands can act now. Each page says what it has; see [`super::CommandSpec::is_enabled`].
#[expect(clippy::struct_excessive_bools, reason = "each answers a question of its own")]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Availability {
    /// A job is at work or waits for its turn in the engine.
    pub has_job: bool,
    /// The engine has ended.
    pub is_engine_stopped: bool,
    /// The run or the sweep on the canvas has steps.
    pub has_steps: bool,
    /// The canvas shows a step whose record is there.
    pub has_shown_step: bool,
    /// The canvas shows a run that can be steered.
    pub is_live: bool,
    /// The form differs from the run at work in what can change on the way.
    pub has_change: bool,
    /// The canvas shows a picture or a run, at some zoom.
    pub has_canvas_picture: bool,
    /// The canvas shows a saved picture.
    pub has_shown_picture: bool,
    /// It says how it was made.
    pub has_record: bool,
    /// The form is filled in for a branch.
    pub is_branching: bool,
    /// A film or a sheet is in the making.
    pub is_exporting: bool,
    /// Another run is shown beside the one on the canvas.
    pub has_beside: bool,
    /// There is a sweep.
    pub has_sweep: bool,
    /// There is a sweep, and it is over.
    pub has_ended_sweep: bool,
    /// An edit of the form can be taken back.
    pub can_undo_form: bool,
    /// An edit of the form that was taken back can be made again.
    pub can_redo_form: bool,
    /// The form has a picture to start from.
    pub has_init_image: bool,
    /// A mask is painted on the canvas.
    pub is_mask_shown: bool,
    /// There is a mask to edit.
    pub has_mask: bool,
    /// An edit of the mask can be taken back.
    pub can_undo_mask: bool,
    /// An edit of the mask that was taken back can be made again.
    pub can_redo_mask: bool,
    /// The menu of what a picture could become is open.
    pub is_drop_menu_open: bool,
    /// The canvas shows a preview of what becomes of a picture.
    pub is_preview_shown: bool,
    /// The gallery has found pictures.
    pub has_gallery_pictures: bool,
    /// A picture of the gallery is chosen or has the keyboard.
    pub has_gallery_subject: bool,
    /// What went to the trash last can be brought back.
    pub can_undo_trash: bool,
    /// How many pictures are held against each other.
    pub num_compared: usize,
    /// A run with steps was kept with one of them.
    pub has_compared_steps: bool,
    /// The queue's page lists jobs that wait or run.
    pub has_listed_jobs: bool,
    /// One of them is selected.
    pub is_job_selected: bool,
    /// Jobs that have ended are listed.
    pub has_ended_jobs: bool,
    /// Jobs are back from last time and wait to be resumed.
    pub has_held_jobs: bool,
    /// The user has changed keys.
    pub has_own_keys: bool,
}
