//! A window without a display, and stand-ins for what it talks to.

use std::cell::RefCell;
use std::collections::{BTreeMap, VecDeque};
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::Arc;

use egui::accesskit::Role;
use egui::{Key, Modifiers};
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable as _;
use hareru::config::Settings;
use hareru::engine::{Poll, SubmitError};
use hareru::gallery::{IndexService, SaveEvent, Writer};
use hareru::hub::Hub;
use hareru::job::{
    DecodeRequest, DeviceInfo, Event, GenerateRequest, GeneratedImage, JobControl, JobId, JobOptions, KeptRun,
    LatentPlane, ModelDefaults, ModelInfo, ModelRef, Precision, Record, RgbImage, StepEvent, StepRecord,
};
use hareru::ui::app::Studio;
use hareru::ui::commands::UiCommand;
use hareru::ui::model::state::AppState;
use hareru::ui::pages::studio::StudioState;
use hareru::ui::pages::studio::form::draft::Draft;
use hareru::ui::services::{
    Clipboard, ClipboardContent, Dialogs, Engine, Pictures, RepaintHandle, ServiceFactory, StartHub, StartLibrary,
};

/// What the stand-in of the engine was asked, and what it will say.
#[derive(Default)]
pub(crate) struct EngineNotes {
    pub(crate) submitted: Vec<GenerateRequest>,
    pub(crate) options: Vec<JobOptions>,
    pub(crate) described: Vec<ModelRef>,
    pub(crate) preloaded: Vec<(ModelRef, Precision)>,
    pub(crate) cancelled: Vec<JobId>,
    /// Branches, which are among the submitted too: the run each leaves, and its first step.
    pub(crate) branched: Vec<(Arc<KeptRun>, u32)>,
    pub(crate) decoded: Vec<DecodeRequest>,
    /// What was asked of each job on its way.
    pub(crate) controls: BTreeMap<JobId, Arc<JobControl>>,
    pub(crate) events: VecDeque<Event>,
    pub(crate) is_gone: bool,
    pub(crate) num_starts: usize,
    /// What the engine calls when it has something to tell.
    pub(crate) repaint: Option<RepaintHandle>,
}

impl EngineNotes {
    /// What the window and the run share.
    pub(crate) fn control(&mut self, job: JobId) -> Arc<JobControl> {
        Arc::clone(self.controls.entry(job).or_default())
    }
}

/// What the stand-in of the gallery was asked, and what it will say.
#[derive(Default)]
pub(crate) struct PictureNotes {
    pub(crate) saved: Vec<Arc<GeneratedImage>>,
    pub(crate) opened: Vec<PathBuf>,
    pub(crate) budgets: Vec<u64>,
    /// Budgets that were only asked about.
    pub(crate) forecasts: Vec<u64>,
    /// How pictures are to be saved.
    pub(crate) save_options: Vec<hareru::gallery::SaveOptions>,
    /// Pictures that are said to be not on disk yet.
    pub(crate) num_unsaved: usize,
    pub(crate) events: VecDeque<SaveEvent>,
}

struct FakeEngine(Rc<RefCell<EngineNotes>>);

impl Engine for FakeEngine {
    fn submit(&mut self, request: GenerateRequest, options: JobOptions) -> Result<JobId, SubmitError> {
        request.validate()?;
        let mut notes = self.0.borrow_mut();
        notes.submitted.push(request);
        notes.options.push(options);
        Ok(JobId(notes.submitted.len() as u64))
    }

    fn submit_after(
        &mut self,
        request: GenerateRequest,
        after: (Arc<KeptRun>, u32),
        options: JobOptions,
    ) -> Result<JobId, SubmitError> {
        self.0.borrow_mut().branched.push(after);
        self.submit(request, options)
    }

    fn control(&self, job: JobId) -> Option<Arc<JobControl>> {
        Some(self.0.borrow_mut().control(job))
    }

    fn decode(&self, request: DecodeRequest) -> Result<(), SubmitError> {
        self.0.borrow_mut().decoded.push(request);
        Ok(())
    }

    fn describe_device(&self) -> Result<(), SubmitError> {
        let info = Arc::new(processor());
        self.0.borrow_mut().events.push_back(Event::DeviceDescribed { info });
        Ok(())
    }

