//! What each command of the page does.

use std::path::{Path, PathBuf};

use super::measure::{KeptSteps, Measure};
use super::{Alike, ComparePage, CompareState, Compared, MAX_PICTURES};
use crate::gallery::{IndexRequest, MetadataChange};
use crate::ui::commands::{CompareCommand, CompareMode, PageId};
use crate::ui::model::camera::Camera;
use crate::ui::model::notifications::{Level, Text};
use crate::ui::model::state::file_name;
use crate::ui::page::PageContext;

/// By how much one press turns the line of the slider, in degrees.
const TURN_DEGREES: f32 = 45.0;
/// How long one of two blinking pictures may be shown, in seconds.
pub(super) const BLINK_SECS: std::ops::RangeInclusive<f64> = 0.2..=5.0;
/// What differences may be multiplied by.
pub(super) const GAINS: std::ops::RangeInclusive<f32> = 1.0..=64.0;

impl ComparePage {
    /// Does what the page was asked for. Returns at once.
    pub(super) fn carry_out(&mut self, command: CompareCommand, ctx: &mut PageContext<'_>) {
        let page = &mut self.state;
        match command {
            CompareCommand::Remove(path) => page.remove(&path),
            CompareCommand::RemoveSecond => {
                if let Some(second) = page.pictures.get(page.second) {
                    let path = second.path.clone();
                    page.remove(&path);
                }
            }
            CompareCommand::Clear => page.clear(),
            CompareCommand::Swap => std::mem::swap(&mut page.first, &mut page.second),
            CompareCommand::SetFirst(place) => page.choose(place, true),
            CompareCommand::SetSecond(place) => page.choose(place, false),
            CompareCommand::NextPicture => page.choose_next(1),
            CompareCommand::PreviousPicture => page.choose_next(-1),
            CompareCommand::SetMode(mode) => page.set_mode(mode),
            CompareCommand::NextMode => {
                let here = CompareMode::ALL
                    .iter()
                    .position(|mode| *mode == page.mode)
                    .unwrap_or_default();
                page.set_mode(CompareMode::ALL[(here + 1) % CompareMode::ALL.len()]);
            }
            CompareCommand::SetDivider(divider) => {
                page.divider = divider.moved(divider.through).turned(divider.degrees);
            }
            CompareCommand::Turn => {
                let eighths = (page.divider.degrees / TURN_DEGREES).floor() + 1.0;
                page.divider = page.divider.turned(eighths * TURN_DEGREES);
            }
            CompareCommand::SetGain(gain) => page.gain = gain.clamp(*GAINS.start(), *GAINS.end()),
            CompareCommand::SetBlink(secs) => page.blink_secs = secs.clamp(*BLINK_SECS.start(), *BLINK_SECS.end()),
            CompareCommand::SetBlinks(blinks) => page.blinks = Some(blinks),
            CompareCommand::Flip => {
                page.is_second_shown ^= true;
                page.moved_at = None;
            }
            CompareCommand::Camera(camera_move) => page.camera.apply(camera_move, self.panel.fit_zoom()),
            CompareCommand::ShowStep(place) => page.stop_at(Some(place)),
            CompareCommand::PreviousStep => page.step_by(-1),
            CompareCommand::NextStep => page.step_by(1),
            CompareCommand::FirstStep => page.stop_at(Some(0)),
            CompareCommand::LastStep => page.stop_at(None),
            CompareCommand::PlayOrPause => page.play_or_pause(),
            CompareCommand::Show(paths) => {
                page.clear();
                self.add(paths, ctx);
            }
            CompareCommand::Add(path) => self.add(vec![path], ctx),
            CompareCommand::Rate(rating) => self.rate(self.state.second, rating, ctx),
            CompareCommand::RatePicture(place, rating) => self.rate(place, rating, ctx),
        }
    }

    /// Adds pictures and has them read.
    fn add(&mut self, paths: Vec<PathBuf>, ctx: &mut PageContext<'_>) {
        ctx.state.page = PageId::Compare;
        let page = &mut self.state;
        let mut left_out = 0;
        for path in paths {
            if page.place_of(&path).is_some() {
                continue;
            }
            if page.pictures.len() == MAX_PICTURES {
                left_out += 1;
                continue;
            }
            page.pictures.push(Compared::new(path.clone()));
            if let Some(pictures) = &ctx.services.pictures {
                pictures.open(path);
            }
        }
        page.tidy_pair();
        if left_out > 0 {
            let text = Text::new("compare-too-many", [("count", left_out.to_string())]);
            ctx.state.notices.notify(Level::Info, text);
        }
    }

