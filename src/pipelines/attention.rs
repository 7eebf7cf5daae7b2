//! Attention as it is kept: for each token, where on the picture the network looked for it.

use std::collections::BTreeMap;
use std::sync::Arc;

use candle_core::DType;

use crate::job::{StepRecord, TokenMaps};
use crate::models::unet::AttentionMap;

/// Longest side of a kept map; larger ones are averaged down.
const MAX_SIDE: usize = 32;

/// The tokens that a run's attention belongs to: those of each prompt, once each, in the order in which they first came.
#[derive(Debug, Default)]
pub(super) struct AttentionTokens {
    lists: Vec<Vec<String>>,
    /// From which step on which list holds.
    turns: Vec<(usize, usize)>,
}

impl AttentionTokens {
    /// Those of a run that is resumed; empty if it kept no attention.
    pub(super) fn resumed(tokens: &[String]) -> Self {
        let mut resumed = Self::default();
        if !tokens.is_empty() {
            resumed.begin(0, tokens.to_vec());
        }
        resumed
    }

    /// The tokens of the newest prompt.
    pub(super) fn newest(&self) -> &[String] {
        let list = self.turns.last().and_then(|(_, list)| self.lists.get(*list));
        list.map_or(&[], Vec::as_slice)
    }

    /// Takes down the tokens of a step's prompt, with an empty one at the end for all positions after them.
    pub(super) fn begin(&mut self, step: usize, tokens: Vec<String>) {
        let known = self.lists.iter().position(|list| *list == tokens);
        let list = known.unwrap_or_else(|| {
            self.lists.push(tokens);
            self.lists.len() - 1
        });
        if self.turns.last().is_none_or(|(_, newest)| *newest != list) {
            self.turns.push((step, list));
        }
    }

    /// Forgets the prompts that began at a step or later, but for that of the first step.
    pub(super) fn back_to(&mut self, step: usize) {
        self.turns.retain(|(from, _)| *from < step.max(1));
        let used = self.turns.iter().map(|(_, list)| list + 1).max();
        self.lists.truncate(used.unwrap_or(0));
    }

    /// All tokens, and the maps of each step among them.
    ///
    /// * `base`: what the records' indices count from.
    pub(super) fn spread(self, steps: &mut [Arc<StepRecord>], base: usize) -> Vec<String> {
        let Self { lists, turns } = self;
        let all: Vec<String> = lists.concat();
        if lists.len() > 1 {
            for step in steps {
                let own = step.index.saturating_sub(base);
                let turn = turns
                    .iter()
                    .rev()
                    .find(|(from, _)| *from <= own)
                    .or_else(|| turns.first());
                let before = &lists[..turn.map_or(0, |(_, list)| *list)];
                let before = before.iter().map(Vec::len).sum();
                for map in &mut Arc::make_mut(step).attention {
                    *map = widened(map, before, all.len());
                }
            }
        }
        all
    }
}

/// The maps of all layers, averaged over those of one size; the largest size first.
///
/// * `tokens`: how many of the text's positions get a map of their own; the rest share one more.
///
/// # Errors
/// Only the device's.
pub(super) fn token_maps(maps: &[AttentionMap], tokens: usize) -> candle_core::Result<Vec<TokenMaps>> {
    let mut by_size: BTreeMap<(usize, usize), (TokenMaps, usize)> = BTreeMap::new();
    for map in maps {
        let kept = pooled(folded(map, tokens)?);
        let size = (kept.height, kept.width);
        match by_size.get_mut(&size) {
            Some((sum, count)) => {
                for (sum, value) in sum.values.iter_mut().zip(&kept.values) {
                    *sum += value;
                }
                *count += 1;
            }
            None => {
                by_size.insert(size, (kept, 1));
            }
        }
    }
    let mean = |(mut sum, count): (TokenMaps, usize)| {
        sum.values.iter_mut().for_each(|value| *value /= count as f32);
        sum
    };
    Ok(by_size.into_values().rev().map(mean).collect())
}

