//! What is laid over a model's networks for a request, and taken off again.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::{Instant, SystemTime};

use super::PipelineError;
use crate::formats::Bytes;
use crate::job::LoraSpec;
use crate::models::lora::{PatchableModel, WeightPatch, WeightPatches};
use crate::weights::LoadError;
use crate::weights::adapter::{AdapterError, AdapterFile, Component, NameTable, StoredDelta, UNetBlock};

/// The adapter of the starter model that needs no file.
static STARTER_FOUR_STEPS: &[u8] = include_bytes!(concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/assets/starter/four_steps_lora.safetensors"
));

/// Layers that an error or a warning names.
const MAX_EXAMPLES: usize = 3;

/// The networks of a model that adapters change, and the adapters that lie over them now.
#[derive(Debug)]
pub(super) struct AdapterStack {
    networks: Vec<Network>,
    table: NameTable,
    /// The files of the newest request, so that the next one finds the same changes in them.
    files: Vec<Opened>,
}

#[derive(Debug)]
struct Network {
    component: Component,
    weights: PatchableModel,
    parameters: BTreeMap<String, Vec<usize>>,
}

#[derive(Debug)]
struct Opened {
    stamp: Option<(SystemTime, u64)>,
    file: Arc<AdapterFile>,
}

impl AdapterStack {
    /// * `networks`: as they were built, each once.
    pub(super) fn new(networks: impl IntoIterator<Item = (Component, PatchableModel)>) -> Self {
        let networks: Vec<Network> = networks
            .into_iter()
            .map(|(component, weights)| Network {
                component,
                parameters: weights.parameters(),
                weights,
            })
            .collect();
        let named = networks.iter().map(|network| (network.component, &network.parameters));
        Self {
            table: NameTable::new(named),
            networks,
            files: Vec::new(),
        }
    }

    /// Lays these adapters over the networks and takes off all others. Only layers whose changes are not what they were
    /// are made anew; the files of the model stay open for that.
    ///
    /// Returns how many layers were.
    ///
    /// # Errors
    /// [`PipelineError::Adapter`] if a file cannot be read or belongs to another family: then nothing has changed. If a
    /// change turns out to be broken while it is made, the next call repairs what was begun.
    pub(super) fn set(&mut self, loras: &[LoraSpec]) -> Result<usize, PipelineError> {
        let files = loras
            .iter()
            .map(|spec| self.open(&spec.path))
            .collect::<Result<Vec<_>, _>>()?;
        let mut patches: BTreeMap<usize, WeightPatches> = BTreeMap::new();
        for (spec, opened) in loras.iter().zip(&files) {
            self.plan(spec, &opened.file, &mut patches)?;
        }
        self.files = files;
        let (mut num_made, began) = (0, Instant::now());
        for (index, network) in self.networks.iter_mut().enumerate() {
            let made = network.weights.set(patches.remove(&index).unwrap_or_default());
            num_made += made.map_err(|error| AdapterError::from(LoadError::from(error)))?;
        }
        if num_made > 0 {
            let secs = began.elapsed().as_secs_f64();
            tracing::info!(
                "{num_made} layers were made anew for {} adapters in {secs:.2} s",
                loras.len()
            );
        }
        Ok(num_made)
    }

    /// The file, as it was read before unless it has changed since.
    fn open(&self, path: &Path) -> Result<Opened, AdapterError> {
        let is_built_in = path == Path::new(LoraSpec::STARTER_FOUR_STEPS);
        let stamp = if is_built_in {
            Some((SystemTime::UNIX_EPOCH, STARTER_FOUR_STEPS.len() as u64))
        } else {
            std::fs::metadata(path)
                .and_then(|metadata| Ok((metadata.modified()?, metadata.len())))
                .ok()
        };
        let known = self
            .files
            .iter()
            .find(|known| known.file.path() == path && known.stamp.is_some() && known.stamp == stamp);
        let file = match known {
            Some(known) => Arc::clone(&known.file),
            None if is_built_in => Arc::new(AdapterFile::from_bytes(Bytes::Static(STARTER_FOUR_STEPS), path)?),
            None => Arc::new(AdapterFile::open(path)?),
        };
        Ok(Opened { stamp, file })
    }

    /// Adds what one adapter does to `patches`, which are by the place of the network.
    fn plan(
        &self,
        spec: &LoraSpec,
        file: &AdapterFile,
        patches: &mut BTreeMap<usize, WeightPatches>,
    ) -> Result<(), AdapterError> {
        let blocks = self.block_weights(spec)?;
        let mut unmatched = Vec::new();
        for (name, layer) in file.layers() {
            let Some(target) = self.table.find(name) else {
                unmatched.push(name.as_str());
                continue;
            };
            let place = self
                .networks
                .iter()
                .position(|network| network.component == target.component);
            let Some((place, network)) = place.map(|place| (place, &self.networks[place])) else {
                continue;
            };
            let factor = match &blocks {
                Some(blocks) => blocks.get(&target.block).copied().unwrap_or(0.0),
                None => 1.0,
            };
            let weight = factor
                * match target.component {
                    Component::UNet => spec.unet_weight,
                    Component::TextEncoder | Component::TextEncoder2 => spec.text_weight,
                };
            for (change, part) in [(&layer.weight, "weight"), (&layer.bias, "bias")] {
                let Some(change) = change else { continue };
                let parameter = format!("{}.{part}", target.module);
                let Some(shape) = network.parameters.get(&parameter) else {
                    unmatched.push(name);
                    continue;
                };
                if !change.fits(shape) {
                    return Err(AdapterError::OtherShape {
                        layer: name.clone(),
                        expected: StoredDelta::extent_of(shape),
                        found: change.extent(),
                        path: file.path().to_owned(),
                    });
                }
                if weight != 0.0 {
                    let delta = Arc::clone(change);
                    let of_network = patches.entry(place).or_default();
                    of_network
                        .entry(parameter)
                        .or_default()
                        .push(WeightPatch { delta, weight });
                }
            }
        }
        report(&unmatched, file)
    }

    fn block_weights(&self, spec: &LoraSpec) -> Result<Option<BTreeMap<UNetBlock, f64>>, AdapterError> {
        let Some(list) = &spec.block_weights else {
            return Ok(None);
        };
        let weights = self.table.blocks().weights(list);
        weights
            .map(Some)
            .map_err(|[attending, all]| AdapterError::BlockWeights {
                expected: format!("{attending} or {all}"),
                found: list.len(),
                path: spec.path.clone(),
            })
    }
}

/// An adapter of which the model knows nothing is an error, one of which it knows a part a warning.
fn report(unmatched: &[&str], file: &AdapterFile) -> Result<(), AdapterError> {
    let num_layers = file.layers().len();
    let Some(first) = unmatched.first() else {
        return Ok(());
    };
    if unmatched.len() >= num_layers {
        return Err(AdapterError::OtherFamily {
            num_layers,
            example: (*first).to_owned(),
            path: file.path().to_owned(),
        });
    }
    tracing::warn!(
        "{} of the adapter's {num_layers} layers are none of this model's and have no effect, e.g. {}. File: {}",
        unmatched.len(),
        unmatched[..unmatched.len().min(MAX_EXAMPLES)].join(", "),
        file.path().display()
    );
    Ok(())
}
