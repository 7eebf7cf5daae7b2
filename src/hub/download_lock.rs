//! The mark that somebody works on a download.

use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};

use same_file::Handle;

use super::HubError;
use crate::config::open_or_make;

/// Held by whoever writes or removes the files of one download: of all programs of this computer, one at a time. It ends
/// with the program, however that ends.
#[derive(Debug)]
pub(super) struct DownloadLock {
    path: PathBuf,
    _file: File,
}

impl DownloadLock {
    /// Takes the lock of `path`, whose folder is made if needed; does not wait.
    ///
    /// # Errors
    /// [`HubError::Busy`] if somebody holds it, [`HubError::Io`] if the folder cannot be written.
    pub(super) fn take(path: PathBuf) -> Result<Self, HubError> {
        let folder = path.parent().unwrap_or_else(|| Path::new(""));
        std::fs::create_dir_all(folder).map_err(HubError::io(folder))?;
        loop {
            let file = open_or_make(&path).map_err(HubError::io(&path))?;
            match file.try_lock() {
                Ok(()) => {}
                Err(TryLockError::WouldBlock) => return Err(HubError::Busy),
                Err(TryLockError::Error(source)) => return Err(HubError::Io { path, source }),
            }
            // Whoever held it before may have removed the file that was just locked.
            let locked = file
                .try_clone()
                .and_then(Handle::from_file)
                .map_err(HubError::io(&path))?;
            if Handle::from_path(&path).is_ok_and(|found| found == locked) {
                return Ok(Self { path, _file: file });
            }
        }
    }
}

impl Drop for DownloadLock {
    fn drop(&mut self) {
        std::fs::remove_file(&self.path).ok(); // while it is held; a file that stays does no harm
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    #[test]
    fn a_lock_should_be_held_by_one_at_a_time_and_leave_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("new/a.lock");
        let lock = DownloadLock::take(path.clone()).unwrap();
        assert!(matches!(DownloadLock::take(path.clone()), Err(HubError::Busy)));
        drop(lock);
        assert!(!path.exists());

        let (num_holders, num_taken) = (AtomicUsize::new(0), AtomicUsize::new(0));
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    while num_taken.load(Ordering::SeqCst) < 400 {
                        let Ok(_lock) = DownloadLock::take(path.clone()) else {
                            continue;
                        };
                        assert_eq!(num_holders.fetch_add(1, Ordering::SeqCst), 0, "two hold it");
                        num_taken.fetch_add(1, Ordering::SeqCst);
                        num_holders.fetch_sub(1, Ordering::SeqCst);
                    }
                });
            }
        });
        assert!(!path.exists());
    }
}
