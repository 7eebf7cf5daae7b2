//! A way to look at a step, as numbers: which latents are mixed, and what their mixture means.
//!
//! Every view is Σ part·plane over the planes x, x₀, final, ε under the prompt (cond) and under the negative one
//! (uncond), channel by channel:
//!
//! | view | mixture | meaning |
//! |---|---|---|
//! | estimate | x₀ | colour |
//! | noisy | x / √(1 + σ²) | colour |
//! | noise | (x − x₀) / σ | colour |
//! | uncond, cond | x − σ·ε | colour |
//! | guidance | cond − uncond | signed heat: the mean of the channels' amounts, with the sign of the largest |
//! | difference | x₀ − final | heat: the root of the mean square over the channels |
//! | attention | x₀ | colour, under the mean map of the tokens |
//!
//! A colour c, from [`LatentColours`], is the sRGB value (c + 1) / 2. Heat maps are straight lines in sRGB between
//! the colours of [`heat`], over 0 to [`LatentView::range`] or over −range to range. Attention a = map / range, no
//! more than 1, covers 0.8·a of the colour.
//!
//! The shader draws these formulas for each pixel, [`LatentView::pixels`] for each texel.

use std::borrow::Cow;
use std::ops::Range;
use std::sync::Arc;

use super::heat::{self, HeatStops, mix};
use crate::job::{LatentColours, LatentPlane, RgbImage, StepRecord, TokenMaps};
use crate::unfold::StepView;
use crate::unfold::colour::{MOST_COVER, robust_range};

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

/// What a view needs and a step does not have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lack {
    /// What the network said under each prompt was not kept.
    Branches,
    /// Guidance did not ask what the network says without the prompt.
    Uncond,
    /// The run is not finished.
    Final,
    /// Attention was not kept.
    Attention,
    /// There is no noise at noise level 0.
    Noise,
    /// Its latents are not as large as they say.
    Torn,
}

/// What the numbers of a mixture mean, as the shader counts them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Meaning {
    Colour = 0,
    Signed = 1,
    Amount = 2,
    Attention = 3,
}

/// The part each plane has in a mixture; planes without one are left out.
struct Mixed<'a> {
    parts: Vec<(f32, &'a [f32])>,
    channels: usize,
    texels: usize,
}

impl Mixed<'_> {
    fn at(&self, texel: usize) -> impl Iterator<Item = f32> + Clone + '_ {
        (0..self.channels).map(move |channel| {
            let place = channel * self.texels + texel;
            self.parts.iter().map(|(part, values)| part * values[place]).sum()
        })
    }
}

impl LatentView {
    /// What is missing for this view, if anything is.
    pub fn lack(&self) -> Option<Lack> {
        let [Some(_), Some(_), last, cond, uncond] = self.planes() else {
            return Some(Lack::Torn);
        };
        let missing_branch = if cond.is_none() { Lack::Branches } else { Lack::Uncond };
        let (is_there, lack) = match self.view {
            StepView::Estimate | StepView::Noisy => return None,
            StepView::Noise => (self.step.sigma > 0.0, Lack::Noise),
            StepView::Cond => (cond.is_some(), Lack::Branches),
            StepView::Uncond => (uncond.is_some(), missing_branch),
            StepView::Guidance => (cond.is_some() && uncond.is_some(), missing_branch),
            StepView::Difference => (last.is_some(), Lack::Final),
            StepView::Attention(_) => (!self.levels().is_empty(), Lack::Attention),
        };
        (!is_there).then_some(lack)
    }

    /// Width and height of the latents.
    pub fn size(&self) -> (usize, usize) {
        (self.step.x0.width, self.step.x0.height)
    }

    /// The amount that has the last colour of the heat map: 99 of 100 texels have no more. 1 for a view without heat.
    pub fn range(&self) -> f32 {
        let amounts: Vec<f32> = match self.meaning() {
            Meaning::Colour => return 1.0,
            Meaning::Signed | Meaning::Amount => {
                let mixed = self.mixed();
                let told = (0..mixed.texels).map(|texel| self.scalar(mixed.at(texel)));
                told.collect()
            }
            Meaning::Attention => {
                let levels = self.levels();
                let Some(first) = levels.first() else {
                    return 1.0;
                };
                let places = (0..first.height).flat_map(|y| (0..first.width).map(move |x| (x, y)));
                let place = |(x, y)| [centre(x, first.width), centre(y, first.height)];
                places.map(|texel| self.attention(&levels, place(texel))).collect()
            }
        };
        robust_range(amounts.into_iter())
    }

