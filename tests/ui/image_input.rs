//! Pictures that are brought in: dropped, pasted or chosen, each target, and previews.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use egui::accesskit::Role;
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use hareru::config::ThemeChoice;
use hareru::gallery;
use hareru::job::{
    Event, GenerateRequest, GeneratedImage, InitPicture, InitWay, JobId, LatentPlane, ModelInfo, ReferencePart, Takes,
    Trajectory,
};
use hareru::ui::commands::{ImageInputCommand, PageId, Target, UiCommand};
use hareru::ui::model::state::View;
use hareru::ui::pages::studio::image_input::Adapters;
use hareru::ui::services::Clipboard as _;

use super::harness::{Window, plain, record, starter, step};
use super::looks::{clearing, look};

/// A folder with a picture of 96 × 64 pixels without settings.
pub(super) fn photo() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("holiday.png");
    let mut picture = clearing(1.0, 96);
    picture.height_px = 64;
    picture.pixels.truncate(3 * 96 * 64);
    gallery::save_pixels(&path, &picture).unwrap();
    (folder, path)
}

pub(super) fn wait_for(window: &mut Window, path: &Path) {
    let path = path.to_owned();
    window.wait_until("the picture is read", |studio| {
        studio.studio().image_input.looked(&path).is_some()
    });
}

fn installed() -> Adapters {
    Adapters {
        controls: vec!["/models/control-scribble".into()],
        references: vec!["/models/ip-adapter.safetensors".into()],
    }
}

fn no_steps() -> Trajectory {
    Trajectory {
        seed: 1,
        sigmas: vec![1.0, 0.0],
        timesteps: vec![999.0],
        steps: Vec::new(),
        final_latents: LatentPlane {
            channels: 4,
            height: 16,
            width: 16,
            values: vec![0.0; 4 * 16 * 16],
        },
        tokens: Vec::new(),
        colours: None,
    }
}

/// An offered picture, with adapters installed.
fn offered(path: &Path) -> Window {
    let mut window = Window::open_at(path.parent().unwrap());
    window.drop_file(path);
    wait_for(&mut window, path);
    window.studio_mut().image_input.adapters = installed();
    window.harness.run();
    window
}

fn request(window: &mut Window) -> GenerateRequest {
    window.click("Generate");
    window.engine.borrow().submitted.last().unwrap().clone()
}

#[test]
fn a_dropped_picture_should_be_restyled_to_the_depth_that_is_set() {
    let (_folder, path) = photo();
    let mut window = offered(&path);
    window.click("Restyle");
    assert!(window.studio().image_input.drop_menu.is_none());
    let draft = window.draft();
    assert_eq!(
        (draft.request.width_px, draft.request.height_px),
        (320, 208),
        "its proportions, as many pixels as is native"
    );

    window.harness.get_by_label("What it shows").focus();
    window.harness.run();
    window.harness.get_by_label("What it shows").type_text("a sunset");
    window.harness.run();
    let depth = window.harness.get_by_role_and_label(Role::Slider, "Depth");
    depth.set_value_accesskit(7.0);
    window.harness.run();
    let request = request(&mut window);
    let init = request.init.unwrap();
    assert_eq!(init.file, path);
    let way = InitWay::Inversion {
        prompt: "a sunset".to_owned(),
    };
    assert_eq!(init.way, way);
    assert_eq!((f64::from(request.steps) * init.strength) as u32, 7);
    assert_eq!((request.mask, request.outpaint.is_any()), (None, false));
}

