//! The log on standard error.

use tracing_subscriber::EnvFilter;

/// What is logged when neither variable is set.
const DEFAULT_FILTER: &str = "warn";

/// Starts the log on standard error, filtered by `HARERU_LOG`, else `RUST_LOG`, else warnings and errors only.
///
/// A filter that cannot be read is ignored; a second call changes nothing.
pub fn start_logging() {
    let filter = ["HARERU_LOG", "RUST_LOG"]
        .iter()
        .find_map(|name| EnvFilter::try_from_env(name).ok())
        .unwrap_or_else(|| EnvFilter::new(DEFAULT_FILTER));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .try_init()
        .ok();
}
