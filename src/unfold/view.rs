//! The ways to look at a step.

/// One way to look at a step of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum StepView {
    /// The estimate x₀ of the finished picture.
    #[default]
    Estimate,
    /// The noisy latents `x_t`, scaled to unit variance as the network sees them.
    Noisy,
    /// The noise ε that the network sees in them, after guidance.
    Noise,
    /// x₀ without the prompt.
    Uncond,
    /// x₀ with the prompt, before guidance.
    Cond,
    /// What guidance adds: cond − uncond in ε, as a signed heat map (the mean over the channels of the difference, its
    /// sign kept by the channel that differs most).
    Guidance,
    /// How far x₀ still is from the final latents, as a heat map (root of the mean square over the channels).
    Difference,
    /// Attention of one token of the prompt, laid over x₀.
    Attention(AttentionToken),
}

/// Whose attention is shown, and of which feature maps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct AttentionToken {
    /// Place among [`Trajectory::tokens`](crate::job::Trajectory::tokens).
    pub index: usize,
    /// Place among [`StepRecord::attention`](crate::job::StepRecord::attention); `None` is the mean of all, each
    /// enlarged to the size of the first.
    pub level: Option<usize>,
}

impl StepView {
    /// Those that need no token, in the order they are offered.
    pub const PLAIN: [Self; 7] = [
        Self::Estimate,
        Self::Noisy,
        Self::Noise,
        Self::Uncond,
        Self::Cond,
        Self::Guidance,
        Self::Difference,
    ];

    /// Stable name on the command line and among texts.
    pub fn id(self) -> &'static str {
        match self {
            Self::Estimate => "x0",
            Self::Noisy => "xt",
            Self::Noise => "noise",
            Self::Uncond => "uncond",
            Self::Cond => "cond",
            Self::Guidance => "guidance",
            Self::Difference => "difference",
            Self::Attention(_) => "attention",
        }
    }
}
