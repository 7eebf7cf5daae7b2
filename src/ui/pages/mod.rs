//! The pages of the window. Each has a folder of its own: what it knows (`mod.rs` or `state.rs`), what its commands do
//! (`actions.rs`), and its panels. What a page is stands in `ui/page.rs`; what it can be asked to do in
//! [`super::commands`].

pub mod compare;
pub mod gallery;
pub mod models;
pub mod queue;
pub mod settings;
pub mod studio;

use super::commands::{Availability, PageId, UiCommand};
use super::model::state::{AppState, EngineStatus};
use super::page::{Handled, Page, PageContext, ServiceEvent};
use super::services::Services;
use crate::config::Settings;

/// All pages.
pub(in crate::ui) struct Pages {
    pub(in crate::ui) studio: studio::StudioPage,
    pub(in crate::ui) gallery: gallery::GalleryPage,
    pub(in crate::ui) compare: compare::ComparePage,
    models: models::ModelsPage,
    queue: queue::QueuePage,
    settings: settings::SettingsPage,
}

impl Pages {
    /// The pages of a window that opens.
    pub(in crate::ui) fn new(services: &Services) -> Self {
        Self {
            studio: studio::StudioPage::new(services),
            gallery: gallery::GalleryPage::default(),
            compare: compare::ComparePage::default(),
            models: models::ModelsPage::default(),
            queue: queue::QueuePage::default(),
            settings: settings::SettingsPage::default(),
        }
    }

    /// All of them, in the order in which they are asked whether a command is theirs. The studio is the last: what is
    /// dropped on another page is for that page first.
    pub(in crate::ui) fn all(&mut self) -> [&mut dyn Page; 6] {
        [
            &mut self.gallery,
            &mut self.compare,
            &mut self.models,
            &mut self.queue,
            &mut self.settings,
            &mut self.studio,
        ]
    }

    /// One of them.
    pub(in crate::ui) fn page(&mut self, id: PageId) -> &mut dyn Page {
        match id {
            PageId::Studio => &mut self.studio,
            PageId::Gallery => &mut self.gallery,
            PageId::Compare => &mut self.compare,
            PageId::Models => &mut self.models,
            PageId::Queue => &mut self.queue,
            PageId::Settings => &mut self.settings,
        }
    }

    /// Has keys taken by the page that is shown, after the studio, which takes what is pasted on any page. The result
    /// says whether no key may mean a command now.
    pub(in crate::ui) fn handle_input(&mut self, ctx: &mut PageContext<'_>) -> bool {
        let is_taken = self.studio.handle_input(ctx);
        let shown = ctx.state.page;
        is_taken || (shown != PageId::Studio && self.page(shown).handle_input(ctx))
    }

    /// What there is that commands could act on.
    pub(in crate::ui) fn availability(&mut self, state: &AppState, settings: &Settings) -> Availability {
        let mut now = Availability {
            has_job: state.jobs.current().is_some(),
            is_engine_stopped: state.engine != EngineStatus::Running,
            has_own_keys: !settings.shortcuts.is_empty(),
            ..Availability::default()
        };
        for page in self.all() {
            page.fill_availability(&mut now, state);
        }
        now
    }

    /// Has every page take in an event of a service.
    pub(in crate::ui) fn take_event(&mut self, event: &ServiceEvent, ctx: &mut PageContext<'_>) {
        for page in self.all() {
            page.take_event(event, ctx);
        }
    }

    /// Has the page a command belongs to carry it out.
    pub(in crate::ui) fn command(&mut self, command: UiCommand, ctx: &mut PageContext<'_>) -> Handled {
        let mut left = command;
        for page in self.all() {
            match page.command(left, ctx) {
                Handled::Yes => return Handled::Yes,
                Handled::No(command) => left = command,
            }
        }
        Handled::No(left)
    }
}
