//! Pictures made from pictures, and changes of mind on the way, by the starter model.

use std::cell::{Cell, RefCell};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use candle_core::{Device, Tensor};
use hareru::conditioning::Prompts;
use hareru::diffusion::guidance::{Guidance, GuidanceSchedule};
use hareru::diffusion::samplers::{Options, sampler_by_id};
use hareru::job::{
    GenerateRequest, GeneratedImage, Hires, InitPicture, InitWay, JobControl, JobOptions, Mask, ModelRef, NoiseSource,
    Outpaint, Phase, Precision, PreviewMode, PromptSwitch, Refiner, RgbImage, Variation,
};
use hareru::models::unet::AttentionMap;
use hareru::pipelines::denoise::{Call, InitialLatents, Noise, Observed, Run, RunOutput};
use hareru::pipelines::families::StableDiffusion;
use hareru::pipelines::run_plan::{Keep, RunPlan};
use hareru::pipelines::{AuxModels, DenoiserInputs, JobContext, Model, PipelineError, Probe, ShownStep, Watcher, load};
use tempfile::TempDir;

use crate::support::weights::copy_folder;

/// Counts steps, and checks that they are counted without a gap.
pub(super) struct Count(pub(super) usize);

impl Watcher for Count {
    fn phase(&mut self, _phase: Phase) {}
    fn step(&mut self, step: ShownStep<'_>) {
        assert_eq!(step.index, self.0);
        self.0 += 1;
        assert!(self.0 <= step.total, "{} of {}", self.0, step.total);
    }
}

/// The starter model and a folder with a picture it made, and a mask of its right half.
pub(super) struct Studio {
    pub(super) model: StableDiffusion,
    pub(super) folder: TempDir,
    pub(super) made: GeneratedImage,
}

impl Studio {
    pub(super) fn open() -> Self {
        let model = load(&ModelRef::Starter, &Device::Cpu, Precision::F32, &mut |_| ()).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let made = make(&model, None, &request()).unwrap().0;
        save(&folder.path().join("init.png"), &made.pixels);
        let right_half = |x: u32, _y: u32| if x >= 32 { [255; 3] } else { [0; 3] };
        save(&folder.path().join("mask.png"), &drawn(64, 64, right_half));
        Self { model, folder, made }
    }

    pub(super) fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(super) fn starting_from_it(&self, strength: f64, way: InitWay) -> GenerateRequest {
        GenerateRequest {
            init: Some(InitPicture {
                file: self.file("init.png"),
                strength,
                way,
            }),
            ..request()
        }
    }

    pub(super) fn mask(&self) -> Mask {
        Mask {
            file: self.file("mask.png"),
            blur_px: 0.0,
            ..Mask::default()
        }
    }

    pub(super) fn make(&self, request: &GenerateRequest) -> Arc<RgbImage> {
        make(&self.model, None, request).unwrap().0.pixels
    }
}

pub(super) fn request() -> GenerateRequest {
    GenerateRequest {
        prompt: "a sunset over a mountain range".to_owned(),
        width_px: 64,
        height_px: 64,
        steps: 6,
        seed: 5,
        guidance_scale: 3.0,
        ..GenerateRequest::default()
    }
}

pub(super) fn make(
    model: &StableDiffusion,
    refiner: Option<&StableDiffusion>,
    request: &GenerateRequest,
) -> Result<(GeneratedImage, usize), PipelineError> {
    let (aux, control) = (AuxModels::default(), JobControl::default());
    let job = JobContext {
        refiner: refiner.map(|refiner| refiner as &dyn Model),
        options: JobOptions {
            preview: PreviewMode::Off,
            ..JobOptions::default()
        },
        ..JobContext::new(model, &aux, request, &control)
    };
    let mut count = Count(0);
    let mut pictures = job.prepare()?.pictures(0, &mut count)?;
    Ok((pictures.remove(0), count.0))
}

fn drawn(width_px: u32, height_px: u32, colour: impl Fn(u32, u32) -> [u8; 3]) -> RgbImage {
    let places = (0..height_px).flat_map(|y| (0..width_px).map(move |x| (x, y)));
    RgbImage {
        width_px,
        height_px,
        pixels: places.flat_map(|(x, y)| colour(x, y)).collect(),
    }
}

fn save(path: &Path, picture: &RgbImage) {
    hareru::gallery::save_pixels(path, picture).unwrap();
}

fn pixel(picture: &RgbImage, x: u32, y: u32) -> &[u8] {
    let at = 3 * (y * picture.width_px + x) as usize;
    &picture.pixels[at..at + 3]
}

