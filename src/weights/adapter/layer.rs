//! One layer of a file of changes: which form its tensors have, and whether they go together.

use super::StoredDelta;
use super::peft::PeftSettings;
use super::stored::{Decomposition, DeltaShape, FactorNames, Magnitude};
use crate::formats::TensorFile;
use crate::weights::TensorSource as _;
use candle_core::{DType, Device};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Pixels of the largest kernel that is believed.
const MAX_KERNEL: usize = 64;

/// What a file does to one layer.
#[derive(Debug)]
pub struct AdapterLayer {
    /// To its weight.
    pub weight: Option<Arc<StoredDelta>>,
    /// To its bias.
    pub bias: Option<Arc<StoredDelta>>,
}

/// The tensors of one layer by their parts.
#[derive(Debug, Default)]
pub(super) struct LayerTensors(pub(super) BTreeMap<&'static str, String>);

/// What is needed to understand one layer.
pub(super) struct LayerReader<'a> {
    pub(super) file: &'a Arc<dyn TensorFile>,
    pub(super) settings: &'a PeftSettings,
    pub(super) name: &'a str,
    pub(super) parts: &'a LayerTensors,
}

/// A form with its size and, if it has one, its rank.
type Found = (Decomposition, DeltaShape, Option<usize>);

impl LayerReader<'_> {
    /// The layer, or what is wrong with it.
    pub(super) fn read(&self) -> Result<AdapterLayer, String> {
        let weight = match self.form()? {
            Some((form, extent, rank)) => Some(self.change(form, extent, self.scale(rank)?)?),
            None => None,
        };
        let bias = match (self.part("diff_b"), self.part("up_bias")) {
            (Some(name), _) => Some((name, 1.0)),
            (None, Some(name)) => Some((name, self.scale(self.product_rank())?)),
            (None, None) => None,
        };
        let bias = bias.map(|(name, scale)| {
            let form = Decomposition::One(FactorNames::Whole(name.to_owned()));
            let extent = (self.shape(name)?.iter().product(), 1);
            let file = Arc::clone(self.file);
            Ok::<_, String>(Arc::new(StoredDelta {
                file,
                form,
                scale,
                magnitude: None,
                extent,
            }))
        });
        Ok(AdapterLayer {
            weight,
            bias: bias.transpose()?,
        })
    }

    fn change(&self, form: Decomposition, extent: DeltaShape, scale: f64) -> Result<Arc<StoredDelta>, String> {
        let magnitude = self.magnitude(extent)?;
        Ok(Arc::new(StoredDelta {
            file: Arc::clone(self.file),
            form,
            scale,
            magnitude,
            extent,
        }))
    }

    /// The lengths of a decomposed weight, if there are any: PEFT has one for each output, whatever their shape;
    /// LyCORIS `(outputs, 1, …)` or `(1, inputs, …)`.
    fn magnitude(&self, extent: DeltaShape) -> Result<Option<Magnitude>, String> {
        let (name, is_peft) = match (self.part("magnitude"), self.part("dora_scale")) {
            (Some(name), _) => (name, true),
            (None, Some(name)) => (name, false),
            (None, None) => return Ok(None),
        };
        let shape = self.shape(name)?;
        let numbers: usize = shape.iter().product();
        let is_per_output = numbers == extent.0 && (is_peft || shape[0] == numbers);
        let is_per_input = !is_peft && shape.len() > 1 && shape[0] == 1 && numbers > 0;
        let fits = is_per_output || is_per_input && extent.1.is_multiple_of(numbers);
        if !fits {
            return Err(format!(
                "has lengths of shape {shape:?}, expected one for each of {} outputs",
                extent.0
            ));
        }
        Ok(Some(Magnitude {
            name: name.to_owned(),
            is_per_output,
        }))
    }

    /// What the layer's weight is changed by, if it is.
    fn form(&self) -> Result<Option<Found>, String> {
        let kinds = [self.lora()?, self.loha()?, self.lokr()?, self.difference()?];
        let mut kinds = kinds.into_iter().flatten();
        let found = kinds.next();
        if kinds.next().is_some() {
            return Err("is given in two forms at once".to_owned());
        }
        Ok(found)
    }

    fn lora(&self) -> Result<Option<Found>, String> {
        let (Some(down), Some(up)) = (self.part("down"), self.part("up")) else {
            if self.part("down").is_some() || self.part("up").is_some() {
                return Err("has one side of its product, expected both".to_owned());
            }
            return Ok(None);
        };
        let rank = self.product_rank();
        let (names, extent) = match self.part("mid") {
            Some(mid) => self.tucker(mid, up, down, true)?,
            None => self.product(up, down)?,
        };
        Ok(Some((Decomposition::One(names), extent, rank)))
    }

    fn loha(&self) -> Result<Option<Found>, String> {
        if !self.parts.0.keys().any(|part| part.starts_with("hada_")) {
            return Ok(None);
        }
        let need = |part: &'static str| self.part(part).ok_or_else(|| format!("lacks {part}"));
        let factor = |core, a, b| {
            let (a, b) = (need(a)?, need(b)?);
            match self.part(core) {
                Some(core) => self.tucker(core, a, b, false),
                None => self.product(a, b),
            }
        };
        let (first, extent) = factor("hada_t1", "hada_w1_a", "hada_w1_b")?;
        let (second, other) = factor("hada_t2", "hada_w2_a", "hada_w2_b")?;
        if extent != other {
            return Err(format!(
                "multiplies {extent:?} by {other:?} numbers, expected the same of both"
            ));
        }
        let rank = self.shape(need("hada_w1_b")?)?[0];
        Ok(Some((Decomposition::Hadamard(first, second), extent, Some(rank))))
    }

    fn lokr(&self) -> Result<Option<Found>, String> {
        if !self.parts.0.keys().any(|part| part.starts_with("lokr_")) {
            return Ok(None);
        }
        let factor = |whole: &'static str, core, a: &'static str, b: &'static str| match (
            self.part(whole),
            self.part(core),
            self.part(a),
            self.part(b),
        ) {
            (Some(whole), ..) => {
                let extent = extent_of(self.shape(whole)?);
                Ok((FactorNames::Whole(whole.to_owned()), extent, None))
            }
            (None, Some(core), Some(a), Some(b)) => {
                let (names, extent) = self.tucker(core, a, b, false)?;
                Ok((names, extent, Some(self.shape(b)?[0])))
            }
            (None, None, Some(a), Some(b)) => {
                let (names, extent) = self.product(a, b)?;
                Ok((names, extent, Some(self.shape(b)?[0])))
            }
            _ => Err(format!("lacks {whole}, or {a} and {b}")),
        };
        let (first, extent, first_rank) = factor("lokr_w1", "", "lokr_w1_a", "lokr_w1_b")?;
        let (second, other, second_rank) = factor("lokr_w2", "lokr_t2", "lokr_w2_a", "lokr_w2_b")?;
        let extent = (extent.0.saturating_mul(other.0), extent.1.saturating_mul(other.1));
        Ok(Some((
            Decomposition::Kronecker(first, second),
            extent,
            second_rank.or(first_rank),
        )))
    }

    fn difference(&self) -> Result<Option<Found>, String> {
        self.part("diff")
            .map(|name| {
                let extent = extent_of(self.shape(name)?);
                Ok((Decomposition::One(FactorNames::Whole(name.to_owned())), extent, None))
            })
            .transpose()
    }

    /// `(outputs, rank)` · `(rank, …)`.
    fn product(&self, a: &str, b: &str) -> Result<(FactorNames, DeltaShape), String> {
        let (left, right) = (extent_of(self.shape(a)?), extent_of(self.shape(b)?));
        if left.1 != right.0 || left.1 == 0 {
            return Err(format!(
                "multiplies {}×{} by {}×{} numbers, expected one rank for both",
                left.0, left.1, right.0, right.1
            ));
        }
        Ok((FactorNames::Product(a.to_owned(), b.to_owned()), (left.0, right.1)))
    }

    fn tucker(&self, core: &str, a: &str, b: &str, is_turned: bool) -> Result<(FactorNames, DeltaShape), String> {
        let shape = self.shape(core)?;
        let (left, right) = (extent_of(self.shape(a)?), extent_of(self.shape(b)?));
        let (rank, outputs) = if is_turned { (left.1, left.0) } else { left };
        let &[i, j, height, width] = shape else {
            return Err(format!("has a core of shape {shape:?}, expected four axes"));
        };
        if i != rank || j != right.0 || rank * j == 0 {
            return Err(format!("has a core of shape {shape:?}, expected {rank}×{}×…", right.0));
        }
        // Of these the room that is needed is a multiple.
        let largest_rank = outputs.max(right.1);
        if i.max(j) > largest_rank || height.saturating_mul(width) > MAX_KERNEL {
            return Err(format!(
                "has a core of shape {shape:?}, expected ranks of at most {largest_rank} and {MAX_KERNEL} pixels"
            ));
        }
        let names = FactorNames::Tucker {
            core: core.to_owned(),
            outputs: a.to_owned(),
            inputs: b.to_owned(),
            is_turned,
        };
        let inputs = right.1.saturating_mul(height).saturating_mul(width);
        Ok((names, (outputs, inputs)))
    }

    /// Rank of a plain product.
    fn product_rank(&self) -> Option<usize> {
        self.file.shape(self.part("down")?)?.first().copied()
    }

    /// α over rank, times the learned scale if there is one.
    fn scale(&self, rank: Option<usize>) -> Result<f64, String> {
        let alpha = self.part("alpha").map(|name| self.number(name)).transpose()?;
        let scalar = self.part("scalar").map_or(Ok(1.0), |name| self.number(name))?;
        let scale = match (alpha, rank) {
            (Some(alpha), Some(rank)) => alpha / rank as f64,
            (None, Some(rank)) => self.settings.scale(self.name, rank).unwrap_or(1.0),
            (_, None) => 1.0,
        };
        Ok(scale * scalar)
    }

    /// A tensor of one finite number.
    fn number(&self, name: &str) -> Result<f64, String> {
        let shape = self.shape_or_scalar(name)?;
        if shape.iter().product::<usize>() != 1 {
            return Err(format!("has {name:?} of shape {shape:?}, expected one number"));
        }
        let tensor = self.file.tensor_as(name, DType::F64, &Device::Cpu);
        let value = tensor.map_err(|error| error.to_string())?.map(|tensor| {
            let one = tensor.flatten_all()?;
            one.get(0)?.to_scalar::<f64>()
        });
        match value.transpose().map_err(|error| error.to_string())? {
            Some(value) if value.is_finite() => Ok(value),
            found => Err(format!(
                "has {name:?} = {}, expected a finite number",
                found.unwrap_or(f64::NAN)
            )),
        }
    }

    fn part(&self, part: &str) -> Option<&str> {
        self.parts.0.get(part).map(String::as_str)
    }

    fn shape_or_scalar(&self, name: &str) -> Result<&[usize], String> {
        self.file.shape(name).ok_or_else(|| format!("lacks {name:?}"))
    }

    /// A shape of at least one axis.
    fn shape(&self, name: &str) -> Result<&[usize], String> {
        let shape = self.shape_or_scalar(name)?;
        if shape.is_empty() {
            return Err(format!("has one number as {name:?}, expected more"));
        }
        Ok(shape)
    }
}

fn extent_of(shape: &[usize]) -> DeltaShape {
    (shape[0], shape[1..].iter().product())
}
