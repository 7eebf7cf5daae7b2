//! What prompts name and draw: adapters and embeddings in the folders of models, lists of words, choices.

use std::path::{Component, Path, PathBuf};

use crate::config::read_regular;
use crate::job::{GenerateRequest, LoraSpec};
use crate::pipelines::{Model, PipelineError};
use crate::prompt::{NetworkTag, PromptSyntax, contains_word, draw, networks};

/// Where adapters lie in a folder of models, of this program or of others.
const LORA_FOLDERS: [&str; 6] = [
    "loras",
    "Lora",
    "models/Lora",
    "models/loras",
    "models/LyCORIS",
    "LyCORIS",
];
/// Where embeddings do.
const EMBEDDING_FOLDERS: [&str; 2] = ["embeddings", "models/embeddings"];
/// Where lists of words do.
const WILDCARD_FOLDERS: [&str; 2] = ["wildcards", "extensions/sd-dynamic-prompts/wildcards"];
/// How the files of adapters and embeddings end.
const ENDINGS: [&str; 4] = ["safetensors", "pt", "bin", "ckpt"];
/// Folders inside folders that are looked into.
const MAX_DEPTH: usize = 6;
/// Files and folders that are looked at for one name.
const MAX_ENTRIES: usize = 50_000;
/// Largest list of words that is read, in bytes.
const MAX_LIST_BYTES: u64 = 4 << 20;

/// The folders in which what prompts name is looked for.
#[derive(Debug, Clone, Default)]
pub(super) struct PromptNames {
    folders: Vec<PathBuf>,
}

impl PromptNames {
    pub(super) fn new(folders: Vec<PathBuf>) -> Self {
        Self { folders }
    }

    /// The request of a picture of the batch as it is carried out and recorded: choices and wildcards drawn from its seed,
    /// adapters named in its prompt among its own.
    ///
    /// # Errors
    /// [`PipelineError::Unsupported`] if the prompt names an adapter that is in no folder, or a network of a kind that is
    /// not supported.
    pub(super) fn resolved(&self, request: &GenerateRequest, index: u32) -> Result<GenerateRequest, PipelineError> {
        let mut resolved = request.clone();
        if request.prompt_syntax == PromptSyntax::Literal {
            return Ok(resolved);
        }
        let seed = request.seed.wrapping_add(u64::from(index));
        let switches = resolved.prompt_switches.iter_mut().map(|switch| &mut switch.prompt);
        let changes = resolved.changes.iter_mut();
        let changed = changes.flat_map(|change| change.prompt.iter_mut().chain(&mut change.negative_prompt));
        let texts = [&mut resolved.prompt, &mut resolved.negative_prompt];
        for (stream, text) in (0..).zip(texts.into_iter().chain(switches).chain(changed)) {
            *text = draw(text, (seed, stream), &|name| self.lines(name));
        }
        for tag in networks(&resolved.prompt) {
            self.lay(&tag, &mut resolved.loras)?;
        }
        Ok(resolved)
    }

    /// Puts an adapter among those of a request, or gives it another weight if it is there.
    fn lay(&self, tag: &NetworkTag, loras: &mut Vec<LoraSpec>) -> Result<(), PipelineError> {
        if !matches!(tag.kind.as_str(), "lora" | "lyco") {
            return Err(PipelineError::Unsupported {
                what: "network named in the prompt",
                expected: "a LoRA, <lora:name:weight>".to_owned(),
                found: format!("<{}:{}>", tag.kind, tag.name),
            });
        }
        if !loras.iter().any(|lora| is_named(&lora.path, &tag.name)) {
            let found = self.find(&LORA_FOLDERS, &tag.name);
            let path = found.ok_or_else(|| PipelineError::Unsupported {
                what: "LoRA named in the prompt",
                expected: "one in the folders of models".to_owned(),
                found: format!("{:?}, which is in none of them", tag.name),
            })?;
            loras.push(LoraSpec::new(path, 1.0));
        }
        if let Some(lora) = loras.iter_mut().find(|lora| is_named(&lora.path, &tag.name)) {
            lora.text_weight = tag.text_weight;
            lora.unet_weight = tag.unet_weight;
        }
        Ok(())
    }

    /// Lays the adapters and embeddings of a request over a model, and with them the embeddings that its prompts call by
    /// name, as far as those fit; returns the request with these among its own.
    ///
    /// # Errors
    /// As [`Model::set_adapters`] for those that the request has.
    pub(super) fn lay_over(
        &self,
        mut request: GenerateRequest,
        model: &mut dyn Model,
    ) -> Result<GenerateRequest, PipelineError> {
        for called in self.embeddings(&request) {
            request.embeddings.push(called);
            if model.set_adapters(&request.loras, &request.embeddings).is_err() {
                request.embeddings.pop(); // for another model, as words may be called like anything
            }
        }
        model.set_adapters(&request.loras, &request.embeddings)?;
        Ok(request)
    }

