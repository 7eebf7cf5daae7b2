//! How much memory there is.

/// What is assumed where the system does not say.
const ASSUMED_BYTES: u64 = 8 << 30;

/// Whether the computer can give so much without putting something else away, by the system's estimate.
pub(super) fn has_room(bytes: u64) -> bool {
    if available() >= bytes {
        return true;
    }
    // Freed blocks that were kept are as good as free.
    crate::ALLOCATOR.trim();
    available() >= bytes
}

fn available() -> u64 {
    let text = std::fs::read_to_string("/proc/meminfo").ok();
    text.and_then(|text| available_in(&text)).unwrap_or(ASSUMED_BYTES)
}

/// `MemAvailable` of Linux's `/proc/meminfo`, in bytes.
fn available_in(meminfo: &str) -> Option<u64> {
    let line = meminfo.lines().find_map(|line| line.strip_prefix("MemAvailable:"))?;
    let kibibytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    kibibytes.checked_mul(1 << 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn available_memory_should_be_read_where_the_system_says_it() {
        let text = "MemTotal:       24000000 kB\nMemFree:  5 kB\nMemAvailable:   12345678 kB\nBuffers: 1 kB\n";
        assert_eq!(available_in(text), Some(12_345_678 << 10));
        for unreadable in ["", "MemFree: 5 kB", "MemAvailable: many kB", "MemAvailable: 5"] {
            assert_eq!(available_in(unreadable), None, "{unreadable:?}");
        }
        assert!(has_room(1) && !has_room(u64::MAX));
    }
}
