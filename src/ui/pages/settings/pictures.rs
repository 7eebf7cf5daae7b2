//! Where pictures are kept, in which files, under which names.

use std::path::Path;

use egui::{Label, RichText, TextEdit, Ui};

use super::rows::{choice, note, row, title};
use crate::config::{DEFAULT_NAME_TEMPLATE, Paths, PictureFormat};
use crate::gallery::NameTemplate;
use crate::ui::commands::{SettingsCommand, UiCommand};
use crate::ui::panel::PanelContext;
use crate::ui::widgets::icon::Icon;
use crate::ui::widgets::icon_button::icon_button;

/// Lays the part out.
///
/// * `template`: the words of the template while they are typed.
pub(super) fn show(ui: &mut Ui, ctx: &PanelContext<'_>, template: &mut Option<String>) {
    title(ui, ctx, "settings-pictures");
    row(ui, ctx, "settings-gallery", |ui| gallery(ui, ctx));
    row(ui, ctx, "settings-watched", |ui| watched(ui, ctx));
    row(ui, ctx, "settings-format", |ui| format(ui, ctx));
    row(ui, ctx, "settings-name", |ui| name(ui, ctx, template));
}

fn send(ctx: &PanelContext<'_>, command: SettingsCommand) {
    ctx.commands.send(UiCommand::Settings(command));
}

/// A path in one line; all of it is in the tooltip.
fn path_label(ui: &mut Ui, path: &Path) {
    let words = path.display().to_string();
    ui.add(Label::new(&words).truncate()).on_hover_text(words);
}

fn gallery(ui: &mut Ui, ctx: &PanelContext<'_>) {
    let usual = Paths::of_user().default_gallery_dir;
    let chosen = ctx.settings.gallery_dir.as_deref().unwrap_or(&usual);
    path_label(ui, chosen);
    ui.horizontal(|ui| {
        let choose = ui.button(ctx.tr("settings-gallery-choose"));
        if choose.on_hover_text(ctx.tr("settings-gallery-choose.tip")).clicked() {
            send(ctx, SettingsCommand::ChooseGallery);
        }
        if ctx.settings.gallery_dir.is_some() {
            let reset = ui.button(ctx.tr("settings-gallery-usual"));
            if reset.on_hover_text(usual.display().to_string()).clicked() {
                send(ctx, SettingsCommand::SetGallery(None));
            }
        }
    });
    let now = ctx.gallery_dir;
    if chosen == now {
        return;
    }
    let values = [("now", now.display().to_string())];
    let values = values.each_ref().map(|(name, value)| (*name, value.as_str()));
    note(ui, ctx, ctx.language.tr_with("settings-gallery-later", &values));
    if !ctx.settings.watched_folders.iter().any(|folder| folder == now) {
        let keep = ui.button(ctx.tr("settings-gallery-keep"));
        if keep.on_hover_text(ctx.tr("settings-gallery-keep.tip")).clicked() {
            send(ctx, SettingsCommand::Watch(now.to_owned()));
        }
    }
}

fn watched(ui: &mut Ui, ctx: &PanelContext<'_>) {
    for folder in &ctx.settings.watched_folders {
        ui.horizontal(|ui| {
            let words = folder.display().to_string();
            let name = ctx.language.tr_with("settings-watched-remove", &[("folder", &words)]);
            let tip = ctx.tr("settings-watched-remove.tip");
            if icon_button(ui, Icon::Close, &name, &tip, false).clicked() {
                send(ctx, SettingsCommand::Unwatch(folder.clone()));
            }
            path_label(ui, folder);
        });
    }
    let add = ui.button(ctx.tr("settings-watched-add"));
    if add.on_hover_text(ctx.tr("settings-watched-add.tip")).clicked() {
        send(ctx, SettingsCommand::ChooseWatched);
    }
}

fn format(ui: &mut Ui, ctx: &PanelContext<'_>) {
    let formats = [PictureFormat::Png, PictureFormat::WebpLossless, PictureFormat::Jpeg];
    let now = ctx.settings.picture_format;
    let chosen = choice(ui, ctx, "settings-format", (now, &formats), |format| match format {
        PictureFormat::Png => ctx.tr("settings-format-png"),
        PictureFormat::WebpLossless => ctx.tr("settings-format-webp"),
        PictureFormat::Jpeg => ctx.tr("settings-format-jpeg"),
    });
    if let Some(format) = chosen {
        send(ctx, SettingsCommand::SetFormat(format));
    }
    let text = ctx.look().text("settings-quality");
    let mut quality = ctx.settings.picture_quality;
    ui.add_enabled_ui(now == PictureFormat::Jpeg, |ui| {
        ui.horizontal(|ui| {
            let field = ui.add(egui::DragValue::new(&mut quality).range(1..=100).speed(0.3));
            field.accessible_name(&text.name).on_hover_text(&text.tip);
            ui.label(&text.name);
        });
    });
    if quality != ctx.settings.picture_quality {
        send(ctx, SettingsCommand::SetQuality(quality));
    }
}

fn name(ui: &mut Ui, ctx: &PanelContext<'_>, typed: &mut Option<String>) {
    let mut words = typed.clone().unwrap_or_else(|| ctx.settings.name_template.clone());
    let field = TextEdit::singleline(&mut words)
        .hint_text(DEFAULT_NAME_TEMPLATE)
        .desired_width(f32::INFINITY);
    let field = ui.add(field);
    if field.changed() {
        *typed = Some(words.clone());
        send(ctx, SettingsCommand::SetNameTemplate(words.clone()));
    }
    if field.lost_focus() {
        *typed = None;
    }
    let (line, colour) = match NameTemplate::parse(&words) {
        Ok(template) => {
            let example = template.example();
            let line = ctx.language.tr_with("settings-name-example", &[("name", &example)]);
            (line, *ctx.palette.text_weak)
        }
        Err(error) => {
            let reason = error.to_string();
            let line = ctx.language.tr_with("settings-name-bad", &[("reason", &reason)]);
            (line, *ctx.palette.error)
        }
    };
    ui.add(Label::new(RichText::new(line).small().color(colour)).wrap());
    if ctx.settings.name_template != DEFAULT_NAME_TEMPLATE {
        let reset = ui.button(ctx.tr("settings-name-usual"));
        if reset.on_hover_text(DEFAULT_NAME_TEMPLATE).clicked() {
            *typed = None;
            let usual = DEFAULT_NAME_TEMPLATE.to_owned();
            send(ctx, SettingsCommand::SetNameTemplate(usual));
        }
    }
    let words = RichText::new(ctx.tr("settings-name-words")).small();
    ui.add(Label::new(words.color(*ctx.palette.text_weak)).wrap());
}
