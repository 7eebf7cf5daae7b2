//! A view of a step as the window draws it: what it needs, and what of it is there.
//!
//! The formulas are those of [`StepView::mixture`]; the shader draws them for each pixel, [`LatentView::pixels`] for each
//! texel by the evaluator of `unfold`. Heat maps go over 0 to [`LatentView::range`] or over −range to range.

use std::borrow::Cow;
use std::ops::Range;
use std::sync::Arc;

use crate::job::{LatentColours, LatentPlane, RgbImage, StepRecord, TokenMaps};
use crate::unfold::colour::{self, ColourMap};
use crate::unfold::{Meaning, MissingData, StepView, ViewContext, ViewImage, overlay, show};

/// Most channels that are looked at.
pub(super) const MAX_CHANNELS: usize = 16;
/// Most sizes of attention maps that are looked at.
pub(super) const MAX_LEVELS: usize = 8;

/// What is to be seen of a step.
#[derive(Debug, Clone)]
pub struct LatentView {
    /// The step.
    pub step: Arc<StepRecord>,
    /// The result of the run, once it is there.
    pub final_latents: Option<Arc<LatentPlane>>,
    /// How the latents look; without it the first three channels are red, green and blue.
    pub colours: Option<Arc<LatentColours>>,
    /// The way to look.
    pub view: StepView,
    /// The tokens of which [`StepView::Attention`] shows the mean: the parts of one word.
    pub word: Range<usize>,
}

impl LatentView {
    /// What is missing for this view, if anything is.
    pub fn missing(&self) -> Option<MissingData> {
        let [Some(_), Some(_), last, cond, uncond] = self.planes() else {
            return Some(MissingData::Shape);
        };
        let missing_branch = if cond.is_none() {
            MissingData::Branches
        } else {
            MissingData::Uncond
        };
        let (is_there, missing) = match self.view {
            StepView::Estimate | StepView::Noisy => return None,
            StepView::Noise => (self.step.sigma > 0.0, MissingData::Noiseless),
            StepView::Cond => (cond.is_some(), MissingData::Branches),
            StepView::Uncond => (uncond.is_some(), missing_branch),
            StepView::Guidance => (cond.is_some() && uncond.is_some(), missing_branch),
            StepView::Difference => (last.is_some(), MissingData::Final),
            StepView::Attention(_) => (!self.levels().is_empty(), MissingData::Attention),
        };
        (!is_there).then_some(missing)
    }

    /// Width and height of the latents.
    pub fn size(&self) -> (usize, usize) {
        (self.step.x0.width, self.step.x0.height)
    }

    /// The amount that has the last colour of the heat map: 99 of 100 texels have no more. 1 for a view without heat.
    pub fn range(&self) -> f32 {
        self.image().map_or(1.0, |image| image.range())
    }

    /// The view at the size of the latents, three bytes per texel; grey if something is missing.
    pub fn pixels(&self) -> RgbImage {
        let (width, height) = self.size();
        let (width_px, height_px) = (width as u32, height as u32);
        match self.image() {
            Some(image) => image.picture(width_px, height_px, image.range()),
            None => RgbImage::filled(width_px, height_px, [128; 3]),
        }
    }

    fn image(&self) -> Option<ViewImage> {
        let colours = self.colours();
        let shown = match self.view {
            StepView::Attention(_) => overlay(&self.step, &self.levels(), self.word.clone(), Some(&colours)),
            view => show(
                &self.step,
                view,
                &ViewContext {
                    final_latents: self.final_latents.as_deref(),
                    colours: Some(&colours),
                    tokens: &[],
                },
            ),
        };
        shown.ok()
    }

    /// The colours of its heat map, if it is one, and whether zero is in their middle.
    pub fn heat(&self) -> Option<(&'static ColourMap, bool)> {
        match self.view.meaning() {
            Meaning::Colour => None,
            Meaning::Signed => Some((&colour::SIGNED, true)),
            Meaning::Amount | Meaning::Attention => Some((&colour::AMOUNT, false)),
        }
    }

    /// x, x₀, final, cond and uncond; `None` for one that is missing or of another shape than x₀.
    pub(super) fn planes(&self) -> [Option<&[f32]>; 5] {
        let step = &*self.step;
        let branches = step.branches.as_ref();
        let planes = [
            Some(&step.x),
            Some(&step.x0),
            self.final_latents.as_deref(),
            branches.map(|branches| &branches.cond),
            branches.and_then(|branches| branches.uncond.as_ref()),
        ];
        let shape = |plane: &LatentPlane| (plane.channels, plane.height, plane.width);
        planes.map(|plane| {
            let plane = plane.filter(|plane| shape(plane) == shape(&step.x0));
            let whole = plane.filter(|plane| plane.values.len() == plane.channels * plane.height * plane.width);
            whole.map(|plane| &*plane.values)
        })
    }

    /// How much of each of [`Self::planes`] is in the mixture.
    pub(super) fn mixture(&self) -> [f32; 5] {
        self.view.mixture(self.step.sigma).map(|part| part as f32)
    }

    /// How the latents look; their first three channels where nobody has said.
    pub(super) fn colours(&self) -> Cow<'_, LatentColours> {
        if let Some(colours) = &self.colours {
            return Cow::Borrowed(colours);
        }
        let channels = self.step.x0.channels;
        let row = |part: usize| (0..channels).map(move |channel| f32::from(channel == part.min(channels - 1)));
        Cow::Owned(LatentColours {
            weights: (0..3).map(|part| row(part).collect()).collect(),
            bias: [0.0; 3],
        })
    }

    /// The maps that are averaged, without any that is not as it says or does not have the word.
    pub(super) fn levels(&self) -> Vec<&TokenMaps> {
        let StepView::Attention(token) = self.view else {
            return Vec::new();
        };
        let is_usable = |maps: &TokenMaps| {
            let values = maps.tokens * maps.height * maps.width;
            values > 0 && maps.values.len() == values && !self.word.is_empty() && self.word.end <= maps.tokens
        };
        let all = self.step.attention.iter().enumerate().take(MAX_LEVELS);
        all.filter(|(index, maps)| token.level.is_none_or(|level| level == *index) && is_usable(maps))
            .map(|(_, maps)| maps)
            .collect()
    }
}
