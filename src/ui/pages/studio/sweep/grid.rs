//! The sweep on the canvas: a labelled grid of runs, all at the same step.

use std::collections::HashMap;
use std::sync::Arc;

use egui::{
    Align, Align2, Button, Color32, FontId, Layout, Painter, Rect, Response, RichText, Role, ScrollArea, Sense, Stroke,
    StrokeKind, TextStyle, Ui, UiBuilder, Vec2, WidgetInfo, pos2, vec2,
};

use crate::job::{Axis, Field, RgbImage, Sweep};
use crate::ui::commands::UiCommand;
use crate::ui::i18n::Value;
use crate::ui::model::jobs::{JobStatus, QueueId};
use crate::ui::model::regenerate::{Regenerate, RegenerateCommand, VariationStrength};
use crate::ui::model::step_pictures::latent_picture;
use crate::ui::model::sweep_cell::{CellRun, Seen};
use crate::ui::model::sweeping::Sweeping;
use crate::ui::pages::studio::panel::{Slot, StudioContext, StudioPanel};
use crate::ui::pages::studio::sweep::draft::{axis_words, cell_words, field_words, value_words};
use crate::ui::widgets::playhead::playhead;
use crate::ui::widgets::right_aligned::filled_line;

/// Height of the line above the grid.
const HEADER_HEIGHT: f32 = 34.0;
/// Height of the tabs of the sheets.
const TABS_HEIGHT: f32 = 30.0;
/// Height of a line of labels.
const LABEL_HEIGHT: f32 = 20.0;
/// Narrowest and widest column of row labels.
const ROW_LABEL: (f32, f32) = (44.0, 150.0);
/// Room around the grid.
const MARGIN: f32 = 12.0;
/// Height of the verbs below a picture to choose.
const FOOT_HEIGHT: f32 = 30.0;
/// Room between cells.
const GAP: f32 = 4.0;
/// Shortest side of a cell; with more than fit the grid scrolls.
const MIN_CELL: f32 = 56.0;
/// Width of the words at the right of the playhead.
const STEP_WIDTH: f32 = 96.0;
/// Widest that its rail gets.
const RAIL_WIDTH: f32 = 220.0;

/// Shows a sweep.
#[derive(Default)]
pub(in crate::ui) struct SweepGridPanel {
    /// How latents of the cells in sight look, by cell.
    latents: HashMap<usize, Latents>,
}

/// Latents of a cell, mixed to colours.
struct Latents {
    /// The step of a job, by its place and the address of its record.
    of: (QueueId, usize, usize),
    picture: Option<Arc<RgbImage>>,
    is_used: bool,
}

/// Where everything stands.
struct Grid {
    size: [usize; 2],
    /// Whether the columns are folded to a square, each cell with a line of verbs below it.
    is_folded: bool,
    cell: Vec2,
    row_label: f32,
}

impl StudioPanel for SweepGridPanel {
    fn id(&self) -> &'static str {
        "sweep_grid"
    }

    fn slot(&self) -> Slot {
        Slot::Canvas
    }

    fn ui(&mut self, ui: &mut Ui, ctx: &mut StudioContext<'_, '_>) {
        let state = ctx.state;
        let Some(sweeping) = &state.sweeping else {
            self.latents.clear();
            return;
        };
        if !sweeping.is_shown {
            self.latents.clear();
            back(ui, ctx, sweeping);
            return;
        }
        let whole = ui.available_rect_before_wrap();
        let (header, mut body) = whole.split_top_bottom_at_y(whole.top() + HEADER_HEIGHT);
        let mut header = ui.new_child(UiBuilder::new().max_rect(header.shrink2(vec2(MARGIN, 0.0))));
        line_above(&mut header, ctx, sweeping);
        if let Some(z) = &sweeping.sweep.z {
            let tabs;
            (tabs, body) = body.split_top_bottom_at_y(body.top() + TABS_HEIGHT);
            let mut tabs = ui.new_child(UiBuilder::new().max_rect(tabs.shrink2(vec2(MARGIN, 0.0))));
            sheet_tabs(&mut tabs, ctx, sweeping, z);
        }
        self.grid(ui, ctx, sweeping, body.shrink2(vec2(MARGIN, GAP)));
        ui.allocate_rect(whole, Sense::hover());
        self.latents.retain(|_, latents| std::mem::take(&mut latents.is_used));
    }
}

