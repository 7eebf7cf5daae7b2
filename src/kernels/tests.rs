//! Every kernel against plain tensor operations in f32, in each format, on odd shapes.

use super::*;
use candle_core::{DType, Device, Result, Tensor};

/// Numbers that look random, about −1..1.
fn numbers(shape: &[usize], seed: u32) -> Tensor {
    let len: usize = shape.iter().product();
    let mut state = seed.wrapping_mul(0x9e37_79b9) | 1;
    let data: Vec<f32> = (0..len)
        .map(|_| {
            state ^= state << 13;
            state ^= state >> 17;
            state ^= state << 5;
            f64::from(state) as f32 / 2_147_483_648.0 - 1.0
        })
        .collect();
    Tensor::from_vec(data, shape, &Device::Cpu).unwrap()
}

/// ‖found − expected‖ / ‖expected‖; the first alone where all that is expected is 0.
fn relative_error(found: &Tensor, expected: &Tensor) -> f64 {
    assert_eq!(found.dims(), expected.dims());
    let norm = |x: &Tensor| f64::from(x.sqr().unwrap().sum_all().unwrap().to_scalar::<f32>().unwrap()).sqrt();
    let found = found.to_dtype(DType::F32).unwrap();
    let expected = expected.to_dtype(DType::F32).unwrap();
    let difference = norm(&(found - &expected).unwrap());
    match norm(&expected) {
        0.0 => difference,
        size => difference / size,
    }
}

/// What a format may be off by: a few roundings of inputs and results.
fn tolerance(dtype: DType) -> f64 {
    if dtype == DType::BF16 { 6e-3 } else { 1e-5 }
}

const FORMATS: [DType; 2] = [DType::F32, DType::BF16];

fn plain_attention(q: &Tensor, k: &Tensor, v: &Tensor, heads: usize, scale: f64) -> Result<Tensor> {
    let [q, k, v] = [q, k, v].map(|x| split_heads(&x.to_dtype(DType::F32).unwrap(), heads).unwrap());
    merge_heads(&attention_probabilities(&q, &k, scale, None)?.matmul(&v)?)
}

#[test]
fn attention_should_match_the_plain_one_for_any_number_of_tokens_and_size_of_scores() {
    for (batch, queries, keys, heads, dim) in [
        (2, 64, 64, 2, 40),
        (1, 33, 77, 3, 80),
        (3, 1, 5, 1, 7),
        (1, 70, 31, 2, 160),
        (1, 45, 300, 1, 64),
        (1, 40, 130, 1, 512),
    ] {
        for (dtype, gain) in FORMATS.into_iter().flat_map(|dtype| [(dtype, 1.0), (dtype, 60.0)]) {
            let context = format!("{batch}×{queries}×{keys}, {heads} heads of {dim}, {dtype:?}, gain {gain}");
            let part = |tokens: usize, seed: u32, gain: f64| {
                let wide = (numbers(&[batch, tokens, 3 * heads * dim], seed) * gain).unwrap();
                // A slice of a wider tensor, as fused projections give.
                wide.to_dtype(dtype)
                    .unwrap()
                    .narrow(2, heads * dim, heads * dim)
                    .unwrap()
            };
            let (q, k, v) = (part(queries, 1, gain), part(keys, 2, 1.0), part(keys, 3, 1.0));
            let scale = (dim as f64).sqrt().recip();
            let found = attention(&q, &k, &v, heads, scale, false).unwrap();
            let expected = plain_attention(&q, &k, &v, heads, scale).unwrap();
            assert_eq!(found.dtype(), dtype);
            let error = relative_error(&found, &expected);
            // Large scores magnify the rounding of what makes them.
            assert!(
                error < tolerance(dtype) * (1.0 + gain / 10.0),
                "{context}: off by {error:e}"
            );
        }
    }
}

/// A sequence of numbers below a bound, the same every time.
struct Dice(u32);

impl Dice {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (self.0 >> 8) as usize % bound
    }

    fn one_of<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[self.below(choices.len())]
    }
}

/// The same numbers, rounded to a format and back.
fn rounded(x: &Tensor, dtype: DType) -> Tensor {
    x.to_dtype(dtype).unwrap().to_dtype(DType::F32).unwrap()
}

/// With so much before and after one axis: what lies at its other end if that joins, else zeros.
fn around(x: &Tensor, axis: usize, before: usize, after: usize, joins: bool) -> Tensor {
    if !joins {
        return x.pad_with_zeros(axis, before, after).unwrap();
    }
    let len = x.dim(axis).unwrap();
    let head = x.narrow(axis, 0, after).unwrap();
    let tail = x.narrow(axis, len - before, before).unwrap();
    Tensor::cat(&[&tail, x, &head], axis).unwrap()
}

