//! The text of settings that other programs write into pictures, and that they read.

use hareru::gallery::{self, GalleryError};
use hareru::job::{GenerateRequest, Hires, InitPicture, InitWay, ModelRef, NoiseSource, Record, Variation};

use crate::gallery_store::{awkward_request, small_request, write_png};
use crate::support::generated_image;

#[test]
fn the_customary_text_should_be_as_other_tools_expect_it() {
    let image = generated_image(GenerateRequest {
        prompt: "a boat\nby the sea".to_owned(),
        negative_prompt: "fog".to_owned(),
        sampler: "dpmpp_2m".to_owned(),
        schedule: "karras".to_owned(),
        guidance_scale: 7.0,
        clip_skip: 1,
        seed: 7,
        ..small_request()
    });
    let expected = "a boat\nby the sea\nNegative prompt: fog\nSteps: 25, Sampler: DPM++ 2M, Schedule type: Karras, \
                    CFG scale: 7, Seed: 7, Size: 16x8, Model hash: 0123456789, Model: Starter, Clip skip: 2, \
                    Version: hareru 0.1.0";
    assert_eq!(gallery::infotext(&image.record), expected);
}

#[test]
fn the_customary_text_should_tell_of_pictures_started_from_and_of_second_passes() {
    let image = generated_image(GenerateRequest {
        init: Some(InitPicture {
            file: "photo.jpg".into(),
            strength: 0.6,
            way: InitWay::Noise,
        }),
        hires: Some(Hires {
            scale: 1.5,
            strength: 0.4,
            steps: Some(9),
        }),
        variation: Some(Variation { seed: 5, strength: 0.1 }),
        noise_source: NoiseSource::TorchCpu,
        ..small_request()
    });
    let text = gallery::infotext(&image.record);
    let expected = "Variation seed: 5, Variation seed strength: 0.1, Denoising strength: 0.6, Hires upscale: 1.5, \
                    Hires steps: 9, RNG: CPU";
    assert!(text.contains(expected), "{text}");
}

#[test]
fn the_customary_text_should_be_latin_1_where_it_can_and_utf_8_elsewhere() {
    let folder = tempfile::tempdir().unwrap();
    for (prompt, chunk) in [("café", &b"tEXtparameters\0caf\xe9"[..]), ("海", b"iTXtparameters\0")] {
        let image = generated_image(GenerateRequest {
            prompt: prompt.to_owned(),
            ..small_request()
        });
        let bytes = std::fs::read(gallery::save(folder.path(), &image).unwrap().path).unwrap();
        assert!(bytes.windows(chunk.len()).any(|window| window == chunk), "{prompt}");
    }
}

#[test]
fn our_own_customary_text_should_restore_the_request() {
    for (sampler, schedule) in [
        ("ddim", "normal"),
        ("euler_a", "exponential"),
        ("dpmpp_2m", "karras"),
        ("lcm", "sgm_uniform"),
    ] {
        let request = GenerateRequest {
            model: ModelRef::Starter,
            sampler: sampler.to_owned(),
            schedule: schedule.to_owned(),
            timestep_spacing: None, // has no place in that text
            ..awkward_request()
        };
        let record = generated_image(request.clone()).record;
        let restored = gallery::record_from_infotext(&gallery::infotext(&record)).unwrap();
        assert_eq!(restored.request, request, "{}", gallery::infotext(&record));
    }
}

