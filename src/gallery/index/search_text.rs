//! How text stands in the full-text index.

/// What is searched for, in the form that the full-text index has: words in lower case; Chinese and Japanese script, which
/// has no spaces, as its pairs of neighbouring characters. A phrase of this form finds all texts that have `text` in
/// them; a single character of such script stands for itself.
pub fn search_text(text: &str) -> String {
    let mut form = String::with_capacity(text.len() * 2);
    let mut run: Vec<char> = Vec::new();
    for c in text.chars().map(narrow).flat_map(char::to_lowercase) {
        if has_no_spaces(c) {
            run.push(c);
            continue;
        }
        push_pairs(&mut form, &mut run);
        form.push(c);
    }
    push_pairs(&mut form, &mut run);
    form
}

/// What stands in the full-text index for a text: [`search_text`], and after it, for searches of one character, each
/// character of the script that has no spaces.
pub fn indexed_text(text: &str) -> String {
    let mut form = search_text(text);
    let mut singles: Vec<char> = text.chars().map(narrow).filter(|c| has_no_spaces(*c)).collect();
    singles.sort_unstable();
    singles.dedup();
    for c in singles {
        form.push(' ');
        form.push(c);
    }
    form
}

/// Writes a run as its pairs, with a space at either side, and empties it.
fn push_pairs(form: &mut String, run: &mut Vec<char>) {
    if run.is_empty() {
        return;
    }
    if !form.is_empty() && !form.ends_with(' ') {
        form.push(' ');
    }
    if let [single] = run[..] {
        form.push(single);
        form.push(' ');
    }
    for pair in run.windows(2) {
        form.extend(pair);
        form.push(' ');
    }
    run.clear();
}

/// Wide forms of Latin letters, digits and signs as the usual ones.
fn narrow(c: char) -> char {
    match c {
        '\u{FF01}'..='\u{FF5E}' => char::from_u32(u32::from(c) - 0xFEE0).unwrap_or(c),
        '\u{3000}' => ' ',
        _ => c,
    }
}

/// Han, Hiragana, Katakana and Bopomofo.
fn has_no_spaces(c: char) -> bool {
    matches!(c,
        '\u{3005}'..='\u{3007}'
        | '\u{3041}'..='\u{3096}'
        | '\u{309D}'..='\u{309F}'
        | '\u{30A1}'..='\u{30FA}'
        | '\u{30FC}'..='\u{30FF}'
        | '\u{3105}'..='\u{312F}'
        | '\u{31F0}'..='\u{31FF}'
        | '\u{3400}'..='\u{4DBF}'
        | '\u{4E00}'..='\u{9FFF}'
        | '\u{F900}'..='\u{FAFF}'
        | '\u{FF66}'..='\u{FF9F}'
        | '\u{20000}'..='\u{3FFFF}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn script_without_spaces_should_become_pairs() {
        for (text, expected) in [
            ("A red Boat, at night", "a red boat, at night"),
            ("青い海", "青い い海 "),
            ("海", "海 "),
            ("4K写真 of 東京タワー", "4k 写真  of 東京 京タ タワ ワー "),
            ("ＳＤＸＬ　夜", "sdxl 夜 "),
            ("", ""),
        ] {
            assert_eq!(search_text(text), expected, "{text:?}");
        }
        assert_eq!(indexed_text("青い海"), "青い い海  い 海 青");
    }
}
