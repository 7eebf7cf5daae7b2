//! How the steps of a run look: previews, and what was decoded because someone wanted to see it.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::job::{LatentColours, LatentPlane, RgbImage};

/// Bytes of one run's pictures that are kept.
const BUDGET: usize = 192 << 20;

/// How near a picture is to what the autoencoder makes of the latents.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Quality {
    /// By the tiny decoder or the linear map.
    Quick,
    /// By the whole autoencoder.
    Exact,
}

/// Pictures of the steps of one run, by [`StepRecord::index`](crate::job::StepRecord::index).
#[derive(Debug, Clone, Default)]
pub struct StepPictures {
    decoded: BTreeMap<usize, (Quality, Arc<RgbImage>)>,
    /// The step that was looked at last without a decoded picture, as its latents look.
    latent: Option<(usize, Arc<RgbImage>)>,
}

impl StepPictures {
    /// The decoded picture of a step.
    pub fn get(&self, index: usize) -> Option<&Arc<RgbImage>> {
        self.decoded.get(&index).map(|(_, picture)| picture)
    }

    /// How good the decoded picture of a step is; `None` if there is none.
    pub fn quality(&self, index: usize) -> Option<Quality> {
        self.decoded.get(&index).map(|(quality, _)| *quality)
    }

    /// What there is to see of a step: its decoded picture, else how its latents look, else an earlier step.
    pub fn best(&self, index: usize) -> Option<&Arc<RgbImage>> {
        let latent = self.latent.as_ref().filter(|(at, _)| *at == index);
        let earlier = || self.decoded.range(..index).next_back().map(|(_, (_, picture))| picture);
        self.get(index)
            .or_else(|| latent.map(|(_, picture)| picture))
            .or_else(earlier)
    }

    /// Keeps a picture unless there is a better one. Beyond the budget the steps farthest away lose theirs.
    pub fn insert(&mut self, index: usize, quality: Quality, picture: Arc<RgbImage>) {
        if self.quality(index).is_some_and(|kept| kept > quality) {
            return;
        }
        self.decoded.insert(index, (quality, picture));
        while self.decoded.len() > 1 && self.bytes() > BUDGET {
            let ends = [self.decoded.keys().next(), self.decoded.keys().next_back()];
            let farthest = ends
                .into_iter()
                .flatten()
                .max_by_key(|end| end.abs_diff(index))
                .copied();
            farthest.map(|end| self.decoded.remove(&end));
        }
    }

    /// Keeps the preview of a step that was just taken. If those of all steps would exceed the budget, only every second,
    /// third, … step and the newest keep theirs.
    ///
    /// * `total`: steps of the whole run.
    pub fn insert_preview(&mut self, index: usize, total: usize, preview: Arc<RgbImage>) {
        let stride = (preview.pixels.len() * total).div_ceil(BUDGET).max(1);
        if let Some((before, (Quality::Quick, _))) = self.decoded.range(..index).next_back()
            && (before + 1) % stride != 0
        {
            let before = *before;
            self.decoded.remove(&before);
        }
        self.insert(index, Quality::Quick, preview);
    }

    /// The picture of the newest step that has one.
    pub fn newest(&self) -> Option<&Arc<RgbImage>> {
        self.decoded.last_key_value().map(|(_, (_, picture))| picture)
    }

    /// Forgets the pictures of a step and of all that follow.
    pub fn forget_from(&mut self, index: usize) {
        self.decoded.split_off(&index);
        self.latent = None;
    }

    /// Keeps how the latents of the step that is looked at look, if there is no better picture.
    pub fn look_at(&mut self, index: usize, x0: &LatentPlane, colours: Option<&LatentColours>) {
        let is_there = self.decoded.contains_key(&index) || self.latent.as_ref().is_some_and(|(at, _)| *at == index);
        if !is_there {
            let picture = latent_picture(x0, colours, usize::MAX);
            self.latent = picture.map(|picture| (index, Arc::new(picture)));
        }
    }

    fn bytes(&self) -> usize {
        self.decoded.values().map(|(_, picture)| picture.pixels.len()).sum()
    }
}

