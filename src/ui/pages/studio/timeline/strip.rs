//! The strip of all steps of a run: how each looks, the playhead, and below it the noise levels, how long each step took,
//! and where something changed.

use std::collections::BTreeMap;
use std::sync::Arc;

use egui::{Id, Rect, Response, Role, Sense, Shape, Stroke, StrokeKind, Ui, Vec2, WidgetInfo, pos2, vec2};

use super::numbers::{secs_text, sigma_text};
use crate::job::{Change, RgbImage, StepRecord};
use crate::ui::commands::UiCommand;
use crate::ui::model::run_timeline::RunTimeline;
use crate::ui::model::state::View;
use crate::ui::model::step_pictures::latent_picture;
use crate::ui::pages::studio::form::changes::change_texts;
use crate::ui::pages::studio::panel::StudioContext;
use crate::ui::widgets::tab_stop::TabStop;

/// Largest side of a step in the strip.
const MAX_CELL: f32 = 48.0;
/// Smallest side of a picture; with more steps than fit, some have none of their own.
const MIN_CELL: f32 = 24.0;
/// Room between steps.
const GAP: f32 = 3.0;
/// Height of the curve below.
const LANE: f32 = 30.0;
/// Room between strip and curve.
const LANE_GAP: f32 = 4.0;
/// The noise level before the last step of a usual run, in units of the data's standard deviation.
const USUAL_END: f64 = 0.03;
/// Longest side of how latents look, in pixels.
const LATENT_SIDE_PX: usize = 48;

/// How latents look that were never decoded, by the place of the step in its run.
type Looks = BTreeMap<usize, (Arc<StepRecord>, Option<Arc<RgbImage>>)>;

/// The strip, and how undecoded steps look in it.
#[derive(Default)]
pub(in crate::ui) struct Strip {
    latents: Looks,
}

/// Where each step lies.
struct Scale {
    /// The strip itself.
    strip: Rect,
    /// Below it.
    lane: Rect,
    /// From one step to the next.
    pitch: f32,
    /// Steps that share a picture.
    group: usize,
    total: usize,
}

impl Scale {
    fn new(area: Rect, total: usize) -> Self {
        let total = total.max(1);
        let even = (area.width() / total as f32).min(MAX_CELL + GAP);
        let group = ((MIN_CELL + GAP) / even.max(0.01)).ceil().max(1.0) as usize;
        let whole = total.next_multiple_of(group); // the last picture shall fit in too
        let (strip, lane) = area.split_top_bottom_at_y(area.top() + MAX_CELL);
        Self {
            strip,
            lane: lane.with_min_y(lane.top() + LANE_GAP),
            pitch: (area.width() / whole as f32).min(MAX_CELL + GAP),
            group,
            total,
        }
    }

    /// Where a step begins.
    fn left(&self, index: usize) -> f32 {
        self.strip.left() + index as f32 * self.pitch
    }

    fn centre(&self, index: usize) -> f32 {
        self.left(index) + (self.pitch - GAP).max(0.0) / 2.0
    }

    /// The picture of the group that begins with a step.
    fn picture(&self, index: usize) -> Rect {
        let side = (self.group as f32 * self.pitch - GAP).clamp(2.0, MAX_CELL);
        Rect::from_min_size(pos2(self.left(index), self.strip.bottom() - side), Vec2::splat(side))
    }

    /// The picture that a step shares with those of its group.
    fn group_picture(&self, index: usize) -> Rect {
        self.picture(index - index % self.group)
    }

    /// Whether two steps share a picture.
    fn share(&self, one: usize, other: usize) -> bool {
        one / self.group == other / self.group
    }

    /// What stands for one step.
    fn cell(&self, index: usize) -> Rect {
        if self.group == 1 {
            return self.picture(index);
        }
        let left = self.left(index);
        Rect::from_x_y_ranges(left..=left + self.pitch, self.strip.y_range())
    }

    /// The step under a place, and those beyond the last.
    fn index_at(&self, x: f32) -> usize {
        ((x - self.strip.left()) / self.pitch).max(0.0) as usize
    }
}

