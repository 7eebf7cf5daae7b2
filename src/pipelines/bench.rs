//! Networks of true shapes with random weights, timed call by call.

use std::time::Instant;

use candle_core::{DType, Device, Shape, Tensor};
use candle_nn::var_builder::SimpleBackend;
use candle_nn::{Init, VarBuilder};
use rayon::prelude::*;

use super::denoiser::{DenoiseInput, Denoiser as _};
use super::model::{DenoiserInputs, Model as _};
use super::precision::{precision_of, resolve_dtype};
use super::{AuxModels, JobContext, PipelineError, ShownStep, Watcher};
use crate::conditioning::Prompts;
use crate::job::{GenerateRequest, JobControl, JobOptions, ModelRef, Phase, Precision, PreviewMode};
use crate::kernels::{self, Wrap, trace};
use crate::models::KvCache;
use crate::models::clip::ClipTextModel;
use crate::models::taesd::{AutoencoderTiny, TinyConfig};
use crate::models::unet::{UNet2DConditionModel, UNetConditions};
use crate::models::vae::AutoencoderKL;

/// Whose shapes the networks have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BenchShape {
    /// Stable Diffusion 1.5.
    Sd15,
    /// The widths and depths of SDXL base, without the embedding of sizes and pooled text, which costs nothing.
    Sdxl,
    /// The model in the program, with its own weights.
    Starter,
}

/// What is timed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BenchItem {
    /// A step with guidance: the U-Net on a batch of two.
    Unet,
    /// From latents to a picture.
    Vae,
    /// The same by the tiny decoder.
    Taesd,
    /// A prompt of 77 tokens.
    Clip,
    /// 25 steps with decode, without previews; of the starter model only.
    Picture,
}

impl BenchItem {
    /// Its name on the command line and in reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Unet => "unet",
            Self::Vae => "vae",
            Self::Taesd => "taesd",
            Self::Clip => "clip",
            Self::Picture => "picture",
        }
    }
}

/// One thing to be timed.
#[derive(Debug, Clone, Copy)]
pub struct BenchRequest {
    /// Whose shapes.
    pub shape: BenchShape,
    /// What.
    pub item: BenchItem,
    /// Side of the square picture in pixels, a multiple of 64.
    pub side_px: u32,
    /// Runs that count, at least 1.
    pub runs: u32,
    /// Runs before them.
    pub warmup: u32,
    /// What the networks compute in.
    pub precision: Precision,
    /// Whether one more run tells where its time goes.
    pub trace: bool,
}

/// What was measured.
#[derive(Debug, Clone)]
pub struct BenchResult {
    /// Seconds of each run that counts, shortest first.
    pub seconds: Vec<f64>,
    /// What the networks computed in; never [`Precision::Auto`].
    pub precision: Precision,
    /// Most memory the process has held, in MiB, where the system tells.
    pub peak_rss_mib: Option<u64>,
    /// Instructions of the kernels: `amx`, `avx512`, `avx2` or `portable`.
    pub kernels: &'static str,
    /// Threads that computed.
    pub threads: usize,
    /// Where the time of the traced run went.
    pub trace: Option<BenchTrace>,
}

