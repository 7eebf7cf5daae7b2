//! Small square buttons with a painted sign.

use egui::{Color32, Painter, Pos2, Rect, Response, Role, Sense, Stroke, StrokeKind, Ui, Vec2, WidgetInfo, pos2, vec2};

use crate::ui::theme::ROW_HEIGHT;

/// A sign.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Icon {
    /// A closed padlock.
    Locked,
    /// An open padlock.
    Unlocked,
    /// A die.
    Dice,
    /// An arrow up.
    Up,
    /// An arrow down.
    Down,
    /// Two sheets, one behind the other.
    Copy,
    /// A wheel with teeth.
    Gear,
    /// A magnifying glass.
    Search,
    /// A cross.
    Close,
    /// A folder.
    Folder,
    /// A triangle to the right.
    Play,
    /// Two bars.
    Pause,
    /// A bar and a triangle to the right.
    StepOn,
    /// A triangle to the left and a bar.
    StepBack,
    /// An arrow in a circle.
    Loop,
    /// An arrow that ends at a bar.
    EndHere,
    /// An arrow into a tray.
    Keep,
    /// A line that forks.
    Branch,
    /// A page with its left side marked.
    LeftSide,
    /// A page with its right side marked.
    RightSide,
}

/// A square button with a sign; `name` is for those who do not see it.
pub(crate) fn icon_button(ui: &mut Ui, icon: Icon, name: &str, tip: &str, is_on: bool) -> Response {
    let side = ROW_HEIGHT;
    let (rect, response) = ui.allocate_exact_size(Vec2::splat(side), Sense::click());
    response.widget_info(|| WidgetInfo::selected(Role::Button, ui.is_enabled(), is_on, name));
    if ui.is_rect_visible(rect) {
        let visuals = ui.style().interact(&response);
        let is_quiet = icon == Icon::Close && !response.hovered();
        if !is_quiet {
            ui.painter()
                .rect_filled(rect, visuals.corner_radius, visuals.weak_bg_fill);
        }
        if response.has_focus() {
            let ring = Stroke::new(1.0, ui.visuals().selection.stroke.color);
            ui.painter()
                .rect_stroke(rect, visuals.corner_radius, ring, StrokeKind::Inside);
        }
        let colour = if is_on {
            ui.visuals().selection.stroke.color
        } else {
            visuals.fg_stroke.color
        };
        paint(ui.painter(), icon, rect.center(), colour);
    }
    response.on_hover_text(tip)
}

