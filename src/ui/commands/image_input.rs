//! Everything that can be asked for around pictures that are brought in.

use std::path::PathBuf;
use std::sync::Arc;

use egui::ColorImage;

use crate::job::Outpaint;
use crate::ui::model::brush::{Brush, Dab};

/// How far the edges of a mask are softened at once, in pixels.
pub const FEATHER_PX: u32 = 8;

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