#[test]
fn each_number_should_take_its_target() {
    let (_folder, path) = photo();
    for (key, target) in [
        (egui::Key::Num1, Target::Restyle),
        (egui::Key::Num2, Target::StartFrom),
        (egui::Key::Num3, Target::Style),
        (egui::Key::Num4, Target::Content),
        (egui::Key::Num5, Target::Outlines),
        (egui::Key::Num6, Target::PaintInto),
    ] {
        let mut window = offered(&path);
        window.press(key);
        let bring = &window.studio().image_input;
        assert!(bring.drop_menu.is_none(), "{target:?}");
        assert_eq!(bring.mask.is_open, target == Target::PaintInto);
        let beyond = &window.draft().request;
        let init = beyond.init.as_ref().map(|init| (init.file.clone(), init.way.clone()));
        let reference = |part| beyond.references.len() == 1 && beyond.references[0].part == part;
        match target {
            Target::Restyle => {
                assert!(matches!(init, Some((file, InitWay::Inversion { .. })) if file == path));
            }
            Target::StartFrom | Target::PaintInto => assert_eq!(init, Some((path.clone(), InitWay::Noise))),
            Target::Style => assert!(reference(ReferencePart::Style)),
            Target::Content => assert!(reference(ReferencePart::Content)),
            Target::Outlines => {
                let control = &beyond.controls[0];
                assert_eq!((&control.picture, &*control.preprocessor), (&path, "scribble"));
                assert_eq!(control.model, installed().controls[0]);
            }
            Target::ReadSettings => {}
        }
        let camera = window.studio().camera;
        assert_eq!(camera.zoom, None, "the key is not heard by the canvas");
    }
}

#[test]
fn settings_should_be_read_from_a_picture_that_has_some() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("made.png");
    let made = GenerateRequest {
        prompt: "a red tower".to_owned(),
        seed: 5,
        ..GenerateRequest::default()
    };
    let image = GeneratedImage {
        pixels: Arc::new(plain([9; 3], 128)),
        record: record(made),
        trajectory: Arc::new(no_steps()),
    };
    gallery::save_as(&path, &image).unwrap();
    let mut window = offered(&path);
    window.harness.get_by_label_contains("a red tower");
    window.press(egui::Key::Num7);
    assert_eq!(window.pictures.borrow().opened, std::slice::from_ref(&path));
    // Restyling it begins with what it says it shows.
    window.send(ImageInputCommand::Use(Target::Restyle, path));
    let init = window.draft().request.init.clone().unwrap();
    assert!(matches!(init.way, InitWay::Inversion { prompt } if prompt == "a red tower"));
}

#[test]
fn what_is_not_possible_should_be_there_and_say_why() {
    let (_folder, path) = photo();
    let mut window = offered(&path);
    window.studio_mut().image_input.adapters = Adapters::default();
    window.harness.run();
    let is_disabled = |window: &Window, name: &str| window.harness.get_by_label(name).accesskit_node().is_disabled();
    for (name, is_possible) in [
        ("Restyle", true),
        ("Start from it", true),
        ("Its style", false),
        ("Its content", false),
        ("Its outlines", false),
        ("Paint into it", true),
        ("Read its settings", false),
    ] {
        assert_eq!(is_disabled(&window, name), !is_possible, "{name}");
    }
    assert_eq!(
        window
            .harness
            .query_all_by_label_contains("Needs an IP-Adapter")
            .count(),
        2
    );
    window.harness.get_by_label_contains("Needs a ControlNet");
    window.harness.get_by_label("It carries no settings");
    window.press(egui::Key::Num3);
    assert!(window.studio().image_input.drop_menu.is_some() && window.draft().request.references.is_empty());

    let enlarging = ModelInfo {
        takes: Takes {
            enlarges: Some(4),
            ..Takes::default()
        },
        ..starter()
    };
    window.tell([Event::ModelDescribed { info: enlarging.into() }]);
    assert!(is_disabled(&window, "Restyle"));
    assert!(!is_disabled(&window, "Start from it"));
    window.press(egui::Key::Escape);
    assert!(!window.has("Restyle"));
}

#[test]
fn letting_go_over_a_card_should_take_it_where_the_pointer_is_seen() {
    let (_folder, path) = photo();
    let mut window = offered(&path);
    let card = window.harness.get_by_label("Start from it").rect().center();
    window.press(egui::Key::Escape);
    for (pointer, is_taken) in [(card, true), (egui::pos2(4.0, 4.0), false)] {
        window.draft_mut().request.init = None;
        let hovered = egui::HoveredFile {
            path: Some(path.clone()),
            ..egui::HoveredFile::default()
        };
        window.harness.input_mut().hovered_files.push(hovered);
        window.harness.step();
        window.harness.get_by_label("Restyle");
        window.harness.hover_at(pointer);
        window.harness.step();
        window.harness.input_mut().hovered_files.clear();
        window.drop_file(&path);
        let studio = window.harness.state();
        assert!(studio.studio().image_input.drop_menu.is_none());
        assert_eq!(studio.draft().request.init.is_some(), is_taken);
    }
}

