//! Which key does what: the keys that commands come with, and those that the user put in their place.

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

use egui::{Id, Key, KeyboardShortcut, Modifiers};

use super::{Availability, CommandSender, CommandSpec, Scope, UiCommand, table};
use crate::ui::i18n::Language;
use crate::ui::model::state::{AppState, Overlay};
use crate::ui::widgets::tab_stop::leaves_keys_to_page;

/// A command that can have a key.
#[derive(Debug, Clone)]
pub struct KeyBinding {
    /// Names it in the settings: the key of its name among the texts, with a number where several share one.
    pub id: String,
    /// Its row in the table of commands.
    pub spec: &'static CommandSpec,
    /// Its keys; the first is the one that is told.
    pub keys: Vec<KeyboardShortcut>,
    /// Whether the user chose them.
    pub is_changed: bool,
}

/// Every command that can have a key, with the keys it has.
#[derive(Debug, Clone)]
pub struct Keymap {
    entries: Vec<KeyBinding>,
}

impl Keymap {
    /// The keys the commands come with, but for those that were changed.
    ///
    /// * `changed`: keys in words, by [`KeyBinding::id`]; empty for none. What cannot be read is as if it were not there.
    pub fn new(changed: &BTreeMap<String, String>) -> Self {
        let mut seen: BTreeMap<&'static str, usize> = BTreeMap::new();
        let entries = table().iter().map(|spec| {
            let count = seen.entry(spec.text).or_default();
            *count += 1;
            let id = if *count == 1 {
                spec.text.to_owned()
            } else {
                format!("{}-{count}", spec.text)
            };
            let chosen = changed.get(&id).and_then(|text| match text.trim() {
                "" => Some(Vec::new()),
                text => from_text(text).map(|key| vec![key]),
            });
            KeyBinding {
                is_changed: chosen.is_some(),
                keys: chosen.unwrap_or_else(|| spec.keys.clone()),
                id,
                spec,
            }
        });
        Self {
            entries: entries.collect(),
        }
    }

    /// All of them, page by page.
    pub fn entries(&self) -> &[KeyBinding] {
        &self.entries
    }

    /// One of them.
    pub fn entry(&self, id: &str) -> Option<&KeyBinding> {
        self.entries.iter().find(|entry| entry.id == id)
    }

    /// The key that is told of a command.
    pub fn key_of(&self, command: &UiCommand) -> Option<KeyboardShortcut> {
        let entry = self.entries.iter().find(|entry| entry.spec.command == *command)?;
        entry.keys.first().copied()
    }

    /// The others that have this key where `id` could hear it too.
    pub fn clashes(&self, id: &str, key: KeyboardShortcut) -> Vec<&KeyBinding> {
        let Some(own) = self.entry(id) else {
            return Vec::new();
        };
        let others = self.entries.iter().filter(|other| other.id != id);
        others
            .filter(|other| other.keys.contains(&key) && other.spec.meets(own.spec))
            .collect()
    }

    /// Whether no key means two things at one place.
    pub fn is_clear(&self) -> bool {
        let mut keys = self
            .entries
            .iter()
            .flat_map(|entry| entry.keys.iter().map(move |key| (entry, *key)));
        keys.all(|(entry, key)| self.clashes(&entry.id, key).is_empty())
    }
}

/// A key as the settings have it, such as `Ctrl+Shift+Enter`. `Ctrl` is the Command key of a Mac.
pub fn to_text(key: KeyboardShortcut) -> String {
    let held = [
        (key.modifiers.command || key.modifiers.ctrl, "Ctrl+"),
        (key.modifiers.alt, "Alt+"),
        (key.modifiers.shift, "Shift+"),
    ];
    let mut text: String = held
        .into_iter()
        .filter_map(|(is_held, name)| is_held.then_some(name))
        .collect();
    text.push_str(key.logical_key.name());
    text
}

/// Reads what [`to_text`] writes; `None` for anything else.
pub fn from_text(text: &str) -> Option<KeyboardShortcut> {
    let mut modifiers = Modifiers::NONE;
    let mut rest = text.trim();
    loop {
        let (name, modifier) = match rest.split_once('+') {
            Some((name, after)) if !name.is_empty() && !after.is_empty() => (name, after),
            _ => break,
        };
        modifiers |= match name.trim().to_ascii_lowercase().as_str() {
            "ctrl" | "cmd" | "command" => Modifiers::COMMAND,
            "alt" | "option" => Modifiers::ALT,
            "shift" => Modifiers::SHIFT,
            _ => return None,
        };
        rest = modifier.trim();
    }
    Key::from_name(rest).map(|key| KeyboardShortcut::new(modifiers, key))
}

/// Where the window keeps the keymap, so that every tooltip can tell the key of its command.
fn place() -> Id {
    Id::unique("keymap")
}

/// Goes by these keys from now on.
pub fn install(ctx: &egui::Context, changed: &BTreeMap<String, String>) {
    let keymap = Arc::new(Keymap::new(changed));
    ctx.data_mut(|data| data.insert_temp(place(), keymap));
}

/// The keys the window goes by.
pub fn of(ctx: &egui::Context) -> Arc<Keymap> {
    static DEFAULT: LazyLock<Arc<Keymap>> = LazyLock::new(|| Arc::new(Keymap::new(&BTreeMap::new())));
    let kept = ctx.data(|data| data.get_temp::<Arc<Keymap>>(place()));
    kept.unwrap_or_else(|| Arc::clone(&DEFAULT))
}

