//! Arguments for pictures that others are made from, and for changes during a run.

use std::path::PathBuf;

use super::CliError;
use super::values::one_of;
use crate::job::{
    Control, Field, GenerateRequest, Hires, InitPicture, InitWay, Mask, ModelRef, NoiseSource, Outpaint, PromptSwitch,
    Reference, ReferencePart, Refiner, Tiling, Upscale, Variation,
};

const PARTS: &[(&str, &str, ReferencePart)] = &[
    ("all", "", ReferencePart::All),
    ("style", "", ReferencePart::Style),
    ("content", "", ReferencePart::Content),
];
const NOISE_SOURCES: &[(&str, &str, NoiseSource)] = &[
    ("hareru", "Our own, the same on every device", NoiseSource::Hareru),
    (
        "torch-cpu",
        "PyTorch's on the processor: diffusers, ComfyUI, A1111 \"CPU\"",
        NoiseSource::TorchCpu,
    ),
    (
        "a1111-gpu",
        "PyTorch's on an NVIDIA GPU: A1111 \"GPU\" and \"NV\"",
        NoiseSource::A1111Gpu,
    ),
];
const TILINGS: &[(&str, &str, Tiling)] = &[
    ("x", "", Tiling { x: true, y: false }),
    ("y", "", Tiling { x: false, y: true }),
    ("xy", "", Tiling { x: true, y: true }),
];

#[derive(Debug, Default, clap::Args)]
#[command(next_help_heading = "From pictures")]
pub(super) struct PictureArgs {
    /// Picture to start from
    #[arg(long, value_name = "FILE")]
    pub(super) init: Option<PathBuf>,

    /// How much of it may change, 0 to 1 [default: 0.75; with --mask, --outpaint and --edit 1]
    #[arg(long, requires = "init", allow_hyphen_values = true)]
    strength: Option<f64>,

    /// Walk it up to noise along the sampler's way instead of adding noise (restyling); says what it shows, may be empty
    #[arg(long, requires = "init", value_name = "PROMPT", num_args = 0..=1, default_missing_value = "")]
    invert: Option<String>,

    /// Show it to a model that edits by instruction; how much the result shall resemble it
    #[arg(long, requires = "init", value_name = "SCALE", num_args = 0..=1, default_missing_value = "1.5",
          conflicts_with = "invert", allow_hyphen_values = true)]
    edit: Option<f64>,

    /// Where to paint in it: white in this picture
    #[arg(long, requires = "init", value_name = "FILE")]
    mask: Option<PathBuf>,

    /// Paint where the mask is black instead
    #[arg(long, requires = "mask")]
    mask_invert: bool,

    /// How far the mask's edge is blurred, in pixels
    #[arg(long, requires = "mask", value_name = "PX", default_value_t = Mask::default().blur_px)]
    mask_blur: f64,

    /// Let grey in the mask mean both, in the latents too
    #[arg(long, requires = "mask")]
    mask_soft: bool,

    /// Paint the masked part alone at full size, with so many pixels around it, and put it back
    #[arg(long, requires = "mask", value_name = "PX", num_args = 0..=1, default_missing_value = "32")]
    only_masked: Option<u32>,

    /// Paint on beyond its edges: pixels to the left, top, right, bottom
    #[arg(long, requires = "init", value_name = "L,T,R,B", value_parser = parse_outpaint)]
    outpaint: Option<Outpaint>,

    /// ControlNet or T2I-Adapter, folder or file; may be given several times, each with its --control-image
    #[arg(long, value_name = "PATH", requires = "control_image")]
    control: Vec<PathBuf>,

    /// Picture it follows
    #[arg(long, value_name = "FILE", requires = "control")]
    control_image: Vec<PathBuf>,

    /// What is made of that picture first, as `hareru preprocessors` lists them
    #[arg(long, value_name = "ID", requires = "control")]
    control_preprocessor: Vec<String>,

    /// How much it counts
    #[arg(long, value_name = "W", requires = "control", allow_hyphen_values = true)]
    control_weight: Vec<f64>,

    /// Where in the run it begins to count, 0 to 1
    #[arg(long, value_name = "F", requires = "control")]
    control_start: Vec<f64>,

    /// Where it ends, 0 to 1
    #[arg(long, value_name = "F", requires = "control")]
    control_end: Vec<f64>,

    /// Let it guess what the picture shows
    #[arg(long, requires = "control")]
    control_guess: bool,

    /// IP-Adapter, folder or file; may be given several times, each with its --ip-image
    #[arg(long, value_name = "PATH", requires = "ip_image")]
    ip_adapter: Vec<PathBuf>,

    /// Picture that is its prompt
    #[arg(long, value_name = "FILE", requires = "ip_adapter")]
    ip_image: Vec<PathBuf>,

    /// How much it counts
    #[arg(long, value_name = "W", requires = "ip_adapter", allow_hyphen_values = true)]
    ip_weight: Vec<f64>,

    /// What of it counts
    #[arg(long, value_parser = one_of(PARTS), requires = "ip_adapter")]
    ip_part: Vec<ReferencePart>,
}

