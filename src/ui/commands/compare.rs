//! Everything the page can be asked to do.

use std::path::PathBuf;

use egui::{Key, KeyboardShortcut, Modifiers};

use crate::ui::model::camera::CameraMove;
use crate::ui::model::divider::Divider;

/// A way to compare.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum CompareMode {
    /// Both in one place, divided by a line.
    #[default]
    Slider,
    /// All beside each other.
    Beside,
    /// Both in one place, one after the other.
    Blink,
    /// Their difference as heat.
    Difference,
    /// What differs in how they were made.
    Settings,
}

impl CompareMode {
    /// All, in the order they are offered.
    pub const ALL: [Self; 5] = [
        Self::Slider,
        Self::Beside,
        Self::Blink,
        Self::Difference,
        Self::Settings,
    ];

    /// Key of its name among the texts.
    pub fn key(self) -> &'static str {
        match self {
            Self::Slider => "compare-way-slider",
            Self::Beside => "compare-way-beside",
            Self::Blink => "compare-way-blink",
            Self::Difference => "compare-way-difference",
            Self::Settings => "compare-way-settings",
        }
    }
}

/// One thing to do.
#[derive(Debug, Clone, PartialEq)]
pub enum CompareCommand {
    /// Holds these pictures against each other, in place of those that are there, and shows the page.
    Show(Vec<PathBuf>),
    /// Adds a picture to those that are there, and shows the page.
    Add(PathBuf),
    /// Takes a picture away; its file stays.
    Remove(PathBuf),
    /// Takes the second of the pair away.
    RemoveSecond,
    /// Takes all pictures away.
    Clear,
    /// Lets the two of the pair change places.
    Swap,
    /// Holds the others against this picture, by its place.
    SetFirst(usize),
    /// Holds this picture against the first, by its place.
    SetSecond(usize),
    /// Holds the next picture against the first.
    NextPicture,
    /// Holds the one before against the first.
    PreviousPicture,
    /// Compares in another way.
    SetMode(CompareMode),
    /// Compares in the next way.
    NextMode,
    /// Moves or turns the line of the slider.
    SetDivider(Divider),
    /// Turns it by an eighth.
    Turn,
    /// Shows differences so many times as large.
    SetGain(f32),
    /// Shows each of two blinking pictures for so many seconds.
    SetBlink(f64),
    /// Lets them blink by themselves, or by key only.
    SetBlinks(bool),
    /// Shows the other of two blinking pictures.
    Flip,
    /// Moves the camera.
    Camera(CameraMove),
    /// Shows all runs at a step, from 0; past the last, the finished pictures.
    ShowStep(usize),
    /// Goes one step back in all runs.
    PreviousStep,
    /// Goes one step on in all runs.
    NextStep,
    /// Goes to the first step of all runs.
    FirstStep,
    /// Goes to the finished pictures.
    LastStep,
    /// Plays all runs together, or stops.
    PlayOrPause,
    /// Rates the second of the pair, 0 to 5.
    Rate(u8),
    /// Rates a picture, by its place, 0 to 5.
    RatePicture(usize, u8),
}

const fn plain(key: Key) -> KeyboardShortcut {
    KeyboardShortcut::new(Modifiers::NONE, key)
}

impl CompareCommand {
    /// Those that have a key, which is heard while the page is shown.
    pub const WITH_SHORTCUT: &[Self] = &[
        Self::NextMode,
        Self::Swap,
        Self::Flip,
        Self::Turn,
        Self::NextPicture,
        Self::PreviousPicture,
        Self::RemoveSecond,
        Self::PreviousStep,
        Self::NextStep,
        Self::FirstStep,
        Self::LastStep,
        Self::PlayOrPause,
        Self::Camera(CameraMove::In),
        Self::Camera(CameraMove::Out),
        // Before the key without Shift, which Shift would not keep from being heard.
        Self::Camera(CameraMove::Actual),
        Self::Camera(CameraMove::Fit),
        Self::Rate(0),
        Self::Rate(1),
        Self::Rate(2),
        Self::Rate(3),
        Self::Rate(4),
        Self::Rate(5),
    ];

