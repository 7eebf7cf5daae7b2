//! The words of the window, in the user's language. Every one comes from `assets/i18n`.

use std::borrow::Cow;
use std::collections::HashMap;

use fluent_templates::fluent_bundle::FluentValue;
use fluent_templates::{LanguageIdentifier, Loader as _};
use unic_langid::langid;

use crate::job::{ErrorArg, ErrorCode, JobError};

fluent_templates::static_loader! {
    static LOCALES = {
        locales: "./assets/i18n",
        fallback_language: "en",
        // The window shows no bidirectional text; without this, invisible marks stand around every value.
        customise: |bundle| bundle.set_use_isolating(false),
    };
}

static ENGLISH: LanguageIdentifier = langid!("en");
static JAPANESE: LanguageIdentifier = langid!("ja");

/// A language the window speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Language {
    /// English.
    #[default]
    English,
    /// 日本語.
    Japanese,
}

impl Language {
    /// Every language, in the order a list shows them.
    pub const ALL: [Self; 2] = [Self::English, Self::Japanese];

    /// The language of a tag such as `ja-JP`; English for one that is not spoken here.
    pub fn from_tag(tag: &str) -> Self {
        if tag.split(['-', '_', '.']).next() == Some("ja") {
            Self::Japanese
        } else {
            Self::English
        }
    }

    /// The setting if there is one, else what the system says.
    pub fn choose(setting: Option<&str>) -> Self {
        setting.map_or_else(
            || sys_locale::get_locale().map_or(Self::English, |tag| Self::from_tag(&tag)),
            Self::from_tag,
        )
    }

