//! The window itself: `logic` takes in what happened, `ui` lays out the panels. Nothing else.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use egui::{CentralPanel, Frame, Margin, Panel as SidePanel, Rangef};

use super::commands::shortcuts;
use super::commands::{CommandSender, UiCommand};
use super::i18n::Language;
use super::model::notifications::{Level, Text};
use super::model::state::{AppState, EngineStatus};
use super::pages::studio::actions;
use super::pages::studio::form::draft::Draft;
use super::pages::studio::form::history::FormHistory;
use super::pages::studio::image_input;
use super::pages::{self, Page};
use super::panel::{Panel, PanelContext, RECENT_HEIGHT, Slot, TIMELINE_HEIGHT, default_panels};
use super::services::{Engine, Pictures, RepaintHandle, Services};
use super::theme;
use super::throttle::Throttle;
use super::widgets::textures::TextureCache;
use crate::config::{Settings, ThemeChoice};
use crate::engine::{Poll, QueueKeeper};
use crate::gallery::{IndexRequest, IndexService, SaveEvent};
use crate::hub::Hub;
use crate::job::Event;
use crate::job::ModelRef;
use crate::job::Precision;
use crate::render;

/// Longest time a frame spends taking in events; the rest waits for the next.
const DRAIN_BUDGET: Duration = Duration::from_millis(5);

/// Width of a side that is hidden, in points.
const RAIL_WIDTH: f32 = 28.0;
/// Part of the window's width that the inspector begins with.
const INSPECTOR_PART: f32 = 0.2;
/// Width of the inspector, in points.
const INSPECTOR_WIDTH: Rangef = Rangef { min: 284.0, max: 340.0 };

/// The window.
pub struct Studio {
    pub(super) services: Services,
    pub(super) repaint: RepaintHandle,
    throttle: Arc<Throttle>,
    pub(super) engine: Option<Box<dyn Engine>>,
    pub(super) pictures: Option<Box<dyn Pictures>>,
    /// Knows every picture, its own and those of other folders.
    pub(super) library: Option<IndexService>,
    /// Knows every model on disk, and fetches others.
    pub(super) hub: Option<Hub>,
    /// Keeps the jobs not yet run.
    pub(super) queue_keeper: Option<QueueKeeper>,
    /// Where pictures are kept.
    pub(super) gallery_dir: PathBuf,
    pub(super) settings: Settings,
    pub(super) language: Language,
    pub(super) draft: Draft,
    pub(super) form_history: FormHistory,
    pub(super) state: AppState,
    pub(super) commands: CommandSender,
    received: Receiver<UiCommand>,
    panels: Vec<Box<dyn Panel>>,
    textures: TextureCache,
    has_gpu_canvas: bool,
    /// Whether the processor draws.
    pub(super) is_software: bool,
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
}

