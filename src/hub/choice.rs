//! Which files of a repository make a model.

use std::collections::BTreeMap;

use serde_json::Value;

use super::HubError;
use super::repo::RepoRef;
use super::source::RemoteFile;

/// What a folder in the diffusers layout has.
pub(super) const MODEL_INDEX: &str = "model_index.json";
/// What a part of one has.
const CONFIG: &str = "config.json";
/// Beginnings of the names of weights in that layout, as [`crate::weights`] looks for them.
const STEMS: [&str; 3] = ["diffusion_pytorch_model", "pytorch_model", "model"];
/// The part that is never needed.
const UNWANTED: &str = "safety_checker";
/// How files end that hold weights, the safe kinds first.
const WEIGHT_ENDINGS: [&str; 6] = ["safetensors", "gguf", "ckpt", "pt", "pth", "bin"];
/// How files end that describe.
const TEXT_ENDINGS: [&str; 4] = ["json", "txt", "model", "md"];
/// Whether a file holds weights, by its name.
pub(super) fn is_weights(path: &str) -> bool {
    WEIGHT_ENDINGS.contains(&ending(path))
}

/// Files named in an error.
const MAX_NAMED: usize = 6;

/// What was chosen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum FileChoice {
    /// One file.
    File(RemoteFile),
    /// A folder, with the same paths as in the repository.
    Folder(Vec<RemoteFile>),
}

/// The files that make a model: that which was named, those of the diffusers layout, or the only file of weights.
///
/// * `index`: the content of `model_index.json`, if the repository has one.
/// * `prefer_fp16`: whether half-precision files are taken where there are any.
///
/// # Errors
/// [`HubError::NoModel`] if there is none, [`HubError::Ambiguous`] if there are several.
pub(super) fn choose(
    what: &RepoRef,
    files: &[RemoteFile],
    index: Option<&[u8]>,
    prefer_fp16: bool,
) -> Result<FileChoice, HubError> {
    if let Some(path) = &what.file {
        return named(what, files, path);
    }
    if let Some(index) = index {
        return layout(what, files, index, prefer_fp16);
    }
    let is_part = files.iter().any(|file| file.path == CONFIG);
    let weights = weights_of(files, "", prefer_fp16);
    if is_part && !weights.is_empty() {
        let config = files.iter().filter(|file| file.path == CONFIG);
        return Ok(FileChoice::Folder(config.chain(weights).cloned().collect()));
    }
    only_file(what, files, prefer_fp16)
}

fn named(what: &RepoRef, files: &[RemoteFile], path: &str) -> Result<FileChoice, HubError> {
    let missing = || HubError::NotFound {
        what: format!("file {path} in {}", what.id),
    };
    let file = files.iter().find(|file| file.path == path).ok_or_else(missing)?;
    let (stem, _) = path.rsplit_once('.').unwrap_or((path, ""));
    if !is_weights(path) {
        return Err(HubError::NoModel { id: what.to_string() });
    }
    // The same weights in a form that cannot hide a program.
    let safe = files.iter().find(|file| file.path == format!("{stem}.safetensors"));
    Ok(FileChoice::File(safe.unwrap_or(file).clone()))
}

fn layout(what: &RepoRef, files: &[RemoteFile], index: &[u8], prefer_fp16: bool) -> Result<FileChoice, HubError> {
    let index: Value = serde_json::from_slice(index).map_err(|error| HubError::Answer {
        host: what.id.clone(),
        reason: format!("{MODEL_INDEX} is no JSON: {error}"),
    })?;
    // "unet": ["diffusers", "UNet2DConditionModel"]; parts that are left out are [null, null].
    let parts = index.as_object().into_iter().flatten();
    let parts = parts.filter(|(name, class)| class[0].is_string() && class[1].is_string() && *name != UNWANTED);
    let mut chosen: Vec<RemoteFile> = files.iter().filter(|file| file.path == MODEL_INDEX).cloned().collect();
    let mut has_weights = false;
    for (part, _) in parts {
        let prefix = format!("{part}/");
        let inside = files.iter().filter(|file| {
            let name = file.path.strip_prefix(&prefix).unwrap_or("/");
            !name.contains('/') && TEXT_ENDINGS.contains(&ending(name)) && !name.contains(".index.")
        });
        chosen.extend(inside.cloned());
        let weights = weights_of(files, &prefix, prefer_fp16);
        has_weights |= !weights.is_empty();
        chosen.extend(weights.into_iter().cloned());
    }
    if !has_weights {
        return Err(HubError::NoModel { id: what.id.clone() });
    }
    Ok(FileChoice::Folder(chosen))
}

