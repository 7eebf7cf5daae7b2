//! Many runs that are made together: which job is which cell, and what is seen of each. A pure function of the events of the
//! engine; how far the runs are is known by [`JobQueue`].

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use super::jobs::{BranchPoint, JobQueue, Order, QueueId};
use super::run::ComputedSteps;
use super::sweep_cell::CellRun;
use crate::job::{Event, GenerateRequest, JobOptions, Record, Sweep, SweepError, longest_start};

/// Bytes of all previews that are kept, and of all finished pictures.
const PICTURE_BUDGET: usize = 192 << 20;
/// Bytes of all runs that are kept whole, so that others take their first steps; the newest one always is.
const STEP_BUDGET: usize = 256 << 20;
/// Longest side of a picture that is kept, in pixels.
const MAX_SIDE_PX: u32 = 1024;
/// How many runs back one looks to guess how many steps will be shared.
const GUESS_WINDOW: usize = 32;

/// A sweep on its way or over.
#[derive(Debug, Clone)]
pub struct Sweeping {
    /// What differs.
    pub sweep: Sweep,
    /// Its runs, in the order they are made.
    pub cells: Vec<CellRun>,
    /// Which sheet is shown.
    pub sheet: usize,
    /// The step of all runs that is shown, from 0; `None` is the newest of each.
    pub playhead: Option<usize>,
    /// Whether it stands on the canvas.
    pub is_shown: bool,
    /// How many steps each run is likely to take from another.
    likely_shared: Vec<u32>,
}

impl Sweeping {
    /// A sweep, nothing of which is made yet. Its runs are put among the jobs.
    ///
    /// * `options`: how its runs are carried out.
    ///
    /// # Errors
    /// [`SweepError`]: one of its runs cannot be carried out.
    pub fn new(sweep: Sweep, options: JobOptions, jobs: &mut JobQueue) -> Result<Self, SweepError> {
        let (places, orders): (Vec<_>, Vec<_>) = sweep
            .cells()?
            .into_iter()
            .map(|cell| {
                let order = Order {
                    request: Arc::new(cell.request),
                    options,
                    branch_point: None,
                };
                (cell.place, order)
            })
            .unzip();
        let requests: Vec<_> = orders.iter().map(|order| Arc::clone(&order.request)).collect();
        let ids = jobs.begin_sweep(orders);
        let cells: Vec<CellRun> = places
            .into_iter()
            .zip(requests)
            .zip(ids)
            .map(|((place, request), job)| CellRun::new(place, request, job))
            .collect();
        let likely_shared = (0..cells.len())
            .map(|cell| {
                let before = &cells[cell.saturating_sub(GUESS_WINDOW)..cell];
                let shared = before
                    .iter()
                    .map(|other| other.request.shared_steps(&cells[cell].request));
                shared.max().unwrap_or_default()
            })
            .collect();
        Ok(Self {
            sweep,
            cells,
            sheet: 0,
            playhead: None,
            is_shown: true,
            likely_shared,
        })
    }

    /// Where a run leaves another one whose first steps are the same; `None` if there is none.
    pub fn branch_point(&self, request: &GenerateRequest) -> Option<BranchPoint> {
        let kept = || self.cells.iter().filter_map(CellRun::whole);
        let precision = kept().next().map_or("", |kept| kept.record.precision.as_str());
        let (kept, step) = longest_start(kept(), request, precision)?;
        Some(BranchPoint {
            kept,
            step,
            parent: None,
            is_exact: true,
        })
    }

    /// Notes that a job was handed to the engine, if it is one of its own.
    pub fn handed(&mut self, job: QueueId, branch_point: Option<BranchPoint>) {
        let start = branch_point.map(|point| (point.kept, point.step));
        let donor = start.as_ref().and_then(|(kept, _)| {
            let of = |cell: &&CellRun| cell.kept.as_ref().is_some_and(|other| Arc::ptr_eq(other, kept));
            self.cells.iter().find(of).map(|cell| cell.previews().clone())
        });
        if let Some(cell) = self.cell_of(job) {
            cell.begin(start, donor);
        }
    }

    /// Takes in one event of the engine about a job, if it is one of its own.
    pub fn apply(&mut self, job: QueueId, event: &Event) {
        let (of_step, of_image) = (self.side_px(self.num_steps()), self.side_px(1));
        match (event, self.cell_of(job)) {
            (Event::Step(step), Some(cell)) => cell.take_step(step, of_step),
            (Event::Image { image, .. }, Some(cell)) => cell.take_image(image, of_image),
            _ => {}
        }
    }

