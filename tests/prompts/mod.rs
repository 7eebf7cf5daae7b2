//! Prompts as people write them: embeddings against another implementation of the rules, and pictures.

mod embeddings;
mod names;
mod pictures;
