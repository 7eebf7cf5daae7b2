//! What the user chose and the program remembers.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value};

use super::{MAX_OWN_FILE_BYTES, PendingFile, read_regular, take_fields};

/// Smallest size of the window's text and controls.
pub const MIN_UI_SCALE: f32 = 0.5;
/// Largest size of the window's text and controls.
pub const MAX_UI_SCALE: f32 = 3.0;

/// Light on dark, or dark on light.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ThemeChoice {
    /// Light on dark, which is kinder to pictures.
    #[default]
    Dark,
    /// Dark on light.
    Light,
    /// As the desktop has it.
    System,
}

/// What files pictures are saved as; each carries its record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PictureFormat {
    /// Exact, and read by everything.
    #[default]
    Png,
    /// Exact and a quarter smaller.
    WebpLossless,
    /// Much smaller, not exact.
    Jpeg,
}

/// What pictures are called unless the user says otherwise: a folder for the day, the time, the seed, the first words.
pub const DEFAULT_NAME_TEMPLATE: &str = "{date}/{time}-{seed}-{prompt}";

/// What the user chose. Unknown fields are ignored and missing ones have their defaults.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(default)]
pub struct Settings {
    /// Language tag such as `ja`; `None` follows the desktop.
    pub language: Option<String>,
    /// Colours of the window.
    pub theme: ThemeChoice,
    /// Where pictures go; `None` takes [`super::Paths::default_gallery_dir`].
    pub gallery_dir: Option<PathBuf>,
    /// Size of text and controls, 1 is normal, [`MIN_UI_SCALE`] to [`MAX_UI_SCALE`].
    pub ui_scale: f32,
    /// Threads that compute; `None` takes one for each core.
    pub threads: Option<usize>,
    /// Precision the form starts with, such as `bf16`; `None` is automatic.
    pub precision: Option<String>,
    /// Room on disk for kept runs, in MiB; beyond it the oldest are thinned out. Pictures do not count.
    pub trajectory_budget_mib: u64,
    /// Whether runs keep where the network looked at which token.
    pub keep_attention: bool,
    /// Whether runs keep what the network said under each prompt alone.
    pub keep_branches: bool,
    /// Folders of pictures beside [`Self::gallery_dir`] that the gallery shows and never writes to.
    pub watched_folders: Vec<PathBuf>,
    /// Folders of models beside [`super::Paths::models_dir`], such as those of other programs; never written to.
    pub model_folders: Vec<PathBuf>,
    /// The kind of file pictures are saved as.
    pub picture_format: PictureFormat,
    /// Quality of those that lose a little, 1 to 100.
    pub picture_quality: u8,
    /// What saved pictures are called, see `gallery::NameTemplate`.
    pub name_template: String,
    /// Which device computes: `cpu`; `None` takes the best there is.
    pub device: Option<String>,
    /// The network that enlarges pictures, as it was chosen last.
    pub upscaler: Option<PathBuf>,
    /// Whether nothing moves by itself, even where it could.
    pub reduce_motion: bool,
    /// Keys that the user changed, by the id of their command; empty takes the key away.
    pub shortcuts: BTreeMap<String, String>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            language: None,
            theme: ThemeChoice::default(),
            gallery_dir: None,
            ui_scale: 1.0,
            threads: None,
            precision: None,
            trajectory_budget_mib: 2048,
            keep_attention: true,
            keep_branches: true,
            watched_folders: Vec::new(),
            model_folders: Vec::new(),
            picture_format: PictureFormat::default(),
            picture_quality: 90,
            name_template: DEFAULT_NAME_TEMPLATE.to_owned(),
            device: None,
            upscaler: None,
            reduce_motion: false,
            shortcuts: BTreeMap::new(),
        }
    }
}

impl Settings {
    /// [`Self::trajectory_budget_mib`] in bytes.
    pub fn trajectory_budget_bytes(&self) -> u64 {
        self.trajectory_budget_mib.saturating_mul(1 << 20)
    }

