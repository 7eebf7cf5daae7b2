//! The part of the form that shows what was brought in: from which picture, how, and how much.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use egui::{
    Align, Button, ComboBox, DragValue, Frame, Label, Layout, Margin, Rect, RichText, Role, Sense, Stroke, TextEdit,
    Ui, Vec2, WidgetInfo, pos2, vec2,
};

use crate::engine;
use crate::job::{Control, InitPicture, InitWay, Mask, Outpaint, Reference, ReferencePart, RgbImage};
use crate::ui::commands::{ImageInputCommand, InputImage, Target, UiCommand};
use crate::ui::model::state::file_name;
use crate::ui::pages::studio::panel::{Slot, StudioContext, StudioPanel};
use crate::ui::theme::{self, ROW_HEIGHT};
use crate::ui::widgets::form_row::{RowStyle, Scale};
use crate::ui::widgets::icon::Icon;
use crate::ui::widgets::icon_button::icon_button;

/// Side of the small picture beside a heading.
const THUMBNAIL: f32 = 44.0;
/// Height of the way from the picture to noise.
const DEPTH_HEIGHT: f32 = 46.0;
/// Pixels around the masked part, where only that is painted, at first.
const PADDING_PX: u32 = 32;
/// Furthest that a picture is painted on beyond an edge, in pixels.
const MAX_OUTPAINT_PX: u32 = 2048;

/// Lists the pictures that were brought in, and offers to bring in another.
pub(in crate::ui) struct ImageInputPanel;

impl StudioPanel for ImageInputPanel {
    fn id(&self) -> &'static str {
        "bring"
    }

    fn slot(&self) -> Slot {
        Slot::Form
    }

    fn ui(&mut self, ui: &mut Ui, ctx: &mut StudioContext<'_, '_>) {
        if let Some(mut init) = ctx.draft.request.init.clone() {
            let before = (init.clone(), ctx.draft.request.mask.clone(), ctx.draft.request.outpaint);
            group(ui, |ui| start(ui, ctx, &mut init));
            if ctx.draft.request.init.is_some() {
                ctx.draft.request.init = Some(init.clone());
            }
            if before != (init, ctx.draft.request.mask.clone(), ctx.draft.request.outpaint) {
                ctx.commands.send(UiCommand::ImageInput(ImageInputCommand::Preview));
            }
        }
        for place in 0..ctx.draft.request.controls.len() {
            let mut control = ctx.draft.request.controls[place].clone();
            ui.push_id(("control", place), |ui| {
                group(ui, |ui| follow(ui, ctx, place, &mut control));
            });
            ctx.draft.request.controls[place] = control;
        }
        for place in 0..ctx.draft.request.references.len() {
            let mut reference = ctx.draft.request.references[place].clone();
            ui.push_id(("reference", place), |ui| {
                group(ui, |ui| refer(ui, ctx, place, &mut reference));
            });
            ctx.draft.request.references[place] = reference;
        }
        ui.horizontal(|ui| {
            for command in [ImageInputCommand::Choose, ImageInputCommand::Paste] {
                let command = UiCommand::ImageInput(command);
                let button = ui.button(command.name(ctx.language));
                if button.on_hover_text(command.tooltip(ctx.language, ui.ctx())).clicked() {
                    ctx.commands.send(command);
                }
            }
        });
        ui.add_space(4.0);
    }
}

fn group(ui: &mut Ui, add_contents: impl FnOnce(&mut Ui)) {
    Frame::group(ui.style()).inner_margin(Margin::same(8)).show(ui, |ui| {
        ui.set_width(ui.available_width());
        add_contents(ui);
    });
    ui.add_space(4.0);
}

/// The picture, what is made of it, its file, and a way to leave it out.
fn heading(ui: &mut Ui, ctx: &mut StudioContext<'_, '_>, key: &str, picture: &Path, brought: InputImage) {
    let name = ctx.tr(key);
    let file = file_name(picture);
    ui.horizontal(|ui| {
        let (rect, _) = ui.allocate_exact_size(Vec2::splat(THUMBNAIL), Sense::hover());
        ui.painter().rect_filled(rect, 4.0, *ctx.palette.field);
        if let Some(looked) = ctx.page.image_input.looked(picture).cloned() {
            paint_inside(ui, ctx, rect, &looked.thumbnail);
        }
        let room = vec2(
            ui.available_width() - ROW_HEIGHT - ui.spacing().item_spacing.x,
            THUMBNAIL,
        );
        ui.allocate_ui_with_layout(room, Layout::top_down(Align::Min), |ui| {
            ui.set_min_size(room);
            ui.add_space(3.0);
            let tip = ctx.tr(&format!("{key}.tip"));
            ui.label(RichText::new(&name).family(theme::strong_family()))
                .on_hover_text(tip);
            ui.add(Label::new(RichText::new(&file).weak()).truncate())
                .on_hover_text(picture.display().to_string());
        });
        let words = ctx.language.tr_with("bring-remove", &[("name", &name)]);
        let tip = ctx.tr("bring-remove.tip");
        if icon_button(ui, Icon::Close, &words, &tip, false).clicked() {
            ctx.commands
                .send(UiCommand::ImageInput(ImageInputCommand::Remove(brought)));
        }
    });
}

