//! The customary text as other programs write it and as people pass it on, and what no program wrote.

use hareru::gallery::{self, RecordSource, read_made, record_from_infotext, record_from_text};
use hareru::job::{GenerateRequest, LoraSpec, Setting, settings_that_differ};

use super::pictures::{record, write_png};

/// What is known of a record: prompt, negative prompt, seed, steps, guidance scale, sampler and model.
type Known = (
    String,
    String,
    Option<u64>,
    Option<u32>,
    Option<f64>,
    Option<String>,
    String,
);

fn known(record: &hareru::job::Record) -> Known {
    let request = &record.request;
    let knows = |setting| request.knows(setting);
    (
        request.prompt.clone(),
        request.negative_prompt.clone(),
        knows(Setting::Seed).then_some(request.seed),
        knows(Setting::Steps).then_some(request.steps),
        knows(Setting::GuidanceScale).then_some(request.guidance_scale),
        knows(Setting::Sampler).then(|| request.sampler.clone()),
        record.model_name.clone(),
    )
}

fn all(prompt: &str, negative: &str) -> Known {
    (
        prompt.to_owned(),
        negative.to_owned(),
        Some(5),
        Some(28),
        Some(7.5),
        Some("euler_a".to_owned()),
        "ink_v1".to_owned(),
    )
}

#[test]
fn the_customary_text_should_be_parted_in_every_dialect() {
    let settings = "Steps: 28, Sampler: Euler a, CFG scale: 7.5, Seed: 5, Size: 64x32, Model: ink_v1";
    let lines = settings.replace(", ", "\n");
    let bars = settings.replace(", ", " | ");
    let upper = settings.to_uppercase().replace("INK_V1", "ink_v1");
    let underscores =
        "steps: 28, sampler_name: k_euler_a, cfg_scale: 7.5, seed: 5, size: 64x32, model: sets/ink_v1.safetensors";
    let wrapped = "Steps: 28, Sampler: Euler a,\nCFG scale: 7.5, Seed: 5,\nSize: 64x32, Model: ink_v1";
    let texts = [
        format!("a cat\nNegative prompt: fog\n{settings}"),
        format!("a cat\r\nNegative prompt: fog\r\n{settings}\r\n"),
        // Lines of others below, above and between.
        format!("a cat\nNegative prompt: fog\n{settings}\nTemplate: a {{cat|dog}}, Seed: 9\nNegative Template: fog\n Steps: 3"),
        format!("a cat\nNegative prompt: fog\nVersion: 1a2b, Pipeline: Original,\nVAE: none\n{settings}"),
        format!("a cat\n{settings}\nNegative prompt: fog"),
        format!("{settings}\nPrompt: a cat\nNegative prompt: fog"),
        format!("{settings}\na cat\nNegative prompt: fog"),
        format!("a cat\nNegative prompt: fog\n{settings}\n\nPostprocess upscale by: 2, Postprocess upscaler: Lanczos"),
        // Other ways to part them.
        format!("a cat\nNegative prompt: fog\n{lines}"),
        format!("a cat\nNegative prompt: fog\n{wrapped}"),
        format!("a cat\nNegative prompt: fog\n{bars}"),
        format!("Prompt: a cat\nNegative: fog\n{bars}"),
        // Lost ends of lines.
        format!("a cat Negative prompt: fog {settings}"),
        format!("a catNegative prompt: fog{settings}"),
        format!("a cat, Negative prompt: fog, {settings}"),
        // Other letters.
        format!("a cat\nNegative Prompt: fog\n{upper}"),
        format!("a cat\nnegative_prompt: fog\n{underscores}"),
        // In another order, with settings of passes of their own before and among them.
        "a cat\nNegative prompt: fog\nSampler: Euler a, Hires steps: 3, Model: ink_v1, Seed: 5, Hires CFG Scale: 2, Steps: 28, CFG scale: 7.5, Size: 64x32".to_owned(),
        "a cat\nNegative prompt: fog\nHires steps: 3, Steps: 28, Variation seed: 8, Sampler: Euler a, CFG scale: 7.5, Seed: 5, Size: 64x32, Model: ink_v1".to_owned(),
    ];
    for text in texts {
        let record = record_from_infotext(&text).unwrap();
        assert_eq!(known(&record), all("a cat", "fog"), "{text}");
        assert_eq!((record.request.width_px, record.request.height_px), (64, 32), "{text}");
    }
    // Draw Things writes what to stay away from behind a dash.
    let text =
        "a cat\n-fog\nSteps: 28, Sampler: Euler a, Guidance Scale: 7.5, Seed: 5, Size: 64x32, Model: ink_v1.ckpt";
    assert_eq!(known(&record_from_infotext(text).unwrap()), all("a cat", "fog"));
}

