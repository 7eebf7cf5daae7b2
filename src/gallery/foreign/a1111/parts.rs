//! Where the customary text is the prompt, where the negative prompt, and where the settings.
//!
//! A1111 writes them in this order, the settings on the last line. Others put lines of their own below, break the line of
//! settings, part its pairs by `|`, or lose the ends of lines on the way. So the settings are looked for by their names:
//! where two of the [`MARKS`] stand near each other and one of them is a number, settings begin.

/// What a value looks like.
type LookOf = fn(&str) -> Look;

/// Settings by which the rest is found, in lower case, and what their values look like.
const MARKS: [(&str, LookOf); 13] = [
    ("steps", number),
    ("seed", number),
    ("size", size),
    ("cfg scale", number),
    ("cfg", number),
    ("guidance scale", number),
    ("sampler", word),
    ("sampler name", word),
    ("schedule type", word),
    ("scheduler", word),
    ("model hash", word),
    ("model", word),
    ("stable diffusion model", word),
];
/// What lines of settings begin with besides.
const LINE_KEYS: [&str; 22] = [
    "version",
    "pipeline",
    "app",
    "backend",
    "operations",
    "parser",
    "vae",
    "vae hash",
    "clip skip",
    "denoising strength",
    "strength",
    "hires",
    "hashes",
    "lora hashes",
    "ti hashes",
    "refiner",
    "rng",
    "eta",
    "width",
    "height",
    "variation seed",
    "postprocess",
];
/// What begins a template, which says nothing of the picture any more.
const TEMPLATES: [&str; 3] = ["template:", "negative template:", "wildcard prompt:"];
/// What begins the part that says what to stay away from.
const NEGATIVES: [&str; 3] = ["negative prompt:", "negative_prompt:", "negativeprompt:"];
/// As those where the prompt is named too.
const SHORT_NEGATIVE: &str = "negative:";
const PROMPTS: [&str; 2] = ["prompt:", "positive prompt:"];
/// Most bytes between two marks that are near each other.
const NEAR_BYTES: usize = 300;
/// Pairs that make the last line one of settings, as A1111 has it, if one of them is a mark.
const MIN_PAIRS: usize = 3;
/// Values that start as JSON and are none, after which no more is taken for JSON: each may be read to the end of its line.
const MAX_BROKEN_JSON: usize = 16;

/// The parts of a text.
#[derive(Debug, Default)]
pub(super) struct Parts {
    pub(super) prompt: String,
    pub(super) negative_prompt: String,
    /// Settings by their names, in lower case with spaces.
    pub(super) settings: Vec<(String, String)>,
}

/// What a value looks like.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Look {
    Number,
    Word,
    Other,
}

/// Marks that stand near each other.
#[derive(Clone, Copy)]
struct Run {
    first: usize,
    last: usize,
    has_number: bool,
    is_found: bool,
}

impl Run {
    fn at(mark: usize) -> Self {
        Self {
            first: mark,
            last: mark,
            has_number: false,
            is_found: false,
        }
    }
}

/// Parts a text; linear in its length.
pub(super) fn parts(text: &str) -> Parts {
    let lower = text.to_ascii_lowercase(); // as long, byte for byte
    let text = Text { text, lower: &lower };
    let mut pairs = Pairs::default();
    let mut parts = Parts::default();
    let Some(start) = text.settings_start() else {
        let end = pairs.take_last_line(text.text);
        (parts.prompt, parts.negative_prompt) = text.split_negative(end);
        parts.settings = pairs.found;
        return parts;
    };
    let head_end = text.lines_above(start);
    (parts.prompt, parts.negative_prompt) = text.split_negative(head_end);
    let separator = text.separator(start);
    text.take_tail(start, separator, &mut pairs, &mut parts);
    for line in text.text[head_end..start].lines() {
        pairs.take(line, if line.contains(separator) { separator } else { ',' });
    }
    parts.settings = pairs.found;
    parts
}

/// A text and itself in lower case.
#[derive(Clone, Copy)]
struct Text<'a> {
    text: &'a str,
    lower: &'a str,
}

impl<'a> Text<'a> {
    /// Where settings begin: the last place at the start of a line, else the first place.
    fn settings_start(self) -> Option<usize> {
        let mut starts: Vec<usize> = Vec::new();
        let mut run: Option<Run> = None;
        for (colon, _) in self.lower.match_indices(':') {
            if NEGATIVES.iter().any(|key| self.lower[..=colon].ends_with(key)) {
                run = None;
                continue;
            }
            let Some((at, look)) = self.mark(colon) else { continue };
            let near = run.filter(|run| at - run.last <= NEAR_BYTES);
            let mut grown = near.unwrap_or_else(|| Run::at(at));
            grown.last = at;
            grown.has_number |= look == Look::Number;
            if near.is_some() && grown.has_number && !grown.is_found {
                grown.is_found = true;
                starts.push(grown.first);
            }
            run = Some(grown);
        }
        let begins_line = |at: &&usize| self.begins_line(**at);
        starts
            .iter()
            .rev()
            .find(begins_line)
            .or_else(|| starts.first())
            .copied()
    }

