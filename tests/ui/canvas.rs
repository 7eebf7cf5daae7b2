//! The canvas as it is drawn.

use std::path::PathBuf;
use std::sync::Arc;

use egui_kittest::kittest::Queryable as _;
use hareru::gallery::SaveEvent;
use hareru::job::{
    ErrorCode, Event, GenerateRequest, GeneratedImage, InitPicture, InitWay, JobError, JobErrorKind, LoraSpec,
    RgbImage, Trajectory,
};
use hareru::ui::commands::UiCommand;
use hareru::ui::model::camera::CameraMove;
use hareru::ui::model::run_timeline::ViewPair;
use hareru::unfold::StepView;

use super::harness::{Window, plain, record, step};
use super::latent_view::{colours, plane, whole_step};
use super::run::finished;

const RED: [u8; 3] = [200, 30, 30];
const BLUE: [u8; 3] = [30, 60, 200];

/// Opens a saved picture on the canvas.
pub(super) fn open_picture(window: &mut Window, path: &str, pixels: RgbImage) {
    window.tell_of_pictures(SaveEvent::Saved {
        path: path.into(),
        record: Arc::new(record(GenerateRequest::default())),
        thumbnail: Arc::new(plain(RED, 16)),
    });
    window.click(path);
    tell_opened(window, path, pixels);
}

pub(super) fn tell_opened(window: &mut Window, path: &str, pixels: RgbImage) {
    window.tell_of_pictures(SaveEvent::Opened {
        path: path.into(),
        pixels: Arc::new(pixels),
        record: Some(Arc::new(record(GenerateRequest::default()))),
    });
}

/// Tells the window the three steps of a run, all of whose latents have one value.
fn tell_steps(window: &mut Window, path: &str, by: f32) {
    let mut steps: Vec<_> = (0..3).map(|index| whole_step(index, (16, 16), 3)).collect();
    for plane in steps.iter_mut().flat_map(|step| [&mut step.x, &mut step.x0]) {
        plane.values.fill(by);
    }
    window.tell_of_pictures(SaveEvent::TrajectoryOpened {
        path: path.into(),
        record: Arc::new(record(GenerateRequest::default())),
        trajectory: Arc::new(Trajectory {
            seed: 77,
            sigmas: vec![6.0, 3.0, 1.0, 0.0],
            timesteps: vec![500.0; 3],
            final_latents: plane(4, (16, 16), 1.0),
            steps: steps.into_iter().map(Arc::new).collect(),
            tokens: Vec::new(),
            colours: Some(colours()),
        }),
    });
}

/// The colours in the middle of both halves of the canvas.
fn halves(window: &mut Window) -> [[u8; 3]; 2] {
    let canvas = window.harness.get_by_label_contains("Canvas").rect();
    let drawn = window.harness.render().unwrap();
    [0.25, 0.75].map(|part| {
        let (x, y) = (egui::lerp(canvas.x_range(), part), canvas.center().y);
        let [red, green, blue, _] = drawn.get_pixel(x as u32, y as u32).0;
        [red, green, blue]
    })
}

#[test]
fn pictures_beside_each_other_should_each_be_drawn_in_their_own_half() {
    let mut window = Window::open_drawn();
    open_picture(&mut window, "one.png", plain(RED, 128));
    window.send(UiCommand::ShowBeside("other.png".into()));
    tell_opened(&mut window, "other.png", plain(BLUE, 128));
    assert_eq!(halves(&mut window), [RED, BLUE]);
}

#[test]
fn steps_beside_each_other_should_each_be_drawn_in_their_own_half() {
    let mut window = Window::open_drawn();
    open_picture(&mut window, "one.png", plain(RED, 128));
    tell_steps(&mut window, "one.png", 1.0);
    window.press(egui::Key::Home);
    window.send(UiCommand::SetViews(ViewPair {
        first: StepView::Noisy,
        second: None,
    }));
    let [left, right] = halves(&mut window);
    assert_eq!(left, right, "one step fills the canvas");
    window.send(UiCommand::ShowBeside("other.png".into()));
    tell_opened(&mut window, "other.png", plain(BLUE, 128));
    tell_steps(&mut window, "other.png", -1.0);
    let [beside_left, beside_right] = halves(&mut window);
    assert_eq!(beside_left, left, "the step that is shown keeps its colour");
    assert_ne!(beside_right, left, "the other step has its own");
}

