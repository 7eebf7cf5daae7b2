//! What saved pictures are called.

use std::path::PathBuf;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::config::DEFAULT_NAME_TEMPLATE;
use crate::job::{GenerateRequest, Record};

/// Longest part of a name taken from the prompt or the model, in bytes.
const MAX_SLUG_BYTES: usize = 96;
/// Longest name of a file without its ending, in bytes: with all that is added (`-9999`, `.trajectory.safetensors`) it
/// must stay below 255.
const MAX_STEM_BYTES: usize = 180;
/// Longest name of a folder, in bytes.
const MAX_FOLDER_BYTES: usize = 96;
/// Longest template, in bytes.
const MAX_TEMPLATE_BYTES: usize = 300;
/// Most folders in folders.
const MAX_PARTS: usize = 6;
/// What a name of nothing is called.
const NO_NAME: &str = "picture";
/// Names that Windows keeps for devices, whatever their ending.
const DEVICES: [&str; 22] = [
    "con", "prn", "aux", "nul", "com1", "com2", "com3", "com4", "com5", "com6", "com7", "com8", "com9", "lpt1", "lpt2",
    "lpt3", "lpt4", "lpt5", "lpt6", "lpt7", "lpt8", "lpt9",
];

/// Something of a record that names may have in them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Value {
    Date,
    Time,
    Seed,
    Prompt,
    Model,
    Sampler,
    Steps,
    Cfg,
    Width,
    Height,
    Batch,
    Count,
}

/// All of them by name.
const VALUES: [(&str, Value); 12] = [
    ("date", Value::Date),
    ("time", Value::Time),
    ("seed", Value::Seed),
    ("prompt", Value::Prompt),
    ("model", Value::Model),
    ("sampler", Value::Sampler),
    ("steps", Value::Steps),
    ("cfg", Value::Cfg),
    ("width", Value::Width),
    ("height", Value::Height),
    ("batch", Value::Batch),
    ("count", Value::Count),
];

#[derive(Debug, Clone, PartialEq, Eq)]
enum Piece {
    Text(String),
    Value(Value),
}

/// What saved pictures are called: folders and a name, such as `{date}/{time}-{seed}-{prompt}`.
///
/// | value | what it is |
/// |---|---|
/// | `{date}` `{time}` | when it was finished by the clock on the wall: `2026-11-20`, `235924` |
/// | `{prompt}` `{model}` | its words, joined by hyphens, up to 96 bytes |
/// | `{seed}` `{steps}` `{cfg}` `{sampler}` `{width}` `{height}` | as the record has them |
/// | `{batch}` | its place in its batch, from 1 |
/// | `{count}` | a number that no other picture of that name has, from 00001 |
///
/// The result is always a relative path inside the gallery that every system takes: no `..`, nothing hidden, no
/// reserved name, not too long.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NameTemplate {
    text: String,
    /// Folders, then the name.
    parts: Vec<Vec<Piece>>,
}

/// Why a text is not a template of names.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NameTemplateError {
    /// No value is called so.
    #[error("expected one of {known}, found {{{found}}}")]
    UnknownValue {
        /// The name.
        found: String,
        /// Those there are.
        known: String,
    },
    /// A brace without its other one.
    #[error("expected a brace for each other one, found {found}")]
    Brace {
        /// What stands from there on.
        found: String,
    },
    /// A character that some system does not take.
    #[error("expected letters that every system takes in names, found {found:?}; folders are divided by /")]
    Character {
        /// The character.
        found: char,
    },
    /// Nothing between two slashes, or before or after one.
    #[error("expected a name before and after each /, found none")]
    EmptyPart,
    /// A part that begins with a dot, which is hidden or leads elsewhere.
    #[error("expected names that do not begin with a dot, found {found}")]
    Dot {
        /// The part.
        found: String,
    },
    /// Too long, or too many folders.
    #[error("expected up to {MAX_TEMPLATE_BYTES} bytes and {MAX_PARTS} parts, found {bytes} and {parts}")]
    TooLong {
        /// Its length.
        bytes: usize,
        /// Its parts.
        parts: usize,
    },
}

