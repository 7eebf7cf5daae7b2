//! Words of a prompt that textual inversion added to the vocabulary.

use std::ops::Range;

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
        let lowered = words.into_iter().map(|(word, ids)| (lower(&word), ids));
        let mut words: Vec<_> = lowered.filter(|(word, _)| !word.is_empty()).collect();
        words.sort_by_key(|(word, _)| std::cmp::Reverse(word.len()));
        Self { words }
    }

    /// The prompt in order, cut at the learned words.
    pub(super) fn pieces<'a>(&self, text: &'a str) -> Vec<Piece<'a>> {
        let mut pieces = Vec::new();
        let (mut begin, mut at) = (0, 0);
        while let Some(next) = text[at..].chars().next() {
            let is_joined = |word: &str| joins(text[..at].chars().next_back(), word.chars().next());
            let found = self.words.iter().find_map(|(word, ids)| {
                let length = prefix_len(&text[at..], word)?;
                let follows = text[at + length..].chars().next();
                let is_word = !is_joined(word) && !joins(word.chars().next_back(), follows);
                is_word.then_some((length, ids))
            });
            let Some((length, ids)) = found else {
                at += next.len_utf8();
                continue;
            };
            if begin < at {
                pieces.push(Piece::Text(&text[begin..at]));
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

fn lower(text: &str) -> String {
    text.chars().flat_map(char::to_lowercase).collect()
}

/// Whether two neighbours are letters of one word.
fn joins(left: Option<char>, right: Option<char>) -> bool {
    left.is_some_and(char::is_alphabetic) && right.is_some_and(char::is_alphabetic)
}

/// Bytes of `text` that are `word` but for its case.
fn prefix_len(text: &str, word: &str) -> Option<usize> {
    let mut rest = word;
    for (at, letter) in text.char_indices() {
        if rest.is_empty() {
            return Some(at);
        }
        for small in letter.to_lowercase() {
            rest = rest.strip_prefix(small)?;
        }
    }
    rest.is_empty().then_some(text.len())
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
