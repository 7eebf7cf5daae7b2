//! Changes of a network's weights that come and go while it lives: LoRA and its kin.
//!
//! The network knows nothing of them. It is built from a [`candle_nn::VarBuilder`] whose backend adds the changes to
//! the tensors of the files, and the layers keep what they made of these in slots. Another set of changes means that
//! the slots whose tensors it touches are filled anew, through the same builder; the others stay as they are.

mod factors;
mod patchable;

pub use factors::{Factor, Factors, decomposed};
pub use patchable::{PatchableModel, WeightDelta, WeightPatch, WeightPatches};
