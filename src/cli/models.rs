//! `hareru models list` and `hareru models get`: what is installed, and fetching more.

use std::path::PathBuf;
use std::time::Duration;

use clap::Subcommand;
use serde_json::json;

use super::CliError;
use super::output::Output;
use super::progress::DownloadBar;
use crate::config::{Paths, Settings};
use crate::hub::{Download, DownloadState, Hub, HubError, HubEvent, HubOptions, InstalledModel};

/// Longest wait for an event of the hub.
const PATIENCE: Duration = Duration::from_secs(1);

#[derive(Debug, clap::Args)]
pub(super) struct ModelsArgs {
    #[command(subcommand)]
    pub(super) command: Option<ModelsCommand>,

    /// Print one JSON object per line
    #[arg(long, global = true)]
    pub(super) json: bool,
}

#[derive(Debug, Subcommand)]
pub(super) enum ModelsCommand {
    /// List models, adapters, embeddings and the like, also those of other programs
    List {
        /// Folder or file to look at beside those of the settings; may be given several times
        #[arg(long, value_name = "PATH")]
        folder: Vec<PathBuf>,
    },
    /// Fetch a model from Hugging Face; one that was broken off goes on where it was
    Get {
        /// `owner/name`, or `owner/name/file` for one file of it
        id: String,

        /// Branch, tag or commit; by default `main`
        #[arg(long)]
        revision: Option<String>,

        /// Take half-precision files where there are any
        #[arg(long)]
        fp16: bool,
    },
}

impl From<HubError> for CliError {
    fn from(error: HubError) -> Self {
        match error {
            HubError::BadId { .. } => Self::Usage(error.one_line()),
            other => Self::Failed(other.one_line()),
        }
    }
}

pub(super) fn run(command: ModelsCommand, output: Output, settings: &Settings, paths: &Paths) -> Result<(), CliError> {
    let options = HubOptions {
        models_dir: paths.models_dir.clone(),
        ..HubOptions::of_user()
    };
    let hub = Hub::start(options, || {}).map_err(|error| CliError::Failed(error.to_string()))?;
    match command {
        ModelsCommand::List { folder } => {
            let folders = [settings.model_folders.clone(), folder].concat();
            list(&hub, output, folders)
        }
        ModelsCommand::Get { id, revision, fp16 } => {
            let id = revision.map_or_else(|| id.clone(), |revision| format!("{id}@{revision}"));
            get(&hub, output, &id, fp16)
        }
    }
}

fn list(hub: &Hub, output: Output, folders: Vec<PathBuf>) -> Result<(), CliError> {
    hub.scan(folders);
    loop {
        match hub.wait(PATIENCE) {
            Some(HubEvent::Installed(models)) => {
                for missing in &models.missing {
                    output.warn(&format!("{} is not there", missing.display()));
                }
                for item in &models.items {
                    show(output, item)?;
                }
                return Ok(());
            }
            Some(HubEvent::Failed { error }) => return Err(CliError::Failed(error.message.clone())),
            _ => {}
        }
    }
}

fn show(output: Output, item: &InstalledModel) -> Result<(), CliError> {
    output.json(&json!({
        "kind": item.kind.folder_name(),
        "name": item.name,
        "path": item.path,
        "family": item.family,
        "bytes": item.bytes,
        "owner": item.owner.name(),
        "trigger_words": item.trigger_words,
        "sha256": item.hashes.as_ref().map(|hashes| &hashes.sha256),
        "hash": item.hashes.as_ref().map(|hashes| hashes.lora.as_deref().unwrap_or_else(|| hashes.short())),
        "last_used_unix_secs": item.last_used_unix_secs,
        "error": item.error,
    }))?;
    let text = match &item.error {
        Some(error) => format!("cannot be used: {error}"),
        None => format!(
            "{}, {:.1} MB{}",
            item.family.unwrap_or("unknown family"),
            item.bytes as f64 / 1e6,
            if item.trigger_words.is_empty() {
                String::new()
            } else {
                format!(", \"{}\"", item.trigger_words.join(", "))
            }
        ),
    };
    output.line(&format!(
        "{:11} {}  {text}",
        item.kind.folder_name(),
        item.path.display()
    ))?;
    Ok(())
}

fn get(hub: &Hub, output: Output, what: &str, prefer_fp16: bool) -> Result<(), CliError> {
    let id = hub.fetch(what, prefer_fp16)?;
    let bar = DownloadBar::new(!output.is_json());
    loop {
        match hub.wait(PATIENCE) {
            Some(HubEvent::Download(download)) if download.id == id => {
                bar.show(&download);
                report(output, &download)?;
                match download.state {
                    DownloadState::Finished(path) => {
                        drop(bar);
                        for file in &download.without_checksum {
                            output.warn(&format!(
                                "the hub gives no checksum of {file}; its size and its header are right"
                            ));
                        }
                        return Ok(output.line(&path.display().to_string())?);
                    }
                    DownloadState::Failed(error) => return Err(CliError::Failed(error.message.clone())),
                    _ => {}
                }
            }
            Some(HubEvent::Failed { error }) => return Err(CliError::Failed(error.message.clone())),
            _ => {}
        }
    }
}

fn report(output: Output, download: &Download) -> Result<(), CliError> {
    let (state, path) = match &download.state {
        DownloadState::Asking => ("asking", None),
        DownloadState::Running | DownloadState::Stopping => ("running", None),
        DownloadState::Paused => ("paused", None),
        DownloadState::Failed(_) => ("failed", None),
        DownloadState::Finished(path) => ("finished", Some(path)),
    };
    output.json(&json!({
        "event": "download",
        "state": state,
        "done_bytes": download.done_bytes,
        "total_bytes": download.total_bytes,
        "bytes_per_sec": download.bytes_per_sec,
        "secs_left": download.secs_left(),
        "path": path,
        "without_checksum": download.without_checksum,
    }))?;
    Ok(())
}
