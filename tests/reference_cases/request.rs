//! A reference case as a user would ask for it: a model folder, pictures in files, a request.

use std::path::{Path, PathBuf};

use candle_core::{Device, Tensor};
use hareru::job::{
    Control, Film, GenerateRequest, InitPicture, InitWay, LoraSpec, Mask, ModelRef, PromptSwitch, Reference,
};
use hareru::prompt::PromptSyntax;
use hareru::weights::ModelFiles;
use serde_json::Value;
use tempfile::TempDir;

use crate::support::reference::{Case, Tensors};

/// A request with the files that it names.
pub(super) struct Asked {
    pub(super) request: GenerateRequest,
    /// The model, whose scheduler is the case's.
    pub(super) files: ModelFiles,
    _folder: TempDir,
}

impl Asked {
    pub(super) fn new(case: &Case) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (model, files) = model(case, folder.path());
        let request = GenerateRequest {
            model,
            ..request(case, folder.path())
        };
        request
            .validate()
            .unwrap_or_else(|error| panic!("{}: {error}", case.name));
        Self {
            request,
            files,
            _folder: folder,
        }
    }
}

/// A copy of the model as the case has it.
fn model(case: &Case, folder: &Path) -> (ModelRef, ModelFiles) {
    let is_single = case.request["config_from"].is_string();
    let copy = folder.join("model");
    case.copy_model(&copy);
    if !is_single {
        return (ModelRef::Path(copy.clone()), ModelFiles::open(copy).unwrap());
    }
    let model = case.root(case.text("model"));
    let files = ModelFiles::open_with_configs(&model, &copy).unwrap();
    (ModelRef::Path(model), files)
}

