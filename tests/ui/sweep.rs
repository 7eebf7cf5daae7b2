//! Many runs that are made together, by the names of what is on the page.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use egui_kittest::kittest::{NodeT as _, Queryable as _};
use hareru::gallery::SaveEvent;
use hareru::job::{
    Event, Field, GeneratedImage, JobError, JobErrorKind, JobId, LatentColours, LatentPlane, StepRecord, Trajectory,
};
use hareru::ui::commands::UiCommand;
use hareru::ui::model::jobs::JobStatus;
use hareru::ui::model::state::View;
use hareru::ui::model::sweep_cell::Seen;
use hareru::ui::model::sweeping::Sweeping;

use super::harness::{Window, plain, record, step};

const RED: [u8; 3] = [200, 30, 30];

/// A window whose form asks for a sweep; each axis is a field, its values and its first step.
fn asking(axes: &[(Field, &str, &str)]) -> Window {
    let mut window = Window::open();
    ask(&mut window, axes);
    window
}

pub(super) fn ask(window: &mut Window, axes: &[(Field, &str, &str)]) {
    let draft = window.draft_mut();
    for (row, (field, values, from_step)) in axes.iter().enumerate() {
        let axis = &mut draft.sweep.axes[row];
        axis.field = Some(field.clone());
        (*values).clone_into(&mut axis.values);
        (*from_step).clone_into(&mut axis.from_step);
    }
    window.harness.run();
}

fn sweeping(window: &Window) -> &Sweeping {
    window.state().sweeping.as_ref().unwrap()
}

fn newest_job(window: &Window) -> JobId {
    JobId(window.engine.borrow().submitted.len() as u64)
}

/// The picture of a job with all its steps, which look red without a decoder.
pub(super) fn made(window: &Window, job: JobId) -> Arc<GeneratedImage> {
    let request = window.engine.borrow().submitted[job.0 as usize - 1].clone();
    let plane = LatentPlane {
        channels: 4,
        height: 16,
        width: 16,
        values: vec![0.0; 1024],
    };
    let steps = (0..request.steps as usize).map(|index| StepRecord {
        index,
        sigma: 14.6 / (index + 1) as f64,
        timestep: 999.0,
        x: plane.clone(),
        x0: plane.clone(),
        branches: None,
        attention: Vec::new(),
        secs: 0.1,
    });
    Arc::new(GeneratedImage {
        pixels: Arc::new(plain(RED, 128)),
        trajectory: Arc::new(Trajectory {
            seed: request.seed,
            sigmas: vec![1.0; request.steps as usize + 1],
            timesteps: vec![999.0; request.steps as usize],
            steps: steps.map(Arc::new).collect(),
            final_latents: plane.clone(),
            tokens: Vec::new(),
            colours: Some(LatentColours {
                weights: vec![vec![0.0; 4]; 3],
                bias: [1.0, -1.0, -1.0],
            }),
        }),
        record: hareru::job::Record {
            run_id: format!("run {job}"),
            ..record(request)
        },
    })
}

/// Lets the newest job finish and be saved.
fn finish(window: &mut Window) -> JobId {
    let job = newest_job(window);
    let image = made(window, job);
    let (record, thumbnail) = (Arc::new(image.record.clone()), Arc::new(plain(RED, 16)));
    window.tell([
        Event::Started { job },
        Event::Image { job, image },
        Event::Finished { job },
    ]);
    window.tell_of_pictures(SaveEvent::Saved {
        path: PathBuf::from(format!("/pictures/{}.png", job.0)),
        record,
        thumbnail,
    });
    job
}

#[test]
fn the_form_should_tell_how_many_runs_there_will_be_and_what_is_wrong() {
    let mut window = Window::open();
    window.harness.set_size(egui::vec2(1280.0, 1200.0));
    window.harness.run();
    window.click("Sweep");
    window.click("Guidance −10…10");
    window.harness.get_by_label("9 runs");
    window.harness.get_by_label("Sweep 9");

    let values = window.harness.get_by_label("X: columns: Values");
    values.focus();
    values.type_text(",");
    window.harness.run();
    let sentence = "Guidance must be a number, found “9,”.";
    assert!(!window.has(sentence));
    window.draft_mut().sweep.axes[0].values = "3, high".to_owned();
    window.harness.run();
    let wrong = window
        .harness
        .get_all_by_label("Guidance must be a number, found “high”.");
    assert_eq!(wrong.count(), 2, "in the form and below the button");
    let named = window.harness.get_all_by_label("Sweep");
    let disabled = named.filter(|node| node.accesskit_node().is_disabled());
    assert_eq!(disabled.count(), 1, "the button, not the heading");

    window.click("Clear");
    window.harness.get_by_label("Generate");
}

