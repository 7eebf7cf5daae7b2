//! What each command of the page does.

use std::path::PathBuf;
use std::sync::Arc;

use egui::KeyboardShortcut;

use super::{Clash, SettingsCommand};
use crate::config::{Settings, log_tail};
use crate::gallery::{IndexRequest, SaveOptions};
use crate::ui::app::Studio;
use crate::ui::commands::UiCommand;
use crate::ui::commands::shortcuts::{self, Keymap};
use crate::ui::pages::Page;
use crate::ui::services::on_own_thread;
use crate::ui::theme;

/// Lines of the log that are shown.
const MAX_LINES: usize = 200;

/// Does what the page was asked for. Returns at once.
pub(in crate::ui) fn carry_out(studio: &mut Studio, ctx: &egui::Context, command: SettingsCommand) {
    match command {
        SettingsCommand::Show(section) => {
            studio.state.settings_page.section = section;
            studio.state.settings_page.recording = None;
        }
        SettingsCommand::SetScale(scale) => {
            ctx.set_zoom_factor(scale);
            change(studio, |settings| settings.ui_scale = scale);
        }
        SettingsCommand::ReduceMotion(is_on) => {
            change(studio, |settings| settings.reduce_motion = is_on);
            reduce_motion(studio, ctx);
        }
        SettingsCommand::ChooseGallery => {
            choose_folder(studio, "settings-gallery", |path| {
                SettingsCommand::SetGallery(Some(path))
            });
        }
        SettingsCommand::SetGallery(folder) => change(studio, |settings| settings.gallery_dir = folder),
        SettingsCommand::ChooseWatched => choose_folder(studio, "settings-watched", SettingsCommand::Watch),
        SettingsCommand::Watch(folder) => watch(studio, |folders| {
            if !folders.contains(&folder) {
                folders.push(folder);
            }
        }),
        SettingsCommand::Unwatch(folder) => watch(studio, |folders| folders.retain(|other| *other != folder)),
        SettingsCommand::SetFormat(format) => change_saving(studio, |settings| settings.picture_format = format),
        SettingsCommand::SetQuality(quality) => change_saving(studio, |settings| settings.picture_quality = quality),
        SettingsCommand::SetNameTemplate(template) => {
            change_saving(studio, |settings| settings.name_template = template);
        }
        SettingsCommand::SetDevice(device) => change(studio, |settings| settings.device = device),
        SettingsCommand::SetThreads(threads) => change(studio, |settings| settings.threads = threads),
        SettingsCommand::Record(id) => {
            studio.state.settings_page.recording = Some(id);
            studio.state.settings_page.clash = None;
        }
        SettingsCommand::StopRecording => studio.state.settings_page.recording = None,
        SettingsCommand::Bind(id, key) => bind(studio, ctx, id, key),
        SettingsCommand::Swap => swap(studio, ctx),
        SettingsCommand::LeaveClash => studio.state.settings_page.clash = None,
        SettingsCommand::Unbind(id) => change_keys(studio, ctx, |settings| {
            settings.shortcuts.insert(id, String::new());
        }),
        SettingsCommand::ResetKey(id) => reset(studio, ctx, &id),
        SettingsCommand::ResetKeys => change_keys(studio, ctx, |settings| settings.shortcuts.clear()),
        SettingsCommand::ReadLog => read_log(studio),
        SettingsCommand::TakeLog(log) => studio.state.settings_page.log = Some(log),
        SettingsCommand::OpenLogFolder => open_log_folder(studio),
    }
}

/// Takes in what other threads have to tell; called before every frame, whichever page is shown.
pub(in crate::ui) fn tick(studio: &mut Studio, _ctx: &egui::Context) {
    if studio.state.page != Page::Settings {
        studio.state.settings_page.recording = None; // keys mean what they say on other pages
    }
}

fn change(studio: &mut Studio, change: impl FnOnce(&mut Settings)) {
    change(&mut studio.settings);
    (studio.services.keep_settings)(studio.settings.clone());
}

fn change_saving(studio: &mut Studio, change_saving: impl FnOnce(&mut Settings)) {
    change(studio, change_saving);
    set_save_options(studio);
}

/// Has pictures saved as the settings say; under the usual names where what they say is no template.
pub(in crate::ui) fn set_save_options(studio: &Studio) {
    let Some(pictures) = &studio.pictures else {
        return;
    };
    let options = SaveOptions::of(&studio.settings).unwrap_or_else(|_bad_template| SaveOptions {
        format: studio.settings.picture_format,
        quality: studio.settings.picture_quality,
        ..SaveOptions::default()
    });
    pictures.set_options(options);
}

