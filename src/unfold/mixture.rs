//! What every view of a step is made of: a mixture of the step's planes, and what its numbers mean. This is the one table
//! of views; the evaluator in `field` and the shader of `render::latent_paint` both read it.

use super::StepView;

/// The planes that are mixed, in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Plane {
    /// The noisy latents x.
    Noisy,
    /// The estimate x₀.
    Estimate,
    /// The final latents.
    Final,
    /// The noise ε under the prompt.
    Cond,
    /// The noise ε under the negative prompt.
    Uncond,
}

impl Plane {
    /// All of them, in order.
    pub const ALL: [Self; 5] = [Self::Noisy, Self::Estimate, Self::Final, Self::Cond, Self::Uncond];
}

/// What the numbers of a mixture mean, as the shader counts them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Meaning {
    /// Latents, shown as a colour.
    Colour = 0,
    /// The mean over the channels of their amounts, with the sign of the channel where it is largest.
    Signed = 1,
    /// The root of the mean square over the channels.
    Amount = 2,
    /// Latents, shown as a colour under the attention of a word.
    Attention = 3,
}

impl StepView {
    /// How much of each plane is in the view of a step, in the order of [`Plane::ALL`]:
    ///
    /// | view | mixture |
    /// |---|---|
    /// | estimate, attention | x₀ |
    /// | noisy | x / √(1 + σ²) |
    /// | noise | (x − x₀) / σ |
    /// | uncond, cond | x − σ·ε under that prompt alone |
    /// | guidance | cond − uncond |
    /// | difference | x₀ − final |
    ///
    /// The noise at σ = 0 is a mixture of nothing.
    pub fn mixture(self, sigma: f64) -> [f64; 5] {
        match self {
            Self::Estimate | Self::Attention(_) => [0.0, 1.0, 0.0, 0.0, 0.0],
            Self::Noisy => [sigma.hypot(1.0).recip(), 0.0, 0.0, 0.0, 0.0],
            Self::Noise if sigma > 0.0 => [sigma.recip(), -sigma.recip(), 0.0, 0.0, 0.0],
            Self::Noise => [0.0; 5],
            Self::Cond => [1.0, 0.0, 0.0, -sigma, 0.0],
            Self::Uncond => [1.0, 0.0, 0.0, 0.0, -sigma],
            Self::Guidance => [0.0, 0.0, 0.0, 1.0, -1.0],
            Self::Difference => [0.0, 1.0, -1.0, 0.0, 0.0],
        }
    }

    /// What the mixture means.
    pub fn meaning(self) -> Meaning {
        match self {
            Self::Guidance => Meaning::Signed,
            Self::Difference => Meaning::Amount,
            Self::Attention(_) => Meaning::Attention,
            Self::Estimate | Self::Noisy | Self::Noise | Self::Uncond | Self::Cond => Meaning::Colour,
        }
    }
}
