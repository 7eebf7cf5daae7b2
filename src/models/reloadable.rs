//! Weights that can be made anew while their network lives.

use candle_core::DType;
use candle_core::Result;
use candle_nn::VarBuilder;
use std::cell::RefCell;
use std::ops::Deref;
use std::sync::Arc;
use std::sync::PoisonError;
use std::sync::RwLock;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering;

thread_local! {
    /// The loaders of the network that is being built on this thread, if somebody wants to know them.
    static RECORDED: RefCell<Option<Vec<WeightLoader>>> = const { RefCell::new(None) };
}

/// What a layer made of its tensors for one kernel, in a place where it can be replaced. Clones share the place.
#[derive(Debug)]
pub(in crate::models) struct ReloadableWeights<T>(Arc<Held<T>>);

#[derive(Debug)]
struct Held<T> {
    value: RwLock<T>,
    version: AtomicU64,
}

impl<T> Clone for ReloadableWeights<T> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<T> From<T> for ReloadableWeights<T> {
    /// A weights that nobody will fill anew.
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
        vb: &VarBuilder<'_>,
        names: &[&str],
        make: impl Fn(&VarBuilder<'_>) -> Result<T> + Send + Sync + 'static,
    ) -> Result<Self> {
        let weights = Self::from(make(vb)?);
        RECORDED.with_borrow_mut(|recorded| {
            let Some(recorded) = recorded else { return };
            let (prefix, weights) = (vb.prefix(), weights.clone());
            let full_name = |name: &&str| {
                if prefix.is_empty() {
                    (*name).to_owned()
                } else {
                    format!("{prefix}.{name}")
                }
            };
            recorded.push(WeightLoader {
                names: names.iter().map(full_name).collect(),
                prefix: prefix.clone(),
                dtype: vb.dtype(),
                make_anew: Box::new(move |vb| {
                    let value = make(vb)?;
                    *weights.0.value.write().unwrap_or_else(PoisonError::into_inner) = value;
                    weights.0.version.fetch_add(1, Ordering::Relaxed);
                    Ok(())
                }),
            });
        });
        Ok(weights)
    }
}

impl<T> ReloadableWeights<T> {
    /// What is in it now.
    pub(in crate::models) fn read(&self) -> impl Deref<Target = T> {
        self.0.value.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// How often it was filled anew: what was computed with another version is no longer true.
    pub(in crate::models) fn version(&self) -> u64 {
        self.0.version.load(Ordering::Relaxed)
    }
}

/// A weights as whoever fills it sees it.
pub(super) struct WeightLoader {
    /// Full names of its tensors.
    pub(super) names: Vec<String>,
    prefix: String,
    dtype: DType,
    make_anew: Box<Make>,
}

/// Reads tensors and fills a weights.
type Make = dyn Fn(&VarBuilder<'_>) -> Result<()> + Send + Sync;

impl WeightLoader {
    /// Reads its tensors again. If that fails it keeps what it had.
    ///
    /// * `root`: a builder at the root of the network.
    pub(super) fn fill(&self, root: &VarBuilder<'_>) -> Result<()> {
        let vb = if self.prefix.is_empty() {
            root.root()
        } else {
            root.set_prefix(&self.prefix)
        };
        (self.make_anew)(&vb.to_dtype(self.dtype))
    }
}

/// Builds a network, noting its loaders.
pub(super) fn record<T>(build: impl FnOnce() -> Result<T>) -> Result<(T, Vec<WeightLoader>)> {
    /// Puts back what was there before, even if building panics.
    struct Outer(Option<Vec<WeightLoader>>);
    impl Drop for Outer {
        fn drop(&mut self) {
            RECORDED.set(self.0.take());
        }
    }
    let outer = Outer(RECORDED.replace(Some(Vec::new())));
    let network = build()?;
    let recorded = RECORDED.take().unwrap_or_default();
    drop(outer);
    Ok((network, recorded))
}
