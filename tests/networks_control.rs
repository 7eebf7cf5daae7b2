//! Control networks and image prompts against what diffusers computes, one call at a time.
#![expect(clippy::unwrap_used, reason = "tests panic on what they cannot use")]
#![expect(clippy::print_stdout, reason = "tests say what they compared")]

use crate::support::reference::Case;
use crate::support::reference::ReferenceSet;
use crate::support::reference::Tensors;
use crate::support::reference::relative_l2;
use candle_core::DType;
use candle_core::Device;
use candle_core::Tensor;
use candle_nn::VarBuilder;
use hareru::formats::Bytes;
use hareru::formats::SafetensorsFile;
use hareru::formats::TensorFile as _;
use hareru::job::RgbImage;
use hareru::kernels::Wrap;
use hareru::models::clip::ClipVisionModel;
use hareru::models::controlnet::ControlNetModel;
use hareru::models::controlnet::ControlStrength;
use hareru::models::ip_adapter::ImageFeatures;
use hareru::models::ip_adapter::ImagePromptPart;
use hareru::models::ip_adapter::IpAdapter;
use hareru::models::t2i_adapter::T2IAdapter;
use hareru::models::unet::AddedConditions;
use hareru::models::unet::AttentionMaps;
use hareru::models::unet::Residuals;
use hareru::models::unet::UNet2DConditionModel;
use hareru::models::unet::UNetConditions;
use hareru::pipelines::preprocess::clip_pixels;
use hareru::weights;
use hareru::weights::ModelFiles;
use hareru::weights::TensorSource as _;
use std::path::Path;
use std::path::PathBuf;

/// Largest relative L2 distance of a single call in f32.
const CALL_LIMIT: f64 = 1e-5;
/// How much further off a call in bf16 may be than one in f32 whose weights alone were rounded to bf16.
const BF16_FACTOR: f64 = 2.0;
/// The timestep of every call in the tree.
const TIMESTEP: [f64; 1] = [501.0];

fn fixtures(folder: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/fixtures")
        .join(folder)
}

