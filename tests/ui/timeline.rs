//! The run as an object: scrubbed, played, steered and branched.

use std::path::PathBuf;
use std::sync::Arc;

use egui_kittest::kittest::{NodeT as _, Queryable as _};
use hareru::config::ThemeChoice;
use hareru::gallery::SaveEvent;
use hareru::job::{
    Change, Event, GenerateRequest, GeneratedImage, JobControl, JobError, JobErrorKind, JobId, LatentColours,
    LatentPlane, NextAction, Phase, PreviewMode, Record, StepRecord, Trajectory,
};
use hareru::ui::commands::UiCommand;
use hareru::ui::model::state::View;

use super::harness::{Window, plain, record, step};
use super::looks::{clearing, fill_strip, half_way, look};
use super::run::finished;

pub(super) const RED: [u8; 3] = [200, 30, 30];

pub(super) const BLUE: [u8; 3] = [30, 30, 200];

const PICTURE: &str = "/pictures/0001.png";

/// A run at work with so many steps behind it.
pub(super) fn running(num_steps: u32) -> (Window, JobId) {
    let mut window = Window::open();
    let job = window.generate();
    let phase = Phase::Denoising;
    let fraction = None;
    window.tell([Event::Phase { job, phase, fraction }]);
    window.tell((1..=num_steps).map(|number| step(job, number, RED)));
    (window, job)
}

pub(super) fn control(window: &Window, job: JobId) -> Arc<JobControl> {
    window.engine.borrow_mut().control(job)
}

/// What the run would do next; it must not have to wait.
pub(super) fn next_action(window: &Window, job: JobId) -> NextAction {
    control(window, job).next_action(&mut || panic!("nothing was asked of the run"))
}

/// A step whose latents are the number of the step.
pub(super) fn kept_step(index: usize) -> StepRecord {
    let plane = |value: f32| LatentPlane {
        channels: 4,
        height: 16,
        width: 16,
        values: vec![value; 1024],
    };
    StepRecord {
        index,
        sigma: 14.6 / (1 + index) as f64,
        timestep: 999.0 - index as f64,
        x: plane(10.0 + index as f32),
        x0: plane(index as f32),
        branches: None,
        attention: Vec::new(),
        secs: 0.1,
    }
}

pub(super) fn kept_trajectory(indices: impl IntoIterator<Item = usize>) -> Trajectory {
    Trajectory {
        seed: 77,
        sigmas: (0..=10).map(|index| 14.6 / f64::from(1 + index)).collect(),
        timesteps: (0..10).map(|index| 999.0 - f64::from(index)).collect(),
        steps: indices.into_iter().map(kept_step).map(Arc::new).collect(),
        final_latents: kept_step(10).x0,
        tokens: Vec::new(),
        colours: Some(LatentColours {
            weights: vec![vec![0.1, 0.0, 0.0, 0.0]; 3],
            bias: [-1.0; 3],
        }),
    }
}

pub(super) fn kept_record() -> Record {
    Record {
        run_id: "run-a".to_owned(),
        ..record(GenerateRequest {
            prompt: "a lighthouse at night".to_owned(),
            steps: 10,
            seed: 77,
            sampler: "euler".to_owned(),
            changes: vec![Change {
                guidance_scale: Some(7.5),
                ..Change::at(6)
            }],
            ..GenerateRequest::default()
        })
    }
}

/// A saved picture on the canvas, before its steps are read.
pub(super) fn opened(window: &mut Window) {
    window.tell_of_pictures(SaveEvent::Saved {
        path: PICTURE.into(),
        record: Arc::new(kept_record()),
        thumbnail: Arc::new(plain(RED, 64)),
    });
    window.click("0001.png");
    window.tell_of_pictures(SaveEvent::Opened {
        path: PICTURE.into(),
        pixels: Arc::new(plain(RED, 128)),
        record: Some(Arc::new(kept_record())),
    });
}

/// A saved picture on the canvas, all of its steps read.
pub(super) fn kept() -> Window {
    let mut window = Window::open();
    opened(&mut window);
    window.tell_of_pictures(steps_opened(0..10));
    window
}