    fn begins_line(self, at: usize) -> bool {
        at == 0 || self.text.as_bytes()[at - 1] == b'\n'
    }

    /// The mark whose name ends at a colon: where it begins, and what its value looks like.
    fn mark(self, colon: usize) -> Option<(usize, Look)> {
        let before = &self.lower[..colon];
        let value = self.lower[colon + 1..].trim_start_matches(' ');
        MARKS.iter().find_map(|(key, look)| {
            let at = before.len() - before.strip_suffix(key).map(|_| key.len())?;
            let was = before[..at].chars().next_back();
            // `Steps` may have lost the end of the line before it, and a word in the middle of a sentence is none.
            let is_capital = self.text[at..].starts_with(|c: char| c.is_ascii_uppercase());
            let is_begun = before[..at].trim_end_matches(' ').chars().next_back();
            let is_begun = is_begun.is_none_or(|c| matches!(c, ',' | '|' | ';' | '\n'));
            let look = look(value);
            let is_apart = match was {
                Some(c) if c.is_alphanumeric() || c == '_' => is_capital && !c.is_ascii_uppercase(),
                _ => look == Look::Number || is_capital || is_begun,
            };
            (is_apart && look != Look::Other && !self.is_qualified(at)).then_some((at, look))
        })
    }

    /// Whether the word before a name makes it another one's, such as `Hires steps`.
    fn is_qualified(self, at: usize) -> bool {
        const WORDS: [&str; 8] = [
            "hires ",
            "adetailer ",
            "refiner ",
            "variation ",
            "base ",
            "distilled ",
            "mask ",
            "face ",
        ];
        WORDS.iter().any(|word| self.lower[..at].ends_with(word))
    }

    fn line_start(self, at: usize) -> usize {
        self.text[..at].rfind('\n').map_or(0, |newline| newline + 1)
    }

    /// The start of the lines of settings right above those that begin at `start`.
    fn lines_above(self, start: usize) -> usize {
        let mut above = start;
        let line = self.line_start(start);
        if line < start && is_settings_line(&self.lower[line..start]) {
            above = line; // other settings on the same line
        }
        while above > 0 && self.begins_line(above) {
            let line = self.line_start(above - 1);
            if !is_settings_line(&self.lower[line..above]) {
                break;
            }
            above = line;
        }
        above
    }

    /// What parts the pairs: what follows the first value.
    fn separator(self, start: usize) -> char {
        let found = self.text[start..].chars().find(|c| matches!(c, ',' | '|' | ';' | '\n'));
        found.filter(|c| *c != '\n').unwrap_or(',')
    }

    /// Prompt and negative prompt before `end`.
    fn split_negative(self, end: usize) -> (String, String) {
        let (text, lower) = (&self.text[..end], &self.lower[..end]);
        let prompt_key = PROMPTS.iter().find(|key| lower.starts_with(**key)).copied();
        let at_line = |key: &'static str| {
            let mut found = lower.match_indices(key).map(|(at, _)| at);
            found.find(|at| self.begins_line(*at)).map(|at| (at, key))
        };
        let negative = NEGATIVES
            .iter()
            .find_map(|key| at_line(key))
            .or_else(|| prompt_key.and_then(|_| at_line(SHORT_NEGATIVE)))
            // The ends of lines may have been lost.
            .or_else(|| NEGATIVES.iter().find_map(|key| Some((lower.find(key)?, *key))));
        let (prompt_end, negative) = match negative {
            Some((at, key)) => (at, &text[at + key.len()..]),
            None => (text.len(), ""),
        };
        // Where the end of a line was lost, a comma may have come in its place.
        let has_own_line = self.begins_line(end) || end == self.text.len();
        let tidy = |part: &'a str| {
            let part = part.trim();
            if has_own_line {
                part
            } else {
                part.trim_end_matches(',').trim_end()
            }
        };
        let key = prompt_key.filter(|_| prompt_end < self.text.len()).map_or(0, str::len);
        let prompt = text.get(key..prompt_end).unwrap_or_default();
        (tidy(prompt).to_owned(), tidy(negative).to_owned())
    }

    /// The settings and all that follows them.
    fn take_tail(self, start: usize, separator: char, pairs: &mut Pairs, parts: &mut Parts) {
        let is_headless = parts.prompt.is_empty() && parts.negative_prompt.is_empty();
        let mut is_negative = false;
        let mut is_first = true;
        for line in self.text[start..].lines() {
            let lower = line.trim_start().to_ascii_lowercase();
            if TEMPLATES.iter().any(|key| lower.starts_with(key)) {
                return;
            }
            if is_first || is_settings_line(&lower) {
                pairs.take(line, separator);
                (is_first, is_negative) = (false, false);
            } else if let Some(key) = NEGATIVES.iter().find(|key| lower.starts_with(**key)) {
                is_negative = parts.negative_prompt.is_empty();
                if is_negative {
                    line.trim_start()[key.len()..]
                        .trim()
                        .clone_into(&mut parts.negative_prompt);
                }
            } else if is_negative {
                add_line(&mut parts.negative_prompt, line);
            } else if is_headless {
                let key = PROMPTS.iter().find(|key| lower.starts_with(**key));
                add_line(&mut parts.prompt, &line.trim_start()[key.map_or(0, |key| key.len())..]);
            } else {
                pairs.take(line, separator);
            }
        }
    }
}

