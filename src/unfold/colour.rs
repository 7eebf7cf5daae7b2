//! How amounts become colours. The shaders of the canvas go by the same formulas, on the same numbers.

use image::Rgb32FImage;

use super::field::{ScalarMap, ViewImage};
use super::resample::{Curve, enlarged};
use crate::job::RgbImage;

/// The most negative value: blue (`RdBu` of `ColorBrewer`).
pub const BELOW: [f32; 3] = [5.0 / 255.0, 113.0 / 255.0, 176.0 / 255.0];
/// No difference: white.
pub const NONE: [f32; 3] = [1.0; 3];
/// The most positive value: orange (`PuOr` of `ColorBrewer`).
pub const ABOVE: [f32; 3] = [230.0 / 255.0, 97.0 / 255.0, 1.0 / 255.0];

/// Viridis at nine places, evenly from 0 to 1, in sRGB; between them colours are mixed linearly.
///
/// Source: `viridis(9)` of viridisLite, after van der Walt and Smith (2015), CC0.
pub const VIRIDIS: [[u8; 3]; 9] = [
    [0x44, 0x01, 0x54],
    [0x47, 0x2d, 0x7b],
    [0x3b, 0x52, 0x8b],
    [0x2c, 0x72, 0x8e],
    [0x21, 0x90, 0x8c],
    [0x27, 0xad, 0x81],
    [0x5d, 0xc8, 0x63],
    [0xaa, 0xdc, 0x32],
    [0xfd, 0xe7, 0x25],
];

/// How much of a heat map covers the picture under it where it is strongest.
pub const MOST_COVER: f32 = 0.8;

/// Part of all values that a range spans; the others are drawn as its end.
const RANGE_QUANTILE: f64 = 0.99;

/// Colours of a heat map, sRGB from 0 to 1, lowest value first; between them colours are mixed linearly.
pub type ColourMap = [[f32; 3]; 9];

/// From the most negative value, blue, over white at zero to the most positive, orange.
pub const SIGNED: ColourMap = {
    let mut stops = [NONE; 9];
    let mut index = 0;
    while index < 4 {
        let white = index as f32 / 4.0;
        let mut part = 0;
        while part < 3 {
            stops[index][part] = BELOW[part] + (1.0 - BELOW[part]) * white;
            stops[8 - index][part] = ABOVE[part] + (1.0 - ABOVE[part]) * white;
            part += 1;
        }
        index += 1;
    }
    stops
};

/// From zero to the largest amount: viridis.
pub const AMOUNT: ColourMap = {
    let mut stops = [[0.0; 3]; 9];
    let mut index = 0;
    while index < 9 {
        let [red, green, blue] = VIRIDIS[index];
        stops[index] = [red as f32 / 255.0, green as f32 / 255.0, blue as f32 / 255.0];
        index += 1;
    }
    stops
};

/// A colour of a heat map, from its first at 0 to its last at 1.
pub fn sample(map: &ColourMap, place: f32) -> [f32; 3] {
    let last = map.len() - 1;
    let place = place.clamp(0.0, 1.0) * last as f32;
    let low = (place as usize).min(last - 1);
    mixed(map[low], map[low + 1], place - low as f32)
}

/// The colour of a value from −1 to 1, in sRGB from 0 to 1: white at 0, mixed linearly with blue below and orange above.
pub fn signed(value: f32) -> [f32; 3] {
    sample(&SIGNED, 0.5 + 0.5 * value)
}

/// The colour of a value from 0 to 1, in sRGB from 0 to 1: viridis.
pub fn amount(value: f32) -> [f32; 3] {
    sample(&AMOUNT, value)
}

/// A colour with the heat of a value from 0 to 1 over it: the stronger, the more of the picture it covers.
pub fn over(colour: [f32; 3], value: f32) -> [f32; 3] {
    let value = value.clamp(0.0, 1.0);
    mixed(
        colour.map(|part| part.clamp(0.0, 1.0)),
        amount(value),
        MOST_COVER * value,
    )
}

fn mixed(a: [f32; 3], b: [f32; 3], share: f32) -> [f32; 3] {
    std::array::from_fn(|part| a[part] * (1.0 - share) + b[part] * share)
}

/// The size of value that 99 of 100 do not exceed, so that single extreme places do not pale the rest; 1 if there is
/// nothing but zeros.
pub fn robust_range(values: impl Iterator<Item = f32>) -> f32 {
    let mut sizes: Vec<f32> = values.map(f32::abs).filter(|size| size.is_finite()).collect();
    if sizes.is_empty() {
        return 1.0;
    }
    let place = ((sizes.len() - 1) as f64 * RANGE_QUANTILE).ceil() as usize;
    let (_, range, _) = sizes.select_nth_unstable_by(place, f32::total_cmp);
    if *range > 0.0 { *range } else { 1.0 }
}

impl ViewImage {
    /// The size of value that is drawn as the end of the map, by [`robust_range`]; 1 for colours.
    pub fn range(&self) -> f32 {
        let of = |amounts: &ScalarMap| robust_range(amounts.pixels().map(|value| value.0[0]));
        match self {
            Self::Colours(_) => 1.0,
            Self::Signed(amounts) | Self::Amount(amounts) => of(amounts),
            Self::Over(_, maps) => maps.first().map_or(1.0, |first| of(&mean(maps, first.dimensions()))),
        }
    }

