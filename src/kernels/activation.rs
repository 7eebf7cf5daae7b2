//! Pointwise nonlinearities: the functions, and the enum by which layers name one.

use candle_core::{D, Result, Tensor};

/// Slope of [`Activation::LeakyRelu`] below 0.
pub(super) const LEAKY_RELU_SLOPE: f32 = 0.2;

/// A function of each number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Activation {
    /// x.
    #[default]
    None,
    /// x · sigmoid(x).
    Silu,
    /// x · Φ(x).
    Gelu,
    /// x · sigmoid(1.702 x).
    QuickGelu,
    /// max(x, 0).
    Relu,
    /// max(x, x / 5), as in ESRGAN.
    LeakyRelu,
}

impl Activation {
    /// Applies it to every number, by candle's operations.
    pub(super) fn apply(self, x: &Tensor) -> Result<Tensor> {
        match self {
            Self::None => Ok(x.clone()),
            Self::Silu => silu(x),
            Self::Gelu => gelu(x),
            Self::QuickGelu => quick_gelu(x),
            Self::Relu => relu(x),
            Self::LeakyRelu => x.maximum(&(x * f64::from(LEAKY_RELU_SLOPE))?),
        }
    }
}

/// Logistic function 1 / (1 + e⁻ˣ), any shape.
///
/// # Errors
/// If the dtype is not floating point.
pub fn sigmoid(x: &Tensor) -> Result<Tensor> {
    candle_nn::ops::sigmoid(x)
}

/// x · sigmoid(x), any shape.
///
/// # Errors
/// If the dtype is not floating point.
pub fn silu(x: &Tensor) -> Result<Tensor> {
    x.silu()
}

/// max(x, 0), any shape.
///
/// # Errors
/// If the device refuses the operation.
pub fn relu(x: &Tensor) -> Result<Tensor> {
    x.relu()
}

/// x · Φ(x) with the exact error function, not the tanh approximation (which is 2e-4 off), any shape.
///
/// # Errors
/// If the dtype is not floating point.
pub fn gelu(x: &Tensor) -> Result<Tensor> {
    x.gelu_erf()
}

/// x · sigmoid(1.702 x), the approximation that the first CLIP towers were trained with, any shape.
///
/// # Errors
/// If the dtype is not floating point.
pub fn quick_gelu(x: &Tensor) -> Result<Tensor> {
    x * sigmoid(&(x * 1.702)?)?
}

/// Splits the last axis into halves a, g and returns a · gelu(g).
///
/// * `x`: `(…, 2n)`.
///
/// Returns `(…, n)`.
///
/// # Errors
/// If the last axis is odd or the dtype is not floating point.
///
/// Source: <https://arxiv.org/abs/2002.05202>
pub fn geglu(x: &Tensor) -> Result<Tensor> {
    let last = x.dim(D::Minus1)?;
    if !last.is_multiple_of(2) {
        candle_core::bail!("geglu expects an even last axis, found {last}");
    }
    let half = last / 2;
    x.narrow(D::Minus1, 0, half)? * gelu(&x.narrow(D::Minus1, half, half)?)?
}

#[cfg(test)]
mod tests {
    use super::*;
    use candle_core::Device;

    /// Φ(x) by Simpson's rule on the normal density.
    fn normal_cdf(x: f64) -> f64 {
        let (from, steps) = (-12.0, 4000);
        let h = (x - from) / f64::from(steps);
        let density = |t: f64| (-0.5 * t * t).exp() / std::f64::consts::TAU.sqrt();
        let inner: f64 = (1..steps)
            .map(|i| density(from + f64::from(i) * h) * if i % 2 == 1 { 4.0 } else { 2.0 })
            .sum();
        (density(from) + density(x) + inner) * h / 3.0
    }

    fn values() -> Vec<f32> {
        (0..40).map(|i| i as f32 * 0.25 - 5.0).collect()
    }

    #[test]
    fn gelu_should_use_the_exact_normal_distribution() {
        let x = values();
        let y = gelu(&Tensor::new(x.as_slice(), &Device::Cpu).unwrap()).unwrap();
        for (x, y) in x.iter().zip(y.to_vec1::<f32>().unwrap()) {
            let expected = f64::from(*x) * normal_cdf(f64::from(*x));
            assert!(
                (f64::from(y) - expected).abs() < 1e-6,
                "gelu({x}) = {y}, expected {expected}"
            );
        }
    }

    #[test]
    fn geglu_should_gate_the_first_half_by_the_second() {
        let x = values();
        let y = geglu(&Tensor::from_slice(&x, (2, 20), &Device::Cpu).unwrap()).unwrap();
        assert_eq!(y.dims(), [2, 10]);
        let y = y.flatten_all().unwrap().to_vec1::<f32>().unwrap();
        for (i, y) in y.iter().enumerate() {
            let at = i / 10 * 20 + i % 10;
            let gate = f64::from(x[at + 10]);
            let expected = f64::from(x[at]) * gate * normal_cdf(gate);
            assert!(
                (f64::from(*y) - expected).abs() < 1e-5,
                "element {i} is {y}, expected {expected}"
            );
        }
    }

    #[test]
    fn silu_and_quick_gelu_should_match_their_formulas() {
        let x = values();
        let tensor = Tensor::new(x.as_slice(), &Device::Cpu).unwrap();
        let silu = silu(&tensor).unwrap().to_vec1::<f32>().unwrap();
        let quick = quick_gelu(&tensor).unwrap().to_vec1::<f32>().unwrap();
        for (i, x) in x.iter().map(|x| f64::from(*x)).enumerate() {
            assert!((f64::from(silu[i]) - x / (1.0 + (-x).exp())).abs() < 1e-6);
            assert!((f64::from(quick[i]) - x / (1.0 + (-1.702 * x).exp())).abs() < 1e-6);
        }
    }
}
