//! What the page knows: the pictures, how they are compared, and where in their runs it looks.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::compared::{Alike, Awaited, Compared, Shown};
use super::measure::Measuring;
use crate::gallery::{IndexEvent, SaveEvent};
use crate::job::Parting;
use crate::ui::commands::CompareMode;
use crate::ui::model::camera::Camera;
use crate::ui::model::divider::Divider;
use crate::ui::model::notifications::Text;
use crate::ui::model::run_timeline::RunTimeline;
use crate::ui::model::step_pictures::Quality;

/// Most pictures that are held against each other.
pub const MAX_PICTURES: usize = 9;
/// How often blinking pictures change at first, in seconds.
const BLINK_SECS: f64 = 0.7;
/// What differences are multiplied by at first.
const GAIN: f32 = 4.0;

/// What the page knows.
#[derive(Debug)]
pub struct CompareState {
    /// The pictures, in the order they came.
    pub pictures: Vec<Compared>,
    /// The one that the others are held against, by its place.
    pub first: usize,
    /// The one that is held against it.
    pub second: usize,
    /// How.
    pub mode: CompareMode,
    /// Where the slider divides.
    pub divider: Divider,
    /// What differences are multiplied by before they become heat.
    pub gain: f32,
    /// How long each of two blinking pictures is shown, in seconds.
    pub blink_secs: f64,
    /// Whether pictures blink by themselves, if the user said.
    pub blinks: Option<bool>,
    /// Whether the second of two blinking pictures is shown.
    pub is_second_shown: bool,
    /// Where on all of them the page looks.
    pub camera: Camera,
    /// The step at which all runs are shown, from 0; `None` shows the finished pictures.
    pub playhead: Option<usize>,
    /// Whether the playhead moves by itself.
    pub is_playing: bool,
    /// Since when the playhead, or one of two blinking pictures, stands as it does, by the clock of the window.
    pub(super) moved_at: Option<f64>,
    /// Since when the playhead rests, and what of its steps has been decoded since.
    pub(super) rest: Rest,
    pub(super) measuring: Measuring,
}

/// A playhead that rests.
#[derive(Debug, Default)]
pub(super) struct Rest {
    /// Where, and since when by the clock of the window, in seconds.
    pub(super) at: Option<(usize, f64)>,
    /// Pictures whose steps were asked for since.
    pub(super) tried: Vec<(PathBuf, Quality)>,
}

impl Default for CompareState {
    fn default() -> Self {
        Self {
            pictures: Vec::new(),
            first: 0,
            second: 0,
            mode: CompareMode::default(),
            divider: Divider::default(),
            gain: GAIN,
            blink_secs: BLINK_SECS,
            blinks: None,
            is_second_shown: false,
            camera: Camera::default(),
            playhead: None,
            is_playing: false,
            moved_at: None,
            rest: Rest::default(),
            measuring: Measuring::default(),
        }
    }
}

impl CompareState {
    /// Takes in what was read of a picture that is waited for.
    pub(super) fn take_saved(&mut self, event: &SaveEvent) {
        let (path, awaited) = match event {
            SaveEvent::Opened { path, .. } | SaveEvent::OpenFailed { path, .. } => (path, Awaited::Picture),
            SaveEvent::TrajectoryOpened { path, .. } | SaveEvent::TrajectoryMissing { path, .. } => {
                (path, Awaited::Steps)
            }
            _ => return,
        };
        let mut all = self.pictures.iter_mut();
        let Some(picture) = all.find(|picture| picture.path == *path && picture.awaited == awaited) else {
            return;
        };
        picture.awaited = Awaited::Nothing;
        match event {
            SaveEvent::Opened { pixels, record, .. } => {
                picture.pixels = Some(Arc::clone(pixels));
                picture.record.clone_from(record);
                picture.awaited = Awaited::Steps;
            }
            SaveEvent::OpenFailed { message, .. } => picture.failure = Some(message.clone()),
            SaveEvent::TrajectoryOpened {
                path,
                record,
                trajectory,
            } => {
                let kept = RunTimeline::kept(path.clone(), Arc::clone(record), (**trajectory).clone());
                picture.timeline = Some(kept).filter(|kept| !kept.steps.is_empty());
                if let Some(place) = self.playhead {
                    self.show_step(Some(place));
                }
            }
            _ => {}
        }
    }

    /// Whether a picture is still to be read.
    pub(in crate::ui) fn is_reading(&self, path: &Path) -> bool {
        let mut reading = self
            .pictures
            .iter()
            .filter(|picture| picture.awaited == Awaited::Picture);
        reading.any(|picture| picture.path == *path)
    }

