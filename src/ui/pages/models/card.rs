//! One thing that is installed.

use std::time::{SystemTime, UNIX_EPOCH};

use egui::{Align, Button, DragValue, Frame, Label, Layout, Margin, Rect, RichText, Sense, Ui, UiBuilder, vec2};

use super::ModelsPage;
use crate::hub::{InstalledModel, ModelKind};
use crate::job::ModelRef;
use crate::ui::commands::{ModelsCommand, UiCommand};
use crate::ui::i18n::Language;
use crate::ui::panel::PanelContext;
use crate::ui::theme;
use crate::ui::widgets::icon::Icon;
use crate::ui::widgets::icon_button::icon_button;
use crate::ui::widgets::right_aligned::right_aligned;

/// Least width of a card.
pub(super) const CARD_WIDTH: f32 = 320.0;
/// Height of a card.
pub(super) const CARD_HEIGHT: f32 = 128.0;
/// Space between cards.
pub(super) const GAP: f32 = 10.0;
/// Space inside one.
const MARGIN: f32 = 10.0;
/// Side of its picture.
const COVER_SIDE: f32 = CARD_HEIGHT - 2.0 * MARGIN;
/// Lines of what is wrong with it.
const ERROR_ROWS: usize = 3;
/// Seconds of a day.
const DAY_SECS: i64 = 86_400;

/// A card of this width: picture, name, what is known, and what can be done with it.
pub(super) fn show(ui: &mut Ui, ctx: &mut PanelContext<'_>, page: &ModelsPage, item: &InstalledModel, width: f32) {
    let (rect, _) = ui.allocate_exact_size(vec2(width, CARD_HEIGHT), Sense::hover());
    let is_in_form = is_in_form(ctx, item);
    let stroke = if is_in_form {
        egui::Stroke::new(1.0, *ctx.palette.accent)
    } else {
        egui::Stroke::NONE
    };
    let frame = Frame::new().fill(*ctx.palette.panel).stroke(stroke).corner_radius(4);
    ui.painter().add(frame.paint(rect));
    let inside = rect.shrink(MARGIN);
    let (picture, mut words) = inside.split_left_right_at_x(inside.left() + COVER_SIDE);
    words.min.x += MARGIN;
    cover(ui, ctx, page, item, picture);
    let layout = UiBuilder::new().max_rect(words).layout(Layout::top_down(Align::Min));
    ui.scope_builder(layout, |ui| {
        ui.spacing_mut().item_spacing = vec2(6.0, 3.0);
        ui.set_clip_rect(rect.intersect(ui.clip_rect()));
        name(ui, item);
        about(ui, ctx, item);
        details(ui, ctx, page, item);
        ui.with_layout(Layout::bottom_up(Align::Min), |ui| {
            ui.horizontal(|ui| verbs(ui, ctx, item, is_in_form));
        });
    });
}

fn name(ui: &mut Ui, item: &InstalledModel) {
    let text = RichText::new(&item.name).family(theme::strong_family());
    ui.add(Label::new(text).truncate())
        .on_hover_text(item.path.display().to_string());
}

/// Family, size, and whose folder it is in; or why it cannot be used.
fn about(ui: &mut Ui, ctx: &PanelContext<'_>, item: &InstalledModel) {
    let refusal = ctx
        .state
        .refusal(&ModelRef::Path(item.path.clone()))
        .map(|error| ctx.language.job_error(error));
    if let Some(reason) = item.error.clone().or(refusal) {
        let font = egui::TextStyle::Small.resolve(ui.style());
        let mut text = egui::text::LayoutJob::simple(reason.clone(), font, *ctx.palette.error, ui.available_width());
        text.wrap.max_rows = ERROR_ROWS;
        ui.add(Label::new(text)).on_hover_text(reason);
        return;
    }
    let mut parts = Vec::from_iter(item.family.map(str::to_owned));
    parts.push(size_words(item.bytes));
    if !item.is_ours() && !item.owner.name().is_empty() {
        parts.push(item.owner.name().to_owned());
    }
    weak(ui, ctx, &parts.join(" · "));
}

