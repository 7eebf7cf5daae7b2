//! Trigger words on their way into the prompt and out of it.

/// Puts words at the end of a prompt, apart from those that stand in it already; the result are those that came in.
pub(super) fn put_in(prompt: &mut String, words: &[String]) -> Vec<String> {
    let lower = prompt.to_lowercase();
    let new: Vec<String> = words
        .iter()
        .filter(|word| !lower.contains(&word.to_lowercase()))
        .cloned()
        .collect();
    if new.is_empty() {
        return new;
    }
    let kept = prompt.trim_end().trim_end_matches(',').len();
    prompt.truncate(kept);
    if !prompt.is_empty() {
        prompt.push_str(", ");
    }
    prompt.push_str(&new.join(", "));
    new
}

/// Takes words out of a prompt that stand between commas, the last of each.
pub(super) fn take_out(prompt: &mut String, words: &[String]) {
    let mut parts: Vec<&str> = prompt.split(',').collect();
    let num_parts = parts.len();
    for word in words {
        if let Some(at) = parts.iter().rposition(|part| part.trim() == word) {
            parts.remove(at);
        }
    }
    if parts.len() < num_parts {
        let kept = parts.join(",");
        kept.trim().clone_into(prompt);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_should_come_in_once_and_leave_the_prompt_as_it_was() {
        for prompt in ["", "a castle", "a castle, at night", "城、夜"] {
            let mut changed = prompt.to_owned();
            let words = ["glow style".to_owned(), "a  b".to_owned()];
            let added = put_in(&mut changed, &words);
            assert_eq!(added, words);
            assert_eq!(put_in(&mut changed, &words), [""; 0], "twice");
            take_out(&mut changed, &added);
            assert_eq!(changed, prompt);
        }
    }

    #[test]
    fn what_the_user_wrote_should_stay() {
        let mut prompt = "Glow Style castle,".to_owned();
        let added = put_in(&mut prompt, &["glow style".to_owned(), "fog".to_owned()]);
        assert_eq!((&*prompt, &*added), ("Glow Style castle, fog", &["fog".to_owned()][..]));
        prompt.push_str(" and rain");
        take_out(&mut prompt, &added);
        assert_eq!(prompt, "Glow Style castle, fog and rain");
    }
}
