//! The window itself: `logic` takes in what happened, `ui` lays out the panels. Nothing else.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use egui::{CentralPanel, Frame, Margin, Panel as SidePanel, Rangef};

use super::chrome::{budget_dialog, notices, palette, top};
use super::commands::shortcuts;
use super::commands::{CommandSender, UiCommand};
use super::model::state::{AppState, EngineStatus};
use super::pages::Pages;
use super::pages::compare::CompareState;
use super::pages::gallery::GalleryState;
use super::pages::studio::actions;
use super::pages::studio::form::draft::Draft;
use super::pages::studio::form::history::FormHistory;
use super::pages::studio::{canvas, form, image_input, inspector, recent, sides, sweep, timeline};
use super::panel::{Panel, PanelContext, RECENT_HEIGHT, Slot, TIMELINE_HEIGHT};
use super::services::{RepaintHandle, ServiceFactory, Services, Surroundings};
use super::session::SessionKeeper;
use super::theme;
use super::throttle::Throttle;
use super::widgets::textures::TextureCache;
use crate::config::{Settings, ThemeChoice};
use crate::engine::Poll;
use crate::gallery::{IndexRequest, IndexService, SaveEvent};
use crate::job::Event;
use crate::job::ModelRef;
use crate::job::Precision;
use crate::render;
use crate::ui::commands::PageId;
use crate::ui::page::{Handled, PageContext, ServiceEvent};

/// Longest time a frame spends taking in events; the rest waits for the next.
const DRAIN_BUDGET: Duration = Duration::from_millis(5);

/// Width of a side that is hidden, in points.
const RAIL_WIDTH: f32 = 28.0;
/// Part of the window's width that the inspector begins with.
const INSPECTOR_PART: f32 = 0.2;
/// Width of the inspector, in points.
const INSPECTOR_WIDTH: Rangef = Rangef { min: 284.0, max: 340.0 };

/// What the panels of a window can reach, borrowed field by field so that panels and pages stay free.
macro_rules! panel_context {
    ($studio:expr, $ui:expr) => {
        PanelContext {
            draft: &mut $studio.draft,
            state: &$studio.state,
            commands: &$studio.services.commands,
            language: $studio.services.language,
            palette: theme::palette($ui.ctx().theme()),
            settings: &$studio.services.settings,
            gallery_dir: &$studio.services.gallery_dir,
            theme_choice: $studio.services.settings.theme,
            textures: &mut $studio.textures,
            has_gpu_canvas: $studio.has_gpu_canvas,
            fit_zoom: &mut $studio.fit_zoom,
        }
    };
}

/// The window.
pub struct Studio {
    pub(super) services: Services,
    throttle: Arc<Throttle>,
    pub(super) draft: Draft,
    pub(super) form_history: FormHistory,
    pub(super) state: AppState,
    received: Receiver<UiCommand>,
    panels: Vec<Box<dyn Panel>>,
    pages: Pages,
    textures: TextureCache,
    has_gpu_canvas: bool,
    /// The zoom at which all of the picture is shown, as the canvas last saw it.
    pub(super) fit_zoom: f32,
    /// Until when a run has been played, by the clock of the window in seconds.
    pub(super) played_until: Option<f64>,
    /// A picture that is read so that something can be made of it.
    pub(super) regenerating: Option<(PathBuf, actions::regenerate::Waiting)>,
    /// Steps whose pictures were asked for.
    pub(super) decoding: actions::decode::Decoding,
    /// Reads pictures that are brought in, and saves masks.
    pub(super) worker: image_input::ImageWorker,
    session: Option<SessionKeeper>,
}

