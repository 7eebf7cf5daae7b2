//! The kernels on the shapes of Stable Diffusion 1.5, in f32 and in what the processor is fastest in.
//!
//! `cargo bench --bench kernels`; `HARERU_KERNELS` forces other instructions.

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use hareru::kernels::{self, ConvWeights, LinearWeights, Padding, PostOps, PreOps};
use hareru::pipelines::Device;

use candle_core::{DType, Tensor};

fn formats() -> Vec<DType> {
    let mut formats = vec![DType::F32, kernels::default_dtype(&Device::Cpu)];
    formats.dedup();
    formats
}

fn numbers(shape: &[usize], dtype: DType) -> Tensor {
    let len: usize = shape.iter().product();
    let data: Vec<f32> = (0..len)
        .map(|i| ((i * 7919 % 1009) as f32 / 504.5 - 1.0) * 0.1)
        .collect();
    let tensor = Tensor::from_vec(data, shape, &Device::Cpu).and_then(|x| x.to_dtype(dtype));
    tensor.expect("numbers fit their shape")
}

fn linears(c: &mut Criterion) {
    let mut group = c.benchmark_group("linear");
    group.sample_size(10);
    for (rows, outputs, inputs) in [
        (8192, 320, 320),
        (8192, 2560, 320),
        (2048, 5120, 640),
        (512, 10240, 1280),
        (512, 1280, 5120),
    ] {
        for dtype in formats() {
            let x = numbers(&[rows, inputs], dtype);
            let weights = LinearWeights::new(&numbers(&[outputs, inputs], dtype), None).expect("weights");
            group.throughput(Throughput::Elements((2 * rows * outputs * inputs) as u64));
            group.bench_function(format!("{rows}x{outputs}x{inputs} {dtype:?}"), |b| {
                b.iter(|| kernels::linear(&x, &weights, PostOps::default()).expect("shapes fit"));
            });
        }
    }
}

fn convolutions(c: &mut Criterion) {
    let mut group = c.benchmark_group("conv3x3");
    group.sample_size(10);
    for (batch, side, inputs, outputs) in [
        (2, 64, 320, 320),
        (2, 32, 640, 640),
        (2, 16, 1280, 1280),
        (2, 8, 1280, 1280),
        (1, 512, 128, 128),
        (1, 256, 256, 256),
    ] {
        for dtype in formats() {
            let x = numbers(&[batch, side, side, inputs], dtype)
                .permute((0, 3, 1, 2))
                .expect("four axes");
            let weight = numbers(&[outputs, inputs, 3, 3], dtype);
            let weights = ConvWeights::new(&weight, None, 1, Padding::same(1)).expect("weights");
            group.throughput(Throughput::Elements(
                (18 * batch * side * side * inputs * outputs) as u64,
            ));
            group.bench_function(
                format!("{inputs} to {outputs} at {side}, batch {batch}, {dtype:?}"),
                |b| {
                    b.iter(|| kernels::conv2d(PreOps::new(&[&x]), &weights, PostOps::default()).expect("shapes fit"));
                },
            );
        }
    }
}

fn attentions(c: &mut Criterion) {
    let mut group = c.benchmark_group("attention");
    group.sample_size(10);
    for (tokens, heads, dim) in [(4096, 8, 40), (1024, 8, 80)] {
        for dtype in formats() {
            let qkv = numbers(&[2, tokens, 3 * heads * dim], dtype);
            let part = |index: usize| qkv.narrow(2, index * heads * dim, heads * dim).expect("three parts");
            let (q, k, v) = (part(0), part(1), part(2));
            let scale = (dim as f64).sqrt().recip();
            group.throughput(Throughput::Elements((8 * tokens * tokens * heads * dim) as u64));
            group.bench_function(format!("2x{heads} heads of {dim}, {tokens} tokens, {dtype:?}"), |b| {
                b.iter(|| kernels::attention(&q, &k, &v, heads, scale, false).expect("shapes fit"));
            });
        }
    }
}

criterion_group!(benches, linears, convolutions, attentions);
criterion_main!(benches);
