//! Pictures to follow: ControlNets and T2I-Adapters with their pictures, active for a part of the run.

use std::path::Path;
use std::sync::Arc;

use candle_core::{DType, Device, Tensor};

use super::PipelineError;
use super::denoiser::DenoiseInput;
use crate::conditioning::PromptEmbeds;
use crate::kernels::{Wrap, cast_input};
use crate::models::controlnet::{ControlHint, ControlNetConfig, ControlNetModel, ControlStrength};
use crate::models::t2i_adapter::{T2IAdapter, T2IAdapterConfig};
use crate::models::unet::{Residuals, UNetConditions, UNetConfig};
use crate::weights::{self, ModelFiles};

/// A network that follows pictures.
#[derive(Debug)]
pub enum ControlNetwork {
    /// A copy of the U-Net's first half that is asked at every step.
    Net(Box<ControlNetModel>),
    /// A small network that is asked once.
    Adapter(T2IAdapter),
}

/// Class of a T2I-Adapter in its configuration.
const ADAPTER_CLASS: &str = "T2IAdapter";

impl ControlNetwork {
    /// Reads the network of a folder or file, for this model.
    ///
    /// * `unet`: what the model's U-Net is. The shapes in a single file do not tell heads and groups; a `ControlNet` has
    ///   those of the U-Net whose half it is a copy of.
    /// * `dtype`: what it computes in.
    ///
    /// # Errors
    /// [`PipelineError::Load`] if it cannot be read or is none; [`PipelineError::OtherModel`] if it was made for another
    /// model.
    pub fn open(path: &Path, unet: &UNetConfig, device: &Device, dtype: DType) -> Result<Self, PipelineError> {
        let files = ModelFiles::open(path)?;
        let class: ConfigClass = files.json("config.json")?;
        if class.name == ADAPTER_CLASS {
            // Its widths do not tell what it was made for; the U-Net checks its features.
            let config: T2IAdapterConfig = files.json("config.json")?;
            let build = |vb| T2IAdapter::new(vb, &config);
            return Ok(Self::Adapter(weights::build(&files, "", device, dtype, build)?));
        }
        let mut config: ControlNetConfig = files.json("config.json")?;
        let (expected, found) = (nature(unet), nature(&config.unet));
        if expected != found {
            return Err(PipelineError::OtherModel {
                part: "ControlNet",
                expected,
                found,
                path: path.display().to_string(),
            });
        }
        if matches!(files, ModelFiles::Single(_)) {
            config.unet.attention_head_dim = unet.attention_head_dim.clone();
            config.unet.num_attention_heads.clone_from(&unet.num_attention_heads);
            config.unet.norm_num_groups = unet.norm_num_groups;
        }
        let build = |vb| ControlNetModel::new(vb, &config);
        Ok(Self::Net(Box::new(weights::build(&files, "", device, dtype, build)?)))
    }
}

/// What a copy of a U-Net's first half has in common with it.
fn nature(unet: &UNetConfig) -> String {
    let kind = if unet.addition_embed_type.is_some() {
        "XL"
    } else {
        "not XL"
    };
    let widths = &unet.block_out_channels;
    let context = unet.cross_attention_dim.get(0).unwrap_or_default();
    format!("{kind}, {widths:?} channels, text of {context} channels")
}

/// What a network's `config.json` says it is.
#[derive(serde::Deserialize)]
struct ConfigClass {
    #[serde(rename = "_class_name", default)]
    name: String,
}

/// In which part of the run a control is active, and how much it counts.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ControlSchedule {
    /// How much it counts; 1 as trained.
    pub weight: f64,
    /// Where in the run it begins to count, as a fraction of the steps that are taken.
    pub start: f64,
    /// Where it ends.
    pub end: f64,
    /// Whether it counts for the prompt alone, less in finer layers.
    pub is_guess: bool,
}

impl ControlSchedule {
    /// Whether the control is active at a step: the whole step has to lie inside of its part of the run.
    fn is_active(&self, input: &DenoiseInput<'_>) -> bool {
        let count = input.steps.saturating_sub(input.first).max(1) as f64;
        let index = input.step.saturating_sub(input.first) as f64;
        self.weight != 0.0 && index / count >= self.start && (index + 1.0) / count <= self.end
    }
}

/// A control at work in a run.
#[derive(Debug, Clone)]
pub struct ActiveControl {
    source: ControlSource,
    schedule: ControlSchedule,
    /// Edges of the picture that join.
    wrap: Wrap,
}

#[derive(Debug, Clone)]
enum ControlSource {
    Net(Arc<ControlNetwork>, ControlHint),
    /// The same at every step, weight included; with what it was made from.
    Fixed {
        network: Arc<ControlNetwork>,
        picture: Tensor,
        residuals: Residuals,
    },
}

