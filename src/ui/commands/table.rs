//! Every command that needs no argument, in one table: its name, its keys, where they are heard, and when it can act.

use std::sync::LazyLock;

use egui::{Key, KeyboardShortcut, Modifiers};

use super::{
    Availability, CompareCommand, FEATHER_PX, GalleryCommand, Go, ImageInputCommand, MaskEdit, ModelsCommand, PageId,
    QueueCommand, SettingsCommand, UiCommand,
};
use crate::ui::model::camera::CameraMove;
use crate::ui::model::regenerate::RegenerateCommand;

/// Where the keys of a command are heard.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// On every page.
    Everywhere,
    /// On one page.
    Page(PageId),
}

impl Scope {
    /// Whether a key can be heard in both.
    pub fn meets(self, other: Self) -> bool {
        self == other || self == Self::Everywhere || other == Self::Everywhere
    }
}

/// One row of the table.
#[derive(Debug)]
pub struct CommandSpec {
    /// Key of its name among the texts; its attribute `.tip` says what it does.
    pub text: &'static str,
    /// What is sent.
    pub command: UiCommand,
    /// The keys it comes with; the first is the one in tooltips.
    pub keys: Vec<KeyboardShortcut>,
    /// Where they are heard.
    pub scope: Scope,
    /// Whether they are heard only while a mask is painted, or only while none is; `None` for both.
    pub needs_mask: Option<bool>,
    /// Whether a text field that has the keyboard gives these keys a meaning of its own.
    pub is_of_fields: bool,
    is_enabled: fn(&Availability) -> bool,
}

impl CommandSpec {
    /// Whether the command can act now.
    pub fn is_enabled(&self, now: &Availability) -> bool {
        (self.is_enabled)(now)
    }

    /// Whether a key could mean both commands at one time.
    pub fn meets(&self, other: &Self) -> bool {
        let masks = self.needs_mask.zip(other.needs_mask);
        self.scope.meets(other.scope) && masks.is_none_or(|(own, other)| own == other)
    }

    fn when(self, is_enabled: fn(&Availability) -> bool) -> Self {
        Self { is_enabled, ..self }
    }

    fn everywhere(self) -> Self {
        Self {
            scope: Scope::Everywhere,
            ..self
        }
    }

    fn with_mask(self, needs_mask: bool) -> Self {
        Self {
            needs_mask: Some(needs_mask),
            ..self
        }
    }

    fn yields_to_fields(self) -> Self {
        Self {
            is_of_fields: true,
            ..self
        }
    }
}

/// All rows, page by page; the order is that of the list of commands and of the keys in the settings.
pub fn table() -> &'static [CommandSpec] {
    static TABLE: LazyLock<Vec<CommandSpec>> = LazyLock::new(|| {
        let pages = PageId::ALL.map(|page| {
            let show = row(page.key(), UiCommand::ShowPage(page), [page.shortcut()]);
            show.everywhere()
        });
        let mut rows = Vec::from(pages);
        for part in [studio, gallery, compare, models, queue, settings, image_input] {
            rows.extend(part());
        }
        rows
    });
    &TABLE
}

/// A row whose scope is the page of its command, and which can always act.
fn row<const N: usize>(text: &'static str, command: impl Into<UiCommand>, keys: [KeyboardShortcut; N]) -> CommandSpec {
    let command = command.into();
    let page = match command {
        UiCommand::Gallery(_) => PageId::Gallery,
        UiCommand::Compare(_) => PageId::Compare,
        UiCommand::Models(_) => PageId::Models,
        UiCommand::Queue(_) => PageId::Queue,
        UiCommand::Settings(_) => PageId::Settings,
        _ => PageId::Studio,
    };
    CommandSpec {
        text,
        command,
        keys: keys.into(),
        scope: Scope::Page(page),
        needs_mask: None,
        is_of_fields: false,
        is_enabled: |_| true,
    }
}

const fn key(key: Key) -> KeyboardShortcut {
    KeyboardShortcut::new(Modifiers::NONE, key)
}

const fn shift(key: Key) -> KeyboardShortcut {
    KeyboardShortcut::new(Modifiers::SHIFT, key)
}

