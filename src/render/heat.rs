//! The colours of heat maps: straight lines in sRGB between nine colours at equal distances, readable by colour-blind
//! people. The same numbers as in the pictures and films that are exported.

/// Colours of a heat map, sRGB from 0 to 1, lowest value first.
pub type HeatStops = [[f32; 3]; 9];

/// The most negative value: blue (`ColorBrewer`, `RdBu`).
const BELOW: [f32; 3] = [5.0 / 255.0, 113.0 / 255.0, 176.0 / 255.0];
/// The most positive value: orange (`ColorBrewer`, `PuOr`).
const ABOVE: [f32; 3] = [230.0 / 255.0, 97.0 / 255.0, 1.0 / 255.0];

/// From the most negative value, blue, over white at zero to the most positive, orange.
pub const SIGNED: HeatStops = {
    let mut stops = [[1.0; 3]; 9];
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

/// From zero to the largest amount: viridis (`viridis(9)` of viridisLite, after van der Walt and Smith 2015, CC0).
pub const AMOUNT: HeatStops = {
    let viridis: [[u8; 3]; 9] = [
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
    let mut stops = [[0.0; 3]; 9];
    let mut index = 0;
    while index < 9 {
        let [red, green, blue] = viridis[index];
        stops[index] = [red as f32 / 255.0, green as f32 / 255.0, blue as f32 / 255.0];
        index += 1;
    }
    stops
};

/// How much of a heat map covers the picture under it where it is strongest.
pub(super) const MOST_COVER: f32 = 0.8;

/// A colour of a heat map, from its first at 0 to its last at 1.
pub fn colour(stops: &HeatStops, amount: f32) -> [f32; 3] {
    let last = stops.len() - 1;
    let place = amount.clamp(0.0, 1.0) * last as f32;
    let below = (place as usize).min(last - 1);
    [0, 1, 2].map(|part| mix(stops[below][part], stops[below + 1][part], place - below as f32))
}

pub(super) fn mix(from: f32, to: f32, part: f32) -> f32 {
    from * (1.0 - part) + to * part // exact at both ends
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_difference_should_be_white_between_blue_and_orange() {
        assert_eq!(colour(&SIGNED, 0.5), [1.0; 3]);
        assert_eq!(colour(&SIGNED, -1.0), BELOW);
        assert_eq!(colour(&SIGNED, 2.0), ABOVE);
    }

    #[test]
    fn a_larger_amount_should_be_lighter() {
        let lightness = |amount| colour(&AMOUNT, amount).iter().sum::<f32>();
        assert!((0..20).all(|part| lightness(part as f32 / 20.0) < lightness((part + 1) as f32 / 20.0)));
    }
}
