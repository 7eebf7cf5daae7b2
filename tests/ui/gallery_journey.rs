//! From a photo to pictures that are found again: restyled at three depths, compared, rated, and found by another window.

use egui_kittest::Harness;
use hareru::gallery;
use hareru::job::InitWay;
use hareru::ui::app::Studio;
use hareru::ui::commands::{CompareCommand, CompareMode, GalleryCommand, ImageInputCommand, PageId, Target, UiCommand};
use hareru::ui::pages::compare::Compared;

use super::image_input::photo;
use super::journey::{has_ended, open, until};

/// Steps that change the picture, of those of the form.
const DEPTHS: [u32; 3] = [3, 5, 7];
const STEPS: u32 = 8;

fn send(harness: &mut Harness<'static, Studio>, command: UiCommand) {
    harness.state().send(command);
    harness.run_steps(2);
}

/// The pictures that a search of the gallery's page finds.
fn found(harness: &mut Harness<'static, Studio>, text: &str, count: usize) {
    let search = GalleryCommand::SearchFor(text.to_owned());
    send(harness, UiCommand::ShowPage(PageId::Gallery));
    send(harness, UiCommand::Gallery(search));
    until(harness, &format!("{count} are found by {text:?}"), |studio| {
        studio.gallery().ids().len() == count
    });
}

#[test]
fn a_photo_should_be_restyled_compared_rated_and_found_again() {
    let (folder, path) = photo();
    let mut harness = open(folder.path());
    send(
        &mut harness,
        UiCommand::ImageInput(ImageInputCommand::Use(Target::Restyle, path.clone())),
    );
    until(&mut harness, "the photo is read", |studio| {
        studio.studio().image_input.looked(&path).is_some()
    });
    harness.run_steps(2);
    for depth in DEPTHS {
        let draft = harness.state_mut().draft_mut();
        "a lighthouse at night by the sea".clone_into(&mut draft.request.prompt);
        draft.is_seed_locked = true;
        draft.request.steps = STEPS;
        let init = draft.request.init.as_mut().unwrap();
        assert!(matches!(init.way, InitWay::Inversion { .. }));
        init.strength = f64::from(depth) / f64::from(STEPS);
        let saved = harness.state().state().recent.len();
        send(&mut harness, UiCommand::Generate);
        until(&mut harness, "the run has ended and is saved", |studio| {
            has_ended(studio) && studio.state().recent.len() > saved
        });
    }
    let restyled: Vec<_> = harness.state().state().recent[..3]
        .iter()
        .map(|picture| picture.path.clone())
        .collect();

    // All three against the photo: by slider, and step by step.
    let all = restyled.iter().chain([&path]).cloned().collect();
    send(&mut harness, UiCommand::Compare(CompareCommand::Show(all)));
    until(&mut harness, "all are read and measured", |studio| {
        let page = studio.compare();
        page.pictures.len() == 4 && page.pictures.iter().all(Compared::is_read)
    });
    assert_eq!(harness.state().state().page, PageId::Compare);
    assert_eq!(harness.state().compare().mode, CompareMode::Slider);
    assert!(harness.state().compare().num_steps() > 0, "the runs were kept");
    send(&mut harness, UiCommand::Compare(CompareCommand::ShowStep(0)));
    assert!(harness.state().compare().pair().is_some());

    for (place, rating) in [(0, 5), (1, 4), (2, 2)] {
        until(&mut harness, "the index service knows it", |studio| {
            studio.compare().pictures[place].entry.is_some()
        });
        send(
            &mut harness,
            UiCommand::Compare(CompareCommand::RatePicture(place, rating)),
        );
    }
    until(&mut harness, "the marks are in their files", |_studio| {
        let rating = |path| {
            gallery::read_user_metadata(path, None)
                .map(|marks| marks.rating)
                .unwrap_or_default()
        };
        restyled.iter().map(|path| rating(path)).eq([5, 4, 2])
    });
    drop(harness);

    // Tomorrow.
    let mut harness = open(folder.path());
    found(&mut harness, "lighthouse rating>=4", 2);
    found(&mut harness, "lighthouse", 3);
    found(&mut harness, "lighthouse -rating>=4", 1);
    found(&mut harness, "", 4);
    let request = gallery::read_record(&restyled[0]).unwrap().request;
    assert_eq!(
        request.init.unwrap().file,
        path,
        "its record says what it was made from"
    );
}