impl Strip {
    /// Lays it out in what is left of the row.
    pub(in crate::ui) fn show(&mut self, ui: &mut Ui, ctx: &mut StudioContext<'_, '_>) {
        let size = vec2(ui.available_width(), MAX_CELL + LANE_GAP + LANE);
        // Tab reaches the current step; the arrows are for the steps, wherever the keyboard is.
        let (area, response) = ui.allocate_exact_size(size, Sense::CLICK | Sense::DRAG);
        let state = ctx.page;
        let to_come = state
            .shown_record(ctx.state)
            .map_or(ctx.draft.request.steps, |record| record.request.steps);
        let total = state
            .timeline
            .as_ref()
            .map_or(to_come as usize, |timeline| timeline.total);
        let scale = Scale::new(area, total);
        let Some(timeline) = &state.timeline else {
            self.latents.clear();
            return empty_cells(ui, ctx, &scale, 0);
        };
        self.latents.retain(|index, (of, _)| {
            let place = timeline.place_of(*index);
            place.is_some_and(|place| Arc::ptr_eq(of, &timeline.steps[place]))
        });
        let shown = state.shown_step().and_then(|place| timeline.steps.get(place));
        let shown = shown.map(|record| record.index);
        name_playhead(ctx, &response, shown, total);
        scrub(ctx, timeline, &scale, &response);

        empty_cells(ui, ctx, &scale, timeline.next_index());
        let current = shown.or_else(|| Some(timeline.steps.last()?.index));
        let stop = TabStop::following(ui.ctx(), Id::unique("steps"), current);
        for (place, record) in timeline.steps.iter().enumerate() {
            // Of steps that share a picture, it is that of the one on the canvas, else of the first.
            let is_first = place == 0 || !scale.share(timeline.steps[place - 1].index, record.index);
            let has_shown = shown.is_some_and(|shown| scale.share(shown, record.index));
            if (is_first && !has_shown) || shown == Some(record.index) {
                self.picture(ui, ctx, timeline, record, scale.group_picture(record.index));
            }
            step_cell(ui, ctx, stop, (place, record), &scale, shown == Some(record.index));
        }
        curve(ui, ctx, timeline, &scale, shown);
        for change in &timeline.changes {
            mark(ui, ctx, change, &scale);
        }
        hover(ctx, timeline, &scale, &response);
    }

    /// How a step looks: decoded, else its latents.
    fn picture(
        &mut self,
        ui: &Ui,
        ctx: &mut StudioContext<'_, '_>,
        timeline: &RunTimeline,
        record: &Arc<StepRecord>,
        rect: Rect,
    ) {
        if !ui.is_rect_visible(rect) {
            return;
        }
        let picture = match timeline.pictures.get(record.index) {
            Some(picture) => Some(Arc::clone(picture)),
            None => self.latent(timeline, record),
        };
        let Some(picture) = picture else {
            ui.painter().rect_filled(rect, 3.0, *ctx.palette.active);
            return;
        };
        let texture = ctx.textures.thumbnail(ui.ctx(), &picture);
        egui::Image::new((texture.id(), rect.size()))
            .uv(square_uv(texture.size_vec2()))
            .corner_radius(3)
            .paint_at(ui, rect);
    }

    fn latent(&mut self, timeline: &RunTimeline, record: &Arc<StepRecord>) -> Option<Arc<RgbImage>> {
        let kept = self
            .latents
            .get(&record.index)
            .filter(|(of, _)| Arc::ptr_eq(of, record));
        if let Some((_, picture)) = kept {
            return picture.clone();
        }
        let picture = latent_picture(&record.x0, timeline.colours.as_deref(), LATENT_SIDE_PX).map(Arc::new);
        self.latents.insert(record.index, (Arc::clone(record), picture.clone()));
        picture
    }
}

/// For those who do not see it.
fn name_playhead(ctx: &StudioContext<'_, '_>, response: &Response, shown: Option<usize>, total: usize) {
    let at = shown.map_or(0, |index| index + 1);
    let name = ctx.tr("timeline-playhead");
    response.widget_info(|| WidgetInfo::slider(total > 0, at as f64, &name));
}

