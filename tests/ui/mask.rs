//! Masks on the canvas: the same pixels at every zoom, taken back and done again, saved with the request, drawn as the
//! formula says.

use std::path::Path;

use egui::{Event as Input, PointerButton, Pos2, Vec2, pos2};
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use hareru::gallery;
use hareru::job::{GenerateRequest, InitPicture, InitWay, JobId, Mask};
use hareru::render::mask_brush::MaskLook;
use hareru::ui::commands::{ImageInputCommand, MaskEdit, Target, UiCommand};
use hareru::ui::model::brush::Brush;
use hareru::ui::model::camera::CameraMove;
use hareru::ui::pages::studio::mask::MaskDocument;
use hareru::ui::theme;

use super::harness::Window;
use super::image_input::{photo, wait_for};

/// A window in which the mask of a picture of 96 × 64 pixels is open.
fn open(path: &Path) -> Window {
    prepare(Window::open_at(path.parent().unwrap()), path)
}

pub(super) fn prepare(mut window: Window, path: &Path) -> Window {
    window.send(ImageInputCommand::Use(Target::PaintInto, path.to_owned()));
    wait_for(&mut window, path);
    window.wait_until("the mask is there", |studio| {
        studio.studio().image_input.mask.document.is_some()
    });
    window
}

fn document(window: &Window) -> &MaskDocument {
    window.studio().image_input.mask.document.as_ref().unwrap()
}

/// Where a place of the picture lies in the window; one point is one pixel of the screen.
fn on_screen(window: &Window, at: Vec2) -> Pos2 {
    let body = window.harness.get_by_label("Mask being painted").rect();
    let camera = window.studio().camera;
    let picture = Vec2::new(96.0, 64.0);
    let canvas = body.size() - Vec2::splat(16.0);
    let origin = body.min.to_vec2().round() + (camera.origin_px(picture, canvas) + Vec2::splat(8.0)).round();
    (origin + at * camera.zoom_for(picture, canvas)).to_pos2()
}

fn press(window: &mut Window, at: Pos2, pressed: bool) {
    window.harness.event(Input::PointerButton {
        pos: at,
        button: PointerButton::Primary,
        pressed,
        modifiers: egui::Modifiers::NONE,
    });
    window.harness.step();
}

/// One stroke along places of the picture.
fn stroke(window: &mut Window, way: &[(f32, f32)]) {
    for (index, (x, y)) in way.iter().enumerate() {
        let at = on_screen(window, Vec2::new(*x, *y));
        window.harness.hover_at(at);
        window.harness.step();
        if index == 0 {
            press(window, at, true);
        }
        if index + 1 == way.len() {
            press(window, at, false);
        }
    }
    window.harness.run();
}

pub(super) fn paint_something(window: &mut Window) {
    window.wait_until("the mask is there", |studio| {
        studio.studio().image_input.mask.document.is_some()
    });
    let brush = Brush {
        size_px: 24.0,
        ..Brush::default()
    };
    window.send(ImageInputCommand::SetBrush(brush));
    for edit in [
        MaskEdit::Begin(brush, hareru::ui::model::brush::Dab::at(30.0, 40.0)),
        MaskEdit::Extend(brush, hareru::ui::model::brush::Dab::at(60.0, 30.0)),
        MaskEdit::End,
    ] {
        window.send(ImageInputCommand::Mask(edit));
    }
}

#[test]
fn a_stroke_should_paint_the_same_pixels_at_every_zoom() {
    let (_folder, path) = photo();
    let way = [(20.0, 20.0), (48.5, 40.25), (70.0, 30.0)];
    let mut painted = Vec::new();
    for moves in [
        vec![],
        vec![CameraMove::Actual],
        vec![
            CameraMove::Actual,
            CameraMove::In,
            CameraMove::In,
            CameraMove::Pan(Vec2::new(-37.0, 11.0)),
        ],
        vec![CameraMove::Actual, CameraMove::Out, CameraMove::Out],
    ] {
        let mut window = open(&path);
        let brush = Brush {
            size_px: 12.0,
            ..Brush::default()
        };
        window.send(ImageInputCommand::SetBrush(brush));
        for camera_move in moves {
            window.send(UiCommand::Camera(camera_move));
        }
        stroke(&mut window, &way);
        assert!(!document(&window).is_blank() && !document(&window).is_stroking());
        painted.push(document(&window).pixels().clone());
    }
    for other in &painted[1..] {
        assert_eq!(&painted[0], other);
    }
}

