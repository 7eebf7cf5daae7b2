//! One run of a sweep: how far it is, and what is seen of it at a step.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use crate::job::{
    GenerateRequest, GeneratedImage, KeptRun, LatentColours, LatentPlane, RgbImage, StepEvent, StepRecord, Trajectory,
};
use crate::ui::model::jobs::QueueId;
use crate::ui::model::run::ComputedSteps;

/// Shortest side of a preview that is kept; below it the latents show as much.
const MIN_PREVIEW_PX: u32 = 64;

/// What is seen of a run at a step.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Seen<'a> {
    /// A picture.
    Picture(&'a Arc<RgbImage>),
    /// The estimate of the clean latents, and how they look without a decoder.
    Latents(&'a StepRecord, &'a LatentColours),
}

/// One run of a sweep.
#[derive(Debug, Clone)]
pub struct CellRun {
    /// Its column, row and sheet.
    pub place: [usize; 3],
    /// What makes it.
    pub request: Arc<GenerateRequest>,
    /// Its job, which says how far it is.
    pub job: QueueId,
    /// The run that its first steps are taken from, and how many.
    pub start: Option<(Arc<KeptRun>, u32)>,
    /// The whole run, once its picture is made.
    pub kept: Option<Arc<KeptRun>>,
    /// The finished picture, at its size or smaller.
    pub image: Option<Arc<RgbImage>>,
    /// Where the picture is saved, once it is.
    pub path: Option<PathBuf>,
    /// Steps of the run.
    pub total: u32,
    /// How long the steps took that were computed.
    pub(in crate::ui) computed: ComputedSteps,
    /// The steps that arrived, in order, until the whole run is there.
    steps: Vec<Arc<StepRecord>>,
    colours: Option<Arc<LatentColours>>,
    /// Pictures that came with steps.
    previews: BTreeMap<usize, Arc<RgbImage>>,
    /// Whether [`Self::kept`] has only what is seen of its steps.
    is_light: bool,
}

impl CellRun {
    pub(in crate::ui) fn new(place: [usize; 3], request: Arc<GenerateRequest>, job: QueueId) -> Self {
        Self {
            place,
            total: request.steps,
            request,
            job,
            start: None,
            kept: None,
            image: None,
            path: None,
            computed: ComputedSteps::default(),
            steps: Vec::new(),
            colours: None,
            previews: BTreeMap::new(),
            is_light: false,
        }
    }

    /// Its run, if another one may take its first steps.
    pub(in crate::ui) fn whole(&self) -> Option<&Arc<KeptRun>> {
        self.kept.as_ref().filter(|_| !self.is_light)
    }

    /// All steps that it keeps in memory, those that it was given among them; shared ones come more than once.
    pub(in crate::ui) fn steps_held(&self) -> impl Iterator<Item = &Arc<StepRecord>> {
        let given = self.start.iter().map(|(kept, _)| kept);
        let runs = self.kept.iter().chain(given);
        runs.flat_map(|run| &run.trajectory.steps).chain(&self.steps)
    }

    /// Lets go of what only other runs need, such as the noisy latents: the run is in its file, and from now on it shows
    /// its estimates alone.
    pub(in crate::ui) fn lighten(&mut self) {
        let Some(kept) = self.kept.as_ref().filter(|_| !self.is_light) else {
            return;
        };
        let estimate = |step: &Arc<StepRecord>| {
            Arc::new(StepRecord {
                x: LatentPlane::default(),
                x0: step.x0.clone(),
                branches: None,
                attention: Vec::new(),
                ..**step
            })
        };
        let all = &kept.trajectory;
        let trajectory = Trajectory {
            seed: all.seed,
            sigmas: all.sigmas.clone(),
            timesteps: all.timesteps.clone(),
            steps: all.steps.iter().map(estimate).collect(),
            colours: all.colours.clone(),
            ..Trajectory::default()
        };
        self.kept = Some(Arc::new(KeptRun {
            record: kept.record.clone(),
            trajectory: Arc::new(trajectory),
        }));
        self.start = None;
        self.is_light = true;
    }