/// Lets things move, or not: not where the user does not want it, nor where the processor draws.
fn reduce_motion(studio: &mut Studio, ctx: &egui::Context) {
    studio.state.is_still = studio.is_software || studio.settings.reduce_motion;
    theme::set_still(ctx, studio.state.is_still);
}

fn choose_folder(studio: &Studio, title: &str, command: impl FnOnce(PathBuf) -> SettingsCommand + Send + 'static) {
    let (commands, repaint) = (studio.commands.clone(), Arc::clone(&studio.repaint));
    let answer = move |path| {
        commands.send(UiCommand::Settings(command(path)));
        repaint();
    };
    let title = studio.language.tr(title);
    studio.services.dialogs.pick_folder(title, Box::new(answer));
}

fn watch(studio: &mut Studio, change_folders: impl FnOnce(&mut Vec<PathBuf>)) {
    change(studio, |settings| change_folders(&mut settings.watched_folders));
    if let Some(library) = &studio.library {
        library.request(IndexRequest::Watch(studio.settings.watched_folders.clone()));
    }
}

fn change_keys(studio: &mut Studio, ctx: &egui::Context, change_keys: impl FnOnce(&mut Settings)) {
    change(studio, change_keys);
    shortcuts::install(ctx, &studio.settings.shortcuts);
    studio.state.settings_page.clash = None;
}

/// Gives a command a key, unless another has it.
fn bind(studio: &mut Studio, ctx: &egui::Context, id: String, key: KeyboardShortcut) {
    studio.state.settings_page.recording = None;
    let keymap = shortcuts::of(ctx);
    let others: Vec<String> = keymap.clashes(&id, key).iter().map(|other| other.id.clone()).collect();
    if others.is_empty() {
        change_keys(studio, ctx, |settings| {
            settings.shortcuts.insert(id, shortcuts::to_text(key));
        });
        return;
    }
    let can_swap = swapped(&studio.settings, &keymap, &id, &others).is_some();
    studio.state.settings_page.clash = Some(Clash {
        id,
        key,
        others,
        can_swap,
    });
}

/// The settings with the keys of two commands changed; `None` if more than two are concerned.
fn swapped(settings: &Settings, keymap: &Keymap, id: &str, others: &[String]) -> Option<Settings> {
    let [other] = others else {
        return None;
    };
    let text = |id: &str| -> Option<String> {
        let key = keymap.entry(id)?.keys.first();
        Some(key.map(|key| shortcuts::to_text(*key)).unwrap_or_default())
    };
    let mut settings = settings.clone();
    settings.shortcuts.insert(id.to_owned(), text(other)?);
    settings.shortcuts.insert(other.clone(), text(id)?);
    Keymap::new(&settings.shortcuts).is_clear().then_some(settings)
}

fn swap(studio: &mut Studio, ctx: &egui::Context) {
    let Some(clash) = studio.state.settings_page.clash.take() else {
        return;
    };
    if let Some(settings) = swapped(&studio.settings, &shortcuts::of(ctx), &clash.id, &clash.others) {
        change_keys(studio, ctx, |now| now.shortcuts = settings.shortcuts);
    }
}

/// Gives a command its own keys again, unless another command has one of them by now.
fn reset(studio: &mut Studio, ctx: &egui::Context, id: &str) {
    let mut settings = studio.settings.clone();
    settings.shortcuts.remove(id);
    let keymap = Keymap::new(&settings.shortcuts);
    let Some(entry) = keymap.entry(id) else {
        return;
    };
    let clash = entry.keys.iter().find_map(|key| {
        let others = keymap.clashes(id, *key);
        (!others.is_empty()).then(|| (*key, others.iter().map(|other| other.id.clone()).collect::<Vec<_>>()))
    });
    match clash {
        None => change_keys(studio, ctx, |now| now.shortcuts = settings.shortcuts),
        Some((key, others)) => {
            studio.state.settings_page.clash = Some(Clash {
                id: id.to_owned(),
                key,
                others,
                can_swap: false,
            });
        }
    }
}

fn read_log(studio: &mut Studio) {
    studio.state.settings_page.log.get_or_insert_with(|| Ok(Vec::new())); // it has been asked for
    let (commands, repaint) = (studio.commands.clone(), Arc::clone(&studio.repaint));
    let path = studio.services.log_file.clone();
    on_own_thread(move || {
        let log = log_tail(&path, MAX_LINES).map_err(|error| error.to_string());
        commands.send(UiCommand::Settings(SettingsCommand::TakeLog(log)));
        repaint();
    });
}

fn open_log_folder(studio: &Studio) {
    let log_file = studio.services.log_file.clone();
    on_own_thread(move || {
        if let Err(error) = opener::open(log_file.parent().unwrap_or(&log_file)) {
            tracing::warn!("the folder could not be opened: {error}: {}", log_file.display());
        }
    });
}
