//! Tasks with parts beside the model: reference pictures, a ControlNet, another autoencoder.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::support::weights::copy_folder;
use crate::tasks::{Count, Studio, change_vae, request};
use candle_core::Device;
use hareru::diffusion::noise::{Draw, noise_tensor};
use hareru::job::{Control, GenerateRequest, JobControl, ModelRef, Precision, Reference, ReferencePart, RgbImage};
use hareru::kernels::Wrap;
use hareru::pipelines::families::StableDiffusion;
use hareru::pipelines::{AuxModels, JobContext, Model as _, PipelineError, load};

/// The small Stable Diffusion 1 of the reference, and the folder beside which its IP-Adapter lies.
fn reference_model() -> (StableDiffusion, PathBuf) {
    let models = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/reference/models");
    let model = load(
        &ModelRef::Path(models.join("sd15")),
        &Device::Cpu,
        Precision::F32,
        &mut |_| (),
    );
    (model.unwrap(), models)
}

#[test]
fn a_picture_should_be_a_prompt_as_far_as_its_weight_says() {
    let studio = Studio::open();
    let (model, models) = reference_model();
    let mut aux = AuxModels::default();
    let mut make = |references: Vec<Reference>| -> Result<Arc<RgbImage>, PipelineError> {
        let request = GenerateRequest {
            prompt: "a painted harbor".to_owned(),
            references,
            ..request()
        };
        aux.gather(&request, &model)?;
        let control = JobControl::default();
        let job = JobContext::new(&model, &aux, &request, &control);
        Ok(job.prepare()?.pictures(0, &mut Count(0))?.remove(0).pixels)
    };
    let reference = |weight, part| Reference {
        adapter: models.join("ip_adapter"),
        picture: studio.file("init.png"),
        weight,
        part,
    };
    let without = make(Vec::new()).unwrap();
    assert_eq!(make(vec![reference(0.0, ReferencePart::All)]).unwrap(), without);
    let all = make(vec![reference(1.0, ReferencePart::All)]).unwrap();
    let style = make(vec![reference(1.0, ReferencePart::Style)]).unwrap();
    assert!(all != without && style != without && all != style);

    let elsewhere = Reference {
        adapter: studio.folder.path().to_owned(),
        ..reference(1.0, ReferencePart::All)
    };
    let error = make(vec![elsewhere]).unwrap_err().to_string();
    assert!(error.contains("one weight file"), "{error}");
}

#[test]
fn a_control_made_for_another_model_should_be_refused_by_name() {
    let studio = Studio::open();
    let (model, _) = reference_model();
    let controlnet = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/control/controlnet");
    let request = GenerateRequest {
        controls: vec![Control {
            model: controlnet.clone(),
            picture: studio.file("init.png"),
            ..Control::default()
        }],
        ..request()
    };
    let error = AuxModels::default().gather(&request, &model).unwrap_err().to_string();
    assert!(error.contains("channels") && error.ends_with("controlnet"), "{error}");
}

#[test]
fn another_autoencoder_should_decode_and_be_taken_out_again() {
    let (mut model, models) = reference_model();
    let latents = noise_tensor(3, Draw::Initial, &[1, 4, 8, 8], &Device::Cpu).unwrap();
    let bits = |model: &StableDiffusion| {
        model
            .decode(&latents, Wrap::default())
            .unwrap()
            .flatten_all()
            .unwrap()
            .to_vec1::<f32>()
            .unwrap()
    };
    let own = bits(&model);
    let other = tempfile::tempdir().unwrap();
    copy_folder(&models.join("sd15"), other.path());
    change_vae(other.path(), |bias| bias.affine(1.0, 0.5).unwrap());
    for path in [other.path().to_owned(), other.path().join("vae")] {
        model.set_vae(Some(&path)).unwrap();
        assert_ne!(bits(&model), own);
        model.set_vae(None).unwrap();
        assert_eq!(bits(&model), own);
    }
    let starter = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/starter/model");
    let error = model.set_vae(Some(&starter)).unwrap_err().to_string();
    assert!(
        error.contains("4 channels, factor 8") && error.contains("16 channels, factor 16"),
        "{error}"
    );
    let error = model
        .set_vae(Some(&models.join("pixel_class")))
        .unwrap_err()
        .to_string();
    assert!(error.ends_with("pixel_class"), "{error}");
    assert_eq!(bits(&model), own);
}
