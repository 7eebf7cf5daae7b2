//! The canvas as it is drawn.

use egui_kittest::kittest::Queryable as _;
use hareru::ui::commands::UiCommand;
use hareru::ui::widgets::camera::CameraMove;

use super::harness::{Window, step};

const RED: [u8; 3] = [200, 30, 30];

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
    window.harness.key_press(egui::Key::Num1);
    window.harness.run();
    assert_eq!(window.harness.state().state().camera.zoom, Some(1.0));
    window.harness.key_press(egui::Key::Num0);
    window.harness.run();
    assert_eq!(window.harness.state().state().camera.zoom, None);

    window.harness.get_by_label("Prompt").focus();
    window.harness.run();
    window.harness.key_press(egui::Key::Num1);
    window.harness.run();
    assert_eq!(window.harness.state().state().camera.zoom, None);
}
