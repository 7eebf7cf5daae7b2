//! What is pasted: a picture, the path of one, or the address of one.

use std::path::{Path, PathBuf};

use egui::ColorImage;

use crate::hub;
use crate::job::RgbImage;

/// The endings of pictures that can be read.
const ENDINGS: [&str; 4] = ["png", "jpg", "jpeg", "webp"];

/// Whether a file is a picture, by its name.
pub(super) fn is_picture(path: &Path) -> bool {
    let ending = path.extension().unwrap_or_default().to_ascii_lowercase();
    ENDINGS.iter().any(|known| ending == *known)
}

/// The pixels of a pasted picture; what is transparent becomes white.
pub(super) fn opaque(image: &ColorImage) -> RgbImage {
    let [width, height] = image.size;
    RgbImage {
        width_px: width as u32,
        height_px: height as u32,
        pixels: image
            .pixels
            .iter()
            .flat_map(|pixel| on_white(pixel.to_srgba_unmultiplied()))
            .collect(),
    }
}

fn on_white([red, green, blue, alpha]: [u8; 4]) -> [u8; 3] {
    let alpha = u32::from(alpha);
    [red, green, blue].map(|level| ((u32::from(level) * alpha + 255 * (255 - alpha) + 127) / 255) as u8)
}

/// The file of the picture that a text names; `Ok(None)` if it names none.
///
/// * `folder`: where a picture is put that has to be fetched.
pub(super) fn named(text: &str, folder: &Path) -> Result<Option<PathBuf>, String> {
    let text = text.trim();
    if text.starts_with("http://") || text.starts_with("https://") {
        let fetched = hub::fetch_picture(text, folder);
        return fetched.map(Some).map_err(|error| error.one_line());
    }
    let path = text
        .strip_prefix("file://")
        .map_or_else(|| PathBuf::from(text), decoded);
    Ok((path.is_absolute() && is_picture(&path) && path.is_file()).then_some(path))
}

/// The path in a `file://` address, whose odd characters are written as `%` and two digits.
fn decoded(address: &str) -> PathBuf {
    let mut bytes = Vec::with_capacity(address.len());
    let mut rest = address.as_bytes();
    while let Some((&first, after)) = rest.split_first() {
        let digits = after.get(..2).filter(|_| first == b'%');
        let byte = digits.and_then(|digits| u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok());
        bytes.push(byte.unwrap_or(first));
        rest = if byte.is_some() { &after[2..] } else { after };
    }
    PathBuf::from(String::from_utf8_lossy(&bytes).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_should_name_a_picture_that_is_there_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("猫 a.png");
        std::fs::write(&path, b"").unwrap();
        let of = |text: String| named(&text, folder.path());
        assert_eq!(of(format!(" {}\n", path.display())), Ok(Some(path.clone())));
        let address = format!("file://{}", path.display())
            .replace('猫', "%E7%8C%AB")
            .replace(' ', "%20");
        assert_eq!(of(address), Ok(Some(path)));
        for other in ["a lighthouse", "/nowhere/a.png", "a.png", "file://%", "%zz", ""] {
            assert_eq!(of(other.to_owned()), Ok(None), "{other}");
        }
    }

    #[test]
    fn what_is_transparent_should_become_white() {
        assert_eq!(on_white([10, 20, 30, 0]), [255; 3]);
        assert_eq!(on_white([10, 20, 30, 255]), [10, 20, 30]);
    }
}