/// Draws all of a picture as large as the room lets it be.
fn paint_inside(ui: &Ui, ctx: &mut StudioContext<'_, '_>, room: Rect, picture: &Arc<RgbImage>) {
    let size = vec2(picture.width_px as f32, picture.height_px as f32);
    let scale = (room.size() / size).min_elem();
    let rect = Rect::from_center_size(room.center(), size * scale);
    let texture = ctx.textures.smooth(ui.ctx(), picture);
    let uv = Rect::from_min_max(pos2(0.0, 0.0), pos2(1.0, 1.0));
    ui.painter().image(texture.id(), rect, uv, egui::Color32::WHITE);
}

/// What the picture to start from has become.
fn target_of(init: &InitPicture, mask: Option<&Mask>, outpaint: Outpaint) -> Target {
    match init.way {
        _ if mask.is_some() || outpaint.is_any() => Target::PaintInto,
        InitWay::Inversion { .. } => Target::Restyle,
        InitWay::Noise | InitWay::Beside { .. } => Target::StartFrom,
    }
}

fn start(ui: &mut Ui, ctx: &mut StudioContext<'_, '_>, init: &mut InitPicture) {
    let target = target_of(init, ctx.draft.request.mask.as_ref(), ctx.draft.request.outpaint);
    heading(ui, ctx, target.key(), &init.file, InputImage::Start);
    let look = ctx.look();
    match &mut init.way {
        InitWay::Inversion { prompt } => {
            let text = look.text("bring-shows");
            ui.add_space(2.0);
            ui.add(
                TextEdit::singleline(prompt)
                    .hint_text(ctx.tr("bring-shows-hint"))
                    .desired_width(f32::INFINITY),
            )
            .accessible_name(&text.name)
            .on_hover_text(&text.tip);
            depth(ui, ctx, &init.file, &mut init.strength);
        }
        InitWay::Noise => {
            let scale = part_scale(target.strength());
            look.slider_row(ui, "bring-strength", &mut init.strength, &scale);
        }
        InitWay::Beside { guidance_scale } => {
            let scale = Scale {
                usual: 1.0..=3.0,
                whole: 0.0..=10.0,
                step: 0.05,
                decimals: 2,
                default: 1.5,
            };
            look.slider_row(ui, "bring-resemblance", guidance_scale, &scale);
        }
    }
    if target == Target::PaintInto {
        mask(ui, ctx);
        outpaint(ui, ctx);
    }
}

fn part_scale(default: f64) -> Scale {
    Scale {
        usual: 0.0..=1.0,
        whole: 0.0..=1.0,
        step: 0.01,
        decimals: 2,
        default,
    }
}

/// The part of the steps as a number of them, and back: the number that is taken is just that.
fn strength_of(depth: u32, steps: u32) -> f64 {
    let strength = f64::from(depth) / f64::from(steps.max(1));
    let is_short = ((f64::from(steps) * strength) as u32) < depth;
    if is_short { strength.next_up() } else { strength }.min(1.0)
}

