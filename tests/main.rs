//! One binary for all integration tests, linked once.
#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot go on should stop, helpers included"
)]
#![expect(clippy::print_stdout, reason = "tests report how many cases ran")]

mod adapters;
mod architecture;
mod attention;
mod branching;
mod cli;
mod closed_form;
mod compare;
mod engine_protocol;
mod families;
mod full_disk;
mod gallery_cli;
mod gallery_index;
mod gallery_kill;
mod gallery_query;
mod gallery_records;
mod gallery_store;
mod gallery_texts;
mod generate_families;
mod half_precision;
mod hub;
mod kills;
mod named_pipes;
mod networks;
mod networks_control;
mod picture_files;
mod promises;
mod prompts;
mod queue;
mod reference_cases;
mod sampler_contract;
mod seamless;
mod shader_validation;
mod slow_files;
mod support;
mod task_parts;
mod tasks;
mod trajectory_budget;
mod trajectory_files;
mod ui;
mod unfold;
mod upscale;
mod vae_tiles;
mod weight_formats;
