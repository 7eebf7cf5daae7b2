//! Pictures against each other, in real files: every way, every verb, and the shader against its formula.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use egui_kittest::kittest::Queryable as _;
use hareru::config::{Settings, ThemeChoice};
use hareru::gallery;
use hareru::job::{Change, GenerateRequest, GeneratedImage, PreviewMode, Record, RgbImage, Trajectory};
use hareru::ui::commands::{CompareCommand, CompareMode, PageId, UiCommand};
use hareru::ui::model::divider::Divider;
use hareru::ui::pages::compare::{Alike, CompareState};

use super::harness::{Window, in_language, plain, record};
use super::latent_view::{colours, plane, whole_step};
use super::looks::{clearing, look};

/// Steps of the runs here.
const NUM_STEPS: usize = 10;

/// A run of the same noise as all others, which parts from them at a step and is another picture from then on.
pub(super) fn run(parts_from: usize, guidance_scale: f64, pixels: RgbImage) -> GeneratedImage {
    let size = (pixels.height_px as usize / 8, pixels.width_px as usize / 8);
    let mut steps: Vec<_> = (0..NUM_STEPS).map(|index| whole_step(index, size, 3)).collect();
    for step in &mut steps[parts_from..] {
        step.branches = None;
        for value in &mut step.x0.values {
            *value = -*value * guidance_scale as f32 / 7.0;
        }
    }
    for step in &mut steps {
        step.branches = None;
        step.attention.clear();
    }
    let request = GenerateRequest {
        prompt: "a sunset over a mountain range".to_owned(),
        width_px: pixels.width_px,
        height_px: pixels.height_px,
        steps: NUM_STEPS as u32,
        seed: 77,
        ..GenerateRequest::default()
    };
    let request = if parts_from < NUM_STEPS {
        request.branched(Change {
            guidance_scale: Some(guidance_scale),
            ..Change::at(parts_from as u32)
        })
    } else {
        request
    };
    GeneratedImage {
        trajectory: Arc::new(Trajectory {
            seed: 77,
            sigmas: (0..=NUM_STEPS).map(|index| 6.0 / (index as f64 + 1.0)).collect(),
            timesteps: vec![500.0; NUM_STEPS],
            final_latents: plane(4, size, guidance_scale as f32),
            steps: steps.into_iter().map(Arc::new).collect(),
            tokens: Vec::new(),
            colours: Some(colours()),
        }),
        record: Record {
            run_id: format!("run-{parts_from}-{guidance_scale}"),
            ..record(request)
        },
        pixels: Arc::new(pixels),
    }
}

/// A picture whose colours are turned a little.
pub(super) fn tinted(side_px: u32, by: [i16; 3]) -> RgbImage {
    let mut image = clearing(1.0, side_px);
    for pixel in image.pixels.chunks_exact_mut(3) {
        for (value, by) in pixel.iter_mut().zip(by) {
            *value = (i16::from(*value) + by).clamp(0, 255) as u8;
        }
    }
    image
}

/// Three runs in a folder: the second leaves the first at step 7, the third at step 4.
pub(super) fn three_runs(folder: &Path) -> Vec<PathBuf> {
    let runs = [
        ("a.png", run(NUM_STEPS, 5.0, tinted(128, [0; 3]))),
        ("b.png", run(6, 9.0, tinted(128, [12, -20, 4]))),
        ("c.png", run(3, 2.0, tinted(128, [-30, 10, 25]))),
    ];
    let save = |(name, image): (&str, GeneratedImage)| {
        let path = folder.join(name);
        gallery::save_as(&path, &image).unwrap();
        path
    };
    runs.into_iter().map(save).collect()
}

pub(super) fn page(window: &Window) -> &CompareState {
    window.harness.state().compare()
}

/// Lets the threads answer.
fn wait(window: &mut Window, what: &str, is_done: impl Fn(&CompareState) -> bool) {
    let end = Instant::now() + Duration::from_secs(30);
    while !is_done(page(window)) {
        assert!(Instant::now() < end, "{what} took too long");
        std::thread::sleep(Duration::from_millis(5));
        window.harness.run();
    }
    window.harness.run();
}

