//! The pictures that are compared, small, with their place in the pair and their stars.

use egui::{Align, Button, Image, Layout, Rect, RichText, ScrollArea, Sense, Stroke, StrokeKind, Ui, UiBuilder};
use egui::{Role, WidgetInfo, vec2};

use super::{CompareContext, Compared};
use crate::ui::commands::CompareCommand;
use crate::ui::model::state::file_name;
use crate::ui::widgets::icon::{Icon, paint_icon};
use crate::ui::widgets::icon_button::icon_button;

/// Narrowest and widest that a picture's place gets.
const TILE_WIDTH: (f32, f32) = (134.0, 220.0);
/// Its height.
const TILE_HEIGHT: f32 = 76.0;
/// Side of the small picture.
const THUMBNAIL: f32 = 52.0;
/// Room between tiles.
const GAP: f32 = 4.0;
/// Side of a star.
const STAR: f32 = 14.0;

/// Lays the strip out.
pub(super) fn show(ui: &mut Ui, ctx: &mut CompareContext<'_, '_>) {
    let num = ctx.page.pictures.len();
    let even = (ui.available_width() + GAP) / num.max(1) as f32 - GAP;
    let width = even.clamp(TILE_WIDTH.0, TILE_WIDTH.1);
    ScrollArea::horizontal()
        .id_salt("strip")
        .auto_shrink(false)
        .show(ui, |ui| {
            ui.horizontal(|ui| {
                // Once after the place, once after what is in it.
                ui.spacing_mut().item_spacing.x = GAP / 2.0;
                for place in 0..num {
                    let (rect, _) = ui.allocate_exact_size(vec2(width, TILE_HEIGHT), Sense::hover());
                    ui.push_id(("tile", place), |ui| tile(ui, ctx, place, rect));
                }
            });
        });
}

fn tile(ui: &mut Ui, ctx: &mut CompareContext<'_, '_>, place: usize, rect: Rect) {
    let page = ctx.page;
    let picture = &page.pictures[place];
    let is_chosen = place == page.first || place == page.second;
    if is_chosen {
        ui.painter().rect_filled(rect, 4.0, *ctx.palette.raised);
    }
    let name = file_name(&picture.path);
    let inner = rect.shrink(4.0);
    let (small, rest) = inner.split_left_right_at_x(inner.left() + THUMBNAIL);
    thumbnail(
        ui,
        ctx,
        place,
        Rect::from_center_size(small.center(), egui::Vec2::splat(THUMBNAIL)),
    );
    let rest = rest.with_min_x(rest.left() + 6.0);
    let mut ui = ui.new_child(UiBuilder::new().max_rect(rest).layout(Layout::top_down(Align::Min)));
    ui.spacing_mut().item_spacing = vec2(2.0, 2.0);
    ui.spacing_mut().button_padding = vec2(5.0, 0.0);
    ui.spacing_mut().interact_size.y = 20.0;
    ui.visuals_mut().widgets.inactive.weak_bg_fill = *ctx.palette.active;
    title(&mut ui, ctx, picture, &name);
    ui.horizontal(|ui| {
        letter(ui, ctx, ("A", "compare-as-first", place == page.first), &name, || {
            CompareCommand::SetFirst(place)
        });
        letter(ui, ctx, ("B", "compare-as-second", place == page.second), &name, || {
            CompareCommand::SetSecond(place)
        });
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            let words = ctx.language.tr_with("compare-remove", &[("file", &name)]);
            if icon_button(ui, Icon::Close, &words, &words, false).clicked() {
                ctx.commands.send(CompareCommand::Remove(picture.path.clone()));
            }
        });
    });
    stars(&mut ui, ctx, picture, place);
}