pub(super) fn steps_opened(indices: impl IntoIterator<Item = usize>) -> SaveEvent {
    SaveEvent::TrajectoryOpened {
        path: PICTURE.into(),
        record: Arc::new(kept_record()),
        trajectory: Arc::new(kept_trajectory(indices)),
    }
}

pub(super) fn view(window: &Window) -> View {
    window.studio().view.clone()
}

fn decoded_modes(window: &Window) -> Vec<PreviewMode> {
    window.engine.borrow().decoded.iter().map(|asked| asked.mode).collect()
}

fn answer(window: &mut Window, place: usize, colour: [u8; 3]) {
    let ticket = window.engine.borrow().decoded[place].ticket;
    let picture = Ok(Arc::new(plain(colour, 128)));
    window.tell([Event::Decoded { ticket, picture }]);
}

/// The colour of the step on the canvas.
fn shown_colour(window: &Window) -> [u8; 3] {
    let picture = window.studio().shown_step_picture().unwrap();
    picture.pixels[..3].try_into().unwrap()
}

#[test]
fn space_should_pause_the_run_and_let_it_go_on() {
    let (mut window, job) = running(5);
    window.press(egui::Key::Space);
    assert!(control(&window, job).is_paused());
    window.harness.get_by_label("Pausing");
    window.tell([Event::Paused { job, step: 5 }]);
    window.harness.get_by_label("Paused before 6");
    window.click("Play or pause");
    assert!(!control(&window, job).is_paused());
    window.tell([Event::Resumed { job }]);
    window.harness.get_by_label("Clearing the noise");
}

#[test]
fn a_single_step_should_be_taken_and_the_run_wait() {
    let (mut window, job) = running(5);
    window.press(egui::Key::Period);
    assert_eq!(next_action(&window, job), NextAction::Go);
    assert!(control(&window, job).is_paused());
    window.click("Single step");
    assert_eq!(next_action(&window, job), NextAction::Go);
}

#[test]
fn stepping_back_should_take_the_newest_step_again() {
    let (mut window, job) = running(5);
    window.press(egui::Key::Comma);
    assert_eq!(next_action(&window, job), NextAction::Back(4));
    window.tell([Event::WentBack { job, step: 4 }]);
    window.harness.get_by_label("Step 4/25");
    assert!(!window.has("Step 5"), "it is not there any more");
    window.tell([step(job, 5, BLUE)]);
    window.click("Step 5");
    assert_eq!(shown_colour(&window), BLUE);
}

#[test]
fn stopping_after_this_step_should_end_the_run_early() {
    let (mut window, job) = running(5);
    window.click("Stop after this step");
    assert_eq!(next_action(&window, job), NextAction::End);
    assert!(window.engine.borrow().cancelled.is_empty(), "its picture is wanted");
}

#[test]
fn a_kept_step_should_be_saved_as_the_picture_of_a_run_that_ended_there() {
    let mut window = kept();
    window.click("Step 3");
    window.press(egui::Key::K);
    let asked = window.engine.borrow().decoded.clone();
    let exact: Vec<usize> = (0..asked.len())
        .filter(|place| asked[*place].mode == PreviewMode::Vae)
        .collect();
    assert_eq!(exact.len(), 1, "it is decoded once");
    assert_eq!(*asked[exact[0]].latents, kept_step(2).x0);
    answer(&mut window, exact[0], BLUE);
    let saved = Arc::clone(&window.pictures.borrow().saved[0]);
    assert_eq!(*saved.pixels, plain(BLUE, 128));
    assert_eq!(saved.record.request.stop_after, Some(3));
    assert_eq!(
        saved
            .record
            .origin
            .as_ref()
            .map(|origin| (&*origin.run_id, origin.step)),
        Some(("run-a", 3))
    );
    assert_ne!(saved.record.run_id, "run-a");
    let indices: Vec<_> = saved.trajectory.steps.iter().map(|step| step.index).collect();
    assert_eq!(indices, [0, 1, 2]);
    assert_eq!(saved.trajectory.final_latents, kept_step(2).x0);
    window.press(egui::Key::K);
    assert_eq!(
        window.pictures.borrow().saved.len(),
        2,
        "what is decoded is saved at once"
    );
}

