//! The queue of jobs: its order against a simple model, and the file that outlives the program.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use hareru::engine::{KeptJob, QueueContent, QueueEvent, QueueKeeper, QueueTrouble};
use hareru::job::{Event, GenerateRequest, JobId, JobOptions, Precision, PreviewMode, VaeTiles};
use hareru::ui::model::jobs::{JobQueue, JobStatus, Order, QueueId};
use proptest::prelude::*;

fn request(seed: u64) -> Arc<GenerateRequest> {
    Arc::new(GenerateRequest {
        prompt: format!("picture {seed}"),
        seed,
        ..GenerateRequest::default()
    })
}

fn order(seed: u64) -> Order {
    Order {
        request: request(seed),
        options: JobOptions::default(),
        branch_point: None,
    }
}

fn kept(seed: u64, was_running: bool) -> KeptJob {
    KeptJob {
        request: request(seed),
        options: JobOptions {
            preview: PreviewMode::Linear,
            keep_branches: true,
            keep_attention: false,
            precision: Precision::Bf16,
            vae_tiles: VaeTiles::Always,
            ..JobOptions::default()
        },
        was_running,
    }
}

fn seeds(queue: &JobQueue) -> Vec<u64> {
    queue.jobs().iter().map(|job| job.order.request.seed).collect()
}

/// An engine that makes one job after the other, as the real one does, and is told what the queue says.
#[derive(Default)]
struct Line {
    jobs: Vec<(JobId, u64)>,
    cancelled: Vec<JobId>,
    running: Option<(JobId, u64)>,
    last: u64,
    /// Seeds of all that was made.
    made: Vec<u64>,
}

impl Line {
    /// What the window does after every change.
    fn advance(&mut self, queue: &mut JobQueue) {
        self.cancelled.extend(queue.take_back());
        while let Some(next) = queue.next() {
            let (id, seed) = (next.id, next.order.request.seed);
            self.last += 1;
            self.jobs.push((JobId(self.last), seed));
            queue.handed(id, JobId(self.last));
        }
    }

    /// Begins the next job, or finishes the one at work.
    fn work(&mut self, queue: &mut JobQueue) {
        if let Some((job, seed)) = self.running.take() {
            if self.cancelled.contains(&job) {
                queue.apply(&Event::Cancelled { job });
            } else {
                self.made.push(seed);
                queue.apply(&Event::Finished { job });
            }
            return;
        }
        while !self.jobs.is_empty() {
            let (job, seed) = self.jobs.remove(0);
            if self.cancelled.contains(&job) {
                queue.apply(&Event::Cancelled { job });
                continue;
            }
            queue.apply(&Event::Started { job });
            self.running = Some((job, seed));
            return;
        }
    }
}

#[derive(Debug, Clone)]
enum Act {
    Push,
    Move(usize, usize),
    MoveBy(usize, isize),
    Cancel(usize),
    Duplicate(usize),
    Retry(usize),
    Clear,
    Pause(bool),
    Work,
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        4 => Just(Act::Push),
        2 => (0..8usize, 0..8usize).prop_map(|(which, place)| Act::Move(which, place)),
        2 => (0..8usize, -3..4isize).prop_map(|(which, by)| Act::MoveBy(which, by)),
        1 => (0..8usize).prop_map(Act::Cancel),
        1 => (0..8usize).prop_map(Act::Duplicate),
        1 => (0..8usize).prop_map(Act::Retry),
        1 => Just(Act::Clear),
        1 => any::<bool>().prop_map(Act::Pause),
        5 => Just(Act::Work),
    ]
}

