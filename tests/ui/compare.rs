//! Pictures against each other, in real files: every way, every verb, and the shader against its formula.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use egui_kittest::Harness;
use egui_kittest::kittest::Queryable as _;
use hareru::config::{Settings, ThemeChoice};
use hareru::gallery;
use hareru::job::{Change, GenerateRequest, GeneratedImage, PreviewMode, Record, RgbImage, Trajectory};
use hareru::render::picture::{PictureMode, PicturePaint, Placed, difference_pixels};
use hareru::ui::commands::{CompareCommand, CompareMode, PageId, UiCommand};
use hareru::ui::model::divider::Divider;
use hareru::ui::pages::compare::{Alike, CompareState};

use super::harness::{Window, in_language, plain, record};
use super::latent_view::{colours, plane, whole_step};
use super::looks::{clearing, look};

/// Steps of the runs here.
const NUM_STEPS: usize = 10;

/// A run of the same noise as all others, which parts from them at a step and is another picture from then on.
fn run(parts_from: usize, guidance_scale: f64, pixels: RgbImage) -> GeneratedImage {
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
fn tinted(side_px: u32, by: [i16; 3]) -> RgbImage {
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

fn page(window: &Window) -> &CompareState {
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

/// A window that compares these pictures.
pub(super) fn comparing(folder: &Path, paths: &[PathBuf], settings: Settings, is_drawn: bool) -> Window {
    let mut window = Window::open_over(folder, settings, is_drawn);
    window.send(CompareCommand::Show(paths.to_vec()));
    wait(&mut window, "reading", settled);
    window
}

fn three(folder: &tempfile::TempDir) -> Window {
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

/// The middle of the canvas, in points.
fn middle(window: &Window) -> egui::Pos2 {
    let node = window.harness.get_by_label_contains("Comparison of");
    node.rect().center()
}

fn drag(window: &mut Window, from: egui::Pos2, to: egui::Pos2) {
    window.harness.hover_at(from);
    window.harness.run();
    window.harness.drag_at(from);
    window.harness.run();
    for part in [0.3, 0.7, 1.0] {
        window.harness.hover_at(from + part * (to - from));
        window.harness.run();
    }
    window.harness.drop_at(to);
    window.harness.run();
}

#[test]
fn the_line_should_be_dragged_turned_and_snap_and_the_picture_be_moved_beside_it() {
    let folder = tempfile::tempdir().unwrap();
    let mut window = three(&folder);
    let centre = middle(&window);
    // 128 pixels, enlarged to a whole number.
    let side = 128.0 * (window.harness.get_by_label_contains("Comparison of").rect().height() / 128.0).floor();

    drag(
        &mut window,
        centre + egui::vec2(1.0, -120.0),
        centre + egui::vec2(61.0, -120.0),
    );
    let moved = page(&window).divider;
    assert!((moved.through.x - (0.5 + 60.0 / side)).abs() < 0.01, "{moved:?}");
    assert_eq!((moved.degrees, page(&window).camera.zoom), (0.0, None));

    // The handle hangs below the point of the line.
    let point = centre + egui::vec2(60.0, 0.0);
    let handle = point + egui::vec2(0.0, 72.0);
    drag(&mut window, handle, point + egui::vec2(-75.0, 2.0));
    assert_eq!(page(&window).divider.degrees, 90.0, "it snaps");
    drag(
        &mut window,
        point + egui::vec2(-72.0, 0.0),
        point + egui::vec2(-60.0, 22.0),
    );
    let degrees = page(&window).divider.degrees;
    assert!(
        (65.0..80.0).contains(&degrees),
        "any angle away from an eighth: {degrees}"
    );

    window.press(egui::Key::R);
    assert_eq!(page(&window).divider.degrees, 90.0);
    window.click("Turn");
    assert_eq!(page(&window).divider.degrees, 135.0);

    // Away from the line it is the picture that is dragged, for all of them.
    window.send(CompareCommand::SetDivider(Divider::default()));
    let divider = page(&window).divider;
    let from = centre + egui::vec2(-120.0, 90.0);
    drag(&mut window, from, from + egui::vec2(30.0, 10.0));
    assert_eq!(page(&window).divider, divider);
    assert_eq!(page(&window).camera.offset_px, egui::vec2(30.0, 10.0));
    window.click("Fit");
    assert_eq!(page(&window).camera.zoom, None);
    window.click("1:1");
    assert_eq!(page(&window).camera.zoom, Some(1.0));
}

#[test]
fn the_line_should_be_moved_by_keys_while_it_has_the_keyboard() {
    let folder = tempfile::tempdir().unwrap();
    let mut window = three(&folder);
    window.harness.get_by_label_contains("Divider").focus();
    window.harness.run();
    for (modifiers, key, expected) in [
        (egui::Modifiers::NONE, egui::Key::ArrowRight, 0.51),
        (egui::Modifiers::SHIFT, egui::Key::ArrowRight, 0.61),
        (egui::Modifiers::NONE, egui::Key::ArrowLeft, 0.6),
        (egui::Modifiers::SHIFT, egui::Key::ArrowLeft, 0.5),
        (egui::Modifiers::NONE, egui::Key::Home, 0.0),
        (egui::Modifiers::NONE, egui::Key::End, 1.0),
    ] {
        window.press_with(modifiers, key);
        let found = page(&window).divider.through;
        assert!(
            (found.x - expected).abs() < 1e-4,
            "{key:?}: {found:?}, expected {expected}"
        );
        assert_eq!(found.y, 0.5, "it moves across itself only");
    }
}

#[test]
fn the_wheel_should_zoom_and_with_alt_turn_the_line() {
    let folder = tempfile::tempdir().unwrap();
    let mut window = three(&folder);
    let place = middle(&window) + egui::vec2(50.0, 50.0);
    let mut roll = |modifiers: egui::Modifiers, by: f32| {
        window.harness.hover_at(place);
        window.harness.run();
        window.harness.event(egui::Event::ModifiersChanged(modifiers));
        window.harness.event(egui::Event::MouseWheel {
            source: egui::MouseWheelSource::Wheel,
            unit: egui::MouseWheelUnit::Point,
            delta: egui::vec2(0.0, by),
            phase: egui::TouchPhase::Move,
            modifiers,
        });
        for _ in 0..20 {
            window.harness.run();
        }
        window
            .harness
            .event(egui::Event::ModifiersChanged(egui::Modifiers::NONE));
        window.harness.run();
        let page = page(&window);
        (page.divider.degrees, page.camera.zoom)
    };
    let (degrees, zoom) = roll(egui::Modifiers::ALT, 30.0);
    assert!(degrees > 5.0 && zoom.is_none(), "{degrees}, {zoom:?}");
    let (turned, zoom) = roll(egui::Modifiers::NONE, 60.0);
    assert!(turned == degrees && zoom.is_some(), "{turned}, {zoom:?}");
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

/// Nothing but two pictures.
struct Bare {
    paint: PicturePaint,
}

impl eframe::App for Bare {
    fn ui(&mut self, ui: &mut egui::Ui, _frame: &mut eframe::Frame) {
        let rect = ui.max_rect();
        ui.painter().add(self.paint.clone().into_shape(rect));
    }
}

/// Pixels for each texel; odd, so that a pixel's middle is that of a texel.
const SCALE: usize = 5;

/// What the shader draws of two pictures in one place, at the middle of each texel.
fn drawn(a: &RgbImage, b: &RgbImage, kind: PictureMode) -> Vec<u8> {
    let (width, height) = (a.width_px as usize, a.height_px as usize);
    let size = egui::vec2((SCALE * width) as f32, (SCALE * height) as f32);
    let placed = |image: &RgbImage| Placed {
        image: Arc::new(image.clone()),
        origin_px: egui::Vec2::ZERO,
        size_px: size,
        is_smooth: false,
    };
    let paint = PicturePaint {
        a: placed(a),
        b: placed(b),
        mode: kind,
        slot: 4,
        frame: 1,
    };
    let mut harness = Harness::builder().with_size(size).wgpu().build_eframe(move |creation| {
        hareru::render::install(creation.wgpu_render_state.as_ref().unwrap());
        Bare { paint }
    });
    let image = harness.render().unwrap();
    let middle = |texel: usize| (SCALE * texel + SCALE / 2) as u32;
    let places = (0..height).flat_map(|y| (0..width).map(move |x| (x, y)));
    let texels = places.map(|(x, y)| image.get_pixel(middle(x), middle(y)).0);
    texels.flat_map(|[red, green, blue, _]| [red, green, blue]).collect()
}

fn two_pictures() -> [RgbImage; 2] {
    let mut pictures = [tinted(24, [0; 3]), tinted(24, [40, -60, 10])];
    for picture in &mut pictures {
        picture.height_px = 16; // not a square
        picture.pixels.truncate(3 * 24 * 16);
    }
    let mut word = 5_u32;
    for value in &mut pictures[1].pixels {
        word = word.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        *value = value.wrapping_add((word >> 27) as u8);
    }
    pictures
}

fn farthest(found: &[u8], expected: &[u8]) -> u8 {
    assert_eq!(found.len(), expected.len());
    found.iter().zip(expected).map(|(a, b)| a.abs_diff(*b)).max().unwrap()
}

#[test]
fn the_shader_should_divide_two_pictures_at_any_angle_as_the_formula_says() {
    let [a, b] = two_pictures();
    for degrees in [0.0, 30.0, 45.0, 90.0, 137.0, 180.0, 270.0, 300.0] {
        let divider = Divider::default().turned(degrees).moved(egui::vec2(0.4, 0.55));
        let normal = divider.normal();
        let size = egui::vec2(a.width_px as f32, a.height_px as f32);
        let through_px = divider.through * size * SCALE as f32;
        let found = drawn(&a, &b, PictureMode::Slider { through_px, normal });
        let mut sides = [0, 0];
        let places = (0..a.height_px).flat_map(|y| (0..a.width_px).map(move |x| (x, y)));
        for (index, (x, y)) in places.enumerate() {
            let centre = (egui::vec2(x as f32, y as f32) + egui::Vec2::splat(0.5)) * SCALE as f32;
            let depth = (centre - through_px).dot(normal);
            if depth.abs() < 1e-3 {
                continue; // on the line itself
            }
            let side = usize::from(depth > 0.0);
            sides[side] += 1;
            let expected = [&a, &b][side];
            let texel = 3 * index..3 * index + 3;
            assert!(
                farthest(&found[texel.clone()], &expected.pixels[texel]) <= 1,
                "{degrees}°: {x}, {y}"
            );
        }
        assert!(sides[0] > 50 && sides[1] > 50, "{degrees}°: {sides:?}");
    }
}

#[test]
fn the_shader_should_draw_differences_as_the_formula_says() {
    let [a, b] = two_pictures();
    for gain in [1.0, 4.0, 33.0] {
        let expected = difference_pixels(&a, &b, gain).unwrap().pixels;
        let distinct: std::collections::BTreeSet<_> = expected.chunks(3).collect();
        assert!(gain > 9.0 || distinct.len() > 15, "shows nothing: {distinct:?}");
        let found = drawn(&a, &b, PictureMode::Difference(gain));
        assert!(farthest(&found, &expected) <= 1, "×{gain}");
    }
    let white = drawn(&a, &a, PictureMode::Difference(64.0));
    assert!(white.iter().all(|value| *value == 255), "no difference is white");
    assert!(
        farthest(&drawn(&a, &b, PictureMode::One), &a.pixels) <= 1,
        "one alone is as it is"
    );
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
