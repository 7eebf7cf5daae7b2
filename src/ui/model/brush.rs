//! The brush: how much of a pixel a stroke covers.

/// Smallest and largest brush, in pixels of the picture.
pub(in crate::ui) const SIZE_RANGE_PX: std::ops::RangeInclusive<f32> = 1.0..=1024.0;
/// Places of the pointer are rounded to such parts of a pixel, so that the same stroke is the same at every zoom.
const PARTS: f32 = 16.0;
/// Least part of its size that a brush has however lightly it is pressed.
const LEAST_PRESSED: f32 = 0.1;

/// One place of a stroke.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Dab {
    /// From the picture's left edge, in its pixels.
    pub x: f32,
    /// From the picture's top edge, in its pixels.
    pub y: f32,
    /// How hard the pen is pressed, 0 to 1; 1 for what cannot tell.
    pub pressure: f32,
}

impl Dab {
    /// At a place, pressed fully.
    pub fn at(x: f32, y: f32) -> Self {
        Self { x, y, pressure: 1.0 }
    }

    /// The same on a grid finer than any screen.
    pub(in crate::ui) fn on_grid(self) -> Self {
        let round = |at: f32| (at * PARTS).round() / PARTS;
        Self {
            x: round(self.x),
            y: round(self.y),
            pressure: self.pressure.clamp(0.0, 1.0),
        }
    }
}

/// What one paints with.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Brush {
    /// Its diameter, in pixels of the picture.
    pub size_px: f32,
    /// The part of its radius that covers fully, 0 to 1; from there it fades out.
    pub hardness: f32,
    /// Whether it takes away instead.
    pub is_eraser: bool,
}

impl Default for Brush {
    fn default() -> Self {
        Self {
            size_px: 48.0,
            hardness: 0.8,
            is_eraser: false,
        }
    }
}

impl Brush {
    /// The next larger or smaller size.
    #[must_use]
    pub fn resized(self, is_larger: bool) -> Self {
        let factor = if is_larger { 1.25 } else { 0.8 };
        let size_px = self.size_px * factor;
        let whole = if is_larger { size_px.ceil() } else { size_px.floor() };
        Self {
            size_px: whole.clamp(*SIZE_RANGE_PX.start(), *SIZE_RANGE_PX.end()),
            ..self
        }
    }

    /// Its radius where it is pressed so hard, in pixels.
    pub fn radius_px(self, pressure: f32) -> f32 {
        0.5 * self.size_px * (LEAST_PRESSED + (1.0 - LEAST_PRESSED) * pressure)
    }

    /// How much it covers at a distance from its middle, 0 to 1: fully inside, then a smooth step down that is never
    /// narrower than a pixel.
    pub fn coverage(self, distance_px: f32, radius_px: f32) -> f32 {
        let soft_px = (radius_px * (1.0 - self.hardness)).max(1.0);
        let t = ((radius_px + 0.5 - distance_px) / soft_px).clamp(0.0, 1.0);
        t * t * (3.0 - 2.0 * t)
    }

    /// How much the way from one dab to the next covers at a place.
    pub(in crate::ui) fn coverage_between(self, from: Dab, to: Dab, x: f32, y: f32) -> f32 {
        let (along_x, along_y) = (to.x - from.x, to.y - from.y);
        let length_squared = along_x * along_x + along_y * along_y;
        let part = if length_squared > 0.0 {
            (((x - from.x) * along_x + (y - from.y) * along_y) / length_squared).clamp(0.0, 1.0)
        } else {
            0.0
        };
        let distance_px = (x - from.x - part * along_x).hypot(y - from.y - part * along_y);
        let pressure = from.pressure + part * (to.pressure - from.pressure);
        self.coverage(distance_px, self.radius_px(pressure))
    }

    /// What becomes of a pixel that is covered so much.
    pub(in crate::ui) fn painted(self, before: u8, coverage: f32) -> u8 {
        let amount = (255.0 * coverage).round() as u8;
        if self.is_eraser {
            before.min(255 - amount)
        } else {
            before.max(amount)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hard_brush_should_cover_its_disc_and_a_soft_one_fade() {
        let hard = Brush {
            size_px: 20.0,
            hardness: 1.0,
            is_eraser: false,
        };
        assert_eq!((hard.coverage(9.4, 10.0), hard.coverage(10.6, 10.0)), (1.0, 0.0));
        let soft = Brush { hardness: 0.0, ..hard };
        let seen: Vec<f32> = (0..12).map(|d| soft.coverage(d as f32, 10.0)).collect();
        assert!(seen.is_sorted_by(|a, b| a >= b), "{seen:?}");
        assert!((seen[5] - 0.5).abs() < 0.1);
    }

    #[test]
    fn less_pressure_should_make_a_thinner_line() {
        let brush = Brush::default();
        let line = |pressure| {
            let dab = Dab {
                x: 0.0,
                y: 0.0,
                pressure,
            };
            brush.coverage_between(dab, Dab { x: 50.0, ..dab }, 25.0, 12.0)
        };
        assert_eq!(line(1.0), 1.0);
        assert_eq!(line(0.1), 0.0);
    }

    #[test]
    fn keys_should_change_the_size_by_a_pixel_at_least() {
        let small = Brush {
            size_px: 1.0,
            ..Brush::default()
        };
        assert_eq!(small.resized(false).size_px, 1.0);
        assert_eq!(small.resized(true).size_px, 2.0);
        assert_eq!(small.resized(true).resized(false).size_px, 1.0);
    }
}