impl Default for NameTemplate {
    fn default() -> Self {
        use Piece::{Text, Value as Of};
        let hyphen = || Text("-".to_owned());
        Self {
            text: DEFAULT_NAME_TEMPLATE.to_owned(),
            parts: vec![
                vec![Of(Value::Date)],
                vec![Of(Value::Time), hyphen(), Of(Value::Seed), hyphen(), Of(Value::Prompt)],
            ],
        }
    }
}

impl std::fmt::Display for NameTemplate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.text)
    }
}

impl NameTemplate {
    /// Understands a template.
    ///
    /// # Errors
    /// [`NameTemplateError`] with what is known.
    pub fn parse(text: &str) -> Result<Self, NameTemplateError> {
        let parts: Vec<&str> = text.split('/').collect();
        if text.len() > MAX_TEMPLATE_BYTES || parts.len() > MAX_PARTS {
            return Err(NameTemplateError::TooLong {
                bytes: text.len(),
                parts: parts.len(),
            });
        }
        let parts = parts.into_iter().map(pieces).collect::<Result<_, _>>()?;
        let text = text.to_owned();
        Ok(Self { text, parts })
    }

    /// What a picture would be called, for people to look at.
    pub fn example(&self) -> String {
        let record = Record {
            model_name: "Starter".to_owned(),
            created_unix_secs: u64::try_from(Timestamp::now().as_second()).unwrap_or(0),
            ..Record::of(GenerateRequest {
                prompt: "A lighthouse at night".to_owned(),
                seed: 42,
                ..GenerateRequest::default()
            })
        };
        let path = self.relative_stem(&record, 1);
        path.to_string_lossy().replace(std::path::MAIN_SEPARATOR, "/")
    }

    /// Folders and name without ending, e.g. `2026-11-20/235924-42-a-red-boat`, by the clock on the wall.
    ///
    /// * `attempt`: 1 for the first try; later ones append `-2`, `-3` …, or count where the template does.
    pub(super) fn relative_stem(&self, record: &Record, attempt: u32) -> PathBuf {
        self.relative_stem_in(&TimeZone::system(), record, attempt)
    }

    fn relative_stem_in(&self, zone: &TimeZone, record: &Record, attempt: u32) -> PathBuf {
        let counts = self
            .parts
            .iter()
            .flatten()
            .any(|piece| *piece == Piece::Value(Value::Count));
        let last = self.parts.len().saturating_sub(1);
        let mut path = PathBuf::new();
        for (place, pieces) in self.parts.iter().enumerate() {
            let text: String = pieces
                .iter()
                .map(|piece| match piece {
                    Piece::Text(text) => text.clone(),
                    Piece::Value(value) => value_text(*value, zone, record, attempt),
                })
                .collect();
            let limit = if place == last {
                MAX_STEM_BYTES
            } else {
                MAX_FOLDER_BYTES
            };
            let mut name = safe_name(&text, limit);
            if place == last && attempt > 1 && !counts {
                name = format!("{name}-{attempt}");
            }
            path.push(name);
        }
        path
    }
}

fn pieces(part: &str) -> Result<Vec<Piece>, NameTemplateError> {
    if part.is_empty() {
        return Err(NameTemplateError::EmptyPart);
    }
    if part.starts_with(['.', ' ']) {
        return Err(NameTemplateError::Dot { found: part.to_owned() });
    }
    let mut pieces = Vec::new();
    let mut rest = part;
    while !rest.is_empty() {
        let end = rest.find(['{', '}']).unwrap_or(rest.len());
        let text = &rest[..end];
        let is_bad = |c: &char| c.is_control() || "<>:\"\\|?*".contains(*c);
        if let Some(found) = text.chars().find(is_bad) {
            return Err(NameTemplateError::Character { found });
        }
        if !text.is_empty() {
            pieces.push(Piece::Text(text.to_owned()));
        }
        rest = &rest[end..];
        if rest.is_empty() {
            break;
        }
        let brace = || NameTemplateError::Brace { found: rest.to_owned() };
        let (name, after) = rest
            .strip_prefix('{')
            .and_then(|rest| rest.split_once('}'))
            .ok_or_else(brace)?;
        let value = VALUES.iter().find(|(known, _)| *known == name);
        let (_, value) = value.ok_or_else(|| NameTemplateError::UnknownValue {
            found: name.to_owned(),
            known: VALUES.map(|(name, _)| format!("{{{name}}}")).join(" "),
        })?;
        pieces.push(Piece::Value(*value));
        rest = after;
    }
    Ok(pieces)
}

