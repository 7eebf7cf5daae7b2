//! Which key does what.

use egui::{Align, Button, Frame, Layout, RichText, TextEdit, Ui, vec2};

use super::SettingsPage;
use super::rows::title;
use crate::ui::commands::shortcuts::{self, KeyBinding, Keymap};
use crate::ui::commands::{PageId, Scope, SettingsCommand, UiCommand};
use crate::ui::panel::PanelContext;
use crate::ui::theme::{self, ROW_HEIGHT};
use crate::ui::widgets::icon::Icon;
use crate::ui::widgets::icon_button::icon_button;
use crate::ui::widgets::right_aligned::right_aligned;

/// Width of the button with the key.
const KEY_WIDTH: f32 = 190.0;

impl SettingsPage {
    /// Lays the part out.
    pub(super) fn show_keys(&mut self, ui: &mut Ui, ctx: &PanelContext<'_>) {
        title(ui, ctx, "settings-keys");
        ui.horizontal(|ui| {
            let field = TextEdit::singleline(&mut self.filter)
                .hint_text(ctx.tr("settings-keys-find"))
                .desired_width(280.0);
            ui.add(field).accessible_name(ctx.tr("settings-keys-find"));
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                ctx.button(ui, SettingsCommand::ResetKeys);
            });
        });
        let keymap = shortcuts::of(ui.ctx());
        let words = self.filter.to_lowercase();
        let scopes = std::iter::once(Scope::Everywhere).chain(PageId::ALL.map(Scope::Page));
        for scope in scopes {
            let is_shown = |entry: &&KeyBinding| {
                let name = entry.spec.command.name(ctx.language).to_lowercase();
                entry.spec.scope == scope && name.contains(words.trim())
            };
            let shown: Vec<&KeyBinding> = keymap.entries().iter().filter(is_shown).collect();
            if shown.is_empty() {
                continue;
            }
            ui.add_space(14.0);
            let heading = match scope {
                Scope::Everywhere => ctx.tr("settings-keys-everywhere"),
                Scope::Page(page) => ctx.tr(page.key()),
            };
            ui.label(RichText::new(heading).family(theme::strong_family()));
            ui.add_space(4.0);
            for entry in shown {
                self.key_row(ui, ctx, &keymap, entry);
            }
        }
    }

    /// A command, its key, and what can be done about it.
    fn key_row(&self, ui: &mut Ui, ctx: &PanelContext<'_>, keymap: &Keymap, entry: &KeyBinding) {
        let name = entry.spec.command.name(ctx.language);
        ui.horizontal(|ui| {
            ui.set_min_height(ROW_HEIGHT);
            ui.label(&name)
                .on_hover_text(entry.spec.command.tooltip(ctx.language, ui.ctx()));
            right_aligned(ui, &entry.id, |ui| {
                ui.spacing_mut().item_spacing.x = 4.0;
                let is_recording = self.recording.as_deref() == Some(&*entry.id);
                let keys: Vec<String> = entry.keys.iter().map(|key| ui.ctx().format_shortcut(key)).collect();
                let words = match (is_recording, keys.is_empty()) {
                    (true, _) => RichText::new(ctx.tr("settings-keys-press")).color(*ctx.palette.accent),
                    (false, true) => RichText::new(ctx.tr("settings-keys-unset")).color(*ctx.palette.text_weak),
                    (false, false) => RichText::new(keys.join(" · ")),
                };
                let button = ui.add(Button::new(words).min_size(vec2(KEY_WIDTH, ROW_HEIGHT)));
                let label = if is_recording {
                    ctx.tr("settings-keys-press")
                } else {
                    ctx.language.tr_with("settings-keys-key", &[("command", &name)])
                };
                let button = button
                    .accessible_name(label)
                    .on_hover_text(ctx.tr("settings-keys-key.tip"));
                if button.clicked() {
                    let command = if is_recording {
                        SettingsCommand::StopRecording
                    } else {
                        SettingsCommand::Record(entry.id.clone())
                    };
                    send(ctx, command);
                }
                if is_recording {
                    button.surrender_focus(); // the keys are for the command now
                }
                let mut icon = |icon, key: &str, is_offered: bool| {
                    if !is_offered {
                        ui.add_space(ROW_HEIGHT + 4.0);
                        return false;
                    }
                    let text = ctx.look().text(key);
                    let words = ctx
                        .language
                        .tr_with("settings-keys-of", &[("name", &text.name), ("command", &name)]);
                    icon_button(ui, icon, &words, &text.tip, false).clicked()
                };
                if icon(Icon::Loop, "settings-keys-usual", entry.is_changed) {
                    send(ctx, SettingsCommand::ResetKey(entry.id.clone()));
                }
                if icon(Icon::Close, "settings-keys-none", !entry.keys.is_empty()) {
                    send(ctx, SettingsCommand::Unbind(entry.id.clone()));
                }
            });
        });
        if self.clash.as_ref().is_some_and(|clash| clash.id == entry.id) {
            self.show_clash(ui, ctx, keymap);
        }
    }

    /// Says whose key it is, and offers to change the two.
    fn show_clash(&self, ui: &mut Ui, ctx: &PanelContext<'_>, keymap: &Keymap) {
        let Some(clash) = &self.clash else {
            return;
        };
        let others: Vec<String> = clash
            .others
            .iter()
            .filter_map(|id| keymap.entry(id))
            .map(|other| other.spec.command.name(ctx.language))
            .collect();
        let key = ui.ctx().format_shortcut(&clash.key);
        let values = [("key", key.as_str()), ("others", &others.join(", "))];
        let words = ctx.language.tr_with("settings-keys-clash", &values);
        Frame::new()
            .fill(*ctx.palette.field)
            .corner_radius(4)
            .inner_margin(egui::Margin::symmetric(10, 6))
            .show(ui, |ui| {
                ui.horizontal(|ui| {
                    ui.label(RichText::new(words).color(*ctx.palette.warning));
                    right_aligned(ui, "answers", |ui| {
                        if clash.can_swap {
                            let swap = ui.button(ctx.tr("settings-keys-swap"));
                            if swap.on_hover_text(ctx.tr("settings-keys-swap.tip")).clicked() {
                                send(ctx, SettingsCommand::Swap);
                            }
                        }
                        let leave = ui.button(ctx.tr("settings-keys-leave"));
                        if leave.on_hover_text(ctx.tr("settings-keys-leave.tip")).clicked() {
                            send(ctx, SettingsCommand::LeaveClash);
                        }
                    });
                });
            });
    }
}

fn send(ctx: &PanelContext<'_>, command: SettingsCommand) {
    ctx.commands.send(UiCommand::Settings(command));
}