/// Mean difference of levels, 0 to 255.
fn difference(a: &RgbImage, b: &RgbImage) -> f64 {
    assert_eq!((a.width_px, a.height_px), (b.width_px, b.height_px));
    let sum: f64 = a
        .pixels
        .iter()
        .zip(&b.pixels)
        .map(|(a, b)| f64::from(a.abs_diff(*b)))
        .sum();
    sum / a.pixels.len() as f64
}

#[test]
fn a_picture_should_change_as_much_as_its_strength_says() {
    let studio = Studio::open();
    let changed: Vec<f64> = [0.0, 0.5, 1.0]
        .into_iter()
        .map(|strength| {
            let mut request = studio.starting_from_it(strength, InitWay::Noise);
            request.prompt = "a city at night".to_owned();
            difference(&studio.make(&request), &studio.made.pixels)
        })
        .collect();
    assert!(changed[0] < 8.0, "encoding and decoding alone: {changed:?}");
    assert!(changed[0] < changed[1] && changed[1] < changed[2], "{changed:?}");
    let steps = |strength| {
        make(&studio.model, None, &studio.starting_from_it(strength, InitWay::Noise))
            .unwrap()
            .1
    };
    assert_eq!([0.0, 0.5, 1.0].map(steps), [0, 3, 6]);
}

#[test]
fn walking_up_and_down_under_the_same_prompt_should_give_the_picture_back() {
    let studio = Studio::open();
    let mut request = studio.starting_from_it(
        0.5,
        InitWay::Inversion {
            prompt: request().prompt,
        },
    );
    request.sampler = "ddim".to_owned();
    request.steps = 20;
    request.guidance_scale = 1.0;
    let back = difference(&studio.make(&request), &studio.made.pixels);
    let through_noise = InitPicture {
        way: InitWay::Noise,
        ..request.init.clone().unwrap()
    };
    let noised = difference(
        &studio.make(&GenerateRequest {
            init: Some(through_noise),
            ..request.clone()
        }),
        &studio.made.pixels,
    );
    assert!(back < noised, "{back} by inversion, {noised} by noise");
    assert!(back < 12.0, "{back}");
    request.prompt = "a snowy forest".to_owned();
    assert!(difference(&studio.make(&request), &studio.made.pixels) > back);
}

#[test]
fn what_a_mask_leaves_out_should_stay_as_it_was() {
    let studio = Studio::open();
    for (is_soft, is_inverted) in [(false, false), (true, true)] {
        let mut request = studio.starting_from_it(1.0, InitWay::Noise);
        request.prompt = "a city at night".to_owned();
        request.mask = Some(Mask {
            is_soft,
            is_inverted,
            ..studio.mask()
        });
        let painted = studio.make(&request);
        let (mut kept, mut new) = (0, 0);
        for x in 0..64 {
            for y in 0..64 {
                let is_same = pixel(&painted, x, y) == pixel(&studio.made.pixels, x, y);
                if (x >= 32) == is_inverted {
                    assert!(is_same, "{x} {y}");
                    kept += 1;
                } else if !is_same {
                    new += 1;
                }
            }
        }
        assert_eq!(kept, 32 * 64);
        assert!(new > 1000, "only {new} pixels are new");
    }
}

#[test]
fn the_masked_part_alone_should_be_painted_and_put_back() {
    let studio = Studio::open();
    let large = drawn(200, 120, |x, y| [x as u8, y as u8, 90]);
    save(&studio.file("large.png"), &large);
    let spot = |x: u32, y: u32| {
        if (150..170).contains(&x) && (20..40).contains(&y) {
            [255; 3]
        } else {
            [0; 3]
        }
    };
    save(&studio.file("spot.png"), &drawn(200, 120, spot));
    let mut request = studio.starting_from_it(1.0, InitWay::Noise);
    request.init.as_mut().unwrap().file = studio.file("large.png");
    request.mask = Some(Mask {
        file: studio.file("spot.png"),
        only_masked_padding_px: Some(8),
        ..studio.mask()
    });
    let painted = studio.make(&request);
    assert_eq!((painted.width_px, painted.height_px), (200, 120));
    let differing = (0..200)
        .flat_map(|x| (0..120).map(move |y| (x, y)))
        .filter(|(x, y)| pixel(&painted, *x, *y) != pixel(&large, *x, *y));
    let places: Vec<_> = differing.collect();
    assert!(places.len() > 300, "{}", places.len());
    assert!(places.iter().all(|(x, y)| spot(*x, *y) == [255; 3]));

    save(&studio.file("black.png"), &drawn(200, 120, |_, _| [0; 3]));
    request.mask.as_mut().unwrap().file = studio.file("black.png");
    let error = make(&studio.model, None, &request).unwrap_err().to_string();
    assert!(error.contains("mask"), "{error}");
}