    /// The tag kept in the settings.
    pub fn tag(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::Japanese => "ja",
        }
    }

    /// What its speakers call it.
    pub fn name(self) -> &'static str {
        match self {
            Self::English => "English",
            Self::Japanese => "日本語",
        }
    }

    fn identifier(self) -> &'static LanguageIdentifier {
        match self {
            Self::English => &ENGLISH,
            Self::Japanese => &JAPANESE,
        }
    }

    /// The text called `key`; `name.tip` is the attribute `.tip` of `name`.
    pub fn tr(self, key: &str) -> String {
        LOCALES.lookup(self.identifier(), key)
    }

    /// The text called `key` with `values` put into it; numbers choose between singular and plural.
    pub fn tr_with<V: Clone + Into<Value>>(self, key: &str, values: &[(&'static str, V)]) -> String {
        let values = values.iter().map(|(name, value)| {
            let value = match value.clone().into() {
                Value::Text(text) => FluentValue::from(text),
                Value::Number(number) => FluentValue::from(number),
                Value::Error(code) => FluentValue::from(self.error(&code)),
            };
            (Cow::Borrowed(*name), value)
        });
        LOCALES.lookup_with_args(self.identifier(), key, &values.collect::<HashMap<_, _>>())
    }

    /// The text called `key` for a number of things, called `count` in it.
    pub fn tr_count(self, key: &str, count: usize) -> String {
        self.tr_with(key, &[("count", count)])
    }

    /// What an error is about.
    pub fn error(self, code: &ErrorCode) -> String {
        let values: Vec<_> = code.args.iter().map(|(name, arg)| (*name, arg.clone())).collect();
        self.tr_with(code.key, &values)
    }

    /// Why a job failed, without a heading.
    pub fn job_error(self, error: &JobError) -> String {
        match &error.code {
            Some(code) => self.error(code),
            None => error.message.clone(),
        }
    }
}

/// What is put into a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// A name, a path, or a number that is already written out.
    Text(String),
    /// A whole number, by which the text can choose between singular and plural.
    Number(i64),
    /// What an error is about, in the language of the text around it.
    Error(ErrorCode),
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<&String> for Value {
    fn from(text: &String) -> Self {
        Self::Text(text.clone())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<u32> for Value {
    fn from(number: u32) -> Self {
        Self::Number(number.into())
    }
}

impl From<usize> for Value {
    fn from(number: usize) -> Self {
        Self::Number(i64::try_from(number).unwrap_or(i64::MAX))
    }
}

impl From<ErrorArg> for Value {
    fn from(arg: ErrorArg) -> Self {
        match arg {
            ErrorArg::Text(text) => Self::Text(text),
            ErrorArg::Number(number) => Self::Number(number),
        }
    }
}

impl From<&JobError> for Value {
    fn from(error: &JobError) -> Self {
        match &error.code {
            Some(code) => Self::Error(code.clone()),
            None => Self::Text(error.message.clone()),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::Path;

    use super::*;

    /// All texts of a language, from all its files.
    fn texts(language: Language) -> String {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("assets/i18n")
            .join(language.tag());
        let mut files: Vec<_> = std::fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .collect();
        files.sort();
        files
            .iter()
            .map(|file| std::fs::read_to_string(file).unwrap() + "\n")
            .collect()
    }

    /// `name` and `name.attribute` of every message.
    fn keys(texts: &str) -> BTreeSet<String> {
        let mut message = String::new();
        let mut keys = BTreeSet::new();
        for line in texts.lines() {
            let Some((head, _)) = line.split_once('=') else {
                continue;
            };
            let name = head.trim();
            if let Some(attribute) = name.strip_prefix('.') {
                keys.insert(format!("{message}.{attribute}"));
            } else if !line.starts_with([' ', '#']) {
                name.clone_into(&mut message);
                keys.insert(message.clone());
            }
        }
        keys
    }

    /// The placeholders `{ $name }` in the order of the alphabet, by message or attribute line.
    fn placeholders(texts: &str) -> BTreeSet<(String, String)> {
        let mut message = String::new();
        let mut found = BTreeSet::new();
        for line in texts.lines() {
            if let Some((head, _)) = line.split_once('=')
                && !line.starts_with([' ', '#'])
            {
                head.trim().clone_into(&mut message);
            }
            for part in line.split("{ $").skip(1) {
                let name: String = part.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
                found.insert((message.clone(), name));
            }
        }
        found
    }

    #[test]
    fn both_languages_should_have_the_same_texts_with_the_same_values() {
        let [english, japanese] = Language::ALL.map(texts);
        assert_eq!(keys(&english), keys(&japanese));
        assert_eq!(placeholders(&english), placeholders(&japanese));
    }

    /// Every Rust file below a folder of the sources.
    fn code(folder: &str) -> Vec<String> {
        let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join(folder)];
        let mut code = Vec::new();
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                } else if path.extension().is_some_and(|extension| extension == "rs") {
                    code.push(std::fs::read_to_string(path).unwrap());
                }
            }
        }
        code
    }

    /// Whether a literal can be the key of a text.
    fn is_key(text: &str) -> bool {
        let is_allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '.';
        text.chars().all(is_allowed)
    }

    /// Keys of the texts for errors, wherever they are made.
    fn error_keys() -> BTreeSet<String> {
        let code = code("src");
        let calls = code.iter().flat_map(|code| code.split("ErrorCode::new(\"").skip(1));
        calls
            .filter_map(|rest| Some(rest.split_once('"')?.0.to_owned()))
            .collect()
    }

    #[test]
    fn every_error_should_be_said_in_japanese_and_in_english() {
        let values = |key: &str| {
            let names = placeholders(&texts(Language::English)).into_iter();
            let names = names.filter(move |(message, _)| message == key);
            names
                .map(|(_, name)| (Cow::Owned(name), FluentValue::from("x.safetensors")))
                .collect::<HashMap<_, _>>()
        };
        let keys = error_keys();
        assert!(keys.len() > 50, "found only {} errors", keys.len());
        for key in keys {
            for language in Language::ALL {
                let text = LOCALES.lookup_with_args(language.identifier(), &key, &values(&key));
                assert!(
                    !text.starts_with("Unknown localization"),
                    "{key} in {}",
                    language.name()
                );
                let is_japanese = text.chars().any(|c| matches!(c, 'ぁ'..='ヿ' | '一'..='鿿'));
                assert_eq!(is_japanese, language == Language::Japanese, "{key}: {text}");
            }
        }
    }

    #[test]
    fn a_number_should_choose_between_singular_and_plural() {
        assert_eq!(Language::English.tr_count("queue-waiting", 1), "1 job is waiting");
        assert_eq!(Language::English.tr_count("queue-waiting", 2), "2 jobs are waiting");
    }

    #[test]
    fn every_text_the_code_asks_for_should_exist_and_every_text_should_be_asked_for() {
        let known = keys(&texts(Language::English));
        let topics: BTreeSet<_> = known.iter().filter_map(|key| key.split('-').next()).collect();
        let mut asked = error_keys();
        for code in code("src/ui") {
            let literals = code.split('"').filter(|text| {
                let topic = text.split('-').next().unwrap();
                topic.len() < text.len() && topics.contains(topic) && is_key(text)
            });
            asked.extend(literals.map(str::to_owned));
        }
        for key in &asked {
            assert!(known.contains(key), "no text is called {key:?}");
        }
        for key in &known {
            let message = key.split('.').next().unwrap();
            assert!(
                asked.contains(key) || asked.contains(message),
                "nothing asks for the text {key:?}"
            );
        }
    }

    #[test]
    fn every_text_should_be_found_in_both_languages() {
        let english = texts(Language::English);
        let names: BTreeSet<_> = placeholders(&english).into_iter().map(|(_, name)| name).collect();
        let values = names
            .iter()
            .map(|name| (Cow::Owned(name.clone()), FluentValue::from(2)))
            .collect::<HashMap<_, _>>();
        for language in Language::ALL {
            for key in keys(&english) {
                let text = LOCALES.lookup_with_args(language.identifier(), &key, &values);
                assert!(
                    !text.starts_with("Unknown localization"),
                    "{key} in {}",
                    language.name()
                );
            }
        }
    }

    #[test]
    fn tags_should_be_understood() {
        assert_eq!(Language::from_tag("ja-JP"), Language::Japanese);
        assert_eq!(Language::from_tag("ja_JP.UTF-8"), Language::Japanese);
        assert_eq!(Language::from_tag("en-GB"), Language::English);
        assert_eq!(Language::from_tag("C"), Language::English);
    }
}
