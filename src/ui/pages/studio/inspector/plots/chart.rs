//! One small plot against the step: lines, a playhead, marks where something was changed.

use egui::{EventFilter, FontId, Key, Rangef, Sense, TextStyle, Ui, Vec2, Vec2b, WidgetInfo};
use egui_plot::{AxisHints, Line, LineStyle, Plot, PlotPoint, Points, VLine};

use super::series::tick;
use crate::ui::commands::UiCommand;
use crate::ui::pages::studio::panel::StudioContext;
use crate::ui::theme::Palette;

/// Height of a plot, in points.
const HEIGHT: f32 = 50.0;
/// Room for the numbers at its left.
const AXIS_WIDTH: f32 = 40.0;

/// What is plotted.
pub(super) struct Chart<'a> {
    /// Key of its texts.
    pub(super) key: &'static str,
    /// For each line its values by step, counted from 1; the second and later ones are dashed.
    pub(super) lines: Vec<Vec<[f64; 2]>>,
    /// Whether values are shown by their logarithms.
    pub(super) is_log: bool,
    /// What stands at the right of its name: the values at the playhead.
    pub(super) readout: String,
    /// What is said in place of lines where there are none.
    pub(super) missing: Option<String>,
    /// What all plots of the run share.
    pub(super) course: &'a Course,
}

/// What all plots of a run share.
pub(super) struct Course {
    /// Steps there will be.
    pub(super) total: usize,
    /// Steps there are, by their numbers from 1.
    pub(super) steps: Vec<usize>,
    /// The step that is shown, by its number from 1.
    pub(super) playhead: Option<usize>,
    /// Steps at which something was changed, by their numbers from 1.
    pub(super) changes: Vec<usize>,
}

impl Course {
    /// The place of the step whose number is nearest.
    pub(super) fn nearest(&self, number: f64) -> Option<usize> {
        let distance = |step: usize| (step as f64 - number).abs();
        (0..self.steps.len()).min_by(|a, b| distance(self.steps[*a]).total_cmp(&distance(self.steps[*b])))
    }
}

impl Chart<'_> {
    /// Lays it out and sends the step that was clicked.
    pub(super) fn show(self, ui: &mut Ui, ctx: &StudioContext<'_, '_>) {
        let (look, course, palette) = (ctx.look(), self.course, ctx.palette);
        let name = look.text(self.key).name;
        look.explained(ui, self.key, self.readout);
        let (is_log, dashed) = (self.is_log, egui::Stroke::new(1.0, *palette.text_weak));
        let lines = self.lines.into_iter().enumerate().map(|(place, mut points)| {
            if is_log {
                for point in &mut points {
                    point[1] = point[1].log10();
                }
            }
            points.retain(|point| point[1].is_finite());
            (place, points)
        });
        let lines: Vec<_> = lines.collect();
        let mut plot = plot(self.key, palette, ui, is_log);
        if !is_log {
            plot = plot.include_y(0.0);
        }
        let response = plot
            .include_x(1.0)
            .include_x(course.total.max(2) as f64)
            .show(ui, |plot| {
                for change in &course.changes {
                    let line = VLine::new("", *change as f64).stroke(dashed);
                    plot.vline(line.style(LineStyle::dashed_loose()).allow_hover(false));
                }
                for (place, points) in lines {
                    draw(plot, place, points, palette);
                }
                if let Some(step) = course.playhead {
                    let line = VLine::new("", step as f64).stroke(egui::Stroke::new(1.5, *palette.accent));
                    plot.vline(line.allow_hover(false));
                }
            });
        if let Some(words) = self.missing {
            let font = TextStyle::Small.resolve(ui.style());
            let room = response.response.rect.shrink(6.0);
            let galley = ui.painter().layout(words, font, *palette.text_weak, room.width());
            let corner = room.center() - galley.size() / 2.0;
            ui.painter().galley(corner, galley, *palette.text_weak);
        }
        let at = |position| course.nearest(response.transform.value_from_position(position).x);
        scrub(ui, ctx, &response.response, (&name, course), at);
        ui.add_space(2.0);
    }
}