    /// Notes where a picture was saved.
    pub fn saved(&mut self, path: &Path, record: &Record) {
        let is_its = |cell: &&mut CellRun| cell.kept.as_ref().is_some_and(|kept| kept.record == *record);
        let mut unsaved = self.cells.iter_mut().filter(|cell| cell.path.is_none());
        if let Some(cell) = unsaved.find(is_its) {
            cell.path = Some(path.to_owned());
        }
        self.bound_steps();
    }

    /// Keeps the newest runs whole, up to [`STEP_BUDGET`], and of older ones, once they are saved, what is seen of them.
    fn bound_steps(&mut self) {
        let mut counted = BTreeSet::new(); // runs share steps
        let (mut bytes, mut num_whole) = (0, 0);
        for cell in self.cells.iter_mut().rev().filter(|cell| cell.whole().is_some()) {
            let new = cell.steps_held().filter(|step| counted.insert(Arc::as_ptr(step)));
            bytes += new.map(|step| step.size_bytes()).sum::<usize>();
            if bytes > STEP_BUDGET && num_whole > 0 && cell.path.is_some() {
                cell.lighten();
            } else {
                num_whole += 1;
            }
        }
    }

    /// Most steps of a run.
    pub fn num_steps(&self) -> usize {
        let steps = self.cells.iter().map(|cell| cell.total as usize);
        steps.max().unwrap_or_default()
    }

    /// Wall time until all is made, in seconds; `None` before the first step.
    pub fn secs_left(&self, jobs: &JobQueue) -> Option<f64> {
        let mut computed = ComputedSteps::default();
        self.cells.iter().for_each(|cell| computed.add(cell.computed));
        let left = self.cells.iter().zip(&self.likely_shared).map(|(cell, shared)| {
            let job = jobs.find(cell.job).filter(|job| !job.status.has_ended());
            f64::from(match job.map(|job| job.engine_id) {
                Some(Some(_)) => cell.total.saturating_sub(cell.num_done()),
                Some(None) => cell.total.saturating_sub(*shared),
                None => 0,
            })
        });
        Some(computed.mean_secs()? * left.sum::<f64>())
    }

    /// The run at a place of a sheet, with its place among the cells.
    pub fn at(&self, place: [usize; 3]) -> Option<(usize, &CellRun)> {
        self.cells.iter().enumerate().find(|(_, cell)| cell.place == place)
    }

    /// Moves the playhead of all runs; past the last step is the newest of each.
    pub fn move_playhead(&mut self, by: isize) {
        let end = self.num_steps();
        let there = self.playhead.unwrap_or(end).saturating_add_signed(by);
        self.set_playhead(there);
    }

    /// Sets the playhead of all runs to a step, from 0; past the last step is the newest of each.
    pub fn set_playhead(&mut self, step: usize) {
        self.playhead = (step < self.num_steps()).then_some(step);
    }

    fn cell_of(&mut self, job: QueueId) -> Option<&mut CellRun> {
        self.cells.iter_mut().find(|cell| cell.job == job)
    }

