//! The contents of a file, without copying where that can be helped.

use std::fs::File;
use std::io;
use std::ops::Deref;
use std::path::Path;

/// The contents of a file.
#[derive(Debug)]
pub enum Bytes {
    /// Part of the program itself.
    Static(&'static [u8]),
    /// Read into memory.
    Owned(Vec<u8>),
    /// Mapped from disk: pages are read as they are touched.
    Mmap(memmap2::Mmap),
}

impl Bytes {
    /// Maps a file into memory.
    ///
    /// # Errors
    /// If the file cannot be opened or mapped.
    pub fn map(path: &Path) -> io::Result<Self> {
        let file = File::open(path)?;
        if !file.metadata()?.is_file() {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "not a regular file"));
        }
        #[expect(
            unsafe_code,
            reason = "mapping a file lets the system page in gigabytes of weights as they are used"
        )]
        // SAFETY: the map is only read, and only as plain bytes, for which every value is valid. Another program
        // that shortens the file meanwhile could fault us; weight files are replaced by renaming, not rewritten.
        let map = unsafe { memmap2::Mmap::map(&file)? };
        Ok(Self::Mmap(map))
    }
}

impl Deref for Bytes {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match self {
            Self::Static(bytes) => bytes,
            Self::Owned(bytes) => bytes,
            Self::Mmap(map) => map,
        }
    }
}
