//! Files that stand for a right to do something, which one program has at a time.

use std::fs::{File, TryLockError};
use std::io;
use std::path::Path;
use std::time::{Duration, Instant};

/// Pause between two looks at the lock.
const PAUSE: Duration = Duration::from_millis(5);

/// Waits until no other program holds the lock on `file`, then holds it until the handle is dropped. Goes on without where
/// the folder knows no locks, or one is held for longer than `patience`.
pub fn hold_lock(file: &File, patience: Duration) {
    let start = Instant::now();
    while let Err(TryLockError::WouldBlock) = file.try_lock()
        && start.elapsed() < patience
    {
        std::thread::sleep(PAUSE);
    }
}

/// Opens or makes the file that is locked. What has its name and is no file is removed, and never followed.
///
/// # Errors
/// If the folder is not there or cannot be written to.
pub fn open_lock(path: &Path) -> io::Result<File> {
    if path.symlink_metadata().is_ok_and(|metadata| !metadata.is_file()) {
        std::fs::remove_file(path)?;
    }
    let mut options = File::options();
    options.write(true).create(true).truncate(false);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        options.custom_flags(libc::O_NOFOLLOW | libc::O_NONBLOCK);
    }
    options.open(path)
}