#[test]
fn keys_should_take_back_do_again_and_resize() {
    let (_folder, path) = photo();
    let mut window = open(&path);
    stroke(&mut window, &[(20.0, 20.0), (60.0, 40.0)]);
    let painted = document(&window).pixels().clone();
    window.press_with(egui::Modifiers::COMMAND, egui::Key::Z);
    assert!(document(&window).is_blank());
    window.press_with(egui::Modifiers::COMMAND, egui::Key::Y);
    assert_eq!(*document(&window).pixels(), painted);

    let size = window.studio().image_input.mask.brush.size_px;
    window.press(egui::Key::CloseBracket);
    assert!(window.studio().image_input.mask.brush.size_px > size);
    window.press(egui::Key::E);
    stroke(&mut window, &[(20.0, 20.0), (60.0, 40.0)]);
    assert!(document(&window).is_blank(), "a larger eraser takes all of it away");
}

#[test]
fn buttons_should_do_what_they_say() {
    let (_folder, path) = photo();
    let mut window = open(&path);
    let mut click = |name: &str| {
        window.click(name);
        let pixels = document(&window).pixels();
        (
            pixels.iter().all(|pixel| *pixel == 255),
            pixels.iter().all(|pixel| *pixel == 0),
        )
    };
    assert_eq!(click("Fill"), (true, false));
    assert_eq!(click("Invert"), (false, true));
    assert_eq!(click("Undo"), (true, false));
    assert_eq!(click("Clear"), (false, true));
    assert_eq!(click("Feather"), (false, true));
}

#[test]
fn a_painted_mask_should_be_saved_and_go_into_the_request() {
    let (folder, path) = photo();
    let mut window = open(&path);
    window.harness.get_by_label_contains("Brush over what shall be painted");
    assert!(window.harness.get_by_label("Generate").accesskit_node().is_disabled());
    stroke(&mut window, &[(20.0, 20.0), (60.0, 40.0)]);
    let pixels = document(&window).pixels().clone();
    window.wait_until("it is saved", |studio| !studio.studio().image_input.mask.is_unsaved());
    window.click("Generate");
    let request = window.engine.borrow().submitted.last().unwrap().clone();
    let mask = request.mask.unwrap();
    assert!(mask.file.starts_with(folder.path().join(".hareru/masks")));
    let saved = gallery::read_picture(&mask.file).unwrap();
    assert_eq!((saved.width_px, saved.height_px), (96, 64));
    let levels: Vec<u8> = saved.pixels.iter().step_by(3).copied().collect();
    assert_eq!(levels, **pixels);
    assert!(!window.studio().image_input.mask.is_open, "the canvas shows the run");
}

#[test]
fn a_picture_asked_for_at_once_should_wait_for_the_mask() {
    let (_folder, path) = photo();
    let mut window = open(&path);
    stroke(&mut window, &[(20.0, 20.0), (60.0, 40.0)]);
    window.wait_until("it is saved", |studio| !studio.studio().image_input.mask.is_unsaved());
    let first = window.draft().request.mask.clone().unwrap().file;
    let submitted = window.engine.borrow().submitted.len();
    window.send(ImageInputCommand::Mask(MaskEdit::Invert));
    window.harness.state().send(UiCommand::Generate);
    let engine = window.engine.clone();
    window.harness.run();
    let start = std::time::Instant::now();
    while engine.borrow().submitted.len() <= submitted {
        assert!(start.elapsed().as_secs() < 60);
        std::thread::sleep(std::time::Duration::from_millis(5));
        window.harness.step();
    }
    let request = engine.borrow().submitted.last().unwrap().clone();
    let mask = request.mask.unwrap().file;
    assert_ne!(mask, first);
    let saved = gallery::read_picture(&mask).unwrap();
    assert_eq!(saved.pixels[0], 255, "the newest one");
}

