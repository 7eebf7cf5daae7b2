//! What a part of the page is. A panel reads what the studio knows, may edit the form, and asks for anything else by
//! command.

use std::ops::{Deref, DerefMut};

use egui::Ui;

use super::form::draft::Draft;
use super::state::StudioState;
use crate::ui::panel::PanelContext;

/// Where on the page a panel stands. Panels of one place follow each other in the order of the page's list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::ui) enum Slot {
    /// The form at the left; scrolls.
    Form,
    /// Below the form; always in sight.
    FormFoot,
    /// In place of the form where that is hidden.
    FormRail,
    /// The picture.
    Canvas,
    /// What is known of the run, at the right; scrolls.
    Inspector,
    /// In place of the inspector where that is hidden.
    InspectorRail,
    /// Below the canvas.
    Timeline,
    /// Along the foot of the window.
    Recent,
    /// Above all others, whichever page is shown.
    Overlay,
}

/// One part of the page.
pub(in crate::ui) trait StudioPanel {
    /// Tells its widgets from those of others.
    fn id(&self) -> &'static str;
    /// Where it stands.
    fn slot(&self) -> Slot;
    /// Lays it out.
    fn ui(&mut self, ui: &mut Ui, ctx: &mut StudioContext<'_, '_>);
}

/// What a panel of the studio can reach: the page's state, the form to edit, and everything that any panel can.
pub(in crate::ui) struct StudioContext<'a, 'b> {
    /// What the page knows.
    pub(in crate::ui) page: &'a StudioState,
    /// The form.
    pub(in crate::ui) draft: &'a mut Draft,
    /// For the canvas to say at which zoom all of the picture is seen.
    pub(in crate::ui) fit_zoom: &'a mut f32,
    /// What any panel can reach, for where the form is borrowed at the same time.
    pub(in crate::ui) shared: &'a mut PanelContext<'b>,
}

impl<'b> Deref for StudioContext<'_, 'b> {
    type Target = PanelContext<'b>;

    fn deref(&self) -> &Self::Target {
        self.shared
    }
}

impl DerefMut for StudioContext<'_, '_> {
    fn deref_mut(&mut self) -> &mut Self::Target {
        self.shared
    }
}