#[test]
fn painting_on_beyond_the_edges_should_keep_the_picture() {
    let studio = Studio::open();
    let mut request = studio.starting_from_it(1.0, InitWay::Noise);
    request.outpaint = Outpaint {
        left_px: 16,
        bottom_px: 32,
        ..Outpaint::default()
    };
    let painted = studio.make(&request);
    assert_eq!((painted.width_px, painted.height_px), (80, 96));
    for (x, y) in [(0, 0), (63, 63), (10, 40)] {
        assert_eq!(pixel(&painted, x + 16, y), pixel(&studio.made.pixels, x, y));
    }
    request.outpaint.left_px = 3;
    let error = make(&studio.model, None, &request).unwrap_err().to_string();
    assert!(error.contains("67x96"), "{error}");
}

#[test]
fn another_prompt_should_count_from_its_step_on() {
    let studio = Studio::open();
    let mut request = request();
    request.prompt_switches = vec![PromptSwitch {
        step: 3,
        prompt: "a city at night".to_owned(),
    }];
    let switched = make(&studio.model, None, &request).unwrap().0.trajectory;
    let plain = &studio.made.trajectory;
    for step in 0..6 {
        let is_same = switched.steps[step].x0 == plain.steps[step].x0;
        assert_eq!(is_same, step < 3, "step {step}");
    }
    request.prompt_switches[0].step = 0;
    let from_the_start = studio.make(&request);
    request.prompt = request.prompt_switches.remove(0).prompt;
    assert_eq!(from_the_start, studio.make(&request));
}

#[test]
fn a_refiner_should_take_over_at_its_step() {
    let studio = Studio::open();
    let mut request = request();
    request.refiner = Some(Refiner {
        model: ModelRef::Starter,
        step: 3,
    });
    let refined = make(&studio.model, Some(&studio.model), &request).unwrap().0;
    assert_eq!(refined.pixels, studio.made.pixels, "the same model changes nothing");
}

#[test]
fn a_second_pass_should_make_the_picture_larger() {
    let studio = Studio::open();
    let mut request = request();
    request.hires = Some(Hires {
        scale: 1.5,
        strength: 0.5,
        steps: Some(4),
    });
    let (picture, steps) = make(&studio.model, None, &request).unwrap();
    assert_eq!((picture.pixels.width_px, picture.pixels.height_px), (96, 96));
    assert_eq!(steps, 6 + 2);
}

#[test]
fn noise_should_come_from_where_it_is_asked_for() {
    let studio = Studio::open();
    let varied = |strength| {
        let variation = Some(Variation { seed: 9, strength });
        difference(
            &studio.make(&GenerateRequest { variation, ..request() }),
            &studio.made.pixels,
        )
    };
    let (none, little, all) = (varied(0.0), varied(0.15), varied(1.0));
    assert_eq!(none, 0.0);
    assert!(0.0 < little && little < all, "{little} {all}");
    let of = |noise_source| {
        studio.make(&GenerateRequest {
            noise_source,
            ..request()
        })
    };
    let pictures = NoiseSource::ALL.map(of);
    assert_eq!(pictures[0], studio.made.pixels);
    assert!(pictures[1] != pictures[0] && pictures[2] != pictures[0] && pictures[1] != pictures[2]);
}

#[test]
fn guidance_should_be_used_where_its_interval_says() {
    let studio = Studio::open();
    let of = |guidance_interval, guidance_scale, guidance_schedule| {
        studio.make(&GenerateRequest {
            guidance_interval,
            guidance_scale,
            guidance_schedule,
            ..request()
        })
    };
    assert_eq!(of([0.0, 0.0], 9.0, vec![]), of([0.0, 1.0], 1.0, vec![]));
    assert_eq!(of([0.0, 1.0], 9.0, vec![3.0, 3.0]), studio.made.pixels);
    assert_ne!(of([0.3, 0.6], 9.0, vec![]), of([0.0, 1.0], 9.0, vec![]));
}

#[test]
fn pictures_that_cannot_be_used_should_be_clear_errors() {
    let studio = Studio::open();
    std::fs::write(studio.file("none.png"), b"no picture").unwrap();
    let mut request = studio.starting_from_it(0.5, InitWay::Noise);
    for (file, expected) in [("none.png", "picture"), ("missing.png", "missing.png")] {
        request.init.as_mut().unwrap().file = studio.file(file);
        let error = make(&studio.model, None, &request).unwrap_err().to_string();
        assert!(error.contains(expected) && error.ends_with(file), "{error}");
    }
    let edit = studio.starting_from_it(1.0, InitWay::Beside { guidance_scale: 1.5 });
    let error = make(&studio.model, None, &edit).unwrap_err().to_string();
    assert!(error.contains("changed by instruction"), "{error}");
}

#[test]
fn an_unknown_sampler_should_be_reported_as_a_sampler() {
    let studio = Studio::open();
    let request = GenerateRequest {
        sampler: "no such".to_owned(),
        ..request()
    };
    let error = make(&studio.model, None, &request).unwrap_err().to_string();
    assert_eq!(error, "no sampler is called \"no such\"");
}

