//! The program as a shell runs it.

use std::path::Path;
use std::process::{Command, Output};

/// The program in a home of its own, told nothing by the environment.
pub(crate) fn command(home: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_hareru"));
    command
        .env("HOME", home)
        .env("XDG_CONFIG_HOME", home.join("config"))
        .env("XDG_DATA_HOME", home.join("data"))
        .env("XDG_CACHE_HOME", home.join("cache"))
        .env_remove("HF_HOME")
        .env_remove("HF_TOKEN")
        .env_remove("HARERU_LOG")
        .env_remove("RUST_LOG")
        .env_remove("HARERU_THREADS")
        .current_dir(home);
    command
}

/// What it said, and how it ended.
pub(crate) fn hareru(home: &Path, args: &[&str]) -> Output {
    command(home).args(args).output().unwrap()
}
