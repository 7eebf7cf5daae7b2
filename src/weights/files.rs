//! A model in the diffusers layout, or in one file that is shown as if it were.

use super::{LoadError, SingleFile};
use crate::formats::{Bytes, FormatError};
use include_dir::Dir;
use serde::de::DeserializeOwned;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A model folder, on disk or embedded in the program, or a file that is shown as one. Paths inside it are written with
/// `/`.
#[derive(Debug, Clone)]
pub enum ModelFiles {
    /// On disk.
    Folder(PathBuf),
    /// Inside the program.
    Embedded(&'static Dir<'static>),
    /// All in one file.
    Single(Arc<SingleFile>),
}

impl ModelFiles {
    /// The folder or the file at `path`.
    ///
    /// # Errors
    /// [`LoadError::NoFolder`] if there is none; as [`SingleFile::open`] if it is a file.
    pub fn open(path: impl Into<PathBuf>) -> Result<Self, LoadError> {
        let path = path.into();
        if path.is_dir() {
            return Ok(Self::Folder(path));
        }
        if path.exists() {
            return Ok(Self::Single(Arc::new(SingleFile::open(path, None)?)));
        }
        Err(LoadError::NoFolder { path })
    }

    /// As [`open`](Self::open); if it is a file, what it lacks (configurations, tokenizers, other networks) is taken
    /// from `configs`, a model folder, or the folder of one network if the file is that network alone.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub fn open_with_configs(path: impl Into<PathBuf>, configs: &Path) -> Result<Self, LoadError> {
        let path = path.into();
        if !path.is_file() {
            return Self::open(path);
        }
        if !configs.is_dir() {
            let path = configs.to_owned();
            return Err(LoadError::NoFolder { path });
        }
        Ok(Self::Single(Arc::new(SingleFile::open(path, Some(configs))?)))
    }

    /// Where `file` is, for messages; an empty `file` gives the folder itself.
    pub fn path(&self, file: &str) -> PathBuf {
        let root = match self {
            Self::Folder(root) => root.clone(),
            Self::Embedded(root) => Path::new("built-in").join(root.path()),
            Self::Single(single) => return single.path_of(file),
        };
        if file.is_empty() { root } else { root.join(file) }
    }

    /// The folder's name for people.
    pub fn describe(&self) -> String {
        match self {
            Self::Folder(root) => root.display().to_string(),
            Self::Embedded(_) => "the built-in model".to_owned(),
            Self::Single(single) => single.path().display().to_string(),
        }
    }

    /// Whether there is a file of this name.
    pub fn exists(&self, file: &str) -> bool {
        match self {
            Self::Folder(root) => root.join(file).is_file(),
            Self::Embedded(root) => root.get_file(root.path().join(file)).is_some(),
            Self::Single(single) => single.has(file),
        }
    }

    /// The contents of a file, read into memory if it is on disk. For weights there is [`ModelFiles::map`].
    ///
    /// # Errors
    /// [`LoadError::MissingFile`] or [`FormatError::Read`].
    pub fn read(&self, file: &str) -> Result<Bytes, LoadError> {
        self.load(file, Bytes::read)
    }

    /// The contents of a file, mapped if it is on disk.
    ///
    /// # Errors
    /// [`LoadError::MissingFile`] or [`FormatError::Read`].
    pub fn map(&self, file: &str) -> Result<Bytes, LoadError> {
        self.load(file, Bytes::map)
    }

    fn load(&self, file: &str, open: impl Fn(&Path) -> std::io::Result<Bytes>) -> Result<Bytes, LoadError> {
        let missing = || LoadError::MissingFile {
            file: file.to_owned(),
            path: self.path(""),
        };
        match self {
            Self::Folder(root) => {
                let path = root.join(file);
                open(&path).map_err(|source| match source.kind() {
                    std::io::ErrorKind::NotFound => missing(),
                    _ => FormatError::Read { path, source }.into(),
                })
            }
            Self::Embedded(root) => root
                .get_file(root.path().join(file))
                .map(|entry| Bytes::Static(entry.contents()))
                .ok_or_else(missing),
            Self::Single(single) => single.read(file, open)?.ok_or_else(missing),
        }
    }

    /// A JSON file as a value of type `T`.
    ///
    /// # Errors
    /// [`LoadError::Json`] if it is not JSON or not a `T`, else as [`ModelFiles::read`].
    pub fn json<T: DeserializeOwned>(&self, file: &str) -> Result<T, LoadError> {
        let bytes = self.read(file)?;
        super::from_python_json(&bytes).map_err(|source| LoadError::Json {
            path: self.path(file),
            source,
        })
    }

    /// Names of the folders directly inside, sorted.
    ///
    /// # Errors
    /// [`FormatError::Read`] if the folder cannot be listed.
    pub fn folders(&self) -> Result<Vec<String>, LoadError> {
        let read_error = |source| FormatError::Read {
            path: self.path(""),
            source,
        };
        let mut names = Vec::new();
        match self {
            Self::Folder(root) => {
                for entry in std::fs::read_dir(root).map_err(read_error)? {
                    let path = entry.map_err(read_error)?.path();
                    if let (true, Some(name)) = (path.is_dir(), path.file_name().and_then(|name| name.to_str())) {
                        names.push(name.to_owned());
                    }
                }
            }
            Self::Embedded(root) => {
                let embedded = root.dirs().filter_map(|dir| dir.path().file_name()?.to_str());
                names.extend(embedded.map(str::to_owned));
            }
            Self::Single(single) => names.extend(single.parts().map(str::to_owned)),
        }
        names.sort();
        Ok(names)
    }
}
