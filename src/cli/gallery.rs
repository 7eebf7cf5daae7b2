//! `hareru gallery`: what is in the gallery, and whether it is whole.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};

use super::CliError;
use super::output::Output;
use super::values::one_of;
use crate::gallery::{
    self, EntryId, Flaw, IndexEvent, IndexRequest, IndexService, IndexServiceOptions, PictureEntry, RecordSource,
    SearchResult, SortOrder, Verification,
};

/// Longest wait for an event before it is checked that the thread still runs.
const PATIENCE: Duration = Duration::from_secs(1);
/// Pictures that are asked for at a time.
const CHUNK: usize = 500;

const ORDERS: &[(&str, &str, SortOrder)] = &[
    ("newest", "", SortOrder::Newest),
    ("oldest", "", SortOrder::Oldest),
    ("rating", "", SortOrder::Rating),
];

/// Arguments of `hareru gallery`.
#[derive(Debug, clap::Args)]
pub(super) struct GalleryArgs {
    #[command(subcommand)]
    command: GalleryCommand,

    /// Folder of pictures; by default that of the settings
    #[arg(long, global = true, value_name = "DIR")]
    pub(super) gallery: Option<PathBuf>,

    /// Print one JSON object per line
    #[arg(long, global = true)]
    pub(super) json: bool,
}

#[derive(Debug, clap::Subcommand)]
enum GalleryCommand {
    /// List the pictures with how they were made
    List(ShownArgs),
    /// List the pictures that match
    ///
    /// Words match prompts; `model:`, `sampler:`, `lora:`, `tag:`, `collection:`, `source:` and `negative:` match a part
    /// of a name; `seed:7`, `size:512x768`; `cfg>7`, `steps<=20`, `rating>=4`, `width>512`; `date:2026-11`;
    /// `is:favourite`, `has:run`; `-word` finds those that do not match. Put `--` before a query that begins with `-`.
    Search {
        /// The words; several are joined
        #[arg(required = true)]
        query: Vec<String>,
        #[command(flatten)]
        shown: ShownArgs,
    },
    /// Decode every picture, and compare the index with what the files say
    ///
    /// Writes nothing. Exits with 1 if a picture is torn, or the index has too few, too many or old ones.
    Verify {
        /// Count files that came, went or changed since the index was last open as flaws of it
        #[arg(long)]
        as_is: bool,
    },
    /// Read every file anew into the index; marks and pictures stay as they are
    Reindex,
}

#[derive(Debug, clap::Args)]
struct ShownArgs {
    /// Which come first
    #[arg(long, value_parser = one_of(ORDERS), default_value = "newest")]
    order: SortOrder,

    /// At most so many; by default all
    #[arg(long, value_name = "N")]
    limit: Option<usize>,
}

/// Does what is asked with the gallery in `folder`.
///
/// * `watched`: the folders that the settings show beside it; `None` takes those that its index knows.
pub(super) fn run(
    args: &GalleryArgs,
    output: Output,
    folder: &Path,
    watched: Option<Vec<PathBuf>>,
) -> Result<(), CliError> {
    if !folder.is_dir() {
        return Err(CliError::Usage(format!(
            "expected a folder of pictures, found none: {}",
            folder.display()
        )));
    }
    match &args.command {
        GalleryCommand::List(shown) => list(&Library::open(folder, watched, output)?, "", shown, output),
        GalleryCommand::Search { query, shown } => list(
            &Library::open(folder, watched, output)?,
            &query.join(" "),
            shown,
            output,
        ),
        GalleryCommand::Verify { as_is } => {
            let found = if *as_is {
                gallery::verify(folder)?
            } else {
                gallery::verify_as_next_opened(folder, watched.as_deref())?
            };
            for folder in &found.absent_folders {
                output.warn(&format!(
                    "a folder is not there, its pictures are still known: {}",
                    folder.display()
                ));
            }
            report(&found, output)
        }
        GalleryCommand::Reindex => {
            gallery::forget_index(folder)?;
            let Library {
                pictures, unreadable, ..
            } = Library::open(folder, watched, output)?;
            output.json(&json!({ "event": "indexed", "pictures": pictures, "unreadable": unreadable }))?;
            output.line(&match unreadable {
                0 => format!("{pictures} pictures"),
                _ => format!("{pictures} pictures, {unreadable} files that cannot be read as pictures"),
            })?;
            Ok(())
        }
    }
}

/// An index service that has looked at all files.
struct Library {
    index_service: IndexService,
    pictures: usize,
    unreadable: usize,
}

impl Library {
    /// Opens the index and brings it up to date.
    fn open(folder: &Path, watched: Option<Vec<PathBuf>>, output: Output) -> Result<Self, CliError> {
        let options = IndexServiceOptions {
            watched,
            poll: Some(Duration::MAX), // one look is enough
            ..IndexServiceOptions::default()
        };
        let index_service = IndexService::start_with(folder, options, || {})
            .map_err(|error| CliError::Failed(format!("could not start a thread: {error}")))?;
        let mut library = Self {
            index_service,
            pictures: 0,
            unreadable: 0,
        };
        (library.pictures, library.unreadable) = library.until(|event| match event {
            IndexEvent::Scanned { pictures, unreadable } => Some(Ok((pictures, unreadable))),
            IndexEvent::Failed { message } => {
                output.warn(&message);
                None
            }
            IndexEvent::TooSlow(files) => {
                for file in files {
                    output.warn(&format!(
                        "reading takes too long, so it is left out: {}",
                        file.display()
                    ));
                }
                None
            }
            IndexEvent::FolderLost(folder) => {
                output.warn(&format!(
                    "a folder is not there, its pictures are still known: {}",
                    folder.display()
                ));
                None
            }
            _ => None,
        })?;
        Ok(library)
    }

