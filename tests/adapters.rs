//! Adapters: the forms they come in against plain sums, the names they go by, and how they come and go.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use candle_core::{Device, Tensor};
use hareru::engine::{EngineHandle, EngineOptions};
use hareru::job::{Event, GenerateRequest, JobOptions, LoraSpec, ModelRef, Precision, PreviewMode};
use hareru::models::lora::Change as _;
use hareru::pipelines;
use hareru::pipelines::families::{Prompts, StableDiffusion};
use hareru::weights::adapter::{AdapterFile, Block, BlockNames, Component, EmbeddingFile, NameTable, Tower};
use hareru::weights::{Bytes, SafetensorsFile};

use crate::support::weights::{Entry, safetensors_bytes, write};

/// Names of layers in the model that comes with the program: one of three maps in one, a convolution, a gated map.
const TO_K: &str = "lora_unet_mid_block_attentions_0_transformer_blocks_0_attn2_to_k";
const CONV: &str = "lora_unet_mid_block_resnets_0_conv1";
const WIDTH: usize = 128;

/// Numbers without a pattern, −1 to 1.
fn numbers(count: usize, seed: usize) -> Vec<f32> {
    let number = |i: usize| ((i * 7919 + seed * 104_729 + i * i * 31) % 2003) as f32 / 1001.0 - 1.0;
    (0..count).map(number).collect()
}

fn entry(name: &'static str, shape: &'static [usize], seed: usize) -> Entry<'static> {
    (name, shape, numbers(shape.iter().product(), seed))
}

struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn file(&self, name: &str, entries: &[Entry<'_>]) -> PathBuf {
        write(self.0.path(), name, &safetensors_bytes(entries));
        self.0.path().join(name)
    }
}

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

fn reference() -> Option<PathBuf> {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/reference");
    let root = std::env::var_os("HARERU_REFERENCE").map_or(beside, PathBuf::from);
    root.join("cases").is_dir().then_some(root)
}

/// Names and shapes of everything in a file.
fn shapes(path: &Path) -> BTreeMap<String, Vec<usize>> {
    let file = SafetensorsFile::new(Bytes::map(path).unwrap(), path.to_owned()).unwrap();
    let shape = |name: String| (name.clone(), file.shape(&name).unwrap().to_vec());
    file.names().into_iter().map(shape).collect()
}

#[test]
fn every_layer_of_the_sdxl_adapters_should_be_one_of_the_model() {
    let Some(root) = reference() else {
        println!("the whole reference is not at hand: no SDXL adapters were read");
        return;
    };
    let part = |folder: &str, file: &str| shapes(&root.join("models/sdxl").join(folder).join(file));
    let networks = [
        (Component::UNet, part("unet", "diffusion_pytorch_model.safetensors")),
        (Component::TextEncoder, part("text_encoder", "model.safetensors")),
        (Component::TextEncoder2, part("text_encoder_2", "model.safetensors")),
    ];
    let table = NameTable::new(networks.iter().map(|(component, parameters)| (*component, parameters)));
    let mut targets = Vec::new();
    for case in [
        "lora_sdxl_kohya/adapter_sdxl_kohya",
        "lora_sdxl_kohya_sgm_names/adapter_sdxl_sgm",
    ] {
        let file = AdapterFile::open(&root.join(format!("cases/{case}.safetensors"))).unwrap();
        assert_eq!(file.layers().len(), 344);
        let mut found = Vec::new();
        for (name, layer) in file.layers() {
            let target = table.find(name).unwrap_or_else(|| panic!("{name} should be known"));
            let (_, parameters) = networks.iter().find(|(part, _)| *part == target.component).unwrap();
            let shape = &parameters[&format!("{}.weight", target.module)];
            assert!(layer.weight.as_ref().unwrap().fits(shape), "{name}: {shape:?}");
            found.push(target.module.clone());
        }
        found.sort();
        targets.push(found);
    }
    assert_eq!(targets[0], targets[1], "both files change the same layers");
}

