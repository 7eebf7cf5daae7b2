//! Files that appear whole or not at all.

use std::ffi::OsStr;
use std::fs::File;
#[cfg(unix)]
use std::fs::Permissions;
use std::io::{self, Write as _};
use std::path::Path;

use tempfile::{NamedTempFile, TempPath};

/// What temporary names begin with.
const PREFIX: &str = ".hareru-";
/// What temporary names end with.
const SUFFIX: &str = ".part";
/// Random letters and digits between the two.
const NUM_RANDOM: usize = 6;

/// A file being written under a temporary name in the folder where it will appear. Until then nobody but the user may
/// read it; then whoever may read a new file there.
///
/// Dropped before it is published, it leaves nothing behind.
#[derive(Debug)]
pub struct PendingFile {
    file: NamedTempFile,
    /// What it will have when it is published.
    #[cfg(unix)]
    permissions: Permissions,
}

impl PendingFile {
    /// Starts a file in `folder`, which must exist.
    ///
    /// # Errors
    /// If the folder cannot be written to.
    pub fn create(folder: &Path) -> io::Result<Self> {
        let folder = folder_or_here(folder);
        let builder = || {
            let mut builder = tempfile::Builder::new();
            builder.prefix(PREFIX).suffix(SUFFIX).rand_bytes(NUM_RANDOM);
            builder
        };
        Ok(Self {
            // What a new file has is up to the user's mask and to the folder's lists: an empty one shows it.
            #[cfg(unix)]
            permissions: {
                use std::os::unix::fs::PermissionsExt as _;
                let new = builder()
                    .permissions(Permissions::from_mode(0o666))
                    .tempfile_in(folder)?;
                new.as_file().metadata()?.permissions()
            },
            file: builder().tempfile_in(folder)?, // for the user alone
        })
    }

    /// Makes the content durable, and readable for those who may read it.
    fn finish(&self) -> io::Result<()> {
        #[cfg(unix)]
        self.file.as_file().set_permissions(self.permissions.clone())?;
        self.file.as_file().sync_all()
    }

    /// Writes a whole file at once, making its folder if needed; what has the name stays until all is written.
    ///
    /// # Errors
    /// If the folder or the file cannot be written.
    pub fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
        let folder = path.parent().unwrap_or_else(|| Path::new(""));
        if !folder.as_os_str().is_empty() {
            std::fs::create_dir_all(folder)?;
        }
        let mut pending = Self::create(folder)?;
        pending.file().write_all(bytes)?;
        pending.publish(path)
    }

    /// Whether a file may be one that was never published, by its name.
    pub fn is_its_name(name: &OsStr) -> bool {
        name.to_str()
            .and_then(|name| name.strip_prefix(PREFIX)?.strip_suffix(SUFFIX))
            .is_some_and(|random| random.len() == NUM_RANDOM && random.bytes().all(|byte| byte.is_ascii_alphanumeric()))
    }

    /// The open file.
    pub fn file(&mut self) -> &mut File {
        self.file.as_file_mut()
    }

    /// Its temporary name, for writers that insist on opening the file themselves.
    pub fn path(&self) -> &Path {
        self.file.path()
    }

    /// Makes the content durable, then gives the file its name, replacing what has that name.
    ///
    /// # Errors
    /// If the content cannot be made durable or the file cannot be renamed.
    pub fn publish(self, path: &Path) -> io::Result<()> {
        self.finish()?;
        self.file.persist(path).map_err(|error| error.error)?;
        sync_folder_of(path);
        Ok(())
    }

    /// As [`Self::publish`], but gives the file back if the name is taken.
    ///
    /// # Errors
    /// [`PublishError`]: the name is taken, or as for [`Self::publish`].
    pub fn publish_new(self, path: &Path) -> Result<(), PublishError> {
        self.finish().map_err(PublishError::Io)?;
        match self.file.persist_noclobber(path) {
            Ok(_) => {
                sync_folder_of(path);
                Ok(())
            }
            Err(error) if error.error.kind() == io::ErrorKind::AlreadyExists => Err(PublishError::NameTaken(Self {
                file: error.file,
                ..self
            })),
            Err(error) => Err(PublishError::Io(error.error)),
        }
    }
}

/// Why [`PendingFile::publish_new`] did not publish.
#[derive(Debug)]
pub enum PublishError {
    /// Another file has the name; here is the file back.
    NameTaken(PendingFile),
    /// The disk or the system refused.
    Io(io::Error),
}