/// The queue as a person thinks of it: one job at work and a list of those that wait.
#[derive(Default)]
struct Model {
    running: Option<QueueId>,
    waiting: Vec<QueueId>,
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn jobs_should_be_made_in_the_order_that_is_shown_whatever_is_done_to_them(acts in prop::collection::vec(act(), 1..60)) {
        let (mut queue, mut line, mut model) = (JobQueue::default(), Line::default(), Model::default());
        let mut next_seed = 0;
        for act in acts {
            let num_made = line.made.len();
            let all: Vec<QueueId> = queue.jobs().iter().map(|job| job.id).collect();
            let nth = |which: usize| all.get(which).copied();
            match act {
                Act::Push => {
                    next_seed += 1000;
                    model.waiting.push(queue.push(order(next_seed)));
                }
                Act::Move(which, place) => if let Some(id) = nth(which) {
                    queue.move_to(id, place);
                    if let Some(from) = model.waiting.iter().position(|other| *other == id) {
                        model.waiting.remove(from);
                        let place = place.min(model.waiting.len());
                        model.waiting.insert(place, id);
                    }
                },
                Act::MoveBy(which, by) => if let Some(id) = nth(which) {
                    queue.move_by(id, by);
                    if let Some(from) = model.waiting.iter().position(|other| *other == id) {
                        model.waiting.remove(from);
                        let place = from.saturating_add_signed(by).min(model.waiting.len());
                        model.waiting.insert(place, id);
                    }
                },
                Act::Cancel(which) => if let Some(id) = nth(which) {
                    line.cancelled.extend(queue.cancel(id));
                    model.waiting.retain(|other| *other != id);
                },
                Act::Duplicate(which) => if let Some(id) = nth(which) {
                    let copy = queue.duplicate(id).unwrap();
                    let place = model.waiting.iter().position(|other| *other == id).map_or(0, |place| place + 1);
                    model.waiting.insert(place, copy);
                },
                Act::Retry(which) => {
                    let done = queue.done().nth(which).map(|done| done.id);
                    if let Some(again) = done.and_then(|id| queue.retry(id)) {
                        model.waiting.push(again);
                    }
                }
                Act::Clear => {
                    line.cancelled.extend(queue.clear());
                    model.waiting.clear();
                }
                Act::Pause(is_paused) => queue.set_paused(is_paused),
                Act::Work => {
                    line.advance(&mut queue);
                    let before = queue.is_paused();
                    let had_running = line.running.is_some();
                    line.work(&mut queue);
                    if had_running {
                        model.running = None;
                    } else if line.running.is_some() {
                        prop_assert!(!before, "nothing begins in a paused queue");
                        model.running = Some(model.waiting.remove(0));
                    }
                }
            }
            line.advance(&mut queue);

            let expected: Vec<QueueId> = model.running.into_iter().chain(model.waiting.iter().copied()).collect();
            let found: Vec<QueueId> = queue.jobs().iter().map(|job| job.id).collect();
            prop_assert_eq!(found, expected);
            prop_assert_eq!(queue.num_waiting(), model.waiting.len());
            let in_engine = queue.jobs().iter().filter(|job| job.engine_id.is_some()).count();
            prop_assert!(in_engine <= 2, "the engine holds one job and the next");
            if !queue.is_paused() {
                prop_assert_eq!(in_engine, queue.jobs().len().min(2), "the engine is never idle");
            }
            prop_assert!(line.made.len() <= num_made + 1);
        }
    }
}

#[test]
fn a_job_at_work_should_stay_first_until_the_engine_says_it_has_stopped() {
    let (mut queue, mut line) = (JobQueue::default(), Line::default());
    let first = queue.push(order(1));
    queue.push(order(2));
    line.advance(&mut queue);
    line.work(&mut queue);
    queue.move_to(first, 1);
    assert_eq!(seeds(&queue), [1, 2]);
    assert_eq!(queue.cancel(first), Some(JobId(1)));
    assert_eq!(seeds(&queue), [1, 2]);
    line.cancelled.push(JobId(1));
    line.work(&mut queue);
    assert_eq!(seeds(&queue), [2]);
    assert_eq!(queue.done().next().unwrap().status, JobStatus::Cancelled);
    queue.retry(first).unwrap();
    assert_eq!(seeds(&queue), [2, 1]);
    assert_eq!(queue.done().len(), 0, "what is tried again has not ended");
}

#[test]
fn an_engine_that_ends_should_fail_the_job_at_work_and_give_back_the_others() {
    let (mut queue, mut line) = (JobQueue::default(), Line::default());
    for seed in 1..=3 {
        queue.push(order(seed));
    }
    line.advance(&mut queue);
    line.work(&mut queue);
    queue.engine_stopped();
    assert_eq!(seeds(&queue), [2, 3]);
    assert!(queue.jobs().iter().all(|job| job.engine_id.is_none()));
    assert!(matches!(queue.done().next().unwrap().status, JobStatus::Failed(_)));
    let mut line = Line::default();
    line.advance(&mut queue);
    line.work(&mut queue);
    assert_eq!(
        line.running,
        Some((JobId(1), 2)),
        "the next engine goes on with the next job"
    );
}

#[test]
fn the_file_should_give_back_what_was_kept_with_the_job_at_work_first() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("new/queue.json");
    let content = QueueContent {
        is_paused: false,
        jobs: vec![kept(1, false), kept(2, true), kept(3, false)],
    };
    content.save(&path).unwrap();
    let (found, trouble) = QueueContent::load(&path);
    assert_eq!((&found, trouble), (&content, None));

    let mut queue = JobQueue::default();
    queue.push(order(9));
    queue.restore(found);
    assert_eq!(seeds(&queue), [2, 1, 3, 9]);
    assert!(queue.is_paused());
    let next = |queue: &JobQueue| queue.next().unwrap().order.request.seed;
    assert_eq!(next(&queue), 9, "those of last time wait, a new one may begin");
    queue.set_paused(false);
    assert_eq!(next(&queue), 2);
    assert!(queue.content().jobs.iter().all(|job| !job.was_running));
}

