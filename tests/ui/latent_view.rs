//! The shader of a step's views against the same formulas on the processor.

use std::sync::Arc;

use egui_kittest::Harness;
use hareru::job::{Branches, LatentColours, LatentPlane, RgbImage, StepRecord, TokenMaps};
use hareru::render::latent_paint::LatentPaint;
use hareru::render::latent_view::LatentView;
use hareru::unfold::{AttentionToken, MissingData, StepView};

/// Latents that are large at a place that depends on the channel, with a little of everything around.
pub(super) fn plane(channels: usize, (height, width): (usize, usize), turn: f32) -> LatentPlane {
    let value = |channel: usize, y: usize, x: usize| {
        let (x, y) = (x as f32 / width as f32, y as f32 / height as f32);
        let angle = turn + 1.7 * channel as f32;
        (5.0 * x + angle).sin() + (7.0 * y * turn.cos() + angle).cos()
    };
    let places = (0..channels).flat_map(|channel| (0..height).map(move |y| (channel, y)));
    LatentPlane {
        channels,
        height,
        width,
        values: places
            .flat_map(|(channel, y)| (0..width).map(move |x| value(channel, y, x)))
            .collect(),
    }
}

/// Maps that sum to 1 over the tokens, each strong in a corner of its own.
pub(super) fn maps(tokens: usize, (height, width): (usize, usize)) -> TokenMaps {
    let strength = |token: usize, place: usize| {
        let (x, y) = (
            (place % width) as f32 / width as f32,
            (place / width) as f32 / height as f32,
        );
        let angle = 2.4 * token as f32;
        (-8.0 * ((x - 0.5 - 0.3 * angle.cos()).powi(2) + (y - 0.5 - 0.3 * angle.sin()).powi(2))).exp()
    };
    let sum = |place| (0..tokens).map(|token| strength(token, place)).sum::<f32>();
    let places = (0..tokens).flat_map(|token| (0..height * width).map(move |place| (token, place)));
    TokenMaps {
        tokens,
        height,
        width,
        values: places
            .map(|(token, place)| strength(token, place) / sum(place))
            .collect(),
    }
}

/// A step with everything that can be kept.
pub(super) fn whole_step(index: usize, size: (usize, usize), tokens: usize) -> StepRecord {
    let turn = 0.3 * index as f32;
    let sigma = 6.0 / (index as f64 + 1.0);
    let (x0, noise) = (plane(4, size, turn), plane(4, size, 3.0 * turn + 2.0));
    let sums = x0.values.iter().zip(&noise.values);
    StepRecord {
        index,
        sigma,
        timestep: 500.0,
        x: LatentPlane {
            values: sums.map(|(x0, noise)| x0 + sigma as f32 * noise).collect(),
            ..x0.clone()
        },
        x0,
        branches: Some(Branches {
            cond: plane(4, size, 3.0 * turn + 2.1),
            uncond: Some(plane(4, size, 3.0 * turn + 1.8)),
        }),
        attention: vec![maps(tokens, size), maps(tokens, (size.0 / 2, size.1 / 2))],
        secs: 0.1,
    }
}

pub(super) fn colours() -> LatentColours {
    LatentColours {
        weights: vec![
            vec![0.3, 0.19, -0.16, -0.2],
            vec![0.2, 0.28, 0.2, -0.27],
            vec![0.2, 0.2, 0.26, -0.4],
        ],
        bias: [0.05, 0.0, -0.1],
    }
}

fn seen(view: StepView) -> LatentView {
    LatentView {
        step: Arc::new(whole_step(3, (6, 8), 5)),
        final_latents: Some(Arc::new(plane(4, (6, 8), 1.4))),
        colours: Some(Arc::new(colours())),
        view,
        word: 1..3,
    }
}

fn all_views() -> impl Iterator<Item = StepView> {
    let token = |level| StepView::Attention(AttentionToken { index: 1, level });
    StepView::PLAIN
        .into_iter()
        .chain([token(None), token(Some(0)), token(Some(1))])
}

/// Nothing but one view.
struct Bare {
    paint: LatentPaint,
}

impl eframe::App for Bare {
    fn ui(&mut self, ui: &mut egui::Ui, _frame: &mut eframe::Frame) {
        let rect = ui.max_rect();
        ui.painter().add(self.paint.clone().into_shape(rect));
    }
}

/// The colours of the middles of all texels as the shader draws them, each `SCALE` pixels wide.
fn drawn(seen: &LatentView, is_cubic: bool) -> RgbImage {
    // Odd, so that a pixel's middle is that of a texel.
    const SCALE: usize = 5;
    let (width, height) = seen.size();
    let paint = LatentPaint {
        range: seen.range(),
        view: seen.clone(),
        picture: None,
        half: 0,
        origin_px: egui::Vec2::ZERO,
        scale: egui::Vec2::splat(SCALE as f32),
        is_cubic,
    };
    let size = egui::vec2((SCALE * width) as f32, (SCALE * height) as f32);
    let mut harness = Harness::builder().with_size(size).wgpu().build_eframe(move |creation| {
        hareru::render::install(creation.wgpu_render_state.as_ref().unwrap());
        Bare { paint }
    });
    let image = harness.render().unwrap();
    let middle = |texel: usize| (SCALE * texel + SCALE / 2) as u32;
    let places = (0..height).flat_map(|y| (0..width).map(move |x| (x, y)));
    let texels = places.map(|(x, y)| image.get_pixel(middle(x), middle(y)).0);
    RgbImage {
        width_px: width as u32,
        height_px: height as u32,
        pixels: texels.flat_map(|[red, green, blue, _]| [red, green, blue]).collect(),
    }
}

