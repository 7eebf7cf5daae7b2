//! The log in files: the newest lines in one, those before in a few more, none of them large.

use std::fs::{File, OpenOptions};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write};
use std::path::{Path, PathBuf};

use super::open_regular;

/// Longest file of the log, in bytes; then the next begins.
const MAX_BYTES: u64 = 1 << 20;
/// Older files that are kept beside the newest.
const NUM_OLDER: usize = 2;
/// How much of the newest file is looked at for its last lines, in bytes.
const TAIL_BYTES: u64 = 64 << 10;

/// The newest file of the log, to be written to.
#[derive(Debug)]
pub(super) struct LogFile {
    path: PathBuf,
    file: File,
    bytes: u64,
    max_bytes: u64,
}

impl LogFile {
    /// Goes on with the file, making its folder if needed.
    ///
    /// # Errors
    /// If the folder or the file cannot be written.
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        Self::open_up_to(path, MAX_BYTES)
    }

    fn open_up_to(path: &Path, max_bytes: u64) -> io::Result<Self> {
        if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
            std::fs::create_dir_all(folder)?;
        }
        let file = OpenOptions::new().create(true).append(true).open(path)?;
        Ok(Self {
            path: path.to_owned(),
            bytes: file.metadata()?.len(),
            file,
            max_bytes,
        })
    }

    /// `hareru.log` becomes `hareru.log.1`, that `hareru.log.2`, and the oldest goes.
    fn rotate(&mut self) -> io::Result<()> {
        for age in (1..NUM_OLDER).rev() {
            std::fs::rename(aged(&self.path, age), aged(&self.path, age + 1)).ok(); // it may not be there yet
        }
        std::fs::rename(&self.path, aged(&self.path, 1))?;
        *self = Self::open_up_to(&self.path, self.max_bytes)?;
        Ok(())
    }
}

impl Write for LogFile {
    /// Lines are never divided between two files.
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        if self.bytes > 0 && self.bytes + line.len() as u64 > self.max_bytes {
            self.rotate()?;
        }
        self.file.write_all(line)?;
        self.bytes += line.len() as u64;
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

fn aged(path: &Path, age: usize) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(format!(".{age}"));
    PathBuf::from(name)
}

/// The last lines of a log, the oldest first.
///
/// # Errors
/// If the file cannot be read; one that is not there has no lines.
pub fn log_tail(path: &Path, max_lines: usize) -> io::Result<Vec<String>> {
    let mut file = match open_regular(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let bytes = file.metadata()?.len();
    let start = bytes.saturating_sub(TAIL_BYTES);
    file.seek(SeekFrom::Start(start))?;
    let mut tail = Vec::new();
    file.take(TAIL_BYTES).read_to_end(&mut tail)?;
    let text = String::from_utf8_lossy(&tail);
    let is_cut = usize::from(start > 0); // the first line of a cut text is half a line
    let lines: Vec<&str> = text.lines().skip(is_cut).collect();
    let first = lines.len().saturating_sub(max_lines);
    Ok(lines[first..].iter().map(|line| (*line).to_owned()).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_should_go_on_in_a_new_file_and_keep_two_older_ones() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("logs/hareru.log");
        let mut log = LogFile::open_up_to(&path, 20).unwrap();
        for number in 0..8 {
            writeln!(log, "line number {number}").unwrap();
        }
        let text = |path: &Path| std::fs::read_to_string(path).unwrap();
        assert_eq!(text(&path), "line number 7\n");
        assert_eq!(text(&aged(&path, 1)), "line number 6\n");
        assert_eq!(text(&aged(&path, 2)), "line number 5\n");
        assert!(!aged(&path, 3).exists());
        drop(log);
        let mut log = LogFile::open_up_to(&path, 100).unwrap();
        writeln!(log, "again").unwrap();
        assert_eq!(log_tail(&path, 10).unwrap(), ["line number 7", "again"]);
        assert_eq!(log_tail(&path, 1).unwrap(), ["again"]);
    }

    #[test]
    fn the_tail_of_a_long_or_broken_log_should_be_whole_lines() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("hareru.log");
        assert_eq!(log_tail(&path, 5).unwrap(), [""; 0]);
        let line = "x".repeat(999) + "\n";
        std::fs::write(&path, line.repeat(200)).unwrap();
        let tail = log_tail(&path, 1000).unwrap();
        assert!(tail.len() > 50 && tail.iter().all(|line| line.len() == 999));
        std::fs::write(&path, b"\xff\xfe\0\nend\n").unwrap();
        assert_eq!(log_tail(&path, 1).unwrap(), ["end"]);
    }
}
