//! What can be made of a picture that is there: the same once more, another of its kind, a larger one.

use std::path::PathBuf;

use crate::job::{Axis, Field, GenerateRequest, Hires, Sweep, Variation};

/// How many pictures a grid has that is made to choose from.
const NUM_CHOICES: u64 = 4;
/// How much larger a picture becomes in its second pass.
const UPSCALE: f64 = 2.0;
/// How much of it that pass may change: it adds detail and keeps all shapes.
const UPSCALE_STRENGTH: f64 = 0.4;

/// How far variations go from their picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum VariationStrength {
    /// Details differ.
    Subtle,
    /// The composition differs too.
    Strong,
}

impl VariationStrength {
    /// How much of another seed's noise: interpolated on the sphere, so that even half of it leaves a picture whose kin
    /// can be seen.
    fn strength(self) -> f64 {
        match self {
            Self::Subtle => 0.15,
            Self::Strong => 0.45,
        }
    }
}

/// What is wanted of a picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Regenerate {
    /// Its settings in the form, its seed included.
    Settings,
    /// Another one with the same settings.
    NewSeed,
    /// Four that differ a little from it.
    Vary(VariationStrength),
    /// The same with a second pass at twice the size.
    Upscale,
}

/// Something of this, to be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RegenerateCommand {
    /// Of a picture, by its file.
    Picture(PathBuf, Regenerate),
    /// Of a run of the sweep, by its place among the cells.
    Cell(usize, Regenerate),
    /// Four pictures of the form, to choose from.
    Four,
    /// A picture enlarged by a network, which is asked for if none was named before.
    Enlarge(PathBuf),
    /// The same by a network that is asked for, whatever was named before.
    ChooseNetwork(PathBuf),
}

impl Regenerate {
    /// All of them, in the order a menu has them.
    pub const ALL: [Self; 5] = [
        Self::Settings,
        Self::NewSeed,
        Self::Vary(VariationStrength::Subtle),
        Self::Vary(VariationStrength::Strong),
        Self::Upscale,
    ];

    /// Key of its name among the texts; its attribute `.tip` says what it does.
    pub fn key(self) -> &'static str {
        match self {
            Self::Settings => "again-settings",
            Self::NewSeed => "again-new-seed",
            Self::Vary(VariationStrength::Subtle) => "again-vary-subtle",
            Self::Vary(VariationStrength::Strong) => "again-vary-strong",
            Self::Upscale => "again-upscale",
        }
    }
}

impl RegenerateCommand {
    /// Key of its name among the texts; its attribute `.tip` says what it does.
    pub fn key(&self) -> &'static str {
        match self {
            Self::Picture(_, again) | Self::Cell(_, again) => again.key(),
            Self::Four => "again-four",
            Self::Enlarge(_) | Self::ChooseNetwork(_) => "again-enlarge",
        }
    }
}

/// Four runs of a request whose seeds count up.
pub fn four(base: GenerateRequest) -> Sweep {
    grid(Field::Seed, base.seed, base)
}

/// Four variations of a request.
///
/// * `seed`: of the first one's other noise.
pub fn variations(mut base: GenerateRequest, variety: VariationStrength, seed: u64) -> Sweep {
    base.variation = Some(Variation {
        seed,
        strength: variety.strength(),
    });
    grid(Field::VariationSeed, seed, base)
}

/// The same picture with a second pass at twice the size, as far as sides may go.
pub fn upscaled(mut base: GenerateRequest) -> GenerateRequest {
    base.hires = Some(Hires {
        scale: UPSCALE,
        strength: UPSCALE_STRENGTH,
        steps: None,
    });
    base
}

fn grid(field: Field, first: u64, base: GenerateRequest) -> Sweep {
    let values = (0..NUM_CHOICES).map(|place| first.wrapping_add(place).to_string());
    Sweep {
        base: GenerateRequest { batch_count: 1, ..base },
        x: Axis {
            field,
            from_step: None,
            values: values.collect(),
        },
        y: None,
        z: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn four_choices_should_differ_in_their_seed_alone() {
        let base = GenerateRequest {
            seed: u64::MAX - 1,
            batch_count: 3,
            ..GenerateRequest::default()
        };
        let cells = four(base.clone()).cells().unwrap();
        let seeds: Vec<u64> = cells.iter().map(|cell| cell.request.seed).collect();
        assert_eq!(
            seeds,
            [u64::MAX - 1, u64::MAX, 0, 1],
            "the largest seed is followed by 0"
        );
        for cell in cells {
            let same = GenerateRequest {
                seed: base.seed,
                batch_count: 3,
                ..cell.request
            };
            assert_eq!(same, base);
        }
    }

    #[test]
    fn variations_should_keep_the_seed_and_differ_in_the_other_one() {
        let base = GenerateRequest {
            seed: 7,
            ..GenerateRequest::default()
        };
        let (subtle, strong) = (VariationStrength::Subtle, VariationStrength::Strong);
        assert!(subtle.strength() < strong.strength());
        let cells = variations(base, strong, 40).cells().unwrap();
        let found: Vec<_> = cells
            .iter()
            .map(|cell| (cell.request.seed, cell.request.variation.unwrap()))
            .collect();
        let expected = (40..44).map(|seed| (7, Variation { seed, strength: 0.45 }));
        assert_eq!(found, expected.collect::<Vec<_>>());
    }
}