#[test]
fn conv2d_should_match_the_plain_one_with_all_that_is_done_before_and_after() {
    let mut dice = Dice(7);
    for round in 0..60 {
        let dtype = FORMATS[round % 2];
        let (batch, height, width) = (1 + dice.below(3), 3 + dice.below(12), 3 + dice.below(12));
        let outputs = dice.one_of(&[1, 4, 31, 64, 100]);
        let channels: Vec<usize> = (0..=dice.below(2))
            .map(|_| dice.one_of(&[3, 32, 40, 64, 344]))
            .collect();
        let inputs: usize = channels.iter().sum();
        let kernel = dice.one_of(&[1, 3, 3, 5]);
        let stride = dice.one_of(&[1, 1, 2]);
        let padding = if kernel == 3 && dice.below(4) == 0 {
            Padding::BOTTOM_RIGHT
        } else {
            Padding::same(kernel / 2)
        };
        let context = format!(
            "round {round}: {batch}×{channels:?}×{height}×{width} to {outputs}, kernel {kernel}, stride {stride}, {padding:?}, {dtype:?}"
        );
        let seed = round as u32 * 10 + 1;
        let parts: Vec<Tensor> = channels
            .iter()
            .enumerate()
            .map(|(i, c)| {
                numbers(&[batch, *c, height, width], seed + i as u32)
                    .to_dtype(dtype)
                    .unwrap()
            })
            .collect();
        let parts: Vec<&Tensor> = parts.iter().collect();
        let gain = (3.0 / (inputs * kernel * kernel) as f64).sqrt();
        let weight = (numbers(&[outputs, inputs, kernel, kernel], seed + 2) * gain)
            .unwrap()
            .to_dtype(dtype)
            .unwrap();
        let bias = numbers(&[outputs], seed + 3);
        let norm = GroupNorm::new(&numbers(&[inputs], seed + 4), &numbers(&[inputs], seed + 5), 1, 1e-5).unwrap();

        let mut input = PreOps::new(&parts);
        let mut seen = Tensor::cat(
            &parts.iter().map(|part| rounded(part, DType::F32)).collect::<Vec<_>>(),
            1,
        )
        .unwrap();
        if dice.below(2) == 0 {
            input = input.normalised_silu(&norm);
            // Plain tensor operations, which know no f64 kernels.
            seen = norm
                .forward_silu(&seen.to_dtype(DType::F64).unwrap())
                .unwrap()
                .to_dtype(DType::F32)
                .unwrap();
            seen = rounded(&seen, dtype);
        }
        if dice.below(3) == 0 {
            input = input.enlarged(2 * height, 2 * width + 1);
            seen = seen.upsample_nearest2d(2 * height, 2 * width + 1).unwrap();
        }
        let weights = ConvWeights::new(&weight, Some(&bias), stride, padding).unwrap();
        let wrap = Wrap {
            x: dice.below(3) == 0,
            y: dice.below(3) == 0,
        };
        input = input.wrapped(wrap);
        let padded = around(&seen, 2, padding.top, padding.bottom, wrap.y);
        let padded = around(&padded, 3, padding.left, padding.right, wrap.x);
        let mut expected = padded
            .conv2d(&rounded(&weight, DType::F32), 0, stride, 1, 1)
            .and_then(|y| y.broadcast_add(&bias.reshape((1, outputs, 1, 1))?))
            .unwrap();
        let condition = numbers(&[if dice.below(2) == 0 { 1 } else { batch }, outputs], seed + 6);
        let shortcut = rounded(&numbers(expected.dims(), seed + 7), dtype);
        let typed_shortcut = shortcut.to_dtype(dtype).unwrap();
        let mut post_ops = PostOps::default();
        if dice.below(2) == 0 {
            post_ops.condition = Some(&condition);
            expected = expected
                .broadcast_add(&condition.reshape((condition.dim(0).unwrap(), outputs, 1, 1)).unwrap())
                .unwrap();
        }
        post_ops.activation = dice.one_of(&[Activation::None, Activation::Silu, Activation::Gelu]);
        expected = match post_ops.activation {
            Activation::Silu => expected.silu().unwrap(),
            Activation::Gelu => expected.gelu_erf().unwrap(),
            _ => expected,
        };
        if dice.below(2) == 0 {
            post_ops.shortcut = Some(&typed_shortcut);
            expected = (expected + &shortcut).unwrap();
        }
        if dice.below(2) == 0 {
            post_ops.relu = true;
            expected = expected.relu().unwrap();
        }
        post_ops.dtype = (dice.below(3) == 0).then_some(DType::F32);
        let found = conv2d(input, &weights, post_ops).unwrap();
        assert_eq!(found.dtype(), post_ops.dtype.unwrap_or(dtype), "{context}");
        let error = relative_error(&found, &expected);
        assert!(error < tolerance(dtype), "{context}: off by {error:e}");
        let again = conv2d(input, &weights, post_ops).unwrap();
        assert_eq!(
            relative_error(&again, &found),
            0.0,
            "{context}: twice the same must be the same"
        );
    }
}

