//! The colours of heat maps: straight lines in sRGB between nine colours at equal distances, readable by colour-blind
//! people. The same numbers as in the pictures and films that are exported.

use crate::unfold::colour::{ABOVE, BELOW, VIRIDIS};

/// Colours of a heat map, sRGB from 0 to 1, lowest value first.
pub type HeatStops = [[f32; 3]; 9];

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

/// From zero to the largest amount: viridis.
pub const AMOUNT: HeatStops = {
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
