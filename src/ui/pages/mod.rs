//! The pages of the window. Each has a folder of its own: what it knows (`mod.rs`), what it can be asked to do
//! (`command.rs`), what that does (`actions.rs`), and its panels.

pub mod compare;
pub mod gallery;
pub mod models;
pub mod queue;
pub mod settings;
pub mod studio;

use egui::{Key, KeyboardShortcut, Modifiers, Ui};

use super::commands::UiCommand;
use super::model::state::AppState;
use super::panel::PanelContext;
use super::services::Services;
use crate::gallery::{IndexEvent, SaveEvent};
use crate::job::Event;
use studio::form::draft::Draft;

/// What fills the window below its first line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PageId {
    /// Where pictures are made.
    #[default]
    Studio,
    /// Where they are kept, found and rated.
    Gallery,
    /// Two to nine of them against each other.
    Compare,
    /// Models, adapters and embeddings.
    Models,
    /// What is being made and what waits.
    Queue,
    /// What the user chose.
    Settings,
}

impl PageId {
    /// Every page, in the order of the tabs.
    pub const ALL: [Self; 6] = [
        Self::Studio,
        Self::Gallery,
        Self::Compare,
        Self::Models,
        Self::Queue,
        Self::Settings,
    ];

    /// Key of its name among the texts; its attribute `.tip` says what it is for.
    pub fn key(self) -> &'static str {
        match self {
            Self::Studio => "page-studio",
            Self::Gallery => "page-gallery",
            Self::Compare => "page-compare",
            Self::Models => "page-models",
            Self::Queue => "page-queue",
            Self::Settings => "page-settings",
        }
    }

    /// The key that shows it.
    pub fn shortcut(self) -> &'static [KeyboardShortcut] {
        const fn with_command(key: Key) -> KeyboardShortcut {
            KeyboardShortcut::new(Modifiers::COMMAND, key)
        }
        const STUDIO: &[KeyboardShortcut] = &[with_command(Key::Num1)];
        const GALLERY: &[KeyboardShortcut] = &[with_command(Key::Num2)];
        const COMPARE: &[KeyboardShortcut] = &[with_command(Key::Num3)];
        const MODELS: &[KeyboardShortcut] = &[with_command(Key::Num4)];
        const QUEUE: &[KeyboardShortcut] = &[with_command(Key::Num5)];
        const SETTINGS: &[KeyboardShortcut] = &[with_command(Key::Comma)];
        match self {
            Self::Studio => STUDIO,
            Self::Gallery => GALLERY,
            Self::Compare => COMPARE,
            Self::Models => MODELS,
            Self::Queue => QUEUE,
            Self::Settings => SETTINGS,
        }
    }
}

/// What a page can change beside its own state.
pub(in crate::ui) struct PageContext<'a> {
    /// The window.
    pub(in crate::ui) egui: &'a egui::Context,
    /// What pages share.
    pub(in crate::ui) state: &'a mut AppState,
    /// The form.
    pub(in crate::ui) draft: &'a mut Draft,
    /// What a page may ask for.
    pub(in crate::ui) services: &'a mut Services,
}

/// What a service that pages share has to tell.
pub(in crate::ui) enum ServiceEvent {
    /// Of the engine.
    Engine(Event),
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
    /// Which page it is. Its name is the text called [`PageId::key`].
    fn id(&self) -> PageId;

    /// Lays it out below the first line of the window.
    fn ui(&mut self, ui: &mut Ui, ctx: &mut PanelContext<'_>);

    /// Carries a command out if it is one of its own. Returns at once.
    fn command(&mut self, command: UiCommand, ctx: &mut PageContext<'_>) -> Handled;

    /// Takes in an event of a service, before the shared state does.
    fn take_event(&mut self, _event: &ServiceEvent, _ctx: &mut PageContext<'_>) {}

    /// Takes in what other threads have to tell; called before every frame, whichever page is shown.
    fn tick(&mut self, ctx: &mut PageContext<'_>);

    /// Takes keys out of the input before commands are looked for among them. The result says whether no key may mean a
    /// command now.
    fn handle_input(&mut self, _ctx: &mut PageContext<'_>) -> bool {
        false
    }
}

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
