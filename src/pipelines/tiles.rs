//! Large pictures through the autoencoder in overlapping tiles, where they do not fit into memory as a whole.

use candle_core::{Device, Result, Tensor};

use super::error::is_out_of_memory;
use super::memory::has_room;
use crate::job::VaeTiles;
use crate::kernels::Wrap;

/// Sides of tiles, in latents, the largest first.
const SIDES: [usize; 3] = [96, 64, 32];
/// The side that is taken when tiles are asked for: that of the pictures most autoencoders were trained on.
const USUAL_SIDE: usize = 64;
/// So much of a tile's side lies over the next tile.
const OVERLAP: f64 = 0.25;

/// How many tiles of the usual side there are over so many places.
pub(super) fn usual_tiles(height: usize, width: usize, wrap: Wrap) -> usize {
    let count = |len, joins| Axis::new(len, USUAL_SIDE, joins).starts.len();
    count(height, wrap.y) * count(width, wrap.x)
}

/// One half of the autoencoder, run as a whole or in tiles.
pub(super) struct TiledVae<'a> {
    /// Whether it is run in tiles.
    pub(super) tiles: VaeTiles,
    /// Where it is computed.
    pub(super) device: &'a Device,
    /// What one latent with its pixels takes at the peak, in bytes.
    pub(super) bytes_per_latent: usize,
    /// Places of its input along the side of one latent, then of its output.
    pub(super) units: [usize; 2],
    /// Edges of the picture that join.
    pub(super) wrap: Wrap,
}

impl TiledVae<'_> {
    /// Runs it, as a whole if there is room, else in the largest tiles there is room for.
    ///
    /// * `x`: `(batch, channels, height, width)`.
    /// * `run`: the network, on the whole or a tile whose edges join as it says.
    ///
    /// # Errors
    /// Only the network's.
    pub(super) fn take(&self, x: &Tensor, run: impl Fn(&Tensor, Wrap) -> Result<Tensor>) -> Result<Tensor> {
        let (batch, _, height, width) = x.dims4()?;
        let unit = self.units[0];
        let is_whole = height.is_multiple_of(unit) && width.is_multiple_of(unit);
        let (height, width) = (height / unit, width / unit);
        let ways: &[Option<usize>] = match self.tiles {
            VaeTiles::Never => &[None],
            _ if !is_whole => &[None],
            VaeTiles::Auto => &[None, Some(SIDES[0]), Some(SIDES[1]), Some(SIDES[2])],
            VaeTiles::Always => &[Some(USUAL_SIDE), Some(SIDES[2])],
        };
        // The processor's memory is asked beforehand, since its end is the program's; a device says when it is full.
        let is_asked = self.device.is_cpu() && self.tiles == VaeTiles::Auto;
        let fits = |side: Option<usize>| {
            let side = side.unwrap_or(usize::MAX);
            let latents = batch * height.min(side) * width.min(side);
            !is_asked || has_room((latents * self.bytes_per_latent) as u64)
        };
        let mut ways = ways.iter().copied().peekable();
        while let Some(side) = ways.next() {
            let is_last = ways.peek().is_none();
            if !is_last && !fits(side) {
                continue;
            }
            let taken = match side {
                None => run(x, self.wrap),
                Some(side) => in_tiles(x, side, (self.units, self.wrap), &run),
            };
            match taken {
                Err(error) if !is_last && is_out_of_memory(&error) => {
                    tracing::info!("no room for the picture {side:?}, trying smaller tiles: {error}");
                }
                taken => return taken,
            }
        }
        run(x, self.wrap)
    }
}

/// Where the tiles lie along one axis.
struct Axis {
    /// Places of the axis.
    len: usize,
    /// Places of a tile.
    side: usize,
    /// First places of the tiles; where edges join a tile may go on at the beginning.
    starts: Vec<usize>,
    /// Whether the tile is all there is and its own edges join.
    joins: bool,
}

impl Axis {
    fn new(len: usize, side: usize, joins: bool) -> Self {
        if len <= side {
            return Self {
                len,
                side: len,
                starts: vec![0],
                joins,
            };
        }
        let overlap = (side as f64 * OVERLAP) as usize;
        let stride = (side - overlap).max(1);
        let starts = if joins {
            let count = len.div_ceil(stride);
            (0..count).map(|tile| tile * len / count).collect()
        } else {
            let count = (len - overlap).div_ceil(stride).max(2);
            (0..count).map(|tile| tile * (len - side) / (count - 1)).collect()
        };
        Self {
            len,
            side,
            starts,
            joins: false,
        }
    }

    /// How much each place of a tile counts, rising from either end.
    fn weights(&self, unit: usize) -> Vec<f32> {
        let len = self.side * unit;
        let rise = ((len as f64 * OVERLAP) as usize).max(1) as f32;
        (0..len)
            .map(|place| (((place.min(len - 1 - place)) as f32 + 0.5) / rise).min(1.0))
            .collect()
    }

