//! The form: what is typed and moved arrives in the request.

use egui::accesskit::Role;
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use hareru::job::{Event, LoraSpec, ModelInfo, ModelRef, Takes};
use hareru::ui::commands::{PageId, UiCommand};
use hareru::ui::i18n::Language;
use hareru::ui::pages::studio::form::draft::starter_prompts;

use super::harness::{Window, starter};

#[test]
fn typing_a_prompt_should_put_it_into_the_request() {
    let mut window = Window::open();
    window.draft_mut().request.prompt.clear();
    window.harness.run();
    window.harness.get_by_label("Prompt").focus();
    window.harness.run();
    window.harness.get_by_label("Prompt").type_text("a red cat 猫");
    window.harness.run();
    assert_eq!(window.draft().request.prompt, "a red cat 猫");

    window.click("Generate");
    let prompts: Vec<_> = window
        .engine
        .borrow()
        .submitted
        .iter()
        .map(|r| r.prompt.clone())
        .collect();
    assert_eq!(prompts, ["a red cat 猫"]);
}

#[test]
fn generate_should_be_disabled_with_a_reason_while_the_form_has_a_problem() {
    let mut window = Window::open();
    window.draft_mut().request.prompt.clear();
    window.harness.run();
    assert!(window.harness.get_by_label("Generate").accesskit_node().is_disabled());
    window.harness.get_by_label("Write what the picture shall show");

    let draft = window.draft_mut();
    "a cat".clone_into(&mut draft.request.prompt);
    draft.request.width_px = 100;
    window.harness.run();
    window.harness.get_by_label_contains("Sides must be multiples of 8");
    window.press_with(egui::Modifiers::COMMAND, egui::Key::Enter);
    assert!(
        window.engine.borrow().submitted.is_empty(),
        "a bad form must not start a job"
    );
}

#[test]
fn a_chip_should_fill_in_its_prompt_and_chips_should_go_once_something_is_made() {
    let mut window = Window::open();
    let prompts = starter_prompts(Language::English);
    window.click(prompts[1]);
    assert_eq!(window.draft().request.prompt, prompts[1]);

    window.generate();
    assert!(!window.has(prompts[2]));
}

#[test]
fn a_model_of_classes_should_ask_for_a_class_by_name_and_for_no_prompt() {
    let mut window = Window::open();
    window.harness.get_by_label("Prompt");
    window.harness.state().send(UiCommand::UseModel(ModelRef::Flowers));
    let flowers = ModelInfo {
        model: ModelRef::Flowers,
        name: "Flowers".to_owned(),
        takes: Takes {
            prompt: false,
            classes: Some(3),
            is_size_fixed: true,
            ..Takes::default()
        },
        class_names: vec!["red rose".to_owned(), "pink lotus".to_owned(), String::new()],
        ..starter()
    };
    window.tell([Event::ModelDescribed { info: flowers.into() }]);
    assert!(!window.has("Prompt"));
    window.click_role(Role::ComboBox, "Class");
    window.harness.get_by_label("any"); // the class without a name
    window.click("pink lotus");
    window.generate();
    let request = window.engine.borrow().submitted.last().cloned().unwrap();
    assert_eq!((request.class_label, request.prompt.as_str()), (Some(1), ""));
    window.send(UiCommand::ShowPage(PageId::Queue));
    let mut called = window.harness.query_all_by_label("pink lotus");
    assert!(called.next().is_some(), "the job is called by what it shows");
}

#[test]
fn four_steps_should_lay_the_adapter_over_the_starter_and_take_it_off_again() {
    let mut window = Window::open();
    window.click("Four steps");
    window.generate();
    let request = window.engine.borrow().submitted.last().cloned().unwrap();
    assert_eq!(request.loras, [LoraSpec::new(LoraSpec::STARTER_FOUR_STEPS, 1.0)]);
    assert_eq!(
        (request.steps, request.guidance_scale, request.sampler.as_str()),
        (4, 1.0, "ddim")
    );
    window.click("Four steps");
    assert_eq!(
        (window.draft().request.loras.len(), window.draft().request.steps),
        (0, 25)
    );
}

