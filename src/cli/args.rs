//! The command line's arguments.

use std::path::PathBuf;

use clap::{Parser, Subcommand};

use super::bench::BenchArgs;
use super::branch::BranchArgs;
use super::compare::CompareArgs;
use super::gallery::GalleryArgs;
use super::generate_args::GenerateArgs;
use super::models::ModelsArgs;
use super::sweep::SweepArgs;
use super::trajectory::TrajectoryArgs;
use super::unfold::UnfoldArgs;
use super::upscale::UpscaleArgs;
use crate::engine;

/// An image studio in which the denoising process is an object: live, kept, scrubbed, steered and branched.
///
/// Without a command it opens the window.
#[derive(Debug, Parser)]
#[command(name = "hareru", version, max_term_width = 100)]
pub(super) struct Args {
    /// Folder of pictures for the window; by default that of the settings
    #[arg(long, value_name = "DIR")]
    pub(super) gallery: Option<PathBuf>,

    /// Threads that compute; by default one for each core
    #[arg(long, global = true, env = "HARERU_THREADS", value_name = "N", value_parser = parse_threads)]
    pub(super) threads: Option<usize>,

    #[command(subcommand)]
    pub(super) command: Option<Command>,
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Make pictures from a prompt
    Generate(Box<GenerateArgs>),
    /// Take up a kept run at one of its steps, under other settings
    Branch(Box<BranchArgs>),
    /// Make one picture in many ways, on a labelled sheet
    Sweep(Box<SweepArgs>),
    /// Enlarge a picture by a network made for it
    Upscale(UpscaleArgs),
    /// Time the networks on this computer
    Bench(BenchArgs),
    /// List the models there are, or fetch one
    Models(ModelsArgs),
    /// List the samplers and schedules there are
    Samplers(ListArgs),
    /// List what can be made of pictures that controls follow
    Preprocessors(ListArgs),
    /// Write the steps of a kept run as an animation or a contact sheet
    Unfold(Box<UnfoldArgs>),
    /// Show the steps of a kept run in numbers
    Trajectory(TrajectoryArgs),
    /// List, search and verify the pictures that were kept
    Gallery(GalleryArgs),
    /// Show in what two pictures differ: settings, pixels, and from which step on their runs part
    Compare(CompareArgs),
}

impl Command {
    pub(super) fn wants_json(&self) -> bool {
        match self {
            Self::Generate(args) => args.json,
            Self::Branch(args) => args.json,
            Self::Sweep(args) => args.base.json,
            Self::Upscale(args) => args.json,
            Self::Unfold(_) => false,
            Self::Bench(args) => args.json,
            Self::Trajectory(args) => args.json,
            Self::Gallery(args) => args.json,
            Self::Compare(args) => args.json,
            Self::Models(args) => args.json,
            Self::Samplers(args) | Self::Preprocessors(args) => args.json,
        }
    }
}

#[derive(Debug, clap::Args)]
pub(super) struct ListArgs {
    /// Print one JSON object per line
    #[arg(long)]
    json: bool,
}

fn parse_threads(text: &str) -> Result<usize, String> {
    let max = engine::max_threads();
    let threads = text.trim().parse().ok();
    threads
        .filter(|threads| (1..=max).contains(threads))
        .ok_or_else(|| format!("expected 1 to {max} on this computer"))
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_command_line_should_be_free_of_contradictions() {
        Args::command().debug_assert();
    }

    #[test]
    fn threads_should_be_a_number_this_computer_has() {
        assert_eq!(parse_threads("1"), Ok(1));
        for bad in ["", "0", "-1", "two", "1000000"] {
            assert!(parse_threads(bad).is_err(), "{bad:?}");
        }
    }
}