#[test]
fn runs_should_follow_each_other_and_share_their_first_steps() {
    let mut window = asking(&[(Field::Guidance, "3,9", "12"), (Field::Rescale, "0,0.7", "")]);
    window.click("Sweep 2 × 2");
    assert_eq!(window.engine.borrow().submitted.len(), 1, "one at a time");
    for _ in 0..4 {
        finish(&mut window);
    }
    assert_eq!(window.engine.borrow().submitted.len(), 4);
    assert_eq!(window.pictures.borrow().saved.len(), 4, "each is kept as any picture");
    let engine = window.engine.borrow();
    let shared: Vec<_> = engine
        .branched
        .iter()
        .map(|(kept, step)| (kept.record.run_id.as_str(), *step))
        .collect();
    assert_eq!(shared, [("run #1", 12), ("run #3", 12)]);
    let asked: Vec<_> = engine
        .submitted
        .iter()
        .map(|request| (request.as_of(12).guidance_scale, request.guidance_rescale))
        .collect();
    assert_eq!(asked, [(3.0, 0.0), (9.0, 0.0), (3.0, 0.7), (9.0, 0.7)]);
    drop(engine);
    assert!(!window.harness.state().state().is_sweep_open());
    window.harness.get_by_label("4 of 4 runs");
    window.harness.get_by_label("Guidance 9 from step 12, φ 0.7");
}

#[test]
fn one_playhead_should_scrub_all_runs() {
    let mut window = asking(&[(Field::Steps, "4,25", "")]);
    window.generate();
    finish(&mut window);
    let job = newest_job(&window);
    window.tell([Event::Started { job }]);
    window.tell((1..=6).map(|number| step(job, number, RED)));
    window.harness.get_by_label("1 of 2 runs  ·  2 s left");

    window.harness.key_press(egui::Key::Home);
    window.press(egui::Key::ArrowRight);
    window.harness.get_by_label("Step 2/25");
    let seen = |window: &Window, cell: usize| match sweeping(window).cells[cell].seen(sweeping(window).playhead) {
        Some(Seen::Latents(step, _)) => format!("latents {}", step.index),
        Some(Seen::Picture(image)) => format!("picture {}", image.width_px),
        None => "nothing".to_owned(),
    };
    assert_eq!(seen(&window, 0), "latents 1", "no preview came");
    assert_eq!(seen(&window, 1), "picture 256", "its preview came");
    for _ in 0..4 {
        window.harness.key_press(egui::Key::ArrowRight);
    }
    window.harness.run();
    assert_eq!(sweeping(&window).playhead, Some(5));
    assert_eq!(seen(&window, 0), "picture 128", "it stays at its end");
    window.press(egui::Key::End);
    window.harness.get_by_label("Newest");
    assert_eq!(window.studio().view, View::Live);
}

#[test]
fn a_failed_run_should_say_why_and_the_others_go_on() {
    let mut window = asking(&[(Field::Guidance, "1,2,3", "")]);
    let job = window.generate();
    let error = Arc::new(JobError::new(
        JobErrorKind::OutOfMemory,
        "needs 5.1 GB, 3.9 GB free".to_owned(),
    ));
    window.tell([Event::Failed { job, error }]);
    finish(&mut window);
    finish(&mut window);
    window.harness.get_by_label("2 of 3 runs  ·  1 failed");
    let first = window.harness.state().state().jobs.find(sweeping(&window).cells[0].job);
    assert!(matches!(first.unwrap().status, JobStatus::Failed(_)));
    assert_eq!(window.engine.borrow().submitted.len(), 3);
}

