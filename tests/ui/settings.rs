//! The settings' page, keys that the user chose, and the list of all commands.

use std::path::PathBuf;
use std::sync::Arc;

use egui::accesskit::Role;
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use hareru::config::{PictureFormat, Settings, ThemeChoice};
use hareru::gallery::{BudgetReport, SaveEvent};
use hareru::ui::commands::{PageId, Section, SettingsCommand, UiCommand};
use hareru::ui::i18n::Language;

use super::harness::{Window, in_language};

fn open_section(window: &mut Window, section: Section) {
    window.harness.state().send(UiCommand::ShowPage(PageId::Settings));
    let show = SettingsCommand::Show(section);
    window.send(UiCommand::Settings(show));
}

/// The settings kept last.
fn kept(window: &Window) -> Settings {
    window.kept.borrow().last().cloned().unwrap_or_default()
}

#[test]
fn the_gear_should_open_the_page_and_each_part_should_show_itself_in_both_languages() {
    for language in ["en", "ja"] {
        let mut window = Window::open_in(language);
        window.click(if language == "en" { "Settings" } else { "設定" });
        assert_eq!(window.state().page, PageId::Settings);
        for section in Section::ALL {
            open_section(&mut window, section);
        }
    }
}

#[test]
fn the_language_should_change_by_the_button_that_names_the_other_one() {
    let mut window = Window::open();
    window.click("日本語");
    assert_eq!(kept(&window).language.as_deref(), Some("ja"));
    window.click("English");
    assert_eq!(kept(&window).language.as_deref(), Some("en"));
}

#[test]
fn less_motion_should_hold_at_once_and_be_kept() {
    let mut window = Window::open();
    open_section(&mut window, Section::General);
    window.click_role(Role::CheckBox, "Reduce motion");
    assert!(kept(&window).reduce_motion);
    assert!(window.state().is_still);
    assert_eq!(window.harness.ctx.global_style().animation_time, 0.0);
}

#[test]
fn a_larger_size_should_hold_at_once_and_be_kept() {
    let mut window = Window::open();
    open_section(&mut window, Section::General);
    window.click_role(Role::ComboBox, "Size of text and controls");
    window.click("125 %");
    assert_eq!(kept(&window).ui_scale, 1.25);
    assert_eq!(window.harness.ctx.zoom_factor(), 1.25);
}

#[test]
fn another_gallery_folder_should_say_that_it_holds_later_and_offer_to_show_the_old_one() {
    let mut window = Window::open();
    open_section(&mut window, Section::Pictures);
    let folder = PathBuf::from("/elsewhere");
    let command = SettingsCommand::SetGallery(Some(folder.clone()));
    window.send(UiCommand::Settings(command));
    assert_eq!(kept(&window).gallery_dir, Some(folder));
    window
        .harness
        .get_by_label_contains("From the next start on; until then pictures go to /nowhere");
    window.click("Show the old folder too");
    assert_eq!(kept(&window).watched_folders, [PathBuf::from("/nowhere")]);
    window.click("Remove /nowhere");
    assert!(kept(&window).watched_folders.is_empty());
}

#[test]
fn quality_should_matter_only_to_files_that_lose_a_little() {
    let mut window = Window::open();
    open_section(&mut window, Section::Pictures);
    let is_disabled = |window: &Window| {
        let field = window.harness.get_by_role_and_label(Role::SpinButton, "Quality");
        field.accesskit_node().is_disabled()
    };
    assert!(is_disabled(&window));
    window.click_role(Role::ComboBox, "File format");
    window.click("JPEG (smallest)");
    assert_eq!(kept(&window).picture_format, PictureFormat::Jpeg);
    let told = window.pictures.borrow().save_options.last().cloned().unwrap();
    assert_eq!((told.format, told.quality), (PictureFormat::Jpeg, 90));
    assert!(!is_disabled(&window));
}

#[test]
fn the_names_of_pictures_should_have_an_example_and_say_what_is_wrong() {
    let mut window = Window::open();
    open_section(&mut window, Section::Pictures);
    let set = |window: &mut Window, template: &str| {
        let command = SettingsCommand::SetNameTemplate(template.to_owned());
        window.send(UiCommand::Settings(command));
    };
    set(&mut window, "{model}/{seed}-{prompt}");
    window.harness.get_by_label_contains("/42-");
    let names = |window: &Window| {
        let notes = window.pictures.borrow();
        notes.save_options.last().map(|told| told.name_template.to_string())
    };
    assert_eq!(names(&window).as_deref(), Some("{model}/{seed}-{prompt}"));
    set(&mut window, "{mood}");
    window
        .harness
        .get_by_label_contains("Pictures keep their usual names until this is a template");
    assert_eq!(names(&window).as_deref(), Some(hareru::config::DEFAULT_NAME_TEMPLATE));
    window.click("Usual names");
    assert_eq!(kept(&window).name_template, hareru::config::DEFAULT_NAME_TEMPLATE);
}

