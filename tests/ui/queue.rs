//! The queue's page and what it does with the engine.

use std::path::Path;
use std::sync::Arc;

use egui_kittest::kittest::{NodeT as _, Queryable as _};
use hareru::config::ThemeChoice;
use hareru::engine::QueueContent;
use hareru::gallery::SaveEvent;
use hareru::job::{Event, JobError, JobErrorKind, JobId};
use hareru::ui::commands::{PageId, QueueCommand, UiCommand};
use hareru::ui::model::state::View;

use super::harness::{Window, plain, step};
use super::run::finished;

const BLUE: [u8; 3] = [40, 60, 200];

/// Puts pictures with these prompts into the queue; the first begins.
pub(super) fn fill(window: &mut Window, prompts: &[&str]) {
    for prompt in prompts {
        (*prompt).clone_into(&mut window.draft_mut().request.prompt);
        window.send(UiCommand::Generate);
    }
    window.tell([Event::Started { job: JobId(1) }]);
}

pub(super) fn show_page(window: &mut Window) {
    window.send(UiCommand::ShowPage(PageId::Queue));
}

/// Prompts in the order they are to be made.
fn prompts(window: &Window) -> Vec<String> {
    let jobs = window.state().jobs.jobs();
    jobs.iter().map(|job| job.order.request.prompt.clone()).collect()
}

/// What the engine was given, without what it was told to let go of.
fn in_engine(window: &Window) -> Vec<String> {
    let notes = window.engine.borrow();
    let all = notes.submitted.iter().enumerate();
    all.filter(|(index, _)| !notes.cancelled.contains(&JobId(*index as u64 + 1)))
        .map(|(_, request)| request.prompt.clone())
        .collect()
}

#[test]
fn the_engine_should_hold_the_job_at_work_and_one_more() {
    let mut window = Window::open();
    fill(&mut window, &["a", "b", "c", "d"]);
    assert_eq!(in_engine(&window), ["a", "b"]);
    window.harness.get_by_label("Queue 4");
    let image = finished(&window, JobId(1));
    window.tell([image, Event::Finished { job: JobId(1) }]);
    assert_eq!(in_engine(&window), ["a", "b", "c"]);
    window.harness.get_by_label("Queue 3");
}

#[test]
fn alt_and_arrows_should_move_the_selected_job_and_the_engine_should_follow() {
    let mut window = Window::open();
    fill(&mut window, &["a", "b", "c", "d"]);
    show_page(&mut window);
    for _ in 0..4 {
        window.press_with(egui::Modifiers::NONE, egui::Key::ArrowDown);
    }
    window.press_with(egui::Modifiers::ALT, egui::Key::ArrowUp);
    assert_eq!(prompts(&window), ["a", "b", "d", "c"]);
    assert_eq!(in_engine(&window), ["a", "b"]);
    window.press_with(egui::Modifiers::ALT, egui::Key::ArrowUp);
    assert_eq!(prompts(&window), ["a", "d", "b", "c"]);
    assert_eq!(window.engine.borrow().cancelled, [JobId(2)], "it is no longer the next");
    assert_eq!(in_engine(&window), ["a", "d"]);
    window.tell([
        Event::Finished { job: JobId(1) },
        Event::Cancelled { job: JobId(2) },
        Event::Started { job: JobId(3) },
    ]);
    assert_eq!(prompts(&window), ["d", "b", "c"]);
    assert_eq!(in_engine(&window), ["a", "d", "b"]);
}

#[test]
fn a_job_should_be_dragged_to_another_place() {
    let mut window = Window::open();
    fill(&mut window, &["a", "b", "c", "d"]);
    show_page(&mut window);
    let from = window.harness.get_by_label("Drag to another place: d").rect().center();
    let to = window.harness.get_by_label("Drag to another place: b").rect().center();
    window.harness.drag_at(from);
    window.harness.run();
    window.harness.hover_at(from - egui::vec2(0.0, 20.0));
    window.harness.run();
    window.harness.hover_at(to - egui::vec2(0.0, 10.0));
    window.harness.run();
    window.harness.drop_at(to - egui::vec2(0.0, 10.0));
    window.harness.run();
    assert_eq!(prompts(&window), ["a", "d", "b", "c"]);
}

