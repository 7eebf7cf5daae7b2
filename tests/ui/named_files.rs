//! What a stranger's settings name elsewhere: nothing of it is opened before the user has said so.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use egui_kittest::kittest::Queryable as _;
use hareru::gallery::SaveEvent;
use hareru::job::{
    Control, GenerateRequest, InitPicture, InitWay, LoraSpec, Mask, ModelRef, Reference, Refiner, Upscale,
};
use hareru::ui::commands::{NamedFileCommand, UiCommand};
use hareru::ui::model::regenerate::{Regenerate, RegenerateCommand};

use super::harness::{Window, plain, record};
use super::timeline::{kept_record, kept_trajectory};

const FILE: &str = "/pictures/boat.png";
const THEIRS: &str = r"\\evil\share\dream.safetensors";

/// Requests that name a stranger's file, each in another place.
fn strange() -> Vec<GenerateRequest> {
    let base = || GenerateRequest {
        prompt: "a boat".to_owned(),
        ..GenerateRequest::default()
    };
    let init = || InitPicture {
        file: "/etc/passwd.png".into(),
        strength: 0.5,
        way: InitWay::Noise,
    };
    vec![
        GenerateRequest {
            model: ModelRef::from(THEIRS),
            ..base()
        },
        GenerateRequest {
            model: ModelRef::from("/nowhere/../home/me/secret"),
            ..base()
        },
        GenerateRequest {
            model: ModelRef::from("dreamshaper_8.safetensors"),
            ..base()
        },
        GenerateRequest {
            vae: Some("//host/vae.pt".into()),
            ..base()
        },
        GenerateRequest {
            loras: vec![LoraSpec::new("/mnt/theirs/a.safetensors", 1.0)],
            ..base()
        },
        GenerateRequest {
            embeddings: vec!["/mnt/theirs/word.pt".into()],
            ..base()
        },
        GenerateRequest {
            init: Some(init()),
            ..base()
        },
        GenerateRequest {
            init: Some(InitPicture {
                file: "/nowhere/own.png".into(),
                ..init()
            }),
            mask: Some(Mask {
                file: "/dev/zero".into(),
                ..Mask::default()
            }),
            ..base()
        },
        GenerateRequest {
            controls: vec![Control {
                picture: "/dev/tty".into(),
                ..Control::default()
            }],
            ..base()
        },
        GenerateRequest {
            references: vec![Reference {
                adapter: "/x/adapter".into(),
                ..Reference::default()
            }],
            ..base()
        },
        GenerateRequest {
            refiner: Some(Refiner {
                model: ModelRef::from("/x/refiner"),
                step: 3,
            }),
            ..base()
        },
        GenerateRequest {
            hires: Some(hareru::job::Hires {
                scale: 2.0,
                strength: 0.5,
                steps: None,
            }),
            upscale: Some(Upscale {
                model: "/x/x4.pth".into(),
                ..Upscale::default()
            }),
            ..base()
        },
    ]
}

fn opened(window: &mut Window, request: GenerateRequest) {
    window.tell_of_pictures(SaveEvent::Opened {
        path: PathBuf::from(FILE),
        pixels: Arc::new(plain([1, 2, 3], 8)),
        record: Some(Arc::new(record(request))),
    });
}

/// Opens a picture for its settings.
fn use_settings(window: &mut Window, request: GenerateRequest) {
    window.send(UiCommand::OpenPicture(FILE.into()));
    opened(window, request);
}

/// Nothing but what the window begins with was asked of the engine, and no picture is being read.
fn assert_nothing_opened(window: &Window, request: &GenerateRequest) {
    let notes = window.engine.borrow();
    assert!(notes.submitted.is_empty(), "{:?}", notes.submitted);
    let asked = notes.described.iter().filter(|model| **model != ModelRef::Starter);
    assert_eq!(asked.count(), 0, "{:?}", notes.described);
    for file in request.named_files() {
        let looked = window.studio().image_input.look(&file.path);
        assert!(
            looked.is_none() || file.path.starts_with("/nowhere"),
            "{}",
            file.path.display()
        );
    }
}

