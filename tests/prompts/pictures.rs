//! What prompts do to pictures, by the starter model.

use std::sync::Arc;

use candle_core::{Device, Tensor};
use hareru::conditioning::Prompts;
use hareru::diffusion::guidance::Guidance;
use hareru::engine::{EngineHandle, EngineOptions};
use hareru::job::{
    Change, Event, GenerateRequest, GeneratedImage, JobOptions, KeptRun, ModelRef, Precision, PreviewMode, PromptSwitch,
};
use hareru::pipelines::denoiser::{DenoiseInput, DenoiseOutput, Denoiser as _};
use hareru::pipelines::families::StableDiffusion;
use hareru::pipelines::{DenoiserInputs, Model as _, load};
use hareru::prompt::{PromptSyntax, PromptText};

const STEPS: u32 = 6;

fn request(prompt: &str) -> GenerateRequest {
    GenerateRequest {
        prompt: prompt.to_owned(),
        width_px: 64,
        height_px: 64,
        steps: STEPS,
        seed: 5,
        ..GenerateRequest::default()
    }
}

fn make(engine: &mut EngineHandle, request: GenerateRequest) -> Arc<GeneratedImage> {
    let job = engine.submit(request, quiet()).unwrap();
    finish(engine, job)
}

fn quiet() -> JobOptions {
    JobOptions {
        preview: PreviewMode::Off,
        keep_attention: true,
        ..JobOptions::default()
    }
}

fn finish(engine: &EngineHandle, job: hareru::job::JobId) -> Arc<GeneratedImage> {
    let mut made = None;
    loop {
        match engine.wait().unwrap() {
            Event::Image { image, .. } => made = Some(image),
            Event::Failed { error, .. } => panic!("the job failed: {error}"),
            Event::Finished { job: ended } if ended == job => return made.unwrap(),
            _ => {}
        }
    }
}

fn engine() -> EngineHandle {
    EngineHandle::start(EngineOptions::default(), || {}).unwrap()
}

fn assert_same(a: &GeneratedImage, b: &GeneratedImage, what: &str) {
    assert!(a.trajectory.final_latents == b.trajectory.final_latents, "{what}");
    assert!(a.pixels == b.pixels, "{what}");
}

#[test]
fn a_schedule_should_make_the_picture_of_the_same_switches() {
    let mut engine = engine();
    let switched = |prompts: &[(u32, &str)]| GenerateRequest {
        prompt_switches: prompts[1..]
            .iter()
            .map(|(step, prompt)| PromptSwitch {
                step: *step,
                prompt: (*prompt).to_owned(),
            })
            .collect(),
        ..request(prompts[0].1)
    };
    let alternating: Vec<(u32, &str)> = (0..STEPS)
        .map(|step| (step, ["a fox", "a boat"][step as usize % 2]))
        .collect();
    for (prompt, same) in [
        (
            "[a castle:a boat:0.5] at night",
            vec![(0, "a castle at night"), (3, "a boat at night")],
        ),
        (
            "a castle[ (at night:1.2):2]",
            vec![(0, "a castle"), (2, "a castle (at night:1.2)")],
        ),
        (
            "a castle[ at night::4]",
            vec![(0, "a castle at night"), (4, "a castle")],
        ),
        ("[a fox|a boat]", alternating),
    ] {
        let scheduled = make(&mut engine, request(prompt));
        assert_same(&scheduled, &make(&mut engine, switched(&same)), prompt);
        assert_eq!(
            scheduled.record.request.prompt, prompt,
            "the record says what was asked"
        );
        assert_eq!(
            scheduled.record.request.changes,
            [],
            "{prompt}: nobody changed anything"
        );
        let again = make(&mut engine, scheduled.record.request.clone());
        assert_same(&scheduled, &again, prompt);
    }
}

#[test]
fn a_branch_of_a_scheduled_run_should_be_the_run_of_its_request() {
    let mut engine = engine();
    let parent = make(&mut engine, request("[a castle:a boat:4] at night"));
    let change = Change {
        prompt: Some("[a tower:a ship:5]".to_owned()),
        ..Change::at(2)
    };
    let asked = parent.record.request.branched(change);
    let kept = Arc::new(KeptRun {
        record: parent.record.clone(),
        trajectory: Arc::clone(&parent.trajectory),
    });
    let job = engine.submit_after(asked.clone(), (kept, 2), quiet()).unwrap();
    let branch = finish(&engine, job);
    assert_same(&branch, &make(&mut engine, asked.clone()), "from the request alone");
    assert_eq!(asked.turns(), [0, 2, 5]);
}

