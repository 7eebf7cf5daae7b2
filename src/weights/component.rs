//! The weights of one network, as its constructor asks for them.

use super::{LoadError, ModelFiles, TensorSource as _};
use crate::formats::{Renaming, TensorFile, TensorTransform, tensors_from};
use candle_core::{DType, Device, Shape, Tensor};
use candle_nn::var_builder::SimpleBackend;
use candle_nn::{Init, VarBuilder};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex};

/// Names a network's weights go by, in the order in which they are looked for.
const WEIGHT_FILES: [&str; 6] = [
    "diffusion_pytorch_model.safetensors",
    "model.safetensors",
    "diffusion_pytorch_model.fp16.safetensors",
    "model.fp16.safetensors",
    "diffusion_pytorch_model.bin",
    "pytorch_model.bin",
];

/// Names of the list of files that weights are split over.
const SHARD_LISTS: [&str; 8] = [
    "diffusion_pytorch_model.safetensors.index.json",
    "model.safetensors.index.json",
    "diffusion_pytorch_model.safetensors.index.fp16.json",
    "diffusion_pytorch_model.fp16.safetensors.index.json",
    "model.safetensors.index.fp16.json",
    "model.fp16.safetensors.index.json",
    "diffusion_pytorch_model.bin.index.json",
    "pytorch_model.bin.index.json",
];

/// The weights of a network, to be given to its constructor.
///
/// * `name`: the network's folder, e.g. `unet`; empty if `files` is the network's own folder.
/// * `dtype`: what the tensors are converted to.
///
/// A missing or misshapen tensor is found while the network is built; [`build`] keeps such an error as it is, while a
/// constructor called by hand returns it as a [`candle_core::Error`] with the same text.
///
/// # Errors
/// [`LoadError::NoWeights`] if the folder has none, else if a weight file cannot be read or is not valid.
pub fn component(
    files: &ModelFiles,
    name: &str,
    device: &Device,
    dtype: DType,
) -> Result<VarBuilder<'static>, LoadError> {
    let backend = Component::open(files, name)?;
    Ok(VarBuilder::from_backend(Box::new(backend), dtype, device.clone()))
}