fn value_text(value: Value, zone: &TimeZone, record: &Record, attempt: u32) -> String {
    let request = &record.request;
    let time = |format: &str| {
        let seconds = i64::try_from(record.created_unix_secs).unwrap_or(i64::MAX);
        let time = Timestamp::from_second(seconds).unwrap_or(Timestamp::UNIX_EPOCH);
        time.to_zoned(zone.clone()).strftime(format).to_string()
    };
    match value {
        Value::Date => time("%Y-%m-%d"),
        Value::Time => time("%H%M%S"),
        Value::Seed => request.seed.to_string(),
        Value::Prompt => slug(&request.prompt),
        Value::Model => slug(&record.model_name),
        Value::Sampler => request.sampler.clone(),
        Value::Steps => request.steps.to_string(),
        Value::Cfg => request.guidance_scale.to_string(),
        Value::Width => request.width_px.to_string(),
        Value::Height => request.height_px.to_string(),
        Value::Batch => (u64::from(record.batch_index) + 1).to_string(),
        Value::Count => format!("{attempt:05}"),
    }
}

/// A name that every system takes.
fn safe_name(text: &str, limit: usize) -> String {
    let is_bad = |c: char| c.is_control() || "<>:\"/\\|?*".contains(c);
    let name: String = text.chars().map(|c| if is_bad(c) { '-' } else { c }).collect();
    let name = name.trim_start_matches(['.', ' ']);
    let name = name[..name.floor_char_boundary(limit)].trim_end_matches(['.', ' ', '-', '_']);
    let base = name.split('.').next().unwrap_or_default().trim_end().to_lowercase();
    match name {
        "" => NO_NAME.to_owned(),
        name if DEVICES.contains(&base.as_str()) => format!("_{name}"),
        name => name.to_owned(),
    }
}

