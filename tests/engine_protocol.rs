//! The engine as its users see it: submit, watch, cancel, drop, and all the ways to ask for the impossible.

use std::sync::Arc;
use std::time::{Duration, Instant};

use hareru::engine::{DeviceChoice, EngineHandle, EngineOptions, SubmitError};
use hareru::job::{
    DeviceInfo, Event, GenerateRequest, JobErrorKind, JobId, JobOptions, ModelRef, Phase, Precision, PreviewMode,
};

fn engine() -> EngineHandle {
    EngineHandle::start(EngineOptions::default(), || {}).unwrap()
}

fn request(steps: u32) -> GenerateRequest {
    GenerateRequest {
        prompt: "a lighthouse at night".to_owned(),
        steps,
        seed: 3,
        ..GenerateRequest::default()
    }
}

fn submit(engine: &mut EngineHandle, request: GenerateRequest) -> JobId {
    engine.submit(request, JobOptions::default()).unwrap()
}

/// All events up to and with the job's last one.
fn events_of(engine: &EngineHandle, job: JobId) -> Vec<Event> {
    let mut events = Vec::new();
    loop {
        let event = engine.wait().expect("the engine should still be there");
        let is_last = matches!(&event,
            Event::Finished { job: ended } | Event::Cancelled { job: ended } | Event::Failed { job: ended, .. } if *ended == job);
        events.push(event);
        if is_last {
            return events;
        }
    }
}

/// Reads events until the running job has taken `wanted` steps.
fn wait_for_step(engine: &EngineHandle, wanted: u32) {
    loop {
        match engine.wait().expect("the engine should still be there") {
            Event::Step(step) if step.step >= wanted => return,
            Event::Failed { error, .. } => panic!("the job should run, but failed: {error}"),
            _ => {}
        }
    }
}

fn failure(events: &[Event]) -> (JobErrorKind, String) {
    match events.last() {
        Some(Event::Failed { error, .. }) => (error.kind, error.message.clone()),
        other => panic!("the job should have failed, but ended with {other:?}"),
    }
}

#[test]
fn a_job_should_report_its_life_in_order() {
    let mut engine = engine();
    let job = submit(&mut engine, request(4));
    let events = events_of(&engine, job);
    assert!(matches!(events[0], Event::Started { .. }), "{:?}", events[0]);
    let steps: Vec<_> = events
        .iter()
        .filter_map(|e| if let Event::Step(step) = e { Some(step) } else { None })
        .collect();
    assert_eq!(
        steps.iter().map(|step| (step.step, step.total)).collect::<Vec<_>>(),
        [(1, 4), (2, 4), (3, 4), (4, 4)]
    );
    assert!(
        steps
            .windows(2)
            .all(|pair| pair[0].sigma > pair[1].sigma && pair[0].timestep > pair[1].timestep)
    );
    assert!(
        steps
            .iter()
            .all(|step| step.preview.as_ref().is_some_and(|p| p.width_px == 256)),
        "tiny decoder at full size"
    );
    let images: Vec<_> = events
        .iter()
        .filter_map(|e| {
            if let Event::Image { image, .. } = e {
                Some(image)
            } else {
                None
            }
        })
        .collect();
    assert_eq!(images.len(), 1);
    let image = images[0];
    assert_eq!((image.pixels.width_px, image.pixels.height_px), (256, 256));
    assert_eq!(image.trajectory.steps.len(), 4);
    assert_eq!(image.trajectory.sigmas.len(), 5);
    assert_eq!(image.record.request.seed, 3);
    assert_eq!(image.record.model_hash.len(), 64);
    assert!(matches!(events.last(), Some(Event::Finished { .. })));
}

#[test]
fn the_same_request_should_make_the_same_picture_and_another_seed_another() {
    let mut engine = engine();
    let mut picture = |request: GenerateRequest| {
        let job = submit(&mut engine, request);
        events_of(&engine, job)
            .iter()
            .filter_map(|e| {
                if let Event::Image { image, .. } = e {
                    Some(image.pixels.clone())
                } else {
                    None
                }
            })
            .collect::<Vec<_>>()
    };
    let first = picture(request(3));
    assert_eq!(first, picture(request(3)));
    let batch = picture(GenerateRequest {
        batch_count: 2,
        seed: 2,
        ..request(3)
    });
    assert_eq!(batch[1], first[0], "seeds of a batch count up");
    assert_ne!(batch[0], first[0]);
}