#[test]
fn the_last_card_should_only_look_at_the_picture() {
    let (_folder, path) = photo();
    let mut window = offered(&path);
    let before = window.draft().clone();
    window.click("Look at it in Compare");
    assert!(!window.has("Restyle"));
    assert_eq!(*window.draft(), before);
    assert_eq!(window.state().page, PageId::Compare);
}

#[test]
fn a_click_outside_should_put_the_cards_away() {
    let (_folder, path) = photo();
    let mut window = offered(&path);
    let before = window.draft().clone();
    let corner = egui::pos2(6.0, 6.0);
    window.harness.drag_at(corner);
    window.harness.run();
    window.harness.drop_at(corner);
    window.harness.run();
    assert!(!window.has("Restyle"));
    assert_eq!(*window.draft(), before);
    assert_eq!(window.state().page, PageId::Studio);
}

#[test]
fn several_dropped_pictures_should_be_compared() {
    let (folder, path) = photo();
    let other = folder.path().join("other.png");
    std::fs::copy(&path, &other).unwrap();
    let mut window = Window::open_at(folder.path());
    for path in [path, other] {
        window
            .harness
            .input_mut()
            .dropped_files
            .push(super::harness::dropped(&path));
    }
    window.harness.run();
    assert_eq!(window.state().page, PageId::Compare);
    assert!(window.studio().image_input.drop_menu.is_none());
}

#[test]
fn pasting_should_offer_a_picture_and_leave_text_to_fields() {
    let (folder, path) = photo();
    let mut window = Window::open_at(folder.path());
    let image = egui::ColorImage::filled([40, 20], egui::Color32::RED);
    window.harness.event(egui::Event::PasteImage(Arc::new(image)));
    window.harness.run();
    window.wait_until("it is saved", |studio| studio.studio().image_input.drop_menu.is_some());
    let pasted = window.studio().image_input.drop_menu.clone().unwrap();
    assert!(pasted.starts_with(folder.path().join(".hareru/pasted")));
    assert_eq!(gallery::read_picture(&pasted).unwrap().width_px, 40);
    window.press(egui::Key::Escape);

    window.harness.event(egui::Event::Paste(path.display().to_string()));
    window.harness.run();
    window.wait_until("it is found", |studio| studio.studio().image_input.drop_menu.is_some());
    window.press(egui::Key::Escape);

    window.harness.get_by_label("Prompt").focus();
    window.harness.run();
    window.harness.event(egui::Event::Paste(path.display().to_string()));
    window.harness.run();
    assert!(window.draft().request.prompt.contains("holiday.png"));
    assert!(window.studio().image_input.drop_menu.is_none());
}

#[test]
fn a_picture_on_the_clipboard_should_be_offered_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let mut window = Window::open_at(folder.path());
    let picture = plain([10, 200, 30], 16);
    window.clipboard.set_picture(&picture).unwrap();
    window.send(UiCommand::ImageInput(ImageInputCommand::Paste));
    window.wait_until("it is saved", |studio| studio.studio().image_input.drop_menu.is_some());
    let pasted = window.studio().image_input.drop_menu.clone().unwrap();
    assert_eq!(gallery::read_picture(&pasted).unwrap(), picture);
}

#[test]
fn a_pasted_text_that_names_no_picture_should_say_so() {
    let folder = tempfile::tempdir().unwrap();
    let mut window = Window::open_at(folder.path());
    window.harness.event(egui::Event::Paste("a lighthouse".to_owned()));
    window.harness.run();
    window.wait_until("it says so", |studio| !studio.state().notices.all().is_empty());
    window.harness.get_by_label_contains("The clipboard holds no picture");
}

#[test]
fn an_offered_picture_that_is_torn_should_refuse_everything() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("torn.png");
    std::fs::write(&path, b"no picture").unwrap();
    let mut window = Window::open_at(folder.path());
    window.drop_file(&path);
    window.wait_until("it is read", |studio| !studio.state().notices.all().is_empty());
    assert!(window.harness.get_by_label("Restyle").accesskit_node().is_disabled());
    assert!(window.harness.query_all_by_label_contains("It cannot be read").count() >= 6);
}

