//! Every preprocessor on drawn pictures.

use super::*;

/// A picture drawn pixel by pixel.
fn drawn(width_px: u32, height_px: u32, colour: impl Fn(f64, f64) -> [u8; 3]) -> RgbImage {
    let pixels = (0..height_px)
        .flat_map(|y| (0..width_px).map(move |x| (f64::from(x), f64::from(y))))
        .flat_map(|(x, y)| colour(x, y))
        .collect();
    RgbImage {
        width_px,
        height_px,
        pixels,
    }
}

/// A light disc of radius 20 around (32, 30), on dark ground.
fn disc() -> RgbImage {
    drawn(64, 60, |x, y| {
        let distance = (x - 32.0).hypot(y - 30.0);
        if distance < 20.0 { [220; 3] } else { [30; 3] }
    })
}

fn run(id: &str, image: &RgbImage, settings: &[(&str, f64)]) -> RgbImage {
    let settings = settings.iter().map(|(id, value)| ((*id).to_owned(), *value)).collect();
    preprocess(id, image, &settings).unwrap()
}

/// The first channel at a place.
fn at(image: &RgbImage, x: u32, y: u32) -> u8 {
    image.pixels[3 * (y * image.width_px + x) as usize]
}

#[test]
fn every_preprocessor_should_keep_the_size_and_serve_any_picture() {
    for (index, preprocessor) in PREPROCESSORS.iter().enumerate() {
        let id = preprocessor.id;
        let others = &PREPROCESSORS[index + 1..];
        assert!(others.iter().all(|other| other.id != id), "{id} is there twice");
        for parameter in preprocessor.parameters {
            let (least, largest) = parameter.range;
            assert!((least..=largest).contains(&parameter.default), "{id}: {}", parameter.id);
        }
        for (width, height) in [(1, 1), (1, 9), (9, 1), (2, 3), (65, 33)] {
            let image = drawn(width, height, |x, y| [(7.0 * x) as u8, (5.0 * y) as u8, 90]);
            for pick in [|range: (f64, f64)| range.0, |range: (f64, f64)| range.1] {
                let parameters = preprocessor.parameters.iter();
                let settings: Vec<_> = parameters
                    .map(|parameter| (parameter.id, pick(parameter.range)))
                    .collect();
                let found = run(id, &image, &settings);
                assert_eq!((found.width_px, found.height_px), (width, height), "{id}");
                assert_eq!(found.pixels.len(), image.pixels.len(), "{id}");
            }
        }
    }
}

#[test]
fn canny_should_find_the_edge_of_a_disc_and_nothing_else() {
    let edges = run("canny", &disc(), &[]);
    let (mut on_edge, mut count) = ([false; 64], 0);
    for y in 0..60 {
        for x in 0..64 {
            let (dx, dy) = (f64::from(x) - 32.0, f64::from(y) - 30.0);
            let value = at(&edges, x, y);
            assert!([0, 255].contains(&value), "an edge is there or not");
            if value == 255 {
                count += 1;
                assert!((dx.hypot(dy) - 20.0).abs() < 1.8, "an edge at ({x}, {y})");
                let turn = (dy.atan2(dx) / std::f64::consts::TAU + 1.0).fract();
                on_edge[(turn * 64.0) as usize % 64] = true;
            }
        }
    }
    assert!(on_edge.iter().all(|found| *found), "the edge should go all around");
    assert!((90..190).contains(&count), "one pixel wide, found {count} pixels");
}

#[test]
fn canny_should_keep_a_weak_edge_only_where_it_hangs_on_a_strong_one() {
    // Left of 20 nothing, right of it grey 15 (weak: 60), in the lower half 120 (strong: 480).
    let stairs = drawn(40, 40, |x, y| match (x < 20.0, y < 20.0) {
        (true, _) => [0; 3],
        (false, true) => [15; 3],
        (false, false) => [120; 3],
    });
    let weak = drawn(40, 40, |x, _| if x < 20.0 { [0; 3] } else { [15; 3] });
    let settings = [("low", 40.0), ("high", 200.0)];
    let edges = run("canny", &stairs, &settings);
    assert_eq!(at(&edges, 19, 5).max(at(&edges, 20, 5)), 255, "connected");
    let edges = run("canny", &weak, &settings);
    assert!(
        edges.pixels.iter().all(|value| *value == 0),
        "not connected to anything"
    );
}

