//! What each command of the page does.

use std::path::PathBuf;

use egui::{Event, Key, KeyboardShortcut, Modifiers};

use super::{Clash, SettingsPage};
use crate::config::{Settings, log_tail};
use crate::gallery::IndexRequest;
use crate::ui::commands::shortcuts::{self, Keymap};
use crate::ui::commands::{SettingsCommand, UiCommand};
use crate::ui::page::PageContext;
use crate::ui::services::Services;
use crate::ui::theme;

/// Lines of the log that are shown.
const MAX_LINES: usize = 200;

impl SettingsPage {
    /// Does what the page was asked for. Returns at once.
    pub(super) fn carry_out(&mut self, command: SettingsCommand, ctx: &mut PageContext<'_>) {
        match command {
            SettingsCommand::Show(section) => {
                self.section = section;
                self.recording = None;
            }
            SettingsCommand::SetScale(scale) => {
                ctx.egui.set_zoom_factor(scale);
                ctx.services.change_settings(|settings| settings.ui_scale = scale);
            }
            SettingsCommand::ReduceMotion(is_on) => {
                ctx.services.change_settings(|settings| settings.reduce_motion = is_on);
                ctx.state.is_still = ctx.services.is_still();
                theme::set_still(ctx.egui, ctx.state.is_still);
            }
            SettingsCommand::ChooseGallery => pick_folder(ctx.services, "settings-gallery", |path| {
                SettingsCommand::SetGallery(Some(path))
            }),
            SettingsCommand::SetGallery(folder) => {
                ctx.services.change_settings(|settings| settings.gallery_dir = folder);
            }
            SettingsCommand::ChooseWatched => pick_folder(ctx.services, "settings-watched", SettingsCommand::Watch),
            SettingsCommand::Watch(folder) => watch(ctx.services, |folders| {
                if !folders.contains(&folder) {
                    folders.push(folder);
                }
            }),
            SettingsCommand::Unwatch(folder) => {
                watch(ctx.services, |folders| folders.retain(|other| *other != folder));
            }
            SettingsCommand::SetFormat(format) => {
                change_saving(ctx.services, |settings| settings.picture_format = format);
            }
            SettingsCommand::SetQuality(quality) => {
                change_saving(ctx.services, |settings| settings.picture_quality = quality);
            }
            SettingsCommand::SetNameTemplate(template) => {
                change_saving(ctx.services, |settings| settings.name_template = template);
            }
            SettingsCommand::SetDevice(device) => ctx.services.change_settings(|settings| settings.device = device),
            SettingsCommand::SetThreads(threads) => {
                ctx.services.change_settings(|settings| settings.threads = threads);
            }
            SettingsCommand::Record(id) => {
                self.recording = Some(id);
                self.clash = None;
            }
            SettingsCommand::StopRecording => self.recording = None,
            SettingsCommand::Swap => self.swap(ctx),
            SettingsCommand::LeaveClash => self.clash = None,
            SettingsCommand::Unbind(id) => self.change_keys(ctx, |settings| {
                settings.shortcuts.insert(id, String::new());
            }),
            SettingsCommand::ResetKey(id) => self.reset(ctx, &id),
            SettingsCommand::ResetKeys => self.change_keys(ctx, |settings| settings.shortcuts.clear()),
            SettingsCommand::ReadLog => self.read_log(ctx.services),
            SettingsCommand::TakeLog(log) => self.log = Some(log),
            SettingsCommand::OpenLogFolder => ctx.services.open_folder(ctx.services.log_file.clone()),
        }
    }

    /// Takes the next key as the one that was chosen for a command, if one is to be chosen; Escape chooses none. The
    /// result says whether a key is waited for.
    pub(super) fn record_key(&mut self, ctx: &mut PageContext<'_>) -> bool {
        let Some(id) = self.recording.clone() else {
            return false;
        };
        match pressed_key(ctx.egui) {
            None => {}
            Some(key) if key.logical_key == Key::Escape => self.recording = None,
            Some(key) => self.bind(ctx, id, key),
        }
        true
    }