/// One layer, with all positions after the first `tokens` summed into one.
fn folded(map: &AttentionMap, tokens: usize) -> candle_core::Result<TokenMaps> {
    let (positions, height, width) = map.probabilities.dims3()?;
    let own = tokens.min(positions);
    let values = map
        .probabilities
        .to_dtype(DType::F32)?
        .flatten_all()?
        .to_vec1::<f32>()?;
    let plane = height * width;
    let (first, rest) = values.split_at(own * plane);
    let mut values = first.to_vec();
    values.resize((tokens + 1) * plane, 0.0);
    for others in rest.chunks_exact(plane.max(1)) {
        for (sum, value) in values[tokens * plane..].iter_mut().zip(others) {
            *sum += value;
        }
    }
    Ok(TokenMaps {
        tokens: tokens + 1,
        height,
        width,
        values,
    })
}

/// Halved until no side is longer than [`MAX_SIDE`]; means keep the sums over the tokens.
fn pooled(mut map: TokenMaps) -> TokenMaps {
    while map.height.max(map.width) > MAX_SIDE {
        let (height, width) = (map.height.div_ceil(2), map.width.div_ceil(2));
        let mut values = Vec::with_capacity(map.tokens * height * width);
        for plane in map.values.chunks_exact(map.height * map.width) {
            for y in 0..height {
                for x in 0..width {
                    let ys = 2 * y..(2 * y + 2).min(map.height);
                    let xs = 2 * x..(2 * x + 2).min(map.width);
                    let count = ys.len() * xs.len();
                    let sum: f32 = ys
                        .flat_map(|y| xs.clone().map(move |x| (y, x)))
                        .map(|(y, x)| plane[y * map.width + x])
                        .sum();
                    values.push(sum / count as f32);
                }
            }
        }
        map = TokenMaps {
            height,
            width,
            values,
            ..map
        };
    }
    map
}

/// Maps that belong to one prompt of several, among maps for the tokens of all: those of the others are nought.
///
/// * `before`, `all`: tokens of the prompts before it, and of all of them.
fn widened(map: &TokenMaps, before: usize, all: usize) -> TokenMaps {
    let plane = map.height * map.width;
    let mut values = vec![0.0; all * plane];
    values[before * plane..(before + map.tokens) * plane].copy_from_slice(&map.values);
    TokenMaps {
        tokens: all,
        values,
        ..*map
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use candle_core::{Device, Tensor};

    /// Attention over five positions that differs from place to place.
    fn layer(side: usize, seed: u32) -> AttentionMap {
        let plane = side * side;
        let raw: Vec<f32> = (0..5 * plane)
            .map(|i| 1.0 + ((i as u32 * 7 + seed) % 13) as f32)
            .collect();
        let sums: Vec<f32> = (0..plane).map(|p| (0..5).map(|t| raw[t * plane + p]).sum()).collect();
        let values: Vec<f32> = (0..5 * plane).map(|i| raw[i] / sums[i % plane]).collect();
        AttentionMap {
            layer: format!("layer {seed}"),
            probabilities: Tensor::from_vec(values, (5, side, side), &Device::Cpu).unwrap(),
        }
    }

    #[test]
    fn kept_maps_should_sum_to_one_over_the_tokens() {
        let kept = token_maps(&[layer(64, 1), layer(9, 2), layer(64, 3), layer(4, 4)], 3).unwrap();
        let sizes: Vec<_> = kept.iter().map(|map| (map.tokens, map.height, map.width)).collect();
        assert_eq!(sizes, [(4, 32, 32), (4, 9, 9), (4, 4, 4)]);
        for map in &kept {
            let plane = map.height * map.width;
            for place in 0..plane {
                let sum: f32 = (0..map.tokens).map(|token| map.values[token * plane + place]).sum();
                assert!((sum - 1.0).abs() < 1e-5, "{sum} at {place} of {plane}");
            }
        }
    }

    #[test]
    fn maps_of_one_prompt_should_find_their_place_among_all() {
        let map = token_maps(&[layer(4, 1)], 2).unwrap().remove(0);
        let wide = widened(&map, 2, 7);
        assert_eq!(wide.tokens, 7);
        assert_eq!(wide.values[2 * 16..5 * 16], map.values);
        assert!(
            wide.values[..2 * 16]
                .iter()
                .chain(&wide.values[5 * 16..])
                .all(|value| *value == 0.0)
        );
    }
}