    /// Embeddings in the folders that the request's prompts call by name and that are not among its own. Whether they fit
    /// the model is not known.
    pub(super) fn embeddings(&self, request: &GenerateRequest) -> Vec<PathBuf> {
        if request.prompt_syntax == PromptSyntax::Literal {
            return Vec::new();
        }
        let switches = request.prompt_switches.iter().map(|switch| &switch.prompt);
        let changes = request.changes.iter();
        let changed = changes.flat_map(|change| change.prompt.iter().chain(&change.negative_prompt));
        let texts: Vec<&String> = [&request.prompt, &request.negative_prompt]
            .into_iter()
            .chain(switches)
            .chain(changed)
            .collect();
        let mut found = Vec::new();
        for folder in self.existing(&EMBEDDING_FOLDERS) {
            for path in entries(&folder).into_iter().filter(|path| has_ending(path)) {
                let Some(stem) = path.file_stem().and_then(|stem| stem.to_str()) else {
                    continue;
                };
                let is_known = request.embeddings.iter().any(|known| is_named(known, stem));
                let is_called = texts.iter().any(|text| contains_word(text, stem));
                if is_called && !is_known && !found.iter().any(|other: &PathBuf| is_named(other, stem)) {
                    found.push(path);
                }
            }
        }
        found
    }

    /// The lines of a list of words; `None` if there is no such list.
    fn lines(&self, name: &str) -> Option<Vec<String>> {
        let inside = PathBuf::from(format!("{name}.txt"));
        let is_inside = inside.components().all(|part| matches!(part, Component::Normal(_)));
        let bytes = self
            .existing(&WILDCARD_FOLDERS)
            .filter(|_| is_inside)
            .find_map(|folder| {
                let read = read_regular(&folder.join(&inside), MAX_LIST_BYTES);
                read.ok()
            })?;
        let text = String::from_utf8_lossy(&bytes);
        let lines = text.trim_start_matches('\u{feff}').lines().map(str::trim);
        let lines = lines.filter(|line| !line.is_empty() && !line.starts_with('#'));
        Some(lines.map(str::to_owned).collect())
    }

    /// The file of this name in these folders or in one below them.
    fn find(&self, inside: &[&'static str], name: &str) -> Option<PathBuf> {
        let alone = self
            .folders
            .iter()
            .filter(|path| has_ending(path) && is_named(path, name));
        if let Some(file) = alone.into_iter().next() {
            return Some(file.clone());
        }
        let mut budget = MAX_ENTRIES;
        let all: Vec<PathBuf> = self.existing(inside).chain(self.folders.iter().cloned()).collect();
        all.iter()
            .find_map(|folder| find_below(folder, name, MAX_DEPTH, &mut budget))
    }

    fn existing<'a>(&'a self, inside: &'a [&'static str]) -> impl Iterator<Item = PathBuf> + 'a {
        let all = self
            .folders
            .iter()
            .flat_map(move |folder| inside.iter().map(move |part| folder.join(part)));
        all.filter(|folder| folder.is_dir())
    }
}

fn find_below(folder: &Path, name: &str, depth: usize, budget: &mut usize) -> Option<PathBuf> {
    let entries = entries(folder);
    *budget = budget.checked_sub(entries.len())?;
    if let Some(file) = entries
        .iter()
        .find(|path| has_ending(path) && is_named(path, name) && path.is_file())
    {
        return Some(file.clone());
    }
    let below = depth.checked_sub(1)?;
    let folders = entries.iter().filter(|path| !path.is_symlink() && path.is_dir());
    folders
        .into_iter()
        .find_map(|folder| find_below(folder, name, below, budget))
}

/// What is in a folder, in order of name.
fn entries(folder: &Path) -> Vec<PathBuf> {
    let read = std::fs::read_dir(folder).into_iter().flatten();
    let mut entries: Vec<PathBuf> = read
        .filter_map(|entry| Some(entry.ok()?.path()))
        .take(MAX_ENTRIES)
        .collect();
    entries.sort();
    entries
}

fn has_ending(path: &Path) -> bool {
    let ending = path.extension().and_then(|ending| ending.to_str());
    ending.is_some_and(|ending| ENDINGS.iter().any(|known| known.eq_ignore_ascii_case(ending)))
}

/// Whether a file has this name, with its ending or without, whatever the case.
fn is_named(path: &Path, name: &str) -> bool {
    let is = |part: Option<&std::ffi::OsStr>| {
        part.and_then(|part| part.to_str())
            .is_some_and(|part| part.to_lowercase() == name.to_lowercase())
    };
    is(path.file_stem()) || is(path.file_name())
}
