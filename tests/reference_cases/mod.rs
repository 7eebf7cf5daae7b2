//! What diffusers computed, asked of our own engine as a user would, and compared number by number.
//!
//! A case becomes an ordinary request to a model folder with the case's scheduler; the job takes its noise from the case
//! and is otherwise what any job is. What a request cannot say (sizes and crops of SDXL, the steps of unCLIP's last stage,
//! sizes that a model on pixels refuses) and cases of single networks run on the parts that jobs are made of.
//!
//! Small cases lie in `tests/fixtures/reference`. The cases of the whole set are run when it is asked for: it is in
//! `../shared/reference`, or where a variable says. Another variable names a folder for the tensors that were computed:
//!
//! ```text
//! HARERU_REFERENCE=/path/to/set HARERU_REFERENCE_OUT=/path/to/results \
//!     cargo test --test integration reference_cases -- --include-ignored --nocapture
//! ```

mod compare;
mod parts;
mod recorder;
mod request;

use std::any::Any;
use std::path::Path;

use candle_core::{Device, Tensor};
use hareru::conditioning::{Conditioning, MaskEdge, Prompts, latent_mask};
use hareru::job::{GeneratedImage, JobControl, JobOptions, Precision, PreviewMode};
use hareru::kernels::Wrap;
use hareru::pipelines::families::{LdmUpscaler, StableDiffusion, Unclip};
use hareru::pipelines::{AuxModels, JobContext, Model, load_any_files};

use self::recorder::{Got, Recorder, final_latents, finish, scale, unit_picture};
use self::request::{Asked, noises};
use crate::support::Silent;
use crate::support::reference::{Case, ReferenceSet};

/// Tensors of the reference that no run shows, by the beginning of their names, and what holds them instead.
fn is_held_elsewhere(case: &Case, name: &str) -> bool {
    let starts_from_picture = case.request["init_image"].is_string();
    let last_of_prior = case
        .number("prior_steps")
        .map(|steps| format!("prior.latents.{:03}", steps - 1.0));
    // `tests/networks_control.rs` compares what a ControlNet adds.
    name.starts_with("controlnet_mid")
        // Latents before the picture is put back: where it is not they are `latents`, and the rest is thrown away.
        || name.starts_with("step_latents")
        // A scale of noise alone.
        || (name == "init_noise_sigma" && starts_from_picture)
        // The end of the prior is what the decoder is given, and shows in its first answers.
        || name == "image_embedding"
        || Some(name) == last_of_prior.as_deref()
}

/// Carries out a case and gives what was computed.
fn carry_out(case: &Case) -> Got {
    match case.text("task") {
        "tokenize" => return parts::tokenize(case),
        "vae_roundtrip" => return parts::roundtrip(case),
        _ => {}
    }
    let asked = Asked::new(case);
    let request = &asked.request;
    let mut model = load_any_files(&request.model, &asked.files, &Device::Cpu, Precision::F32, &mut |_| ()).unwrap();
    if parts::has_other_sizes(case) {
        return parts::with_sizes(
            case,
            &asked,
            downcast(&*model).expect("sizes are for Stable Diffusion XL"),
        );
    }
    if parts::has_size_that_is_refused(&asked, &*model) {
        return parts::of_noise_size(case, &asked, &*model);
    }
    model.set_adapters(&request.loras, &request.embeddings).unwrap();
    let mut aux = AuxModels::default();
    aux.gather(request, &*model).unwrap();
    let recorder = Recorder::new(case, noises(case));
    let control = JobControl::default();
    let context = JobContext {
        options: JobOptions {
            preview: PreviewMode::Off,
            ..JobOptions::default()
        },
        probe: Some(&recorder),
        ..JobContext::new(&*model, &aux, request, &control)
    };
    let prepared = context
        .prepare()
        .unwrap_or_else(|error| panic!("{}: {error}", case.name));
    let images = prepared
        .pictures(0, &mut Silent)
        .unwrap_or_else(|error| panic!("{}: {error}", case.name));
    drop(prepared);
    computed(case, &asked, &*model, &recorder, &images)
}

