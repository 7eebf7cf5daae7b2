//! The network, however it is built.

use super::compact::Compact;
use super::config::{UpscalerArchitecture, UpscalerConfig};
use super::rrdb::Rrdb;
use crate::kernels::Wrap;
use crate::models::WeightBuilder;
use candle_core::{Result, Tensor};

/// A network that enlarges pictures.
#[derive(Debug)]
pub struct UpscalerModel {
    network: Network,
    config: UpscalerConfig,
}

#[derive(Debug)]
enum Network {
    Rrdb(Box<Rrdb>),
    Compact(Box<Compact>),
}

impl UpscalerModel {
    /// Builds the network; tensors go by the names of `BasicSR`, see `formats/rename/upscaler.rs`.
    ///
    /// # Errors
    /// If the weights do not fit the configuration, or that is none.
    pub fn new<'a>(vb: impl Into<WeightBuilder<'a>>, config: &UpscalerConfig) -> Result<Self> {
        let vb = vb.into();
        config.validate().map_err(candle_core::Error::wrap)?;
        let network = match config.architecture {
            UpscalerArchitecture::Rrdb => Network::Rrdb(Box::new(Rrdb::new(&vb, config)?)),
            UpscalerArchitecture::Compact => Network::Compact(Box::new(Compact::new(&vb, config)?)),
        };
        Ok(Self {
            network,
            config: config.clone(),
        })
    }

    /// Its shape.
    pub fn config(&self) -> &UpscalerConfig {
        &self.config
    }

    /// Enlarges a picture.
    ///
    /// * `x`: `(batch, 3, height, width)`, 0 to 1; sides multiples of [`UpscalerConfig::unshuffle`].
    /// * `wrap`: edges that join.
    ///
    /// Returns `(batch, 3, scale · height, scale · width)`, about 0 to 1.
    ///
    /// # Errors
    /// If the shape does not fit or the device has no room.
    pub fn forward(&self, x: &Tensor, wrap: Wrap) -> Result<Tensor> {
        match &self.network {
            Network::Rrdb(network) => network.forward(x, wrap),
            Network::Compact(network) => network.forward(x, wrap),
        }
    }
}