impl Studio {
    /// Sets up the window and starts engine and gallery; neither is waited for.
    pub fn new(
        creation: &eframe::CreationContext<'_>,
        services: Services,
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
        let mut studio = Self {
            worker: image_input::ImageWorker::new(gallery_dir.as_ref().to_owned(), Arc::clone(&repaint)),
            repaint,
            throttle,
            services,
            engine: None,
            pictures: None,
            library: None,
            hub: None,
            queue_keeper: None,
            gallery_dir: gallery_dir.as_ref().to_owned(),
            language: Language::choose(settings.language.as_deref()),
            settings,
            draft: Draft::default(),
            form_history: FormHistory::default(),
            state: AppState {
                is_still,
                ..AppState::default()
            },
            commands: CommandSender::new(sender),
            received,
            panels: default_panels(),
            textures: TextureCache::default(),
            is_software,
            has_gpu_canvas: creation.wgpu_render_state.is_some(),
            fit_zoom: 1.0,
            played_until: None,
            regenerating: None,
            decoding: actions::decode::Decoding::default(),
        };
        studio.draft.precision = kept_precision(&studio.settings);
        studio.draft.roll_seed();
        studio.start_engine();
        studio.start_pictures(gallery_dir.as_ref());
        studio.start_library();
        pages::models::start(&mut studio);
        studio.start_queue();
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

    /// Has something done before the next frame.
    pub fn send(&self, command: UiCommand) {
        self.commands.send(command);
    }

    /// Starts an engine and asks it about its device and the models; what it says of the device has the model in the
    /// form read.
    pub(super) fn start_engine(&mut self) {
        self.decoding.forget();
        match (self.services.start_engine)(Arc::clone(&self.repaint)) {
            Ok(engine) => {
                self.engine = Some(engine);
                self.state.engine = EngineStatus::Running;
                if let Some(engine) = &self.engine {
                    engine.describe_device().ok(); // a new engine's queue has room; one that has ended says so itself
                }
                self.describe(ModelRef::Starter);
            }
            Err(reason) => self.state.engine_stopped(Some(reason)),
        }
    }

    /// Asks the engine about a model; the answer is an event.
    pub(super) fn describe(&mut self, model: ModelRef) {
        if let Some(engine) = &self.engine
            && let Err(error) = engine.describe(model)
        {
            let reason = [("reason", error.to_string())];
            self.state
                .notices
                .notify(Level::Error, Text::new("notice-failed-internal", reason));
        }
    }

    /// Has the engine read a model before it is needed; should the queue be full, it is read when it is needed.
    fn preload(&self) {
        if let Some(engine) = &self.engine {
            engine
                .preload(self.draft.request.model.clone(), self.draft.precision)
                .ok();
        }
    }

    fn start_pictures(&mut self, folder: &Path) {
        match (self.services.start_pictures)(folder, Arc::clone(&self.repaint)) {
            Ok(pictures) => {
                pictures.set_trajectory_budget(self.settings.trajectory_budget_bytes());
                self.pictures = Some(pictures);
                pages::settings::set_save_options(self);
            }
            Err(reason) => {
                let values = [("folder", folder.display().to_string()), ("reason", reason)];
                self.state
                    .notices
                    .notify(Level::Error, Text::new("notice-no-gallery", values));
                self.state.is_gallery_listed = true;
            }
        }
    }

    fn start_library(&mut self) {
        let Some(start) = &self.services.start_library else {
            return;
        };
        let watched = self.settings.watched_folders.clone();
        match start(&self.gallery_dir, watched, Arc::clone(&self.repaint)) {
            Ok(library) => self.library = Some(library),
            Err(reason) => {
                let values = [("folder", self.gallery_dir.display().to_string()), ("reason", reason)];
                self.state
                    .notices
                    .notify(Level::Error, Text::new("notice-no-gallery", values));
            }
        }
    }

    fn start_queue(&mut self) {
        let Some(start) = &self.services.start_queue else {
            return;
        };
        match start(Arc::clone(&self.repaint)) {
            Ok(keeper) => self.queue_keeper = Some(keeper),
            Err(reason) => {
                let text = Text::new("queue-not-kept", [("reason", reason)]);
                self.state.notices.notify(Level::Error, text);
            }
        }
    }

    fn take_commands(&mut self, ctx: &egui::Context) {
        while let Ok(command) = self.received.try_recv() {
            actions::carry_out(self, ctx, command);
            ctx.request_repaint();
        }
    }

    fn drain_engine(&mut self, deadline: Instant) {
        while let Some(engine) = &self.engine {
            match engine.poll() {
                Poll::Event(event) => self.take_event(event),
                Poll::Empty => return,
                Poll::Disconnected => {
                    self.engine = None;
                    self.state.engine_stopped(None);
                }
            }
            if Instant::now() > deadline {
                (self.repaint)();
                return;
            }
        }
    }

    fn take_event(&mut self, event: Event) {
        if image_input::take_event(self, &event) {
            return;
        }
        match &event {
            Event::Image { image, .. } => {
                if let Some(pictures) = &self.pictures {
                    pictures.save(Arc::clone(image));
                }
            }
            Event::DeviceDescribed { info } => {
                if !info.supports(self.draft.precision) {
                    self.draft.precision = Precision::Auto; // kept by another computer, or another device
                }
                self.preload();
            }
            Event::ModelDescribed { info } if info.model == self.draft.request.model => self.draft.adopt(info),
            Event::Decoded { ticket, picture } => actions::decode::take_answer(self, *ticket, picture),
            _ => {}
        }
        self.state.apply(event);
    }

    fn drain_pictures(&mut self, deadline: Instant) {
        while let Some(event) = self.pictures.as_ref().and_then(|pictures| pictures.poll()) {
            if let (SaveEvent::Saved { path, .. }, Some(library)) = (&event, &self.library) {
                library.request(IndexRequest::AddPicture(path.clone()));
            }
            let opened = match &event {
                SaveEvent::Opened { path, .. } => Some(path.clone()),
                _ => None,
            };
            self.state.apply_saved(event);
            if let Some(path) = opened {
                actions::files::take_settings_if_wanted(self, &path);
                actions::regenerate::go_on_if_wanted(self, &path);
            }
            if Instant::now() > deadline {
                (self.repaint)();
                return;
            }
        }
    }

    fn take_dropped_files(&self, ctx: &egui::Context) {
        let paths: Vec<PathBuf> = ctx.input(|input| {
            let dropped = input.raw.dropped_files.iter();
            dropped.map(|file| file.path().to_owned()).collect()
        });
        if !paths.is_empty() {
            self.commands.send(UiCommand::OpenDropped(paths));
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
        let mut context = PanelContext {
            draft: &mut self.draft,
            state: &self.state,
            commands: &self.commands,
            language: self.language,
            palette: theme::palette(ui.ctx().theme()),
            settings: &self.settings,
            gallery_dir: &self.gallery_dir,
            theme_choice: self.settings.theme,
            textures: &mut self.textures,
            has_gpu_canvas: self.has_gpu_canvas,
            fit_zoom: &mut self.fit_zoom,
        };
        for panel in self.panels.iter_mut().filter(|panel| panel.slot() == slot) {
            ui.push_id(panel.id(), |ui| panel.ui(ui, &mut context));
        }
    }
}

impl eframe::App for Studio {
    fn logic(&mut self, ctx: &egui::Context, _frame: &mut eframe::Frame) {
        let now = Instant::now();
        let points = ctx.viewport_rect().area();
        self.throttle.frame(now, points * ctx.pixels_per_point().powi(2));
        let deadline = now + DRAIN_BUDGET;
        self.take_dropped_files(ctx);
        image_input::handle_input(self, ctx);
        shortcuts::handle_input(self, ctx);
        self.take_commands(ctx);
        self.drain_engine(deadline);
        self.drain_pictures(deadline);
        actions::play::tick(self, ctx);
        actions::decode::tick(self, ctx);
        actions::sweep::advance(self);
        actions::export::poll(self);
        pages::gallery::tick(self, ctx);
        pages::compare::tick(self, ctx);
        pages::models::tick(self, ctx);
        pages::queue::tick(self, ctx);
        pages::settings::tick(self, ctx);
        image_input::tick(self, ctx);
        actions::form::watch(self, ctx);
    }

    fn ui(&mut self, ui: &mut egui::Ui, _frame: &mut eframe::Frame) {
        let palette = theme::palette(ui.ctx().theme());
        let frame = |fill: egui::Color32, margin: Margin| Frame::new().fill(fill).inner_margin(margin);

        SidePanel::top("top")
            .exact_size(40.0)
            .frame(frame(*palette.panel, Margin::symmetric(12, 0)))
            .show(ui, |ui| self.show_slot(ui, Slot::Top));
        match self.state.page {
            Page::Studio => self.studio_page(ui, palette),
            page => {
                CentralPanel::default()
                    .frame(frame(*palette.canvas, Margin::ZERO))
                    .show(ui, |ui| self.show_slot(ui, Slot::Page(page)));
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

/// The same choice in egui's words.
pub(super) fn theme_preference(choice: ThemeChoice) -> egui::ThemePreference {
    match choice {
        ThemeChoice::Dark => egui::ThemePreference::Dark,
        ThemeChoice::Light => egui::ThemePreference::Light,
        ThemeChoice::System => egui::ThemePreference::System,
    }
}
