//! What stands on every page: the line at the top, the palette of commands, notices.

pub(in crate::ui) mod budget_dialog;
pub(in crate::ui) mod notices;
pub(in crate::ui) mod palette;
pub(in crate::ui) mod top;
