//! The text of settings that other programs write into pictures, and that they read.

#[cfg(target_os = "linux")]
use std::path::Path;
#[cfg(target_os = "linux")]
use std::process::Command;
use std::time::{Duration, Instant};

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

/// Far more than reading a text of this length takes even where nothing is optimised, and far less than looking at it
/// once for each of its characters.
const PATIENCE: Duration = Duration::from_secs(30);
const HOSTILE_BYTES: usize = 4 << 20;

fn many(num: usize, part: impl Fn(usize) -> String) -> String {
    (0..num).map(part).collect::<Vec<_>>().concat()
}

fn hostile(unit: &str) -> String {
    unit.repeat(HOSTILE_BYTES / unit.len())
}

#[test]
fn no_text_should_take_longer_than_its_length() {
    let settings = "\nSteps: 9, Sampler: Euler a, Seed: 5, Size: 64x32";
    let mut texts: Vec<String> = [
        "<",
        "<lora:",
        "<lora:a:1",
        ">",
        "<>",
        "(",
        "a,",
        "a",
        ",",
        ":",
        "a: [",
        "a:[]",
        "aa:\"\"",
        "aa:{}",
        "a: {",
        "a: \"",
        "a: \"x\\\"",
        "a: [1,",
        "a: {\"b\": [\"c\", ",
        "\"b\": [0], ",
        "Steps: 1,",
        "Steps: ",
        "\nNegative prompt:",
        "\n",
        " ",
        "é<",
        "NaN",
        "{\"a\":",
        "[",
        "\\\"",
    ]
    .iter()
    .flat_map(|unit| {
        let text = hostile(unit);
        [
            format!("{text}{settings}"),
            format!("x{settings}, {text}"),
            format!("{{{text}"),
            text,
        ]
    })
    .collect();
    texts.push(format!("{{\"prompt\": \"{}\", \"steps\": NaN}}", hostile("\\\\")));
    for text in &texts {
        let start = Instant::now();
        gallery::record_from_text(text);
        let elapsed = start.elapsed();
        let shown: String = text.chars().take(40).collect();
        assert!(elapsed < PATIENCE, "{elapsed:?} for {shown:?} …");
    }
}

#[test]
fn adapters_should_be_found_among_other_angles() {
    for (prompt, expected, num_loras) in [
        ("a <b <lora:c:0.5> d", "a <b d", 1),
        ("<lora:c:1><lora:d:1>", "", 2),
        ("a > b < c", "a > b < c", 0),
        ("a <lora:c:x> b", "a <lora:c:x> b", 0),
        ("<<lora:c:1>>", "<>", 1),
        ("a <", "a <", 0),
    ] {
        let text = format!("{prompt}\nSteps: 9, Sampler: Euler, Seed: 5, Size: 64x32");
        let request = gallery::record_from_infotext(&text).unwrap().request;
        assert_eq!(
            (request.prompt.as_str(), request.loras.len()),
            (expected, num_loras),
            "{prompt:?}"
        );
    }
}

#[test]
fn no_graph_should_take_longer_than_its_length() {
    let sampler = |positive: &str| {
        format!(
            "\"s\": {{\"class_type\": \"KSampler\", \"inputs\": {{\"seed\": 1, \"steps\": 2, \"cfg\": 3, \"sampler_name\": \
             \"euler\", \"model\": [\"m\", 0], \"positive\": [\"{positive}\", 0], \"latent_image\": [\"m\", 0]}}}}"
        )
    };
    let links = |num: usize, to: &str| -> String { many(num, |i| format!("\"i{i}\": [\"{to}\", 0], ")) };
    let texts = |num: usize| -> String { many(num, |i| format!("\"t{i}\": \"{i}\", ")) };
    let node = |id: &str, class: &str, inputs: &str| {
        let inputs = inputs.trim_end_matches(", ");
        format!("\"{id}\": {{\"class_type\": \"{class}\", \"inputs\": {{{inputs}}}}}")
    };
    let long = hostile("word ");
    let doubling: Vec<String> = (0..60)
        .map(|i| node(&format!("c{i}"), "concat", &links(2, &format!("c{}", i + 1))))
        .collect();
    let samplers: Vec<String> = (0..20_000)
        .map(|i| sampler("t").replacen("\"s\"", &format!("\"s{i}\""), 1))
        .collect();
    for nodes in [
        vec![
            sampler("t"),
            node("t", "concat", &(links(20_000, "t") + &texts(50_000))),
        ],
        vec![
            sampler("t"),
            node("t", "switch", &(links(20_000, "t") + &texts(200_000))),
        ],
        vec![
            sampler("c0"),
            doubling.join(", "),
            node("c60", "text", &format!("\"text\": \"{long}\"")),
        ],
        vec![sampler("t"), node("t", &long, &links(10_000, "t"))],
        vec![
            sampler("t"),
            node(
                "m",
                "lora",
                &format!("\"model\": [\"m\", 0], \"lora_name\": \"{long}\""),
            ),
        ],
        samplers,
    ] {
        let graph = format!("{{{}}}", nodes.join(", "));
        let start = Instant::now();
        let found = gallery::record_from_text(&graph);
        let elapsed = start.elapsed();
        let shown: String = nodes.last().unwrap().chars().take(60).collect();
        assert!(elapsed < PATIENCE, "{elapsed:?} for {shown} …");
        assert!(found.is_some(), "what can be read is read: {shown} …");
    }
}

