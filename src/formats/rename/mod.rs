//! From the names a file uses to those a network asks for: one table for each dialect, each in its own file.

mod clip;
mod controlnet;
mod open_clip;
mod unet;
mod upscaler;
mod vae;

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

    /// A U-Net in the layout of `CompVis` and SGM.
    ///
    /// * `prefix`: before `input_blocks.`, e.g. `model.diffusion_model.`.
    pub fn ldm_unet(source: &dyn TensorFile, prefix: &str) -> Self {
        unet::renaming(source, prefix)
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

    /// An autoencoder in the layout of `CompVis`.
    ///
    /// * `prefix`: before `encoder.`, e.g. `first_stage_model.`.
    pub fn ldm_vae(source: &dyn TensorFile, prefix: &str) -> Self {
        vae::renaming(source, prefix)
    }

    /// A text tower as `transformers` names it, with or without `text_model.`.
    ///
    /// * `prefix`: before that, e.g. `cond_stage_model.transformer.`.
    pub fn clip(source: &dyn TensorFile, prefix: &str) -> Self {
        clip::renaming(source, prefix)
    }

    /// A text tower as OpenCLIP names it.
    ///
    /// * `prefix`: before `transformer.resblocks.`, e.g. `cond_stage_model.model.`.
    pub fn open_clip(source: &dyn TensorFile, prefix: &str) -> Self {
        open_clip::renaming(source, prefix)
    }

    /// A `ControlNet` in its original layout.
    ///
    /// * `prefix`: before `input_hint_block.`: `control_model.` or nothing.
    pub fn controlnet(source: &dyn TensorFile, prefix: &str) -> Self {
        controlnet::renaming(source, prefix)
    }

    /// A network that enlarges pictures.
    ///
    /// * `prefix`: before all names: `params_ema.`, `params.` or nothing.
    pub fn upscaler(source: &dyn TensorFile, prefix: &str) -> Self {
        upscaler::renaming(source, prefix)
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

    fn add(&mut self, target: impl Into<String>, source: &str) {
        self.add_transformed(target, source, TensorTransform::None);
    }

    fn add_transformed(&mut self, target: impl Into<String>, source: &str, transform: TensorTransform) {
        let source = source.to_owned();
        self.table.insert(target.into(), TensorOrigin { source, transform });
    }
}

/// The names that start with `prefix`, each with the rest of it.
fn names_below<'a>(source: &dyn TensorFile, prefix: &'a str) -> impl Iterator<Item = (String, String)> + use<'a> {
    source.names().into_iter().filter_map(move |name| {
        let rest = name.strip_prefix(prefix)?.to_owned();
        Some((name, rest))
    })
}

/// The number a name starts with, and what follows its dot.
fn split_number(name: &str) -> Option<(usize, &str)> {
    let (number, rest) = name.split_once('.')?;
    Some((number.parse().ok()?, rest))
}

/// `name` with the first of the beginnings it has replaced by the other one.
fn replace_start(name: &str, table: &[(&str, &str)]) -> Option<String> {
    table
        .iter()
        .find_map(|(from, to)| Some(format!("{to}{}", name.strip_prefix(from)?)))
}