#[test]
fn texts_of_other_programs_should_be_understood() {
    let beret = "girl with an artist's beret, determined, blue eyes, ((eyeshadow)), detailed, intricate\n\
        Negative prompt: ugly, (((deformed))), [blurry], (extra_limb), messy drawing\n\
        Steps: 20, Sampler: Euler a, CFG scale: 7, Seed: 965400086, Size: 512x512, Model hash: 45dee52b";
    let record = gallery::record_from_infotext(beret).unwrap();
    assert!(record.request.prompt.starts_with("girl with") && record.request.prompt.ends_with("intricate"));
    assert_eq!(
        record.request.negative_prompt,
        "ugly, (((deformed))), [blurry], (extra_limb), messy drawing"
    );
    assert_eq!(facts(&record), ("euler_a", "normal", 20, 7.0, 965_400_086, 512, 512));
    assert_eq!(record.model_hash, "45dee52b");

    let lcm = "Steps: 6, Sampler: LCM, Schedule type: Automatic, CFG scale: 1.5, Seed: 3748719078, Size: 768x1024, \
        Model hash: 19bbe9faa4, Model: fantasticmix_k2, VAE hash: 07af11b95c, VAE: vae-ft-mse-840000.safetensors, \
        Clip skip: 2, Lora hashes: \"LCM_15: aaebf6360f7d, ip-adapter: a95a0f4bdcb9\", \
        TI hashes: \"MajicNegative_V2: a53884ef726b\", Downcast alphas_cumprod: True, Version: v1.9.4";
    let record = gallery::record_from_infotext(lcm).unwrap();
    assert_eq!(facts(&record), ("lcm", "normal", 6, 1.5, 3_748_719_078, 768, 1024));
    assert_eq!((record.request.clip_skip, record.program.as_str()), (1, "v1.9.4"));
    assert_eq!(record.request.prompt, "");

    let table = "wood table top\nSteps: 25, Sampler: Euler a, CFG scale: 7, Seed: 1057871485, Size: 512x512, \
        Model hash: 7460a6fa";
    let record = gallery::record_from_infotext(table).unwrap();
    assert_eq!(
        (record.request.prompt.as_str(), record.request.negative_prompt.as_str()),
        ("wood table top", "")
    );

    let lost_newline = "a lake, (black and white photography).Steps: 50, Sampler: Euler a, Schedule type: Automatic, \
        CFG scale: 4, Seed: 2912586831, Size: 512x512, Model hash: 9e44c3ee9e, Model: NERE26-JUGG9, Version: f2.0.1";
    let record = gallery::record_from_infotext(lost_newline).unwrap();
    assert_eq!(record.request.prompt, "a lake, (black and white photography).");
    assert_eq!(facts(&record), ("euler_a", "normal", 50, 4.0, 2_912_586_831, 512, 512));

    for (sampler, schedule_type, expected) in [
        ("DPM++ 2M Karras", "", ("dpmpp_2m", "karras")),
        ("DPM++ 2M", "", ("dpmpp_2m", "normal")),
        ("DPM++ 2M", ", Schedule type: Automatic", ("dpmpp_2m", "karras")),
        (
            "DPM++ 2M SDE",
            ", Schedule type: Exponential",
            ("dpmpp_2m_sde", "exponential"),
        ),
        ("DDIM", ", Schedule type: Uniform", ("ddim", "normal")),
        ("euler karras", "", ("euler", "karras")),
        ("Restart", ", Schedule type: KL Optimal", ("restart", "kl_optimal")),
    ] {
        let text = format!("x\nSteps: 9, Sampler: {sampler}{schedule_type}, CFG scale: 7, Seed: 1, Size: 8x8");
        let request = gallery::record_from_infotext(&text).unwrap().request;
        assert_eq!(
            (request.sampler.as_str(), request.schedule.as_str()),
            expected,
            "{text}"
        );
    }
}

#[test]
fn settings_with_json_in_them_should_not_derail_the_rest() {
    let text = "x\nSteps: 9, Sampler: Euler, Hashes: {\"model\": \"ab,cd\", \"lora:x\": \"ef\"}, \
        Civitai resources: [{\"type\":\"checkpoint\",\"weight\":1}], Model: \"a, \\\"b\\\": c\", Seed: 5, Size: 64x32";
    let record = gallery::record_from_infotext(text).unwrap();
    assert_eq!((record.request.seed, record.request.width_px), (5, 64));
    assert_eq!(record.model_name, "a, \"b\": c");
}

#[test]
fn no_text_should_make_the_reader_panic() {
    let full = "海\nNegative prompt: \"é\nSteps: 9, Sampler: Euler, Hashes: {\"a\": [\"b\"]}, Seed: 5, Size: 64x32";
    for end in (0..=full.len()).filter(|&end| full.is_char_boundary(end)) {
        gallery::record_from_infotext(&full[..end]);
        gallery::record_from_infotext(&full[end..]);
    }
    for text in [
        "",
        "{}",
        ":",
        ",,,",
        "Steps: 99999999999999999999, Sampler: , CFG scale: NaN, Seed: -1, Size: x, Clip skip: 0",
        "Negative prompt:",
        "Steps: 1, Sampler: Karras, Seed: \"",
    ] {
        if let Some(record) = gallery::record_from_infotext(text) {
            assert!(record.request.guidance_scale.is_finite(), "{text}");
        }
    }
}

#[test]
fn a_picture_of_another_program_should_give_its_settings() {
    let folder = tempfile::tempdir().unwrap();
    let text = "wood table top\nSteps: 25, Sampler: Euler a, CFG scale: 7, Seed: 10, Size: 512x512";
    for (name, kind) in [("plain", b"tEXt"), ("packed", b"zTXt"), ("unicode", b"iTXt")] {
        let path = folder.path().join(format!("{name}.png"));
        write_png(&path, 1, 1, |encoder| {
            let keyword = "parameters".to_owned();
            match kind {
                b"tEXt" => encoder.add_text_chunk(keyword, text.to_owned()),
                b"zTXt" => encoder.add_ztxt_chunk(keyword, text.to_owned()),
                _ => encoder.add_itxt_chunk(keyword, text.to_owned()),
            }
            .unwrap();
        });
        assert_eq!(gallery::read_record(&path).unwrap().request.steps, 25, "{name}");
    }
    let bare = folder.path().join("bare.png");
    write_png(&bare, 1, 1, |_| {});
    assert!(matches!(
        gallery::read_record(&bare),
        Err(GalleryError::NoRecord { .. })
    ));
}

/// Sampler, schedule, steps, guidance, seed, width, height.
fn facts(record: &Record) -> (&str, &str, u32, f64, u64, u32, u32) {
    let request = &record.request;
    (
        &request.sampler,
        &request.schedule,
        request.steps,
        request.guidance_scale,
        request.seed,
        request.width_px,
        request.height_px,
    )
}