    /// Takes over the pictures of the steps that are taken from another run.
    pub(in crate::ui) fn begin(
        &mut self,
        start: Option<(Arc<KeptRun>, u32)>,
        donor: Option<BTreeMap<usize, Arc<RgbImage>>>,
    ) {
        if let Some((_, step)) = &start {
            self.previews = donor.unwrap_or_default();
            self.previews.retain(|index, _| *index < *step as usize);
        }
        self.start = start;
    }

    pub(in crate::ui) fn previews(&self) -> &BTreeMap<usize, Arc<RgbImage>> {
        &self.previews
    }

    /// * `side_px`: the longest side of the preview that is kept.
    pub(in crate::ui) fn take_step(&mut self, event: &StepEvent, side_px: u32) {
        let index = event.record.index;
        // A run that went back takes its steps again.
        self.steps.retain(|step| step.index < index);
        self.previews.retain(|other, _| *other < index);
        self.steps.push(Arc::clone(&event.record));
        self.total = event.total;
        self.colours = event.colours.clone().or_else(|| self.colours.take());
        self.computed.add(event.into());
        let is_too_small = side_px < MIN_PREVIEW_PX && self.colours.is_some();
        if let Some(preview) = event.preview.as_ref().filter(|_| !is_too_small) {
            self.previews.insert(index, preview.shrunk(side_px));
        }
    }

    pub(in crate::ui) fn take_image(&mut self, image: &GeneratedImage, side_px: u32) {
        self.image = Some(Arc::clone(&image.pixels).shrunk(side_px));
        self.kept = Some(Arc::new(KeptRun {
            record: image.record.clone(),
            trajectory: Arc::clone(&image.trajectory),
        }));
        self.steps = Vec::new();
    }

    /// Steps that are there, those taken from another run included.
    pub fn num_done(&self) -> u32 {
        if self.kept.is_some() {
            return self.total;
        }
        let taken = self.start.as_ref().map_or(0, |(_, step)| *step);
        self.steps
            .last()
            .map_or(taken, |step| step.index as u32 + 1)
            .min(self.total)
    }

    /// What is seen at a step, from 0; the last there is before one that is not there. `None` as the step is the newest
    /// thing there is.
    pub fn seen(&self, playhead: Option<usize>) -> Option<Seen<'_>> {
        let playhead = playhead.filter(|step| *step < self.total as usize);
        if let (Some(image), None) = (&self.image, playhead) {
            return Some(Seen::Picture(image));
        }
        let wanted = playhead.unwrap_or(usize::MAX);
        let step = self.step_until(wanted)?;
        if let Some(preview) = self.previews.get(&step.index) {
            return Some(Seen::Picture(preview));
        }
        let kept = self.kept.as_ref().and_then(|kept| kept.trajectory.colours.as_ref());
        let taken = self
            .start
            .as_ref()
            .and_then(|(kept, _)| kept.trajectory.colours.as_ref());
        let colours = kept.or(self.colours.as_deref()).or(taken)?;
        Some(Seen::Latents(step, colours))
    }

    /// The last step not after `wanted`, else the first there is.
    fn step_until(&self, wanted: usize) -> Option<&StepRecord> {
        if let Some(kept) = &self.kept {
            let steps = &kept.trajectory.steps;
            let found = steps.iter().rev().find(|step| step.index <= wanted);
            return found.or_else(|| steps.first()).map(AsRef::as_ref);
        }
        let own = self.steps.iter().rev().find(|step| step.index <= wanted);
        if let Some(own) = own {
            return Some(own);
        }
        let taken = self.start.as_ref().and_then(|(kept, end)| {
            let steps = &kept.trajectory.steps;
            let last = wanted.min((*end as usize).checked_sub(1)?);
            steps.iter().rev().find(|step| step.index <= last).map(AsRef::as_ref)
        });
        taken.or_else(|| self.steps.first().map(|step| &**step))
    }
}
