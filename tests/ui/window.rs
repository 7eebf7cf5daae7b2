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
    window.harness.state().send(UiCommand::SetLanguage(Language::Japanese));
    window.harness.run();
    window.harness.get_by_label("生成");
    window.harness.get_by_label("プロンプト");
    assert!(window.harness.query_by_label("Generate").is_none());
}

#[test]
fn every_text_of_the_first_page_should_fit_and_have_its_glyphs_in_both_languages() {
    for language in ["en", "ja"] {
        let mut window = Window::open_in(language);
        for choice in [ThemeChoice::Light, ThemeChoice::Dark] {
            window.harness.state().send(UiCommand::SetTheme(choice));
            window.harness.run();
        }
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
