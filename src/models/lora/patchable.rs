//! A network whose weights can be changed.

use crate::models::WeightBuilder;
use crate::models::weight_builder::{Loaders, WeightLoader};
use candle_core::{DType, Device, Result, Shape, Tensor};
use candle_nn::var_builder::SimpleBackend;
use candle_nn::{Init, VarBuilder};
use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};

/// How one tensor is changed.
pub trait WeightDelta: fmt::Debug + Send + Sync {
    /// What is added to the tensor, in its shape, on its device, in f32.
    ///
    /// * `base`: the tensor as the model's files have it, in f32. Several changes of a tensor all see this one, so
    ///   their order does not matter.
    /// * `weight`: what the whole change is multiplied by; 1 as it was trained.
    ///
    /// # Errors
    /// If the change cannot be read or does not fit.
    fn delta(&self, base: &Tensor, weight: f64) -> Result<Tensor>;
}

/// A change with its weight.
#[derive(Debug, Clone)]
pub struct WeightPatch {
    /// What to add.
    pub delta: Arc<dyn WeightDelta>,
    /// Times this.
    pub weight: f64,
}

impl PartialEq for WeightPatch {
    /// Whether it is the very same change by the same weight.
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.delta, &other.delta) && self.weight.to_bits() == other.weight.to_bits()
    }
}

/// The changes of a network, by the full names of its tensors.
pub type WeightPatches = BTreeMap<String, Vec<WeightPatch>>;

/// The weights of a network that was built by [`PatchableModel::build`].
pub struct PatchableModel {
    vb: VarBuilder<'static>,
    shared: Arc<Shared>,
    loaders: Vec<WeightLoader>,
    /// What each loader's tensors were changed by when it was filled last; `None` if that is not known.
    filled: Vec<Option<Vec<WeightPatch>>>,
}

/// What backend and owner both know.
#[derive(Default)]
struct Shared {
    patches: RwLock<WeightPatches>,
    shapes: RwLock<BTreeMap<String, Vec<usize>>>,
}

impl fmt::Debug for PatchableModel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PatchableModel")
            .field("num_layers", &self.loaders.len())
            .finish_non_exhaustive()
    }
}

impl PatchableModel {
    /// Builds a network in such a way that its weights can be changed afterwards.
    ///
    /// * `vb`: the weights as the files have them; stays open.
    /// * `new`: the network's constructor.
    ///
    /// # Errors
    /// Only the constructor's.
    pub fn build<T>(
        vb: VarBuilder<'static>,
        new: impl FnOnce(WeightBuilder<'static>) -> Result<T>,
    ) -> Result<(T, Self)> {
        let (dtype, device) = (vb.dtype(), vb.device().clone());
        let shared = Arc::new(Shared::default());
        let backend = Patched {
            base: vb,
            shared: Arc::clone(&shared),
        };
        let vb = VarBuilder::from_backend(Box::new(backend), dtype, device);
        let loaders = Loaders::default();
        let network = new(WeightBuilder::recording(vb.clone(), Loaders::clone(&loaders)))?;
        let loaders = loaders.take();
        let filled = vec![Some(Vec::new()); loaders.len()];
        let weights = Self {
            vb,
            shared,
            loaders,
            filled,
        };
        Ok((network, weights))
    }

    /// Full names and shapes of all tensors that can be changed.
    pub fn parameters(&self) -> BTreeMap<String, Vec<usize>> {
        let shapes = self.shared.shapes.read().unwrap_or_else(PoisonError::into_inner);
        let names = self.loaders.iter().flat_map(|loader| &loader.names);
        names
            .filter_map(|name| Some((name.clone(), shapes.get(name)?.clone())))
            .collect()
    }

    /// Replaces all changes by these. Tensors that are changed as before are not read again; those that are changed no
    /// more become what the files have, bit for bit.
    ///
    /// Returns how many layers were made anew.
    ///
    /// # Errors
    /// If a tensor cannot be read or a change does not fit. Some layers may have been made anew by then; the next call
    /// knows which.
    pub fn set(&mut self, patches: WeightPatches) -> Result<usize> {
        let wanted_of = |loader: &WeightLoader| -> Vec<WeightPatch> {
            let of_slot = loader.names.iter().filter_map(|name| patches.get(name));
            of_slot.flatten().cloned().collect()
        };
        let wanted: Vec<_> = self.loaders.iter().map(wanted_of).collect();
        *self.shared.patches.write().unwrap_or_else(PoisonError::into_inner) = patches;
        let mut num_filled = 0;
        for ((loader, filled), wanted) in self.loaders.iter().zip(&mut self.filled).zip(wanted) {
            if filled.as_ref() != Some(&wanted) {
                *filled = None;
                loader.fill(&self.vb)?;
                *filled = Some(wanted);
                num_filled += 1;
            }
        }
        Ok(num_filled)
    }
}

/// Another backend's tensors with the changes added.
struct Patched {
    base: VarBuilder<'static>,
    shared: Arc<Shared>,
}

impl Patched {
    fn patches(&self, name: &str) -> Vec<WeightPatch> {
        let patches = self.shared.patches.read().unwrap_or_else(PoisonError::into_inner);
        patches.get(name).cloned().unwrap_or_default()
    }
}

impl SimpleBackend for Patched {
    fn get(&self, shape: Shape, name: &str, hints: Init, dtype: DType, _: &Device) -> Result<Tensor> {
        let patches = self.patches(name);
        if patches.is_empty() {
            let tensor = self.base.get_with_hints_dtype(shape, name, hints, dtype)?;
            let mut shapes = self.shared.shapes.write().unwrap_or_else(PoisonError::into_inner);
            shapes.insert(name.to_owned(), tensor.dims().to_vec());
            return Ok(tensor);
        }
        let base = self.base.get_with_hints_dtype(shape, name, hints, DType::F32)?;
        // The changes first, then the base: two halves of a change are then the whole, to the last bit.
        let mut sum: Option<Tensor> = None;
        for WeightPatch { delta: change, weight } in patches {
            let delta = change.delta(&base, weight)?;
            sum = Some(match sum {
                Some(sum) => (sum + delta)?,
                None => delta,
            });
        }
        let changed = match sum {
            Some(sum) => (base + sum)?,
            None => base,
        };
        changed.to_dtype(dtype)
    }

    fn get_unchecked(&self, name: &str, dtype: DType, _: &Device) -> Result<Tensor> {
        self.base.get_unchecked_dtype(name, dtype)
    }

    fn contains_tensor(&self, name: &str) -> bool {
        self.base.contains_tensor(name)
    }
}
