//! Texts that are put into words when they are shown.

use crate::job::ErrorCode;
use crate::ui::i18n::{Language, Value};

/// A text to be said in whatever language the window speaks when it is shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Text {
    key: &'static str,
    values: Vec<(&'static str, Value)>,
}

impl Text {
    /// The text called `key`.
    pub fn key(key: &'static str) -> Self {
        Self {
            key,
            values: Vec::new(),
        }
    }

    /// The text called `key` with `values` put into it.
    pub fn new<V: Into<Value>>(key: &'static str, values: impl IntoIterator<Item = (&'static str, V)>) -> Self {
        Self {
            key,
            values: values.into_iter().map(|(name, value)| (name, value.into())).collect(),
        }
    }

    /// What an error is about.
    pub fn error(code: ErrorCode) -> Self {
        let values = code.args.into_iter().map(|(name, arg)| (name, arg.into()));
        Self {
            key: code.key,
            values: values.collect(),
        }
    }

    /// The words.
    pub fn localise(&self, language: Language) -> String {
        language.tr_with(self.key, &self.values)
    }
}
