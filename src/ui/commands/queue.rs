//! Everything the page can be asked to do.

use crate::ui::model::jobs::QueueId;

/// One thing to do. Those without a name of a job are about the selected one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum QueueCommand {
    /// Lets no job begin, or lets them begin again.
    TogglePause,
    /// Takes away all that waits.
    Clear,
    /// Takes away the jobs that are back from last time and wait to be resumed.
    ClearHeld,
    /// Empties the list of jobs that have ended.
    ClearDone,
    /// Selects the job above.
    SelectPrevious,
    /// Selects the job below.
    SelectNext,
    /// Moves the selected job one place forward.
    MoveUp,
    /// Moves the selected job one place back.
    MoveDown,
    /// Makes the selected job the next.
    MoveFirst,
    /// Makes the selected job the last.
    MoveLast,
    /// Takes away or stops the selected job.
    CancelSelected,
    /// Puts the selected job in once more.
    DuplicateSelected,
    /// Selects a job.
    Select(QueueId),
    /// Moves a job to a place among those that wait, from 0.
    MoveTo(QueueId, usize),
    /// Takes a job away, or stops it.
    Cancel(QueueId),
    /// Puts a job in once more, with other seeds.
    Duplicate(QueueId),
    /// Puts a job that has ended in again.
    Retry(QueueId),
    /// Shows the picture of a job that has ended.
    Show(QueueId),
}