/// The layers of a U-Net with the levels of SD 1.5, or of SDXL.
fn unet_modules(attending: &[bool]) -> Vec<String> {
    let levels = attending.len();
    let mut modules = vec![
        "conv_in".to_owned(),
        "conv_out".to_owned(),
        "time_embedding.linear_1".to_owned(),
    ];
    for (level, attends) in attending.iter().enumerate() {
        let up = levels - 1 - level;
        for layer in 0..3 {
            let mut add = |block: String| {
                modules.push(format!("{block}.resnets.{layer}.conv1"));
                if *attends {
                    modules.push(format!("{block}.attentions.{layer}.proj_in"));
                }
            };
            if layer < 2 {
                add(format!("down_blocks.{level}"));
            }
            add(format!("up_blocks.{up}"));
        }
        if level + 1 < levels {
            modules.push(format!("down_blocks.{level}.downsamplers.0.conv"));
            modules.push(format!("up_blocks.{level}.upsamplers.0.conv"));
        }
    }
    modules
        .extend(["resnets.0.conv1", "attentions.0.proj_in", "resnets.1.conv2"].map(|part| format!("mid_block.{part}")));
    modules
}

#[test]
fn blocks_should_have_the_names_and_numbers_of_the_original() {
    let modules = unet_modules(&[true, true, true, false]);
    let names = BlockNames::new(&modules.iter().map(String::as_str).collect::<Vec<_>>());
    for (ours, theirs, block) in [
        ("conv_in", "input_blocks.0.0", Block::In(0)),
        ("time_embedding.linear_1", "time_embed.0", Block::Base),
        (
            "down_blocks.0.resnets.0.conv1",
            "input_blocks.1.0.in_layers.2",
            Block::In(1),
        ),
        (
            "down_blocks.0.attentions.1.proj_in",
            "input_blocks.2.1.proj_in",
            Block::In(2),
        ),
        ("down_blocks.0.downsamplers.0.conv", "input_blocks.3.0.op", Block::In(3)),
        (
            "down_blocks.3.resnets.1.conv1",
            "input_blocks.11.0.in_layers.2",
            Block::In(11),
        ),
        ("mid_block.resnets.1.conv2", "middle_block.2.out_layers.3", Block::Mid),
        ("up_blocks.0.upsamplers.0.conv", "output_blocks.2.1.conv", Block::Out(2)),
        (
            "up_blocks.1.attentions.0.proj_in",
            "output_blocks.3.1.proj_in",
            Block::Out(3),
        ),
        ("up_blocks.1.upsamplers.0.conv", "output_blocks.5.2.conv", Block::Out(5)),
        (
            "up_blocks.3.resnets.2.conv1",
            "output_blocks.11.0.in_layers.2",
            Block::Out(11),
        ),
        ("conv_out", "out.2", Block::Base),
    ] {
        assert_eq!(names.original(ours), Some((theirs.to_owned(), block)), "{ours}");
    }
    let weights = names.weights(&(0..17).map(f64::from).collect::<Vec<_>>()).unwrap();
    assert_eq!(weights[&Block::Base], 0.0);
    assert_eq!((weights[&Block::In(1)], weights[&Block::In(8)]), (1.0, 6.0));
    assert_eq!(
        (weights[&Block::Mid], weights[&Block::Out(3)], weights[&Block::Out(11)]),
        (7.0, 8.0, 16.0)
    );
    assert!(!weights.contains_key(&Block::In(0)) && !weights.contains_key(&Block::Out(2)));
    let weights = names.weights(&(0..26).map(f64::from).collect::<Vec<_>>()).unwrap();
    assert_eq!(
        (weights[&Block::In(0)], weights[&Block::Mid], weights[&Block::Out(11)]),
        (1.0, 13.0, 25.0)
    );
    assert_eq!(names.weights(&[1.0; 5]), Err([17, 26]));

    let modules = unet_modules(&[false, true, true]);
    let names = BlockNames::new(&modules.iter().map(String::as_str).collect::<Vec<_>>());
    let weights = names.weights(&[1.0; 12]).unwrap();
    assert!(
        [4, 5, 7, 8]
            .iter()
            .all(|index| weights.contains_key(&Block::In(*index)))
    );
    assert!((0..6).all(|index| weights.contains_key(&Block::Out(index))));
    assert_eq!(names.weights(&[]), Err([12, 20]));
}

