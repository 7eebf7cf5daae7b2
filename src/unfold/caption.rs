//! Text on pictures, in the fonts that the window uses too.

use std::collections::HashMap;
use std::sync::{LazyLock, Mutex};

use ab_glyph_rasterizer::{Point, Rasterizer, point};
use egui_system_font_provider::SystemFontProvider;
use epaint::text::{FallbackRequest, FontData, FontFamily, FontProvider as _};
use epaint_default_fonts::{EMOJI_ICON, NOTO_EMOJI_REGULAR};
use skrifa::instance::{LocationRef, Size};
use skrifa::outline::{DrawSettings, OutlinePen};
use skrifa::{FontRef, GlyphId, MetadataProvider as _};

use crate::job::RgbImage;

/// Inter, for Latin, Greek and Cyrillic letters.
pub static INTER: &[u8] = include_bytes!("../../assets/fonts/Inter-Regular.otf");
/// M PLUS 1, for Japanese.
pub static MPLUS1: &[u8] = include_bytes!("../../assets/fonts/MPLUS1-Regular.otf");

/// What stands for the rest of a text that is too long.
const ELLIPSIS: char = '…';
/// Height of a line against the size of its letters.
const LINE: f32 = 1.4;
/// How far below the top of its line a text stands, against the size of its letters.
const BASELINE: f32 = 1.05;

/// Letters of one size and colour.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Ink {
    /// Size of the letters in pixels.
    pub(super) px: f32,
    /// sRGB.
    pub(super) colour: [u8; 3],
}

/// A glyph and the pen's way to the next, in pixels.
struct Placed {
    face: Face,
    glyph: GlyphId,
    advance: f32,
}

/// The fonts that come with the program, in the order in which they are asked for a letter.
static BUNDLED: LazyLock<[Face; 4]> =
    LazyLock::new(|| [INTER, MPLUS1, NOTO_EMOJI_REGULAR, EMOJI_ICON].map(|bytes| Face(FontData::from_static(bytes))));

/// A font file and the place of a font in it.
#[derive(Debug, Clone)]
struct Face(FontData);

impl Face {
    /// The font of the system that the window shows a letter in, if the system has one. Looking for it may take some
    /// hundred milliseconds at the first letter; what was found is kept.
    fn of_system(letter: char) -> Option<Self> {
        static PROVIDER: LazyLock<SystemFontProvider> = LazyLock::new(SystemFontProvider::new);
        static FOUND: LazyLock<Mutex<HashMap<char, Option<Face>>>> = LazyLock::new(Mutex::default);
        let mut found = crate::lock(&FOUND);
        let find = || {
            let mut cluster = [0; 4];
            let request = FallbackRequest {
                cluster: letter.encode_utf8(&mut cluster),
                family: &FontFamily::Proportional,
            };
            PROVIDER.font_for(&request).map(|found| Self(found.data))
        };
        found.entry(letter).or_insert_with(find).clone()
    }

    fn font(&self) -> Option<FontRef<'_>> {
        FontRef::from_index((*self.0.font).as_ref(), self.0.index).ok()
    }

    /// The glyph of a letter, if the font has one with an outline.
    fn glyph(&self, letter: char) -> Option<GlyphId> {
        let font = self.font()?;
        let glyph = font.charmap().map(letter)?;
        font.outline_glyphs().get(glyph).map(|_| glyph)
    }
}

impl Ink {
    /// Height of a line in pixels.
    pub(super) fn line_height(self) -> u32 {
        (self.px * LINE).ceil() as u32
    }

    /// Width of a text in pixels.
    pub(super) fn width(self, text: &str) -> f32 {
        text.chars()
            .filter_map(|letter| self.placed(letter))
            .map(|placed| placed.advance)
            .sum()
    }

    /// The text, shortened at its end to fit into a width in pixels.
    pub(super) fn fitted(self, text: &str, width: f32) -> String {
        let text = text.replace(char::is_control, " ");
        if self.width(&text) <= width {
            return text;
        }
        let mut letters: Vec<char> = text.chars().collect();
        while letters.pop().is_some() {
            let short: String = letters.iter().chain([&ELLIPSIS]).collect();
            if self.width(&short) <= width {
                return short;
            }
        }
        String::new()
    }

    /// Draws one line whose top left corner is at `x`, `y`; what lies beyond the picture is left out.
    pub(super) fn draw(self, text: &str, (mut x, y): (f32, f32), image: &mut RgbImage) {
        for placed in text.chars().filter_map(|letter| self.placed(letter)) {
            self.draw_glyph(&placed, (x, y + self.px * BASELINE), image);
            x += placed.advance;
        }
    }

    /// The letter in the first font that has it, as in the window: the bundled ones, those of egui, those of the system;
    /// else the sign for letters that no font has.
    fn placed(self, letter: char) -> Option<Placed> {
        let of_letter = |face: Face| Some((face.glyph(letter)?, face));
        let mut bundled = BUNDLED.iter().cloned();
        let (glyph, face) = bundled
            .find_map(of_letter)
            .or_else(|| Face::of_system(letter).and_then(of_letter))
            .unwrap_or_else(|| (GlyphId::NOTDEF, BUNDLED[0].clone()));
        let metrics = face.font()?.glyph_metrics(Size::new(self.px), LocationRef::default());
        let advance = metrics.advance_width(glyph)?;
        Some(Placed { face, glyph, advance })
    }

