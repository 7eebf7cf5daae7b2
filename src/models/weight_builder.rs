//! How networks are given their weights.

use candle_core::{DType, Result};
use candle_nn::VarBuilder;
use std::cell::RefCell;
use std::fmt::Display;
use std::ops::Deref;
use std::rc::Rc;

/// Candle's builder of named tensors; it also collects what can be loaded again, if the network is to be changed while
/// it lives.
#[derive(Clone)]
pub struct WeightBuilder<'a> {
    vb: VarBuilder<'a>,
    loaders: Option<Loaders>,
}

impl<'a> WeightBuilder<'a> {
    /// Layers that are built add their loaders to the list.
    pub(super) fn recording(vb: VarBuilder<'a>, loaders: Loaders) -> Self {
        Self {
            vb,
            loaders: Some(loaders),
        }
    }

    /// Where loaders are collected.
    pub(super) fn loaders(&self) -> Option<&Loaders> {
        self.loaders.as_ref()
    }

    /// Of the tensors whose names begin so.
    #[must_use]
    pub fn pp(&self, part: impl Display) -> Self {
        self.with(self.vb.pp(part.to_string()))
    }

    /// With tensors in another number type.
    #[must_use]
    pub fn to_dtype(&self, dtype: DType) -> Self {
        self.with(self.vb.to_dtype(dtype))
    }

    fn with(&self, vb: VarBuilder<'a>) -> Self {
        Self {
            vb,
            loaders: self.loaders.clone(),
        }
    }
}

impl<'a> From<VarBuilder<'a>> for WeightBuilder<'a> {
    fn from(vb: VarBuilder<'a>) -> Self {
        Self { vb, loaders: None }
    }
}

impl<'a> Deref for WeightBuilder<'a> {
    type Target = VarBuilder<'a>;

    fn deref(&self) -> &VarBuilder<'a> {
        &self.vb
    }
}

/// Where the layers of a network that is being built put their loaders.
pub(super) type Loaders = Rc<RefCell<Vec<WeightLoader>>>;

/// Loads the weights of one layer again.
pub(super) struct WeightLoader {
    /// Full names of its tensors.
    pub(super) names: Vec<String>,
    pub(super) prefix: String,
    pub(super) dtype: DType,
    pub(super) load: Box<Load>,
}

/// Reads tensors and puts what a layer makes of them into its place.
type Load = dyn Fn(&WeightBuilder<'_>) -> Result<()> + Send + Sync;

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
        (self.load)(&vb.to_dtype(self.dtype).into())
    }
}
