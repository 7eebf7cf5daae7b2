//! Requests to the index service and the events that answer them.

use std::path::PathBuf;
use std::sync::Arc;

use super::query::QueryError;
use super::{EntryId, MetadataChange, PictureEntry};

/// Joins an answer to its request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct Ticket(pub u64);

/// In which order pictures are found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SortOrder {
    /// The newest first, by day.
    #[default]
    Newest,
    /// The oldest first, by day.
    Oldest,
    /// The best first; among equals the newest.
    Rating,
}

/// A request to the index service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum IndexRequest {
    /// Which pictures match the words; a later search makes an earlier one that still waits needless.
    Search {
        /// See [`super::query`]; empty finds all.
        text: String,
        /// In which order.
        order: SortOrder,
    },
    /// All that is known of these pictures; those that are gone are left out.
    Entries(Vec<EntryId>),
    /// The same by their files; those that are not known are left out. Answered by [`IndexEvent::Entries`].
    Find(Vec<PathBuf>),
    /// Has the user metadata of pictures changed, in their files and in the index.
    EditMetadata {
        /// Which.
        ids: Vec<EntryId>,
        /// How.
        change: MetadataChange,
    },
    /// Puts pictures, with their runs and user metadata, into the system's trash.
    Trash(Vec<EntryId>),
    /// Brings back what the newest [`Self::Trash`] that was not undone took away.
    UndoTrash,
    /// How a search may go on.
    Complete {
        /// The words so far.
        text: String,
        /// Where the caret is among them, in bytes.
        caret: usize,
    },
    /// Which tags and collections there are.
    Labels,
    /// Takes note of a picture that this program has just written.
    AddPicture(PathBuf),
    /// Shows these folders beside the gallery's own; nothing is ever written to them.
    Watch(Vec<PathBuf>),
    /// Looks at every file again.
    Rescan,
}

impl IndexRequest {
    /// Whether it changes files, so that it is carried out even if the program ends.
    pub(super) fn is_write(&self) -> bool {
        matches!(self, Self::EditMetadata { .. } | Self::Trash(_) | Self::UndoTrash)
    }
}

/// Pictures of one day, which follow each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DayCount {
    /// Days since 1970-01-01, by the clock on the wall.
    pub day: i32,
    /// How many.
    pub count: usize,
}

/// What a search found.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SearchResult {
    /// The pictures in order.
    pub ids: Vec<EntryId>,
    /// The same by day, in the same order; empty where the order is not by day.
    pub days: Vec<DayCount>,
    /// How many pictures there are in all.
    pub total: usize,
}

/// One way a search may go on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Completion {
    /// All the words with it put in.
    pub text: String,
    /// What a list shows of it.
    pub label: String,
    /// How many pictures have it, where it is a value.
    pub count: Option<usize>,
}

/// A tag or a collection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LabelCount {
    /// Its name.
    pub name: String,
    /// How many pictures have it.
    pub count: usize,
}

/// An event of the index service.
#[derive(Debug, Clone)]
pub enum IndexEvent {
    /// Answers [`IndexRequest::Search`].
    Found {
        /// The request.
        ticket: Ticket,
        /// The answer.
        found: Arc<SearchResult>,
    },
    /// A search could not be understood.
    BadQuery {
        /// The request.
        ticket: Ticket,
        /// Why, and where in the text.
        error: QueryError,
    },
    /// Answers [`IndexRequest::Entries`].
    Entries {
        /// The request.
        ticket: Ticket,
        /// Those that are still there.
        entries: Vec<Arc<PictureEntry>>,
    },
    /// Pictures as they are now, after [`IndexRequest::EditMetadata`] or after a file was written anew.
    Changed(Vec<Arc<PictureEntry>>),
    /// Answers [`IndexRequest::Complete`].
    Completions {
        /// The request.
        ticket: Ticket,
        /// The likeliest first.
        completions: Vec<Completion>,
    },
    /// Answers [`IndexRequest::Labels`].
    Labels {
        /// Tags, the most used first.
        tags: Vec<LabelCount>,
        /// Collections, by name.
        collections: Vec<LabelCount>,
    },
    /// Files over which reading took too long; they are left out until they change.
    TooSlow(Vec<PathBuf>),
    /// Pictures came or went, or another program changed what is known of them: what was found before may no longer
    /// be all, and what was known may be old.
    ContentChanged,
    /// The files are being looked at; what is found meanwhile may not be all.
    Scanning {
        /// Files looked at.
        done: usize,
        /// Files there are, once that is known.
        total: Option<usize>,
    },
    /// All files have been looked at.
    Scanned {
        /// Pictures in the index.
        pictures: usize,
        /// Files that have the name of a picture and cannot be read as one.
        unreadable: usize,
    },
    /// Pictures are in the trash.
    Trashed {
        /// How many.
        count: usize,
    },
    /// They are back.
    Restored {
        /// How many.
        count: usize,
    },
    /// A folder is not there, for now: its pictures are still known and come back with it.
    FolderLost(PathBuf),
    /// It is there again.
    FolderFound(PathBuf),
    /// Something could not be done; nothing was lost.
    Failed {
        /// Why, in one line.
        message: String,
    },
}