#[test]
fn a_layer_should_be_known_by_every_name_it_goes_by() {
    let unet: BTreeMap<_, _> = unet_modules(&[true, true, true, false])
        .into_iter()
        .chain(
            [
                "down_blocks.0.attentions.0.attn1.to_q",
                "down_blocks.0.attentions.0.attn1.to_out.0",
            ]
            .map(str::to_owned),
        )
        .map(|module| (format!("{module}.weight"), vec![4, 4]))
        .collect();
    let text =
        |prefix: &str| BTreeMap::from([(format!("{prefix}encoder.layers.0.self_attn.q_proj.weight"), vec![4, 4])]);
    let (first, second) = (text("text_model."), text(""));
    let networks = [
        (Component::UNet, &unet),
        (Component::TextEncoder, &first),
        (Component::TextEncoder2, &second),
    ];
    let table = NameTable::new(networks.into_iter());
    let to_q = "down_blocks.0.attentions.0.attn1.to_q";
    for (name, module) in [
        ("lora_unet_down_blocks_0_attentions_0_attn1_to_q", to_q),
        ("lora_unet_input_blocks_1_1_attn1_to_q", to_q),
        ("lycoris_down_blocks_0_attentions_0_attn1_to_q", to_q),
        ("unet.down_blocks.0.attentions.0.attn1.to_q", to_q),
        ("down_blocks.0.attentions.0.attn1.to_q", to_q),
        ("base_model.model.down_blocks.0.attentions.0.attn1.to_q", to_q),
        ("diffusion_model.input_blocks.1.1.attn1.to_q", to_q),
        ("unet.down_blocks.0.attentions.0.attn1.processor.to_q_lora", to_q),
        ("down_blocks.0.attentions.0.attn1.processor.to_q_lora", to_q),
        (
            "unet.down_blocks.0.attentions.0.attn1.processor.to_out_lora",
            "down_blocks.0.attentions.0.attn1.to_out.0",
        ),
        (
            "lora_unet_down_blocks_0_attentions_0_attn1_to_out_0",
            "down_blocks.0.attentions.0.attn1.to_out.0",
        ),
    ] {
        let target = table.find(name).unwrap_or_else(|| panic!("{name} should be known"));
        assert_eq!(
            (target.component, target.module.as_str()),
            (Component::UNet, module),
            "{name}"
        );
    }
    let q = "encoder.layers.0.self_attn.q_proj";
    for (name, component, module) in [
        (
            "lora_te_text_model_encoder_layers_0_self_attn_q_proj",
            Component::TextEncoder,
            format!("text_model.{q}"),
        ),
        (
            "lora_te1_text_model_encoder_layers_0_self_attn_q_proj",
            Component::TextEncoder,
            format!("text_model.{q}"),
        ),
        (
            "text_encoder.text_model.encoder.layers.0.self_attn.q_proj",
            Component::TextEncoder,
            format!("text_model.{q}"),
        ),
        (
            "text_encoder.text_model.encoder.layers.0.self_attn.to_q_lora",
            Component::TextEncoder,
            format!("text_model.{q}"),
        ),
        (
            "text_encoder.encoder.layers.0.self_attn.q_proj",
            Component::TextEncoder,
            format!("text_model.{q}"),
        ),
        (
            "lora_te2_text_model_encoder_layers_0_self_attn_q_proj",
            Component::TextEncoder2,
            q.to_owned(),
        ),
        (
            "text_encoder_2.text_model.encoder.layers.0.self_attn.q_proj",
            Component::TextEncoder2,
            q.to_owned(),
        ),
    ] {
        let target = table.find(name).unwrap_or_else(|| panic!("{name} should be known"));
        assert_eq!((target.component, &target.module), (component, &module), "{name}");
    }
    for unknown in ["lora_unet_down_blocks_9_attentions_0_attn1_to_q", "lora_te3_a", ""] {
        assert_eq!(table.find(unknown), None, "{unknown}");
    }
}