#[test]
fn a_paused_queue_should_finish_the_job_at_work_and_begin_no_other() {
    let mut window = Window::open();
    fill(&mut window, &["a", "b", "c"]);
    show_page(&mut window);
    window.click("Pause queue");
    assert_eq!(in_engine(&window), ["a"]);
    window.tell([Event::Finished { job: JobId(1) }, Event::Cancelled { job: JobId(2) }]);
    assert_eq!(prompts(&window), ["b", "c"]);
    window
        .harness
        .get_by_label("Paused: no job begins until you resume the queue");
    window.send(UiCommand::ShowPage(PageId::Studio));
    window.harness.get_by_label("The queue is paused; 2 jobs are waiting");
    show_page(&mut window);
    window.click("Resume queue");
    assert_eq!(in_engine(&window), ["a", "b", "c"]);
}

#[test]
fn jobs_should_be_taken_away_duplicated_and_tried_again_by_their_buttons() {
    let mut window = Window::open();
    fill(&mut window, &["a", "b", "c"]);
    show_page(&mut window);
    window.click("Duplicate: c");
    assert_eq!(prompts(&window), ["a", "b", "c", "c"]);
    let seeds: Vec<u64> = {
        let jobs = window.state().jobs.jobs();
        jobs.iter().map(|job| job.order.request.seed).collect()
    };
    assert_eq!(
        seeds[3],
        seeds[2].wrapping_add(1),
        "the same seed would make the same picture"
    );
    window.click("Take away: b");
    assert_eq!(prompts(&window), ["a", "c", "c"]);
    assert_eq!(window.engine.borrow().cancelled, [JobId(2)]);
    window.harness.get_by_label("Taken away");
    window.click("Retry: b");
    assert_eq!(prompts(&window), ["a", "c", "c", "b"]);
    window.click("Clear waiting");
    assert_eq!(prompts(&window), ["a"]);
    window.click("Stop: a");
    assert!(window.engine.borrow().cancelled.contains(&JobId(1)));
    window.harness.get_by_label("Stopping");
}

#[test]
fn a_failed_job_should_say_why_and_be_tried_again() {
    let mut window = Window::open();
    fill(&mut window, &["a"]);
    let error = Arc::new(JobError::new(JobErrorKind::OutOfMemory, "needs 5.1 GB".to_owned()));
    window.tell([Event::Failed { job: JobId(1), error }]);
    for notice in window.state().notices.all().to_vec() {
        window.harness.state().send(UiCommand::CloseNotice(notice.id));
    }
    show_page(&mut window);
    window
        .harness
        .get_by_label("Not enough memory; try a smaller size: needs 5.1 GB");
    window.click("Retry: a");
    assert_eq!(in_engine(&window), ["a", "a"]);
}

#[test]
fn time_left_should_come_from_the_steps_that_were_measured() {
    let mut window = Window::open();
    fill(&mut window, &["a", "b"]);
    show_page(&mut window);
    window.harness.get_by_label("2 jobs");
    window.tell((1..=5).map(|number| step(JobId(1), number, BLUE)));
    window.harness.get_by_label("Step 5/25 · 2 s"); // 20 steps of 0.1 s
    window.harness.get_by_label("about 2 s"); // 25 steps
    window.harness.get_by_label("2 jobs · about 4 s left");
}