#[test]
fn what_was_brought_in_should_be_left_out_again() {
    let (_folder, path) = photo();
    let mut window = offered(&path);
    let before = window.draft().request.clone();
    for target in [Target::Restyle, Target::Style, Target::Outlines] {
        window.send(ImageInputCommand::Use(target, path.clone()));
    }
    for name in ["Restyle", "Its style", "Its outlines"] {
        let words = format!("Leave out: {name}");
        window.click(&words);
        assert!(!window.has(&words));
    }
    // The size stays that which was fitted to the picture.
    let expected = GenerateRequest {
        width_px: 320,
        height_px: 208,
        ..before
    };
    assert_eq!(window.draft().request, expected);
}

/// A window in which a picture is restyled and a preview was asked for.
fn previewing(path: &Path) -> (Window, JobId) {
    let mut window = offered(path);
    window.send(ImageInputCommand::Use(Target::Restyle, path.to_owned()));
    let depth = window.harness.get_by_role_and_label(Role::Slider, "Depth");
    depth.set_value_accesskit(20.0);
    window.harness.run();
    let job = JobId(window.engine.borrow().submitted.len() as u64);
    (window, job)
}

#[test]
fn the_newest_preview_should_win_and_none_should_be_saved() {
    let (_folder, path) = photo();
    let (mut window, first) = previewing(&path);
    let asked = window.engine.borrow().submitted[0].clone();
    assert_eq!(asked.steps, 8, "six steps of eight are taken at a depth of 20 of 25");
    window.tell([Event::Started { job: first }, step(first, 1, [1, 2, 3])]);
    window.harness.get_by_label("Preview");

    let depth = window.harness.get_by_role_and_label(Role::Slider, "Depth");
    depth.set_value_accesskit(10.0);
    window.harness.run();
    let second = JobId(2);
    assert_eq!(window.engine.borrow().cancelled, [first]);
    assert_eq!(window.engine.borrow().submitted.len(), 2);
    // What the older one still says is not shown.
    window.tell([step(first, 2, [9; 3]), Event::Cancelled { job: first }]);
    let image = GeneratedImage {
        pixels: Arc::new(plain([70; 3], 128)),
        record: record(asked),
        trajectory: Arc::new(no_steps()),
    };
    window.tell([
        Event::Started { job: second },
        Event::Image {
            job: second,
            image: Arc::new(image),
        },
        Event::Finished { job: second },
    ]);
    window.wait_until("all is told", |studio| {
        studio.studio().image_input.preview.jobs.is_empty()
    });
    let (preview, state) = (&window.studio().image_input.preview, window.state());
    let shown = preview.picture.as_ref().unwrap();
    assert_eq!(shown.pixels[0], 70);
    assert!(preview.jobs.is_empty() && state.jobs.is_engine_idle() && state.run.is_none());
    assert!(window.pictures.borrow().saved.is_empty());
    window.click("Close the preview");
    assert!(!window.has("Preview"));
}

#[test]
fn a_picture_that_is_asked_for_should_not_wait_for_a_preview() {
    let (_folder, path) = photo();
    let (mut window, preview) = previewing(&path);
    window.tell([Event::Started { job: preview }]);
    let job = window.generate();
    assert_eq!(window.engine.borrow().cancelled, [preview]);
    assert_eq!(window.engine.borrow().submitted.last().unwrap().steps, 25);
    window.tell([Event::Cancelled { job: preview }, step(job, 1, [5; 3])]);
    assert!(!window.has("Preview"));
    // While it is made, a slider asks for nothing.
    let depth = window.harness.get_by_role_and_label(Role::Slider, "Depth");
    depth.set_value_accesskit(3.0);
    window.harness.run();
    assert_eq!(window.engine.borrow().submitted.len(), 2);
    window.tell([Event::Finished { job }]);
    assert_eq!(window.engine.borrow().submitted.len(), 3, "now the engine is idle");
}

#[test]
fn a_preview_that_fails_should_say_so_and_leave_the_canvas() {
    use hareru::job::{JobError, JobErrorKind};
    let (_folder, path) = photo();
    let (mut window, job) = previewing(&path);
    let error = JobError::new(JobErrorKind::OutOfMemory, "too large");
    window.tell([Event::Failed {
        job,
        error: error.into(),
    }]);
    window.harness.get_by_label_contains("too large");
    assert_eq!(window.studio().view, View::Live);
}