#[test]
fn runs_should_share_their_steps_up_to_where_their_prompts_say_something_else() {
    let shared = |a: &str, b: &str| request(a).shared_steps(&request(b));
    assert_eq!(shared("[a:b:3] c", "[a:d:3] c"), 3);
    assert_eq!(shared("[a:b:3] c", "a c"), 3);
    assert_eq!(shared("a c", "[a:b:4] c"), 4);
    assert_eq!(shared("[a|b]", "[a|c]"), 1);
    assert_eq!(shared("[a:b:0.5]", "[a:b:3]"), STEPS);
    assert_eq!(shared("(a)", "(a:1.1)"), STEPS);
    assert_eq!(shared("a", "b"), 0);
    let literal = GenerateRequest {
        prompt_syntax: PromptSyntax::Literal,
        ..request("[a:b:3] c")
    };
    assert_eq!(literal.shared_steps(&request("[a:b:3] c")), 0);
}

#[test]
fn old_records_should_be_read_literally_and_new_requests_not() {
    let old: GenerateRequest = serde_json::from_str(r#"{"prompt": "a (b) [c:d:0.5]", "steps": 6}"#).unwrap();
    assert_eq!(old.prompt_syntax, PromptSyntax::Literal);
    assert_eq!(GenerateRequest::default().prompt_syntax, PromptSyntax::A1111);
    assert_eq!(old.turns(), [0]);
    for request in [old, request("a (b)")] {
        let again: GenerateRequest = serde_json::from_str(&serde_json::to_string(&request).unwrap()).unwrap();
        assert_eq!(again, request);
    }
}

#[test]
fn attention_should_belong_to_the_tokens_of_all_chunks() {
    let mut engine = engine();
    let image = make(&mut engine, request("a lighthouse BREAK [the sea|a ship]"));
    let tokens = &image.trajectory.tokens;
    assert!(tokens.len() > 2 * 78, "two chunks, two prompts: {}", tokens.len());
    let at = |word: &str| tokens.iter().position(|token| token.starts_with(word));
    assert!(at("ship").is_some() && at("light").is_some(), "{tokens:?}");
    for step in &image.trajectory.steps {
        for maps in &step.attention {
            assert_eq!(maps.values.len(), tokens.len() * maps.height * maps.width);
            let sum: f32 = maps.values.iter().sum::<f32>() / (maps.height * maps.width) as f32;
            assert!(
                (sum - 1.0).abs() < 1e-3,
                "step {}: probabilities sum to {sum}",
                step.index
            );
        }
    }
}

fn predict(model: &StableDiffusion, text: &PromptText, negative: &str, scale: f64) -> DenoiseOutput {
    let negative = PromptText::Literal(negative.to_owned());
    let prompts = Prompts::of_texts([text.clone(), negative], [64; 2]);
    let conditioning = model.encode_prompts(&prompts).unwrap();
    let denoiser = model.unet_denoiser(DenoiserInputs::of(conditioning)).unwrap();
    let shape = model.latent_shape(64, 64).unwrap();
    let values = (0..shape.iter().product()).map(|place: usize| (place as f32 * 0.37).sin());
    denoiser
        .denoise(&DenoiseInput {
            x: &Tensor::from_vec(values.collect::<Vec<f32>>(), &shape[..], &Device::Cpu).unwrap(),
            sigma: 2.0,
            timestep: 500.0,
            step: 0,
            first: 0,
            steps: 4,
            guidance: Guidance { scale, rescale: 0.0 },
            wants_uncond: false,
            maps: None,
        })
        .unwrap()
}

#[test]
fn composed_prompts_should_add_their_guidance() {
    let model = &load(&ModelRef::Starter, &Device::Cpu, Precision::F32, &mut |_| ()).unwrap();
    let read = |prompt: &str| request(prompt).texts_at(0)[0].clone();
    let joined = predict(
        model,
        &read("a lighthouse :0.7 AND the sea BREAK a ship :-0.4 AND fog"),
        "rain",
        3.0,
    );
    let uncond = joined.uncond.unwrap();
    let mut expected = uncond.clone();
    for (prompt, weight) in [("a lighthouse", 0.7), ("the sea BREAK a ship", -0.4), ("fog", 1.0)] {
        let alone = predict(model, &read(prompt), "rain", 1.0).guided;
        expected = (expected + ((alone - &uncond).unwrap() * (3.0 * weight)).unwrap()).unwrap();
    }
    let off = (joined.guided - expected).unwrap().abs().unwrap().max_all().unwrap();
    let off: f32 = off.to_scalar().unwrap();
    assert!(off < 1e-4, "u + s Σ w (c − u) is {off} off");
    let plain = predict(model, &read("a lighthouse"), "rain", 3.0).uncond.unwrap();
    let off: f32 = (plain - uncond)
        .unwrap()
        .abs()
        .unwrap()
        .max_all()
        .unwrap()
        .to_scalar()
        .unwrap();
    assert!(
        off < 1e-4,
        "the negative prompt alone is {off} off that of a batch of both"
    );
}
