//! The views of a step, by the names of their controls.

use std::sync::Arc;

use egui::accesskit::Role;
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use hareru::job::{Event, StepRecord};
use hareru::ui::commands::UiCommand;
use hareru::ui::model::camera::CameraMove;
use hareru::ui::model::run_timeline::ViewPair;
use hareru::unfold::{AttentionToken, StepView};

use super::harness::{Window, plain, step};
use super::latent_view::{colours, plane, whole_step};

const TOKENS: [&str; 6] = ["<|startoftext|>", "a</w>", "light", "house</w>", "<|endoftext|>", ""];
const GREY: [u8; 3] = [90, 90, 90];

/// Three steps of 25 of a picture of 128 pixels, with everything that can be kept.
pub(super) fn walk(window: &mut Window, change: impl Fn(&mut StepRecord)) {
    let draft = window.draft_mut();
    (draft.request.width_px, draft.request.height_px) = (128, 128);
    let job = window.generate();
    let tokens: Arc<[String]> = TOKENS.map(str::to_owned).into();
    for index in 0..3 {
        let mut record = whole_step(index, (16, 16), TOKENS.len());
        change(&mut record);
        let record = Arc::new(record);
        let mut event = step(job, index as u32 + 1, GREY);
        if let Event::Step(step) = &mut event {
            step.preview = Some(Arc::new(plain(GREY, 128)));
            step.record = record;
            step.tokens = Arc::clone(&tokens);
            step.colours = Some(Arc::new(colours()));
        }
        window.tell([event]);
    }
    window.harness.run();
}

/// The picture is finished, so that there is something to compare with.
pub(super) fn finish(window: &mut Window) {
    let timeline = window.studio_mut().timeline.as_mut().unwrap();
    timeline.final_latents = Some(Arc::new(plane(4, (16, 16), 1.4)));
    window.harness.run();
}

fn walked(language: &str) -> Window {
    let mut window = Window::open_in(language);
    walk(&mut window, |_| ());
    finish(&mut window);
    window
}

fn views(window: &Window) -> ViewPair {
    window.studio().views
}

fn is_said(window: &Window, text: &str) -> bool {
    times_said(window, text) > 0
}

fn times_said(window: &Window, text: &str) -> usize {
    window.harness.query_all_by_role_and_label(Role::Label, text).count()
}

#[test]
fn every_view_should_be_chosen_by_its_name_and_say_what_it_is() {
    let mut window = walked("en");
    for (name, view) in [
        ("Noisy latents xₜ", StepView::Noisy),
        ("Noise ε", StepView::Noise),
        ("Without the prompt", StepView::Uncond),
        ("With the prompt", StepView::Cond),
        ("What guidance adds", StepView::Guidance),
        ("Distance to the finished picture", StepView::Difference),
    ] {
        let before = times_said(&window, name); // plots of the same name
        window.click_button(name);
        assert_eq!(views(&window).first, view);
        assert_eq!(times_said(&window, name), before + 1, "{name} is written on the canvas");
    }
    window.click_button("Estimate x₀");
    assert_eq!(views(&window), ViewPair::default());
    assert_eq!(times_said(&window, "Estimate x₀"), 0, "the picture needs no words");
}

#[test]
fn keys_should_go_through_the_views_but_not_while_a_field_has_the_keyboard() {
    let mut window = walked("en");
    let mut seen = Vec::new();
    for _ in 0..StepView::PLAIN.len() {
        window.press(egui::Key::V);
        seen.push(views(&window).first);
    }
    assert_eq!(seen[..6], StepView::PLAIN[1..]);
    assert_eq!(seen[6], StepView::Estimate);

    let mut seen = Vec::new();
    for _ in 0..StepView::PLAIN.len() {
        window.press_with(egui::Modifiers::SHIFT, egui::Key::V);
        assert_eq!(views(&window).first, StepView::Estimate);
        seen.push(views(&window).second);
    }
    assert_eq!(seen[..6], StepView::PLAIN.map(Some)[1..]);
    assert_eq!(seen[6], None);

    window.harness.get_by_label("Prompt").focus();
    window.harness.run();
    window.harness.key_press(egui::Key::V);
    window.press_with(egui::Modifiers::SHIFT, egui::Key::V);
    assert_eq!(views(&window), ViewPair::default());
}