    fn change_keys(&mut self, ctx: &mut PageContext<'_>, change_keys: impl FnOnce(&mut Settings)) {
        ctx.services.change_settings(change_keys);
        shortcuts::install(ctx.egui, &ctx.services.settings.shortcuts);
        self.clash = None;
    }

    /// Gives a command a key, unless another has it.
    fn bind(&mut self, ctx: &mut PageContext<'_>, id: String, key: KeyboardShortcut) {
        self.recording = None;
        let keymap = shortcuts::of(ctx.egui);
        let others: Vec<String> = keymap.clashes(&id, key).iter().map(|other| other.id.clone()).collect();
        if others.is_empty() {
            self.change_keys(ctx, |settings| {
                settings.shortcuts.insert(id, shortcuts::to_text(key));
            });
            return;
        }
        let can_swap = swapped(&ctx.services.settings, &keymap, &id, &others).is_some();
        self.clash = Some(Clash {
            id,
            key,
            others,
            can_swap,
        });
    }

    fn swap(&mut self, ctx: &mut PageContext<'_>) {
        let Some(clash) = self.clash.take() else {
            return;
        };
        let keymap = shortcuts::of(ctx.egui);
        if let Some(settings) = swapped(&ctx.services.settings, &keymap, &clash.id, &clash.others) {
            self.change_keys(ctx, |now| now.shortcuts = settings.shortcuts);
        }
    }

    /// Gives a command its own keys again, unless another command has one of them by now.
    fn reset(&mut self, ctx: &mut PageContext<'_>, id: &str) {
        let mut settings = ctx.services.settings.clone();
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
            None => self.change_keys(ctx, |now| now.shortcuts = settings.shortcuts),
            Some((key, others)) => {
                self.clash = Some(Clash {
                    id: id.to_owned(),
                    key,
                    others,
                    can_swap: false,
                });
            }
        }
    }

    fn read_log(&mut self, services: &Services) {
        self.log.get_or_insert_with(|| Ok(Vec::new())); // it has been asked for
        let path = services.log_file.clone();
        services.run(move || {
            let log = log_tail(&path, MAX_LINES).map_err(|error| error.to_string());
            UiCommand::Settings(SettingsCommand::TakeLog(log))
        });
    }
}

fn change_saving(services: &mut Services, change: impl FnOnce(&mut Settings)) {
    services.change_settings(change);
    services.apply_save_options();
}

fn pick_folder(services: &Services, title: &str, command: impl FnOnce(PathBuf) -> SettingsCommand + Send + 'static) {
    services.pick_folder(title, |path| UiCommand::Settings(command(path)));
}

fn watch(services: &mut Services, change_folders: impl FnOnce(&mut Vec<PathBuf>)) {
    services.change_settings(|settings| change_folders(&mut settings.watched_folders));
    if let Some(index) = &services.index {
        index.request(IndexRequest::Watch(services.settings.watched_folders.clone()));
    }
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

/// The key that was pressed, taken out of the input with all others.
fn pressed_key(egui: &egui::Context) -> Option<KeyboardShortcut> {
    let (key, held) = egui.input_mut(|input| {
        let mut pressed = None;
        input.events.retain(|event| match event {
            Event::Key {
                key,
                pressed: true,
                repeat: false,
                modifiers,
                ..
            } => {
                pressed = pressed.or(Some((*key, *modifiers)));
                false
            }
            Event::Key { .. } | Event::Text(_) => false,
            _ => true,
        });
        pressed
    })?;
    let mut modifiers = Modifiers::NONE;
    for (is_held, modifier) in [
        (held.command || held.ctrl, Modifiers::COMMAND),
        (held.alt, Modifiers::ALT),
        (held.shift, Modifiers::SHIFT),
    ] {
        if is_held {
            modifiers |= modifier;
        }
    }
    Some(KeyboardShortcut::new(modifiers, key))
}