    /// The view at the size of the latents, three bytes per texel.
    pub fn pixels(&self) -> RgbImage {
        let (width, height) = self.size();
        let (mixed, colours, levels, range) = (self.mixed(), self.colours(), self.levels(), self.range());
        let pixels = (0..mixed.texels).flat_map(|texel| {
            let channels = mixed.at(texel);
            let shown = |channels| {
                let colour = colours.colour(&channels);
                colour.map(|part| (0.5 * part + 0.5).clamp(0.0, 1.0))
            };
            let colour = match self.meaning() {
                Meaning::Colour => shown(channels),
                Meaning::Signed => heat::colour(&heat::SIGNED, 0.5 + 0.5 * self.scalar(channels) / range),
                Meaning::Amount => heat::colour(&heat::AMOUNT, self.scalar(channels) / range),
                Meaning::Attention => {
                    let place = [centre(texel % width, width), centre(texel / width, height)];
                    let amount = (self.attention(&levels, place) / range).clamp(0.0, 1.0);
                    let (under, over) = (shown(channels), heat::colour(&heat::AMOUNT, amount));
                    [0, 1, 2].map(|part| mix(under[part], over[part], MOST_COVER * amount))
                }
            };
            colour.map(|part| (255.0 * part).round() as u8)
        });
        RgbImage {
            width_px: width as u32,
            height_px: height as u32,
            pixels: pixels.collect(),
        }
    }

    /// The colours of its heat map, if it is one, and whether zero is in their middle.
    pub fn heat(&self) -> Option<(&'static HeatStops, bool)> {
        match self.meaning() {
            Meaning::Colour => None,
            Meaning::Signed => Some((&heat::SIGNED, true)),
            Meaning::Amount | Meaning::Attention => Some((&heat::AMOUNT, false)),
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
        let sigma = self.step.sigma as f32;
        let per_sigma = self.step.sigma.recip() as f32;
        match self.view {
            StepView::Estimate | StepView::Attention(_) => [0.0, 1.0, 0.0, 0.0, 0.0],
            StepView::Noisy => [self.step.sigma.hypot(1.0).recip() as f32, 0.0, 0.0, 0.0, 0.0],
            StepView::Noise if sigma > 0.0 => [per_sigma, -per_sigma, 0.0, 0.0, 0.0],
            StepView::Noise => [0.0; 5],
            StepView::Cond => [1.0, 0.0, 0.0, -sigma, 0.0],
            StepView::Uncond => [1.0, 0.0, 0.0, 0.0, -sigma],
            StepView::Guidance => [0.0, 0.0, 0.0, 1.0, -1.0],
            StepView::Difference => [0.0, 1.0, -1.0, 0.0, 0.0],
        }
    }

    /// What the mixture means.
    pub(super) fn meaning(&self) -> Meaning {
        match self.view {
            StepView::Guidance => Meaning::Signed,
            StepView::Difference => Meaning::Amount,
            StepView::Attention(_) => Meaning::Attention,
            _ => Meaning::Colour,
        }
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

    fn mixed(&self) -> Mixed<'_> {
        let planes = self.planes();
        let parts = self.mixture().into_iter().zip(planes);
        let shape = &self.step.x0;
        Mixed {
            parts: parts
                .filter_map(|(part, values)| Some((part, values.filter(|_| part != 0.0)?)))
                .collect(),
            channels: shape.channels.min(MAX_CHANNELS),
            texels: shape.width * shape.height,
        }
    }

    /// The one number of a texel for a heat map.
    fn scalar(&self, channels: impl Iterator<Item = f32> + Clone) -> f32 {
        let count = self.step.x0.channels.clamp(1, MAX_CHANNELS) as f32;
        if self.meaning() == Meaning::Amount {
            return (channels.map(|value| value * value).sum::<f32>() / count).sqrt();
        }
        let larger = |a: f32, b: f32| if b.abs() > a.abs() { b } else { a };
        let largest = channels.clone().fold(0.0, larger);
        let amount = channels.map(f32::abs).sum::<f32>() / count;
        if largest == 0.0 { 0.0 } else { amount * largest.signum() }
    }

    /// Mean attention of the word over some levels at a place, 0 to 1 along each side.
    fn attention(&self, levels: &[&TokenMaps], place: [f32; 2]) -> f32 {
        let at = |maps: &TokenMaps, x: f32, y: f32| {
            let inside = |place: f32, size: usize| place.clamp(0.0, (size - 1) as f32) as usize;
            let (x, y) = (inside(x, maps.width), inside(y, maps.height));
            let value = |token: usize| maps.values[(token * maps.height + y) * maps.width + x];
            self.word.clone().map(value).sum::<f32>() / self.word.len() as f32
        };
        let sum = levels.iter().map(|maps| {
            let [x, y] = [place[0] * maps.width as f32 - 0.5, place[1] * maps.height as f32 - 0.5];
            let (left, top) = (x.floor(), y.floor());
            let row = |y| mix(at(maps, left, y), at(maps, left + 1.0, y), x - left);
            mix(row(top), row(top + 1.0), y - top)
        });
        sum.sum::<f32>() / levels.len().max(1) as f32
    }
}

/// The middle of a texel, from 0 to 1.
fn centre(texel: usize, size: usize) -> f32 {
    (texel as f32 + 0.5) / size as f32
}
