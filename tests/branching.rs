//! Runs that are branched, steered, sent back and ended early: each must be the run that its request alone makes.

use std::sync::Arc;

use hareru::engine::{EngineHandle, EngineOptions};
use hareru::job::{
    Change, DecodeRequest, Event, GenerateRequest, GeneratedImage, Hires, Inexact, JobId, JobOptions, KeptRun,
    ModelRef, Precision, PreviewMode, PromptSwitch, Start, Tiling, Trajectory,
};

const STEPS: u32 = 6;

fn engine() -> EngineHandle {
    EngineHandle::start(EngineOptions::default(), || {}).unwrap()
}

fn quiet() -> JobOptions {
    JobOptions {
        preview: PreviewMode::Off,
        keep_every_step: true,
        ..JobOptions::default()
    }
}

fn request() -> GenerateRequest {
    GenerateRequest {
        prompt: "a lighthouse at night".to_owned(),
        width_px: 64,
        height_px: 64,
        steps: STEPS,
        seed: 5,
        ..GenerateRequest::default()
    }
}

/// The job's picture and everything that was said of it.
fn finish(engine: &EngineHandle, job: JobId) -> (Arc<GeneratedImage>, Vec<Event>) {
    let (mut made, mut events) = (None, Vec::new());
    loop {
        let event = engine.wait().unwrap();
        match &event {
            Event::Image { image, .. } => made = Some(Arc::clone(image)),
            Event::Failed { error, .. } => panic!("the job failed: {error}"),
            Event::Finished { job: ended } if *ended == job => return (made.unwrap(), events),
            _ => {}
        }
        events.push(event);
    }
}

fn make(engine: &mut EngineHandle, request: GenerateRequest) -> Arc<GeneratedImage> {
    let job = engine.submit(request, quiet()).unwrap();
    finish(engine, job).0
}

fn kept(image: &GeneratedImage) -> Arc<KeptRun> {
    Arc::new(KeptRun {
        record: image.record.clone(),
        trajectory: Arc::clone(&image.trajectory),
    })
}

fn branch(
    engine: &mut EngineHandle,
    parent: &GeneratedImage,
    request: GenerateRequest,
    step: u32,
) -> Arc<GeneratedImage> {
    let kept = kept(parent);
    assert_eq!(kept.why_inexact(&request, step, "", ""), None);
    let job = engine.submit_after(request, (kept, step), quiet()).unwrap();
    let (image, events) = finish(engine, job);
    let taken = events.iter().filter(|event| matches!(event, Event::Step(_))).count();
    assert_eq!(
        taken,
        parent
            .trajectory
            .steps
            .iter()
            .filter(|s| s.index >= step as usize)
            .count(),
        "only the rest is taken"
    );
    image
}

/// The latents of all steps, bit for bit.
fn bits(trajectory: &Trajectory) -> Vec<(usize, Vec<u32>)> {
    let of = |values: &[f32]| values.iter().map(|value| value.to_bits()).collect();
    let steps = trajectory.steps.iter().map(|step| (step.index, of(&step.x.values)));
    steps
        .chain([(usize::MAX, of(&trajectory.final_latents.values))])
        .collect()
}

fn assert_same(a: &GeneratedImage, b: &GeneratedImage, what: &str) {
    assert!(bits(&a.trajectory) == bits(&b.trajectory), "{what}: the latents differ");
    assert!(a.pixels == b.pixels, "{what}: the pictures differ");
}

#[test]
fn a_branch_without_a_change_should_be_the_same_picture_for_every_sampler_and_step() {
    let mut engine = engine();
    for sampler in hareru::engine::samplers() {
        let request = GenerateRequest {
            sampler: sampler.id.to_owned(),
            eta: 0.4,
            ..request()
        };
        let whole = make(&mut engine, request.clone());
        for step in [0, STEPS / 2, STEPS - 1] {
            let branched = branch(&mut engine, &whole, request.branched(Change::at(step)), step);
            assert_same(&whole, &branched, &format!("{} at {step}", sampler.id));
            let origin = branched.record.origin.as_ref().unwrap();
            assert_eq!((&origin.run_id, origin.step), (&whole.record.run_id, step));
            assert_ne!(branched.record.run_id, whole.record.run_id);
        }
    }
}

/// One change of every kind that needs no file.
fn changes() -> Vec<Change> {
    let at = Change::at(3);
    vec![
        Change {
            prompt: Some("a forest in snow".to_owned()),
            ..at.clone()
        },
        Change {
            negative_prompt: Some("night".to_owned()),
            ..at.clone()
        },
        Change {
            guidance_scale: Some(-4.0),
            ..at.clone()
        },
        Change {
            guidance_rescale: Some(0.7),
            ..at.clone()
        },
        Change {
            sampler: Some("heun".to_owned()),
            ..at.clone()
        },
        Change {
            sampler: Some("dpmpp_2m_sde".to_owned()),
            seed: Some(99),
            ..at.clone()
        },
        Change {
            eta: Some(1.0),
            seed: Some(7),
            ..at
        },
    ]
}

