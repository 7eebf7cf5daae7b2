//! How many threads compute.

use std::path::Path;

/// Where Linux describes its processors.
const SYS_CPU: &str = "/sys/devices/system/cpu";

/// Why the number of threads could not be set.
#[derive(Debug, thiserror::Error)]
pub enum ThreadsError {
    /// None, or more than the system gives to this program.
    #[error("threads must be 1 to {max} on this computer, found {found}")]
    OutOfRange {
        /// Threads that can run at once.
        max: usize,
        /// The number asked for.
        found: usize,
    },
    /// Something computed before, so the threads are already there.
    #[error("the number of threads can be set only once, before anything is computed")]
    AlreadyStarted(#[from] rayon::ThreadPoolBuildError),
}

/// Has everything computed by `count` threads. To be called once, before anything is computed.
///
/// # Errors
/// [`ThreadsError::OutOfRange`] beyond [`max_threads`], [`ThreadsError::AlreadyStarted`] if it comes too late.
pub fn set_threads(count: usize) -> Result<(), ThreadsError> {
    let max = max_threads();
    if !(1..=max).contains(&count) {
        return Err(ThreadsError::OutOfRange { max, found: count });
    }
    let pool = rayon::ThreadPoolBuilder::new().num_threads(count);
    pool.thread_name(|index| format!("compute-{index}")).build_global()?;
    Ok(())
}

/// Threads that can run at once: processors, less those that the system keeps from this program.
pub fn max_threads() -> usize {
    std::thread::available_parallelism().map_or(1, std::num::NonZero::get)
}

/// Cores that this program may use. Two threads on one core share its arithmetic units, so that for the kernels a
/// second one brings nothing. Where the system does not say, every processor counts as a core.
pub fn physical_cores() -> usize {
    let max = max_threads();
    cores_below(Path::new(SYS_CPU)).map_or(max, |cores| cores.clamp(1, max))
}

/// Cores described in the folder: groups of processors that are each other's siblings.
fn cores_below(folder: &Path) -> Option<usize> {
    let mut cores: Vec<String> = std::fs::read_dir(folder)
        .ok()?
        .flatten()
        .filter(|entry| is_processor(&entry.file_name().to_string_lossy()))
        .filter_map(|entry| std::fs::read_to_string(entry.path().join("topology/thread_siblings_list")).ok())
        .collect();
    cores.sort_unstable();
    cores.dedup();
    (!cores.is_empty()).then_some(cores.len())
}

/// Whether a name is `cpu` and a number; `cpufreq` and others stand beside those.
fn is_processor(name: &str) -> bool {
    let number = name.strip_prefix("cpu");
    number.is_some_and(|number| !number.is_empty() && number.bytes().all(|digit| digit.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn siblings_should_count_as_one_core() {
        let folder = tempfile::tempdir().unwrap();
        for (name, siblings) in [
            ("cpu0", "0,4"),
            ("cpu1", "1,5"),
            ("cpu4", "0,4"),
            ("cpu5", "1,5"),
            ("cpufreq", "9"),
        ] {
            let topology = folder.path().join(name).join("topology");
            std::fs::create_dir_all(&topology).unwrap();
            std::fs::write(topology.join("thread_siblings_list"), siblings).unwrap();
        }
        std::fs::create_dir(folder.path().join("cpu6")).unwrap(); // switched off: it has no topology
        assert_eq!(cores_below(folder.path()), Some(2));
        assert_eq!(cores_below(&folder.path().join("nowhere")), None);
    }

    #[test]
    fn there_should_be_a_core_and_no_more_than_threads() {
        assert!((1..=max_threads()).contains(&physical_cores()));
    }

    #[test]
    fn numbers_out_of_range_should_be_refused() {
        for count in [0, max_threads() + 1] {
            assert!(
                matches!(set_threads(count), Err(ThreadsError::OutOfRange { .. })),
                "{count}"
            );
        }
    }
}
