//! Records of other programs: A1111 and what is written as flat JSON.

use std::path::PathBuf;

use hareru::gallery::{self, GalleryError, RecordSource, read_made, record_from_infotext};
use hareru::job::{GenerateRequest, Hires, LoraSpec, NoiseSource, Record, Tiling, Variation};
use proptest::prelude::*;

use super::pictures::{record, write_png};

/// `InvokeAI` 5.4.3.
const INVOKEAI: &str = r#"{"generation_mode":"sdxl_txt2img","positive_prompt":"dark abstract colored painting","negative_prompt":"image frame","width":832,"height":1216,"seed":1554095076,"rand_device":"cpu","cfg_scale":15.0,"cfg_rescale_multiplier":0.0,"steps":50,"scheduler":"euler","seamless_x":false,"seamless_y":false,"model":{"key":"9f583d2f-deab-4f43-aa68-8a4e356fc753","hash":"blake3:6a225d4481ff0def4ed7362c009a9902403d8cd7bbc0b082a687a01376582f24","name":"duchaitenRealnsfwXL_v10","base":"sdxl","type":"main"},"positive_style_prompt":"dark abstract colored painting","negative_style_prompt":"image frame","regions":[],"app_version":"5.4.3"}"#;
/// As the format's description has it.
const SWARMUI: &str = r#"{"sui_image_params":{"prompt":"a cat","negativeprompt":"dog","model":"OfficialStableDiffusion/sd_xl_base_1.0","seed":12345,"steps":"20","cfgscale":7.5,"aspectratio":"1:1","width":1024,"height":768,"sampler":"dpmpp_2m_sde_gpu","scheduler":"karras","loras":["styles/ink.safetensors"],"loraweights":["0.6"],"clipstopatlayer":-2,"swarm_version":"0.9.4"},"sui_extra_data":{"date":"2025-01-02"},"sui_models":[{"name":"sd_xl_base_1.0.safetensors","param":"model","hash":"0xd7a9105a900fd52748f20725fe52fe52b507fd36bee4fc107b1550a26e6ee1d7"}]}"#;
const FOOOCUS: &str = r#"{"adm_guidance":"(1.5, 0.8, 0.3)","base_model":"juggernautXL_v8Rundiffusion.safetensors","base_model_hash":"aeb7e9e689","clip_skip":2,"full_negative_prompt":["x"],"guidance_scale":4,"loras":[["sd_xl_offset_example-lora_1.0.safetensors",0.1,"4852686128"]],"negative_prompt":"","performance":"Speed","prompt":"a lake","resolution":"(1152, 896)","sampler":"dpmpp_2m_sde_gpu","scheduler":"karras","seed":"7","sharpness":2,"steps":30,"styles":"['Fooocus V2']","version":"Fooocus v2.5.5"}"#;
const NOVELAI: &str = r#"{"steps": 28, "sampler": "k_euler_ancestral", "seed": 99, "strength": 0.7, "noise": 0.2, "scale": 11.0, "uc": "lowres", "width": 512, "height": 768, "noise_schedule": "native"}"#;
const OLD_INVOKEAI: &str = r#"{"model":"stable diffusion","model_weights":"sd-1.5","model_hash":"cc6cb27103","app_id":"invoke-ai/InvokeAI","app_version":"v2.3.0","image":{"prompt":[{"prompt":"a red","weight":1},{"prompt":"boat","weight":0.5}],"steps":50,"cfg_scale":7.5,"threshold":0,"width":512,"height":448,"seed":1,"type":"txt2img","sampler":"k_euler_a"}}"#;

type Facts<'a> = (&'a str, &'a str, u32, f64, u64, (u32, u32));

/// Texts of a file; whose they are, facts, prompt, negative prompt and model.
type Case<'a> = (
    &'a [(&'a str, &'a str)],
    RecordSource,
    Facts<'a>,
    &'a str,
    &'a str,
    &'a str,
);

fn facts(record: &Record) -> Facts<'_> {
    let GenerateRequest {
        sampler,
        schedule,
        steps,
        guidance_scale,
        seed,
        width_px,
        height_px,
        ..
    } = &record.request;
    (
        sampler,
        schedule,
        *steps,
        *guidance_scale,
        *seed,
        (*width_px, *height_px),
    )
}

