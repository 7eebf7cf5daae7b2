//! A run steered at work, and branched at one of its steps.

use std::sync::Arc;

use egui_kittest::kittest::Queryable as _;
use hareru::job::{Change, Event, GenerateRequest, JobError, JobErrorKind, NextAction};
use hareru::ui::model::state::View;

use super::harness::{Window, step};
use super::timeline::{BLUE, RED, control, kept, kept_record, next_action, opened, running, steps_opened, view};

#[test]
fn what_differs_in_the_form_should_be_applied_at_the_next_step() {
    let (mut window, job) = running(3);
    let apply = "Apply at the next step";
    assert!(!window.has(apply));
    let generate = window.harness.get_by_label("Generate").rect();
    let draft = window.draft_mut();
    draft.request.guidance_scale = 9.0;
    "a lighthouse".clone_into(&mut draft.request.prompt);
    draft.request.steps = 7;
    window.harness.run();
    window.harness.get_by_label(apply);
    assert_eq!(
        window.harness.get_by_label("Generate").rect(),
        generate,
        "nothing moves"
    );

    let modifiers = egui::Modifiers::COMMAND | egui::Modifiers::SHIFT;
    window.press_with(modifiers, egui::Key::Enter);
    let expected = Change {
        prompt: Some("a lighthouse".to_owned()),
        guidance_scale: Some(9.0),
        ..Change::at(3)
    };
    assert_eq!(next_action(&window, job), NextAction::Change(vec![expected.clone()]));
    assert_eq!(window.engine.borrow().submitted.len(), 1, "no new job");
    assert!(!window.has(apply), "it was asked for");

    let change = Arc::new(expected);
    window.tell([Event::Changed { job, change }, step(job, 4, RED)]);
    assert!(!window.has(apply), "it holds");
    window
        .harness
        .get_by_label("Changed from step 4 on: prompt “a lighthouse”, guidance 9");
}

#[test]
fn a_change_that_is_refused_should_be_told_and_offered_again() {
    let (mut window, job) = running(3);
    window.draft_mut().request.guidance_scale = 9.0;
    window.harness.run();
    window.click("Apply at the next step");
    let error = Arc::new(JobError::new(
        JobErrorKind::Request,
        "this model takes no guidance".to_owned(),
    ));
    window.tell([Event::ChangeRefused { job, error }]);
    window
        .harness
        .get_by_label_contains("cannot be changed on the way: this model takes no guidance");
    window.harness.get_by_label("Apply at the next step");
}

#[test]
fn a_branch_should_leave_at_the_step_and_change_only_what_differs() {
    let mut window = kept();
    window.click("Step 4");
    window.press(egui::Key::B);
    window.harness.get_by_label("Branching at step 4 of 0001.png");
    assert_eq!(window.draft().request.prompt, "a lighthouse at night");
    let expected_guidance = kept_record().request.guidance_scale;
    assert_eq!(
        window.draft().request.guidance_scale,
        expected_guidance,
        "as of that step"
    );

    window.draft_mut().request.guidance_scale = -3.0;
    let job = window.generate();
    let (kept, at) = window.engine.borrow().branched[0].clone();
    assert_eq!((at, &*kept.record.run_id), (3, "run-a"));
    assert!(kept.trajectory.at(3).is_some());
    let request = window.engine.borrow().submitted[0].clone();
    let change = Change {
        guidance_scale: Some(-3.0),
        ..Change::at(3)
    };
    assert_eq!(request, kept_record().request.branched(change));
    assert!(window.harness.query_by_label_contains("Branching").is_none());

    window.harness.get_by_label("Step 3/10");
    assert_eq!(view(&window), View::Live);
    window.tell([step(job, 4, BLUE)]);
    window.harness.get_by_label("Step 2");
    window.harness.get_by_label("Step 4/25");
    window.harness.get_by_label("Changed from step 4 on: guidance -3");
}

#[test]
fn a_branch_without_a_change_should_ask_for_the_same_run() {
    let mut window = kept();
    window.click("Step 9");
    window.click("Branch here");
    window.generate();
    assert_eq!(window.engine.borrow().branched[0].1, 8);
    assert_eq!(window.engine.borrow().submitted[0], kept_record().request);
}

#[test]
fn what_cannot_change_at_a_step_should_start_a_new_run_and_say_so() {
    let mut window = kept();
    window.click("Step 4");
    window.press(egui::Key::B);
    window.draft_mut().request.width_px = 192;
    window.harness.run();
    window.harness.get_by_label_contains("it starts a new run");
    window.generate();
    assert!(window.engine.borrow().branched.is_empty());
    assert_eq!(window.engine.borrow().submitted[0].width_px, 192);
}

#[test]
fn a_branch_that_cannot_be_exact_should_say_why_before_it_starts() {
    let mut window = Window::open();
    opened(&mut window);
    window.tell_of_pictures(steps_opened([0, 1, 5, 6, 7]));
    window.harness.get_by_label("Only 5 of 8 steps were kept");
    window.click("Step 7");
    window.press(egui::Key::B);
    window.harness.get_by_label("Not exact: step 7 was not kept");
    window.click("Leave the branch");
    assert!(window.harness.query_by_label_contains("Not exact").is_none());
    window.generate();
    assert!(window.engine.borrow().branched.is_empty());
}

#[test]
fn a_run_at_work_should_be_branched_too() {
    let (mut window, job) = running(5);
    window.click("Step 2");
    window.press(egui::Key::B);
    window.harness.get_by_label("Branching at step 2 of this run");
    let (kept, request) = {
        let branching = window.studio().branching.as_ref().unwrap();
        (
            Arc::clone(&branching.kept),
            window.state().run.as_ref().unwrap().request.clone(),
        )
    };
    assert_eq!(kept.record.request, *request);
    assert_eq!(kept.trajectory.steps.len(), 2);
    assert!(
        control(&window, job).next_action(&mut || ()) == NextAction::Go,
        "it goes on"
    );
}

#[test]
fn undo_should_leave_a_branch_with_the_form_as_it_was() {
    let mut window = kept();
    let form = |window: &Window| GenerateRequest {
        seed: 0, // drawn anew while it is not locked
        ..window.draft().request.clone()
    };
    let before = form(&window);
    window.click("Step 4");
    window.press(egui::Key::B);
    let branch = form(&window);
    assert_ne!(branch, before);
    window.press_with(egui::Modifiers::COMMAND, egui::Key::Z);
    assert_eq!(form(&window), before);
    assert!(window.studio().branching.is_none(), "it was left");
    window.press_with(egui::Modifiers::COMMAND, egui::Key::Y);
    assert_eq!(form(&window), branch);
    window.harness.get_by_label_contains("Branching at step 4");
}
