//! Where a learned word stands in a text.

/// Bytes of `word` where it stands at a place of a text, whatever its case; `None` if it does not, or if a letter joins it
/// to its neighbours.
///
/// * `word`: in small letters.
pub fn word_len(text: &str, at: usize, word: &str) -> Option<usize> {
    let length = prefix_len(&text[at..], word)?;
    let begins_amid = joins(text[..at].chars().next_back(), word.chars().next());
    let ends_amid = joins(word.chars().next_back(), text[at + length..].chars().next());
    (!begins_amid && !ends_amid).then_some(length)
}

/// Whether a word stands anywhere in a text, whatever the case of either.
pub fn contains_word(text: &str, word: &str) -> bool {
    let word = word.to_lowercase();
    !word.is_empty() && text.char_indices().any(|(at, _)| word_len(text, at, &word).is_some())
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