/// Keeps what every call of the networks shows.
#[derive(Default)]
struct Attentive {
    maps: RefCell<Vec<AttentionMap>>,
    opinions: Cell<usize>,
}

impl Probe for Attentive {
    fn called(&self, call: &Call<'_>) {
        let of_middle = call.attention.iter().filter(|map| map.layer.starts_with("mid_block"));
        self.maps.borrow_mut().extend(of_middle.cloned());
        let opinions = 1 + usize::from(call.predicted.uncond.is_some());
        self.opinions.set(self.opinions.get() + opinions);
    }
}

#[test]
fn whoever_watches_should_see_both_opinions_and_the_attention_and_change_nothing() {
    let model = load(&ModelRef::Starter, &Device::Cpu, Precision::F32, &mut |_| ()).unwrap();
    let conditioning = model
        .encode_prompts(&Prompts::new("a lighthouse at night", "", [64, 64]))
        .unwrap();
    let denoiser = model.unet_denoiser(DenoiserInputs::of(conditioning)).unwrap();
    let sampler = sampler_by_id("euler").unwrap();
    let table = model.scheduler().sigma_table(sampler, "karras", None, 3).unwrap();
    let run = Run {
        denoiser: &denoiser,
        guidance: GuidanceSchedule::from(Guidance {
            scale: 3.0,
            rescale: 0.0,
        }),
        sampler,
        options: Options::default(),
        table: &table,
        start: InitialLatents::Noise,
        inpaint: None,
        noise: Noise {
            seed: 1,
            source: NoiseSource::Hareru,
            variation: None,
        },
        plan: RunPlan::default(),
        control: &JobControl::default(),
        probe: None,
    };
    let attentive = Attentive::default();
    let watching = Run {
        plan: RunPlan {
            keep: Keep {
                attention: true,
                ..Keep::default()
            },
            ..RunPlan::default()
        },
        probe: Some(&attentive),
        guidance: run.guidance.clone(),
        start: run.start.clone(),
        inpaint: None,
        noise: Noise { ..run.noise },
        ..run
    };
    let bits = |walked: RunOutput| walked.x.flatten_all().unwrap().to_vec1::<f32>().unwrap();
    let watched = bits(watching.sample([1, 16, 8, 8], &mut |_: &Observed<'_>| Ok(())).unwrap());
    let unwatched = bits(run.sample([1, 16, 8, 8], &mut |_: &Observed<'_>| Ok(())).unwrap());
    assert_eq!(watched, unwatched);
    assert_eq!(attentive.opinions.get(), 6, "two in each of three calls");
    let maps = attentive.maps.into_inner();
    assert_eq!(maps.len(), 3, "one of the middle of the U-Net in each call");
    for map in &maps {
        for sum in map
            .probabilities
            .sum(0)
            .unwrap()
            .flatten_all()
            .unwrap()
            .to_vec1::<f32>()
            .unwrap()
        {
            assert!((sum - 1.0).abs() < 1e-4, "{sum}");
        }
    }
}

/// Changes the last addend of the decoder in a model's folder.
pub(super) fn change_vae(model: &Path, change: impl Fn(&Tensor) -> Tensor) {
    let mut files = std::fs::read_dir(model.join("vae"))
        .unwrap()
        .map(|entry| entry.unwrap().path());
    let file = files
        .find(|path| path.extension().is_some_and(|end| end == "safetensors"))
        .unwrap();
    let mut tensors = candle_core::safetensors::load(&file, &Device::Cpu).unwrap();
    let bias = tensors.get_mut("decoder.conv_out.bias").unwrap();
    *bias = change(bias);
    candle_core::safetensors::save(&tensors, &file).unwrap();
}

#[test]
fn a_finished_picture_should_be_shown_even_if_it_cannot_be_decoded() {
    let folder = tempfile::tempdir().unwrap();
    copy_folder(
        &Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/starter/model"),
        folder.path(),
    );
    change_vae(folder.path(), |bias| bias.affine(0.0, f64::NAN).unwrap());

    let path = ModelRef::Path(folder.path().to_owned());
    let broken = load(&path, &Device::Cpu, Precision::F32, &mut |_| ()).unwrap();
    let shown = make(&broken, None, &request()).unwrap().0;
    let sound = Studio::open().made;
    assert_eq!(
        (shown.record.decoder.as_str(), sound.record.decoder.as_str()),
        ("linear", "vae")
    );
    assert_eq!(shown.trajectory.final_latents, sound.trajectory.final_latents);
    let off = difference(&shown.pixels, &sound.pixels);
    assert!(off < 40.0, "the linear map should resemble the picture: {off}");
}