/// The playhead follows the pointer; beyond the newest step it stays with the newest.
fn scrub(ctx: &StudioContext<'_, '_>, timeline: &RunTimeline, scale: &Scale, response: &Response) {
    let is_wanted = response.dragged() || response.clicked();
    let Some(pointer) = response.interact_pointer_pos().filter(|_| is_wanted) else {
        return;
    };
    let index = scale.index_at(pointer.x);
    let place = timeline.steps.partition_point(|record| record.index < index);
    if place < timeline.steps.len() {
        if ctx.page.view != View::Step(place) {
            ctx.commands.send(UiCommand::ShowStep(place));
        }
    } else if matches!(ctx.page.view, View::Step(_)) {
        ctx.commands.send(UiCommand::LastStep);
    }
}

fn empty_cells(ui: &Ui, ctx: &StudioContext<'_, '_>, scale: &Scale, first: usize) {
    for index in (first..scale.total).filter(|index| index % scale.group == 0) {
        ui.painter().rect_filled(scale.picture(index), 3.0, *ctx.palette.field);
    }
}

fn step_cell(
    ui: &Ui,
    ctx: &StudioContext<'_, '_>,
    stop: TabStop,
    (place, record): (usize, &StepRecord),
    scale: &Scale,
    is_shown: bool,
) {
    let response = stop.cell(ui, scale.cell(record.index), Some(record.index));
    let number = (record.index + 1).to_string();
    response.widget_info(|| {
        let name = ctx.language.tr_with("timeline-cell", &[("step", &number)]);
        WidgetInfo::selected(Role::Button, true, is_shown, name)
    });
    let frame = scale.group_picture(record.index);
    if is_shown || response.hovered() || response.has_focus() {
        let colour = if is_shown {
            *ctx.palette.accent
        } else {
            *ctx.palette.text_weak
        };
        let stroke = Stroke::new(2.0, colour);
        ui.painter().rect_stroke(frame, 3.0, stroke, StrokeKind::Inside);
    }
    let response = response.on_hover_ui(|ui| {
        ui.set_max_width(ui.spacing().tooltip_width); // as the tooltips that are only text
        let values = [("step", &*number), ("sigma", &*sigma_text(record.sigma))];
        ui.label(ctx.language.tr_with("timeline-cell.tip", &values));
    });
    if response.clicked() {
        ctx.commands.send(UiCommand::ShowStep(place));
    }
}

/// Bars for how long each step took, a curve of the noise levels on a logarithmic scale, and the playhead over both.
fn curve(ui: &Ui, ctx: &StudioContext<'_, '_>, timeline: &RunTimeline, scale: &Scale, shown: Option<usize>) {
    let (painter, lane) = (ui.painter(), scale.lane);
    let longest = timeline.steps.iter().map(|record| record.secs).fold(0.0, f64::max);
    for record in timeline.steps.iter().filter(|record| record.secs > 0.0) {
        let height = (record.secs / longest) as f32 * lane.height();
        let left = scale.left(record.index);
        let bar = Rect::from_x_y_ranges(
            left..=left + (scale.pitch - GAP).max(1.0),
            lane.bottom() - height..=lane.bottom(),
        );
        painter.rect_filled(bar, 1.0, *ctx.palette.raised);
    }
    let sigmas: Vec<(usize, f64)> = if timeline.sigmas.is_empty() {
        timeline
            .steps
            .iter()
            .map(|record| (record.index, record.sigma))
            .collect()
    } else {
        timeline.sigmas.iter().copied().enumerate().take(scale.total).collect()
    };
    let levels = sigmas.iter().filter(|(_, sigma)| *sigma > 0.0 && sigma.is_finite());
    let levels: Vec<(usize, f64)> = levels.map(|(index, sigma)| (*index, sigma.ln())).collect();
    let floor = if timeline.sigmas.is_empty() {
        USUAL_END.ln() // so that the curve of a run at work does not stretch with every step
    } else {
        f64::MAX
    };
    let bounds = levels.iter().fold((floor, f64::MIN), |(low, high), (_, level)| {
        (low.min(*level), high.max(*level))
    });
    let spread = (bounds.1 - bounds.0).max(1e-6);
    let points = levels.iter().map(|&(index, level)| {
        let part = ((level - bounds.0) / spread) as f32;
        pos2(scale.centre(index), lane.bottom() - 2.0 - part * (lane.height() - 4.0))
    });
    painter.line(points.collect(), Stroke::new(1.5, *ctx.palette.text_weak));
    if let Some(index) = shown {
        let top = if scale.group == 1 {
            lane.top() - LANE_GAP
        } else {
            scale.strip.top()
        };
        let x = scale.centre(index);
        painter.vline(x, top..=lane.bottom(), Stroke::new(1.5, *ctx.palette.accent));
        painter.circle_filled(pos2(x, lane.bottom() - 2.0), 3.0, *ctx.palette.accent);
    }
}