    /// The picture of it, enlarged smoothly (after Catmull and Rom, amounts before these become colours; the maps over a
    /// picture by straight lines).
    ///
    /// * `range`: the value at the end of the map, usually the largest [`Self::range`] of all pictures that are
    ///   compared.
    pub fn picture(&self, width_px: u32, height_px: u32, range: f32) -> RgbImage {
        let size = (width_px, height_px);
        let smooth = |amounts: &ScalarMap| enlarged(amounts, size, Curve::Smooth).into_raw().into_iter();
        let parts = |colours: &Rgb32FImage| {
            let colours = enlarged(colours, size, Curve::Smooth);
            colours.pixels().map(|colour| colour.0).collect::<Vec<_>>()
        };
        let colours: Vec<[f32; 3]> = match self {
            Self::Colours(colours) => parts(colours),
            Self::Signed(amounts) => smooth(amounts).map(|value| signed(value / range)).collect(),
            Self::Amount(amounts) => smooth(amounts).map(|value| amount(value / range)).collect(),
            Self::Over(colours, maps) => parts(colours)
                .into_iter()
                .zip(mean(maps, size).into_raw())
                .map(|(colour, value)| over(colour, value / range))
                .collect(),
        };
        let byte = |part: f32| (part.clamp(0.0, 1.0) * 255.0).round() as u8;
        RgbImage {
            width_px,
            height_px,
            pixels: colours.into_iter().flatten().map(byte).collect(),
        }
    }
}

/// The mean of maps of several sizes, each brought to this one by straight lines.
fn mean(maps: &[ScalarMap], size: (u32, u32)) -> ScalarMap {
    let mut mean = ScalarMap::new(size.0, size.1);
    for map in maps {
        for (sum, value) in mean.pixels_mut().zip(enlarged(map, size, Curve::Straight).pixels()) {
            sum.0[0] += value.0[0] / maps.len() as f32;
        }
    }
    mean
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signed_values_should_be_symmetric_around_white() {
        assert_eq!(signed(0.0), NONE);
        assert_eq!((signed(-1.0), signed(1.0)), (BELOW, ABOVE));
        assert_eq!((signed(-9.0), signed(9.0)), (BELOW, ABOVE));
        let between = mixed(NONE, ABOVE, 0.5);
        assert!(
            signed(0.5)
                .iter()
                .zip(between)
                .all(|(found, part)| (found - part).abs() < 1e-6)
        );
        let [red, _, blue] = signed(-0.3);
        assert!(red < blue);
    }

    #[test]
    fn amounts_should_become_lighter_all_the_way() {
        let luminance = |[r, g, b]: [f32; 3]| 0.2126 * r.powf(2.2) + 0.7152 * g.powf(2.2) + 0.0722 * b.powf(2.2);
        let lights: Vec<f32> = (0..=100).map(|value| luminance(amount(value as f32 / 100.0))).collect();
        assert!(lights.windows(2).all(|pair| pair[0] < pair[1]), "{lights:?}");
        for (value, expected) in [
            (-1.0, VIRIDIS[0]),
            (0.5, VIRIDIS[4]),
            (1.0, VIRIDIS[8]),
            (7.0, VIRIDIS[8]),
        ] {
            assert_eq!(amount(value).map(|part| (part * 255.0).round() as u8), expected);
        }
        assert_eq!(over([0.25, 0.5, 2.0], 0.0), [0.25, 0.5, 1.0]);
    }

    #[test]
    fn a_range_should_not_be_stretched_by_single_places() {
        let values = (0..1000).map(|index| match index {
            0 => 1e9,
            1 => f32::NAN,
            _ => -2.0,
        });
        assert_eq!(robust_range(values), 2.0);
        assert_eq!(robust_range(std::iter::empty()), 1.0);
        assert_eq!(robust_range([0.0; 4].into_iter()), 1.0);
    }

    #[test]
    fn maps_of_several_sizes_should_count_the_same() {
        let map = |width, values: &[f32]| ScalarMap::from_raw(width, 1, values.to_vec()).unwrap();
        let maps = vec![map(2, &[0.25, 0.75]), map(1, &[0.5])];
        assert_eq!(mean(&maps, (2, 1)).into_raw(), [0.375, 0.625]);
        let black = Rgb32FImage::new(2, 1);
        let field = ViewImage::Over(black, maps);
        assert_eq!(field.range(), 0.625);
        let picture = field.picture(2, 1, 0.625);
        let expected = over([0.0; 3], 1.0).map(|part| (part * 255.0).round() as u8);
        assert_eq!(picture.pixels[3..], expected);
    }

    #[test]
    fn an_even_field_should_stay_even_at_any_size() {
        let field = ViewImage::Signed(ScalarMap::from_pixel(3, 2, image::Luma([-0.5])));
        assert_eq!(field.range(), 0.5);
        let picture = field.picture(30, 20, field.range());
        assert_eq!(picture.pixels.len(), 3 * 30 * 20);
        assert!(picture.pixels.chunks(3).all(|pixel| pixel == [5, 113, 176]));
    }
}