    /// Longest side of a picture of which each run has so many.
    fn side_px(&self, of_each: usize) -> u32 {
        let count = (3 * self.cells.len() * of_each).max(1);
        let side = (PICTURE_BUDGET as f64 / count as f64).sqrt() as u32;
        side.min(MAX_SIDE_PX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::job::{GeneratedImage, JobError, JobErrorKind, JobId, LatentPlane, RgbImage, StepRecord, Trajectory};
    use crate::ui::model::jobs::JobStatus;
    use crate::ui::model::state::AppState;

    const STEPS: u32 = 10;

    /// A sweep and its jobs, as the window has them.
    fn sweeping(x: &str, y: &str) -> AppState {
        let sweep = Sweep {
            base: GenerateRequest {
                prompt: "a cat".to_owned(),
                steps: STEPS,
                ..GenerateRequest::default()
            },
            x: x.parse().unwrap(),
            y: Some(y.parse().unwrap()),
            z: None,
        };
        let mut state = AppState::default();
        let sweeping = Sweeping::new(sweep, JobOptions::default(), &mut state.jobs);
        state.sweeping = Some(sweeping.unwrap());
        state
    }

    fn cells(state: &AppState) -> &[CellRun] {
        &state.sweeping.as_ref().unwrap().cells
    }

    fn status(state: &AppState, cell: usize) -> JobStatus {
        state.jobs.find(cells(state)[cell].job).unwrap().status.clone()
    }

    fn image(request: &GenerateRequest) -> Arc<GeneratedImage> {
        let plane = LatentPlane::default();
        let steps = (0..request.steps as usize).map(|index| StepRecord {
            index,
            sigma: 1.0,
            timestep: 1.0,
            x: plane.clone(),
            x0: plane.clone(),
            branches: None,
            attention: Vec::new(),
            secs: 1.0,
        });
        Arc::new(GeneratedImage {
            pixels: Arc::new(RgbImage::filled(1, 1, [0; 3])),
            record: Record {
                precision: "f32".to_owned(),
                ..Record::of(request.clone())
            },
            trajectory: Arc::new(Trajectory {
                steps: steps.map(Arc::new).collect(),
                final_latents: plane.clone(),
                ..Trajectory::default()
            }),
        })
    }

    /// Begins the next run as this job; its place, and how many steps it takes from which column and row.
    fn begin(state: &mut AppState, name: u64) -> Option<([usize; 2], u32)> {
        let (id, order) = state.next_job()?;
        let shared = order.branch_point.as_ref().map_or(0, |point| point.step);
        state.handed(id, JobId(name), order);
        state.apply(&Event::Started { job: JobId(name) });
        assert!(state.next_job().is_none(), "one at a time");
        let place = cells(state).iter().find(|cell| cell.job == id).unwrap().place;
        Some(([place[0], place[1]], shared))
    }

    fn finish(state: &mut AppState, name: u64) {
        let job = JobId(name);
        let image = image(&state.jobs.in_engine(job).unwrap().order.request);
        state.apply(&Event::Image { job, image });
        state.apply(&Event::Finished { job });
    }

    #[test]
    fn runs_should_take_their_first_steps_from_those_before() {
        let mut state = sweeping("cfg@8=1,9", "rescale=0,1");
        let mut order = Vec::new();
        for job in 1.. {
            let Some(begun) = begin(&mut state, job) else {
                break;
            };
            order.push(begun);
            finish(&mut state, job);
        }
        assert_eq!(order, [([0, 0], 0), ([1, 0], 8), ([0, 1], 0), ([1, 1], 8)]);
        let progress = state.jobs.sweep_progress();
        assert_eq!((progress.finished, progress.left), (4, 0));
    }

    #[test]
    fn a_failed_run_should_not_keep_the_others_from_going_on() {
        let mut state = sweeping("cfg@8=1,9", "seed=1");
        begin(&mut state, 1);
        let error = Arc::new(JobError::new(
            JobErrorKind::NotFinite,
            "the numbers ran away".to_owned(),
        ));
        state.apply(&Event::Failed {
            job: JobId(1),
            error: Arc::clone(&error),
        });
        assert_eq!(begin(&mut state, 2), Some(([1, 0], 0)), "there is nothing to share");
        finish(&mut state, 2);
        assert_eq!(status(&state, 0), JobStatus::Failed(error));
        let progress = state.jobs.sweep_progress();
        assert_eq!((progress.finished, progress.failed, progress.left), (1, 1, 0));
    }

    #[test]
    fn nothing_should_begin_after_it_was_stopped() {
        let mut state = sweeping("cfg=1,2,3", "seed=1");
        begin(&mut state, 1);
        assert_eq!(state.jobs.stop_current(), Some(JobId(1)));
        assert!(state.is_sweep_open(), "the run at work has not ended yet");
        state.apply(&Event::Cancelled { job: JobId(1) });
        assert!(!state.is_sweep_open() && state.next_job().is_none());
        assert_eq!(state.jobs.sweep_progress().cancelled, 3);
    }

    #[test]
    fn stop_should_take_away_the_whole_sweep_before_its_first_run_begins() {
        let mut state = sweeping("cfg=1,2,3", "seed=1");
        let (id, order) = state.next_job().unwrap();
        state.handed(id, JobId(1), order);
        assert_eq!(state.jobs.stop_current(), Some(JobId(1)), "the engine must be told");
        assert_eq!(state.jobs.sweep_progress().cancelled, 3);
        state.apply(&Event::Started { job: JobId(1) });
        assert!(state.run.is_none(), "it was on its way when it was taken away");
    }

    #[test]
    fn what_another_engine_says_should_not_change_runs_that_are_over() {
        let mut state = sweeping("cfg=1,2", "seed=1");
        begin(&mut state, 1);
        finish(&mut state, 1);
        state.engine_stopped(None);
        state.apply(&Event::Cancelled { job: JobId(1) });
        assert_eq!(status(&state, 0), JobStatus::Finished);
    }

    #[test]
    fn each_saved_picture_should_belong_to_one_run() {
        let mut state = sweeping("cfg=2,2.0", "seed=1");
        for job in 1..=2 {
            begin(&mut state, job);
            finish(&mut state, job);
        }
        let sweeping = state.sweeping.as_mut().unwrap();
        let record = sweeping.cells[1].kept.as_ref().unwrap().record.clone();
        sweeping.saved(Path::new("a.png"), &record);
        sweeping.saved(Path::new("b.png"), &record);
        let paths = sweeping.cells.iter().map(|cell| cell.path.as_deref());
        assert!(paths.eq([Some(Path::new("a.png")), Some(Path::new("b.png"))]));
    }

    #[test]
    fn a_long_sweep_should_keep_the_newest_runs_whole_and_of_older_ones_what_is_seen() {
        const RUNS: usize = 40;
        let values: Vec<String> = (1..=RUNS).map(|value| value.to_string()).collect();
        let mut state = sweeping(&format!("cfg={}", values.join(",")), "seed=1");
        let plane = LatentPlane {
            channels: 4,
            height: 256,
            width: 256,
            values: vec![1.0; 4 << 16], // 1 MiB
        };
        let held = |state: &AppState| {
            let mut counted = BTreeSet::new();
            let steps = cells(state).iter().flat_map(CellRun::steps_held);
            let once = steps.filter(|step| counted.insert(Arc::as_ptr(step)));
            once.map(|step| step.size_bytes()).sum::<usize>()
        };
        for number in 0..RUNS {
            begin(&mut state, number as u64);
            let mut image = (*image(&cells(&state)[number].request)).clone();
            image.record.run_id = number.to_string();
            let trajectory = Arc::make_mut(&mut image.trajectory);
            for step in &mut trajectory.steps {
                let step = Arc::make_mut(step);
                (step.x, step.x0) = (plane.clone(), plane.clone());
                step.branches = Some(crate::job::Branches {
                    cond: plane.clone(),
                    uncond: Some(plane.clone()),
                });
            }
            let (job, record) = (JobId(number as u64), image.record.clone());
            state.apply(&Event::Image {
                job,
                image: Arc::new(image),
            });
            state.apply(&Event::Finished { job });
            let path = format!("{number}.png");
            state.sweeping.as_mut().unwrap().saved(Path::new(&path), &record);

            let run_bytes = 4 * STEPS as usize * (1 << 20);
            let of_estimates = (number + 1) * run_bytes / 4;
            assert!(
                held(&state) <= STEP_BUDGET + of_estimates,
                "{} bytes after {number}",
                held(&state)
            );
        }
        let is_whole: Vec<bool> = cells(&state).iter().map(|cell| cell.whole().is_some()).collect();
        let num_whole = STEP_BUDGET / (4 * STEPS as usize * (1 << 20));
        assert_eq!(is_whole.iter().filter(|is_whole| **is_whole).count(), num_whole);
        assert!(
            is_whole[RUNS - num_whole..].iter().all(|is_whole| *is_whole),
            "the newest"
        );
        for cell in cells(&state) {
            let steps = &cell.kept.as_ref().unwrap().trajectory.steps;
            assert_eq!(steps.len(), STEPS as usize);
            assert!(steps.iter().all(|step| step.x0 == plane), "its film can be shown");
        }
        let sweeping = state.sweeping.as_ref().unwrap();
        assert!(
            sweeping.branch_point(&sweeping.cells[0].request).is_none(),
            "no run begins from half a step"
        );
    }

    #[test]
    fn the_playhead_should_stay_on_the_steps_there_are() {
        let mut state = sweeping("steps=4,10", "seed=1");
        let sweeping = state.sweeping.as_mut().unwrap();
        sweeping.move_playhead(-1);
        assert_eq!(sweeping.playhead, Some(9));
        sweeping.set_playhead(0);
        sweeping.move_playhead(-1);
        assert_eq!(sweeping.playhead, Some(0));
        sweeping.set_playhead(10);
        assert_eq!(sweeping.playhead, None);
    }

    #[test]
    fn the_time_left_should_count_only_steps_that_will_be_computed() {
        let mut state = sweeping("cfg@8=1,9", "seed=1");
        let secs_left = |state: &AppState| state.sweeping.as_ref().unwrap().secs_left(&state.jobs);
        assert_eq!(secs_left(&state), None);
        begin(&mut state, 1);
        state.sweeping.as_mut().unwrap().cells[0].computed = ComputedSteps { secs: 20.0, count: 10 };
        finish(&mut state, 1);
        assert_eq!(secs_left(&state), Some(4.0), "two steps of two seconds");
    }
}