#[test]
fn a_finished_job_should_be_shown_in_the_studio_by_a_click() {
    let mut window = Window::open();
    fill(&mut window, &["a"]);
    let image = finished(&window, JobId(1));
    let Event::Image { image: made, .. } = &image else {
        panic!("not a picture");
    };
    let record = Arc::new(made.record.clone());
    window.tell([image, Event::Finished { job: JobId(1) }]);
    window.tell_of_pictures(SaveEvent::Saved {
        path: "/nowhere/a.png".into(),
        record,
        thumbnail: Arc::new(plain(BLUE, 16)),
    });
    show_page(&mut window);
    window.harness.get_by_label("1 picture");
    window.click_role(egui::accesskit::Role::Button, "a");
    assert_eq!(window.state().page, PageId::Studio);
    assert_eq!(window.studio().view, View::Picture("/nowhere/a.png".into()));
}

/// Commands to the desktop of the last frame.
fn told_desktop(window: &Window) -> Vec<egui::ViewportCommand> {
    let output = window.harness.output();
    output.viewport_output[&egui::ViewportId::ROOT].commands.clone()
}

#[test]
fn the_title_should_tell_the_step_and_the_desktop_that_all_is_done() {
    let mut window = Window::open();
    fill(&mut window, &["a"]);
    window.harness.input_mut().focused = false;
    window.engine.borrow_mut().events.push_back(step(JobId(1), 12, BLUE));
    window.harness.step();
    let title = egui::ViewportCommand::Title("12/25 · Hareru".to_owned());
    assert!(told_desktop(&window).contains(&title), "{:?}", told_desktop(&window));

    let image = finished(&window, JobId(1));
    let end = [image, Event::Finished { job: JobId(1) }];
    window.engine.borrow_mut().events.extend(end);
    window.harness.step();
    let attention = egui::ViewportCommand::RequestUserAttention(egui::UserAttentionType::Informational);
    let told = told_desktop(&window);
    assert!(told.contains(&attention), "{told:?}");
    assert!(
        told.contains(&egui::ViewportCommand::Title("Hareru".to_owned())),
        "{told:?}"
    );
    let words = "While you were away, pictures made: 1";
    assert!(!window.has(words), "nobody is there to read it");
    window.harness.input_mut().focused = true;
    window.harness.run();
    window.harness.get_by_label(words);
}

#[test]
fn a_picture_that_is_finished_as_the_window_closes_should_be_saved() {
    let mut window = Window::open();
    fill(&mut window, &["a", "b"]);
    let image = finished(&window, JobId(1));
    window
        .engine
        .borrow_mut()
        .events
        .extend([image, Event::Finished { job: JobId(1) }]);
    eframe::App::on_exit(window.harness.state_mut());
    assert_eq!(window.pictures.borrow().saved.len(), 1, "no frame has looked at it");
}

/// Lets the window live until the file holds these prompts, and which of them are at work, as the window does.
fn until_kept(window: &mut Window, path: &Path, prompts: &[&str]) {
    let start = std::time::Instant::now();
    loop {
        window.harness.step();
        let (content, _) = QueueContent::load(path);
        let found: Vec<&str> = content.jobs.iter().map(|job| &*job.request.prompt).collect();
        let now = window.state().jobs.content();
        let at_work = |content: &QueueContent| content.jobs.iter().filter(|job| job.was_running).count();
        if found == prompts && at_work(&content) == at_work(&now) {
            return;
        }
        assert!(start.elapsed().as_secs() < 20, "expected {prompts:?}, found {found:?}");
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
}

#[test]
fn jobs_not_yet_run_should_be_there_after_the_window_was_closed_or_killed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("queue.json");
    let mut window = Window::open_with_queue(&path);
    fill(&mut window, &["a", "b", "c"]);
    until_kept(&mut window, &path, &["a", "b", "c"]);
    let at_kill = std::fs::read(&path).unwrap(); // what a killed program leaves
    drop(window);
    assert_eq!(std::fs::read(&path).unwrap(), at_kill);

    let mut window = Window::open_with_queue(&path);
    let start = std::time::Instant::now();
    while prompts(&window).is_empty() {
        assert!(start.elapsed().as_secs() < 20, "the jobs do not come back");
        std::thread::sleep(std::time::Duration::from_millis(5));
        window.harness.step();
    }
    window.harness.run();
    assert_eq!(prompts(&window), ["a", "b", "c"]);
    assert!(
        window.engine.borrow().submitted.is_empty(),
        "the queue waits to be resumed"
    );
    window
        .harness
        .get_by_label_contains("Jobs that are back from last time: 3. The one that was being made comes first");
    show_page(&mut window);
    window.click("Resume queue");
    assert_eq!(in_engine(&window), ["a", "b"]);
    window.tell([
        Event::Started { job: JobId(1) },
        Event::Finished { job: JobId(1) },
        Event::Started { job: JobId(2) },
        Event::Finished { job: JobId(2) },
    ]);
    until_kept(&mut window, &path, &["c"]);
}