#[test]
fn a_new_key_should_hold_at_once_be_told_in_tooltips_and_be_kept() {
    let mut window = Window::open();
    open_section(&mut window, Section::Keys);
    window.click("Key of Generate");
    window.harness.get_by_label("Press keys… (Esc: leave)");
    let held = egui::Modifiers::COMMAND | egui::Modifiers::SHIFT;
    window.press_with(held, egui::Key::M);
    let keys = &kept(&window).shortcuts;
    assert_eq!(keys.get("command-generate").map(String::as_str), Some("Ctrl+Shift+M"));
    let language = hareru::ui::i18n::Language::English;
    let tip = UiCommand::Generate.tooltip(language, &window.harness.ctx);
    assert!(tip.ends_with("(Ctrl+Shift+M)"), "{tip}");

    window.press_with(egui::Modifiers::COMMAND, egui::Key::Enter);
    assert!(window.engine.borrow().submitted.is_empty(), "the old key does nothing");
    window.press_with(held, egui::Key::M);
    assert_eq!(window.engine.borrow().submitted.len(), 1);

    window.click("Usual key: Generate");
    assert!(kept(&window).shortcuts.is_empty());
    window.press_with(egui::Modifiers::COMMAND, egui::Key::Enter);
    assert_eq!(window.engine.borrow().submitted.len(), 2);
}

#[test]
fn a_key_that_another_command_has_should_be_refused_and_swapped_on_demand() {
    let mut window = Window::open();
    open_section(&mut window, Section::Keys);
    window.click("Key of Loop");
    window.press_with(egui::Modifiers::NONE, egui::Key::B);
    assert!(window.kept.borrow().iter().all(|kept| kept.shortcuts.is_empty()));
    window.harness.get_by_label("B is the key of: Branch here");
    window.click("Leave as is");
    assert!(!window.has("B is the key of: Branch here"));

    window.click("Key of Loop");
    window.press_with(egui::Modifiers::NONE, egui::Key::B);
    window.click("Swap keys");
    let keys = kept(&window).shortcuts;
    assert_eq!(keys["command-loop"], "B");
    assert_eq!(keys["command-branch"], "L");

    window.click("Key of Loop");
    window.press_with(egui::Modifiers::COMMAND, egui::Key::Num1);
    window.harness.get_by_label_contains("is the key of: Studio");
    window.click_role(Role::Button, "Reset all keys");
    assert!(kept(&window).shortcuts.is_empty());
}

#[test]
fn escape_should_leave_the_key_as_it_is() {
    let mut window = Window::open();
    open_section(&mut window, Section::Keys);
    window.click("Key of Loop");
    window.press_with(egui::Modifiers::NONE, egui::Key::Escape);
    assert!(!window.has("Press keys… (Esc: leave)"));
    assert!(window.kept.borrow().iter().all(|kept| kept.shortcuts.is_empty()));
}

#[test]
fn a_key_of_the_settings_should_hold_from_the_start() {
    let mut settings = in_language("en");
    settings
        .shortcuts
        .insert("command-generate".to_owned(), "F5".to_owned());
    let mut window = Window::open_set(settings);
    window.press_with(egui::Modifiers::NONE, egui::Key::F5);
    assert_eq!(window.engine.borrow().submitted.len(), 1);
}

#[test]
fn the_list_of_commands_should_find_one_by_a_part_of_its_name_and_do_it() {
    let mut window = Window::open();
    window.press_with(egui::Modifiers::COMMAND, egui::Key::K);
    window.harness.get_by_label("Command").type_text("queue");
    window.harness.run();
    window.press_with(egui::Modifiers::NONE, egui::Key::Enter);
    assert_eq!(window.state().page, PageId::Queue);
    assert!(!window.has("Command"), "the list is closed");

    window.press_with(egui::Modifiers::COMMAND, egui::Key::K);
    window.harness.get_by_label("Command").type_text("生成");
    window.harness.run();
    window.press_with(egui::Modifiers::NONE, egui::Key::Enter);
    assert_eq!(window.engine.borrow().submitted.len(), 1);
}

