//! What a view of a step shows, at the size of its latents: colours, or amounts that a heat map shows.

use std::ops::Range;

use image::{ImageBuffer, Luma, Rgb, Rgb32FImage};

use super::{AttentionToken, Meaning, Plane, StepView};
use crate::job::{LatentColours, LatentPlane, StepRecord, TokenMaps, Trajectory};

/// One number for each place.
pub type ScalarMap = ImageBuffer<Luma<f32>, Vec<f32>>;

/// What all steps of a run are looked at with.
#[derive(Debug, Clone, Copy, Default)]
pub struct ViewContext<'a> {
    /// The result, in the scale of the steps; `None` while the run goes on.
    pub final_latents: Option<&'a LatentPlane>,
    /// How its latents look; `None` for networks that walk over pixels themselves.
    pub colours: Option<&'a LatentColours>,
    /// What the steps' attention belongs to.
    pub tokens: &'a [String],
}

impl<'a> From<&'a Trajectory> for ViewContext<'a> {
    fn from(trajectory: &'a Trajectory) -> Self {
        Self {
            final_latents: Some(&trajectory.final_latents),
            colours: trajectory.colours.as_ref(),
            tokens: &trajectory.tokens,
        }
    }
}

/// What a view shows of a step, one value for each place of the latents.
#[derive(Debug, Clone, PartialEq)]
pub enum ViewImage {
    /// Colours in sRGB from 0 to 1, not clamped.
    Colours(Rgb32FImage),
    /// Differences to either side of 0, for [`signed`](super::colour::signed).
    Signed(ScalarMap),
    /// Amounts from 0, for [`amount`](super::colour::amount).
    Amount(ScalarMap),
    /// The mean of maps of amounts from 0, each of its own size, laid over colours by [`over`](super::colour::over).
    Over(Rgb32FImage, Vec<ScalarMap>),
}

/// Why a step cannot be seen in some way.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MissingData {
    /// The branches of guidance are not there.
    #[error("what each prompt alone would have said was not kept")]
    Branches,
    /// The network was not asked without the prompt.
    #[error("guidance did not need the negative prompt at this step")]
    Uncond,
    /// The result is not there.
    #[error("the picture is not finished yet")]
    Final,
    /// No attention is there.
    #[error("attention was not kept")]
    Attention,
    /// The token is not among those whose attention is there.
    #[error("there is attention of {found} tokens, not of number {index}")]
    NoToken {
        /// The token asked for, from 0.
        index: usize,
        /// How many there are.
        found: usize,
    },
    /// The feature maps are not among those whose attention is there.
    #[error("there is attention of {found} sizes of feature maps, not of number {level}")]
    NoLevel {
        /// The size asked for, from 0.
        level: usize,
        /// How many there are.
        found: usize,
    },
    /// Nothing says which colours the latents stand for.
    #[error("nothing says how latents of {channels} channels look without a decoder")]
    Colours {
        /// Channels of the latents.
        channels: usize,
    },
    /// There is no noise in x.
    #[error("there is no noise at noise level 0")]
    Noiseless,
    /// Two parts of the step that should have the same shape have not, or a part is torn.
    #[error("the parts of the step do not fit together")]
    Shape,
}

/// What a view shows of a step: the [mixture](StepView::mixture) of its planes, by its [meaning](StepView::meaning).
///
/// # Errors
/// [`MissingData`]: what the view needs was not kept.
pub fn show(step: &StepRecord, view: StepView, run: &ViewContext<'_>) -> Result<ViewImage, MissingData> {
    if let StepView::Attention(token) = view {
        let word = word_of(run.tokens, token.index);
        let levels = levels_of(&step.attention, token)?;
        return overlay(step, &levels, word, run.colours);
    }
    let latents = mixed(step, view, run.final_latents)?;
    let count = latents.channels as f32;
    match view.meaning() {
        Meaning::Signed => per_place(&latents, |channels| {
            let (mut sum, mut largest) = (0.0, 0.0_f32);
            for value in channels {
                sum += value.abs();
                if value.abs() > largest.abs() {
                    largest = value;
                }
            }
            (sum / count).copysign(largest)
        })
        .map(ViewImage::Signed),
        Meaning::Amount => per_place(&latents, |channels| {
            (channels.map(|value| value.powi(2)).sum::<f32>() / count).sqrt()
        })
        .map(ViewImage::Amount),
        Meaning::Colour | Meaning::Attention => colours_of(&latents, run.colours).map(ViewImage::Colours),
    }
}

