//! Everything the page can be asked to do.

use std::ops::Range;
use std::path::PathBuf;

use egui::{Key, KeyboardShortcut, Modifiers};

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

const fn plain(key: Key) -> KeyboardShortcut {
    KeyboardShortcut::new(Modifiers::NONE, key)
}

const fn shift(key: Key) -> KeyboardShortcut {
    KeyboardShortcut::new(Modifiers::SHIFT, key)
}

const fn command(key: Key) -> KeyboardShortcut {
    KeyboardShortcut::new(Modifiers::COMMAND, key)
}

impl GalleryCommand {
    /// Those that have a key, which is heard while the page is shown.
    pub const WITH_SHORTCUT: &[Self] = &[
        // Each before the one that has its key without Shift, which Shift would not keep from being heard.
        Self::Go(Go::Left, true),
        Self::Go(Go::Right, true),
        Self::Go(Go::Up, true),
        Self::Go(Go::Down, true),
        Self::Go(Go::PageUp, true),
        Self::Go(Go::PageDown, true),
        Self::Go(Go::First, true),
        Self::Go(Go::Last, true),
        Self::Go(Go::Left, false),
        Self::Go(Go::Right, false),
        Self::Go(Go::Up, false),
        Self::Go(Go::Down, false),
        Self::Go(Go::PageUp, false),
        Self::Go(Go::PageDown, false),
        Self::Go(Go::First, false),
        Self::Go(Go::Last, false),
        Self::ChooseAll,
        Self::Open,
        Self::Preview,
        Self::Rate(1),
        Self::Rate(2),
        Self::Rate(3),
        Self::Rate(4),
        Self::Rate(5),
        Self::Rate(0),
        Self::Favourite,
        Self::EditTags,
        Self::Trash,
        Self::UndoTrash,
        Self::CopyPrompt,
        Self::CopyImage,
        Self::Compare,
        Self::Find,
        Self::ExplainSearch,
        Self::ToggleDetails,
    ];

    /// Key of its name among the texts; its attribute `.tip` says what it does.
    pub fn key(&self) -> Option<&'static str> {
        Some(match self {
            Self::Go(go, false) => match go {
                Go::Left => "gallery-go-left",
                Go::Right => "gallery-go-right",
                Go::Up => "gallery-go-up",
                Go::Down => "gallery-go-down",
                Go::PageUp => "gallery-go-page-up",
                Go::PageDown => "gallery-go-page-down",
                Go::First => "gallery-go-first",
                Go::Last => "gallery-go-last",
            },
            Self::Go(go, true) => match go {
                Go::Left => "gallery-extend-left",
                Go::Right => "gallery-extend-right",
                Go::Up => "gallery-extend-up",
                Go::Down => "gallery-extend-down",
                Go::PageUp => "gallery-extend-page-up",
                Go::PageDown => "gallery-extend-page-down",
                Go::First => "gallery-extend-first",
                Go::Last => "gallery-extend-last",
            },
            Self::ChooseAll => "gallery-choose-all",
            Self::Open => "gallery-open",
            Self::Preview => "gallery-look",
            Self::Rate(0) => "gallery-rate-0",
            Self::Rate(1) => "gallery-rate-1",
            Self::Rate(2) => "gallery-rate-2",
            Self::Rate(3) => "gallery-rate-3",
            Self::Rate(4) => "gallery-rate-4",
            Self::Rate(_) => "gallery-rate-5",
            Self::Favourite => "gallery-favourite",
            Self::EditTags => "gallery-edit-tags",
            Self::Trash => "gallery-trash",
            Self::UndoTrash => "gallery-undo-trash",
            Self::Compare => "gallery-compare",
            Self::CopyImage => "gallery-copy-image",
            Self::CopyPrompt => "gallery-copy-prompt",
            Self::CopySettings => "gallery-copy-settings",
            Self::Reveal => "gallery-reveal",
            Self::Find => "gallery-find",
            Self::ExplainSearch => "gallery-explain",
            Self::ToggleDetails => "gallery-details",
            Self::AddFolder => "gallery-add-folder",
            Self::Rescan => "gallery-rescan",
            _ => return None,
        })
    }

    /// Its keys; the first is the one that is told.
    pub fn shortcuts(&self) -> &'static [KeyboardShortcut] {
        const ALL: &[KeyboardShortcut] = &[command(Key::A)];
        const OPEN: &[KeyboardShortcut] = &[plain(Key::Enter)];
        const LOOK: &[KeyboardShortcut] = &[plain(Key::Space)];
        const RATES: [&[KeyboardShortcut]; 6] = [
            &[plain(Key::Num0)],
            &[plain(Key::Num1)],
            &[plain(Key::Num2)],
            &[plain(Key::Num3)],
            &[plain(Key::Num4)],
            &[plain(Key::Num5)],
        ];
        const FAVOURITE: &[KeyboardShortcut] = &[plain(Key::F)];
        const TAGS: &[KeyboardShortcut] = &[plain(Key::T)];
        const TRASH: &[KeyboardShortcut] = &[plain(Key::Delete)];
        const UNDO: &[KeyboardShortcut] = &[command(Key::Z)];
        const COMPARE: &[KeyboardShortcut] = &[plain(Key::C)];
        const COPY: &[KeyboardShortcut] = &[command(Key::C)];
        const COPY_PROMPT: &[KeyboardShortcut] =
            &[KeyboardShortcut::new(Modifiers::COMMAND.plus(Modifiers::SHIFT), Key::C)];
        const FIND: &[KeyboardShortcut] = &[command(Key::F)];
        const EXPLAIN: &[KeyboardShortcut] = &[plain(Key::F1)];
        const DETAILS: &[KeyboardShortcut] = &[plain(Key::I)];
        match self {
            Self::Go(go, is_extending) => go_keys(*go, *is_extending),
            Self::ChooseAll => ALL,
            Self::Open => OPEN,
            Self::Preview => LOOK,
            Self::Rate(rating) => RATES.get(usize::from(*rating)).copied().unwrap_or_default(),
            Self::Favourite => FAVOURITE,
            Self::EditTags => TAGS,
            Self::Trash => TRASH,
            Self::UndoTrash => UNDO,
            Self::Compare => COMPARE,
            Self::CopyImage => COPY,
            Self::CopyPrompt => COPY_PROMPT,
            Self::Find => FIND,
            Self::ExplainSearch => EXPLAIN,
            Self::ToggleDetails => DETAILS,
            _ => &[],
        }
    }

    /// Whether a field that has the keyboard needs its key, beside those that are typed.
    pub fn yields_to_fields(&self) -> bool {
        matches!(
            self,
            Self::ChooseAll | Self::UndoTrash | Self::CopyImage | Self::CopyPrompt
        )
    }
}

fn go_keys(go: Go, is_extending: bool) -> &'static [KeyboardShortcut] {
    macro_rules! keys {
        ($key:expr) => {{
            const PLAIN: &[KeyboardShortcut] = &[plain($key)];
            const EXTENDING: &[KeyboardShortcut] = &[shift($key)];
            if is_extending { EXTENDING } else { PLAIN }
        }};
    }
    match go {
        Go::Left => keys!(Key::ArrowLeft),
        Go::Right => keys!(Key::ArrowRight),
        Go::Up => keys!(Key::ArrowUp),
        Go::Down => keys!(Key::ArrowDown),
        Go::PageUp => keys!(Key::PageUp),
        Go::PageDown => keys!(Key::PageDown),
        Go::First => keys!(Key::Home),
        Go::Last => keys!(Key::End),
    }
}
