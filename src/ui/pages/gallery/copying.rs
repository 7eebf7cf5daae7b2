//! What is copied, on a thread of its own because reading a file and the clipboard may be slow.

use std::sync::Arc;

use crate::gallery::{PictureEntry, infotext, read_picture, read_record};
use crate::ui::commands::{GalleryCommand, PageNotice, UiCommand};
use crate::ui::model::notifications::Text;
use crate::ui::model::state::file_name;
use crate::ui::services::{Services, on_own_thread};

/// Copies the pixels of a picture.
pub(super) fn copy_image(services: &Services, entry: &Arc<PictureEntry>) {
    let (path, clipboard) = (entry.path.clone(), Arc::clone(&services.clipboard));
    answer_later(services, move || {
        let picture = read_picture(&path).map_err(|error| error.one_line());
        let copied = picture.and_then(|picture| clipboard.set_picture(&picture));
        vec![GalleryCommand::Notify(match copied {
            Ok(()) => PageNotice::Info(Text::key("gallery-copied-image")),
            Err(reason) => {
                let values = [("file", file_name(&path)), ("reason", reason)];
                PageNotice::Error(Text::new("gallery-not-copied", values))
            }
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

fn answer_later(services: &Services, work: impl FnOnce() -> Vec<GalleryCommand> + Send + 'static) {
    let (commands, repaint) = (services.commands.clone(), Arc::clone(&services.repaint));
    on_own_thread(move || {
        for command in work() {
            commands.send(UiCommand::Gallery(command));
        }
        repaint();
    });
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
