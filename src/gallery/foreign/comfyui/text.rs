//! What stands in the text nodes behind a conditioning.

use serde_json::Value;

use super::choice;
use super::graph::{CONTEXTS, Graph};
use super::node::Node;

/// Inputs of conditioning, besides `positive` and `negative`.
const CONDITIONING: [&str; 6] = [
    "conditioning",
    "conditioning_1",
    "conditioning_2",
    "conditioning_to",
    "conditioning_from",
    "cond",
];
/// What text nodes call their text: what was used before what was asked, then the more usual first.
const TEXT: [&str; 20] = [
    "populated_text",
    "text_0",
    "text_1",
    "text",
    "t5xxl",
    "text_g",
    "text_l",
    "mt5xl",
    "value",
    "string",
    "user_prompt",
    "prompt",
    "positive",
    "text_positive",
    "wildcard_text",
    "STRING",
    "tags",
    "clip_g",
    "clip_l",
    "bert",
];
/// What nodes that hold both texts call them.
const BOTH: [(&[&str], &[&str]); 2] = [
    (
        &["positive", "positive_prompt", "prompt_positive"],
        &["negative", "negative_prompt", "prompt_negative"],
    ),
    (
        &["text_positive", "prompt", "text"],
        &["text_negative", "negative_prompt"],
    ),
];
/// Parts of the names of inputs that bring no text.
const NO_TEXTS: [&str; 12] = [
    "clip",
    "model",
    "vae",
    "image",
    "pixels",
    "latent",
    "samples",
    "video",
    "audio",
    "mask",
    "noise",
    "control_net",
];
/// Inputs of nodes that join texts which are none.
const NO_PARTS: [&str; 4] = ["delimiter", "separator", "clean_whitespace", "linebreak_addition"];

/// Longest text that comes of replacing parts of another.
const MAX_REPLACED_BYTES: usize = 1 << 20;

/// Which of two texts is looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    Positive,
    Negative,
}

impl Role {
    fn input(self) -> &'static str {
        match self {
            Self::Positive => "positive",
            Self::Negative => "negative",
        }
    }

    /// Which of both texts an output of a node gives: the first is the positive one, unless the node gives other things
    /// before, as loaders and contexts do.
    fn of(node: Node<'_>, slot: usize, wanted: Self) -> Self {
        let gives_others = node.is_any(&["loader", "context", "pipe", "pack"]);
        match slot {
            0 if !gives_others => Self::Positive,
            1 if !gives_others => Self::Negative,
            _ => wanted,
        }
    }
}

/// The text of the conditioning that feeds an input; empty if there is none.
pub(super) fn prompt<'a>(graph: &Graph<'a>, node: Node<'a>, input: &str, role: Role) -> String {
    conditioning(graph, node, input, role).unwrap_or_default()
}

fn conditioning<'a>(graph: &Graph<'a>, node: Node<'a>, input: &str, wanted: Role) -> Option<String> {
    let (source, slot) = graph.source(node, input)?;
    if source.class.contains("ZeroOut") {
        return None;
    }
    // Control nets take both and give both, contexts keep both among other things.
    let takes_both = source.is_linked("positive") && source.is_linked("negative");
    let role = Role::of(source, slot, wanted);
    if takes_both || source.is_linked(role.input()) {
        return conditioning(graph, source, role.input(), role);
    }
    let parts: Vec<String> = CONDITIONING
        .iter()
        .filter_map(|input| conditioning(graph, source, input, wanted))
        .filter(|part| !part.is_empty())
        .collect();
    if !parts.is_empty() {
        return Some(parts.join(", "));
    }
    if let Some(found) = text(graph, source, slot, wanted) {
        return Some(found);
    }
    let context = CONTEXTS.iter().find(|input| source.is_linked(input))?;
    conditioning(graph, source, context, wanted)
}

/// The text that an output of a node gives.
fn text<'a>(graph: &Graph<'a>, node: Node<'a>, slot: usize, wanted: Role) -> Option<String> {
    let of = |input: &str| -> Option<String> {
        match node.inputs.0.get(input)? {
            Value::String(text) => Some(text.clone()),
            Value::Array(_) => {
                let (source, slot) = graph.source(node, input)?;
                text(graph, source, slot, wanted)
            }
            _ => None,
        }
    };
    if let Some(chosen) = graph.chosen(node) {
        return of(chosen);
    }
    if choice::computes(node.class) {
        return None; // what came of it is not written
    }
    if node.class == "StringReplace" {
        return replaced(&of("string")?, &of("find")?, &of("replace")?);
    }
    if node.is_any(&["concat", "join", "combine"]) {
        return joined(node, of);
    }
    let has = |names: &[&str]| names.iter().any(|name| node.inputs.0.contains_key(*name));
    if let Some((positive, negative)) = BOTH.iter().find(|(positive, negative)| has(positive) && has(negative)) {
        let names = match Role::of(node, slot, wanted) {
            Role::Positive => positive,
            Role::Negative => negative,
        };
        return names.iter().find_map(|name| of(name));
    }
    let found = TEXT.iter().filter_map(|input| of(input)).find(|text| !text.is_empty());
    // A reroute, a node of somebody's: what it is fed is what it gives.
    found.or_else(|| {
        let is_no_text = |key: &str| NO_TEXTS.iter().any(|word| key.contains(word)) || CONTEXTS.contains(&key);
        let inputs = node.inputs.0.iter();
        let mut links = inputs.filter(|(key, value)| value.is_array() && !is_no_text(key));
        links.find_map(|(key, _)| of(key))
    })
}

/// A text with another one in place of a part; `None` if that is none, or comes to more than a prompt.
fn replaced(text: &str, part: &str, other: &str) -> Option<String> {
    let num_parts = if part.is_empty() { 0 } else { text.matches(part).count() };
    let is_short = text.len() + num_parts * other.len() <= MAX_REPLACED_BYTES;
    (is_short && !part.is_empty()).then(|| text.replace(part, other))
}

/// The parts of a node that joins texts.
fn joined(node: Node<'_>, of: impl Fn(&str) -> Option<String>) -> Option<String> {
    let is_part = |key: &&String| !NO_PARTS.contains(&key.as_str());
    let parts: Vec<String> = node.inputs.0.keys().filter(is_part).filter_map(|key| of(key)).collect();
    let delimiter = ["delimiter", "separator"].iter().find_map(|key| of(key));
    let parts: Vec<String> = parts.into_iter().filter(|part| !part.is_empty()).collect();
    (!parts.is_empty()).then(|| parts.join(&delimiter.unwrap_or_default()))
}