#[test]
fn a_saved_picture_should_be_walked_through_like_a_run() {
    let mut window = kept();
    window.harness.get_by_label("Step 10/10");
    window.harness.get_by_label("Changed from step 7 on: guidance 7.5");
    window.press(egui::Key::Home);
    window.harness.get_by_label("Step 1/10");
    window.harness.get_by_label("σ 14.6");
    window.press(egui::Key::ArrowRight);
    window.harness.get_by_label("Step 2/10");
    window.harness.get_by_label("Canvas: 0001.png");
    assert_eq!(view(&window), View::Step(1));
    window.press(egui::Key::End);
    assert_eq!(view(&window), View::Picture(PICTURE.into()));
}

#[test]
fn a_run_should_go_on_unseen_while_a_kept_one_is_looked_at() {
    let (mut window, job) = running(5);
    opened(&mut window);
    window.tell_of_pictures(steps_opened(0..10));
    window.press(egui::Key::Home);
    window.tell([step(job, 6, BLUE), step(job, 7, BLUE)]);
    window.harness.get_by_label("Step 1/10");
    window.click("Live");
    window.harness.get_by_label("Step 7/25");
    window.click("Step 6");
    assert_eq!(shown_colour(&window), BLUE);
}

#[test]
fn dragging_the_playhead_should_scrub_while_the_run_goes_on() {
    let (mut window, job) = running(5);
    let at = |window: &Window, label: &str| window.harness.get_by_label(label).rect().center();
    let (fifth, second) = (at(&window, "Step 5"), at(&window, "Step 2"));
    window.harness.drag_at(fifth);
    window.harness.run();
    window.harness.hover_at(second + egui::vec2(4.0, 3.0));
    window.harness.run();
    assert_eq!(view(&window), View::Step(1));
    window.tell([step(job, 6, BLUE)]);
    window.harness.get_by_label("Step 2/25");
    window.harness.hover_at(fifth + egui::vec2(200.0, 0.0));
    window.harness.run();
    assert_eq!(view(&window), View::Live);
    window.harness.drop_at(fifth + egui::vec2(200.0, 0.0));
    window.harness.run();
    window.harness.get_by_label("Step 6/25");
}

#[test]
fn a_kept_run_should_play_to_its_end_and_then_be_still() {
    let mut window = kept();
    window.harness.key_press(egui::Key::Space);
    window.harness.step();
    assert!(matches!(view(&window), View::Step(0..4)), "{:?}", view(&window));
    let mut places = Vec::new();
    for _ in 0..10 {
        window.harness.step(); // a quarter of a second: two steps
        places.push(window.studio().shown_step().unwrap());
    }
    assert!(places.windows(2).all(|pair| pair[0] <= pair[1]), "{places:?}");
    assert!(places[0] < 6, "{places:?}");
    assert_eq!(view(&window), View::Picture(PICTURE.into()));
    window.harness.run();
    let delay = window.harness.output().viewport_output[&egui::ViewportId::ROOT].repaint_delay;
    assert!(delay.as_secs() >= 60, "asks to be painted again in {delay:?}");
}

#[test]
fn playing_should_begin_again_in_a_loop_at_the_chosen_speed_until_it_is_stopped() {
    let mut window = kept();
    window.click("Loop");
    window.click("Speed 1×");
    window.click("Speed 2×");
    window.harness.get_by_label("Speed 4×");
    window.harness.key_press(egui::Key::Space);
    let mut places = Vec::new();
    for _ in 0..8 {
        window.harness.step(); // eight steps
        places.push(window.studio().shown_step().unwrap());
    }
    assert!(
        places.windows(2).any(|pair| pair[0] > pair[1]),
        "it began again: {places:?}"
    );
    window.press(egui::Key::Space);
    let here = view(&window);
    window.harness.step();
    assert_eq!(view(&window), here);
}