/// Goes to the step under the pointer, and along the run by the arrows when the plot has the keyboard.
///
/// * `at`: the place of the step nearest to a position.
pub(super) fn scrub(
    ui: &Ui,
    ctx: &StudioContext<'_, '_>,
    response: &egui::Response,
    (name, course): (&str, &Course),
    at: impl Fn(egui::Pos2) -> Option<usize>,
) {
    let label = ctx.language.tr_with("plot-name", &[("name", name)]);
    response.widget_info(|| WidgetInfo::slider(true, course.playhead.unwrap_or_default() as f64, &label));
    let here = course.steps.iter().position(|step| Some(*step) == course.playhead);
    let position = response.interact_pointer_pos();
    let target = position
        .filter(|_| response.clicked() || response.dragged())
        .and_then(&at);
    if let Some(target) = target.filter(|target| Some(*target) != here) {
        ctx.commands.send(UiCommand::ShowStep(target));
    }
    if response.has_focus() {
        let filter = EventFilter {
            horizontal_arrows: true,
            ..EventFilter::default()
        };
        ui.memory_mut(|memory| memory.set_focus_lock_filter(response.id, filter));
        for (key, command) in [
            (Key::ArrowLeft, UiCommand::PreviousStep),
            (Key::ArrowRight, UiCommand::NextStep),
        ] {
            if ui.input(|input| input.key_pressed(key)) {
                ctx.commands.send(command);
            }
        }
        let ring = egui::Stroke::new(1.0, *ctx.palette.accent);
        let kind = egui::StrokeKind::Inside;
        ui.painter().rect_stroke(response.rect, 2.0, ring, kind);
    }
}

/// A plot that neither pans nor zooms, with its numbers at the left.
fn plot<'a>(key: &'static str, palette: &'static Palette, ui: &Ui, is_log: bool) -> Plot<'a> {
    let font = FontId::new(10.0, TextStyle::Small.resolve(ui.style()).family);
    let axis = AxisHints::new_y()
        .min_thickness(AXIS_WIDTH)
        .tick_label_color(*palette.text_weak)
        .tick_label_font(font)
        .label_spacing(Rangef::new(8.0, 12.0))
        .formatter(move |mark, _| tick(if is_log { 10.0_f64.powf(mark.value) } else { mark.value }));
    let spacing = move |input: egui_plot::GridInput| {
        let range = input.bounds.1 - input.bounds.0;
        let unit = if is_log {
            (range / 3.0).ceil().max(1.0)
        } else {
            nice(range / 3.0)
        };
        [unit, unit, unit]
    };
    still(Plot::new(key), palette)
        .height(HEIGHT)
        .show_axes(Vec2b::new(false, true))
        .show_grid(Vec2b::new(false, true))
        .custom_y_axes(vec![axis])
        .y_grid_spacer(egui_plot::uniform_grid_spacer(spacing))
        .set_margin_fraction(Vec2::new(0.02, 0.12))
}

/// A plot that neither pans nor zooms and leaves the wheel to the page.
pub(super) fn still<'a>(plot: Plot<'a>, palette: &Palette) -> Plot<'a> {
    plot.allow_zoom(false)
        .allow_drag(false)
        .allow_scroll(false)
        .allow_boxed_zoom(false)
        .allow_double_click_reset(false)
        .allow_axis_zoom_drag(false)
        .show_crosshair(false)
        .label_formatter(|_| None)
        .grid_color(*palette.separator)
        .grid_fade(0.0)
        .sense(Sense::click_and_drag())
}

fn draw(plot: &mut egui_plot::PlotUi<'_>, place: usize, points: Vec<[f64; 2]>, palette: &Palette) {
    let colour = if place == 0 { *palette.text } else { *palette.text_weak };
    if let [point] = &points[..] {
        let point = PlotPoint::new(point[0], point[1]);
        plot.points(
            Points::new("", vec![[point.x, point.y]])
                .radius(2.0)
                .color(colour)
                .allow_hover(false),
        );
        return;
    }
    let style = if place == 0 {
        LineStyle::Solid
    } else {
        LineStyle::dashed_dense()
    };
    let line = Line::new("", points).color(colour).width(1.5);
    plot.line(line.style(style).allow_hover(false));
}

/// The nearest of 1, 2, 5, 10, … that is not smaller.
fn nice(size: f64) -> f64 {
    if !(size.is_finite() && size > 0.0) {
        return 1.0;
    }
    let ten = 10.0_f64.powf(size.log10().floor());
    let factor = [1.0, 2.0, 5.0, 10.0].into_iter().find(|factor| factor * ten >= size);
    factor.unwrap_or(10.0) * ten
}