/// A sign where something changes, which says what.
fn mark(ui: &Ui, ctx: &StudioContext<'_, '_>, change: &Change, scale: &Scale) {
    let index = change.step as usize;
    if index >= scale.total {
        return;
    }
    let at = pos2(scale.left(index) - GAP / 2.0, scale.lane.top() + 4.0);
    let rect = Rect::from_center_size(at, Vec2::splat(10.0));
    let response = ui.interact(rect, ui.make_persistent_id(("change", index)), Sense::hover());
    let parts: Vec<String> = change_texts(change)
        .iter()
        .map(|text| text.localise(ctx.language))
        .collect();
    let (step, what) = ((index + 1).to_string(), parts.join(", "));
    let words = ctx
        .language
        .tr_with("timeline-change", &[("step", &step), ("what", &what)]);
    response.widget_info(|| WidgetInfo::labeled(Role::Image, true, &words));
    let diamond = [(0.0, -4.5), (4.5, 0.0), (0.0, 4.5), (-4.5, 0.0)];
    let diamond = diamond.map(|(x, y)| at + vec2(x, y)).to_vec();
    let edge = Stroke::new(1.5, *ctx.palette.panel);
    ui.painter()
        .add(Shape::convex_polygon(diamond, *ctx.palette.text, edge));
    response.on_hover_text(words);
}

/// The numbers of the step under the pointer.
fn hover(ctx: &StudioContext<'_, '_>, timeline: &RunTimeline, scale: &Scale, response: &Response) {
    let pointer = response.hover_pos().filter(|pointer| scale.lane.contains(*pointer));
    let place = pointer.and_then(|pointer| timeline.place_of(scale.index_at(pointer.x)));
    let Some(record) = place.and_then(|place| timeline.steps.get(place)) else {
        return;
    };
    let number = (record.index + 1).to_string();
    let (sigma, secs) = (sigma_text(record.sigma), secs_text(record.secs));
    let values = [("step", &*number), ("sigma", &*sigma), ("secs", &*secs)];
    response
        .clone()
        .on_hover_text_at_pointer(ctx.language.tr_with("timeline-numbers", &values));
}

/// The middle square of a picture.
fn square_uv(size: Vec2) -> Rect {
    let part = Vec2::splat(size.min_elem()) / size.max(Vec2::splat(1.0));
    Rect::from_center_size(pos2(0.5, 0.5), part)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_step_should_have_its_place_in_the_strip_however_many_there_are() {
        for (total, width) in [
            (1, 900.0),
            (6, 900.0),
            (25, 520.0),
            (50, 520.0),
            (1000, 700.0),
            (3, 0.0),
        ] {
            let area = Rect::from_min_size(pos2(10.0, 20.0), vec2(width, 82.0));
            let scale = Scale::new(area, total);
            for index in 0..total {
                let (cell, picture) = (scale.cell(index), scale.group_picture(index));
                let right = area.right() + GAP;
                assert!(
                    cell.right() <= right || width == 0.0,
                    "step {index} of {total}: {cell:?}"
                );
                assert!(
                    picture.right() <= right || width == 0.0,
                    "step {index} of {total}: {picture:?}"
                );
                assert!(
                    picture.width() >= MIN_CELL - GAP || width == 0.0,
                    "step {index} of {total}: {picture:?}"
                );
                if width > 0.0 {
                    assert_eq!(
                        scale.index_at(scale.left(index) + 0.3 * scale.pitch),
                        index,
                        "of {total}"
                    );
                }
            }
        }
    }
}
