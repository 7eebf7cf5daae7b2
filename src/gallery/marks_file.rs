//! Files that keep what its owner says of a picture.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use super::{GalleryError, MarkChange, Marks};
use crate::config::PendingFile;

pub(super) fn read_marks(picture: &Path, _foreign_dir: Option<&Path>) -> Result<Marks, GalleryError> {
    let mut marks = Marks::default();
    if let Ok(text) = std::fs::read_to_string(beside(picture)) {
        for line in text.lines() {
            let Some((kind, value)) = line.split_once(' ') else {
                continue;
            };
            marks.apply(&match kind {
                "rating" => MarkChange::Rate(value.parse().unwrap_or_default()),
                "favourite" => MarkChange::Favourite(true),
                "tag" => MarkChange::Tag(value.to_owned()),
                _ => MarkChange::Collect(value.to_owned()),
            });
        }
    }
    Ok(marks)
}

pub(super) fn write_marks(picture: &Path, marks: &Marks, _foreign_dir: Option<&Path>) -> Result<(), GalleryError> {
    let path = beside(picture);
    let folder = path.parent().unwrap_or_else(|| Path::new(""));
    let mut lines = vec![format!("rating {}", marks.rating)];
    if marks.is_favourite {
        lines.push("favourite yes".to_owned());
    }
    lines.extend(marks.tags.iter().map(|tag| format!("tag {tag}")));
    lines.extend(marks.collections.iter().map(|name| format!("collection {name}")));
    let mut pending = PendingFile::create(folder).map_err(GalleryError::write(folder))?;
    pending
        .file()
        .write_all(lines.join("\n").as_bytes())
        .map_err(GalleryError::write(&path))?;
    pending.publish(&path).map_err(GalleryError::write(&path))
}

fn beside(picture: &Path) -> PathBuf {
    let mut name = picture.as_os_str().to_owned();
    name.push(".xmp");
    PathBuf::from(name)
}
