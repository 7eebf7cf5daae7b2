//! Films by a Stable Diffusion model and a motion adapter (`AnimateDiff`).

use crate::models::unet::{MotionAdapter, MotionConfig};
use crate::pipelines::PipelineError;
use crate::pipelines::model::Model;
use crate::pipelines::scheduler::Scheduler;
use crate::weights::{self, ModelFiles};

/// Reads the folder of a motion adapter, which computes in what the model does.
///
/// * `base`: the model it is put into.
///
/// # Errors
/// [`PipelineError`] if the model has no U-Net for it, a file is missing or broken, or the two do not fit each other.
pub fn read_motion(base: &dyn Model, adapter: &ModelFiles) -> Result<MotionAdapter, PipelineError> {
    let unet = base.unet_config();
    let unet = unet.ok_or_else(|| base.base().refuses("a model of films", "Stable Diffusion"))?;
    let config: MotionConfig = adapter.json("config.json")?;
    let build = |vb| MotionAdapter::new(vb, &config, unet);
    Ok(weights::build(adapter, "", base.device(), base.dtype(), build)?)
}

/// The noise levels that motion adapters were trained with: those of linear β.
///
/// Source: `inference-v1.yaml` of <https://github.com/guoyww/AnimateDiff>
///
/// # Errors
/// [`PipelineError::Schedule`] if the model's training cannot have them.
pub(in crate::pipelines) fn film_scheduler(base: &Scheduler) -> Result<Scheduler, PipelineError> {
    base.with_betas("linear")
}
