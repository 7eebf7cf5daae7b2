//! Wishes about how a job is shown, which do not change the picture.

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

/// What accompanies a request without being part of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct JobOptions {
    /// How previews are made.
    pub preview: PreviewMode,
    /// Whether the job waits for a listener that is slow rather than leave out steps.
    pub keep_every_step: bool,
}
