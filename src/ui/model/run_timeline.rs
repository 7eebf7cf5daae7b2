//! The run on the canvas as an object, live or kept: what the timeline scrubs, the views draw and the plots plot.

use std::path::PathBuf;
use std::sync::Arc;

use super::notifications::Text;
use super::step_pictures::{Quality, StepPictures};
use crate::job::{
    Change, GenerateRequest, GeneratedImage, JobId, KeptRun, LatentColours, LatentPlane, Record, RgbImage, StepEvent,
    StepRecord, Trajectory,
};
use crate::unfold::StepView;

/// Where a run comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// The engine makes it, or has made it since the program started.
    Live(JobId),
    /// It was read from beside this picture.
    Kept(PathBuf),
}

/// How a step is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ViewPair {
    /// On the whole canvas, or its left half.
    pub first: StepView,
    /// On its right half, if there is one.
    pub second: Option<StepView>,
}

/// A run, step by step.
#[derive(Debug, Clone)]
pub struct RunTimeline {
    /// Where it comes from.
    pub source: Source,
    /// Place of its picture in the batch, from 0.
    pub image_index: u32,
    /// What was asked for, for this picture alone; changes made on the way are in [`Self::changes`] until the picture is
    /// finished.
    pub request: Arc<GenerateRequest>,
    /// How the picture was made, once it is finished.
    pub record: Option<Arc<Record>>,
    /// The steps there are, in order; a run that is thinned out has gaps.
    pub steps: Vec<Arc<StepRecord>>,
    /// Steps of the whole run.
    pub total: usize,
    /// Noise levels of the whole run, one more than there are steps; empty while they are not known.
    pub sigmas: Vec<f64>,
    /// Training timesteps of the whole run, one for each step; empty while they are not known.
    pub timesteps: Vec<f64>,
    /// What the steps' attention belongs to.
    pub tokens: Arc<[String]>,
    /// How its latents look without a decoder.
    pub colours: Option<Arc<LatentColours>>,
    /// The result, once it is there.
    pub final_latents: Option<Arc<LatentPlane>>,
    /// Everything that changes on the way, in the order of steps.
    pub changes: Vec<Arc<Change>>,
    /// What is missing, if the run was not kept as a whole.
    pub missing: Option<Text>,
    /// How its steps look.
    pub pictures: StepPictures,
}

impl RunTimeline {
    /// A run of which nothing is known but what was asked for.
    pub fn new(source: Source, request: Arc<GenerateRequest>) -> Self {
        Self {
            source,
            image_index: 0,
            total: request.steps as usize,
            changes: request.all_changes().into_iter().map(Arc::new).collect(),
            request,
            record: None,
            steps: Vec::new(),
            sigmas: Vec::new(),
            timesteps: Vec::new(),
            tokens: Arc::new([]),
            colours: None,
            final_latents: None,
            missing: None,
            pictures: StepPictures::default(),
        }
    }

    /// One picture of a job that has begun.
    ///
    /// * `request`: that of the job.
    /// * `image_index`: place in the batch, from 0.
    pub fn live(job: JobId, request: &Arc<GenerateRequest>, image_index: u32) -> Self {
        let request = if request.batch_count == 1 {
            Arc::clone(request)
        } else {
            let by = u64::from(image_index);
            let mut own = GenerateRequest::clone(request);
            own.seed = own.seed.wrapping_add(by);
            own.batch_count = 1;
            if let Some(variation) = &mut own.variation {
                variation.seed = variation.seed.wrapping_add(by);
            }
            Arc::new(own)
        };
        Self {
            image_index,
            ..Self::new(Source::Live(job), request)
        }
    }

    /// A run that was kept beside a picture.
    pub fn kept(path: PathBuf, record: Arc<Record>, trajectory: Trajectory) -> Self {
        let missing = missing_of(&record, &trajectory);
        let request = Arc::new(record.request.clone());
        let mut kept = Self {
            record: Some(record),
            missing,
            ..Self::new(Source::Kept(path), request)
        };
        if trajectory.seed == kept.request.seed {
            kept.take_trajectory(trajectory);
        }
        kept
    }

    /// The place of a step among [`Self::steps`].
    pub fn place_of(&self, index: usize) -> Option<usize> {
        self.steps.binary_search_by_key(&index, |step| step.index).ok()
    }

    /// The step that comes after the newest, counted as records do.
    pub fn next_index(&self) -> usize {
        self.steps.last().map_or(0, |step| step.index + 1)
    }

    /// What was asked for, with all that changed on the way.
    pub fn request_so_far(&self) -> GenerateRequest {
        if let Some(record) = &self.record {
            return record.request.clone();
        }
        GenerateRequest {
            changes: self.changes.iter().map(|change| Change::clone(change)).collect(),
            prompt_switches: Vec::new(), // they are among the changes
            ..GenerateRequest::clone(&self.request)
        }
    }

    /// Takes over the steps of the run that this one leaves, with how they look.
    pub fn grow_from(&mut self, parent: Self) {
        self.steps = parent.steps;
        self.pictures = parent.pictures;
        self.sigmas = parent.sigmas; // no change changes these
        self.timesteps = parent.timesteps;
        self.tokens = parent.tokens;
        self.colours = parent.colours;
    }