fn settled(page: &CompareState) -> bool {
    let are_read = page.pictures.iter().all(hareru::ui::pages::compare::Compared::is_read);
    let is_measured = page.pair().is_none() || page.similarity() != Alike::NotYet;
    let runs = page
        .pictures
        .iter()
        .filter(|picture| picture.timeline.is_some())
        .count();
    let has_run = page
        .pictures
        .get(page.first)
        .is_some_and(|first| first.timeline.is_some());
    let are_parted =
        !has_run || runs < 2 || (0..page.pictures.len()).filter_map(|at| page.parting(at)).count() == runs - 1;
    are_read && is_measured && are_parted
}

/// Waits until all is read, measured and parted.
pub(super) fn settle(window: &mut Window) {
    wait(window, "measuring", settled);
}

/// A window that compares these pictures.
pub(super) fn comparing(folder: &Path, paths: &[PathBuf], settings: Settings, is_drawn: bool) -> Window {
    let mut window = Window::open_over(folder, settings, is_drawn);
    window.send(CompareCommand::Show(paths.to_vec()));
    wait(&mut window, "reading", settled);
    window
}

pub(super) fn three(folder: &tempfile::TempDir) -> Window {
    comparing(folder.path(), &three_runs(folder.path()), in_language("en"), false)
}

#[test]
fn an_empty_page_should_say_how_pictures_get_here() {
    let mut window = Window::open();
    window.click("Compare");
    window
        .harness
        .get_by_label("Hold two to nine pictures against each other");
    window.harness.get_by_label_contains("press C");
    window.harness.get_by_label_contains("drop picture files");
    window.click("Open the gallery");
    assert_eq!(window.state().page, PageId::Gallery);
}

#[test]
fn every_way_should_be_reached_by_its_name_and_by_key() {
    let folder = tempfile::tempdir().unwrap();
    let mut window = three(&folder);
    assert_eq!(window.state().page, PageId::Compare);
    for (label, mode) in [
        ("Side by side", CompareMode::Beside),
        ("Blink", CompareMode::Blink),
        ("Difference", CompareMode::Difference),
        ("Table", CompareMode::Settings),
        ("Slider", CompareMode::Slider),
    ] {
        window.click(label);
        assert_eq!(page(&window).mode, mode);
        if mode != CompareMode::Settings {
            window.harness.get_by_label("Comparison of a.png, b.png, c.png");
        }
    }
    for mode in [
        CompareMode::Beside,
        CompareMode::Blink,
        CompareMode::Difference,
        CompareMode::Settings,
        CompareMode::Slider,
    ] {
        window.press(egui::Key::V);
        assert_eq!(page(&window).mode, mode);
    }
}

#[test]
fn the_numbers_of_a_pair_should_be_those_of_its_pixels() {
    let folder = tempfile::tempdir().unwrap();
    let window = three(&folder);
    let pictures: Vec<_> = page(&window)
        .pictures
        .iter()
        .map(|one| one.pixels.clone().unwrap())
        .collect();
    let expected = hareru::unfold::Similarity::of(&pictures[0], &pictures[1]).unwrap();
    assert_eq!(page(&window).similarity(), Alike::By(expected));
    let words = format!(
        "PSNR {:.2} dB   ·   SSIM {:.4}   ·   largest difference {}",
        expected.psnr_db,
        expected.ssim.unwrap(),
        expected.max_difference
    );
    window.harness.get_by_label_contains(&words);
}

#[test]
fn the_pair_should_be_chosen_swapped_and_walked_through() {
    let folder = tempfile::tempdir().unwrap();
    let mut window = three(&folder);
    let pair = |window: &Window| (page(window).first, page(window).second);
    assert_eq!(pair(&window), (0, 1));
    window.click("c.png");
    assert_eq!(pair(&window), (0, 2));
    window.click("Show c.png as A");
    assert_eq!(pair(&window), (2, 0), "they change places");
    window.click("Show b.png as B");
    assert_eq!(pair(&window), (2, 1));
    window.click("Swap");
    assert_eq!(pair(&window), (1, 2));
    window.press(egui::Key::X);
    assert_eq!(pair(&window), (2, 1));
    window.press(egui::Key::ArrowDown);
    assert_eq!(pair(&window), (2, 0), "past the one that is A");
    window.press(egui::Key::ArrowUp);
    assert_eq!(pair(&window), (2, 1));
}