#[test]
fn a_cancelled_job_should_end_within_one_step_and_the_next_one_should_run() {
    let mut engine = engine();
    let long = submit(&mut engine, request(500));
    let next = submit(&mut engine, request(2));
    let waiting = submit(&mut engine, request(500));
    engine.cancel(waiting);
    wait_for_step(&engine, 3);
    engine.cancel(long);
    let events = events_of(&engine, long);
    assert!(
        matches!(events.last(), Some(Event::Cancelled { .. })),
        "{:?}",
        events.last()
    );
    let steps_after = events.iter().filter(|event| matches!(event, Event::Step(_))).count();
    assert!(steps_after <= 2, "{steps_after} steps came after the stop");
    assert!(matches!(events_of(&engine, next).last(), Some(Event::Finished { .. })));
    let events = events_of(&engine, waiting);
    assert!(
        matches!(events[..], [Event::Cancelled { .. }]),
        "a job stopped while waiting should not start: {events:?}"
    );
}

#[test]
fn dropping_the_handle_should_stop_a_running_job_at_once() {
    let mut engine = engine();
    submit(&mut engine, request(1000));
    wait_for_step(&engine, 1);
    let began = Instant::now();
    drop(engine);
    assert!(began.elapsed() < Duration::from_secs(10), "took {:?}", began.elapsed());
}

#[test]
fn a_listener_that_sleeps_should_still_get_first_and_last_events() {
    let mut engine = engine();
    let options = JobOptions {
        preview: PreviewMode::Off,
        ..JobOptions::default()
    };
    let job = engine
        .submit(
            GenerateRequest {
                width_px: 16,
                height_px: 16,
                ..request(300)
            },
            options,
        )
        .unwrap();
    std::thread::sleep(Duration::from_millis(500));
    let events = events_of(&engine, job);
    assert!(matches!(events.first(), Some(Event::Started { .. })));
    assert!(
        events
            .iter()
            .any(|event| matches!(event, Event::Image { image, .. } if image.trajectory.steps.len() == 300))
    );
    assert!(matches!(events.last(), Some(Event::Finished { .. })));
}

#[test]
fn fields_out_of_range_should_be_refused_before_they_are_queued() {
    let mut engine = engine();
    for (broken, expected) in [
        (
            GenerateRequest { steps: 0, ..request(1) },
            "steps must be 1 to 1000, found 0",
        ),
        (
            GenerateRequest {
                width_px: 130,
                ..request(1)
            },
            "size must be multiples of 8 from 8 to 4096 px, found 130x256",
        ),
        (
            GenerateRequest {
                height_px: 0,
                ..request(1)
            },
            "found 256x0",
        ),
        (
            GenerateRequest {
                width_px: 100_000,
                ..request(1)
            },
            "found 100000x256",
        ),
        (
            GenerateRequest {
                guidance_scale: f64::NAN,
                ..request(1)
            },
            "guidance must be a finite number, found NaN",
        ),
        (
            GenerateRequest {
                guidance_rescale: f64::INFINITY,
                ..request(1)
            },
            "rescale φ must be a finite number, found inf",
        ),
        (
            GenerateRequest {
                batch_count: 0,
                ..request(1)
            },
            "batch count must be 1 to 64, found 0",
        ),
        (
            GenerateRequest { eta: 1.5, ..request(1) },
            "eta must be 0 to 1, found 1.5",
        ),
        (
            GenerateRequest {
                sampler: "magic".to_owned(),
                ..request(1)
            },
            "no sampler is called \"magic\"; known are ddim, ",
        ),
        (
            GenerateRequest {
                schedule: String::new(),
                ..request(1)
            },
            "no schedule is called \"\"; known are normal, ",
        ),
    ] {
        let Err(SubmitError::Request(error)) = engine.submit(broken.clone(), JobOptions::default()) else {
            panic!("{broken:?} should be refused")
        };
        assert!(error.to_string().contains(expected), "{error}");
    }
}