/// Trigger words, else hash; and when it was used.
fn details(ui: &mut Ui, ctx: &PanelContext<'_>, page: &ModelsPage, item: &InstalledModel) {
    let hash = match &item.hashes {
        Some(hashes) => hashes.lora.as_deref().unwrap_or_else(|| hashes.short()).to_owned(),
        None if page.hashing.contains(&item.path) => ctx.tr("models-hashing"),
        None => String::new(),
    };
    let used = last_used(ctx.language, item.last_used_unix_secs);
    let parts: Vec<String> = [hash, used].into_iter().filter(|part| !part.is_empty()).collect();
    weak(ui, ctx, &parts.join(" · "));
    if !item.trigger_words.is_empty() {
        let words = item.trigger_words.join(", ");
        let text = RichText::new(&words).small();
        let tip = ctx.language.tr_with("models-trigger-words", &[("words", &words)]);
        ui.add(Label::new(text).truncate()).on_hover_text(tip);
    }
}

fn weak(ui: &mut Ui, ctx: &PanelContext<'_>, text: &str) {
    let text = RichText::new(text).small().color(*ctx.palette.text_weak);
    ui.add(Label::new(text).truncate());
}

fn last_used(language: Language, at: Option<i64>) -> String {
    let Some(at) = at else {
        return language.tr("models-never-used");
    };
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    let now = now.map_or(0, |now| now.as_secs().cast_signed());
    match (now - at) / DAY_SECS {
        ..=0 => language.tr("models-used-today"),
        days => language.tr_count("models-used-days", usize::try_from(days).unwrap_or_default()),
    }
}

/// Bytes as people say them: `4.3 GB`, in powers of ten.
pub(super) fn size_words(bytes: u64) -> String {
    let (mut value, mut unit) = (bytes as f64, "B");
    for next in ["kB", "MB", "GB", "TB"] {
        if value < 999.5 {
            break;
        }
        (value, unit) = (value / 1000.0, next);
    }
    let decimals = usize::from(value < 99.5 && unit != "B");
    format!("{value:.decimals$} {unit}")
}

/// Its picture, else a field with its initial.
fn cover(ui: &Ui, ctx: &mut PanelContext<'_>, page: &ModelsPage, item: &InstalledModel, rect: Rect) {
    ui.painter().rect_filled(rect, 3.0, *ctx.palette.field);
    let known = page.covers.get(&item.path);
    if let Some(Some(picture)) = known {
        let texture = ctx.textures.smooth(ui.ctx(), picture);
        // As much of the middle as the square shows.
        let size = texture.size_vec2();
        let part = vec2((size.y / size.x).min(1.0), (size.x / size.y).min(1.0));
        let uv = Rect::from_center_size(egui::pos2(0.5, 0.5), part);
        egui::Image::new((texture.id(), rect.size()))
            .uv(uv)
            .corner_radius(3)
            .paint_at(ui, rect);
        return;
    }
    if known.is_none() && item.has_cover() {
        let read = ModelsCommand::ReadCover(item.path.clone());
        ctx.commands.send(UiCommand::Models(read));
    }
    let initial: String = item.name.chars().take(1).flat_map(char::to_uppercase).collect();
    let font = egui::FontId::new(36.0, theme::strong_family());
    let colour = *ctx.palette.active;
    ui.painter()
        .text(rect.center(), egui::Align2::CENTER_CENTER, initial, font, colour);
}

fn is_in_form(ctx: &PanelContext<'_>, item: &InstalledModel) -> bool {
    let form = &ctx.state.form;
    match item.kind {
        ModelKind::Model => matches!(&form.model, ModelRef::Path(path) if *path == item.path),
        ModelKind::Lora => form.loras.iter().any(|lora| lora.path == item.path),
        ModelKind::Embedding => form.embeddings.contains(&item.path),
        ModelKind::Vae => form.vae.as_ref() == Some(&item.path),
        ModelKind::Control | ModelKind::Upscaler => false,
    }
}