const fn alt(key: Key) -> KeyboardShortcut {
    KeyboardShortcut::new(Modifiers::ALT, key)
}

const fn ctrl(key: Key) -> KeyboardShortcut {
    KeyboardShortcut::new(Modifiers::COMMAND, key)
}

const fn ctrl_shift(key: Key) -> KeyboardShortcut {
    KeyboardShortcut::new(Modifiers::COMMAND.plus(Modifiers::SHIFT), key)
}

/// Commands of the studio, and of the whole window.
fn studio() -> Vec<CommandSpec> {
    use UiCommand as C;
    let canvas = |now: &Availability| now.has_canvas_picture;
    vec![
        row("palette-open", C::TogglePalette, [ctrl(Key::K)]).everywhere(),
        row("command-generate", C::Generate, [ctrl(Key::Enter)]).everywhere(),
        row("command-apply", C::ApplyChanges, [ctrl_shift(Key::Enter)]).when(|now| now.has_change),
        row("command-stop", C::Stop, [key(Key::Escape)])
            .everywhere()
            .when(|now| now.has_job),
        row("command-open-picture", C::ChoosePicture, [ctrl(Key::O)]).everywhere(),
        row("command-previous-step", C::PreviousStep, [key(Key::ArrowLeft)]).when(|now| now.has_steps),
        row("command-next-step", C::NextStep, [key(Key::ArrowRight)]).when(|now| now.has_steps),
        row("command-first-step", C::FirstStep, [key(Key::Home)]).when(|now| now.has_steps),
        row("command-last-step", C::LastStep, [key(Key::End)]).when(|now| now.has_steps),
        row("command-play", C::PlayOrPause, [key(Key::Space)]).when(|now| now.is_live || now.has_shown_step),
        row("command-loop", C::ToggleLoop, [key(Key::L)]),
        row("command-single-step", C::SingleStep, [key(Key::Period)]).when(|now| now.is_live || now.has_shown_step),
        row("command-step-back", C::StepBack, [key(Key::Comma)]).when(|now| now.has_shown_step),
        row("command-keep-step", C::KeepStep, [key(Key::K)]).when(|now| now.has_shown_step),
        row("command-branch", C::BranchHere, [key(Key::B)]).when(|now| now.has_shown_step),
        row(
            "command-zoom-in",
            C::Camera(CameraMove::In),
            [key(Key::Plus), key(Key::Equals)],
        )
        .when(canvas),
        row("command-zoom-out", C::Camera(CameraMove::Out), [key(Key::Minus)]).when(canvas),
        row("command-zoom-fit", C::Camera(CameraMove::Fit), [key(Key::Num0)]).when(canvas),
        row(
            "command-zoom-whole-pixels",
            C::Camera(CameraMove::ToggleWholePixels),
            [],
        )
        .when(canvas),
        row("command-zoom-actual", C::Camera(CameraMove::Actual), [key(Key::Num1)]).when(canvas),
        row("command-next-view", C::NextView, [key(Key::V)]),
        row("command-next-second-view", C::NextSecondView, [shift(Key::V)]),
        row("command-explain-view", C::ExplainView, [key(Key::F1)]),
        row("command-toggle-sides", C::ToggleSides, [key(Key::Tab)]),
        row("command-toggle-inspector", C::ToggleInspector, [key(Key::I)]),
        row("command-focus-controls", C::FocusControls, [key(Key::F6)]).everywhere(),
        row("command-show-sweep", C::ShowSweep, [key(Key::G)]).when(|now| now.has_sweep),
        row("again-four", C::Regenerate(RegenerateCommand::Four), [alt(Key::Enter)]),
        row("command-undo-form", C::UndoForm, [ctrl(Key::Z)])
            .with_mask(false)
            .yields_to_fields()
            .when(|now| now.can_undo_form),
        row("command-redo-form", C::RedoForm, [ctrl_shift(Key::Z), ctrl(Key::Y)])
            .with_mask(false)
            .yields_to_fields()
            .when(|now| now.can_redo_form),
        row("command-live", C::ShowLive, []),
        row("command-use-settings", C::UseSettings, []).when(|now| now.has_record),
        row("command-open-model", C::ChooseModelFolder, []),
        row("command-speed", C::NextSpeed, []),
        row("command-end-here", C::EndHere, []).when(|now| now.is_live),
        row("command-leave-branch", C::LeaveBranch, []).when(|now| now.is_branching),
        row("command-stop-export", C::StopExport, []).when(|now| now.is_exporting),
        row("command-close-beside", C::CloseBeside, []).when(|now| now.has_beside),
        row("command-toggle-form", C::ToggleForm, []),
        row("command-close-sweep", C::CloseSweep, []).when(|now| now.has_ended_sweep),
        row("command-restart-engine", C::RestartEngine, []).when(|now| now.is_engine_stopped),
    ]
}