/// The weights of one network, and the list of them where they are split: half precision or not, safetensors if at all.
fn weights_of<'a>(files: &'a [RemoteFile], prefix: &str, prefer_fp16: bool) -> Vec<&'a RemoteFile> {
    let mut kinds: BTreeMap<(&str, bool), Vec<&RemoteFile>> = BTreeMap::new();
    for file in files {
        let name = file.path.strip_prefix(prefix).filter(|name| !name.contains('/'));
        if let Some(kind) = name.and_then(weight_kind) {
            kinds.entry(kind).or_default().push(file);
        }
    }
    let order = if prefer_fp16 { [true, false] } else { [false, true] };
    let mut found = ["safetensors", "bin"]
        .into_iter()
        .flat_map(|ending| order.map(|is_half| (ending, is_half)))
        .filter_map(|kind| kinds.remove(&kind))
        .filter(|files| files.iter().any(|file| ending(&file.path) != "json"));
    let chosen = found.next().unwrap_or_default();
    whole_or_split(chosen)
}

/// Without the pieces if the whole is there too.
fn whole_or_split(files: Vec<&RemoteFile>) -> Vec<&RemoteFile> {
    let is_whole = |file: &&RemoteFile| !file.path.contains("-of-") && ending(&file.path) != "json";
    match files.iter().copied().find(is_whole) {
        Some(whole) => vec![whole],
        None => files,
    }
}

/// Ending and whether it is half precision, of a file of weights or the list of its pieces; `None` for other variants.
fn weight_kind(name: &str) -> Option<(&str, bool)> {
    let stem = STEMS.iter().find(|stem| name.starts_with(*stem))?;
    let words: Vec<&str> = name[stem.len()..]
        .split(['.', '-'])
        .filter(|word| !word.is_empty())
        .collect();
    let is_number = |word: &str| word.bytes().all(|byte| byte.is_ascii_digit());
    let is_known =
        |word: &&str| ["fp16", "of", "index", "json", "safetensors", "bin"].contains(word) || is_number(word);
    if !words.iter().all(is_known) {
        return None;
    }
    let ending = ["safetensors", "bin"]
        .into_iter()
        .find(|ending| words.contains(ending))?;
    Some((ending, words.contains(&"fp16")))
}

/// The only file of weights at the top of a repository, in the safest kind there is.
fn only_file(what: &RepoRef, files: &[RemoteFile], prefer_fp16: bool) -> Result<FileChoice, HubError> {
    let top: Vec<&RemoteFile> = files.iter().filter(|file| !file.path.contains('/')).collect();
    for kind in WEIGHT_ENDINGS {
        let mut of_kind: Vec<&RemoteFile> = top.iter().copied().filter(|file| ending(&file.path) == kind).collect();
        let is_half = |file: &&RemoteFile| file.path.contains("fp16");
        if of_kind.iter().any(|file| is_half(file) == prefer_fp16) {
            of_kind.retain(|file| is_half(file) == prefer_fp16);
        }
        match of_kind.as_slice() {
            [] => {}
            [one] => return Ok(FileChoice::File((*one).clone())),
            several => {
                let names: Vec<&str> = several.iter().take(MAX_NAMED).map(|file| &*file.path).collect();
                return Err(HubError::Ambiguous {
                    id: what.id.clone(),
                    count: several.len(),
                    files: names.join(", "),
                });
            }
        }
    }
    Err(HubError::NoModel { id: what.id.clone() })
}

