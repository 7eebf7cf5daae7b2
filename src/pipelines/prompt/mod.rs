//! From a prompt's text to token ids.

mod tokenize;

pub use tokenize::{ClipTokenizer, TokenizerError};
