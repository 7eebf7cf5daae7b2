//! Keys and values of cross-attention, which stay the same from step to step.

use super::Linear;
use crate::kernels::LinearWeights;
use crate::models::reloadable::WeakWeights;
use candle_core::{Result, Tensor};
use std::collections::HashMap;
use std::sync::{Arc, Mutex};

/// Keys and values that the cross-attentions of one or several networks computed from one context.
///
/// Whoever owns the context owns this too, and hands it to each call of a network with that context: then only the first
/// call projects it. Weights that were changed meanwhile are projected with again. Clones share their content.
#[derive(Debug, Clone, Default)]
pub struct KvCache(Arc<Mutex<HashMap<usize, CachedKv>>>);

#[derive(Debug)]
struct CachedKv {
    /// Keeps the address, which is the key, from being given to other weights.
    _weights: WeakWeights<LinearWeights>,
    version: u64,
    kv: Tensor,
}

impl KvCache {
    /// What `project` makes of the context, `(batch, tokens, 2 · inner_channels)`.
    pub(super) fn get_or_project(&self, context: &Tensor, project: &Linear) -> Result<Tensor> {
        let weights = project.weights();
        let (key, version) = (weights.address(), weights.version());
        let mut known = crate::lock(&self.0);
        if let Some(cached) = known.get(&key).filter(|cached| cached.version == version) {
            return Ok(cached.kv.clone());
        }
        let kv = project.forward(context)?;
        let cached = CachedKv {
            _weights: weights.downgrade(),
            version,
            kv: kv.clone(),
        };
        known.insert(key, cached);
        Ok(kv)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use candle_core::{DType, Device};
    use candle_nn::VarBuilder;

    fn linear(weight: f32) -> Linear {
        let weight = Tensor::full(weight, (4, 3), &Device::Cpu).unwrap();
        let tensors = [("weight".to_owned(), weight)].into();
        let vb = VarBuilder::from_tensors(tensors, DType::F32, &Device::Cpu);
        Linear::without_bias(&vb.into(), 3, 4).unwrap()
    }

    #[test]
    fn each_layer_should_project_a_context_once_and_have_its_own_result() {
        let context = Tensor::ones((1, 2, 3), DType::F32, &Device::Cpu).unwrap();
        let (one, two, cache) = (linear(1.0), linear(2.0), KvCache::default());
        let project = |layer: &Linear| cache.get_or_project(&context, layer).unwrap();
        let first = project(&one);
        assert_eq!(first.id(), project(&one).id(), "the second call should find it");
        let sum = |x: &Tensor| x.sum_all().unwrap().to_scalar::<f32>().unwrap();
        assert!(
            (sum(&project(&two)) - 2.0 * sum(&first)).abs() < 1e-4,
            "layers should not share"
        );
        assert_eq!(first.id(), project(&one).id(), "another layer should not displace it");
    }

    #[test]
    fn weights_that_are_gone_should_not_be_mistaken_for_others() {
        let context = Tensor::ones((1, 2, 3), DType::F32, &Device::Cpu).unwrap();
        let cache = KvCache::default();
        for weight in 1..20 {
            let kv = cache.get_or_project(&context, &linear(weight as f32)).unwrap();
            let first = kv.flatten_all().unwrap().to_vec1::<f32>().unwrap()[0];
            assert!(
                (first - 3.0 * weight as f32).abs() < 1e-4,
                "{first} is of another layer"
            );
        }
    }
}
