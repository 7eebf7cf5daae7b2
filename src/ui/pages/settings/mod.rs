//! What the user chose.

mod about;
mod actions;
mod computing;
mod general;
mod keys;
mod log;
mod panel;
mod pictures;
mod rows;

use crate::ui::commands::{PageId, Section, UiCommand};
use crate::ui::page::{Handled, Page, PageContext};
use std::sync::Arc;

use egui::{KeyboardShortcut, Ui};

use crate::gallery::SaveEvent;
use crate::ui::page::ServiceEvent;

pub(in crate::ui) use computing::PROCESSOR;

use crate::ui::panel::PanelContext;

/// A key that was chosen and is that of other commands already.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::ui) struct Clash {
    /// The command it was chosen for.
    id: String,
    /// The key.
    key: KeyboardShortcut,
    /// The commands that have it.
    others: Vec<String>,
    /// Whether the two can change their keys: there is one other, and nothing else is in the way.
    can_swap: bool,
}

/// The page and what it knows.
#[derive(Default)]
pub(in crate::ui) struct SettingsPage {
    /// What is shown.
    section: Section,
    /// The template for names while it is typed.
    template: Option<String>,
    /// What commands are looked for by.
    filter: String,
    /// The command that the next key is chosen for.
    recording: Option<String>,
    /// A key that was not taken.
    clash: Option<Clash>,
    /// The last lines of the log, or why they cannot be read; `None` until they have been.
    log: Option<Result<Vec<String>, String>>,
}

impl Page for SettingsPage {
    fn ui(&mut self, ui: &mut Ui, ctx: &mut PanelContext<'_>) {
        self.show(ui, ctx);
    }

    fn command(&mut self, command: UiCommand, ctx: &mut PageContext<'_>) -> Handled {
        match command {
            UiCommand::Settings(command) => self.carry_out(command, ctx),
            other => return Handled::No(other),
        }
        Handled::Yes
    }

    fn take_event(&mut self, event: &ServiceEvent, ctx: &mut PageContext<'_>) {
        if let ServiceEvent::Saved(SaveEvent::BudgetForecast { budget_bytes, report }) = event {
            let question = &mut ctx.state.budget_question;
            if let Some(mib) = question.take_forecast(*budget_bytes, Arc::clone(report)) {
                ctx.services.set_trajectory_budget(mib);
            }
        }
    }

    fn tick(&mut self, ctx: &mut PageContext<'_>) {
        if ctx.state.page != PageId::Settings {
            self.recording = None; // keys mean what they say on other pages
        }
    }

    fn handle_input(&mut self, ctx: &mut PageContext<'_>) -> bool {
        self.record_key(ctx)
    }
}
