//! Runs as frames, for animations and sheets: one run in one or two views, or the grid of a sweep.

use std::sync::Arc;

use super::{
    ContactSheetError, MissingData, StepView, ViewContext, ViewImage, contact_sheet, fitted, labelled_grid, show,
    side_by_side,
};
use crate::job::{LatentColours, LatentPlane, RgbImage, StepRecord, Trajectory};

/// Why a frame could not be made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FrameError {
    /// A step cannot be seen so.
    #[error("step {step}: {why}")]
    MissingData {
        /// The step, from 0.
        step: usize,
        /// Why.
        why: MissingData,
    },
    /// The frame is no sheet.
    #[error(transparent)]
    Sheet(#[from] ContactSheetError),
}

/// One run, its steps and how they are looked at.
#[derive(Debug, Clone)]
pub struct RunAnimation {
    /// The steps, in order.
    pub steps: Vec<Arc<StepRecord>>,
    /// The result, if it is there.
    pub final_latents: Option<Arc<LatentPlane>>,
    /// How its latents look.
    pub colours: Option<Arc<LatentColours>>,
    /// What the steps' attention belongs to.
    pub tokens: Arc<[String]>,
    /// One view, or two side by side.
    pub views: Vec<StepView>,
    /// Size of each view in pixels.
    pub size_px: (u32, u32),
    /// Decoded pictures of x₀ where there are some, one place for each step; they go before the latents' own look.
    pub decoded: Vec<Option<Arc<RgbImage>>>,
    /// The finished picture, shown as the last frame of x₀.
    pub finished: Option<Arc<RgbImage>>,
}

impl RunAnimation {
    /// What a view shows of a step.
    ///
    /// * `index`: below the number of steps.
    ///
    /// # Errors
    /// [`MissingData`] if the step cannot be seen so.
    pub fn image(&self, index: usize, view: StepView) -> Result<ViewImage, MissingData> {
        let shown = ViewContext {
            final_latents: self.final_latents.as_deref(),
            colours: self.colours.as_deref(),
            tokens: &self.tokens,
        };
        show(&self.steps[index], view, &shown)
    }

    fn checked_image(&self, index: usize, view: StepView) -> Result<ViewImage, FrameError> {
        let step = self.steps[index].index;
        self.image(index, view)
            .map_err(|why| FrameError::MissingData { step, why })
    }

    /// The value at the end of each view's heat map: the largest of all steps.
    ///
    /// # Errors
    /// [`FrameError::MissingData`] if a step cannot be seen so.
    pub fn ranges(&self) -> Result<Vec<f32>, FrameError> {
        let range = |view: &StepView| {
            let steps = 0..self.steps.len();
            let ranges = steps.map(|index| Ok(self.checked_image(index, *view)?.range()));
            ranges
                .collect::<Result<Vec<f32>, _>>()
                .map(|ranges| ranges.into_iter().fold(0.0, f32::max))
        };
        self.views.iter().map(range).collect()
    }

    /// A step in all views.
    ///
    /// * `index`: below the number of steps.
    /// * `ranges`: as of [`Self::ranges`].
    ///
    /// # Errors
    /// [`FrameError::MissingData`] if the step cannot be seen so.
    pub fn frame(&self, index: usize, ranges: &[f32]) -> Result<RgbImage, FrameError> {
        let (width, height) = self.size_px;
        let is_last = index + 1 == self.steps.len();
        self.frame_with(index, ranges, |_step, view| {
            let decoded = match (&self.finished, self.decoded.get(index)) {
                (Some(finished), _) if is_last => Some(finished),
                (_, Some(decoded)) => decoded.as_ref(),
                _ => None,
            };
            let decoded = decoded.filter(|_| view == StepView::Estimate);
            Ok(decoded.map(|picture| fitted(picture, width, height)))
        })
    }

    /// As [`Self::frame`], with pictures of the latents from elsewhere.
    ///
    /// * `decode`: gives the picture of a step in a view, at the size of the views; `None` for the latents' own look.
    ///
    /// # Errors
    /// As [`Self::frame`], and those of `decode`.
    pub fn frame_with<E: From<FrameError>>(
        &self,
        index: usize,
        ranges: &[f32],
        mut decode: impl FnMut(&StepRecord, StepView) -> Result<Option<RgbImage>, E>,
    ) -> Result<RgbImage, E> {
        let (width, height) = self.size_px;
        let mut frame: Option<RgbImage> = None;
        for (view, range) in self.views.iter().zip(ranges) {
            let picture = match decode(&self.steps[index], *view)? {
                Some(picture) => picture,
                None => self.checked_image(index, *view)?.picture(width, height, *range),
            };
            frame = Some(match frame {
                None => picture,
                Some(first) => side_by_side(&first, &picture),
            });
        }
        frame.ok_or_else(|| FrameError::from(ContactSheetError::Empty).into())
    }

    /// All steps on one sheet, each with its number and noise level.
    ///
    /// # Errors
    /// As [`Self::frame`], or a sheet that is too large.
    pub fn sheet(&self) -> Result<RgbImage, FrameError> {
        let ranges = self.ranges()?;
        let cells = self.steps.iter().enumerate().map(|(index, step)| {
            let caption = format!("{}   σ {:.3}", step.index, step.sigma);
            Ok((self.frame(index, &ranges)?, caption))
        });
        let cells = cells.collect::<Result<Vec<_>, FrameError>>()?;
        let columns = (cells.len() as f64).sqrt().ceil() as usize;
        Ok(contact_sheet(&cells, columns)?)
    }
}

