//! Pictures of the window, to be looked at: `HARERU_LOOKS=folder cargo test looks -- --ignored`.

use std::path::PathBuf;
use std::sync::Arc;

use egui_kittest::kittest::Queryable as _;
use hareru::config::ThemeChoice;
use hareru::gallery::SaveEvent;
use hareru::job::{Event, Field, GenerateRequest, JobError, JobErrorKind, JobId, Phase, RgbImage};
use hareru::ui::commands::UiCommand;
use hareru::ui::model::run_timeline::ViewPair;
use hareru::unfold::{AttentionToken, StepView};

use super::harness::{Window, plain, record, step};
use super::views::{finish, walk};

/// A sunset that clears up from noise, `part` 0 to 1.
pub(super) fn clearing(part: f32, side_px: u32) -> RgbImage {
    let mut image = plain([0; 3], side_px);
    let mut word = 7_u32;
    for (index, pixel) in image.pixels.chunks_exact_mut(3).enumerate() {
        let (x, y) = (index as u32 % side_px, index as u32 / side_px);
        let (x, y) = (x as f32 / side_px as f32, y as f32 / side_px as f32);
        let is_sun = (x - 0.6).hypot(y - 0.45) < 0.13;
        let is_hill = y > 0.65 + 0.1 * (9.0 * x).sin();
        let clear = match (is_hill, is_sun) {
            (true, _) => [45.0, 40.0, 80.0],
            (_, true) => [255.0, 225.0, 150.0],
            _ => [250.0 - 60.0 * y, 120.0 + 100.0 * y, 110.0 + 20.0 * y],
        };
        for (channel, clear) in pixel.iter_mut().zip(clear) {
            word = word.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let noise = (word >> 24) as f32;
            *channel = (part * clear + (1.0 - part) * noise) as u8;
        }
    }
    image
}

pub(super) fn half_way(window: &mut Window) -> JobId {
    let job = window.generate();
    let phase = Event::Phase {
        job,
        phase: Phase::Denoising,
        fraction: None,
    };
    window.tell([phase]);
    window.tell((1..=12).map(|number| {
        let mut event = step(job, number, [0; 3]);
        if let Event::Step(step) = &mut event {
            step.preview = Some(Arc::new(clearing(number as f32 / 25.0, 128)));
        }
        event
    }));
    job
}

pub(super) fn fill_strip(window: &mut Window, count: u32) {
    for number in 0..count {
        window.tell_of_pictures(SaveEvent::Saved {
            path: PathBuf::from(format!("/pictures/2026-11-20 {number:04}.png")),
            record: Arc::new(record(GenerateRequest {
                prompt: "a sunset over a mountain range, vector image".to_owned(),
                ..GenerateRequest::default()
            })),
            thumbnail: Arc::new(clearing(1.0 - number as f32 / 30.0, 64)),
        });
    }
}

pub(super) fn look(window: &mut Window, name: &str) {
    window.harness.run();
    save(window, name);
}

pub(super) fn save(window: &mut Window, name: &str) {
    let folder = PathBuf::from(std::env::var_os("HARERU_LOOKS").unwrap_or_else(|| std::env::temp_dir().into()));
    window
        .harness
        .render()
        .unwrap()
        .save(folder.join(format!("{name}.png")))
        .unwrap();
}

#[test]
#[ignore = "writes pictures for a person to look at"]
fn looks_at_other_sizes() {
    for language in ["en", "ja"] {
        for (width, height, scale) in [(960.0, 600.0, 1.0), (1920.0, 1080.0, 1.0), (1280.0, 800.0, 2.0)] {
            let mut window = Window::open_drawn_in(language);
            window
                .harness
                .set_size(egui::vec2(width, height))
                .set_pixels_per_point(scale);
            fill_strip(&mut window, 30);
            half_way(&mut window);
            window
                .harness
                .get_by_label_contains(if language == "en" { "Advanced" } else { "詳細" })
                .click();
            look(&mut window, &format!("{language}-{width}x{height}@{scale}"));
        }
    }
}

