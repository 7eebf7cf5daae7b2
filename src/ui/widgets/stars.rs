//! The row of five stars that rates.

use egui::{Color32, Rect, Response, Role, Sense, Stroke, Ui, Vec2, WidgetInfo, pos2, vec2};

use super::icon::{Icon, paint_icon};

/// Most stars there are.
pub(crate) const MAX_STARS: u8 = 5;
/// Size of a star, in points.
const STAR_SIZE: f32 = 17.0;
/// Side of the square that one star of the row takes, in points.
const STAR_ROOM: f32 = 22.0;

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
        paint_icon(ui.painter(), Icon::Star(is_given), rect.center(), STAR_SIZE, colour);
        if response.has_focus() {
            let ring = Stroke::new(1.0, ui.visuals().selection.stroke.color);
            ui.painter().rect_stroke(*rect, 4.0, ring, egui::StrokeKind::Inside);
        }
    }
    chosen
}
