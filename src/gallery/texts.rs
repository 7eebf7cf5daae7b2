//! What a picture's file says beside its pixels.

/// Longest text that is read; a record is some kilobytes.
pub(super) const MAX_TEXT_BYTES: usize = 4 << 20;

/// Keyword of XMP in a PNG.
pub(super) const XMP_KEYWORD: &str = "XML:com.adobe.xmp";

/// A text in a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct TextChunk {
    pub(super) keyword: String,
    pub(super) text: String,
}

/// What a file says beside its pixels.
#[derive(Debug, Default)]
pub(super) struct Contents {
    /// Width and height in pixels, as the file says them.
    pub(super) size: Option<(u32, u32)>,
    pub(super) texts: Vec<TextChunk>,
    /// The keyword of the first text that is damaged or too long.
    pub(super) bad: Option<String>,
}

impl Contents {
    /// The text of that keyword.
    pub(super) fn text(&self, keyword: &str) -> Option<&str> {
        let text = self.texts.iter().find(|text| text.keyword == keyword);
        text.map(|text| text.text.as_str())
    }
}