fn verbs(ui: &mut Ui, ctx: &PanelContext<'_>, item: &InstalledModel, is_in_form: bool) {
    let can_put = item.error.is_none() && !matches!(item.kind, ModelKind::Control | ModelKind::Upscaler);
    let (put, out) = (
        UiCommand::PutInForm(item.path.clone()),
        UiCommand::TakeOutOfForm(item.path.clone()),
    );
    match (can_put, is_in_form, item.kind) {
        (_, true, ModelKind::Model) => {
            ui.label(RichText::new(ctx.tr("models-in-form")).color(*ctx.palette.accent));
        }
        (_, true, _) => {
            weight(ui, ctx, item);
            verb(ui, ctx, item, out);
        }
        (true, false, _) => verb(ui, ctx, item, put),
        (false, false, _) => {}
    }
    right_aligned(ui, "more", |ui| {
        let open = UiCommand::Models(ModelsCommand::OpenFolder(item.path.clone()));
        let name = format!("{}: {}", open.name(ctx.language), item.name);
        let tip = open.tooltip(ctx.language, ui.ctx());
        if icon_button(ui, Icon::Folder, &name, &tip, false).clicked() {
            ctx.commands.send(open);
        }
        let (name, tip) = (ctx.tr("models-more"), ctx.tr("models-more.tip"));
        let name = format!("{name}: {}", item.name);
        let button = ui.button("…").accessible_name(name).on_hover_text(tip);
        egui::Popup::menu(&button).show(|ui| menu(ui, ctx, item));
    });
}

/// A button that speaks its item's name to those who do not see on which card it is.
fn verb(ui: &mut Ui, ctx: &PanelContext<'_>, item: &InstalledModel, command: UiCommand) {
    let name = command.name(ctx.language);
    let response = ui
        .add(Button::new(&name))
        .accessible_name(format!("{name}: {}", item.name))
        .on_hover_text(command.tooltip(ctx.language, ui.ctx()));
    if response.clicked() {
        ctx.commands.send(command);
    }
}

/// How much of an adapter is laid over the model.
fn weight(ui: &mut Ui, ctx: &PanelContext<'_>, item: &InstalledModel) {
    let (name, tip) = (ctx.tr("models-weight"), ctx.tr("models-weight.tip"));
    let Some(lora) = ctx.state.form.loras.iter().find(|lora| lora.path == item.path) else {
        return;
    };
    let mut weight = lora.unet_weight;
    let value = DragValue::new(&mut weight).speed(0.01).fixed_decimals(2);
    let response = ui.name_inputs(format!("{name}: {}", item.name), |ui| ui.add(value));
    if response.on_hover_text(tip).changed() && weight.is_finite() {
        ctx.commands.send(UiCommand::SetLoraWeight(item.path.clone(), weight));
    }
}

fn menu(ui: &mut Ui, ctx: &PanelContext<'_>, item: &InstalledModel) {
    let mut commands = Vec::new();
    if item.hashes.is_none() && item.path.extension().is_some() {
        commands.push(ModelsCommand::ComputeHashes(item.path.clone()));
    }
    if item.is_ours() {
        commands.push(ModelsCommand::Delete(item.path.clone()));
    }
    for command in commands {
        ctx.button(ui, command);
    }
    if let Some(hashes) = &item.hashes {
        Frame::new().inner_margin(Margin::symmetric(6, 2)).show(ui, |ui| {
            ui.label(ctx.language.tr_with("models-hash", &[("hash", hashes.short())]));
            if ui
                .button(ctx.tr("models-copy-hash"))
                .on_hover_text(&hashes.sha256)
                .clicked()
            {
                ui.ctx().copy_text(hashes.sha256.clone());
            }
        });
    }
    if !item.is_ours() {
        ui.weak(ctx.tr("models-not-ours"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_should_be_said_in_three_figures_at_most() {
        for (bytes, expected) in [
            (0, "0 B"),
            (999, "999 B"),
            (1_500, "1.5 kB"),
            (144_000_000, "144 MB"),
            (4_270_000_000, "4.3 GB"),
        ] {
            assert_eq!(size_words(bytes), expected);
        }
    }
}