/// How latents look without a decoder, one pixel for each place, or fewer; `None` if nobody knows how to see them.
///
/// * `max_side`: pixels of the longer side at most; beyond it places are left out.
pub fn latent_picture(x0: &LatentPlane, colours: Option<&LatentColours>, max_side: usize) -> Option<RgbImage> {
    let LatentPlane {
        channels,
        height,
        width,
        values,
    } = x0;
    let (area, stride) = (height * width, height.max(width).div_ceil(max_side.max(1)).max(1));
    let is_whole = area > 0 && values.len() == channels * area;
    if !is_whole || (colours.is_none() && *channels != 3) {
        return None;
    }
    let (rows, columns) = (height.div_ceil(stride), width.div_ceil(stride));
    let mut pixels = Vec::with_capacity(3 * rows * columns);
    for y in (0..*height).step_by(stride) {
        for x in (0..*width).step_by(stride) {
            let place = y * width + x;
            let here = (0..*channels).map(|channel| values[channel * area + place]);
            let colour = match colours {
                Some(colours) => colours.colour(&here),
                None => std::array::from_fn(|part| values[part * area + place]), // pixels from −1 to 1
            };
            pixels.extend(colour.map(|part| (127.5 * (part + 1.0)).round().clamp(0.0, 255.0) as u8));
        }
    }
    Some(RgbImage {
        width_px: columns as u32,
        height_px: rows as u32,
        pixels,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(side_px: u32) -> Arc<RgbImage> {
        Arc::new(RgbImage::filled(side_px, side_px, [0; 3]))
    }

    #[test]
    fn a_better_picture_should_stay_and_an_earlier_one_stand_in() {
        let mut pictures = StepPictures::default();
        pictures.insert(3, Quality::Exact, plain(8));
        pictures.insert(3, Quality::Quick, plain(4));
        assert_eq!(pictures.quality(3), Some(Quality::Exact));
        assert_eq!(pictures.best(5).map(|picture| picture.width_px), Some(8));
        assert_eq!(pictures.best(2), None);
        pictures.forget_from(3);
        assert_eq!(pictures.best(5), None);
    }

    #[test]
    fn the_farthest_pictures_should_go_when_there_are_too_many() {
        let mut pictures = StepPictures::default();
        for index in 0..6 {
            pictures.insert(index, Quality::Quick, plain(4096)); // 48 MiB each
        }
        assert_eq!(pictures.get(0), None);
        assert!(pictures.get(5).is_some() && pictures.get(2).is_some());
        assert!(pictures.bytes() <= BUDGET);
    }

    #[test]
    fn previews_of_a_run_too_large_for_the_budget_should_be_spread_over_it() {
        let mut pictures = StepPictures::default();
        pictures.insert_preview(0, 9, plain(4096)); // 48 MiB each: four of nine fit, so every third is kept
        pictures.insert(0, Quality::Exact, plain(8));
        for index in 1..9 {
            pictures.insert_preview(index, 9, plain(4096));
            assert!(pictures.get(index).is_some(), "the newest is always there");
        }
        let kept: Vec<usize> = (0..9).filter(|index| pictures.get(*index).is_some()).collect();
        assert_eq!(kept, [0, 2, 5, 8], "what was decoded on request stays");
        assert_eq!(pictures.newest(), pictures.get(8));
    }

    #[test]
    fn latents_should_be_seen_by_their_colours_and_pixels_as_they_are() {
        let plane = LatentPlane {
            channels: 3,
            height: 2,
            width: 4,
            values: [[-1.0; 8], [0.0; 8], [1.0; 8]].concat(),
        };
        let seen = latent_picture(&plane, None, 2).unwrap();
        assert_eq!((seen.width_px, seen.height_px), (2, 1));
        assert_eq!(seen.pixels, [0, 128, 255, 0, 128, 255]);

        let colours = LatentColours {
            weights: vec![vec![0.0; 3], vec![0.0; 3], vec![0.0, 0.0, -1.0]],
            bias: [1.0, 0.0, 0.0],
        };
        let seen = latent_picture(&plane, Some(&colours), usize::MAX).unwrap();
        assert_eq!(seen.pixels[..3], [255, 128, 0]);
        let odd = LatentPlane { channels: 4, ..plane };
        assert_eq!(latent_picture(&odd, Some(&colours), 8), None, "values are missing");
    }
}
