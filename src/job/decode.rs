//! Latents that someone wants to see.

use std::path::PathBuf;
use std::sync::Arc;

use super::{LatentPlane, ModelRef, Precision, PreviewMode, Tiling};

/// Asks for the picture of latents, beside whatever runs.
#[derive(Debug, Clone, PartialEq)]
pub struct DecodeRequest {
    /// Comes back with the answer.
    pub ticket: u64,
    /// Whose latents they are.
    pub model: ModelRef,
    /// Another autoencoder than the model's own.
    pub vae: Option<PathBuf>,
    /// The number format to compute in.
    pub precision: Precision,
    /// How: [`PreviewMode::Auto`] is quick, [`PreviewMode::Vae`] exact.
    pub mode: PreviewMode,
    /// The edges that join, those of [`GenerateRequest::joined_edges`](super::GenerateRequest::joined_edges).
    pub tiling: Tiling,
    /// Clean latents in the scale the network sees.
    pub latents: Arc<LatentPlane>,
}
