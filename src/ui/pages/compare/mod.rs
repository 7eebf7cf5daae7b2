//! Two to nine pictures against each other: slider, side by side, blink, difference, settings, and step by step.

mod actions;
mod canvas;
mod compared;
mod empty;
mod header;
mod measure;
mod panel;
mod pointer;
mod state;
mod strip;
mod table;
mod ticking;
mod time;

use crate::ui::commands::{Availability, PageId, UiCommand};
use crate::ui::model::state::AppState;
use crate::ui::page::{Handled, Page, PageContext, ServiceEvent};
use egui::Ui;

pub use compared::{Alike, Compared, Shown};
pub use state::{CompareState, MAX_PICTURES};

use crate::ui::panel::PanelContext;
use crate::ui::part_context::PartContext;

/// What the parts of the page can reach.
type CompareContext<'a, 'b> = PartContext<'a, 'b, CompareState>;

/// The page: what it knows, and the parts that draw it.
#[derive(Default)]
pub(in crate::ui) struct ComparePage {
    /// What it knows.
    pub(in crate::ui) state: CompareState,
    panel: panel::ComparePanel,
}

impl Page for ComparePage {
    fn ui(&mut self, ui: &mut Ui, ctx: &mut PanelContext<'_>) {
        self.panel.ui(ui, &mut CompareContext::new(&self.state, ctx));
    }

    fn command(&mut self, command: UiCommand, ctx: &mut PageContext<'_>) -> Handled {
        match command {
            UiCommand::Compare(command) => self.carry_out(command, ctx),
            UiCommand::OpenDropped(paths) if ctx.state.page == PageId::Compare => {
                if !self.take_dropped(&paths, ctx) {
                    return Handled::No(UiCommand::OpenDropped(paths));
                }
            }
            other => return Handled::No(other),
        }
        Handled::Yes
    }

    fn fill_availability(&self, now: &mut Availability, _state: &AppState) {
        now.num_compared = self.state.pictures.len();
        now.has_compared_steps = self.state.num_steps() > 0;
    }

    fn take_event(&mut self, event: &ServiceEvent, _ctx: &mut PageContext<'_>) {
        match event {
            ServiceEvent::Saved(event) => self.state.take_saved(event),
            ServiceEvent::Index(event) => self.state.take_library(event),
            ServiceEvent::Decoded(asked, Ok(picture)) => {
                let timelines = self.state.timelines_mut();
                timelines.for_each(|timeline| timeline.take_decoded(&asked.step, asked.quality, picture));
            }
            ServiceEvent::Decoded(_, Err(_)) | ServiceEvent::Engine(_) => {}
        }
    }

    fn tick(&mut self, ctx: &mut PageContext<'_>) {
        self.advance(ctx);
    }
}
