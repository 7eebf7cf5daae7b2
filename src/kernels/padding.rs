//! What a convolution sees around an image.

/// Which edges of a picture join: around them a convolution sees the other edge's pixels instead of zeros.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Wrap {
    /// Left and right.
    pub x: bool,
    /// Top and bottom.
    pub y: bool,
}

/// Zeros put around an image before a convolution, in pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Padding {
    /// Rows above.
    pub top: usize,
    /// Rows below.
    pub bottom: usize,
    /// Columns to the left.
    pub left: usize,
    /// Columns to the right.
    pub right: usize,
}

impl Padding {
    /// One row below and one column to the right, as the VAE's downsampler pads.
    pub const BOTTOM_RIGHT: Self = Self {
        top: 0,
        bottom: 1,
        left: 0,
        right: 1,
    };

    /// The same on every side.
    pub const fn same(pixels: usize) -> Self {
        Self {
            top: pixels,
            bottom: pixels,
            left: pixels,
            right: pixels,
        }
    }
}