/// A window over a queue in which these prompts were left last time.
fn with_jobs_of_last_time(path: &Path, prompts_left: &[&str]) -> Window {
    let mut window = Window::open_with_queue(path);
    fill(&mut window, prompts_left);
    until_kept(&mut window, path, prompts_left);
    drop(window);
    with_jobs_of_last_time_kept(path)
}

/// The same over a queue that is kept already.
fn with_jobs_of_last_time_kept(path: &Path) -> Window {
    let mut window = Window::open_with_queue(path);
    let start = std::time::Instant::now();
    while prompts(&window).is_empty() {
        assert!(start.elapsed().as_secs() < 20, "the jobs do not come back");
        std::thread::sleep(std::time::Duration::from_millis(5));
        window.harness.step();
    }
    window.harness.run();
    window
}

#[test]
fn a_new_job_should_begin_though_those_of_last_time_wait() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("queue.json");
    let mut window = with_jobs_of_last_time(&path, &["a", "b"]);
    window.harness.get_by_label("2 jobs from last time");
    "new".clone_into(&mut window.draft_mut().request.prompt);
    window.send(UiCommand::Generate);
    assert_eq!(in_engine(&window), ["new"]);
    window.tell([Event::Started { job: JobId(1) }, Event::Finished { job: JobId(1) }]);
    assert_eq!(in_engine(&window), ["new"], "the others still wait");
    until_kept(&mut window, &path, &["a", "b"]);
    window.harness.run();
    window.click("Resume");
    assert_eq!(in_engine(&window), ["new", "a", "b"]);
    assert!(!window.has("2 jobs from last time"));
}

#[test]
fn jobs_of_last_time_should_be_cleared_and_the_new_one_stay() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("queue.json");
    let mut window = with_jobs_of_last_time(&path, &["a", "b", "c"]);
    for prompt in ["new", "newer", "newest"] {
        prompt.clone_into(&mut window.draft_mut().request.prompt);
        window.send(UiCommand::Generate);
    }
    window.click("Clear");
    assert_eq!(prompts(&window), ["new", "newer", "newest"]);
    assert!(!window.state().jobs.is_paused());
    assert_eq!(window.state().jobs.done().len(), 3, "they can be retried");
    until_kept(&mut window, &path, &["new", "newer", "newest"]);
}

#[test]
fn a_queue_that_was_paused_should_be_so_the_next_time() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("queue.json");
    let mut window = Window::open_with_queue(&path);
    window.send(UiCommand::Queue(QueueCommand::TogglePause));
    fill(&mut window, &["a"]);
    until_kept(&mut window, &path, &["a"]);
    drop(window);
    let mut window = with_jobs_of_last_time_kept(&path);
    "new".clone_into(&mut window.draft_mut().request.prompt);
    window.send(UiCommand::Generate);
    assert!(in_engine(&window).is_empty(), "its owner paused it");
    assert_eq!(prompts(&window), ["a", "new"]);
}