fn paint(painter: &Painter, icon: Icon, c: Pos2, colour: Color32) {
    let stroke = Stroke::new(1.4, colour);
    match icon {
        Icon::LeftSide | Icon::RightSide => {
            let page = Rect::from_center_size(c, vec2(15.0, 12.0));
            painter.rect_stroke(page, 2.0, stroke, StrokeKind::Inside);
            let side = if icon == Icon::LeftSide {
                page.split_left_right_at_fraction(0.4).0
            } else {
                page.split_left_right_at_fraction(0.6).1
            };
            painter.rect_filled(side, 2.0, colour);
        }
        Icon::Locked | Icon::Unlocked => {
            let body = Rect::from_center_size(c + vec2(0.0, 2.5), vec2(10.0, 7.5));
            painter.rect_filled(body, 1.5, colour);
            let (left, right, top, foot) = (c.x - 3.0, c.x + 3.0, c.y - 4.0, c.y - 1.0);
            let right_foot = if icon == Icon::Locked { foot } else { top };
            let mut arc: Vec<Pos2> = vec![pos2(left, foot)];
            arc.extend((0..=8).map(|i| {
                let angle = std::f32::consts::PI * (1.0 + i as f32 / 8.0);
                pos2(c.x + 3.0 * angle.cos(), top + 3.0 * angle.sin())
            }));
            arc.push(pos2(right, right_foot));
            painter.line(arc, stroke);
        }
        Icon::Dice => {
            painter.rect_stroke(
                Rect::from_center_size(c, Vec2::splat(13.0)),
                2.5,
                stroke,
                StrokeKind::Inside,
            );
            for (x, y) in [(-3.0, -3.0), (3.0, 3.0), (0.0, 0.0), (3.0, -3.0), (-3.0, 3.0)] {
                painter.circle_filled(c + vec2(x, y), 1.2, colour);
            }
        }
        Icon::Up | Icon::Down => {
            let sign = if icon == Icon::Up { -1.0 } else { 1.0 };
            let line = |points: [(f32, f32); 3]| {
                painter.line(points.map(|(x, y)| c + vec2(x, sign * y)).to_vec(), stroke);
            };
            line([(0.0, -5.5), (0.0, 0.0), (0.0, 5.5)]);
            line([(-4.0, 1.5), (0.0, 5.5), (4.0, 1.5)]);
        }
        Icon::Copy => {
            let sheet = |shift: f32| Rect::from_center_size(c + Vec2::splat(shift), vec2(8.0, 9.0));
            painter.rect_stroke(sheet(-2.0), 1.5, stroke, StrokeKind::Middle);
            painter.rect_filled(sheet(2.0), 1.5, colour);
        }
        Icon::Gear => {
            painter.circle_stroke(c, 4.2, stroke);
            painter.circle_filled(c, 1.4, colour);
            for tooth in 0..8 {
                let out = Vec2::angled(std::f32::consts::TAU * tooth as f32 / 8.0);
                painter.line_segment([c + 4.2 * out, c + 6.8 * out], Stroke::new(2.2, colour));
            }
        }
        Icon::Search => {
            painter.circle_stroke(c + vec2(-1.5, -1.5), 4.5, stroke);
            painter.line_segment([c + vec2(1.8, 1.8), c + vec2(6.0, 6.0)], Stroke::new(2.0, colour));
        }
        Icon::Close => {
            for sign in [1.0, -1.0] {
                painter.line_segment([c + vec2(-3.5, -3.5 * sign), c + vec2(3.5, 3.5 * sign)], stroke);
            }
        }
        Icon::Folder => {
            let points = [
                (-6.5, -4.5),
                (-2.0, -4.5),
                (-0.5, -2.5),
                (6.5, -2.5),
                (6.5, 5.0),
                (-6.5, 5.0),
            ];
            painter.add(egui::Shape::closed_line(
                points.iter().map(|&(x, y)| c + vec2(x, y)).collect(),
                stroke,
            ));
        }
        Icon::Play => triangle(painter, c + vec2(1.0, 0.0), 5.5, colour),
        Icon::Pause => {
            for x in [-3.0, 3.0] {
                painter.rect_filled(Rect::from_center_size(c + vec2(x, 0.0), vec2(3.0, 11.0)), 1.0, colour);
            }
        }
        Icon::StepOn | Icon::StepBack => {
            let sign = if icon == Icon::StepOn { 1.0 } else { -1.0 };
            let bar = Rect::from_center_size(c - vec2(5.0 * sign, 0.0), vec2(2.0, 11.0));
            painter.rect_filled(bar, 1.0, colour);
            triangle(painter, c + vec2(2.0 * sign, 0.0), 5.0 * sign, colour);
        }
        Icon::Loop | Icon::EndHere | Icon::Keep | Icon::Branch => paint_lines(painter, icon, c, stroke),
    }
}

/// Points to the right; to the left with a negative size.
fn triangle(painter: &Painter, c: Pos2, size: f32, colour: Color32) {
    let (back, height) = (c.x - 0.8 * size, size.abs());
    let points = vec![
        pos2(back, c.y - height),
        pos2(c.x + size, c.y),
        pos2(back, c.y + height),
    ];
    painter.add(egui::Shape::convex_polygon(points, colour, Stroke::NONE));
}

fn paint_lines(painter: &Painter, icon: Icon, c: Pos2, stroke: Stroke) {
    let line = |points: &[(f32, f32)]| {
        painter.line(points.iter().map(|&(x, y)| c + vec2(x, y)).collect(), stroke);
    };
    match icon {
        Icon::Loop => {
            let arc: Vec<(f32, f32)> = (0..=14)
                .map(|i| {
                    let angle = std::f32::consts::TAU * (0.02 + 0.8 * i as f32 / 14.0);
                    (5.5 * angle.cos(), 5.5 * angle.sin())
                })
                .collect();
            line(&arc);
            line(&[(-1.0, -5.5), (2.0, -5.2), (1.0, -8.0)]);
        }
        Icon::EndHere => {
            line(&[(-6.5, 0.0), (3.0, 0.0)]);
            line(&[(-0.5, -3.5), (3.0, 0.0), (-0.5, 3.5)]);
            line(&[(6.0, -5.5), (6.0, 5.5)]);
        }
        Icon::Keep => {
            line(&[(0.0, -6.0), (0.0, 2.5)]);
            line(&[(-3.5, -1.0), (0.0, 2.5), (3.5, -1.0)]);
            line(&[(-6.0, 2.5), (-6.0, 6.0), (6.0, 6.0), (6.0, 2.5)]);
        }
        _ => {
            line(&[(-6.5, 0.0), (-2.0, 0.0), (2.0, -4.0), (6.0, -4.0)]);
            line(&[(-2.0, 0.0), (2.0, 4.0), (6.0, 4.0)]);
            for end in [(-5.5, 0.0), (5.5, -4.0), (5.5, 4.0)] {
                painter.circle_filled(c + vec2(end.0, end.1), 1.8, stroke.color);
            }
        }
    }
}
