//! Pieces that several networks are made of.

mod attention;
mod basic;
mod embeddings;
mod kv_cache;
mod resample;
mod resnet;

pub(super) use attention::{Attention, AttentionConfig, AttentionExtras};
pub(super) use basic::{Conv2d, GeGlu, Linear, full_precision, group_norm, layer_norm};
pub(super) use embeddings::{TimestepEmbedding, sinusoid};
pub use kv_cache::KvCache;
pub(super) use resample::{Downsample, Upsample};
pub(super) use resnet::{Resize, ResnetBlock, ResnetShape};
