//! Edges one pixel wide.

use super::{Parameter, Pixels, Preprocessor};

/// tan 22.5°: steeper or flatter than this, a gradient points along an axis.
const TAN_EIGHTH: f32 = 0.414_213_57;

/// White where brightness changes most, in lines that hold together.
///
/// Source: <https://doi.org/10.1109/TPAMI.1986.4767851>
pub(super) static CANNY: Preprocessor = Preprocessor {
    id: "canny",
    label: "Canny edges",
    parameters: &[
        Parameter {
            id: "low",
            label: "Low threshold",
            range: (1.0, 255.0),
            default: 100.0,
        },
        Parameter {
            id: "high",
            label: "High threshold",
            range: (1.0, 255.0),
            default: 200.0,
        },
        Parameter {
            id: "radius",
            label: "Blur first (px)",
            range: (0.0, 8.0),
            default: 0.0,
        },
    ],
    apply,
};

fn apply(image: &Pixels, values: &[f64]) -> Pixels {
    let &[low, high, radius] = values else {
        return image.clone();
    };
    let (low, high) = (low.min(high) as f32, low.max(high) as f32);
    let mut grey = image.luma();
    for value in &mut grey.values {
        *value = value.round();
    }
    let gradients = sobel(&grey.blurred(radius));
    let crests = crests(&gradients, grey.width, grey.height);
    grey.with_values(connected(&crests, low, high, grey.width, grey.height))
}

/// Change of brightness to the right and downwards; beyond the border the picture goes on as it ends.
fn sobel(grey: &Pixels) -> Vec<(f32, f32)> {
    let (width, height) = (grey.width, grey.height);
    let mut gradients = Vec::with_capacity(width * height);
    for y in 0..height {
        let (above, below) = (y.saturating_sub(1), (y + 1).min(height - 1));
        for x in 0..width {
            let (left, right) = (x.saturating_sub(1), (x + 1).min(width - 1));
            let at = |y: usize, x: usize| grey.values[y * width + x];
            let column = |x: usize| at(above, x) + 2.0 * at(y, x) + at(below, x);
            let row = |y: usize| at(y, left) + 2.0 * at(y, x) + at(y, right);
            gradients.push((column(right) - column(left), row(below) - row(above)));
        }
    }
    gradients
}

/// |gx| + |gy| where that is largest along the gradient, else 0.
fn crests(gradients: &[(f32, f32)], width: usize, height: usize) -> Vec<f32> {
    let strength = |(gx, gy): (f32, f32)| gx.abs() + gy.abs();
    let near = |x: usize, y: usize, dx: isize, dy: isize| {
        let x = x.checked_add_signed(dx).filter(|x| *x < width);
        let y = y.checked_add_signed(dy).filter(|y| *y < height);
        x.zip(y).map_or(0.0, |(x, y)| strength(gradients[y * width + x]))
    };
    let mut crests = Vec::with_capacity(gradients.len());
    for (index, &(gx, gy)) in gradients.iter().enumerate() {
        let (x, y) = (index % width, index / width);
        let own = strength((gx, gy));
        let (dx, dy) = if gy.abs() < TAN_EIGHTH * gx.abs() {
            (1, 0)
        } else if gx.abs() < TAN_EIGHTH * gy.abs() {
            (0, 1)
        } else if gx.is_sign_positive() == gy.is_sign_positive() {
            (1, 1)
        } else {
            (1, -1)
        };
        // Of two equal neighbours the first is kept.
        let is_crest = own > near(x, y, -dx, -dy) && own >= near(x, y, dx, dy);
        crests.push(if is_crest { own } else { 0.0 });
    }
    crests
}

/// 255 where a crest is above `high`, or above `low` and connected to such a one; else 0.
fn connected(crests: &[f32], low: f32, high: f32, width: usize, height: usize) -> Vec<f32> {
    let mut edges = vec![0f32; crests.len()];
    let mut open: Vec<usize> = (0..crests.len()).filter(|at| crests[*at] > high).collect();
    for at in &open {
        edges[*at] = 255.0;
    }
    while let Some(at) = open.pop() {
        let (x, y) = (at % width, at / width);
        for y in y.saturating_sub(1)..=(y + 1).min(height - 1) {
            for x in x.saturating_sub(1)..=(x + 1).min(width - 1) {
                let near = y * width + x;
                if crests[near] > low && edges[near] == 0.0 {
                    edges[near] = 255.0;
                    open.push(near);
                }
            }
        }
    }
    edges
}