    /// Holds pictures that were dropped on the page against those that are there; false if none of them is one.
    pub(super) fn take_dropped(&mut self, paths: &[PathBuf], ctx: &mut PageContext<'_>) -> bool {
        let is_picture = |path: &&PathBuf| {
            let ending = path.extension().unwrap_or_default().to_ascii_lowercase();
            ["png", "jpg", "jpeg", "webp"].iter().any(|known| ending == *known)
        };
        let pictures: Vec<PathBuf> = paths.iter().filter(is_picture).cloned().collect();
        let is_any = !pictures.is_empty();
        if is_any {
            self.add(pictures, ctx);
        }
        is_any
    }

    fn rate(&self, place: usize, rating: u8, ctx: &mut PageContext<'_>) {
        let Some(picture) = self.state.pictures.get(place) else {
            return;
        };
        let Some((index, entry)) = ctx.services.index.as_ref().zip(picture.entry.as_ref()) else {
            let text = Text::new("compare-not-rated", [("file", file_name(&picture.path))]);
            ctx.state.notices.notify(Level::Info, text);
            return;
        };
        index.request(IndexRequest::EditMetadata {
            ids: vec![entry.id],
            change: MetadataChange::Rate(rating.min(5)),
        });
    }
}

impl CompareState {
    fn clear(&mut self) {
        self.pictures.clear();
        self.measuring.forget();
        self.playhead = None;
        self.is_playing = false;
        self.camera = Camera::default();
        (self.first, self.second) = (0, 0);
    }

    fn remove(&mut self, path: &Path) {
        let Some(place) = self.place_of(path) else {
            return;
        };
        self.pictures.remove(place);
        for chosen in [&mut self.first, &mut self.second] {
            *chosen -= usize::from(*chosen > place);
        }
        self.tidy_pair();
        self.show_step(self.playhead);
    }

    /// Puts a picture into the pair; the one it would meet there takes the place it leaves.
    fn choose(&mut self, place: usize, is_first: bool) {
        if place >= self.pictures.len() {
            return;
        }
        let (this, other) = if is_first {
            (&mut self.first, &mut self.second)
        } else {
            (&mut self.second, &mut self.first)
        };
        if *other == place {
            *other = *this;
        }
        *this = place;
    }

    /// Holds the next picture against the first, round in a circle.
    fn choose_next(&mut self, by: isize) {
        let num = self.pictures.len();
        if num < 3 {
            return;
        }
        let step = |place: usize| (place + num).saturating_add_signed(by) % num;
        self.second = step(self.second);
        if self.second == self.first {
            self.second = step(self.second);
        }
    }

    fn set_mode(&mut self, mode: CompareMode) {
        self.mode = mode;
        self.is_second_shown = false;
        self.moved_at = None;
    }

    fn stop_at(&mut self, place: Option<usize>) {
        self.is_playing = false;
        self.show_step(place);
    }

    fn step_by(&mut self, by: isize) {
        self.is_playing = false;
        self.move_step(by);
    }

    fn play_or_pause(&mut self) {
        self.is_playing = !self.is_playing && self.num_steps() > 0;
        self.moved_at = None;
        if self.is_playing && self.playhead.is_none() {
            self.show_step(Some(0));
        }
    }

    /// Whether two blinking pictures change by themselves.
    ///
    /// * `is_still`: whether nothing shall move that was not asked to.
    pub(super) fn blinks_itself(&self, is_still: bool) -> bool {
        self.blinks.unwrap_or(!is_still)
    }

    /// What shall be found out next.
    pub(super) fn next_question(&self) -> Option<Measure> {
        if let Some([a, b]) = self.pair().filter(|_| !self.is_playing)
            && self.similarity() == Alike::NotYet
        {
            return Some(Measure::Pair([a.image, b.image]));
        }
        let is_whole = self.pictures.iter().all(Compared::is_read);
        let first = self.pictures.get(self.first).filter(|_| is_whole)?;
        let others = self.pictures.iter().filter(|picture| picture.path != first.path);
        let runs: Vec<&Compared> = std::iter::once(first)
            .chain(others)
            .filter(|picture| picture.timeline.is_some())
            .collect();
        let is_new = first.timeline.is_some() && runs.len() > 1;
        if !is_new || self.measuring.knows_runs(runs.iter().map(|run| &run.path)) {
            return None;
        }
        let kept = runs.into_iter().filter_map(|run| {
            let timeline = run.timeline.as_ref()?;
            Some(KeptSteps {
                path: run.path.clone(),
                steps: timeline.steps.clone(),
                result: timeline.final_latents.clone(),
            })
        });
        Some(Measure::Runs(kept.collect()))
    }
}
