//! Requests to the families beside Stable Diffusion, through the engine: small models that are written here, and those of
//! the reference.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use candle_core::{DType, Device, Tensor};
use candle_nn::{VarBuilder, VarMap};
use hareru::engine::{EngineHandle, EngineOptions, enlarged_size, samplers};
use hareru::gallery::save_pixels;
use hareru::job::{
    DecodeRequest, Event, Film, GenerateRequest, GeneratedImage, InitPicture, InitWay, JobOptions, LatentPlane,
    LoraSpec, ModelInfo, ModelRef, Precision, PreviewMode, PromptSwitch, RgbImage, StepEvent, Tiling,
};
use hareru::models::unet::{PixelUNetConfig, UNet2DModel};
use hareru::models::vae::{VqConfig, VqDecoder};

use crate::support::reference::ReferenceSet;
use crate::support::weights::write;

const UNET: &str = r#""block_out_channels": [8, 16], "norm_num_groups": 4, "layers_per_block": 1, "sample_size": 16,
    "down_block_types": ["DownBlock2D", "AttnDownBlock2D"], "up_block_types": ["AttnUpBlock2D", "UpBlock2D"]"#;
const VQ: &str = r#"{"block_out_channels": [8, 8, 8], "norm_num_groups": 4, "layers_per_block": 1, "latent_channels": 3,
    "num_vq_embeddings": 16, "down_block_types": ["DownEncoderBlock2D", "DownEncoderBlock2D", "DownEncoderBlock2D"],
    "up_block_types": ["UpDecoderBlock2D", "UpDecoderBlock2D", "UpDecoderBlock2D"]}"#;
const SCHEDULER: &str = r#"{"beta_start": 0.0001, "beta_end": 0.02, "beta_schedule": "linear"}"#;