#[test]
fn pictures_should_be_dropped_taken_out_and_cleared() {
    let folder = tempfile::tempdir().unwrap();
    let paths = three_runs(folder.path());
    let mut window = comparing(folder.path(), &paths[..1], in_language("en"), false);
    window.harness.get_by_label_contains("Add another one");
    let dropped = paths[1..].iter().map(|path| super::harness::dropped(path));
    window.harness.input_mut().dropped_files.extend(dropped);
    window.harness.run();
    wait(&mut window, "reading", settled);
    assert_eq!(page(&window).pictures.len(), 3);
    assert_eq!((page(&window).first, page(&window).second), (0, 1));
    // The same again changes nothing.
    window.send(CompareCommand::Add(paths[2].clone()));
    assert_eq!(page(&window).pictures.len(), 3);

    window.click("Take a.png out of the comparison");
    assert_eq!(page(&window).pictures.len(), 2);
    assert_eq!((page(&window).first, page(&window).second), (0, 1));
    window.press(egui::Key::Delete);
    assert_eq!(page(&window).pictures[0].path, paths[1]);
    window.click("Clear");
    assert!(page(&window).pictures.is_empty() && paths.iter().all(|path| path.exists()));
    window
        .harness
        .get_by_label("Hold two to nine pictures against each other");
}

#[test]
fn more_than_nine_should_be_left_out_and_what_cannot_be_read_be_told() {
    let folder = tempfile::tempdir().unwrap();
    let mut paths = Vec::new();
    for number in 0..11_u8 {
        let path = folder.path().join(format!("{number}.png"));
        gallery::save_pixels(&path, &plain([20 * number, 40, 60], 16)).unwrap();
        paths.push(path);
    }
    std::fs::write(&paths[1], b"no picture").unwrap();
    let mut window = comparing(folder.path(), &paths, in_language("en"), false);
    assert_eq!(page(&window).pictures.len(), 9);
    window.harness.get_by_label_contains("2 more were left out");
    let failure = page(&window).pictures[1].failure.clone().unwrap();
    assert!(failure.contains("not a whole PNG"), "{failure}");
    window.harness.get_by_label_contains("not a whole PNG");
    window.harness.get_by_label("None of these pictures kept its steps");
    for mode in CompareMode::ALL {
        window.send(CompareCommand::SetMode(mode)); // a picture that is not there breaks none
    }
    window.send(CompareCommand::SetSecond(8));
    wait(&mut window, "measuring", |page| {
        matches!(page.similarity(), Alike::By(_))
    });
}

#[test]
fn pictures_of_other_sizes_should_be_fitted_and_have_no_psnr() {
    let folder = tempfile::tempdir().unwrap();
    let paths = ["small.png", "large.png"].map(|name| folder.path().join(name));
    gallery::save_pixels(&paths[0], &plain([200, 40, 40], 32)).unwrap();
    let wide = RgbImage::filled(96, 64, [40, 40, 200]);
    gallery::save_pixels(&paths[1], &wide).unwrap();
    let window = comparing(folder.path(), &paths, in_language("en"), false);
    window
        .harness
        .get_by_label_contains("A 32×32, B 96×64: scaled to fit each other, so there is no PSNR");
}

#[test]
fn blinking_should_change_by_itself_and_with_less_motion_by_key() {
    let folder = tempfile::tempdir().unwrap();
    let paths = three_runs(folder.path());
    for reduce_motion in [false, true] {
        let settings = Settings {
            reduce_motion,
            ..in_language("en")
        };
        let mut window = comparing(folder.path(), &paths, settings, false);
        window.state_mut().is_still = false;
        window.click("Blink");
        let mut seen = Vec::new();
        for _ in 0..40 {
            seen.push(page(&window).is_second_shown);
            window.harness.step(); // a quarter of a second each
        }
        let changes = seen.windows(2).filter(|pair| pair[0] != pair[1]).count();
        if reduce_motion {
            assert_eq!(changes, 0);
        } else {
            assert!(changes >= 3, "{changes}");
            window.click("By itself");
        }
        let before = page(&window).is_second_shown;
        window.press(egui::Key::F);
        assert_ne!(page(&window).is_second_shown, before);
        window.click("Other one");
        assert_eq!(page(&window).is_second_shown, before);
    }
}

#[test]
fn the_gain_of_the_difference_should_be_set_within_its_range() {
    let folder = tempfile::tempdir().unwrap();
    let mut window = three(&folder);
    window.click("Difference");
    for (asked, expected) in [(10.0, 10.0), (0.0, 1.0), (1000.0, 64.0)] {
        window.send(CompareCommand::SetGain(asked));
        assert_eq!(page(&window).gain, expected);
    }
    assert!(window.harness.query_all_by_label("Gain").next().is_some());
}

