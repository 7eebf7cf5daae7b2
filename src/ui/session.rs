//! What the window looked like when it was closed, for the next start: its size, its page, and the unfinished form.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use egui::{Context, ViewportBuilder, vec2};
use serde::de::{DeserializeOwned, Error as _};
use serde::{Deserialize as _, Deserializer};
use serde_json::{Map, Value};

use super::model::state::{AppState, Sides};
use super::model::strangers::Strangers;
use super::pages::Pages;
use super::pages::gallery::SIDES;
use super::pages::studio::form::content::FormContent;
use super::widgets::section;
use crate::config::{FileWriter, MAX_OWN_FILE_BYTES, read_regular, take_fields};
use crate::gallery::SortOrder;
use crate::ui::commands::PageId;

/// Version of the file's layout. Fields that are missing, or that this version does not know, have their defaults.
const VERSION: u32 = 1;
/// How long changes are gathered before they are written, in seconds.
const PAUSE_SECS: f64 = 1.0;
/// Sides that a window can have, in points.
const WINDOW_SIDES: std::ops::RangeInclusive<f32> = 320.0..=16_384.0;

/// The window itself.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(default)]
pub struct WindowPlace {
    /// Width and height without borders, in points at a zoom of 1.
    pub size: [f32; 2],
    /// Whether it fills the screen; [`Self::size`] is that of before.
    pub is_maximized: bool,
}

impl Default for WindowPlace {
    fn default() -> Self {
        Self {
            size: [1280.0, 800.0],
            is_maximized: false,
        }
    }
}

/// How the gallery is looked at.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(default)]
pub struct GalleryView {
    /// In which order pictures are shown.
    pub order: SortOrder,
    /// Least side of a cell, in points.
    pub cell_side: f32,
    /// Whether the side with the details is shown.
    pub is_details_shown: bool,
    /// Searches of before, the newest first.
    pub searches: Vec<String>,
}

impl Default for GalleryView {
    fn default() -> Self {
        Self {
            order: SortOrder::default(),
            cell_side: 160.0,
            is_details_shown: true,
            searches: Vec::new(),
        }
    }
}

/// What is kept from one start of the window to the next.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(default)]
pub struct Session {
    /// Version of the layout.
    version: u32,
    /// The window.
    pub window: WindowPlace,
    /// The page that is shown.
    pub page: PageId,
    /// Which sides of the studio are shown.
    pub sides: Sides,
    /// Which sections are unfolded, by the key of their heading; others are as they are at first.
    pub sections: BTreeMap<String, bool>,
    /// How the gallery is looked at.
    pub gallery: GalleryView,
    /// What is typed in the form, as of the last time that its model was known; `None` before the first.
    #[serde(deserialize_with = "object")]
    pub form: Option<FormContent>,
    /// Files that records have brought into the form and that must not be opened.
    pub strangers: Strangers,
}

impl Default for Session {
    fn default() -> Self {
        Self {
            version: VERSION,
            window: WindowPlace::default(),
            page: PageId::default(),
            sides: Sides::default(),
            sections: BTreeMap::new(),
            gallery: GalleryView::default(),
            form: None,
            strangers: Strangers::default(),
        }
    }
}

impl Session {
    /// Reads the file. There is always a session: whatever cannot be read of it has its default.
    pub fn load(path: &Path) -> Self {
        let read = read_regular(path, MAX_OWN_FILE_BYTES).ok();
        let read = read.and_then(|bytes| serde_json::from_slice::<Value>(&bytes).ok());
        let mut session = Self::default();
        take_fields(&mut session, &read.unwrap_or_default());
        session.version = VERSION;
        for side in &mut session.window.size {
            *side = side.clamp(*WINDOW_SIDES.start(), *WINDOW_SIDES.end());
        }
        session.gallery.cell_side = session.gallery.cell_side.clamp(*SIDES.start(), *SIDES.end());
        session
    }

    fn to_json(&self) -> Vec<u8> {
        serde_json::to_vec_pretty(self).unwrap_or_default() // its keys are texts, so there is always a JSON
    }

    /// The window as it was.
    pub fn viewport(&self, builder: ViewportBuilder) -> ViewportBuilder {
        let [width, height] = self.window.size;
        builder
            .with_inner_size(vec2(width, height))
            .with_maximized(self.window.is_maximized)
    }

    /// What the window looks like now.
    ///
    /// * `before`: what it looked like last.
    fn of(ctx: &Context, state: &AppState, pages: &Pages, before: &Self) -> Self {
        let is_maximized = ctx.input(|input| input.viewport().maximized.unwrap_or_default());
        let size = ctx.viewport_rect().size() * ctx.zoom_factor();
        let (gallery, draft) = (&pages.gallery.state, &pages.studio.draft);
        // Fields that will follow the model are not yet what the user wants.
        let awaits_model = draft.follows_model && state.refusal(&draft.request.model).is_none();
        let form = if awaits_model {
            before.form.clone()
        } else {
            Some(FormContent::of(draft))
        };
        Self {
            version: VERSION,
            window: WindowPlace {
                size: if is_maximized { before.window.size } else { size.into() },
                is_maximized,
            },
            page: state.page,
            sides: state.sides,
            sections: section::all(ctx),
            gallery: GalleryView {
                order: gallery.order,
                cell_side: gallery.side,
                is_details_shown: gallery.is_details_shown,
                searches: gallery.search.history.clone(),
            },
            form,
            strangers: state.strangers.clone(),
        }
    }