/// Moves a file, unless something has the name it is to get. Both names must be on one disk.
///
/// # Errors
/// [`io::ErrorKind::AlreadyExists`] if the name is taken; otherwise what the system says. The file is where it was.
pub fn move_new(from: &Path, to: &Path) -> io::Result<()> {
    std::fs::symlink_metadata(from)?; // else it may be the other name that is said to be missing
    let Err(error) = TempPath::try_from_path(from)?.persist_noclobber(to) else {
        return Ok(());
    };
    error.path.keep().ok(); // it can only fail where files are marked as temporary
    let is_taken = to.symlink_metadata().is_ok();
    match error.error {
        error if is_taken || matches!(error.kind(), io::ErrorKind::AlreadyExists | io::ErrorKind::NotFound) => {
            Err(error)
        }
        _unknown_there => std::fs::rename(from, to), // some file systems know no such move, nor second names
    }
}

/// The parent of a bare file name is the empty path, which stands for the working folder.
fn folder_or_here(folder: &Path) -> &Path {
    if folder.as_os_str().is_empty() {
        Path::new(".")
    } else {
        folder
    }
}

/// Makes the new name durable. Some file systems cannot sync a folder; the content is safe all the same.
fn sync_folder_of(path: &Path) {
    if cfg!(unix)
        && let Some(folder) = path.parent()
        && let Err(error) = File::open(folder_or_here(folder)).and_then(|folder| folder.sync_all())
    {
        tracing::debug!("could not sync the folder of a new file: {error}: {}", path.display());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moved_file_should_take_the_place_of_none_and_never_be_lost() {
        let folder = tempfile::tempdir().unwrap();
        let [from, taken, free] = ["from", "taken", "free"].map(|name| folder.path().join(name));
        std::fs::write(&from, "mine").unwrap();
        std::fs::write(&taken, "another's").unwrap();
        let error = move_new(&from, &taken).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::AlreadyExists);
        assert_eq!(std::fs::read(&taken).unwrap(), b"another's");
        assert_eq!(std::fs::read(&from).unwrap(), b"mine");
        move_new(&from, &folder.path().join("missing/free")).unwrap_err();
        assert_eq!(std::fs::read(&from).unwrap(), b"mine");
        move_new(&from, &free).unwrap();
        assert_eq!(std::fs::read(&free).unwrap(), b"mine");
        assert!(!from.exists());
        assert_eq!(move_new(&from, &free).unwrap_err().kind(), io::ErrorKind::NotFound);
    }

    #[test]
    fn a_dropped_file_should_leave_nothing_behind() {
        let folder = tempfile::tempdir().unwrap();
        let mut pending = PendingFile::create(folder.path()).unwrap();
        pending.file().write_all(b"half").unwrap();
        drop(pending);
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    #[cfg(unix)]
    #[test]
    fn a_file_should_be_private_until_it_is_published_and_then_as_any_new_one() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let mode = |path: &Path| path.metadata().unwrap().permissions().mode() & 0o7777;
        let plain = folder.path().join("plain");
        std::fs::write(&plain, "").unwrap();
        for (name, is_new) in [("a", false), ("b", true)] {
            let mut pending = PendingFile::create(folder.path()).unwrap();
            pending.file().write_all(b"all").unwrap();
            assert_eq!(mode(pending.path()), 0o600, "{name} while it is pending");
            let path = folder.path().join(name);
            if is_new {
                pending.publish_new(&path).unwrap();
            } else {
                pending.publish(&path).unwrap();
            }
            assert_eq!(mode(&path), mode(&plain), "{name} when it is published");
        }
        assert_eq!(
            std::fs::read_dir(folder.path()).unwrap().count(),
            3,
            "and nothing else is left"
        );
    }

    #[test]
    fn a_temporary_name_should_be_known_as_one() {
        let folder = tempfile::tempdir().unwrap();
        let pending = PendingFile::create(folder.path()).unwrap();
        assert!(PendingFile::is_its_name(pending.path().file_name().unwrap()));
        for other in [
            "",
            ".hareru-.part",
            ".hareru-notes.part",
            ".hareru-ab/def.part",
            "a.part",
        ] {
            assert!(!PendingFile::is_its_name(OsStr::new(other)), "{other}");
        }
    }

    #[test]
    fn publish_new_should_give_the_file_back_when_the_name_is_taken() {
        let folder = tempfile::tempdir().unwrap();
        let taken = folder.path().join("taken");
        std::fs::write(&taken, "first").unwrap();

        let mut pending = PendingFile::create(folder.path()).unwrap();
        pending.file().write_all(b"second").unwrap();
        let Err(PublishError::NameTaken(pending)) = pending.publish_new(&taken) else {
            panic!("the name was not free");
        };
        pending.publish_new(&folder.path().join("free")).unwrap();

        assert_eq!(std::fs::read(&taken).unwrap(), b"first");
        assert_eq!(std::fs::read(folder.path().join("free")).unwrap(), b"second");
    }
}
