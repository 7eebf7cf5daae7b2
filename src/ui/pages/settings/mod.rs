//! What the user chose.

mod about;
mod actions;
mod command;
mod computing;
mod general;
mod keys;
mod log;
mod panel;
mod pictures;
mod rows;

use egui::{KeyboardShortcut, Ui};

pub use command::SettingsCommand;
pub(in crate::ui) use computing::PROCESSOR;

use super::{Handled, Page, PageContext, PageId};
use crate::ui::commands::UiCommand;
use crate::ui::panel::PanelContext;

/// A part of the page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Section {
    /// Language, theme, size, motion.
    #[default]
    General,
    /// Where pictures are kept, in which files, under which names.
    Pictures,
    /// Device, precision, threads, what is kept of runs.
    Computing,
    /// Which key does what.
    Keys,
    /// What the program wrote down.
    Log,
    /// Version and licences.
    About,
}

impl Section {
    /// Every part, in order.
    pub const ALL: [Self; 6] = [
        Self::General,
        Self::Pictures,
        Self::Computing,
        Self::Keys,
        Self::Log,
        Self::About,
    ];

    /// Key of its name among the texts.
    pub fn key(self) -> &'static str {
        match self {
            Self::General => "settings-general",
            Self::Pictures => "settings-pictures",
            Self::Computing => "settings-computing",
            Self::Keys => "settings-keys",
            Self::Log => "settings-log",
            Self::About => "settings-about",
        }
    }
}

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
    fn id(&self) -> PageId {
        PageId::Settings
    }

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

    fn tick(&mut self, ctx: &mut PageContext<'_>) {
        if ctx.state.page != PageId::Settings {
            self.recording = None; // keys mean what they say on other pages
        }
    }

    fn handle_input(&mut self, ctx: &mut PageContext<'_>) -> bool {
        self.record_key(ctx)
    }
}