fn gallery() -> Vec<CommandSpec> {
    use GalleryCommand as C;
    let any = |now: &Availability| now.has_gallery_pictures;
    let one = |now: &Availability| now.has_gallery_subject;
    vec![
        row("gallery-extend-left", C::Go(Go::Left, true), [shift(Key::ArrowLeft)]).when(any),
        row("gallery-extend-right", C::Go(Go::Right, true), [shift(Key::ArrowRight)]).when(any),
        row("gallery-extend-up", C::Go(Go::Up, true), [shift(Key::ArrowUp)]).when(any),
        row("gallery-extend-down", C::Go(Go::Down, true), [shift(Key::ArrowDown)]).when(any),
        row("gallery-extend-page-up", C::Go(Go::PageUp, true), [shift(Key::PageUp)]).when(any),
        row(
            "gallery-extend-page-down",
            C::Go(Go::PageDown, true),
            [shift(Key::PageDown)],
        )
        .when(any),
        row("gallery-extend-first", C::Go(Go::First, true), [shift(Key::Home)]).when(any),
        row("gallery-extend-last", C::Go(Go::Last, true), [shift(Key::End)]).when(any),
        row("gallery-go-left", C::Go(Go::Left, false), [key(Key::ArrowLeft)]).when(any),
        row("gallery-go-right", C::Go(Go::Right, false), [key(Key::ArrowRight)]).when(any),
        row("gallery-go-up", C::Go(Go::Up, false), [key(Key::ArrowUp)]).when(any),
        row("gallery-go-down", C::Go(Go::Down, false), [key(Key::ArrowDown)]).when(any),
        row("gallery-go-page-up", C::Go(Go::PageUp, false), [key(Key::PageUp)]).when(any),
        row("gallery-go-page-down", C::Go(Go::PageDown, false), [key(Key::PageDown)]).when(any),
        row("gallery-go-first", C::Go(Go::First, false), [key(Key::Home)]).when(any),
        row("gallery-go-last", C::Go(Go::Last, false), [key(Key::End)]).when(any),
        row("gallery-choose-all", C::ChooseAll, [ctrl(Key::A)])
            .yields_to_fields()
            .when(any),
        row("gallery-open", C::Open, [key(Key::Enter)]).when(any),
        row("gallery-look", C::Preview, [key(Key::Space)]).when(any),
        row("gallery-rate-1", C::Rate(1), [key(Key::Num1)]).when(one),
        row("gallery-rate-2", C::Rate(2), [key(Key::Num2)]).when(one),
        row("gallery-rate-3", C::Rate(3), [key(Key::Num3)]).when(one),
        row("gallery-rate-4", C::Rate(4), [key(Key::Num4)]).when(one),
        row("gallery-rate-5", C::Rate(5), [key(Key::Num5)]).when(one),
        row("gallery-rate-0", C::Rate(0), [key(Key::Num0)]).when(one),
        row("gallery-favourite", C::Favourite, [key(Key::F)]).when(one),
        row("gallery-edit-tags", C::EditTags, [key(Key::T)]).when(one),
        row("gallery-trash", C::Trash, [key(Key::Delete)]).when(one),
        row("gallery-undo-trash", C::UndoTrash, [ctrl(Key::Z)])
            .yields_to_fields()
            .when(|now| now.can_undo_trash),
        row("gallery-copy-prompt", C::CopyPrompt, [ctrl_shift(Key::C)])
            .yields_to_fields()
            .when(any),
        row("gallery-copy-image", C::CopyImage, [ctrl(Key::C)])
            .yields_to_fields()
            .when(any),
        row("gallery-compare", C::Compare, [key(Key::C)]).when(one),
        row("gallery-find", C::Find, [ctrl(Key::F)]),
        row("gallery-explain", C::ExplainSearch, [key(Key::F1)]),
        row("gallery-details", C::ToggleDetails, [key(Key::I)]),
        row("gallery-copy-settings", C::CopySettings, []).when(any),
        row("gallery-reveal", C::Reveal, []).when(any),
        row("gallery-add-folder", C::AddFolder, []),
        row("gallery-rescan", C::Rescan, []),
    ]
}

