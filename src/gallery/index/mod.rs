//! The index: `SQLite` beside the pictures, in `.hareru/index.sqlite`, rebuilt from the files at any time.
//!
//! | table | columns |
//! |---|---|
//! | `pictures` | `id` INTEGER PRIMARY KEY, never used twice, not even by an index made anew; `root` INTEGER; `path` UNIQUE; `bytes`, `modified_ms`, `created_secs`, `day` (days since 1970-01-01 by the clock on the wall), `width`, `height`, `source` TEXT or NULL, `model`, `sampler` (TEXT, empty if unknown), `seed` (INTEGER: the u64's bits as i64, or NULL), `guidance` REAL or NULL, `steps` INTEGER or NULL, `has_run` 0/1, `rating` 0..5, `favourite` 0/1, `marks_ms` (when the file of its user metadata was changed, or NULL), `prompt`, `negative` TEXT |
//! | `loras` `tags` `collections` | `picture` → `pictures.id`, `name` TEXT |
//! | `words` | FTS5 over `prompt` and `negative`, `rowid` = `pictures.id`, filled with [`indexed_text`], asked with [`search_text`]; the texts themselves are not in it |
//! | `roots` | `id` INTEGER PRIMARY KEY, `path` UNIQUE: the watched folders; the gallery's own is 0 and not among them |
//! | `unreadable` | `path`, `root`, `bytes`, `modified_ms`: files that have the name of a picture and cannot be read as one |
//!
//! A path is relative to the gallery's folder for `root` 0, which may be moved as a whole, else absolute; TEXT, or its
//! bytes where it is not UTF-8. Names are compared without regard to case.
//!
//! `facts` is an index over all that is not text, in the order of time: a search reads it from one end to the other.
//! `user_version` is [`VERSION`]; a file of another version, or one that is damaged,
//! or that nobody would have made here (`index/limits.rs`), is set aside and made anew.

mod copy;
mod entries;
mod file;
mod find;
mod limits;
mod open;
mod place;
mod rows;
mod schema;
mod search_text;

pub(in crate::gallery) use copy::IndexCopy;
pub(in crate::gallery) use entries::IndexedFile;
pub(in crate::gallery) use open::{Health, health};
pub use open::{Index, OpenedIndex};
pub(in crate::gallery) use place::{GALLERY_ROOT, Roots};
pub(in crate::gallery) use rows::{Reading, Row, Stamp, Written, day_of};
pub use schema::VERSION;
pub use search_text::{indexed_text, search_text};
