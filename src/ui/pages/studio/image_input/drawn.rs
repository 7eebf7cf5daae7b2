//! A picture as each target would use it, in small.

use crate::job::RgbImage;
use crate::ui::commands::Target;

/// Longest side of what is drawn, in pixels.
pub(super) const SIDE_PX: u32 = 256;
/// Colours along the longer side of what stands for a style.
const STYLE_TILES: u32 = 9;

/// What each target would make of a small picture, in their order.
pub(super) fn drawn(small: &RgbImage) -> [RgbImage; Target::ALL.len()] {
    Target::ALL.map(|target| match target {
        Target::Restyle => with_noise(small, |x| x),
        Target::StartFrom => with_noise(small, |_| 0.5),
        Target::Style => tiles(small),
        Target::Content => each(small, |_, _, [r, g, b]| {
            let grey = luma([r, g, b]);
            [grey; 3].map(|level| (((f32::from(level) - 128.0) * 1.25) + 128.0).clamp(0.0, 255.0) as u8)
        }),
        Target::Outlines => outlines(small),
        Target::PaintInto => hole(small),
        Target::ReadSettings => written(small),
    })
}

fn luma([r, g, b]: [u8; 3]) -> u8 {
    ((54 * u32::from(r) + 183 * u32::from(g) + 19 * u32::from(b)) >> 8) as u8
}

fn at(picture: &RgbImage, x: u32, y: u32) -> [u8; 3] {
    let place = 3 * (y.min(picture.height_px - 1) * picture.width_px + x.min(picture.width_px - 1)) as usize;
    [
        picture.pixels[place],
        picture.pixels[place + 1],
        picture.pixels[place + 2],
    ]
}

fn each(picture: &RgbImage, mut colour: impl FnMut(u32, u32, [u8; 3]) -> [u8; 3]) -> RgbImage {
    let (width, height) = (picture.width_px, picture.height_px);
    let places = (0..height).flat_map(|y| (0..width).map(move |x| (x, y)));
    RgbImage {
        width_px: width,
        height_px: height,
        pixels: places.flat_map(|(x, y)| colour(x, y, at(picture, x, y))).collect(),
    }
}

fn mix(from: u8, to: u8, part: f32) -> u8 {
    (f32::from(from) + part * (f32::from(to) - f32::from(from))).clamp(0.0, 255.0) as u8
}

/// Under noise: `part` says how much, by the place from left, 0, to right, 1.
fn with_noise(picture: &RgbImage, part: impl Fn(f32) -> f32) -> RgbImage {
    let mut word = 0x9e37_79b9_u32;
    let last = (picture.width_px - 1).max(1) as f32;
    each(picture, |x, _, colour| {
        colour.map(|level| {
            // xorshift32, Marsaglia (2003)
            word ^= word << 13;
            word ^= word >> 17;
            word ^= word << 5;
            mix(level, (word >> 24) as u8, part(x as f32 / last))
        })
    })
}

/// Only its colours, large.
fn tiles(picture: &RgbImage) -> RgbImage {
    let side = picture.width_px.max(picture.height_px).div_ceil(STYLE_TILES).max(1);
    each(picture, |x, y, _| {
        let [x, y] = [x, y].map(|place| place / side * side + side / 2);
        at(picture, x, y)
    })
}

/// Where it changes most: Sobel's gradient.
fn outlines(picture: &RgbImage) -> RgbImage {
    let level = |x: i64, y: i64| i32::from(luma(at(picture, x.max(0) as u32, y.max(0) as u32)));
    each(picture, |x, y, _| {
        let (x, y) = (i64::from(x), i64::from(y));
        let side = |dx: i64| level(x + dx, y - 1) + 2 * level(x + dx, y) + level(x + dx, y + 1);
        let row = |dy: i64| level(x - 1, y + dy) + 2 * level(x, y + dy) + level(x + 1, y + dy);
        let (across, down) = (side(1) - side(-1), row(1) - row(-1));
        let edge = f64::from(across).hypot(f64::from(down));
        [(1.2 * edge - 40.0).clamp(0.0, 255.0) as u8; 3]
    })
}

/// Grey stripes in its middle, where something else could be.
fn hole(picture: &RgbImage) -> RgbImage {
    let (width, height) = (picture.width_px as f32, picture.height_px as f32);
    each(picture, |x, y, colour| {
        let from_middle = (x as f32 / width - 0.5).hypot(y as f32 / height - 0.5);
        let is_light = (x + y) / 8 % 2 == 0;
        match (from_middle < 0.3, is_light) {
            (false, _) => colour,
            (true, true) => colour.map(|level| mix(level, 255, 0.75)),
            (true, false) => colour.map(|level| mix(level, 0, 0.75)),
        }
    })
}

/// Dimmed, with lines as of text.
fn written(picture: &RgbImage) -> RgbImage {
    let (width, height) = (picture.width_px, picture.height_px);
    let line = (height / 9).max(2);
    let lengths = [7, 8, 5, 0, 6, 4, 7];
    each(picture, |x, y, colour| {
        let (row, inside) = (y / line, y % line);
        let length = row
            .checked_sub(1)
            .and_then(|row| lengths.get(row as usize))
            .copied()
            .unwrap_or(0);
        let is_text = inside * 2 < line && (width / 10..width / 10 + width * length / 10).contains(&x);
        colour.map(|level| {
            if is_text {
                mix(level, 255, 0.8)
            } else {
                mix(level, 0, 0.6)
            }
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pictures_of_any_shape_should_be_drawn_at_their_proportions() {
        for (width_px, height_px) in [(1, 1), (1, 700), (900, 2), (640, 480)] {
            let picture = RgbImage {
                width_px,
                height_px,
                pixels: (0..3 * width_px * height_px).map(|byte| byte as u8).collect(),
            };
            let small = std::sync::Arc::new(picture).shrunk(64);
            assert!(small.width_px.max(small.height_px) <= 64);
            for drawn in drawn(&small) {
                assert_eq!((drawn.width_px, drawn.height_px), (small.width_px, small.height_px));
                assert_eq!(drawn.pixels.len(), small.pixels.len());
            }
        }
    }

    #[test]
    fn restyling_should_be_drawn_as_the_picture_at_the_left_and_noise_at_the_right() {
        let plain = RgbImage::filled(64, 64, [90; 3]);
        let drawn = &drawn(&plain)[Target::Restyle.place()];
        let off = |x: u32| (0..64).map(|y| u32::from(at(drawn, x, y)[0].abs_diff(90))).sum::<u32>();
        assert_eq!(off(0), 0);
        assert!(off(63) > 64 * 30);
    }
}
