//! Weights that can be made anew while their network lives.

use super::weight_builder::{WeightBuilder, WeightLoader};
use candle_core::Result;
use std::ops::Deref;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock, Weak};

/// What a layer made of its tensors for one kernel, in a place where it can be replaced. Clones share the place.
#[derive(Debug)]
pub(in crate::models) struct ReloadableWeights<T>(Arc<Held<T>>);

#[derive(Debug)]
struct Held<T> {
    value: RwLock<T>,
    version: AtomicU64,
}

/// A place without its weights.
#[derive(Debug)]
pub(in crate::models) struct WeakWeights<T> {
    _place: Weak<Held<T>>,
}

impl<T> Clone for ReloadableWeights<T> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<T> From<T> for ReloadableWeights<T> {
    /// Weights that will not be loaded again.
    fn from(value: T) -> Self {
        Self(Arc::new(Held {
            value: RwLock::new(value),
            version: AtomicU64::new(0),
        }))
    }
}

impl<T: Send + Sync + 'static> ReloadableWeights<T> {
    /// * `names`: of all tensors that `make` asks for.
    /// * `make`: makes the value from a builder that stands where `vb` does.
    pub(in crate::models) fn new(
        vb: &WeightBuilder<'_>,
        names: &[&str],
        make: impl Fn(&WeightBuilder<'_>) -> Result<T> + Send + Sync + 'static,
    ) -> Result<Self> {
        let weights = Self::from(make(vb)?);
        if let Some(loaders) = vb.loaders() {
            let (prefix, weights) = (vb.prefix(), weights.clone());
            let full_name = |name: &&str| {
                if prefix.is_empty() {
                    (*name).to_owned()
                } else {
                    format!("{prefix}.{name}")
                }
            };
            loaders.borrow_mut().push(WeightLoader {
                names: names.iter().map(full_name).collect(),
                prefix: prefix.clone(),
                dtype: vb.dtype(),
                load: Box::new(move |vb| {
                    let value = make(vb)?;
                    *weights.0.value.write().unwrap_or_else(PoisonError::into_inner) = value;
                    weights.0.version.fetch_add(1, Ordering::Relaxed);
                    Ok(())
                }),
            });
        }
        Ok(weights)
    }
}

impl<T> ReloadableWeights<T> {
    /// What is in it now.
    pub(in crate::models) fn read(&self) -> impl Deref<Target = T> {
        self.0.value.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Where the place is: unlike that of all others that are alive, or kept by [`ReloadableWeights::downgrade`].
    pub(in crate::models) fn address(&self) -> usize {
        Arc::as_ptr(&self.0).addr()
    }

    /// Keeps the address, not the weights.
    pub(in crate::models) fn downgrade(&self) -> WeakWeights<T> {
        WeakWeights {
            _place: Arc::downgrade(&self.0),
        }
    }

    /// How often it was filled anew: what was computed with another version is no longer true.
    pub(in crate::models) fn version(&self) -> u64 {
        self.0.version.load(Ordering::Relaxed)
    }
}
