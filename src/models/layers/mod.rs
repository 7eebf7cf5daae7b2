//! Pieces that several networks are made of.

mod attention;
mod basic;
mod embeddings;
mod resample;
mod resnet;

pub(super) use attention::{Attention, AttentionConfig};
pub(super) use basic::{Conv2d, GroupNorm, LayerNorm, Linear};
pub(super) use embeddings::{TimestepEmbedding, sinusoid};
pub(super) use resample::{Downsample, Upsample};
pub(super) use resnet::ResnetBlock;
