//! Saved pictures: shown, and their settings taken back.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use egui_kittest::kittest::Queryable as _;
use hareru::gallery::SaveEvent;
use hareru::job::GenerateRequest;

use super::harness::{Window, plain, record};

fn lighthouse() -> GenerateRequest {
    GenerateRequest {
        prompt: "a lighthouse at night by the sea".to_owned(),
        negative_prompt: "fog".to_owned(),
        width_px: 192,
        steps: 11,
        guidance_scale: -3.0,
        guidance_rescale: 0.7,
        sampler: "ddim".to_owned(),
        schedule: "karras".to_owned(),
        eta: 0.25,
        seed: 77,
        clip_skip: 1,
        ..GenerateRequest::default()
    }
}

#[test]
fn dropping_a_picture_should_take_back_every_setting() {
    let mut window = Window::open();
    let path = PathBuf::from("/pictures/猫 a.png");
    window.drop_file(&path);
    take_settings(&mut window, &path);
    assert_eq!(window.pictures.borrow().opened, std::slice::from_ref(&path));

    window.tell_of_pictures(SaveEvent::Opened {
        path,
        pixels: Arc::new(plain([10, 20, 30], 128)),
        record: Some(Arc::new(record(lighthouse()))),
    });
    assert_eq!(window.draft().to_request().unwrap(), lighthouse());
    window.harness.get_by_label("Took the settings of 猫 a.png");
}

#[test]
fn dropping_a_picture_without_settings_should_say_so_and_leave_the_form() {
    let mut window = Window::open();
    let before = window.draft().clone();
    let path = PathBuf::from("/pictures/holiday.png");
    window.drop_file(&path);
    take_settings(&mut window, &path);
    window.tell_of_pictures(SaveEvent::Opened {
        path,
        pixels: Arc::new(plain([10, 20, 30], 64)),
        record: None,
    });
    assert_eq!(*window.draft(), before);
    window.harness.get_by_label_contains("holiday.png carries no settings");
}

#[test]
fn dropping_a_folder_should_use_it_as_a_model() {
    let mut window = Window::open();
    let path = PathBuf::from("/models/sd15");
    window.drop_file(&path);
    assert_eq!(window.draft().request.model, hareru::job::ModelRef::Path(path));
}

#[test]
fn a_picture_that_cannot_be_read_should_say_why() {
    let mut window = Window::open();
    window.tell_of_pictures(SaveEvent::OpenFailed {
        path: "/pictures/cut.png".into(),
        message: "expected a PNG, found 12 bytes".to_owned(),
    });
    window
        .harness
        .get_by_label_contains("cut.png could not be opened: expected a PNG, found 12 bytes");
}

#[test]
fn a_saved_picture_should_appear_in_the_strip_and_offer_its_settings() {
    let mut window = Window::open();
    let path = PathBuf::from("/pictures/0001.png");
    window.tell_of_pictures(SaveEvent::Saved {
        path: path.clone(),
        record: Arc::new(record(lighthouse())),
        thumbnail: Arc::new(plain([10, 20, 30], 64)),
    });
    window.click("0001.png");
    assert_eq!(window.pictures.borrow().opened, [path]);

    window.click("Use settings");
    assert_eq!(window.draft().to_request().unwrap(), lighthouse());
}

#[test]
fn a_picture_that_could_not_be_saved_should_be_told_and_readable_again() {
    let mut window = Window::open();
    let message = "no space left on the disk".to_owned();
    window.tell_of_pictures(SaveEvent::Failed { message });
    window.harness.get_by_label_contains("no space left on the disk");
    window.click("Close notice");
    assert!(window.harness.query_by_label_contains("no space left").is_none());
    window.click("Notices (1)");
    window.harness.get_by_label_contains("no space left on the disk");
}

#[test]
fn a_picture_saved_without_its_steps_should_be_told() {
    let mut window = Window::open();
    window.tell_of_pictures(SaveEvent::RunNotKept {
        path: PathBuf::from("/pictures/boat.png"),
        message: "no space left on the disk".to_owned(),
    });
    window
        .harness
        .get_by_label_contains("boat.png was saved, but without its steps: no space left");
}

/// Opens the picture that is offered, as its last target does with one that is there.
fn take_settings(window: &mut Window, path: &Path) {
    assert_eq!(window.studio().image_input.drop_menu.as_deref(), Some(path));
    let open = hareru::ui::commands::UiCommand::OpenPicture(path.to_owned());
    window.send(open);
    assert_eq!(window.studio().image_input.drop_menu, None);
}
