//! The window as a whole.

use egui_kittest::kittest::Queryable as _;
use hareru::config::ThemeChoice;
use hareru::job::{ModelRef, Precision};
use hareru::ui::commands::UiCommand;
use hareru::ui::i18n::Language;

use super::harness::Window;

#[test]
fn the_language_should_change_while_the_window_is_open() {
    let mut window = Window::open();
    window.harness.get_by_label("Generate");
    window.send(UiCommand::SetLanguage(Language::Japanese));
    window.harness.get_by_label("生成");
    window.harness.get_by_label("プロンプト");
    assert!(!window.has("Generate"));
}

#[test]
fn every_text_of_the_first_page_should_fit_and_have_its_glyphs_in_both_languages() {
    for language in ["en", "ja"] {
        let mut window = Window::open_in(language);
        for choice in [ThemeChoice::Light, ThemeChoice::Dark] {
            window.send(UiCommand::SetTheme(choice));
            check_texts(&window, language);
        }
    }
}

/// Every painted text is whole, lies within its region from left to right, and has its glyphs.
fn check_texts(window: &Window, language: &str) {
    let mut texts = Vec::new();
    for clipped in &window.harness.output().shapes {
        collect_texts(&clipped.shape, clipped.clip_rect, &mut texts);
    }
    assert!(
        texts.len() > 20,
        "{language}: the page should have texts, not {}",
        texts.len()
    );
    for (text, region) in texts {
        let galley = &text.galley;
        let rect = galley.rect.translate(text.pos.to_vec2());
        let words = galley.text();
        assert!(!galley.elided, "{language}: {words:?} is cut short");
        assert!(
            region.left() - 1.0 <= rect.left() && rect.right() <= region.right() + 1.0,
            "{language}: {words:?} takes {:?} of {:?}",
            rect.x_range(),
            region.x_range()
        );
        let font = &galley.job.sections[0].format.font_id;
        let missing = words.chars().find(|letter| {
            !letter.is_whitespace() && !window.harness.ctx.fonts_mut(|fonts| fonts.has_glyph(font, *letter))
        });
        assert_eq!(missing, None, "{language}: no glyph for a letter of {words:?}");
    }
}

fn collect_texts<'a>(
    shape: &'a egui::Shape,
    region: egui::Rect,
    texts: &mut Vec<(&'a egui::epaint::TextShape, egui::Rect)>,
) {
    match shape {
        egui::Shape::Vec(shapes) => shapes.iter().for_each(|shape| collect_texts(shape, region, texts)),
        egui::Shape::Text(text) if !text.galley.job.sections.is_empty() => texts.push((text, region)),
        _ => {}
    }
}

#[test]
fn a_window_in_which_nothing_happens_should_not_ask_to_be_painted() {
    let window = Window::open();
    let delay = window.harness.output().viewport_output[&egui::ViewportId::ROOT].repaint_delay;
    assert!(delay.as_secs() >= 60, "asks to be painted again in {delay:?}");
}

#[test]
fn the_first_start_should_say_what_to_do() {
    let window = Window::open();
    window.harness.get_by_label("Press Ctrl+Enter and watch it clear");
    window.harness.get_by_label("Pictures you make are kept here");
}

#[test]
fn the_model_should_be_read_before_it_is_needed() {
    let window = Window::open();
    assert_eq!(window.engine.borrow().preloaded, [(ModelRef::Starter, Precision::Auto)]);
}