#[test]
#[ignore = "writes pictures for a person to look at"]
fn looks_of_the_window() {
    for language in ["en", "ja"] {
        for (theme, choice) in [("dark", ThemeChoice::Dark), ("light", ThemeChoice::Light)] {
            let mut window = Window::open_drawn_in(language);
            window.harness.state().send(UiCommand::SetTheme(choice));
            look(&mut window, &format!("{language}-{theme}-1-start"));

            fill_strip(&mut window, 5);
            let job = half_way(&mut window);
            let draft = window.draft_mut();
            draft.request.guidance_scale = 7.5;
            "ddim".clone_into(&mut draft.request.sampler);
            look(&mut window, &format!("{language}-{theme}-2-half-way"));

            let error = Arc::new(JobError::new(
                JobErrorKind::OutOfMemory,
                "the device has 3.9 GB free, the picture needs 5.1 GB".to_owned(),
            ));
            window.tell([Event::Failed { job, error }]);
            window
                .harness
                .input_mut()
                .hovered_files
                .push(egui::HoveredFile::default());
            window.harness.step();
            save(&mut window, &format!("{language}-{theme}-4-drop"));
            window.harness.input_mut().hovered_files.clear();
            window.draft_mut().request.prompt.clear();
            window.harness.get_by_label("2026-11-20 0003.png").click();
            look(&mut window, &format!("{language}-{theme}-3-failed"));
        }
    }
}

#[test]
#[ignore = "writes pictures for a person to look at"]
fn looks_of_the_views() {
    let pairs = [
        (StepView::Noisy, None),
        (StepView::Estimate, Some(StepView::Guidance)),
        (
            StepView::Difference,
            Some(StepView::Attention(AttentionToken { index: 2, level: None })),
        ),
    ];
    for (language, choice) in [("en", ThemeChoice::Dark), ("ja", ThemeChoice::Light)] {
        let mut window = Window::open_drawn_in(language);
        window.harness.state().send(UiCommand::SetTheme(choice));
        walk(&mut window, |_| ());
        finish(&mut window);
        for (index, (first, second)) in pairs.into_iter().enumerate() {
            window
                .harness
                .state()
                .send(UiCommand::SetViews(ViewPair { first, second }));
            if index > 0 {
                window.harness.state().send(UiCommand::ExplainView);
            }
            look(&mut window, &format!("{language}-views-{index}"));
        }
        window.harness.set_size(egui::vec2(760.0, 600.0));
        look(&mut window, &format!("{language}-views-narrow"));
    }
}

#[test]
#[ignore = "writes pictures for a person to look at"]
fn looks_of_a_sweep() {
    for language in ["en", "ja"] {
        for (theme, choice) in [("dark", ThemeChoice::Dark), ("light", ThemeChoice::Light)] {
            let mut window = Window::open_drawn_in(language);
            window.harness.state().send(UiCommand::SetTheme(choice));
            fill_strip(&mut window, 5);
            let axes = [(Field::Guidance, "-10..10:9", ""), (Field::Rescale, "0,0.7,-3", "")];
            super::sweep::ask(&mut window, &axes);
            let title = if language == "en" { "Sweep" } else { "スイープ" };
            window.click(title);
            let values = if language == "en" {
                "Y: rows: Values"
            } else {
                "Y：行: 値"
            };
            window.harness.get_by_label(values).scroll_to_me();
            window.generate();
            for number in 1..=17 {
                let job = JobId(number);
                let mut image = (*super::sweep::made(&window, job)).clone();
                image.pixels = Arc::new(clearing(1.0 - 0.04 * number as f32, 128));
                let error = Arc::new(JobError::new(
                    JobErrorKind::NotFinite,
                    "the numbers ran away at step 12".to_owned(),
                ));
                let end = match number {
                    4 => vec![Event::Failed { job, error }],
                    _ => vec![
                        Event::Image {
                            job,
                            image: Arc::new(image),
                        },
                        Event::Finished { job },
                    ],
                };
                window.tell([Event::Started { job }]);
                window.tell(end);
            }
            let job = JobId(18);
            window.tell([Event::Started { job }]);
            window.tell((1..=12).map(|number| step(job, number, [90, 90, 140])));
            look(&mut window, &format!("{language}-{theme}-5-sweep"));
            window.harness.key_press(egui::Key::Home);
            look(&mut window, &format!("{language}-{theme}-6-sweep-step"));
        }
    }
}
