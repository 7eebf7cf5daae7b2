//! The whole line: the real engine, the model in the program, a real gallery folder.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use egui_kittest::Harness;
use egui_kittest::kittest::Queryable as _;
use hareru::engine::{DeviceChoice, EngineOptions};
use hareru::gallery;
use hareru::job::Field;
use hareru::ui::app::Studio;
use hareru::ui::commands::{ExportKind, UiCommand};
use hareru::ui::model::jobs::JobStatus;
use hareru::ui::model::state::{Pause, file_name};
use hareru::ui::model::sweep_cell::CellRun;
use hareru::ui::services::ServiceFactory;
use hareru::unfold::AnimationFormat;

use super::harness::{MemoryClipboard, NoDialogs, in_language, open_with};

/// Longer than any of this takes on a slow machine in a debug build.
const PATIENCE: Duration = Duration::from_mins(4);

pub(super) fn open(gallery_dir: &Path) -> Harness<'static, Studio> {
    let options = EngineOptions {
        device: DeviceChoice::Cpu,
        ..EngineOptions::default()
    };
    let services = ServiceFactory {
        dialogs: Box::new(NoDialogs),
        clipboard: Arc::new(MemoryClipboard::default()),
        keep_settings: Box::new(|_settings| {}),
        session_file: None,
        start_hub: None, // the models of whoever runs the tests are theirs
        ..ServiceFactory::real(options, &in_language("en"))
    };
    let mut harness = open_with(Harness::builder(), services, in_language("en"), gallery_dir);
    until(&mut harness, "the model is described", |studio| {
        let model = &studio.draft().request.model;
        let refusal = studio.state().refusal(model);
        assert!(refusal.is_none(), "the model is refused: {refusal:?}");
        studio.state().model(model).is_some()
    });
    harness
}

/// Lets the window live until something holds.
pub(super) fn until(harness: &mut Harness<'static, Studio>, what: &str, mut holds: impl FnMut(&Studio) -> bool) {
    let start = Instant::now();
    while !holds(harness.state()) {
        assert!(start.elapsed() < PATIENCE, "waited in vain until {what}");
        std::thread::sleep(Duration::from_millis(5));
        harness.step();
    }
}

pub(super) fn has_ended(studio: &Studio) -> bool {
    let run = studio.state().run.as_ref();
    run.is_some_and(|run| run.status.has_ended())
}

#[test]
fn a_typed_prompt_should_become_a_saved_picture_step_by_step() {
    let folder = tempfile::tempdir().unwrap();
    let mut harness = open(folder.path());
    harness.state_mut().draft_mut().request.prompt.clear();
    harness.state_mut().draft_mut().request.steps = 6;
    harness.run();
    harness.get_by_label("Prompt").focus();
    harness.run();
    harness
        .get_by_label("Prompt")
        .type_text("a sunset over a mountain range, vector image");
    harness.run();

    harness.key_press_modifiers(egui::Modifiers::COMMAND, egui::Key::Enter);
    harness.step();
    until(&mut harness, "the run has ended", has_ended);
    let run = harness.state().state().run.as_ref().unwrap();
    assert_eq!(run.status, JobStatus::Finished);
    assert_eq!(run.step, Some(6));
    let timeline = harness.state().studio().timeline.as_ref().unwrap();
    let steps: Vec<usize> = timeline.steps.iter().map(|step| step.index).collect();
    assert_eq!(steps, [0, 1, 2, 3, 4, 5]);
    for index in steps {
        assert!(timeline.pictures.get(index).is_some(), "step {index} has no preview");
    }
    harness.get_by_label("Step 6/6");

    until(&mut harness, "the picture is saved", |studio| {
        !studio.state().recent.is_empty()
    });
    harness.run();
    let path = harness.state().state().recent[0].path.clone();
    harness.get_by_label(&file_name(&path));
    let record = gallery::read_record(&path).unwrap();
    assert_eq!(record.request.prompt, "a sunset over a mountain range, vector image");
    assert_eq!(record.request.steps, 6);
}

#[test]
fn escape_should_stop_a_run_within_one_step() {
    let folder = tempfile::tempdir().unwrap();
    let mut harness = open(folder.path());
    harness.state_mut().draft_mut().request.steps = 500;
    harness.key_press_modifiers(egui::Modifiers::COMMAND, egui::Key::Enter);
    harness.step();
    let num_steps = |studio: &Studio| {
        studio
            .studio()
            .timeline
            .as_ref()
            .map_or(0, |timeline| timeline.steps.len())
    };
    until(&mut harness, "two steps are there", |studio| num_steps(studio) >= 2);

    harness.key_press(egui::Key::Escape);
    harness.step();
    let at_escape = num_steps(harness.state());
    until(&mut harness, "the run has ended", has_ended);
    assert_eq!(
        harness.state().state().run.as_ref().unwrap().status,
        JobStatus::Cancelled
    );
    let after = num_steps(harness.state()) - at_escape;
    assert!(after <= 1, "{after} more steps were taken after Escape");
    let kept = hareru::gallery::newest_pictures(folder.path(), 9);
    assert!(kept.is_empty(), "a stopped picture is not saved: {kept:?}");
}

