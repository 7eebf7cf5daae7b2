//! Persisted settings, the folders the program uses, whole-file writes, and the log.

mod ending;
mod file_name;
mod file_size_limit;
mod file_writer;
mod known_folders;
mod leftovers;
mod lenient;
mod lock_file;
mod log_file;
mod logging;
mod merge_patch;
mod paths;
mod pending_file;
mod redact;
mod regular_file;
mod settings;
mod settings_keeper;

pub use ending::join_within_bound;
pub use file_name::{MAX_NAME_BYTES, name_with_ending};
pub use file_size_limit::survive_file_size_limit;
pub use file_writer::FileWriter;
pub use known_folders::KnownFolders;
pub use leftovers::{sweep_leftovers, sweep_own_folders};
pub use lenient::take_fields;
pub use lock_file::{hold_lock, open_lock};
pub use log_file::log_tail;
pub use logging::start_logging;
pub use paths::Paths;
pub use pending_file::{PendingFile, PublishError, move_new};
pub use redact::keep_out_of_logs;
pub use regular_file::{
    MAX_OWN_FILE_BYTES, is_real_folder, make_real_folders, open_or_make, open_regular, read_regular,
};
pub use settings::{
    DEFAULT_NAME_TEMPLATE, MAX_UI_SCALE, MIN_UI_SCALE, PictureFormat, Settings, SettingsTrouble, SettingsWarning,
    ThemeChoice,
};
pub use settings_keeper::SettingsKeeper;
