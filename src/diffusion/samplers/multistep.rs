//! What methods that look back have in common.

use candle_core::Tensor;

use super::{PastStep, SamplerContext, Step};
use crate::diffusion::SampleError;

/// The most steps the linear multistep methods look at.
pub(super) const MOST_STEPS: usize = 4;

/// How many steps of the run there are to look back at, with the one that is being taken.
pub(super) fn num_past(ctx: &dyn SamplerContext) -> usize {
    (0..usize::MAX).take_while(|back| ctx.past(*back).is_some()).count()
}

/// The latents of the step that is being taken after the corrector: those of the oldest step, corrected step by step. What
/// is kept in the recorded steps is not computed again.
///
/// * `correct`: makes the corrected latents of the step `back` places before the newest from those of the step before it.
pub(super) fn corrected(
    ctx: &mut dyn SamplerContext,
    step: &Step<'_>,
    mut correct: impl FnMut(&mut dyn SamplerContext, &Tensor, usize) -> Result<Tensor, SampleError>,
) -> Result<Tensor, SampleError> {
    let mut back = 0;
    let mut x = loop {
        match ctx.past(back) {
            Some(PastStep {
                corrected: Some(corrected),
                ..
            }) => break corrected.clone(),
            Some(_) if ctx.past(back + 1).is_some() => back += 1,
            Some(oldest) => break oldest.x.clone(),
            None => break step.x.clone(),
        }
    };
    while back > 0 {
        back -= 1;
        x = correct(ctx, &x, back)?;
        ctx.keep_corrected(back, x.clone());
    }
    Ok(x)
}

/// 1, u, u² …
pub(super) fn powers(u: f64) -> impl Iterator<Item = f64> {
    std::iter::successors(Some(1.0), move |power| Some(power * u))
}

/// Weights of the Adams–Bashforth method for equal steps over `known` values, newest first.
pub(super) fn adams_bashforth(known: usize) -> &'static [f64] {
    match known {
        0 | 1 => &[1.0],
        2 => &[1.5, -0.5],
        3 => &[23.0 / 12.0, -16.0 / 12.0, 5.0 / 12.0],
        _ => &[55.0 / 24.0, -59.0 / 24.0, 37.0 / 24.0, -9.0 / 24.0],
    }
}

/// Weights wᵢ with Σ wᵢ f(uᵢ) = ∫ f for every polynomial f of lower degree than there are nodes uᵢ.
///
/// * `nodes`: where values are known, all different.
/// * `moments`: ∫ uᵏ for k = 0, 1, …, one for each node.
pub(super) fn quadrature(nodes: &[f64], moments: &[f64]) -> Vec<f64> {
    nodes
        .iter()
        .enumerate()
        .map(|(i, node)| {
            // Coefficients of Lagrange's polynomial, which is 1 at this node and 0 at the others.
            let mut basis = vec![1.0];
            for (j, other) in nodes.iter().enumerate() {
                if i != j {
                    let scale = (node - other).recip();
                    let mut next = vec![0.0; basis.len() + 1];
                    for (k, coefficient) in basis.iter().enumerate() {
                        next[k] -= coefficient * other * scale;
                        next[k + 1] += coefficient * scale;
                    }
                    basis = next;
                }
            }
            basis.iter().zip(moments).map(|(a, b)| a * b).sum()
        })
        .collect()
}

/// Σ wᵢ tᵢ; the two have the same length, at least 1.
pub(super) fn weighted_sum(tensors: &[Tensor], weights: &[f64]) -> candle_core::Result<Tensor> {
    let mut sum = (&tensors[0] * weights[0])?;
    for (tensor, weight) in tensors.iter().zip(weights).skip(1) {
        sum = (sum + (tensor * *weight)?)?;
    }
    Ok(sum)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quadrature_over_equal_steps_should_be_adams_bashforth() {
        for known in 1..=MOST_STEPS {
            let nodes: Vec<f64> = (0..known).map(|back| -(back as f64)).collect();
            let moments: Vec<f64> = (0..known).map(|k| 1.0 / (k + 1) as f64).collect(); // ∫₀¹ uᵏ
            for (found, expected) in quadrature(&nodes, &moments).iter().zip(adams_bashforth(known)) {
                assert!(
                    (found - expected).abs() < 1e-12,
                    "{known}: {found}, expected {expected}"
                );
            }
        }
    }
}
