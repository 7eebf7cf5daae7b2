//! The heavy tensor operations, each one plain function.
//!
//! Networks call these instead of candle, so that how a convolution or an attention is computed can change without a
//! network knowing. Every function takes and returns [`candle_core::Tensor`]s, leaves its arguments alone, and is
//! defined by a formula in its documentation; f32 is the precision the others are measured against.
//!
//! On the processor, f32 and bf16 have kernels of their own: weights are laid out once ([`LinearWeights`],
//! [`ConvWeights`]), feature maps lie channels last behind their usual `(batch, channels, height, width)` view, and what
//! a layer does before and after its product is done on the way ([`PreOps`], [`PostOps`]). Which instructions are used
//! is decided when the program runs ([`path_name`]). Everywhere else plain candle operations serve. The kernels keep
//! no gradient; tensors that want one take the plain way.

mod activation;
mod arena;
mod attention;
mod conv;
mod cpu;
mod linear;
mod norm;
mod padding;
mod post_ops;
mod precision;
mod resample;
mod threads;
pub mod trace;
mod weight_storage;

pub use activation::{Activation, geglu, gelu, quick_gelu, relu, sigmoid, silu};
pub use arena::Arena;
pub use attention::{
    attention, attention_probabilities, masked_attention, mean_attention_probabilities, merge_heads, softmax,
    split_heads,
};
pub use conv::{ConvWeights, PreOps, conv2d};
pub use linear::{LinearWeights, linear, linear_geglu};
pub use norm::{GroupNorm, LayerNorm};
pub use padding::{Padding, Wrap};
pub use post_ops::PostOps;
pub use precision::{cast_input, default_dtype, path_name, precise_dtype, supports, upcast_dtype};
pub use resample::{resize_bicubic, upsample_nearest};
pub use threads::{ThreadsError, max_threads, physical_cores, set_threads};

#[cfg(test)]
mod tests;
