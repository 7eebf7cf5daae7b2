//! `hareru bench`: how fast the networks are on this computer.

use std::fmt::Write as _;

use super::CliError;
use super::output::Output;
use super::values::one_of;
use crate::engine::{self, BenchItem, BenchRequest, BenchResult, BenchShape, BenchTrace};
use crate::job::Precision;

const SHAPES: &[(&str, &str, BenchShape)] = &[
    ("sd15", "", BenchShape::Sd15),
    ("sdxl", "", BenchShape::Sdxl),
    ("starter", "", BenchShape::Starter),
];
/// The last is of the starter model alone.
const ITEMS: &[(&str, &str, BenchItem)] = &[
    ("unet", "", BenchItem::Unet),
    ("vae", "", BenchItem::Vae),
    ("taesd", "", BenchItem::Taesd),
    ("clip", "", BenchItem::Clip),
    (
        "picture",
        "25 steps with decode, of the starter model",
        BenchItem::Picture,
    ),
];

#[derive(Debug, clap::Args)]
pub(super) struct BenchArgs {
    /// Whose shapes the networks have; all but the starter model's weights are random
    #[arg(long, value_parser = one_of(SHAPES), default_value = "sd15")]
    shape: BenchShape,

    /// What to time, separated by commas; by default all
    #[arg(long, value_parser = one_of(ITEMS), value_delimiter = ',')]
    items: Vec<BenchItem>,

    /// Sides of the square picture in pixels, separated by commas; by default 512, and 256 for the starter model
    #[arg(long, value_delimiter = ',')]
    res: Vec<u32>,

    /// Runs that count
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..))]
    runs: u32,

    /// Runs before them
    #[arg(long, default_value_t = 1)]
    warmup: u32,

    /// What the networks compute in
    #[arg(long, default_value_t = Precision::Auto)]
    precision: Precision,

    /// Show where the time of one more run goes
    #[arg(long)]
    trace: bool,

    /// Print a line of JSON for each item
    #[arg(long)]
    pub(super) json: bool,
}

pub(super) fn run(args: &BenchArgs, output: Output) -> Result<(), CliError> {
    let is_starter = args.shape == BenchShape::Starter;
    let mut items = args.items.clone();
    if items.is_empty() {
        let all = ITEMS.iter().map(|(.., item)| *item);
        items.extend(all.filter(|item| is_starter || *item != BenchItem::Picture));
    }
    let default_res = [if is_starter { 256 } else { 512 }];
    let resolutions = if args.res.is_empty() {
        &default_res[..]
    } else {
        &args.res
    };
    output.line(&format!(
        "{:<8} {:>5}  {:>9} {:>9} {:>9}  {:>8}  precision, kernels, threads",
        "item", "px", "median s", "min s", "max s", "peak MiB"
    ))?;
    for item in &items {
        for side_px in resolutions {
            let request = BenchRequest {
                shape: args.shape,
                item: *item,
                side_px: *side_px,
                runs: args.runs,
                warmup: args.warmup,
                precision: args.precision,
                trace: args.trace,
            };
            let result = engine::bench(&request).map_err(|error| CliError::from(&error))?;
            output.json(&json(&request, &result))?;
            for line in table(&request, &result).lines() {
                output.line(line)?;
            }
        }
    }
    Ok(())
}

/// Median, shortest and longest.
fn summary(seconds: &[f64]) -> [f64; 3] {
    let at = |index: usize| seconds.get(index).copied().unwrap_or(f64::NAN);
    [at(seconds.len() / 2), at(0), at(seconds.len().saturating_sub(1))]
}

fn json(request: &BenchRequest, result: &BenchResult) -> serde_json::Value {
    let [median, min, max] = summary(&result.seconds);
    let mut line = serde_json::json!({
        "peer": "hareru",
        "item": request.item.name(),
        "res": request.side_px,
        "runs": result.seconds.len(),
        "median_s": median,
        "min_s": min,
        "max_s": max,
        "peak_rss_mib": result.peak_rss_mib,
        "threads": result.threads,
        "precision": result.precision.id(),
        "kernels": result.kernels,
    });
    if let Some(BenchTrace { ops, seconds }) = &result.trace {
        let ops = ops
            .iter()
            .map(|(name, calls, seconds)| serde_json::json!({ "op": name, "calls": calls, "seconds": seconds }));
        line["trace"] = serde_json::json!({ "seconds": seconds, "ops": ops.collect::<Vec<_>>() });
    }
    line
}

fn table(request: &BenchRequest, result: &BenchResult) -> String {
    let [median, min, max] = summary(&result.seconds);
    let peak = result
        .peak_rss_mib
        .map_or_else(|| "?".to_owned(), |mib| mib.to_string());
    let mut text = format!(
        "{:<8} {:>5}  {median:>9.4} {min:>9.4} {max:>9.4}  {peak:>8}  {}, {}, {}\n",
        request.item.name(),
        request.side_px,
        result.precision,
        result.kernels,
        result.threads
    );
    if let Some(BenchTrace { ops, seconds: whole }) = &result.trace {
        let counted: f64 = ops.iter().map(|(_, _, seconds)| seconds).sum();
        for (name, calls, seconds) in ops {
            let share = 100.0 * seconds / whole;
            writeln!(
                text,
                "    {name:<14} {calls:>5} calls  {:>9.2} ms  {share:>5.1} %",
                1e3 * seconds
            )
            .ok(); // a string has room
        }
        let rest = whole - counted;
        writeln!(
            text,
            "    {:<14} {:>11}  {:>9.2} ms  {:>5.1} %",
            "everything else",
            "",
            1e3 * rest,
            100.0 * rest / whole
        )
        .ok(); // a string has room
    }
    text
}
