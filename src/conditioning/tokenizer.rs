//! The byte-pair tokenizer of CLIP, from a model's own vocabulary.

use std::ops::Range;

use serde_json::{Value, json};
use tokenizers::Tokenizer;

use super::learned_words::{LearnedWords, Piece};
use crate::weights::ModelFiles;

/// Splits words, numbers and punctuation as CLIP does (`simple_tokenizer.py` of <https://github.com/openai/CLIP>).
const WORDS: &str = r"'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+";
/// Tokens of CLIP where the configuration names none.
const START: &str = "<|startoftext|>";
/// See [`START`].
const END: &str = "<|endoftext|>";

/// Why a tokenizer could not be built or used.
#[derive(Debug, thiserror::Error)]
pub enum TokenizerError {
    /// One of its files cannot be read.
    #[error(transparent)]
    Files(#[from] crate::weights::LoadError),
    /// The vocabulary lacks a token that every CLIP model has.
    #[error("tokenizer needs token {token:?}, which vocab.json does not have")]
    MissingToken {
        /// The token.
        token: String,
    },
    /// The library refuses the vocabulary or the text.
    #[error("tokenizer is not usable")]
    Library(#[source] tokenizers::Error),
}

/// A token, or all tokens of a learned word, which stay together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum TextToken {
    Vocabulary(u32),
    Learned(Range<u32>),
}

/// Turns text into the ids that a CLIP text encoder was trained on.
#[derive(Debug)]
pub struct ClipTokenizer {
    inner: Tokenizer,
    start: u32,
    end: u32,
    pad: u32,
    comma: Option<u32>,
    max_tokens: usize,
    learned: LearnedWords,
}

impl ClipTokenizer {
    /// Reads `vocab.json`, `merges.txt` and, where they exist, the two configuration files of `folder`.
    ///
    /// * `max_tokens`: length of every encoded prompt, the text encoder's number of positions.
    ///
    /// # Errors
    /// [`TokenizerError`] if a file is missing or broken, or a token every CLIP model has is not in the vocabulary.
    pub fn load(files: &ModelFiles, folder: &str, max_tokens: usize) -> Result<Self, TokenizerError> {
        let vocab: Value = files.json(&format!("{folder}/vocab.json"))?;
        let merges = files.read(&format!("{folder}/merges.txt"))?;
        let merges = String::from_utf8_lossy(&merges);
        let merges: Vec<&str> = merges
            .lines()
            .filter(|line| !line.starts_with("#version") && !line.is_empty())
            .collect();

        let special = |field: &str, default: &str| -> Result<String, TokenizerError> {
            for name in ["special_tokens_map.json", "tokenizer_config.json"] {
                let path = format!("{folder}/{name}");
                if files.exists(&path) {
                    let config: Value = files.json(&path)?;
                    let found = config.get(field);
                    let text = found.and_then(|v| v.get("content")).or(found).and_then(Value::as_str);
                    if let Some(text) = text {
                        return Ok(text.to_owned());
                    }
                }
            }
            Ok(default.to_owned())
        };
        let (start, end) = (special("bos_token", START)?, special("eos_token", END)?);
        let pad = special("pad_token", &end)?;
        let id = |token: &str| {
            let found = vocab
                .get(token)
                .and_then(Value::as_u64)
                .and_then(|id| u32::try_from(id).ok());
            found.ok_or_else(|| TokenizerError::MissingToken {
                token: token.to_owned(),
            })
        };
        let (start_id, end_id, pad_id) = (id(&start)?, id(&end)?, id(&pad)?);

        let added = |id: u32, content: &str| {
            json!({ "id": id, "content": content, "single_word": false, "lstrip": false, "rstrip": false,
                    "normalized": false, "special": true })
        };
        let description = json!({
            "version": "1.0",
            "truncation": null,
            "padding": null,
            "added_tokens": [added(start_id, &start), added(end_id, &end)],
            "normalizer": { "type": "Sequence", "normalizers": [
                { "type": "NFC" },
                { "type": "Replace", "pattern": { "Regex": r"\s+" }, "content": " " },
                { "type": "Lowercase" },
            ]},
            "pre_tokenizer": { "type": "Sequence", "pretokenizers": [
                { "type": "Split", "pattern": { "Regex": WORDS }, "behavior": "Removed", "invert": true },
                { "type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true, "use_regex": true },
            ]},
            "post_processor": null,
            "decoder": { "type": "ByteLevel", "add_prefix_space": true, "trim_offsets": true, "use_regex": true },
            "model": {
                "type": "BPE", "dropout": null, "unk_token": end, "continuing_subword_prefix": "",
                "end_of_word_suffix": "</w>", "fuse_unk": false, "byte_fallback": false,
                "vocab": vocab, "merges": merges,
            },
        });
        let inner: Tokenizer =
            serde_json::from_value(description).map_err(|source| TokenizerError::Library(Box::new(source)))?;
        Ok(Self {
            comma: inner.token_to_id(",</w>"),
            inner,
            start: start_id,
            end: end_id,
            pad: pad_id,
            max_tokens,
            learned: LearnedWords::default(),
        })
    }

    /// Takes these words for tokens of their own from now on.
    pub fn set_learned(&mut self, words: LearnedWords) {
        self.learned = words;
    }

    /// How many of the ids are no padding: those up to the end of the text and that itself.
    pub fn length(&self, ids: &[u32]) -> usize {
        let end = ids.iter().position(|id| *id == self.end);
        end.map_or(ids.len(), |end| end + 1)
    }

    /// How many of the ids of one chunk behind the other are no padding of the last one.
    pub fn length_of_chunks(&self, ids: &[u32]) -> usize {
        let last = ids.len().saturating_sub(1) / self.max_tokens.max(1) * self.max_tokens;
        last + self.length(&ids[last..])
    }

    /// Each token as the vocabulary writes it, `</w>` at the end of a word.
    pub fn texts(&self, ids: &[u32]) -> Vec<String> {
        let text = |id: &u32| self.inner.id_to_token(*id).unwrap_or_else(|| "◇</w>".to_owned()); // learned words
        ids.iter().map(text).collect()
    }

    /// The text's tokens, however many they are.
    pub(super) fn split(&self, text: &str) -> Result<Vec<TextToken>, TokenizerError> {
        let mut tokens = Vec::new();
        for piece in self.learned.pieces(text) {
            match piece {
                Piece::Text(text) => {
                    let encoding = self.inner.encode(text, false).map_err(TokenizerError::Library)?;
                    tokens.extend(encoding.get_ids().iter().copied().map(TextToken::Vocabulary));
                }
                Piece::Word(ids) => tokens.push(TextToken::Learned(ids)),
            }
        }
        Ok(tokens)
    }

    /// Exactly `max_tokens` ids: start, the text cut to fit, end, padding.
    ///
    /// # Errors
    /// [`TokenizerError::Library`] if the text cannot be split.
    pub fn encode(&self, text: &str) -> Result<Vec<u32>, TokenizerError> {
        let mut of_text = Vec::new();
        for token in self.split(text)? {
            match token {
                TextToken::Vocabulary(id) => of_text.push(id),
                TextToken::Learned(ids) => of_text.extend(ids),
            }
        }
        let room = self.room();
        if of_text.len() > room {
            tracing::warn!(
                "the prompt has {} tokens; the model reads the first {room}",
                of_text.len()
            );
        }
        Ok(self.framed(&of_text))
    }

    /// How many tokens of a text one chunk takes.
    pub fn room(&self) -> usize {
        self.max_tokens.saturating_sub(2).max(1)
    }

    /// The token of a comma at the end of a word, if the vocabulary has it.
    pub(super) fn comma(&self) -> Option<u32> {
        self.comma
    }

    /// Exactly `max_tokens` ids: start, these as far as there is room, end, padding.
    pub(super) fn framed(&self, ids: &[u32]) -> Vec<u32> {
        let mut framed = Vec::with_capacity(self.max_tokens);
        framed.push(self.start);
        framed.extend(ids.iter().take(self.room()));
        framed.push(self.end);
        framed.resize(self.max_tokens.max(3), self.pad);
        framed
    }
}
