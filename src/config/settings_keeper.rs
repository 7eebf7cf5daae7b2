//! Writes settings, together with what other windows change in the same file.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde_json::{Map, Value};

use super::lock_file::{hold_lock, open_lock};
use super::merge_patch::{apply, difference, join};
use super::settings::set_aside;
use super::{FileWriter, MAX_OWN_FILE_BYTES, PendingFile, Settings, read_regular};

/// How long another program's write is waited for.
const LOCK_PATIENCE: Duration = Duration::from_secs(2);

/// Keeps the settings of one window in a file that others may keep theirs in. What this window changes is written into the
/// file as it then is, field by field: a change of another field stays, and of one field the newest change wins.
pub struct SettingsKeeper {
    writer: FileWriter,
    path: PathBuf,
    changes: Arc<Mutex<Changes>>,
}

/// What was changed.
#[derive(Default)]
struct Changes {
    /// The settings of this window.
    settings: Map<String, Value>,
    /// What is not in the file yet, as a JSON Merge Patch.
    unwritten: Map<String, Value>,
}

impl SettingsKeeper {
    /// Starts the thread that writes.
    ///
    /// * `settings`: as they were read.
    pub fn start(path: PathBuf, settings: &Settings) -> Self {
        let changes = Changes {
            settings: fields(settings).unwrap_or_default(),
            unwritten: Map::new(),
        };
        Self {
            writer: FileWriter::start(),
            path,
            changes: Arc::new(Mutex::new(changes)),
        }
    }

    /// Has the settings written, as far as they have changed since the last call. Returns at once; a failure is logged, and
    /// made up for by the next call. Dropping the keeper waits until they are written.
    pub fn keep(&self, settings: &Settings) {
        let now = match fields(settings) {
            Ok(now) => now,
            Err(error) => return tracing::warn!("the settings could not be written: {error}"),
        };
        {
            let mut changes = lock(&self.changes);
            let change = difference(&changes.settings, &now);
            join(&mut changes.unwritten, change);
            changes.settings = now;
        }
        let changes = Arc::clone(&self.changes);
        self.writer
            .write_with(self.path.clone(), move |path| write(path, &changes));
    }

    /// Waits until all changes are written.
    pub fn flush(&self) {
        self.writer.flush();
    }
}

fn lock(changes: &Mutex<Changes>) -> MutexGuard<'_, Changes> {
    changes.lock().unwrap_or_else(PoisonError::into_inner)
}

fn write(path: &Path, changes: &Mutex<Changes>) -> io::Result<()> {
    let (unwritten, settings) = {
        let mut changes = lock(changes);
        (std::mem::take(&mut changes.unwritten), changes.settings.clone())
    };
    let written = merge_into(path, &unwritten, settings);
    if written.is_err() {
        let mut changes = lock(changes);
        let newer = std::mem::replace(&mut changes.unwritten, unwritten);
        join(&mut changes.unwritten, newer);
    }
    written
}

/// Changes the file.
///
/// * `settings`: all of them, for a file that is not there or cannot be read.
fn merge_into(path: &Path, change: &Map<String, Value>, settings: Map<String, Value>) -> io::Result<()> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    let lock = open_lock(&path.with_extension("lock"));
    if let Ok(lock) = &lock {
        hold_lock(lock, LOCK_PATIENCE); // until it is dropped
    }
    let read = match read_regular(path, MAX_OWN_FILE_BYTES) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        read => {
            let read = read.and_then(|text| Ok(serde_json::from_slice::<Map<String, Value>>(&text)?));
            read.inspect_err(|error| {
                let (aside, _) = set_aside(path);
                tracing::warn!("the settings could not be read ({error}): {}", aside.display());
            })
            .ok()
        }
    };
    let whole = read.map_or(settings, |mut whole| {
        apply(&mut whole, change);
        whole
    });
    let mut bytes = serde_json::to_vec_pretty(&whole)?;
    bytes.push(b'\n');
    PendingFile::replace(path, &bytes)
}

