//! Text towers that were saved out of `transformers`, inside a larger file.

use super::table::Renaming;
use super::table::names_below;
use crate::formats::tensor_file::TensorFile;

/// Written in front of every name up to version 4.
const OLD: &str = "text_model.";
/// Beside the tower, never inside it.
const PROJECTION: &str = "text_projection.";
/// Counts from 0 to 76, kept by old versions.
const COUNTER: &str = "embeddings.position_ids";

/// A text tower as `transformers` names it, with or without `text_model.`.
///
/// * `prefix`: before that, e.g. `cond_stage_model.transformer.`.
pub(crate) fn clip(source: &dyn TensorFile, prefix: &str) -> Renaming {
    let mut renaming = Renaming::default();
    for (name, rest) in names_below(source, prefix) {
        let inner = rest.strip_prefix(OLD).unwrap_or(&rest);
        let is_tower = ["embeddings.", "encoder.", "final_layer_norm."]
            .iter()
            .any(|start| inner.starts_with(start));
        if rest.starts_with(PROJECTION) {
            renaming.add(rest, &name);
        } else if is_tower && inner != COUNTER {
            renaming.add(format!("{OLD}{inner}"), &name);
        }
    }
    renaming
}