#[test]
fn escape_should_stop_the_sweep_as_a_whole() {
    let mut window = asking(&[(Field::Guidance, "1,2,3", "")]);
    let job = window.generate();
    window.press(egui::Key::Escape);
    assert_eq!(window.engine.borrow().cancelled, [job]);
    window.tell([Event::Cancelled { job }]);
    assert_eq!(window.engine.borrow().submitted.len(), 1, "no other begins");
    window.harness.get_by_label("0 of 3 runs  ·  stopped");
    window.click("Close");
    assert!(window.state().sweeping.is_none());
}

#[test]
fn a_click_should_open_a_saved_run_and_lead_back() {
    let mut window = asking(&[(Field::Guidance, "-1,2", "")]);
    window.generate();
    window.click("Guidance −1");
    assert!(sweeping(&window).is_shown, "nothing is saved yet");
    finish(&mut window);
    window.click("Guidance −1");
    assert_eq!(window.pictures.borrow().opened, [Path::new("/pictures/1.png")]);
    assert_eq!(window.studio().view, View::Picture("/pictures/1.png".into()));
    finish(&mut window);
    assert_eq!(
        window.studio().view,
        View::Picture("/pictures/1.png".into()),
        "the next run leaves the canvas alone"
    );
    window.click("Back to the sweep");
    window.harness.get_by_label("2 of 2 runs");
}

#[test]
fn sheets_should_be_tabs_and_a_sweep_that_runs_keep_another_from_starting() {
    let mut window = asking(&[
        (Field::Guidance, "1,2", ""),
        (Field::Seed, "5,6", ""),
        (Field::Rescale, "0,1", ""),
    ]);
    window.click("Sweep 2 × 2 × 2");
    window.harness.get_by_label("The sweep before is still running.");
    window.harness.get_by_label("Guidance 1, Seed 5, φ 0");
    window.click("φ 1");
    window.harness.get_by_label("Guidance 1, Seed 5, φ 1");
    window.send(UiCommand::Generate);
    assert_eq!(window.engine.borrow().submitted.len(), 1);
}

#[test]
fn an_engine_that_ends_should_end_the_sweep() {
    let mut window = asking(&[(Field::Guidance, "1,2", "")]);
    window.generate();
    window.engine.borrow_mut().is_gone = true;
    window.harness.run();
    assert!(!window.harness.state().state().is_sweep_open());
    window.harness.get_by_label("0 of 2 runs  ·  stopped");
}

#[test]
fn a_run_should_open_by_the_keyboard() {
    let mut window = asking(&[(Field::Guidance, "1,2", "")]);
    window.generate();
    finish(&mut window);
    window.harness.get_by_label("Guidance 1").focus();
    window.harness.run();
    window.press(egui::Key::Enter);
    assert_eq!(window.studio().view, View::Picture("/pictures/1.png".into()));
    window.press_with(egui::Modifiers::NONE, egui::Key::Escape);
    assert_eq!(window.engine.borrow().cancelled, [JobId(2)]);
}

#[test]
fn a_switch_should_ask_for_the_other_prompt() {
    let mut window = Window::open();
    window.harness.set_size(egui::vec2(1280.0, 1300.0));
    window.harness.run();
    window.click("Sweep");
    window.click("Switch step 0…N");
    let lacking = window
        .harness
        .get_all_by_label("Say what other prompt the switch leads to.");
    assert_eq!(lacking.count(), 2, "in the form and below the button");
    let role = egui::accesskit::Role::TextInput;
    let other = window.harness.get_by_role_and_label(role, "Other prompt");
    other.focus();
    other.type_text("a dog");
    window.harness.run();
    window.generate();
    let first = window.engine.borrow().submitted[0].clone();
    assert_eq!(
        (first.as_of(23).prompt.as_str(), first.as_of(24).prompt.as_str()),
        (first.prompt.as_str(), "a dog")
    );
}

#[test]
fn of_a_large_sweep_only_what_is_in_sight_should_be_drawn() {
    let mut window = asking(&[(Field::Guidance, "1..32:32", ""), (Field::Seed, "1..32:32", "")]);
    window.click("Sweep 32 × 32");
    window.harness.get_by_label("Guidance 1, Seed 1");
    assert!(!window.has("Guidance 32, Seed 32"));
    window.harness.get_by_label("0 of 1024 runs");
}
