//! Affine maps of the last axis.

use candle_core::Result;
use candle_core::Tensor;

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
    let y = x.reshape((rows, inputs))?.matmul(&weight.t()?)?;
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

    #[test]
    fn linear_should_match_the_sum_over_inputs_for_any_leading_axes() {
        let x: Vec<f32> = (0..12).map(|i| i as f32 * 0.25 - 1.0).collect();
        let w: Vec<f32> = (0..6).map(|i| 0.5 - i as f32 * 0.3).collect();
        let b = [0.1f32, -0.2];
        let y = linear(
            &Tensor::from_slice(&x, (2, 2, 3), &Device::Cpu).unwrap(),
            &Tensor::from_slice(&w, (2, 3), &Device::Cpu).unwrap(),
            Some(&Tensor::from_slice(&b, 2, &Device::Cpu).unwrap()),
        )
        .unwrap();
        assert_eq!(y.dims(), [2, 2, 2]);

        let y = y.flatten_all().unwrap().to_vec1::<f32>().unwrap();
        for row in 0..4 {
            for out in 0..2 {
                let expected: f32 = (0..3).map(|i| x[row * 3 + i] * w[out * 3 + i]).sum::<f32>() + b[out];
                assert!((y[row * 2 + out] - expected).abs() < 1e-6, "row {row}, output {out}");
            }
        }
    }
}