    fn describe(&self, model: ModelRef) -> Result<(), SubmitError> {
        self.0.borrow_mut().described.push(model);
        Ok(())
    }

    fn preload(&self, model: ModelRef, precision: Precision) -> Result<(), SubmitError> {
        self.0.borrow_mut().preloaded.push((model, precision));
        Ok(())
    }

    fn cancel(&self, job: JobId) {
        self.0.borrow_mut().cancelled.push(job);
    }

    fn poll(&self) -> Poll {
        let mut notes = self.0.borrow_mut();
        match notes.events.pop_front() {
            Some(event) => Poll::Event(event),
            None if notes.is_gone => Poll::Disconnected,
            None => Poll::Empty,
        }
    }
}

struct FakePictures(Rc<RefCell<PictureNotes>>);

impl Pictures for FakePictures {
    fn save(&self, image: Arc<GeneratedImage>) {
        self.0.borrow_mut().saved.push(image);
    }

    fn open(&self, path: PathBuf) {
        self.0.borrow_mut().opened.push(path);
    }

    fn set_trajectory_budget(&self, bytes: u64) {
        self.0.borrow_mut().budgets.push(bytes);
    }

    fn forecast_trajectory_budget(&self, bytes: u64) {
        self.0.borrow_mut().forecasts.push(bytes);
    }

    fn set_options(&self, options: hareru::gallery::SaveOptions) {
        self.0.borrow_mut().save_options.push(options);
    }

    fn num_unsaved(&self) -> usize {
        self.0.borrow().num_unsaved
    }

    fn poll(&self) -> Option<SaveEvent> {
        self.0.borrow_mut().events.pop_front()
    }
}

/// File pickers that nobody answers.
pub(crate) struct NoDialogs;

impl Dialogs for NoDialogs {
    fn pick_folder(&self, _title: String, _answer: Box<dyn FnOnce(PathBuf) + Send>) {}
    fn pick_model(&self, _title: String, _kind: String, _answer: Box<dyn FnOnce(PathBuf) + Send>) {}
    fn pick_picture(&self, _title: String, _answer: Box<dyn FnOnce(PathBuf) + Send>) {}
}

/// A clipboard of the window's own.
#[derive(Default)]
pub(crate) struct MemoryClipboard {
    content: std::sync::Mutex<Option<ClipboardContent>>,
}

impl Clipboard for MemoryClipboard {
    fn set_picture(&self, picture: &RgbImage) -> Result<(), String> {
        let size = [picture.width_px as usize, picture.height_px as usize];
        let image = Arc::new(egui::ColorImage::from_rgb(size, &picture.pixels));
        *self.content.lock().unwrap() = Some(ClipboardContent::Picture(image));
        Ok(())
    }

    fn content(&self) -> ClipboardContent {
        let content = self.content.lock().unwrap().clone();
        content.unwrap_or(ClipboardContent::Nothing)
    }
}

#[derive(Debug)]
struct Dropped(PathBuf);

impl egui::DroppedFile for Dropped {
    fn path(&self) -> &Path {
        &self.0
    }

    fn bytes(&self) -> Result<Vec<u8>, String> {
        Err("the path is enough".to_owned())
    }
}

/// A file that is let go over the window.
pub(crate) fn dropped(path: &Path) -> Arc<dyn egui::DroppedFile + Send + Sync> {
    Arc::new(Dropped(path.to_owned()))
}

/// What of a window is no stand-in.
#[derive(Default)]
struct RealParts {
    /// Where pictures are saved and read.
    folder: Option<PathBuf>,
    has_index: bool,
    /// Where jobs are really kept.
    queue_file: Option<PathBuf>,
    start_hub: Option<StartHub>,
    /// Where the window really keeps what it looked like.
    session_file: Option<PathBuf>,
    /// The gallery's folder, while the pictures themselves are a stand-in's.
    gallery_dir: Option<PathBuf>,
}

impl RealParts {
    fn gallery_at(folder: &Path) -> Self {
        Self {
            gallery_dir: Some(folder.to_owned()),
            ..Self::default()
        }
    }
}