    /// What `wanted` returns for the first event for which it returns something.
    fn until<T>(&self, mut wanted: impl FnMut(IndexEvent) -> Option<Result<T, CliError>>) -> Result<T, CliError> {
        loop {
            if let Some(answer) = self.index_service.wait(PATIENCE).and_then(&mut wanted) {
                return answer;
            }
            if self.index_service.has_ended() {
                return Err(CliError::Failed("the gallery's second thread has ended".to_owned()));
            }
        }
    }

    fn search(&self, text: &str, order: SortOrder) -> Result<Arc<SearchResult>, CliError> {
        self.index_service.request(IndexRequest::Search {
            text: text.to_owned(),
            order,
        });
        self.until(|event| match event {
            IndexEvent::Found { found, .. } => Some(Ok(found)),
            IndexEvent::BadQuery { error, .. } => Some(Err(CliError::Usage(error.message))),
            IndexEvent::Failed { message } => Some(Err(CliError::Failed(message))),
            _ => None,
        })
    }

    fn entries(&self, ids: &[EntryId]) -> Result<Vec<Arc<PictureEntry>>, CliError> {
        self.index_service.request(IndexRequest::Entries(ids.to_vec()));
        self.until(|event| match event {
            IndexEvent::Entries { entries, .. } => Some(Ok(entries)),
            IndexEvent::Failed { message } => Some(Err(CliError::Failed(message))),
            _ => None,
        })
    }
}

fn list(library: &Library, query: &str, shown: &ShownArgs, output: Output) -> Result<(), CliError> {
    let found = library.search(query, shown.order)?;
    let num_shown = shown.limit.unwrap_or(usize::MAX).min(found.ids.len());
    for ids in found.ids[..num_shown].chunks(CHUNK) {
        for entry in library.entries(ids)? {
            output.json(&entry_json(&entry))?;
            output.line(&entry_line(&entry))?;
        }
    }
    Ok(())
}

fn entry_json(entry: &PictureEntry) -> Value {
    json!({
        "path": entry.path.to_string_lossy(),
        "prompt": entry.prompt,
        "negative_prompt": entry.negative_prompt,
        "seed": entry.seed,
        "model": entry.model,
        "sampler": entry.sampler,
        "loras": entry.loras,
        "guidance_scale": entry.guidance_scale,
        "steps": entry.steps,
        "width": entry.width_px,
        "height": entry.height_px,
        "bytes": entry.bytes,
        "created_unix_secs": entry.created_unix_secs,
        "source": entry.source.map(RecordSource::id),
        "has_run": entry.has_run,
        "rating": entry.user_metadata.rating,
        "favourite": entry.user_metadata.is_favourite,
        "tags": entry.user_metadata.tags,
        "collections": entry.user_metadata.collections,
    })
}

/// The path, then what is known, in one line.
fn entry_line(entry: &PictureEntry) -> String {
    let mut parts = vec![
        entry.path.display().to_string(),
        format!("{}x{}", entry.width_px, entry.height_px),
    ];
    parts.extend(entry.seed.map(|seed| format!("seed {seed}")));
    if entry.user_metadata.rating > 0 {
        parts.push("★".repeat(usize::from(entry.user_metadata.rating)));
    }
    let prompt = entry.prompt.split_whitespace().collect::<Vec<_>>().join(" ");
    parts.extend((!prompt.is_empty()).then_some(prompt));
    parts.join("  ")
}

fn report(found: &Verification, output: Output) -> Result<(), CliError> {
    let counts = [
        (Flaw::Torn, "torn"),
        (Flaw::MissingFromIndex, "missing_from_index"),
        (Flaw::ExtraInIndex, "extra_in_index"),
        (Flaw::Outdated, "outdated_in_index"),
        (Flaw::Unreadable, "unreadable"),
    ];
    for (path, flaw) in &found.flaws {
        let name = counts
            .iter()
            .find(|(known, _)| known == flaw)
            .map_or("", |(_, name)| *name);
        output.json(&json!({ "event": "flaw", "flaw": name, "path": path.to_string_lossy() }))?;
        output.line(&format!("{}  {}", name.replace('_', " "), path.display()))?;
    }
    let mut summary = json!({
        "event": "verified",
        "pictures": found.pictures,
        "with_record": found.with_record,
    });
    let mut parts = vec![format!(
        "{} pictures, {} with a record",
        found.pictures, found.with_record
    )];
    for (flaw, name) in counts {
        let count = found.count(flaw);
        summary[name] = json!(count);
        parts.push(format!("{count} {}", name.replace('_', " ")));
    }
    output.json(&summary)?;
    output.line(&parts.join(", "))?;
    if found.is_good() {
        return Ok(());
    }
    Err(CliError::Failed(
        "the gallery is not whole, or its index does not agree".to_owned(),
    ))
}