#[test]
fn flat_records_should_be_understood() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.png");
    let cases: [Case<'_>; 5] = [
        (
            &[("invokeai_metadata", INVOKEAI)],
            RecordSource::InvokeAi,
            ("euler", "normal", 50, 15.0, 1_554_095_076, (832, 1216)),
            "dark abstract colored painting",
            "image frame",
            "duchaitenRealnsfwXL_v10",
        ),
        (
            &[("sd-metadata", OLD_INVOKEAI), ("Dream", "x")],
            RecordSource::InvokeAi,
            ("euler_a", "normal", 50, 7.5, 1, (512, 448)),
            "a red boat",
            "",
            "sd-1.5",
        ),
        (
            &[("parameters", SWARMUI)],
            RecordSource::SwarmUi,
            ("dpmpp_2m_sde", "karras", 20, 7.5, 12_345, (1024, 768)),
            "a cat",
            "dog",
            "sd_xl_base_1.0",
        ),
        (
            &[("fooocus_scheme", "fooocus"), ("parameters", FOOOCUS)],
            RecordSource::Fooocus,
            ("dpmpp_2m_sde", "karras", 30, 4.0, 7, (1152, 896)),
            "a lake",
            "",
            "juggernautXL_v8Rundiffusion",
        ),
        (
            &[
                ("Title", "AI generated image"),
                ("Description", "a fox, {night}"),
                ("Software", "NovelAI"),
                ("Source", "Stable Diffusion 1D44365E"),
                ("Comment", NOVELAI),
            ],
            RecordSource::NovelAi,
            ("euler_a", "normal", 28, 11.0, 99, (512, 768)),
            "a fox, {night}",
            "lowres",
            "Stable Diffusion",
        ),
    ];
    for (texts, expected_source, expected, prompt, negative, model) in cases {
        write_png(&path, texts);
        let (record, source) = read_made(&path).unwrap();
        assert_eq!(source, expected_source, "{texts:?}");
        assert_eq!(facts(&record), expected, "{texts:?}");
        assert_eq!(
            (record.request.prompt.as_str(), record.request.negative_prompt.as_str()),
            (prompt, negative)
        );
        assert_eq!(record.model_name, model);
        assert_eq!(gallery::read_record(&path).unwrap(), record);
    }
    let swarm = gallery::record_from_text(SWARMUI).unwrap().0;
    assert_eq!(swarm.request.loras, [LoraSpec::new("ink", 0.6)]);
    assert_eq!((swarm.request.clip_skip, &swarm.model_hash[..10]), (1, "d7a9105a90"));
    let fooocus = gallery::record_from_text(FOOOCUS).unwrap().0;
    assert_eq!(
        fooocus.request.loras,
        [LoraSpec::new("sd_xl_offset_example-lora_1.0", 0.1)]
    );
    let old = r#"{"base_model":"a","lora_combined_1":"ink.safetensors : 0.5","lora_combined_3":"x : NaN"}"#;
    let old = gallery::record_from_text(old).unwrap().0;
    assert_eq!(old.request.loras, [LoraSpec::new("ink", 0.5)]);
}

#[test]
fn what_is_wrong_in_a_record_should_be_left_out() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.png");
    let wrong = r#"{"positive_prompt":[1,2],"app_version":{},"width":-5,"height":"tall","seed":-1,"cfg_scale":NaN,"steps":1e400,"scheduler":7,"model":[],"loras":[{"model":{"name":"x"},"weight":"much"},4,{"model":3}],"clip_skip":"x"}"#;
    write_png(&path, &[("invokeai_metadata", wrong)]);
    // 1e400 is no JSON number that can be held.
    assert!(matches!(read_made(&path), Err(GalleryError::NoRecord { .. })));
    write_png(&path, &[("invokeai_metadata", &wrong.replace("1e400", "-Infinity"))]);
    let (record, _) = read_made(&path).unwrap();
    let defaults = GenerateRequest::default();
    assert_eq!(record.request.steps, defaults.steps);
    assert_eq!(record.request.guidance_scale, defaults.guidance_scale);
    assert_eq!(
        (record.request.width_px, record.request.height_px),
        (64, 48),
        "as the picture"
    );
    assert_eq!(record.request.loras, [LoraSpec::new("x", 1.0)]);
    for nothing in [
        "{}",
        "[]",
        "3",
        "{\"a\":",
        "{\"sui_image_params\":3}",
        "{\"prompt\":\"x\"}",
    ] {
        write_png(
            &path,
            &[
                ("parameters", nothing),
                ("prompt", nothing),
                ("invokeai_metadata", nothing),
            ],
        );
        let found = read_made(&path);
        assert!(
            found.is_err() || nothing.starts_with(['[', '3']) || nothing.ends_with(':'),
            "{nothing}: {found:?}"
        );
    }
}