impl SweepGridPanel {
    fn grid(&mut self, ui: &mut Ui, ctx: &mut StudioContext<'_, '_>, sweeping: &Sweeping, body: Rect) {
        let grid = Grid::of(ui, sweeping, body);
        let corner = body.min + vec2(grid.row_label, 2.0 * LABEL_HEIGHT);
        let field = Rect::from_min_max(corner, body.max.max(corner));
        let mut inner = ui.new_child(UiBuilder::new().max_rect(field));
        let content = vec2(
            grid.size[0] as f32 * (grid.cell.x + GAP) - GAP,
            grid.size[1] as f32 * (grid.cell.y + GAP) - GAP,
        );
        let scroll = ScrollArea::both().auto_shrink(false).id_salt(("sheet", sweeping.sheet));
        let output = scroll.show_viewport(&mut inner, |ui, viewport| {
            let (content, _) = ui.allocate_exact_size(content, Sense::hover());
            for row in within(viewport.y_range(), grid.cell.y, grid.size[1]) {
                for column in within(viewport.x_range(), grid.cell.x, grid.size[0]) {
                    if let Some((index, cell)) = sweeping.at(grid.place(column, row, sweeping.sheet)) {
                        let rect = grid.rect(content, column, row);
                        let (picture, foot) = rect.split_top_bottom_at_y(rect.bottom() - grid.foot());
                        self.cell(ui, ctx, sweeping, (index, cell), picture);
                        if grid.is_folded {
                            verbs(ui, ctx, (index, cell), foot);
                        }
                    }
                }
            }
        });
        let shown = Rect::from_min_size(field.min - output.state.clamped_offset(), content);
        labels(ui, ctx, sweeping, &grid, (body, shown));
    }

    fn cell(
        &mut self,
        ui: &Ui,
        ctx: &mut StudioContext<'_, '_>,
        sweeping: &Sweeping,
        (index, cell): (usize, &CellRun),
        rect: Rect,
    ) {
        let response = ui.interact(rect, ui.make_persistent_id(("cell", cell.place)), Sense::click());
        let name = cell_words(&sweeping.sweep, cell.place, ctx.language);
        let state = status_words(ctx, cell);
        response.widget_info(|| {
            let mut info = WidgetInfo::labeled(Role::Button, true, &name);
            info.hint_text = Some(state.clone());
            info
        });
        let seen = cell.seen(sweeping.playhead);
        if let Some(picture) = seen.and_then(|seen| self.picture((index, cell), seen)) {
            let texture = ctx.textures.smooth(ui.ctx(), &picture);
            egui::Image::new((texture.id(), rect.size()))
                .corner_radius(2)
                .paint_at(ui, rect);
        } else {
            ui.painter().rect_filled(rect, 2.0, *ctx.palette.panel);
        }
        match ctx.state.jobs.find(cell.job).map(|job| &job.status) {
            Some(JobStatus::Running | JobStatus::Stopping) => {
                let done = cell.num_done() as f32 / cell.total.max(1) as f32;
                let line = Rect::from_min_size(rect.left_bottom() - vec2(0.0, 3.0), vec2(rect.width() * done, 3.0));
                ui.painter().rect_filled(line, 0.0, *ctx.palette.accent);
            }
            Some(JobStatus::Failed(_)) => sentence(ui, rect, &state, *ctx.palette.error),
            Some(JobStatus::Cancelled) => sentence(ui, rect, &state, *ctx.palette.text_weak),
            Some(JobStatus::Waiting | JobStatus::Finished) | None => {}
        }
        if response.hovered() || response.has_focus() {
            let colour = if response.has_focus() {
                *ctx.palette.accent
            } else {
                *ctx.palette.text_weak
            };
            ui.painter()
                .rect_stroke(rect, 2.0, Stroke::new(2.0, colour), StrokeKind::Inside);
        }
        let response = response.on_hover_ui(|ui| settings(ui, ctx, cell, (&name, &state)));
        if response.clicked() {
            ctx.commands.send(UiCommand::OpenCell(index));
        }
    }

