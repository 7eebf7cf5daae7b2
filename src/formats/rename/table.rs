//! A table of names, and what the dialects make theirs with.

use crate::formats::tensor_file::TensorFile;
use std::collections::BTreeMap;

/// How a tensor of a file becomes one of a network.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TensorTransform {
    /// Only the name differs.
    None,
    /// Part `part` of `parts` equal ones along the first dimension: queries, keys and values in one.
    Part {
        /// From 0.
        part: usize,
        /// How many.
        parts: usize,
    },
    /// The two dimensions exchanged.
    Transpose,
    /// A 1×1 convolution as a linear map.
    Squeeze,
}

impl TensorTransform {
    /// The shape a tensor has afterwards; the same if the change does not fit it.
    pub fn shape(self, shape: &[usize]) -> Vec<usize> {
        match (self, shape) {
            (Self::Part { parts, .. }, [rows, rest @ ..]) => [&[rows / parts.max(1)], rest].concat(),
            (Self::Transpose, [rows, columns]) => vec![*columns, *rows],
            (Self::Squeeze, [rows, columns, 1, 1]) => vec![*rows, *columns],
            _ => shape.to_vec(),
        }
    }
}

/// Where a network's tensor comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TensorOrigin {
    /// Its name in the file.
    pub source: String,
    /// What must be done to it.
    pub transform: TensorTransform,
}

/// A table from a network's names to those of a file. What it does not list, the network does not have.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Renaming {
    table: BTreeMap<String, TensorOrigin>,
}

impl Renaming {
    /// Every tensor below `prefix` by what its name goes on with: for files whose names are the network's own.
    pub fn below(source: &dyn TensorFile, prefix: &str) -> Self {
        let mut renaming = Self::default();
        for (name, rest) in names_below(source, prefix) {
            renaming.add(rest, &name);
        }
        renaming
    }

    /// As this one, but reading the averages of the weights over the training where the file has them.
    ///
    /// `LitEma` of <https://github.com/CompVis/latent-diffusion> keeps them under the names of the parameters without
    /// their dots.
    #[must_use]
    pub fn with_averages(mut self, source: &dyn TensorFile) -> Self {
        for origin in self.table.values_mut() {
            let parameter = origin.source.strip_prefix("model.").unwrap_or(&origin.source);
            let average = format!("model_ema.{}", parameter.replace('.', ""));
            if source.contains(&average) {
                origin.source = average;
            }
        }
        self
    }

    /// Where a network's tensor comes from; `None` if the file does not have it.
    pub fn origin(&self, name: &str) -> Option<&TensorOrigin> {
        self.table.get(name)
    }

    /// The network's names, sorted.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.table.keys().map(String::as_str)
    }

    /// Whether the file has nothing of the network.
    pub fn is_empty(&self) -> bool {
        self.table.is_empty()
    }

    pub(super) fn add(&mut self, target: impl Into<String>, source: &str) {
        self.add_transformed(target, source, TensorTransform::None);
    }

    pub(super) fn add_transformed(&mut self, target: impl Into<String>, source: &str, transform: TensorTransform) {
        let source = source.to_owned();
        self.table.insert(target.into(), TensorOrigin { source, transform });
    }
}

/// The names that start with `prefix`, each with the rest of it.
pub(super) fn names_below<'a>(
    source: &dyn TensorFile,
    prefix: &'a str,
) -> impl Iterator<Item = (String, String)> + use<'a> {
    source.names().into_iter().filter_map(move |name| {
        let rest = name.strip_prefix(prefix)?.to_owned();
        Some((name, rest))
    })
}

/// The number a name starts with, and what follows its dot.
pub(super) fn split_number(name: &str) -> Option<(usize, &str)> {
    let (number, rest) = name.split_once('.')?;
    Some((number.parse().ok()?, rest))
}

/// `name` with the first of the beginnings it has replaced by the other one.
pub(super) fn replace_start(name: &str, table: &[(&str, &str)]) -> Option<String> {
    table
        .iter()
        .find_map(|(from, to)| Some(format!("{to}{}", name.strip_prefix(from)?)))
}
