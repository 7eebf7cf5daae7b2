//! The line of the slider: where it lies, at which angle, and what it cuts.

use egui::{Pos2, Rect, Vec2, pos2, vec2};

/// How far from the line's point the handle lies that turns it.
pub(in crate::ui) const HANDLE_DISTANCE: f32 = 72.0;
/// Angles near which the line snaps: every eighth of a turn.
const SNAP_DEGREES: f32 = 45.0;
/// How near.
const SNAP_WITHIN: f32 = 4.0;

/// A line across a picture.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Divider {
    /// A point of it, 0 to 1 along each side of the picture.
    pub through: Vec2,
    /// Which way the second picture lies, in degrees from 0 below 360: to the right at 0, below at 90.
    pub degrees: f32,
}

impl Default for Divider {
    fn default() -> Self {
        Self {
            through: Vec2::splat(0.5),
            degrees: 0.0,
        }
    }
}

impl Divider {
    /// The same through another point, which is kept on the picture.
    #[must_use]
    pub fn moved(self, through: Vec2) -> Self {
        let inside = |part: f32| if part.is_finite() { part.clamp(0.0, 1.0) } else { 0.5 };
        Self {
            through: vec2(inside(through.x), inside(through.y)),
            ..self
        }
    }

    /// The same at another angle.
    #[must_use]
    pub fn turned(self, degrees: f32) -> Self {
        let degrees = if degrees.is_finite() { degrees } else { 0.0 };
        Self {
            degrees: degrees.rem_euclid(360.0) % 360.0, // a tiny negative angle is rounded to 360
            ..self
        }
    }

    /// The same, moved across the picture by a part of it: to the right, or down where the line lies flat.
    #[must_use]
    pub fn pushed(self, by: f32) -> Self {
        self.moved(self.through + self.across() * by)
    }

    /// Where its point lies across the picture, 0 to 1.
    pub fn position(self) -> f32 {
        let across = self.across();
        if across.x >= across.y.abs() {
            self.through.x
        } else {
            self.through.y
        }
    }

    /// The direction across the line that goes to the right, or down.
    fn across(self) -> Vec2 {
        let normal = self.normal();
        if normal.x > 0.0 || (normal.x == 0.0 && normal.y > 0.0) {
            normal
        } else {
            -normal
        }
    }

    /// An angle, or the eighth of a turn that is near.
    pub fn snapped(degrees: f32) -> f32 {
        let nearest = (degrees / SNAP_DEGREES).round() * SNAP_DEGREES;
        if (degrees - nearest).abs() <= SNAP_WITHIN {
            nearest
        } else {
            degrees
        }
    }

    /// Unit vector towards the second picture.
    pub fn normal(self) -> Vec2 {
        // Exact where it matters: at a quarter of a turn no pixel may fall on the wrong side.
        match self.degrees {
            0.0 => Vec2::X,
            90.0 => Vec2::Y,
            180.0 => -Vec2::X,
            270.0 => -Vec2::Y,
            degrees => Vec2::angled(degrees.to_radians()),
        }
    }

    /// Its point on a picture that fills a rectangle.
    pub fn point(self, frame: Rect) -> Pos2 {
        frame.min + self.through * frame.size()
    }

    /// How far a place lies on the side of the second picture.
    pub fn distance(self, frame: Rect, place: Pos2) -> f32 {
        (place - self.point(frame)).dot(self.normal())
    }

    /// Both ends of the line on a picture that fills a rectangle.
    pub fn ends(self, frame: Rect) -> Option<[Pos2; 2]> {
        let ends = self.cut(frame, true);
        let on_line = |corner: &&Pos2| self.distance(frame, **corner).abs() < 0.01;
        let mut on_line = ends.iter().filter(on_line);
        Some([*on_line.next()?, *on_line.next()?])
    }