fn add_line(text: &mut String, line: &str) {
    if !text.is_empty() {
        text.push('\n');
    }
    text.push_str(line.trim());
}

/// Whether a line, in lower case, begins with a setting.
fn is_settings_line(line: &str) -> bool {
    let Some((key, value)) = line.split_once(':') else {
        return false;
    };
    let key = key.trim();
    let is_line_key = |known: &str| {
        let rest = key.strip_prefix(known);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(' '))
    };
    let mark = MARKS.iter().find(|(mark, _)| key == *mark);
    mark.is_some_and(|(_, look)| look(value.trim_start()) != Look::Other)
        || LINE_KEYS.iter().any(|known| is_line_key(known))
}

fn number(value: &str) -> Look {
    let digits = value.strip_prefix('-').unwrap_or(value);
    if digits.starts_with(|c: char| c.is_ascii_digit()) {
        Look::Number
    } else {
        Look::Other
    }
}

fn size(value: &str) -> Look {
    let height = value.trim_start_matches(|c: char| c.is_ascii_digit());
    let is_size = height.len() < value.len() && height.trim_start().starts_with(['x', '\u{d7}', '*']);
    if is_size { Look::Number } else { Look::Other }
}

fn word(value: &str) -> Look {
    if value.starts_with(|c: char| c.is_alphanumeric() || c == '"') {
        Look::Word
    } else {
        Look::Other
    }
}

/// Settings as they are found; of several of one name the first counts.
#[derive(Default)]
struct Pairs {
    found: Vec<(String, String)>,
    num_broken: usize,
}

impl Pairs {
    /// Takes the last line, if it is one of settings; where it starts.
    fn take_last_line(&mut self, text: &str) -> usize {
        let start = text.rfind('\n').map_or(0, |newline| newline + 1);
        self.take(&text[start..], ',');
        let is_after_making = |(key, _): &(String, String)| key.starts_with("postprocess");
        let is_mark = |(key, value): &(String, String)| {
            let mark = MARKS.iter().find(|(mark, _)| mark == key);
            mark.is_some_and(|(_, look)| look(value) != Look::Other)
        };
        let is_settings = self.found.len() >= MIN_PAIRS && self.found.iter().any(is_mark)
            || self.found.first().is_some_and(is_after_making);
        if is_settings {
            return start;
        }
        self.found.clear();
        text.len()
    }

    /// Takes the `key: value` pairs of a line. A value is JSON if it starts as such, else it ends at the next separator.
    fn take(&mut self, line: &str, separator: char) {
        let mut rest = line.trim();
        while !rest.is_empty() {
            // No further than the key: values may follow each other without a separator.
            let colon = rest.find([separator, ':']).unwrap_or(rest.len());
            if !rest[colon..].starts_with(':') {
                rest = rest[colon..].trim_start_matches(separator).trim_start(); // a bare key
                continue;
            }
            let key = rest[..colon].trim();
            let after = rest[colon + 1..].trim_start();
            let starts_json = after.starts_with(['"', '{', '[']) && self.num_broken < MAX_BROKEN_JSON;
            let json = starts_json.then(|| json_value(after)).flatten();
            self.num_broken += usize::from(starts_json && json.is_none());
            let (value, length) = json.unwrap_or_else(|| {
                let length = after.find(separator).unwrap_or(after.len());
                (after[..length].trim().to_owned(), length)
            });
            if is_key(key) {
                self.found.push((key.to_lowercase().replace('_', " "), value));
            }
            rest = after[length..].trim_start().trim_start_matches(separator).trim_start();
        }
    }
}

/// As A1111's pattern has it: letters, digits, `_`, space, `-` and `/`, at least two.
fn is_key(key: &str) -> bool {
    key.chars().count() >= 2 && key.chars().all(|c| c.is_alphanumeric() || "_ -/".contains(c))
}

/// A JSON string, object or list at the start of `text`, unquoted if a string, and the bytes it takes.
fn json_value(text: &str) -> Option<(String, usize)> {
    let mut values = serde_json::Deserializer::from_str(text).into_iter::<serde_json::Value>();
    let value = values.next()?.ok()?;
    let text = match value {
        serde_json::Value::String(text) => text,
        other => other.to_string(),
    };
    Some((text, values.byte_offset()))
}
