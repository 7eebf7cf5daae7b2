//! The page on which pictures are made: form, canvas, timeline, inspector.

pub mod canvas;
pub mod exporting;
pub mod form;
pub mod image_input;
pub mod mask;
pub mod state;
pub mod sweep;

mod actions;
mod inspector;
mod layout;
mod panel;
mod playhead;
mod recent;
mod sides;
mod timeline;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use egui::Ui;

pub use state::StudioState;

use crate::job::Event;
use crate::ui::commands::{Availability, UiCommand};
use crate::ui::model::state::AppState;
use crate::ui::page::{Handled, Page, PageContext, ServiceEvent};
use crate::ui::panel::PanelContext;
use crate::ui::services::Services;
use actions::decode::Decoding;
use actions::regenerate::Waiting;
use form::changes::pending_change;
use form::draft::Draft;
use form::files::AddedWords;
use form::history::FormHistory;
use image_input::ImageWorker;
use mask::MaskDocument;
use panel::{Slot, StudioPanel};

/// The page: what it knows, the form, and the parts that draw it.
pub(in crate::ui) struct StudioPage {
    /// What it knows.
    pub(in crate::ui) state: StudioState,
    /// The form.
    pub(in crate::ui) draft: Draft,
    form_history: FormHistory,
    added_words: AddedWords,
    /// The zoom at which all of the picture is shown, as the canvas last saw it.
    fit_zoom: f32,
    /// Until when a run has been played, by the clock of the window in seconds.
    played_until: Option<f64>,
    /// A picture that is read so that something can be made of it.
    regenerating: Option<(PathBuf, Waiting)>,
    /// Steps whose pictures were asked for.
    decoding: Decoding,
    /// Reads pictures that are brought in, and saves masks.
    worker: ImageWorker,
    panels: Vec<Box<dyn StudioPanel>>,
}

impl StudioPage {
    /// The page of a window that opens.
    pub(in crate::ui) fn new(services: &Services) -> Self {
        let mut draft = Draft::in_language(services.language);
        draft.roll_seed();
        Self {
            state: StudioState::default(),
            draft,
            form_history: FormHistory::default(),
            added_words: AddedWords::default(),
            fit_zoom: 1.0,
            played_until: None,
            regenerating: None,
            decoding: Decoding::default(),
            worker: ImageWorker::new(services.gallery_dir.clone(), Arc::clone(&services.repaint)),
            panels: default_panels(),
        }
    }

    /// Whether an event is about a preview of the page, which is no job of the queue.
    pub(in crate::ui) fn is_preview(&self, event: &Event) -> bool {
        let previews = &self.state.image_input.preview.jobs;
        event.job().is_some_and(|job| previews.contains(&job))
    }

    /// Whether the page has use for what is read of a picture.
    pub(in crate::ui) fn waits_for(&self, path: &Path) -> bool {
        let regenerating = self.regenerating.as_ref().map(|(path, _)| &**path);
        regenerating == Some(path) || self.state.waits_for(path)
    }

    fn take_engine_event(&mut self, event: &Event, ctx: &mut PageContext<'_>) {
        if image_input::take_event(self, ctx, event) {
            return;
        }
        match event {
            Event::DeviceDescribed { .. } => {
                let model = self.draft.request.model.clone();
                if !ctx.state.is_strange_model(&model) {
                    ctx.services.preload(model, ctx.state.precision);
                }
            }
            Event::Failed { error, .. } => {
                // A file that enlarges nothing must not be taken again next time.
                let network = ctx.services.settings.upscaler.as_deref();
                if network.is_some() && network == error.file() {
                    ctx.services.change_settings(|settings| settings.upscaler = None);
                }
            }
            Event::ModelDescribed { info } if info.model == self.draft.request.model => self.draft.adopt(info),
            _ => {}
        }
        self.state.apply(event, ctx.state);
    }
}

impl Page for StudioPage {
    fn ui(&mut self, ui: &mut Ui, ctx: &mut PanelContext<'_>) {
        self.lay_out(ui, ctx);
    }

    fn overlay(&mut self, ui: &mut Ui, ctx: &mut PanelContext<'_>) {
        self.show(ui, ctx, Slot::Overlay);
    }