#[test]
fn the_text_that_says_most_should_count() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.png");
    let infotext = "a boat\nSteps: 9, Sampler: Euler a, CFG scale: 7, Seed: 5, Size: 512x512";
    write_png(&path, &[("prompt", "{}"), ("parameters", infotext)]);
    assert_eq!(read_made(&path).unwrap().1, RecordSource::A1111);
    write_png(&path, &[("parameters", infotext), ("invokeai_metadata", INVOKEAI)]);
    assert_eq!(read_made(&path).unwrap().1, RecordSource::InvokeAi);
    write_png(&path, &[("parameters", &format!("{infotext}, Version: Fooocus v2.1"))]);
    assert_eq!(read_made(&path).unwrap().1, RecordSource::Fooocus);
    let own = serde_json::to_string(&record(GenerateRequest::default())).unwrap();
    write_png(&path, &[("invokeai_metadata", INVOKEAI), ("hareru", &own)]);
    assert_eq!(read_made(&path).unwrap().1, RecordSource::Hareru);
    // A prompt may begin with a brace.
    write_png(&path, &[("parameters", &format!("{{red|blue}} {infotext}"))]);
    assert_eq!(read_made(&path).unwrap().0.request.prompt, "{red|blue} a boat");
}

#[test]
fn settings_of_a1111_should_be_understood() {
    let text = "a boat <lora:ink:0.8>, (night:1.2) <lora:LCM_15:1:0.5> <3 <lora::1> <lora:x:y>\n\
        Negative prompt: fog\nmist\n\
        Steps: 6, Sampler: LCM, Schedule type: Automatic, CFG scale: 1.5, Seed: 3748719078, Size: 768x1024, \
        Model hash: 19bbe9faa4, Model: fantasticmix_k2, VAE hash: 07af11b95c, VAE: vae-ft-mse-840000-ema-pruned.safetensors, \
        Variation seed: 4, Variation seed strength: 0.25, Denoising strength: 0.4, Clip skip: 2, RNG: CPU, Tiling: True, \
        Hires upscale: 1.5, Hires steps: 10, Hires upscaler: \"4x-Ultra, sharp\", Hires prompt: \"a: b, c\", \
        Refiner: sd_xl_refiner [7440042bbd], Refiner switch at: 0.5, \
        Lora hashes: \"LCM_15: aaebf6360f7d, ip-adapter-faceid-plusv2_sd15_lora: a95a0f4bdcb9\", \
        TI hashes: \"MajicNegative_V2: a53884ef726b, badhandv4: 5e40d722fc3d\", \
        Hashes: {\"model\": \"19bbe9faa4\", \"lora:ink\": \"aa\"}, Downcast alphas_cumprod: True, Version: v1.9.4";
    let record = record_from_infotext(text).unwrap();
    let request = &record.request;
    assert_eq!(facts(&record), ("lcm", "normal", 6, 1.5, 3_748_719_078, (768, 1024)));
    assert_eq!(request.prompt, "a boat, (night:1.2) <3 <lora::1> <lora:x:y>");
    assert_eq!(request.negative_prompt, "fog\nmist");
    let lcm = LoraSpec {
        text_weight: 1.0,
        ..LoraSpec::new("LCM_15", 0.5)
    };
    assert_eq!(request.loras, [LoraSpec::new("ink", 0.8), lcm]);
    assert_eq!(
        request.hires,
        Some(Hires {
            scale: 1.5,
            strength: 0.4,
            steps: Some(10)
        })
    );
    assert_eq!(
        request.variation,
        Some(Variation {
            seed: 4,
            strength: 0.25
        })
    );
    assert_eq!(request.refiner.as_ref().map(|refiner| refiner.step), Some(3));
    assert_eq!(request.tiling, Tiling { x: true, y: true });
    assert_eq!((request.noise_source, request.clip_skip), (NoiseSource::TorchCpu, 1));
    assert_eq!(
        (record.model_name.as_str(), record.program.as_str()),
        ("fantasticmix_k2", "v1.9.4")
    );

    let cpp = "a boat\nSteps: 20, CFG scale: 7.000000, Guidance: 3.500000, Eta: 0.000000, Seed: 42, Size: 512x512, \
        Model: sd-v1-4.ckpt, RNG: cuda, Sampler: dpm++2m karras, Version: stable-diffusion.cpp, \
        SDCPP: {\"a\": [1, 2], \"b\": \"c, d: e\"}";
    let record = record_from_infotext(cpp).unwrap();
    assert_eq!(facts(&record), ("dpmpp_2m", "karras", 20, 7.0, 42, (512, 512)));
    assert_eq!(record.request.noise_source, NoiseSource::A1111Gpu);
}

