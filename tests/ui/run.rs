//! A run as the window shows it.

use std::sync::Arc;

use egui_kittest::kittest::{NodeT as _, Queryable as _};
use hareru::job::{ErrorCode, Event, GeneratedImage, JobError, JobErrorKind, JobId, LatentPlane, Phase, Trajectory};
use hareru::ui::model::jobs::JobStatus;
use hareru::ui::model::state::View;
use hareru::ui::pages::studio::form::draft_error::DraftError;

use super::harness::{Window, plain, record, step};

const RED: [u8; 3] = [200, 30, 30];

pub(super) fn finished(window: &Window, job: JobId) -> Event {
    let request = window.engine.borrow().submitted[job.0 as usize - 1].clone();
    let latents = LatentPlane {
        channels: 4,
        height: 16,
        width: 16,
        values: vec![0.0; 1024],
    };
    Event::Image {
        job,
        image: Arc::new(GeneratedImage {
            pixels: Arc::new(plain(RED, 128)),
            record: record(request),
            trajectory: Arc::new(Trajectory {
                seed: 1,
                sigmas: vec![1.0, 0.0],
                timesteps: vec![999.0],
                steps: Vec::new(),
                final_latents: latents,
                tokens: Vec::new(),
                colours: None,
            }),
        }),
    }
}

#[test]
fn each_step_should_be_shown_as_it_arrives_with_its_numbers() {
    let mut window = Window::open();
    let job = window.generate();
    window.tell([Event::Phase {
        job,
        phase: Phase::Denoising,
        fraction: None,
    }]);
    window.harness.get_by_label("Clearing the noise");
    window.tell([step(job, 1, RED)]);
    window.harness.get_by_label("Step 1/25");
    window.tell([step(job, 2, RED), step(job, 3, RED)]);
    window.harness.get_by_label("Step 3/25");
    window.harness.get_by_label("σ 4.87");
    window.harness.get_by_label("0.10 s/step");
    window.harness.get_by_label("2.2 s left");
    window.harness.get_by_label("Step 2");
}

#[test]
fn escape_should_ask_the_engine_to_stop_the_job_at_work() {
    let mut window = Window::open();
    let job = window.generate();
    window.tell([step(job, 1, RED)]);
    window.press(egui::Key::Escape);
    assert_eq!(window.engine.borrow().cancelled, [job]);
    window.harness.get_by_label("Stopping");
    window.tell([Event::Cancelled { job }]);
    window.harness.get_by_label("Stopped");
    assert!(window.harness.get_by_label("Stop").accesskit_node().is_disabled());
}

#[test]
fn escape_should_stop_a_run_while_the_prompt_has_the_keyboard() {
    let mut window = Window::open();
    let job = window.generate();
    window.harness.get_by_label("Prompt").focus();
    window.harness.run();
    window.press(egui::Key::Escape);
    assert_eq!(window.engine.borrow().cancelled, [job]);
}

#[test]
fn a_finished_picture_should_be_given_to_the_gallery() {
    let mut window = Window::open();
    let job = window.generate();
    let image = finished(&window, job);
    window.tell([step(job, 25, RED), image, Event::Finished { job }]);
    assert_eq!(window.pictures.borrow().saved.len(), 1);
    window.harness.get_by_label("Done in 2.5 s");
}

#[test]
fn a_failed_job_should_say_why_and_the_next_one_should_run() {
    let mut window = Window::open();
    let job = window.generate();
    let error = Arc::new(JobError::new(
        JobErrorKind::OutOfMemory,
        "needs 5.1 GB, 3.9 GB free".to_owned(),
    ));
    window.tell([Event::Failed { job, error }]);
    window.harness.get_by_label("needs 5.1 GB, 3.9 GB free");
    window
        .harness
        .get_by_label_contains("Not enough memory; try a smaller size");
    window.harness.get_by_label("Failed");

    let next = window.generate();
    window.tell([step(next, 1, RED)]);
    window.harness.get_by_label("Step 1/25");
    assert_eq!(window.state().run.as_ref().unwrap().status, JobStatus::Running);
}