#[test]
fn restored_settings_should_bring_their_mask_back() {
    let (folder, path) = photo();
    let mut first = open(&path);
    stroke(&mut first, &[(20.0, 20.0), (60.0, 40.0)]);
    first.wait_until("it is saved", |studio| !studio.studio().image_input.mask.is_unsaved());
    let request = first.harness.state().draft().to_request().unwrap();
    let pixels = document(&first).pixels().clone();

    let mut window = Window::open_at(folder.path());
    window.draft_mut().restore(&request);
    window.harness.run();
    assert_eq!(window.draft().to_request(), Ok(request.clone()));
    wait_for(&mut window, &path);
    window.press(egui::Key::M);
    window.wait_until("it is read", |studio| {
        studio.studio().image_input.mask.document.is_some()
    });
    assert_eq!(*document(&window).pixels(), pixels);
    assert_eq!(
        window.draft().to_request(),
        Ok(request),
        "looking at it changes nothing"
    );
}

#[test]
fn another_mask_of_the_same_picture_should_take_the_place_of_the_old_one() {
    let (_folder, path) = photo();
    let mut window = open(&path);
    stroke(&mut window, &[(20.0, 20.0), (60.0, 40.0)]);
    window.wait_until("it is saved", |studio| !studio.studio().image_input.mask.is_unsaved());
    let request = window.draft().to_request().unwrap();
    let painted = document(&window).pixels().clone();

    window.send(ImageInputCommand::Use(Target::PaintInto, path.clone()));
    window.wait_until("a blank one is there", |studio| {
        studio
            .studio()
            .image_input
            .mask
            .document
            .as_ref()
            .is_some_and(MaskDocument::is_blank)
    });
    assert!(window.draft().to_request().is_err(), "there is nowhere to paint");

    window.draft_mut().restore(&request);
    window.harness.step();
    window.wait_until("the old one is back", |studio| {
        let document = studio.studio().image_input.mask.document.as_ref();
        document.is_some_and(|document| *document.pixels() == painted)
    });
    window.press(egui::Key::Escape);
    assert!(!window.studio().image_input.mask.is_open);
}

#[test]
fn a_mask_that_is_saved_late_should_not_come_to_another_picture() {
    let (folder, path) = photo();
    let other = folder.path().join("other.png");
    std::fs::copy(&path, &other).unwrap();
    let mut window = open(&path);
    window
        .harness
        .state()
        .send(UiCommand::ImageInput(ImageInputCommand::Mask(MaskEdit::Fill)));
    window.send(ImageInputCommand::Use(Target::StartFrom, other.clone()));
    wait_for(&mut window, &other);
    std::thread::sleep(std::time::Duration::from_millis(50));
    window.harness.run();
    assert_eq!(window.draft().request.mask, None);
}

#[test]
fn a_mask_that_is_gone_should_be_told_and_begin_anew() {
    let (folder, path) = photo();
    let mut window = Window::open_at(folder.path());
    let request = GenerateRequest {
        prompt: "a tower".to_owned(),
        init: Some(InitPicture {
            file: path.clone(),
            strength: 1.0,
            way: InitWay::Noise,
        }),
        mask: Some(Mask {
            file: "/nowhere/mask.png".into(),
            ..Mask::default()
        }),
        ..GenerateRequest::default()
    };
    window.draft_mut().restore(&request);
    window.harness.run();
    wait_for(&mut window, &path);
    window.send(ImageInputCommand::EditMask);
    window.wait_until("it is there", |studio| {
        studio.studio().image_input.mask.document.is_some()
    });
    window.harness.get_by_label_contains("The mask could not be read");
    assert!(document(&window).is_blank());
}

#[test]
fn pressure_should_make_the_line_thinner() {
    let (_folder, path) = photo();
    let mut covered = Vec::new();
    for force in [None, Some(0.2)] {
        let mut window = open(&path);
        let at = on_screen(&window, Vec2::new(48.0, 32.0));
        window.harness.hover_at(at);
        window.harness.step();
        window.harness.event(Input::Touch {
            device_id: egui::TouchDeviceId(1),
            id: egui::TouchId(1),
            phase: egui::TouchPhase::Start,
            pos: at,
            force,
        });
        press(&mut window, at, true);
        press(&mut window, at, false);
        window.harness.run();
        covered.push(document(&window).pixels().iter().filter(|pixel| **pixel > 127).count());
    }
    assert!(covered[1] > 0 && covered[1] * 4 < covered[0], "{covered:?}");
}