/// Opens a network's weights and builds the network.
///
/// * `new`: the network's constructor.
///
/// # Errors
/// As [`component`]; [`LoadError::MissingTensor`] and [`LoadError::ShapeMismatch`] if the weights do not fit the
/// network, [`LoadError::Tensor`] if the constructor fails for another reason.
pub fn build<T>(
    files: &ModelFiles,
    name: &str,
    device: &Device,
    dtype: DType,
    new: impl FnOnce(VarBuilder<'static>) -> candle_core::Result<T>,
) -> Result<T, LoadError> {
    let backend = Component::open(files, name)?;
    let first_error = Arc::clone(&backend.first_error);
    new(VarBuilder::from_backend(Box::new(backend), dtype, device.clone())).map_err(|error| {
        let kept = crate::lock(&first_error).take();
        kept.unwrap_or_else(|| LoadError::from(error))
    })
}

/// The weight files of a network, inside the model folder; empty if there are none.
///
/// # Errors
/// If a list of shards is there but cannot be used.
pub(super) fn weight_files(files: &ModelFiles, name: &str) -> Result<Vec<String>, LoadError> {
    let inside = |file: &str| {
        if name.is_empty() {
            file.to_owned()
        } else {
            format!("{name}/{file}")
        }
    };
    if let Some(file) = WEIGHT_FILES
        .iter()
        .map(|file| inside(file))
        .find(|file| files.exists(file))
    {
        return Ok(vec![file]);
    }
    let Some(list) = SHARD_LISTS
        .iter()
        .map(|file| inside(file))
        .find(|file| files.exists(file))
    else {
        return Ok(Vec::new());
    };

    let mut shards: Vec<String> = files.json::<ShardList>(&list)?.weight_map.into_values().collect();
    shards.sort();
    shards.dedup();
    shards
        .into_iter()
        .map(|shard| {
            let is_plain_name = Path::new(&shard).file_name().is_some_and(|name| *name == *shard);
            if is_plain_name {
                Ok(inside(&shard))
            } else {
                let path = files.path(&list);
                Err(LoadError::BadShard { shard, path })
            }
        })
        .collect()
}

/// Which file each tensor is in, as `*.index.json` says.
#[derive(serde::Deserialize)]
struct ShardList {
    weight_map: BTreeMap<String, String>,
}

/// The open weight files of one network.
struct Component {
    name: String,
    shards: Vec<Arc<dyn TensorFile>>,
    /// From the network's names to those of the files; `None` if they are the same.
    renaming: Option<Renaming>,
    /// The first tensor that could not be had; candle's error type could carry only its text.
    first_error: Arc<Mutex<Option<LoadError>>>,
}

impl Component {
    fn open(files: &ModelFiles, name: &str) -> Result<Self, LoadError> {
        let shown_name = if name.is_empty() { "the network" } else { name };
        if let ModelFiles::Single(single) = files {
            if let Some((source, renaming)) = single.part(name) {
                return Ok(Self::new(shown_name, vec![source], Some(renaming)));
            }
            if name.is_empty() && single.parts().next().is_none() {
                // Something that goes by its own names, such as an adapter.
                return Ok(Self::new(shown_name, vec![Arc::clone(single.tensors())], None));
            }
            if let Some(folder) = single.configs() {
                return Self::open(&ModelFiles::Folder(folder.to_owned()), name);
            }
        }
        let names = weight_files(files, name)?;
        if names.is_empty() {
            return Err(LoadError::NoWeights {
                component: shown_name.to_owned(),
                expected: WEIGHT_FILES.join(", "),
                path: files.path(name),
            });
        }
        let shards = names
            .iter()
            .map(|file| Ok(tensors_from(files.map(file)?, files.path(file))?))
            .collect::<Result<_, LoadError>>()?;
        Ok(Self::new(shown_name, shards, None))
    }

    fn new(name: &str, shards: Vec<Arc<dyn TensorFile>>, renaming: Option<Renaming>) -> Self {
        Self {
            name: name.to_owned(),
            shards,
            renaming,
            first_error: Arc::default(),
        }
    }

    /// The file's name for a tensor, and what must be done to it; `None` if the file has none.
    fn origin<'a>(&'a self, name: &'a str) -> Option<(&'a str, TensorTransform)> {
        match &self.renaming {
            Some(renaming) => {
                let origin = renaming.origin(name)?;
                Some((&origin.source, origin.transform))
            }
            None => Some((name, TensorTransform::None)),
        }
    }

    fn find(&self, name: &str, expected: Option<&Shape>, dtype: DType, device: &Device) -> Result<Tensor, LoadError> {
        let (source, transform) = self.origin(name).ok_or_else(|| self.missing(name))?;
        let file = self.shards.iter().find(|file| file.contains(source));
        let file = file.ok_or_else(|| self.missing(name))?;
        let found = file.shape(source).map(|shape| transform.shape(shape));
        if let (Some(expected), Some(found)) = (expected, found)
            && without_last_ones(expected.dims()) != without_last_ones(&found)
        {
            return Err(LoadError::ShapeMismatch {
                component: self.name.clone(),
                name: name.to_owned(),
                expected: expected.dims().into(),
                found: found.into(),
                path: file.path().to_owned(),
            });
        }
        let tensor = file.tensor_as(source, dtype, device)?;
        let tensor = transformed(transform, &tensor.ok_or_else(|| self.missing(name))?)?;
        Ok(match expected {
            Some(expected) if expected != tensor.shape() => tensor.reshape(expected)?,
            _ => tensor,
        })
    }

    fn missing(&self, name: &str) -> LoadError {
        LoadError::MissingTensor {
            component: self.name.clone(),
            name: name.to_owned(),
            path: self
                .shards
                .first()
                .map(|file| file.path().to_owned())
                .unwrap_or_default(),
        }
    }

    /// Hands candle the text and keeps the error itself.
    fn keep(&self, error: LoadError) -> candle_core::Error {
        let text = error.to_string();
        let mut first = crate::lock(&self.first_error);
        first.get_or_insert(error);
        candle_core::Error::Msg(text)
    }
}

/// Carries out what a [`Renaming`] says must be done to a tensor of the file.
fn transformed(transform: TensorTransform, tensor: &Tensor) -> candle_core::Result<Tensor> {
    match transform {
        TensorTransform::Part { part, parts } if tensor.rank() > 0 => {
            let rows = tensor.dim(0)? / parts.max(1);
            // A copy, so that the other parts do not stay in memory with it.
            tensor.narrow(0, part * rows, rows)?.force_contiguous()
        }
        TensorTransform::Transpose if tensor.rank() == 2 => tensor.t()?.contiguous(),
        _ => tensor.reshape(transform.shape(tensor.dims())),
    }
}

impl SimpleBackend for Component {
    fn get(&self, s: Shape, name: &str, _: Init, dtype: DType, dev: &Device) -> candle_core::Result<Tensor> {
        let found = self.find(name, Some(&s), dtype, dev);
        found.map_err(|error| self.keep(error))
    }

    fn get_unchecked(&self, name: &str, dtype: DType, dev: &Device) -> candle_core::Result<Tensor> {
        let found = self.find(name, None, dtype, dev);
        found.map_err(|error| self.keep(error))
    }

    fn contains_tensor(&self, name: &str) -> bool {
        let origin = self.origin(name);
        origin.is_some_and(|(source, _)| self.shards.iter().any(|file| file.contains(source)))
    }
}

/// A 1×1 convolution and a linear map hold the same numbers, and some formats leave out dimensions of one.
fn without_last_ones(shape: &[usize]) -> &[usize] {
    let last = shape.iter().rposition(|size| *size != 1);
    &shape[..last.map_or(0, |last| last + 1)]
}
