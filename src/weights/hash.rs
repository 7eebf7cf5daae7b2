//! A name for a model that depends on its weights alone.

use super::Bytes;
use super::LoadError;
use super::ModelFiles;
use super::component::weight_files;
use sha2::Digest as _;
use sha2::Sha256;

/// SHA-256 over the bytes of every weight file, in the order of their paths, as 64 hexadecimal digits.
///
/// Those files count that [`component`](super::component) would open in the folder itself and in the folders directly
/// inside; of a model in one file, that file. Reads them all, which takes seconds for a large model: call it when a record needs it.
///
/// # Errors
/// [`LoadError::NoWeights`] if there are none, else if one cannot be read.
pub fn model_hash(files: &ModelFiles) -> Result<String, LoadError> {
    if let ModelFiles::Single(single) = files {
        let path = single.path().to_owned();
        let bytes = Bytes::map(&path).map_err(|source| LoadError::Read { path, source })?;
        return Ok(format!("{:x}", Sha256::digest(&*bytes)));
    }
    let mut paths = weight_files(files, "")?;
    for folder in files.folders()? {
        paths.extend(weight_files(files, &folder)?);
    }
    if paths.is_empty() {
        return Err(LoadError::NoWeights {
            component: "the model".to_owned(),
            expected: "a folder with *.safetensors".to_owned(),
            path: files.path(""),
        });
    }
    paths.sort();

    let mut hash = Sha256::new();
    for path in &paths {
        hash.update(&*files.map(path)?);
    }
    Ok(format!("{:x}", hash.finalize()))
}