#[test]
fn lines_should_become_white_on_black() {
    let line = drawn(
        64,
        64,
        |x, _| if (30.0..33.0).contains(&x) { [20; 3] } else { [230; 3] },
    );
    for id in ["scribble", "lineart"] {
        let found = run(id, &line, &[]);
        assert!(at(&found, 31, 20) > 120, "{id}: the line, {}", at(&found, 31, 20));
        assert!(at(&found, 10, 20) < 10, "{id}: the ground, {}", at(&found, 10, 20));
    }
}

#[test]
fn blur_should_keep_the_mean_and_level_the_rest() {
    let point = drawn(81, 81, |x, y| if (x, y) == (40.0, 40.0) { [255; 3] } else { [0; 3] });
    let found = Pixels::from_rgb(&point).unwrap().blurred(4.0);
    let sum: f32 = found.values.iter().sum();
    assert!((sum - 3.0 * 255.0).abs() < 0.01, "{sum}");
    let at = |x: usize, y: usize| found.values[3 * (81 * y + x)];
    assert!(
        (at(44, 40) / at(40, 40) - (-0.5f32).exp()).abs() < 1e-4,
        "a deviation away"
    );
    assert_eq!(run("blur", &disc(), &[("radius", 0.0)]), disc());
    let even = drawn(9, 7, |_, _| [77; 3]);
    assert_eq!(run("blur", &even, &[("radius", 64.0)]), even);
}

#[test]
fn tile_should_lose_detail_and_keep_what_is_large() {
    let checks = drawn(64, 64, |x, y| {
        let ground = if x < 32.0 { 60 } else { 180 };
        let detail = if (x + y) % 2.0 == 0.0 { 20 } else { 0 };
        [ground + detail; 3]
    });
    let found = run("tile", &checks, &[("factor", 2.0)]);
    assert_eq!((at(&found, 10, 30), at(&found, 11, 30)), (70, 70));
    assert_eq!((at(&found, 50, 30), at(&found, 51, 30)), (190, 190));
}

#[test]
fn colour_should_give_every_cell_its_mean() {
    let halves = drawn(128, 64, |x, y| {
        if x < 64.0 {
            [200, 0, (4.0 * y) as u8]
        } else {
            [0, 100, 0]
        }
    });
    let found = run("colour", &halves, &[("cell", 64.0)]);
    assert_eq!(found.pixels[..3], [200, 0, 126]);
    assert_eq!(found.pixels[3 * 127..][..3], [0, 100, 0]);
}

#[test]
fn inverting_twice_should_change_nothing() {
    let once = run("invert", &disc(), &[]);
    assert_eq!(at(&once, 32, 30), 35);
    assert_eq!(run("invert", &once, &[]), disc());
}

#[test]
fn what_makes_no_sense_should_be_an_error() {
    let error = |id: &str, image: &RgbImage, setting: Option<(&str, f64)>| {
        let settings = setting.into_iter().map(|(id, value)| (id.to_owned(), value)).collect();
        preprocess(id, image, &settings).unwrap_err().to_string()
    };
    assert!(error("kenny", &disc(), None).starts_with("preprocessor must be one of canny, "));
    assert_eq!(
        error("invert", &disc(), Some(("low", 3.0))),
        "parameter must be one of none, found low"
    );
    assert_eq!(
        error("canny", &disc(), Some(("low", f64::NAN))),
        "low must be 1 to 255, found NaN"
    );
    let broken = RgbImage { width_px: 4, ..disc() };
    assert!(error("canny", &broken, None).starts_with("an image of 4×60 needs 720 bytes"));
}
