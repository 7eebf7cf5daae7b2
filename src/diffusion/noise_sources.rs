//! The noise that other programs start from, so that a seed means their picture here too.

/// N(0, 1) values as `torch.randn` gives them on the processor after `manual_seed(seed)`, f32: `len` of them.
///
/// A Mersenne Twister, and for 16 values and more the Box–Muller transform over blocks of 16 (`normal_fill` in
/// `aten/src/ATen/native/cpu/DistributionTemplates.h` of `PyTorch`); for fewer, pairs of 53-bit uniforms.
pub fn torch_cpu(seed: u64, len: usize) -> Vec<f32> {
    let mut twister = MersenneTwister::new(seed as u32);
    if len < BLOCK {
        return torch_few(&mut twister, len);
    }
    let mut uniform = || (twister.next() & 0x00FF_FFFF) as f32 / 16_777_216.0;
    let mut values: Vec<f32> = (0..len).map(|_| uniform()).collect();
    for block in values.chunks_exact_mut(BLOCK) {
        box_muller(block);
    }
    if !len.is_multiple_of(BLOCK) {
        // The last block is drawn anew and overlaps the one before.
        let last = &mut values[len - BLOCK..];
        for value in last.iter_mut() {
            *value = uniform();
        }
        box_muller(last);
    }
    values
}

/// Values that are transformed together.
const BLOCK: usize = 16;

/// Uniform values to normal ones: the first half gives radii, the second angles.
fn box_muller(block: &mut [f32]) {
    for i in 0..BLOCK / 2 {
        let radius = (-2.0 * (1.0 - block[i]).ln()).sqrt();
        let angle = 2.0 * std::f32::consts::PI * block[i + BLOCK / 2];
        block[i] = radius * angle.cos();
        block[i + BLOCK / 2] = radius * angle.sin();
    }
}

/// The way for fewer than 16: each pair of uniforms gives a cosine, and the sine for the next value.
fn torch_few(twister: &mut MersenneTwister, len: usize) -> Vec<f32> {
    let mut uniform = || {
        let high = u64::from(twister.next());
        let low = u64::from(twister.next());
        (((high << 32) | low) & ((1 << 53) - 1)) as f64 / (1u64 << 53) as f64
    };
    let mut values = Vec::with_capacity(len + 1);
    while values.len() < len {
        let (angle, radius) = (std::f64::consts::TAU * uniform(), (-2.0 * (-uniform()).ln_1p()).sqrt());
        values.push((radius * angle.cos()) as f32);
        values.push((radius * angle.sin()) as f32);
    }
    values.truncate(len);
    values
}

/// N(0, 1) values as A1111's generator "NV" and `torch.randn` on an NVIDIA GPU give them, f32: `len` of them.
///
/// Philox 4×32 with ten rounds (Salmon et al. 2011, <https://doi.org/10.1145/2063384.2063405>), one counter for each
/// value, and the Box–Muller transform, of which the sine is kept.
///
/// * `draw`: how many draws this seed has given before; 0 for the noise a run starts from.
pub fn philox(seed: u64, draw: u32, len: usize) -> Vec<f32> {
    const TO_UNIT: f32 = 2.328_306_4e-10; //            2⁻³²
    const TO_ANGLE: f32 = 2.328_306_4e-10 * 6.283_185_5; // 2⁻³² · 2π
    let normal = |index: usize| {
        let [x, y, _, _] = philox_4x32([draw, 0, index as u32, 0], [seed as u32, (seed >> 32) as u32]);
        let u = x as f32 * TO_UNIT + TO_UNIT / 2.0;
        let v = y as f32 * TO_ANGLE + TO_ANGLE / 2.0;
        (-2.0 * u.ln()).sqrt() * v.sin()
    };
    (0..len).map(normal).collect()
}