fn request(case: &Case, folder: &Path) -> GenerateRequest {
    let wanted = &case.request;
    let number = |field: &str| wanted[field].as_f64();
    let count = |field: &str| wanted[field].as_u64().map(|count| count as u32);
    let (sampler, schedule) = sampler(&wanted["sampler"]);
    // diffusers switches guidance off at scales of 1 and below, unless the network is told the scale.
    let is_guided = wanted["uses_negative"].as_bool() != Some(false) || case.text("model").ends_with("lcm");
    let task = case.text("task");
    let has_way = |way| {
        Some(InitPicture {
            file: picture(case, "init_image", folder),
            strength: number("strength").unwrap_or(1.0),
            way,
        })
    };
    GenerateRequest {
        prompt: case.text("prompt").to_owned(),
        negative_prompt: match wanted["negative_prompt"].as_str() {
            Some("") if case.text("model").contains("sdxl") => " ".to_owned(), // an empty prompt, not the lack of one
            Some(text) => text.to_owned(),
            None => String::new(),
        },
        prompt_syntax: PromptSyntax::Literal, // as diffusers reads them
        width_px: count("width").unwrap(),
        height_px: count("height").unwrap(),
        steps: count("steps").or_else(|| count("prior_steps")).unwrap(),
        guidance_scale: number("cfg_scale").filter(|_| is_guided).unwrap_or(1.0),
        guidance_rescale: number("guidance_rescale").unwrap_or(0.0),
        sampler: sampler.to_owned(),
        schedule: schedule.to_owned(),
        eta: wanted["sampler"]["eta"].as_f64().unwrap_or(0.0),
        clip_skip: count("clip_skip").unwrap_or(0),
        class_label: count("class_label"),
        noise_level: count("noise_level"),
        init: match task {
            "img2img" | "inpaint" | "upscale_x4" | "ldm_super_resolution" => has_way(InitWay::Noise),
            "instruct_pix2pix" => has_way(InitWay::Beside {
                guidance_scale: number("image_cfg_scale").unwrap(),
            }),
            "ddim_inversion" => has_way(InitWay::Inversion {
                prompt: case.text("prompt").to_owned(),
            }),
            _ => None,
        },
        mask: wanted["inpaint"].is_string().then(|| Mask {
            file: picture(case, "mask_image", folder),
            blur_px: 0.0,
            ..Mask::default()
        }),
        controls: list(&wanted["controlnets"])
            .iter()
            .chain(Some(&wanted["controlnet"]).filter(|control| control.is_object()))
            .map(|control| Control {
                model: case.root(control["model"].as_str().unwrap()),
                picture: picture(
                    case,
                    control["image"].as_str().unwrap().trim_end_matches(".png"),
                    folder,
                ),
                weight: control["scale"].as_f64().unwrap(),
                start: control["start"].as_f64().unwrap(),
                end: control["end"].as_f64().unwrap(),
                is_guess: control["guess_mode"].as_bool().unwrap(),
                ..Control::default()
            })
            .collect(),
        references: Some(&wanted["ip_adapter"])
            .filter(|adapter| adapter.is_object())
            .map(|adapter| Reference {
                adapter: case.root(adapter["model"].as_str().unwrap()),
                picture: case.path(adapter["image"].as_str().unwrap()),
                weight: adapter["scale"].as_f64().unwrap(),
                ..Reference::default()
            })
            .into_iter()
            .collect(),
        prompt_switches: Some(&wanted["prompt_switch"])
            .filter(|switch| switch.is_object())
            .map(|switch| PromptSwitch {
                step: switch["step"].as_u64().unwrap() as u32,
                prompt: switch["prompt"].as_str().unwrap().to_owned(),
            })
            .into_iter()
            .collect(),
        loras: list(&wanted["loras"])
            .iter()
            .map(|lora| {
                LoraSpec::new(
                    case.path(lora["file"].as_str().unwrap()),
                    lora["scale"].as_f64().unwrap(),
                )
            })
            .collect(),
        embeddings: list(&wanted["embeddings"])
            .iter()
            .map(|embedding| case.path(embedding["file"].as_str().unwrap()))
            .collect(),
        film: count("num_frames").map(|frames| Film {
            adapter: case.root(case.text("motion_adapter")),
            frames,
        }),
        ..GenerateRequest::default()
    }
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

/// Ids of the sampler and the schedule that are diffusers' class with this configuration.
fn sampler(wanted: &Value) -> (&str, &str) {
    let config = &wanted["diffusers_config"];
    let is_set = |field: &str| config[field].as_bool() == Some(true);
    let name = wanted["name"].as_str().unwrap_or("ddpm");
    let name = name.strip_prefix("edm_").unwrap_or(name);
    let sampler = match (name, config["solver_type"].as_str()) {
        ("pndm", _) if !is_set("skip_prk_steps") => "pndm_prk",
        ("dpmpp_2m", Some("heun")) => "dpmpp_2m_heun",
        ("dpmpp_2m_sde", Some("heun")) => "dpmpp_2m_sde_heun",
        ("unipc", Some("bh1")) => "unipc_bh1",
        (other, _) => other,
    };
    let schedule = match wanted["sigma_schedule"].as_str() {
        Some("default") if is_set("use_lu_lambdas") => "lu",
        None | Some("default") => "normal",
        Some(other) => other,
    };
    (sampler, schedule)
}

/// Writes a picture that the case gives as the tensor `name`, `(1, channels, height, width)` in 0..1, to a file.
fn picture(case: &Case, name: &str, folder: &Path) -> PathBuf {
    let tensor = case
        .inputs()
        .f32(name)
        .unwrap_or_else(|| panic!("{}: no tensor {name}", case.name));
    let (_, channels, height, width) = tensor.dims4().unwrap();
    let levels = (tensor * 255.0).unwrap();
    let rounded = levels.round().unwrap();
    let off = (levels - &rounded).unwrap().abs().unwrap().max_all().unwrap();
    assert!(
        off.to_scalar::<f32>().unwrap() < 1e-3,
        "{}: {name} is not made of levels 0 to 255, so a file cannot hold it",
        case.name
    );
    let pixels = rounded.permute((0, 2, 3, 1)).unwrap().flatten_all().unwrap();
    let pixels: Vec<u8> = pixels
        .to_vec1::<f32>()
        .unwrap()
        .iter()
        .map(|level| *level as u8)
        .collect();
    let path = folder.join(format!("{name}.png"));
    let colour = if channels == 1 {
        image::ColorType::L8
    } else {
        image::ColorType::Rgb8
    };
    image::save_buffer(&path, &pixels, width as u32, height as u32, colour).unwrap();
    path
}

/// The noise that a case gives, in the order in which a job begins its runs: name of the initial noise, and what the
/// names of the steps' noise begin with.
pub(super) fn noises(case: &Case) -> &'static [(&'static str, &'static str)] {
    match case.text("task") {
        "upscale_x4" => &[("low_res_noise", ""), ("noise", "")],
        // A job has noise ready for the small picture, which this model takes as it is.
        "ldm_super_resolution" => &[("", ""), ("noise", "")],
        // The last stage takes other steps than the case's: it is run apart.
        "unclip" => &[("prior_noise", "prior."), ("decoder_noise", "decoder.")],
        "ddim_inversion" => &[("", "inverse."), ("", "")],
        _ => &[("noise", "")],
    }
}

/// The tensors `NAME.000`, `NAME.001` … of a file.
pub(super) fn numbered(tensors: &Tensors, name: &str) -> Vec<Tensor> {
    (0..)
        .map_while(|index| tensors.f32(&format!("{name}.{index:03}")))
        .map(|tensor| tensor.to_device(&Device::Cpu).unwrap())
        .collect()
}
