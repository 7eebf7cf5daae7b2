//! Why an adapter could not be used.

use super::super::LoadError;
use std::path::PathBuf;

/// Why an adapter or an embedding could not be used with the model at hand. One line each, the file last.
#[derive(Debug, thiserror::Error)]
pub enum AdapterError {
    /// The file cannot be read.
    #[error(transparent)]
    File(#[from] LoadError),

    /// Nothing in the file is the change of a layer.
    #[error("expected an adapter (LoRA, LoCon, LoHa, LoKr, DoRA or differences), found {found}. File: {path}", path = path.display())]
    NoLayers {
        /// What there is instead, in words.
        found: String,
        /// The file.
        path: PathBuf,
    },

    /// The tensors of a layer contradict each other.
    #[error("adapter layer {layer:?} {problem}. File: {path}", path = path.display())]
    BadLayer {
        /// As the file calls it.
        layer: String,
        /// What is wrong with it.
        problem: String,
        /// The file.
        path: PathBuf,
    },

    /// The adapter is for another model: none of its layers is one of this model's.
    #[error("the adapter is for another family: of its {num_layers} layers, e.g. {example:?}, this model has none. File: {path}", path = path.display())]
    OtherFamily {
        /// Layers in the file.
        num_layers: usize,
        /// One of them.
        example: String,
        /// The file.
        path: PathBuf,
    },

    /// The adapter is for another model: a layer of this name has another shape.
    #[error("the adapter is for another family: layer {layer:?} changes {found} weights, expected {expected}. File: {path}", path = path.display())]
    OtherShape {
        /// As the file calls it.
        layer: String,
        /// Shape in the model, outputs × inputs.
        expected: String,
        /// Shape in the file.
        found: String,
        /// The file.
        path: PathBuf,
    },

    /// The weights for blocks are too few or too many.
    #[error("an adapter's block weights must be {expected} numbers for this model, found {found}. File: {path}", path = path.display())]
    BlockWeights {
        /// How many may be given.
        expected: String,
        /// How many were.
        found: usize,
        /// The adapter's file.
        path: PathBuf,
    },

    /// The file holds no embedding.
    #[error("expected an embedding (emb_params, clip_l and clip_g, or tensors named by their words), found {found}. File: {path}", path = path.display())]
    NoEmbedding {
        /// What there is instead, in words.
        found: String,
        /// The file.
        path: PathBuf,
    },

    /// An embedding is for text encoders of another width.
    #[error("the embedding is for another family: {name:?} has width {found}, expected {expected}. File: {path}", path = path.display())]
    OtherWidth {
        /// Name of the tensor.
        name: String,
        /// Widths of the model's text encoders.
        expected: String,
        /// Width of the tensor.
        found: usize,
        /// The file.
        path: PathBuf,
    },

    /// Two embeddings claim one word.
    #[error("the word {word:?} is taken by another embedding. File: {path}", path = path.display())]
    WordTaken {
        /// The word.
        word: String,
        /// The second embedding's file.
        path: PathBuf,
    },
}
