//! Masks: where a picture is painted anew. A plane of grey in memory is the truth; what is drawn is a copy of it.

mod document;
mod editor;
mod history;

pub use document::{MAX_MASK_SIDE_PX, MaskDocument};
pub use editor::{MaskEditor, Saved};
pub use history::MAX_HISTORY_BYTES;