#[test]
fn a_second_view_should_stand_beside_the_first() {
    let mut window = walked("en");
    let button = window.harness.get_by_role_and_label(Role::Button, "Noise ε");
    button.click_modifiers(egui::Modifiers::SHIFT);
    window.harness.run();
    assert_eq!(views(&window).second, Some(StepView::Noise));
    let place = |name: &str| window.harness.get_by_role_and_label(Role::Label, name).rect();
    let canvas = window.harness.get_by_label_contains("Canvas").rect();
    assert!(place("Estimate x₀").right() < canvas.center().x);
    assert!(place("Noise ε").left() > canvas.center().x);

    window.click("Second view");
    let choices = window
        .harness
        .get_all_by_role_and_label(Role::Button, "With the prompt");
    // The other is the button of the first view, in the line above the list.
    let lowest = choices.max_by(|a, b| a.rect().top().total_cmp(&b.rect().top()));
    lowest.unwrap().click();
    window.harness.run();
    assert_eq!(views(&window).second, Some(StepView::Cond));
    window.click("Second view");
    window.click_role(Role::Button, "One view");
    assert_eq!(views(&window).second, None);
}

#[test]
fn both_views_should_move_with_one_camera() {
    let mut window = Window::open_drawn();
    walk(&mut window, |_| ());
    let second = Some(StepView::Cond);
    let first = StepView::Estimate;
    for command in [
        UiCommand::SetViews(ViewPair { first, second }),
        UiCommand::Camera(CameraMove::Actual),
        UiCommand::Camera(CameraMove::Pan(egui::vec2(80.0, 0.0))),
    ] {
        window.harness.state().send(command);
    }
    window.harness.run();
    let canvas = window.harness.get_by_label_contains("Canvas").rect();
    let drawn = window.harness.render().unwrap();
    let pixel = |x: f32| drawn.get_pixel(x as u32, canvas.center().y as u32).0;
    let empty = pixel(canvas.left() + 3.0);
    let quarter = canvas.width() / 4.0;
    for middle in [canvas.left() + quarter, canvas.right() - quarter] {
        // 128 pixels wide, its middle 80 to the right of the half's.
        assert_eq!(pixel(middle + 10.0), empty);
        assert_ne!(pixel(middle + 20.0), empty);
        assert_ne!(pixel(middle + 140.0), empty);
        assert_eq!(pixel(middle + 148.0), empty);
    }
    assert_eq!(
        pixel(canvas.left() + quarter + 80.0)[..3],
        GREY,
        "the estimate is decoded"
    );
}

#[test]
fn a_view_should_be_drawn_as_its_formula_says() {
    let mut window = Window::open_drawn();
    walk(&mut window, |_| ());
    let guidance = ViewPair::default().with_first(StepView::Guidance);
    window.harness.state().send(UiCommand::SetViews(guidance));
    window.send(UiCommand::Camera(CameraMove::Actual));
    let seen = window.studio().seen(StepView::Guidance).unwrap();
    assert_eq!(seen.step.index, 2, "the newest step");
    let pixels = seen.pixels().pixels;
    let canvas = window.harness.get_by_label_contains("Canvas").rect();
    let drawn = window.harness.render().unwrap();
    for (x, y) in [(8, 8), (5, 9), (9, 6), (1, 14)] {
        // A texel is 8 of the picture's 128 pixels.
        let at = canvas.center() + 8.0 * egui::vec2(x as f32 - 7.5, y as f32 - 7.5);
        let found = drawn.get_pixel(at.x as u32, at.y as u32).0;
        let place = 3 * (16 * y + x);
        let expected = &pixels[place..place + 3];
        let distance = found.iter().zip(expected).map(|(a, b)| a.abs_diff(*b)).max().unwrap();
        assert!(distance <= 20, "texel {x}, {y}: found {found:?}, expected {expected:?}");
    }
}