    fn command(&mut self, command: UiCommand, ctx: &mut PageContext<'_>) -> Handled {
        actions::carry_out(self, ctx, command)
    }

    fn fill_availability(&self, now: &mut Availability, app: &AppState) {
        let (page, draft) = (&self.state, &self.draft);
        let has_shown_step = page.shown_step_record().is_some();
        let has_shown_picture = page.shown_path().is_some();
        let mask = page.image_input.mask.document.as_ref();
        let is_preview_shown = page.image_input.preview.over == Some(page.beneath(app));
        *now = Availability {
            has_steps: has_shown_step || app.shown_sweep().is_some(),
            has_shown_step,
            is_live: page.is_live_steerable(app),
            has_change: pending_change(page, app, draft).is_some(),
            has_canvas_picture: app.run.is_some()
                || page.timeline.is_some()
                || has_shown_picture
                || page.image_input.mask.is_open
                || is_preview_shown,
            has_shown_picture,
            has_record: page.shown_record(app).is_some(),
            is_branching: page.branching.is_some(),
            is_exporting: page.exporting.is_some(),
            has_beside: page.beside.is_some(),
            has_sweep: app.sweeping.is_some(),
            has_ended_sweep: app.sweeping.is_some() && !app.is_sweep_open(),
            can_undo_form: self.form_history.can_undo(),
            can_redo_form: self.form_history.can_redo(),
            has_init_image: draft.request.init.is_some(),
            is_mask_shown: page.image_input.mask.is_open,
            has_mask: mask.is_some(),
            can_undo_mask: mask.is_some_and(MaskDocument::can_undo),
            can_redo_mask: mask.is_some_and(MaskDocument::can_redo),
            is_drop_menu_open: page.image_input.drop_menu.is_some(),
            is_preview_shown,
            ..*now
        };
    }

    fn take_event(&mut self, event: &ServiceEvent, ctx: &mut PageContext<'_>) {
        match event {
            ServiceEvent::Engine(event) => self.take_engine_event(event, ctx),
            ServiceEvent::Decoded(asked, answer) => {
                actions::decode::take_answer(self, ctx, asked, answer.as_ref().ok());
            }
            ServiceEvent::Saved(event) => actions::files::take_saved(self, ctx, event),
            ServiceEvent::Index(_) => {}
        }
    }

    fn tick(&mut self, ctx: &mut PageContext<'_>) {
        actions::play::tick(self, ctx);
        actions::decode::tick(self, ctx);
        actions::export::poll(self, ctx);
        image_input::tick(self, ctx);
        actions::form::watch(self, ctx);
        if *ctx.state.form != self.draft.request {
            ctx.state.form = Arc::new(self.draft.request.clone());
        }
    }

    fn handle_input(&mut self, ctx: &mut PageContext<'_>) -> bool {
        image_input::handle_input(self, ctx);
        false
    }
}

/// Every panel, in the order they are laid out.
fn default_panels() -> Vec<Box<dyn StudioPanel>> {
    vec![
        Box::new(form::named_files::NamedFilesPanel),
        Box::new(form::prompt::PromptPanel),
        Box::new(form::model::ModelPanel),
        Box::new(image_input::ImageInputPanel),
        Box::new(form::extra_settings::ExtraSettingsPanel),
        Box::new(form::sampling::SamplingPanel),
        Box::<sweep::form::SweepFormPanel>::default(),
        Box::<form::generate::GeneratePanel>::default(),
        Box::<canvas::panel::CanvasPanel>::default(),
        Box::<image_input::StagePanel>::default(),
        Box::<sweep::grid::SweepGridPanel>::default(),
        Box::<timeline::panel::TimelinePanel>::default(),
        Box::new(sides::FormRailPanel),
        Box::new(sides::InspectorRailPanel),
        Box::<inspector::plots::PlotsPanel>::default(),
        Box::<inspector::run_tree::RunTreePanel>::default(),
        Box::<inspector::run_settings::RunSettingsPanel>::default(),
        Box::new(inspector::kept::KeptPanel),
        Box::new(recent::RecentPanel),
        Box::<image_input::drop_menu::DropMenuPanel>::default(),
    ]
}