#[test]
fn a_picture_larger_than_any_texture_should_be_drawn_reduced() {
    let mut window = Window::open_drawn();
    let wide = RgbImage::filled(9000, 16, RED);
    open_picture(&mut window, "wide.png", wide);
    for _ in 0..8 {
        window.harness.state().send(UiCommand::Camera(CameraMove::In));
    }
    window.harness.run();
    assert_eq!(halves(&mut window), [RED, RED]);
}

#[test]
fn the_shader_should_draw_the_pixels_of_the_step_unchanged() {
    let mut window = Window::open_drawn();
    let job = window.generate();
    window.tell([step(job, 1, RED)]);
    let canvas = window.harness.get_by_label_contains("Canvas").rect();
    let drawn = window.harness.render().unwrap();
    let centre = drawn.get_pixel(canvas.center().x as u32, canvas.center().y as u32);
    assert_eq!(&centre.0[..3], RED);
    let corner = drawn.get_pixel(canvas.left() as u32 + 3, canvas.top() as u32 + 3);
    assert_ne!(&corner.0[..3], RED, "the picture must not fill more than its place");
}

#[test]
fn the_shader_should_keep_a_flat_colour_when_it_reduces() {
    let mut window = Window::open_drawn();
    let job = window.generate();
    window.tell([step(job, 1, RED)]);
    for _ in 0..6 {
        window.harness.state().send(UiCommand::Camera(CameraMove::Out));
    }
    window.harness.run();
    let canvas = window.harness.get_by_label_contains("Canvas").rect();
    let drawn = window.harness.render().unwrap();
    let centre = drawn.get_pixel(canvas.center().x as u32, canvas.center().y as u32);
    for (found, expected) in centre.0.iter().zip(RED) {
        assert!(found.abs_diff(expected) <= 1, "found {centre:?}, expected {RED:?}");
    }
}

#[test]
fn keys_should_move_the_camera_but_not_while_a_field_has_the_keyboard() {
    let mut window = Window::open();
    let job = window.generate();
    window.tell([step(job, 1, RED)]);
    window.press(egui::Key::Num1);
    assert_eq!(window.studio().camera.zoom, Some(1.0));
    window.press(egui::Key::Num0);
    assert_eq!(window.studio().camera.zoom, None);

    window.harness.get_by_label("Prompt").focus();
    window.harness.run();
    window.press(egui::Key::Num1);
    assert_eq!(window.studio().camera.zoom, None);
}

/// Width and height of what is drawn in this colour on the canvas, in pixels.
fn extent(window: &mut Window, colour: [u8; 3]) -> [u32; 2] {
    let canvas = window.harness.get_by_label_contains("Canvas").rect();
    let drawn = window.harness.render().unwrap();
    let is_it = |x, y| {
        let pixel = drawn.get_pixel(x, y).0;
        pixel
            .iter()
            .zip(colour)
            .all(|(found, wanted)| found.abs_diff(wanted) <= 2)
    };
    let (x, y) = (canvas.x_range(), canvas.y_range());
    let (xs, ys) = (x.min as u32..x.max as u32, y.min as u32..y.max as u32);
    let columns = xs.clone().filter(|x| ys.clone().any(|y| is_it(*x, y))).count();
    let rows = ys.filter(|y| xs.clone().any(|x| is_it(x, *y))).count();
    [columns as u32, rows as u32]
}

