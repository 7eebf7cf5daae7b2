//! Words of one's own: rows for the text encoders' tables of embeddings.

use super::AdapterError;
use crate::formats::open_tensors;
use crate::weights::{LoadError, TensorSource as _};
use candle_core::{DType, Device, Tensor};
use std::path::Path;

/// The text encoder that rows are meant for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EncoderTarget {
    /// The only one, or whichever has their width.
    Any,
    /// The first of two.
    First,
    /// The second.
    Second,
}

/// One word and what it stands for in one text encoder.
#[derive(Debug, Clone)]
pub struct LearnedWord {
    /// What is written in prompts.
    pub word: String,
    /// Whom it is for.
    pub tower: EncoderTarget,
    /// Name of the tensor in the file.
    pub name: String,
    /// `(vectors, width)` in f32: as many tokens as vectors.
    pub rows: Tensor,
}

/// A file of textual inversion.
///
/// Source: <https://arxiv.org/abs/2208.01618>
#[derive(Debug)]
pub struct EmbeddingFile {
    /// Its words, at least one.
    pub words: Vec<LearnedWord>,
}

impl EmbeddingFile {
    /// Reads a file in one of the usual layouts: `emb_params` (the word is the file's name), `clip_l` and `clip_g`
    /// (the same, for two text encoders), or tensors that bear the names of their words.
    ///
    /// # Errors
    /// [`AdapterError::File`] if it cannot be read, [`AdapterError::NoEmbedding`] if it is something else.
    pub fn open(path: &Path) -> Result<Self, AdapterError> {
        let file = open_tensors(path).map_err(LoadError::from)?;
        let mut tensors = Vec::new();
        for name in file.names() {
            let is_table = file.shape(&name).is_some_and(|shape| matches!(shape.len(), 1 | 2));
            if is_table && let Some(tensor) = file.tensor_as(&name, DType::F32, &Device::Cpu)? {
                tensors.push((name, tensor));
            }
        }
        Self::from_tensors(tensors, path)
    }

    /// As [`EmbeddingFile::open`], from tensors that were read elsewhere.
    ///
    /// * `tensors`: `(vectors, width)` or `(width)`, by name; `string_to_param.*` is A1111's pickled name for the file's
    ///   word.
    ///
    /// # Errors
    /// [`AdapterError::NoEmbedding`] if there is none, or one holds something that is no number.
    pub fn from_tensors(tensors: Vec<(String, Tensor)>, path: &Path) -> Result<Self, AdapterError> {
        let none = |found: String| AdapterError::NoEmbedding {
            found,
            path: path.to_owned(),
        };
        let stem = path.file_stem().map(|stem| stem.to_string_lossy().into_owned());
        let stem = stem.unwrap_or_default();
        let mut words = Vec::new();
        for (name, tensor) in tensors {
            let (word, tower) = match name.as_str() {
                "emb_params" => (stem.clone(), EncoderTarget::Any),
                "clip_l" => (stem.clone(), EncoderTarget::First),
                "clip_g" => (stem.clone(), EncoderTarget::Second),
                name if name.rsplit('.').next() == Some("*") => (stem.clone(), EncoderTarget::Any),
                name => (name.to_owned(), EncoderTarget::Any),
            };
            let rows = match tensor.rank() {
                1 => tensor.unsqueeze(0),
                _ => Ok(tensor),
            };
            let rows = rows.and_then(|rows| rows.to_dtype(DType::F32));
            let rows = rows.map_err(LoadError::from)?;
            if rows.rank() != 2 || rows.elem_count() == 0 || word.trim().is_empty() {
                return Err(none(format!("{name:?} of shape {:?}", rows.dims())));
            }
            let sum = rows.sum_all().and_then(|sum| sum.to_scalar::<f32>());
            if !sum.map_err(LoadError::from)?.is_finite() {
                return Err(none(format!("numbers in {name:?} that are not finite")));
            }
            words.push(LearnedWord {
                word: word.trim().to_owned(),
                tower,
                name,
                rows,
            });
        }
        if words.is_empty() {
            return Err(none("no table of numbers".to_owned()));
        }
        Ok(Self { words })
    }
}
