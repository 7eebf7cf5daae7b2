//! Networks in 16 bits, while everything around them stays in 32.

use std::any::Any;
use std::path::Path;

use candle_core::{DType, Device, Tensor};
use hareru::conditioning::{Conditioning, Prompts, rgb_from_picture};
use hareru::diffusion::guidance::Guidance;
use hareru::diffusion::noise::{Draw, noise_tensor};
use hareru::job::{GenerateRequest, GeneratedImage, JobControl, ModelRef, Precision, PreviewMode, RgbImage};
use hareru::kernels;
use hareru::kernels::Wrap;
use hareru::pipelines::denoiser::{DenoiseInput, DenoiseOutput, Denoiser as _};
use hareru::pipelines::families::{StableDiffusion, family_of};
use hareru::pipelines::{AuxModels, DenoiserInputs, JobContext, Model as _};
use hareru::weights::ModelFiles;

use crate::support::Silent;
use crate::support::reference::relative_l2;

/// The model in the program, its networks in a number format that plain candle computes in too.
fn starter(dtype: DType) -> StableDiffusion {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/starter/model");
    let files = ModelFiles::open(folder).unwrap();
    let family = family_of(&files).unwrap();
    let load = family.load(&ModelRef::Starter, &files, (&Device::Cpu, dtype), &mut |_| ());
    let model: Box<dyn Any> = load.unwrap();
    *model.downcast().unwrap()
}

/// Every format beside f32 in which the CPU can compute, be it by plain candle.
fn formats() -> Vec<DType> {
    let mut formats = vec![DType::F16];
    formats.extend(kernels::supports(&Device::Cpu, DType::BF16).then_some(DType::BF16));
    formats
}

fn latents() -> Tensor {
    noise_tensor(5, Draw::Initial, &[1, 16, 8, 8], &Device::Cpu).unwrap()
}

fn as_tensor(picture: &RgbImage) -> Tensor {
    let values: Vec<f32> = picture.pixels.iter().map(|level| f32::from(*level)).collect();
    Tensor::new(values, &Device::Cpu).unwrap()
}

fn picture(model: &StableDiffusion, request: &GenerateRequest) -> GeneratedImage {
    let (aux, control) = (AuxModels::default(), JobControl::default());
    let job = JobContext::new(model, &aux, request, &control);
    job.prepare().unwrap().pictures(0, &mut Silent).unwrap().remove(0)
}

fn predict(model: &StableDiffusion, conditioning: &Conditioning) -> DenoiseOutput {
    let input = DenoiseInput {
        x: &latents(),
        sigma: 1.0,
        timestep: 500.0,
        step: 0,
        first: 0,
        steps: 1,
        guidance: Guidance {
            scale: 4.0,
            rescale: 0.0,
        },
        wants_uncond: false,
        maps: None,
    };
    let inputs = DenoiserInputs::of(conditioning.clone());
    model.unet_denoiser(inputs).unwrap().denoise(&input).unwrap()
}

#[test]
fn what_goes_into_networks_and_comes_out_should_be_f32_whatever_they_compute_in() {
    let exact = starter(DType::F32);
    assert_eq!(exact.precision(), Precision::F32);
    let expected_text = exact
        .encode_prompts(&Prompts::new("a lighthouse", "fog", [64; 2]))
        .unwrap();
    let expected = predict(&exact, &expected_text);
    let expected_picture = exact.decode(&latents(), Wrap::default()).unwrap();
    for dtype in formats() {
        let model = starter(dtype);
        let text = model
            .encode_prompts(&Prompts::new("a lighthouse", "fog", [64; 2]))
            .unwrap();
        let predicted = predict(&model, &text);
        let picture = model.decode(&latents(), Wrap::default()).unwrap();
        let tiny = model.decode_tiny(&latents(), Wrap::default()).unwrap().unwrap();
        for tensor in [
            &text.cond.context,
            &text.uncond.context,
            &predicted.cond,
            &predicted.guided,
            &picture,
            &tiny,
        ] {
            assert_eq!(tensor.dtype(), DType::F32, "{dtype:?}");
        }
        for (what, found, expected) in [
            ("text", &text.cond.context, &expected_text.cond.context),
            ("prediction", &predicted.cond, &expected.cond),
            ("picture", &picture, &expected_picture),
        ] {
            let off = relative_l2(found, expected);
            assert!(
                off > 0.0 || what == "picture",
                "{what} should have been computed in {dtype:?}"
            );
            assert!(off < 0.03, "{what} in {dtype:?} is off by {off:.1e}");
        }
    }
}

#[test]
fn every_kind_of_preview_should_work_in_half_precision() {
    let exact = starter(DType::F32);
    for dtype in formats() {
        let model = starter(dtype);
        for mode in [PreviewMode::Auto, PreviewMode::Linear, PreviewMode::Vae] {
            let found = model.preview(&latents(), mode, Wrap::default()).unwrap().unwrap();
            let expected = exact.preview(&latents(), mode, Wrap::default()).unwrap().unwrap();
            let levels = |picture| as_tensor(&rgb_from_picture(picture).unwrap());
            let off = relative_l2(&levels(&found), &levels(&expected));
            assert!(off < 0.03, "{mode:?} in {dtype:?} is off by {off:.1e}");
        }
    }
}

#[test]
fn a_whole_run_in_half_precision_should_come_near_the_exact_one_and_say_what_it_was() {
    let request = GenerateRequest {
        prompt: "a lighthouse at night".to_owned(),
        width_px: 64,
        height_px: 64,
        steps: 4,
        seed: 11,
        ..GenerateRequest::default()
    };
    let run = |dtype| {
        let model = starter(dtype);
        picture(&model, &request)
    };
    let exact = run(DType::F32);
    for dtype in formats() {
        let picture = run(dtype);
        assert_eq!(picture.record.precision, dtype.as_str());
        let off = relative_l2(&as_tensor(&picture.pixels), &as_tensor(&exact.pixels));
        assert!(off < 0.1, "the picture in {dtype:?} is off by {off:.1e}");
        let first = &picture.trajectory.steps[0];
        assert_eq!(
            first.x, exact.trajectory.steps[0].x,
            "the noise does not depend on the precision"
        );
    }
}

/// Peak signal-to-noise ratio in dB.
fn psnr(found: &RgbImage, expected: &RgbImage) -> f64 {
    let squares = found.pixels.iter().zip(&expected.pixels).map(|(a, b)| {
        let difference = f64::from(*a) - f64::from(*b);
        difference * difference
    });
    let mean = squares.sum::<f64>() / expected.pixels.len() as f64;
    10.0 * (255.0 * 255.0 / mean.max(1e-9)).log10()
}

#[test]
fn pictures_in_bf16_should_be_those_in_f32_to_the_eye() {
    if !kernels::supports(&Device::Cpu, DType::BF16) {
        return;
    }
    let (exact, rounded) = (starter(DType::F32), starter(DType::BF16));
    for (prompt, seed) in [
        ("a sunset over a mountain range, vector image", 1),
        ("a lighthouse at night", 11),
        ("a forest in snow", 42),
    ] {
        let request = GenerateRequest {
            prompt: prompt.to_owned(),
            steps: 25,
            seed,
            schedule: "karras".to_owned(),
            ..GenerateRequest::default()
        };
        let [expected, found] = [&exact, &rounded].map(|model| picture(model, &request));
        let psnr = psnr(&found.pixels, &expected.pixels);
        println!("{prompt}, seed {seed}: {psnr:.1} dB");
        assert!(psnr >= 35.0, "{prompt}, seed {seed}: {psnr:.1} dB");
    }
}