#[test]
fn the_shader_should_draw_what_the_formula_says() {
    let (folder, path) = photo();
    let mut window = prepare(Window::open_drawn_at("en", folder.path()), &path);
    window.send(UiCommand::Camera(CameraMove::Actual));
    let blank = window.harness.render().unwrap();
    window.send(ImageInputCommand::SetBrush(Brush {
        size_px: 30.0,
        hardness: 0.3,
        is_eraser: false,
    }));
    stroke(&mut window, &[(30.0, 30.0), (60.0, 36.0)]);
    window.harness.hover_at(pos2(2.0, 2.0)); // no brush over the picture
    window.harness.run();
    let drawn = window.harness.render().unwrap();
    let palette = theme::palette(egui::Theme::Dark);
    let rgb = |colour: egui::Color32| [colour.r(), colour.g(), colour.b()];
    let look = MaskLook {
        light: rgb(*palette.accent),
        dark: rgb(*palette.canvas),
        line: rgb(*palette.accent),
        stripe_px: 5.0,
    };
    let corner = on_screen(&window, Vec2::ZERO);
    let amount = |x: i64, y: i64| {
        let inside = (0..96).contains(&x) && (0..64).contains(&y);
        let level = inside.then(|| document(&window).pixels()[(y * 96 + x) as usize]);
        f32::from(level.unwrap_or(0)) / 255.0
    };
    let (mut num_painted, mut num_line) = (0, 0);
    for (x, y) in (0..64_i64).flat_map(|y| (0..96_i64).map(move |x| (x, y))) {
        let pixel = [corner.x as u32 + x as u32, corner.y as u32 + y as u32];
        let neighbours = [amount(x - 1, y), amount(x + 1, y), amount(x, y - 1), amount(x, y + 1)];
        let least = neighbours.into_iter().fold(1.0, f32::min);
        let (colour, opacity) = look.at(pixel, amount(x, y), least);
        num_painted += usize::from(opacity > 0.5);
        num_line += usize::from(opacity == 1.0);
        let (before, after) = (blank.get_pixel(pixel[0], pixel[1]), drawn.get_pixel(pixel[0], pixel[1]));
        for part in 0..3 {
            let under = f32::from(before[part]) / 255.0;
            let expected = 255.0 * (under * (1.0 - opacity) + colour[part] * opacity);
            let off = (f32::from(after[part]) - expected).abs();
            assert!(
                off <= 1.5,
                "at {x}, {y}: found {after:?}, expected {expected} over {before:?}"
            );
        }
    }
    assert!(num_painted > 200 && num_line > 40, "{num_painted} {num_line}");
}

#[test]
fn an_edge_should_be_drawn_outwards_to_paint_on_beyond_it() {
    let (_folder, path) = photo();
    let mut window = open(&path);
    let handle = window
        .harness
        .get_by_label_contains("Pixels at the right: drag")
        .rect()
        .center();
    let zoom = window.harness.get_by_label("Mask being painted").rect(); // the picture is enlarged to fit in here
    let pixel = (zoom.width() - 16.0) / 96.0;
    window.harness.hover_at(handle);
    window.harness.step();
    press(&mut window, handle, true);
    window.harness.hover_at(handle + Vec2::new(2.0 * pixel.floor(), 0.0));
    window.harness.step();
    let end = handle + Vec2::new(20.0 * pixel.floor(), 0.0);
    window.harness.hover_at(end);
    window.harness.step();
    press(&mut window, end, false);
    window.harness.run();
    let right_px = window.draft().request.outpaint.right_px;
    assert!(
        (48..=80).contains(&right_px) && right_px.is_multiple_of(16),
        "{right_px}"
    );
    assert!(document(&window).is_blank(), "a handle does not paint");
}

#[test]
fn only_painting_on_beyond_the_edges_should_need_no_mask() {
    let (_folder, path) = photo();
    let mut window = open(&path);
    window.draft_mut().request.outpaint.left_px = 32;
    window.harness.run();
    window.click("Generate");
    let engine = window.engine.borrow();
    let request = engine.submitted.last().unwrap();
    assert_eq!((request.outpaint.left_px, request.mask.clone()), (32, None));
    assert_eq!(JobId(1), JobId(engine.submitted.len() as u64));
}