#[test]
fn words_of_a_prompt_should_not_be_taken_for_settings() {
    for prompt in [
        "a model: tall, size: large, seed: of an apple",
        "chapter: one, part: two",
        "steps: many, and a sampler",
        "the 3 steps: up, down, out",
        "a sampler: sweets, and a scheduler: calendars",
    ] {
        let record = record_from_infotext(prompt).unwrap();
        assert_eq!(known(&record).0, prompt);
        let text = format!("{prompt}\nSteps: 28, Sampler: Euler a, CFG scale: 7.5, Seed: 5, Model: ink_v1");
        assert_eq!(known(&record_from_infotext(&text).unwrap()), all(prompt, ""));
    }
}

#[test]
fn what_nobody_wrote_should_be_unknown_everywhere() {
    let bare = "a cat\nNegative prompt: fog";
    let unknown = |text: &str| {
        record_from_text(text)
            .unwrap()
            .0
            .request
            .unknown
            .into_iter()
            .collect::<Vec<_>>()
    };
    assert_eq!(unknown(bare), Setting::ALL);
    assert_eq!(
        unknown("Postprocess upscale by: 4, Postprocess upscaler: Lanczos"),
        Setting::ALL
    );
    assert_eq!(known(&record_from_infotext("Postprocess upscale by: 4").unwrap()).0, "");
    assert_eq!(
        unknown("a cat\nSteps: 20, Sampler: Euler a, Seed: -1, Size: 8x8"),
        [Setting::GuidanceScale, Setting::Seed]
    );
    assert_eq!(
        unknown(r#"{"sui_image_params":{"prompt":"a cat","seed":0,"width":64,"height":64}}"#),
        [
            Setting::Steps,
            Setting::GuidanceScale,
            Setting::Sampler,
            Setting::Schedule
        ]
    );
    assert_eq!(
        unknown(r#"{"positive_prompt":"a cat","app_version":"6.0","steps":4,"scheduler":"euler_k"}"#),
        [Setting::Size, Setting::GuidanceScale, Setting::Seed]
    );
    assert!(
        !unknown("a cat\nSteps: 0, Sampler: None, CFG scale: 0, Seed: 0").contains(&Setting::Seed),
        "0 is a seed"
    );

    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.png");
    write_png(&path, &[("parameters", bare)]);
    let (found, _) = read_made(&path).unwrap();
    assert!(found.request.knows(Setting::Size), "the picture has one");
    assert_eq!((found.request.width_px, found.request.height_px), (64, 48));
    // Written for others it stays unsaid, in a comparison it is empty, and a form keeps what stood there.
    let text = gallery::infotext(&found);
    assert!(
        !text.contains("Seed") && !text.contains("Steps") && text.contains("Size: 64x48"),
        "{text}"
    );
    let metadata = gallery::invokeai_metadata(&found);
    assert!(
        metadata.get("seed").is_none() && metadata.get("width").is_some(),
        "{metadata}"
    );
    let other = record(GenerateRequest::default());
    let rows = settings_that_differ(&[Some(&found), Some(&other)]);
    let seed = rows.iter().find(|row| row.field == "seed").unwrap();
    assert_eq!(seed.values, ["", "0"]);
    let form = GenerateRequest {
        seed: 77,
        ..GenerateRequest::default()
    };
    assert_eq!(found.request.completed_by(&form).seed, 77);
}

/// Texts of a PNG, and what they are read as: program, prompt, model.
type Dialect<'a> = (&'a [(&'a str, &'a str)], RecordSource, &'a str, &'a str);

#[test]
fn programs_that_write_a_field_each_should_be_understood() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.png");
    let easy = [
        ("prompt", "a cat"),
        ("negative_prompt", "fog"),
        ("seed", "5"),
        ("num_inference_steps", "28"),
        ("guidance_scale", "7.5"),
        ("sampler_name", "euler_a"),
        ("width", "64"),
        ("height", "32"),
        ("use_stable_diffusion_model", "sets/ink_v1"),
        ("use_lora_model", "boat"),
    ];
    let xmp = r#"<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description xmlns:exif="http://ns.adobe.com/exif/1.0/"><exif:UserComment><rdf:Alt><rdf:li xml:lang="x-default">{&quot;c&quot;: &quot;a cat&quot;, &quot;uc&quot;: &quot;fog&quot;, &quot;scale&quot;: 7.5, &quot;seed&quot;: 5, &#34;steps&quot;: 28, &quot;sampler&quot;: &quot;Euler A&quot;, &quot;size&quot;: &quot;64x32&quot;, &quot;model&quot;: &quot;ink_v1.ckpt&quot;}</rdf:li></rdf:Alt></exif:UserComment></rdf:Description></rdf:RDF></x:xmpmeta>"#;
    let mre = r#"{"prompt":"a cat","negative_prompt":"fog","seed":5,"width":64,"height":32,"sampler":"euler_ancestral","scheduler":"normal","steps":28,"cfg":7.5,"base_model":"ink_v1.safetensors","l1":"boat.safetensors","w1":0.5,"l2":"None","w2":1.0,"software":"Fooocus 1.0 MRE"}"#;
    let ruined = r#"{"Prompt":"a cat","Negative":"fog","steps":28,"cfg":7.5,"width":64,"height":32,"seed":5,"sampler_name":"euler_ancestral","scheduler":"normal","base_model_name":"ink_v1.safetensors","loras":[["ab12","boat.safetensors - 0.5"],["","None - 1.0"]],"software":"RuinedFooocus"}"#;
    let log = r#"{"Prompt":"a cat","Negative Prompt":"fog","Resolution":"(64, 32)","Guidance Scale":7.5,"Performance":"Speed","Steps":28,"Base Model":"ink_v1","Sampler":"euler_ancestral","Scheduler":"normal","Seed":"5","LoRA 1":"boat : 0.5","Version":"Fooocus v2.1"}"#;
    let v4 = r#"{"prompt":"a cat","steps":28,"scale":7.5,"seed":5,"sampler":"k_euler_ancestral","noise_schedule":"karras","uc":"fog","v4_prompt":{"caption":{"base_caption":"a cat","char_captions":[{"char_caption":"girl, red","centers":[{"x":0.5,"y":0.5}]},{"char_caption":"boy"}]}},"v4_negative_prompt":{"caption":{"base_caption":"fog","char_captions":[]}}}"#;
    let dream = r#""a \"cat\" [fog] by the sea" -s28 -S 5 -W64 -H 32 -C7.5 -A k_euler_a"#;
    let cases: [Dialect<'_>; 8] = [
        (&easy, RecordSource::EasyDiffusion, "a cat", "ink_v1"),
        (
            &[("XML:com.adobe.xmp", xmp)],
            RecordSource::DrawThings,
            "a cat",
            "ink_v1",
        ),
        (&[("Comment", mre)], RecordSource::Fooocus, "a cat", "ink_v1"),
        (&[("parameters", ruined)], RecordSource::Fooocus, "a cat", "ink_v1"),
        (&[("parameters", log)], RecordSource::Fooocus, "a cat", "ink_v1"),
        (
            &[("Software", "NovelAI"), ("Source", "ink_v1"), ("Comment", v4)],
            RecordSource::NovelAi,
            "a cat\ngirl, red\nboy",
            "ink_v1",
        ),
        (&[("Dream", dream)], RecordSource::InvokeAi, "a \"cat\" by the sea", ""),
        (
            &[("prompt", "no graph"), ("parameters", "a cat"), ("Comment", mre)],
            RecordSource::Fooocus,
            "a cat",
            "ink_v1",
        ),
    ];
    for (texts, source, prompt, model) in cases {
        write_png(&path, texts);
        let (record, found) = read_made(&path).unwrap();
        let mut expected = all(prompt, "fog");
        model.clone_into(&mut expected.6);
        assert_eq!(known(&record), expected, "{texts:?}");
        assert_eq!(found, source, "{texts:?}");
        let has_boat = texts.iter().any(|(_, text)| text.contains("boat"));
        let names: Vec<LoraSpec> = record.request.loras;
        assert_eq!(names.len(), usize::from(has_boat), "{texts:?}");
    }
}
