//! Controls that several panels share.

pub(super) mod budget_field;
pub(super) mod explained;
pub(super) mod fields;
pub(super) mod form_row;
pub(super) mod icon;
pub(super) mod icon_button;
pub(super) mod playhead;
pub(super) mod regenerate_menu;
pub(super) mod right_aligned;
pub(super) mod section;
pub(super) mod stars;
pub(super) mod suggest;
pub(super) mod tab_stop;
pub(super) mod textures;
pub(super) mod viewport;