impl Studio {
    /// Sets up the window and starts engine and gallery; neither is waited for.
    pub fn new(
        creation: &eframe::CreationContext<'_>,
        factory: ServiceFactory,
        settings: Settings,
        gallery_dir: impl AsRef<Path>,
    ) -> Self {
        let ctx = &creation.egui_ctx;
        let is_software = creation.wgpu_render_state.as_ref().is_none_or(render::is_software);
        let is_still = is_software || settings.reduce_motion;
        if let Some(render_state) = &creation.wgpu_render_state {
            render::install(render_state);
        }
        theme::install(ctx, is_still);
        ctx.set_theme(theme_preference(settings.theme));
        shortcuts::install(ctx, &settings.shortcuts);
        ctx.set_zoom_factor(settings.ui_scale);

        let (sender, received) = channel();
        let throttle = Arc::new(Throttle::new(is_software));
        let repaint = repaint(ctx.clone(), Arc::clone(&throttle));
        let gallery_dir = gallery_dir.as_ref().to_owned();
        let mut state = AppState {
            is_still,
            ..AppState::default()
        };
        let surroundings = Surroundings {
            settings,
            gallery_dir: gallery_dir.clone(),
            commands: CommandSender::new(sender),
            repaint: Arc::clone(&repaint),
            is_software,
        };
        let session_file = factory.session_file.clone();
        let services = Services::start(factory, surroundings, &mut state.notices);
        state.is_gallery_listed = services.pictures.is_none();
        let draft = Draft::in_language(services.language);
        let mut studio = Self {
            worker: image_input::ImageWorker::new(gallery_dir, repaint),
            throttle,
            services,
            draft,
            form_history: FormHistory::default(),
            state,
            received,
            panels: default_panels(),
            pages: Pages::default(),
            textures: TextureCache::default(),
            has_gpu_canvas: creation.wgpu_render_state.is_some(),
            fit_zoom: 1.0,
            played_until: None,
            regenerating: None,
            decoding: actions::decode::Decoding::default(),
            session: None,
        };
        studio.state.precision = kept_precision(&studio.services.settings);
        studio.draft.roll_seed();
        studio.session = session_file
            .map(|path| SessionKeeper::start(path, ctx, &mut studio.state, &mut studio.pages, &mut studio.draft));
        studio.start_engine();
        if studio.draft.request.model != ModelRef::Starter {
            studio.describe(studio.draft.request.model.clone());
        }
        studio
    }

    /// The form.
    pub fn draft(&self) -> &Draft {
        &self.draft
    }

    /// The form, to fill in.
    pub fn draft_mut(&mut self) -> &mut Draft {
        &mut self.draft
    }

    /// What the window knows.
    pub fn state(&self) -> &AppState {
        &self.state
    }

    /// What the window knows, to be set by hand.
    pub fn state_mut(&mut self) -> &mut AppState {
        &mut self.state
    }

    /// What the gallery's page knows.
    pub fn gallery(&self) -> &GalleryState {
        &self.pages.gallery.state
    }

    /// What the gallery's page knows, to be set by hand.
    pub fn gallery_mut(&mut self) -> &mut GalleryState {
        &mut self.pages.gallery.state
    }

    /// What the page that compares knows.
    pub fn compare(&self) -> &CompareState {
        &self.pages.compare.state
    }

    /// Has something done before the next frame.
    pub fn send(&self, command: UiCommand) {
        self.services.commands.send(command);
    }

    /// Starts an engine. What it says of its device has the model in the form read.
    pub(super) fn start_engine(&mut self) {
        self.decoding.forget();
        self.state.decodes.forget();
        match self.services.restart_engine(&mut self.state.notices) {
            Ok(()) => self.state.engine = EngineStatus::Running,
            Err(reason) => self.state.engine_stopped(Some(reason)),
        }
    }

    /// Asks the engine about a model; the answer is an event.
    pub(super) fn describe(&mut self, model: ModelRef) {
        self.services.describe(model, &mut self.state.notices);
    }

