//! The index: SQLite beside the pictures, rebuilt from the files at any time.
//!
//! | table | columns |
//! |---|---|
//! | `pictures` | `id` INTEGER PRIMARY KEY, `path` TEXT UNIQUE, `root` INTEGER, `bytes`, `modified_ms`, `created_secs`, `day` (days since 1970-01-01 by the clock on the wall), `width`, `height`, `source` TEXT or NULL, `prompt`, `negative`, `model`, `sampler` (TEXT, empty if unknown), `seed` (INTEGER: the u64's bits as i64, or NULL), `guidance` REAL or NULL, `steps` INTEGER or NULL, `has_run` 0/1, `rating` 0..5, `favourite` 0/1 |
//! | `loras` `tags` `collections` | `picture` → `pictures.id`, `name` TEXT |
//! | `words` | FTS5 over `prompt` and `negative`, `rowid` = `pictures.id`, filled with [`search_text`] |
//!
//! Names are compared without regard to case.

/// What stands in the full-text index for a prompt: words in lower case; Chinese and Japanese script, which has no spaces,
/// as its pairs of neighbouring characters. What is searched for is brought into the same form.
pub fn search_text(text: &str) -> String {
    text.to_lowercase()
}