    /// What is seen of a run as a picture.
    fn picture(&mut self, (index, cell): (usize, &CellRun), seen: Seen<'_>) -> Option<Arc<RgbImage>> {
        let (step, colours) = match seen {
            Seen::Picture(image) => return Some(Arc::clone(image)),
            Seen::Latents(step, colours) => (step, colours),
        };
        let of = (cell.job, step.index, std::ptr::from_ref(step) as usize);
        if self.latents.get(&index).is_none_or(|latents| latents.of != of) {
            let picture = latent_picture(&step.x0, Some(colours), usize::MAX).map(Arc::new);
            let is_used = true;
            self.latents.insert(index, Latents { of, picture, is_used });
        }
        let latents = self.latents.get_mut(&index)?;
        latents.is_used = true;
        latents.picture.clone()
    }
}

impl Grid {
    fn of(ui: &Ui, sweeping: &Sweeping, body: Rect) -> Self {
        let [columns, rows, _] = sweeping.sweep.size();
        let is_folded = is_folded(sweeping);
        let (columns, rows) = if is_folded {
            let side = (columns as f64).sqrt().ceil() as usize;
            (side, columns.div_ceil(side.max(1)))
        } else {
            (columns, rows)
        };
        let foot = if is_folded { FOOT_HEIGHT } else { 0.0 };
        let font = TextStyle::Body.resolve(ui.style());
        let row_label = sweeping.sweep.y.as_ref().map_or(0.0, |y| {
            let widths = y.values.iter().map(|value| {
                let words = value_words(value, &y.field);
                ui.painter()
                    .layout_no_wrap(words, font.clone(), Color32::WHITE)
                    .size()
                    .x
            });
            widths.fold(0.0, f32::max).clamp(ROW_LABEL.0, ROW_LABEL.1) + 2.0 * GAP
        });
        let base = &sweeping.sweep.base;
        let aspect = base.width_px.max(1) as f32 / base.height_px.max(1) as f32;
        let room = body.size() - vec2(row_label, 2.0 * LABEL_HEIGHT);
        let side = |room: f32, count: usize| (room + GAP) / count.max(1) as f32 - GAP;
        let width = side(room.x, columns).min((side(room.y, rows) - foot) * aspect);
        let width = width.max(MIN_CELL * aspect.max(1.0));
        Self {
            size: [columns, rows],
            cell: vec2(width, width / aspect + foot).floor(),
            row_label,
            is_folded,
        }
    }

    /// Height of the line below each picture.
    fn foot(&self) -> f32 {
        if self.is_folded { FOOT_HEIGHT } else { 0.0 }
    }

    /// Which run stands here.
    fn place(&self, column: usize, row: usize, sheet: usize) -> [usize; 3] {
        if self.is_folded {
            [row * self.size[0] + column, 0, sheet]
        } else {
            [column, row, sheet]
        }
    }

    fn rect(&self, content: Rect, column: usize, row: usize) -> Rect {
        let corner = vec2(column as f32, row as f32) * (self.cell + Vec2::splat(GAP));
        Rect::from_min_size(content.min + corner, self.cell)
    }
}

/// Seeds have no order that a row would show: they stand in a square, to choose from.
fn is_folded(sweeping: &Sweeping) -> bool {
    let Sweep { x, y, z, .. } = &sweeping.sweep;
    matches!(x.field, Field::Seed | Field::VariationSeed) && y.is_none() && z.is_none()
}

