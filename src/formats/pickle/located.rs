//! The tensors that a pickle describes, and where their numbers lie.

use super::machine::Machine;
use super::value::Node;
use super::value::TensorRef;
use super::value::Value;
use crate::formats::error::Broken;
use std::collections::BTreeMap;
use std::collections::HashSet;
use std::ops::Range;

/// Tensors of a file; the largest checkpoints have some thousands.
const MAX_TENSORS: usize = 200_000;
/// Bytes of a tensor's name.
const MAX_NAME: usize = 512;
/// Where trainers put the weights of the network, beside the state of the training.
const STATE: &str = "state_dict";

/// A tensor and where its storage lies in the file.
#[derive(Debug)]
pub(super) struct Located {
    pub(super) tensor: TensorRef,
    pub(super) data: Range<usize>,
}

impl Located {
    /// Where its numbers lie in the file, if they lie one after the other.
    pub(super) fn span(&self) -> Option<Range<usize>> {
        let tensor = &self.tensor;
        if !tensor.is_contiguous() {
            return None;
        }
        let width = tensor.storage.stored.bytes();
        let start = tensor.offset * width;
        let end = start + tensor.numbers() * width;
        // A tensor without numbers may point anywhere.
        let is_inside = end <= self.data.len();
        Some(if is_inside {
            self.data.start + start..self.data.start + end
        } else {
            0..0
        })
    }

    /// Where the storage lies in the file that it is a part of.
    pub(super) fn storage(&self) -> Range<usize> {
        self.data.clone()
    }

    /// Its numbers one after the other, as strides scatter them in `storage`.
    pub(super) fn gathered(&self, storage: &[u8]) -> Vec<u8> {
        let tensor = &self.tensor;
        let width = tensor.storage.stored.bytes();
        let mut gathered = Vec::with_capacity(tensor.numbers() * width);
        let mut index = vec![0; tensor.shape.len()];
        for _ in 0..tensor.numbers() {
            let at: usize = index
                .iter()
                .zip(&tensor.strides)
                .map(|(index, stride)| index * stride)
                .sum();
            let at = (tensor.offset + at) * width;
            gathered.extend_from_slice(&storage[at..at + width]);
            for (index, size) in index.iter_mut().zip(&tensor.shape).rev() {
                *index += 1;
                if *index < *size {
                    break;
                }
                *index = 0;
            }
        }
        gathered
    }
}

/// The tensors below a value, each with its storage, whose length is checked.
pub(super) fn located(
    value: Value,
    machine: &Machine<'_>,
    storage: impl Fn(&TensorRef) -> Result<Range<usize>, Broken>,
) -> Result<BTreeMap<String, Located>, Broken> {
    let mut found = BTreeMap::new();
    for (name, tensor) in named(value, machine)? {
        let data = storage(&tensor)?;
        let needed = tensor.storage.numbers.checked_mul(tensor.storage.stored.bytes());
        if needed.is_none_or(|needed| needed > data.len()) {
            return Err(Broken::new(
                format!("{} numbers for tensor {name:?}", tensor.storage.numbers),
                format!("a storage of {} bytes", data.len()),
            ));
        }
        found.insert(name, Located { tensor, data });
    }
    Ok(found)
}

/// Every tensor in a value's dictionaries, by its path.
fn named(value: Value, machine: &Machine<'_>) -> Result<Vec<(String, TensorRef)>, Broken> {
    let entries = |value| match machine.node(value) {
        Some(Node::Dict(entries)) => entries.as_slice(),
        _ => &[],
    };
    let state = entries(value).iter().rev().find_map(|(key, value)| {
        let is_dict = matches!(machine.node(*value), Some(Node::Dict(_)));
        (is_dict && machine.text(*key) == Some(STATE)).then_some(*value)
    });

    let (mut found, mut seen) = (Vec::new(), HashSet::new());
    let mut open = vec![(String::new(), state.unwrap_or(value))];
    while let Some((prefix, dict)) = open.pop() {
        // A dictionary may hold itself, or be held twice.
        let Value::Node(index) = dict else { continue };
        if !seen.insert(index) {
            continue;
        }
        for (key, value) in entries(dict) {
            let Some(key) = machine.text(*key) else { continue };
            if prefix.len() + key.len() > MAX_NAME {
                return Err(Broken::new(
                    format!("names of at most {MAX_NAME} bytes"),
                    format!("one of {}", prefix.len() + key.len()),
                ));
            }
            let name = format!("{prefix}{key}");
            match machine.node(*value) {
                Some(Node::Tensor(tensor)) => found.push((name, (**tensor).clone())),
                Some(Node::Dict(_)) => open.push((format!("{name}."), *value)),
                _ => {}
            }
            if found.len() > MAX_TENSORS || open.len() > MAX_TENSORS {
                return Err(Broken::new(format!("at most {MAX_TENSORS} tensors"), "more"));
            }
        }
    }
    Ok(found)
}
