//! The window itself: services are drained, pages take in their events, chrome and page are drawn, and commands are
//! carried out. Nothing else.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use egui::{CentralPanel, Frame, Margin, Panel as SidePanel};

use super::chrome::{self, Chrome};
use super::closing::Closing;
use super::commands::shortcuts;
use super::commands::{CommandSender, UiCommand};
use super::model::notifications::Level;
use super::model::state::{AppState, job_error_text};
use super::page::{Handled, PageContext, ServiceEvent};
use super::pages::Pages;
use super::pages::compare::CompareState;
use super::pages::gallery::GalleryState;
use super::pages::studio::StudioState;
use super::pages::studio::form::draft::Draft;
use super::panel::PanelContext;
use super::services::{RepaintHandle, ServiceFactory, Services, Surroundings};
use super::session::SessionKeeper;
use super::theme;
use super::throttle::Throttle;
use super::widgets::textures::TextureCache;
use crate::config::Settings;
use crate::engine::Poll;
use crate::gallery::{IndexService, SaveEvent};
use crate::job::{Event, ModelRef, Precision};
use crate::render;

/// Longest time a frame spends taking in the events of one service; the rest waits for the next.
const DRAIN_BUDGET: Duration = Duration::from_millis(5);
/// Most events of the engine that are looked at when the window closes.
const MAX_LAST_EVENTS: usize = 1024;
/// Height of the line above everything, in points.
const TOP_HEIGHT: f32 = 40.0;

/// The window.
pub struct Studio {
    services: Services,
    throttle: Arc<Throttle>,
    state: AppState,
    received: Receiver<UiCommand>,
    chrome: Chrome,
    pages: Pages,
    textures: TextureCache,
    has_gpu_canvas: bool,
    session: Option<SessionKeeper>,
    closing: Closing,
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
        ctx.set_theme(theme::preference(settings.theme));
        shortcuts::install(ctx, &settings.shortcuts);
        ctx.set_zoom_factor(settings.ui_scale);

