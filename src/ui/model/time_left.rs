//! How long jobs will take.

use super::jobs::Job;
use super::state::AppState;

/// How long all jobs will take.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct TimeLeft {
    /// Wall time of those whose time is known, in seconds.
    pub secs: f64,
    /// Jobs whose time is not known.
    pub num_unknown: usize,
}

impl AppState {
    /// Wall time until a job of the queue is done once it is its turn, in seconds.
    pub fn job_secs_left(&self, job: &Job) -> Option<f64> {
        let (times, request) = (&self.step_times, &job.order.request);
        let run = self
            .run
            .as_ref()
            .filter(|run| run.id == job.id && job.status.is_at_work());
        let Some(run) = run else {
            return times.secs(request);
        };
        let step_secs = run.computed.mean_secs().or_else(|| times.step_secs(request))?;
        let taken = run.step.unwrap_or_default();
        let pictures_left = request.batch_count.saturating_sub(run.image_index + 1);
        let steps_left = f64::from(run.total.saturating_sub(taken)) + f64::from(run.total) * f64::from(pictures_left);
        Some(step_secs * steps_left)
    }

    /// Wall time until the queue is empty.
    pub fn queue_time_left(&self) -> TimeLeft {
        let each = self.jobs.jobs().iter().map(|job| self.job_secs_left(job));
        each.fold(TimeLeft::default(), |left, secs| match secs {
            Some(secs) => TimeLeft {
                secs: left.secs + secs,
                ..left
            },
            None => TimeLeft {
                num_unknown: left.num_unknown + 1,
                ..left
            },
        })
    }
}
