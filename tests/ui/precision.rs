//! The choice of a precision, and where the one that was used is told.

use std::sync::Arc;

use egui::accesskit::Role;
use egui_kittest::kittest::Queryable as _;
use hareru::config::Settings;
use hareru::gallery::SaveEvent;
use hareru::job::{DeviceInfo, Event, GenerateRequest, Precision, Record};

use super::harness::{Window, in_language, plain, record, step};
use super::run::finished;

/// A processor that is fastest in bf16.
fn with_bf16() -> Event {
    let info = DeviceInfo {
        name: "CPU",
        automatic: Precision::Bf16,
        supported: vec![Precision::F32, Precision::Bf16],
    };
    Event::DeviceDescribed { info: Arc::new(info) }
}

fn open_advanced(window: &mut Window) {
    window.harness.get_by_label("Advanced").scroll_to_me(); // it stands below the fold
    window.harness.run();
    window.click("Advanced");
}

fn choice(window: &Window) -> egui_kittest::Node<'_> {
    window.harness.get_by_role_and_label(Role::ComboBox, "Precision")
}

fn open_choice(window: &mut Window) {
    choice(window).scroll_to_me(); // it stands below the fold
    window.harness.run();
    choice(window).click();
    window.harness.run();
}

#[test]
fn automatic_should_say_what_it_comes_to_and_only_what_is_supported_be_offered() {
    let mut window = Window::open();
    open_advanced(&mut window);
    window.tell([with_bf16()]);
    assert_eq!(choice(&window).value().as_deref(), Some("Automatic (bf16)"));
    open_choice(&mut window);
    window.harness.get_by_label("f32 (exact)");
    window.harness.get_by_label("bf16 (half, wide range)");
    assert!(!window.has("f16 (half)"), "f16 is not supported");
}

#[test]
fn a_chosen_precision_should_go_with_the_next_job_and_into_the_settings() {
    let mut window = Window::open();
    open_advanced(&mut window);
    window.tell([with_bf16()]);
    open_choice(&mut window);
    window.click("f32 (exact)");
    window.generate();
    assert_eq!(
        window.engine.borrow().options.last().map(|options| options.precision),
        Some(Precision::F32)
    );
    let kept = window.kept.borrow().last().and_then(|kept| kept.precision.clone());
    assert_eq!(kept.as_deref(), Some("f32"));

    window
        .harness
        .get_by_label_contains("Precision: the model's default is Automatic (bf16)")
        .click();
    window.harness.run();
    assert_eq!(window.state().precision, Precision::Auto);
    assert_eq!(
        window.kept.borrow().last().and_then(|kept| kept.precision.clone()),
        None,
        "automatic is what settings without a precision mean"
    );
}

#[test]
fn a_kept_precision_should_be_used_only_where_it_is_supported() {
    for (kept, expected) in [
        ("f32", Precision::F32),
        ("f16", Precision::Auto),
        ("f8", Precision::Auto),
    ] {
        let window = Window::open_set(Settings {
            precision: Some(kept.to_owned()),
            ..in_language("en")
        });
        assert_eq!(window.state().precision, expected, "{kept}");
        let preloaded = window.engine.borrow().preloaded.clone();
        assert_eq!(preloaded.len(), 1);
        assert_eq!(preloaded[0].1, expected, "the model is read as it will be used");
        assert!(
            window.kept.borrow().is_empty(),
            "what another computer chose is not overwritten"
        );
    }
}

#[test]
fn a_finished_picture_should_say_in_which_precision_it_was_computed() {
    let mut window = Window::open();
    window.draft_mut().is_seed_locked = true;
    window.draft_mut().request.seed = 7;
    let job = window.generate();
    window.tell([step(job, 1, [200, 30, 30])]);
    window.harness.get_by_label("Seed 7");
    let image = finished(&window, job);
    window.tell([image, Event::Finished { job }]);
    window.harness.get_by_label("Seed 7 · f32");
}

#[test]
fn a_saved_picture_should_say_its_precision_if_it_is_known() {
    for (precision, expected) in [
        ("bf16", "Seed 3 · Starter · bf16  ·  a sea"),
        ("", "Seed 3 · Starter  ·  a sea"),
    ] {
        let mut window = Window::open();
        let request = GenerateRequest {
            prompt: "a sea".to_owned(),
            seed: 3,
            ..GenerateRequest::default()
        };
        window.tell_of_pictures(SaveEvent::Saved {
            path: "/pictures/a.png".into(),
            record: Arc::new(Record {
                precision: precision.to_owned(),
                decoder: String::new(),
                ..record(request)
            }),
            thumbnail: Arc::new(plain([10, 20, 30], 64)),
        });
        window.click("a.png");
        window.harness.get_by_label(expected);
    }
}
