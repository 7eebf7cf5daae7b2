//! The heavy tensor operations, each one plain function.
//!
//! Networks call these instead of candle, so that how a convolution or an attention is computed can change without a
//! network knowing. Every function takes and returns [`candle_core::Tensor`]s, leaves its arguments alone, and is
//! defined by a formula in its documentation; f32 is the precision the others are measured against.
//!
//! On the CPU in f32 the operations that candle does in many passes run in one; everywhere else
//! plain candle operations serve. The one-pass versions keep no gradient.

mod activation;
mod attention;
mod conv;
mod cpu;
mod linear;
mod norm;
mod precision;
mod resample;
mod threads;

pub use activation::{geglu, gelu, quick_gelu, relu, sigmoid, silu};
pub use attention::{attention, attention_probabilities, merge_heads, softmax, split_heads};
pub use conv::{Padding, conv2d};
pub use linear::linear;
pub use norm::{group_norm, group_norm_silu, layer_norm};
pub use precision::{default_dtype, path_name, supports};
pub use resample::upsample_nearest;
pub use threads::{ThreadsError, max_threads, physical_cores, set_threads};
