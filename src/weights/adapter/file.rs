//! A file of low-rank changes, by layers.

use super::layer::{LayerReader, LayerTensors};
use super::peft::PeftSettings;
use super::{AdapterError, AdapterLayer};
use crate::formats::{Bytes, TensorFile, open_tensors, tensors_from};
use crate::weights::LoadError;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// How names end, and which part of a layer that is. Of several that fit, the first.
const PARTS: &[(&str, &str)] = &[
    (".lora_down.weight", "down"),
    (".lora_up.weight", "up"),
    (".lora_mid.weight", "mid"),
    (".lora_up.bias", "up_bias"),
    (".lora_A.weight", "down"),
    (".lora_B.weight", "up"),
    (".lora_B.bias", "up_bias"),
    (".lora_linear_layer.down.weight", "down"),
    (".lora_linear_layer.up.weight", "up"),
    (".lora.down.weight", "down"),
    (".lora.up.weight", "up"),
    (".lora_magnitude_vector.weight", "magnitude"),
    (".lora_magnitude_vector", "magnitude"),
    (".dora_scale", "dora_scale"),
    (".hada_w1_a", "hada_w1_a"),
    (".hada_w1_b", "hada_w1_b"),
    (".hada_w2_a", "hada_w2_a"),
    (".hada_w2_b", "hada_w2_b"),
    (".hada_t1", "hada_t1"),
    (".hada_t2", "hada_t2"),
    (".lokr_w1", "lokr_w1"),
    (".lokr_w1_a", "lokr_w1_a"),
    (".lokr_w1_b", "lokr_w1_b"),
    (".lokr_w2", "lokr_w2"),
    (".lokr_w2_a", "lokr_w2_a"),
    (".lokr_w2_b", "lokr_w2_b"),
    (".lokr_t2", "lokr_t2"),
    (".diff", "diff"),
    (".diff_b", "diff_b"),
    (".alpha", "alpha"),
    (".scalar", "scalar"),
    // Last, because the others end so too: attention processors of old diffusers.
    (".down.weight", "down"),
    (".up.weight", "up"),
];
/// What stands before the name that PEFT gives to an adapter.
const BEFORE_ADAPTER_NAMES: [&str; 3] = [".lora_A.", ".lora_B.", ".lora_magnitude_vector."];

/// A file of changes, read as far as their names and shapes.
#[derive(Debug)]
pub struct AdapterFile {
    path: PathBuf,
    layers: BTreeMap<String, AdapterLayer>,
}

impl AdapterFile {
    /// Opens a file and gathers its tensors by layers.
    ///
    /// # Errors
    /// [`AdapterError::File`] if it cannot be read, [`AdapterError::NoLayers`] if it is no adapter,
    /// [`AdapterError::BadLayer`] if the tensors of a layer contradict each other.
    pub fn open(path: &Path) -> Result<Self, AdapterError> {
        Self::of_tensors(&open_tensors(path).map_err(LoadError::from)?, path)
    }

    /// As [`AdapterFile::open`], of bytes that are there; `path` is what messages call them.
    ///
    /// # Errors
    /// As [`AdapterFile::open`].
    pub fn from_bytes(bytes: Bytes, path: &Path) -> Result<Self, AdapterError> {
        Self::of_tensors(&tensors_from(bytes, path.to_owned()).map_err(LoadError::from)?, path)
    }

    fn of_tensors(file: &Arc<dyn TensorFile>, path: &Path) -> Result<Self, AdapterError> {
        let mut parts_of: BTreeMap<String, LayerTensors> = BTreeMap::new();
        let mut unknown = Vec::new();
        let names = file.names();
        for name in &names {
            let plain = without_adapter_name(name);
            let found = PARTS
                .iter()
                .find_map(|(end, part)| Some((plain.strip_suffix(end)?, *part)));
            match found {
                Some((layer, part)) => {
                    let parts = parts_of.entry(layer.to_owned()).or_default();
                    parts.0.insert(part, name.clone());
                }
                None => unknown.push(name.as_str()),
            }
        }
        let settings = PeftSettings::read(file.header_text(PeftSettings::FIELD));
        let mut layers = BTreeMap::new();
        for (name, parts) in &parts_of {
            let reader = LayerReader {
                file,
                settings: &settings,
                name,
                parts,
            };
            let layer = reader.read().map_err(|problem| AdapterError::BadLayer {
                layer: name.clone(),
                problem,
                path: path.to_owned(),
            })?;
            if layer.weight.is_some() || layer.bias.is_some() {
                layers.insert(name.clone(), layer);
            }
        }
        if layers.is_empty() {
            return Err(AdapterError::NoLayers {
                found: names
                    .first()
                    .map_or_else(|| "no tensors".to_owned(), |name| format!("tensors like {name:?}")),
                path: path.to_owned(),
            });
        }
        if let Some(first) = unknown.first() {
            let (num_unknown, path) = (unknown.len(), path.display());
            tracing::warn!("{num_unknown} tensors of the adapter have no effect, e.g. {first:?}. File: {path}");
        }
        Ok(Self {
            path: path.to_owned(),
            layers,
        })
    }

    /// Where it lies.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Its layers, by the names it gives them.
    pub fn layers(&self) -> &BTreeMap<String, AdapterLayer> {
        &self.layers
    }
}

/// `x.lora_A.default.weight` → `x.lora_A.weight`; other names as they are.
fn without_adapter_name(name: &str) -> String {
    for before in BEFORE_ADAPTER_NAMES {
        if let Some((layer, rest)) = name.split_once(before) {
            let marker = before.trim_end_matches('.');
            return match rest.rsplit_once('.') {
                Some((_, end)) => format!("{layer}{marker}.{end}"),
                None if rest == "weight" || rest == "bias" => name.to_owned(),
                None => format!("{layer}{marker}"),
            };
        }
    }
    name.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_peft_gives_to_adapters_should_be_left_out() {
        for (name, expected) in [
            ("a.lora_A.weight", "a.lora_A.weight"),
            ("a.lora_A.default.weight", "a.lora_A.weight"),
            ("a.lora_B.my.style.bias", "a.lora_B.bias"),
            ("a.lora_magnitude_vector", "a.lora_magnitude_vector"),
            ("a.lora_magnitude_vector.default", "a.lora_magnitude_vector"),
            (
                "a.lora_magnitude_vector.default.weight",
                "a.lora_magnitude_vector.weight",
            ),
            ("a.lora_down.weight", "a.lora_down.weight"),
        ] {
            assert_eq!(without_adapter_name(name), expected);
        }
    }

    #[test]
    fn every_part_should_be_found_by_its_own_end() {
        for (end, part) in PARTS {
            let name = format!("layer{end}");
            let found = PARTS.iter().find(|(end, _)| name.ends_with(end)).unwrap();
            assert_eq!(found.1, *part, "{name}");
        }
    }
}
