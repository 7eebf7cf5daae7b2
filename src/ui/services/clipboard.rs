//! The system's clipboard. Calls may wait for the program that owns what is on it, so they belong on a thread.

use std::sync::Arc;

use egui::ColorImage;

use crate::job::RgbImage;

/// What the clipboard holds.
#[derive(Debug, Clone)]
pub enum ClipboardContent {
    /// A picture.
    Picture(Arc<ColorImage>),
    /// A text.
    Text(String),
    /// Nothing that the window can read.
    Nothing,
}

/// The clipboard of the desktop.
pub trait Clipboard: Send + Sync {
    /// Puts a picture on it.
    ///
    /// # Errors
    /// Why that could not be done.
    fn set_picture(&self, picture: &RgbImage) -> Result<(), String>;
    /// What it holds.
    fn content(&self) -> ClipboardContent;
}

/// That of the system.
pub struct SystemClipboard;

impl Clipboard for SystemClipboard {
    fn set_picture(&self, picture: &RgbImage) -> Result<(), String> {
        let (pixels, _) = picture.pixels.as_chunks::<3>();
        let image = arboard::ImageData {
            width: picture.width_px as usize,
            height: picture.height_px as usize,
            bytes: pixels.iter().flat_map(|[r, g, b]| [*r, *g, *b, u8::MAX]).collect(),
        };
        arboard::Clipboard::new()
            .and_then(|mut clipboard| clipboard.set_image(image))
            .map_err(|error| error.to_string())
    }

    fn content(&self) -> ClipboardContent {
        let Ok(mut clipboard) = arboard::Clipboard::new() else {
            return ClipboardContent::Nothing;
        };
        if let Ok(image) = clipboard.get_image() {
            let size = [image.width, image.height];
            let image = ColorImage::from_rgba_unmultiplied(size, &image.bytes);
            return ClipboardContent::Picture(Arc::new(image));
        }
        clipboard
            .get_text()
            .map_or(ClipboardContent::Nothing, ClipboardContent::Text)
    }
}
