//! How a picture was made: what is written into its file.

use super::{GenerateRequest, Origin};

/// Everything needed to make a picture again, and what one likes to know of it later.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Record {
    /// Version of this layout; [`Record::VERSION`] in files written now.
    pub version: u32,
    /// Program and version, e.g. `hareru 0.1.0`.
    pub program: String,
    /// The request for exactly this picture: its own seed, a batch of one.
    pub request: GenerateRequest,
    /// Name of the model for people.
    pub model_name: String,
    /// SHA-256 over the model's weight files, hexadecimal; empty if unknown.
    pub model_hash: String,
    /// Family id, e.g. `sd15`.
    pub family: String,
    /// Which generator made the noise, e.g. `hareru-1`.
    pub rng: String,
    /// Number format that the networks computed in, e.g. `f32`, never `auto`; empty if unknown.
    #[serde(default)]
    pub precision: String,
    /// What made pixels of the latents: `vae`, or `linear` where that failed; empty if unknown.
    #[serde(default)]
    pub decoder: String,
    /// Names this run among all others; empty in records of before there was one.
    #[serde(default)]
    pub run_id: String,
    /// The run it left on the way, if it is a branch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub origin: Option<Origin>,
    /// Place in the batch it was made in, from 0.
    pub batch_index: u32,
    /// When it was finished, in seconds since 1970-01-01 UTC.
    pub created_unix_secs: u64,
    /// How long the denoising took, in seconds.
    pub elapsed_secs: f64,
}

impl Record {
    /// The layout written by this program.
    pub const VERSION: u32 = 1;

    /// The record of a picture that this program makes of a request, as far as the request alone says it.
    pub fn of(request: GenerateRequest) -> Self {
        Self {
            version: Self::VERSION,
            program: concat!("hareru ", env!("CARGO_PKG_VERSION")).to_owned(),
            rng: request.noise_source.id().to_owned(),
            request,
            model_name: String::new(),
            model_hash: String::new(),
            family: String::new(),
            precision: String::new(),
            decoder: String::new(),
            run_id: String::new(),
            origin: None,
            batch_index: 0,
            created_unix_secs: 0,
            elapsed_secs: 0.0,
        }
    }
}