#[test]
fn a_picture_should_fill_the_canvas_unless_whole_pixels_are_wanted() {
    let mut window = Window::open_drawn();
    window.send(UiCommand::ToggleSides); // so that the canvas has room
    open_picture(&mut window, "one.png", plain(RED, 128));
    let canvas = window.harness.get_by_label_contains("Canvas").rect();
    let [width, height] = extent(&mut window, RED);
    assert_eq!(width, height);
    let room = canvas.width().min(canvas.height()) - 16.0;
    assert!((height as f32 - room).abs() <= 2.0, "{height} of {room}");
    assert!(!height.is_multiple_of(128), "the size of the window tells nothing");
    window.send(UiCommand::Camera(CameraMove::ToggleWholePixels));
    let whole = extent(&mut window, RED);
    assert_eq!(whole, [height / 128 * 128; 2]);
    window.send(UiCommand::Camera(CameraMove::ToggleWholePixels));
    assert_eq!(extent(&mut window, RED), [width, height]);
}

#[test]
fn a_step_of_an_outpainted_picture_should_keep_its_proportions() {
    let mut window = Window::open_drawn();
    let draft = window.draft_mut();
    (draft.request.width_px, draft.request.height_px) = (128, 128);
    draft.request.outpaint.right_px = 64;
    draft.request.init = Some(InitPicture {
        file: "photo.png".into(),
        strength: 1.0,
        way: InitWay::default(),
    });
    let job = window.generate();
    let Event::Step(mut told) = step(job, 1, RED) else {
        unreachable!()
    };
    let preview = RgbImage {
        width_px: 24,
        height_px: 16,
        pixels: RED.repeat(24 * 16),
    };
    told.preview = Some(Arc::new(preview));
    window.tell([Event::Step(told)]);
    let [width, height] = extent(&mut window, RED);
    let shape = f64::from(width) / f64::from(height);
    assert!((shape - 1.5).abs() < 0.02, "{width} x {height}");
}

#[test]
fn one_to_one_should_count_the_pixels_of_the_enlarged_picture() {
    let mut window = Window::open_drawn();
    let draft = window.draft_mut();
    (draft.request.width_px, draft.request.height_px) = (128, 128);
    let job = window.generate();
    let Event::Image { image, .. } = finished(&window, job) else {
        unreachable!()
    };
    let enlarged = GeneratedImage {
        pixels: Arc::new(plain(BLUE, 256)),
        ..GeneratedImage::clone(&image)
    };
    let image = Arc::new(enlarged);
    window.tell([step(job, 25, RED), Event::Image { job, image }, Event::Finished { job }]);
    window.send(UiCommand::Camera(CameraMove::Actual));
    assert_eq!(extent(&mut window, BLUE), [256, 256]);
}

#[test]
fn a_run_that_fails_should_leave_the_picture_and_say_why_over_it() {
    let mut window = Window::open_drawn();
    let job = window.generate();
    window.tell([step(job, 1, RED), Event::Cancelled { job }]);
    let lora = PathBuf::from("/models/ink.safetensors");
    window.draft_mut().request.loras = vec![LoraSpec::new(lora.clone(), 1.0)];
    let job = window.generate();
    let code = ErrorCode::new("error-adapter-other-family").with("path", lora.as_path());
    let error = JobError::new(JobErrorKind::Model, "made for another family").with_code(code);
    let error = Arc::new(error);
    window.tell([Event::Failed { job, error }]);
    assert_eq!(halves(&mut window), [RED; 2], "the picture of before is still there");
    window
        .harness
        .get_by_label("The adapter was made for another kind of model. File: /models/ink.safetensors");
    window.click("Take out");
    assert!(window.draft().request.loras.is_empty());
    assert!(!window.has("Take out"));
}

#[test]
fn a_view_that_a_step_lacks_should_leave_the_picture_and_say_so() {
    let mut window = Window::open_drawn();
    let job = window.generate();
    window.tell([step(job, 1, RED)]);
    window.send(UiCommand::SetViews(ViewPair {
        first: StepView::Guidance,
        second: None,
    }));
    assert_eq!(halves(&mut window), [RED; 2]);
    window
        .harness
        .get_by_label("What the network said with the prompt and without it was not kept for this step");
}
