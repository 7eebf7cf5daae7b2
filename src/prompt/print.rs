//! What a prompt says, written as a prompt.

use super::reading::{Fragment, PromptPart};

/// Writes parts as a prompt that says the same at every step.
pub fn print(parts: &[PromptPart]) -> String {
    let mut text = String::new();
    for (place, part) in parts.iter().enumerate() {
        if place > 0 {
            text.push_str(" AND ");
        }
        for fragment in &part.fragments {
            match fragment {
                Fragment::Break => text.push_str(" BREAK "),
                Fragment::Text { text: words, weight } if *weight == 1.0 => push_escaped(&mut text, words),
                Fragment::Text { text: words, weight } => {
                    text.push('(');
                    push_escaped(&mut text, words);
                    text.extend([":", &weight.to_string(), ")"]);
                }
            }
        }
        if part.weight != 1.0 {
            text.extend([" :", &part.weight.to_string()]);
        }
    }
    text
}

/// Adds words so that each of their signs stands for itself.
fn push_escaped(text: &mut String, words: &str) {
    for (at, sign) in words.char_indices() {
        let has_meaning = match sign {
            '(' | ')' | '[' | ']' | '{' | '}' | ':' | '|' | '\\' | '#' | '<' => true,
            '_' => words[at..].starts_with("__"),
            'A' => words[at..].starts_with("AND"),
            'B' => words[at..].starts_with("BREAK"),
            _ => false,
        };
        if has_meaning {
            text.push('\\');
        }
        text.push(sign);
    }
}