/// How deep the picture is inverted: from the picture as it is, 0, to all noise, N.
fn depth(ui: &mut Ui, ctx: &mut StudioContext<'_, '_>, picture: &Path, strength: &mut f64) {
    let steps = ctx.draft.request.steps;
    let before = (f64::from(steps) * *strength).floor();
    let mut depth = before;
    ui.add_space(4.0);
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), DEPTH_HEIGHT), Sense::click_and_drag());
    let painter = ui.painter_at(rect);
    painter.rect_filled(rect, 4.0, *ctx.palette.field);
    if let Some(looked) = ctx.page.image_input.looked(picture).cloned() {
        ends(ui, ctx, rect, &looked.drawn[Target::Restyle.place()]);
    }
    if let Some(pointer) = response.interact_pointer_pos() {
        let part = ((pointer.x - rect.left()) / rect.width()).clamp(0.0, 1.0);
        depth = (f64::from(part) * f64::from(steps)).round();
    }
    let x = rect.left() + rect.width() * (depth / f64::from(steps.max(1))) as f32;
    let x = x.clamp(rect.left() + 1.0, rect.right() - 1.0);
    painter.vline(x, rect.y_range(), Stroke::new(4.0, *ctx.palette.canvas));
    painter.vline(x, rect.y_range(), Stroke::new(2.0, *ctx.palette.accent));
    let text = ctx.look().text("bring-depth");
    let words = ctx.language.tr_with("bring-depth-picture", &[("name", &text.name)]);
    response.widget_info(|| WidgetInfo::labeled(Role::Image, true, &words));
    response.on_hover_text(&text.tip);
    ui.horizontal(|ui| {
        ui.small(RichText::new(ctx.tr("bring-depth-none")).color(*ctx.palette.text_weak));
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            ui.small(RichText::new(ctx.tr("bring-depth-all")).color(*ctx.palette.text_weak));
        });
    });
    let scale = Scale {
        usual: 0.0..=f64::from(steps),
        whole: 0.0..=f64::from(steps),
        step: 1.0,
        decimals: 0,
        default: (f64::from(steps) * Target::Restyle.strength()).floor(),
    };
    ctx.look().slider_row(ui, "bring-depth", &mut depth, &scale);
    if (depth - before).abs() > 0.5 {
        *strength = strength_of(depth.round() as u32, steps);
    }
}

/// The middle rows of the picture under growing noise, along the whole width.
fn ends(ui: &Ui, ctx: &mut StudioContext<'_, '_>, rect: Rect, drawn: &Arc<RgbImage>) {
    let (width, height) = (drawn.width_px as f32, drawn.height_px as f32);
    let part = (rect.height() / rect.width() * width / height).min(1.0);
    let uv = Rect::from_min_max(pos2(0.0, 0.5 - part / 2.0), pos2(1.0, 0.5 + part / 2.0));
    let texture = ctx.textures.smooth(ui.ctx(), drawn);
    ui.painter().image(texture.id(), rect, uv, egui::Color32::WHITE);
}

fn mask(ui: &mut Ui, ctx: &mut StudioContext<'_, '_>) {
    let look = ctx.look();
    let is_blank = ctx
        .draft
        .request
        .mask
        .as_ref()
        .is_none_or(|mask| mask.file.as_os_str().is_empty());
    let edit = UiCommand::ImageInput(ImageInputCommand::EditMask);
    ui.horizontal(|ui| {
        let button =
            Button::selectable(ctx.page.image_input.mask.is_open, edit.name(ctx.language)).frame_when_inactive(true);
        if ui
            .add(button)
            .on_hover_text(edit.tooltip(ctx.language, ui.ctx()))
            .clicked()
        {
            ctx.commands.send(edit);
        }
        let key = if is_blank { "mask-blank" } else { "mask-there" };
        ui.add(Label::new(RichText::new(ctx.tr(key)).weak()).truncate());
    });
    let Some(mask) = &mut ctx.draft.request.mask else {
        return;
    };
    let scale = Scale {
        usual: 0.0..=64.0,
        whole: 0.0..=256.0,
        step: 1.0,
        decimals: 0,
        default: Mask::default().blur_px,
    };
    look.slider_row(ui, "mask-blur", &mut mask.blur_px, &scale);
    let soft = look.text("mask-soft");
    ui.checkbox(&mut mask.is_soft, soft.name).on_hover_text(soft.tip);
    let only = look.text("mask-only");
    let mut is_only = mask.only_masked_padding_px.is_some();
    if ui.checkbox(&mut is_only, only.name).on_hover_text(only.tip).changed() {
        mask.only_masked_padding_px = is_only.then_some(PADDING_PX);
    }
    if let Some(padding_px) = &mut mask.only_masked_padding_px {
        let mut padding = f64::from(*padding_px);
        let scale = Scale {
            usual: 0.0..=256.0,
            whole: 0.0..=1024.0,
            step: 1.0,
            decimals: 0,
            default: f64::from(PADDING_PX),
        };
        look.slider_row(ui, "mask-padding", &mut padding, &scale);
        *padding_px = padding.round() as u32;
    }
}

