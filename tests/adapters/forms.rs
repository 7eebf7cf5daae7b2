//! What each form comes to, against sums written out.

use candle_core::{Device, Tensor};
use hareru::models::lora::WeightDelta as _;
use hareru::weights::adapter::AdapterFile;

use super::{Folder, entry, numbers};
use crate::support::weights::Entry;

/// What a file with one layer `x` adds to `base`, by our reader.
fn delta(entries: &[Entry<'_>], shape: &[usize], base: &[f32]) -> Vec<f32> {
    let folder = Folder::new();
    let file = AdapterFile::open(&folder.file("a.safetensors", entries)).unwrap();
    let change = file.layers()["x"].weight.as_ref().unwrap();
    assert!(change.fits(shape), "{} for {shape:?}", change.extent());
    let base = Tensor::from_slice(base, shape, &Device::Cpu).unwrap();
    let delta = change.delta(&base, 1.0).unwrap();
    assert_eq!(delta.dims(), shape);
    delta.flatten_all().unwrap().to_vec1().unwrap()
}

fn assert_close(found: &[f32], expected: &[f64], what: &str) {
    assert_eq!(found.len(), expected.len(), "{what}");
    for (index, (found, expected)) in found.iter().zip(expected).enumerate() {
        let error = (f64::from(*found) - expected).abs();
        assert!(
            error < 2e-5 * expected.abs().max(1.0),
            "{what}, {index}: {found}, expected {expected}"
        );
    }
}

fn wide(values: &[f32]) -> Vec<f64> {
    values.iter().map(|value| f64::from(*value)).collect()
}

/// Rows × columns, with `inner` between.
fn matmul(a: &[f32], b: &[f32], [rows, inner, columns]: [usize; 3]) -> Vec<f64> {
    let (a, b) = (wide(a), wide(b));
    let cell = |i: usize, j: usize| (0..inner).map(|k| a[i * inner + k] * b[k * columns + j]).sum();
    (0..rows * columns).map(|at| cell(at / columns, at % columns)).collect()
}

/// Σ t[i, j, p] a[i, o] b[j, c] over all o, c, p.
fn tucker(t: &[f32], a: &[f32], b: &[f32], [i, j, o, c, pixels]: [usize; 5]) -> Vec<f64> {
    let mut dense = Vec::new();
    for o_at in 0..o {
        for c_at in 0..c {
            for p in 0..pixels {
                let term = |i_at: usize, j_at: usize| {
                    f64::from(t[(i_at * j + j_at) * pixels + p])
                        * f64::from(a[i_at * o + o_at])
                        * f64::from(b[j_at * c + c_at])
                };
                dense.push((0..i * j).map(|at| term(at / j, at % j)).sum());
            }
        }
    }
    dense
}

#[test]
fn lora_and_locon_should_be_the_product_by_alpha_over_rank() {
    let (up, down) = (numbers(6 * 2, 1), numbers(2 * 4, 2));
    let expected: Vec<f64> = matmul(&up, &down, [6, 2, 4]).iter().map(|x| x * 3.0 / 2.0).collect();
    let found = delta(
        &[
            ("x.lora_up.weight", &[6, 2], up),
            ("x.lora_down.weight", &[2, 4], down),
            ("x.alpha", &[], vec![3.0]),
        ],
        &[6, 4],
        &[0.0; 24],
    );
    assert_close(&found, &expected, "LoRA");

    let (up, down) = (numbers(6 * 2, 3), numbers(2 * 4 * 9, 4));
    let expected = matmul(&up, &down, [6, 2, 36]);
    let found = delta(
        &[
            ("x.lora_up.weight", &[6, 2, 1, 1], up),
            ("x.lora_down.weight", &[2, 4, 3, 3], down),
        ],
        &[6, 4, 3, 3],
        &[0.0; 216],
    );
    assert_close(&found, &expected, "LoCon without alpha");
}

#[test]
fn locon_with_a_core_should_be_three_maps_one_after_the_other() {
    let (up, mid, down) = (numbers(5 * 2, 1), numbers(2 * 3 * 9, 2), numbers(3 * 4, 3));
    let turned: Vec<f32> = (0..10).map(|at| up[at % 5 * 2 + at / 5]).collect();
    let expected: Vec<f64> = tucker(&mid, &turned, &down, [2, 3, 5, 4, 9])
        .iter()
        .map(|x| x * 6.0 / 3.0)
        .collect();
    let found = delta(
        &[
            ("x.lora_up.weight", &[5, 2, 1, 1], up),
            ("x.lora_mid.weight", &[2, 3, 3, 3], mid),
            ("x.lora_down.weight", &[3, 4, 1, 1], down),
            ("x.alpha", &[], vec![6.0]),
        ],
        &[5, 4, 3, 3],
        &[0.0; 180],
    );
    assert_close(&found, &expected, "LoCon with a core");
}

#[test]
fn loha_should_be_the_elementwise_product_of_two_products() {
    let parts = [
        entry("x.hada_w1_a", &[6, 2], 1),
        entry("x.hada_w1_b", &[2, 4 * 9], 2),
        entry("x.hada_w2_a", &[6, 2], 3),
        entry("x.hada_w2_b", &[2, 4 * 9], 4),
        ("x.alpha", &[][..], vec![1.0]),
    ];
    let product = |a: usize, b: usize| matmul(&parts[a].2, &parts[b].2, [6, 2, 36]);
    let expected: Vec<f64> = product(0, 1)
        .iter()
        .zip(product(2, 3))
        .map(|(a, b)| a * b / 2.0)
        .collect();
    assert_close(&delta(&parts, &[6, 4, 3, 3], &[0.0; 216]), &expected, "LoHa");

    let parts = [
        entry("x.hada_w1_a", &[2, 6], 1),
        entry("x.hada_w1_b", &[3, 4], 2),
        entry("x.hada_t1", &[2, 3, 3, 3], 3),
        entry("x.hada_w2_a", &[2, 6], 4),
        entry("x.hada_w2_b", &[3, 4], 5),
        entry("x.hada_t2", &[2, 3, 3, 3], 6),
    ];
    let core = |t: usize, a: usize, b: usize| tucker(&parts[t].2, &parts[a].2, &parts[b].2, [2, 3, 6, 4, 9]);
    let expected: Vec<f64> = core(2, 0, 1).iter().zip(core(5, 3, 4)).map(|(a, b)| a * b).collect();
    assert_close(&delta(&parts, &[6, 4, 3, 3], &[0.0; 216]), &expected, "LoHa with cores");
}

#[test]
fn lokr_should_be_the_kronecker_product() {
    let kron = |first: &[f64], second: &[f64], [r1, c1, r2, c2, pixels]: [usize; 5]| -> Vec<f64> {
        let (rows, columns) = (r1 * r2, c1 * c2);
        let cell = |at: usize| {
            let (row, column, p) = (at / pixels / columns, at / pixels % columns, at % pixels);
            assert!(row < rows);
            first[row / r2 * c1 + column / c2] * second[(row % r2 * c2 + column % c2) * pixels + p]
        };
        (0..rows * columns * pixels).map(cell).collect()
    };

    let whole = [
        entry("x.lokr_w1", &[2, 3], 1),
        entry("x.lokr_w2", &[3, 2], 2),
        ("x.alpha", &[][..], vec![5.0]), // says nothing where nothing is factored
    ];
    let expected = kron(&wide(&whole[0].2), &wide(&whole[1].2), [2, 3, 3, 2, 1]);
    assert_close(&delta(&whole, &[6, 6], &[0.0; 36]), &expected, "LoKr, whole");

    let factored = [
        entry("x.lokr_w1_a", &[2, 1], 1),
        entry("x.lokr_w1_b", &[1, 3], 2),
        entry("x.lokr_w2_a", &[3, 2], 3),
        entry("x.lokr_w2_b", &[2, 2 * 9], 4),
        ("x.alpha", &[][..], vec![5.0]),
    ];
    let first = matmul(&factored[0].2, &factored[1].2, [2, 1, 3]);
    let second = matmul(&factored[2].2, &factored[3].2, [3, 2, 18]);
    let expected: Vec<f64> = kron(&first, &second, [2, 3, 3, 2, 9])
        .iter()
        .map(|x| x * 5.0 / 2.0)
        .collect();
    assert_close(
        &delta(&factored, &[6, 6, 3, 3], &[0.0; 324]),
        &expected,
        "LoKr, factored",
    );

    let with_core = [
        entry("x.lokr_w1", &[2, 3], 1),
        entry("x.lokr_t2", &[2, 2, 3, 3], 2),
        entry("x.lokr_w2_a", &[2, 3], 3),
        entry("x.lokr_w2_b", &[2, 2], 4),
    ];
    let second = tucker(&with_core[1].2, &with_core[2].2, &with_core[3].2, [2, 2, 3, 2, 9]);
    let expected = kron(&wide(&with_core[0].2), &second, [2, 3, 3, 2, 9]);
    assert_close(
        &delta(&with_core, &[6, 6, 3, 3], &[0.0; 324]),
        &expected,
        "LoKr with a core",
    );
}

#[test]
fn dora_should_give_the_changed_weights_the_lengths_it_learned() {
    let (rows, columns) = (6, 4);
    let (base, up, down) = (
        numbers(rows * columns, 9),
        numbers(rows * 2, 1),
        numbers(2 * columns, 2),
    );
    let changed: Vec<f64> = matmul(&up, &down, [rows, 2, columns])
        .iter()
        .zip(&base)
        .map(|(delta, base)| delta * 0.5 + f64::from(*base))
        .collect();
    let length = |cells: Vec<usize>| cells.iter().map(|at| changed[*at].powi(2)).sum::<f64>().sqrt();
    let row_length = |row: usize| length((0..columns).map(|column| row * columns + column).collect());
    let column_length = |column: usize| length((0..rows).map(|row| row * columns + column).collect());

    // LyCORIS along outputs and inputs, PEFT along outputs.
    for (name, shape) in [
        ("x.dora_scale", vec![rows, 1]),
        ("x.dora_scale", vec![1, columns]),
        ("x.lora_magnitude_vector.default.weight", vec![rows]),
    ] {
        let lengths = numbers(shape.iter().product(), 5);
        let is_per_input = shape == [1, columns];
        let expected: Vec<f64> = (0..rows * columns)
            .map(|at| {
                let (row, column) = (at / columns, at % columns);
                let factor = if is_per_input {
                    f64::from(lengths[column]) / column_length(column)
                } else {
                    f64::from(lengths[row]) / row_length(row)
                };
                changed[at] * factor - f64::from(base[at])
            })
            .collect();
        let parts = [
            ("x.lora_up.weight", &[6, 2][..], up.clone()),
            ("x.lora_down.weight", &[2, 4], down.clone()),
            ("x.alpha", &[], vec![1.0]),
            (name, &shape, lengths),
        ];
        assert_close(&delta(&parts, &[rows, columns], &base), &expected, name);
    }
}

#[test]
fn differences_should_be_added_as_they_are() {
    let parts = [entry("x.diff", &[6, 4], 1), ("x.alpha", &[][..], vec![7.0])];
    assert_close(&delta(&parts, &[6, 4], &[0.0; 24]), &wide(&parts[0].2), "difference");
}

#[test]
fn layers_that_contradict_themselves_should_be_refused_in_one_line() {
    let folder = Folder::new();
    let refused = |entries: &[Entry<'_>]| {
        let error = AdapterFile::open(&folder.file("bad.safetensors", entries))
            .unwrap_err()
            .to_string();
        assert!(error.ends_with("bad.safetensors") && !error.contains('\n'), "{error}");
        error
    };
    let product = [
        entry("x.lora_up.weight", &[6, 2], 1),
        entry("x.lora_down.weight", &[3, 4], 2),
    ];
    assert!(refused(&product).contains("6×2 by 3×4"));
    assert!(refused(&product[..1]).contains("expected both"));
    assert!(refused(&[entry("x.hada_w1_a", &[6, 2], 1)]).contains("lacks hada_w1_b"));
    assert!(refused(&[entry("x.lokr_w1", &[6, 2], 1)]).contains("lacks lokr_w2"));
    assert!(refused(&[entry("weight", &[2], 1)]).contains("expected an adapter"));
    assert!(refused(&[]).contains("no tensors"));
    let mut nan = [
        entry("x.lora_up.weight", &[6, 2], 1),
        entry("x.lora_down.weight", &[2, 4], 2),
        ("x.alpha", &[][..], vec![f32::NAN]),
    ];
    assert!(refused(&nan).contains("finite"));
    nan[2].2 = vec![1.0, 2.0];
    nan[2].1 = &[2];
    assert!(refused(&nan).contains("one number"));
    let core = [
        entry("x.lora_up.weight", &[1, 1000, 1, 1], 1),
        entry("x.lora_mid.weight", &[1000, 1, 3, 3], 2),
        entry("x.lora_down.weight", &[1, 4, 1, 1], 3),
    ];
    assert!(refused(&core).contains("ranks of at most"));
}
