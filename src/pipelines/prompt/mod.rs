//! From a prompt's text to token ids.

mod tokenize;
mod words;

pub use tokenize::{ClipTokenizer, TokenizerError};
pub use words::LearnedWords;
