//! Cases of single networks, and what no request can say, run on the same parts that requests use.

use candle_core::{DType, Device, Tensor};
use hareru::conditioning::{ClipTokenizer, MicroConditions, Prompts};
use hareru::diffusion::guidance::{Guidance, GuidanceSchedule};
use hareru::diffusion::samplers::{Options, Sampler, sampler_by_id};
use hareru::diffusion::schedule::SigmaTable;
use hareru::job::{JobControl, NoiseSource};
use hareru::kernels::Wrap;
use hareru::models::taesd::{AutoencoderTiny, TinyConfig};
use hareru::models::vae::{AutoencoderKL, VaeConfig};
use hareru::pipelines::denoise::{InitialLatents, Noise, Observed, Run};
use hareru::pipelines::denoiser::Denoiser;
use hareru::pipelines::families::{StableDiffusion, Unclip};
use hareru::pipelines::run_plan::RunPlan;
use hareru::pipelines::{DenoiserInputs, Model};
use hareru::weights::{self, ModelFiles};

use super::recorder::{Got, Recorder, RunNoise, finish, scale, unit_picture};
use super::request::{Asked, noises};
use super::{conditions, id_row};
use crate::support::reference::Case;

/// Splits texts.
pub(super) fn tokenize(case: &Case) -> Got {
    let files = ModelFiles::open(case.root(case.text("model"))).unwrap();
    let tokenizer = ClipTokenizer::load(&files, "tokenizer", 77).unwrap();
    let texts = case.request["texts"].as_array().unwrap().iter();
    texts
        .enumerate()
        .map(|(index, text)| {
            let ids = tokenizer.encode(text.as_str().unwrap()).unwrap();
            (format!("ids.{index:03}"), id_row(&ids))
        })
        .collect()
}

/// Encodes a picture and decodes its latents.
pub(super) fn roundtrip(case: &Case) -> Got {
    let picture = case.inputs().f32("init_image").unwrap().affine(2.0, -1.0).unwrap();
    let model = case.root(case.text("model"));
    if case.text("vae_kind") == "tiny" {
        let files = ModelFiles::open(model).unwrap();
        let config: TinyConfig = files.json("config.json").unwrap();
        let vae = weights::build(&files, "", &Device::Cpu, DType::F32, |vb| {
            AutoencoderTiny::new(vb, &config)
        })
        .unwrap();
        let latents = vae.encode(&picture, Wrap::default()).unwrap();
        let image = unit_picture(&vae.decode(&latents, Wrap::default()).unwrap());
        return Got::from([("latents".to_owned(), latents), ("image".to_owned(), image)]);
    }
    let files = match case.request["config_from"].as_str() {
        Some(configs) => ModelFiles::open_with_configs(model, &case.root(configs)),
        None => ModelFiles::open(model),
    }
    .unwrap();
    let config: VaeConfig = files.json("vae/config.json").unwrap();
    let vae = weights::build(&files, "vae", &Device::Cpu, DType::F32, |vb| {
        AutoencoderKL::new(vb, &config)
    })
    .unwrap();
    let moments = vae.encode(&picture, Wrap::default()).unwrap();
    let sample = moments.sample(&case.inputs().f32("vae_noise").unwrap()).unwrap();
    let decode = |latents: &Tensor| unit_picture(&vae.decode(latents, Wrap::default()).unwrap());
    let std = (moments.logvar.clamp(-30f32, 20f32).unwrap() * 0.5)
        .unwrap()
        .exp()
        .unwrap();
    Got::from([
        ("latents".to_owned(), (&sample * config.scaling_factor).unwrap()),
        ("image".to_owned(), decode(&sample)),
        ("image_from_mean".to_owned(), decode(&moments.mean)),
        ("latents_unscaled".to_owned(), sample),
        ("posterior.mean".to_owned(), moments.mean),
        ("posterior.logvar".to_owned(), moments.logvar),
        ("posterior.std".to_owned(), std),
    ])
}

/// Whether a case says sizes and crops that differ from those of the picture, for which a request has no word.
pub(super) fn has_other_sizes(case: &Case) -> bool {
    let pair = |field: &str| serde_json::from_value::<[f64; 2]>(case.request[field].clone()).ok();
    let size = ["height", "width"].map(|side| case.number(side).unwrap_or(0.0));
    [
        "original_size",
        "target_size",
        "negative_original_size",
        "negative_target_size",
    ]
    .into_iter()
    .filter_map(pair)
    .any(|given| given != size)
        || pair("crop_top_left").is_some_and(|crop| crop != [0.0; 2])
}