fn compare() -> Vec<CommandSpec> {
    use CompareCommand as C;
    let pair = |now: &Availability| now.num_compared >= 2;
    let any = |now: &Availability| now.num_compared > 0;
    let steps = |now: &Availability| now.has_compared_steps;
    vec![
        row("compare-next-way", C::NextMode, [key(Key::V)]).when(pair),
        row("compare-swap", C::Swap, [key(Key::X)]).when(pair),
        row("compare-flip", C::Flip, [key(Key::F)]).when(pair),
        row("compare-turn", C::Turn, [key(Key::R)]).when(pair),
        row("compare-next-picture", C::NextPicture, [key(Key::ArrowDown)]).when(pair),
        row("compare-previous-picture", C::PreviousPicture, [key(Key::ArrowUp)]).when(pair),
        row("compare-remove-second", C::RemoveSecond, [key(Key::Delete)]).when(any),
        row("compare-previous-step", C::PreviousStep, [key(Key::ArrowLeft)]).when(steps),
        row("compare-next-step", C::NextStep, [key(Key::ArrowRight)]).when(steps),
        row("compare-first-step", C::FirstStep, [key(Key::Home)]).when(steps),
        row("compare-last-step", C::LastStep, [key(Key::End)]).when(steps),
        row("compare-play", C::PlayOrPause, [key(Key::Space)]).when(steps),
        row(
            "command-zoom-in",
            C::Camera(CameraMove::In),
            [key(Key::Plus), key(Key::Equals)],
        )
        .when(any),
        row("command-zoom-out", C::Camera(CameraMove::Out), [key(Key::Minus)]).when(any),
        row("command-zoom-actual", C::Camera(CameraMove::Actual), [shift(Key::Z)]).when(any),
        row("command-zoom-fit", C::Camera(CameraMove::Fit), [key(Key::Z)]).when(any),
        row(
            "command-zoom-whole-pixels",
            C::Camera(CameraMove::ToggleWholePixels),
            [],
        )
        .when(any),
        row("compare-rate-none", C::Rate(0), [key(Key::Num0)]).when(any),
        row("compare-rate-1", C::Rate(1), [key(Key::Num1)]).when(any),
        row("compare-rate-2", C::Rate(2), [key(Key::Num2)]).when(any),
        row("compare-rate-3", C::Rate(3), [key(Key::Num3)]).when(any),
        row("compare-rate-4", C::Rate(4), [key(Key::Num4)]).when(any),
        row("compare-rate-5", C::Rate(5), [key(Key::Num5)]).when(any),
        row("compare-clear", C::Clear, []).when(any),
    ]
}

fn models() -> Vec<CommandSpec> {
    use ModelsCommand as C;
    vec![
        row("models-search", C::Search, [ctrl(Key::F)]),
        row("models-rescan", C::Rescan, [key(Key::F5)]),
        row("models-add-file", C::ChooseFile, [ctrl_shift(Key::A)]),
        row("models-add-folder", C::ChooseFolder, [ctrl_shift(Key::F)]),
    ]
}

