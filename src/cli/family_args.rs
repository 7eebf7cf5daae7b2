//! Arguments for families of models that need more than a prompt, or something else.

use std::path::PathBuf;

use crate::job::{Film, GenerateRequest};

#[derive(Debug, Default, clap::Args)]
#[command(next_help_heading = "For some models")]
pub(super) struct FamilyArgs {
    /// Class to draw, from 0, for models that know classes instead of words
    #[arg(long, value_name = "N")]
    class: Option<u32>,

    /// Noise that an upscaler puts the picture of --init under, as a timestep [default: 20]
    #[arg(long, value_name = "N", requires = "init")]
    noise_level: Option<u32>,

    /// Make an animation: folder of the motion adapter that is put into the model
    #[arg(long, value_name = "DIR")]
    motion_adapter: Option<PathBuf>,

    /// Pictures of the animation
    #[arg(long, value_name = "N", requires = "motion_adapter", default_value_t = 16)]
    frames: u32,
}

impl FamilyArgs {
    /// Sets the fields of the request that the arguments name.
    pub(super) fn apply(&self, request: &mut GenerateRequest) {
        request.class_label = self.class;
        request.noise_level = self.noise_level;
        request.film = self.motion_adapter.clone().map(|adapter| Film {
            adapter,
            frames: self.frames,
        });
    }
}
