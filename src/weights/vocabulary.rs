//! The vocabulary of CLIP, for checkpoints in one file, which bring none.

use flate2::read::GzDecoder;
use serde_json::{Value, json};
use std::fmt::Write as _;
use std::io::Read as _;
use std::sync::OnceLock;

/// 48894 pairs, one to a line; see `assets/clip/README.txt`.
static PACKED: &[u8] = include_bytes!("../../assets/clip/merges.txt.gz");
/// At the end of a word.
const WORD_END: &str = "</w>";
const START: &str = "<|startoftext|>";
const END: &str = "<|endoftext|>";
/// What the tokenizers of OpenCLIP pad with: id 0.
pub(super) const OPEN_CLIP_PAD: &str = "!";
/// What the tokenizer of CLIP pads with.
pub(super) const CLIP_PAD: &str = END;

/// `merges.txt`.
pub(super) fn merges() -> &'static str {
    static MERGES: OnceLock<String> = OnceLock::new();
    MERGES.get_or_init(|| {
        let mut text = "#version: 0.2\n".to_owned();
        if let Err(error) = GzDecoder::new(PACKED).read_to_string(&mut text) {
            tracing::error!("the built-in vocabulary cannot be unpacked: {error}");
        }
        text
    })
}

/// `vocab.json`: the 256 characters that stand for bytes, the same at the end of a word, a token for each merge, and
/// the two special ones, numbered in this order.
pub(super) fn vocabulary() -> String {
    let characters = byte_characters();
    let plain = characters.iter().map(char::to_string);
    let ends = characters.iter().map(|character| format!("{character}{WORD_END}"));
    let merged = merges().lines().skip(1).map(|pair| pair.replacen(' ', "", 1));
    let special = [START, END].map(str::to_owned);
    let mut json = "{".to_owned();
    for (id, token) in plain.chain(ends).chain(merged).chain(special).enumerate() {
        let comma = if id == 0 { "" } else { "," };
        // A text as JSON, quotes and all.
        let token = Value::String(token);
        write!(json, "{comma}{token}:{id}").ok();
    }
    json.push('}');
    json
}

/// `special_tokens_map.json`.
pub(super) fn special_tokens(pad: &str) -> Value {
    json!({ "bos_token": START, "eos_token": END, "unk_token": END, "pad_token": pad })
}

/// One visible character for each byte: itself if it is visible in Latin-1, else the next one from 256 on. Visible ones
/// come first, as `bytes_to_unicode` of <https://github.com/openai/CLIP> orders them.
fn byte_characters() -> Vec<char> {
    let is_visible = |byte: &u8| matches!(byte, 0x21..=0x7e | 0xa1..=0xac | 0xae..=0xff);
    let visible = (0..=u8::MAX).filter(is_visible).map(char::from);
    let hidden = (0..=u8::MAX).filter(|byte| !is_visible(byte)).count() as u32;
    visible
        .chain((0..hidden).filter_map(|index| char::from_u32(256 + index)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_vocabulary_should_be_that_of_clip() {
        let vocabulary: Value = serde_json::from_str(&vocabulary()).unwrap();
        assert_eq!(vocabulary.as_object().unwrap().len(), 49408);
        // From vocab.json of openai/clip-vit-large-patch14.
        for (token, id) in [
            ("!", 0),
            ("!</w>", 256),
            ("in", 512),
            ("a</w>", 320),
            ("photo</w>", 1125),
            ("cat</w>", 2368),
            ("<|startoftext|>", 49406),
            ("<|endoftext|>", 49407),
        ] {
            assert_eq!(vocabulary[token], id, "{token}");
        }
    }
}
