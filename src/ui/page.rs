//! What a page of the window is.

use std::sync::Arc;

use egui::Ui;

use super::commands::{Availability, UiCommand};
use super::model::decodes::AskedStep;
use super::model::state::AppState;
use super::panel::PanelContext;
use super::services::Services;
use crate::gallery::{IndexEvent, SaveEvent};
use crate::job::{Event, JobError, RgbImage};

/// What a page can change beside its own state.
pub(in crate::ui) struct PageContext<'a> {
    /// The window.
    pub(in crate::ui) egui: &'a egui::Context,
    /// What pages share.
    pub(in crate::ui) state: &'a mut AppState,
    /// What a page may ask for.
    pub(in crate::ui) services: &'a mut Services,
}

/// What a service that pages share has to tell.
pub(in crate::ui) enum ServiceEvent {
    /// Of the engine.
    Engine(Event),
    /// The picture of a step that the engine was asked to decode.
    Decoded(AskedStep, Result<Arc<RgbImage>, Arc<JobError>>),
    /// Of the thread that saves and reads pictures.
    Saved(SaveEvent),
    /// Of the index of all pictures.
    Index(IndexEvent),
}

/// Whether a page has carried out a command.
pub(in crate::ui) enum Handled {
    /// It has.
    Yes,
    /// The command is not one of its own.
    No(UiCommand),
}

/// A page of the window. It keeps its own state; what pages share is in the context.
pub(in crate::ui) trait Page {
    /// Lays it out below the first line of the window.
    fn ui(&mut self, ui: &mut Ui, ctx: &mut PanelContext<'_>);

    /// Lays out what stands above all others, whichever page is shown.
    fn overlay(&mut self, _ui: &mut Ui, _ctx: &mut PanelContext<'_>) {}

    /// Carries a command out if it is one of its own. Returns at once.
    fn command(&mut self, command: UiCommand, ctx: &mut PageContext<'_>) -> Handled;

    /// Says what the page has that commands could act on.
    fn fill_availability(&self, _now: &mut Availability, _state: &AppState) {}

    /// Takes in an event of a service, after the shared state has.
    fn take_event(&mut self, _event: &ServiceEvent, _ctx: &mut PageContext<'_>) {}

    /// Takes in what other threads have to tell; called before every frame, whichever page is shown.
    fn tick(&mut self, ctx: &mut PageContext<'_>);

    /// Takes keys out of the input before commands are looked for among them. The result says whether no key may mean a
    /// command now.
    fn handle_input(&mut self, _ctx: &mut PageContext<'_>) -> bool {
        false
    }
}