#[test]
fn nothing_that_a_record_names_elsewhere_should_be_opened_without_asking() {
    for request in strange() {
        let mut window = Window::open();
        use_settings(&mut window, request.clone());
        assert_eq!(window.draft().request, request, "the form says what was read");
        window.press_with(egui::Modifiers::COMMAND, egui::Key::Enter);
        assert_nothing_opened(&window, &request);
        window.harness.get_by_label_contains("It has not been opened");
    }
}

#[test]
fn making_a_picture_again_should_ask_before_it_opens() {
    for again in [Regenerate::NewSeed, Regenerate::Upscale] {
        for request in strange() {
            let mut window = Window::open();
            let command = RegenerateCommand::Picture(PathBuf::from(FILE), again);
            window.send(UiCommand::Regenerate(command));
            opened(&mut window, request.clone());
            assert_nothing_opened(&window, &request);
            window.harness.get_by_label_contains("It has not been opened");
        }
    }
}

#[test]
fn what_the_user_agrees_to_should_be_opened_and_made() {
    let theirs = Path::new("/mnt/theirs/model");
    let request = GenerateRequest {
        prompt: "a boat".to_owned(),
        model: ModelRef::Path(theirs.to_owned()),
        ..GenerateRequest::default()
    };
    let mut window = Window::open();
    use_settings(&mut window, request.clone());
    window.click("Open it there");
    let asked = window.engine.borrow().described.clone();
    assert_eq!(asked.last(), Some(&ModelRef::Path(theirs.to_owned())));
    window.press_with(egui::Modifiers::COMMAND, egui::Key::Enter);
    assert_eq!(window.engine.borrow().submitted.len(), 1);
    let mut window = Window::open();
    use_settings(&mut window, request.clone());
    window.send(UiCommand::UseModel(ModelRef::Path(theirs.to_owned())));
    assert_eq!(
        window.engine.borrow().described.len(),
        asked.len(),
        "chosen by the user, it is known"
    );
}

#[test]
fn a_model_should_be_looked_for_by_its_name_or_chosen() {
    let request = GenerateRequest {
        prompt: "a boat".to_owned(),
        model: ModelRef::from(THEIRS),
        ..GenerateRequest::default()
    };
    let mut window = Window::open();
    use_settings(&mut window, request);
    assert!(!window.has("Open it there") || Path::new(THEIRS).is_absolute());
    window.click("Look for it in my models");
    window.harness.get_by_label_contains("None of your models is called");
    let mine = PathBuf::from("/mine/dream.safetensors");
    window.send(NamedFileCommand::Replace(THEIRS.into(), mine.clone()));
    assert_eq!(window.draft().request.model, ModelRef::Path(mine.clone()));
    assert_eq!(window.engine.borrow().described.last(), Some(&ModelRef::Path(mine)));
    assert!(
        window
            .harness
            .query_by_label_contains("It has not been opened")
            .is_none()
    );
}

#[test]
fn a_window_that_opens_again_should_still_ask() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("session.json");
    let request = strange().remove(0);
    let mut window = Window::open_with_session(&file);
    use_settings(&mut window, request.clone());
    window.wait_until("the session is kept", |_| {
        std::fs::read_to_string(&file).is_ok_and(|text| text.contains("evil"))
    });
    drop(window);
    let window = Window::open_with_session(&file);
    assert_eq!(window.draft().request.model, request.model);
    assert_nothing_opened(&window, &request);
    window.harness.get_by_label_contains("It has not been opened");
}

#[test]
fn steps_of_a_strangers_run_should_not_have_its_model_opened() {
    let mut window = Window::open();
    let mut record = kept_record();
    record.request.model = ModelRef::from("/mnt/theirs/model");
    let request = record.request.clone();
    window.send(UiCommand::ShowPicture(FILE.into()));
    opened(&mut window, request.clone());
    window.tell_of_pictures(SaveEvent::TrajectoryOpened {
        path: FILE.into(),
        record: Arc::new(record),
        trajectory: Arc::new(kept_trajectory(0..10)),
    });
    window.send(UiCommand::ShowStep(1));
    for _ in 0..120 {
        window.harness.step(); // longer than the playhead has to rest
    }
    assert!(window.engine.borrow().decoded.is_empty());
    window.send(UiCommand::BranchHere);
    window.press_with(egui::Modifiers::COMMAND, egui::Key::Enter);
    assert_nothing_opened(&window, &request);
}
