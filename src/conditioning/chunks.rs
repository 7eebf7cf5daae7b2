//! A prompt as the rows of positions that a text encoder reads one by one.
//!
//! Source: `modules/sd_hijack_clip.py` of <https://github.com/AUTOMATIC1111/stable-diffusion-webui>

use std::ops::Range;

use super::tokenizer::{ClipTokenizer, TextToken, TokenizerError};
use crate::prompt::Fragment;

/// How many tokens behind its last comma a full chunk hands on to the next one, as A1111 does unless it is told otherwise.
const COMMA_BACKTRACK: usize = 20;

/// As many tokens as a text encoder has positions: start, text, end, padding.
#[derive(Debug, Clone, PartialEq)]
pub struct Chunk {
    /// One per position.
    pub ids: Vec<u32>,
    /// What the embedding of each is weighed by; 1 for start, end and padding.
    pub weights: Vec<f32>,
}

impl Chunk {
    /// These ids, all of weight 1.
    pub(super) fn unweighed(ids: Vec<u32>) -> Self {
        let weights = vec![1.0; ids.len()];
        Self { ids, weights }
    }

    /// Whether any weight is not 1.
    pub fn is_weighed(&self) -> bool {
        self.weights.iter().any(|weight| *weight != 1.0)
    }
}

impl ClipTokenizer {
    /// Cuts a prompt into chunks. A chunk that gets full within 20 tokens behind a comma ends at that comma, a learned word
    /// that does not fit begins the next chunk, and so does what follows on a break; there is always one chunk.
    ///
    /// # Errors
    /// [`TokenizerError::Library`] if the text cannot be split.
    pub fn chunks(&self, fragments: &[Fragment]) -> Result<Vec<Chunk>, TokenizerError> {
        let mut filling = Filling::new(self);
        for fragment in fragments {
            match fragment {
                Fragment::Break => filling.close(),
                Fragment::Text { text, weight } => {
                    for token in self.split(text)? {
                        match token {
                            TextToken::Vocabulary(id) => filling.push(id, *weight as f32),
                            TextToken::Learned(ids) => filling.push_word(ids, *weight as f32),
                        }
                    }
                }
            }
        }
        Ok(filling.finish())
    }

    /// The chunk of the empty prompt.
    pub(super) fn empty_chunk(&self) -> Chunk {
        Filling::new(self).closed()
    }
}

/// The chunk that is being filled, and those before.
struct Filling<'a> {
    tokenizer: &'a ClipTokenizer,
    chunks: Vec<Chunk>,
    ids: Vec<u32>,
    weights: Vec<f32>,
    /// Where the newest comma of this chunk is.
    comma: Option<usize>,
}

impl<'a> Filling<'a> {
    fn new(tokenizer: &'a ClipTokenizer) -> Self {
        Self {
            tokenizer,
            chunks: Vec::new(),
            ids: Vec::new(),
            weights: Vec::new(),
            comma: None,
        }
    }

    fn is_full(&self) -> bool {
        self.ids.len() >= self.tokenizer.room()
    }

    fn push(&mut self, id: u32, weight: f32) {
        if Some(id) == self.tokenizer.comma() {
            self.comma = Some(self.ids.len());
        } else if self.is_full() {
            self.hand_on();
        }
        if self.is_full() {
            self.close();
        }
        self.ids.push(id);
        self.weights.push(weight);
    }

    fn push_word(&mut self, ids: Range<u32>, weight: f32) {
        if self.is_full() {
            self.hand_on();
        }
        if !self.ids.is_empty() && self.ids.len() + ids.len() > self.tokenizer.room() {
            self.close();
        }
        for id in ids {
            if self.is_full() {
                self.close(); // a word of more vectors than a chunk has room for
            }
            self.ids.push(id);
            self.weights.push(weight);
        }
    }

    /// Hands on what stands behind the last comma, if that is near.
    fn hand_on(&mut self) {
        let near = |comma: &usize| self.ids.len() - comma <= COMMA_BACKTRACK;
        if let Some(comma) = self.comma.filter(near) {
            let (ids, weights) = (self.ids.split_off(comma + 1), self.weights.split_off(comma + 1));
            self.close();
            (self.ids, self.weights) = (ids, weights);
        }
    }

    fn close(&mut self) {
        let chunk = self.closed();
        self.chunks.push(chunk);
    }

    fn closed(&mut self) -> Chunk {
        self.comma = None;
        let (ids, weights) = (std::mem::take(&mut self.ids), std::mem::take(&mut self.weights));
        let mut chunk = Chunk {
            ids: self.tokenizer.framed(&ids),
            weights: std::iter::once(1.0).chain(weights).collect(),
        };
        chunk.weights.resize(chunk.ids.len(), 1.0);
        chunk
    }

    fn finish(mut self) -> Vec<Chunk> {
        if self.chunks.is_empty() || !self.ids.is_empty() {
            self.close();
        }
        self.chunks
    }
}
