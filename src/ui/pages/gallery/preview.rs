//! One picture in large over the grid; the arrows go on.

use egui::{Align2, Area, FontId, Id, Order, Rect, Role, Sense, Ui, UiBuilder, WidgetInfo, vec2};

use super::GalleryContext;
use super::cell;
use super::dates;
use super::textures::{Textures, Thumbnail};
use super::user_metadata::{heart, star_text};
use crate::gallery::ThumbnailSize;
use crate::ui::commands::GalleryCommand;
use crate::ui::model::state::file_name;
use crate::ui::widgets::stars::star_row;

/// Height of the line below the picture.
const FOOT_HEIGHT: f32 = 44.0;
/// Space around the picture.
const MARGIN: f32 = 16.0;

/// Covers the page with the picture at the keyboard.
pub(super) fn show(ui: &Ui, ctx: &GalleryContext<'_, '_>, textures: &mut Textures, whole: Rect) {
    let area = Area::new(Id::unique("gallery_look"))
        .order(Order::Middle)
        .fixed_pos(whole.min);
    area.show(ui.ctx(), |ui| {
        ui.set_min_size(whole.size());
        ui.painter().rect_filled(whole, 0.0, *ctx.palette.canvas);
        let response = ui.interact(whole, Id::unique("gallery_look_ground"), Sense::CLICK);
        let name = ctx.tr("gallery-look-close");
        response.widget_info(|| WidgetInfo::labeled(Role::Button, true, &name));
        if response.clicked() {
            ctx.commands.send(GalleryCommand::Preview);
        }
        picture(ui, ctx, textures, whole);
    });
}

fn picture(ui: &mut Ui, ctx: &GalleryContext<'_, '_>, textures: &mut Textures, whole: Rect) {
    let page = ctx.page;
    let (Some(index), Some(entry)) = (page.selection.focus(), page.focused()) else {
        return;
    };
    let (mut room, mut foot) = whole.split_top_bottom_at_y(whole.bottom() - FOOT_HEIGHT);
    room = room.shrink(MARGIN);
    foot = foot.shrink2(vec2(MARGIN, 0.0));
    let thumbnail = textures.get(entry, ThumbnailSize::Large);
    cell::paint_thumbnail(ui, ctx, thumbnail, entry, room);
    if matches!(thumbnail, Thumbnail::Ready(..)) {
        for beside in [Some(index + 1), index.checked_sub(1)].into_iter().flatten() {
            if let Some(entry) = page.ids().get(beside).and_then(|id| page.entry(*id)) {
                textures.get(entry, ThumbnailSize::Large); // so that going on does not wait
            }
        }
    }
    let place = [
        ("file", &*file_name(&entry.path)),
        ("index", &*dates::grouped(index + 1)),
        ("count", &*dates::grouped(page.ids().len())),
    ];
    let words = ctx.language.tr_with("gallery-look-place", &place);
    let font = FontId::proportional(13.0);
    ui.painter().text(
        foot.left_center(),
        Align2::LEFT_CENTER,
        words,
        font,
        *ctx.palette.text_weak,
    );
    let marks = Rect::from_center_size(foot.center(), vec2(150.0, 26.0));
    ui.scope_builder(UiBuilder::new().max_rect(marks), |ui| {
        ui.horizontal_centered(|ui| {
            let colours = (*ctx.palette.text, *ctx.palette.text_weak);
            if let Some(rating) = star_row(ui, entry.user_metadata.rating, &star_text(ctx), colours) {
                ctx.commands.send(GalleryCommand::Rate(rating));
            }
            heart(ui, ctx, entry.user_metadata.is_favourite);
        });
    });
    ui.painter().text(
        foot.right_center(),
        Align2::RIGHT_CENTER,
        ctx.tr("gallery-look-keys"),
        FontId::proportional(11.5),
        *ctx.palette.text_weak,
    );
}