#[test]
fn a_sweep_should_be_saved_run_by_run_and_share_its_first_steps() {
    let folder = tempfile::tempdir().unwrap();
    let mut harness = open(folder.path());
    let draft = harness.state_mut().draft_mut();
    draft.request.steps = 5;
    draft.sweep.axes[0].field = Some(Field::Guidance);
    "-3, 9".clone_into(&mut draft.sweep.axes[0].values);
    "3".clone_into(&mut draft.sweep.axes[0].from_step);
    harness.run();
    harness.key_press_modifiers(egui::Modifiers::COMMAND, egui::Key::Enter);
    harness.step();
    until(&mut harness, "both runs are saved", |studio| {
        let sweeping = studio.state().sweeping.as_ref();
        sweeping.is_some_and(|sweeping| sweeping.cells.iter().all(|cell| cell.path.is_some()))
    });
    let sweeping = harness.state().state().sweeping.as_ref().unwrap();
    let [first, second] = &sweeping.cells[..] else {
        panic!("two runs were asked for");
    };
    let (kept, step) = second.start.as_ref().unwrap();
    assert_eq!(*step, 3);
    assert!(std::sync::Arc::ptr_eq(kept, first.kept.as_ref().unwrap()));
    let steps = |cell: &CellRun| cell.kept.as_ref().unwrap().trajectory.steps.clone();
    let (first, second) = (steps(first), steps(second));
    assert_eq!(first.len(), 5);
    assert!(
        (0..4).all(|step| first[step].x == second[step].x),
        "the same until the change"
    );
    assert_ne!(first[4].x, second[4].x);
    let path = sweeping.cells[1].path.clone().unwrap();
    let trajectory = gallery::read_trajectory(&path).unwrap();
    assert_eq!(trajectory.steps.len(), 5, "a run of a sweep is kept as a whole");
}

/// The run is paused, changed, gone on with, branched; both stand side by side, are written as a film, and are found
/// again by another window.
#[test]
fn a_run_should_be_paused_changed_branched_compared_and_found_again() {
    let folder = tempfile::tempdir().unwrap();
    let mut harness = open(folder.path());
    harness.state_mut().draft_mut().request.steps = 12;
    harness.state_mut().draft_mut().request.prompt = "a mountain at noon".to_owned();
    harness.key_press_modifiers(egui::Modifiers::COMMAND, egui::Key::Enter);
    harness.step();
    let num_steps = |studio: &Studio| {
        let timeline = studio.studio().timeline.as_ref();
        timeline.map_or(0, |timeline| timeline.steps.len())
    };
    until(&mut harness, "the run has begun", |studio| num_steps(studio) >= 1);
    harness.state().send(UiCommand::PlayOrPause);
    harness.step();
    let is_paused = |studio: &Studio| matches!(studio.state().run.as_ref().unwrap().pause, Pause::Before(_));
    until(&mut harness, "the run waits", is_paused);
    while num_steps(harness.state()) < 8 {
        let before = num_steps(harness.state());
        harness.state().send(UiCommand::SingleStep);
        harness.step();
        until(&mut harness, "it took a step", |studio| {
            num_steps(studio) > before && is_paused(studio)
        });
    }

    harness.state_mut().draft_mut().request.prompt = "a forest in snow".to_owned();
    harness.step();
    harness.state().send(UiCommand::ApplyChanges);
    harness.step();
    harness.state().send(UiCommand::PlayOrPause);
    harness.step();
    until(&mut harness, "the run has ended", has_ended);
    let saved = |number: usize| move |studio: &Studio| studio.state().recent.len() == number;
    until(&mut harness, "the picture is saved", saved(1));
    let parent = harness.state().state().recent[0].clone();
    let changes = &parent.record.as_ref().unwrap().request.changes;
    assert_eq!(
        (changes.len(), changes[0].prompt.as_deref()),
        (1, Some("a forest in snow"))
    );
    let changed_at = changes[0].step;

    harness.state().send(UiCommand::ShowStep(4));
    harness.step();
    harness.state().send(UiCommand::BranchHere);
    harness.step();
    harness.state_mut().draft_mut().request.guidance_scale = -3.0;
    harness.step();
    harness.state().send(UiCommand::Generate);
    harness.step();
    until(&mut harness, "the branch is saved", saved(2));
    let branch = harness.state().state().recent[0].clone();
    let record = branch.record.as_ref().unwrap();
    let origin = record.origin.as_ref().unwrap();
    assert_eq!(
        (&origin.run_id, origin.step),
        (&parent.record.as_ref().unwrap().run_id, 4)
    );
    assert_eq!(record.request.as_of(4).guidance_scale, -3.0);
    assert_eq!(
        record.request.as_of(11).prompt,
        "a mountain at noon",
        "step 4 came before the change at {changed_at}"
    );

    harness.state().send(UiCommand::ShowBeside(parent.path.clone()));
    harness.step();
    harness.state().send(UiCommand::FirstStep);
    harness.step();
    until(&mut harness, "the parent's steps are there", |studio| {
        studio.studio().step_beside().is_some()
    });
    let places = |studio: &Studio| {
        let shown = studio.studio().shown_step_record().map(|step| step.index);
        (shown, studio.studio().step_beside().map(|step| step.index))
    };
    assert_eq!(places(harness.state()), (Some(0), Some(0)));
    harness.key_press(egui::Key::ArrowRight);
    harness.step();
    assert_eq!(places(harness.state()), (Some(1), Some(1)));

    harness
        .state()
        .send(UiCommand::Export(ExportKind::Film(AnimationFormat::Gif)));
    harness.step();
    until(&mut harness, "the film is written", |studio| {
        studio.studio().exporting.is_none()
    });
    let films = std::fs::read_dir(folder.path()).unwrap().flatten();
    assert_eq!(
        films
            .filter(|file| file.path().extension().is_some_and(|ending| ending == "gif"))
            .count(),
        1
    );

    drop(harness);
    let mut harness = open(folder.path());
    until(&mut harness, "both pictures are found", saved(2));
    harness.state().send(UiCommand::ShowPicture(branch.path.clone()));
    harness.step();
    until(&mut harness, "its steps are read", |studio| num_steps(studio) == 12);
    harness.step();
    assert!(
        harness.query_all_by_label_contains("Branch from step 5").count() > 0,
        "the tree shows it"
    );
}
