//! The shaders, compiled in, with what they include.

/// One shader of `shaders/`, by its path there.
#[derive(Debug, Clone, Copy)]
pub struct Shader {
    /// Path below `shaders/`.
    pub path: &'static str,
    text: &'static str,
}

/// Draws one picture on the canvas.
pub const CANVAS: Shader = Shader {
    path: "canvas.wgsl",
    text: include_str!("../../shaders/canvas.wgsl"),
};

/// Draws two pictures against each other.
pub const COMPARE: Shader = Shader {
    path: "compare.wgsl",
    text: include_str!("../../shaders/compare.wgsl"),
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

/// Every shader there is.
pub const ALL: &[Shader] = &[CANVAS, COMPARE, LATENT_VIEW, MASK_BRUSH, SRGB];

/// How a line begins that names another file to put in its place.
const INCLUDE: &str = "//!include ";

impl Shader {
    /// The whole source: each `//!include path` line replaced by that shader. A path that does not exist stays a comment.
    pub fn source(&self) -> String {
        let mut source = String::with_capacity(self.text.len());
        for line in self.text.lines() {
            let included = line
                .strip_prefix(INCLUDE)
                .and_then(|path| ALL.iter().find(|shader| shader.path == path.trim()));
            source.push_str(included.map_or(line, |shader| shader.text));
            source.push('\n');
        }
        source
    }
}