    /// The pages that keep their own state, and what they can change beside it.
    fn pages<'a>(&'a mut self, egui: &'a egui::Context) -> (&'a mut Pages, PageContext<'a>) {
        let context = PageContext {
            egui,
            state: &mut self.state,
            draft: &mut self.draft,
            services: &mut self.services,
        };
        (&mut self.pages, context)
    }

    fn take_commands(&mut self, ctx: &egui::Context) {
        while let Ok(command) = self.received.try_recv() {
            let (pages, mut context) = self.pages(ctx);
            if let Handled::No(command) = pages.command(command, &mut context) {
                actions::carry_out(self, ctx, command);
            }
            ctx.request_repaint();
        }
    }

    fn drain_engine(&mut self, ctx: &egui::Context, deadline: Instant) {
        while let Some(engine) = &self.services.engine {
            match engine.poll() {
                Poll::Event(event) => self.take_event(ctx, event),
                Poll::Empty => return,
                Poll::Disconnected => {
                    self.services.engine = None;
                    self.state.engine_stopped(None);
                }
            }
            if Instant::now() > deadline {
                (self.services.repaint)();
                return;
            }
        }
    }

    fn take_event(&mut self, ctx: &egui::Context, event: Event) {
        if image_input::take_event(self, &event) {
            return;
        }
        match &event {
            Event::Image { image, .. } => {
                if let Some(pictures) = &self.services.pictures {
                    pictures.save(Arc::clone(image));
                }
            }
            Event::DeviceDescribed { info } => {
                if !info.supports(self.state.precision) {
                    self.state.precision = Precision::Auto; // kept by another computer, or another device
                }
                let model = self.draft.request.model.clone();
                self.services.preload(model, self.state.precision);
            }
            Event::ModelDescribed { info } if info.model == self.draft.request.model => self.draft.adopt(info),
            Event::Decoded { ticket, picture } => actions::decode::take_answer(self, *ticket, picture),
            _ => {}
        }
        let event = ServiceEvent::Engine(event);
        self.tell_pages(ctx, &event);
        if let ServiceEvent::Engine(event) = event {
            self.state.apply(event);
        }
    }

    fn tell_pages(&mut self, ctx: &egui::Context, event: &ServiceEvent) {
        let (pages, mut context) = self.pages(ctx);
        pages.take_event(event, &mut context);
    }

    fn drain_index(&mut self, ctx: &egui::Context, deadline: Instant) {
        while let Some(event) = self.services.index.as_ref().and_then(IndexService::poll) {
            self.tell_pages(ctx, &ServiceEvent::Index(event));
            if Instant::now() > deadline {
                (self.services.repaint)();
                return;
            }
        }
    }

    fn drain_pictures(&mut self, ctx: &egui::Context, deadline: Instant) {
        while let Some(event) = self.services.pictures.as_ref().and_then(|pictures| pictures.poll()) {
            if let (SaveEvent::Saved { path, .. }, Some(library)) = (&event, &self.services.index) {
                library.request(IndexRequest::AddPicture(path.clone()));
            }
            if let SaveEvent::BudgetForecast { budget_bytes, report } = &event {
                let question = &mut self.state.budget_question;
                if let Some(mib) = question.take_forecast(*budget_bytes, Arc::clone(report)) {
                    self.services.set_trajectory_budget(mib);
                }
            }
            let opened = match &event {
                SaveEvent::Opened { path, .. } => Some(path.clone()),
                _ => None,
            };
            let is_wanted = self.is_wanted(&event);
            let event = ServiceEvent::Saved(event);
            self.tell_pages(ctx, &event);
            if let ServiceEvent::Saved(event) = event
                && is_wanted
            {
                self.state.apply_saved(event);
            }
            if let Some(path) = opened {
                actions::files::take_settings_if_wanted(self, &path);
                actions::regenerate::go_on_if_wanted(self, &path);
            }
            if Instant::now() > deadline {
                (self.services.repaint)();
                return;
            }
        }
    }

    /// Whether what was read of a picture is for the studio, and not for a page alone.
    fn is_wanted(&self, event: &SaveEvent) -> bool {
        let regenerating = self.regenerating.as_ref().map(|(path, _)| path);
        let is_regenerated = matches!(
            event,
            SaveEvent::Opened { path, .. } | SaveEvent::OpenFailed { path, .. } if regenerating == Some(path)
        );
        is_regenerated || self.state.waits_for(event)
    }

    /// Has keys taken by the page that is shown, else as those of commands.
    fn handle_input(&mut self, ctx: &egui::Context) {
        let shown = self.state.page;
        let (pages, mut context) = self.pages(ctx);
        let is_taken = pages.page(shown).is_some_and(|page| page.handle_input(&mut context));
        if !is_taken {
            shortcuts::handle_input(&self.state, &self.services.commands, ctx);
        }
    }

    fn take_dropped_files(&self, ctx: &egui::Context) {
        let paths: Vec<PathBuf> = ctx.input(|input| {
            let dropped = input.raw.dropped_files.iter();
            dropped.map(|file| file.path().to_owned()).collect()
        });
        if !paths.is_empty() {
            self.services.commands.send(UiCommand::OpenDropped(paths));
        }
    }

    fn form(&mut self, ui: &mut egui::Ui, palette: &theme::Palette) {
        let frame = Frame::new().fill(*palette.panel);
        if !self.state.sides.is_form_shown {
            SidePanel::left("form_rail")
                .exact_size(RAIL_WIDTH)
                .frame(frame)
                .show(ui, |ui| self.show_slot(ui, Slot::FormRail));
            return;
        }
        SidePanel::left("form")
            .exact_size(330.0)
            .resizable(false)
            .frame(frame)
            .show(ui, |ui| {
                let margin = Margin::symmetric(12, 8);
                SidePanel::bottom("form_foot")
                    .exact_size(106.0)
                    .frame(frame.inner_margin(margin))
                    .show(ui, |ui| self.show_slot(ui, Slot::FormFoot));
                CentralPanel::default().frame(frame).show(ui, |ui| {
                    egui::ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
                        Frame::new()
                            .inner_margin(margin)
                            .show(ui, |ui| self.show_slot(ui, Slot::Form));
                    });
                });
            });
    }

    fn inspector(&mut self, ui: &mut egui::Ui, palette: &theme::Palette) {
        let frame = Frame::new().fill(*palette.panel);
        if !self.state.sides.is_inspector_shown {
            SidePanel::right("inspector_rail")
                .exact_size(RAIL_WIDTH)
                .frame(frame)
                .show(ui, |ui| self.show_slot(ui, Slot::InspectorRail));
            return;
        }
        let part = INSPECTOR_PART * ui.ctx().viewport_rect().width();
        SidePanel::right("inspector")
            .default_size(INSPECTOR_WIDTH.clamp(part))
            .size_range(INSPECTOR_WIDTH)
            .frame(frame)
            .show(ui, |ui| {
                egui::ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
                    let margin = Margin::symmetric(12, 8);
                    Frame::new()
                        .inner_margin(margin)
                        .show(ui, |ui| self.show_slot(ui, Slot::Inspector));
                });
            });
    }

    /// The page where pictures are made: form, canvas, time, insight.
    fn studio_page(&mut self, ui: &mut egui::Ui, palette: &theme::Palette) {
        let frame = |fill: egui::Color32, margin: Margin| Frame::new().fill(fill).inner_margin(margin);
        SidePanel::bottom("recent")
            .exact_size(RECENT_HEIGHT)
            .frame(frame(*palette.panel, Margin::symmetric(12, 10)))
            .show(ui, |ui| self.show_slot(ui, Slot::Recent));
        self.form(ui, palette);
        SidePanel::bottom("timeline")
            .exact_size(TIMELINE_HEIGHT)
            .frame(frame(*palette.panel, Margin::symmetric(12, 6)))
            .show(ui, |ui| self.show_slot(ui, Slot::Timeline));
        self.inspector(ui, palette);
        CentralPanel::default()
            .frame(frame(*palette.canvas, Margin::ZERO))
            .show(ui, |ui| self.show_slot(ui, Slot::Canvas));
    }

    fn show_slot(&mut self, ui: &mut egui::Ui, slot: Slot) {
        let mut context = panel_context!(self, ui);
        for panel in self.panels.iter_mut().filter(|panel| panel.slot() == slot) {
            ui.push_id(panel.id(), |ui| panel.ui(ui, &mut context));
        }
    }

    fn show_page(&mut self, ui: &mut egui::Ui, id: PageId) {
        let mut context = panel_context!(self, ui);
        if let Some(page) = self.pages.page(id) {
            ui.push_id(id.key(), |ui| page.ui(ui, &mut context));
        }
    }
}