    /// What all tiles together count at each place.
    fn sums(&self, unit: usize) -> Vec<f32> {
        let mut sums = vec![0.0; self.len * unit];
        let weights = self.weights(unit);
        for start in &self.starts {
            for (place, weight) in weights.iter().enumerate() {
                sums[(start * unit + place) % (self.len * unit)] += weight;
            }
        }
        sums
    }

    /// A tile of a tensor.
    fn cut(&self, x: &Tensor, axis: usize, start: usize, unit: usize) -> Result<Tensor> {
        let (start, side, len) = (start * unit, self.side * unit, self.len * unit);
        if start + side <= len {
            return x.narrow(axis, start, side);
        }
        let first = x.narrow(axis, start, len - start)?;
        Tensor::cat(&[&first, &x.narrow(axis, 0, start + side - len)?], axis)
    }
}

/// The network tile by tile. Each tile fades out where the next one lies over it, so that where they differ a little
/// no edge is seen; where edges of the picture join, tiles go round them.
///
/// * `x`: `(batch, channels, height, width)`, sides multiples of `units[0]`.
/// * `side`: of a tile, in latents.
/// * `units`: places of the network's input along the side of one latent, then of its output.
/// * `wrap`: edges of the picture that join.
fn in_tiles(
    x: &Tensor,
    side: usize,
    ([unit, out_unit], wrap): ([usize; 2], Wrap),
    run: &dyn Fn(&Tensor, Wrap) -> Result<Tensor>,
) -> Result<Tensor> {
    let (batch, _, height, width) = x.dims4()?;
    let rows = Axis::new(height / unit, side, wrap.y);
    let columns = Axis::new(width / unit, side, wrap.x);
    let inside = Wrap {
        x: columns.joins,
        y: rows.joins,
    };
    let (weights, row_weights) = (columns.weights(out_unit), rows.weights(out_unit));
    let (width, height) = (columns.len * out_unit, rows.len * out_unit);
    let mut planes: Vec<f32> = Vec::new();
    for top in &rows.starts {
        let line = rows.cut(x, 2, *top, unit)?;
        for left in &columns.starts {
            let tile = run(&columns.cut(&line, 3, *left, unit)?.contiguous()?, inside)?;
            let (_, _, tile_height, tile_width) = tile.dims4()?;
            if (tile_height, tile_width) != (row_weights.len(), weights.len()) {
                candle_core::bail!(
                    "expected a tile of {}×{}, found {tile_width}×{tile_height}",
                    weights.len(),
                    row_weights.len()
                );
            }
            let values = tile
                .to_dtype(candle_core::DType::F32)?
                .flatten_all()?
                .to_vec1::<f32>()?;
            let count = values.len() / (tile_height * tile_width);
            planes.resize(count * height * width, 0.0);
            for (index, row) in values.chunks_exact(tile_width).enumerate() {
                let (plane, y) = (index / tile_height, index % tile_height);
                let line = (plane * height + (top * out_unit + y) % height) * width;
                for (place, (value, weight)) in row.iter().zip(&weights).enumerate() {
                    let column = (left * out_unit + place) % width;
                    planes[line + column] += value * weight * row_weights[y];
                }
            }
        }
    }
    let (sums, row_sums) = (columns.sums(out_unit), rows.sums(out_unit));
    for (index, row) in planes.chunks_exact_mut(width).enumerate() {
        let row_sum = row_sums[index % height];
        row.iter_mut()
            .zip(&sums)
            .for_each(|(value, sum)| *value /= sum * row_sum);
    }
    Tensor::from_vec(planes, (batch, (), height, width), x.device())
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    const DEVICE: Device = Device::Cpu;

    /// A picture of soft waves.
    fn picture(channels: usize, height: usize, width: usize) -> Tensor {
        let places = (0..channels * height * width).map(|place| {
            let (x, y) = (place % width, place / width);
            (x as f32 * 0.31).sin() + (y as f32 * 0.17).cos()
        });
        Tensor::from_iter(places, &DEVICE)
            .and_then(|x| x.reshape((1, channels, height, width)))
            .unwrap()
    }

    fn largest_difference(a: &Tensor, b: &Tensor) -> f32 {
        assert_eq!(a.dims(), b.dims());
        let difference = (a - b).and_then(|d| d.abs()?.flatten_all()?.max(0)).unwrap();
        difference.to_scalar().unwrap()
    }

    #[test]
    fn tiles_of_what_looks_at_no_neighbours_should_make_up_the_whole() {
        let enlarge = |x: &Tensor, _: Wrap| x.upsample_nearest2d(2 * x.dim(2)?, 2 * x.dim(3)?);
        let shrink = |x: &Tensor, _: Wrap| x.avg_pool2d(2);
        for (height, width) in [(40, 24), (17, 50), (8, 8), (9, 100), (33, 34)] {
            for wrap in [false, true].map(|joins| Wrap { x: joins, y: !joins }) {
                let latents = picture(3, height, width);
                let tiled = in_tiles(&latents, 16, ([1, 2], wrap), &enlarge).unwrap();
                let error = largest_difference(&tiled, &enlarge(&latents, wrap).unwrap());
                assert!(error < 1e-5, "{height}×{width}, {wrap:?}: off by {error}");
                let pixels = picture(3, 2 * height, 2 * width);
                let tiled = in_tiles(&pixels, 16, ([2, 1], wrap), &shrink).unwrap();
                let error = largest_difference(&tiled, &shrink(&pixels, wrap).unwrap());
                assert!(error < 1e-5, "{height}×{width} back, {wrap:?}: off by {error}");
            }
        }
    }

    #[test]
    fn tiles_should_lie_over_each_other_and_go_round_joined_edges() {
        for (len, side) in [(17, 16), (29, 16), (100, 16), (33, 32), (512, 96)] {
            for joins in [false, true] {
                let axis = Axis::new(len, side, joins);
                let overlap = side / 4;
                let ends = axis.starts.windows(2).map(|pair| pair[0] + side - pair[1]);
                assert!(
                    ends.into_iter().all(|shared| shared >= overlap),
                    "{len} in {side}: {:?}",
                    axis.starts
                );
                let end = axis.starts.last().unwrap() + side;
                let expected = if joins { len + overlap..=len + side } else { len..=len };
                assert!(expected.contains(&end), "{len} in {side}: ends at {end}");
            }
        }
        assert_eq!(Axis::new(16, 16, true).starts, [0]);
        assert!(Axis::new(16, 16, true).joins && !Axis::new(17, 16, true).joins);
    }

    /// A passage through a network that is full with more than so many latents.
    fn taken(tiles: VaeTiles, most: usize) -> (Result<Tensor>, usize) {
        let passage = TiledVae {
            tiles,
            device: &DEVICE,
            bytes_per_latent: 1,
            units: [1, 1],
            wrap: Wrap::default(),
        };
        let largest = Cell::new(0);
        let outcome = passage.take(&picture(1, 160, 120), |x, _| {
            let latents = x.dim(2)? * x.dim(3)?;
            if latents > most {
                candle_core::bail!("CUDA_ERROR_OUT_OF_MEMORY");
            }
            largest.set(largest.get().max(latents));
            Ok(x.clone())
        });
        (outcome, largest.get())
    }

    #[test]
    fn a_full_device_should_be_asked_for_smaller_tiles() {
        for (tiles, most, expected) in [
            (VaeTiles::Auto, usize::MAX, Some(160 * 120)),
            (VaeTiles::Auto, 160 * 120 - 1, Some(96 * 96)),
            (VaeTiles::Auto, 96 * 96 - 1, Some(64 * 64)),
            (VaeTiles::Auto, 64 * 64 - 1, Some(32 * 32)),
            (VaeTiles::Auto, 32 * 32 - 1, None),
            (VaeTiles::Always, usize::MAX, Some(64 * 64)),
            (VaeTiles::Always, 64 * 64 - 1, Some(32 * 32)),
            (VaeTiles::Never, 160 * 120 - 1, None),
        ] {
            let (outcome, largest) = taken(tiles, most);
            assert_eq!(outcome.is_ok(), expected.is_some(), "{tiles:?}, at most {most}");
            if let Some(expected) = expected {
                assert_eq!(largest, expected, "{tiles:?}, at most {most}");
            }
        }
    }

    #[test]
    fn a_picture_for_which_there_is_no_memory_should_be_taken_in_small_tiles() {
        let passage = TiledVae {
            tiles: VaeTiles::Auto,
            device: &DEVICE,
            bytes_per_latent: 1 << 50,
            units: [1, 1],
            wrap: Wrap::default(),
        };
        let largest = Cell::new(0);
        let x = picture(2, 80, 50);
        let same = passage.take(&x, |x, _| {
            largest.set(largest.get().max(x.dim(2)? * x.dim(3)?));
            Ok(x.clone())
        });
        assert!(largest_difference(&same.unwrap(), &x) < 1e-5);
        assert_eq!(largest.get(), 32 * 32);
    }

    #[test]
    fn other_failures_should_not_be_tried_again() {
        let calls = Cell::new(0);
        let passage = TiledVae {
            tiles: VaeTiles::Auto,
            device: &DEVICE,
            bytes_per_latent: 1,
            units: [1, 1],
            wrap: Wrap::default(),
        };
        let outcome = passage.take(&picture(1, 99, 99), |_, _| {
            calls.set(calls.get() + 1);
            candle_core::bail!("no such thing")
        });
        assert!(outcome.is_err());
        assert_eq!(calls.get(), 1);
    }
}
