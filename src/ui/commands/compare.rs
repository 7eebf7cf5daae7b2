//! Everything the page can be asked to do.

use std::path::PathBuf;

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
