//! Many runs that are made together: what is to be run next, and what of each is seen. A pure function of the events that
//! were told.

use std::path::Path;
use std::sync::Arc;

use super::sweep_cell::{CellRun, CellStatus};
use crate::job::{
    Event, GenerateRequest, JobError, JobId, JobOptions, KeptRun, Record, Sweep, SweepError, longest_start,
};

/// Bytes of all previews that are kept, and of all finished pictures.
const PICTURE_BUDGET: usize = 192 << 20;
/// Longest side of a picture that is kept, in pixels.
const MAX_SIDE_PX: u32 = 1024;
/// How many runs back one looks to guess how many steps will be shared.
const GUESS_WINDOW: usize = 32;

/// A sweep on its way or over.
#[derive(Debug, Clone)]
pub struct Sweeping {
    /// What differs.
    pub sweep: Sweep,
    /// How its runs are carried out.
    pub options: JobOptions,
    /// Its runs, in the order they are made.
    pub cells: Vec<CellRun>,
    /// Which sheet is shown.
    pub sheet: usize,
    /// The step of all runs that is shown, from 0; `None` is the newest of each.
    pub playhead: Option<usize>,
    /// Whether it stands on the canvas.
    pub is_shown: bool,
    /// Whether no more runs shall begin.
    pub is_stopped: bool,
    /// How many steps each run is likely to take from another.
    likely_shared: Vec<u32>,
}

/// What is to be handed to the engine.
#[derive(Debug, Clone)]
pub struct NextRun {
    /// Its place among the cells.
    pub cell: usize,
    /// What makes it.
    pub request: Arc<GenerateRequest>,
    /// The run whose first steps are the same, and how many.
    pub start: Option<(Arc<KeptRun>, u32)>,
}

