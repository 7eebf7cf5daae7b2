//! The shader that draws two pictures, against its formula.

use std::sync::Arc;

use egui_kittest::Harness;
use hareru::job::RgbImage;
use hareru::render::picture::{PictureMode, PicturePaint, Placed, difference_pixels};
use hareru::ui::model::divider::Divider;

use super::compare::tinted;

/// Nothing but two pictures.
struct Bare {
    paint: PicturePaint,
}

impl eframe::App for Bare {
    fn ui(&mut self, ui: &mut egui::Ui, _frame: &mut eframe::Frame) {
        let rect = ui.max_rect();
        ui.painter().add(self.paint.clone().into_shape(rect));
    }
}

/// Pixels for each texel; odd, so that a pixel's middle is that of a texel.
const SCALE: usize = 5;

/// What the shader draws of two pictures in one place, at the middle of each texel.
fn drawn(a: &RgbImage, b: &RgbImage, kind: PictureMode) -> Vec<u8> {
    let (width, height) = (a.width_px as usize, a.height_px as usize);
    let size = egui::vec2((SCALE * width) as f32, (SCALE * height) as f32);
    let placed = |image: &RgbImage| Placed {
        image: Arc::new(image.clone()),
        origin_px: egui::Vec2::ZERO,
        size_px: size,
        is_smooth: false,
    };
    let paint = PicturePaint {
        a: placed(a),
        b: placed(b),
        mode: kind,
        slot: 4,
        frame: 1,
    };
    let mut harness = Harness::builder().with_size(size).wgpu().build_eframe(move |creation| {
        hareru::render::install(creation.wgpu_render_state.as_ref().unwrap());
        Bare { paint }
    });
    let image = harness.render().unwrap();
    let middle = |texel: usize| (SCALE * texel + SCALE / 2) as u32;
    let places = (0..height).flat_map(|y| (0..width).map(move |x| (x, y)));
    let texels = places.map(|(x, y)| image.get_pixel(middle(x), middle(y)).0);
    texels.flat_map(|[red, green, blue, _]| [red, green, blue]).collect()
}

fn two_pictures() -> [RgbImage; 2] {
    let mut pictures = [tinted(24, [0; 3]), tinted(24, [40, -60, 10])];
    for picture in &mut pictures {
        picture.height_px = 16; // not a square
        picture.pixels.truncate(3 * 24 * 16);
    }
    let mut word = 5_u32;
    for value in &mut pictures[1].pixels {
        word = word.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        *value = value.wrapping_add((word >> 27) as u8);
    }
    pictures
}

fn farthest(found: &[u8], expected: &[u8]) -> u8 {
    assert_eq!(found.len(), expected.len());
    found.iter().zip(expected).map(|(a, b)| a.abs_diff(*b)).max().unwrap()
}

#[test]
fn the_shader_should_divide_two_pictures_at_any_angle_as_the_formula_says() {
    let [a, b] = two_pictures();
    for degrees in [0.0, 30.0, 45.0, 90.0, 137.0, 180.0, 270.0, 300.0] {
        let divider = Divider::default().turned(degrees).moved(egui::vec2(0.4, 0.55));
        let normal = divider.normal();
        let size = egui::vec2(a.width_px as f32, a.height_px as f32);
        let through_px = divider.through * size * SCALE as f32;
        let found = drawn(&a, &b, PictureMode::Slider { through_px, normal });
        let mut sides = [0, 0];
        let places = (0..a.height_px).flat_map(|y| (0..a.width_px).map(move |x| (x, y)));
        for (index, (x, y)) in places.enumerate() {
            let centre = (egui::vec2(x as f32, y as f32) + egui::Vec2::splat(0.5)) * SCALE as f32;
            let depth = (centre - through_px).dot(normal);
            if depth.abs() < 1e-3 {
                continue; // on the line itself
            }
            let side = usize::from(depth > 0.0);
            sides[side] += 1;
            let expected = [&a, &b][side];
            let texel = 3 * index..3 * index + 3;
            assert!(
                farthest(&found[texel.clone()], &expected.pixels[texel]) <= 1,
                "{degrees}°: {x}, {y}"
            );
        }
        assert!(sides[0] > 50 && sides[1] > 50, "{degrees}°: {sides:?}");
    }
}

#[test]
fn the_shader_should_draw_differences_as_the_formula_says() {
    let [a, b] = two_pictures();
    for gain in [1.0, 4.0, 33.0] {
        let expected = difference_pixels(&a, &b, gain).unwrap().pixels;
        let distinct: std::collections::BTreeSet<_> = expected.chunks(3).collect();
        assert!(gain > 9.0 || distinct.len() > 15, "shows nothing: {distinct:?}");
        let found = drawn(&a, &b, PictureMode::Difference(gain));
        assert!(farthest(&found, &expected) <= 1, "×{gain}");
    }
    let white = drawn(&a, &a, PictureMode::Difference(64.0));
    assert!(white.iter().all(|value| *value == 255), "no difference is white");
    assert!(
        farthest(&drawn(&a, &b, PictureMode::One), &a.pixels) <= 1,
        "one alone is as it is"
    );
}
