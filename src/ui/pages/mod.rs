//! The pages of the window. Each has a folder of its own: what it knows (`mod.rs`), what its commands do (`actions.rs`),
//! and its panels. What a page is stands in [`super::page`]; what it can be asked to do in [`super::commands`].

pub mod compare;
pub mod gallery;
pub mod models;
pub mod queue;
pub mod settings;
pub mod studio;

use super::commands::{PageId, UiCommand};
use super::page::{Handled, Page, PageContext, ServiceEvent};

/// The pages that keep their own state.
#[derive(Default)]
pub(in crate::ui) struct Pages {
    pub(in crate::ui) gallery: gallery::GalleryPage,
    pub(in crate::ui) compare: compare::ComparePage,
    models: models::ModelsPage,
    queue: queue::QueuePage,
    settings: settings::SettingsPage,
}

impl Pages {
    /// All of them.
    pub(in crate::ui) fn all(&mut self) -> [&mut dyn Page; 5] {
        [
            &mut self.gallery,
            &mut self.compare,
            &mut self.models,
            &mut self.queue,
            &mut self.settings,
        ]
    }

    /// One of them.
    pub(in crate::ui) fn page(&mut self, id: PageId) -> Option<&mut dyn Page> {
        self.all().into_iter().find(|page| page.id() == id)
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
