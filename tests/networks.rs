//! The networks against what diffusers computes, one call at a time.
#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "tests panic on what they cannot use and say what they compared"
)]

use crate::support::reference::Case;
use crate::support::reference::ReferenceSet;
use crate::support::reference::largest_difference;
use crate::support::reference::relative_l2;
use candle_core::DType;
use candle_core::Device;
use candle_core::Tensor;
use hareru::kernels::Wrap;
use hareru::models::clip::ClipTextModel;
use hareru::models::taesd::AutoencoderTiny;
use hareru::models::unet::UNet2DConditionModel;
use hareru::models::unet::UNetConditions;
use hareru::models::unet::UNetConfig;
use hareru::models::unet::guidance_embedding;
use hareru::models::vae::AutoencoderKL;
use hareru::weights;
use hareru::weights::ModelFiles;
use std::collections::BTreeMap;

/// Largest relative L2 distance of a single call in f32.
const CALL_LIMIT: f64 = 1e-5;
/// Largest difference of a pixel in 0..1; the reference pictures are stored in f16.
const PIXEL_LIMIT: f64 = 1e-3;

/// The same in bf16 for what the U-Net and the text encoder say: rounding the weights alone, with all else in f32, is
/// 1.2e-2 at worst.
const BF16_CALL_LIMIT: f64 = 2e-2;
/// The same in bf16 for the autoencoders, whose random weights spread differences.
const BF16_LATENT_LIMIT: f64 = 4e-2;
/// The same in bf16 for the pixel that is off most.
const BF16_PIXEL_LIMIT: f64 = 0.1;