impl Sweeping {
    /// A sweep, nothing of which is made yet.
    ///
    /// # Errors
    /// [`SweepError`]: one of its runs cannot be carried out.
    pub fn new(sweep: Sweep, options: JobOptions) -> Result<Self, SweepError> {
        let cells: Vec<CellRun> = sweep
            .cells()?
            .into_iter()
            .map(|cell| CellRun::new(cell.place, cell.request))
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
            options,
            cells,
            sheet: 0,
            playhead: None,
            is_shown: true,
            is_stopped: false,
            likely_shared,
        })
    }

    /// The run to begin now: one at a time, so that each can take its first steps from those before.
    pub fn next(&self) -> Option<NextRun> {
        if self.is_stopped || self.running().is_some() {
            return None;
        }
        let index = self.cells.iter().position(|cell| cell.status == CellStatus::Waiting)?;
        let request = Arc::clone(&self.cells[index].request);
        let kept = || self.cells.iter().filter_map(|cell| cell.kept.as_ref());
        let precision = kept().next().map_or("", |kept| kept.record.precision.as_str());
        Some(NextRun {
            cell: index,
            start: longest_start(kept(), &request, precision),
            request,
        })
    }

    /// Notes that a run was handed to the engine.
    pub fn submitted(&mut self, next: NextRun, job: JobId) {
        let donor = next.start.as_ref().and_then(|(kept, _)| {
            let of = |cell: &&CellRun| cell.kept.as_ref().is_some_and(|other| Arc::ptr_eq(other, kept));
            self.cells.iter().find(of).map(|cell| cell.previews().clone())
        });
        if let Some(cell) = self.cells.get_mut(next.cell) {
            cell.begin(next.start, donor);
            cell.status = CellStatus::Running;
            cell.job = Some(job);
        }
    }

    /// Notes that a run could not be handed to the engine.
    pub fn refused(&mut self, cell: usize, error: Arc<JobError>) {
        if let Some(cell) = self.cells.get_mut(cell) {
            cell.status = CellStatus::Failed(error);
        }
    }

    /// Begins no more runs.
    pub fn stop(&mut self) {
        self.is_stopped = true;
        for cell in &mut self.cells {
            if cell.status == CellStatus::Waiting {
                cell.status = CellStatus::Stopped;
            }
        }
    }

    /// The engine has ended, and with it the run at work.
    pub fn engine_stopped(&mut self) {
        self.stop();
        if let Some(cell) = self.cells.iter_mut().find(|cell| cell.status == CellStatus::Running) {
            cell.status = CellStatus::Stopped;
        }
    }

    /// Takes in one event of the engine.
    pub fn apply(&mut self, event: &Event) {
        let (job, status) = match event {
            Event::Step(step) => {
                let side_px = self.side_px(self.num_steps());
                if let Some(cell) = self.cell_of(step.job) {
                    cell.take_step(step, side_px);
                }
                return;
            }
            Event::Image { job, image } => {
                let side_px = self.side_px(1);
                if let Some(cell) = self.cell_of(*job) {
                    cell.take_image(image, side_px);
                }
                return;
            }
            Event::Finished { job } => (*job, CellStatus::Finished),
            Event::Cancelled { job } => (*job, CellStatus::Stopped),
            Event::Failed { job, error } => (*job, CellStatus::Failed(Arc::clone(error))),
            _ => return,
        };
        if let Some(cell) = self.cell_of(job) {
            cell.status = status;
        }
    }

    /// Notes where a picture was saved.
    pub fn saved(&mut self, path: &Path, record: &Record) {
        let is_its = |cell: &&mut CellRun| cell.kept.as_ref().is_some_and(|kept| kept.record == *record);
        let mut unsaved = self.cells.iter_mut().filter(|cell| cell.path.is_none());
        if let Some(cell) = unsaved.find(is_its) {
            cell.path = Some(path.to_owned());
        }
    }

    /// The job at work for it.
    pub fn running(&self) -> Option<JobId> {
        let running = self.cells.iter().find(|cell| cell.status == CellStatus::Running);
        running.and_then(|cell| cell.job)
    }

    /// Whether nothing more will come.
    pub fn has_ended(&self) -> bool {
        let is_open = |cell: &CellRun| matches!(cell.status, CellStatus::Waiting | CellStatus::Running);
        !self.cells.iter().any(is_open)
    }

    /// How many runs have a picture.
    pub fn num_finished(&self) -> usize {
        self.cells
            .iter()
            .filter(|cell| cell.status == CellStatus::Finished)
            .count()
    }

    /// How many runs could not be done.
    pub fn num_failed(&self) -> usize {
        let is_failed = |cell: &&CellRun| matches!(cell.status, CellStatus::Failed(_));
        self.cells.iter().filter(is_failed).count()
    }

    /// Most steps of a run.
    pub fn num_steps(&self) -> usize {
        let steps = self.cells.iter().map(|cell| cell.total as usize);
        steps.max().unwrap_or_default()
    }

    /// Wall time until all is made, in seconds; `None` before the first step.
    pub fn secs_left(&self) -> Option<f64> {
        let (secs, count) = self.cells.iter().fold((0.0, 0), |(secs, count), cell| {
            (secs + cell.computed.0, count + cell.computed.1)
        });
        let left = self.cells.iter().zip(&self.likely_shared).map(|(cell, shared)| {
            f64::from(match cell.status {
                CellStatus::Waiting => cell.total.saturating_sub(*shared),
                CellStatus::Running => cell.total.saturating_sub(cell.num_done()),
                _ => 0,
            })
        });
        (count > 0).then(|| secs / f64::from(count) * left.sum::<f64>())
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

    fn cell_of(&mut self, job: JobId) -> Option<&mut CellRun> {
        // Another engine counts its jobs from 1 again.
        let is_its = |cell: &&mut CellRun| cell.status == CellStatus::Running && cell.job == Some(job);
        self.cells.iter_mut().find(is_its)
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
    use crate::job::{GeneratedImage, JobErrorKind, LatentPlane, RgbImage, StepRecord, Trajectory};

    const STEPS: u32 = 10;

    fn sweeping(x: &str, y: &str) -> Sweeping {
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
        Sweeping::new(sweep, JobOptions::default()).unwrap()
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
            pixels: Arc::new(RgbImage {
                width_px: 1,
                height_px: 1,
                pixels: vec![0; 3],
            }),
            record: Record {
                precision: "f32".to_owned(),
                ..Record::of(request.clone())
            },
            trajectory: Arc::new(Trajectory {
                seed: 0,
                sigmas: Vec::new(),
                timesteps: Vec::new(),
                steps: steps.map(Arc::new).collect(),
                final_latents: plane.clone(),
                tokens: Vec::new(),
                colours: None,
            }),
        })
    }

    /// Begins the next run as this job; its place, and how many steps it takes from which column and row.
    fn begin(sweeping: &mut Sweeping, job: u64) -> Option<([usize; 2], u32)> {
        let next = sweeping.next()?;
        let place = sweeping.cells[next.cell].place;
        let shared = next.start.as_ref().map_or(0, |(_, step)| *step);
        sweeping.submitted(next, JobId(job));
        assert!(sweeping.next().is_none(), "one at a time");
        Some(([place[0], place[1]], shared))
    }

    fn finish(sweeping: &mut Sweeping, job: u64) {
        let job = JobId(job);
        let cell = sweeping.cells.iter().find(|cell| cell.job == Some(job)).unwrap();
        let image = image(&cell.request);
        sweeping.apply(&Event::Image { job, image });
        sweeping.apply(&Event::Finished { job });
    }

    #[test]
    fn runs_should_take_their_first_steps_from_those_before() {
        let mut sweeping = sweeping("cfg@8=1,9", "rescale=0,1");
        let mut order = Vec::new();
        for job in 1.. {
            let Some(begun) = begin(&mut sweeping, job) else {
                break;
            };
            order.push(begun);
            finish(&mut sweeping, job);
        }
        assert_eq!(order, [([0, 0], 0), ([1, 0], 8), ([0, 1], 0), ([1, 1], 8)]);
        assert!(sweeping.has_ended());
        assert_eq!(sweeping.num_finished(), 4);
    }

    #[test]
    fn a_failed_run_should_not_keep_the_others_from_going_on() {
        let mut sweeping = sweeping("cfg@8=1,9", "seed=1");
        begin(&mut sweeping, 1);
        let error = Arc::new(JobError::new(
            JobErrorKind::NotFinite,
            "the numbers ran away".to_owned(),
        ));
        sweeping.apply(&Event::Failed {
            job: JobId(1),
            error: Arc::clone(&error),
        });
        assert_eq!(begin(&mut sweeping, 2), Some(([1, 0], 0)), "there is nothing to share");
        finish(&mut sweeping, 2);
        assert_eq!(sweeping.cells[0].status, CellStatus::Failed(error));
        assert_eq!((sweeping.num_finished(), sweeping.num_failed()), (1, 1));
        assert!(sweeping.has_ended());
    }

    #[test]
    fn nothing_should_begin_after_it_was_stopped() {
        let mut sweeping = sweeping("cfg=1,2,3", "seed=1");
        begin(&mut sweeping, 1);
        sweeping.stop();
        assert!(!sweeping.has_ended(), "the run at work has not ended yet");
        sweeping.apply(&Event::Cancelled { job: JobId(1) });
        assert!(sweeping.has_ended() && sweeping.next().is_none());
        let statuses = sweeping.cells.iter().map(|cell| &cell.status);
        assert!(statuses.eq([&CellStatus::Stopped; 3]));
    }

    #[test]
    fn what_another_engine_says_should_not_change_runs_that_are_over() {
        let mut sweeping = sweeping("cfg=1,2", "seed=1");
        begin(&mut sweeping, 1);
        finish(&mut sweeping, 1);
        sweeping.engine_stopped();
        sweeping.apply(&Event::Cancelled { job: JobId(1) });
        assert_eq!(sweeping.cells[0].status, CellStatus::Finished);
    }

    #[test]
    fn each_saved_picture_should_belong_to_one_run() {
        let mut sweeping = sweeping("cfg=2,2.0", "seed=1");
        for job in 1..=2 {
            begin(&mut sweeping, job);
            finish(&mut sweeping, job);
        }
        let record = sweeping.cells[1].kept.as_ref().unwrap().record.clone();
        sweeping.saved(Path::new("a.png"), &record);
        sweeping.saved(Path::new("b.png"), &record);
        let paths = sweeping.cells.iter().map(|cell| cell.path.as_deref());
        assert!(paths.eq([Some(Path::new("a.png")), Some(Path::new("b.png"))]));
    }

    #[test]
    fn the_playhead_should_stay_on_the_steps_there_are() {
        let mut sweeping = sweeping("steps=4,10", "seed=1");
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
        let mut sweeping = sweeping("cfg@8=1,9", "seed=1");
        assert_eq!(sweeping.secs_left(), None);
        begin(&mut sweeping, 1);
        sweeping.cells[0].computed = (20.0, 10);
        finish(&mut sweeping, 1);
        assert_eq!(sweeping.secs_left(), Some(4.0), "two steps of two seconds");
    }
}
