//! The shaders, compiled in, with what they include.

use super::latent_view::{MAX_CHANNELS, MAX_LEVELS};
use crate::unfold::{Meaning, Plane, colour};

/// One shader of `shaders/`, by its path there.
#[derive(Debug, Clone, Copy)]
pub struct Shader {
    /// Path below `shaders/`.
    pub path: &'static str,
    text: &'static str,
}

/// Draws pictures, alone or against each other.
pub const PICTURE: Shader = Shader {
    path: "picture.wgsl",
    text: include_str!("../../shaders/picture.wgsl"),
};

/// Draws one way to look at a step.
pub const LATENT_VIEW: Shader = Shader {
    path: "latent_view.wgsl",
    text: include_str!("../../shaders/latent_view.wgsl"),
};

/// Draws a mask over a picture.
pub const MASK_BRUSH: Shader = Shader {
    path: "mask_brush.wgsl",
    text: include_str!("../../shaders/mask_brush.wgsl"),
};

/// The sRGB transfer function, for others to include.
pub const SRGB: Shader = Shader {
    path: "common/srgb.wgsl",
    text: include_str!("../../shaders/common/srgb.wgsl"),
};

/// The vertex shader of all others, for them to include.
pub const FULLSCREEN: Shader = Shader {
    path: "common/fullscreen.wgsl",
    text: include_str!("../../shaders/common/fullscreen.wgsl"),
};

/// Every shader there is.
pub const ALL: &[Shader] = &[PICTURE, LATENT_VIEW, MASK_BRUSH, SRGB, FULLSCREEN];

/// How a line begins that names another file to put in its place.
const INCLUDE: &str = "//!include ";
/// The line that [`constants`] take the place of.
const CONSTANTS: &str = "//!constants";

/// What the shader of a step's views shares with the evaluator on the processor, as WGSL.
fn constants() -> String {
    let numbers = [
        ("COLOUR", Meaning::Colour as usize),
        ("SIGNED", Meaning::Signed as usize),
        ("AMOUNT", Meaning::Amount as usize),
        ("ATTENTION", Meaning::Attention as usize),
        ("NUM_PLANES", Plane::ALL.len()),
        ("NUM_LEVELS", MAX_LEVELS),
        ("NUM_CHANNELS", MAX_CHANNELS),
        ("NUM_HEAT", colour::AMOUNT.len()),
    ];
    let numbers = numbers.map(|(name, value)| format!("const {name}: u32 = {value}u;\n"));
    format!(
        "{}const MOST_COVER: f32 = {:?};\n",
        numbers.concat(),
        colour::MOST_COVER
    )
}

impl Shader {
    /// The whole source: each `//!include path` line replaced by that shader, a `//!constants` line by the constants of the
    /// views of a step. A path that does not exist stays a comment.
    pub fn source(&self) -> String {
        let mut source = String::with_capacity(self.text.len());
        for line in self.text.lines() {
            if line == CONSTANTS {
                source.push_str(&constants());
                continue;
            }
            let included = line
                .strip_prefix(INCLUDE)
                .and_then(|path| ALL.iter().find(|shader| shader.path == path.trim()));
            source.push_str(included.map_or(line, |shader| shader.text));
            source.push('\n');
        }
        source
    }
}