impl ActiveControl {
    /// * `picture`: `(1, channels, height, width)` in 0..1, of the size of the picture that is made.
    /// * `dtype`: what the network computes in.
    /// * `wrap`: edges of the picture that join.
    ///
    /// # Errors
    /// If the picture's size or channels do not fit.
    pub fn new(
        network: &Arc<ControlNetwork>,
        picture: &Tensor,
        dtype: DType,
        schedule: ControlSchedule,
        wrap: Wrap,
    ) -> candle_core::Result<Self> {
        let source = match &**network {
            ControlNetwork::Net(net) => {
                ControlSource::Net(Arc::clone(network), net.hint(&cast_input(picture, dtype)?, wrap)?)
            }
            ControlNetwork::Adapter(adapter) => {
                let channels = adapter.config().in_channels;
                let picture = if channels == 1 {
                    picture.mean_keepdim(1)?
                } else {
                    picture.clone()
                };
                let picture = cast_input(&picture, dtype)?;
                ControlSource::Fixed {
                    network: Arc::clone(network),
                    residuals: adapter.forward(&picture, schedule.weight, wrap)?,
                    picture,
                }
            }
        };
        Ok(Self { source, schedule, wrap })
    }

    /// The same, counting more or less.
    ///
    /// # Errors
    /// Only the device's.
    pub fn weighed(&self, weight: f64) -> candle_core::Result<Self> {
        let mut source = self.source.clone();
        if let ControlSource::Fixed {
            network,
            picture,
            residuals,
        } = &mut source
            && let ControlNetwork::Adapter(adapter) = &**network
            && weight != self.schedule.weight
        {
            *residuals = adapter.forward(picture, weight, self.wrap)?;
        }
        let schedule = ControlSchedule {
            weight,
            ..self.schedule
        };
        Ok(Self {
            source,
            schedule,
            wrap: self.wrap,
        })
    }
}

/// Which parts of the batch a U-Net is asked about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Branches {
    /// The prompt alone.
    Prompt,
    /// The negative prompt first, then the prompt.
    Both,
    /// The prompt and two that are not, as in editing by instruction.
    Edit,
    /// The negative prompt alone.
    Negative,
}

impl Branches {
    /// Which picture of the batch is that of the prompt.
    pub(super) fn prompt_row(self) -> usize {
        match self {
            Self::Both => 1,
            Self::Prompt | Self::Edit | Self::Negative => 0,
        }
    }

    fn count(self) -> usize {
        match self {
            Self::Prompt | Self::Negative => 1,
            Self::Both => 2,
            Self::Edit => 3,
        }
    }
}

/// What all controls together add to the U-Net at this call; `None` if none is active.
///
/// * `embeds`, `cond`: the embeddings of the branches in the batch, and of the prompt alone.
/// * `dtype`: what the networks compute in.
///
/// # Errors
/// If a control was made for another model.
pub(super) fn residuals(
    controls: &[ActiveControl],
    input: &DenoiseInput<'_>,
    branches: Branches,
    (embeds, cond): (&PromptEmbeds, &PromptEmbeds),
    dtype: DType,
) -> candle_core::Result<Option<Residuals>> {
    let mut sum: Option<Residuals> = None;
    for control in controls.iter().filter(|control| control.schedule.is_active(input)) {
        let ControlSchedule { weight, is_guess, .. } = control.schedule;
        let found = match &control.source {
            ControlSource::Fixed { residuals, .. } => residuals.clone(),
            ControlSource::Net(network, hint) => {
                let ControlNetwork::Net(net) = &**network else { continue };
                // Guessing, a control knows nothing of the negative prompt.
                let (count, embeds) = match branches {
                    Branches::Negative if is_guess => continue,
                    Branches::Both if is_guess => (1, cond),
                    branches => (branches.count(), embeds),
                };
                let x = cast_input(&Tensor::cat(&vec![input.x; count], 0)?, dtype)?;
                let context = cast_input(&embeds.context, dtype)?;
                let conditions = UNetConditions {
                    added: embeds.added.as_ref(),
                    kv: Some(&embeds.kv),
                    wrap: control.wrap,
                    ..UNetConditions::text(&context)
                };
                let strength = ControlStrength {
                    scale: weight,
                    guess: is_guess,
                };
                let found = net.forward(&x, &[input.timestep], conditions, hint, strength)?;
                if count < branches.count() {
                    found.behind(branches.count() - count)?
                } else {
                    found
                }
            }
        };
        sum = Some(match sum {
            Some(sum) => sum.plus(&found)?,
            None => found,
        });
    }
    Ok(sum)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diffusion::guidance::Guidance;

    #[test]
    fn a_control_should_be_heard_in_its_part_of_the_run_alone() {
        let schedule = ControlSchedule {
            weight: 1.0,
            start: 0.2,
            end: 0.7,
            is_guess: false,
        };
        let x = Tensor::zeros(1, DType::F32, &Device::Cpu).unwrap();
        let heard = |first: usize, steps: usize| -> Vec<usize> {
            (first..steps)
                .filter(|step| {
                    schedule.is_active(&DenoiseInput {
                        x: &x,
                        sigma: 1.0,
                        timestep: 1.0,
                        step: *step,
                        first,
                        steps,
                        guidance: Guidance {
                            scale: 1.0,
                            rescale: 0.0,
                        },
                        wants_uncond: false,
                        maps: None,
                    })
                })
                .collect()
        };
        assert_eq!(heard(0, 8), [2, 3, 4]);
        assert_eq!(heard(8, 16), [10, 11, 12]);
    }
}