#[test]
fn a_view_should_be_drawn_without_a_gpu_too() {
    let mut window = walked("en");
    let has_latents = |window: &Window| {
        let textures = window.harness.ctx.tex_manager();
        let textures = textures.read();
        textures.allocated().any(|(_, texture)| texture.size == [16, 16])
    };
    assert!(!has_latents(&window));
    window.click_button("Noise ε");
    assert!(has_latents(&window), "a picture as large as the latents");
}

#[test]
fn a_word_of_several_tokens_should_show_its_attention_and_keep_it_when_it_is_clicked() {
    let mut window = walked("en");
    let attention = "Attention to “lighthouse”";
    assert!(!is_said(&window, attention));
    window.harness.get_by_label("lighthouse").hover();
    window.harness.run();
    assert!(is_said(&window, attention));
    assert_eq!(views(&window), ViewPair::default(), "pointing keeps nothing");

    window.click_button("lighthouse");
    let kept = StepView::Attention(AttentionToken { index: 2, level: None });
    assert_eq!(views(&window).first, kept);
    let seen = window.studio().seen(kept).unwrap();
    assert_eq!((seen.word.clone(), seen.missing()), (2..4, None));

    window.click("Feature maps");
    window.click("8 × 8");
    let level = Some(1);
    assert_eq!(
        views(&window).first,
        StepView::Attention(AttentionToken { index: 2, level })
    );

    window.harness.get_by_label("start").hover();
    window.harness.run();
    assert!(is_said(&window, "Attention to “start”"));
    window.click_button("lighthouse");
    assert_eq!(views(&window), ViewPair::default());
}

#[test]
fn each_view_should_be_explained_at_length_with_its_formula() {
    for (language, formula) in [
        ("en", "x₀ = x − σ · ε, with guidance in ε"),
        ("ja", "x₀ = x − σ · ε（ε はガイダンス込み）"),
    ] {
        let mut window = walked(language);
        assert!(!is_said(&window, formula));
        window.press(egui::Key::F1);
        assert!(is_said(&window, formula));
        window.press(egui::Key::V);
        assert!(!is_said(&window, formula));
        window.harness.get_by_label_contains("√(1 + σ²)");
        window.press(egui::Key::F1);
        assert!(window.harness.query_by_label_contains("√(1 + σ²)").is_none());
    }
    let mut window = walked("en");
    window.click_button("What is this?");
    assert!(window.studio().is_explaining);
}

#[test]
fn what_was_not_kept_should_not_be_offered_and_be_told_where_it_was_chosen_before() {
    let mut window = Window::open();
    let is_off = |window: &Window, name: &str| {
        let node = window.harness.get_by_role_and_label(Role::Button, name);
        node.accesskit_node().is_disabled()
    };
    assert!(is_off(&window, "Noise ε"), "there is no step");
    walk(&mut window, |record| {
        record.branches = None;
        record.attention.clear();
    });
    assert!(!is_off(&window, "Noise ε"));
    assert!(is_off(&window, "What guidance adds"));
    assert!(is_off(&window, "Distance to the finished picture"));
    window
        .harness
        .get_by_label("Attention was not kept with this run, so its words cannot be looked at");

    let guidance = ViewPair::default().with_first(StepView::Guidance);
    window.send(UiCommand::SetViews(guidance));
    window
        .harness
        .get_by_label("What the network said with the prompt and without it was not kept for this step");
    for _ in 0..3 {
        window.press(egui::Key::V);
    }
    assert_eq!(views(&window).first, StepView::Noise, "V leaves out what is not there");
}