/// A run among those of a grid.
#[derive(Debug, Clone)]
pub struct GridCell {
    /// Its steps.
    pub trajectory: Arc<Trajectory>,
    /// Its finished picture.
    pub finished: Arc<RgbImage>,
}

/// Many runs, unfolding in step.
#[derive(Debug, Clone)]
pub struct GridAnimation {
    /// Rows of runs; what is not there leaves its place empty.
    pub cells: Vec<Vec<Option<GridCell>>>,
    /// Over the columns.
    pub column_labels: Vec<String>,
    /// Before the rows.
    pub row_labels: Vec<String>,
}

impl GridAnimation {
    /// Frames: one for each step of the longest run, and one for the finished pictures.
    pub fn num_frames(&self) -> usize {
        let runs = self.cells.iter().flatten().flatten();
        runs.map(|run| run.trajectory.steps.len()).max().unwrap_or(0) + 1
    }

    /// All runs at a step; those that are over show their picture.
    ///
    /// # Errors
    /// [`FrameError`]: nothing to show, too much, or latents of which nobody knows how they look.
    pub fn frame(&self, index: usize) -> Result<RgbImage, FrameError> {
        let picture = |run: &GridCell| match run.trajectory.steps.get(index) {
            None => Ok((*run.finished).clone()),
            Some(step) => {
                let field = show(step, StepView::Estimate, &ViewContext::from(&*run.trajectory));
                let field = field.map_err(|why| FrameError::MissingData { step: step.index, why })?;
                Ok(field.picture(run.finished.width_px, run.finished.height_px, 1.0))
            }
        };
        let row = |row: &Vec<Option<GridCell>>| {
            let pictures = row.iter().map(|cell| cell.as_ref().map(picture).transpose());
            pictures.collect::<Result<Vec<_>, FrameError>>()
        };
        let cells = self.cells.iter().map(row).collect::<Result<Vec<_>, _>>()?;
        Ok(labelled_grid(&cells, &self.column_labels, &self.row_labels)?)
    }

    /// The finished pictures.
    ///
    /// # Errors
    /// As [`Self::frame`].
    pub fn sheet(&self) -> Result<RgbImage, FrameError> {
        self.frame(self.num_frames() - 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plane(value: f32) -> LatentPlane {
        LatentPlane {
            channels: 3,
            height: 4,
            width: 4,
            values: vec![value; 48],
        }
    }

    fn step(index: usize) -> Arc<StepRecord> {
        Arc::new(StepRecord {
            index,
            sigma: 2.0 / (1.0 + index as f64),
            timestep: 9.0,
            x: plane(1.0),
            x0: plane(-1.0 + 0.5 * index as f32),
            branches: None,
            attention: Vec::new(),
            secs: 0.1,
        })
    }

    fn picture(level: u8) -> Arc<RgbImage> {
        Arc::new(RgbImage::filled(8, 8, [level; 3]))
    }

    fn animation(views: &[StepView]) -> RunAnimation {
        RunAnimation {
            steps: (0..3).map(step).collect(),
            final_latents: None,
            colours: None,
            tokens: Arc::new([]),
            views: views.to_vec(),
            size_px: (8, 8),
            decoded: vec![None, Some(picture(77)), None],
            finished: Some(picture(99)),
        }
    }

    #[test]
    fn a_run_should_be_shown_by_its_best_pictures() {
        let animation = animation(&[StepView::Estimate, StepView::Noisy]);
        let ranges = animation.ranges().unwrap();
        let first = |index| animation.frame(index, &ranges).unwrap().pixels[0];
        assert_eq!(
            [first(0), first(1), first(2)],
            [0, 77, 99],
            "latents, decoded, finished"
        );
        let frame = animation.frame(0, &ranges).unwrap();
        assert!(frame.width_px > 16 && frame.height_px == 8, "two views side by side");
        assert!(animation.sheet().unwrap().width_px > 2 * frame.width_px);
    }

    #[test]
    fn what_was_not_kept_should_be_told_with_its_step() {
        let error = animation(&[StepView::Guidance]).ranges().unwrap_err();
        assert!(error.to_string().starts_with("step 0: "), "{error}");
    }

    #[test]
    fn runs_of_a_grid_should_unfold_in_step_and_end_with_their_pictures() {
        let cell = |count: usize, level| {
            Some(GridCell {
                trajectory: Arc::new(Trajectory {
                    seed: 1,
                    steps: (0..count).map(step).collect(),
                    final_latents: plane(0.0),
                    ..Trajectory::default()
                }),
                finished: picture(level),
            })
        };
        let grid = GridAnimation {
            cells: vec![vec![cell(2, 200), cell(3, 100)], vec![None, cell(3, 50)]],
            column_labels: vec!["1".to_owned(), "2".to_owned()],
            row_labels: vec!["a".to_owned()],
        };
        assert_eq!(grid.num_frames(), 4);
        let frames: Vec<_> = (0..4).map(|index| grid.frame(index).unwrap()).collect();
        assert!(frames.windows(2).all(|pair| pair[0] != pair[1]));
        assert!(
            frames[2].pixels.contains(&200),
            "a shorter run shows its picture already"
        );
        assert_eq!(grid.sheet().unwrap(), frames[3]);
    }
}
