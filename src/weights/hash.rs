//! A name for a model that depends on its weights alone.

use super::component::weight_files;
use super::{LoadError, ModelFiles};
use crate::formats::{FileHashes, file_hashes};
use sha2::{Digest as _, Sha256};
use std::path::Path;

/// A model's hash, 64 hexadecimal digits: of a model in one file the SHA-256 of that file, of several files the SHA-256
/// of theirs, one after the other as text in the order of the files' paths.
///
/// Those files count that [`component`](super::component) would open in the folder itself and in the folders directly
/// inside. Reads them all, which takes seconds for a large model, unless the cache knows them.
///
/// * `cache`: where hashes of files are kept, see [`file_hashes`]; `None` keeps none.
///
/// # Errors
/// [`LoadError::NoWeights`] if there are none, else if one cannot be read.
pub fn model_hash(files: &ModelFiles, cache: Option<&Path>) -> Result<String, LoadError> {
    let on_disk = |path: &Path| {
        Ok(match cache {
            Some(cache) => file_hashes(path, cache)?.sha256,
            None => FileHashes::of(path)?.sha256,
        })
    };
    if let ModelFiles::Single(single) = files {
        return on_disk(single.path());
    }
    let mut paths = weight_files(files, "")?;
    for folder in files.folders()? {
        paths.extend(weight_files(files, &folder)?);
    }
    paths.sort();
    let hashes = paths
        .iter()
        .map(|path| match files {
            ModelFiles::Embedded(_) => Ok(format!("{:x}", Sha256::digest(&*files.map(path)?))),
            _ => on_disk(&files.path(path)),
        })
        .collect::<Result<Vec<_>, LoadError>>()?;
    match hashes.as_slice() {
        [] => Err(LoadError::NoWeights {
            component: "the model".to_owned(),
            expected: "a folder with *.safetensors".to_owned(),
            path: files.path(""),
        }),
        [one] => Ok(one.clone()),
        several => Ok(format!("{:x}", Sha256::digest(several.concat()))),
    }
}
