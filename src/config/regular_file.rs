//! Reading files whose names come from elsewhere: a named pipe would wait for ever, a device would act.

use std::fs::{File, FileType, Metadata};
use std::io::{self, Read as _};
use std::path::Path;

/// The most that a small file of the program's own may have, such as the settings or the plan of a download; they are
/// kilobytes.
pub const MAX_OWN_FILE_BYTES: u64 = 16 << 20;

/// Opens a file for reading, if it is one; links to files are followed.
///
/// # Errors
/// [`io::ErrorKind::InvalidInput`] for a folder, a named pipe, a socket or a device, none of which is waited for;
/// otherwise what the system says.
pub fn open_regular(path: &Path) -> io::Result<File> {
    // Before it is opened, as some devices act on that, and after, as it may be another one by then.
    check(&std::fs::metadata(path)?)?;
    let mut options = File::options();
    options.read(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        options.custom_flags(libc::O_NONBLOCK);
    }
    let file = options.open(path)?;
    check(&file.metadata()?)?;
    Ok(file)
}

/// The whole contents of a file, opened as by [`open_regular`].
///
/// * `max_bytes`: of a larger one nothing is read.
///
/// # Errors
/// As for [`open_regular`]; [`io::ErrorKind::FileTooLarge`] if it has more than `max_bytes`.
pub fn read_regular(path: &Path, max_bytes: u64) -> io::Result<Vec<u8>> {
    let file = open_regular(path)?;
    let too_large = |found: u64| {
        let words = format!("expected at most {max_bytes} bytes, found {found}");
        Err(io::Error::new(io::ErrorKind::FileTooLarge, words))
    };
    let expected = file.metadata()?.len();
    if expected > max_bytes {
        return too_large(expected);
    }
    let mut bytes = Vec::new();
    // It may have grown since.
    file.take(max_bytes.saturating_add(1)).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > max_bytes {
        return too_large(bytes.len() as u64);
    }
    Ok(bytes)
}

/// Opens a file for reading and writing, and makes it if it is not there. What has its name and is no file, such as a link,
/// is removed and never followed.
///
/// # Errors
/// What the system says.
pub fn open_or_make(path: &Path) -> io::Result<File> {
    if path.symlink_metadata().is_ok_and(|metadata| !metadata.is_file()) {
        std::fs::remove_file(path)?;
    }
    let mut options = File::options();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        options.custom_flags(libc::O_NOFOLLOW | libc::O_NONBLOCK);
    }
    options.open(path)
}

/// Makes a folder, and as many above it as are to be real ones, unless they are there. What is above these must exist.
///
/// * `depth`: of how many parts at the end of `path` none may be a link, as in a folder that strangers may have prepared.
///
/// # Errors
/// [`io::ErrorKind::InvalidInput`] for a link, whose target is not the folder it seems to be, and for what is no folder;
/// otherwise what the system says.
pub fn make_real_folders(path: &Path, depth: usize) -> io::Result<()> {
    let parts: Vec<&Path> = path.ancestors().take(depth).collect();
    for part in parts.into_iter().rev() {
        match std::fs::create_dir(part) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            made => {
                made?;
                continue;
            }
        }
        let kind = std::fs::symlink_metadata(part)?.file_type();
        if !kind.is_dir() {
            let found = if kind.is_file() { "a file" } else { kind_name(kind) };
            let words = format!("expected a folder, found {found}");
            return Err(io::Error::new(io::ErrorKind::InvalidInput, words));
        }
    }
    Ok(())
}

/// Whether there is a folder that is not a link to one.
pub fn is_real_folder(path: &Path) -> bool {
    path.symlink_metadata().is_ok_and(|metadata| metadata.is_dir())
}

fn check(metadata: &Metadata) -> io::Result<()> {
    if metadata.is_file() {
        return Ok(());
    }
    let words = format!("expected a file, found {}", kind_name(metadata.file_type()));
    Err(io::Error::new(io::ErrorKind::InvalidInput, words))
}

fn kind_name(kind: FileType) -> &'static str {
    if kind.is_dir() {
        return "a folder";
    }
    if kind.is_symlink() {
        return "a link";
    }
    #[cfg(unix)]
    {
        use std::os::unix::fs::FileTypeExt as _;
        if kind.is_fifo() {
            return "a named pipe";
        }
        if kind.is_socket() {
            return "a socket";
        }
    }
    "a device"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_should_be_read_up_to_its_limit_only() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.json");
        std::fs::write(&path, "12345").unwrap();
        assert_eq!(read_regular(&path, 5).unwrap(), b"12345");
        let error = read_regular(&path, 4).unwrap_err();
        assert_eq!(error.to_string(), "expected at most 4 bytes, found 5");
        let error = read_regular(&folder.path().join("missing"), 4).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::NotFound);
    }

    #[cfg(unix)]
    #[test]
    fn what_is_no_file_should_be_named_without_waiting_for_it() {
        let folder = tempfile::tempdir().unwrap();
        let pipe = folder.path().join("pipe");
        make_pipe(&pipe);
        let link = folder.path().join("link");
        std::os::unix::fs::symlink(&pipe, &link).unwrap();
        let socket = folder.path().join("socket");
        let _listener = std::os::unix::net::UnixListener::bind(&socket).unwrap();
        for (path, found) in [
            (pipe.as_path(), "a named pipe"),
            (&link, "a named pipe"),
            (&socket, "a socket"),
            (folder.path(), "a folder"),
            (Path::new("/dev/zero"), "a device"),
        ] {
            let error = open_regular(path).unwrap_err();
            assert_eq!(
                error.to_string(),
                format!("expected a file, found {found}"),
                "{}",
                path.display()
            );
        }
    }

    #[cfg(unix)]
    #[test]
    fn what_is_written_should_be_made_in_the_place_of_a_link_and_not_through_it() {
        let folder = tempfile::tempdir().unwrap();
        let elsewhere = folder.path().join("elsewhere");
        std::fs::write(&elsewhere, "kept").unwrap();
        for (name, target) in [
            ("to a file", &elsewhere),
            ("to nothing", &folder.path().join("missing")),
        ] {
            let link = folder.path().join(name);
            std::os::unix::fs::symlink(target, &link).unwrap();
            let file = open_or_make(&link).unwrap();
            file.set_len(7).unwrap();
            assert!(link.symlink_metadata().unwrap().is_file(), "{name}");
        }
        let pipe = folder.path().join("pipe");
        make_pipe(&pipe);
        assert_eq!(open_or_make(&pipe).unwrap().metadata().unwrap().len(), 0);
        assert_eq!(std::fs::read_to_string(&elsewhere).unwrap(), "kept");
        assert!(!folder.path().join("missing").exists());
    }

    #[cfg(unix)]
    fn make_pipe(path: &Path) {
        let made = std::process::Command::new("mkfifo").arg(path).status().unwrap();
        assert!(made.success(), "mkfifo {}", path.display());
    }
}
