//! Undo and redo of the form: whatever overwrites it, what was typed comes back.

use std::path::PathBuf;
use std::sync::Arc;

use egui::{Key, Modifiers};
use egui_kittest::kittest::Queryable as _;
use hareru::gallery::SaveEvent;
use hareru::job::GenerateRequest;
use hareru::ui::commands::UiCommand;

use super::harness::{Window, plain, record};

const UNDO: (Modifiers, Key) = (Modifiers::COMMAND, Key::Z);
const REDO: [(Modifiers, Key); 2] = [
    (Modifiers::COMMAND.plus(Modifiers::SHIFT), Key::Z),
    (Modifiers::COMMAND, Key::Y),
];

fn press(window: &mut Window, (modifiers, key): (Modifiers, Key)) {
    window.press_with(modifiers, key);
}

fn form(window: &Window) -> GenerateRequest {
    let request = &window.draft().request;
    GenerateRequest {
        seed: 0, // drawn anew while it is not locked
        ..request.clone()
    }
}

/// Types a prompt and lets the keyboard go.
fn type_prompt(window: &mut Window, text: &str) {
    let field = window.harness.get_by_label("Prompt");
    field.focus();
    window.harness.run();
    window.harness.get_by_label("Prompt").type_text(text);
    window.harness.run();
    leave_field(window);
}

fn leave_field(window: &mut Window) {
    window.harness.ctx.memory_mut(|memory| {
        if let Some(id) = memory.focused() {
            memory.surrender_focus(id);
        }
    });
    window.harness.run();
}

fn restore(window: &mut Window, request: &GenerateRequest) {
    let path = PathBuf::from("/pictures/kept.png");
    window.send(UiCommand::OpenPicture(path.clone()));
    window.tell_of_pictures(SaveEvent::Opened {
        path,
        pixels: Arc::new(plain([10, 20, 30], 128)),
        record: Some(Arc::new(record(request.clone()))),
    });
}

#[test]
fn settings_that_were_restored_should_be_undone_and_redone() {
    for redo in REDO {
        let mut window = Window::open();
        type_prompt(&mut window, " at night");
        window.draft_mut().request.steps = 7;
        window.harness.run();
        let typed = form(&window);
        assert!(typed.prompt.ends_with(" at night"), "{}", typed.prompt);
        let kept = GenerateRequest {
            prompt: "a boat".to_owned(),
            steps: 9,
            ..GenerateRequest::default()
        };
        restore(&mut window, &kept);
        assert_eq!(form(&window), kept);

        press(&mut window, UNDO);
        assert_eq!(form(&window), typed, "what was typed may not be lost");
        press(&mut window, redo);
        assert_eq!(form(&window), kept);
    }
}

#[test]
fn edits_of_fields_should_be_undone_one_after_another() {
    let mut window = Window::open();
    let first = form(&window);
    for steps in [3, 4] {
        window.draft_mut().request.steps = steps;
        window.harness.run();
        for _ in 0..80 {
            window.harness.step(); // more than a second: the edit is over
        }
    }
    press(&mut window, UNDO);
    assert_eq!(form(&window).steps, 3);
    press(&mut window, UNDO);
    assert_eq!(form(&window), first);
    press(&mut window, UNDO);
    assert_eq!(form(&window), first, "what the model looks best with is no edit");
}

#[test]
fn a_text_field_with_the_keyboard_should_keep_its_own_undo() {
    let mut window = Window::open();
    window.draft_mut().request.steps = 7;
    window.harness.run();
    let before = form(&window).prompt;
    window.harness.get_by_label("Prompt").focus();
    window.harness.run();
    window.harness.get_by_label("Prompt").type_text(" at night");
    window.harness.run();
    press(&mut window, UNDO);
    assert_eq!(form(&window).steps, 7, "the key is the field's");
    assert_eq!(form(&window).prompt, before, "and undoes what was typed in it");
    leave_field(&mut window);
    for _ in 0..3 {
        press(&mut window, UNDO); // what was typed and taken back again may be steps too
    }
    assert_ne!(form(&window).steps, 7, "now it is the form's");
}
