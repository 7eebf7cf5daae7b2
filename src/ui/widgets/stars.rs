//! Stars and hearts: painted signs, and the row of five that rates.

use egui::{
    Color32, Mesh, Painter, Pos2, Rect, Response, Role, Sense, Shape, Stroke, Ui, Vec2, WidgetInfo, pos2, vec2,
};

/// Most stars there are.
pub(crate) const MAX_STARS: u8 = 5;
/// Room of one star of the row.
const STAR_ROOM: f32 = 22.0;

/// Paints a star with five points.
///
/// * `radius`: from its middle to its points.
pub(crate) fn paint_star(painter: &Painter, c: Pos2, radius: f32, colour: Color32, is_filled: bool) {
    let outline = (0..10)
        .map(|corner| {
            let angle = std::f32::consts::PI * (corner as f32 / 5.0 - 0.5);
            let reach = if corner % 2 == 0 { radius } else { 0.45 * radius };
            c + reach * vec2(angle.cos(), angle.sin())
        })
        .collect();
    paint(painter, c, outline, colour, is_filled);
}

/// Paints a heart.
///
/// * `radius`: half its width.
pub(crate) fn paint_heart(painter: &Painter, c: Pos2, radius: f32, colour: Color32, is_filled: bool) {
    let outline = (0..24)
        .map(|part| {
            // https://mathworld.wolfram.com/HeartCurve.html
            let t = std::f32::consts::TAU * part as f32 / 24.0;
            let x = 16.0 * t.sin().powi(3);
            let y = 13.0 * t.cos() - 5.0 * (2.0 * t).cos() - 2.0 * (3.0 * t).cos() - (4.0 * t).cos();
            c + radius / 16.0 * vec2(x, -y - 2.0)
        })
        .collect();
    paint(painter, c, outline, colour, is_filled);
}

/// A shape all of whose outline is seen from its middle.
fn paint(painter: &Painter, c: Pos2, outline: Vec<Pos2>, colour: Color32, is_filled: bool) {
    if is_filled {
        let mut mesh = Mesh::default();
        mesh.colored_vertex(c, colour);
        for point in &outline {
            mesh.colored_vertex(*point, colour);
        }
        let count = outline.len() as u32;
        for corner in 0..count {
            mesh.add_triangle(0, 1 + corner, 1 + (corner + 1) % count);
        }
        painter.add(Shape::mesh(mesh));
    }
    painter.add(Shape::closed_line(outline, Stroke::new(1.0, colour)));
}

/// Names of the stars of a row and what they do, the first star first.
pub(crate) struct StarWords {
    /// What each is called.
    pub(crate) names: [String; MAX_STARS as usize],
    /// What choosing one does.
    pub(crate) tip: String,
}

/// A row of stars; the result is the rating that was chosen. Choosing the present one takes it away.
///
/// * `rating`: 0 to 5.
/// * `colours`: of stars that are given, and of others.
pub(crate) fn star_row(ui: &mut Ui, rating: u8, words: &StarWords, colours: (Color32, Color32)) -> Option<u8> {
    let size = vec2(STAR_ROOM * f32::from(MAX_STARS), STAR_ROOM);
    let (row, _) = ui.allocate_exact_size(size, Sense::hover());
    let mut chosen = None;
    let mut shown = rating;
    let stars: Vec<(Rect, Response)> = (1..=MAX_STARS)
        .zip(&words.names)
        .map(|(star, name)| {
            let left = pos2(row.left() + STAR_ROOM * f32::from(star - 1), row.top());
            let rect = Rect::from_min_size(left, Vec2::splat(STAR_ROOM));
            let response = ui.interact(rect, ui.make_persistent_id(("star", star)), Sense::click());
            response.widget_info(|| WidgetInfo::selected(Role::Button, ui.is_enabled(), star <= rating, name));
            if response.hovered() {
                shown = star;
            }
            if response.clicked() {
                chosen = Some(if star == rating { 0 } else { star });
            }
            (rect, response.on_hover_text(&words.tip))
        })
        .collect();
    for (star, (rect, response)) in (1..).zip(&stars) {
        let is_given = star <= shown;
        let colour = if is_given { colours.0 } else { colours.1 };
        paint_star(ui.painter(), rect.center(), 8.0, colour, is_given);
        if response.has_focus() {
            let ring = Stroke::new(1.0, ui.visuals().selection.stroke.color);
            ui.painter().rect_stroke(*rect, 4.0, ring, egui::StrokeKind::Inside);
        }
    }
    chosen
}
