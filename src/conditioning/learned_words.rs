//! Words of a prompt that textual inversion added to the vocabulary.

use std::ops::Range;

use crate::prompt::word_len;

/// Words that stand for tokens beyond the vocabulary.
///
/// A word is found whatever its case, wherever no letter joins it to its neighbours; of several that begin at one place
/// the longest. This is what A1111 comes to, which compares tokens; diffusers also finds words inside of others.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LearnedWords {
    /// In small letters, the longest first.
    words: Vec<(String, Range<u32>)>,
}

/// A stretch of a prompt.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Piece<'a> {
    /// To be split by the vocabulary.
    Text(&'a str),
    /// A learned word's ids.
    Word(Range<u32>),
}

impl LearnedWords {
    /// * `words`: each with its ids, one for each of its vectors.
    pub fn new(words: impl IntoIterator<Item = (String, Range<u32>)>) -> Self {
        let lowered = words.into_iter().map(|(word, ids)| (word.to_lowercase(), ids));
        let mut words: Vec<_> = lowered.filter(|(word, _)| !word.is_empty()).collect();
        words.sort_by_key(|(word, _)| std::cmp::Reverse(word.len()));
        Self { words }
    }

    /// The prompt in order, cut at the learned words.
    pub(super) fn pieces<'a>(&self, text: &'a str) -> Vec<Piece<'a>> {
        let mut pieces = Vec::new();
        let (mut begin, mut at) = (0, 0);
        while let Some(next) = text[at..].chars().next() {
            let found = self
                .words
                .iter()
                .find_map(|(word, ids)| Some((word_len(text, at, word)?, ids)));
            let Some((length, ids)) = found else {
                at += next.len_utf8();
                continue;
            };
            let before = &text[begin..at];
            // ComfyUI calls them by `embedding:name`.
            let before = before.strip_suffix("embedding:").unwrap_or(before);
            if !before.is_empty() {
                pieces.push(Piece::Text(before));
            }
            pieces.push(Piece::Word(ids.clone()));
            at += length;
            begin = at;
        }
        if begin < text.len() {
            pieces.push(Piece::Text(&text[begin..]));
        }
        pieces
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words() -> LearnedWords {
        LearnedWords::new([
            ("Style".to_owned(), 10..11),
            ("style2".to_owned(), 11..14),
            ("<my-cat>".to_owned(), 14..16),
        ])
    }

    #[test]
    fn learned_words_should_be_found_whatever_their_case_and_neighbours() {
        let words = words();
        assert_eq!(
            words.pieces("a STYLE, of<my-Cat>s style22"),
            [
                Piece::Text("a "),
                Piece::Word(10..11),
                Piece::Text(", of"),
                Piece::Word(14..16),
                Piece::Text("s "),
                Piece::Word(11..14),
                Piece::Text("2"),
            ]
        );
        assert_eq!(words.pieces("style"), [Piece::Word(10..11)]);
        assert_eq!(words.pieces("embedding:style2"), [Piece::Word(11..14)]);
        assert_eq!(words.pieces(""), []);
    }

    #[test]
    fn parts_of_other_words_should_be_left_alone() {
        for text in ["lifestyle", "stylefully", "<my-ca", "styl", "İ ǅ 日本"] {
            assert_eq!(words().pieces(text), [Piece::Text(text)]);
        }
    }

    #[test]
    fn without_words_a_prompt_should_stay_whole() {
        assert_eq!(LearnedWords::default().pieces("style"), [Piece::Text("style")]);
    }
}