#[test]
fn a_small_file_with_a_large_text_should_be_read_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.png");
    for unit in ["<", "a,", "a: [", "{\"a\":"] {
        let text = hostile(unit);
        write_png(&path, 1, 1, |encoder| {
            encoder.add_ztxt_chunk("parameters".to_owned(), text.clone()).unwrap();
        });
        assert!(std::fs::metadata(&path).unwrap().len() < 64 << 10, "it is small");
        let start = Instant::now();
        gallery::read_made(&path).ok();
        assert!(start.elapsed() < PATIENCE, "{unit}");
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

#[test]
fn a_file_with_many_texts_should_be_read_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.png");
    write_png(&path, 1, 1, |encoder| {
        for _ in 0..100_000 {
            encoder.add_text_chunk("prompt".to_owned(), String::new()).unwrap();
        }
    });
    let start = Instant::now();
    gallery::read_made(&path).ok();
    assert!(start.elapsed() < PATIENCE);
}

#[test]
fn marks_should_be_read_in_time_whatever_their_file_binds() {
    let folder = tempfile::tempdir().unwrap();
    let picture = folder.path().join("a.png");
    write_png(&picture, 1, 1, |_| {});
    let rdf = "xmlns:rdf=\"http://www.w3.org/1999/02/22-rdf-syntax-ns#\"";
    let bindings = many(100_000, |i| format!(" xmlns:a{i}=\"urn:{i}\""));
    let attributes = many(300_000, |i| format!(" a{i}=\"\""));
    let elements = "<b:c/>".repeat(300_000);
    let bound = many(120, |i| format!(" xmlns:a{i}=\"urn:{i}\""));
    let deep = format!("{}{elements}{}", format!("<c{bound}>").repeat(200), "</c>".repeat(200));
    let nested = format!("{}{}", "<a xmlns:b=\"urn:b\">".repeat(100), "</a>".repeat(100));
    for (text, is_read) in [
        (format!("<rdf:RDF {rdf}{bindings}>{elements}</rdf:RDF>"), false),
        (format!("<rdf:RDF {rdf}>{deep}</rdf:RDF>"), false),
        (format!("<rdf:RDF {rdf}><rdf:Description{attributes}/></rdf:RDF>"), true),
        (format!("<rdf:RDF {rdf}>{nested}</rdf:RDF>"), true),
    ] {
        std::fs::write(gallery::user_metadata_path(&picture, None).unwrap(), &text).unwrap();
        let start = Instant::now();
        let read = gallery::read_user_metadata(&picture, None);
        assert!(start.elapsed() < PATIENCE);
        assert_eq!(read.is_ok(), is_read, "{:.60} … {:?}", text, read.err());
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_profile_that_unpacks_to_far_more_than_its_file_should_not_be_unpacked() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.png");
    write_png(&path, 1, 1, |_| {});
    let mut picture = std::fs::read(&path).unwrap();
    let mut profile = b"icc\0\0".to_vec();
    let mut packer = flate2::write::ZlibEncoder::new(&mut profile, flate2::Compression::best());
    let zeros = vec![0; 1 << 20];
    for _ in 0..400 {
        std::io::Write::write_all(&mut packer, &zeros).unwrap();
    }
    packer.finish().unwrap();
    let behind_header = 8 + 25;
    let mut chunk = (profile.len() as u32).to_be_bytes().to_vec();
    let mut crc = flate2::Crc::new();
    crc.update(b"iCCP");
    crc.update(&profile);
    chunk.extend(b"iCCP");
    chunk.extend(&profile);
    chunk.extend(crc.sum().to_be_bytes());
    picture.splice(behind_header..behind_header, chunk);
    std::fs::write(&path, &picture).unwrap();
    assert!(picture.len() < 1 << 20, "it is small");

    // In a process of its own, whose peak is that of this picture alone.
    let output = Command::new(std::env::current_exe().unwrap())
        .args([
            "gallery_texts::child_that_reads",
            "--exact",
            "--nocapture",
            "--test-threads=1",
        ])
        .env(PICTURE, &path)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let peak = said.lines().find_map(|line| line.strip_prefix("peak "));
    let peak: u64 = peak.unwrap_or_else(|| panic!("no peak in {said}")).parse().unwrap();
    assert!(peak < 256 << 20, "{peak} bytes for a file of {}", picture.len());
}

/// Names the picture that a child reads.
#[cfg(target_os = "linux")]
const PICTURE: &str = "HARERU_TEST_PICTURE";

#[cfg(target_os = "linux")]
#[test]
fn child_that_reads() {
    let Some(path) = std::env::var_os(PICTURE) else { return };
    gallery::read_picture(Path::new(&path)).ok();
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    let kib: u64 = line.trim().strip_suffix(" kB").unwrap().parse().unwrap();
    println!("\npeak {}", kib << 10);
}

#[test]
fn a_large_picture_in_a_small_file_should_be_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.png");
    let side = 5000; // more pixels than a decoder may take for itself
    write_png(&path, side, side, |_| {});
    assert_eq!(gallery::read_picture(&path).unwrap().width_px, side);
    assert!(std::fs::metadata(&path).unwrap().len() < 1 << 20);
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