#[test]
fn a_branch_with_a_change_should_be_the_run_whose_request_says_so_from_the_start() {
    let mut engine = engine();
    for sampler in ["dpmpp_2m", "ddim"] {
        let parent = GenerateRequest {
            sampler: sampler.to_owned(),
            eta: 0.5,
            ..request()
        };
        let whole = make(&mut engine, parent.clone());
        for change in changes() {
            let request = parent.branched(change.clone());
            let branched = branch(&mut engine, &whole, request.clone(), 3);
            let planned = make(&mut engine, request.clone());
            assert_same(&planned, &branched, &format!("{sampler}, {change:?}"));
            assert_eq!(branched.record.request, request);
            assert!(bits(&whole.trajectory)[..4] == bits(&branched.trajectory)[..4]);
            let is_other = bits(&whole.trajectory) != bits(&branched.trajectory);
            let is_used = sampler == "ddim" || change.eta.is_none(); // without noise neither η nor a seed matters
            assert_eq!(is_other, is_used, "{sampler}, {change:?}");
        }
    }
}

#[test]
fn a_branch_after_another_seed_should_add_the_noise_of_each_steps_own_seed() {
    let mut engine = engine();
    for sampler in ["sa_solver", "dpmpp_sde", "euler_a"] {
        let request = GenerateRequest {
            sampler: sampler.to_owned(),
            changes: vec![Change {
                seed: Some(99),
                ..Change::at(2)
            }],
            ..request()
        };
        let whole = make(&mut engine, request.clone());
        let branched = branch(&mut engine, &whole, request.branched(Change::at(4)), 4);
        assert_same(&whole, &branched, sampler);
    }
}

#[test]
fn every_sampler_should_be_able_to_take_over_from_another() {
    let mut engine = engine();
    for sampler in hareru::engine::samplers() {
        for (first, second) in [("euler", sampler.id), (sampler.id, "euler")] {
            let request = GenerateRequest {
                sampler: first.to_owned(),
                changes: vec![Change {
                    sampler: Some(second.to_owned()),
                    ..Change::at(3)
                }],
                ..request()
            };
            let image = make(&mut engine, request);
            assert_eq!(image.trajectory.steps.len(), STEPS as usize, "{first} to {second}");
        }
    }
}

/// Runs a job that is paused before its first step, and does something at each pause; it goes on by single steps.
fn steered(
    engine: &mut EngineHandle,
    request: GenerateRequest,
    mut at: impl FnMut(u32, &hareru::job::JobControl),
) -> (Arc<GeneratedImage>, Vec<Event>) {
    let options = JobOptions {
        start: Start::Paused,
        ..quiet()
    };
    let job = engine.submit(request, options).unwrap();
    let (mut made, mut events) = (None, Vec::new());
    loop {
        let event = engine.wait().unwrap();
        match &event {
            Event::Paused { step, .. } => {
                let control = engine.control(job).unwrap();
                at(*step, &control);
                control.single_step();
            }
            Event::Image { image, .. } => made = Some(Arc::clone(image)),
            Event::Failed { error, .. } => panic!("the job failed: {error}"),
            Event::Finished { .. } => return (made.unwrap(), events),
            _ => {}
        }
        events.push(event);
    }
}

#[test]
fn steering_at_a_step_should_equal_a_run_whose_request_says_so_from_the_start() {
    let mut engine = engine();
    for change in changes() {
        let (image, events) = steered(&mut engine, request(), |step, control| {
            if step == 3 {
                control.change(Change {
                    step: 77,
                    ..change.clone()
                });
            }
        });
        let told = events
            .iter()
            .filter(|event| matches!(event, Event::Changed { change, .. } if change.step == 3));
        assert_eq!(told.count(), 1, "{change:?}");
        assert_eq!(
            image.record.request.changes,
            std::slice::from_ref(&change),
            "the record says it"
        );
        let planned = make(&mut engine, image.record.request.clone());
        assert_same(&planned, &image, &format!("{change:?}"));
    }
}