    /// Reads the settings. There are always some: a missing file gives the defaults. Fields that cannot be understood
    /// have their defaults and the others stay, with a warning for the user; the file is then kept beside as
    /// `settings.json.broken`, or as `settings.json.broken-2` to `-9` where that name is taken.
    pub fn load(path: &Path) -> (Self, Option<SettingsWarning>) {
        let read = match read_regular(path, MAX_OWN_FILE_BYTES) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return (Self::default(), None),
            read => read.and_then(|text| Ok(serde_json::from_slice::<Map<String, Value>>(&text)?)),
        };
        let read = match read {
            Ok(fields) => Value::Object(fields),
            Err(error) => {
                let trouble = SettingsTrouble::Unreadable(error.to_string());
                return (Self::default(), Some(SettingsWarning::after(trouble, path)));
            }
        };
        let mut settings = Self::default();
        let left_out = take_fields(&mut settings, &read);
        let settings = settings.within_limits();
        if left_out.is_empty() {
            return (settings, None);
        }
        let warning = SettingsWarning::after(SettingsTrouble::LeftOut(left_out), path);
        // What was understood stays, whether or not anything is changed before the next start.
        let kept = settings.to_json().map_err(io::Error::from);
        if let Err(error) = kept.and_then(|bytes| PendingFile::replace(path, &bytes)) {
            tracing::warn!("the settings could not be written: {error}: {}", path.display());
        }
        (settings, Some(warning))
    }

    /// The settings as the bytes of their file.
    ///
    /// # Errors
    /// If a path among them is not valid Unicode, which JSON cannot hold.
    pub fn to_json(&self) -> serde_json::Result<Vec<u8>> {
        let mut bytes = serde_json::to_vec_pretty(self)?;
        bytes.push(b'\n');
        Ok(bytes)
    }

    fn within_limits(mut self) -> Self {
        self.ui_scale = if self.ui_scale.is_finite() {
            self.ui_scale.clamp(MIN_UI_SCALE, MAX_UI_SCALE)
        } else {
            1.0
        };
        self.picture_quality = self.picture_quality.clamp(1, 100);
        self
    }
}

/// Most files that are kept aside; the last one gives way to a newer one.
const MAX_ASIDE: usize = 9;

/// What was wrong with the file of the settings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SettingsTrouble {
    /// It could not be read, and why; all have their defaults.
    Unreadable(String),
    /// These settings could not be understood and have their defaults.
    LeftOut(Vec<String>),
}

/// What the user should know of the file of the settings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SettingsWarning {
    /// What was wrong.
    pub trouble: SettingsTrouble,
    /// What the file is called now.
    pub aside: PathBuf,
    /// Whether it could be given that name.
    pub is_renamed: bool,
}

impl SettingsWarning {
    fn after(trouble: SettingsTrouble, path: &Path) -> Self {
        let (aside, is_renamed) = set_aside(path);
        Self {
            trouble,
            aside,
            is_renamed,
        }
    }
}

impl std::fmt::Display for SettingsWarning {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.trouble {
            SettingsTrouble::Unreadable(error) => {
                write!(
                    formatter,
                    "the settings could not be read ({error}), so the defaults are used"
                )
            }
            SettingsTrouble::LeftOut(fields) => {
                let fields = fields.join(", ");
                write!(
                    formatter,
                    "these settings could not be understood and have their defaults: {fields}"
                )
            }
        }?;
        let fate = if self.is_renamed { "was" } else { "could not be" };
        write!(formatter, "; the file {fate} renamed to {}", self.aside.display())
    }
}