/// A window and the notes of those it talks to.
pub(crate) struct Window {
    pub(crate) harness: Harness<'static, Studio>,
    pub(crate) engine: Rc<RefCell<EngineNotes>>,
    pub(crate) pictures: Rc<RefCell<PictureNotes>>,
    pub(crate) clipboard: Arc<MemoryClipboard>,
    /// Settings that the window had kept.
    pub(crate) kept: Rc<RefCell<Vec<Settings>>>,
}

impl Window {
    /// A window in English that has found an empty gallery and knows the starter model.
    pub(crate) fn open() -> Self {
        Self::open_in("en")
    }

    /// The same in another language.
    pub(crate) fn open_in(language: &str) -> Self {
        Self::build(Harness::builder(), in_language(language))
    }

    /// The same with these settings.
    pub(crate) fn open_set(settings: Settings) -> Self {
        Self::build(Harness::builder(), settings)
    }

    /// The same, drawn by a GPU or its software stand-in.
    pub(crate) fn open_drawn() -> Self {
        Self::open_drawn_in("en")
    }

    /// The same in another language.
    pub(crate) fn open_drawn_in(language: &str) -> Self {
        Self::build(Harness::builder().wgpu(), in_language(language))
    }

    /// The same in English, whose gallery is a folder that is there; what is saved in it is only noted.
    pub(crate) fn open_at(folder: &Path) -> Self {
        Self::build_with(Harness::builder(), in_language("en"), RealParts::gallery_at(folder))
    }

    /// The same, drawn, in another language.
    pub(crate) fn open_drawn_at(language: &str, folder: &Path) -> Self {
        let parts = RealParts::gallery_at(folder);
        Self::build_with(Harness::builder().wgpu(), in_language(language), parts)
    }

    /// Lets frames pass until something is so that another thread works on.
    pub(crate) fn wait_until(&mut self, what: &str, is_so: impl Fn(&Studio) -> bool) {
        let start = std::time::Instant::now();
        while !is_so(self.harness.state()) {
            assert!(start.elapsed().as_secs() < 60, "waited too long until {what}");
            std::thread::sleep(std::time::Duration::from_millis(5));
            self.harness.step();
        }
        self.harness.run();
    }

    /// The same, drawn, with models that are looked for and fetched.
    pub(crate) fn open_with_hub(
        settings: Settings,
        start: impl Fn(RepaintHandle) -> Result<Hub, String> + 'static,
    ) -> Self {
        let parts = RealParts {
            start_hub: Some(Box::new(start)),
            ..RealParts::default()
        };
        Self::build_with(Harness::builder().wgpu(), settings, parts)
    }

    /// The same over real files: pictures are saved in a folder, and read by a thread.
    pub(crate) fn open_over(folder: &Path, settings: Settings, is_drawn: bool) -> Self {
        let builder = Harness::builder();
        let builder = if is_drawn { builder.wgpu() } else { builder };
        let parts = RealParts {
            folder: Some(folder.to_owned()),
            ..RealParts::default()
        };
        Self::build_with(builder, settings, parts)
    }

    /// The same with an index service, which knows them.
    pub(crate) fn open_with_index(folder: &Path, settings: Settings) -> Self {
        let parts = RealParts {
            folder: Some(folder.to_owned()),
            has_index: true,
            ..RealParts::default()
        };
        Self::build_with(Harness::builder(), settings, parts)
    }

    /// The same, keeping its jobs in a file.
    pub(crate) fn open_with_queue(path: &Path) -> Self {
        let parts = RealParts {
            queue_file: Some(path.to_owned()),
            ..RealParts::default()
        };
        Self::build_with(Harness::builder(), in_language("en"), parts)
    }

    /// The same, keeping what it looks like in a file.
    pub(crate) fn open_with_session(path: &Path) -> Self {
        let parts = RealParts {
            session_file: Some(path.to_owned()),
            ..RealParts::default()
        };
        Self::build_with(Harness::builder(), in_language("en"), parts)
    }

    fn build(builder: egui_kittest::HarnessBuilder<Studio>, settings: Settings) -> Self {
        Self::build_with(builder, settings, RealParts::default())
    }