/// The mean attention of a word over feature maps, over the colours of x₀.
///
/// * `word`: tokens that every level has.
///
/// # Errors
/// [`MissingData`]: no level, one that is torn or without the word, or latents of which nobody knows how they look.
pub fn overlay(
    step: &StepRecord,
    levels: &[&TokenMaps],
    word: Range<usize>,
    colours: Option<&LatentColours>,
) -> Result<ViewImage, MissingData> {
    if levels.is_empty() {
        return Err(MissingData::Attention);
    }
    let maps = levels.iter().map(|maps| word_map(maps, word.clone()));
    let maps = maps.collect::<Result<Vec<ScalarMap>, _>>()?;
    Ok(ViewImage::Over(colours_of(&step.x0, colours)?, maps))
}

/// The latents that a view shows as colours, in the scale of clean ones; x₀ for all heat maps. See
/// [`StepView::mixture`].
///
/// They are finite even where σ is that of pure noise, but x₀ of one prompt is lost in rounding there.
///
/// # Errors
/// [`MissingData`]: what the view needs was not kept.
pub fn latents(step: &StepRecord, view: StepView) -> Result<LatentPlane, MissingData> {
    let view = if is_picture(view) { view } else { StepView::Estimate };
    mixed(step, view, None)
}

/// The mixture of a view, summed in double precision; what is not finite becomes 0.
fn mixed(step: &StepRecord, view: StepView, final_latents: Option<&LatentPlane>) -> Result<LatentPlane, MissingData> {
    if view == StepView::Noise && step.sigma == 0.0 {
        return Err(MissingData::Noiseless);
    }
    // What was not kept is said before what does not fit.
    let mixture = Plane::ALL.into_iter().zip(view.mixture(step.sigma));
    let planes = mixture
        .filter(|(_, part)| *part != 0.0)
        .map(|(plane, part)| Ok((plane_of(step, plane, final_latents)?, part)));
    let planes = planes.collect::<Result<Vec<_>, MissingData>>()?;
    let size = size_of(&step.x0).map(|_| (step.x0.channels, step.x0.height, step.x0.width))?;
    let mut sums = vec![0.0_f64; step.x0.values.len()];
    for (plane, part) in planes {
        size_of(plane)?;
        if (plane.channels, plane.height, plane.width) != size {
            return Err(MissingData::Shape);
        }
        for (sum, value) in sums.iter_mut().zip(&plane.values) {
            *sum += part * f64::from(*value);
        }
    }
    let finite = |sum: f64| Some(sum as f32).filter(|value| value.is_finite()).unwrap_or_default();
    Ok(LatentPlane {
        values: sums.into_iter().map(finite).collect(),
        ..step.x0
    })
}

/// A plane of a step.
fn plane_of<'a>(
    step: &'a StepRecord,
    plane: Plane,
    final_latents: Option<&'a LatentPlane>,
) -> Result<&'a LatentPlane, MissingData> {
    let branches = || step.branches.as_ref().ok_or(MissingData::Branches);
    match plane {
        Plane::Noisy => Ok(&step.x),
        Plane::Estimate => Ok(&step.x0),
        Plane::Final => final_latents.ok_or(MissingData::Final),
        Plane::Cond => Ok(&branches()?.cond),
        Plane::Uncond => branches()?.uncond.as_ref().ok_or(MissingData::Uncond),
    }
}

/// Whether a view shows latents as a picture, which a decoder may make of them.
pub fn is_picture(view: StepView) -> bool {
    view.meaning() == Meaning::Colour
}

/// Latents as colours: by the run's own map, or as they are if they are red, green and blue from −1 to 1.
///
/// # Errors
/// [`MissingData::Colours`] if there is no map of as many channels, [`MissingData::Shape`] for torn ones.
pub fn colours_of(latents: &LatentPlane, colours: Option<&LatentColours>) -> Result<Rgb32FImage, MissingData> {
    let &LatentPlane { channels, .. } = latents;
    let (width, height) = size_of(latents)?;
    let fits = |colours: &&LatentColours| colours.weights.iter().all(|weights| weights.len() == channels);
    let colours = colours.filter(fits);
    if colours.is_none() && channels != 3 {
        return Err(MissingData::Colours { channels });
    }
    let places = latents.height * latents.width;
    Ok(Rgb32FImage::from_fn(width, height, |x, y| {
        let place = y as usize * latents.width + x as usize;
        let values = (0..channels).map(|channel| latents.values[channel * places + place]);
        let colour = colours.map_or_else(
            || [0, 1, 2].map(|part: usize| latents.values[part * places + place]),
            |colours| colours.colour(&values),
        );
        Rgb(colour.map(|part| if part.is_finite() { 0.5 + 0.5 * part } else { 0.5 }))
    }))
}