#[test]
fn a_change_that_is_not_possible_should_be_refused_and_the_run_go_on() {
    let mut engine = engine();
    let bad = [
        Change {
            sampler: Some("no such".to_owned()),
            ..Change::default()
        },
        Change {
            loras: Some(vec![hareru::job::LoraSpec::new("/no/such/lora.safetensors", 1.0)]),
            ..Change::default()
        },
    ];
    for change in bad {
        let (image, events) = steered(&mut engine, request(), |step, control| {
            if step == 2 {
                control.change(change.clone());
            }
        });
        let refusals: Vec<_> = events
            .iter()
            .filter_map(|event| match event {
                Event::ChangeRefused { error, .. } => Some(error.message.clone()),
                _ => None,
            })
            .collect();
        assert_eq!(refusals.len(), 1);
        assert!(
            refusals[0].contains("no such") || refusals[0].contains("lora.safetensors"),
            "{refusals:?}"
        );
        assert_same(&make(&mut engine, request()), &image, "nothing has changed");
    }
}

#[test]
fn going_back_should_take_the_same_steps_again_and_forget_what_came_later() {
    let mut engine = engine();
    for sampler in ["dpmpp_2m", "dpmpp_sde", "pndm"] {
        let request = GenerateRequest {
            sampler: sampler.to_owned(),
            ..request()
        };
        let mut has_gone = false;
        let (image, events) = steered(&mut engine, request.clone(), |step, control| {
            if step == 3 && !has_gone {
                control.change(Change {
                    prompt: Some("a cat".to_owned()),
                    ..Change::default()
                });
            }
            if step == 5 && !has_gone {
                has_gone = true;
                control.back_to(2);
            }
        });
        assert!(
            events
                .iter()
                .any(|event| matches!(event, Event::WentBack { step: 2, .. }))
        );
        assert_eq!(image.record.request.changes, []);
        assert_same(&make(&mut engine, request), &image, sampler);
    }
}

#[test]
fn a_paused_run_that_is_sent_back_should_wait_before_that_step() {
    let mut engine = engine();
    let options = JobOptions {
        start: Start::Paused,
        ..quiet()
    };
    let job = engine.submit(request(), options).unwrap();
    let mut pauses = Vec::new();
    loop {
        match engine.wait().unwrap() {
            Event::Paused { step, .. } => {
                pauses.push(step);
                let control = engine.control(job).unwrap();
                match pauses.as_slice() {
                    [.., 3] if pauses.len() == 4 => control.back_to(1),
                    [.., 2] if pauses.len() == 6 => control.back_to(77), // there is no such step
                    _ => control.single_step(),
                }
            }
            Event::Failed { error, .. } => panic!("the job failed: {error}"),
            Event::Finished { .. } => break,
            _ => {}
        }
    }
    assert_eq!(pauses, [0, 1, 2, 3, 1, 2, 2, 3, 4, 5], "the steps it waited before");
}

#[test]
fn ending_early_should_give_the_estimate_of_the_last_step_and_say_so() {
    let mut engine = engine();
    let whole = make(&mut engine, request());
    let (image, _) = steered(&mut engine, request(), |step, control| {
        if step == 4 {
            control.end_early();
        }
    });
    assert_eq!(image.record.request.stop_after, Some(4));
    assert_eq!(image.trajectory.steps.len(), 4);
    assert_eq!(image.trajectory.final_latents, whole.trajectory.steps[3].x0);
    assert_same(
        &make(&mut engine, image.record.request.clone()),
        &image,
        "by the request",
    );
}

#[test]
fn a_paused_job_should_be_cancelled_and_decode_latents_while_it_waits() {
    let mut engine = engine();
    let whole = make(&mut engine, request());
    let options = JobOptions {
        start: Start::Paused,
        ..quiet()
    };
    let job = engine.submit(request(), options).unwrap();
    let ask = |ticket, latents| DecodeRequest {
        ticket,
        model: ModelRef::Starter,
        vae: None,
        precision: Precision::Auto,
        mode: PreviewMode::Vae,
        tiling: Tiling::default(),
        latents: Arc::new(latents),
    };
    let mut broken = whole.trajectory.final_latents.clone();
    broken.values.truncate(3);
    engine.decode(ask(1, whole.trajectory.final_latents.clone())).unwrap();
    engine.decode(ask(2, broken)).unwrap();
    let mut answers = Vec::new();
    loop {
        match engine.wait().unwrap() {
            Event::Decoded { ticket, picture } => {
                answers.push((ticket, picture));
                if answers.len() == 2 {
                    engine.cancel(job);
                }
            }
            Event::Cancelled { .. } => break,
            Event::Failed { error, .. } => panic!("{error}"),
            _ => {}
        }
    }
    assert_eq!(*answers[0].1.as_ref().unwrap(), whole.pixels);
    assert!(
        answers[1]
            .1
            .as_ref()
            .unwrap_err()
            .message
            .contains("channels of the latents")
    );
}

