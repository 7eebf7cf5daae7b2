//! How the page is laid out: form, canvas, time, insight.

use egui::{CentralPanel, Color32, Frame, Margin, Panel as SidePanel, Rangef, ScrollArea, Ui};

use super::StudioPage;
use super::panel::{Slot, StudioContext};
use crate::ui::panel::{PanelContext, RECENT_HEIGHT, TIMELINE_HEIGHT};

/// Width of a side that is hidden, in points.
const RAIL_WIDTH: f32 = 28.0;
/// Width of the form, in points.
const FORM_WIDTH: f32 = 330.0;
/// Height of what is always in sight below the form, in points.
const FORM_FOOT_HEIGHT: f32 = 106.0;
/// Part of the window's width that the inspector begins with.
const INSPECTOR_PART: f32 = 0.2;
/// Width of the inspector, in points.
const INSPECTOR_WIDTH: Rangef = Rangef { min: 284.0, max: 340.0 };
/// Room around the contents of a side.
const MARGIN: Margin = Margin::symmetric(12, 8);

impl StudioPage {
    /// Lays out all of the page but what stands above it.
    pub(super) fn lay_out(&mut self, ui: &mut Ui, ctx: &mut PanelContext<'_>) {
        let frame = |fill: Color32, margin: Margin| Frame::new().fill(fill).inner_margin(margin);
        let palette = ctx.palette;
        SidePanel::bottom("recent")
            .exact_size(RECENT_HEIGHT)
            .frame(frame(*palette.panel, Margin::symmetric(12, 10)))
            .show(ui, |ui| self.show(ui, ctx, Slot::Recent));
        self.form(ui, ctx);
        SidePanel::bottom("timeline")
            .exact_size(TIMELINE_HEIGHT)
            .frame(frame(*palette.panel, Margin::symmetric(12, 6)))
            .show(ui, |ui| self.show(ui, ctx, Slot::Timeline));
        self.inspector(ui, ctx);
        CentralPanel::default()
            .frame(frame(*palette.canvas, Margin::ZERO))
            .show(ui, |ui| self.show(ui, ctx, Slot::Canvas));
    }

    /// Lays out the panels of one place.
    pub(super) fn show(&mut self, ui: &mut Ui, ctx: &mut PanelContext<'_>, slot: Slot) {
        let mut ctx = StudioContext {
            page: &self.state,
            draft: &mut self.draft,
            fit_zoom: &mut self.fit_zoom,
            shared: ctx,
        };
        for panel in self.panels.iter_mut().filter(|panel| panel.slot() == slot) {
            ui.push_id(panel.id(), |ui| panel.ui(ui, &mut ctx));
        }
    }

    fn form(&mut self, ui: &mut Ui, ctx: &mut PanelContext<'_>) {
        let frame = Frame::new().fill(*ctx.palette.panel);
        if !ctx.state.sides.is_form_shown {
            SidePanel::left("form_rail")
                .exact_size(RAIL_WIDTH)
                .frame(frame)
                .show(ui, |ui| self.show(ui, ctx, Slot::FormRail));
            return;
        }
        SidePanel::left("form")
            .exact_size(FORM_WIDTH)
            .resizable(false)
            .frame(frame)
            .show(ui, |ui| {
                SidePanel::bottom("form_foot")
                    .exact_size(FORM_FOOT_HEIGHT)
                    .frame(frame.inner_margin(MARGIN))
                    .show(ui, |ui| self.show(ui, ctx, Slot::FormFoot));
                CentralPanel::default().frame(frame).show(ui, |ui| {
                    ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
                        Frame::new()
                            .inner_margin(MARGIN)
                            .show(ui, |ui| self.show(ui, ctx, Slot::Form));
                    });
                });
            });
    }

    fn inspector(&mut self, ui: &mut Ui, ctx: &mut PanelContext<'_>) {
        let frame = Frame::new().fill(*ctx.palette.panel);
        if !ctx.state.sides.is_inspector_shown {
            SidePanel::right("inspector_rail")
                .exact_size(RAIL_WIDTH)
                .frame(frame)
                .show(ui, |ui| self.show(ui, ctx, Slot::InspectorRail));
            return;
        }
        let part = INSPECTOR_PART * ui.ctx().viewport_rect().width();
        SidePanel::right("inspector")
            .default_size(INSPECTOR_WIDTH.clamp(part))
            .size_range(INSPECTOR_WIDTH)
            .frame(frame)
            .show(ui, |ui| {
                ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
                    Frame::new()
                        .inner_margin(MARGIN)
                        .show(ui, |ui| self.show(ui, ctx, Slot::Inspector));
                });
            });
    }
}