#[test]
fn sides_should_be_multiples_of_what_the_model_needs() {
    let mut window = Window::open();
    assert_eq!(window.draft().defaults.size_multiple_px, 16);
    let width = window.harness.get_by_label("Width");
    width.set_value_accesskit(264.0);
    window.harness.run();
    assert_eq!(window.draft().request.width_px, 272);

    let draft = window.draft_mut();
    draft.request.prompt = "a boat".to_owned();
    draft.request.width_px = 264; // as a restored picture may have it
    window.harness.run();
    window.harness.get_by_label_contains("multiples of 16 from 16 to");
    window.generate();
    assert!(window.engine.borrow().submitted.is_empty());
}

#[test]
fn sliders_should_take_the_values_a_user_sets() {
    let mut window = Window::open();
    let guidance = window.harness.get_by_role_and_label(Role::Slider, "Guidance (CFG)");
    guidance.set_value_accesskit(9.0);
    window.harness.run();
    assert_eq!(window.draft().request.guidance_scale, 9.0);
}

#[test]
fn a_typed_number_should_go_beyond_the_slider_but_not_beyond_its_whole_range() {
    for (typed, expected) in [("-7.5", -7.5), ("28", 28.0), ("99", 30.0)] {
        let mut window = Window::open();
        let field = "Guidance (CFG) (number)";
        window.click(field);
        window.harness.get_by_label(field).type_text(typed);
        window.harness.run();
        window.press(egui::Key::Enter);
        assert_eq!(window.draft().request.guidance_scale, expected, "typed {typed}");
    }
}

#[test]
fn a_value_that_is_not_the_default_should_carry_a_dot_that_takes_it_back() {
    let mut window = Window::open();
    assert!(window.harness.query_by_label_contains("the model's default").is_none());
    window.draft_mut().request.steps = 7;
    window.harness.run();
    window
        .harness
        .get_by_label_contains("the model's default is 25")
        .click();
    window.harness.run();
    assert_eq!(window.draft().request.steps, 25);
}

#[test]
fn eta_should_be_shown_for_ddim_only() {
    let mut window = Window::open();
    "euler".clone_into(&mut window.draft_mut().request.sampler);
    window.harness.run();
    assert!(
        window
            .harness
            .query_by_role_and_label(Role::Slider, "Noise η")
            .is_none()
    );
    "ddim".clone_into(&mut window.draft_mut().request.sampler);
    window.harness.run();
    window.harness.get_by_role_and_label(Role::Slider, "Noise η");
}

#[test]
fn the_seed_should_change_with_every_picture_unless_it_is_locked() {
    let mut window = Window::open();
    for is_locked in [false, false, true, true] {
        if window.draft().is_seed_locked != is_locked {
            window.click("Keep seed");
        }
        let job = window.generate();
        window.tell([Event::Finished { job }]);
    }
    let seeds: Vec<_> = window.engine.borrow().submitted.iter().map(|r| r.seed).collect();
    assert_ne!(seeds[0], seeds[1]);
    assert_eq!(seeds[1], seeds[2]);
    assert_eq!(seeds[2], seeds[3]);
}

#[test]
fn a_refused_model_should_say_why_and_leave_the_starter_to_be_chosen_again() {
    use hareru::job::{JobError, JobErrorKind};
    let mut window = Window::open();
    let model = ModelRef::Path("/models/broken".into());
    window.send(UiCommand::UseModel(model.clone()));
    assert!(window.engine.borrow().described.contains(&model));
    let error = JobError::new(JobErrorKind::Model, "expected model_index.json, found none".to_owned());
    window.tell([Event::ModelRefused {
        model,
        error: error.into(),
    }]);
    window.harness.get_by_label("expected model_index.json, found none");
    assert!(window.harness.get_by_label("Generate").accesskit_node().is_disabled());

    window.harness.state().send(UiCommand::UseModel(ModelRef::Starter));
    window.tell([Event::ModelDescribed { info: starter().into() }]);
    assert!(!window.harness.get_by_label("Generate").accesskit_node().is_disabled());
}