/// Letters and digits of any script in lower case, all else as single hyphens, cut between words where it can be.
fn slug(text: &str) -> String {
    let mut slug = String::new();
    let words = text.split(|c: char| !c.is_alphanumeric());
    for word in words.filter(|word| !word.is_empty()) {
        let word = word.to_lowercase();
        let separator = usize::from(!slug.is_empty());
        if slug.len() + separator + word.len() > MAX_SLUG_BYTES {
            if slug.is_empty() {
                slug.push_str(&word[..word.floor_char_boundary(MAX_SLUG_BYTES)]);
            }
            break;
        }
        if separator > 0 {
            slug.push('-');
        }
        slug.push_str(&word);
    }
    slug
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(prompt: &str) -> Record {
        Record {
            model_name: "Dream Shaper v1.5".to_owned(),
            batch_index: 2,
            created_unix_secs: 1_795_219_164,
            ..Record::of(GenerateRequest {
                prompt: prompt.to_owned(),
                seed: 42,
                guidance_scale: 7.5,
                ..GenerateRequest::default()
            })
        }
    }

    fn name(template: &str, prompt: &str, attempt: u32) -> String {
        let template = NameTemplate::parse(template).unwrap();
        let path = template.relative_stem_in(&TimeZone::UTC, &record(prompt), attempt);
        path.to_string_lossy().into_owned()
    }

    #[test]
    fn the_default_should_be_what_its_text_says() {
        assert_eq!(NameTemplate::parse(DEFAULT_NAME_TEMPLATE), Ok(NameTemplate::default()));
        // date -u -d @1795219164
        assert_eq!(
            name(DEFAULT_NAME_TEMPLATE, "A red boat, 青い海", 1),
            "2026-11-20/235924-42-a-red-boat-青い海"
        );
        assert_eq!(name(DEFAULT_NAME_TEMPLATE, "", 1), "2026-11-20/235924-42");
        assert_eq!(name(DEFAULT_NAME_TEMPLATE, "", 3), "2026-11-20/235924-42-3");
    }

    #[test]
    fn the_time_should_be_that_of_the_clock_on_the_wall() {
        let tokyo = TimeZone::fixed(jiff::tz::offset(9));
        let path = NameTemplate::default().relative_stem_in(&tokyo, &record(""), 1);
        assert_eq!(path, PathBuf::from("2026-11-21/085924-42"));
    }

    #[test]
    fn values_should_be_those_of_the_record() {
        assert_eq!(
            name("{model}/{sampler} {steps} {cfg} {width}x{height} {batch}", "", 1),
            "dream-shaper-v1-5/dpmpp_2m 25 7.5 256x256 3"
        );
        assert_eq!(name("a-{count}", "", 12), "a-00012");
        assert_eq!(name("{prompt}", "con", 1), "_con");
        assert_eq!(name("{prompt}", "...", 2), "picture-2");
        assert_eq!(name("aux.x/nul", "", 1), "_aux.x/_nul");
    }

    #[test]
    fn what_is_no_template_should_be_told() {
        for (template, part) in [
            ("{foo}", "{date} {time}"),
            ("{date", "brace"),
            ("a}", "brace"),
            ("", "before and after"),
            ("/a", "before and after"),
            ("a/", "before and after"),
            ("a//b", "before and after"),
            ("../a", "dot"),
            ("a/./b", "dot"),
            (".hidden", "dot"),
            ("a\\b", "folders are divided by /"),
            ("c:x", "letters"),
            ("a/b/c/d/e/f/g", "parts"),
        ] {
            let message = NameTemplate::parse(template).unwrap_err().to_string();
            assert!(
                message.starts_with("expected") && message.contains(part),
                "{template}: {message}"
            );
        }
    }

    proptest::proptest! {
        #[test]
        fn every_name_should_be_a_safe_one(
            template in "[a-z{}./ ]{0,8}(\\{(prompt|model|sampler|seed|date|count)\\}|[./ \\p{L}]){1,8}",
            prompt in "\\PC{0,200}",
            sampler in "\\PC{0,20}",
            attempt in 1_u32..20_000,
        ) {
            if let Ok(template) = NameTemplate::parse(&template) {
                let mut record = record(&prompt);
                record.request.sampler = sampler;
                let path = template.relative_stem_in(&TimeZone::UTC, &record, attempt);
                proptest::prop_assert!(path.is_relative());
                for part in path.components() {
                    let std::path::Component::Normal(part) = part else {
                        panic!("{}", path.display());
                    };
                    let part = part.to_str().unwrap();
                    proptest::prop_assert!(part.len() <= 190 && !part.starts_with(['.', ' ']), "{}", part);
                    proptest::prop_assert!(!part.ends_with(['.', ' ']), "{}", part);
                    let base = part.split('.').next().unwrap().to_lowercase();
                    proptest::prop_assert!(!DEVICES.contains(&base.as_str()), "{}", part);
                    proptest::prop_assert!(!part.contains(['/', '\\', ':', '*', '?', '"', '<', '>', '|']), "{}", part);
                }
            }
        }
    }

    #[test]
    fn slugs_should_be_short_and_safe() {
        for (prompt, expected) in [
            ("A red boat, on water!", "a-red-boat-on-water"),
            ("../../etc/passwd", "etc-passwd"),
            ("青い海 と 空", "青い海-と-空"),
            ("", ""),
            ("\0\n", ""),
        ] {
            assert_eq!(slug(prompt), expected, "{prompt:?}");
        }
        for long in ["word ".repeat(2000), "x".repeat(10_000), "海".repeat(5000)] {
            let slug = slug(&long);
            assert!(
                slug.len() <= MAX_SLUG_BYTES && slug.len() > MAX_SLUG_BYTES - 8,
                "{slug}"
            );
        }
    }
}