#[test]
fn a_job_that_cannot_be_done_should_fail_with_one_clear_line_and_leave_the_queue_going() {
    let mut engine = engine();
    let empty = tempfile::tempdir().unwrap();
    let missing = empty.path().join("nowhere");
    for (broken, kind, expected) in [
        (
            GenerateRequest {
                model: ModelRef::Path(missing),
                ..request(1)
            },
            JobErrorKind::Model,
            "nowhere",
        ),
        (
            GenerateRequest {
                model: ModelRef::Path(empty.path().to_owned()),
                ..request(1)
            },
            JobErrorKind::Model,
            "model_index.json",
        ),
        (
            GenerateRequest {
                clip_skip: 99,
                ..request(1)
            },
            JobErrorKind::Request,
            "clip skip must be 0 to",
        ),
        (
            GenerateRequest {
                sampler: "lcm".to_owned(),
                ..request(80)
            },
            JobErrorKind::Request,
            "steps must be at most 50",
        ),
        (
            GenerateRequest {
                guidance_scale: 1e300,
                ..request(2)
            },
            JobErrorKind::NotFinite,
            "no longer finite at step 1",
        ),
    ] {
        let job = submit(&mut engine, broken);
        let (found, message) = failure(&events_of(&engine, job));
        assert!(
            found == kind && message.contains(expected) && !message.contains('\n'),
            "{found:?}: {message}"
        );
    }
    let long_prompt = GenerateRequest {
        prompt: "sea ".repeat(2500),
        ..request(1)
    };
    for fine in [
        long_prompt,
        request(1),
        GenerateRequest {
            guidance_scale: -7.5,
            guidance_rescale: -3.0,
            ..request(2)
        },
    ] {
        let job = submit(&mut engine, fine);
        assert!(matches!(events_of(&engine, job).last(), Some(Event::Finished { .. })));
    }
}

#[test]
fn the_starter_model_should_describe_itself() {
    let engine = engine();
    engine.describe(ModelRef::Starter).unwrap();
    let Some(Event::ModelDescribed { info }) = engine.wait() else {
        panic!("a description should come")
    };
    assert_eq!(
        (info.defaults.width_px, info.vae_factor, info.has_tiny_decoder),
        (256, 16, true)
    );
}

/// An engine on the processor, and what it says of it.
fn processor() -> (EngineHandle, Arc<DeviceInfo>) {
    let options = EngineOptions {
        device: DeviceChoice::Cpu,
        ..EngineOptions::default()
    };
    let engine = EngineHandle::start(options, || {}).unwrap();
    engine.describe_device().unwrap();
    let Some(Event::DeviceDescribed { info }) = engine.wait() else {
        panic!("a description should come")
    };
    (engine, info)
}

fn events_in(engine: &mut EngineHandle, precision: Precision) -> Vec<Event> {
    let options = JobOptions {
        precision,
        ..JobOptions::default()
    };
    let job = engine.submit(request(1), options).unwrap();
    events_of(engine, job)
}

/// The precision that the only picture's record tells.
fn recorded(events: &[Event]) -> &str {
    let image = events.iter().find_map(|event| match event {
        Event::Image { image, .. } => Some(image),
        _ => None,
    });
    &image.expect("a picture should come").record.precision
}

fn loads(events: &[Event]) -> bool {
    let is_loading = |event: &Event| {
        matches!(
            event,
            Event::Phase {
                phase: Phase::LoadingModel,
                ..
            }
        )
    };
    events.iter().any(is_loading)
}

#[test]
fn a_precision_the_device_lacks_should_be_refused_before_anything_is_read_or_computed() {
    let (mut engine, info) = processor();
    for precision in Precision::ALL {
        let events = events_in(&mut engine, precision);
        if info.supports(precision) {
            let expected = if precision == Precision::Auto {
                info.automatic
            } else {
                precision
            };
            assert_eq!(recorded(&events), expected.id(), "asked for {precision}");
        } else {
            assert_eq!(events.len(), 2, "only Started and Failed: {events:?}");
            let (kind, message) = failure(&events);
            assert_eq!(kind, JobErrorKind::Request);
            assert!(
                message.contains(&format!("on this CPU, found {precision}")),
                "{message}"
            );
        }
    }
}

#[test]
fn networks_should_be_read_again_only_for_another_precision() {
    let (mut engine, info) = processor();
    assert!(loads(&events_in(&mut engine, Precision::Auto)));
    assert!(
        !loads(&events_in(&mut engine, info.automatic)),
        "automatic and what it comes to are the same networks"
    );
    for other in info.supported.iter().filter(|precision| **precision != info.automatic) {
        assert!(loads(&events_in(&mut engine, *other)), "{other} needs its own networks");
        assert!(!loads(&events_in(&mut engine, *other)));
    }
}
