//! Everything that can be asked for around pictures that are brought in.

use std::path::PathBuf;
use std::sync::Arc;

use egui::{ColorImage, Key, KeyboardShortcut, Modifiers};

use crate::job::Outpaint;
use crate::ui::model::brush::{Brush, Dab};

/// Something done to a mask as a whole or in part.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum MaskEdit {
    /// A stroke begins, in pixels of the mask.
    Begin(Brush, Dab),
    /// It goes on.
    Extend(Brush, Dab),
    /// It ends.
    End,
    /// Everything is to be painted.
    Fill,
    /// Nothing is.
    Clear,
    /// What was is not, and the other way round.
    Invert,
    /// Edges become soft over so many pixels.
    Feather(u32),
    /// The last edit is taken back.
    Undo,
    /// The one taken back last is done again.
    Redo,
}

/// What a picture becomes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Target {
    /// Inverted along the sampler's way, then denoised under the prompt.
    Restyle,
    /// Put under noise, then denoised: image to image.
    StartFrom,
    /// A prompt for how it is painted.
    Style,
    /// A prompt for what it shows.
    Content,
    /// Lines to follow.
    Outlines,
    /// Painted anew where a mask says, or on beyond its edges.
    PaintInto,
    /// The settings it was made with.
    ReadSettings,
}

/// One of the pictures that the form has taken in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InputImage {
    /// The one to start from, with its mask.
    Start,
    /// One to follow, by its place.
    Control(usize),
    /// One to resemble, by its place.
    Reference(usize),
}

/// One thing to do.
#[derive(Debug, Clone, PartialEq)]
pub enum ImageInputCommand {
    /// Asks for a picture to offer.
    Choose,
    /// Offers what the clipboard holds: a picture, or the address of one.
    Paste,
    /// Offers a picture that was pasted.
    PasteImage(Arc<ColorImage>),
    /// Offers the picture that a pasted text names.
    PasteText(String),
    /// Offers the saved picture on the canvas.
    ShowDropMenuOfShown,
    /// Shows what a picture could become.
    ShowDropMenu(PathBuf),
    /// Reads a picture that may be offered soon.
    Read(PathBuf),
    /// Makes something of a picture.
    Use(Target, PathBuf),
    /// Puts the offered picture on the page that compares.
    Compare(PathBuf),
    /// Offers nothing any more.
    CloseDropMenu,
    /// Leaves a picture out again.
    Remove(InputImage),
    /// Shows quickly what the form would make of the picture.
    Preview,
    /// Shows no preview any more.
    ClosePreview,
    /// Opens the mask on the canvas, or closes it.
    EditMask,
    /// Paints on so far beyond the edges.
    SetOutpaint(Outpaint),
    /// Does something to the mask.
    Mask(MaskEdit),
    /// Paints with another brush.
    SetBrush(Brush),
    /// Paints with a smaller brush.
    SmallerBrush,
    /// Paints with a larger brush.
    LargerBrush,
    /// Takes away instead of painting, or paints again.
    ToggleEraser,
}

const fn plain(key: Key) -> KeyboardShortcut {
    KeyboardShortcut::new(Modifiers::NONE, key)
}

impl ImageInputCommand {
    /// Those that have a key, which is heard in the studio.
    pub const WITH_SHORTCUT: &[Self] = &[
        Self::EditMask,
        Self::SmallerBrush,
        Self::LargerBrush,
        Self::ToggleEraser,
        Self::Mask(MaskEdit::Redo), // before the one that has the same key without Shift
        Self::Mask(MaskEdit::Undo),
    ];

    /// Key of its name among the texts; its attribute `.tip` says what it does.
    pub fn key(&self) -> Option<&'static str> {
        Some(match self {
            Self::Choose => "bring-choose",
            Self::Paste => "bring-paste",
            Self::ShowDropMenuOfShown => "bring-offer-shown",
            Self::CloseDropMenu => "bring-leave",
            Self::ClosePreview => "bring-close-preview",
            Self::EditMask => "mask-edit",
            Self::Mask(MaskEdit::Fill) => "mask-fill",
            Self::Mask(MaskEdit::Clear) => "mask-clear",
            Self::Mask(MaskEdit::Invert) => "mask-invert",
            Self::Mask(MaskEdit::Feather(_)) => "mask-feather",
            Self::Mask(MaskEdit::Undo) => "mask-undo",
            Self::Mask(MaskEdit::Redo) => "mask-redo",
            Self::SmallerBrush => "mask-smaller",
            Self::LargerBrush => "mask-larger",
            Self::ToggleEraser => "mask-eraser",
            _ => return None,
        })
    }

    /// Its keys; the first is the one that is told.
    pub fn shortcuts(&self) -> &'static [KeyboardShortcut] {
        const EDIT: &[KeyboardShortcut] = &[plain(Key::M)];
        const SMALLER: &[KeyboardShortcut] = &[plain(Key::OpenBracket)];
        const LARGER: &[KeyboardShortcut] = &[plain(Key::CloseBracket)];
        const ERASER: &[KeyboardShortcut] = &[plain(Key::E)];
        const UNDO: &[KeyboardShortcut] = &[KeyboardShortcut::new(Modifiers::COMMAND, Key::Z)];
        const REDO: &[KeyboardShortcut] = &[
            KeyboardShortcut::new(Modifiers::COMMAND, Key::Y),
            KeyboardShortcut::new(Modifiers::COMMAND.plus(Modifiers::SHIFT), Key::Z),
        ];
        match self {
            Self::EditMask => EDIT,
            Self::SmallerBrush => SMALLER,
            Self::LargerBrush => LARGER,
            Self::ToggleEraser => ERASER,
            Self::Mask(MaskEdit::Undo) => UNDO,
            Self::Mask(MaskEdit::Redo) => REDO,
            _ => &[],
        }
    }

    /// Whether its key means something else to a field that has the keyboard.
    pub fn is_typed(&self) -> bool {
        matches!(self, Self::Mask(_))
    }
}