/// A text-to-image run of an XL model that is given other sizes than the picture's.
pub(super) fn with_sizes(case: &Case, asked: &Asked, model: &StableDiffusion) -> Got {
    let request = &asked.request;
    let pair = |field: &str| serde_json::from_value(case.request[field].clone()).unwrap();
    let usual = Prompts::new(
        &request.prompt,
        &request.negative_prompt,
        [request.height_px, request.width_px],
    );
    let prompts = Prompts {
        numbers: MicroConditions {
            original_size: pair("original_size"),
            crop: pair("crop_top_left"),
            target_size: pair("target_size"),
            negative_original_size: pair("negative_original_size"),
            negative_crop: pair("negative_crop_top_left"),
            negative_target_size: pair("negative_target_size"),
            ..usual.numbers
        },
        ..usual
    };
    let conditioning = model.encode_prompts(&prompts).unwrap();
    let mut got = conditions(case, &conditioning);
    let sampler = sampler_by_id(&request.sampler).unwrap();
    let scheduler = model.scheduler();
    let table = scheduler
        .sigma_table(sampler, &request.schedule, None, request.steps as usize)
        .unwrap();
    let denoiser = model.unet_denoiser(DenoiserInputs::of(conditioning)).unwrap();
    let (latents, found) = run(
        case,
        &denoiser,
        (sampler, &table),
        request.guidance_scale,
        &[("noise", "")],
    );
    got.extend(found);
    got.insert(
        "image".to_owned(),
        unit_picture(&model.decode(&latents, Wrap::default()).unwrap()),
    );
    got
}

/// Whether a case is of another size than the only one that requests to its model may ask for.
pub(super) fn has_size_that_is_refused(asked: &Asked, model: &dyn Model) -> bool {
    let (request, info) = (&asked.request, model.info());
    let own = (info.defaults.width_px, info.defaults.height_px);
    info.takes.is_size_fixed && (request.width_px, request.height_px) != own
}

/// A run of a model without a text at the size of the case's noise.
pub(super) fn of_noise_size(case: &Case, asked: &Asked, model: &dyn Model) -> Got {
    let request = &asked.request;
    let sampler = sampler_by_id(&request.sampler).unwrap();
    let table = model
        .scheduler()
        .sigma_table(sampler, &request.schedule, None, request.steps as usize)
        .unwrap();
    let denoiser = model
        .denoiser(DenoiserInputs {
            class_label: request.class_label,
            ..DenoiserInputs::default()
        })
        .unwrap();
    let (picture, mut got) = run(
        case,
        &*denoiser,
        (sampler, &table),
        request.guidance_scale,
        noises(case),
    );
    got.insert(
        "image".to_owned(),
        unit_picture(&model.decode(&picture, Wrap::default()).unwrap()),
    );
    got
}

/// The last stage of unCLIP in as many steps as the case has; requests take a fixed number.
///
/// * `small`: the decoder's picture, `(1, 3, height, width)` in −1..1.
pub(super) fn super_resolution(case: &Case, model: &Unclip, small: &Tensor) -> Got {
    let stage = model.super_res(small).unwrap();
    let schedule = stage.schedule();
    let steps = case.request["super_res_steps"].as_u64().unwrap() as usize;
    let table = schedule.sigma_table(steps).unwrap();
    let noise: &[RunNoise] = &[("super_res_noise", "super_res.")];
    let (large, mut got) = run(case, &stage, (schedule.sampler(), &table), 1.0, noise);
    got.insert("image".to_owned(), unit_picture(&large));
    got
}

/// One run of a sampler with the noise of a case; its clean latents and what it computed.
fn run(
    case: &Case,
    denoiser: &dyn Denoiser,
    (sampler, table): (&dyn Sampler, &SigmaTable),
    guidance: f64,
    noise: &'static [RunNoise],
) -> (Tensor, Got) {
    let [(name, prefix)] = noise else {
        panic!("one run has one noise")
    };
    let shape: [usize; 4] = case.inputs().f32(name).unwrap().dims4().unwrap().into();
    let recorder = Recorder::new(case, noise);
    let run = Run {
        denoiser,
        guidance: GuidanceSchedule::from(Guidance {
            scale: guidance,
            rescale: 0.0,
        }),
        sampler,
        options: Options::default(),
        table,
        start: InitialLatents::Noise,
        inpaint: None,
        noise: Noise {
            seed: 0,
            source: NoiseSource::Hareru,
            variation: None,
        },
        plan: RunPlan::default(),
        control: &JobControl::default(),
        probe: Some(&recorder),
    };
    let walked = run.sample(shape, &mut |_: &Observed<'_>| Ok(())).unwrap();
    let class = case.request["sampler"]["diffusers_class"].as_str().unwrap_or_default();
    let mut got = recorder.tensors(scale(class).0);
    let last = table.sigmas()[table.steps()];
    let latents = (walked.x / (1.0 + last * last).sqrt()).unwrap();
    let mut end = Got::new();
    finish(&mut end, table.sigmas(), &latents, class, recorder.num_calls());
    got.extend(
        end.into_iter()
            .map(|(name, tensor)| (format!("{prefix}{name}"), tensor)),
    );
    (latents, got)
}
