//! The pictures: only what is in sight is drawn and asked for.

use egui::scroll_area::ScrollBarVisibility;
use egui::{Align2, FontId, Id, Rect, ScrollArea, Ui, Vec2, pos2, vec2};

use super::GalleryContext;
use super::cell;
use super::dates;
use super::layout::{GAP, HEADING_HEIGHT};
use super::state::GalleryState;
use super::status;
use super::textures::Textures;
use crate::gallery::EntryId;
use crate::ui::commands::GalleryCommand;
use crate::ui::theme;
use crate::ui::widgets::tab_stop::TabStop;

/// Space at the left and the right of the pictures.
const MARGIN: f32 = 12.0;
/// Space that the scroll bar takes.
const BAR_WIDTH: f32 = 10.0;

/// The grid, and where it is scrolled to.
#[derive(Default)]
pub(super) struct Grid {
    /// How far it is scrolled, in points from the top.
    offset: f32,
    /// The first picture in sight, and how far below the upper edge it begins.
    anchor: Option<(EntryId, f64)>,
    generation: u64,
    searches: u64,
    reveals: u64,
}

impl Grid {
    pub(super) fn show(&mut self, ui: &mut Ui, ctx: &GalleryContext<'_, '_>, textures: &mut Textures) {
        let page = ctx.page;
        let inner = ui.available_rect_before_wrap();
        let (width, height) = (
            (inner.width() - 2.0 * MARGIN - BAR_WIDTH).floor().max(1.0),
            inner.height(),
        );
        if page.room() != (width, height) {
            ctx.commands.send(GalleryCommand::GridSize { width, height });
        }
        if page.ids().is_empty() {
            status::show_empty(ui, ctx);
            return;
        }
        let mut area = ScrollArea::vertical()
            .id_salt("pictures")
            .auto_shrink(false)
            .scroll_bar_visibility(ScrollBarVisibility::AlwaysVisible);
        if let Some(offset) = self.wanted_offset(page, height) {
            area = area.vertical_scroll_offset(offset);
        }
        let output = area.show_viewport(ui, |ui, viewport| {
            ui.set_min_size(vec2(width, page.layout().height() as f32 + MARGIN));
            self.pictures(ui, ctx, textures, (inner.min.to_vec2(), viewport));
        });
        self.offset = output.state.clamped_offset().y;
    }

    /// Draws what is in sight.
    ///
    /// * `sight`: where the grid begins on the screen, and what part of all is seen there.
    fn pictures(&mut self, ui: &Ui, ctx: &GalleryContext<'_, '_>, textures: &mut Textures, sight: (Vec2, Rect)) {
        let page = ctx.page;
        let layout = page.layout();
        let (corner, viewport) = sight;
        let (top, bottom) = (f64::from(viewport.top()), f64::from(viewport.bottom()));
        let on_screen = |x: f64, y: f64| {
            // Subtracted in f64: points from the top of a hundred thousand pictures have no fraction left in f32.
            pos2(corner.x + MARGIN + x as f32, corner.y + (y - top) as f32)
        };
        for section in layout.sections_between(top, bottom) {
            let Some(day) = section.day else { continue };
            let at = on_screen(0.0, section.top + HEADING_HEIGHT / 2.0 + 4.0);
            let text = dates::heading(ctx.language, day, page.today);
            let font = FontId::new(14.0, theme::strong_family());
            let words = ui
                .painter()
                .text(at, Align2::LEFT_CENTER, text, font, *ctx.palette.text);
            ui.painter().text(
                words.right_center() + vec2(8.0, 0.5),
                Align2::LEFT_CENTER,
                dates::grouped(section.count),
                FontId::proportional(11.5),
                *ctx.palette.text_weak,
            );
        }
        let range = layout.between(top, bottom);
        let side = Vec2::splat(layout.side() as f32);
        self.anchor = None;
        // Tab reaches the picture at the keyboard, or the first in sight if that one is elsewhere.
        let current = page.selection.focus().filter(|index| range.contains(index));
        let current = page.ids().get(current.unwrap_or(range.start)).map(|id| id.0);
        let stop = TabStop::following(ui.ctx(), Id::unique("gallery cells"), current);
        for index in range.clone() {
            let (Some(&id), Some((x, y))) = (page.ids().get(index), layout.corner(index)) else {
                continue;
            };
            if self.anchor.is_none() && y >= top {
                self.anchor = Some((id, y - top));
            }
            let place = cell::Place {
                index,
                id,
                rect: Rect::from_min_size(on_screen(x, y), side),
            };
            cell::show(ui, ctx, textures, stop, &place);
        }
        if *page.in_sight() != range {
            ctx.commands.send(GalleryCommand::InSight(range));
        }
    }

    /// Where the grid has to be scrolled to, if the user does not decide that: what was in sight stays where it is when
    /// pictures come and go; another search begins at its top; the keyboard brings its picture into sight.
    fn wanted_offset(&mut self, page: &GalleryState, height: f32) -> Option<f32> {
        let layout = page.layout();
        let mut wanted = None;
        if std::mem::replace(&mut self.searches, page.searches) != page.searches {
            wanted = Some(0.0);
        } else if self.generation != page.generation && self.offset > 1.0 {
            wanted = self.anchor.and_then(|(id, below)| {
                let index = page.ids().iter().position(|other| *other == id)?;
                Some(layout.corner(index)?.1 - below)
            });
        }
        self.generation = page.generation;
        if std::mem::replace(&mut self.reveals, page.reveals) != page.reveals
            && let Some((_, top)) = page.selection.focus().and_then(|index| layout.corner(index))
        {
            let offset = wanted.unwrap_or_else(|| f64::from(self.offset));
            let first_row_top = if top - HEADING_HEIGHT <= 0.0 {
                HEADING_HEIGHT
            } else {
                GAP
            };
            let (highest, lowest) = (top + layout.side() + GAP - f64::from(height), top - first_row_top);
            if !(highest..=lowest).contains(&offset) {
                wanted = Some(if offset > lowest { lowest } else { highest.min(lowest) });
            }
        }
        wanted.map(|offset| offset.max(0.0) as f32)
    }
}
