//! Records in EXIF, for pictures that have no texts.
//!
//! | field | what we write | what we read |
//! |---|---|---|
//! | `UserComment` 0x9286 | the customary text in UTF-16, as A1111 does | that of A1111, the JSON of `SwarmUI` and Fooocus |
//! | `MakerNote` 0x927C | `HARERU`, a zero, and our record, JSON in UTF-8 | the same |
//! | `Software` 0x0131 | this program | |
//! | `Make` 0x010F, `Model` 0x0110 and others | | `prompt:{…}` and `workflow:{…}` of `ComfyUI`, in any case |
//!
//! Broken EXIF says nothing; the picture is whole all the same.

use std::io::Cursor;

use exif::{Field, In, Tag, Value};

use super::texts::{MAX_TEXT_BYTES, TextChunk};

/// Keyword of our own record, JSON.
pub(super) const RECORD_KEYWORD: &str = "hareru";
/// Keyword of the text that A1111 made customary.
pub(super) const INFOTEXT_KEYWORD: &str = "parameters";
/// What our record begins with.
const RECORD_ID: &[u8] = b"HARERU\0";
/// What a comment begins with that is Unicode, and one that is not.
const UNICODE: &[u8] = b"UNICODE\0";
const ASCII: &[u8] = b"ASCII\0\0\0";
/// Texts that others put into fields of their choice, by their start.
const PREFIXES: [(&str, &str); 2] = [("prompt:", "prompt"), ("workflow:", "workflow")];

/// EXIF with a record.
///
/// * `infotext`: the customary text; `None` leaves it out.
/// * `json`: our record; `None` leaves it out.
///
/// # Errors
/// If it cannot be written, which is a mistake in this program.
pub(super) fn exif_with(program: &str, infotext: Option<&str>, json: Option<&str>) -> Result<Vec<u8>, exif::Error> {
    let field = |tag, value| Field {
        tag,
        ifd_num: In::PRIMARY,
        value,
    };
    let program: Vec<u8> = program.bytes().filter(u8::is_ascii_graphic).collect();
    let mut fields = vec![field(Tag::Software, Value::Ascii(vec![program]))];
    if let Some(text) = infotext {
        let mut comment = UNICODE.to_vec();
        comment.extend(text.encode_utf16().flat_map(u16::to_be_bytes));
        fields.push(field(Tag::UserComment, Value::Undefined(comment, 0)));
    }
    if let Some(json) = json {
        let note = [RECORD_ID, json.as_bytes()].concat();
        fields.push(field(Tag::MakerNote, Value::Undefined(note, 0)));
    }
    let mut writer = exif::experimental::Writer::new();
    for field in &fields {
        writer.push_field(field);
    }
    let mut bytes = Cursor::new(Vec::new());
    writer.write(&mut bytes, false)?;
    Ok(bytes.into_inner())
}

/// The texts in EXIF under the keywords they have in a PNG.
pub(super) fn texts_in(exif: &[u8]) -> Vec<TextChunk> {
    let read = exif::Reader::new()
        .continue_on_error(true)
        .read_raw(exif.to_vec())
        .or_else(|error| error.distill_partial_result(|_ignored| {}));
    let exif = match read {
        Ok(exif) => exif,
        Err(error) => {
            tracing::debug!("broken EXIF says nothing: {error}");
            return Vec::new();
        }
    };
    exif.fields()
        .filter_map(|field| text_of(field.tag, &field.value))
        .collect()
}

fn text_of(tag: Tag, value: &Value) -> Option<TextChunk> {
    let bytes = match value {
        Value::Undefined(bytes, _) | Value::Byte(bytes) => bytes.clone(),
        Value::Ascii(parts) => parts.join(&b' '),
        _ => return None,
    };
    if bytes.len() > 2 * MAX_TEXT_BYTES {
        return None;
    }
    let keyword = |keyword: &str, text: String| {
        let keyword = keyword.to_owned();
        Some(TextChunk { keyword, text })
    };
    match tag {
        Tag::MakerNote => {
            let json = bytes.strip_prefix(RECORD_ID)?;
            keyword(RECORD_KEYWORD, String::from_utf8(json.to_vec()).ok()?)
        }
        Tag::UserComment => keyword(INFOTEXT_KEYWORD, comment(&bytes)),
        Tag::Software => keyword("Software", comment(&bytes)),
        _ => {
            let text = comment(&bytes);
            let starts = |prefix: &str| {
                text.get(..prefix.len())
                    .is_some_and(|start| start.eq_ignore_ascii_case(prefix))
            };
            if let Some((prefix, name)) = PREFIXES.iter().find(|(prefix, _)| starts(prefix)) {
                return keyword(name, text[prefix.len()..].trim_start().to_owned());
            }
            // Where a comment was not to be had, some put it into the description.
            let is_infotext = tag == Tag::ImageDescription && text.contains("Steps: ");
            is_infotext.then_some(TextChunk {
                keyword: INFOTEXT_KEYWORD.to_owned(),
                text,
            })
        }
    }
}

/// A comment in whichever of the usual ways it was written.
fn comment(bytes: &[u8]) -> String {
    let text = if let Some(utf_16) = bytes.strip_prefix(UNICODE) {
        utf_16_of(utf_16)
    } else {
        let text = bytes.strip_prefix(ASCII).unwrap_or(bytes);
        String::from_utf8_lossy(text).into_owned()
    };
    text.trim_matches('\0').trim().to_owned()
}

/// UTF-16 in the order that its mark says, else in that which gives more zeros where Latin letters have them. Some
/// write UTF-8 all the same, as Exif 3.0 has it.
fn utf_16_of(bytes: &[u8]) -> String {
    let pairs = || bytes.chunks_exact(2).map(|pair| [pair[0], pair[1]]);
    let zeros_at = |place: usize| pairs().filter(|pair| pair[place] == 0).count();
    let (is_little, is_marked) = match bytes {
        [0xFF, 0xFE, ..] => (true, true),
        [0xFE, 0xFF, ..] => (false, true),
        _ => (zeros_at(1) > zeros_at(0), false),
    };
    // Every other byte of a Latin letter is zero in UTF-16, and hardly any UTF-16 without one is UTF-8.
    if !is_marked
        && !bytes.contains(&0)
        && let Ok(text) = std::str::from_utf8(bytes)
    {
        return text.to_owned();
    }
    let from_bytes = if is_little {
        u16::from_le_bytes
    } else {
        u16::from_be_bytes
    };
    let units: Vec<u16> = pairs().skip(usize::from(is_marked)).map(from_bytes).collect();
    String::from_utf16_lossy(&units)
}