/// What a finished job computed, under the reference's names.
fn computed(case: &Case, asked: &Asked, model: &dyn Model, recorder: &Recorder, images: &[GeneratedImage]) -> Got {
    let request = &asked.request;
    let class = case.request["sampler"]["diffusers_class"].as_str().unwrap_or_default();
    let mut got = recorder.tensors(scale(class).0);
    let pictures = recorder.pictures();
    if request.mask.is_none() {
        check_pixels(case, images, &pictures);
    }
    got.insert("image".to_owned(), pictures[0].clone());
    got.insert("frames".to_owned(), Tensor::stack(&pictures, 0).unwrap());
    let frames: Vec<Tensor> = images.iter().map(|image| final_latents(&image.trajectory)).collect();
    let latents = Tensor::stack(&frames, 1).unwrap();
    let sigmas = &images[0].trajectory.sigmas;
    let of_one_frame = || latents.squeeze(1).unwrap().unsqueeze(0).unwrap();
    if let Some(model) = downcast::<LdmUpscaler>(model) {
        let quantised = model.quantise(&of_one_frame()).unwrap();
        got.insert("vq.indices".to_owned(), id_row(&quantised.indices));
        got.insert("vq.quantized".to_owned(), quantised.latents);
    }
    if let Some(model) = downcast::<Unclip>(model) {
        let prompt = model.encode_text(&request.prompt).unwrap();
        let mask: Vec<u32> = (0..prompt.ids.len())
            .map(|place| u32::from(place < prompt.length))
            .collect();
        got.insert("tokens.prompt".to_owned(), id_row(&prompt.ids));
        got.insert("text.mask".to_owned(), id_row(&mask));
        got.insert("text.prompt".to_owned(), prompt.hidden.clone());
        got.insert("text.embeds".to_owned(), prompt.pooled.clone());
        let last = format!("decoder.latents.{:03}", request.steps - 1);
        got.insert(last, latents.clone());
        got.extend(parts::super_resolution(case, model, &of_one_frame()));
        return got;
    }
    finish(&mut got, sigmas, &latents, class, recorder.num_calls());
    let Some(base) = downcast::<StableDiffusion>(model) else {
        return got;
    };
    let prompts = Prompts {
        clip_skip: request.clip_skip as usize,
        ..Prompts::new(
            &request.prompt,
            &request.negative_prompt,
            [request.height_px, request.width_px],
        )
    };
    got.extend(conditions(case, &base.encode_prompts(&prompts).unwrap()));
    let encoded: Vec<Tensor> = recorder
        .encoded()
        .iter()
        .map(|latents| base.scaled(latents).unwrap())
        .collect();
    let names = ["init_latents", "masked_image_latents"];
    got.extend(names.into_iter().map(str::to_owned).zip(encoded));
    if let Some(mask) = case.inputs().f32("mask_image") {
        let factor = base.info().vae_factor as usize;
        got.insert(
            "latent_mask".to_owned(),
            latent_mask(&mask, factor, MaskEdge::Hard).unwrap(),
        );
    }
    if case.request["vae"].is_string() {
        let picture = base
            .decode_tiny(&of_one_frame(), Wrap::default())
            .unwrap()
            .expect("the case names a tiny decoder");
        got.insert("image".to_owned(), unit_picture(&picture));
    }
    got
}

/// The model of a family, if it is one.
fn downcast<M: Model>(model: &dyn Model) -> Option<&M> {
    let model: &dyn Any = model;
    model.downcast_ref()
}

/// A picture's pixels are the levels nearest to what was decoded.
fn check_pixels(case: &Case, images: &[GeneratedImage], decoded: &[Tensor]) {
    assert_eq!(
        images.len(),
        decoded.len(),
        "{}: one decoded picture for each",
        case.name
    );
    for (image, decoded) in images.iter().zip(decoded) {
        let values = decoded
            .permute((1, 2, 0))
            .unwrap()
            .flatten_all()
            .unwrap()
            .to_vec1::<f32>()
            .unwrap();
        let far = image
            .pixels
            .pixels
            .iter()
            .zip(&values)
            .position(|(level, value)| (f32::from(*level) - 255.0 * value).abs() > 0.5 + 1e-3);
        assert_eq!(
            far, None,
            "{}: this value of the picture is not what was decoded",
            case.name
        );
    }
}