#[test]
fn restored_settings_should_show_the_picture_they_start_from() {
    let (folder, path) = photo();
    let mut window = Window::open_at(folder.path());
    let request = GenerateRequest {
        prompt: "a tower".to_owned(),
        init: Some(InitPicture {
            file: path.clone(),
            strength: 0.4,
            way: InitWay::Noise,
        }),
        ..GenerateRequest::default()
    };
    window.draft_mut().restore(&request);
    window.harness.run();
    wait_for(&mut window, &path);
    window.harness.get_by_label("Leave out: Start from it");
    assert_eq!(window.draft().to_request(), Ok(request));
}

#[test]
#[ignore = "writes pictures for a person to look at"]
fn looks_of_bringing_in() {
    for language in ["en", "ja"] {
        for (theme, choice) in [("dark", ThemeChoice::Dark), ("light", ThemeChoice::Light)] {
            let (folder, path) = photo();
            let mut window = Window::open_drawn_at(language, folder.path());
            window.harness.state().send(UiCommand::SetTheme(choice));
            window.drop_file(&path);
            wait_for(&mut window, &path);
            window.studio_mut().image_input.adapters = Adapters {
                controls: Vec::new(),
                ..installed()
            };
            look(&mut window, &format!("bring-{language}-{theme}-1-targets"));
            window.send(ImageInputCommand::Use(Target::Restyle, path.clone()));
            window.send(ImageInputCommand::Preview);
            let job = JobId(window.engine.borrow().submitted.len() as u64);
            window.tell([Event::Started { job }, step(job, 1, [120, 90, 60])]);
            look(&mut window, &format!("bring-{language}-{theme}-2-restyle"));
            window.studio_mut().image_input.adapters = installed();
            for target in [Target::PaintInto, Target::Outlines, Target::Style] {
                window.send(ImageInputCommand::Use(target, path.clone()));
            }
            super::mask::paint_something(&mut window);
            window.draft_mut().request.outpaint.right_px = 32;
            look(&mut window, &format!("bring-{language}-{theme}-3-mask"));
        }
    }
}

#[test]
#[ignore = "takes a minute, and writes pictures for a person to look at"]
fn looks_of_a_photo_that_the_real_engine_restyles() {
    use super::journey::{has_ended, open, until};
    let out = PathBuf::from(std::env::var_os("HARERU_LOOKS").unwrap_or_else(|| std::env::temp_dir().into()));
    let (folder, path) = photo();
    let mut harness = open(folder.path());
    let restyle = ImageInputCommand::Use(Target::Restyle, path.clone());
    harness.state().send(restyle.into());
    until(&mut harness, "the picture is read", |studio| {
        studio.studio().image_input.looked(&path).is_some()
    });
    harness.run_steps(2);
    "a lighthouse at night by the sea".clone_into(&mut harness.state_mut().draft_mut().request.prompt);
    harness.state_mut().draft_mut().is_seed_locked = true;
    for depth in [5, 12, 18, 23] {
        let draft = harness.state_mut().draft_mut();
        let strength = (f64::from(depth) + 0.01) / f64::from(draft.request.steps);
        draft.request.init.as_mut().unwrap().strength = strength;
        harness.state().send(ImageInputCommand::Preview.into());
        harness.run_steps(2);
        until(&mut harness, "the preview is there", |studio| {
            studio.studio().image_input.preview.picture.is_some() && !studio.studio().image_input.preview.is_at_work()
        });
        let preview = harness.state().studio().image_input.preview.picture.clone().unwrap();
        gallery::save_pixels(&out.join(format!("restyled-{depth}-preview.png")), &preview).unwrap();
        assert!(
            harness.state().state().recent.len() == 1 || depth > 5,
            "a preview is not saved"
        );

        harness.state().send(UiCommand::Generate);
        harness.run_steps(2);
        until(&mut harness, "the run has ended", has_ended);
        let picture = harness.state().state().run.as_ref().unwrap().image.clone().unwrap();
        gallery::save_pixels(&out.join(format!("restyled-{depth}.png")), &picture).unwrap();
    }
    std::fs::copy(&path, out.join("restyled-0.png")).unwrap();
}