/// The name, or why there is no picture. Painted: the small picture beside it is called by the same words.
fn title(ui: &mut Ui, ctx: &CompareContext<'_, '_>, picture: &Compared, name: &str) {
    let (rect, _) = ui.allocate_exact_size(vec2(ui.available_width(), 16.0), Sense::hover());
    let (words, colour) = match &picture.failure {
        Some(failure) => (failure.as_str(), *ctx.palette.error),
        None => (name, *ctx.palette.text),
    };
    let text = egui::WidgetText::from(RichText::new(words).small());
    let wrap = Some(egui::TextWrapMode::Truncate);
    let galley = text.into_galley(ui, wrap, rect.width(), egui::TextStyle::Small);
    ui.painter().galley(rect.min, galley, colour);
}

fn letter(
    ui: &mut Ui,
    ctx: &CompareContext<'_, '_>,
    (sign, key, is_chosen): (&str, &str, bool),
    name: &str,
    command: impl FnOnce() -> CompareCommand,
) {
    let words = ctx.language.tr_with(key, &[("file", name)]);
    let button = Button::selectable(is_chosen, sign).frame_when_inactive(true);
    let response = ui.add(button.min_size(vec2(22.0, 20.0)));
    response.widget_info(|| WidgetInfo::selected(Role::Button, true, is_chosen, &words));
    if response.on_hover_text(&words).clicked() {
        ctx.commands.send(command());
    }
}

/// The picture, small, as it is shown now; a press holds it against the first.
fn thumbnail(ui: &Ui, ctx: &mut CompareContext<'_, '_>, place: usize, rect: Rect) {
    let page = ctx.page;
    let picture = &page.pictures[place];
    let name = file_name(&picture.path);
    let response = ui.interact(rect, ui.scope_id().with("thumbnail"), Sense::click());
    let called = match &picture.failure {
        Some(failure) => format!("{name}: {failure}"),
        None => name.clone(),
    };
    response.widget_info(|| WidgetInfo::selected(Role::Button, true, place == page.second, &called));
    ui.painter().rect_filled(rect, 3.0, *ctx.palette.field);
    if let Some(shown) = page.shown(place) {
        let texture = ctx.textures.thumbnail(ui.ctx(), &shown.image);
        let scale = (rect.size() / shown.picture_px.max(egui::Vec2::splat(1.0))).min_elem();
        let inner = Rect::from_center_size(rect.center(), shown.picture_px * scale);
        Image::new((texture.id(), inner.size())).paint_at(ui, inner);
    }
    if response.has_focus() || place == page.second {
        let ring = Stroke::new(2.0, *ctx.palette.accent);
        ui.painter().rect_stroke(rect, 3.0, ring, StrokeKind::Inside);
    }
    let tip = ctx.language.tr_with("compare-as-second", &[("file", &name)]);
    if response.on_hover_text(tip).clicked() {
        ctx.commands.send(CompareCommand::SetSecond(place));
    }
}

/// Five stars, if the index service knows the picture.
fn stars(ui: &mut Ui, ctx: &CompareContext<'_, '_>, picture: &Compared, place: usize) {
    let Some(entry) = &picture.entry else {
        return;
    };
    let file = file_name(&picture.path);
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = 0.0;
        for star in 1..=5_u8 {
            let is_on = star <= entry.user_metadata.rating;
            let (rect, response) = ui.allocate_exact_size(egui::Vec2::splat(STAR), Sense::click());
            let number = star.to_string();
            let values = [("rating", &*number), ("file", &*file)];
            let words = ctx.language.tr_with("compare-rate", &values);
            response.widget_info(|| WidgetInfo::selected(Role::Button, true, is_on, &words));
            let colour = match (is_on, response.hovered() || response.has_focus()) {
                (_, true) => *ctx.palette.text,
                (true, _) => *ctx.palette.text_weak,
                (false, _) => *ctx.palette.separator,
            };
            paint_icon(ui.painter(), Icon::Star(is_on), rect.center(), STAR, colour);
            if response.on_hover_text(words).clicked() {
                let rating = if entry.user_metadata.rating == star { 0 } else { star };
                ctx.commands.send(CompareCommand::RatePicture(place, rating));
            }
        }
    });
}