fn starter() -> StableDiffusion {
    pipelines::load(&ModelRef::Starter, &pipelines::Device::Cpu, Precision::F32, &mut |_| ()).unwrap()
}

/// An adapter of rank 2 for one of three stacked maps and for a convolution of the starter's U-Net, strong enough to be
/// seen.
fn adapter(folder: &Folder, name: &str) -> PathBuf {
    let parts = [
        (format!("{TO_K}.lora_up.weight"), vec![WIDTH, 2]),
        (format!("{TO_K}.lora_down.weight"), vec![2, WIDTH]),
        (format!("{CONV}.lora_up.weight"), vec![WIDTH, 2, 1, 1]),
        (format!("{CONV}.lora_down.weight"), vec![2, WIDTH, 3, 3]),
    ];
    let entries: Vec<Entry<'_>> = parts
        .iter()
        .enumerate()
        .map(|(seed, (name, shape))| {
            let mut values = numbers(shape.iter().product(), seed);
            for value in &mut values {
                *value *= 0.1;
            }
            (name.as_str(), shape.as_slice(), values)
        })
        .collect();
    folder.file(name, &entries)
}

#[test]
fn only_layers_whose_changes_differ_should_be_made_anew() {
    let folder = Folder::new();
    let (both, again) = (adapter(&folder, "a.safetensors"), adapter(&folder, "b.safetensors"));
    let q = "lora_te_text_model_encoder_layers_0_self_attn_q_proj";
    let (up, down) = (format!("{q}.lora_up.weight"), format!("{q}.lora_down.weight"));
    let text = folder.file(
        "text.safetensors",
        &[
            (&up, &[WIDTH, 1], numbers(WIDTH, 1)),
            (&down, &[1, WIDTH], numbers(WIDTH, 2)),
        ],
    );
    let mut model = starter();
    let before = model
        .encode_prompts(&Prompts::new("a lighthouse", "", [64; 2]))
        .unwrap()
        .cond
        .context;
    let mut set = |loras: &[LoraSpec]| model.set_adapters(loras, &[]).unwrap();
    assert_eq!(set(&[]), 0);
    assert_eq!(set(&[LoraSpec::new(&both, 1.0)]), 2);
    assert_eq!(set(&[LoraSpec::new(&both, 1.0)]), 0, "nothing has changed");
    assert_eq!(
        set(&[LoraSpec::new(&both, 1.0), LoraSpec::new(&text, 1.0)]),
        1,
        "one layer of the text encoder"
    );
    assert_eq!(
        set(&[LoraSpec::new(&both, 0.5), LoraSpec::new(&text, 1.0)]),
        2,
        "another weight"
    );
    assert_eq!(
        set(&[
            LoraSpec::new(&both, 0.5),
            LoraSpec {
                text_weight: 0.0,
                ..LoraSpec::new(&text, 1.0)
            }
        ]),
        1,
        "weight 0 is none"
    );
    assert_eq!(
        set(&[LoraSpec::new(&both, 0.5), LoraSpec::new(&again, 0.5)]),
        2,
        "several at once"
    );
    assert_eq!(set(&[LoraSpec::new(&text, 1.0)]), 3);
    let during = model
        .encode_prompts(&Prompts::new("a lighthouse", "", [64; 2]))
        .unwrap()
        .cond
        .context;
    assert_eq!(model.set_adapters(&[], &[]).unwrap(), 1);
    let after = model
        .encode_prompts(&Prompts::new("a lighthouse", "", [64; 2]))
        .unwrap()
        .cond
        .context;
    let bits = |states: &Tensor| states.flatten_all().unwrap().to_vec1::<f32>().unwrap();
    assert_ne!(bits(&before), bits(&during), "the adapter should be felt");
    assert_eq!(bits(&before), bits(&after), "and leave nothing behind");
}