#[test]
fn the_table_should_have_only_what_differs_from_a_reference_that_can_be_chosen() {
    let folder = tempfile::tempdir().unwrap();
    let mut window = three(&folder);
    window.click("Table");
    window.harness.get_by_label("Guidance (CFG), from step 7");
    window.harness.get_by_label("Guidance (CFG), from step 4");
    assert!(!window.has("Seed"), "which is the same in all");
    window.click("Compare the settings with those of b.png");
    assert_eq!((page(&window).first, page(&window).second), (1, 0));

    let mut window = comparing(folder.path(), &three_runs(folder.path()), in_language("ja"), false);
    window.click("設定の表");
    window.harness.get_by_label_contains("（ステップ 7 から）");

    // Pictures that say nothing.
    let path = folder.path().join("photo.png");
    gallery::save_pixels(&path, &plain([1, 2, 3], 16)).unwrap();
    let paths = [folder.path().join("a.png"), path];
    let mut window = comparing(folder.path(), &paths, in_language("en"), false);
    window.click("Table");
    window.harness.get_by_label("says nothing of how it was made");
    window.harness.get_by_label_contains("Fewer than two of these pictures");
}

#[test]
fn runs_should_unfold_together_and_tell_where_they_part() {
    let folder = tempfile::tempdir().unwrap();
    let mut window = three(&folder);
    window
        .harness
        .get_by_label_contains("The first of the runs parts from step 4");
    let parting = |window: &Window, place| page(window).parting(place).and_then(hareru::job::Parting::step);
    assert_eq!([1, 2].map(|place| parting(&window, place)), [Some(6), Some(3)]);
    window.click("Take c.png out of the comparison");
    wait(&mut window, "measuring", settled);
    window.harness.get_by_label_contains("The runs part from step 7");

    window.harness.get_by_label("finished pictures");
    let finished = page(&window).shown(0).unwrap().image;
    window.press(egui::Key::ArrowLeft);
    window.harness.get_by_label("step 10 / 10");
    window.press(egui::Key::Home);
    window.harness.get_by_label("step 1 / 10");
    let [a, b] = page(&window).pair().unwrap();
    assert_eq!(a.image, b.image, "they have not parted yet");
    assert_ne!(a.image, finished);
    assert_eq!((a.image.width_px, a.picture_px.x), (16, 128.0), "as the latents look");
    window.send(CompareCommand::ShowStep(6));
    let [a, b] = page(&window).pair().unwrap();
    assert_ne!(a.image, b.image);
    wait(&mut window, "measuring", settled);

    // Both are decoded where the playhead rests.
    for _ in 0..12 {
        window.harness.step();
    }
    let tickets: Vec<u64> = {
        let here: Vec<_> = (0..2)
            .map(|place| page(&window).pictures[place].step_at(6).unwrap().x0.clone())
            .collect();
        let notes = window.engine.borrow();
        let of_step = notes.decoded.iter().filter(|asked| here.contains(&asked.latents));
        let quick = of_step.filter(|asked| asked.mode == PreviewMode::Auto);
        quick.map(|asked| asked.ticket).collect()
    };
    assert_eq!(tickets.len(), 2);
    let picture = Arc::new(plain([9, 99, 199], 128));
    window.tell(tickets.into_iter().map(|ticket| hareru::job::Event::Decoded {
        ticket,
        picture: Ok(Arc::clone(&picture)),
    }));
    assert_eq!(page(&window).shown(0).unwrap().image, picture);
    assert_eq!(page(&window).shown(1).unwrap().image, picture);

    window.press(egui::Key::Home);
    window.click("Play together");
    let mut seen = std::collections::BTreeSet::new();
    for _ in 0..60 {
        seen.extend(page(&window).playhead);
        window.harness.step();
    }
    assert!(seen.len() > 4, "{seen:?}");
    assert_eq!(
        (page(&window).playhead, page(&window).is_playing),
        (None, false),
        "it ends with the pictures"
    );
    window.press(egui::Key::Space);
    assert!(page(&window).is_playing);
    window.press(egui::Key::ArrowRight);
    assert!(!page(&window).is_playing);
}