/// Keeps a file that was not understood from being overwritten. Returns its new name, and whether it has that.
pub(super) fn set_aside(path: &Path) -> (PathBuf, bool) {
    let name = |number: usize| {
        let mut aside = path.as_os_str().to_owned();
        aside.push(".broken");
        if number > 1 {
            aside.push(format!("-{number}"));
        }
        PathBuf::from(aside)
    };
    let is_free = |path: &PathBuf| std::fs::symlink_metadata(path).is_err();
    let aside = (1..=MAX_ASIDE)
        .map(name)
        .find(is_free)
        .unwrap_or_else(|| name(MAX_ASIDE));
    let is_renamed = std::fs::rename(path, &aside).is_ok();
    (aside, is_renamed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_should_survive_saving_and_loading() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("new").join("settings.json");
        let settings = Settings {
            language: Some("ja".to_owned()),
            theme: ThemeChoice::System,
            gallery_dir: Some(PathBuf::from("/pictures")),
            ui_scale: 1.25,
            threads: Some(3),
            precision: Some("bf16".to_owned()),
            trajectory_budget_mib: 64,
            keep_attention: false,
            keep_branches: false,
            watched_folders: vec![PathBuf::from("/old")],
            model_folders: vec![PathBuf::from("/models")],
            picture_format: PictureFormat::Jpeg,
            picture_quality: 75,
            name_template: "{seed}".to_owned(),
            device: Some("cpu".to_owned()),
            upscaler: Some(PathBuf::from("/x4.pth")),
            reduce_motion: true,
            shortcuts: BTreeMap::from([("command-generate".to_owned(), "Ctrl+G".to_owned())]),
        };
        PendingFile::replace(&path, &settings.to_json().unwrap()).unwrap();
        assert_eq!(Settings::load(&path), (settings, None));
    }

    #[test]
    fn a_missing_file_should_give_the_defaults_without_a_warning() {
        let folder = tempfile::tempdir().unwrap();
        let (settings, warning) = Settings::load(&folder.path().join("settings.json"));
        assert_eq!((settings, warning), (Settings::default(), None));
    }

    #[test]
    fn a_broken_file_should_be_kept_aside_with_a_warning() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("settings.json");
        let names = [
            "settings.json.broken",
            "settings.json.broken-2",
            "settings.json.broken-3",
        ];
        for (broken, aside) in [&b"{"[..], b"3", b"\xff\xfe"].into_iter().zip(names) {
            std::fs::write(&path, broken).unwrap();
            let (settings, warning) = Settings::load(&path);
            assert_eq!(settings, Settings::default());
            assert!(
                warning.is_some_and(|warning| warning.to_string().ends_with(aside)),
                "{aside}"
            );
            assert_eq!(std::fs::read(folder.path().join(aside)).unwrap(), broken);
            assert!(!path.exists());
        }
    }

    #[test]
    fn a_wrong_field_should_cost_that_field_alone() {
        for (wrong, name) in [
            (r#""ui_scale": "big""#, "ui_scale"),
            (r#""theme": "plaid""#, "theme"),
            (r#""watched_folders": [1]"#, "watched_folders"),
            (r#""picture_quality": 4000"#, "picture_quality"),
            (r#""shortcuts": 1"#, "shortcuts"),
        ] {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("settings.json");
            let text = format!(r#"{{"language": "ja", {wrong}, "threads": 3, "from_a_later_version": {{}}}}"#);
            std::fs::write(&path, &text).unwrap();
            let (settings, warning) = Settings::load(&path);
            let expected = Settings {
                language: Some("ja".to_owned()),
                threads: Some(3),
                ..Settings::default()
            };
            assert_eq!(settings, expected, "{name}");
            assert!(
                warning.is_some_and(|warning| warning.to_string().contains(name)),
                "{name} must be named"
            );
            let aside = std::fs::read_to_string(folder.path().join("settings.json.broken")).unwrap();
            assert_eq!(aside, text, "what was written must not be lost");
            assert_eq!(
                Settings::load(&path),
                (expected, None),
                "what was understood must stay: {name}"
            );
        }
    }

    #[test]
    fn a_file_that_cannot_be_read_should_make_way_and_be_kept() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("settings.json");
        let large = vec![b' '; MAX_OWN_FILE_BYTES as usize + 1];
        std::fs::write(&path, &large).unwrap();
        assert_eq!(Settings::load(&path).0, Settings::default());
        assert!(!path.exists(), "the next change would be written over it");
        let aside = folder.path().join("settings.json.broken");
        assert_eq!(std::fs::metadata(aside).unwrap().len(), large.len() as u64);
    }

    #[test]
    fn files_kept_aside_should_be_bounded() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("settings.json");
        for round in 0..MAX_ASIDE + 3 {
            std::fs::write(&path, format!("[{round}]")).unwrap();
            Settings::load(&path);
        }
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), MAX_ASIDE);
    }

    #[test]
    fn a_scale_out_of_range_should_be_brought_into_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("settings.json");
        std::fs::write(&path, r#"{"ui_scale": 1000, "unknown": 1}"#).unwrap();
        assert_eq!(Settings::load(&path).0.ui_scale, MAX_UI_SCALE);
    }
}
