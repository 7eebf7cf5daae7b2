//! Language, theme, size, motion.

use egui::Ui;

use super::rows::{choice, row, switch, title};
use crate::config::ThemeChoice;
use crate::ui::commands::{SettingsCommand, UiCommand};
use crate::ui::i18n::Language;
use crate::ui::panel::PanelContext;

/// The sizes that are offered, in percent.
const SCALES: [u32; 10] = [75, 80, 90, 100, 110, 125, 150, 175, 200, 250];

/// Lays the part out.
pub(super) fn show(ui: &mut Ui, ctx: &PanelContext<'_>) {
    title(ui, ctx, "settings-general");
    row(ui, ctx, "top-language", |ui| {
        let languages = (ctx.language, &Language::ALL[..]);
        let chosen = choice(ui, ctx, "top-language", languages, |language| {
            language.name().to_owned()
        });
        if let Some(language) = chosen {
            ctx.commands.send(UiCommand::SetLanguage(language));
        }
    });
    row(ui, ctx, "top-theme", |ui| {
        let themes = [ThemeChoice::Dark, ThemeChoice::Light, ThemeChoice::System];
        let chosen = choice(ui, ctx, "top-theme", (ctx.theme_choice, &themes), |theme| match theme {
            ThemeChoice::Dark => ctx.tr("theme-dark"),
            ThemeChoice::Light => ctx.tr("theme-light"),
            ThemeChoice::System => ctx.tr("theme-system"),
        });
        if let Some(theme) = chosen {
            ctx.commands.send(UiCommand::SetTheme(theme));
        }
    });
    row(ui, ctx, "settings-scale", |ui| {
        let now = (100.0 * ctx.settings.ui_scale).round() as u32;
        let chosen = choice(ui, ctx, "settings-scale", (now, &SCALES), |percent| {
            format!("{percent} %")
        });
        if let Some(percent) = chosen {
            let scale = SettingsCommand::SetScale(percent as f32 / 100.0);
            ctx.commands.send(UiCommand::Settings(scale));
        }
    });
    if let Some(is_on) = switch(ui, ctx, "settings-motion", ctx.settings.reduce_motion) {
        let command = SettingsCommand::ReduceMotion(is_on);
        ctx.commands.send(UiCommand::Settings(command));
    }
}
