//! The operations on this machine's processor, in f32 and bf16, channels last.
//!
//! * [`path`]: which instructions there are. [`view`]: the numbers of a tensor.
//! * [`gemm`]: the matrix product of linear maps and convolutions, [`image`]: pictures laid out for it.
//! * [`flash`]: attention without a matrix of scores.
//! * [`norm`], [`element`]: the rest.
//!
//! Work is split over rayon's pool into tasks whose sizes depend on shapes and the number of threads alone, and every
//! number is summed in a fixed order, so that results repeat to the bit.

#![expect(
    unsafe_code,
    reason = "the processor's own instructions, and results written by many threads"
)]
#![expect(
    clippy::inline_always,
    reason = "what is not inlined into a path is not compiled for its instructions"
)]
#![expect(
    clippy::needless_range_loop,
    reason = "loops over lanes say which lanes belong together"
)]

#[cfg(target_arch = "x86_64")]
mod amx;
pub(crate) mod element;
pub(crate) mod flash;
pub(crate) mod gemm;
pub(crate) mod image;
pub(crate) mod norm;
mod path;
mod probabilities;
mod view;

pub(crate) use element::Element;
pub(crate) use gemm::GemmElement;
#[cfg(test)]
pub(crate) use path::VARIABLE;
pub(crate) use path::{Path, path, vectorised};
pub(crate) use probabilities::mean_probabilities;
pub(crate) use view::{View, channels_last, serves, to_f32s};
