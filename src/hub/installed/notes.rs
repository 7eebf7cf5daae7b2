//! What trainers and other programs wrote of a file: the words that call what it has learned.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::kind::ModelKind;
use super::model::InstalledModel;
use crate::config::read_regular;
use crate::formats::TensorFile;

/// Words that are shown.
const MAX_WORDS: usize = 8;
/// Tags that are taken from what an adapter was trained on.
const MAX_TAGS: usize = 5;
/// Largest file of notes that is read, in bytes.
const MAX_NOTE_BYTES: u64 = 4 << 20;
/// Names that belong to a file, after its own without ending.
const COMPANIONS: [&str; 12] = [
    ".preview.png",
    ".preview.jpg",
    ".preview.jpeg",
    ".preview.webp",
    ".png",
    ".jpg",
    ".jpeg",
    ".webp",
    ".json",
    ".civitai.info",
    ".txt",
    ".yaml",
];

/// What may lie beside a file and belong to it.
pub(super) fn companions(path: &Path) -> Vec<PathBuf> {
    COMPANIONS.iter().map(|ending| beside(path, ending)).collect()
}

/// `folder/name.safetensors` → `folder/name` + `ending`.
pub(super) fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.file_stem().unwrap_or_default().to_owned();
    name.push(ending);
    path.with_file_name(name)
}

/// Words from the header: `modelspec.trigger_phrase`, else the commonest tags of what it was trained on.
pub(super) fn of_header(file: &dyn TensorFile) -> Vec<String> {
    match file.header_text("modelspec.trigger_phrase") {
        Some(phrase) if !phrase.trim().is_empty() => phrases(phrase),
        _ => file.header_text("ss_tag_frequency").map(commonest).unwrap_or_default(),
    }
}

/// Tags that stand at least half as often as the commonest, `{"dataset": {"tag": count}}`.
fn commonest(text: &str) -> Vec<String> {
    let datasets: BTreeMap<String, BTreeMap<String, f64>> = serde_json::from_str(text).unwrap_or_default();
    let mut counts: BTreeMap<String, f64> = BTreeMap::new();
    for (tag, count) in datasets.into_values().flatten() {
        *counts.entry(tag.trim().to_owned()).or_default() += count;
    }
    let mut tags: Vec<(String, f64)> = counts.into_iter().filter(|(tag, _)| !tag.is_empty()).collect();
    tags.sort_by(|a, b| b.1.total_cmp(&a.1));
    let most = tags.first().map_or(0.0, |(_, count)| *count);
    let common = tags.into_iter().take_while(|(_, count)| *count >= 0.5 * most);
    common.take(MAX_TAGS).map(|(tag, _)| tag).collect()
}

/// Takes in what files beside an item say, which their owner may have written; they have the last word.
pub(super) fn add(item: &mut InstalledModel) {
    if item.kind == ModelKind::Embedding {
        item.trigger_words = vec![item.name.clone()]; // the word it was saved under
        return;
    }
    let a1111 = json(&beside(&item.path, ".json"));
    let civitai = json(&beside(&item.path, ".civitai.info"));
    let trained = civitai["trainedWords"].as_array().into_iter().flatten();
    let trained: Vec<String> = trained
        .filter_map(Value::as_str)
        .flat_map(phrases)
        .take(MAX_WORDS)
        .collect();
    let activation = phrases(a1111["activation text"].as_str().unwrap_or_default());
    if let Some(found) = [activation, trained].into_iter().find(|found| !found.is_empty()) {
        item.trigger_words = found;
    }
    item.preferred_weight = a1111["preferred weight"].as_f64().filter(|weight| *weight != 0.0);
}

fn phrases(text: &str) -> Vec<String> {
    let phrases = text.split(',').map(str::trim).filter(|word| !word.is_empty());
    phrases.take(MAX_WORDS).map(str::to_owned).collect()
}

fn json(path: &Path) -> Value {
    let text = read_regular(path, MAX_NOTE_BYTES).unwrap_or_default();
    serde_json::from_slice(&text).unwrap_or_default()
}