/// How far each kind of result is from the reference at worst, and in which case; a count of them.
#[derive(Default)]
struct Report(BTreeMap<&'static str, (usize, f64, String)>);

impl Report {
    fn add(&mut self, kind: &'static str, case: &str, error: f64) {
        let (count, worst, at) = self.0.entry(kind).or_insert_with(|| (0, -1.0, String::new()));
        *count += 1;
        // A NaN is worse than anything.
        if error.is_nan() || error > *worst {
            (*worst, *at) = (error, case.to_owned());
        }
    }

    /// Prints the worst of each kind and fails if one is over its limit.
    fn finish(&self, dtype: DType) {
        for (kind, (count, worst, case)) in &self.0 {
            println!("{kind:>16}: {count:3} compared, worst {worst:.2e} ({case})");
        }
        for (kind, (_, worst, case)) in &self.0 {
            let limit = match (kind.starts_with("picture"), dtype) {
                (true, DType::F32) => PIXEL_LIMIT,
                (false, DType::F32) => CALL_LIMIT,
                (true, _) => BF16_PIXEL_LIMIT,
                _ if kind.starts_with("posterior") || kind.starts_with("encoded") => BF16_LATENT_LIMIT,
                _ => BF16_CALL_LIMIT,
            };
            assert!(
                *worst <= limit,
                "{kind} is {worst:.2e} off in {case}, the limit is {limit:.0e}"
            );
        }
    }

    fn count(&self, kind: &str) -> usize {
        self.0.get(kind).map_or(0, |(count, _, _)| *count)
    }
}

fn text_encoder(files: &ModelFiles, dtype: DType) -> ClipTextModel {
    let config = files.json("text_encoder/config.json").unwrap();
    weights::build(files, "text_encoder", &Device::Cpu, dtype, |vb| {
        ClipTextModel::new(vb, &config)
    })
    .unwrap()
}

fn unet(files: &ModelFiles, dtype: DType) -> UNet2DConditionModel {
    let config = files.json("unet/config.json").unwrap();
    weights::build(files, "unet", &Device::Cpu, dtype, |vb| {
        UNet2DConditionModel::new(vb, &config)
    })
    .unwrap()
}

fn vae(files: &ModelFiles, folder: &str, dtype: DType) -> AutoencoderKL {
    let config = files.json(&format!("{folder}/config.json")).unwrap();
    weights::build(files, folder, &Device::Cpu, dtype, |vb| AutoencoderKL::new(vb, &config)).unwrap()
}

fn taesd(files: &ModelFiles, dtype: DType) -> AutoencoderTiny {
    let config = files.json("config.json").unwrap();
    weights::build(files, "", &Device::Cpu, dtype, |vb| AutoencoderTiny::new(vb, &config)).unwrap()
}

fn to(x: &Tensor, dtype: DType) -> Tensor {
    x.to_dtype(dtype).unwrap()
}

/// −1..1 to 0..1 without the batch axis, as the reference stores pictures.
fn to_picture(x: &Tensor) -> Tensor {
    x.affine(0.5, 0.5)
        .unwrap()
        .clamp(0f32, 1f32)
        .unwrap()
        .squeeze(0)
        .unwrap()
}

/// Whether the case is made by these networks and nothing else that changes their weights or inputs.
fn is_applicable(case: &Case) -> bool {
    let known_model = ["sd15", "sd15s", "sd15_inpaint", "sd2v", "lcm"].map(|name| format!("models/{name}"));
    let has_extra = [
        "controlnet",
        "controlnets",
        "loras",
        "embeddings",
        "ip_adapter",
        "config_from",
    ]
    .iter()
    .any(|field| !case.request[*field].is_null());
    match case.text("task") {
        "txt2img" | "img2img" | "inpaint" => known_model.contains(&case.text("model").to_owned()) && !has_extra,
        "vae_roundtrip" => case.request["config_from"].is_null(),
        _ => false,
    }
}

fn compare(case: &Case, dtype: DType, report: &mut Report) {
    let files = case.model("model").expect("the case's model is there");
    if case.text("task") == "vae_roundtrip" {
        return compare_roundtrip(case, &files, dtype, report);
    }
    compare_text(case, &files, dtype, report);
    compare_prediction(case, &files, dtype, report);
    compare_picture(case, &files, dtype, report);
}

fn compare_text(case: &Case, files: &ModelFiles, dtype: DType, report: &mut Report) {
    if !files.exists("text_encoder/config.json") {
        return;
    }
    let model = text_encoder(files, dtype);
    let expected = case.expected();
    let clip_skip = case.number("clip_skip").unwrap_or_default() as usize;
    for (branch, clip_skip) in [("prompt", clip_skip), ("negative", 0)] {
        let tokens = expected.get(&format!("tokens.{branch}"));
        let text = expected.f32(&format!("text.{branch}"));
        if let (Some(tokens), Some(text)) = (tokens, text) {
            let ids = tokens.to_dtype(DType::U32).unwrap();
            let found = model.forward(&ids, clip_skip).unwrap();
            report.add("text", &case.name, relative_l2(&to(&found, DType::F32), &text));
            let states = model.forward_pooled(&ids, clip_skip).unwrap();
            report.add(
                "text, pooled",
                &case.name,
                relative_l2(&to(&states.hidden, DType::F32), &text),
            );
        }
    }
}

fn compare_prediction(case: &Case, files: &ModelFiles, dtype: DType, report: &mut Report) {
    let expected = case.expected();
    let (Some(x), Some(timesteps), true) = (
        expected.f32("unet_in.000"),
        expected.f32("timesteps"),
        files.exists("unet/config.json"),
    ) else {
        return;
    };
    let model = unet(files, dtype);
    let timestep = f64::from(timesteps.to_vec1::<f32>().unwrap()[0]);
    let time_cond = model.config().time_cond_proj_dim.map(|channels| {
        let guidance_scale = case
            .number("cfg_scale")
            .expect("a distilled model has a guidance scale");
        guidance_embedding(guidance_scale, channels, &Device::Cpu).unwrap()
    });
    let mut batch = Vec::new();
    for branch in ["cond", "uncond"] {
        let text = if branch == "cond" { "prompt" } else { "negative" };
        let prediction = expected.f32(&format!("unet_{branch}.000"));
        let context = expected.f32(&format!("text.{text}"));
        if let (Some(prediction), Some(context)) = (prediction, context) {
            let found = model
                .forward(
                    &to(&x, dtype),
                    &[timestep],
                    UNetConditions {
                        guidance: time_cond.as_ref(),
                        ..UNetConditions::text(&to(&context, dtype))
                    },
                )
                .unwrap();
            report.add("prediction", &case.name, relative_l2(&found, &prediction));
            batch.push((context, prediction));
        }
    }
    if let [(cond, cond_prediction), (uncond, uncond_prediction)] = batch.as_slice() {
        let cat = |a: &Tensor, b: &Tensor| Tensor::cat(&[a, b], 0).unwrap();
        let found = model
            .forward(
                &to(&cat(&x, &x), dtype),
                &[timestep, timestep],
                UNetConditions::text(&to(&cat(cond, uncond), dtype)),
            )
            .unwrap();
        let both = cat(cond_prediction, uncond_prediction);
        report.add("prediction × 2", &case.name, relative_l2(&found, &both));
    }
}

fn compare_picture(case: &Case, files: &ModelFiles, dtype: DType, report: &mut Report) {
    let expected = case.expected();
    let (Some(latents), Some(picture)) = (expected.f32("latents_final"), expected.f32("image")) else {
        return;
    };
    if let Some(tiny) = case.model("vae") {
        let found = taesd(&tiny, dtype)
            .decode(&to(&latents, dtype), Wrap::default())
            .unwrap();
        report.add(
            "picture, tiny",
            &case.name,
            largest_difference(&to_picture(&found), &picture),
        );
    } else if files.exists("vae/config.json") {
        let vae = vae(files, "vae", dtype);
        let found = vae
            .decode(
                &to(&(latents / vae.config().scaling_factor).unwrap(), dtype),
                Wrap::default(),
            )
            .unwrap();
        report.add("picture", &case.name, largest_difference(&to_picture(&found), &picture));
    }
}

fn compare_roundtrip(case: &Case, files: &ModelFiles, dtype: DType, report: &mut Report) {
    let (inputs, expected) = (case.inputs(), case.expected());
    let image = inputs.f32("init_image").unwrap().affine(2.0, -1.0).unwrap();
    let picture = expected.f32("image").unwrap();
    let latents = expected.f32("latents").unwrap();
    if case.text("vae_kind") == "tiny" {
        let model = taesd(files, dtype);
        report.add(
            "encoded, tiny",
            &case.name,
            relative_l2(&model.encode(&to(&image, dtype), Wrap::default()).unwrap(), &latents),
        );
        let found = to_picture(&model.decode(&to(&latents, dtype), Wrap::default()).unwrap());
        report.add("picture, tiny", &case.name, largest_difference(&found, &picture));
        return;
    }
    let model = vae(files, "vae", dtype);
    let moments = model.encode(&to(&image, dtype), Wrap::default()).unwrap();
    for (name, found) in [
        ("mean", &moments.mean),
        ("logvar", &moments.logvar),
        ("std", &moments.std().unwrap()),
    ] {
        let expected = expected.f32(&format!("posterior.{name}")).unwrap();
        report.add("posterior", &case.name, relative_l2(found, &expected));
    }
    let found = to_picture(
        &model
            .decode(&to(&expected.f32("latents_unscaled").unwrap(), dtype), Wrap::default())
            .unwrap(),
    );
    report.add("picture", &case.name, largest_difference(&found, &picture));
    let found = to_picture(&model.decode(&to(&moments.mean, dtype), Wrap::default()).unwrap());
    let picture = expected.f32("image_from_mean").unwrap();
    report.add("picture", &case.name, largest_difference(&found, &picture));
}

#[test]
fn every_network_should_reproduce_the_cases_in_the_tree() {
    let mut report = Report::default();
    for case in ReferenceSet::in_tree().cases() {
        compare(&case, DType::F32, &mut report);
    }
    report.finish(DType::F32);
    for kind in [
        "text",
        "prediction",
        "picture",
        "picture, tiny",
        "posterior",
        "encoded, tiny",
    ] {
        assert!(report.count(kind) > 0, "no case in the tree compares a {kind}");
    }
}

#[test]
fn every_network_should_stay_near_the_reference_in_bf16() {
    let mut report = Report::default();
    for case in ReferenceSet::in_tree().cases() {
        compare(&case, DType::BF16, &mut report);
    }
    report.finish(DType::BF16);
}

#[test]
#[ignore = "needs the whole set of reference cases"]
fn every_network_should_reproduce_the_whole_reference() {
    let cases: Vec<Case> = ReferenceSet::whole()
        .cases()
        .into_iter()
        .filter(is_applicable)
        .collect();
    assert!(
        cases.len() > 50,
        "the set should hold more than fifty cases of these networks, not {}",
        cases.len()
    );
    for dtype in [DType::F32, DType::BF16] {
        let mut report = Report::default();
        for case in &cases {
            compare(case, dtype, &mut report);
        }
        report.finish(dtype);
    }
}

/// The fixture with a whole U-Net.
fn lcm() -> ModelFiles {
    ModelFiles::open(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/tests/fixtures/networks/models/lcm"
    ))
    .unwrap()
}