/// A run, operation by operation.
#[derive(Debug, Clone)]
pub struct BenchTrace {
    /// Seconds of all of it.
    pub seconds: f64,
    /// Name, calls and seconds of each operation.
    pub ops: Vec<(&'static str, u64, f64)>,
}

/// A call to be timed.
type Call = Box<dyn Fn() -> Result<(), PipelineError>>;

/// Builds the network, then times it, on the processor.
///
/// # Errors
/// [`PipelineError::Unsupported`] for a size no network takes or an item the shape does not have; else the network's own.
pub fn bench(request: &BenchRequest) -> Result<BenchResult, PipelineError> {
    if !request.side_px.is_multiple_of(64) || request.side_px == 0 {
        return Err(PipelineError::Unsupported {
            what: "resolution",
            expected: "a multiple of 64 px".to_owned(),
            found: request.side_px.to_string(),
        });
    }
    let dtype = resolve_dtype(request.precision, &Device::Cpu)?;
    let call = match request.shape {
        BenchShape::Starter => starter_call(request)?,
        _ => random_call(request, dtype)?,
    };
    // What building left behind is not what a run needs.
    crate::ALLOCATOR.trim();
    for _ in 0..request.warmup {
        call()?;
    }
    let mut seconds = Vec::new();
    for _ in 0..request.runs.max(1) {
        let began = Instant::now();
        call()?;
        seconds.push(began.elapsed().as_secs_f64());
    }
    seconds.sort_by(f64::total_cmp);
    let trace = request.trace.then(|| traced(&call)).transpose()?;
    Ok(BenchResult {
        seconds,
        precision: precision_of(dtype),
        peak_rss_mib: peak_rss_mib(),
        kernels: kernels::path_name(),
        threads: rayon::current_num_threads(),
        trace,
    })
}

fn traced(call: &Call) -> Result<BenchTrace, PipelineError> {
    trace::start();
    let began = Instant::now();
    let outcome = call();
    let seconds = began.elapsed().as_secs_f64();
    let ops = trace::take();
    outcome?;
    let ops = ops.iter().map(|op| (op.op.name(), op.calls, op.time.as_secs_f64()));
    Ok(BenchTrace {
        seconds,
        ops: ops.collect(),
    })
}

/// Sizes of the prompt's tensors.
const TOKENS: usize = 77;

fn random_call(request: &BenchRequest, dtype: DType) -> Result<Call, PipelineError> {
    let device = Device::Cpu;
    let vb = VarBuilder::from_backend(Box::new(RandomWeights), dtype, device.clone());
    let side = request.side_px as usize / 8;
    let is_xl = request.shape == BenchShape::Sdxl;
    let numbers = |shape: &[usize]| random(&Shape::from(shape), 1.7, 1, &device);
    Ok(match request.item {
        BenchItem::Unet => {
            let network = UNet2DConditionModel::new(vb, &config(if is_xl { SDXL_UNET } else { SD15_UNET })?)?;
            let x = numbers(&[2, 4, side, side])?;
            let context = numbers(&[2, TOKENS, if is_xl { 2048 } else { 768 }])?;
            let kv = KvCache::default();
            Box::new(move || {
                let conditions = UNetConditions {
                    kv: Some(&kv),
                    ..UNetConditions::text(&context)
                };
                Ok(network.forward(&x, &[500.0], conditions).map(drop)?)
            })
        }
        BenchItem::Vae => {
            let network = AutoencoderKL::new(vb, &config(VAE)?)?;
            let latents = numbers(&[1, 4, side, side])?;
            Box::new(move || Ok(network.decode(&latents, Wrap::default()).map(drop)?))
        }
        BenchItem::Taesd => {
            let network = AutoencoderTiny::new(vb, &TinyConfig::default())?;
            let latents = numbers(&[1, 4, side, side])?;
            Box::new(move || Ok(network.decode(&latents, Wrap::default()).map(drop)?))
        }
        BenchItem::Clip => {
            let network = ClipTextModel::new(vb, &config(CLIP)?)?;
            let ids = Tensor::from_vec(vec![7u32; TOKENS], (1, TOKENS), &device)?;
            Box::new(move || Ok(network.forward(&ids, 0).map(drop)?))
        }
        BenchItem::Picture => {
            return Err(PipelineError::Unsupported {
                what: "item",
                expected: "unet, vae, taesd or clip (picture is the starter model's)".to_owned(),
                found: "picture".to_owned(),
            });
        }
    })
}

/// Watches without looking.
struct Blind;

impl Watcher for Blind {
    fn phase(&mut self, _phase: Phase) {}
    fn step(&mut self, _step: ShownStep<'_>) {}
}

fn starter_call(request: &BenchRequest) -> Result<Call, PipelineError> {
    let model = super::load(&ModelRef::Starter, &Device::Cpu, request.precision, &mut |_| ())?;
    let generate_request = GenerateRequest {
        prompt: "a lighthouse at night".to_owned(),
        width_px: request.side_px,
        height_px: request.side_px,
        ..GenerateRequest::default()
    };
    let size = [request.side_px; 2];
    let conditioning = model.encode_prompts(&Prompts::new(&generate_request.prompt, "", size))?;
    let shape = model.latent_shape(request.side_px, request.side_px)?;
    let latents = random(&Shape::from(&shape), 1.7, 1, &Device::Cpu)?;
    let guidance = crate::diffusion::guidance::Guidance {
        scale: generate_request.guidance_scale,
        rescale: 0.0,
    };
    Ok(match request.item {
        BenchItem::Unet => Box::new(move || {
            let denoiser = model.unet_denoiser(DenoiserInputs::of(conditioning.clone()))?;
            let input = DenoiseInput {
                x: &latents,
                sigma: 1.0,
                timestep: 500.0,
                step: 0,
                first: 0,
                steps: 1,
                guidance,
                wants_uncond: false,
                maps: None,
            };
            Ok(denoiser.denoise(&input).map(drop)?)
        }),
        BenchItem::Vae => Box::new(move || Ok(model.decode(&latents, Wrap::default()).map(drop)?)),
        BenchItem::Taesd => Box::new(move || Ok(model.decode_tiny(&latents, Wrap::default()).map(drop)?)),
        BenchItem::Clip => Box::new(move || {
            model
                .encode_prompts(&Prompts::new(&generate_request.prompt, "", size))
                .map(drop)
        }),
        BenchItem::Picture => Box::new(move || {
            let options = JobOptions {
                preview: PreviewMode::Off,
                ..JobOptions::default()
            };
            let (aux, control) = (AuxModels::default(), JobControl::default());
            let context = JobContext {
                options,
                ..JobContext::new(&model, &aux, &generate_request, &control)
            };
            context.prepare()?.pictures(0, &mut Blind).map(drop)
        }),
    })
}

/// Cheap numbers that look random, the same every time, with the spread that keeps a signal's size through a layer.
struct RandomWeights;

impl SimpleBackend for RandomWeights {
    fn get(&self, shape: Shape, name: &str, _: Init, dtype: DType, device: &Device) -> candle_core::Result<Tensor> {
        let tensor = match shape.dims() {
            [_] => Tensor::full(if name.ends_with("weight") { 1f32 } else { 0.0 }, shape, device)?,
            dims => {
                let inputs: usize = dims[1..].iter().product();
                let seed = name
                    .bytes()
                    .fold(7, |seed: u32, byte| seed.wrapping_mul(31) ^ u32::from(byte));
                random(&shape, (3.0 / inputs as f32).sqrt(), seed, device)?
            }
        };
        tensor.to_dtype(dtype)
    }

