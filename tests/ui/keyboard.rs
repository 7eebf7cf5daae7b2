//! What is reached without a pointer, and what a screen reader is told.

use egui::accesskit::Live;
use egui::{Key, Modifiers};
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use hareru::job::{Event, JobError, JobErrorKind};
use hareru::ui::commands::{PageId, UiCommand};
use hareru::ui::i18n::Language;
use hareru::ui::model::state::View;

use super::compare::three;
use super::gallery::{found, settle, window as gallery_of};
use super::harness::{Window, step};
use super::looks::fill_strip;
use super::queue::fill;

/// The name of what has the keyboard.
fn focused(window: &Window) -> Option<String> {
    let nodes = window.harness.root().children_recursive();
    let mut focused = nodes.filter(|node| node.accesskit_node().is_focused());
    focused.next().and_then(|node| node.accesskit_node().label())
}

/// The names of all that Tab reaches, from one control until it comes back there.
fn tab_stops(window: &mut Window, start: &str) -> Vec<String> {
    window.harness.get_by_label(start).focus();
    window.harness.run();
    let mut names = Vec::new();
    for _ in 0..300 {
        window.press_with(Modifiers::NONE, Key::Tab);
        let name = focused(window).unwrap_or_default();
        if name == start {
            return names;
        }
        names.push(name);
    }
    panic!("Tab does not come back to {start}: {names:?}");
}

/// Where the control that has the keyboard begins, from the left.
fn focused_left(window: &Window) -> f32 {
    let mut nodes = window.harness.root().children_recursive();
    let focused = nodes.find(|node| node.accesskit_node().is_focused());
    focused.expect("something has the keyboard").rect().left()
}

#[test]
fn tab_should_go_through_the_lines_above_from_left_to_right() {
    let mut window = gallery_of(40);
    for (first, count) in [("Studio", 10), ("Search", 5)] {
        window.harness.get_by_label(first).focus();
        window.harness.run();
        let mut lefts = vec![focused_left(&window)];
        for _ in 1..count {
            window.press_with(Modifiers::NONE, Key::Tab);
            lefts.push(focused_left(&window));
        }
        assert!(lefts.is_sorted(), "from {first}: {lefts:?}");
    }
}

/// Checks that Tab, from one control until it comes back there, goes through no line from right to left.
fn check_lines(window: &mut Window, start: &str) {
    window.harness.get_by_label(start).focus();
    window.harness.run();
    let mut before: Option<(String, egui::Rect)> = None;
    for _ in 0..300 {
        window.press_with(Modifiers::NONE, Key::Tab);
        let mut nodes = window.harness.root().children_recursive();
        let node = nodes.find(|node| node.accesskit_node().is_focused());
        let node = node.expect("something has the keyboard");
        let (name, rect) = (node.accesskit_node().label().unwrap_or_default(), node.rect());
        if name == start {
            return;
        }
        if let Some((other, previous)) = &before {
            let is_one_line = (rect.center().y - previous.center().y).abs() < 3.0;
            assert!(
                !is_one_line || rect.left() >= previous.left(),
                "after \"{other}\" comes \"{name}\" at its left"
            );
        }
        before = Some((name, rect));
    }
    panic!("Tab does not come back to {start}");
}

#[test]
fn tab_should_go_through_every_line_of_every_page_from_left_to_right() {
    let mut window = Window::open();
    fill_strip(&mut window, 3);
    let job = window.generate();
    window.tell((1..=12).map(|number| step(job, number, [90, 90, 140])));
    check_lines(&mut window, "Prompt");
    for page in [PageId::Models, PageId::Settings] {
        window.send(UiCommand::ShowPage(page));
        window.harness.run();
        check_lines(&mut window, "Studio");
    }

    let mut window = Window::open();
    fill(&mut window, &["a", "b", "c"]);
    window.send(UiCommand::ShowPage(PageId::Queue));
    window.harness.run();
    check_lines(&mut window, "Studio");

    let folder = tempfile::tempdir().unwrap();
    let mut window = three(&folder);
    check_lines(&mut window, "Studio");
}

#[test]
fn tab_should_reach_the_pictures_of_the_gallery_once_and_arrows_go_on_from_there() {
    let mut window = gallery_of(40);
    let stops = tab_stops(&mut window, "Search");
    let cells = stops.iter().filter(|name| name.contains(".png")).count();
    assert_eq!(cells, 1, "{stops:?}");

    window.harness.get_by_label("00039.png").focus();
    window.harness.run();
    window.press_with(Modifiers::NONE, Key::ArrowRight);
    window.press_with(Modifiers::NONE, Key::ArrowRight);
    let at = window.harness.state().gallery().selection.focus();
    assert_eq!(focused(&window), Some(format!("{:05}.png", 39 - at.unwrap())));
    assert_eq!(at, Some(1), "the first key finds the first picture");
    window.press_with(Modifiers::NONE, Key::Home);
    assert_eq!(focused(&window).as_deref(), Some("00039.png"));
    window.press_with(Modifiers::NONE, Key::End);
    settle(&mut window, &found(40)); // what is in sight now was not known yet
    assert_eq!(focused(&window).as_deref(), Some("00000.png"));
    window.press_with(Modifiers::NONE, Key::Enter);
    assert_eq!(window.state().page, PageId::Studio, "Enter opens it");
}