    /// * `x`, `baseline`: where the pen stands.
    fn draw_glyph(self, placed: &Placed, (x, baseline): (f32, f32), image: &mut RgbImage) {
        let Some(font) = placed.face.font() else { return };
        let Some(outline) = font.outline_glyphs().get(placed.glyph) else {
            return;
        };
        let side = (self.px * 2.5).ceil() + placed.advance.ceil();
        let (left, top) = (x.floor() - self.px.ceil(), (baseline - 1.5 * self.px).floor());
        let mut pen = Pen {
            raster: Rasterizer::new(side as usize, side as usize),
            origin: point(x - left, baseline - top),
            start: point(0.0, 0.0),
            now: point(0.0, 0.0),
        };
        let settings = DrawSettings::unhinted(Size::new(self.px), LocationRef::default());
        if outline.draw(settings, &mut pen).is_err() {
            return; // a letter that its font cannot draw is left out
        }
        let side = side as usize;
        pen.raster.for_each_pixel(|at, cover| {
            let (x, y) = (left + (at % side) as f32, top + (at / side) as f32);
            if cover > 0.0 && x >= 0.0 && y >= 0.0 && x < image.width_px as f32 && y < image.height_px as f32 {
                let start = 3 * (y as usize * image.width_px as usize + x as usize);
                for (part, ink) in image.pixels[start..start + 3].iter_mut().zip(self.colour) {
                    let mixed = f32::from(*part) + (f32::from(ink) - f32::from(*part)) * cover.min(1.0);
                    *part = mixed.round() as u8;
                }
            }
        });
    }
}

/// Carries an outline, whose y goes up, onto pixels, whose y goes down.
struct Pen {
    raster: Rasterizer,
    origin: Point,
    start: Point,
    now: Point,
}

impl Pen {
    fn at(&self, x: f32, y: f32) -> Point {
        point(self.origin.x + x, self.origin.y - y)
    }
}

impl OutlinePen for Pen {
    fn move_to(&mut self, x: f32, y: f32) {
        self.close();
        self.start = self.at(x, y);
        self.now = self.start;
    }

    fn line_to(&mut self, x: f32, y: f32) {
        let to = self.at(x, y);
        self.raster.draw_line(self.now, to);
        self.now = to;
    }

    fn quad_to(&mut self, cx: f32, cy: f32, x: f32, y: f32) {
        let (control, to) = (self.at(cx, cy), self.at(x, y));
        self.raster.draw_quad(self.now, control, to);
        self.now = to;
    }

    fn curve_to(&mut self, cx0: f32, cy0: f32, cx1: f32, cy1: f32, x: f32, y: f32) {
        let (first, second, to) = (self.at(cx0, cy0), self.at(cx1, cy1), self.at(x, y));
        self.raster.draw_cubic(self.now, first, second, to);
        self.now = to;
    }

    fn close(&mut self) {
        if self.now != self.start {
            self.raster.draw_line(self.now, self.start);
            self.now = self.start;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const INK: Ink = Ink {
        px: 20.0,
        colour: [255; 3],
    };

    fn drawn(text: &str, at: (f32, f32)) -> RgbImage {
        let (width_px, height_px) = (120, INK.line_height());
        let mut image = RgbImage::filled(width_px, height_px, [0; 3]);
        INK.draw(text, at, &mut image);
        image
    }

    fn light(image: &RgbImage) -> u64 {
        image.pixels.iter().map(|part| u64::from(*part)).sum()
    }

    #[test]
    fn letters_and_emoji_should_be_drawn_by_fonts_that_have_them() {
        for letter in "aσ²‖−ノ段階晴😀🌸".chars() {
            let placed = INK.placed(letter).unwrap();
            assert_ne!(placed.glyph, GlyphId::NOTDEF, "{letter}");
            assert!(light(&drawn(&letter.to_string(), (0.0, 0.0))) > 0, "{letter}");
        }
        assert_eq!(INK.placed('\u{10ffff}').unwrap().glyph, GlyphId::NOTDEF);
    }

    /// The bundled fonts have no Arabic or Thai letters. Windows and macOS have fonts for both; elsewhere `DejaVu Sans`, which
    /// `packaging/dev test` installs, has the Arabic ones.
    #[test]
    fn letters_that_the_bundled_fonts_lack_should_be_drawn_by_a_font_of_the_system() {
        let is_drawn = |letter: char| {
            let placed = INK.placed(letter).unwrap();
            placed.glyph != GlyphId::NOTDEF && light(&drawn(&letter.to_string(), (0.0, 0.0))) > 0
        };
        assert!(is_drawn('ع') || is_drawn('ก'), "the system has fonts for neither");
    }

    #[test]
    fn a_letter_should_fill_its_outline_and_nothing_else() {
        let image = drawn("l", (10.0, 0.0)); // an upright bar
        let row = |y: usize| image.pixels[y * 360..(y + 1) * 360].chunks(3).map(|pixel| pixel[0]);
        let middle: Vec<u8> = row(14).collect();
        let widest = middle.iter().filter(|part| **part > 0).count();
        assert!((1..=4).contains(&widest), "{middle:?}");
        assert!(
            middle
                .iter()
                .enumerate()
                .all(|(x, part)| *part == 0 || (10..20).contains(&x))
        );
        assert_eq!(row(0).map(u64::from).sum::<u64>(), 0);
        assert_eq!(light(&drawn("l", (-50.0, 0.0))), 0);
        assert!(light(&drawn("l", (117.0, 20.0))) < light(&image));
    }

    #[test]
    fn a_long_text_should_be_shortened_to_fit() {
        assert_eq!(INK.fitted("step", 100.0), "step");
        let short = INK.fitted("a lighthouse on\na cliff at night", 100.0);
        assert!(short.ends_with(ELLIPSIS) && short.starts_with("a li"), "{short}");
        assert!(INK.width(&short) <= 100.0);
        assert_eq!(INK.fitted("step", 1.0), "");
    }
}