impl eframe::App for Studio {
    fn on_exit(&mut self) {
        if let Some(session) = &mut self.session {
            session.keep((&self.state, &self.pages, &self.draft));
        }
    }

    fn logic(&mut self, ctx: &egui::Context, _frame: &mut eframe::Frame) {
        let now = Instant::now();
        let points = ctx.viewport_rect().area();
        self.throttle.frame(now, points * ctx.pixels_per_point().powi(2));
        let deadline = now + DRAIN_BUDGET;
        self.take_dropped_files(ctx);
        // While the dialog asks, all keys are for it.
        if self.state.budget_question.report().is_none() {
            image_input::handle_input(self, ctx);
            self.handle_input(ctx);
        }
        self.take_commands(ctx);
        self.drain_engine(ctx, deadline);
        self.drain_pictures(ctx, deadline);
        self.drain_index(ctx, deadline);
        actions::play::tick(self, ctx);
        actions::decode::tick(self, ctx);
        actions::export::poll(self);
        let (pages, mut context) = self.pages(ctx);
        for page in pages.all() {
            page.tick(&mut context);
        }
        image_input::tick(self, ctx);
        actions::form::watch(self, ctx);
        if let Some(session) = &mut self.session {
            session.tick((&self.state, &self.pages, &self.draft));
        }
    }

