//! The page as it is seen.

use egui::{Rect, Sense, Ui, UiBuilder, vec2};

use super::CompareContext;
use super::canvas::Canvas;
use super::empty;
use super::header;
use super::strip;
use super::table;
use super::time;
use crate::ui::commands::CompareMode;

/// Height of the line of ways and of the line of words below it.
const LINE_HEIGHT: f32 = 34.0;
/// Height of the line of words.
const WORDS_HEIGHT: f32 = 28.0;
/// Height of the runs in time.
const TIME_HEIGHT: f32 = 40.0;
/// Height of the strip of pictures.
const STRIP_HEIGHT: f32 = 92.0;
/// Room at both sides.
const MARGIN: f32 = 12.0;

/// All of the page.
#[derive(Default)]
pub(super) struct ComparePanel {
    canvas: Canvas,
}

impl ComparePanel {
    /// The zoom at which all of the pictures is seen, as they were drawn last.
    pub(super) fn fit_zoom(&self) -> f32 {
        self.canvas.fit_zoom()
    }

    /// Lays the page out.
    pub(super) fn ui(&mut self, ui: &mut Ui, ctx: &mut CompareContext<'_, '_>) {
        let whole = ui.available_rect_before_wrap();
        let page = ctx.page;
        if page.pictures.is_empty() {
            empty::show(ui, ctx, whole);
            ui.allocate_rect(whole, Sense::hover());
            return;
        }
        let (header, rest) = whole.split_top_bottom_at_y(whole.top() + LINE_HEIGHT);
        let (words, rest) = rest.split_top_bottom_at_y(rest.top() + WORDS_HEIGHT);
        let (rest, strip) = rest.split_top_bottom_at_y(rest.bottom() - STRIP_HEIGHT);
        let (body, time) = rest.split_top_bottom_at_y(rest.bottom() - TIME_HEIGHT);
        let foot = time.union(strip);
        ui.painter().rect_filled(header, 0.0, *ctx.palette.panel);
        ui.painter().rect_filled(foot, 0.0, *ctx.palette.panel);

        let line = |ui: &mut Ui, rect: Rect| ui.new_child(UiBuilder::new().max_rect(rect.shrink2(vec2(MARGIN, 0.0))));
        if page.mode == CompareMode::Settings {
            table::show(&mut line(ui, body), ctx);
        } else {
            self.canvas.show(ui, ctx, body);
        }
        header::modes(&mut line(ui, header), ctx, self.canvas.zoom());
        header::words(&mut line(ui, words), ctx);
        time::show(&mut line(ui, time), ctx);
        strip::show(&mut line(ui, strip), ctx);
        ui.allocate_rect(whole, Sense::hover());
    }
}
