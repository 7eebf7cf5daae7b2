//! The page without pictures: how they get here.

use egui::{Align, Button, Layout, Rect, RichText, Ui, UiBuilder, vec2};

use super::CompareContext;
use crate::ui::commands::{PageId, UiCommand};
use crate::ui::theme;

/// Size of what is said.
const CARD: egui::Vec2 = vec2(520.0, 190.0);

/// Says how pictures get here.
pub(super) fn show(ui: &mut Ui, ctx: &CompareContext<'_, '_>, whole: Rect) {
    let card = Rect::from_center_size(whole.center(), CARD);
    ui.painter().rect_filled(card, 8.0, *ctx.palette.panel);
    let inner = card.shrink2(vec2(28.0, 24.0));
    let mut ui = ui.new_child(UiBuilder::new().max_rect(inner).layout(Layout::top_down(Align::Min)));
    ui.spacing_mut().item_spacing.y = 8.0;
    let title = RichText::new(ctx.tr("compare-empty")).family(theme::strong_family());
    ui.label(title.size(15.0));
    ui.add(egui::Label::new(RichText::new(ctx.tr("compare-empty-gallery")).weak()).wrap());
    ui.add(egui::Label::new(RichText::new(ctx.tr("compare-empty-drop")).weak()).wrap());
    ui.add_space(6.0);
    let gallery = UiCommand::ShowPage(PageId::Gallery);
    let button = ui.add(Button::new(ctx.tr("compare-empty-open")));
    if button.on_hover_text(gallery.tooltip(ctx.language, ui.ctx())).clicked() {
        ctx.commands.send(gallery);
    }
}
