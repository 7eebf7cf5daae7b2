//! Changes of a network's weights that come and go while it lives: LoRA and its kin.
//!
//! The network knows nothing of them. It is built from a [`candle_nn::VarBuilder`] whose backend adds the changes to
//! the tensors of the files, and a [`WeightBuilder`](super::WeightBuilder) around it collects how each layer loads its weights
//! again. Another set of changes loads those layers again whose tensors it touches; the others stay as they are.

mod factors;
mod patchable;

pub use factors::{Factor, Factors, decomposed};
pub use patchable::{PatchableModel, WeightDelta, WeightPatch, WeightPatches};