/// One block of Philox.
fn philox_4x32(counter: [u32; 4], key: [u32; 2]) -> [u32; 4] {
    const MULTIPLIERS: [u64; 2] = [0xD251_1F53, 0xCD9E_8D57];
    const WEYL: [u32; 2] = [0x9E37_79B9, 0xBB67_AE85];
    const ROUNDS: usize = 10;
    let (mut c, mut k) = (counter, key);
    for _ in 0..ROUNDS {
        let first = u64::from(c[0]) * MULTIPLIERS[0];
        let second = u64::from(c[2]) * MULTIPLIERS[1];
        c = [
            (second >> 32) as u32 ^ c[1] ^ k[0],
            second as u32,
            (first >> 32) as u32 ^ c[3] ^ k[1],
            first as u32,
        ];
        k = [k[0].wrapping_add(WEYL[0]), k[1].wrapping_add(WEYL[1])];
    }
    c
}

/// MT19937 (Matsumoto & Nishimura 1998, <https://doi.org/10.1145/272991.272995>).
struct MersenneTwister {
    state: [u32; Self::SIZE],
    next: usize,
}

impl MersenneTwister {
    const SIZE: usize = 624;
    const SHIFT: usize = 397;

    fn new(seed: u32) -> Self {
        let mut state = [seed; Self::SIZE];
        for i in 1..Self::SIZE {
            let before = state[i - 1];
            state[i] = 1_812_433_253u32
                .wrapping_mul(before ^ (before >> 30))
                .wrapping_add(i as u32);
        }
        Self {
            state,
            next: Self::SIZE,
        }
    }

    fn next(&mut self) -> u32 {
        if self.next == Self::SIZE {
            self.twist();
        }
        let mut y = self.state[self.next];
        self.next += 1;
        y ^= y >> 11;
        y ^= (y << 7) & 0x9D2C_5680;
        y ^= (y << 15) & 0xEFC6_0000;
        y ^ (y >> 18)
    }

    fn twist(&mut self) {
        for i in 0..Self::SIZE {
            let joined = (self.state[i] & 0x8000_0000) | (self.state[(i + 1) % Self::SIZE] & 0x7FFF_FFFF);
            let odd = if joined & 1 == 1 { 0x9908_B0DF } else { 0 };
            self.state[i] = self.state[(i + Self::SHIFT) % Self::SIZE] ^ (joined >> 1) ^ odd;
        }
        self.next = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn near(found: &[f32], expected: &[f32]) {
        for (found, expected) in found.iter().zip(expected) {
            assert!((found - expected).abs() < 2e-6, "{found}, expected {expected}");
        }
    }

    /// First and last three of `torch.randn` (2.15.0) for some seeds and lengths.
    #[test]
    fn the_noise_of_torch_should_be_reproduced() {
        for (seed, len, first, last) in [
            (
                0,
                5,
                [1.540_996, -0.293_428_9, -2.178_789],
                [-2.178_789, 0.568_431_3, -1.084_522],
            ),
            (
                0,
                16,
                [-1.125_84, -1.152_36, -0.250_578_6],
                [1.237_658, 1.116_777, -0.247_278_2],
            ),
            (
                42,
                37,
                [1.926_915, 1.487_284, 0.900_717_2],
                [0.049_905_39, 2.266_718, 1.178_951],
            ),
            (
                42,
                100,
                [1.926_915, 1.487_284, 0.900_717_2],
                [0.123_299_1, 0.349_867_8, 0.617_280_7],
            ),
            (
                (1 << 33) + 5,
                37,
                [1.842_33, 0.518_887_2, -1.711_921],
                [-0.177_704_6, 0.431_372_8, 1.241_702],
            ),
        ] {
            let found = torch_cpu(seed, len);
            assert_eq!(found.len(), len);
            near(&found[..3], &first);
            near(&found[len - 3..], &last);
        }
    }

    /// Values of the published formulas, computed independently.
    #[test]
    fn philox_should_follow_its_formulas() {
        near(
            &philox(1, 0, 5),
            &[-0.296_277_88, 2.676_448_3, -0.140_846_43, -0.844_095, 0.290_538_4],
        );
        near(
            &philox((1 << 33) + 7, 0, 3),
            &[-0.283_731_2, -1.421_323_1, 0.721_331_66],
        );
        assert_ne!(philox(1, 1, 3), philox(1, 0, 3));
    }
}