#[test]
fn a_damaged_file_should_be_set_aside_and_a_missing_one_be_an_empty_queue() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("queue.json");
    assert_eq!(QueueContent::load(&path), (QueueContent::default(), None));
    for broken in [
        &b"{"[..],
        b"",
        b"[]",
        b"{\"version\": 1}",
        b"\xff\xfe",
        b"{\"jobs\": 3}",
    ] {
        std::fs::write(&path, broken).unwrap();
        let (content, trouble) = QueueContent::load(&path);
        assert_eq!(content, QueueContent::default());
        let Some(QueueTrouble::Damaged { aside, .. }) = trouble else {
            panic!("{broken:?} gave {trouble:?}");
        };
        assert_eq!(std::fs::read(aside).unwrap(), broken);
        assert!(!path.exists());
    }
}

#[test]
fn jobs_of_a_newer_version_should_be_read_as_far_as_they_are_known() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("queue.json");
    let text = r#"{
        "version": 7, "mood": "sunny", "is_paused": true,
        "jobs": [
            {"request": {"prompt": "a", "newer": [1, 2]}, "options": {"preview": "vae", "newer": 1}, "due": 3},
            {"request": {"prompt": "b", "steps": "many"}},
            {"request": {"prompt": "c", "width_px": 13}},
            {"request": {"prompt": "d"}}
        ]
    }"#;
    std::fs::write(&path, text).unwrap();
    let (content, trouble) = QueueContent::load(&path);
    let prompts: Vec<&str> = content.jobs.iter().map(|job| &*job.request.prompt).collect();
    assert_eq!(prompts, ["a", "d"]);
    assert_eq!(content.jobs[0].options.preview, PreviewMode::Vae);
    let Some(QueueTrouble::Unknown { count, aside }) = trouble else {
        panic!("{trouble:?}");
    };
    assert_eq!(count, 2);
    assert_eq!(std::fs::read_to_string(aside).unwrap(), text, "nothing of it is lost");
}

/// The next event of the keeper, waiting for it.
fn event(keeper: &QueueKeeper) -> QueueEvent {
    let start = Instant::now();
    loop {
        if let Some(event) = keeper.poll() {
            return event;
        }
        assert!(start.elapsed() < Duration::from_secs(20), "the keeper says nothing");
        std::thread::sleep(Duration::from_millis(2));
    }
}

fn keeper(path: &Path) -> QueueKeeper {
    QueueKeeper::start(path.to_owned(), || ()).unwrap()
}

#[test]
fn what_was_told_last_should_be_in_the_file_once_the_keeper_is_gone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("queue.json");
    let first = keeper(&path);
    let empty = QueueContent::default();
    assert_eq!(
        event(&first),
        QueueEvent::Loaded {
            content: empty,
            trouble: None
        }
    );
    let content = |count: u64| QueueContent {
        is_paused: false,
        jobs: (0..count).map(|seed| kept(seed, seed == 0)).collect(),
    };
    for count in 1..=50 {
        first.keep(content(count));
    }
    drop(first);
    assert_eq!(QueueContent::load(&path), (content(50), None));
    let second = keeper(&path);
    let expected = QueueEvent::Loaded {
        content: content(50),
        trouble: None,
    };
    assert_eq!(event(&second), expected);
}

#[test]
fn two_windows_should_not_write_one_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("queue.json");
    let first = keeper(&path);
    event(&first);
    let second = keeper(&path);
    let QueueEvent::Loaded { trouble, .. } = event(&second) else {
        panic!("it was not read");
    };
    assert_eq!(trouble, Some(QueueTrouble::Taken));
    second.keep(QueueContent {
        is_paused: true,
        jobs: vec![kept(1, false)],
    });
    drop(second);
    assert!(!path.exists());
    drop(first);
    let third = keeper(&path);
    let QueueEvent::Loaded { trouble, .. } = event(&third) else {
        panic!("it was not read");
    };
    assert_eq!(trouble, None, "the file is free again");
}

#[test]
fn a_file_that_cannot_be_written_should_be_told_once() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("queue.json");
    let keeper = keeper(&path);
    event(&keeper);
    std::fs::create_dir(&path).unwrap(); // nothing can be renamed over a folder
    for seed in 0..3 {
        let jobs = vec![kept(seed, false)];
        keeper.keep(QueueContent { is_paused: false, jobs });
        std::thread::sleep(Duration::from_millis(60));
    }
    assert!(matches!(event(&keeper), QueueEvent::NotKept { .. }));
    assert_eq!(keeper.poll(), None);
}
