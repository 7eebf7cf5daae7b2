//! What stands in the text nodes behind a conditioning.

use serde_json::Value;

use super::graph::{Graph, Node};

/// Inputs of conditioning, besides `positive` and `negative`.
const CONDITIONING: [&str; 5] = [
    "conditioning",
    "conditioning_1",
    "conditioning_2",
    "conditioning_to",
    "conditioning_from",
];
/// What text nodes call their text, the more usual first.
const TEXT: [&str; 12] = [
    "text",
    "text_g",
    "text_l",
    "value",
    "string",
    "prompt",
    "positive",
    "text_positive",
    "wildcard_text",
    "populated_text",
    "STRING",
    "t5xxl",
];

/// The text of the conditioning that feeds an input; empty if there is none.
pub(super) fn prompt<'a>(graph: &Graph<'a>, node: Node<'a>, input: &str) -> String {
    conditioning(graph, node, input).unwrap_or_default()
}

fn conditioning<'a>(graph: &Graph<'a>, node: Node<'a>, input: &str) -> Option<String> {
    let (source, slot) = graph.source(node, input)?;
    if source.class.contains("ZeroOut") {
        return None;
    }
    // Control nets take both and give both: the first output is the positive one.
    let both = ["positive", "negative"];
    if both
        .iter()
        .all(|input| source.inputs.0.get(*input).is_some_and(Value::is_array))
    {
        return conditioning(graph, source, both[slot.min(1)]);
    }
    let parts: Vec<String> = CONDITIONING
        .iter()
        .filter_map(|input| conditioning(graph, source, input))
        .filter(|part| !part.is_empty())
        .collect();
    if !parts.is_empty() {
        return Some(parts.join(", "));
    }
    text(graph, source, input)
}

/// The text that a node gives.
///
/// * `wanted`: `positive` or `negative`, for nodes that hold both.
fn text<'a>(graph: &Graph<'a>, node: Node<'a>, wanted: &str) -> Option<String> {
    let of = |input: &str| -> Option<String> {
        match node.inputs.0.get(input)? {
            Value::String(text) => Some(text.clone()),
            Value::Array(_) => text(graph, graph.source(node, input)?.0, wanted),
            _ => None,
        }
    };
    if ["concat", "join", "combine"]
        .iter()
        .any(|word| node.class.to_lowercase().contains(word))
    {
        let is_part = |key: &&String| {
            !["delimiter", "separator", "clean_whitespace", "linebreak_addition"].contains(&key.as_str())
        };
        let parts: Vec<String> = node.inputs.0.keys().filter(is_part).filter_map(|key| of(key)).collect();
        let delimiter = ["delimiter", "separator"]
            .iter()
            .find_map(|key| of(key))
            .unwrap_or_default();
        let parts: Vec<String> = parts.into_iter().filter(|part| !part.is_empty()).collect();
        return (!parts.is_empty()).then(|| parts.join(&delimiter));
    }
    let is_both = node.inputs.0.contains_key("negative") && node.inputs.0.contains_key("positive");
    if is_both && wanted == "negative" {
        return of("negative");
    }
    let found = TEXT.iter().filter_map(|input| of(input)).find(|text| !text.is_empty());
    // A switch, a reroute, a node of somebody's: what it is fed is what it gives.
    found.or_else(|| {
        let mut links = node
            .inputs
            .0
            .iter()
            .filter(|(key, value)| value.is_array() && *key != "clip");
        links.find_map(|(key, _)| of(key))
    })
}
