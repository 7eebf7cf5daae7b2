//! The gallery: pictures by day, found by words, rated and sorted into collections.
//!
//! | file | what it does |
//! |---|---|
//! | `page` | what the page knows, from what the index service tells |
//! | `layout` `selection` `entry_cache` `search` | its parts: where pictures lie, what is chosen, what is known of them, what is looked for |
//! | `command` `actions` `desktop` | what can be asked for, and what that does |
//! | `panel` `sidebar` `bar` `status` `grid` `cell` `details` `user_metadata` `preview` `menu` | how it is drawn |
//! | `textures` `dates` | small copies as textures; headings in the language's form |

mod actions;
mod bar;
mod cell;
mod command;
mod dates;
mod desktop;
mod details;
mod entry_cache;
mod grid;
mod layout;
mod menu;
mod page;
mod panel;
mod preview;
mod search;
mod selection;
mod sidebar;
mod status;
mod textures;
mod user_metadata;

pub(in crate::ui) use actions::{carry_out, tick};
pub use command::GalleryCommand;
pub use layout::Go;
pub use page::{GalleryPage, PageNotice, SIDES, Scanning};
pub(in crate::ui) use panel::GalleryPanel;
pub use search::Search;
pub use selection::{SelectMode, Selection};
