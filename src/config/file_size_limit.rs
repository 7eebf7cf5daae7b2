//! The user's limit on the size of files, as `ulimit -f` sets it.

/// From now on, a write beyond the limit fails with [`std::io::ErrorKind::FileTooLarge`], as one on a full disk does. By
/// default the system ends the program instead, and with it whatever else it was doing. Programs that are started from here
/// have the default.
pub fn survive_file_size_limit() {
    #[cfg(unix)]
    {
        use std::sync::Arc;
        use std::sync::atomic::AtomicBool;
        // It is enough that somebody listens: the write fails by itself then.
        let unused = Arc::<AtomicBool>::default();
        if let Err(error) = signal_hook::flag::register(signal_hook::consts::SIGXFSZ, unused) {
            tracing::warn!("a limit on the size of files would end the program: {error}");
        }
    }
}