#[test]
fn the_list_of_commands_should_be_as_high_as_before_when_it_is_opened_again() {
    let mut window = Window::open();
    window.press_with(egui::Modifiers::COMMAND, egui::Key::K);
    window.harness.get_by_label("Command").type_text("queue");
    window.harness.run();
    window.press_with(egui::Modifiers::NONE, egui::Key::Escape);

    window.press_with(egui::Modifiers::COMMAND, egui::Key::K);
    let found = window.harness.get_all_by_role_and_label(Role::Button, "Settings");
    let row = found.max_by(|a, b| a.rect().top().total_cmp(&b.rect().top())).unwrap();
    row.click(); // the sixth row, which a shorter list would hide
    window.harness.run();
    assert_eq!(window.state().page, PageId::Settings);
}

#[test]
fn a_command_of_another_page_should_show_that_page_first() {
    let mut window = Window::open();
    window.press_with(egui::Modifiers::COMMAND, egui::Key::K);
    window.harness.get_by_label("Command").type_text("pause q");
    window.harness.run();
    window.press_with(egui::Modifiers::NONE, egui::Key::Enter);
    let state = window.state();
    assert_eq!(state.page, PageId::Queue);
    assert!(state.jobs.is_paused());
}

#[test]
fn escape_should_close_the_list_of_commands_and_not_stop_the_run() {
    let mut window = Window::open();
    window.generate();
    window.press_with(egui::Modifiers::COMMAND, egui::Key::K);
    window.press_with(egui::Modifiers::NONE, egui::Key::Escape);
    assert!(!window.has("Command"));
    assert!(window.engine.borrow().cancelled.is_empty());
    window.press_with(egui::Modifiers::NONE, egui::Key::Escape);
    assert_eq!(window.engine.borrow().cancelled.len(), 1);
}

#[test]
fn the_line_above_should_fit_the_smallest_window_in_both_languages() {
    for language in ["en", "ja"] {
        let mut window = Window::open_in(language);
        window.harness.set_size(egui::vec2(960.0, 600.0));
        for number in 0..12 {
            window.draft_mut().request.seed = number;
            window.harness.state().send(UiCommand::Generate);
        }
        window.harness.run();
        let (last_tab, search) = match language {
            "en" => ("Queue 12", "Search commands"),
            _ => ("キュー 12", "コマンドを検索"),
        };
        let (tab, search) = (
            window.harness.get_by_label(last_tab).rect(),
            window.harness.get_by_label(search).rect(),
        );
        assert!(tab.right() <= search.left(), "{language}: {tab:?} and {search:?}");
        let gear = window
            .harness
            .get_by_label(if language == "en" { "Settings" } else { "設定" });
        assert!(gear.rect().right() <= 960.0);
    }
}

#[test]
#[ignore = "writes pictures for a person to look at"]
fn looks_of_the_settings() {
    for language in ["en", "ja"] {
        for (theme, choice) in [("dark", ThemeChoice::Dark), ("light", ThemeChoice::Light)] {
            let mut window = Window::open_drawn_in(language);
            window.harness.state().send(UiCommand::SetTheme(choice));
            for (number, section) in Section::ALL.into_iter().enumerate() {
                if section == Section::Pictures {
                    for command in [
                        SettingsCommand::SetGallery(Some("/home/someone/Pictures/another folder".into())),
                        SettingsCommand::Watch("/home/someone/stable-diffusion-webui/outputs".into()),
                    ] {
                        window.harness.state().send(UiCommand::Settings(command));
                    }
                }
                open_section(&mut window, section);
                if section == Section::Keys {
                    let label = if language == "en" {
                        "Key of Loop"
                    } else {
                        "ループ のキー"
                    };
                    if let Some(key) = window.harness.query_by_label(label) {
                        key.click();
                    }
                    window.press_with(egui::Modifiers::NONE, egui::Key::B);
                }
                super::looks::look(&mut window, &format!("{language}-{theme}-settings-{number}"));
            }
        }
    }
}

/// A window with a field for the room of runs, on the settings' page or in the studio's inspector.
fn window_with_budget(page: PageId) -> Window {
    let mut window = Window::open_set(Settings {
        trajectory_budget_mib: 300,
        ..in_language("en")
    });
    match page {
        PageId::Settings => open_section(&mut window, Section::Computing),
        page => {
            window.harness.state().send(UiCommand::ShowPage(page));
            window.harness.set_size(egui::vec2(1280.0, 1700.0)); // else the field stands below the fold
        }
    }
    window.harness.run();
    window
}

