//! Stored pictures of the window: each page once, in both languages and themes.
//!
//! They are drawn by the software rasteriser of Vulkan; `UPDATE_SNAPSHOTS=1 cargo test --test integration snapshots` writes
//! them anew, to be looked at before they are committed. What differs from one stored lies beside it as `NAME.diff.png`.

use std::fs::File;
use std::io::BufWriter;
use std::path::Path;
use std::sync::Arc;

use egui_kittest::SnapshotOptions;
use hareru::config::ThemeChoice;
use hareru::job::{Event, Field, JobError, JobErrorKind, JobId};
use hareru::ui::commands::{CompareCommand, PageId, UiCommand};
use hareru::ui::model::run_timeline::ViewPair;
use image::codecs::png::{CompressionType, FilterType, PngEncoder};

use hareru::unfold::StepView;

use super::compare::{comparing, three_runs};
use super::harness::{Window, in_language, plain, step};
use super::looks::{clearing, fill_strip};
use super::run::finished;

/// Where they are stored.
const FOLDER: &str = "tests/fixtures/snapshots";

/// Holds what the window shows against the stored picture.
///
/// Text is rasterised by the program itself, so that only blending and interpolation differ between versions of a driver:
/// by little, at few places. A panel that moves by a pixel changes thousands.
fn check(mut window: Window, theme: ThemeChoice, name: &str) {
    window.send(UiCommand::SetTheme(theme));
    window.harness.set_size(egui::vec2(1100.0, 700.0));
    window.harness.run();
    let options = SnapshotOptions::new()
        .threshold(2.0)
        .max_failed_pixels(200)
        .output_path(FOLDER);
    window.harness.snapshot_options(name, &options);
    if std::env::var_os("UPDATE_SNAPSHOTS").is_some() {
        compress(&Path::new(FOLDER).join(name).with_extension("png"));
    }
}

/// Writes a picture anew as small as it can be, without its opaque alpha.
fn compress(path: &Path) {
    let picture = image::open(path).unwrap().into_rgb8();
    let file = BufWriter::new(File::create(path).unwrap());
    let encoder = PngEncoder::new_with_quality(file, CompressionType::Best, FilterType::Adaptive);
    picture.write_with_encoder(encoder).unwrap();
}

/// A drawn window whose seeds are the same each time.
fn open(language: &str) -> Window {
    let mut window = Window::open_drawn_in(language);
    lock_seed(&mut window);
    window
}

fn lock_seed(window: &mut Window) {
    let draft = window.draft_mut();
    draft.request.seed = 7;
    draft.is_seed_locked = true;
}

/// A picture that a job made.
fn image_of(window: &Window, job: JobId) -> Event {
    let Event::Image { image, .. } = finished(window, job) else {
        panic!("the job should have a picture")
    };
    let mut image = (*image).clone();
    image.pixels = Arc::new(clearing(1.0, 128));
    Event::Image {
        job,
        image: Arc::new(image),
    }
}

/// A window in which the starter has made a picture.
fn with_finished_run(language: &str) -> Window {
    let mut window = open(language);
    fill_strip(&mut window, 3);
    let job = window.generate();
    window.tell((1..=25).map(|number| step(job, number, [10 * number as u8, 120, 250 - 5 * number as u8])));
    let image = image_of(&window, job);
    window.tell([image, Event::Finished { job }]);
    window
}

#[test]
fn the_first_start_should_look_as_stored() {
    check(open("en"), ThemeChoice::Light, "start_en_light");
}

#[test]
fn a_finished_run_should_look_as_stored() {
    check(with_finished_run("en"), ThemeChoice::Dark, "studio_en_dark");
}

#[test]
fn a_finished_run_should_look_as_stored_in_japanese() {
    check(with_finished_run("ja"), ThemeChoice::Light, "studio_ja_light");
}