#[derive(Debug, Default, clap::Args)]
#[command(next_help_heading = "On the way")]
pub(super) struct SamplingArgs {
    /// Step from which on --switch-prompt holds, from 0; may be given several times
    #[arg(long, value_name = "STEP", requires = "switch_prompt")]
    switch_at: Vec<u32>,

    /// The prompt from --switch-at on
    #[arg(long, value_name = "PROMPT", requires = "switch_at", allow_hyphen_values = true)]
    switch_prompt: Vec<String>,

    /// Field that is different from a step on, from 0: cfg, rescale, sampler, eta, seed, prompt, negative, lora:N, control:N;
    /// may be given several times
    #[arg(long, value_name = "STEP:NAME=VALUE", value_parser = parse_change, allow_hyphen_values = true)]
    change: Vec<AskedChange>,

    /// End after so many steps: the estimate there is then is the picture
    #[arg(long, value_name = "STEPS")]
    stop_after: Option<u32>,

    /// Part of the run with guidance, as fractions of its steps
    #[arg(long, value_name = "FROM..TO", value_parser = parse_interval)]
    cfg_interval: Option<Interval>,

    /// Guidance scales spread over the run, separated by commas
    #[arg(long, value_name = "S,S…", value_delimiter = ',', allow_hyphen_values = true)]
    cfg_schedule: Vec<f64>,

    /// Second pass so many times larger
    #[arg(long, value_name = "SCALE")]
    hires: Option<f64>,

    /// How much the second pass may change, 0 to 1
    #[arg(long, value_name = "S", requires = "hires", default_value_t = 0.5)]
    hires_strength: f64,

    /// Steps of the second pass before the strength is applied [default: those of the first]
    #[arg(long, value_name = "N", requires = "hires")]
    hires_steps: Option<u32>,

    /// Network of the ESRGAN family that enlarges the picture, or with --hires what the second pass starts from
    #[arg(long, value_name = "FILE")]
    upscaler: Option<PathBuf>,

    /// How much larger it becomes, 1 to 8; by default as much as the network makes of it
    #[arg(long, value_name = "SCALE", requires = "upscaler", conflicts_with = "hires")]
    upscale: Option<f64>,

    /// Another model of the same latents for the last steps
    #[arg(long, value_name = "PATH", requires = "refiner_at")]
    refiner: Option<PathBuf>,

    /// Its first step, from 0
    #[arg(long, value_name = "STEP", requires = "refiner")]
    refiner_at: Option<u32>,

    /// Another seed to mix in a little of
    #[arg(long, value_name = "SEED", requires = "variation_strength")]
    variation_seed: Option<u64>,

    /// How much of it, 0 to 1
    #[arg(long, value_name = "S", requires = "variation_seed")]
    variation_strength: Option<f64>,

    /// Edges that join without a seam
    #[arg(long, value_parser = one_of(TILINGS))]
    tile: Option<Tiling>,

    /// Generator of the noise that the run starts from
    #[arg(long, value_parser = one_of(NOISE_SOURCES), default_value = "hareru")]
    rng: NoiseSource,
}

/// Two fractions of a run.
#[derive(Debug, Clone, Copy)]
struct Interval([f64; 2]);

impl PictureArgs {
    /// Sets the fields of the request that the arguments name.
    pub(super) fn apply(&self, request: &mut GenerateRequest) -> Result<(), CliError> {
        let paints_anew = self.mask.is_some() || self.outpaint.is_some() || self.edit.is_some();
        request.init = self.init.clone().map(|file| InitPicture {
            file,
            strength: self.strength.unwrap_or(if paints_anew { 1.0 } else { 0.75 }),
            way: match (&self.invert, self.edit) {
                (Some(prompt), _) => InitWay::Inversion { prompt: prompt.clone() },
                (None, Some(guidance_scale)) => InitWay::Beside { guidance_scale },
                (None, None) => InitWay::Noise,
            },
        });
        request.mask = self.mask.clone().map(|file| Mask {
            file,
            is_inverted: self.mask_invert,
            blur_px: self.mask_blur,
            is_soft: self.mask_soft,
            only_masked_padding_px: self.only_masked,
        });
        request.outpaint = self.outpaint.unwrap_or_default();
        same_number(
            "--control-image",
            self.control_image.len(),
            "--control",
            self.control.len(),
        )?;
        let usual = Control::default();
        let pairs = self.control.iter().zip(&self.control_image);
        request.controls = pairs
            .enumerate()
            .map(|(index, (model, picture))| Control {
                model: model.clone(),
                picture: picture.clone(),
                preprocessor: self.control_preprocessor.get(index).cloned().unwrap_or_default(),
                weight: self.control_weight.get(index).copied().unwrap_or(usual.weight),
                start: self.control_start.get(index).copied().unwrap_or(usual.start),
                end: self.control_end.get(index).copied().unwrap_or(usual.end),
                is_guess: self.control_guess,
            })
            .collect();
        same_number("--ip-image", self.ip_image.len(), "--ip-adapter", self.ip_adapter.len())?;
        let pairs = self.ip_adapter.iter().zip(&self.ip_image);
        request.references = pairs
            .enumerate()
            .map(|(index, (adapter, picture))| Reference {
                adapter: adapter.clone(),
                picture: picture.clone(),
                weight: self.ip_weight.get(index).copied().unwrap_or(1.0),
                part: self.ip_part.get(index).copied().unwrap_or_default(),
            })
            .collect();
        Ok(())
    }
}

