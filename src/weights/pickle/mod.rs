//! `PyTorch`'s own files: a pickle that describes tensors, and their numbers beside it. The pickle is read, never run.

mod legacy;
mod machine;
mod names;
mod value;
mod zip;

use super::Bytes;
use super::LoadError;
use super::TensorSource;
use super::error::Broken;
use super::numbers;
use candle_core::DType;
use candle_core::Device;
use candle_core::Tensor;
use machine::Machine;
use std::collections::BTreeMap;
use std::collections::HashSet;
use std::ops::Range;
use std::path::Path;
use std::path::PathBuf;
use value::Node;
use value::TensorRef;
use value::Value;

/// The entry of the archive that is the pickle, inside its one folder.
const PICKLE: &str = "data.pkl";
/// Tensors of a file; the largest checkpoints have some thousands.
const MAX_TENSORS: usize = 200_000;
/// Bytes of a tensor's name.
const MAX_NAME: usize = 512;
/// Where trainers put the weights of the network, beside the state of the training.
const STATE: &str = "state_dict";

/// A `.ckpt`, `.pt` or `.bin` file, zipped as since `PyTorch` 1.6 or in the stream before it. Tensors in nested
/// dictionaries are named by their path, joined with dots; if there is a `state_dict` it alone counts, without its name.
#[derive(Debug)]
pub struct PickleFile {
    bytes: Bytes,
    tensors: BTreeMap<String, Located>,
    path: PathBuf,
}

/// A tensor and where its storage lies in the file.
#[derive(Debug)]
struct Located {
    tensor: TensorRef,
    data: Range<usize>,
}

impl PickleFile {
    /// Whether a file that starts like this is one.
    pub fn recognises(bytes: &[u8]) -> bool {
        bytes.starts_with(b"PK\x03\x04") || bytes.starts_with(b"PK\x05\x06") || legacy::recognises(bytes)
    }

    /// Reads the description, and checks that every tensor it names lies inside its storage and every storage inside
    /// the file.
    ///
    /// * `path`: for messages only.
    ///
    /// # Errors
    /// [`LoadError::Broken`] if the archive or the pickle makes no sense or has no tensors, or asks for something that
    /// is not weights.
    pub fn new(bytes: Bytes, path: PathBuf) -> Result<Self, LoadError> {
        let read = if legacy::recognises(&bytes) {
            legacy::read(&bytes)
        } else {
            zipped(&bytes)
        };
        let tensors = read.map_err(|broken| broken.at(&path))?;
        if tensors.is_empty() {
            return Err(Broken::new("tensors in the pickle", "none").at(&path));
        }
        Ok(Self { bytes, tensors, path })
    }

    fn read(&self, located: &Located, dtype: DType, device: &Device) -> candle_core::Result<Tensor> {
        let Located { tensor, data } = located;
        let width = tensor.storage.stored.bytes();
        let storage = &self.bytes[data.clone()];
        if tensor.is_contiguous() {
            let (start, length) = (tensor.offset * width, tensor.numbers() * width);
            // A tensor without numbers may point anywhere.
            let view = storage.get(start..start + length).unwrap_or_default();
            let made = numbers::tensor(view, tensor.storage.stored, &tensor.shape, dtype, device);
            self.bytes.let_go(data.start + start..data.start + start + view.len());
            return made;
        }
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
        numbers::tensor(&gathered, tensor.storage.stored, &tensor.shape, dtype, device)
    }
}

impl TensorSource for PickleFile {
    fn names(&self) -> Vec<String> {
        self.tensors.keys().cloned().collect()
    }

    fn shape(&self, name: &str) -> Option<&[usize]> {
        self.tensors.get(name).map(|located| located.tensor.shape.as_slice())
    }

    fn dtype(&self, name: &str) -> Option<DType> {
        let located = self.tensors.get(name)?;
        Some(located.tensor.storage.stored.dtype())
    }

    fn tensor_as(&self, name: &str, dtype: DType, device: &Device) -> Result<Option<Tensor>, LoadError> {
        let Some(located) = self.tensors.get(name) else {
            return Ok(None);
        };
        Ok(Some(self.read(located, dtype, device)?))
    }

    fn path(&self) -> &Path {
        &self.path
    }
}

/// The tensors of an archive.
fn zipped(bytes: &[u8]) -> Result<BTreeMap<String, Located>, Broken> {
    let entries = zip::entries(bytes)?;
    let pickle = entries.iter().find_map(|(name, range)| {
        let root = name.strip_suffix(PICKLE)?;
        (root.is_empty() || root.ends_with('/')).then_some((root, range.clone()))
    });
    let (root, range) = pickle.ok_or_else(|| Broken::new(format!("{PICKLE:?} in the archive"), "none"))?;
    if let Some(order) = entries.get(&format!("{root}byteorder"))
        && bytes[order.clone()] != *b"little"
    {
        return Err(Broken::new("little-endian numbers", "others"));
    }
    let pickle = &bytes[range];
    let (value, machine) = Machine::run(pickle, 0)?;
    located(value, &machine, |tensor| {
        let key = String::from_utf8_lossy(&pickle[tensor.storage.key.clone()]);
        let found = entries.get(&format!("{root}data/{key}")).cloned();
        found.ok_or_else(|| Broken::new(format!("storage {key:?} in the archive"), "none"))
    })
}

/// The tensors below a value, each with its storage, whose length is checked.
fn located(
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
