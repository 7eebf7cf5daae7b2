//! The gallery: pictures by day, found by words, rated and sorted into collections.
//!
//! | file | what it does |
//! |---|---|
//! | `state` | what the page knows, from the events of the index service |
//! | `layout` `selection` `entry_cache` `search` | its parts: where pictures lie, what is chosen, what is known of them, what is looked for |
//! | `actions` `copying` | what its commands do |
//! | `panel` `sidebar` `bar` `status` `grid` `cell` `details` `user_metadata` `preview` `menu` | how it is drawn |
//! | `textures` `dates` | small copies as textures; headings in the language's form |

mod actions;
mod bar;
mod cell;
mod copying;
mod dates;
mod details;
mod entry_cache;
mod grid;
mod layout;
mod menu;
mod panel;
mod preview;
mod search;
mod selection;
mod sidebar;
mod state;
mod status;
mod textures;
mod user_metadata;

use crate::ui::commands::{Availability, PageId, UiCommand};
use crate::ui::model::state::AppState;
use crate::ui::page::{Handled, Page, PageContext, ServiceEvent};
use egui::Ui;

pub use search::Search;
pub use selection::Selection;
pub use state::{GalleryState, SIDES, Scanning};

use crate::gallery::{IndexRequest, SaveEvent};
use crate::ui::panel::PanelContext;
use crate::ui::part_context::PartContext;

/// What the parts of the page can reach.
type GalleryContext<'a, 'b> = PartContext<'a, 'b, GalleryState>;

/// The page: what it knows, and the parts that draw it.
#[derive(Default)]
pub(in crate::ui) struct GalleryPage {
    /// What it knows.
    pub(in crate::ui) state: GalleryState,
    panel: panel::GalleryPanel,
}

impl Page for GalleryPage {
    fn ui(&mut self, ui: &mut Ui, ctx: &mut PanelContext<'_>) {
        self.panel.ui(ui, &GalleryContext::new(&self.state, ctx));
    }

    fn command(&mut self, command: UiCommand, ctx: &mut PageContext<'_>) -> Handled {
        match command {
            UiCommand::Gallery(command) => self.carry_out(command, ctx),
            other => return Handled::No(other),
        }
        Handled::Yes
    }

    fn fill_availability(&self, now: &mut Availability, _state: &AppState) {
        let page = &self.state;
        now.has_gallery_pictures = !page.ids().is_empty();
        now.has_gallery_subject = !page.selection.is_empty() || page.selection.focused_id().is_some();
        now.can_undo_trash = page.can_undo();
    }

    fn take_event(&mut self, event: &ServiceEvent, ctx: &mut PageContext<'_>) {
        match event {
            ServiceEvent::Index(event) => {
                if let Some(notice) = self.state.apply(event.clone()) {
                    actions::notify(notice, &mut ctx.state.notices);
                }
            }
            ServiceEvent::Saved(SaveEvent::Saved { path, .. }) => {
                actions::ask(ctx.services, IndexRequest::AddPicture(path.clone()));
            }
            _ => {}
        }
    }

    fn tick(&mut self, ctx: &mut PageContext<'_>) {
        if ctx.state.page == PageId::Gallery {
            self.tick_shown(ctx); // what is due is asked for when it is looked at
        }
    }

    fn handle_input(&mut self, ctx: &mut PageContext<'_>) -> bool {
        self.close_preview_on_escape(ctx)
    }
}