/// The settings as they stand in their file.
fn fields(settings: &Settings) -> serde_json::Result<Map<String, Value>> {
    serde_json::from_slice(&settings.to_json()?)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::super::ThemeChoice;
    use super::*;

    /// A window with its settings.
    struct Window {
        keeper: SettingsKeeper,
        settings: Settings,
    }

    impl Window {
        fn open(path: &Path) -> Self {
            let (settings, warning) = Settings::load(path);
            assert_eq!(warning, None);
            let keeper = SettingsKeeper::start(path.to_owned(), &settings);
            Self { keeper, settings }
        }

        fn change(&mut self, change: impl FnOnce(&mut Settings)) {
            change(&mut self.settings);
            self.keeper.keep(&self.settings);
        }

        fn change_now(&mut self, change: impl FnOnce(&mut Settings)) {
            self.change(change);
            self.keeper.flush();
        }
    }

    #[test]
    fn two_windows_should_keep_what_the_other_has_changed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("new").join("settings.json");
        let (mut a, mut b) = (Window::open(&path), Window::open(&path));
        a.change_now(|settings| settings.theme = ThemeChoice::Light);
        b.change_now(|settings| settings.language = Some("ja".to_owned()));
        a.change_now(|settings| settings.picture_quality = 70);
        b.change_now(|settings| settings.watched_folders.push("/old".into()));
        let expected = Settings {
            theme: ThemeChoice::Light,
            language: Some("ja".to_owned()),
            picture_quality: 70,
            watched_folders: vec!["/old".into()],
            ..Settings::default()
        };
        assert_eq!(Settings::load(&path), (expected, None));
    }

    #[test]
    fn of_one_setting_the_newest_change_should_win_and_a_choice_taken_back_be_gone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("settings.json");
        let (mut a, mut b) = (Window::open(&path), Window::open(&path));
        a.change_now(|settings| settings.threads = Some(3));
        b.change_now(|settings| settings.threads = Some(5));
        assert_eq!(Settings::load(&path).0.threads, Some(5));
        a.change_now(|settings| settings.threads = Some(4));
        assert_eq!(Settings::load(&path).0.threads, Some(4));
        b.change_now(|settings| settings.threads = None);
        assert_eq!(Settings::load(&path).0.threads, None);
        b.change_now(|settings| settings.ui_scale = 1.1);
        assert_eq!(Settings::load(&path).0.ui_scale, 1.1);
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(text.contains("1.1,"), "people read it: {text}");
    }

    #[test]
    fn keys_of_commands_should_be_merged_one_by_one() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("settings.json");
        let key = |id: &str, keys: &str| (id.to_owned(), keys.to_owned());
        let mut first = Window::open(&path);
        first.change_now(|settings| settings.shortcuts.extend([key("a", "Ctrl+A"), key("b", "Ctrl+B")]));
        let (mut a, mut b) = (Window::open(&path), Window::open(&path));
        a.change_now(|settings| settings.shortcuts.extend([key("c", "Ctrl+C")]));
        b.change_now(|settings| {
            settings.shortcuts.remove("a");
        });
        let expected = BTreeMap::from([key("b", "Ctrl+B"), key("c", "Ctrl+C")]);
        assert_eq!(Settings::load(&path).0.shortcuts, expected);
    }

    #[test]
    fn windows_that_write_at_once_should_lose_nothing() {
        const NUM_WINDOWS: u64 = 6;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("settings.json");
        std::thread::scope(|scope| {
            for number in 0..NUM_WINDOWS {
                let mut window = Window::open(&path);
                scope.spawn(move || {
                    for round in 0..20 {
                        let id = format!("command-{number}");
                        window.change(|settings| {
                            settings.shortcuts.insert(id, format!("Ctrl+{round}"));
                        });
                        if round % 3 == 0 {
                            window.keeper.flush();
                        }
                    }
                });
            }
        });
        let found = Settings::load(&path).0.shortcuts;
        assert_eq!(found.len() as u64, NUM_WINDOWS, "{found:?}");
        assert!(found.values().all(|keys| keys == "Ctrl+19"), "{found:?}");
    }

    #[test]
    fn fields_of_a_later_version_should_stay() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("settings.json");
        std::fs::write(&path, r#"{"language": "ja", "from_a_later_version": {"a": [1]}}"#).unwrap();
        Window::open(&path).change_now(|settings| settings.reduce_motion = true);
        let text = std::fs::read_to_string(&path).unwrap();
        let found: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(found["from_a_later_version"], serde_json::json!({"a": [1]}));
        assert_eq!(
            (&found["language"], &found["reduce_motion"]),
            (&"ja".into(), &true.into())
        );
    }

    #[test]
    fn a_file_that_was_broken_or_taken_away_should_be_written_whole_and_the_broken_one_be_kept() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("settings.json");
        let mut window = Window::open(&path);
        window.change_now(|settings| settings.language = Some("ja".to_owned()));
        std::fs::remove_file(&path).unwrap();
        window.change_now(|settings| settings.threads = Some(2));
        let expected = Settings {
            language: Some("ja".to_owned()),
            threads: Some(2),
            ..Settings::default()
        };
        assert_eq!(Settings::load(&path), (expected.clone(), None));

        std::fs::write(&path, "{ half").unwrap();
        window.change_now(|settings| settings.reduce_motion = true);
        let expected = Settings {
            reduce_motion: true,
            ..expected
        };
        assert_eq!(Settings::load(&path), (expected, None));
        let aside = std::fs::read_to_string(folder.path().join("settings.json.broken")).unwrap();
        assert_eq!(aside, "{ half");
    }

    #[test]
    fn a_change_that_could_not_be_written_should_be_written_with_the_next() {
        let folder = tempfile::tempdir().unwrap();
        let home = folder.path().join("home");
        let path = home.join("settings.json");
        let (mut a, mut b) = (Window::open(&path), Window::open(&path));
        std::fs::write(&home, "a disk that is away").unwrap();
        a.change_now(|settings| settings.threads = Some(2));
        std::fs::remove_file(&home).unwrap();
        b.change_now(|settings| settings.language = Some("ja".to_owned()));
        a.change_now(|settings| settings.reduce_motion = true);
        let expected = Settings {
            language: Some("ja".to_owned()),
            threads: Some(2),
            reduce_motion: true,
            ..Settings::default()
        };
        assert_eq!(Settings::load(&path), (expected, None));
    }
}