/// What can be made of a picture that is there.
fn verbs(ui: &mut Ui, ctx: &StudioContext<'_, '_>, (index, cell): (usize, &CellRun), foot: Rect) {
    let layout = Layout::left_to_right(Align::Center);
    let mut ui = ui.new_child(UiBuilder::new().max_rect(foot).layout(layout).id_salt(("verbs", index)));
    ui.spacing_mut().item_spacing.x = GAP;
    let number = (cell.place[0] + 1).to_string();
    let is_there = cell.kept.is_some();
    // Each has a third of the line, however small the picture is: none may lie over those of the next one.
    let size = vec2((foot.width() - 2.0 * GAP) / 3.0, FOOT_HEIGHT - 2.0 * GAP);
    for (again, short) in [
        (
            Regenerate::Vary(VariationStrength::Subtle),
            ctx.tr("again-short-subtle"),
        ),
        (
            Regenerate::Vary(VariationStrength::Strong),
            ctx.tr("again-short-strong"),
        ),
        (Regenerate::Upscale, ctx.tr("again-short-upscale")),
    ] {
        let button = ui
            .add_enabled_ui(is_there, |ui| ui.add_sized(size, Button::new(short).truncate()))
            .inner;
        let name = format!("{} {number}", ctx.tr(again.key()));
        let tip = ctx.tr(&format!("{}.tip", again.key()));
        let button = button.on_hover_text(&tip).on_disabled_hover_text(tip);
        button.widget_info(|| WidgetInfo::labeled(Role::Button, is_there, &name));
        if button.clicked() {
            ctx.commands
                .send(UiCommand::Regenerate(RegenerateCommand::Cell(index, again)));
        }
    }
}

/// The columns or rows that are in sight.
fn within(sight: egui::Rangef, side: f32, count: usize) -> std::ops::Range<usize> {
    let at = |place: f32| (place / (side + GAP)).max(0.0) as usize;
    at(sight.min).min(count)..(at(sight.max) + 1).min(count)
}

/// The names and values of columns and rows; they stay in sight when the grid scrolls.
fn labels(ui: &Ui, ctx: &StudioContext<'_, '_>, sweeping: &Sweeping, grid: &Grid, (body, shown): (Rect, Rect)) {
    let font = TextStyle::Body.resolve(ui.style());
    let weak = *ctx.palette.text_weak;
    let left = body.left() + grid.row_label;
    let top = body.top() + 2.0 * LABEL_HEIGHT;
    let x = if grid.is_folded {
        ctx.tr("again-choose")
    } else {
        format!("{} →", axis_words(&sweeping.sweep.x, ctx.language))
    };
    let name = Rect::from_min_max(pos2(left, body.top()), pos2(body.right(), body.top() + LABEL_HEIGHT));
    label(ui.painter(), name, (&x, Align2::LEFT_CENTER), &font, weak);
    let columns = Rect::from_min_max(pos2(left, name.bottom()), pos2(body.right(), top));
    let line = ui.painter().with_clip_rect(columns);
    let values = if grid.is_folded { &[] } else { &*sweeping.sweep.x.values };
    for (column, value) in values.iter().enumerate() {
        let cell = grid.rect(shown, column, 0);
        let rect = Rect::from_x_y_ranges(cell.x_range(), columns.y_range());
        let words = value_words(value, &sweeping.sweep.x.field);
        label(&line, rect, (&words, Align2::CENTER_CENTER), &font, *ctx.palette.text);
    }
    let Some(y) = &sweeping.sweep.y else {
        return;
    };
    let corner = Rect::from_min_max(pos2(body.left(), name.bottom()), pos2(left - GAP, top));
    let words = format!("{} ↓", axis_words(y, ctx.language));
    label(ui.painter(), corner, (&words, Align2::RIGHT_CENTER), &font, weak);
    let rows = Rect::from_min_max(pos2(body.left(), top), pos2(left - GAP, body.bottom()));
    let line = ui.painter().with_clip_rect(rows);
    for (row, value) in y.values.iter().enumerate() {
        let cell = grid.rect(shown, 0, row);
        let rect = Rect::from_x_y_ranges(rows.x_range(), cell.y_range());
        let words = value_words(value, &y.field);
        label(&line, rect, (&words, Align2::RIGHT_CENTER), &font, *ctx.palette.text);
    }
}

