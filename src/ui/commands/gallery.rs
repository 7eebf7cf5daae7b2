//! Everything the page can be asked to do.

use std::ops::Range;
use std::path::PathBuf;

use crate::gallery::{MetadataChange, SortOrder};
use crate::ui::model::notifications::Text;

/// Where the keyboard goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Go {
    /// To the one before.
    Left,
    /// To the one after.
    Right,
    /// To the row above.
    Up,
    /// To the row below.
    Down,
    /// As far up as is in sight at once.
    PageUp,
    /// As far down.
    PageDown,
    /// To the first of all.
    First,
    /// To the last of all.
    Last,
}

/// How a picture is chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SelectMode {
    /// It alone.
    Only,
    /// It too, or no longer.
    Toggle,
    /// All from the one chosen before to it.
    Range,
}

/// What has to be told to the user beside the page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PageNotice {
    /// Good to know.
    Info(Text),
    /// The same; and it can be undone.
    Undoable(Text),
    /// Something could not be done.
    Error(Text),
}

/// One thing to do. What is said of "the pictures" means those chosen, else the one at the keyboard.
#[derive(Debug, Clone, PartialEq)]
pub enum GalleryCommand {
    /// Moves the keyboard; with `true` what lies between is chosen too.
    Go(Go, bool),
    /// Chooses everything that was found.
    ChooseAll,
    /// Closes what is open, else chooses nothing.
    Leave,
    /// Shows the picture at the keyboard in the studio, with its run.
    Open,
    /// Looks at it in large, or no longer.
    Preview,
    /// Rates the pictures, 0 to 5.
    Rate(u8),
    /// Makes the pictures favourites; if all are, no longer.
    Favourite,
    /// Gives the keyboard to the field for tags.
    EditTags,
    /// Puts the pictures into the system's trash.
    Trash,
    /// Brings back what went there last.
    UndoTrash,
    /// Holds the pictures against each other.
    Compare,
    /// Copies the pixels of the picture at the keyboard.
    CopyImage,
    /// Copies its prompt.
    CopyPrompt,
    /// Copies its settings in the form that other programs read.
    CopySettings,
    /// Shows its folder in the system's file manager.
    Reveal,
    /// Gives the keyboard to the search field.
    Find,
    /// Explains the language of the search field, or no longer.
    ExplainSearch,
    /// Shows or hides the side with the details.
    ToggleDetails,
    /// Chooses a picture by its place among those found.
    Choose(usize, SelectMode),
    /// Changes marks of the pictures.
    Mark(MetadataChange),
    /// Takes in what is typed into the search field.
    Type {
        /// All of it.
        text: String,
        /// Where the caret is, in bytes.
        caret: usize,
    },
    /// Looks for something else at once.
    SearchFor(String),
    /// Remembers what was looked for.
    Remember,
    /// Shows pictures in another order.
    SetOrder(SortOrder),
    /// Draws cells of another size, in points.
    SetSide(f32),
    /// Says how large the grid is, in points.
    GridSize {
        /// Its width.
        width: f32,
        /// Its height.
        height: f32,
    },
    /// Says which pictures are in sight, by their places among those found.
    InSight(Range<usize>),
    /// Asks for a folder of pictures.
    AddFolder,
    /// Shows the pictures of a folder from now on; nothing is ever written to it.
    Watch(PathBuf),
    /// No longer shows them.
    Unwatch(PathBuf),
    /// Opens a folder in the system's file manager.
    OpenFolder(PathBuf),
    /// Looks at every file again.
    Rescan,
    /// Puts a text on the clipboard.
    PutText(String),
    /// Tells the user something that a thread found out.
    Notify(PageNotice),
}