#[test]
fn each_step_should_keep_both_opinions_and_the_attention_if_asked_to() {
    let mut engine = engine();
    let options = JobOptions {
        keep_branches: true,
        keep_attention: true,
        ..quiet()
    };
    let request = GenerateRequest {
        prompt_switches: vec![PromptSwitch {
            step: 4,
            prompt: "a cat".to_owned(),
        }],
        ..request()
    };
    let job = engine.submit(request.clone(), options).unwrap();
    let (image, _) = finish(&engine, job);
    assert_same(&make(&mut engine, request), &image, "watching changes nothing");
    let Trajectory {
        steps, tokens, colours, ..
    } = &*image.trajectory;
    let colours = colours.as_ref().unwrap();
    assert_eq!((colours.weights.len(), colours.weights[0].len()), (3, 16));
    let first = [
        "<|startoftext|>",
        "a</w>",
        "lighthouse</w>",
        "at</w>",
        "night</w>",
        "<|endoftext|>",
        "",
    ];
    let second = ["<|startoftext|>", "a</w>", "cat</w>", "<|endoftext|>", ""];
    assert_eq!(*tokens, [&first[..], &second[..]].concat());
    for step in steps {
        let branches = step.branches.as_ref().unwrap();
        let uncond = branches.uncond.as_ref().unwrap();
        // ε = uncond + s (cond − uncond), and x₀ = x − σ ε
        for place in 0..step.x.values.len() {
            let (u, c) = (uncond.values[place], branches.cond.values[place]);
            let guided = u + 5.0 * (c - u);
            let x0 = step.x.values[place] - step.sigma as f32 * guided;
            assert!(
                (x0 - step.x0.values[place]).abs() < 2e-3 * (1.0 + step.sigma as f32),
                "step {}",
                step.index
            );
        }
        assert!(!step.attention.is_empty());
        for map in &step.attention {
            assert_eq!(map.tokens, tokens.len());
            let plane = map.height * map.width;
            assert_eq!(map.values.len(), map.tokens * plane);
            let own = if step.index < 4 { 0..7 } else { 7..12 };
            for place in 0..plane {
                let sum: f32 = own.clone().map(|token| map.values[token * plane + place]).sum();
                assert!((sum - 1.0).abs() < 1e-4, "step {}: {sum}", step.index);
            }
        }
    }
}

#[test]
fn a_second_pass_should_be_branched_and_changed_too() {
    let mut engine = engine();
    let parent = GenerateRequest {
        hires: Some(Hires {
            scale: 1.5,
            strength: 0.6,
            steps: None,
        }),
        changes: vec![Change {
            guidance_scale: Some(2.0),
            ..Change::at(2)
        }],
        ..request()
    };
    let whole = make(&mut engine, parent.clone());
    let first = whole.trajectory.steps[0].index as u32;
    assert!(first >= STEPS, "steps of the second pass count on: {first}");
    let change = Change {
        prompt: Some("a forest".to_owned()),
        ..Change::at(first + 1)
    };
    let request = parent.branched(change);
    let branched = branch(&mut engine, &whole, request.clone(), first + 1);
    assert_same(&make(&mut engine, request), &branched, "the second pass");
}

#[test]
fn a_branch_that_cannot_be_exact_should_say_why() {
    let mut engine = engine();
    let whole = make(&mut engine, request());
    let kept = kept(&whole);
    let why =
        |request: &GenerateRequest, step, hash: &str, precision: &str| kept.why_inexact(request, step, hash, precision);
    assert_eq!(
        why(&request(), 2, &whole.record.model_hash, &whole.record.precision),
        None
    );
    assert!(matches!(
        why(&request(), 6, "", ""),
        Some(Inexact::NoStep { step: 6, .. })
    ));
    let early = request().branched(Change {
        guidance_scale: Some(1.5),
        ..Change::at(1)
    });
    assert_eq!(why(&early, 3, "", ""), Some(Inexact::Settings { step: 3, differs: 1 }));
    assert!(matches!(why(&request(), 2, "another", ""), Some(Inexact::Model { .. })));
    assert!(matches!(
        why(&request(), 2, "", "int8"),
        Some(Inexact::Precision { .. })
    ));

    let far = engine
        .submit_after(request(), (Arc::clone(&kept), 40), quiet())
        .unwrap();
    let message = loop {
        match engine.wait().unwrap() {
            Event::Failed { job, error } if job == far => break error.message.clone(),
            Event::Finished { .. } => panic!("there is no step 40"),
            _ => {}
        }
    };
    assert!(
        message.contains("step of a branch must be one that was kept, 0 to 5"),
        "{message}"
    );
}
