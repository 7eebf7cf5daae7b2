//! One picture of the grid.

use egui::{Align, Layout, Rect, Response, Role, Stroke, StrokeKind, Ui, WidgetInfo, pos2, vec2};

use super::GalleryContext;
use super::menu;
use super::textures::{Textures, Thumbnail};
use crate::gallery::{EntryId, PictureEntry, ThumbnailSize};
use crate::ui::commands::{GalleryCommand, SelectMode};
use crate::ui::model::state::file_name;
use crate::ui::widgets::icon::{Icon, paint_icon};
use crate::ui::widgets::tab_stop::TabStop;

/// Space between a picture and the edge of its cell.
const INSET: f32 = 5.0;
/// Letters of a prompt that the tooltip shows.
const MAX_TIP_CHARS: usize = 240;

/// Where a picture stands.
pub(super) struct Place {
    /// Its place among those found.
    pub(super) index: usize,
    pub(super) id: EntryId,
    pub(super) rect: Rect,
}

pub(super) fn show(ui: &Ui, ctx: &GalleryContext<'_, '_>, textures: &mut Textures, stop: TabStop, place: &Place) {
    let page = ctx.page;
    let entry = page.entry(place.id);
    let response = stop.cell(ui, place.rect, Some(place.id.0));
    let is_chosen = page.selection.contains(place.id);
    let name = entry.map_or_else(
        || {
            ctx.language
                .tr_with("gallery-picture", &[("number", &(place.index + 1).to_string())])
        },
        |entry| file_name(&entry.path),
    );
    response.widget_info(|| WidgetInfo::selected(Role::Button, true, is_chosen, &name));
    background(ui, ctx, place, &response, is_chosen);
    if let Some(entry) = entry {
        picture(ui, ctx, textures, entry, place.rect.shrink(INSET));
    }
    handle_input(ui, ctx, place, &response, is_chosen);
    if let Some(entry) = entry {
        response.context_menu(|ui| menu::show(ui, ctx, entry));
        response.on_hover_ui(|ui| describe(ui, ctx, entry));
    }
}

fn background(ui: &Ui, ctx: &GalleryContext<'_, '_>, place: &Place, response: &Response, is_chosen: bool) {
    let painter = ui.painter();
    if is_chosen {
        painter.rect_filled(place.rect, 4.0, *ctx.palette.selection);
    } else if response.hovered() {
        painter.rect_filled(place.rect, 4.0, *ctx.palette.panel);
    }
    let is_focused = ctx.page.selection.focus() == Some(place.index);
    if is_chosen || is_focused || response.has_focus() {
        let colour = if is_chosen || response.has_focus() {
            ctx.palette.accent
        } else {
            ctx.palette.text_weak
        };
        let width = if is_focused || response.has_focus() { 2.0 } else { 1.0 };
        painter.rect_stroke(place.rect, 4.0, Stroke::new(width, *colour), StrokeKind::Inside);
    }
}

fn picture(ui: &Ui, ctx: &GalleryContext<'_, '_>, textures: &mut Textures, entry: &PictureEntry, room: Rect) {
    let side_px = room.width() * ui.ctx().pixels_per_point();
    let size = if side_px <= ThumbnailSize::Small.side_px() as f32 {
        ThumbnailSize::Small
    } else {
        ThumbnailSize::Medium
    };
    let rect = paint_thumbnail(ui, ctx, textures.get(entry, size), entry, room);
    marks(ui, ctx, entry, rect);
}

/// Paints a picture as large as it fits, or what stands in for it; the result is where it is.
pub(super) fn paint_thumbnail(
    ui: &Ui,
    ctx: &GalleryContext<'_, '_>,
    thumbnail: Thumbnail,
    entry: &PictureEntry,
    room: Rect,
) -> Rect {
    let known = vec2(entry.width_px.max(1) as f32, entry.height_px.max(1) as f32);
    let size = match thumbnail {
        Thumbnail::Ready(_, size) => size,
        Thumbnail::Waiting | Thumbnail::Broken => known,
    };
    let largest = known.max_elem() / ui.ctx().pixels_per_point() * 2.0; // tiny pictures are not blown up to mush
    let scale = (room.width() / size.x)
        .min(room.height() / size.y)
        .min(largest / size.max_elem());
    let rect = Rect::from_center_size(room.center(), size * scale);
    match thumbnail {
        Thumbnail::Ready(texture, _) => egui::Image::new((texture, rect.size()))
            .corner_radius(2)
            .paint_at(ui, rect),
        Thumbnail::Waiting => {
            ui.painter().rect_filled(rect, 2.0, *ctx.palette.panel);
        }
        Thumbnail::Broken => {
            ui.painter().rect_filled(rect, 2.0, *ctx.palette.panel);
            paint_icon(
                ui.painter(),
                Icon::BrokenPicture,
                rect.center(),
                28.0,
                *ctx.palette.text_weak,
            );
        }
    }
    rect
}

/// Stars and heart, on a ground of their own so that they are seen on any picture.
fn marks(ui: &Ui, ctx: &GalleryContext<'_, '_>, entry: &PictureEntry, rect: Rect) {
    let painter = ui.painter();
    let ground = ctx.palette.canvas.gamma_multiply(0.8);
    let (rating, is_favourite) = (entry.user_metadata.rating, entry.user_metadata.is_favourite);
    if rating > 0 {
        let size = vec2(12.0 * f32::from(rating) + 6.0, 16.0);
        let plate = Rect::from_min_size(pos2(rect.left() + 3.0, rect.bottom() - size.y - 3.0), size);
        painter.rect_filled(plate, 3.0, ground);
        for star in 0..rating {
            let c = pos2(plate.left() + 9.0 + 12.0 * f32::from(star), plate.center().y + 0.5);
            paint_icon(painter, Icon::Star(true), c, 12.0, *ctx.palette.text);
        }
    }
    if is_favourite {
        let c = rect.right_top() + vec2(-12.0, 12.0);
        painter.circle_filled(c, 9.0, ground);
        paint_icon(painter, Icon::Heart(true), c, 13.0, *ctx.palette.text);
    }
}

fn handle_input(ui: &Ui, ctx: &GalleryContext<'_, '_>, place: &Place, response: &Response, is_chosen: bool) {
    if response.double_clicked() {
        ctx.commands.send(GalleryCommand::Open);
    } else if response.clicked() {
        let modifiers = ui.input(|input| input.modifiers);
        let choice = if modifiers.shift {
            SelectMode::Range
        } else if modifiers.command {
            SelectMode::Toggle
        } else {
            SelectMode::Only
        };
        ctx.commands.send(GalleryCommand::Choose(place.index, choice));
    } else if response.secondary_clicked() && !is_chosen {
        ctx.commands.send(GalleryCommand::Choose(place.index, SelectMode::Only));
    }
}

fn describe(ui: &mut Ui, ctx: &GalleryContext<'_, '_>, entry: &PictureEntry) {
    ui.with_layout(Layout::top_down(Align::LEFT), |ui| {
        if !entry.prompt.is_empty() {
            let mut words: String = entry.prompt.chars().take(MAX_TIP_CHARS).collect();
            if words.len() < entry.prompt.len() {
                words.push('…');
            }
            ui.label(words);
        }
        let weak = |text: String| egui::RichText::new(text).color(*ctx.palette.text_weak);
        ui.label(weak(file_name(&entry.path)));
        ui.label(weak(format!("{} × {}", entry.width_px, entry.height_px)));
    });
}