/// What the U-Net is given beside the latents.
fn conditions(case: &Case, conditioning: &Conditioning) -> Got {
    let mut got = Got::new();
    let branches = [
        ("prompt", "text.pooled", &conditioning.prompt_ids, &conditioning.cond),
        (
            "negative",
            "text.negative_pooled",
            &conditioning.negative_ids,
            &conditioning.uncond,
        ),
    ];
    let count = if case.request["uses_negative"].as_bool() == Some(false) {
        1
    } else {
        2
    };
    for (branch, pooled, ids, embeds) in branches.into_iter().take(count) {
        for (tokens, ids) in ["tokens", "tokens_2"].iter().zip(ids) {
            got.extend(ids.as_deref().map(|ids| (format!("{tokens}.{branch}"), id_row(ids))));
        }
        got.insert(format!("text.{branch}"), embeds.context.clone());
        got.extend(
            embeds
                .added
                .as_ref()
                .map(|added| (pooled.to_owned(), added.pooled.clone())),
        );
    }
    let added = conditioning.cond.added.as_ref();
    got.extend(added.map(|added| ("add_time_ids".to_owned(), added.numbers.clone())));
    got
}

/// Token ids as the reference stores them.
fn id_row(ids: &[u32]) -> Tensor {
    Tensor::from_iter(ids.iter().map(|id| i64::from(*id)), &Device::Cpu).unwrap()
}

/// Carries out all cases of a set and compares; gives how many there were.
fn run_cases(set: &ReferenceSet) -> usize {
    let out = std::env::var_os("HARERU_REFERENCE_OUT");
    let cases = set.cases();
    let mut broken = Vec::new();
    for case in &cases {
        let name = &case.name;
        let Ok(got) = std::panic::catch_unwind(|| carry_out(case)) else {
            broken.push(format!("{name}: panicked"));
            continue;
        };
        if let Some(out) = &out {
            let path = Path::new(out).join(format!("{name}.safetensors"));
            let stored: Got = got
                .iter()
                .map(|(name, t)| (name.clone(), t.contiguous().unwrap()))
                .collect();
            candle_core::safetensors::save(&stored, path).unwrap();
        }
        let report = compare::compare(name, &case.path("expected.safetensors"), &got);
        println!(
            "{name}: {} tensors, worst {:.1e}, picture {:.1e}",
            report.num_compared, report.worst, report.worst_image
        );
        broken.extend(report.failures.iter().map(|failure| format!("{name}: {failure}")));
        let missing: Vec<_> = report
            .missing
            .iter()
            .filter(|tensor| !is_held_elsewhere(case, tensor))
            .collect();
        if report.num_compared == 0 || !missing.is_empty() {
            broken.push(format!("{name}: missing {missing:?}"));
        }
    }
    println!("{} cases ran", cases.len());
    assert!(broken.is_empty(), "\n{}", broken.join("\n"));
    cases.len()
}

#[test]
fn every_case_in_the_tree_should_be_reproduced_by_a_request() {
    assert!(
        run_cases(&ReferenceSet::runs_in_tree()) >= 36,
        "the tree should hold at least 36 cases"
    );
}

#[test]
#[ignore = "needs the whole set of reference cases"]
fn every_case_of_the_whole_reference_should_be_reproduced_by_a_request() {
    assert!(
        run_cases(&ReferenceSet::whole()) > 100,
        "the whole set should hold more than a hundred cases"
    );
}

#[test]
fn the_starter_should_draw_as_diffusers_does_with_its_folder() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/starter");
    assert_eq!(run_cases(&ReferenceSet::at(&root)), 3);
}
