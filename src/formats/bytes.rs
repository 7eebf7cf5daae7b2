//! The contents of a file: its header is looked at where it lies, what it holds is read piece by piece.

use std::borrow::Cow;
use std::fs::File;
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
    /// On disk.
    Mapped(MappedFile),
}

/// A file that is mapped: its pages are read as they are touched.
#[derive(Debug)]
pub struct MappedFile {
    map: memmap2::Mmap,
    file: File,
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
        // SAFETY: the map is only read, and only as plain bytes, for which every value is valid. A file that another
        // program shortens while its header is looked at could end this one; weight files are replaced by renaming, not
        // rewritten, and all else of them is read by `part`.
        let map = unsafe { memmap2::Mmap::map(&file)? };
        Ok(Self::Mapped(MappedFile { map, file }))
    }

    /// A part of the contents. Of a file on disk it is read here and now, so that one that has become shorter since it was
    /// opened is an error; to touch its map would end the program.
    ///
    /// # Errors
    /// If the file is shorter now, or cannot be read.
    ///
    /// # Panics
    /// If the part is not within the bytes that the file had when it was opened.
    pub fn part(&self, range: Range<usize>) -> io::Result<Cow<'_, [u8]>> {
        match self {
            #[cfg(unix)]
            Self::Mapped(MappedFile { map, file }) => {
                use std::os::unix::fs::FileExt as _;
                assert!(
                    range.start <= range.end && range.end <= map.len(),
                    "{range:?} of {}",
                    map.len()
                );
                let mut part = vec![0; range.len()];
                file.read_exact_at(&mut part, range.start as u64)?;
                Ok(Cow::Owned(part))
            }
            _ => Ok(Cow::Borrowed(&self[range])), // elsewhere a mapped file cannot be shortened
        }
    }
}

impl Deref for Bytes {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match self {
            Self::Static(bytes) => bytes,
            Self::Owned(bytes) => bytes,
            Self::Mapped(MappedFile { map, .. }) => map,
        }
    }
}