impl UiCommand {
    /// What it does, and its key.
    pub fn tooltip(&self, language: Language, ctx: &egui::Context) -> String {
        let tip = self
            .key()
            .map(|key| language.tr(&format!("{key}.tip")))
            .unwrap_or_default();
        match self.keys_text(ctx) {
            keys if keys.is_empty() => tip,
            keys => format!("{tip} ({keys})"),
        }
    }

    /// Its key as the desktop writes it; empty if it has none.
    pub fn keys_text(&self, ctx: &egui::Context) -> String {
        let key = of(ctx).key_of(self);
        key.map(|key| ctx.format_shortcut(&key)).unwrap_or_default()
    }
}

/// Takes the keys of commands out of the input and sends the commands. A command that cannot act leaves its keys to
/// others: Escape, for one, closes menus where there is nothing to stop.
///
/// * `now`: what there is that commands could act on.
pub(in crate::ui) fn handle_input(state: &AppState, now: &Availability, commands: &CommandSender, ctx: &egui::Context) {
    let (page, is_list_open) = (state.page, state.overlay == Overlay::Commands);
    let keymap = of(ctx);
    let (has_focus, is_typing) = (ctx.egui_wants_keyboard_input(), ctx.text_edit_focused());
    let leaves_keys = leaves_keys_to_page(ctx);
    let is_heard = |spec: &CommandSpec| {
        let is_heard = spec.scope.meets(Scope::Page(page)) && spec.is_enabled(now);
        is_heard && (!is_list_open || spec.command == UiCommand::TogglePalette)
    };
    let mut all: Vec<(&KeyBinding, KeyboardShortcut)> = keymap
        .entries()
        .iter()
        .filter(|entry| is_heard(entry.spec))
        .filter(|entry| entry.spec.needs_mask.is_none_or(|needs| needs == now.is_mask_shown))
        .flat_map(|entry| entry.keys.iter().map(move |key| (entry, *key)))
        .collect();
    // Shift does not keep a key without it from being heard: those with more to hold come first.
    all.sort_by_key(|(_, key)| std::cmp::Reverse(num_held(key.modifiers)));
    for (entry, key) in all {
        let is_for_control = has_focus && (!leaves_keys || key.logical_key == Key::Tab);
        if is_for_control && is_typed(entry.spec, key, is_typing) {
            continue;
        }
        if ctx.input_mut(|input| input.consume_shortcut(&key)) {
            commands.send(entry.spec.command.clone());
        }
    }
}

fn num_held(modifiers: Modifiers) -> u8 {
    u8::from(modifiers.command || modifiers.ctrl) + u8::from(modifiers.alt) + u8::from(modifiers.shift)
}

/// Whether the key must not be taken from a control that has the keyboard.
///
/// * `is_typing`: whether that is a field of text.
fn is_typed(spec: &CommandSpec, key: KeyboardShortcut, is_typing: bool) -> bool {
    let is_letter = key.modifiers.is_none() || key.modifiers == Modifiers::SHIFT;
    (is_typing && spec.is_of_fields) || (is_letter && spec.command != UiCommand::Stop)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_commands_should_share_a_key_where_both_can_hear_it() {
        let keymap = Keymap::new(&BTreeMap::new());
        for entry in keymap.entries() {
            for key in &entry.keys {
                let others = keymap.clashes(&entry.id, *key);
                assert!(
                    others.is_empty(),
                    "{}: {} is also that of {others:?}",
                    entry.id,
                    to_text(*key)
                );
            }
        }
        assert!(keymap.is_clear());
    }

    #[test]
    fn every_key_should_be_written_and_read_the_same() {
        for key in Key::ALL {
            for modifiers in [
                Modifiers::NONE,
                Modifiers::COMMAND,
                Modifiers::SHIFT,
                Modifiers::ALT.plus(Modifiers::SHIFT),
                Modifiers::COMMAND.plus(Modifiers::SHIFT),
            ] {
                let key = KeyboardShortcut::new(modifiers, *key);
                assert_eq!(from_text(&to_text(key)), Some(key), "{}", to_text(key));
            }
        }
        for nothing in ["", "Ctrl+", "Hyper+A", "Ctrl+Nothing"] {
            assert_eq!(from_text(nothing), None, "{nothing:?}");
        }
    }

    #[test]
    fn a_changed_key_should_take_the_place_of_all_keys_of_its_command() {
        let changed = BTreeMap::from([
            ("command-zoom-in".to_owned(), "Ctrl+I".to_owned()),
            ("command-loop".to_owned(), String::new()),
            ("command-play".to_owned(), "Hyper+X".to_owned()),
            ("gone".to_owned(), "X".to_owned()),
        ]);
        let keymap = Keymap::new(&changed);
        let keys = |id: &str| -> Vec<String> {
            let entry = keymap.entry(id).unwrap();
            entry.keys.iter().copied().map(to_text).collect()
        };
        assert_eq!(keys("command-zoom-in"), ["Ctrl+I"]);
        assert_eq!(keys("command-loop"), [""; 0]);
        assert_eq!(keys("command-play"), ["Space"], "what cannot be read changes nothing");
        assert!(!keymap.entry("command-play").unwrap().is_changed);
    }
}
