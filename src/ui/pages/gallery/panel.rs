//! The page as it is seen: what there is at the left, the grid, and the details at the right.

use egui::{CentralPanel, Frame, Margin, Panel as SidePanel, Ui};

use super::GalleryContext;
use super::bar::Bar;
use super::details::Details;
use super::grid::Grid;
use super::preview;
use super::sidebar;
use super::status;
use super::textures::Textures;

/// Width of the side that says what there is.
const SIDEBAR_WIDTH: f32 = 204.0;
/// Width of the side with the details.
const DETAILS_WIDTH: f32 = 292.0;
/// Height of the line with the search field.
const BAR_HEIGHT: f32 = 44.0;
/// Height of the line that says how many there are.
const STATUS_HEIGHT: f32 = 28.0;

/// All of the page.
#[derive(Default)]
pub(super) struct GalleryPanel {
    textures: Textures,
    bar: Bar,
    grid: Grid,
    details: Details,
}

impl GalleryPanel {
    /// Lays the page out.
    pub(super) fn ui(&mut self, ui: &mut Ui, ctx: &GalleryContext<'_, '_>) {
        let page = ctx.page;
        self.textures
            .begin_frame(ui.ctx(), page.thumbnail_dir.as_deref(), ctx.state.is_still);
        let whole = ui.max_rect();
        let side = Frame::new().fill(*ctx.palette.panel);
        SidePanel::left("gallery_rail")
            .exact_size(SIDEBAR_WIDTH)
            .resizable(false)
            .frame(side)
            .show(ui, |ui| sidebar::show(ui, ctx));
        if page.is_details_shown {
            SidePanel::right("gallery_details")
                .exact_size(DETAILS_WIDTH)
                .resizable(false)
                .frame(side)
                .show(ui, |ui| self.details.show(ui, ctx, &mut self.textures));
        }
        SidePanel::top("gallery_bar")
            .exact_size(BAR_HEIGHT)
            .frame(side.inner_margin(Margin::symmetric(12, 0)))
            .show(ui, |ui| self.bar.show(ui, ctx));
        SidePanel::bottom("gallery_status")
            .exact_size(STATUS_HEIGHT)
            .frame(side.inner_margin(Margin::symmetric(12, 0)))
            .show(ui, |ui| status::show(ui, ctx));
        CentralPanel::default()
            .frame(Frame::new().fill(*ctx.palette.canvas))
            .show(ui, |ui| self.grid.show(ui, ctx, &mut self.textures));
        if page.is_previewing {
            preview::show(ui, ctx, &mut self.textures, whole);
        }
        self.textures.end_frame();
    }
}
