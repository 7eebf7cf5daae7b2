//! What the window looked like, found again at the next start.

use std::time::{Duration, Instant};

use egui_kittest::kittest::Queryable as _;
use hareru::gallery::SortOrder;
use hareru::ui::commands::{GalleryCommand, PageId, UiCommand};
use hareru::ui::session::Session;

use super::harness::Window;

/// Lets more than a second pass, after which changes are written.
fn wait(window: &mut Window) {
    for _ in 0..8 {
        window.harness.step();
    }
}

/// Whether the section of advanced settings is unfolded.
fn is_advanced_shown(window: &Window) -> bool {
    window.harness.query_all_by_label("CLIP skip").next().is_some()
}

#[test]
fn a_window_should_open_as_it_was_closed() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("config").join("session.json");
    let mut window = Window::open_with_session(&file);
    assert!(!is_advanced_shown(&window), "it is folded away");
    window.harness.get_by_label("Advanced").scroll_to_me();
    window.harness.run();
    window.click("Advanced");
    assert!(is_advanced_shown(&window));
    let draft = window.draft_mut();
    "a boat at night".clone_into(&mut draft.request.prompt);
    draft.request.steps = 7;
    (draft.request.seed, draft.is_seed_locked) = (41, true);
    for command in [
        UiCommand::ToggleInspector,
        UiCommand::Gallery(GalleryCommand::SetOrder(SortOrder::Oldest)),
        UiCommand::Gallery(GalleryCommand::SetSide(96.0)),
        UiCommand::Gallery(GalleryCommand::ToggleDetails),
        UiCommand::Gallery(GalleryCommand::SearchFor("boat".to_owned())),
        UiCommand::Gallery(GalleryCommand::Remember),
        UiCommand::ShowPage(PageId::Gallery),
    ] {
        window.send(command);
    }
    wait(&mut window);
    let before = window.draft().to_request().unwrap();
    drop(window);
    assert_eq!(Session::load(&file).window.size, [1280.0, 800.0]);

    let mut window = Window::open_with_session(&file);
    let state = window.state();
    assert_eq!(state.page, PageId::Gallery);
    assert!(state.sides.is_form_shown && !state.sides.is_inspector_shown);
    let gallery = window.harness.state().gallery();
    assert_eq!((gallery.order, gallery.side), (SortOrder::Oldest, 96.0));
    assert!(!gallery.is_details_shown);
    assert_eq!(gallery.search.history, ["boat"]);
    let draft = window.draft();
    assert_eq!(
        draft.to_request().unwrap(),
        before,
        "the form goes on where it was left"
    );
    assert!(draft.is_seed_locked);
    window.send(UiCommand::ShowPage(PageId::Studio));
    assert!(is_advanced_shown(&window), "a section stays as it was");
}

#[test]
fn a_number_that_is_none_should_be_written_once_and_not_each_second() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("session.json");
    let mut window = Window::open_with_session(&file);
    wait(&mut window); // the model has filled the form
    window.draft_mut().request.guidance_scale = f64::NAN;
    let is_written = || std::fs::read_to_string(&file).is_ok_and(|text| text.contains("\"guidance_scale\": null"));
    let end = Instant::now() + Duration::from_secs(20);
    while !is_written() && Instant::now() < end {
        wait(&mut window);
    }
    assert!(is_written());
    std::fs::remove_file(&file).unwrap();
    for _ in 0..3 {
        wait(&mut window);
    }
    drop(window); // the thread that writes has ended with it
    assert!(!file.exists(), "nothing has changed since it was written");
}

#[test]
fn a_broken_file_should_start_fresh_and_be_kept_anew() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("session.json");
    for broken in ["", "{", "[1]", "{\"version\": 99, \"page\": 3, \"form\": []}"] {
        std::fs::write(&file, broken).unwrap();
        let mut window = Window::open_with_session(&file);
        let state = window.state();
        assert_eq!(state.page, PageId::Studio, "{broken:?}");
        assert!(
            state.notices.all().is_empty(),
            "{broken:?}: nothing of it is the user's concern"
        );
        window.send(UiCommand::ShowPage(PageId::Models));
        wait(&mut window);
        drop(window);
        assert_eq!(Session::load(&file).page, PageId::Models, "{broken:?}");
    }
}

/// What the window has asked of the desktop in the newest frame.
fn asked(window: &Window) -> Vec<egui::ViewportCommand> {
    let output = &window.harness.output().viewport_output[&egui::ViewportId::ROOT];
    output.commands.clone()
}

/// Closes the window as the desktop does.
fn close(window: &mut Window) {
    let input = window.harness.input_mut();
    let viewport = input.viewports.get_mut(&egui::ViewportId::ROOT).unwrap();
    viewport.events.push(egui::ViewportEvent::Close);
    window.harness.step();
}

#[test]
fn a_window_should_stay_open_until_all_is_saved_and_say_so() {
    let mut window = Window::open();
    close(&mut window);
    assert_eq!(asked(&window), [], "nothing is held back");

    window.pictures.borrow_mut().num_unsaved = 2;
    close(&mut window);
    assert!(asked(&window).contains(&egui::ViewportCommand::CancelClose));
    window.harness.step();
    window
        .harness
        .get_by_label("2 things are still being saved; the window closes by itself once they are");
    assert!(!asked(&window).contains(&egui::ViewportCommand::Close));

    window.pictures.borrow_mut().num_unsaved = 0;
    window.harness.step();
    assert!(asked(&window).contains(&egui::ViewportCommand::Close));
}

#[test]
fn a_second_try_to_close_should_go_through() {
    let mut window = Window::open();
    window.pictures.borrow_mut().num_unsaved = 1;
    close(&mut window);
    assert!(asked(&window).contains(&egui::ViewportCommand::CancelClose));
    close(&mut window);
    assert!(!asked(&window).contains(&egui::ViewportCommand::CancelClose));
}
