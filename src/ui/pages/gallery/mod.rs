//! The gallery: pictures by day, found by words, rated and sorted into collections.
//!
//! | file | what it does |
//! |---|---|
//! | `page` | what the page knows, from what the index service tells |
//! | `layout` `selection` `shelf` `search` | its parts: where pictures lie, what is chosen, what is known of them, what is looked for |
//! | `command` `actions` `desktop` | what can be asked for, and what that does |
//! | `panel` `rail` `bar` `status` `grid` `cell` `details` `marks` `look` `menu` | how it is drawn |
//! | `textures` `dates` | small copies as textures; headings in the language's form |

mod actions;
mod bar;
mod cell;
mod command;
mod dates;
mod desktop;
mod details;
mod grid;
mod layout;
mod look;
mod marks;
mod menu;
mod page;
mod panel;
mod rail;
mod search;
mod selection;
mod shelf;
mod status;
mod textures;

pub(in crate::ui) use actions::{carry_out, tick};
pub use command::GalleryCommand;
pub use layout::Go;
pub use page::{GalleryPage, SIDES, Scanning, Told};
pub(in crate::ui) use panel::GalleryPanel;
pub use search::{Search, SearchError};
pub use selection::{Choice, Selection};
