//! A checkpoint in one file, shown as the diffusers folder it would make.

use super::{LoadError, configs, vocabulary};
use crate::formats::{self, Broken, Bytes, FileKind, FormatError, Parts, Renaming, TensorFile, open_tensors};
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A model in one file, or one network of it. Its configurations are those of a given folder, else derived from its
/// shapes; its vocabulary that of the folder, else CLIP's.
#[derive(Debug)]
pub struct SingleFile {
    source: Arc<dyn TensorFile>,
    parts: Parts,
    kind: FileKind,
    configs: Option<PathBuf>,
}

impl SingleFile {
    /// * `configs`: a model folder, or the folder of one network if the file is that network alone.
    ///
    /// # Errors
    /// As [`open_tensors`] and [`detect`](formats::detect()).
    pub fn open(path: impl Into<PathBuf>, configs: Option<&Path>) -> Result<Self, LoadError> {
        let source = open_tensors(path)?;
        let parts = formats::parts(&*source);
        let kind = formats::detect_parts(&*source, &parts)?;
        Ok(Self {
            source,
            parts,
            kind,
            configs: configs.map(Path::to_owned),
        })
    }

    /// As this one, but the U-Net is the average of the weights over the training where the file has it.
    #[must_use]
    pub fn with_averages(mut self) -> Self {
        if let Some(unet) = self.parts.get_mut("unet") {
            unet.renaming = std::mem::take(&mut unet.renaming).with_averages(&*self.source);
        }
        self
    }

    /// What the file is.
    pub fn kind(&self) -> FileKind {
        self.kind
    }

    /// The file.
    pub fn path(&self) -> &Path {
        self.source.path()
    }

    /// Its tensors, under its own names.
    pub fn tensors(&self) -> &Arc<dyn TensorFile> {
        &self.source
    }

    /// Folders of the networks that the file has.
    pub fn parts(&self) -> impl Iterator<Item = &str> {
        self.parts.keys().copied()
    }

    /// The network that the file is for, if it is for one.
    fn only(&self) -> Option<&'static str> {
        match self.kind {
            // Some bring the model along that they were trained on.
            FileKind::ControlNet => Some("controlnet"),
            FileKind::Vae => Some("vae"),
            _ if self.parts.len() == 1 => self.parts.keys().next().copied(),
            _ => None,
        }
    }

    /// A network's tensors and its names for them. The one network of a file also answers to an empty name, as do the
    /// tensors of a file that is no network.
    pub(super) fn part(&self, name: &str) -> Option<(Arc<dyn TensorFile>, Renaming)> {
        let renaming = match self.only() {
            Some(only) if name.is_empty() => self.parts.get(only)?.renaming.clone(),
            None if name.is_empty() => Renaming::below(&*self.source, ""),
            _ => self.parts.get(name)?.renaming.clone(),
        };
        Some((Arc::clone(&self.source), renaming))
    }

    /// Where the rest is.
    pub(super) fn configs(&self) -> Option<&Path> {
        self.configs.as_deref()
    }

    /// Where a file of the folder would be: among the configurations if it is there, else in this file.
    pub(super) fn path_of(&self, file: &str) -> PathBuf {
        let found = Some(file).filter(|file| !file.is_empty());
        found
            .and_then(|file| self.given(file))
            .unwrap_or_else(|| self.path().to_owned())
    }

    /// Whether the folder would have a file.
    pub(super) fn has(&self, file: &str) -> bool {
        self.given(file).is_some() || matches!(self.made(file), Ok(Some(_)))
    }

    /// A file of the folder; `None` if it would not have it.
    ///
    /// * `open`: how to read one that is on disk.
    pub(super) fn read(
        &self,
        file: &str,
        open: impl Fn(&Path) -> std::io::Result<Bytes>,
    ) -> Result<Option<Bytes>, LoadError> {
        if let Some(path) = self.given(file) {
            let bytes = open(&path).map_err(FormatError::read(&path))?;
            return Ok(Some(bytes));
        }
        Ok(self.made(file)?.map(Bytes::Owned))
    }

    /// A file among the configurations.
    fn given(&self, file: &str) -> Option<PathBuf> {
        let folder = self.configs.as_ref()?;
        let whole = Some(folder.join(file)).filter(|path| path.is_file());
        whole.or_else(|| {
            // The configurations may be those of the one network.
            let (part, file) = file.split_once('/')?;
            let is_only = self.only() == Some(part);
            let is_whole = folder.join("model_index.json").is_file();
            Some(folder.join(file)).filter(|path| is_only && !is_whole && path.is_file())
        })
    }

    /// A file that follows from the tensors.
    fn made(&self, file: &str) -> Result<Option<Vec<u8>>, LoadError> {
        if file == "model_index.json" && self.kind.pipeline().is_none() {
            let found = self.kind.label();
            return Err(Broken::new("a model that makes pictures", found).at(self.path()).into());
        }
        let json = |value: Value| value.to_string().into_bytes();
        let tokenizer = |encoder: &str| {
            let has_encoder = self.parts.contains_key(encoder);
            let is_clip = encoder == "text_encoder" && !self.kind.is_sd2();
            let pad = if is_clip {
                vocabulary::CLIP_PAD
            } else {
                vocabulary::OPEN_CLIP_PAD
            };
            has_encoder.then_some(pad)
        };
        let split = file.split_once('/').unwrap_or(("", file));
        let pad = match split.0 {
            "tokenizer" => tokenizer("text_encoder"),
            "tokenizer_2" => tokenizer("text_encoder_2"),
            _ => {
                let config = configs::config(&*self.source, &self.parts, self.kind, file);
                // The one network's own folder.
                let only = self.only().filter(|_| file == "config.json");
                let only = only.and_then(|part| {
                    let file = format!("{part}/config.json");
                    configs::config(&*self.source, &self.parts, self.kind, &file)
                });
                return Ok(config.or(only).map(json));
            }
        };
        Ok(pad.and_then(|pad| match split.1 {
            "vocab.json" => Some(vocabulary::vocabulary().into_bytes()),
            "merges.txt" => Some(vocabulary::merges().as_bytes().to_vec()),
            "special_tokens_map.json" => Some(json(vocabulary::special_tokens(pad))),
            _ => None,
        }))
    }
}