    /// Key of its name among the texts; its attribute `.tip` says what it does.
    pub fn key(&self) -> Option<&'static str> {
        Some(match self {
            Self::RemoveSecond => "compare-remove-second",
            Self::Clear => "compare-clear",
            Self::Swap => "compare-swap",
            Self::NextPicture => "compare-next-picture",
            Self::PreviousPicture => "compare-previous-picture",
            Self::NextMode => "compare-next-way",
            Self::Turn => "compare-turn",
            Self::Flip => "compare-flip",
            Self::PreviousStep => "compare-previous-step",
            Self::NextStep => "compare-next-step",
            Self::FirstStep => "compare-first-step",
            Self::LastStep => "compare-last-step",
            Self::PlayOrPause => "compare-play",
            Self::Camera(CameraMove::In) => "command-zoom-in",
            Self::Camera(CameraMove::Out) => "command-zoom-out",
            Self::Camera(CameraMove::Fit) => "command-zoom-fit",
            Self::Camera(CameraMove::Actual) => "command-zoom-actual",
            Self::Rate(0) => "compare-rate-none",
            Self::Rate(1) => "compare-rate-1",
            Self::Rate(2) => "compare-rate-2",
            Self::Rate(3) => "compare-rate-3",
            Self::Rate(4) => "compare-rate-4",
            Self::Rate(_) => "compare-rate-5",
            _ => return None,
        })
    }

    /// Its keys; the first is the one that is told.
    pub fn shortcuts(&self) -> &'static [KeyboardShortcut] {
        const WAY: &[KeyboardShortcut] = &[plain(Key::V)];
        const SWAP: &[KeyboardShortcut] = &[plain(Key::X)];
        const FLIP: &[KeyboardShortcut] = &[plain(Key::F)];
        const TURN: &[KeyboardShortcut] = &[plain(Key::R)];
        const NEXT: &[KeyboardShortcut] = &[plain(Key::ArrowDown)];
        const PREVIOUS: &[KeyboardShortcut] = &[plain(Key::ArrowUp)];
        const REMOVE: &[KeyboardShortcut] = &[plain(Key::Delete)];
        const STEP_BACK: &[KeyboardShortcut] = &[plain(Key::ArrowLeft)];
        const STEP_ON: &[KeyboardShortcut] = &[plain(Key::ArrowRight)];
        const FIRST: &[KeyboardShortcut] = &[plain(Key::Home)];
        const LAST: &[KeyboardShortcut] = &[plain(Key::End)];
        const PLAY: &[KeyboardShortcut] = &[plain(Key::Space)];
        const IN: &[KeyboardShortcut] = &[plain(Key::Plus), plain(Key::Equals)];
        const OUT: &[KeyboardShortcut] = &[plain(Key::Minus)];
        const FIT: &[KeyboardShortcut] = &[plain(Key::Z)];
        const ACTUAL: &[KeyboardShortcut] = &[KeyboardShortcut::new(Modifiers::SHIFT, Key::Z)];
        const RATE: [&[KeyboardShortcut]; 6] = [
            &[plain(Key::Num0)],
            &[plain(Key::Num1)],
            &[plain(Key::Num2)],
            &[plain(Key::Num3)],
            &[plain(Key::Num4)],
            &[plain(Key::Num5)],
        ];
        match self {
            Self::NextMode => WAY,
            Self::Swap => SWAP,
            Self::Flip => FLIP,
            Self::Turn => TURN,
            Self::NextPicture => NEXT,
            Self::PreviousPicture => PREVIOUS,
            Self::RemoveSecond => REMOVE,
            Self::PreviousStep => STEP_BACK,
            Self::NextStep => STEP_ON,
            Self::FirstStep => FIRST,
            Self::LastStep => LAST,
            Self::PlayOrPause => PLAY,
            Self::Camera(CameraMove::In) => IN,
            Self::Camera(CameraMove::Out) => OUT,
            Self::Camera(CameraMove::Fit) => FIT,
            Self::Camera(CameraMove::Actual) => ACTUAL,
            Self::Rate(rating) => RATE.get(usize::from(*rating)).copied().unwrap_or_default(),
            _ => &[],
        }
    }
}
