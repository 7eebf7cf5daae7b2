//! How a job is carried out and shown; none of this changes what the picture shows.

use super::Precision;

/// How the picture shown at each step is made from the latents.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PreviewMode {
    /// The model's tiny decoder if it has one, else the linear map.
    #[default]
    Auto,
    /// A linear map from latent channels to RGB, fitted to the model's VAE.
    Linear,
    /// The whole VAE: exact and slow.
    Vae,
    /// No previews.
    Off,
}

/// Whether large pictures go through the autoencoder in overlapping tiles: less memory, more time, small differences.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum VaeTiles {
    /// Where the whole does not fit into memory.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never, even if memory runs out.
    Never,
}

/// Whether a run begins as soon as its turn has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Start {
    /// It does.
    #[default]
    AtOnce,
    /// It waits before its first step until it is [resumed](super::JobControl::resume).
    Paused,
}

/// What accompanies a request without being part of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct JobOptions {
    /// How previews are made.
    pub preview: PreviewMode,
    /// Whether the job waits for a listener that is slow rather than leave out steps.
    pub keep_every_step: bool,
    /// Whether the run begins at once.
    pub start: Start,
    /// Whether each step keeps what the network said under each prompt alone.
    pub keep_branches: bool,
    /// Whether each step keeps where the network looked at which token.
    pub keep_attention: bool,
    /// The number format that the networks compute in.
    pub precision: Precision,
    /// Whether large pictures are encoded and decoded in tiles.
    pub vae_tiles: VaeTiles,
}