    /// Takes in what the index service says of the pictures.
    pub(super) fn take_library(&mut self, event: &IndexEvent) {
        let entries = match event {
            IndexEvent::Entries { entries, .. } | IndexEvent::Changed(entries) => entries,
            IndexEvent::ContentChanged | IndexEvent::Scanned { .. } => {
                // Those that were not known may be now.
                for picture in self.pictures.iter_mut().filter(|picture| picture.entry.is_none()) {
                    picture.is_sought = false;
                }
                return;
            }
            _ => return,
        };
        for entry in entries {
            for picture in self.pictures.iter_mut().filter(|picture| picture.path == entry.path) {
                picture.entry = Some(Arc::clone(entry));
            }
        }
    }

    /// Every run, to be given pictures of its steps.
    pub(super) fn timelines_mut(&mut self) -> impl Iterator<Item = &mut RunTimeline> {
        self.pictures.iter_mut().filter_map(|picture| picture.timeline.as_mut())
    }

    /// The place of a picture.
    pub fn place_of(&self, path: &Path) -> Option<usize> {
        self.pictures.iter().position(|picture| picture.path == *path)
    }

    /// Steps of the longest run; 0 if none was kept.
    pub fn num_steps(&self) -> usize {
        let runs = self.pictures.iter().filter_map(|picture| picture.timeline.as_ref());
        runs.map(|run| run.total).max().unwrap_or_default()
    }

    /// What there is to see of a picture now.
    pub fn shown(&self, place: usize) -> Option<Shown> {
        let picture = self.pictures.get(place)?;
        let pixels = picture.pixels.as_ref()?;
        let step = self.playhead.and_then(|at| picture.step_at(at));
        let of_step = step.and_then(|step| picture.timeline.as_ref()?.pictures.best(step.index));
        Some(Shown {
            picture_px: egui::vec2(pixels.width_px as f32, pixels.height_px as f32),
            image: Arc::clone(of_step.unwrap_or(pixels)),
        })
    }

    /// Both of the pair, if both can be seen.
    pub fn pair(&self) -> Option<[Shown; 2]> {
        let is_pair = self.first != self.second;
        is_pair.then(|| Some([self.shown(self.first)?, self.shown(self.second)?]))?
    }

    /// How much the pair is alike as it is shown.
    pub fn similarity(&self) -> Alike {
        let pair = self.pair();
        pair.map_or(Alike::NotYet, |[a, b]| self.measuring.similarity([&a.image, &b.image]))
    }

    /// From which step on a picture leaves the run of the first; `None` while that is not known, and where not both were
    /// kept.
    pub fn parting(&self, place: usize) -> Option<Parting> {
        self.measuring.parting(&self.pictures.get(place)?.path)
    }

    /// How the runs that were kept part, in a sentence; `None` while that is not known.
    pub fn parting_text(&self) -> Option<Text> {
        let others = (0..self.pictures.len()).filter(|place| *place != self.first);
        let partings: Vec<Parting> = others.filter_map(|place| self.parting(place)).collect();
        let number = partings.len();
        let all = partings.into_iter().reduce(Parting::first)?;
        Some(match all {
            Parting::From(step) if number == 1 => Text::new("compare-part-from", [("step", (step + 1).to_string())]),
            Parting::From(step) => Text::new("compare-first-part-from", [("step", (step + 1).to_string())]),
            Parting::Never => Text::key("compare-part-never"),
            Parting::Unknown => Text::key("compare-part-unknown"),
        })
    }

    /// Shows all runs at a step; past the last, and without one, the finished pictures.
    pub fn show_step(&mut self, place: Option<usize>) {
        self.playhead = place.filter(|place| *place < self.num_steps());
        let Some(at) = self.playhead else {
            return;
        };
        for picture in &mut self.pictures {
            let step = picture.step_at(at).cloned();
            if let (Some(step), Some(timeline)) = (step, &mut picture.timeline) {
                let colours = timeline.colours.as_deref();
                timeline.pictures.look_at(step.index, &step.x0, colours);
            }
        }
    }

    /// Moves the playhead by so many steps.
    pub fn move_step(&mut self, by: isize) {
        let here = self.playhead.unwrap_or_else(|| self.num_steps());
        self.show_step(Some(here.saturating_add_signed(by)));
    }

    /// Keeps the pair among the pictures, of two if there are two.
    pub(super) fn tidy_pair(&mut self) {
        let num = self.pictures.len();
        self.first = self.first.min(num.saturating_sub(1));
        self.second = self.second.min(num.saturating_sub(1));
        if self.first == self.second && num > 1 {
            self.second = usize::from(self.first == 0);
        }
    }
}