fn outpaint(ui: &mut Ui, ctx: &mut StudioContext<'_, '_>) {
    let look = ctx.look();
    let text = look.text("bring-outpaint");
    ui.label(RichText::new(&text.name).color(*ctx.palette.text_weak))
        .on_hover_text(&text.tip);
    let multiple = ctx.draft.defaults.size_multiple_px;
    let by = &mut ctx.draft.request.outpaint;
    let sides = [
        ("bring-left", "← ", &mut by.left_px),
        ("bring-top", "↑ ", &mut by.top_px),
        ("bring-right", "→ ", &mut by.right_px),
        ("bring-bottom", "↓ ", &mut by.bottom_px),
    ];
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = theme::GRID;
        let width = (ui.available_width() - 3.0 * theme::GRID) / 4.0;
        for (key, arrow, px) in sides {
            let widget = DragValue::new(px)
                .prefix(arrow)
                .range(0..=MAX_OUTPAINT_PX)
                .speed(f64::from(multiple) / 4.0);
            let field = ui.add_sized(vec2(width, ROW_HEIGHT), widget);
            if field.changed() {
                *px = px.next_multiple_of(multiple).min(MAX_OUTPAINT_PX);
            }
            field.accessible_name(look.language.tr(key)).on_hover_text(&text.tip);
        }
    });
}

/// A list of files to choose from.
fn file_row(ui: &mut Ui, look: RowStyle, key: &str, known: &[PathBuf], chosen: &mut PathBuf) {
    look.row(ui, key, None, |ui, text| {
        let combo = ComboBox::from_id_salt(key)
            .selected_text(file_name(chosen))
            .width(ui.available_width())
            .truncate()
            .show_ui(ui, |ui| {
                for path in known {
                    ui.selectable_value(chosen, path.clone(), file_name(path));
                }
            });
        combo.response.accessible_name(&text.name).on_hover_text(&text.tip);
    });
}

fn weight_row(ui: &mut Ui, look: RowStyle, weight: &mut f64) {
    let scale = Scale {
        usual: 0.0..=2.0,
        whole: -10.0..=10.0,
        step: 0.05,
        decimals: 2,
        default: 1.0,
    };
    look.slider_row(ui, "bring-weight", weight, &scale);
}

fn follow(ui: &mut Ui, ctx: &mut StudioContext<'_, '_>, place: usize, control: &mut Control) {
    heading(
        ui,
        ctx,
        Target::Outlines.key(),
        &control.picture,
        InputImage::Control(place),
    );
    let look = ctx.look();
    file_row(
        ui,
        look,
        "bring-network",
        &ctx.page.image_input.adapters.controls,
        &mut control.model,
    );
    look.row(ui, "bring-preprocessor", None, |ui, text| {
        let known = engine::preprocessors();
        let none = look.language.tr("bring-preprocessor-none");
        let chosen = known.iter().find(|(id, _)| *id == control.preprocessor);
        let combo = ComboBox::from_id_salt("preprocessor")
            .selected_text(chosen.map_or(&*none, |(_, label)| label))
            .width(ui.available_width())
            .show_ui(ui, |ui| {
                ui.selectable_value(&mut control.preprocessor, String::new(), &none);
                for (id, label) in known {
                    ui.selectable_value(&mut control.preprocessor, id.to_owned(), label);
                }
            });
        combo.response.accessible_name(&text.name).on_hover_text(&text.tip);
    });
    weight_row(ui, look, &mut control.weight);
    look.slider_row(ui, "bring-from", &mut control.start, &part_scale(0.0));
    look.slider_row(ui, "bring-to", &mut control.end, &part_scale(1.0));
    control.end = control.end.max(control.start);
}

fn refer(ui: &mut Ui, ctx: &mut StudioContext<'_, '_>, place: usize, reference: &mut Reference) {
    let key = match reference.part {
        ReferencePart::Style => "bring-style",
        ReferencePart::Content => "bring-content",
        ReferencePart::All => "bring-all",
    };
    heading(ui, ctx, key, &reference.picture, InputImage::Reference(place));
    let look = ctx.look();
    file_row(
        ui,
        look,
        "bring-adapter",
        &ctx.page.image_input.adapters.references,
        &mut reference.adapter,
    );
    look.row(ui, "bring-part", None, |ui, _| {
        for (part, key) in [
            (ReferencePart::Style, "bring-part-style"),
            (ReferencePart::Content, "bring-part-content"),
            (ReferencePart::All, "bring-part-all"),
        ] {
            ui.selectable_value(&mut reference.part, part, look.language.tr(key));
        }
    });
    weight_row(ui, look, &mut reference.weight);
}

#[cfg(test)]
mod tests {
    use super::strength_of;

    #[test]
    fn every_depth_should_take_just_so_many_steps() {
        for steps in 1..=200_u32 {
            for depth in 0..=steps {
                let strength = strength_of(depth, steps);
                assert!((0.0..=1.0).contains(&strength));
                assert_eq!((f64::from(steps) * strength) as u32, depth, "{depth} of {steps}");
            }
        }
    }
}