fn queue() -> Vec<CommandSpec> {
    use QueueCommand as C;
    let selected = |now: &Availability| now.is_job_selected;
    let any = |now: &Availability| now.has_listed_jobs;
    vec![
        row("queue-pause", C::TogglePause, [key(Key::P)]),
        row("queue-select-previous", C::SelectPrevious, [key(Key::ArrowUp)]).when(any),
        row("queue-select-next", C::SelectNext, [key(Key::ArrowDown)]).when(any),
        row("queue-move-up", C::MoveUp, [alt(Key::ArrowUp)]).when(selected),
        row("queue-move-down", C::MoveDown, [alt(Key::ArrowDown)]).when(selected),
        row("queue-move-first", C::MoveFirst, [alt(Key::Home)]).when(selected),
        row("queue-move-last", C::MoveLast, [alt(Key::End)]).when(selected),
        row("queue-cancel", C::CancelSelected, [key(Key::Delete)]).when(selected),
        row("queue-duplicate", C::DuplicateSelected, [ctrl(Key::D)]).when(selected),
        row("queue-clear", C::Clear, []).when(any),
        row("queue-clear-held", C::ClearHeld, []).when(|now| now.has_held_jobs),
        row("queue-clear-done", C::ClearDone, []).when(|now| now.has_ended_jobs),
    ]
}

fn settings() -> Vec<CommandSpec> {
    use SettingsCommand as C;
    vec![
        row("settings-keys-reset", C::ResetKeys, []).when(|now| now.has_own_keys),
        row("settings-log-open", C::OpenLogFolder, []),
    ]
}

fn image_input() -> Vec<CommandSpec> {
    use ImageInputCommand as C;
    let mask = |now: &Availability| now.is_mask_shown;
    let edit = |row: CommandSpec| row.with_mask(true).yields_to_fields().when(|now| now.has_mask);
    vec![
        row("bring-choose", C::Choose, []),
        row("mask-edit", C::EditMask, [key(Key::M)]).when(|now| now.has_init_image || now.is_mask_shown),
        row("mask-smaller", C::SmallerBrush, [key(Key::OpenBracket)]).when(mask),
        row("mask-larger", C::LargerBrush, [key(Key::CloseBracket)]).when(mask),
        row("mask-eraser", C::ToggleEraser, [key(Key::E)]).when(|now| now.is_mask_shown && now.has_mask),
        edit(row(
            "mask-redo",
            C::Mask(MaskEdit::Redo),
            [ctrl(Key::Y), ctrl_shift(Key::Z)],
        ))
        .when(|now| now.can_redo_mask),
        edit(row("mask-undo", C::Mask(MaskEdit::Undo), [ctrl(Key::Z)])).when(|now| now.can_undo_mask),
        edit(row("mask-fill", C::Mask(MaskEdit::Fill), [])),
        edit(row("mask-clear", C::Mask(MaskEdit::Clear), [])),
        edit(row("mask-invert", C::Mask(MaskEdit::Invert), [])),
        edit(row("mask-feather", C::Mask(MaskEdit::Feather(FEATHER_PX)), [])),
        row("bring-paste", C::Paste, []),
        row("bring-offer-shown", C::ShowDropMenuOfShown, []).when(|now| now.has_shown_picture),
        row("bring-leave", C::CloseDropMenu, []).when(|now| now.is_drop_menu_open),
        row("bring-close-preview", C::ClosePreview, []).when(|now| now.is_preview_shown),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ui::i18n::Language;

    #[test]
    fn every_row_should_have_a_name_and_a_tooltip_in_both_languages() {
        for spec in table() {
            for language in Language::ALL {
                for text in [spec.text.to_owned(), format!("{}.tip", spec.text)] {
                    let words = language.tr(&text);
                    assert!(!words.is_empty() && !words.starts_with("Unknown"), "{text}: {words:?}");
                }
            }
        }
    }

    #[test]
    fn every_command_should_stand_in_one_row() {
        for spec in table() {
            let same = table().iter().filter(|other| other.command == spec.command);
            assert_eq!(same.count(), 1, "{:?}", spec.command);
        }
    }

    #[test]
    fn what_needs_something_should_be_disabled_when_there_is_nothing() {
        let nothing = Availability::default();
        let is_enabled = |command: UiCommand| command.is_enabled(&nothing);
        for command in [UiCommand::Stop, UiCommand::NextStep, UiCommand::UndoForm] {
            assert!(!is_enabled(command.clone()), "{command:?}");
        }
        for command in [UiCommand::Generate, UiCommand::ToggleSides, UiCommand::ChoosePicture] {
            assert!(is_enabled(command.clone()), "{command:?}");
        }
        assert!(is_enabled(UiCommand::ShowStep(3)), "what is in no row can always act");
    }
}
