//! The two number formats that the kernels read and write, and the functions of one number they are made of.
//!
//! Everything is inlined into loops over slices, which the compiler turns into vectors of whatever width the caller's
//! path allows; nothing here names a processor.

use candle_core::WithDType;
use half::bf16;

/// A number as it lies in memory; computed with as f32.
pub(crate) trait Element: WithDType + Default {
    /// Exact.
    fn to_f32(self) -> f32;
    /// To the nearest, ties to even.
    fn from_f32(value: f32) -> Self;

    /// x · Φ(x), as exact as the number type allows.
    #[inline(always)]
    fn gelu(x: f32) -> f32 {
        gelu(x)
    }
}

impl Element for f32 {
    #[inline(always)]
    fn to_f32(self) -> f32 {
        self
    }

    #[inline(always)]
    fn from_f32(value: f32) -> Self {
        value
    }
}

impl Element for bf16 {
    #[inline(always)]
    fn to_f32(self) -> f32 {
        f32::from_bits(u32::from(self.to_bits()) << 16)
    }

    /// NaN stays NaN as long as its upper bits say so, as every NaN that arithmetic makes does.
    #[inline(always)]
    fn from_f32(value: f32) -> Self {
        let bits = value.to_bits();
        Self::from_bits((bits.wrapping_add(0x7fff + ((bits >> 16) & 1)) >> 16) as u16)
    }

    #[inline(always)]
    fn gelu(x: f32) -> f32 {
        quick_normal_gelu(x)
    }
}

/// eˣ, relative error below 2e-7; 0 below −87, finite up to 88.
#[inline(always)]
pub(crate) fn exp(x: f32) -> f32 {
    /// Adding this puts a float's whole part into the low bits of its significand.
    const MAGIC: f32 = 12_582_912.0; // 1.5 · 2²³
    const LN_2_HIGH: f32 = 0.693_359_4;
    const LN_2_LOW: f32 = -2.121_944_4e-4;
    let x = x.clamp(-87.3, 88.3);
    let shifted = x * std::f32::consts::LOG2_E + MAGIC;
    let whole = shifted - MAGIC;
    let r = x - whole * LN_2_HIGH - whole * LN_2_LOW;
    // Minimax polynomial of eʳ on ±ln 2 / 2 (Cephes, expf).
    let p = 1.987_569_1e-4;
    let p = p * r + 1.398_2e-3;
    let p = p * r + 8.333_452e-3;
    let p = p * r + 4.166_579_6e-2;
    let p = p * r + 1.666_666_6e-1;
    let p = p * r + 0.5;
    let p = p * r * r + r + 1.0;
    f32::from_bits(p.to_bits().wrapping_add(shifted.to_bits() << 23))
}

/// 1 / (1 + e⁻ˣ).
#[inline(always)]
pub(crate) fn sigmoid(x: f32) -> f32 {
    1.0 / (1.0 + exp(-x))
}

/// erf x, absolute error below 1.2e-7: near 0 by a polynomial, beyond 1 by the complement (Cephes, `erff` and `erfcf`).
#[inline(always)]
pub(crate) fn erf(x: f32) -> f32 {
    let s = x * x;
    let t = 7.853_861_4e-5;
    let t = t * s + -8.010_194e-4;
    let t = t * s + 5.188_327_6e-3;
    let t = t * s + -2.685_381_2e-2;
    let t = t * s + 1.128_358_5e-1;
    let t = t * s + -3.761_262_6e-1;
    let near = x * (t * s + std::f32::consts::FRAC_2_SQRT_PI);

    // erfc x = e^(−x²) · p(1 / x²) / x
    let far_x = x.abs().clamp(1.0, 9.0);
    let q = 1.0 / far_x;
    let y = q * q;
    let p = 2.326_82e-2;
    let p = p * y + -1.387_039_4e-1;
    let p = p * y + 3.687_424_7e-1;
    let p = p * y + -5.824_733e-1;
    let p = p * y + 6.210_004_6e-1;
    let p = p * y + -4.944_515_3e-1;
    let p = p * y + 3.404_88e-1;
    let p = p * y + -2.741_127e-1;
    let p = p * y + 5.638_259_4e-1;
    let r = -1.047_766_4e1;
    let r = r * y + 1.297_72e1;
    let r = r * y + -7.495_518_7;
    let r = r * y + 2.921_019;
    let r = r * y + -1.015_265_3;
    let r = r * y + 4.218_463_4e-1;
    let r = r * y + -2.820_767_4e-1;
    let r = r * y + 5.641_895e-1;
    let complement = exp(-far_x * far_x) * q * if far_x < 2.0 { p } else { r };
    let far = (1.0 - complement).copysign(x);
    if x.abs() < 1.0 { near } else { far }
}

/// x · Φ(x).
#[inline(always)]
pub(crate) fn gelu(x: f32) -> f32 {
    0.5 * x * (1.0 + erf(x * std::f32::consts::FRAC_1_SQRT_2))
}

/// x · Φ(x) by a polynomial without a division, error below 2e-4, absolute up to 1 and relative
/// beyond: a tenth of the resolution of bf16.
#[inline(always)]
fn quick_normal_gelu(x: f32) -> f32 {
    let clamped = x.clamp(-4.0, 4.0);
    let s = clamped * clamped;
    // Φ(x) − 1/2 = x · p(x²), fitted so that the error of x · Φ(x) is even over ±4.
    let p = -1.301_295e-9;
    let p = p * s + 1.041_961e-7;
    let p = p * s + -3.657_134e-6;
    let p = p * s + 7.485_507e-5;
    let p = p * s + -1.006_491e-3;
    let p = p * s + 9.505_399e-3;
    let p = p * s + -6.588_784e-2;
    let p = p * s + 3.986_734e-1;
    x.max(-4.0) * (0.5 + clamped * p)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exp_and_erf_should_be_as_close_as_they_say() {
        for i in -8700..8800 {
            let x = i as f32 * 0.01;
            let exact = f64::from(x).exp();
            let error = (f64::from(exp(x)) - exact).abs() / exact;
            assert!(error < 2e-7, "exp({x}) is off by {error:e}");
        }
        for i in -600..600 {
            let x = i as f32 * 0.01;
            let error = (f64::from(erf(x)) - libm::erf(f64::from(x))).abs();
            assert!(error < 1.2e-7, "erf({x}) is off by {error:e}");
        }
        for i in -1000..1000 {
            let x = i as f32 * 0.01;
            let exact = f64::from(x) * 0.5 * (1.0 + libm::erf(f64::from(x) * std::f64::consts::FRAC_1_SQRT_2));
            let error = (f64::from(<bf16 as Element>::gelu(x)) - exact).abs();
            assert!(error < 2e-4 * exact.abs().max(1.0), "gelu({x}) is off by {error:e}");
        }
        assert!(exp(-1000.0) < 2e-38 && exp(1000.0).is_finite());
    }

    #[test]
    fn bf16_should_round_to_the_nearest_even() {
        for value in [0.0, -1.5, 3.3e38, 1e-40, 1.003_906_3, 1.011_718_8, f32::INFINITY] {
            assert_eq!(<bf16 as Element>::from_f32(value), bf16::from_f32(value), "{value}");
        }
        assert!(<bf16 as Element>::from_f32(f32::NAN).is_nan());
    }
}