#[test]
fn a_damaged_file_should_be_told_and_the_queue_should_work() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("queue.json");
    std::fs::write(&path, "{\"jobs\": [").unwrap();
    let mut window = Window::open_with_queue(&path);
    fill(&mut window, &["a"]);
    until_kept(&mut window, &path, &["a"]);
    window.harness.run();
    window
        .harness
        .get_by_label_contains("The jobs of last time could not be read");
    assert!(folder.path().join("queue.json.broken").exists());
}

#[test]
fn a_sweep_should_wait_while_the_queue_is_paused() {
    let mut window = Window::open();
    window.harness.state().send(UiCommand::Queue(QueueCommand::TogglePause));
    super::sweep::ask(&mut window, &[(hareru::job::Field::Steps, "2,3", "")]);
    window.send(UiCommand::Generate);
    assert!(window.engine.borrow().submitted.is_empty());
    show_page(&mut window);
    window.harness.get_by_label("0 of 2 made");
    window.click("Resume queue");
    assert_eq!(window.engine.borrow().submitted.len(), 1);
}

#[test]
fn stop_should_be_possible_only_while_something_is_at_work() {
    let mut window = Window::open();
    window.harness.state().send(UiCommand::Queue(QueueCommand::TogglePause));
    fill(&mut window, &["a"]);
    assert!(window.harness.get_by_label("Stop").accesskit_node().is_disabled());
}

#[test]
#[ignore = "writes pictures for a person to look at"]
fn looks_of_the_queue() {
    for language in ["en", "ja"] {
        for (theme, choice) in [("dark", ThemeChoice::Dark), ("light", ThemeChoice::Light)] {
            let mut window = Window::open_drawn_in(language);
            window.harness.state().send(UiCommand::SetTheme(choice));
            show_page(&mut window);
            super::looks::look(&mut window, &format!("{language}-{theme}-queue-empty"));
            window.draft_mut().request.batch_count = 2;
            let all = [
                "a lighthouse at night, stars, long exposure",
                "a red bicycle against a white wall",
                "a sunset over a mountain range, vector image",
                "猫が窓辺で眠っている、水彩画",
                "portrait of an old sailor, oil on canvas, dramatic light from the left, very detailed",
            ];
            fill(&mut window, &all);
            let mut image = finished(&window, JobId(1));
            if let Event::Image { image, .. } = &mut image {
                let mut made = (**image).clone();
                made.pixels = Arc::new(plain(BLUE, 128));
                *image = Arc::new(made);
            }
            let error = Arc::new(JobError::new(
                JobErrorKind::OutOfMemory,
                "the device has 3.9 GB free, the picture needs 5.1 GB".to_owned(),
            ));
            window.tell([
                image,
                Event::Finished { job: JobId(1) },
                Event::Started { job: JobId(2) },
            ]);
            window.tell([Event::Failed { job: JobId(2), error }, Event::Started { job: JobId(3) }]);
            window.tell((1..=12).map(|number| step(JobId(3), number, [90, 120, 150])));
            for notice in window.state().notices.all().to_vec() {
                window.harness.state().send(UiCommand::CloseNotice(notice.id));
            }
            window.press_with(egui::Modifiers::NONE, egui::Key::ArrowDown);
            window.press_with(egui::Modifiers::NONE, egui::Key::ArrowDown);
            super::looks::look(&mut window, &format!("{language}-{theme}-queue"));
            window.press_with(egui::Modifiers::NONE, egui::Key::P);
            window.press_with(egui::Modifiers::COMMAND, egui::Key::K);
            super::looks::look(&mut window, &format!("{language}-{theme}-queue-commands"));
            window.press_with(egui::Modifiers::NONE, egui::Key::Escape);
            window.harness.set_size(egui::vec2(960.0, 600.0));
            super::looks::look(&mut window, &format!("{language}-{theme}-queue-small"));
        }
    }
}