/// Without its dot.
pub(super) fn ending(path: &str) -> &str {
    path.rsplit_once('.').map_or("", |(_, ending)| ending)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files(paths: &[&str]) -> Vec<RemoteFile> {
        let file = |path: &&str| RemoteFile {
            path: (*path).to_owned(),
            bytes: 1,
            sha256: None,
        };
        paths.iter().map(file).collect()
    }

    fn chosen(what: &str, paths: &[&str], index: Option<&str>, prefer_fp16: bool) -> Result<Vec<String>, HubError> {
        let choice = choose(
            &what.parse().unwrap(),
            &files(paths),
            index.map(str::as_bytes),
            prefer_fp16,
        )?;
        let files = match choice {
            FileChoice::File(file) => vec![file],
            FileChoice::Folder(files) => files,
        };
        Ok(files.into_iter().map(|file| file.path).collect())
    }

    const INDEX: &str = r#"{"_class_name": "StableDiffusionPipeline", "unet": ["diffusers", "UNet2DConditionModel"],
        "vae": ["diffusers", "AutoencoderKL"], "safety_checker": ["a", "b"], "image_encoder": [null, null],
        "tokenizer": ["transformers", "CLIPTokenizer"]}"#;

    #[test]
    fn a_diffusers_folder_should_be_taken_without_what_is_not_needed() {
        let paths = [
            "model_index.json",
            "README.md",
            "v1-5-pruned.ckpt",
            "unet/config.json",
            "unet/diffusion_pytorch_model.bin",
            "unet/diffusion_pytorch_model.safetensors",
            "unet/diffusion_pytorch_model.fp16.safetensors",
            "unet/diffusion_pytorch_model.non_ema.safetensors",
            "vae/config.json",
            "vae/diffusion_pytorch_model.bin",
            "vae/diffusion_flax_model.msgpack",
            "tokenizer/vocab.json",
            "tokenizer/merges.txt",
            "safety_checker/model.safetensors",
            "image_encoder/model.safetensors",
        ];
        let full = [
            "model_index.json",
            "unet/config.json",
            "unet/diffusion_pytorch_model.safetensors",
            "vae/config.json",
            "vae/diffusion_pytorch_model.bin",
            "tokenizer/vocab.json",
            "tokenizer/merges.txt",
        ];
        assert_eq!(chosen("a/b", &paths, Some(INDEX), false).unwrap(), full);
        let half = full.map(|path| {
            if path == "unet/diffusion_pytorch_model.safetensors" {
                "unet/diffusion_pytorch_model.fp16.safetensors"
            } else {
                path
            }
        });
        assert_eq!(chosen("a/b", &paths, Some(INDEX), true).unwrap(), half);
    }

    #[test]
    fn split_weights_should_come_with_their_list() {
        let paths = [
            "model_index.json",
            "unet/diffusion_pytorch_model-00001-of-00002.safetensors",
            "unet/diffusion_pytorch_model-00002-of-00002.safetensors",
            "unet/diffusion_pytorch_model.safetensors.index.json",
        ];
        assert_eq!(chosen("a/b", &paths, Some(INDEX), false).unwrap(), paths);
    }

    #[test]
    fn pickles_should_be_taken_only_where_there_is_nothing_safer() {
        let both = ["a.ckpt", "a.safetensors"];
        assert_eq!(chosen("a/b", &both, None, false).unwrap(), ["a.safetensors"]);
        assert_eq!(chosen("a/b/a.ckpt", &both, None, false).unwrap(), ["a.safetensors"]);
        assert_eq!(chosen("a/b", &["a.ckpt"], None, false).unwrap(), ["a.ckpt"]);
    }

    #[test]
    fn one_of_several_files_should_have_to_be_named() {
        let paths = ["a.safetensors", "b.safetensors", "x/c.safetensors"];
        let line = chosen("a/b", &paths, None, false).unwrap_err().one_line();
        assert!(line.contains("a.safetensors, b.safetensors"), "{line}");
        assert_eq!(
            chosen("a/b/x/c.safetensors", &paths, None, false).unwrap(),
            ["x/c.safetensors"]
        );
        let halves = ["a.safetensors", "a.fp16.safetensors"];
        assert_eq!(chosen("a/b", &halves, None, true).unwrap(), ["a.fp16.safetensors"]);
        assert_eq!(chosen("a/b", &halves, None, false).unwrap(), ["a.safetensors"]);
    }

    #[test]
    fn a_part_alone_should_come_with_its_configuration() {
        let paths = [
            "config.json",
            "diffusion_pytorch_model.safetensors",
            "README.md",
            "a.png",
        ];
        let expected = ["config.json", "diffusion_pytorch_model.safetensors"];
        assert_eq!(chosen("a/b", &paths, None, false).unwrap(), expected);
    }

    #[test]
    fn a_repository_without_a_model_should_be_refused() {
        for (what, paths, index) in [
            ("a/b", &["README.md"][..], None),
            ("a/b/README.md", &["README.md"], None),
            ("a/b/x.safetensors", &["README.md"], None),
            ("a/b", &["model_index.json"], Some("{}")),
            ("a/b", &["model_index.json"], Some("[")),
        ] {
            assert!(chosen(what, paths, index, false).is_err(), "{what}");
        }
    }
}