    fn get_unchecked(&self, name: &str, _: DType, _: &Device) -> candle_core::Result<Tensor> {
        candle_core::bail!("{name} has no shape to make numbers for")
    }

    /// Weights by today's names only.
    fn contains_tensor(&self, name: &str) -> bool {
        !name.ends_with("query.weight") && !name.starts_with("text_model.")
    }
}

/// Numbers evenly spread over ± `bound`, in f32.
fn random(shape: &Shape, bound: f32, seed: u32, device: &Device) -> candle_core::Result<Tensor> {
    const PER_TASK: usize = 1 << 16;
    let mut numbers = vec![0f32; shape.elem_count()];
    numbers
        .par_chunks_mut(PER_TASK)
        .enumerate()
        .for_each(|(task, numbers)| {
            let mut state = (seed ^ (task as u32).wrapping_mul(0x9e37_79b9)) | 1;
            for number in numbers {
                state ^= state << 13;
                state ^= state >> 17;
                state ^= state << 5;
                *number = (state as f32 / 2_147_483_648.0 - 1.0) * bound;
            }
        });
    Tensor::from_vec(numbers, shape, device)
}

/// Most memory that the process has held.
fn peak_rss_mib() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kib: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kib / 1024)
}

fn config<T: serde::de::DeserializeOwned>(json: &str) -> Result<T, PipelineError> {
    serde_json::from_str(json).map_err(|error| PipelineError::Tensor(candle_core::Error::wrap(error)))
}

const SD15_UNET: &str = r#"{"sample_size": 64, "in_channels": 4, "out_channels": 4,
    "down_block_types": ["CrossAttnDownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D", "DownBlock2D"],
    "up_block_types": ["UpBlock2D", "CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "CrossAttnUpBlock2D"],
    "block_out_channels": [320, 640, 1280, 1280], "layers_per_block": 2, "cross_attention_dim": 768,
    "attention_head_dim": 8}"#;
const SDXL_UNET: &str = r#"{"sample_size": 128, "in_channels": 4, "out_channels": 4,
    "down_block_types": ["DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"],
    "up_block_types": ["CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"],
    "block_out_channels": [320, 640, 1280], "layers_per_block": 2, "cross_attention_dim": 2048,
    "attention_head_dim": [5, 10, 20], "transformer_layers_per_block": [1, 2, 10], "use_linear_projection": true}"#;
const VAE: &str = r#"{"block_out_channels": [128, 256, 512, 512], "layers_per_block": 2, "latent_channels": 4,
    "down_block_types": ["DownEncoderBlock2D", "DownEncoderBlock2D", "DownEncoderBlock2D", "DownEncoderBlock2D"],
    "up_block_types": ["UpDecoderBlock2D", "UpDecoderBlock2D", "UpDecoderBlock2D", "UpDecoderBlock2D"]}"#;
const CLIP: &str = r#"{"hidden_size": 768, "intermediate_size": 3072, "num_attention_heads": 12}"#;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn random_weights_should_be_the_same_every_time_and_have_the_asked_shape_and_spread() {
        let get = || {
            let weights = RandomWeights.get(
                (64, 300).into(),
                "a.weight",
                Init::Const(0.0),
                DType::BF16,
                &Device::Cpu,
            );
            let weights = weights.unwrap();
            assert_eq!((weights.dims(), weights.dtype()), (&[64, 300][..], DType::BF16));
            weights
                .to_dtype(DType::F32)
                .unwrap()
                .flatten_all()
                .unwrap()
                .to_vec1::<f32>()
                .unwrap()
        };
        let weights = get();
        assert_eq!(weights, get());
        let variance = weights.iter().map(|x| x * x).sum::<f32>() / weights.len() as f32;
        assert!((variance * 300.0 - 1.0).abs() < 0.05, "{variance}");
    }

    #[test]
    fn an_item_should_be_timed_and_traced() {
        let request = BenchRequest {
            shape: BenchShape::Starter,
            item: BenchItem::Clip,
            side_px: 128,
            runs: 2,
            warmup: 0,
            precision: Precision::Auto,
            trace: true,
        };
        let result = bench(&request).unwrap();
        assert_eq!(result.seconds.len(), 2);
        let BenchTrace { ops, seconds } = result.trace.unwrap();
        assert!(
            ops.iter().any(|(name, calls, _)| *name == "attention" && *calls > 0),
            "{ops:?}"
        );
        assert!(seconds > 0.0);
        let unsupported = bench(&BenchRequest {
            side_px: 100,
            ..request
        });
        assert!(unsupported.unwrap_err().to_string().contains("multiple of 64"));
    }
}