    /// The part of a rectangle on one side of the line, corner by corner; nothing if it lies on the other.
    ///
    /// * `is_second`: the side of the second picture.
    pub fn cut_rect(self, frame: Rect, rect: Rect, is_second: bool) -> Vec<Pos2> {
        let sign = if is_second { 1.0 } else { -1.0 };
        let corners = [
            rect.left_top(),
            rect.right_top(),
            rect.right_bottom(),
            rect.left_bottom(),
        ];
        let depth = |place: Pos2| sign * self.distance(frame, place);
        let mut kept = Vec::new();
        // Sutherland and Hodgman (1974), with one edge.
        for (index, from) in corners.into_iter().enumerate() {
            let to = corners[(index + 1) % corners.len()];
            let (here, there) = (depth(from), depth(to));
            if here >= 0.0 {
                kept.push(from);
            }
            if (here >= 0.0) != (there >= 0.0) {
                kept.push(from + (to - from) * (here / (here - there)));
            }
        }
        kept
    }

    fn cut(self, frame: Rect, is_second: bool) -> Vec<Pos2> {
        self.cut_rect(frame, frame, is_second)
    }

    /// The angle at which the line would go through its point and a place, without turning it about.
    pub fn degrees_towards(self, frame: Rect, place: Pos2) -> f32 {
        let along = place - self.point(frame);
        let degrees = along.angle().to_degrees() - 90.0;
        degrees.rem_euclid(360.0)
    }

    /// Where the handle lies that turns it, so far from its point, in points.
    pub fn handle(self, frame: Rect, distance: f32) -> Pos2 {
        let normal = self.normal();
        let along = vec2(-normal.y, normal.x); // downwards where the line stands upright
        let there = self.point(frame) + along * distance;
        pos2(there.x, there.y)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FRAME: Rect = Rect {
        min: Pos2::new(10.0, 20.0),
        max: Pos2::new(110.0, 70.0),
    };

    #[test]
    fn an_upright_line_should_have_the_second_picture_at_its_right() {
        let divider = Divider::default();
        assert_eq!(divider.distance(FRAME, pos2(70.0, 0.0)), 10.0);
        assert_eq!(divider.ends(FRAME), Some([pos2(60.0, 20.0), pos2(60.0, 70.0)]));
        let right = divider.cut(FRAME, true);
        assert!(
            right.iter().all(|corner| corner.x >= 60.0) && right.len() == 4,
            "{right:?}"
        );
        assert_eq!(divider.handle(FRAME, 30.0), pos2(60.0, 75.0));
    }

    #[test]
    fn both_parts_should_make_up_the_whole_at_any_angle() {
        let area = |corners: &[Pos2]| {
            let next = corners.iter().cycle().skip(1);
            let crosses = corners.iter().zip(next).map(|(a, b)| a.x * b.y - b.x * a.y);
            (crosses.sum::<f32>() / 2.0).abs()
        };
        for degrees in [0.0, 1.0, 45.0, 90.0, 133.0, 180.0, 200.0, 270.0, 359.0] {
            for through in [Vec2::splat(0.5), vec2(0.1, 0.9), Vec2::ZERO] {
                let divider = Divider::default().turned(degrees).moved(through);
                let parts = area(&divider.cut(FRAME, true)) + area(&divider.cut(FRAME, false));
                assert!((parts - FRAME.area()).abs() < 1.0, "{divider:?}: {parts}");
            }
        }
    }

    #[test]
    fn angles_should_snap_near_an_eighth_and_stay_in_a_turn() {
        assert_eq!(Divider::snapped(43.0), 45.0);
        assert_eq!(Divider::snapped(91.5), 90.0);
        assert_eq!(Divider::snapped(30.0), 30.0);
        assert_eq!(Divider::default().turned(-90.0).degrees, 270.0);
        assert_eq!(Divider::default().turned(360.0).degrees, 0.0);
        assert!(Divider::default().turned(-1e-9).degrees < 360.0);
        assert_eq!(Divider::default().turned(f32::NAN).degrees, 0.0);
        assert_eq!(Divider::default().moved(vec2(f32::NAN, 7.0)).through, vec2(0.5, 1.0));
    }

    #[test]
    fn the_handle_should_turn_the_line_towards_the_pointer() {
        for degrees in [0.0_f32, 45.0, 120.0, 270.0] {
            let divider = Divider::default().turned(degrees);
            let found = divider.degrees_towards(FRAME, divider.handle(FRAME, 40.0));
            let by = (found - degrees).rem_euclid(360.0);
            assert!(by.min(360.0 - by) < 0.01, "{degrees}: {found}");
        }
    }
}