#[test]
fn a_step_should_be_decoded_when_the_playhead_rests_on_it_quickly_and_then_exactly() {
    let mut window = kept();
    window.click("Step 4");
    assert_eq!(shown_colour(&window), [38; 3], "its latents are seen at once");
    assert_eq!(decoded_modes(&window), [PreviewMode::Auto]);
    window.harness.step();
    window.harness.step();
    assert_eq!(decoded_modes(&window), [PreviewMode::Auto, PreviewMode::Vae]);
    answer(&mut window, 1, BLUE);
    answer(&mut window, 0, RED);
    assert_eq!(shown_colour(&window), BLUE, "the exact picture stays");
    for _ in 0..4 {
        window.harness.step();
    }
    assert_eq!(window.engine.borrow().decoded.len(), 2, "nothing is asked twice");
}

#[test]
fn an_answer_about_another_step_should_not_be_shown_on_this_one() {
    let mut window = kept();
    window.click("Step 4");
    window.click("Step 8");
    answer(&mut window, 0, BLUE);
    assert_ne!(shown_colour(&window), BLUE);
    window.click("Step 4");
    assert_eq!(shown_colour(&window), BLUE, "it is the picture of its own step");
    let ticket = window.engine.borrow().decoded[1].ticket;
    let error = Arc::new(JobError::new(
        JobErrorKind::OutOfMemory,
        "needs 5.1 GB, 3.9 GB free".to_owned(),
    ));
    window.tell([Event::Decoded {
        ticket,
        picture: Err(error),
    }]);
    window.harness.get_by_label_contains("needs 5.1 GB, 3.9 GB free");
}

#[test]
fn a_picture_without_its_steps_should_open_and_the_timeline_say_what_is_missing() {
    for (reason, expected) in [
        (None, "No steps of this picture were kept"),
        (
            Some("it has version 9, this program reads up to 2".to_owned()),
            "The steps of this picture cannot be read: it has version 9, this program reads up to 2",
        ),
    ] {
        let mut window = Window::open();
        opened(&mut window);
        let path = PathBuf::from(PICTURE);
        window.tell_of_pictures(SaveEvent::TrajectoryMissing { path, reason });
        window.harness.get_by_label("Canvas: 0001.png");
        window.harness.get_by_label(expected);
        assert!(
            window
                .harness
                .get_by_label("Branch here")
                .accesskit_node()
                .is_disabled()
        );
    }
}

#[test]
fn steps_of_another_picture_should_not_be_shown_as_this_one_s() {
    let mut window = Window::open();
    opened(&mut window);
    window.tell_of_pictures(SaveEvent::TrajectoryOpened {
        path: PICTURE.into(),
        record: Arc::new(kept_record()),
        trajectory: Arc::new(Trajectory {
            seed: 78,
            ..kept_trajectory(0..10)
        }),
    });
    window
        .harness
        .get_by_label("The steps beside this picture belong to another one");
    assert!(!window.has("Step 4"));
}

#[test]
fn a_finished_run_should_know_every_step_also_those_that_were_not_told() {
    let (mut window, job) = running(3);
    window.click("Step 3");
    let Event::Image { image, .. } = finished(&window, job) else {
        panic!("a picture");
    };
    let image = GeneratedImage {
        record: image.record.clone(),
        pixels: image.pixels.clone(),
        trajectory: Arc::new(Trajectory {
            steps: (0..25).map(kept_step).map(Arc::new).collect(),
            ..Trajectory::clone(&image.trajectory)
        }),
    };
    window.tell([
        Event::Image {
            job,
            image: Arc::new(image),
        },
        Event::Finished { job },
    ]);
    assert_eq!(view(&window), View::Step(2), "the playhead stays");
    window.press(egui::Key::End);
    window.harness.get_by_label("Step 25/25");
}