impl SamplingArgs {
    /// Sets the fields of the request that the arguments name.
    pub(super) fn apply(&self, request: &mut GenerateRequest) -> Result<(), CliError> {
        same_number(
            "--switch-prompt",
            self.switch_prompt.len(),
            "--switch-at",
            self.switch_at.len(),
        )?;
        let switches = self.switch_at.iter().zip(&self.switch_prompt);
        request.prompt_switches = switches
            .map(|(step, prompt)| PromptSwitch {
                step: *step,
                prompt: prompt.clone(),
            })
            .collect();
        request.stop_after = self.stop_after;
        request.guidance_interval = self.cfg_interval.map_or([0.0, 1.0], |Interval(interval)| interval);
        request.guidance_schedule.clone_from(&self.cfg_schedule);
        request.hires = self.hires.map(|scale| Hires {
            scale,
            strength: self.hires_strength,
            steps: self.hires_steps,
        });
        request.upscale = self.upscaler.clone().map(|model| Upscale {
            model,
            scale: self.upscale,
            picture: None,
        });
        request.refiner = self.refiner.clone().zip(self.refiner_at).map(|(path, step)| Refiner {
            model: ModelRef::Path(path),
            step,
        });
        let variation = self.variation_seed.zip(self.variation_strength);
        request.variation = variation.map(|(seed, strength)| Variation { seed, strength });
        request.tiling = self.tile.unwrap_or_default();
        request.noise_source = self.rng;
        self.change.iter().try_for_each(|asked| {
            let AskedChange { step, field, value } = asked;
            let change = field.change(request, *step, value);
            request
                .changes
                .push(change.map_err(|error| CliError::Usage(error.to_string()))?);
            Ok(())
        })
    }
}

/// A field that shall be different from a step on.
#[derive(Debug, Clone, PartialEq, Eq)]
struct AskedChange {
    step: u32,
    field: Field,
    value: String,
}

fn parse_change(text: &str) -> Result<AskedChange, String> {
    let bad = || "expected STEP:NAME=VALUE, e.g. 12:cfg=9".to_owned();
    let (place, value) = text.split_once('=').ok_or_else(bad)?;
    let (step, name) = place.split_once(':').ok_or_else(bad)?;
    Ok(AskedChange {
        step: step.trim().parse().map_err(|_unreadable| bad())?,
        field: Field::from_name(name.trim()).map_err(|error| error.to_string())?,
        value: value.to_owned(),
    })
}

/// Options that come in pairs must come as often.
fn same_number(one: &str, count: usize, other: &str, expected: usize) -> Result<(), CliError> {
    if count == expected {
        return Ok(());
    }
    Err(CliError::Usage(format!(
        "expected as many {one} as {other}, {expected}, found {count}"
    )))
}

fn parse_outpaint(text: &str) -> Result<Outpaint, String> {
    let sides: Vec<u32> = text.split(',').map_while(|side| side.trim().parse().ok()).collect();
    match sides.as_slice() {
        &[left_px, top_px, right_px, bottom_px] => Ok(Outpaint {
            left_px,
            top_px,
            right_px,
            bottom_px,
        }),
        _ => Err("expected four numbers of pixels LEFT,TOP,RIGHT,BOTTOM, e.g. 64,0,64,0".to_owned()),
    }
}

fn parse_interval(text: &str) -> Result<Interval, String> {
    let ends = text.split_once("..").and_then(|(start, end)| {
        let end_of = |text: &str| text.trim().parse::<f64>().ok();
        Some([end_of(start)?, end_of(end)?])
    });
    ends.map(Interval)
        .ok_or_else(|| "expected FROM..TO, e.g. 0.2..0.8".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outpainting_should_be_four_numbers() {
        assert_eq!(parse_outpaint("8, 0,16,24").unwrap().bottom_px, 24);
        for bad in ["", "8", "8,0,16", "8,0,16,x", "8,0,16,24,1", "-8,0,0,0"] {
            assert!(parse_outpaint(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn an_interval_should_be_two_numbers() {
        assert_eq!(parse_interval("0.2..0.8").unwrap().0, [0.2, 0.8]);
        for bad in ["", "0.2", "..", "a..b"] {
            assert!(parse_interval(bad).is_err(), "{bad:?}");
        }
    }
}