/// Whether three English words follow each other.
fn has_english_sentence(text: &str) -> bool {
    let is_word = |word: &str| word.len() > 1 && word.chars().all(|c| c.is_ascii_alphabetic());
    let words: Vec<bool> = text.split_whitespace().map(is_word).collect();
    words.windows(3).any(|three| three.iter().all(|is_word| *is_word))
}

#[test]
fn a_failed_job_should_show_no_english_in_the_japanese_window() {
    let mut window = Window::open_in("ja");
    assert!(
        !has_english_sentence(&window.draft().request.prompt),
        "the first prompt is Japanese"
    );
    window.draft_mut().request.steps = 0;
    let refused = window.draft().to_request().unwrap_err();
    window.draft_mut().request.steps = 25;
    let errors = [
        JobError::new(JobErrorKind::OutOfMemory, "the device has run out of memory")
            .with_code(ErrorCode::new("error-out-of-memory")),
        JobError::new(
            JobErrorKind::Model,
            "the model needs the file unet, which it does not have",
        )
        .with_code(
            ErrorCode::new("error-load-missing-file")
                .with("file", "unet")
                .with("path", "/m"),
        ),
        JobError::new(JobErrorKind::Request, refused.to_string()).with_code(match refused {
            DraftError::Request(error) => error.code(),
            other => panic!("not the request's error: {other}"),
        }),
    ];
    for error in errors {
        assert!(has_english_sentence(&error.message), "{}", error.message);
        let job = window.generate();
        let error = Arc::new(error);
        window.tell([Event::Failed { job, error }]);
        let root = window.harness.root();
        let texts = root.children_recursive().flat_map(|node| {
            let node = node.accesskit_node();
            [node.label(), node.value()].into_iter().flatten().collect::<Vec<_>>()
        });
        let english: Vec<String> = texts.filter(|text| has_english_sentence(text)).collect();
        assert!(english.is_empty(), "{english:?}");
    }
    window.engine.borrow_mut().is_gone = true;
    window.harness.run();
    window.harness.get_by_label("エンジン停止");
    assert!(window.harness.query_by_label_contains("engine").is_none());
}

#[test]
fn looking_at_an_earlier_step_should_stay_there_until_live_is_pressed() {
    let mut window = Window::open();
    let job = window.generate();
    window.tell((1..=5).map(|i| step(job, i, RED)));
    window.click("Step 2");
    window.tell([step(job, 6, RED)]);
    assert_eq!(window.studio().view, View::Step(1));
    window.harness.get_by_label("Step 2/25");

    window.click("Live");
    window.harness.get_by_label("Step 6/25");
}

#[test]
fn arrows_should_walk_along_the_run() {
    let mut window = Window::open();
    let job = window.generate();
    window.tell((1..=5).map(|i| step(job, i, RED)));
    for (key, expected) in [
        (egui::Key::ArrowLeft, View::Step(4)),
        (egui::Key::ArrowLeft, View::Step(3)),
        (egui::Key::Home, View::Step(0)),
        (egui::Key::ArrowRight, View::Step(1)),
        (egui::Key::End, View::Live),
    ] {
        window.press(key);
        assert_eq!(window.studio().view, expected, "after {key:?}");
    }
}

#[test]
fn a_stopped_engine_should_be_said_and_started_again_on_demand() {
    let mut window = Window::open();
    window.generate();
    window.engine.borrow_mut().is_gone = true;
    window.harness.run();
    window.harness.get_by_label("Engine stopped");
    assert!(window.harness.get_by_label("Generate").accesskit_node().is_disabled());

    window.engine.borrow_mut().is_gone = false;
    window.click("Restart engine");
    assert_eq!(window.engine.borrow().num_starts, 2);
    assert!(!window.harness.get_by_label("Generate").accesskit_node().is_disabled());
}

#[test]
fn jobs_that_wait_should_be_counted() {
    let mut window = Window::open();
    window.generate();
    for _ in 0..2 {
        window.press_with(egui::Modifiers::COMMAND, egui::Key::Enter);
    }
    window.harness.get_by_label("2 jobs are waiting");
}