/// A run whose latents clear up, with a few steps decoded.
fn clearing_trajectory() -> Trajectory {
    let plane = |part: f32| {
        let picture = clearing(part, 32);
        let channel = |channel: usize| {
            let values = picture.pixels.iter().skip(channel).step_by(3);
            values.map(|value| f32::from(*value) / 127.5 - 1.0).collect::<Vec<_>>()
        };
        LatentPlane {
            channels: 4,
            height: 32,
            width: 32,
            values: [channel(0), channel(1), channel(2), vec![0.0; 1024]].concat(),
        }
    };
    let mut trajectory = kept_trajectory(0..10);
    for (index, step) in trajectory.steps.iter_mut().enumerate() {
        let step = Arc::make_mut(step);
        step.x0 = plane((1 + index) as f32 / 10.0);
        step.secs = 0.08 + 0.02 * (index % 3) as f64;
    }
    trajectory.colours = Some(LatentColours {
        weights: (0..3)
            .map(|part| (0..4).map(|channel| f32::from(u8::from(part == channel))).collect())
            .collect(),
        bias: [0.0; 3],
    });
    trajectory
}

#[test]
#[ignore = "writes pictures for a person to look at"]
fn looks_of_the_timeline() {
    for (language, theme, choice) in [
        ("en", "dark", ThemeChoice::Dark),
        ("en", "light", ThemeChoice::Light),
        ("ja", "dark", ThemeChoice::Dark),
        ("ja", "light", ThemeChoice::Light),
    ] {
        let mut window = Window::open_drawn_in(language);
        window.harness.state().send(UiCommand::SetTheme(choice));
        fill_strip(&mut window, 5);
        let job = half_way(&mut window);
        window.draft_mut().request.guidance_scale = 9.0;
        window.harness.state().send(UiCommand::PlayOrPause);
        window.harness.state().send(UiCommand::ShowStep(7));
        let change = Arc::new(Change {
            prompt: Some("a lighthouse".to_owned()),
            ..Change::at(9)
        });
        window.tell([Event::Changed { job, change }, Event::Paused { job, step: 12 }]);
        look(&mut window, &format!("timeline-{language}-{theme}-1-paused"));

        window.harness.set_size(egui::vec2(996.0, 800.0));
        look(&mut window, &format!("timeline-{language}-{theme}-3-narrow"));
        window.harness.set_size(egui::vec2(1280.0, 800.0));

        window.tell([Event::Cancelled { job }]);
        opened(&mut window);
        window.tell_of_pictures(SaveEvent::TrajectoryOpened {
            path: PICTURE.into(),
            record: Arc::new(kept_record()),
            trajectory: Arc::new(clearing_trajectory()),
        });
        window.send(UiCommand::ShowStep(5));
        window.send(UiCommand::BranchHere);
        window.draft_mut().request.width_px = 192;
        look(&mut window, &format!("timeline-{language}-{theme}-2-branching"));
    }
}

#[test]
fn another_run_should_stand_beside_in_step() {
    const OTHER: &str = "/pictures/0002.png";
    let mut window = kept();
    window.send(UiCommand::ShowBeside(OTHER.into()));
    assert_eq!(
        window.pictures.borrow().opened.last().unwrap(),
        std::path::Path::new(OTHER)
    );
    window.tell_of_pictures(SaveEvent::Opened {
        path: OTHER.into(),
        pixels: Arc::new(plain([1, 2, 3], 128)),
        record: Some(Arc::new(kept_record())),
    });
    window.tell_of_pictures(SaveEvent::TrajectoryOpened {
        path: OTHER.into(),
        record: Arc::new(kept_record()),
        trajectory: Arc::new(kept_trajectory(0..6)),
    });
    let state = |window: &Window| {
        let state = window.studio();
        let shown = state.shown_step_record().map(|step| step.index);
        (shown, state.step_beside().map(|step| step.index))
    };
    assert_eq!(window.studio().opened.as_ref().unwrap().path.as_os_str(), PICTURE);
    assert_eq!(
        window.studio().picture_beside().unwrap().pixels[..3],
        [1, 2, 3],
        "the finished pictures stand beside each other"
    );
    for (key, expected) in [
        (egui::Key::Home, (Some(0), Some(0))),
        (egui::Key::ArrowRight, (Some(1), Some(1))),
        (egui::Key::End, (Some(9), Some(5))),
    ] {
        window.press(key);
        assert_eq!(state(&window), expected, "{key:?}");
    }
    window.click("Close the run beside");
    assert!(window.studio().beside.is_none());
}
