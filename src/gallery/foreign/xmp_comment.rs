//! The comment in XMP, where Draw Things keeps its JSON.

use quick_xml::Reader;
use quick_xml::escape::unescape;
use quick_xml::events::Event;

/// The text of `exif:UserComment`, wherever it stands; `None` if there is none or the text is not well-formed up to there.
pub(super) fn user_comment(xmp: &str) -> Option<String> {
    let mut reader = Reader::from_str(xmp);
    let mut comment = String::new();
    let mut depth = 0_usize; // inside the comment
    loop {
        match reader.read_event().ok()? {
            Event::Start(element) => {
                let is_comment = element.local_name().as_ref() == "UserComment";
                depth += usize::from(depth > 0 || is_comment);
            }
            Event::End(_) if depth > 0 => {
                depth -= 1;
                if depth == 0 {
                    let comment = comment.trim();
                    return (!comment.is_empty()).then(|| comment.to_owned());
                }
            }
            Event::Text(text) if depth > 0 => comment.push_str(&text.xml10_content()),
            Event::CData(text) if depth > 0 => comment.push_str(&text.xml10_content()),
            Event::GeneralRef(reference) if depth > 0 => {
                let reference = format!("&{};", &*reference);
                comment.push_str(&unescape(&reference).ok()?);
            }
            Event::Eof => return None,
            _ => {}
        }
    }
}
