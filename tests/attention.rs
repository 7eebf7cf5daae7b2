//! Where a U-Net looks, against the attention probabilities that diffusers computes.

use std::path::Path;

use candle_core::safetensors::load;
use candle_core::{DType, Device, Tensor};
use hareru::models::unet::{AttentionMaps, UNet2DConditionModel, UNetConditions, UNetConfig};
use hareru::weights::{self, ModelFiles};

/// The fixture is stored in f16.
const LIMIT: f64 = 3e-4;

/// `tests/fixtures/attention/attention.py` printed these maps for the first call of a case that lies in the tree.
#[test]
fn attention_should_be_what_diffusers_computes_layer_by_layer() {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
    let reference = fixtures.join("reference");
    let device = Device::Cpu;
    let case = load(
        reference.join("cases/sampler_ddim_linspace/expected.safetensors"),
        &device,
    )
    .unwrap();
    let expected = load(fixtures.join("attention/attention.safetensors"), &device).unwrap();

    let files = ModelFiles::open(reference.join("models/sd15")).unwrap();
    let config: UNetConfig = files.json("unet/config.json").unwrap();
    let unet = weights::build(&files, "unet", &device, DType::F32, |vb| {
        UNet2DConditionModel::new(vb, &config)
    })
    .unwrap();
    let maps = AttentionMaps::default();
    let timestep = case["timesteps"]
        .to_dtype(DType::F64)
        .unwrap()
        .to_vec1::<f64>()
        .unwrap()[0];
    let conditions = UNetConditions {
        maps: Some(&maps),
        ..UNetConditions::text(&case["text.prompt"])
    };
    unet.forward(&case["unet_in.000"], &[timestep], conditions).unwrap();

    let found = maps.take();
    assert_eq!(found.len(), expected.len());
    for map in found {
        let wanted = expected[&map.layer].to_dtype(DType::F32).unwrap();
        assert_eq!(map.probabilities.dims(), wanted.dims(), "{}", map.layer);
        let largest = largest(&(&map.probabilities - wanted).unwrap().abs().unwrap());
        assert!(largest < LIMIT, "{}: off by {largest}", map.layer);
        let sums = map.probabilities.sum(0).unwrap();
        assert!(largest_from_one(&sums) < 1e-5, "{}: sums {sums}", map.layer);
    }
}

fn largest(x: &Tensor) -> f64 {
    f64::from(x.max_all().unwrap().to_scalar::<f32>().unwrap())
}

fn largest_from_one(sums: &Tensor) -> f64 {
    largest(&(sums - 1.0).unwrap().abs().unwrap())
}