    /// The run up to a step that is no longer in it: where another one leaves it.
    #[must_use]
    pub fn parent_steps(&self, index: usize) -> Self {
        let mut parent = self.clone();
        parent.steps.retain(|record| record.index < index);
        parent.pictures.forget_from(index);
        parent
    }

    /// Takes in the picture of a step that was decoded, if the step is one of this run.
    pub(in crate::ui) fn take_decoded(&mut self, step: &Arc<StepRecord>, quality: Quality, picture: &Arc<RgbImage>) {
        if self.steps.iter().any(|known| Arc::ptr_eq(known, step)) {
            self.pictures.insert(step.index, quality, Arc::clone(picture));
        }
    }

    /// Takes in a step, in the place of one that was taken before.
    pub fn take_step(&mut self, event: &StepEvent) {
        let record = Arc::clone(&event.record);
        let index = record.index;
        self.total = (event.total as usize).max(index + 1);
        self.tokens = Arc::clone(&event.tokens);
        self.colours.clone_from(&event.colours);
        if let Some(preview) = &event.preview {
            self.pictures.insert_preview(index, self.total, Arc::clone(preview));
        }
        match self.steps.binary_search_by_key(&index, |step| step.index) {
            Ok(place) => self.steps[place] = record,
            Err(place) => self.steps.insert(place, record),
        }
    }

    /// Notes a change that was made while it ran.
    pub fn take_change(&mut self, change: Arc<Change>) {
        let place = self.changes.partition_point(|other| other.step <= change.step);
        self.changes.insert(place, change);
    }

    /// Forgets the steps from one on, and what was changed after it without being planned.
    pub fn go_back(&mut self, step: u32) {
        let planned = self.request.all_changes();
        self.steps.retain(|record| record.index < step as usize);
        self.changes
            .retain(|change| change.step <= step || planned.contains(change));
        self.pictures.forget_from(step as usize);
    }

    /// The picture is finished: now all is known, also of steps that were not told.
    pub fn take_image(&mut self, image: &GeneratedImage) {
        let all = &image.trajectory;
        for record in &all.steps {
            if let Err(place) = self.steps.binary_search_by_key(&record.index, |step| step.index) {
                self.steps.insert(place, Arc::clone(record));
            }
        }
        self.record = Some(Arc::new(image.record.clone()));
        let changes = image.record.request.all_changes().into_iter();
        self.changes = changes.map(Arc::new).collect();
        self.take_rest(Trajectory {
            seed: all.seed,
            sigmas: all.sigmas.clone(),
            timesteps: all.timesteps.clone(),
            steps: Vec::new(),
            final_latents: all.final_latents.clone(),
            tokens: all.tokens.clone(),
            colours: all.colours.clone(),
        });
    }

    fn take_trajectory(&mut self, mut trajectory: Trajectory) {
        let steps = std::mem::take(&mut trajectory.steps);
        self.steps = steps;
        self.steps.sort_by_key(|step| step.index);
        self.take_rest(trajectory);
    }

    fn take_rest(&mut self, trajectory: Trajectory) {
        self.total = trajectory.timesteps.len().max(self.next_index());
        self.sigmas = trajectory.sigmas;
        self.timesteps = trajectory.timesteps;
        self.tokens = trajectory.tokens.into();
        self.colours = trajectory.colours.map(Arc::new).or_else(|| self.colours.take());
        self.final_latents = Some(Arc::new(trajectory.final_latents));
    }

    /// The run up to a step, as another one may take it up; `None` if the step is not there.
    ///
    /// * `index`: the last step that is in it, counted as records do.
    pub fn kept_run(&self, index: usize) -> Option<KeptRun> {
        let place = self.place_of(index)?;
        let steps = self.steps[..=place].to_vec();
        let request = self.request_so_far();
        let is_known = !self.sigmas.is_empty();
        let sigmas = self.steps.iter().map(|step| step.sigma);
        let timesteps = self.steps.iter().map(|step| step.timestep);
        Some(KeptRun {
            trajectory: Arc::new(Trajectory {
                seed: request.seed,
                sigmas: if is_known {
                    self.sigmas.clone()
                } else {
                    sigmas.collect()
                },
                timesteps: if is_known {
                    self.timesteps.clone()
                } else {
                    timesteps.collect()
                },
                final_latents: self.steps[place].x0.clone(),
                tokens: self.tokens.to_vec(),
                colours: self.colours.as_deref().cloned(),
                steps,
            }),
            record: self.record.as_deref().cloned().unwrap_or_else(|| Record::of(request)),
        })
    }
}

/// What a kept trajectory lacks, in a sentence.
fn missing_of(record: &Record, trajectory: &Trajectory) -> Option<Text> {
    if trajectory.seed != record.request.seed {
        return Some(Text::key("run-steps-foreign"));
    }
    let mut indices: Vec<usize> = trajectory.steps.iter().map(|step| step.index).collect();
    indices.sort_unstable();
    let (Some(first), Some(last)) = (indices.first(), indices.last()) else {
        return Some(Text::key("run-steps-none"));
    };
    let whole = last - first + 1;
    (indices.len() < whole).then(|| {
        let counts = [("kept", indices.len().to_string()), ("total", whole.to_string())];
        Text::new("run-steps-gaps", counts)
    })
}