#[test]
fn the_studio_should_keep_its_own_picture() {
    let folder = tempfile::tempdir().unwrap();
    let paths = three_runs(folder.path());
    let mut window = Window::open_over(folder.path(), in_language("en"), false);
    window.harness.state().send(UiCommand::ShowPicture(paths[0].clone()));
    let end = Instant::now() + Duration::from_secs(30);
    while window.studio().timeline.is_none() && Instant::now() < end {
        window.harness.run();
        std::thread::sleep(Duration::from_millis(5));
    }
    window.send(CompareCommand::Show(paths.clone()));
    wait(&mut window, "reading", settled);
    let state = window.studio();
    assert_eq!(state.opened.as_ref().map(|opened| &opened.path), Some(&paths[0]));
    assert_eq!(state.shown_path(), Some(&*paths[0]));
    assert!(state.timeline.is_some());
}

#[test]
#[ignore = "writes pictures for a person to look at"]
fn looks_of_the_comparison() {
    let folder = tempfile::tempdir().unwrap();
    let paths = three_runs(folder.path());
    for language in ["en", "ja"] {
        for (theme, choice) in [("dark", ThemeChoice::Dark), ("light", ThemeChoice::Light)] {
            let mut window = Window::open_over(folder.path(), in_language(language), true);
            window.harness.state().send(UiCommand::SetTheme(choice));
            window.harness.state().send(UiCommand::ShowPage(PageId::Compare));
            look(&mut window, &format!("compare-{language}-{theme}-0-empty"));
            window.send(CompareCommand::Show(paths.clone()));
            wait(&mut window, "reading", settled);
            let divider = Divider::default().turned(30.0);
            window.send(CompareCommand::SetDivider(divider));
            for (number, mode) in CompareMode::ALL.into_iter().enumerate() {
                window.send(CompareCommand::SetMode(mode));
                look(
                    &mut window,
                    &format!("compare-{language}-{theme}-{}-{mode:?}", number + 1),
                );
            }
            window.send(CompareCommand::SetMode(CompareMode::Beside));
            window.send(CompareCommand::ShowStep(7));
            wait(&mut window, "measuring", settled);
            look(&mut window, &format!("compare-{language}-{theme}-6-steps"));
        }
    }
    let mut nine = paths;
    for number in 3..9_u8 {
        let path = folder.path().join(format!("2026-11-20-{number}-a-sunset.png"));
        let image = run(NUM_STEPS, 5.0, tinted(128, [i16::from(number) * 5 - 20, 0, 0]));
        gallery::save_as(&path, &image).unwrap();
        nine.push(path);
    }
    let mut window = comparing(folder.path(), &nine, in_language("en"), true);
    window.send(CompareCommand::SetMode(CompareMode::Beside));
    look(&mut window, "compare-nine");
}

/// A window whose index service knows the pictures.
fn with_index(folder: &Path, paths: &[PathBuf]) -> Window {
    let mut window = Window::open_with_index(folder, in_language("en"));
    window.send(CompareCommand::Show(paths.to_vec()));
    wait(&mut window, "the index", |page| {
        page.pictures.iter().all(|picture| picture.entry.is_some())
    });
    window
}

#[test]
fn pictures_should_be_rated_by_stars_and_by_key() {
    let folder = tempfile::tempdir().unwrap();
    let paths = three_runs(folder.path());
    let mut window = with_index(folder.path(), &paths);
    let rating = |page: &CompareState, place: usize| page.pictures[place].entry.as_ref().unwrap().user_metadata.rating;
    window.click("Rate 3 of 5: a.png");
    wait(&mut window, "rating", |page| rating(page, 0) == 3);
    window.press(egui::Key::Num5);
    wait(&mut window, "rating", |page| rating(page, 1) == 5);
    assert_eq!(rating(page(&window), 2), 0);
    // The star that is the last one takes all away.
    window.click("Rate 3 of 5: a.png");
    wait(&mut window, "rating", |page| rating(page, 0) == 0);
    window.press(egui::Key::Num0);
    wait(&mut window, "rating", |page| rating(page, 1) == 0);
}

#[test]
fn a_picture_the_gallery_does_not_know_should_say_so_when_rated() {
    let folder = tempfile::tempdir().unwrap();
    let mut window = three(&folder);
    assert!(window.harness.query_by_label_contains("Rate 3 of 5").is_none());
    window.press(egui::Key::Num4);
    window.harness.get_by_label_contains("b.png is not in the gallery");
}