/// Words in a rectangle, cut where they do not fit.
fn label(painter: &Painter, rect: Rect, (words, align): (&str, Align2), font: &FontId, colour: Color32) {
    if !painter.clip_rect().intersects(rect) {
        return;
    }
    let mut job = egui::text::LayoutJob::simple_singleline(words.to_owned(), font.clone(), colour);
    job.wrap = egui::text::TextWrapping::truncate_at_width(rect.width());
    let galley = painter.layout_job(job);
    let at = align.align_size_within_rect(galley.size(), rect).min;
    painter.galley(at, galley, colour);
}

/// A sentence over a cell, as much of it as there is room for.
fn sentence(ui: &Ui, rect: Rect, words: &str, colour: Color32) {
    let inner = rect.shrink(GAP);
    let font = TextStyle::Small.resolve(ui.style());
    let mut job = egui::text::LayoutJob::simple(words.to_owned(), font.clone(), colour, inner.width());
    job.wrap.max_rows = ((inner.height() / (1.4 * font.size)) as usize).max(1);
    let galley = ui.painter().layout_job(job);
    let ground = Rect::from_min_size(inner.min, galley.size()).expand(2.0);
    let painter = ui.painter().with_clip_rect(rect.intersect(ui.clip_rect()));
    painter.rect_filled(ground, 2.0, ui.visuals().panel_fill.gamma_multiply(0.85));
    painter.galley(inner.min, galley, colour);
}

/// How far the sweep is at the left, the playhead of all runs at the right.
fn line_above(ui: &mut Ui, ctx: &StudioContext<'_, '_>, sweeping: &Sweeping) {
    ui.visuals_mut().widgets.inactive.weak_bg_fill = *ctx.palette.panel;
    let words = RichText::new(progress_words(ctx, sweeping));
    let room = (ui.available_width() / 2.0 - STEP_WIDTH).clamp(60.0, RAIL_WIDTH);
    filled_line(
        ui,
        "playhead",
        |ui| ui.add(egui::Label::new(words.weak()).truncate()),
        |ui| {
            step(ui, ctx, sweeping, room);
            ctx.button(ui, UiCommand::CloseSweep);
        },
    );
}

fn step(ui: &mut Ui, ctx: &StudioContext<'_, '_>, sweeping: &Sweeping, room: f32) {
    let end = sweeping.num_steps();
    let words = match sweeping.playhead {
        Some(step) => {
            let (step, total) = ((step + 1).to_string(), end.to_string());
            let values = [("step", &*step), ("total", &*total)];
            ctx.language.tr_with("timeline-step", &values)
        }
        None => ctx.tr("sweep-newest"),
    };
    let (rail, moved) = playhead(ui, ctx.palette, sweeping.playhead, end, room);
    rail.accessible_name(ctx.tr("sweep-playhead"))
        .on_hover_text(ctx.tr("sweep-playhead.tip"));
    if let Some(step) = moved {
        ctx.commands.send(UiCommand::SweepStep(step));
    }
    ui.allocate_ui_with_layout(vec2(STEP_WIDTH, 20.0), Layout::left_to_right(Align::Center), |ui| {
        ui.set_min_width(STEP_WIDTH);
        ui.add(egui::Label::new(words).truncate());
    });
}

/// How many runs are done, how many could not be, and how long it will take.
fn progress_words(ctx: &StudioContext<'_, '_>, sweeping: &Sweeping) -> String {
    let progress = ctx.state.jobs.sweep_progress();
    let done = progress.finished.to_string();
    let total = sweeping.cells.len().to_string();
    let mut words = vec![
        ctx.language
            .tr_with("sweep-progress", &[("done", &done), ("total", &total)]),
    ];
    if progress.failed > 0 {
        words.push(ctx.language.tr_count("sweep-failed", progress.failed));
    }
    if progress.left == 0 {
        if progress.cancelled > 0 {
            words.push(ctx.tr("sweep-stopped"));
        }
    } else if let Some(secs) = sweeping.secs_left(&ctx.state.jobs) {
        let secs = format!("{secs:.0}");
        words.push(ctx.language.tr_with("timeline-left", &[("secs", &secs)]));
    }
    words.join("  ·  ")
}

