//! What control networks add to a U-Net's features.

use candle_core::{Result, Tensor};

/// Feature maps to be added on the way down: those of ControlNets to the skips and the middle, those of T2I-Adapters
/// inside the blocks. Every picture of the batch has its own, or one serves all; a height and width of 1 serve every
/// pixel.
///
/// Sources: <https://arxiv.org/abs/2302.05543>, <https://arxiv.org/abs/2302.08453>
#[derive(Debug, Clone, Default)]
pub struct Residuals {
    /// One for each skip, the finest first; or none.
    pub down: Vec<Tensor>,
    /// For the middle.
    pub mid: Option<Tensor>,
    /// One for each down block, the finest first, and perhaps one more for the middle; or none.
    pub features: Vec<Tensor>,
}

impl Residuals {
    /// The sum, which is how several controls work together.
    ///
    /// # Errors
    /// If both have maps of different number or shape: they belong to different models or sizes.
    pub fn plus(&self, other: &Self) -> Result<Self> {
        let mid = match (&self.mid, &other.mid) {
            (Some(a), Some(b)) => Some(a.broadcast_add(b)?),
            (a, b) => a.as_ref().or(b.as_ref()).cloned(),
        };
        Ok(Self {
            down: sums(&self.down, &other.down)?,
            mid,
            features: sums(&self.features, &other.features)?,
        })
    }

    /// Everything multiplied by `scale`: a weight that changes from step to step needs no second call of a network
    /// whose maps stay the same.
    ///
    /// # Errors
    /// Only the device's.
    pub fn scaled(&self, scale: f64) -> Result<Self> {
        self.map(|map| map.affine(scale, 0.0))
    }

    /// For a batch in which these pictures come last and `others` uncontrolled ones first, as guess mode has it: the
    /// prompt is controlled, the negative prompt is not.
    ///
    /// # Errors
    /// Only the device's.
    pub fn behind(&self, others: usize) -> Result<Self> {
        self.map(|map| map.pad_with_zeros(0, others, 0))
    }

    fn map(&self, change: impl Fn(&Tensor) -> Result<Tensor>) -> Result<Self> {
        let all = |maps: &[Tensor]| maps.iter().map(&change).collect::<Result<Vec<_>>>();
        Ok(Self {
            down: all(&self.down)?,
            mid: self.mid.as_ref().map(&change).transpose()?,
            features: all(&self.features)?,
        })
    }

    /// Adds to the skips, and to `mid`, which is returned. The features of the `blocks` down blocks are there already;
    /// one that is left over belongs to the middle.
    pub(super) fn apply(&self, skips: &mut [Tensor], mid: &Tensor, blocks: usize) -> Result<Tensor> {
        if ![0, skips.len()].contains(&self.down.len()) {
            candle_core::bail!(
                "the control has {} feature maps, expected {} for this U-Net",
                self.down.len(),
                skips.len()
            );
        }
        if ![0, blocks, blocks + 1].contains(&self.features.len()) {
            candle_core::bail!(
                "the adapter has {} feature maps, expected {blocks} for this U-Net",
                self.features.len()
            );
        }
        for (skip, map) in skips.iter_mut().zip(&self.down) {
            *skip = add(skip, map)?;
        }
        let mut mid = mid.clone();
        for map in self.features.get(blocks).into_iter().chain(&self.mid) {
            mid = add(&mid, map)?;
        }
        Ok(mid)
    }
}

/// `x` plus a map of the same shape, or one that serves all its pictures or all its pixels, in the format of `x`.
pub(super) fn add(x: &Tensor, map: &Tensor) -> Result<Tensor> {
    let fits =
        x.rank() == 4 && map.rank() == 4 && x.dims().iter().zip(map.dims()).all(|(x, map)| x == map || *map == 1);
    if !fits {
        candle_core::bail!(
            "the control's feature map is {:?}, expected {:?}: is it made for this model and size?",
            map.dims(),
            x.dims()
        );
    }
    // Side by side in memory lie the channels of a pixel.
    let channels_last = |x: &Tensor| x.permute((0, 2, 3, 1));
    let sum = channels_last(x)?.broadcast_add(&channels_last(&map.to_dtype(x.dtype())?)?)?;
    sum.permute((0, 3, 1, 2))
}

/// Sums in pairs; where one list is empty, the other.
fn sums(a: &[Tensor], b: &[Tensor]) -> Result<Vec<Tensor>> {
    match (a, b) {
        ([], rest) | (rest, []) => Ok(rest.to_vec()),
        _ if a.len() != b.len() => {
            candle_core::bail!(
                "controls of {} and {} feature maps do not fit together",
                a.len(),
                b.len()
            )
        }
        _ => a.iter().zip(b).map(|(a, b)| a.broadcast_add(b)).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use candle_core::Device;

    fn maps(value: f32, count: usize) -> Vec<Tensor> {
        vec![Tensor::full(value, (1, 2, 3, 3), &Device::Cpu).unwrap(); count]
    }

    fn first(maps: &[Tensor]) -> f32 {
        maps[0].flatten_all().unwrap().to_vec1::<f32>().unwrap()[0]
    }

    #[test]
    fn controls_should_add_up_and_refuse_strangers() {
        let control = Residuals {
            down: maps(1.0, 2),
            ..Residuals::default()
        };
        let adapter = Residuals {
            features: maps(5.0, 2),
            ..Residuals::default()
        };
        let both = control
            .plus(&control.scaled(0.5).unwrap())
            .unwrap()
            .plus(&adapter)
            .unwrap();
        assert_eq!((first(&both.down), first(&both.features)), (1.5, 5.0));
        let stranger = Residuals {
            down: maps(1.0, 3),
            ..Residuals::default()
        };
        assert!(control.plus(&stranger).is_err(), "three maps and two");
    }

    #[test]
    fn pictures_in_front_should_stay_uncontrolled() {
        let control = Residuals {
            down: maps(1.0, 1),
            ..Residuals::default()
        };
        let both = control.behind(1).unwrap();
        assert_eq!(both.down[0].dims(), [2, 2, 3, 3]);
        assert_eq!(first(&both.down), 0.0);
        assert_eq!(first(&[both.down[0].narrow(0, 1, 1).unwrap()]), 1.0);
    }
}