/// Requests of what the customary text has words for.
pub(super) fn requests() -> impl Strategy<Value = GenerateRequest> {
    let texts = ("[a-z海,.:()\"\\\\ \n]{0,40}", "[a-zé,: ]{0,20}");
    let loras = prop::collection::vec(("[a-z][a-z_0-9.]{0,8}", -2.0_f64..2.0, -2.0_f64..2.0), 0..3);
    let numbers = (
        any::<u64>(),
        1_u32..200,
        -20.0_f64..30.0,
        0_u32..3,
        1_u32..200,
        1_u32..200,
    );
    let names = (
        prop::sample::select(vec!["euler", "euler_a", "dpmpp_2m", "dpm2_a", "unipc", "ddim", "heun"]),
        prop::sample::select(vec!["normal", "karras", "exponential", "sgm_uniform", "ddim_uniform"]),
    );
    let hires = prop::option::of((1.1_f64..4.0, 0.0_f64..1.0, prop::option::of(1_u32..99)));
    (texts, loras, numbers, names, hires, 0.0_f64..1.0).prop_map(
        |((prompt, negative), loras, numbers, (sampler, schedule), hires, rescale)| GenerateRequest {
            prompt: prompt.trim().to_owned(),
            negative_prompt: negative.trim().to_owned(),
            loras: loras
                .into_iter()
                .map(|(name, unet_weight, text_weight)| LoraSpec {
                    path: PathBuf::from(format!("x{name}")),
                    unet_weight,
                    text_weight,
                    block_weights: None,
                })
                .collect(),
            seed: numbers.0,
            steps: numbers.1,
            guidance_scale: numbers.2,
            clip_skip: numbers.3,
            width_px: numbers.4 * 8,
            height_px: numbers.5 * 8,
            sampler: sampler.to_owned(),
            schedule: schedule.to_owned(),
            guidance_rescale: rescale,
            hires: hires.map(|(scale, strength, steps)| Hires { scale, strength, steps }),
            ..GenerateRequest::default()
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn the_customary_text_should_restore_the_request(request in requests()) {
        // What looks like a line of settings or a part of its own is one.
        prop_assume!(!request.prompt.lines().last().unwrap_or_default().contains("Steps: "));
        let written = record(request.clone());
        let text = gallery::infotext(&written);
        let restored = record_from_infotext(&text).unwrap();
        prop_assert_eq!(restored.request, request, "{}", text);
        prop_assert_eq!(restored.model_name, written.model_name);
    }

    #[test]
    fn invokeai_should_be_told_the_same_as_it_tells(request in requests()) {
        let written = record(GenerateRequest {
            hires: None,
            noise_source: NoiseSource::TorchCpu,
            schedule: if request.schedule == "karras" { "karras" } else { "normal" }.to_owned(),
            loras: request.loras.iter().map(|lora| LoraSpec::new(lora.path.clone(), lora.unet_weight)).collect(),
            tiling: Tiling { x: true, y: false },
            ..request
        });
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.png");
        write_png(&path, &[("invokeai_metadata", &gallery::invokeai_metadata(&written).to_string())]);
        let (restored, source) = read_made(&path).unwrap();
        prop_assert_eq!(source, RecordSource::InvokeAi);
        prop_assert_eq!(restored.request, written.request);
        prop_assert_eq!((restored.model_name, restored.model_hash), (written.model_name, written.model_hash));
    }

    #[test]
    fn no_record_should_bring_the_reader_down(
        which in 0_usize..5,
        at in 0_usize..400,
        length in 0_usize..60,
        text in "[\\[\\]{}:,\"0-9a-zN.\\\\-]{0,40}",
    ) {
        let whole = [INVOKEAI, SWARMUI, FOOOCUS, NOVELAI, OLD_INVOKEAI][which];
        let mut torn = whole.as_bytes().to_vec();
        torn.splice(at.min(torn.len())..(at + length).min(torn.len()).max(at.min(torn.len())), text.bytes());
        let torn = String::from_utf8(torn).unwrap();
        for text in [torn.as_str(), text.as_str()] {
            if let Some((record, _)) = gallery::record_from_text(text) {
                prop_assert!(record.request.guidance_scale.is_finite());
                prop_assert!(record.request.loras.iter().all(|lora| lora.validate().is_ok()));
            }
        }
    }
}