#[test]
fn steps_and_recent_pictures_should_each_be_one_tab_stop() {
    let mut window = Window::open();
    fill_strip(&mut window, 6);
    let job = window.generate();
    window.tell((1..=12).map(|number| step(job, number, [90, 90, 140])));
    let stops = tab_stops(&mut window, "Prompt");
    let count = |is_it: fn(&str) -> bool| stops.iter().filter(|name| is_it(name)).count();
    let is_step = |name: &str| {
        let number = name.strip_prefix("Step ").unwrap_or_default();
        !number.is_empty() && number.chars().all(|c| c.is_ascii_digit())
    };
    assert_eq!(count(is_step), 1, "steps: {stops:?}");
    assert_eq!(count(|name| name.contains(".png")), 1, "recent pictures: {stops:?}");

    window.harness.get_by_label("Step 12").focus();
    window.harness.run();
    window.press_with(Modifiers::NONE, Key::ArrowLeft);
    window.press_with(Modifiers::NONE, Key::ArrowLeft);
    let shown = match window.studio().view {
        View::Step(place) => place,
        ref other => panic!("no step is shown: {other:?}"),
    };
    assert_eq!(
        focused(&window),
        Some(format!("Step {}", shown + 1)),
        "the keyboard follows"
    );
    window.press_with(Modifiers::NONE, Key::Home);
    assert_eq!(focused(&window).as_deref(), Some("Step 1"));

    let newest = "2026-11-20 0005.png";
    window.harness.get_by_label(newest).focus();
    window.harness.run();
    window.press_with(Modifiers::NONE, Key::ArrowRight);
    window.press_with(Modifiers::NONE, Key::ArrowRight);
    assert_eq!(focused(&window).as_deref(), Some("2026-11-20 0003.png"));
    window.press_with(Modifiers::NONE, Key::End);
    assert_eq!(focused(&window).as_deref(), Some("2026-11-20 0000.png"));
    window.press_with(Modifiers::NONE, Key::Enter);
    let shown = window.studio().shown_path().unwrap().to_owned();
    assert!(shown.ends_with("2026-11-20 0000.png"), "{}", shown.display());
}

#[test]
fn notices_should_be_announced_when_they_appear() {
    let mut window = Window::open();
    let job = window.generate();
    let error = JobError::new(JobErrorKind::OutOfMemory, "needs 5.1 GB").into();
    window.tell([Event::Failed { job, error }]);
    let notice = window.harness.get_by_label_contains("Not enough memory");
    assert_eq!(notice.accesskit_node().live(), Live::Assertive);
    // What is announced is the name, which a label has in its value.
    assert!(notice.accesskit_node().label_comes_from_value());
    let said = notice.value().unwrap_or_default();
    assert!(
        said.contains("Not enough memory"),
        "there is something to announce: {said:?}"
    );
}

#[test]
fn labels_of_the_form_should_be_as_wide_as_their_words_in_both_languages() {
    for language in ["en", "ja"] {
        let mut window = Window::open_in(language);
        let says = Language::from_tag(language);
        let advanced = says.tr("form-advanced");
        window.harness.get_by_label_contains(&advanced).click();
        window.harness.run();
        let font = egui::TextStyle::Body.resolve(&window.harness.ctx.global_style());
        let mut measured = 0;
        for key in FORM_LABELS {
            let name = says.tr(key);
            for node in window.harness.query_all_by_label(&name) {
                if node.accesskit_node().role() != egui::accesskit::Role::Label {
                    continue;
                }
                let galley = window
                    .harness
                    .ctx
                    .fonts_mut(|fonts| fonts.layout_no_wrap(name.clone(), font.clone(), egui::Color32::WHITE));
                assert!(
                    node.rect().width() + 0.5 >= galley.size().x,
                    "{language}: {name:?} has {} of {} points",
                    node.rect().width(),
                    galley.size().x
                );
                measured += 1;
            }
        }
        assert!(measured >= 6, "{language}: only {measured} labels were measured");
    }
}

/// Keys of the form's labels.
const FORM_LABELS: &[&str] = &[
    "form-guidance",
    "form-rescale",
    "form-size",
    "form-seed",
    "form-batch",
    "form-spacing",
    "form-preview",
    "form-precision",
    "form-steps",
];

#[test]
fn a_shortcut_should_still_reach_the_page_from_the_current_step() {
    let mut window = Window::open();
    let job = window.generate();
    window.tell((1..=3).map(|number| step(job, number, [90, 90, 140])));
    window.harness.get_by_label("Step 3").focus();
    window.harness.run();
    window.press_with(Modifiers::NONE, Key::Num1);
    assert_eq!(window.studio().camera.zoom, Some(1.0));
    window.send(UiCommand::ShowPage(PageId::Gallery));
    assert_eq!(window.state().page, PageId::Gallery);
}