        let (sender, received) = channel();
        let throttle = Arc::new(Throttle::new(is_software));
        let mut state = AppState {
            is_still,
            precision: kept_precision(&settings),
            ..AppState::default()
        };
        let surroundings = Surroundings {
            settings,
            gallery_dir: gallery_dir.as_ref().to_owned(),
            commands: CommandSender::new(sender),
            repaint: repaint(ctx.clone(), Arc::clone(&throttle)),
            is_software,
        };
        let session_file = factory.session_file.clone();
        let mut services = Services::start(factory, surroundings, &mut state.notices);
        state.is_gallery_listed = services.pictures.is_none();
        let mut pages = Pages::new(&services);
        let session = session_file.map(|path| SessionKeeper::start(path, ctx, &mut state, &mut pages));
        chrome::actions::start_engine(&mut state, &mut services);
        let model = &pages.studio.draft.request.model;
        if *model != ModelRef::Starter && !state.is_strange_model(model) {
            services.describe(model.clone(), &mut state.notices);
        }
        Self {
            services,
            throttle,
            state,
            received,
            chrome: Chrome::default(),
            pages,
            textures: TextureCache::default(),
            has_gpu_canvas: creation.wgpu_render_state.is_some(),
            session,
            closing: Closing::default(),
        }
    }

    /// The form.
    pub fn draft(&self) -> &Draft {
        &self.pages.studio.draft
    }

    /// The form, to fill in.
    pub fn draft_mut(&mut self) -> &mut Draft {
        &mut self.pages.studio.draft
    }

    /// What pages share.
    pub fn state(&self) -> &AppState {
        &self.state
    }

    /// What pages share, to be set by hand.
    pub fn state_mut(&mut self) -> &mut AppState {
        &mut self.state
    }

    /// What the page on which pictures are made knows.
    pub fn studio(&self) -> &StudioState {
        &self.pages.studio.state
    }

    /// What the page on which pictures are made knows, to be set by hand.
    pub fn studio_mut(&mut self) -> &mut StudioState {
        &mut self.pages.studio.state
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

    /// The pages, and what they can change beside their own state.
    fn pages<'a>(&'a mut self, egui: &'a egui::Context) -> (&'a mut Pages, PageContext<'a>) {
        let context = PageContext {
            egui,
            state: &mut self.state,
            services: &mut self.services,
        };
        (&mut self.pages, context)
    }

    /// Everything that is drawn, and what it can reach.
    fn panels<'a>(&'a mut self, ctx: &egui::Context) -> (&'a mut Chrome, &'a mut Pages, PanelContext<'a>) {
        let context = PanelContext {
            state: &self.state,
            commands: &self.services.commands,
            language: self.services.language,
            palette: theme::palette(ctx.theme()),
            settings: &self.services.settings,
            gallery_dir: &self.services.gallery_dir,
            theme_choice: self.services.settings.theme,
            textures: &mut self.textures,
            has_gpu_canvas: self.has_gpu_canvas,
            now: self.pages.availability(&self.state, &self.services.settings),
        };
        (&mut self.chrome, &mut self.pages, context)
    }

    fn take_commands(&mut self, ctx: &egui::Context) {
        while let Ok(command) = self.received.try_recv() {
            let (pages, mut context) = self.pages(ctx);
            if let Handled::No(command) = pages.command(command, &mut context) {
                chrome::actions::carry_out(&command, &mut context);
            }
            ctx.request_repaint();
        }
    }

    /// Has pages take in what the services have to tell.
    fn drain(&mut self, ctx: &egui::Context) {
        let queues = [Self::next_of_engine, Self::next_of_pictures, Self::next_of_index];
        for next in queues {
            let deadline = Instant::now() + DRAIN_BUDGET;
            while let Some(event) = next(self) {
                let (pages, mut context) = self.pages(ctx);
                pages.take_event(&event, &mut context);
                if Instant::now() > deadline {
                    (self.services.repaint)();
                    break;
                }
            }
        }
    }

    /// The next event of the engine, which the shared state has taken in.
    fn next_of_engine(&mut self) -> Option<ServiceEvent> {
        match self.services.engine.as_ref()?.poll() {
            Poll::Event(event) => Some(self.take_engine_event(event)),
            Poll::Empty => None,
            Poll::Disconnected => {
                self.services.engine = None;
                self.state.engine_stopped(None);
                None
            }
        }
    }

    fn take_engine_event(&mut self, event: Event) -> ServiceEvent {
        let event = match event {
            Event::Decoded { ticket, picture } => match self.state.decodes.answered(ticket) {
                Some(asked) => {
                    if let Err(error) = &picture {
                        self.state.notices.notify(Level::Error, job_error_text(error));
                    }
                    return ServiceEvent::Decoded(asked, picture);
                }
                None => Event::Decoded { ticket, picture },
            },
            event => event,
        };
        if !self.pages.studio.is_preview(&event) {
            if let (Event::Image { image, .. }, Some(pictures)) = (&event, &self.services.pictures) {
                pictures.save(Arc::clone(image));
            }
            self.state.apply(&event);
        }
        ServiceEvent::Engine(event)
    }

    fn next_of_pictures(&mut self) -> Option<ServiceEvent> {
        let event = self.services.pictures.as_ref()?.poll()?;
        if let SaveEvent::Opened {
            record: Some(record), ..
        }
        | SaveEvent::TrajectoryOpened { record, .. } = &event
        {
            self.services.note_strangers(&mut self.state, &record.request);
        }
        // The page that compares says itself which of its pictures cannot be read.
        let is_said = matches!(&event, SaveEvent::OpenFailed { path, .. }
            if self.pages.compare.state.is_reading(path) && !self.pages.studio.waits_for(path));
        if !is_said {
            self.state.apply_saved(&event);
        }
        Some(ServiceEvent::Saved(event))
    }

    fn next_of_index(&mut self) -> Option<ServiceEvent> {
        self.services
            .index
            .as_ref()
            .and_then(IndexService::poll)
            .map(ServiceEvent::Index)
    }

    /// Has keys taken by pages, else as those of commands.
    fn handle_input(&mut self, ctx: &egui::Context) {
        let (pages, mut context) = self.pages(ctx);
        let is_taken = pages.handle_input(&mut context);
        let is_pressed = |event: &egui::Event| matches!(event, egui::Event::Key { pressed: true, .. });
        if !is_taken && ctx.input(|input| input.events.iter().any(is_pressed)) {
            let now = self.pages.availability(&self.state, &self.services.settings);
            shortcuts::handle_input(&self.state, &now, &self.services.commands, ctx);
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
}

impl eframe::App for Studio {
    fn on_exit(&mut self) {
        // Pictures that were finished since the last frame are saved too.
        for _ in 0..MAX_LAST_EVENTS {
            if self.next_of_engine().is_none() {
                break;
            }
        }
        if let Some(session) = &mut self.session {
            session.keep(&self.state, &self.pages);
        }
    }

    fn logic(&mut self, ctx: &egui::Context, _frame: &mut eframe::Frame) {
        let now = Instant::now();
        let points = ctx.viewport_rect().area();
        self.throttle.frame(now, points * ctx.pixels_per_point().powi(2));
        self.take_dropped_files(ctx);
        // While the dialog asks, all keys are for it.
        if self.state.budget_question.report().is_none() {
            self.handle_input(ctx);
        }
        self.take_commands(ctx);
        self.drain(ctx);
        let (pages, mut context) = self.pages(ctx);
        for page in pages.all() {
            page.tick(&mut context);
        }
        if let Some(session) = &mut self.session {
            session.tick(&self.state, &self.pages);
        }
        self.closing
            .tick(ctx, self.services.num_unsaved(), &mut self.state.notices);
    }

    fn ui(&mut self, ui: &mut egui::Ui, _frame: &mut eframe::Frame) {
        let ctx = ui.ctx().clone();
        let shown = self.state.page;
        let (chrome, pages, mut context) = self.panels(&ctx);
        let frame = |fill: egui::Color32, margin: Margin| Frame::new().fill(fill).inner_margin(margin);
        let palette = context.palette;
        SidePanel::top("top")
            .exact_size(TOP_HEIGHT)
            .frame(frame(*palette.panel, Margin::symmetric(12, 0)))
            .show(ui, |ui| Chrome::top(ui, &context));
        CentralPanel::default()
            .frame(frame(*palette.canvas, Margin::ZERO))
            .show(ui, |ui| {
                ui.push_id(shown.key(), |ui| pages.page(shown).ui(ui, &mut context));
            });
        chrome.overlay(ui, &context);
        for page in pages.all() {
            page.overlay(ui, &mut context);
        }
        self.textures.end_frame();
        self.take_commands(&ctx);
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
