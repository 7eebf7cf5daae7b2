//! How often the window is painted while others work.

use std::sync::Arc;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use egui_kittest::kittest::Queryable as _;
use hareru::job::JobId;
use hareru::ui::services::RepaintHandle;

use super::harness::{Window, step};

/// News in the burst.
const NEWS: u32 = 200;
/// Time between two of them.
const BETWEEN: Duration = Duration::from_millis(8);

/// Paints as an event loop does: when the context asks for it, not sooner and not more often. Returns when each frame
/// began.
fn paint_while_asked(window: &mut Window, run: impl FnOnce(RepaintHandle) + Send) -> Vec<Instant> {
    let (sender, asked) = channel();
    window.harness.ctx.set_request_repaint_callback(move |info| {
        sender.send(Instant::now() + info.delay).ok();
    });
    let repaint = window.engine.borrow().repaint.as_ref().map(Arc::clone).unwrap();
    std::thread::scope(|scope| {
        let burst = std::thread::Builder::new()
            .spawn_scoped(scope, || run(repaint))
            .unwrap();
        let mut frames = Vec::new();
        let mut due: Option<Instant> = None;
        loop {
            let wait = due.map_or(Duration::from_millis(300), |due| {
                due.saturating_duration_since(Instant::now())
            });
            match asked.recv_timeout(wait) {
                Ok(when) => due = Some(due.map_or(when, |due| due.min(when))),
                Err(RecvTimeoutError::Timeout) if due.is_some() => {
                    due = None;
                    frames.push(Instant::now());
                    window.harness.step();
                }
                Err(_) if burst.is_finished() => return frames,
                Err(_) => {}
            }
        }
    })
}

#[test]
fn a_burst_of_news_should_be_painted_a_few_times_a_second_and_to_its_end() {
    let mut window = Window::open();
    assert!(window.state().is_still, "no GPU draws this window");
    let job = window.generate();
    window.tell([step(job, 1, [200, 30, 30])]);
    window.engine.borrow_mut().events.extend(steps(job));

    let start = Instant::now();
    let frames = paint_while_asked(&mut window, |repaint| {
        for _ in 0..NEWS {
            repaint();
            std::thread::sleep(BETWEEN);
        }
    });
    let secs = (NEWS * BETWEEN).as_secs_f64();
    let most = (8.0 * start.elapsed().as_secs_f64()).ceil() as usize + 1;
    assert!(frames.len() >= 3, "{} frames in {secs:.1} s", frames.len());
    assert!(frames.len() <= most, "{} frames in {secs:.1} s", frames.len());
    // News that asked just before a frame began, and was heard after it, may bring one more.
    let apart: Vec<Duration> = frames.windows(2).map(|pair| pair[1] - pair[0]).collect();
    let close = apart.iter().filter(|apart| **apart < Duration::from_millis(100));
    assert!(close.count() <= 1, "frames are {apart:?} apart");
    let timeline = window.studio().timeline.as_ref();
    let num_steps = timeline.map(|timeline| timeline.steps.len());
    assert_eq!(num_steps, Some(25), "nothing is lost");
}

#[test]
fn without_news_nothing_should_be_painted_even_during_a_run() {
    let mut window = Window::open();
    let job = window.generate();
    window.harness.get_by_label("Prompt").focus(); // its cursor must not blink either
    window.tell([step(job, 1, [200, 30, 30])]);
    let frames = paint_while_asked(&mut window, |_wake| std::thread::sleep(Duration::from_millis(700)));
    assert_eq!(frames.len(), 0, "{frames:?}");
}

#[test]
fn what_the_user_does_should_be_painted_at_once() {
    let mut window = Window::open();
    let job = window.generate();
    window.tell([step(job, 1, [200, 30, 30]), step(job, 2, [200, 30, 30])]);
    let (sender, asked) = channel();
    window.harness.ctx.set_request_repaint_callback(move |info| {
        sender.send(info.delay).ok();
    });
    let repaint = window.engine.borrow().repaint.as_ref().map(Arc::clone).unwrap();
    repaint();
    window.harness.get_by_label("Step 1").click();
    window.harness.step();
    let delays: Vec<_> = asked.try_iter().collect();
    assert!(
        delays.contains(&Duration::ZERO),
        "a click waits for no news: {delays:?}"
    );
}

fn steps(job: JobId) -> impl Iterator<Item = hareru::job::Event> {
    (2..=25).map(move |number| step(job, number, [200, 30, 30]))
}
