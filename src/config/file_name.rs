//! File names that every file system takes.

use std::ffi::{OsStr, OsString};

/// Longest name of a file in bytes, which all common file systems share.
pub const MAX_NAME_BYTES: usize = 255;

/// The name `STEM` + `ending`. A stem that leaves no room for the ending is shortened, between two characters.
pub fn name_with_ending(stem: &OsStr, ending: &str) -> OsString {
    let limit = MAX_NAME_BYTES.saturating_sub(ending.len());
    let mut name = if stem.len() <= limit {
        stem.to_owned()
    } else {
        let mut text = stem.to_string_lossy().into_owned(); // may be longer than the name was
        text.truncate(text.floor_char_boundary(limit));
        OsString::from(text)
    };
    name.push(ending);
    name
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_stem_should_leave_room_for_its_ending() {
        assert_eq!(name_with_ending(OsStr::new("boat"), "-2.png"), "boat-2.png");
        for stem in ["x".repeat(300), "海".repeat(100)] {
            let name = name_with_ending(OsStr::new(&stem), "-2-unfolding.webp");
            let text = name.to_str().unwrap();
            assert!(
                text.len() <= MAX_NAME_BYTES && text.len() > MAX_NAME_BYTES - 4,
                "{text}"
            );
            assert!(text.ends_with("-2-unfolding.webp"), "{text}");
        }
    }
}