    fn build_with(builder: egui_kittest::HarnessBuilder<Studio>, settings: Settings, parts: RealParts) -> Self {
        let is_real = parts.folder.is_some();
        let folder = parts
            .folder
            .or(parts.gallery_dir)
            .unwrap_or_else(|| PathBuf::from("/nowhere"));
        let engine = Rc::new(RefCell::new(EngineNotes::default()));
        let pictures = Rc::new(RefCell::new(PictureNotes::default()));
        let clipboard = Arc::new(MemoryClipboard::default());
        pictures.borrow_mut().events.push_back(SaveEvent::Listed(Vec::new()));
        engine.borrow_mut().events.push_back(Event::ModelDescribed {
            info: Arc::new(starter()),
        });
        let kept = Rc::new(RefCell::new(Vec::new()));
        let (engine_notes, picture_notes) = (Rc::clone(&engine), Rc::clone(&pictures));
        let kept_settings = Rc::clone(&kept);
        let services = ServiceFactory {
            start_engine: Box::new(move |repaint| {
                engine_notes.borrow_mut().num_starts += 1;
                engine_notes.borrow_mut().repaint = Some(repaint);
                Ok(Box::new(FakeEngine(Rc::clone(&engine_notes))))
            }),
            start_pictures: Box::new(move |folder, repaint| {
                if is_real {
                    let writer = Writer::start(folder.to_owned(), move || repaint());
                    return Ok(Box::new(writer.map_err(|error| error.to_string())?));
                }
                Ok(Box::new(FakePictures(Rc::clone(&picture_notes))))
            }),
            start_library: parts.has_index.then(|| -> StartLibrary {
                Box::new(|folder, watched, repaint| {
                    IndexService::start(folder, watched, move || repaint()).map_err(|error| error.to_string())
                })
            }),
            start_hub: parts.start_hub,
            start_queue: None,
            log_file: "/nowhere/hareru.log".into(),
            dialogs: Box::new(NoDialogs),
            clipboard: Arc::clone(&clipboard) as Arc<dyn Clipboard>,
            keep_settings: Box::new(move |settings| kept_settings.borrow_mut().push(settings)),
            session_file: parts.session_file,
        };
        let services = match parts.queue_file {
            Some(path) => services.with_queue_file(path),
            None => services,
        };
        let harness = open_with(builder, services, settings, &folder);
        let mut window = Self {
            harness,
            engine,
            pictures,
            clipboard,
            kept,
        };
        window.harness.run();
        window
    }

    /// Lets the engine say something.
    pub(crate) fn tell(&mut self, events: impl IntoIterator<Item = Event>) {
        self.engine.borrow_mut().events.extend(events);
        self.harness.run();
    }

    /// Lets the gallery say something.
    pub(crate) fn tell_of_pictures(&mut self, event: SaveEvent) {
        self.pictures.borrow_mut().events.push_back(event);
        self.harness.run();
    }

    /// What the window knows.
    pub(crate) fn state(&self) -> &AppState {
        self.harness.state().state()
    }

    /// What the window knows, to be set by hand.
    pub(crate) fn state_mut(&mut self) -> &mut AppState {
        self.harness.state_mut().state_mut()
    }

    /// What the page on which pictures are made knows.
    pub(crate) fn studio(&self) -> &StudioState {
        self.harness.state().studio()
    }

    /// What the page on which pictures are made knows, to be set by hand.
    pub(crate) fn studio_mut(&mut self) -> &mut StudioState {
        self.harness.state_mut().studio_mut()
    }

    /// The form.
    pub(crate) fn draft(&self) -> &Draft {
        self.harness.state().draft()
    }

    /// The form, to fill in.
    pub(crate) fn draft_mut(&mut self) -> &mut Draft {
        self.harness.state_mut().draft_mut()
    }

    /// Has a command carried out.
    pub(crate) fn send(&mut self, command: impl Into<UiCommand>) {
        self.harness.state().send(command.into());
        self.harness.run();
    }

    /// Clicks the only control of this name.
    pub(crate) fn click(&mut self, label: &str) {
        self.harness.get_by_label(label).click();
        self.harness.run();
    }

    /// Clicks the only control of this name that is of a kind.
    pub(crate) fn click_role(&mut self, role: Role, label: &str) {
        self.harness.get_by_role_and_label(role, label).click();
        self.harness.run();
    }

