//! Icons, glyphs of Phosphor (<https://phosphoricons.com>). The two fonts hold these glyphs alone, by `pyftsubset` from
//! `Phosphor.ttf` and `Phosphor-Fill.ttf` 2.1; who adds one makes them anew with its code point among the others.

use std::f32::consts::PI;

use egui::epaint::TextShape;
use egui::{Align2, Color32, FontId, Painter, Pos2, Rect};

use crate::ui::theme::icon_family;

/// An icon.
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
    /// A triangle to the right and a bar.
    StepOn,
    /// A bar and a triangle to the left.
    StepBack,
    /// Two arrows in a circle.
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
    /// A star, its outline or all of it.
    Star(bool),
    /// A heart, its outline or all of it.
    Heart(bool),
    /// A picture with a crack.
    BrokenPicture,
}

impl Icon {
    /// The glyph, and whether it is of the filled font.
    fn glyph(self) -> (char, bool) {
        match self {
            Self::Locked => ('\u{e2fa}', true),
            Self::Unlocked => ('\u{e306}', false),
            Self::Dice => ('\u{e1ee}', false),
            Self::Up => ('\u{e08e}', false),
            Self::Down => ('\u{e03e}', false),
            Self::Copy => ('\u{e1ca}', false),
            Self::Gear => ('\u{e270}', false),
            Self::Search => ('\u{e30c}', false),
            Self::Close => ('\u{e4f6}', false),
            Self::Folder => ('\u{e24a}', false),
            Self::Play => ('\u{e3d0}', true),
            Self::Pause => ('\u{e39e}', true),
            Self::StepOn => ('\u{e5a6}', true),
            Self::StepBack => ('\u{e5a4}', true),
            Self::Loop => ('\u{e3f6}', false),
            Self::EndHere => ('\u{e064}', false),
            Self::Keep => ('\u{e20c}', false),
            Self::Branch => ('\u{e278}', false),
            Self::LeftSide | Self::RightSide => ('\u{ec24}', false),
            Self::Star(is_filled) => ('\u{e46a}', is_filled),
            Self::Heart(is_filled) => ('\u{e2a8}', is_filled),
            Self::BrokenPicture => ('\u{e7a8}', false),
        }
    }
}

/// Paints an icon around a point.
///
/// * `size`: side of its square, in points.
pub(crate) fn paint_icon(painter: &Painter, icon: Icon, centre: Pos2, size: f32, colour: Color32) {
    let (glyph, is_filled) = icon.glyph();
    let font = FontId::new(size, icon_family(is_filled));
    let galley = painter.layout_no_wrap(glyph.to_string(), font, colour);
    let corner = Rect::from_center_size(centre, galley.size()).min;
    let mut shape = TextShape::new(corner, galley, colour);
    if icon == Icon::RightSide {
        // The one of the left side, turned round.
        shape = shape.with_angle_and_anchor(PI, Align2::CENTER_CENTER);
    }
    painter.add(shape);
}
