//! How much fits on the disk.

use std::path::Path;

use super::HubError;

/// Room that is left for others.
const RESERVE_BYTES: u64 = 64 << 20;

/// Bytes that may still be written where `path` is or would be; `None` where the system does not say.
pub(super) fn free_bytes(path: &Path) -> Option<u64> {
    let there = path.ancestors().find(|ancestor| ancestor.exists())?;
    #[cfg(unix)]
    {
        let room = rustix::fs::statvfs(there).ok()?;
        Some(room.f_bavail.saturating_mul(room.f_frsize))
    }
    #[cfg(not(unix))]
    {
        let _ = there;
        None // there it is found when it is written
    }
}

/// # Errors
/// [`HubError::DiskFull`] if so many bytes would not fit.
pub(super) fn check(path: &Path, needed: u64) -> Result<(), HubError> {
    match free_bytes(path) {
        Some(free) if needed.saturating_add(RESERVE_BYTES) > free => Err(HubError::DiskFull { needed, free }),
        _ => Ok(()),
    }
}