#[test]
fn two_views_of_a_step_should_look_as_stored() {
    let mut window = open("ja");
    super::views::walk(&mut window, |_| ());
    super::views::finish(&mut window);
    window.send(UiCommand::SetViews(ViewPair {
        first: StepView::Noisy,
        second: Some(StepView::Guidance),
    }));
    check(window, ThemeChoice::Dark, "views_ja_dark");
}

#[test]
fn pictures_beside_each_other_should_look_as_stored() {
    let mut window = open("en");
    super::canvas::open_picture(&mut window, "one.png", clearing(1.0, 128));
    window.send(UiCommand::ShowBeside("other.png".into()));
    super::canvas::tell_opened(&mut window, "other.png", plain([90, 120, 150], 128));
    check(window, ThemeChoice::Light, "beside_en_light");
}

#[test]
fn a_mask_should_look_as_stored() {
    let (_folder, path) = super::image_input::photo();
    let window = Window::open_drawn_at("en", path.parent().unwrap());
    let mut window = super::mask::prepare(window, &path);
    lock_seed(&mut window);
    super::mask::paint_something(&mut window);
    window.wait_until("the mask is saved", |studio| {
        !studio.studio().image_input.mask.is_unsaved()
    });
    check(window, ThemeChoice::Dark, "mask_en_dark");
}

#[test]
fn a_sweep_should_look_as_stored() {
    let mut window = open("en");
    let axes = [(Field::Guidance, "1,4,9", ""), (Field::Rescale, "0,0.7", "")];
    super::sweep::ask(&mut window, &axes);
    window.generate();
    for job in (1..=5).map(JobId) {
        let image = image_of(&window, job);
        let error = Arc::new(JobError::new(
            JobErrorKind::NotFinite,
            "the numbers ran away".to_owned(),
        ));
        window.tell([Event::Started { job }]);
        match job {
            JobId(4) => window.tell([Event::Failed { job, error }]),
            _ => window.tell([image, Event::Finished { job }]),
        }
    }
    check(window, ThemeChoice::Dark, "sweep_en_dark");
}

#[test]
fn the_gallery_should_look_as_stored() {
    let folder = tempfile::tempdir().unwrap();
    let mut window = open("en");
    window.send(UiCommand::ShowPage(PageId::Gallery));
    super::gallery_live::fill_with_landscapes(&mut window, folder.path(), 30);
    check(window, ThemeChoice::Dark, "gallery_en_dark");
}

#[test]
fn the_comparison_should_look_as_stored() {
    let folder = tempfile::tempdir().unwrap();
    let mut window = comparing(folder.path(), &three_runs(folder.path()), in_language("en"), true);
    window.send(CompareCommand::ShowStep(7));
    super::compare::settle(&mut window);
    check(window, ThemeChoice::Light, "compare_en_light");
}

#[test]
fn the_models_should_look_as_stored() {
    let folder = tempfile::tempdir().unwrap();
    super::models::furnish(folder.path());
    let window = super::models::open(folder.path(), "http://127.0.0.1:9", in_language("en"));
    check(window, ThemeChoice::Dark, "models_en_dark");
}

#[test]
fn the_queue_should_look_as_stored() {
    let mut window = open("en");
    super::queue::fill(
        &mut window,
        &["a lighthouse at night", "a red bicycle", "猫が窓辺で眠っている"],
    );
    super::queue::show_page(&mut window);
    let (first, second) = (JobId(1), JobId(2));
    let image = image_of(&window, first);
    window.tell([image, Event::Finished { job: first }, Event::Started { job: second }]);
    window.tell((1..=12).map(|number| step(second, number, [90, 120, 150])));
    check(window, ThemeChoice::Light, "queue_en_light");
}

#[test]
fn the_settings_should_look_as_stored_in_japanese() {
    let mut window = open("ja");
    window.send(UiCommand::ShowPage(PageId::Settings));
    check(window, ThemeChoice::Dark, "settings_ja_dark");
}