#[test]
fn pictures_after_an_adapter_should_be_those_before_it() {
    let folder = Folder::new();
    let path = adapter(&folder, "a.safetensors");
    let mut engine = EngineHandle::start(EngineOptions::default(), || {}).unwrap();
    let mut picture = |loras: Vec<LoraSpec>| {
        let request = GenerateRequest {
            prompt: "a lighthouse at night".to_owned(),
            width_px: 64,
            height_px: 64,
            steps: 2,
            loras,
            ..GenerateRequest::default()
        };
        let options = JobOptions {
            preview: PreviewMode::Off,
            precision: Precision::F32,
            ..JobOptions::default()
        };
        let job = engine.submit(request, options).unwrap();
        let mut pixels = None;
        loop {
            match engine.wait().expect("the engine should still be there") {
                Event::Image { image, .. } => pixels = Some(image.pixels.pixels.clone()),
                Event::Finished { job: ended } if ended == job => return Ok(pixels.unwrap()),
                Event::Failed { error, .. } => return Err(error.message.clone()),
                _ => {}
            }
        }
    };
    let halves = |weight: f64| vec![LoraSpec::new(&path, weight)];
    let before = picture(Vec::new()).unwrap();
    let changed = picture(halves(1.0)).unwrap();
    assert_ne!(before, changed, "the adapter should be seen");
    assert_ne!(changed, picture(halves(0.5)).unwrap(), "and its weight");
    let twice = vec![LoraSpec::new(&path, 0.5), LoraSpec::new(&path, 0.5)];
    assert_eq!(changed, picture(twice).unwrap(), "two halves are a whole");
    // Every layer of this adapter is in the middle: BASE, IN, MID, OUT with 0 elsewhere changes nothing.
    let only_middle = LoraSpec {
        block_weights: Some(vec![0.0, 0.0, 1.0, 0.0, 0.0]),
        ..LoraSpec::new(&path, 1.0)
    };
    assert_eq!(changed, picture(vec![only_middle.clone()]).unwrap());
    let no_middle = LoraSpec {
        block_weights: Some(vec![1.0, 1.0, 0.0, 1.0, 1.0]),
        ..only_middle
    };
    assert_eq!(before, picture(vec![no_middle]).unwrap());
    assert_eq!(changed, picture(halves(1.0)).unwrap());
    let missing = picture(vec![LoraSpec::new(folder.0.path().join("none"), 1.0)]).unwrap_err();
    assert!(missing.contains("none"), "{missing}");
    assert_eq!(before, picture(Vec::new()).unwrap(), "bit for bit, after an error too");
}

#[test]
fn adapters_for_other_models_should_be_refused_and_leave_the_model_alone() {
    let folder = Folder::new();
    let mut model = starter();
    let mut refused = |spec: LoraSpec| {
        let error = model.set_adapters(&[spec], &[]).unwrap_err().to_string();
        assert!(error.ends_with(".safetensors") && !error.contains('\n'), "{error}");
        error
    };
    let up = format!("{TO_K}.lora_up.weight");
    let down = format!("{TO_K}.lora_down.weight");
    let wide = folder.file(
        "wide.safetensors",
        &[
            (&up, &[WIDTH, 2], numbers(2 * WIDTH, 1)),
            (&down, &[2, 2048], numbers(4096, 2)),
        ],
    );
    let error = refused(LoraSpec::new(wide, 1.0));
    assert!(error.contains("128×2048 weights, expected 128×128"), "{error}");
    let other = folder.file(
        "other.safetensors",
        &[
            entry("transformer.blocks.0.attn.lora_A.weight", &[2, 4], 1),
            entry("transformer.blocks.0.attn.lora_B.weight", &[4, 2], 2),
        ],
    );
    let error = refused(LoraSpec::new(other, 1.0));
    assert!(
        error.contains("another family") && error.contains("transformer.blocks.0.attn"),
        "{error}"
    );
    let spec = LoraSpec {
        block_weights: Some(vec![1.0; 3]),
        ..LoraSpec::new(adapter(&folder, "blocks.safetensors"), 1.0)
    };
    let error = refused(spec);
    assert!(
        error.contains("must be 5 or 14 numbers for this model, found 3"),
        "{error}"
    );
    let not_finite = folder.file(
        "nan.safetensors",
        &[
            (&up, &[WIDTH, 1], vec![f32::NAN; WIDTH]),
            (&down, &[1, WIDTH], numbers(WIDTH, 2)),
        ],
    );
    assert!(refused(LoraSpec::new(not_finite, 1.0)).contains("not finite"));
    assert_eq!(model.set_adapters(&[], &[]).unwrap(), 1, "what was begun is repaired");
}

