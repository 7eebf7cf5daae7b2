//! What goes to the desktop: clipboard and file manager, each on a thread of its own because they may be slow.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::gallery::{PictureEntry, infotext, read_picture, read_record};
use crate::ui::commands::{GalleryCommand, PageNotice, UiCommand};
use crate::ui::model::notifications::Text;
use crate::ui::model::state::file_name;
use crate::ui::services::{Services, on_own_thread};

/// Copies the pixels of a picture.
pub(super) fn copy_image(services: &Services, entry: &Arc<PictureEntry>) {
    let path = entry.path.clone();
    answer_later(services, move || {
        let result = put_pixels(&path);
        vec![GalleryCommand::Notify(match result {
            Ok(()) => PageNotice::Info(Text::key("gallery-copied-image")),
            Err(reason) => not_done("gallery-not-copied", &path, reason),
        })]
    });
}

/// Copies the settings of a picture in the form that other programs read.
pub(super) fn copy_settings(services: &Services, entry: &Arc<PictureEntry>) {
    let entry = Arc::clone(entry);
    answer_later(services, move || {
        let text = match read_record(&entry.path) {
            Ok(record) => infotext(&record),
            Err(_) => known_settings(&entry), // a foreign record, of which the index knows the gist
        };
        vec![
            GalleryCommand::PutText(text),
            GalleryCommand::Notify(PageNotice::Info(Text::key("gallery-copied-settings"))),
        ]
    });
}

/// Opens the folder of a picture.
pub(super) fn reveal(services: &Services, entry: &Arc<PictureEntry>) {
    let folder = entry.path.parent().unwrap_or(&entry.path).to_owned();
    open_folder(services, folder);
}

/// Opens a folder in the system's file manager.
pub(super) fn open_folder(services: &Services, folder: PathBuf) {
    answer_later(services, move || match opener::open(&folder) {
        Ok(()) => Vec::new(),
        Err(error) => vec![GalleryCommand::Notify(not_done(
            "gallery-not-revealed",
            &folder,
            error.to_string(),
        ))],
    });
}

fn answer_later(services: &Services, work: impl FnOnce() -> Vec<GalleryCommand> + Send + 'static) {
    let (commands, repaint) = (services.commands.clone(), Arc::clone(&services.repaint));
    on_own_thread(move || {
        for command in work() {
            commands.send(UiCommand::Gallery(command));
        }
        repaint();
    });
}

fn not_done(key: &'static str, path: &Path, reason: String) -> PageNotice {
    PageNotice::Error(Text::new(key, [("file", file_name(path)), ("reason", reason)]))
}

fn put_pixels(path: &Path) -> Result<(), String> {
    let picture = read_picture(path).map_err(|error| error.one_line())?;
    let rgba: Vec<u8> = picture
        .pixels
        .chunks_exact(3)
        .flat_map(|rgb| [rgb[0], rgb[1], rgb[2], u8::MAX])
        .collect();
    let mut clipboard = arboard::Clipboard::new().map_err(|error| error.to_string())?;
    let image = arboard::ImageData {
        width: picture.width_px as usize,
        height: picture.height_px as usize,
        bytes: rgba.into(),
    };
    clipboard.set_image(image).map_err(|error| error.to_string())
}

/// What the index knows, as AUTOMATIC1111's web UI would write it.
fn known_settings(entry: &PictureEntry) -> String {
    let mut text = entry.prompt.clone();
    if !entry.negative_prompt.is_empty() {
        text.push_str("\nNegative prompt: ");
        text.push_str(&entry.negative_prompt);
    }
    let values = [
        entry.steps.map(|steps| format!("Steps: {steps}")),
        (!entry.sampler.is_empty()).then(|| format!("Sampler: {}", entry.sampler)),
        entry.guidance_scale.map(|scale| format!("CFG scale: {scale}")),
        entry.seed.map(|seed| format!("Seed: {seed}")),
        Some(format!("Size: {}x{}", entry.width_px, entry.height_px)),
        (!entry.model.is_empty()).then(|| format!("Model: {}", entry.model)),
    ];
    let values: Vec<String> = values.into_iter().flatten().collect();
    text.push('\n');
    text.push_str(&values.join(", "));
    text
}
