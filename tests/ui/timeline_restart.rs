//! The run of an earlier start of the program, scrubbed and branched.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use hareru::gallery::{self, SaveEvent, Writer};
use hareru::job::GeneratedImage;
use hareru::ui::commands::UiCommand;

use super::harness::{Window, plain};
use super::journey;
use super::timeline::{RED, kept_record, kept_step, kept_trajectory};

#[test]
fn what_was_saved_should_be_scrubbed_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let image = GeneratedImage {
        pixels: Arc::new(plain(RED, 128)),
        record: kept_record(),
        trajectory: Arc::new(kept_trajectory(0..10)),
    };
    let path = gallery::save(folder.path(), &image).unwrap().path;
    let mut window = Window::open();
    window.send(UiCommand::ShowPicture(path.clone()));
    for event in read_again(folder.path(), &path) {
        window.tell_of_pictures(event);
    }
    window.click("Step 6");
    let shown = window.studio().shown_step_record().unwrap();
    assert_eq!(**shown, kept_step(5));
    window.press(egui::Key::B);
    let branching = window.studio().branching.as_ref();
    assert_eq!(branching.map(|branching| branching.step), Some(5));
}

/// What a new gallery says of a folder when a picture of it is opened.
fn read_again(folder: &Path, path: &Path) -> Vec<SaveEvent> {
    let writer = Writer::start(folder.to_owned(), || {}).unwrap();
    writer.open(path.to_owned());
    let (mut events, start) = (Vec::new(), Instant::now());
    let is_read = |event: &SaveEvent| matches!(event, SaveEvent::TrajectoryOpened { .. });
    while !events.iter().any(is_read) {
        assert!(
            start.elapsed() < Duration::from_secs(30),
            "the gallery's thread did not answer: {events:?}"
        );
        match writer.poll() {
            Some(event) => events.push(event),
            None => std::thread::sleep(Duration::from_millis(2)),
        }
    }
    events
}

#[test]
fn what_the_engine_made_should_be_there_with_all_its_steps_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let mut first = journey::open(folder.path());
    first.state_mut().draft_mut().request.steps = 4;
    first.run();
    first.key_press_modifiers(egui::Modifiers::COMMAND, egui::Key::Enter);
    first.step();
    journey::until(&mut first, "the run has ended", journey::has_ended);
    journey::until(&mut first, "the picture is saved", |studio| {
        !studio.state().recent.is_empty()
    });
    let timeline = first.state().studio().timeline.clone().unwrap();
    assert_eq!(timeline.steps.len(), 4);
    assert_eq!(timeline.sigmas.len(), 5);
    drop(first);

    let mut second = journey::open(folder.path());
    journey::until(&mut second, "the gallery is listed", |studio| {
        !studio.state().recent.is_empty()
    });
    let path = second.state().state().recent[0].path.clone();
    second.state().send(UiCommand::ShowPicture(path));
    journey::until(&mut second, "the steps are read", |studio| {
        studio.studio().timeline.is_some()
    });
    second.state().send(UiCommand::ShowStep(1));
    second.step();
    let state = second.state().studio();
    let again = state.timeline.as_ref().unwrap();
    assert_eq!(again.missing, None);
    assert_eq!(again.steps.len(), 4);
    assert_eq!(
        state.shown_step_record().unwrap().x0,
        timeline.steps[1].x0,
        "bit for bit"
    );
    assert_eq!(again.request.seed, timeline.request.seed);
}