#[test]
fn learned_words_should_be_tokens_of_their_own() {
    let folder = Folder::new();
    let style = folder.file("mystyle.safetensors", &[entry("emb_params", &[2, WIDTH], 1)]);
    let cat = folder.file("cat.safetensors", &[("<my-cat>", &[WIDTH], numbers(WIDTH, 2))]);
    let mut model = starter();
    let vocabulary = 1071;
    let text = "a photo, mystyle, of <my-cat>";
    let before = model.encode_prompts(&Prompts::new(text, "", [64; 2])).unwrap();
    assert!(before.prompt_ids[0].as_ref().unwrap().iter().all(|id| *id < vocabulary));
    model.set_adapters(&[], &[style.clone(), cat]).unwrap();
    let during = model.encode_prompts(&Prompts::new(text, "", [64; 2])).unwrap();
    let learned: Vec<u32> = during.prompt_ids[0]
        .iter()
        .flatten()
        .copied()
        .filter(|id| *id >= vocabulary)
        .collect();
    assert_eq!(learned, [vocabulary, vocabulary + 1, vocabulary + 2]);
    let len = |ids: &[Option<Vec<u32>>; 2]| ids[0].as_ref().unwrap().len();
    assert_eq!(len(&during.prompt_ids), len(&before.prompt_ids));
    model.set_adapters(&[], &[]).unwrap();
    let after = model.encode_prompts(&Prompts::new(text, "", [64; 2])).unwrap();
    assert_eq!(after.prompt_ids, before.prompt_ids);
    let bits = |states: &Tensor| states.flatten_all().unwrap().to_vec1::<f32>().unwrap();
    assert_ne!(bits(&during.cond.context), bits(&before.cond.context));
    assert_eq!(bits(&after.cond.context), bits(&before.cond.context));

    let wide = folder.file("wide.safetensors", &[entry("emb_params", &[1, 1024], 3)]);
    for (files, expected) in [
        (vec![wide], "has width 1024, expected 128"),
        (vec![style.clone(), style], "is taken by another embedding"),
        (vec![adapter(&folder, "lora.safetensors")], "another family"),
    ] {
        let error = model.set_adapters(&[], &files).unwrap_err().to_string();
        assert!(error.contains(expected) && error.ends_with(".safetensors"), "{error}");
    }
}

#[test]
fn embeddings_should_be_read_in_every_layout() {
    let folder = Folder::new();
    let pair = [entry("clip_g", &[2, 20], 1), entry("clip_l", &[2, 16], 2)];
    let file = EmbeddingFile::open(&folder.file("style.safetensors", &pair)).unwrap();
    let towers: Vec<_> = file.words.iter().map(|word| (word.word.as_str(), word.tower)).collect();
    assert_eq!(towers, [("style", Tower::Second), ("style", Tower::First)]);
    assert_eq!(file.words[0].rows.dims(), [2, 20]);
    let pickled = [entry("string_to_param.*", &[2, 16], 1)];
    let file = EmbeddingFile::open(&folder.file("v1.5.safetensors", &pickled)).unwrap();
    assert_eq!(file.words[0].word, "v1.5");
    let named = [entry("<a>", &[16], 1), entry("<b>", &[3, 16], 2)];
    let file = EmbeddingFile::open(&folder.file("two.safetensors", &named)).unwrap();
    let words: Vec<_> = file
        .words
        .iter()
        .map(|word| (word.word.as_str(), word.rows.dims()[0]))
        .collect();
    assert_eq!(words, [("<a>", 1), ("<b>", 3)]);
    let error = EmbeddingFile::open(&folder.file("no.safetensors", &[entry("a", &[2, 2, 2], 1)])).unwrap_err();
    assert!(error.to_string().contains("expected an embedding"), "{error}");
}