/// The mean share of a word's tokens, at the size of the feature maps.
fn word_map(maps: &TokenMaps, word: Range<usize>) -> Result<ScalarMap, MissingData> {
    let places = maps.height * maps.width;
    if maps.values.len() != maps.tokens * places || places == 0 {
        return Err(MissingData::Shape);
    }
    if word.end > maps.tokens {
        return Err(MissingData::NoToken {
            index: word.start,
            found: maps.tokens,
        });
    }
    let value = |x: u32, y: u32| {
        let place = y as usize * maps.width + x as usize;
        let values = word.clone().map(|token| maps.values[token * places + place]);
        Luma([values.sum::<f32>() / word.len() as f32])
    };
    Ok(ScalarMap::from_fn(maps.width as u32, maps.height as u32, value))
}

/// The feature maps of which a token's attention is shown.
fn levels_of(levels: &[TokenMaps], token: AttentionToken) -> Result<Vec<&TokenMaps>, MissingData> {
    let found = levels.len();
    match token.level {
        _ if levels.is_empty() => Err(MissingData::Attention),
        None => Ok(levels.iter().collect()),
        Some(level) => Ok(vec![levels.get(level).ok_or(MissingData::NoLevel { level, found })?]),
    }
}

/// How the vocabulary writes the end of a word.
const WORD_END: &str = "</w>";
/// How it begins tokens that are no text.
const SPECIAL: &str = "<|";

/// The tokens of the word that a token belongs to; itself alone if tokens do not say where words end.
pub fn word_of(tokens: &[String], index: usize) -> Range<usize> {
    let alone = index..index + 1;
    let is_part = |token: &String| !token.is_empty() && !token.starts_with(SPECIAL);
    let goes_on = |token: &String| is_part(token) && !token.ends_with(WORD_END);
    if !tokens.get(index).is_some_and(is_part) || !tokens.iter().any(|token| token.ends_with(WORD_END)) {
        return alone;
    }
    let before = tokens[..index].iter().rev().take_while(|token| goes_on(token)).count();
    let after = tokens[index..].iter().take_while(|token| goes_on(token)).count();
    let has_end = tokens.get(index + after).is_some_and(is_part);
    index - before..index + after + usize::from(has_end)
}

/// The first token of a word of the prompt; case does not matter.
pub fn find_word(tokens: &[String], word: &str) -> Option<usize> {
    let word = word.trim().to_lowercase();
    let mut start = 0;
    while start < tokens.len() {
        let parts = word_of(tokens, start);
        let text: String = tokens[parts.clone()]
            .iter()
            .map(|token| token.trim_end_matches(WORD_END))
            .collect();
        if !word.is_empty() && text.trim().to_lowercase() == word {
            return Some(start);
        }
        start = parts.end.max(start + 1);
    }
    None
}

/// The words whose attention was kept, in order.
pub fn words(tokens: &[String]) -> Vec<String> {
    let starts = (0..tokens.len()).filter(|index| word_of(tokens, *index).start == *index);
    let text = |start: usize| -> String {
        let parts = tokens[word_of(tokens, start)].iter();
        parts.map(|token| token.trim_end_matches(WORD_END)).collect()
    };
    let words = starts
        .map(text)
        .filter(|text| !text.is_empty() && !text.starts_with(SPECIAL));
    words.collect()
}

/// One number for each place, from the values that the channels have there.
fn per_place(
    latents: &LatentPlane,
    value: impl Fn(&mut dyn Iterator<Item = f32>) -> f32,
) -> Result<ScalarMap, MissingData> {
    let (width, height) = size_of(latents)?;
    let places = latents.height * latents.width;
    Ok(ScalarMap::from_fn(width, height, |x, y| {
        let place = y as usize * latents.width + x as usize;
        let mut channels = (0..latents.channels).map(|channel| latents.values[channel * places + place]);
        let value = value(&mut channels);
        Luma([if value.is_finite() { value } else { 0.0 }])
    }))
}