#[test]
fn the_shader_should_draw_every_view_as_its_formula_says() {
    for view in all_views() {
        let seen = seen(view);
        let expected = seen.pixels();
        let distinct: std::collections::BTreeSet<_> = expected.pixels.iter().collect();
        assert!(distinct.len() > 20, "{view:?} shows nothing: {distinct:?}");
        for is_cubic in [false, true] {
            let found = drawn(&seen, is_cubic);
            let pairs = found.pixels.iter().zip(&expected.pixels);
            let most = pairs.map(|(a, b)| a.abs_diff(*b)).max().unwrap();
            assert!(most <= 1, "{view:?}, cubic {is_cubic}: differs by {most}");
        }
    }
}

#[test]
fn a_step_of_three_channels_should_need_no_colours() {
    let mut seen = seen(StepView::Estimate);
    let step = StepRecord {
        x0: plane(3, (4, 4), 0.4),
        ..(*seen.step).clone()
    };
    let expected: Vec<u8> = (0..16)
        .flat_map(|place| [0, 16, 32].map(|channel| step.x0.values[channel + place]))
        .map(|value| (255.0 * (0.5 * value + 0.5).clamp(0.0, 1.0)).round() as u8)
        .collect();
    seen.step = Arc::new(step);
    seen.colours = None;
    assert_eq!(seen.pixels().pixels, expected);
    let found = drawn(&seen, false).pixels;
    assert!(found.iter().zip(&expected).all(|(a, b)| a.abs_diff(*b) <= 1));
}

#[test]
fn what_a_step_lacks_should_be_told_and_draw_nothing_wrong() {
    let lack = |view, change: fn(&mut LatentView, &mut StepRecord)| {
        let mut seen = seen(view);
        let mut step = (*seen.step).clone();
        change(&mut seen, &mut step);
        seen.step = Arc::new(step);
        drawn(&seen, true); // nothing in it may end the program
        assert_eq!(seen.pixels().pixels.len(), 3 * 6 * 8);
        seen.missing()
    };
    let token = StepView::Attention(AttentionToken::default());
    assert_eq!(lack(StepView::Guidance, |_, _| ()), None);
    assert_eq!(lack(token, |_, _| ()), None);
    assert_eq!(
        lack(StepView::Cond, |_, step| step.branches = None),
        Some(MissingData::Branches)
    );
    let no_uncond = |_: &mut LatentView, step: &mut StepRecord| step.branches.as_mut().unwrap().uncond = None;
    assert_eq!(lack(StepView::Guidance, no_uncond), Some(MissingData::Uncond));
    assert_eq!(lack(StepView::Cond, no_uncond), None);
    assert_eq!(
        lack(StepView::Difference, |seen, _| seen.final_latents = None),
        Some(MissingData::Final)
    );
    let smaller =
        |seen: &mut LatentView, _: &mut StepRecord| seen.final_latents = Some(Arc::new(plane(4, (3, 8), 1.0)));
    assert_eq!(lack(StepView::Difference, smaller), Some(MissingData::Final));
    assert_eq!(
        lack(StepView::Noise, |_, step| step.sigma = 0.0),
        Some(MissingData::Noiseless)
    );
    assert_eq!(
        lack(token, |_, step| step.attention.clear()),
        Some(MissingData::Attention)
    );
    assert_eq!(lack(token, |seen, _| seen.word = 4..9), Some(MissingData::Attention));
    let torn = |_: &mut LatentView, step: &mut StepRecord| step.x.values.truncate(9);
    assert_eq!(lack(StepView::Estimate, torn), Some(MissingData::Shape));
    let torn = |_: &mut LatentView, step: &mut StepRecord| {
        step.attention.truncate(1);
        step.attention[0].values.pop();
    };
    assert_eq!(lack(token, torn), Some(MissingData::Attention));
}

#[test]
fn the_range_of_a_heat_map_should_be_what_99_of_100_places_do_not_exceed() {
    let mut seen = seen(StepView::Difference);
    let size = (15, 20);
    seen.step = Arc::new(whole_step(3, size, 5));
    let last = |odd_places: usize| {
        let x0 = &seen.step.x0;
        let distance = |place: usize| if place % 300 < odd_places { 50.0 } else { 1.5 };
        let values = x0.values.iter().enumerate();
        Some(Arc::new(LatentPlane {
            values: values.map(|(place, value)| value + distance(place)).collect(),
            ..x0.clone()
        }))
    };
    let latents = [last(0), last(2), last(12), Some(Arc::new(seen.step.x0.clone()))];
    let ranges = latents.map(|latents| {
        seen.final_latents = latents;
        seen.range()
    });
    for (found, expected) in ranges.into_iter().zip([1.5, 1.5, 50.0, 1.0]) {
        assert!((found - expected).abs() < 1e-4, "{ranges:?}");
    }
}
