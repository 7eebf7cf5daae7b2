//! Latents as plain numbers.

/// One picture's latents: `channels · height · width` values, channel by channel, each row by row.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct LatentPlane {
    /// Number of channels, 4 for Stable Diffusion 1 and 2.
    pub channels: usize,
    /// Rows; the picture's height over the VAE's factor.
    pub height: usize,
    /// Columns; the picture's width over the VAE's factor.
    pub width: usize,
    /// The values, in the scale the network sees.
    pub values: Vec<f32>,
}

/// How a latent looks without a decoder: red, green and blue as a linear map of its channels, fitted to the model's
/// autoencoder.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct LatentColours {
    /// For red, green and blue in turn: one weight for each channel.
    pub weights: Vec<Vec<f32>>,
    /// Added to red, green and blue.
    pub bias: [f32; 3],
}

impl LatentColours {
    /// The colour of one place, each part from −1 (dark) to 1 (bright), not clamped.
    ///
    /// * `channels`: the values of the latent's channels there.
    pub fn colour(&self, channels: &(impl Iterator<Item = f32> + Clone)) -> [f32; 3] {
        let mut colour = self.bias;
        for (part, weights) in colour.iter_mut().zip(&self.weights) {
            *part += weights
                .iter()
                .zip(channels.clone())
                .map(|(weight, value)| weight * value)
                .sum::<f32>();
        }
        colour
    }
}