/// Width and height of latents that are whole and not empty.
fn size_of(plane: &LatentPlane) -> Result<(u32, u32), MissingData> {
    let &LatentPlane {
        channels,
        height,
        width,
        ..
    } = plane;
    let side = |side: usize| u32::try_from(side).ok().filter(|side| *side > 0);
    let len = channels.checked_mul(height).and_then(|rows| rows.checked_mul(width));
    if channels == 0 || len != Some(plane.values.len()) {
        return Err(MissingData::Shape);
    }
    side(width).zip(side(height)).ok_or(MissingData::Shape)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::job::Branches;

    fn plane(channels: usize, values: &[f32]) -> LatentPlane {
        LatentPlane {
            channels,
            height: 1,
            width: values.len() / channels,
            values: values.to_vec(),
        }
    }

    /// Two places of two channels.
    fn step() -> StepRecord {
        StepRecord {
            index: 3,
            sigma: 2.0,
            timestep: 500.0,
            x: plane(2, &[3.0, -1.0, 5.0, 0.0]),
            x0: plane(2, &[1.0, 1.0, -1.0, 0.0]),
            branches: Some(Branches {
                cond: plane(2, &[1.0, -1.0, 0.5, 0.0]),
                uncond: Some(plane(2, &[0.5, 1.0, 1.5, 0.0])),
            }),
            attention: Vec::new(),
            secs: 0.1,
        }
    }

    fn values(field: Result<ViewImage, MissingData>) -> Vec<f32> {
        match field.unwrap() {
            ViewImage::Colours(colours) => colours.into_raw(),
            ViewImage::Signed(amounts) | ViewImage::Amount(amounts) => amounts.into_raw(),
            ViewImage::Over(_, maps) => maps.into_iter().flat_map(ScalarMap::into_raw).collect(),
        }
    }

    #[test]
    fn each_view_should_be_its_formula() {
        let step = step();
        let of = |view| latents(&step, view).unwrap().values;
        let noisy = of(StepView::Noisy).into_iter().zip([3.0, -1.0, 5.0, 0.0]);
        assert!(
            noisy
                .into_iter()
                .all(|(found, x)| (found - x / 5.0_f32.sqrt()).abs() < 1e-6)
        );
        assert_eq!(of(StepView::Noise), [1.0, -1.0, 3.0, 0.0]);
        assert_eq!(of(StepView::Cond), [1.0, 1.0, 4.0, 0.0]);
        assert_eq!(of(StepView::Uncond), [2.0, -3.0, 2.0, 0.0]);
        assert_eq!(of(StepView::Estimate), step.x0.values);

        let result = plane(2, &[1.0, 4.0, 1.0, 4.0]);
        let run = ViewContext {
            final_latents: Some(&result),
            ..ViewContext::default()
        };
        // At the first place 0.5 and −1, at the second −2 and 0.
        assert_eq!(values(show(&step, StepView::Guidance, &run)), [-0.75, -1.0]);
        assert_eq!(
            values(show(&step, StepView::Difference, &run)),
            [2.0_f32.sqrt(), 12.5_f32.sqrt()]
        );
    }

    #[test]
    fn colours_should_be_those_of_the_map_or_the_channels_themselves() {
        let map = LatentColours {
            weights: vec![vec![0.5, 0.0], vec![0.0, 1.0], vec![1.0, 1.0]],
            bias: [0.0, -1.0, 0.5],
        };
        let run = ViewContext {
            colours: Some(&map),
            ..ViewContext::default()
        };
        // x₀ is (1, −1) and (1, 0).
        let expected = [0.75, -0.5, 0.75, 0.75, 0.0, 1.25];
        assert_eq!(values(show(&step(), StepView::Estimate, &run)), expected);

        let pixels = plane(3, &[-1.0, 0.0, 1.0]);
        assert_eq!(colours_of(&pixels, None).unwrap().into_raw(), [0.0, 0.5, 1.0]);
        let none = show(&step(), StepView::Estimate, &ViewContext::default());
        assert_eq!(none, Err(MissingData::Colours { channels: 2 }));
    }

    #[test]
    fn pure_noise_should_stay_finite() {
        let mut step = step();
        for sigma in [1e6, 1e30, f64::MAX, f64::INFINITY] {
            step.sigma = sigma;
            step.x = plane(2, &[(sigma as f32).min(f32::MAX), -3.0, f32::MAX, f32::NAN]);
            for view in [StepView::Noisy, StepView::Noise, StepView::Uncond, StepView::Cond] {
                let latents = latents(&step, view).unwrap();
                assert!(latents.values.iter().all(|value| value.is_finite()), "{sigma} {view:?}");
                let colours = LatentColours {
                    weights: vec![vec![f32::MAX, 1.0]; 3],
                    bias: [0.0; 3],
                };
                let colours = colours_of(&latents, Some(&colours)).unwrap();
                assert!(colours.into_raw().iter().all(|part| part.is_finite()));
            }
        }
        step.sigma = 1e6;
        step.x.values[0] = 1e6;
        let noisy = latents(&step, StepView::Noisy).unwrap();
        assert!((noisy.values[0] - 1.0).abs() < 1e-6);
    }

    #[test]
    fn attention_should_be_the_word_s_at_one_size_or_at_all() {
        let maps = |tokens, width, values: &[f32]| TokenMaps {
            tokens,
            height: 1,
            width,
            values: values.to_vec(),
        };
        let mut step = step();
        step.attention = vec![maps(2, 2, &[0.25, 0.75, 0.75, 0.25]), maps(2, 1, &[0.5, 0.5])];
        let pixels = plane(3, &[0.0; 6]);
        step.x0 = pixels;
        let token = |index, level| StepView::Attention(AttentionToken { index, level });
        let run = ViewContext::default();
        assert_eq!(values(show(&step, token(1, Some(0)), &run)), [0.75, 0.25]);
        assert_eq!(values(show(&step, token(1, Some(1)), &run)), [0.5]);
        assert_eq!(values(show(&step, token(0, None), &run)), [0.25, 0.75, 0.5]);
        let parts = ["a", "b</w>"].map(str::to_owned);
        let word = ViewContext { tokens: &parts, ..run };
        assert_eq!(values(show(&step, token(1, None), &word)), [0.5, 0.5, 0.5]);
        let missing = show(&step, token(2, None), &run);
        assert_eq!(missing, Err(MissingData::NoToken { index: 2, found: 2 }));
        let missing = show(&step, token(0, Some(2)), &run);
        assert_eq!(missing, Err(MissingData::NoLevel { level: 2, found: 2 }));
    }

    #[test]
    fn what_was_not_kept_should_be_said_and_what_is_torn_refused() {
        let mut step = step();
        let run = ViewContext::default();
        let token = StepView::Attention(AttentionToken::default());
        step.x0 = plane(3, &[0.0; 6]);
        assert_eq!(show(&step, token, &run), Err(MissingData::Attention));
        assert_eq!(show(&step, StepView::Difference, &run), Err(MissingData::Final));
        assert_eq!(show(&step, StepView::Noise, &run), Err(MissingData::Shape));
        step.branches.as_mut().unwrap().uncond = None;
        assert_eq!(show(&step, StepView::Guidance, &run), Err(MissingData::Uncond));
        step.branches = None;
        assert_eq!(show(&step, StepView::Cond, &run), Err(MissingData::Branches));
        step.x0.values.pop();
        assert_eq!(show(&step, StepView::Estimate, &run), Err(MissingData::Shape));
        step.sigma = 0.0;
        assert_eq!(latents(&step, StepView::Noise), Err(MissingData::Noiseless));
    }

    #[test]
    fn a_word_should_be_found_with_all_its_parts() {
        let tokens = [
            "<|startoftext|>",
            "a</w>",
            "light",
            "house</w>",
            "Night</w>",
            "<|endoftext|>",
            "",
        ];
        let tokens = tokens.map(str::to_owned);
        for (word, expected) in [
            ("night", Some(4)),
            (" A", Some(1)),
            ("lighthouse", Some(2)),
            ("light", None),
            ("day", None),
            ("", None),
        ] {
            assert_eq!(find_word(&tokens, word), expected, "{word:?}");
        }
        let parts = [0..1, 1..2, 2..4, 2..4, 4..5, 5..6, 6..7, 7..8];
        for (index, expected) in parts.into_iter().enumerate() {
            assert_eq!(word_of(&tokens, index), expected);
        }
        assert_eq!(words(&tokens), ["a", "lighthouse", "Night"]);
        assert_eq!(word_of(&["a".to_owned(), "b".to_owned()], 1), 1..2);
        assert_eq!(word_of(&tokens[..3], 2), 2..3); // cut off in the middle
    }
}
