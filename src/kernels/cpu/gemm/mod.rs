//! The matrix product behind linear maps and convolutions: C = A · B, finished in the registers.
//!
//! The usual division into blocks of M, N and K, as in BLIS:
//!
//! * A (M × K), the activations, is read where it lies, row by row ([`LhsView`]). A convolution is the same product with
//!   rows read at several shifts of the padded image, so nothing is unfolded.
//! * B (K × N), the weights, is packed once into panels of [`NR`] columns, padded to a multiple of [`K_STEP`] rows
//!   ([`PackedRhs`]).
//! * A [`MicroKernel`] computes an MR × NR tile of C over the whole of K. It is the only part that differs between
//!   processors.
//! * The post-operations of a layer (bias, activation, shortcut, rounding) run while a tile is in the first-level cache
//!   ([`Epilogue`]).
//! * `driver.rs` holds the loops over M and N and shares them out among threads.

#[cfg(target_arch = "x86_64")]
mod amx;
#[cfg(target_arch = "x86_64")]
mod avx512;
mod dispatch;
mod driver;
mod epilogue;
mod fma;
mod micro;
mod output;
mod pack;

pub(crate) use dispatch::{GemmElement, WithMicroKernel};
pub(crate) use driver::Gemm;
pub(crate) use epilogue::{Epilogue, RowMap};
pub(crate) use micro::{AccTile, K_STEP, LhsView, MAX_MR, MicroKernel, NR};
pub(crate) use output::OutputPtr;
pub(crate) use pack::{PackedRhs, TapOrder};