fn sheet_tabs(ui: &mut Ui, ctx: &StudioContext<'_, '_>, sweeping: &Sweeping, z: &Axis) {
    ScrollArea::horizontal().show(ui, |ui| {
        ui.horizontal_centered(|ui| {
            ui.weak(axis_words(z, ctx.language));
            for (sheet, value) in z.values.iter().enumerate() {
                let words = value_words(value, &z.field);
                let name = format!("{} {words}", field_words(&z.field, ctx.language));
                let tab = ui
                    .selectable_label(sheet == sweeping.sheet, words)
                    .accessible_name(name);
                if tab.on_hover_text(ctx.tr("sweep-sheet-tip")).clicked() {
                    ctx.commands.send(UiCommand::ShowSheet(sheet));
                }
            }
        });
    });
}

/// The way back while something else is on the canvas.
fn back(ui: &mut Ui, ctx: &StudioContext<'_, '_>, sweeping: &Sweeping) {
    let command = UiCommand::ShowSweep;
    let name = command.name(ctx.language);
    let words = format!(
        "{name}  {}/{}",
        ctx.state.jobs.sweep_progress().finished,
        sweeping.cells.len()
    );
    let corner = ui.max_rect().left_bottom() + vec2(MARGIN, -MARGIN);
    let room = Rect::from_min_max(corner - vec2(0.0, 28.0), pos2(corner.x + 320.0, corner.y));
    let layout = Layout::left_to_right(Align::Center);
    let mut ui = ui.new_child(UiBuilder::new().max_rect(room).layout(layout));
    ui.visuals_mut().widgets.inactive.weak_bg_fill = *ctx.palette.panel;
    let response: Response = ui.add(Button::new(words).min_size(vec2(0.0, 28.0)));
    let tip = command.tooltip(ctx.language, ui.ctx());
    if response.accessible_name(name).on_hover_text(tip).clicked() {
        ctx.commands.send(command);
    }
}

/// How far a run is, in words.
fn status_words(ctx: &StudioContext<'_, '_>, cell: &CellRun) -> String {
    match ctx.state.jobs.find(cell.job).map(|job| &job.status) {
        None | Some(JobStatus::Waiting) => ctx.tr("status-waiting"),
        Some(JobStatus::Running | JobStatus::Stopping) => {
            let (step, total) = (cell.num_done().to_string(), cell.total.to_string());
            ctx.language
                .tr_with("timeline-step", &[("step", &step), ("total", &total)])
        }
        Some(JobStatus::Finished) if cell.path.is_some() => ctx.tr("sweep-cell-open"),
        Some(JobStatus::Finished) => ctx.tr("sweep-cell-saving"),
        Some(JobStatus::Cancelled) => ctx.tr("status-stopped"),
        Some(JobStatus::Failed(error)) => ctx.language.job_error(error),
    }
}

/// The settings of a run.
fn settings(ui: &mut Ui, ctx: &StudioContext<'_, '_>, cell: &CellRun, (name, state): (&str, &str)) {
    let request = &cell.request;
    ui.label(RichText::new(name).strong());
    ui.label(&request.prompt);
    let number = |value: f64| value_words(&value.to_string(), &crate::job::Field::Guidance);
    let values = [
        ("steps", Value::from(request.steps)),
        ("guidance", number(request.guidance_scale).into()),
        ("rescale", number(request.guidance_rescale).into()),
        ("sampler", request.sampler.as_str().into()),
        ("seed", request.seed.to_string().into()),
    ];
    ui.weak(ctx.language.tr_with("sweep-cell-settings", &values));
    if let Some((_, step)) = &cell.start {
        ui.weak(ctx.language.tr_count("sweep-cell-shared", *step as usize));
    }
    ui.weak(state);
}