    /// Makes the window what it was; the form's model is still to be described.
    fn put_into(self, ctx: &Context, state: &mut AppState, pages: &mut Pages) {
        state.page = self.page;
        state.strangers = self.strangers;
        state.sides = self.sides;
        section::set_all(ctx, self.sections);
        let gallery = &mut pages.gallery.state;
        gallery.order = self.gallery.order;
        gallery.side = self.gallery.cell_side;
        gallery.is_details_shown = self.gallery.is_details_shown;
        gallery.search.history = self.gallery.searches;
        if let Some(form) = self.form {
            form.put_into(&mut pages.studio.draft);
        }
    }
}

/// Reads a part of the session that is written as an object. Of a list, serde would make one with all defaults.
fn object<'de, D: Deserializer<'de>, T: DeserializeOwned>(deserializer: D) -> Result<Option<T>, D::Error> {
    let fields = Option::<Map<String, Value>>::deserialize(deserializer)?;
    let read = fields.map(|fields| serde_json::from_value(Value::Object(fields)));
    read.transpose().map_err(D::Error::custom)
}

/// Keeps the session in its file.
pub(super) struct SessionKeeper {
    path: PathBuf,
    writer: FileWriter,
    ctx: Context,
    kept: Session,
    /// What the file says of [`Self::kept`]; two texts are the same where a number that is none is not.
    written: Vec<u8>,
    /// When the session is looked at again, by the clock of the window in seconds.
    due: f64,
}

impl SessionKeeper {
    /// Makes the window what the file says, and keeps it from now on.
    pub(super) fn start(path: PathBuf, ctx: &Context, state: &mut AppState, pages: &mut Pages) -> Self {
        let kept = Session::load(&path);
        kept.clone().put_into(ctx, state, pages);
        Self {
            path,
            writer: FileWriter::start(),
            ctx: ctx.clone(),
            written: kept.to_json(),
            kept,
            due: f64::NEG_INFINITY,
        }
    }

    /// Has what changed written, not more often than once in a second.
    pub(super) fn tick(&mut self, state: &AppState, pages: &Pages) {
        let now = self.ctx.input(|input| input.time);
        if now >= self.due {
            self.due = now + PAUSE_SECS;
            self.keep(state, pages);
        }
    }

    /// Has what changed written.
    pub(super) fn keep(&mut self, state: &AppState, pages: &Pages) {
        let session = Session::of(&self.ctx, state, pages, &self.kept);
        let bytes = session.to_json();
        self.kept = session;
        if bytes != self.written {
            self.writer.write(self.path.clone(), bytes.clone());
            self.written = bytes;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_can_be_read_of_a_session_should_be_taken_and_the_rest_be_new() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("session.json");
        for broken in ["", "{", "3", "[]", "\"x\"", "{\"page\": {}}", "\u{0}"] {
            std::fs::write(&path, broken).unwrap();
            assert_eq!(Session::load(&path), Session::default(), "{broken:?}");
        }
        std::fs::write(&path, r#"{"form": [], "page": "models"}"#).unwrap();
        let session = Session::load(&path);
        assert_eq!((session.form, session.page), (None, PageId::Models));
        let newer = r#"{
            "version": 99, "unknown": 1, "page": "learn", "sides": {"is_form_shown": false, "is_inspector_shown": 3},
            "window": {"size": [1e9, 700], "is_maximized": true},
            "gallery": {"order": "oldest", "cell_side": "large", "searches": ["boat"]},
            "form": {"request": {"prompt": "a boat", "steps": "many"}}
        }"#;
        std::fs::write(&path, newer).unwrap();
        let session = Session::load(&path);
        assert_eq!(session.page, PageId::default(), "a page of another version");
        assert!(!session.sides.is_form_shown && session.sides.is_inspector_shown);
        assert_eq!(session.window.size, [*WINDOW_SIDES.end(), 700.0]);
        assert!(session.window.is_maximized);
        assert_eq!(session.gallery.order, SortOrder::Oldest);
        assert_eq!(session.gallery.cell_side, GalleryView::default().cell_side);
        assert_eq!(session.gallery.searches, ["boat"]);
        let form = session.form.unwrap();
        assert_eq!(form.request.prompt, "a boat");
        assert_eq!(form.request.steps, crate::job::GenerateRequest::default().steps);
    }

    #[test]
    fn the_window_should_be_as_large_as_it_was() {
        let session = Session {
            window: WindowPlace {
                size: [1000.0, 700.0],
                is_maximized: true,
            },
            ..Session::default()
        };
        let viewport = session.viewport(ViewportBuilder::default());
        assert_eq!(viewport.inner_size, Some(vec2(1000.0, 700.0)));
        assert_eq!(viewport.maximized, Some(true));
    }
}
