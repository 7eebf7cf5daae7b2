//! The contents of a file, without copying where that can be helped.

use std::io::{self, Read as _};
use std::ops::Deref;
use std::ops::Range;
use std::path::Path;

use crate::config::open_regular;

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
    /// Reads a file into memory.
    ///
    /// # Errors
    /// If it is no file, or cannot be read.
    pub fn read(path: &Path) -> io::Result<Self> {
        let mut bytes = Vec::new();
        open_regular(path)?.read_to_end(&mut bytes)?;
        Ok(Self::Owned(bytes))
    }

    /// Maps a file into memory.
    ///
    /// # Errors
    /// If the file cannot be opened or mapped.
    pub fn map(path: &Path) -> io::Result<Self> {
        let file = open_regular(path)?;
        #[expect(
            unsafe_code,
            reason = "mapping a file lets the system page in gigabytes of weights as they are used"
        )]
        // SAFETY: the map is only read, and only as plain bytes, for which every value is valid. Another program
        // that shortens the file meanwhile could fault us; weight files are replaced by renaming, not rewritten.
        let map = unsafe { memmap2::Mmap::map(&file)? };
        Ok(Self::Mmap(map))
    }

    /// Advises the system that this part will hardly be read again, so that weights do not lie in memory twice: once as
    /// the file's pages and once in the form that is computed with. Reading it again is possible, and right.
    pub fn let_go(&self, range: Range<usize>) {
        #[cfg(unix)]
        if let Self::Mmap(map) = self
            && !range.is_empty()
        {
            #[expect(unsafe_code, reason = "the system's advice on mapped pages")]
            // SAFETY: the map is of a file and never written, so pages that are dropped come back as they were.
            let advised =
                unsafe { map.unchecked_advise_range(memmap2::UncheckedAdvice::DontNeed, range.start, range.len()) };
            if let Err(error) = advised {
                tracing::debug!("the system keeps the pages of a weight file: {error}");
            }
        }
        #[cfg(not(unix))]
        let _unused = range;
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
