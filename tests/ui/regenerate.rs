//! Pictures made of pictures that are there.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use egui_kittest::kittest::Queryable as _;
use hareru::gallery::SaveEvent;
use hareru::job::{ErrorCode, Event, GenerateRequest, Hires, JobError, JobErrorKind, JobId, Upscale};
use hareru::ui::commands::UiCommand;
use hareru::ui::model::regenerate::{Regenerate, RegenerateCommand, VariationStrength};

use super::harness::{Window, plain, record};
use crate::support::generated_image;

const FILE: &str = "/pictures/boat.png";

fn made() -> GenerateRequest {
    GenerateRequest {
        prompt: "a boat".to_owned(),
        seed: 7,
        steps: 25,
        ..GenerateRequest::default()
    }
}

/// Asks for something of a picture whose record the gallery then reads.
fn ask(window: &mut Window, again: Regenerate) {
    ask_of(window, again, Some(made()));
}

/// The same of a picture that was made so, or does not say how.
fn ask_of(window: &mut Window, again: Regenerate, made: Option<GenerateRequest>) {
    let command = RegenerateCommand::Picture(PathBuf::from(FILE), again);
    window.send(UiCommand::Regenerate(command));
    assert_eq!(window.pictures.borrow().opened, [Path::new(FILE)], "its record is read");
    window.tell_of_pictures(SaveEvent::Opened {
        path: PathBuf::from(FILE),
        pixels: Arc::new(plain([1, 2, 3], 8)),
        record: made.map(|request| Arc::new(record(request))),
    });
}

#[test]
fn a_new_seed_should_be_all_that_differs() {
    let mut window = Window::open();
    ask(&mut window, Regenerate::NewSeed);
    let submitted = window.engine.borrow().submitted.clone();
    let [request] = submitted.as_slice() else {
        panic!("{submitted:?}");
    };
    assert!(request.seed != 7);
    assert_eq!(
        GenerateRequest {
            seed: 7,
            ..request.clone()
        },
        made()
    );
}

#[test]
fn a_picture_that_was_only_enlarged_should_be_made_again_not_enlarged_again() {
    let mut window = Window::open();
    let upscale = Upscale {
        model: "/x4.pth".into(),
        picture: Some("/pictures/small.png".into()),
        ..Upscale::default()
    };
    let enlarged = GenerateRequest {
        upscale: Some(upscale),
        ..made()
    };
    ask_of(&mut window, Regenerate::NewSeed, Some(enlarged.clone()));
    assert_eq!(window.engine.borrow().submitted[0].upscale, None);
    let draft = window.draft_mut();
    draft.restore(&enlarged);
    assert_eq!(
        draft.to_request(),
        Ok(made()),
        "its settings are those of the picture before"
    );
}

#[test]
fn upscaling_should_make_the_same_picture_with_a_second_pass() {
    let mut window = Window::open();
    ask(&mut window, Regenerate::Upscale);
    let submitted = window.engine.borrow().submitted.clone();
    let hires = submitted[0].hires.unwrap();
    assert_eq!(hires.scale, 2.0);
    let same = GenerateRequest {
        hires: None::<Hires>,
        ..submitted[0].clone()
    };
    assert_eq!(same, made());
}

#[test]
fn settings_should_come_into_the_form_and_the_studio_into_sight() {
    let mut window = Window::open();
    ask(&mut window, Regenerate::Settings);
    assert!(window.engine.borrow().submitted.is_empty());
    assert_eq!(window.draft().request.prompt, "a boat");
    assert_eq!(window.draft().request.seed, 7);
}

#[test]
fn variations_should_be_four_to_choose_from_each_with_its_verbs() {
    let mut window = Window::open();
    ask(&mut window, Regenerate::Vary(VariationStrength::Strong));
    for job in 1..=4 {
        let request = window.engine.borrow().submitted[job as usize - 1].clone();
        assert_eq!(request.seed, 7);
        assert!(request.variation.is_some());
        let job = JobId(job);
        let image = Arc::new(generated_image(request));
        window.tell([
            Event::Started { job },
            Event::Image { job, image },
            Event::Finished { job },
        ]);
    }
    assert_eq!(window.engine.borrow().submitted.len(), 4);
    let verbs = ["Vary, subtle", "Vary, strong", "Upscale"];
    let names = (1..=4).flat_map(|number| verbs.map(|verb| format!("{verb} {number}")));
    let places: Vec<egui::Rect> = names.map(|name| window.harness.get_by_label(&name).rect()).collect();
    for (index, place) in places.iter().enumerate() {
        let others = &places[index + 1..];
        assert!(
            others.iter().all(|other| !other.intersects(*place)),
            "none lies over another: {places:?}"
        );
    }
    window.click("Upscale 3");
    let submitted = window.engine.borrow().submitted.clone();
    let third = &submitted[2];
    let upscaled = submitted.last().unwrap();
    assert!(upscaled.hires.is_some());
    assert_eq!(upscaled.variation, third.variation, "the third of them");
}

#[test]
fn four_to_choose_from_should_have_seeds_that_count_up() {
    let mut window = Window::open();
    window.press_with(egui::Modifiers::ALT, egui::Key::Enter);
    let sweeping = window.state().sweeping.as_ref().unwrap();
    let seeds: Vec<u64> = sweeping.cells.iter().map(|cell| cell.request.seed).collect();
    let expected: Vec<u64> = (seeds[0]..seeds[0] + 4).collect();
    assert_eq!(seeds, expected);
}

#[test]
fn a_picture_without_settings_should_say_so() {
    let mut window = Window::open();
    ask_of(&mut window, Regenerate::NewSeed, None);
    assert!(window.engine.borrow().submitted.is_empty());
    window.harness.get_by_label_contains("boat.png");
}

#[test]
fn a_notice_should_stay_while_the_pointer_is_over_it() {
    const LONG: usize = 40; // steps of a quarter of a second
    let mut window = Window::open();
    ask_of(&mut window, Regenerate::NewSeed, None);
    window.harness.get_by_label_contains("boat.png").hover();
    (0..LONG).for_each(|_| window.harness.step());
    window.harness.get_by_label_contains("boat.png");
    window.harness.hover_at(egui::pos2(640.0, 300.0));
    (0..LONG).for_each(|_| window.harness.step());
    assert!(window.harness.query_by_label_contains("boat.png").is_none());
}

#[test]
fn a_file_that_enlarges_nothing_should_not_be_remembered() {
    let network = PathBuf::from("/models/text.safetensors");
    let mut window = Window::open();
    window.send(UiCommand::UseUpscaler(network.clone(), PathBuf::from(FILE)));
    assert_eq!(window.kept.borrow().last().unwrap().upscaler, Some(network.clone()));
    let job = window.generate();
    let fail = |window: &mut Window, path: &Path| {
        let code = ErrorCode::new("error-load-broken").with("path", path);
        let error = JobError::new(JobErrorKind::Model, "no network").with_code(code);
        let error = Arc::new(error);
        window.tell([Event::Failed { job, error }]);
    };
    fail(&mut window, Path::new("/models/other.safetensors"));
    assert_eq!(window.kept.borrow().last().unwrap().upscaler, Some(network.clone()));
    fail(&mut window, &network);
    assert_eq!(window.kept.borrow().last().unwrap().upscaler, None);
}
