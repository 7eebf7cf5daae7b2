//! The words of the window, in the user's language. Every one comes from `assets/i18n`.

use std::borrow::Cow;
use std::collections::HashMap;

use fluent_templates::fluent_bundle::FluentValue;
use fluent_templates::{LanguageIdentifier, Loader as _};
use unic_langid::langid;

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

    /// The text called `key` with `values` put into it.
    pub fn tr_with(self, key: &str, values: &[(&'static str, &str)]) -> String {
        let values = values
            .iter()
            .map(|&(name, value)| (Cow::Borrowed(name), FluentValue::from(value)))
            .collect::<HashMap<_, _>>();
        LOCALES.lookup_with_args(self.identifier(), key, &values)
    }

    /// The text called `key` for a number of things, called `count` in it.
    pub fn tr_count(self, key: &str, count: usize) -> String {
        let values = HashMap::from([(Cow::Borrowed("count"), FluentValue::from(count))]);
        LOCALES.lookup_with_args(self.identifier(), key, &values)
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

    #[test]
    fn every_text_the_code_asks_for_should_exist_and_every_text_should_be_asked_for() {
        let known = keys(&texts(Language::English));
        let topics: BTreeSet<_> = known.iter().filter_map(|key| key.split('-').next()).collect();
        let mut asked = BTreeSet::new();
        let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("src/ui")];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                    continue;
                }
                let code = std::fs::read_to_string(path).unwrap();
                let literals = code.split('"').filter(|text| {
                    let is_key = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '.';
                    let topic = text.split('-').next().unwrap();
                    topic.len() < text.len() && topics.contains(topic) && text.chars().all(is_key)
                });
                asked.extend(literals.map(str::to_owned));
            }
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