fn build<C: serde::de::DeserializeOwned, T>(
    files: &ModelFiles,
    folder: &str,
    new: impl FnOnce(VarBuilder<'static>, &C) -> candle_core::Result<T>,
) -> T {
    let prefix = if folder.is_empty() {
        String::new()
    } else {
        format!("{folder}/")
    };
    let config = files.json(&format!("{prefix}config.json")).unwrap();
    weights::build(files, folder, &Device::Cpu, DType::F32, |vb| new(vb, &config)).unwrap()
}

/// The small networks that travel with the source.
fn ours<C: serde::de::DeserializeOwned, T>(
    folder: &str,
    new: impl FnOnce(VarBuilder<'static>, &C) -> candle_core::Result<T>,
) -> T {
    build(&ModelFiles::open(fixtures("control")).unwrap(), folder, new)
}

fn unet() -> UNet2DConditionModel {
    ours("unet", UNet2DConditionModel::new)
}

fn expected() -> Tensors {
    Tensors::open(&fixtures("control/expected.safetensors"))
}

/// All tensors of a file, rounded to a format and raised to f32.
fn file(path: &Path, rounded_to: DType) -> VarBuilder<'static> {
    let file = SafetensorsFile::new(Bytes::map(path).unwrap(), path.to_owned()).unwrap();
    let read = |name: String| {
        let tensor = file.tensor(&name, &Device::Cpu).unwrap().unwrap();
        let rounded = tensor.to_dtype(DType::F32).unwrap().to_dtype(rounded_to).unwrap();
        (name, rounded.to_dtype(DType::F32).unwrap())
    };
    VarBuilder::from_tensors(file.names().into_iter().map(read).collect(), DType::F32, &Device::Cpu)
}

fn assert_near(what: &str, found: &Tensor, expected: &Tensor) {
    let error = relative_l2(found, expected);
    println!("{what}: {error:.1e}");
    assert!(
        error <= CALL_LIMIT,
        "{what} is {error:.2e} off, the limit is {CALL_LIMIT:.0e}"
    );
}

#[test]
fn a_controlnet_should_pool_reorder_and_speak_to_the_unet() {
    let (expected, unet) = (expected(), unet());
    let get = |name: &str| expected.f32(name).unwrap();
    let (x, context) = (get("x"), get("context"));
    let conditions = UNetConditions::text(&context);
    assert_near("unet", &unet.forward(&x, &TIMESTEP, conditions).unwrap(), &get("unet"));

    let control = ours("controlnet", ControlNetModel::new);
    let hint = control.hint(&get("image"), Wrap::default()).unwrap();
    let strength = ControlStrength {
        scale: 0.7,
        guess: true,
    };
    let residuals = control.forward(&x, &TIMESTEP, conditions, &hint, strength).unwrap();
    assert_near("middle", residuals.mid.as_ref().unwrap(), &get("controlnet.mid"));
    assert_near("skip", &residuals.down[2], &get("controlnet.down.2"));
    let conditions = UNetConditions {
        residuals: Some(&residuals),
        ..conditions
    };
    let found = unet.forward(&x, &TIMESTEP, conditions).unwrap();
    assert_near("controlled", &found, &get("controlnet.unet"));
}

#[test]
fn t2i_adapters_of_every_type_should_speak_to_their_unets() {
    let expected = expected();
    let get = |name: &str| expected.f32(name).unwrap();
    let (x, image) = (get("x"), get("image"));
    for kind in ["full_adapter", "full_adapter_xl", "light_adapter"] {
        let adapter = ours(kind, T2IAdapter::new);
        let found = adapter.forward(&image, 1.0, Wrap::default()).unwrap().features;
        for (index, feature) in found.iter().enumerate() {
            assert_near(kind, feature, &get(&format!("{kind}.{index}")));
        }
        let lcm = ModelFiles::open(fixtures("networks/models/lcm")).unwrap();
        let (unet, context) = match kind {
            "full_adapter" => (build(&lcm, "unet", UNet2DConditionModel::new), get("lcm.context")),
            "full_adapter_xl" => (unet(), get("context")),
            _ => continue,
        };
        let residuals = adapter.forward(&image, 0.5, Wrap::default()).unwrap();
        let conditions = UNetConditions {
            residuals: Some(&residuals),
            ..UNetConditions::text(&context)
        };
        let found = unet.forward(&x, &TIMESTEP, conditions).unwrap();
        assert_near(kind, &found, &get(&format!("{kind}.unet")));
    }
}

#[test]
fn image_prompts_of_every_kind_should_be_seen_by_the_unet() {
    let (expected, unet) = (expected(), unet());
    let get = |name: &str| expected.f32(name).unwrap();
    let (x, context) = (get("x"), get("context"));
    let states = ours("image_encoder", ClipVisionModel::new)
        .forward(&get("pixels"))
        .unwrap();
    assert_near("embedding", &states.embedding, &get("vision.embedding"));
    assert_near("penultimate", &states.penultimate, &get("vision.penultimate"));
    for (kind, part) in [
        ("ip_plain", ImagePromptPart::Whole),
        ("ip_full", ImagePromptPart::Whole),
        ("ip_plus", ImagePromptPart::Style),
    ] {
        let path = fixtures("control").join(format!("{kind}.safetensors"));
        let adapter = IpAdapter::new(file(&path, DType::F32), unet.config()).unwrap();
        let states = match adapter.features() {
            ImageFeatures::Embedding => &states.embedding,
            ImageFeatures::Penultimate => &states.penultimate,
        };
        let tokens = adapter.tokens(states).unwrap();
        let expected_tokens = get(&format!("{kind}.tokens"));
        assert_near(kind, &tokens, &expected_tokens.reshape(tokens.shape()).unwrap());
        let prompts = [adapter.prompt(&tokens, 0.8, part).unwrap()];
        let conditions = UNetConditions {
            image_prompts: &prompts,
            ..UNetConditions::text(&context)
        };
        let found = unet.forward(&x, &TIMESTEP, conditions).unwrap();
        assert_near(kind, &found, &get(&format!("{kind}.unet")));
    }
}

/// How far a U-Net alone, with a ControlNet and with an image prompt is off.
///
/// * `weights`: of a file, in the format that is computed in.
fn errors(weights: impl Fn(&str) -> VarBuilder<'static>) -> [f64; 3] {
    let expected = expected();
    let get = |name: &str| expected.f32(name).unwrap();
    let files = ModelFiles::open(fixtures("control")).unwrap();
    let unet_config = files.json("unet/config.json").unwrap();
    let unet = UNet2DConditionModel::new(weights("unet/model.safetensors"), &unet_config).unwrap();
    let config = files.json("controlnet/config.json").unwrap();
    let control = ControlNetModel::new(weights("controlnet/model.safetensors"), &config).unwrap();
    let adapter = IpAdapter::new(weights("ip_plain.safetensors"), unet.config()).unwrap();

    let (x, context) = (get("x"), get("context"));
    let alone = UNetConditions::text(&context);
    let strength = ControlStrength {
        scale: 0.7,
        guess: true,
    };
    let hint = control.hint(&get("image"), Wrap::default()).unwrap();
    let residuals = control.forward(&x, &TIMESTEP, alone, &hint, strength).unwrap();
    let controlled = UNetConditions {
        residuals: Some(&residuals),
        ..alone
    };
    let tokens = adapter.tokens(&get("vision.embedding")).unwrap();
    let prompts = [adapter.prompt(&tokens, 0.8, ImagePromptPart::Whole).unwrap()];
    let prompted = UNetConditions {
        image_prompts: &prompts,
        ..alone
    };
    [
        ("unet", alone),
        ("controlnet.unet", controlled),
        ("ip_plain.unet", prompted),
    ]
    .map(|(name, conditions)| {
        let found = unet.forward(&x, &TIMESTEP, conditions).unwrap();
        relative_l2(&found, &get(name))
    })
}

#[test]
fn controls_in_bf16_should_cost_little_more_than_rounded_weights() {
    let whole = |name: &str| file(&fixtures("control").join(name), DType::F32);
    let rounded = |name: &str| file(&fixtures("control").join(name), DType::BF16);
    assert!(errors(whole).iter().all(|error| *error <= CALL_LIMIT));
    let floor = errors(rounded);
    let found = errors(|name| whole(name).to_dtype(DType::BF16));
    for (found, floor) in found.iter().zip(floor) {
        println!("in bf16 {found:.2e}, by rounding the weights alone {floor:.2e}");
        assert!(
            *found <= BF16_FACTOR * floor,
            "{found:.2e} off, by rounding alone {floor:.2e}"
        );
    }
}

#[test]
fn watched_attention_should_be_that_of_the_plain_formula_and_change_nothing() {
    let (expected, unet) = (expected(), unet());
    let get = |name: &str| expected.f32(name).unwrap();
    let (x, context) = (get("x"), get("context"));
    let ask = |maps: Option<&AttentionMaps>| {
        let conditions = UNetConditions {
            maps,
            ..UNetConditions::text(&context)
        };
        unet.forward(&x, &TIMESTEP, conditions).unwrap()
    };
    let maps = AttentionMaps::new(Vec::new(), 1);
    assert_eq!(
        relative_l2(&ask(Some(&maps)), &ask(None)),
        0.0,
        "watching changes nothing"
    );
    let found = maps.take();
    let sites = unet.config().cross_attentions().unwrap();
    assert_eq!(found.len(), sites.len());
    for map in &found {
        assert!(sites.iter().any(|site| site.name == map.layer), "{}", map.layer);
        let (tokens, _, _) = map.probabilities.dims3().unwrap();
        assert_eq!(tokens, 5);
        let sums = map.probabilities.sum(0).unwrap().flatten_all().unwrap();
        for sum in sums.to_vec1::<f32>().unwrap() {
            assert!((sum - 1.0).abs() < 1e-5, "{}: probabilities sum to {sum}", map.layer);
        }
        let name = format!("maps.{}", map.layer);
        assert_near(&name, &map.probabilities, &get(&name));
    }
    assert!(maps.take().is_empty(), "taking empties");

    let middle = AttentionMaps::new(vec!["mid_block".to_owned()], 0);
    ask(Some(&middle));
    assert_eq!(middle.take().len(), 2, "two transformer blocks in the middle");
    let conditions = UNetConditions {
        maps: Some(&AttentionMaps::new(Vec::new(), 2)),
        ..UNetConditions::text(&context)
    };
    assert!(
        unet.forward(&x, &TIMESTEP, conditions).is_err(),
        "there is no third picture"
    );
}

#[test]
fn controls_made_for_another_model_should_be_errors() {
    let (expected, unet) = (expected(), unet());
    let get = |name: &str| expected.f32(name).unwrap();
    let (x, context) = (get("x"), get("context"));
    let wrong = [
        Residuals {
            down: vec![get("controlnet.down.2")],
            ..Residuals::default()
        },
        Residuals {
            mid: Some(x.clone()),
            ..Residuals::default()
        },
        Residuals {
            features: vec![x.clone(); 3],
            ..Residuals::default()
        },
        Residuals {
            features: vec![x.clone(); 7],
            ..Residuals::default()
        },
    ];
    for residuals in &wrong {
        let conditions = UNetConditions {
            residuals: Some(residuals),
            ..UNetConditions::text(&context)
        };
        assert!(unet.forward(&x, &TIMESTEP, conditions).is_err());
    }
    let lcm: UNet2DConditionModel = build(
        &ModelFiles::open(fixtures("networks/models/lcm")).unwrap(),
        "unet",
        UNet2DConditionModel::new,
    );
    let path = fixtures("control/ip_plain.safetensors");
    assert!(
        IpAdapter::new(file(&path, DType::F32), lcm.config()).is_err(),
        "made for another U-Net"
    );
    let control = ours("controlnet", ControlNetModel::new);
    assert!(control.hint(&get("x"), Wrap::default()).is_err(), "four channels");
    let hint = control
        .hint(&get("image").narrow(2, 0, 32).unwrap(), Wrap::default())
        .unwrap();
    let strength = ControlStrength::even(1.0);
    let conditions = UNetConditions::text(&context);
    assert!(
        control.forward(&x, &TIMESTEP, conditions, &hint, strength).is_err(),
        "half the height"
    );
}

/// What the request's ControlNets say at the first step.
fn residuals(case: &Case, x: &Tensor, timestep: f64, conditions: UNetConditions<'_>) -> Option<Residuals> {
    let inputs = case.inputs();
    let controls = match &case.request["controlnets"] {
        serde_json::Value::Array(controls) => controls.clone(),
        _ => vec![case.request["controlnet"].clone()],
    };
    let mut sum = Residuals::default();
    for control in controls {
        let files = case.files(control["model"].as_str()?)?;
        let model: ControlNetModel = build(&files, "", ControlNetModel::new);
        let image = control["image"].as_str()?.trim_end_matches(".png");
        let hint = model.hint(&inputs.f32(image)?, Wrap::default()).unwrap();
        let strength = ControlStrength {
            scale: control["scale"].as_f64()?,
            guess: control["guess_mode"].as_bool()?,
        };
        let said = model.forward(x, &[timestep], conditions, &hint, strength).unwrap();
        sum = sum.plus(&said).unwrap();
    }
    Some(sum)
}

#[test]
fn a_controlled_call_should_reproduce_the_case_in_the_tree() {
    assert_eq!(compare_controlled(&ReferenceSet::runs_in_tree()), 1);
}

#[test]
#[ignore = "needs the whole set of reference cases"]
fn controlled_calls_should_reproduce_the_whole_reference() {
    let count = compare_controlled(&ReferenceSet::whole());
    assert!(
        count >= 4,
        "the set should hold at least four controlled cases, not {count}"
    );
}

/// Compares the controlled calls of a set; gives how many there were.
fn compare_controlled(set: &ReferenceSet) -> usize {
    let mut count = 0;
    for case in set.cases() {
        let is_ours = matches!(
            case.name.as_str(),
            "controlnet"
                | "controlnet_guess"
                | "controlnet_multi"
                | "controlnet_img2img"
                | "controlnet_inpaint4"
                | "sdxl_controlnet"
        );
        if !is_ours {
            continue;
        }
        count += 1;
        let unet: UNet2DConditionModel = build(&case.model("model").unwrap(), "unet", UNet2DConditionModel::new);
        let expected = case.expected();
        let get = |name: &str| expected.f32(name).unwrap();
        let (x, context) = (get("unet_in.000"), get("text.prompt"));
        let timestep = f64::from(get("timesteps").to_vec1::<f32>().unwrap()[0]);
        let side = |name: &str| case.number(name).unwrap() as f32;
        let added = expected.f32("text.pooled").map(|pooled| {
            let (height, width) = (side("height"), side("width"));
            let numbers = Tensor::new(&[[height, width, 0.0, 0.0, height, width]], &Device::Cpu).unwrap();
            AddedConditions { pooled, numbers }
        });
        let conditions = UNetConditions {
            added: added.as_ref(),
            ..UNetConditions::text(&context)
        };
        let residuals = residuals(&case, &x, timestep, conditions).unwrap();
        if let Some(mid) = expected.f32("controlnet_mid.000") {
            assert_near(&format!("{}, middle", case.name), residuals.mid.as_ref().unwrap(), &mid);
        }
        let ask = |context: &Tensor, residuals: Option<&Residuals>| {
            let conditions = UNetConditions {
                context: Some(context),
                residuals,
                ..conditions
            };
            unet.forward(&x, &[timestep], conditions).unwrap()
        };
        assert_near(&case.name, &ask(&context, Some(&residuals)), &get("unet_cond.000"));
        if case.name == "controlnet_guess" {
            // The negative prompt is left alone, here in one call with the prompt.
            let both = |a: &Tensor, b: &Tensor| Tensor::cat(&[a, b], 0).unwrap();
            let (contexts, residuals) = (both(&get("text.negative"), &context), residuals.behind(1).unwrap());
            let conditions = UNetConditions {
                residuals: Some(&residuals),
                ..UNetConditions::text(&contexts)
            };
            let found = unet.forward(&both(&x, &x), &[timestep], conditions).unwrap();
            assert_near(
                "guess, both",
                &found,
                &both(&get("unet_uncond.000"), &get("unet_cond.000")),
            );
        }
    }
    count
}

#[test]
fn an_image_prompt_should_reproduce_the_reference() {
    let cases = ReferenceSet::runs_in_tree().cases();
    let case = cases.iter().find(|case| case.name == "ip_adapter").unwrap();
    let ip = &case.request["ip_adapter"];
    let folder = case.files(ip["model"].as_str().unwrap()).unwrap();
    let unet: UNet2DConditionModel = build(&case.model("model").unwrap(), "unet", UNet2DConditionModel::new);
    let (expected, given) = (case.expected(), case.tensors("ip_adapter.safetensors"));
    let get = |name: &str| expected.f32(name).unwrap();

    let encoder: ClipVisionModel = build(&folder, "image_encoder", ClipVisionModel::new);
    let states = encoder.forward(&given.f32("pixel_values").unwrap()).unwrap();
    assert_near("image_embeds", &states.embedding, &given.f32("image_embeds").unwrap());

    let adapter = IpAdapter::new(file(&folder.path("ip-adapter.safetensors"), DType::F32), unet.config()).unwrap();
    let (x, timesteps) = (get("unet_in.000"), get("timesteps").to_vec1::<f32>().unwrap());
    let nothing = states.embedding.zeros_like().unwrap();
    let both = |a: &Tensor, b: &Tensor| Tensor::cat(&[a, b], 0).unwrap();
    let tokens = adapter.tokens(&both(&nothing, &states.embedding)).unwrap();
    let scale = ip["scale"].as_f64().unwrap();
    let prompts = [adapter.prompt(&tokens, scale, ImagePromptPart::Whole).unwrap()];
    let contexts = both(&get("text.negative"), &get("text.prompt"));
    let conditions = UNetConditions {
        image_prompts: &prompts,
        ..UNetConditions::text(&contexts)
    };
    let found = unet
        .forward(&both(&x, &x), &[f64::from(timesteps[0])], conditions)
        .unwrap();
    assert_near(
        "ip_adapter",
        &found,
        &both(&get("unet_uncond.000"), &get("unet_cond.000")),
    );
}

#[test]
fn pictures_should_reach_the_image_encoder_as_the_reference_has_them() {
    let cases = ReferenceSet::runs_in_tree().cases();
    let case = cases.iter().find(|case| case.name == "ip_adapter").unwrap();
    let ip = &case.request["ip_adapter"];
    let folder = case.files(ip["model"].as_str().unwrap()).unwrap();
    let config = folder.json("image_encoder/preprocessor_config.json").unwrap();
    let png = image::open(case.path(ip["image"].as_str().unwrap())).unwrap().to_rgb8();
    let picture = RgbImage {
        width_px: png.width(),
        height_px: png.height(),
        pixels: png.into_raw(),
    };
    let found = clip_pixels(&picture, &config, &Device::Cpu).unwrap();
    let expected = case.tensors("ip_adapter.safetensors").f32("pixel_values").unwrap();
    assert_near("pixel_values", &found, &expected);
}
