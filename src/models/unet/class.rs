//! The class condition of a U-Net, as part of the time embedding.

use super::super::ConfigError;
use super::super::error::MAX_CHANNELS;
use crate::models::WeightBuilder;
use crate::models::layers::{Linear, TimestepEmbedding, full_precision};
use candle_core::{Result, Tensor};

/// Which class a picture belongs to.
#[derive(Debug, Clone, Copy)]
pub enum ClassCondition<'a> {
    /// Numbers, one for each picture of the batch or one for all: classes, or for an upscaler noise levels.
    Labels(&'a [u32]),
    /// What stands for the class, `(batch or 1, channels)`.
    Vector(&'a Tensor),
}

/// How classes are embedded, `class_embed_type`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ClassShape {
    /// A row of a table for each of so many classes.
    Table(usize),
    /// As timesteps are.
    Timestep,
    /// Vectors are taken as they come.
    Identity,
    /// Vectors of so many channels, as timesteps' sines and cosines are.
    Projection(usize),
    /// Vectors of so many channels, by a linear map.
    Linear(usize),
}

impl ClassShape {
    /// * `network`: for messages.
    /// * `kind`, `classes`, `channels`: the fields `class_embed_type`, `num_class_embeds` and
    ///   `projection_class_embeddings_input_dim`.
    pub(super) fn new(
        network: &'static str,
        kind: Option<&str>,
        classes: Option<usize>,
        channels: Option<usize>,
    ) -> std::result::Result<Option<Self>, ConfigError> {
        let sane = |value: Option<usize>, field| {
            let value = value.unwrap_or_default();
            let is_sane = (1..=MAX_CHANNELS).contains(&value);
            ConfigError::check(is_sane, network, field, value, format!("1 to {MAX_CHANNELS}")).map(|()| value)
        };
        let projected = || sane(channels, "projection_class_embeddings_input_dim");
        Ok(Some(match kind {
            None if classes.is_none() => return Ok(None),
            None => Self::Table(sane(classes, "num_class_embeds")?),
            Some("timestep") => Self::Timestep,
            Some("identity") => Self::Identity,
            Some("projection") => Self::Projection(projected()?),
            Some("simple_projection") => Self::Linear(projected()?),
            Some(other) => {
                let known = "null, timestep, identity, projection or simple_projection";
                ConfigError::check(false, network, "class_embed_type", other, known)?;
                return Ok(None);
            }
        }))
    }
}

/// Classes to what is added to the time embedding.
#[derive(Debug, Clone)]
pub(super) enum ClassEmbedding {
    Table(Tensor),
    Timestep(TimestepEmbedding),
    Identity(usize),
    Projection(TimestepEmbedding),
    Linear(Linear),
}

impl ClassEmbedding {
    /// * `wave_channels`: of the sines and cosines of a timestep.
    /// * `time_channels`: of the time embedding.
    pub(super) fn new(
        vb: &WeightBuilder<'_>,
        shape: ClassShape,
        wave_channels: usize,
        time_channels: usize,
    ) -> Result<Self> {
        let vb = full_precision(vb).pp("class_embedding");
        let embedding = |inputs: usize| TimestepEmbedding::new(&vb, inputs, time_channels, None);
        Ok(match shape {
            ClassShape::Table(classes) => Self::Table(vb.get((classes, time_channels), "weight")?),
            ClassShape::Timestep => Self::Timestep(embedding(wave_channels)?),
            ClassShape::Identity => Self::Identity(time_channels),
            ClassShape::Projection(inputs) => Self::Projection(embedding(inputs)?),
            ClassShape::Linear(inputs) => Self::Linear(Linear::new(&vb, inputs, time_channels)?),
        })
    }

    /// Adds the class to the time.
    ///
    /// * `time`: `(batch or 1, time_channels)`.
    /// * `waves`: makes sines and cosines of numbers as the network does of timesteps, `(values, wave_channels)`.
    pub(super) fn add(
        embedding: Option<&Self>,
        time: Tensor,
        class: Option<ClassCondition<'_>>,
        waves: impl FnOnce(&[f64]) -> Result<Tensor>,
    ) -> Result<Tensor> {
        let dtype = time.dtype();
        let added = match (embedding, class) {
            (None, None) => return Ok(time),
            (None, Some(_)) => candle_core::bail!("this U-Net knows no classes"),
            (Some(_), None) => candle_core::bail!("this U-Net needs a class"),
            (Some(Self::Table(table)), Some(ClassCondition::Labels(labels))) => {
                let classes = table.dim(0)?;
                if let Some(label) = labels.iter().find(|label| **label as usize >= classes) {
                    candle_core::bail!("expected a class from 0 to {}, found {label}", classes - 1);
                }
                table.index_select(&Tensor::new(labels, table.device())?, 0)?
            }
            (Some(Self::Timestep(embedding)), Some(ClassCondition::Labels(labels))) => {
                let numbers: Vec<f64> = labels.iter().map(|label| f64::from(*label)).collect();
                embedding.forward(&waves(&numbers)?.to_dtype(dtype)?, None)?
            }
            (Some(Self::Identity(channels)), Some(ClassCondition::Vector(vector))) => {
                if vector.dim(candle_core::D::Minus1)? != *channels {
                    candle_core::bail!("expected a class of {channels} channels, found {:?}", vector.dims());
                }
                vector.clone()
            }
            (Some(Self::Projection(embedding)), Some(ClassCondition::Vector(vector))) => {
                embedding.forward(&vector.to_dtype(dtype)?, None)?
            }
            (Some(Self::Linear(linear)), Some(ClassCondition::Vector(vector))) => {
                linear.forward(&vector.to_dtype(dtype)?)?
            }
            (Some(_), Some(ClassCondition::Labels(_))) => candle_core::bail!("this U-Net's classes are vectors"),
            (Some(_), Some(ClassCondition::Vector(_))) => candle_core::bail!("this U-Net's classes are numbers"),
        };
        let added = added.to_dtype(dtype)?;
        // Either may be one for the whole batch.
        match (time.dim(0)?, added.dim(0)?) {
            (1, _) => added.broadcast_add(&time),
            _ => time.broadcast_add(&added),
        }
    }
}
