//! Affine maps of the last axis.

use candle_core::Result;
use candle_core::Tensor;

/// With this many times fewer rows than outputs, the CPU is two to three times faster at (W xᵀ)ᵀ than at x Wᵀ.
const FEW_ROWS: usize = 4;

/// y = x Wᵀ + b over the last axis.
///
/// * `x`: `(…, inputs)`, any rank of at least 1.
/// * `weight`: `(outputs, inputs)`, as PyTorch stores it.
/// * `bias`: `(outputs)`.
///
/// Returns `(…, outputs)`.
///
/// # Errors
/// If the shapes do not fit or a tensor is on another device.
pub fn linear(x: &Tensor, weight: &Tensor, bias: Option<&Tensor>) -> Result<Tensor> {
    let (outputs, inputs) = weight.dims2()?;
    let dims = x.dims();
    let Some((&last, leading)) = dims.split_last() else {
        candle_core::bail!("linear needs at least one axis, found a scalar");
    };
    if last != inputs {
        candle_core::bail!("linear expects {inputs} inputs, found {last} in {dims:?}");
    }

    // One matrix product over all rows, instead of one per batch element.
    let rows: usize = leading.iter().product();
    let x = x.reshape((rows, inputs))?;
    let y = if x.device().is_cpu() && FEW_ROWS * rows <= outputs {
        weight.matmul(&x.t()?)?.t()?.contiguous()?
    } else {
        x.matmul(&weight.t()?)?
    };
    let y = match bias {
        Some(bias) => y.broadcast_add(bias)?,
        None => y,
    };
    let mut shape = leading.to_vec();
    shape.push(outputs);
    y.reshape(shape)
}

#[cfg(test)]
mod tests {
    use super::*;
    use candle_core::Device;

    fn wave(len: usize, frequency: f32) -> Vec<f32> {
        (0..len).map(|i| (i as f32 * frequency).sin()).collect()
    }

    #[test]
    fn linear_should_match_the_sum_over_inputs_for_any_leading_axes() {
        let inputs = 3;
        // Few and many outputs for the number of rows.
        for (leading, outputs) in [(vec![2, 2], 2), (vec![2, 1, 3], 50), (vec![], 5), (vec![7], 1)] {
            let rows: usize = leading.iter().product();
            let (x, w, b) = (
                wave(rows * inputs, 0.7),
                wave(outputs * inputs, 1.3),
                wave(outputs, 0.4),
            );
            let mut shape = leading.clone();
            shape.push(inputs);
            let y = linear(
                &Tensor::from_slice(&x, shape, &Device::Cpu).unwrap(),
                &Tensor::from_slice(&w, (outputs, inputs), &Device::Cpu).unwrap(),
                Some(&Tensor::from_slice(&b, outputs, &Device::Cpu).unwrap()),
            )
            .unwrap();
            assert_eq!(y.dims().split_last(), Some((&outputs, leading.as_slice())));

            let y = y.flatten_all().unwrap().to_vec1::<f32>().unwrap();
            for row in 0..rows {
                for out in 0..outputs {
                    let products = (0..inputs).map(|i| x[row * inputs + i] * w[out * inputs + i]);
                    let expected = products.sum::<f32>() + b[out];
                    let found = y[row * outputs + out];
                    assert!(
                        (found - expected).abs() < 1e-6,
                        "row {row}, output {out}: {found}, expected {expected}"
                    );
                }
            }
        }
    }
}