/// Writes the weights of whatever `build` asks for, small and all different.
fn write_weights(folder: &Path, build: impl FnOnce(VarBuilder<'static>) -> candle_core::Result<()>) {
    let map = VarMap::new();
    build(VarBuilder::from_varmap(&map, DType::F32, &Device::Cpu)).unwrap();
    let mut named: Vec<_> = map.data().lock().unwrap().clone().into_iter().collect();
    named.sort_by(|a, b| a.0.cmp(&b.0));
    for (place, (name, var)) in named.iter().enumerate() {
        let is_norm = name.ends_with("weight") && var.rank() == 1;
        let values: Vec<f32> = (0..var.elem_count())
            .map(|i| f32::from(u8::from(is_norm)) + 0.15 * ((i * 37 + place * 11) as f32).sin())
            .collect();
        var.set(&Tensor::from_vec(values, var.shape(), &Device::Cpu).unwrap())
            .unwrap();
    }
    map.save(folder.join("diffusion_pytorch_model.safetensors")).unwrap();
}

fn write_unet(root: &Path, fields: &str) {
    let config = format!("{{{UNET}{fields}}}");
    write(root, "unet/config.json", config.as_bytes());
    let config: PixelUNetConfig = serde_json::from_str(&config).unwrap();
    write_weights(&root.join("unet"), |vb| UNet2DModel::new(vb, &config).map(drop));
    write(root, "scheduler/scheduler_config.json", SCHEDULER.as_bytes());
}

/// A model on pixels that knows three classes.
fn pixel_model(root: &Path) -> ModelRef {
    write(root, "model_index.json", br#"{"_class_name": "DDPMPipeline"}"#);
    write_unet(root, r#", "num_class_embeds": 3"#);
    ModelRef::Path(root.to_owned())
}

/// A model that enlarges by latents of a codebook.
fn ldm_model(root: &Path) -> ModelRef {
    write(
        root,
        "model_index.json",
        br#"{"_class_name": "LDMSuperResolutionPipeline"}"#,
    );
    write_unet(root, r#", "in_channels": 6"#);
    write(root, "vqvae/config.json", VQ.as_bytes());
    let config: VqConfig = serde_json::from_str(VQ).unwrap();
    write_weights(&root.join("vqvae"), |vb| VqDecoder::new(vb, &config).map(drop));
    ModelRef::Path(root.to_owned())
}

/// The model of a reference case.
fn model_of_case(name: &str, folder: &Path) -> ModelRef {
    let model = folder.join("model");
    ReferenceSet::runs_in_tree().case(name).copy_model(&model);
    ModelRef::Path(model)
}

struct Studio(EngineHandle);

impl Studio {
    fn open() -> Self {
        Self(EngineHandle::start(EngineOptions::default(), || {}).unwrap())
    }

    fn describe(&self, model: &ModelRef) -> ModelInfo {
        self.0.describe(model.clone()).unwrap();
        match self.0.wait() {
            Some(Event::ModelDescribed { info }) => (*info).clone(),
            other => panic!("the model should be known, but: {other:?}"),
        }
    }

    /// A request with what the model likes best, in few steps.
    fn request(&self, model: &ModelRef) -> GenerateRequest {
        let defaults = self.describe(model).defaults;
        GenerateRequest {
            model: model.clone(),
            width_px: defaults.width_px,
            height_px: defaults.height_px,
            steps: 4,
            guidance_scale: defaults.guidance_scale,
            sampler: defaults.sampler.to_owned(),
            schedule: defaults.schedule.to_owned(),
            seed: 7,
            ..GenerateRequest::default()
        }
    }

    /// The pictures and the steps that led to them, or why there are none.
    fn try_make(&mut self, request: &GenerateRequest) -> Result<(Vec<GeneratedImage>, Vec<StepEvent>), String> {
        let options = JobOptions {
            preview: PreviewMode::Auto,
            keep_every_step: true,
            ..JobOptions::default()
        };
        let job = self
            .0
            .submit(request.clone(), options)
            .map_err(|error| error.to_string())?;
        let (mut pictures, mut steps) = (Vec::new(), Vec::new());
        loop {
            match self.0.wait().expect("the engine should still be there") {
                Event::Image { image, .. } => pictures.push((*image).clone()),
                Event::Step(step) => steps.push(step),
                Event::Finished { job: ended } if ended == job => return Ok((pictures, steps)),
                Event::Failed { error, .. } => return Err(error.message.clone()),
                _ => {}
            }
        }
    }

    fn make(&mut self, request: &GenerateRequest) -> (Vec<GeneratedImage>, Vec<StepEvent>) {
        self.try_make(request).unwrap()
    }

    fn one(&mut self, request: &GenerateRequest) -> GeneratedImage {
        self.make(request).0.pop().unwrap()
    }

    /// The picture of kept latents.
    fn decode(&self, model: &ModelRef, mode: PreviewMode, latents: &LatentPlane) -> RgbImage {
        let request = DecodeRequest {
            ticket: 1,
            model: model.clone(),
            vae: None,
            precision: Precision::Auto,
            mode,
            tiling: Tiling::default(),
            latents: Arc::new(latents.clone()),
        };
        self.0.decode(request).unwrap();
        match self.0.wait() {
            Some(Event::Decoded {
                picture: Ok(picture), ..
            }) => (*picture).clone(),
            other => panic!("the latents should be decoded, but: {other:?}"),
        }
    }

    /// Holds that the request is refused, and by which words.
    fn refuses(&mut self, request: &GenerateRequest, words: &str) {
        let said = self.try_make(request).map(|_| ()).unwrap_err();
        assert!(
            said.contains(words) && !said.contains('\n'),
            "{said:?} should say {words:?}"
        );
    }
}

fn sides(picture: &RgbImage) -> (u32, u32) {
    (picture.width_px, picture.height_px)
}

fn small_picture(folder: &Path, width_px: u32, height_px: u32) -> PathBuf {
    let file = folder.join("small.png");
    let pixels = (0..width_px * height_px * 3).map(|i| (i * 29 % 253) as u8).collect();
    let picture = RgbImage {
        width_px,
        height_px,
        pixels,
    };
    save_pixels(&file, &picture).unwrap();
    file
}

fn init(file: &Path) -> InitPicture {
    InitPicture {
        file: file.to_owned(),
        strength: 0.75,
        way: InitWay::Noise,
    }
}

#[test]
fn the_flowers_in_the_program_should_be_drawn_by_class() {
    let mut studio = Studio::open();
    let info = studio.describe(&ModelRef::Flowers);
    assert_eq!(
        (info.family, info.takes.classes, info.class_names.len()),
        ("pixel", Some(121), 121)
    );
    let class = |name: &str| {
        info.class_names
            .iter()
            .position(|known| known == name)
            .map(|at| at as u32)
    };
    let of = |class_label| GenerateRequest {
        class_label,
        seed: 3,
        steps: 10,
        ..studio.request(&ModelRef::Flowers)
    };
    let (rose, lotus) = (of(class("red rose")), of(class("white lotus")));
    assert!(rose.class_label.is_some() && lotus.class_label.is_some());
    let (rose, lotus) = (studio.one(&rose), studio.one(&lotus));
    assert_eq!(sides(&rose.pixels), (64, 64));
    assert_ne!(rose.pixels, lotus.pixels);
    assert_eq!(rose.record.request.model.to_string(), "flowers");
}

#[test]
fn the_starter_should_draw_in_four_steps_with_its_adapter() {
    let mut studio = Studio::open();
    let plain = GenerateRequest {
        prompt: "a lighthouse by the sea at sunset".to_owned(),
        width_px: 64,
        height_px: 64,
        sampler: "ddim".to_owned(),
        schedule: "normal".to_owned(),
        guidance_scale: 1.0,
        ..studio.request(&ModelRef::Starter)
    };
    let with = GenerateRequest {
        loras: vec![LoraSpec::new(LoraSpec::STARTER_FOUR_STEPS, 1.0)],
        ..plain.clone()
    };
    let (without, steps) = studio.make(&plain);
    let times: Vec<f64> = steps.iter().map(|step| step.timestep).collect();
    assert_eq!(times, [999.0, 749.0, 499.0, 249.0], "where the adapter was taught");
    let drawn = studio.one(&with);
    assert_ne!(drawn.pixels, without[0].pixels, "the adapter should do something");
    assert_eq!(studio.one(&plain).pixels, without[0].pixels, "and be gone again");
    assert_eq!(
        studio.one(&drawn.record.request).pixels,
        drawn.pixels,
        "its record should make it again"
    );
}

#[test]
fn a_class_should_be_drawn_pixel_by_pixel() {
    let folder = tempfile::tempdir().unwrap();
    let model = pixel_model(folder.path());
    write(folder.path(), "classes.json", br#"["rose", "lotus", ""]"#);
    let mut studio = Studio::open();
    let info = studio.describe(&model);
    assert_eq!(info.class_names, ["rose", "lotus", ""]);
    assert_eq!(
        (info.family, info.takes.classes, info.takes.prompt),
        ("pixel", Some(3), false)
    );
    let plain = studio.request(&model);
    let of = |class_label| GenerateRequest {
        class_label,
        ..plain.clone()
    };
    let (mut pictures, steps) = studio.make(&of(Some(1)));
    let first = pictures.pop().unwrap();
    assert_eq!(sides(&first.pixels), (16, 16));
    assert_eq!((steps.len(), first.trajectory.steps.len()), (4, 4));
    let shown = steps[3].preview.as_ref().unwrap();
    assert_eq!(sides(shown), (16, 16));
    assert_eq!(first.record.request.class_label, Some(1));
    assert_eq!(
        studio.one(&first.record.request).pixels,
        first.pixels,
        "the record should make it again"
    );
    assert_ne!(studio.one(&of(Some(2))).pixels, first.pixels, "another class");
    for sampler in samplers() {
        let request = GenerateRequest {
            sampler: sampler.id.to_owned(),
            ..of(Some(0))
        };
        assert_eq!(studio.make(&request).0.len(), 1, "{}", sampler.id);
    }
    studio.refuses(&of(None), "class must be 0 to 2 for this model, found none");
    studio.refuses(&of(Some(3)), "class must be 0 to 2 for this model, found 3");
    let mut request = of(Some(0));
    request.prompt_switches = vec![PromptSwitch {
        step: 1,
        prompt: "a tower".to_owned(),
    }];
    studio.refuses(
        &request,
        "prompt switch must be absent for this model, found \"a tower\"",
    );
    request = of(Some(0));
    request.width_px = 32;
    studio.refuses(&request, "size must be 16x16 for this model, found 32x16");
}

#[test]
fn a_picture_should_be_enlarged_by_latents_of_a_codebook() {
    let folder = tempfile::tempdir().unwrap();
    let model = ldm_model(folder.path());
    let file = small_picture(folder.path(), 12, 10);
    let mut studio = Studio::open();
    let info = studio.describe(&model);
    assert_eq!(info.takes.enlarges, Some(4));
    let (width_px, height_px) = enlarged_size(&info, &file).unwrap();
    assert_eq!((width_px, height_px), (48, 40));
    let mut request = GenerateRequest {
        width_px,
        height_px,
        ..studio.request(&model)
    };
    studio.refuses(
        &request,
        "picture to start from must be the one to enlarge for this model, found none",
    );
    request.init = Some(init(&file));
    request.batch_count = 2;
    let (pictures, steps) = studio.make(&request);
    assert_eq!(pictures.len(), 2);
    assert!(pictures.iter().all(|picture| sides(&picture.pixels) == (48, 40)));
    assert!(
        steps
            .iter()
            .all(|step| step.preview.as_deref().map(sides) == Some((48, 40)))
    );
    request.prompt = "a cat".to_owned();
    studio.refuses(&request, "prompt must be absent for this model, found \"a cat\"");
}

#[test]
fn latents_of_a_codebook_should_be_decoded_and_not_shown_as_pixels() {
    let folder = tempfile::tempdir().unwrap();
    let model = ldm_model(folder.path());
    let file = small_picture(folder.path(), 12, 10);
    let mut studio = Studio::open();
    let request = GenerateRequest {
        width_px: 48,
        height_px: 40,
        init: Some(init(&file)),
        ..studio.request(&model)
    };
    let made = studio.one(&request);
    let trajectory = &made.trajectory;
    for mode in [PreviewMode::Auto, PreviewMode::Vae] {
        let shown = studio.decode(&model, mode, &trajectory.final_latents);
        assert_eq!(
            shown, *made.pixels,
            "{mode:?}: kept latents should give the picture that they gave"
        );
    }
    let colours = trajectory.colours.as_ref();
    let colours = colours.expect("views of the steps need the map from codebook latents to colours");
    assert!(colours.weights.iter().all(|weights| weights.len() == 3));
    let is_identity = |weights: &[Vec<f32>]| (0..3).all(|i| weights[i][i] == 1.0);
    assert!(!is_identity(&colours.weights), "latents of a codebook are no colours");
}

#[test]
fn stable_diffusion_should_refuse_what_only_others_take() {
    let mut studio = Studio::open();
    let class_label = Some(4);
    let request = GenerateRequest {
        class_label,
        ..GenerateRequest::default()
    };
    studio.refuses(&request, "class must be absent for this model, found 4");
    let film = |frames| GenerateRequest {
        film: Some(Film {
            adapter: PathBuf::from("nowhere"),
            frames,
        }),
        ..GenerateRequest::default()
    };
    studio.refuses(&film(0), "frames must be 1 to 64, found 0");
    studio.refuses(&film(65), "frames must be 1 to 64, found 65");
    let noise_level = Some(1000);
    let request = GenerateRequest {
        noise_level,
        ..GenerateRequest::default()
    };
    studio.refuses(&request, "noise level must be 0 to 999, found 1000");
}

#[test]
fn an_upscaler_should_make_a_picture_four_times_larger_with_a_prompt() {
    let folder = tempfile::tempdir().unwrap();
    let model = model_of_case("x4_upscaler", folder.path());
    let mut studio = Studio::open();
    let request = GenerateRequest {
        prompt: "a tiny teapot".to_owned(),
        init: Some(init(&small_picture(folder.path(), 16, 16))),
        noise_level: Some(20),
        ..studio.request(&model)
    };
    let usual = studio.one(&request);
    assert_eq!(sides(&usual.pixels), (64, 64));
    assert_eq!(usual.record.family, "upscaler");
    let of_level = |noise_level| GenerateRequest {
        noise_level,
        ..request.clone()
    };
    assert_eq!(studio.one(&of_level(None)).pixels, usual.pixels, "20 is the default");
    assert_ne!(studio.one(&of_level(Some(300))).pixels, usual.pixels);
    studio.refuses(
        &of_level(Some(351)),
        "noise level must be 0 to 350 for this model, found 351",
    );
}

#[test]
fn a_prompt_should_become_a_picture_by_way_of_an_embedding() {
    // Its tokenizer keeps only the words of the case's prompt.
    let model = ModelRef::Path(ReferenceSet::runs_in_tree().model("unclip"));
    let mut studio = Studio::open();
    let request = GenerateRequest {
        prompt: "a colossal owl".to_owned(),
        ..studio.request(&model)
    };
    let (mut pictures, steps) = studio.make(&request);
    let made = pictures.pop().unwrap();
    assert_eq!(sides(&made.pixels), (32, 32));
    let places: Vec<u32> = steps.iter().map(|step| step.step).collect();
    assert_eq!(
        places,
        (1..=15).collect::<Vec<_>>(),
        "4 of the prior, 4 of the decoder, 7 of the last"
    );
    assert_eq!(made.trajectory.final_latents.height, 16, "the decoder's");
    assert_eq!(studio.one(&request).pixels, made.pixels);
    for (prompt, sampler) in [
        ("a rainy street", "ddpm"),
        ("a colossal owl", "euler"),
        ("a colossal owl", "dpmpp_2m"),
    ] {
        let other = GenerateRequest {
            prompt: prompt.to_owned(),
            sampler: sampler.to_owned(),
            ..request.clone()
        };
        assert_ne!(studio.one(&other).pixels, made.pixels, "{prompt} by {sampler}");
    }
    let larger = GenerateRequest {
        width_px: 64,
        ..request
    };
    studio.refuses(&larger, "size must be 32x32 for this model, found 64x32");
}

#[test]
fn a_film_should_be_as_many_pictures_as_it_has_frames() {
    let folder = tempfile::tempdir().unwrap();
    let model = model_of_case("animatediff", folder.path());
    let adapter = ReferenceSet::runs_in_tree().model("motion_adapter");
    let mut studio = Studio::open();
    let of = |frames| Film {
        adapter: adapter.clone(),
        frames,
    };
    let mut request = GenerateRequest {
        prompt: "a tiny teapot".to_owned(),
        width_px: 64,
        height_px: 32,
        film: Some(of(3)),
        sampler: "euler".to_owned(), // ends with the last estimate
        ..studio.request(&model)
    };
    let (pictures, steps) = studio.make(&request);
    assert_eq!(
        pictures.iter().map(|frame| sides(&frame.pixels)).collect::<Vec<_>>(),
        [(64, 32); 3]
    );
    assert_eq!(
        pictures
            .iter()
            .map(|frame| frame.record.batch_index)
            .collect::<Vec<_>>(),
        [0, 1, 2]
    );
    assert_ne!(pictures[0].pixels, pictures[2].pixels, "something should move");
    let latents = pictures.iter().map(|frame| &frame.trajectory.final_latents);
    let shown_at_last = &steps[3].record.x0;
    for (number, frame) in latents.enumerate() {
        assert_eq!(frame.height * 3, shown_at_last.height, "each frame has its own part");
        let rows = frame.height * frame.width;
        let own = &shown_at_last.values[number * rows..][..rows];
        let off = frame.values[..rows].iter().zip(own).map(|(a, b)| (a - b).abs());
        assert!(off.fold(0.0, f32::max) < 1e-3, "frame {number} is of the film's");
    }
    assert_eq!(steps.len(), 4);
    let shown = steps[0].preview.as_ref().unwrap();
    assert_eq!(
        shown.height_px,
        3 * shown.width_px / 2,
        "three frames, one below the other"
    );
    request.film = Some(of(9));
    studio.refuses(&request, "frames must be 1 to 8 for this model, found 9");
    request.film = Some(of(2));
    request.hires = Some(hareru::job::Hires {
        scale: 2.0,
        strength: 0.5,
        steps: None,
    });
    studio.refuses(&request, "second pass must be absent");
}