    fn ui(&mut self, ui: &mut egui::Ui, _frame: &mut eframe::Frame) {
        let palette = theme::palette(ui.ctx().theme());
        let frame = |fill: egui::Color32, margin: Margin| Frame::new().fill(fill).inner_margin(margin);

        SidePanel::top("top")
            .exact_size(40.0)
            .frame(frame(*palette.panel, Margin::symmetric(12, 0)))
            .show(ui, |ui| self.show_slot(ui, Slot::Top));
        match self.state.page {
            PageId::Studio => self.studio_page(ui, palette),
            page => {
                CentralPanel::default()
                    .frame(frame(*palette.canvas, Margin::ZERO))
                    .show(ui, |ui| {
                        self.show_page(ui, page);
                    });
            }
        }
        self.show_slot(ui, Slot::Overlay);

        self.textures.end_frame();
        self.take_commands(&ui.ctx().clone());
    }
}

/// What other threads call when they have something to tell: one frame for all that comes before it is due.
fn repaint(ctx: egui::Context, throttle: Arc<Throttle>) -> RepaintHandle {
    Arc::new(move || ctx.request_repaint_after(throttle.delay(Instant::now())))
}

/// The precision the settings ask for; automatic if they name none that is known.
fn kept_precision(settings: &Settings) -> Precision {
    let id = settings.precision.as_deref();
    id.and_then(|id| id.parse().ok()).unwrap_or_default()
}

/// Every panel, in the order they are laid out.
fn default_panels() -> Vec<Box<dyn Panel>> {
    vec![
        Box::new(top::TopPanel),
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
        Box::<palette::PalettePanel>::default(),
        Box::<notices::NoticesPanel>::default(),
        Box::new(budget_dialog::BudgetDialog),
        Box::<image_input::drop_menu::DropMenuPanel>::default(),
    ]
}

/// The same choice in egui's words.
pub(super) fn theme_preference(choice: ThemeChoice) -> egui::ThemePreference {
    match choice {
        ThemeChoice::Dark => egui::ThemePreference::Dark,
        ThemeChoice::Light => egui::ThemePreference::Light,
        ThemeChoice::System => egui::ThemePreference::System,
    }
}
