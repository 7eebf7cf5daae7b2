//! The settings that a record may leave out.

/// A setting that a record may leave out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Setting {
    /// Width and height.
    Size,
    /// Sampler steps.
    Steps,
    /// Guidance scale.
    GuidanceScale,
    /// Sampler.
    Sampler,
    /// Schedule.
    Schedule,
    /// Seed.
    Seed,
}

impl Setting {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::Size,
        Self::Steps,
        Self::GuidanceScale,
        Self::Sampler,
        Self::Schedule,
        Self::Seed,
    ];

    /// The fields of a [`GenerateRequest`](super::GenerateRequest) that hold it.
    pub fn fields(self) -> &'static [&'static str] {
        match self {
            Self::Size => &["width_px", "height_px"],
            Self::Steps => &["steps"],
            Self::GuidanceScale => &["guidance_scale"],
            Self::Sampler => &["sampler"],
            Self::Schedule => &["schedule"],
            Self::Seed => &["seed"],
        }
    }
}
