//! Networks beside the model that a request names: for pictures to follow and pictures as prompts. Kept from job to job.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use candle_core::{DType, Device};

use super::PipelineError;
use super::controls::ControlNetwork;
use super::families::read_motion;
use super::model::Model;
use super::precision::dtype_of;
use super::references::ReferenceNetwork;
use super::upscale::PictureUpscaler;
use crate::job::{GenerateRequest, ModelRef, Precision};
use crate::models::unet::MotionAdapter;
use crate::weights::ModelFiles;

/// Networks beside the model, by their paths.
#[derive(Debug, Default)]
pub struct AuxModels {
    /// The model they were read for, and what it computes in.
    made_for: Option<(ModelRef, DType)>,
    controls: BTreeMap<PathBuf, Arc<ControlNetwork>>,
    references: BTreeMap<PathBuf, Arc<ReferenceNetwork>>,
    motion: Option<(PathBuf, MotionAdapter)>,
    upscaler: Option<PictureUpscaler>,
}

impl AuxModels {
    /// Reads the network that enlarges for a request, or lets go of it if the request has none.
    ///
    /// # Errors
    /// [`PipelineError::Load`] if it cannot be read.
    pub fn gather_upscaler(
        &mut self,
        request: &GenerateRequest,
        device: &Device,
        precision: Precision,
    ) -> Result<(), PipelineError> {
        let dtype = dtype_of(precision, device);
        let wanted = request.upscale.as_ref().map(|upscale| &*upscale.model);
        if self.upscaler.as_ref().map(PictureUpscaler::path) != wanted {
            self.upscaler = None; // frees the old weights before the new ones are read
            self.upscaler = wanted
                .map(|path| PictureUpscaler::open(path, device, dtype))
                .transpose()?;
        }
        Ok(())
    }

    /// What enlarges pictures.
    ///
    /// # Errors
    /// If it was not gathered.
    pub fn upscaler(&self, path: &Path) -> Result<&PictureUpscaler, PipelineError> {
        let found = self.upscaler.as_ref().filter(|upscaler| upscaler.path() == path);
        found.ok_or_else(|| not_gathered(path))
    }

    /// Reads those that a request needs and that are not at hand, and lets go of those it does not need. A model without a
    /// U-Net for them needs none.
    ///
    /// # Errors
    /// [`PipelineError::Load`] if one cannot be read or is made for another model.
    pub fn gather(&mut self, request: &GenerateRequest, model: &dyn Model) -> Result<(), PipelineError> {
        let unet = model.unet_config();
        let made_for = unet.map(|_| (model.info().model.clone(), model.dtype()));
        if self.made_for != made_for {
            *self = Self {
                made_for,
                upscaler: self.upscaler.take(),
                ..Self::default()
            };
        }
        let Some(unet) = unet else { return Ok(()) };
        let (device, dtype) = (model.device(), model.dtype());
        let needed = |path: &Path| request.controls.iter().any(|control| control.model == path);
        self.controls.retain(|path, _| needed(path));
        for control in &request.controls {
            if !self.controls.contains_key(&control.model) {
                let network = ControlNetwork::open(&control.model, unet, device, dtype)?;
                self.controls.insert(control.model.clone(), Arc::new(network));
            }
        }
        let needed = |path: &Path| request.references.iter().any(|reference| reference.adapter == path);
        self.references.retain(|path, _| needed(path));
        for reference in &request.references {
            if !self.references.contains_key(&reference.adapter) {
                let network = ReferenceNetwork::open(&reference.adapter, unet, device, dtype)?;
                self.references.insert(reference.adapter.clone(), Arc::new(network));
            }
        }
        let wanted = request.film.as_ref().map(|film| &film.adapter);
        if self.motion.as_ref().map(|(path, _)| path) != wanted {
            self.motion = None; // frees the old weights before the new ones are read
            if let Some(path) = wanted {
                let network = read_motion(model, &ModelFiles::open(path)?)?;
                self.motion = Some((path.clone(), network));
            }
        }
        Ok(())
    }

    /// What makes films of pictures.
    pub(super) fn motion(&self, path: &Path) -> Result<&MotionAdapter, PipelineError> {
        let found = self.motion.as_ref().filter(|(at, _)| at == path);
        found.map(|(_, network)| network).ok_or_else(|| not_gathered(path))
    }

    /// A network for pictures to follow.
    pub(super) fn control(&self, path: &Path) -> Result<&Arc<ControlNetwork>, PipelineError> {
        self.controls.get(path).ok_or_else(|| not_gathered(path))
    }

    /// A network for pictures as prompts.
    pub(super) fn reference(&self, path: &Path) -> Result<&Arc<ReferenceNetwork>, PipelineError> {
        self.references.get(path).ok_or_else(|| not_gathered(path))
    }
}

/// A request was prepared with networks gathered for another one.
fn not_gathered(path: &Path) -> PipelineError {
    PipelineError::Unsupported {
        what: "networks beside the model",
        expected: format!("{} among them", path.display()),
        found: "others".to_owned(),
    }
}
