//! What a frame of the gallery's grid costs the processor with 100,000 pictures, standing still and scrolling.
//!
//! `cargo bench --bench gallery_grid`; at 60 frames a second a frame has 16 ms, of which the page may take 8.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use criterion::{Criterion, criterion_group, criterion_main};
use egui_kittest::Harness;
use hareru::config::Settings;
use hareru::gallery::{
    DayCount, EntryId, IndexEvent, IndexRequest, PictureEntry, RecordSource, SearchResult, Ticket, UserMetadata,
};
use hareru::ui::app::Studio;
use hareru::ui::commands::{GalleryCommand, PageId, UiCommand};
use hareru::ui::services::{Dialogs, ServiceFactory, SystemClipboard};

/// Pictures in the index.
const PICTURES: usize = 100_000;
/// Pictures of one day.
const PER_DAY: usize = 40;

struct NoDialogs;

impl Dialogs for NoDialogs {
    fn pick_folder(&self, _title: String, _answer: Box<dyn FnOnce(PathBuf) + Send>) {}
    fn pick_model(&self, _title: String, _kind: String, _answer: Box<dyn FnOnce(PathBuf) + Send>) {}
    fn pick_picture(&self, _title: String, _answer: Box<dyn FnOnce(PathBuf) + Send>) {}
}

fn found() -> SearchResult {
    SearchResult {
        ids: (0..).map(EntryId).take(PICTURES).collect(),
        days: (0..)
            .take(PICTURES / PER_DAY)
            .map(|day| DayCount {
                day: 20_000 - day,
                count: PER_DAY,
            })
            .collect(),
        total: PICTURES,
    }
}

fn entry(id: EntryId) -> PictureEntry {
    PictureEntry {
        id,
        path: PathBuf::from(format!("/pictures/2026-11-20/{:06}-a-lighthouse-at-night.png", id.0)),
        width_px: 512,
        height_px: if id.0 % 2 == 0 { 512 } else { 768 },
        bytes: 400_000,
        modified_unix_ms: 1_700_000_000_000,
        created_unix_secs: 1_700_000_000,
        source: Some(RecordSource::Hareru),
        prompt: "a lighthouse at night by the sea, long exposure, film grain".to_owned(),
        negative_prompt: String::new(),
        model: "Starter".to_owned(),
        sampler: "euler".to_owned(),
        loras: Vec::new(),
        seed: Some(id.0 as u64),
        guidance_scale: Some(5.0),
        steps: Some(25),
        has_run: true,
        user_metadata: UserMetadata {
            rating: (id.0 % 6) as u8,
            is_favourite: id.0 % 7 == 0,
            ..UserMetadata::default()
        },
    }
}

/// Answers what the page asks as the index would.
fn answer(harness: &mut Harness<'static, Studio>, found: &Arc<SearchResult>) {
    let now = harness.ctx.input(|input| input.time);
    let page = harness.state_mut().gallery_mut();
    let mut asked = Vec::new();
    page.ask_what_is_due(now, |question| {
        asked.push(question);
        Ticket(asked.len() as u64)
    });
    for (number, question) in (1..).zip(asked) {
        let ticket = Ticket(number);
        match question {
            IndexRequest::Search { .. } => {
                let found = Arc::clone(found);
                page.apply(IndexEvent::Found { ticket, found });
            }
            IndexRequest::Entries(ids) => {
                let entries = ids.into_iter().map(|id| Arc::new(entry(id))).collect();
                page.apply(IndexEvent::Entries { ticket, entries });
            }
            _ => {}
        }
    }
}

/// The page with every picture known, in a window of 1920 × 1080 points with cells of a size.
fn open(side: f32) -> (Harness<'static, Studio>, Arc<SearchResult>) {
    let services = ServiceFactory {
        start_engine: Box::new(|_wake| Err("none is needed".to_owned())),
        start_pictures: Box::new(|_folder, _wake| Err("none are needed".to_owned())),
        start_library: None,
        start_hub: None,
        start_queue: None,
        log_file: PathBuf::from("/nowhere/hareru.log"),
        dialogs: Box::new(NoDialogs),
        clipboard: Arc::new(SystemClipboard),
        keep_settings: Box::new(|_settings| {}),
        session_file: None,
    };
    let mut harness = Harness::builder()
        .with_size([1920.0, 1080.0])
        .build_eframe(|creation| Studio::new(creation, services, Settings::default(), Path::new("/nowhere")));
    let found = Arc::new(found());
    harness.state().send(UiCommand::ShowPage(PageId::Gallery));
    harness.state().send(UiCommand::Gallery(GalleryCommand::SetSide(side)));
    for _ in 0..6 {
        harness.step();
        answer(&mut harness, &found);
    }
    (harness, found)
}

/// Layout, and the triangles that the GPU is given.
fn frame(harness: &mut Harness<'static, Studio>) {
    harness.step();
    let output = harness.output();
    let triangles = harness.ctx.tessellate(output.shapes.clone(), output.pixels_per_point);
    std::hint::black_box(triangles);
}

fn grid(c: &mut Criterion) {
    let mut group = c.benchmark_group("a frame with 100,000 pictures");
    group.sample_size(30);
    for side in [64.0, 160.0, 320.0] {
        let (mut harness, found) = open(side);
        group.bench_function(format!("still, cells of {side} points"), |b| {
            b.iter(|| frame(&mut harness));
        });
        let middle = egui::pos2(900.0, 600.0);
        harness.hover_at(middle);
        group.bench_function(format!("scrolling, cells of {side} points"), |b| {
            b.iter(|| {
                harness.event(egui::Event::MouseWheel {
                    unit: egui::MouseWheelUnit::Point,
                    delta: egui::vec2(0.0, -400.0),
                    phase: egui::TouchPhase::Move,
                    source: egui::MouseWheelSource::Wheel,
                    modifiers: egui::Modifiers::NONE,
                });
                frame(&mut harness);
                answer(&mut harness, &found);
            });
        });
    }
    group.finish();
}

criterion_group!(benches, grid);
criterion_main!(benches);