#[test]
fn a_budget_should_not_take_effect_before_it_is_entered() {
    let (role, label) = (Role::SpinButton, "Room for runs");
    for page in [PageId::Settings, PageId::Studio] {
        let mut window = window_with_budget(page);
        window.click_role(role, label);
        for digit in ["4", "0", "9", "6"] {
            window.harness.event(egui::Event::Text(digit.to_owned()));
            window.harness.run();
            let budgets = window.pictures.borrow().budgets.clone();
            assert_eq!(budgets, [300 << 20], "{page:?}: nothing changes while {digit} is typed");
        }
        window.press_with(egui::Modifiers::NONE, egui::Key::Enter);
        assert_eq!(window.pictures.borrow().budgets, [300 << 20, 4096 << 20], "{page:?}");
        assert_eq!(kept(&window).trajectory_budget_mib, 4096, "{page:?}");

        window.click_role(role, label);
        window.harness.event(egui::Event::Text("5".to_owned()));
        window.harness.run();
        window.press_with(egui::Modifiers::NONE, egui::Key::Escape);
        assert_eq!(
            kept(&window).trajectory_budget_mib,
            4096,
            "{page:?}: Escape leaves the budget as it was"
        );
    }
}

#[test]
fn a_dragged_budget_should_take_effect_when_the_pointer_is_released() {
    for page in [PageId::Settings, PageId::Studio] {
        let mut window = window_with_budget(page);
        let field = window.harness.get_by_role_and_label(Role::SpinButton, "Room for runs");
        let start = field.rect().center();
        window.harness.drag_at(start);
        window.harness.run();
        for way in [-40.0, -80.0, 20.0, 60.0] {
            window.harness.hover_at(start + egui::vec2(way, 0.0));
            window.harness.run();
            assert_eq!(window.pictures.borrow().budgets, [300 << 20], "{page:?}: still dragged");
        }
        window.harness.drop_at(start + egui::vec2(60.0, 0.0));
        window.harness.run();
        let budgets = window.pictures.borrow().budgets.clone();
        assert_eq!(budgets.len(), 2, "{page:?}: {budgets:?}");
        assert!(budgets[1] > 300 << 20, "{page:?}: {budgets:?}");
    }
}

#[test]
fn a_smaller_budget_that_costs_runs_should_be_asked_about_first() {
    let report = BudgetReport {
        bytes_before: 290 << 20,
        bytes_after: 90 << 20,
        thinned: Vec::new(),
        dropped: vec!["/nowhere/a".into(), "/nowhere/b".into()],
    };
    for (button, expected_mib) in [("Cancel", 300), ("Make less room", 100)] {
        let mut window = window_with_budget(PageId::Settings);
        window.send(UiCommand::SetTrajectoryBudget(100));
        assert_eq!(window.pictures.borrow().forecasts, [100 << 20]);
        assert_eq!(
            window.pictures.borrow().budgets,
            [300 << 20],
            "nothing changes before the answer"
        );
        window.tell_of_pictures(SaveEvent::BudgetForecast {
            budget_bytes: 100 << 20,
            report: Arc::new(report.clone()),
        });
        window
            .harness
            .get_by_label("2 runs lose their steps; they go to the trash.");
        let cancel = window.harness.get_by_label("Cancel");
        assert!(cancel.is_focused(), "it is seen where Enter goes");
        window.click(button);
        assert!(!window.has("Make less room for runs?"));
        let last = window.pictures.borrow().budgets.last().copied();
        assert_eq!(last, Some(expected_mib << 20), "{button}");
    }
}

#[test]
fn a_smaller_budget_that_costs_nothing_should_take_effect_without_a_question() {
    let mut window = window_with_budget(PageId::Settings);
    window.send(UiCommand::SetTrajectoryBudget(100));
    window.tell_of_pictures(SaveEvent::BudgetForecast {
        budget_bytes: 100 << 20,
        report: Arc::default(),
    });
    assert!(!window.has("Make less room for runs?"));
    assert_eq!(kept(&window).trajectory_budget_mib, 100);
}

#[test]
fn the_window_should_tell_what_was_wrong_with_the_settings() {
    for (written, language, said) in [
        ("{", "en", "Your settings could not be read"),
        (
            r#"{"ui_scale": "big", "theme": 3}"#,
            "en",
            "have their defaults: ui_scale, theme",
        ),
        ("[]", "ja", "設定を読み込めなかった"),
        (r#"{"threads": "many"}"#, "ja", "threads"),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("settings.json");
        std::fs::write(&path, written).unwrap();
        let (_, warning) = Settings::load(&path);
        let mut window = Window::open_in(language);
        window
            .state_mut()
            .tell_of_settings(&warning.expect("the file is wrong"));
        window.harness.run();
        let notices: Vec<String> = window
            .state()
            .notices
            .open()
            .map(|notice| notice.text.localise(Language::choose(Some(language))))
            .collect();
        let [notice] = notices.as_slice() else {
            panic!("expected one notice, found {notices:?}")
        };
        assert!(notice.contains(said), "{notice}");
        assert!(
            notice.contains("settings.json.broken"),
            "it says where the old file is: {notice}"
        );
    }
}