#[test]
fn linear_should_match_the_plain_one_for_any_number_of_rows_and_columns() {
    let mut dice = Dice(3);
    for round in 0..60 {
        let dtype = FORMATS[round % 2];
        let rows = dice.one_of(&[1, 2, 7, 31, 32, 33, 77, 200]);
        let (inputs, outputs) = (
            dice.one_of(&[1, 24, 32, 96, 320]),
            dice.one_of(&[1, 8, 32, 64, 100, 352]),
        );
        let context = format!("round {round}: {rows} rows, {inputs} to {outputs}, {dtype:?}");
        let seed = round as u32 * 10 + 5;
        // Every other row of a wider tensor, turned round: nothing is contiguous.
        let x = numbers(&[inputs, 2, rows], seed).to_dtype(dtype).unwrap();
        let x = x.narrow(1, 1, 1).unwrap().squeeze(1).unwrap().t().unwrap();
        let weight = (numbers(&[outputs, inputs], seed + 1) * (3.0 / inputs as f64).sqrt()).unwrap();
        let weight = weight.to_dtype(dtype).unwrap();
        let bias = numbers(&[outputs], seed + 2);
        let product = rounded(&x, DType::F32)
            .contiguous()
            .and_then(|x| x.matmul(&rounded(&weight, DType::F32).t()?)?.broadcast_add(&bias))
            .unwrap();

        let shortcut = numbers(&[rows, outputs], seed + 3).to_dtype(dtype).unwrap();
        let weights = LinearWeights::new(&weight, Some(&bias)).unwrap();
        let found = linear(&x, &weights, PostOps::add(&shortcut)).unwrap();
        let expected = (&product + rounded(&shortcut, DType::F32)).unwrap();
        let error = relative_error(&found, &expected);
        assert!(error < tolerance(dtype), "{context}: off by {error:e}");

        if outputs % 2 == 0 {
            let gated = LinearWeights::gated(&weight, Some(&bias)).unwrap();
            let found = linear_geglu(&x, &gated).unwrap();
            let error = relative_error(&found, &geglu(&product).unwrap());
            // Halves too narrow to be packed are rounded once more on the plain way.
            assert!(error < 2.0 * tolerance(dtype), "{context}, gated: off by {error:e}");
        }
    }
}

#[test]
fn norms_should_match_the_plain_ones_also_far_from_zero() {
    for (batch, channels, groups, height, width, offset) in [
        (2, 64, 8, 9, 7, 0.0),
        (1, 320, 32, 33, 20, 100.0),
        (3, 6, 3, 1, 1, 0.0),
        (1, 40, 5, 40, 40, -30.0),
    ] {
        for dtype in FORMATS {
            let x = (numbers(&[batch, channels, height, width], 3) + offset)
                .unwrap()
                .to_dtype(dtype)
                .unwrap();
            let exact = x.to_dtype(DType::F64).unwrap();
            let (weight, bias) = (numbers(&[channels], 4), numbers(&[channels], 5));
            let context = format!("{batch}×{channels}×{height}×{width} about {offset}, {dtype:?}");
            let norm = GroupNorm::new(&weight, &bias, groups, 1e-5).unwrap();
            let error = relative_error(&norm.forward(&x).unwrap(), &norm.forward(&exact).unwrap());
            // The map is applied to numbers far from 0, where f32 has fewer digits left.
            let tolerance = tolerance(dtype) * (1.0 + offset.abs());
            assert!(error < tolerance, "group norm, {context}: off by {error:e}");

            let (rows, exact) = (x.permute((0, 2, 3, 1)).unwrap(), exact.permute((0, 2, 3, 1)).unwrap());
            let norm = LayerNorm::new(&weight, &bias, 1e-5).unwrap();
            let error = relative_error(&norm.forward(&rows).unwrap(), &norm.forward(&exact).unwrap());
            assert!(error < tolerance, "layer norm, {context}: off by {error:e}");
        }
    }
}

/// The tests above, once more in a process of their own for every path that this machine has.
#[test]
fn every_path_of_this_machine_should_pass_the_same_tests() {
    if std::env::var_os(cpu::VARIABLE).is_some() {
        return;
    }
    for path in cpu::Path::supported() {
        let output = std::process::Command::new(std::env::current_exe().unwrap())
            .args(["kernels::", "--skip", "every_path"])
            .env(cpu::VARIABLE, path.name())
            .output()
            .unwrap();
        assert!(
            output.status.success(),
            "{}:\n{}",
            path.name(),
            String::from_utf8_lossy(&output.stdout)
        );
    }
}
