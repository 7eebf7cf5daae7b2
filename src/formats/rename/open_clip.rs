//! Text towers of OpenCLIP: queries, keys and values in one matrix, the projection applied from the other side.
//!
//! Source: `transformer.py` of <https://github.com/mlfoundations/open_clip>

use super::table::Renaming;
use super::table::TensorTransform;
use super::table::names_below;
use super::table::replace_start;
use super::table::split_number;
use crate::formats::tensor_file::TensorFile;

/// Outside the layers.
const OUTER: &[(&str, &str)] = &[
    (
        "positional_embedding",
        "text_model.embeddings.position_embedding.weight",
    ),
    ("token_embedding.", "text_model.embeddings.token_embedding."),
    ("ln_final.", "text_model.final_layer_norm."),
];
/// Inside a layer.
const LAYER: &[(&str, &str)] = &[
    ("ln_1.", "layer_norm1."),
    ("ln_2.", "layer_norm2."),
    ("attn.out_proj.", "self_attn.out_proj."),
    ("mlp.c_fc.", "mlp.fc1."),
    ("mlp.c_proj.", "mlp.fc2."),
];
/// In the order in which they lie in one matrix.
const FUSED: [&str; 3] = ["q_proj", "k_proj", "v_proj"];

/// A text tower as OpenCLIP names it.
///
/// * `prefix`: before `transformer.resblocks.`, e.g. `cond_stage_model.model.`.
pub(crate) fn open_clip(source: &dyn TensorFile, prefix: &str) -> Renaming {
    let mut renaming = Renaming::default();
    for (name, rest) in names_below(source, prefix) {
        if rest == "text_projection" {
            renaming.add_transformed("text_projection.weight", &name, TensorTransform::Transpose);
        } else if rest == "text_projection.weight" {
            renaming.add(rest, &name);
        } else if let Some(target) = replace_start(&rest, OUTER) {
            renaming.add(target, &name);
        } else if let Some((layer, rest)) = rest.strip_prefix("transformer.resblocks.").and_then(split_number) {
            let layer = format!("text_model.encoder.layers.{layer}");
            if let Some(kind) = rest.strip_prefix("attn.in_proj_") {
                for (part, projection) in FUSED.iter().enumerate() {
                    let target = format!("{layer}.self_attn.{projection}.{kind}");
                    let parts = FUSED.len();
                    renaming.add_transformed(target, &name, TensorTransform::Part { part, parts });
                }
            } else if let Some(rest) = replace_start(rest, LAYER) {
                renaming.add(format!("{layer}.{rest}"), &name);
            }
        }
    }
    renaming
}