    /// Clicks the only button of this name.
    pub(crate) fn click_button(&mut self, label: &str) {
        self.click_role(Role::Button, label);
    }

    /// Presses a key.
    pub(crate) fn press(&mut self, key: Key) {
        self.press_with(Modifiers::NONE, key);
    }

    /// Presses a key while others are held.
    pub(crate) fn press_with(&mut self, modifiers: Modifiers, key: Key) {
        self.harness.key_press_modifiers(modifiers, key);
        self.harness.run();
    }

    /// Lets go of a file over the window.
    pub(crate) fn drop_file(&mut self, path: &Path) {
        self.harness.input_mut().dropped_files.push(dropped(path));
        self.harness.run();
    }

    /// Whether something of this name is in sight or within reach.
    pub(crate) fn has(&self, label: &str) -> bool {
        self.harness.query_by_label(label).is_some()
    }

    /// Presses Ctrl+Enter, and lets the job begin.
    pub(crate) fn generate(&mut self) -> JobId {
        self.press_with(Modifiers::COMMAND, Key::Enter);
        let job = JobId(self.engine.borrow().submitted.len() as u64);
        self.tell([Event::Started { job }]);
        job
    }
}

/// The settings of a first start in a language.
pub(crate) fn in_language(language: &str) -> Settings {
    Settings {
        language: Some(language.to_owned()),
        ..Settings::default()
    }
}

/// A window with these services.
pub(crate) fn open_with(
    builder: egui_kittest::HarnessBuilder<Studio>,
    services: ServiceFactory,
    settings: Settings,
    gallery_dir: &Path,
) -> Harness<'static, Studio> {
    builder
        .with_size([1280.0, 800.0])
        .with_max_steps(12)
        .build_eframe(|creation| Studio::new(creation, services, settings, gallery_dir))
}

/// What the engine says of a processor without anything special.
pub(crate) fn processor() -> DeviceInfo {
    DeviceInfo {
        name: "CPU",
        automatic: Precision::F32,
        supported: vec![Precision::F32],
    }
}

/// What the engine says of the starter model.
pub(crate) fn starter() -> ModelInfo {
    ModelInfo {
        model: ModelRef::Starter,
        name: "Starter".to_owned(),
        family: "sd15",
        prediction: "v_prediction".to_owned(),
        latent_channels: 16,
        vae_factor: 16,
        has_tiny_decoder: true,
        takes: hareru::job::Takes::default(),
        class_names: Vec::new(),
        defaults: ModelDefaults {
            width_px: 256,
            height_px: 256,
            steps: 25,
            guidance_scale: 5.0,
            sampler: "euler",
            schedule: "normal",
        },
    }
}

/// A picture of one colour.
pub(crate) fn plain(colour: [u8; 3], side_px: u32) -> RgbImage {
    RgbImage::filled(side_px, side_px, colour)
}

/// A step of 25 with a preview of one colour.
pub(crate) fn step(job: JobId, step: u32, colour: [u8; 3]) -> Event {
    let plane = LatentPlane {
        channels: 16,
        height: 16,
        width: 16,
        values: vec![0.0; 16 * 16 * 16],
    };
    Event::Step(StepEvent {
        job,
        image_index: 0,
        step,
        total: 25,
        sigma: 14.6 / f64::from(step),
        timestep: 999.0,
        elapsed_secs: 0.1 * f64::from(step),
        step_secs: 0.1,
        preview: Some(Arc::new(plain(colour, 256))),
        record: Arc::new(StepRecord {
            index: step as usize - 1,
            sigma: 14.6 / f64::from(step),
            timestep: 999.0,
            x: plane.clone(),
            x0: plane,
            branches: None,
            attention: Vec::new(),
            secs: 0.1,
        }),
        tokens: Arc::new([]),
        colours: None,
    })
}

/// How a picture of this request is recorded.
pub(crate) fn record(request: GenerateRequest) -> Record {
    Record {
        model_hash: String::new(),
        run_id: String::new(),
        created_unix_secs: 1_700_000_000,
        elapsed_secs: 2.5,
        ..crate::support::record(request)
    }
}