fn ones(shape: &[usize]) -> Tensor {
    Tensor::ones(shape, DType::F32, &Device::Cpu).unwrap()
}

#[test]
fn sizes_that_halving_has_to_round_should_be_met_on_the_way_up() {
    let model = unet(&lcm(), DType::F32);
    for (height, width) in [(9, 11), (1, 1), (13, 8)] {
        let x = ones(&[1, 4, height, width]);
        let y = model
            .forward(&x, &[500.5], UNetConditions::text(&ones(&[1, 7, 8])))
            .unwrap();
        assert_eq!(y.dims(), x.dims());
    }
}

#[test]
fn tensors_that_do_not_fit_should_be_errors() {
    let model = unet(&lcm(), DType::F32);
    let (x, context) = (ones(&[1, 4, 8, 8]), ones(&[1, 7, 8]));
    assert!(
        model
            .forward(&ones(&[1, 5, 8, 8]), &[1.0], UNetConditions::text(&context))
            .is_err(),
        "five channels"
    );
    assert!(
        model
            .forward(&x, &[1.0], UNetConditions::text(&ones(&[1, 7, 9])))
            .is_err(),
        "nine context channels"
    );
    assert!(
        model
            .forward(&x, &[1.0], UNetConditions::text(&ones(&[2, 7, 8])))
            .is_err(),
        "two texts for one picture"
    );
    assert!(
        model
            .forward(
                &x,
                &[1.0],
                UNetConditions {
                    guidance: Some(&ones(&[1, 31])),
                    ..UNetConditions::text(&context)
                }
            )
            .is_err(),
        "31 guidance channels"
    );
    assert!(
        model
            .forward(&ones(&[1, 4, 0, 8]), &[1.0], UNetConditions::text(&context))
            .is_err(),
        "no pixels"
    );

    let model = text_encoder(&lcm(), DType::F32);
    let ids = |tokens: usize, id: u32| Tensor::full(id, (1, tokens), &Device::Cpu).unwrap();
    assert!(model.forward(&ids(78, 0), 0).is_err(), "78 tokens");
    assert!(model.forward(&ids(0, 0), 0).is_err(), "no tokens");
    assert!(
        model.forward(&ids(7, 49407), 0).is_err(),
        "an id that is not in the vocabulary"
    );
    assert!(model.forward(&ids(7, 0), 99).is_err(), "99 layers left out");
    assert!(model.forward_pooled(&ids(7, 0), 99).is_err(), "99 layers left out");
}

/// Prints how long one call of a U-Net of some 8 million parameters takes; run it by name with `--ignored --nocapture`.
#[test]
#[ignore = "measures, asserts nothing"]
fn a_small_unet_call_is_timed() {
    let config: UNetConfig = serde_json::from_str(
        r#"{"block_out_channels": [96, 160, 224], "cross_attention_dim": 128, "attention_head_dim": 8,
            "down_block_types": ["DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"],
            "up_block_types": ["CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"]}"#,
    )
    .unwrap();
    let vb = candle_nn::VarBuilder::zeros(DType::F32, &Device::Cpu);
    let model = UNet2DConditionModel::new(vb, &config).unwrap();
    let (x, context) = (ones(&[2, 4, 16, 16]), ones(&[2, 77, 128]));
    let mut seconds: Vec<f64> = (0..10)
        .map(|_| {
            let start = std::time::Instant::now();
            model.forward(&x, &[500.0], UNetConditions::text(&context)).unwrap();
            start.elapsed().as_secs_f64()
        })
        .collect();
    seconds.sort_by(f64::total_cmp);
    println!(
        "one call, batch 2: {:.0} ms at best, {:.0} ms in the middle",
        seconds[0] * 1e3,
        seconds[5] * 1e3
    );
}
